"""``arena play``: one match, or a few."""

import asyncio
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from arena.agent import Agent
from arena.cli import flags
from arena.cli.errors import DONE, FAILED, INTERRUPTED, LIMITED
from arena.events import Moved
from arena.load import LoadedGame
from arena.settings import Settings

if TYPE_CHECKING:
    from arena.replay.entry import Entry
    from arena.tournament.fixture import Fixture

Delay = Annotated[float, typer.Option("--delay", help="With --live, seconds a move stays on screen.")]


def play(
    game: Annotated[str, typer.Argument(help="A game: tic_tac_toe, chess,max_plies=60, ./nim.py")],
    agents: Annotated[list[str], typer.Argument(help="An agent a seat: random, llamacpp/smollm2, human")],
    matches: Annotated[int, typer.Option("--matches", "-n", min=1, help="How many; seats rotate.")] = 1,
    live: Annotated[bool, typer.Option("--live", help="Watch the matches, one after another.")] = False,
    delay: Delay = 0.5,
    retries: Annotated[int, typer.Option("--retries", min=0, help="Tries after a bad answer.")] = 2,
    max_plies: Annotated[int, typer.Option("--max-plies", min=1, help="A longer match is a draw.")] = 10_000,
    run: Annotated[str, typer.Option("--run", help="Name of the run [default: game and time].")] = "",
    seed: flags.Seed = None,
    concurrency: flags.Concurrency = None,
    max_cost: flags.MaxCost = None,
    max_tokens: flags.MaxTokens = None,
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
    ascii: flags.Ascii = False,
    dry_run: flags.DryRun = False,
) -> None:
    """Play one match, or a few, and save the replays.

    Examples:
      arena play chess llamacpp/smollm2 random --live

      arena play tic_tac_toe minimax,depth=9 random -n 20
    """
    from arena import load
    from arena.tournament.fixture import mirrored

    settings = flags.settings(
        replays=replays,
        display=display,
        json=json,
        seed=seed,
        concurrency=concurrency,
        max_cost=max_cost,
        max_tokens=max_tokens,
    )
    loaded = load.game(game)
    seated = [load.agent(spec, settings) for spec in agents]
    names = [agent.name for agent in seated]
    fixtures = list(
        islice(
            mirrored(loaded.name, loaded.options, loaded.game.seats, names, seed=settings.seed),
            matches,
        )
    )
    if dry_run:
        show_plan(fixtures, settings)
        return
    one_by_one = live or "human" in (type(agent).__module__.rpartition(".")[2] for agent in seated)
    session = Session(
        loaded,
        dict(zip(names, seated, strict=True)),
        settings,
        concurrency=1 if one_by_one else settings.concurrency,
        retries=retries,
        max_plies=max_plies,
        view=view_of(live, one_by_one, len(fixtures), settings, loaded, delay, ascii),
        specs=dict(zip(names, agents, strict=True)),
    )
    record = {"game": game, "agents": agents, "matches": matches, "retries": retries, "max_plies": max_plies}
    entries = session.play(fixtures, run=run or run_name(loaded.name), command="play", record=record)
    finish(entries, session, settings)


def run_name(game: str) -> str:
    """A run's name from its game and the local time, such as ``chess-20260131-235959``."""
    stem = Path(game.rpartition(":")[0] or game).stem if "/" in game or ":" in game else game
    return f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"


class View(Protocol):
    """A `Watcher` that is a context manager."""

    def event(self, match: str, event: Any) -> None:
        """A match has recorded an event."""

    def sealed(self, entry: "Entry") -> None:
        """A match is on disk."""

    async def pace(self) -> None:
        """Awaited after each move."""

    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> None: ...


class Session:
    """Plays fixtures into a new run: preflight, signals, and a clean end whatever happens."""

    def __init__(
        self,
        loaded: LoadedGame,
        agents: Mapping[str, Agent],
        settings: Settings,
        *,
        view: View,
        concurrency: int,
        retries: int = 2,
        max_plies: int = 10_000,
        past: Sequence[Moved] = (),
        specs: Mapping[str, str] | None = None,
    ) -> None:
        self.loaded = loaded
        self.agents = agents
        self.settings = settings
        self.view = view
        self.concurrency = concurrency
        self.retries = retries
        self.max_plies = max_plies
        self.past = past
        self.specs = specs or {}
        self.folder = settings.replays
        self.stopped = ""
        self.interrupted = False
        self.errors: list[Exception] = []

    def play(
        self, fixtures: "Iterable[Fixture]", *, run: str, command: str, record: Mapping[str, Any]
    ) -> "list[Entry]":
        """The entries of the matches that were finished.

        Raises:
            ValueError: an agent cannot play this game.
            AgentUnavailable: an agent is not there; nothing was played.
            ReplayError: the run could not be written.
        """
        return asyncio.run(self._play(fixtures, run, command, record))

    async def _play(
        self, fixtures: "Iterable[Fixture]", name: str, command: str, record: Mapping[str, Any]
    ) -> "list[Entry]":
        from arena.replay.run import Run, RunSettings
        from arena.tournament.budget import Budget
        from arena.tournament.preflight import preflight
        from arena.tournament.runner import Runner

        settings = self.settings
        try:
            await preflight(self.agents.values(), self.loaded.game)
            mend_all(settings.replays)
            told = RunSettings(command=command, seed=settings.seed, settings=dict(record))
            with Run.create(settings.replays, name, told) as run, self.view:
                self.folder = run.folder
                runner = Runner(
                    run,
                    lambda fixture: self.loaded.game,
                    self.agents,
                    Budget(settings.max_cost, settings.max_tokens),
                    self.view,
                    self.concurrency,
                    self.retries,
                    self.max_plies,
                    specs=self.specs,
                )
                self.errors = runner.errors
                task = asyncio.ensure_future(runner.play(fixtures, self.past))
                self._listen(task, runner.stop)
                entries = await self._finished(task)
                self.stopped = runner.stopped
            return entries
        finally:
            for agent in self.agents.values():
                await agent.close()

    async def _finished(self, task: "asyncio.Task[list[Entry]]") -> "list[Entry]":
        try:
            return await task
        except asyncio.CancelledError:
            if not self.interrupted:
                raise
            return []

    def _listen(self, task: "asyncio.Task[list[Entry]]", stop: Any) -> None:
        """The first ctrl-C lets the calls in flight end, the second stops at once."""

        def interrupt() -> None:
            if self.interrupted:
                task.cancel()
            self.interrupted = True
            stop("interrupted")

        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)


def mend_all(root: Path) -> None:
    """Bring in order the runs whose writer died, and say so."""
    from arena.replay.mend import mend
    from arena.view.clean import clean

    for folder, recovery in mend(root):
        typer.echo(clean(f"{folder}: its writer died. {recovery}"), err=True)


def show_plan(fixtures: "Sequence[Fixture]", settings: Settings) -> None:
    """Say what would be played."""
    import msgspec

    from arena.view.console import out

    if settings.display == "json":
        for fixture in fixtures:
            print(msgspec.json.encode({"event": "plan", "key": fixture.key, "fixture": fixture}).decode())
        return
    console = out(settings.display)
    for fixture in fixtures:
        seats = ", ".join(f"{seat} {agent}" for seat, agent in fixture.seats.items())
        console.print(f"{fixture.game} seed {fixture.seed}: {seats}")
    console.print(f"{len(fixtures)} to play, limits: {_limits(settings)}; nothing was played")


def _limits(settings: Settings) -> str:
    parts = []
    if settings.max_cost is not None:
        parts.append(f"${settings.max_cost:g}")
    if settings.max_tokens is not None:
        parts.append(f"{settings.max_tokens:,} tokens")
    return " and ".join(parts) or "none"


def finish(entries: "Sequence[Entry]", session: Session, settings: Settings) -> None:
    """Show what came of it and end the command with its exit code."""
    import msgspec

    from arena.cli.show import results
    from arena.view.console import err, out
    from arena.view.notices import next_steps
    from arena.view.tables import results as table

    code = _code(entries, session)
    words = err(settings.display)
    for error in session.errors:
        words.print(f"{type(error).__name__}: {error}", style="red")
    if session.stopped:
        words.print(f"stopped: {session.stopped}; {len(entries)} finished matches are saved", style="yellow")
    if settings.display == "json":
        for entry in entries:
            print(msgspec.json.encode({"event": "match", **msgspec.structs.asdict(entry)}).decode())
        done = {"event": "done", "exit": code, "run": str(session.folder), "matches": len(entries)}
        print(msgspec.json.encode(done).decode())
    elif settings.display != "none" and entries:
        console = out(settings.display)
        console.print(table(results(entries)))
        where = f" --replays {settings.replays}" if settings.replays != Path("replays") else ""
        steps = [f"arena watch {entries[-1].id}{where}", f"arena replays ls{where}"]
        console.print(next_steps(steps))
    raise typer.Exit(code)


def _code(entries: "Sequence[Entry]", session: Session) -> int:
    if session.interrupted:
        return INTERRUPTED
    if session.stopped:
        return LIMITED
    return FAILED if session.errors or any(entry.kind == "void" for entry in entries) else DONE


def view_of(
    live: bool,
    one_by_one: bool,
    total: int,
    settings: Settings,
    loaded: LoadedGame,
    delay: float,
    ascii: bool,
) -> View:
    from arena.cli.views import LiveView, PlainView, ProgressView, Quiet

    if settings.display in ("json", "none"):
        return Quiet()
    if live:
        return LiveView(loaded, settings.display, delay=delay, ascii=ascii)
    if one_by_one or settings.display == "plain":
        return PlainView(settings.display)
    return ProgressView(total, settings.display, ascii=ascii)
