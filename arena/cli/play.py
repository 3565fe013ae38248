"""``arena play``: one match, or a few."""

import re
import shlex
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.agent import Agent
from arena.cli import flags
from arena.cli.session import Session, View, only, person_at
from arena.load import LoadedGame
from arena.settings import Settings
from arena.tournament.terms import Terms

if TYPE_CHECKING:
    from arena.match import Past
    from arena.replay.entry import Entry
    from arena.replay.run import Run, RunSettings
    from arena.tournament.fixture import Fixture
    from arena.tournament.runner import Runner


def play(
    game: Annotated[str, typer.Argument(help="A game: tic_tac_toe, chess,max_plies=60, ./nim.py")],
    agents: Annotated[list[str], typer.Argument(help="An agent a seat, or a role: random, human")],
    matches: Annotated[int, typer.Option("--matches", "-n", min=1, help="How many; seats rotate.")] = 1,
    live: Annotated[bool, typer.Option("--live", help="Watch the matches, one after another.")] = False,
    delay: flags.Delay = 0.5,
    retries: Annotated[int, typer.Option("--retries", min=0, help="Tries after a bad answer.")] = 2,
    max_plies: Annotated[int, typer.Option("--max-plies", min=1, help="A longer match is a draw.")] = 10_000,
    run: Annotated[str, typer.Option("--run", help="Name of the run (default: game and time).")] = "",
    seed: flags.Seed = None,
    concurrency: flags.Concurrency = None,
    max_cost: flags.MaxCost = None,
    max_tokens: flags.MaxTokens = None,
    cache: flags.Cache = None,
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
        cache=cache,
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
    person = person_at(seated)
    one_by_one = live or person
    view = view_of(live and not person, one_by_one, len(fixtures), settings, loaded, delay, ascii, seated)
    if settings.display == "json":
        from arena.cli.views import JsonView

        view = JsonView()
    session = Session(
        [loaded.game],
        only(loaded.game),
        dict(zip(names, seated, strict=True)),
        settings,
        view,
        concurrency=1 if one_by_one else settings.concurrency,
        terms=Terms(retries, max_plies),
        specs=dict(zip(names, (load.resolved(one, settings) for one in agents), strict=True)),
    )
    told = {"game": game, "agents": agents, "matches": matches, "retries": retries, "max_plies": max_plies}
    name = run or run_name(loaded.name)
    entries = play_new(session, fixtures, name=name, command="play", told=told, exact=bool(run))
    finish(entries, session, settings)


def play_new(
    session: Session,
    fixtures: "Iterable[Fixture]",
    *,
    name: str,
    command: str,
    told: Mapping[str, Any],
    past: "Past | None" = None,
    exact: bool = True,
) -> "list[Entry]":
    """Play fixtures into a new run; the entries of the matches that were finished.

    Unless the name has to be `exact`, one that is taken gets a number behind it.

    Raises:
        ValueError: an agent cannot play this game.
        AgentUnavailable: an agent is not there; nothing was played.
        ReplayError: the run could not be written.
    """
    from arena.match import NO_PAST
    from arena.replay.run import RunSettings

    settings, entries = session.settings, list["Entry"]()
    manifest = RunSettings(command=command, seed=settings.seed, settings=dict(told))

    async def job(runner: "Runner") -> None:
        await runner.play(fixtures, past or NO_PAST, lambda fixture, entry: entries.append(entry))

    session.play(lambda: new_run(settings.replays, name, manifest, exact=exact), job)
    return entries


def new_run(root: Path, name: str, manifest: "RunSettings", *, exact: bool) -> "Run":
    """A new run of that name; unless it has to be `exact`, a taken one is followed by -2, -3, ….

    Raises:
        ReplayError: the name is taken or unfit, or the run could not be written.
    """
    from arena.replay.error import ReplayError
    from arena.replay.run import Run

    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    if not exact:
        name = next(each for each in names if not (root / each).exists())
    taken = (root / name).exists()
    try:
        return Run.create(root, name, manifest)
    except ReplayError as error:
        if not exact and (root / name / "run.toml").exists():  # another process was quicker
            return new_run(root, next(names), manifest, exact=False)
        if taken:
            raise ReplayError(f"the run {name!r} exists in {root}: choose another --run") from error
        raise


def run_name(game: str) -> str:
    """A run's name from its game and the local time, such as ``chess-20260131-235959``."""
    stem = Path(game.rpartition(":")[0] or game).stem if "/" in game or ":" in game else game
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:60] or "game"
    return f"{slug}-{time.strftime('%Y%m%d-%H%M%S')}"


def show_plan(fixtures: "Sequence[Fixture]", settings: Settings) -> None:
    """Say what would be played."""
    from arena.cli.emit import emit
    from arena.view.console import out

    if settings.display == "json":
        for fixture in fixtures:
            emit({"event": "plan", "key": fixture.key, "fixture": fixture})
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
    from arena.cli.emit import emit
    from arena.cli.show import results
    from arena.view.console import out
    from arena.view.notices import next_steps
    from arena.view.tables import results as table

    code = session.exit_code(entries)
    session.tell_trouble()
    if settings.display == "json":
        emit({"event": "done", "exit": code, "run": str(session.folder), "matches": len(entries)})
    elif settings.display != "none" and entries:
        console = out(settings.display)
        console.print(table(results(entries)))
        where = elsewhere(settings)
        console.print(next_steps([f"arena watch {entries[-1].id}{where}", f"arena replays ls{where}"]))
    raise typer.Exit(code)


def elsewhere(settings: Settings) -> str:
    """What a command needs to find the runs again, such as `` --replays mine``; empty by default."""
    folder = shlex.quote(str(settings.replays))
    return f" --replays {folder}" if settings.replays != Path("replays") else ""


def view_of(
    live: bool,
    one_by_one: bool,
    total: int,
    settings: Settings,
    loaded: LoadedGame,
    delay: float,
    ascii: bool,
    agents: Sequence[Agent] = (),
) -> View:
    from arena.cli.views import LiveView, PlainView, ProgressView, Quiet

    if settings.display in ("json", "none"):
        return Quiet()
    if live:
        return LiveView(loaded, settings.display, delay=delay, ascii=ascii)
    if one_by_one or settings.display == "plain":
        return PlainView(settings.display)
    return ProgressView(total, settings.display, ascii=ascii, agents=agents)
