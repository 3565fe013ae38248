"""`Progress`: many matches at once, on stderr."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from arena.events import Ended, Line, Started

from . import figures, keys
from .ascii import Ascii
from .clean import clean_line
from .names import Name
from .running import Running, Standing
from .scene import Total
from .style import GOOD, NOTE, WARN
from .tables import Result, results
from .talk import short_name

RATE = 4
"""Frames a second."""
EVERY = 30.0
"""Seconds between two lines where there is no terminal."""
SLOW = 5.0
"""Seconds without an event from which on a match is said to wait."""
RUNNING = 8
"""The most running matches shown."""


class Progress:
    """A context manager that shows how far a set of matches is, and what came of them so far.

    Call `follow` once for each match: what it gives is a recorder for `match.play`. `done` matches of
    `total` were finished before; a void match is not done, as it will be played again. `clock` gives
    seconds; only the time that is left depends on it.
    """

    def __init__(
        self,
        total: int,
        console: Console,
        *,
        done: int = 0,
        ascii: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.done = done
        self.voids = 0
        self.console = console
        self.note = ""
        """A line of the caller's own, such as calls in flight and retries."""
        self._before = done
        self._ascii = ascii
        self._clock = clock
        self._began = self._printed = clock()
        self._standings: dict[str, Standing] = {}
        self._running: dict[int, Running] = {}
        self._matches = 0
        self._open = ExitStack()
        self._live = Live(
            console=console,
            get_renderable=self.frame,
            refresh_per_second=RATE,
            transient=True,
            vertical_overflow="crop",
        )

    def __enter__(self) -> "Progress":
        if self.console.is_interactive:
            self._open.enter_context(keys.silent())
            self._open.enter_context(self._live).refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self.console.print(self.line())

    def follow(self) -> Callable[[Line], None]:
        """A recorder for one match."""
        self._matches += 1
        number, match = self._matches, Running()

        def update(event: Line) -> None:
            match.add(event, self._clock())
            if isinstance(event, Started):
                self._running[number] = match
            elif isinstance(event, Ended):
                self._running.pop(number, None)
                self._end(match, event)

        return update

    def frame(self) -> RenderableType:
        """The bar, the table of agents, the matches that are being played, and the note."""
        parts: list[RenderableType] = [self._bar()]
        running = list(self._running.values())
        if self._standings:
            rows, room = self.standings(), max(3, self.console.height - RUNNING - 8)
            parts += [Text(), results(rows[:room]), *_more(len(rows) - room, "agents")]
        if running:
            shown = self._matches_now(running[:RUNNING])
            parts += [Text(), shown, *_more(len(running) - RUNNING, "matches")]
        if self.note:
            parts += [Text(), Text(clean_line(self.note), style=NOTE)]
        frame = Group(*parts)
        return Ascii(frame) if self._ascii else frame

    def line(self) -> Text:
        """How far it is, on one line."""
        parts = [
            f"{self.done:,}/{self.total:,} matches",
            f"{len(self._running):,} running",
            f"eta {self.eta()}",
        ]
        if self.done >= self.total:
            parts = [f"{self.done:,}/{self.total:,} matches", figures.seconds(self._clock() - self._began)]
        line = Text(" · ".join(parts))
        return line.append(f" · {self.voids} void", style=WARN) if self.voids else line

    def eta(self) -> str:
        """How long the rest will take at the pace so far; ``–`` before the first match has ended."""
        ended = self.done - self._before
        if not ended:
            return figures.UNKNOWN
        return figures.seconds((self._clock() - self._began) / ended * (self.total - self.done))

    def standings(self) -> list[Result]:
        """What each agent has done so far, most wins less losses first."""
        rows = [standing.result(agent) for agent, standing in list(self._standings.items())]
        return sorted(rows, key=lambda row: (row.losses - row.wins, row.agent))

    def _end(self, match: Running, end: Ended) -> None:
        self.done += end.kind != "void"
        self.voids += end.kind == "void"
        agents = match.agents
        for seat, agent in agents.items():
            standing = self._standings.setdefault(agent, Standing())
            standing.add(seat, match.totals.get(seat, Total()), end)
        for agent in set(agents.values()):
            self._standings[agent].voids += end.kind == "void"
        now = self._clock()
        if not self.console.is_interactive and now - self._printed >= EVERY:
            self._printed = now
            self.console.print(self.line())

    def _bar(self) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(max(1, self.total), self.done, width=30, complete_style="cyan", finished_style=GOOD)
        share = figures.percent(self.done / max(1, self.total))
        grid.add_row("matches", bar, Text(f"{self.done:,}/{self.total:,}"), share, Text(f"eta {self.eta()}"))
        return grid

    def _matches_now(self, running: Sequence[Running]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        now = self._clock()
        for match in running:
            if match.started:
                names = " – ".join(short_name(agent) for agent in match.agents.values())
                parts = (Name(match.started.id), Name(match.started.game), Name(names, least=20))
                grid.add_row(Text("▶", style=GOOD), *parts, f"ply {match.ply}", _state(match, now))
        return grid


def _more(left_out: int, what: str) -> list[RenderableType]:
    return [Text(f"and {left_out:,} more {what}", style=NOTE)] if left_out > 0 else []


def _state(match: Running, now: float) -> Text:
    """Why a match stands still: an answer was refused, or an agent takes its time."""
    parts = [f"asked again: {match.fault}"] if match.fault else []
    if now - match.since >= SLOW:
        parts.append(f"waits {figures.seconds(now - match.since)}")
    return Text(" · ".join(parts), style=WARN)
