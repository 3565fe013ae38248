"""`Talk`: the moves and the words of a match as a list, the latest at the bottom."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from arena.agent import Fault
from arena.game import Move, Seat

from .clean import clean_line
from .outcome import outcome
from .scene import Entry, Scene
from .style import BAD, NOTE, STRONG, seat_style

NAME = 14
"""The most cells that a name has in the list."""
LINES = 2
"""The most lines of an entry."""
LATEST = 4
"""The most lines of the latest entry, and of the end."""
THOUGHT = 4
"""The most lines of the latest thinking."""
MARGIN = 4
"""Cells before the names, where the ply stands."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The last entries of a scene, as many as fit in `rows` lines, and what the latest mover thought."""

    scene: Scene
    rows: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(1, options.max_width - MARGIN)
        names = labels(self.scene)
        lines: list[Text] = []
        if self.scene.ended:
            lines = [Text(), *_margined(Text(), _cut(console, outcome(self.scene.ended), width, LATEST))]
        for entry in reversed(self.scene.entries):
            if len(lines) >= self.rows:
                break
            latest = entry is self.scene.last
            told = _cut(console, _told(self.scene, entry, names), width, LATEST if latest else LINES)
            if latest and entry.thinking:
                thought = Text(clean_line(entry.thinking, 4 * width), style=f"{NOTE} italic")
                told += _cut(console, thought, width, THOUGHT)
            lines = [*_margined(Text(f"{entry.ply:>3} ", style=NOTE), told), *lines]
        yield from lines[max(0, len(lines) - self.rows) :]


def labels(scene: Scene) -> Mapping[Seat, str]:
    """What the list calls each seat: its agent in short, or the seat where two agents would look the same.

    NATURE and others without an agent go by their seat.
    """
    short = {side.seat: clean_line(short_name(side.agent), 60) for side in scene.sides}
    cut = {name[:NAME] for name in short.values()}
    if len(cut) < len(short):
        short = {seat: clean_line(seat, 60) for seat in short}
    strangers = {entry.seat for entry in scene.entries} - set(short)
    return {**short, **{seat: clean_line(seat, 60) for seat in strangers}}


def short_name(agent: str) -> str:
    """An agent's name without provider, address and options: ``qwen3`` of ``ollama/qwen3,think=low``."""
    whole = agent.partition(",")[0].partition("@")[0]
    return whole.rstrip("/").rpartition("/")[2] or agent


def refusal(fault: Fault, move: Move, error: str) -> str:
    """Why an answer was refused, on one line; the move stands there unless the error quotes it."""
    what = f"{fault} {clean_line(move, 40)}" if move and repr(move) not in error else fault
    return f"{what}: {clean_line(error)}" if error else what


def _told(scene: Scene, entry: Entry, names: Mapping[Seat, str]) -> Text:
    room = min(NAME, max(map(cell_len, names.values())))
    name = Text(names[entry.seat], style=seat_style(entry.seat, scene.seats))
    name.truncate(room, overflow="ellipsis", pad=True)
    if entry.fault:
        return Text.assemble(name, " ", (f"✗ {refusal(entry.fault, entry.move, entry.error)}", BAD))
    move = Text(clean_line(entry.move), style=STRONG if entry is scene.last else "")
    return Text.assemble(name, " ", move, "  ", clean_line(entry.say))


def _cut(console: Console, text: Text, width: int, limit: int) -> list[Text]:
    """`text` wrapped, at most `limit` lines, with an ellipsis where more was said."""
    lines = list(text.wrap(console, width, overflow="fold"))
    if len(lines) > limit:
        last = lines[limit - 1]
        last.truncate(width - 1)
        last.append("…")
    for line in lines[:limit]:
        line.rstrip()
    return lines[:limit]


def _margined(first: Text, lines: list[Text]) -> list[Text]:
    blank = Text(" " * MARGIN)
    first.truncate(MARGIN, pad=True)
    return [Text.assemble(blank if row else first, line) for row, line in enumerate(lines)]
