"""A command that plays: preflight, signals, and a clean end whatever happens."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

from arena.agent import Agent
from arena.cli.errors import DONE, FAILED, INTERRUPTED, LIMITED
from arena.game import Game
from arena.settings import Settings

if TYPE_CHECKING:
    from arena.replay.entry import Entry
    from arena.replay.run import Run
    from arena.tournament.fixture import Fixture
    from arena.tournament.runner import Runner


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


@dataclass
class Session:
    """Plays into one run folder, and knows how it went."""

    games: Sequence[Game[Any]]
    """All that will be played, for the preflight."""
    game_of: "Callable[[Fixture], Game[Any]]"
    agents: Mapping[str, Agent]
    """By the name that fixtures use."""
    settings: Settings
    view: View
    concurrency: int
    retries: int = 2
    max_plies: int = 10_000
    move_seconds: float | None = None
    game_seconds: float | None = None
    run_seconds: float | None = None
    specs: Mapping[str, str] = field(default_factory=dict)
    """By name, what to type to load an agent again."""
    folder: Path = Path()
    """The run's folder, once it is open."""
    stopped: str = ""
    """Which limit ended the command early; empty when none did."""
    interrupted: bool = False
    errors: list[Exception] = field(default_factory=list)

    def play(self, open_run: "Callable[[], Run]", job: "Callable[[Runner], Awaitable[None]]") -> None:
        """Open the run once all agents are ready, and do the job.

        Raises:
            ValueError: an agent cannot play a game.
            AgentUnavailable: an agent is not there; nothing was played.
            ReplayError: the run could not be written.
        """
        asyncio.run(self._play(open_run, job))

    async def _play(self, open_run: "Callable[[], Run]", job: "Callable[[Runner], Awaitable[None]]") -> None:
        from arena.tournament.preflight import preflight

        try:
            await preflight(self.agents.values(), self.games)
            mend_all(self.settings.replays)
            with open_run() as run, self.view:
                self.folder = run.folder
                runner = self._runner(run)
                task = asyncio.ensure_future(job(runner))
                self._listen(task, runner)
                await self._finished(task)
                self.stopped = runner.stopped
        finally:
            for agent in self.agents.values():
                await agent.close()

    def _runner(self, run: "Run") -> "Runner":
        from arena.tournament.budget import Budget
        from arena.tournament.runner import Runner

        return Runner(
            run,
            self.game_of,
            self.agents,
            Budget(self.settings.max_cost, self.settings.max_tokens),
            self.view,
            self.concurrency,
            self.retries,
            self.max_plies,
            self.move_seconds,
            self.game_seconds,
            self.specs,
            errors=self.errors,
        )

    async def _finished(self, task: "asyncio.Future[None]") -> None:
        try:
            await task
        except asyncio.CancelledError:
            if not self.interrupted:
                raise

    def _listen(self, task: "asyncio.Future[None]", runner: "Runner") -> None:
        """The first ctrl-C lets the calls in flight end, the second stops at once; so does the clock."""

        def interrupt() -> None:
            if self.interrupted:
                task.cancel()
            self.interrupted = True
            runner.stop("interrupted")

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, interrupt)
        if self.run_seconds:
            loop.call_later(self.run_seconds, runner.stop, f"{self.run_seconds:g} s are over")

    def exit_code(self, entries: "Iterable[Entry]", void_share: float = 0.0) -> int:
        """What the command ends with, given the matches it played and the share that may be void."""
        if self.interrupted:
            return INTERRUPTED
        if self.stopped:
            return LIMITED
        kinds = [entry.kind for entry in entries]
        spoilt = kinds.count("void") > void_share * len(kinds)
        return FAILED if self.errors or spoilt else DONE

    def tell_trouble(self) -> None:
        """Say on stderr what went wrong, and what stopped the command."""
        from arena.view.clean import clean
        from arena.view.console import err

        words = err(self.settings.display)
        for error in {f"{type(error).__name__}: {error}" for error in self.errors}:
            words.print(clean(error), style="red")
        if self.stopped:
            words.print(f"stopped: {self.stopped}; finished matches are saved", style="yellow")


def only(game: Game[Any]) -> "Callable[[Fixture], Game[Any]]":
    """For sessions of one game: the game of every fixture."""
    return lambda fixture: game


def mend_all(root: Path) -> None:
    """Bring in order the runs whose writer died, and say so."""
    from arena.replay.mend import mend
    from arena.view.clean import clean

    for folder, recovery in mend(root):
        typer.echo(clean(f"{folder}: its writer died. {recovery}"), err=True)
