"""Playing many fixtures at once into one run folder."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import to_builtins
from msgspec.structs import replace

from arena.agent import Agent
from arena.events import Line, Replied, Seated, Started
from arena.game import Game
from arena.match import NO_PAST, Past, describe
from arena.referee import Record
from arena.replay.journal import Journal
from arena.replay.run import Entry, Run
from arena.tournament.budget import Budget
from arena.tournament.executor import Executor, Here, Stopped, Task, WorkerLost
from arena.tournament.fixture import Fixture, match_id
from arena.tournament.terms import Terms

ATTEMPTS = 3
"""How often a match is begun at most when the workers that play it die."""


class Watcher(Protocol):
    """Who looks on while matches are played."""

    def event(self, match: str, event: Line) -> None:
        """A match has recorded an event."""

    def sealed(self, entry: Entry) -> None:
        """A match has ended and is on disk."""

    async def pace(self) -> None:
        """Awaited after each move, if it is made in this process; a live view may take its time here."""


class Nobody:
    """A `Watcher` that does not look."""

    def event(self, match: str, event: Line) -> None:
        """Look away."""

    def sealed(self, entry: Entry) -> None:
        """Look away."""

    async def pace(self) -> None:
        """Take no time."""


@dataclass
class Runner:
    """Has fixtures played; each finished match is sealed in the run. Nothing else writes the run."""

    run: Run
    game_of: Callable[[Fixture], Game[Any]]
    agents: Mapping[str, Agent]
    """By name, as fixtures name them."""
    budget: Budget = field(default_factory=Budget)
    watcher: Watcher = field(default_factory=Nobody)
    concurrency: int = 1
    terms: Terms = field(default_factory=Terms)
    specs: Mapping[str, str] = field(default_factory=dict)
    """By name, what to type to load an agent again; its name when it is not here."""
    executor: Executor = field(default_factory=Here)
    """What plays; whoever made it has entered it."""
    stopped: str = ""
    """Why no further match is begun; empty while all is well."""
    enough: bool = False
    """Whether what is known is enough, so that nothing more need be played."""
    errors: list[Exception] = field(default_factory=list)
    """What agents or games raised; each has made its match void."""
    lost: list[WorkerLost] = field(default_factory=list)
    """One for each match that was begun again since its worker died."""
    _templates: dict[int, Started] = field(default_factory=dict)
    _seated: dict[str, Seated] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None
    """The one that plays, while it does."""

    def __post_init__(self) -> None:
        # Instant agents play 40,000 plies a second; telling nobody about each would cost a tenth of it.
        self._alone = type(self.watcher) is Nobody

    def stop(self, reason: str) -> None:
        """Begin no further match, and give up those in progress at their next move."""
        if not self.stopped:
            self.stopped = reason
            self._pass_on()

    def finish(self) -> None:
        """Begin no further match, and give up those in progress: what is known is enough."""
        if not self.enough:
            self.enough = True
            self._pass_on()

    async def play(
        self,
        fixtures: Iterable[Fixture],
        past: Past = NO_PAST,
        sealed: Callable[[Fixture, Entry], None] | None = None,
    ) -> list[Entry]:
        """Play all fixtures, some at once; the entries of the finished ones, in order of their ends.

        `past` is what forks begin with. `sealed` is told of each match once it is on disk.

        Raises:
            ReplayError: a match could not be written; the others are given up.
            WorkerLost: a match took its worker with it each time; the others are given up.
        """
        self._loop = asyncio.get_running_loop()
        entries: list[Entry] = []
        source = iter(fixtures)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.concurrency):
                    group.create_task(self._work(source, entries, past, sealed))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._loop = None
        return entries

    async def _work(
        self,
        source: Iterator[Fixture],
        entries: list[Entry],
        past: Past,
        sealed: Callable[[Fixture, Entry], None] | None,
    ) -> None:
        while not (self.stopped or self.enough):
            fixture = next(source, None)
            if fixture is None:
                return
            entry = await self._match(fixture, past)
            if entry:
                entries.append(entry)
                self.watcher.sealed(entry)
                if sealed:
                    sealed(fixture, entry)
            await asyncio.sleep(0)  # matches of instant agents never suspend by themselves

    async def _match(self, fixture: Fixture, past: Past) -> Entry | None:
        """Have a match played, again if its worker dies; None when it was given up."""
        game = self.game_of(fixture)
        agents = {seat: self.agents[name] for seat, name in fixture.seats.items()}
        started = self._header(game, fixture, agents)
        task = Task(fixture, started, self.terms, game, agents, past, self._pace)
        for left in reversed(range(ATTEMPTS)):
            journal = self.run.journal(started.id)
            try:
                await self.executor.play(task, self._recorder(journal))
            except (Stopped, WorkerLost, asyncio.CancelledError) as error:
                journal.discard()
                if isinstance(error, asyncio.CancelledError):
                    raise
                if isinstance(error, Stopped) or self.stopped or self.enough:
                    return None
                assert isinstance(error, WorkerLost)
                if not left:
                    raise _lost(fixture, error) from error
                self.lost.append(error)
            except Exception as error:
                if not journal.tally.ended:
                    raise
                self.errors.append(error)
                return self.run.seal(journal)
            else:
                return self.run.seal(journal)
        return None

    def _recorder(self, journal: Journal) -> Record:
        if self._alone and not self.budget.limited:
            return journal.record
        return _Fan(journal, self.budget, self.watcher, journal.id, self.stop).event

    def _header(self, game: Game[Any], fixture: Fixture, agents: Mapping[str, Agent]) -> Started:
        run = self.run.name
        template = self._templates.get(id(game))
        if template is None:
            try:
                template = describe(game, agents, name=fixture.game)
            except Exception as error:
                raise ValueError(
                    f"{fixture.game} cannot be described: {type(error).__name__}: {error}"
                ) from error
            self._templates[id(game)] = template
        return replace(
            template,
            id=match_id(run, fixture.key),
            seats={seat: self._seat(name) for seat, name in fixture.seats.items()},
            seed=fixture.seed,
            run=run,
            key=fixture.key,
            retries=self.terms.retries,
            max_plies=self.terms.max_plies,
            parent=fixture.parent,
            pair="" if fixture.parent else f"{fixture.pair}.{fixture.attempt}",
        )

    def _seat(self, name: str) -> Seated:
        """Who sits there, put in words once: a run seats the same few agents again and again."""
        seated = self._seated.get(name)
        if seated is None:
            agent = self.agents[name]
            spec = self.specs.get(agent.name, agent.name)
            options = to_builtins(agent.options())
            seated = self._seated[name] = Seated(agent.name, spec, options, agent.template())
        return seated

    def _pass_on(self) -> None:
        """Tell the executor that all is over. A signal may have come in the middle of anything: not here."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.executor.stop)

    async def _pace(self) -> None:
        if self.stopped or self.enough:
            raise Stopped
        if not self._alone:
            await self.watcher.pace()


def _lost(fixture: Fixture, error: WorkerLost) -> WorkerLost:
    seats = ", ".join(f"{seat} {agent}" for seat, agent in fixture.seats.items())
    return WorkerLost(
        f"{error}. {ATTEMPTS} workers were lost while they played {fixture.game} ({seats}, seed "
        f"{fixture.seed}): find out why, and run this again to go on"
    )


@dataclass
class _Fan:
    """Hands each event to all who want it, the journal first."""

    journal: Journal
    budget: Budget
    watcher: Watcher
    match: str
    stop: Callable[[str], None]

    def event(self, event: Line) -> None:
        self.journal.record(event)
        self.watcher.event(self.match, event)
        if isinstance(event, Replied):
            self.budget.record(event)
            spent = self.budget.spent
            if spent:
                self.stop(spent)
