"""One match on a screen: `screen`, and `ply_lines` for pipes.

The screen draws no boxes around texts of models: terminals disagree about the width of some characters,
and a border would show it. Nothing on it moves from ply to ply but the list, which grows downwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from arena.events import Line

from . import figures
from .ascii import Ascii
from .board import LEAST, board_lines, measured, place
from .call import spent
from .clean import clean_line
from .scene import Entry, Scene, Side, Total
from .style import BAD, GOOD, NOTE, STRONG, WARN, seat_style
from .talk import Talk

Draw: TypeAlias = Callable[[Line], RenderableType | None]
"""Given every event in order, the game's own drawing of the state after it, or None for the replay's text."""

NARROW = 60
"""Below this many columns the list stands under the board."""
WIDE = 76
"""From this many columns on each seat's tokens and cost stand behind its name."""
MARGIN, GAP = 2, 3
"""Columns before the board, and between board and list."""
TALK = 34
"""The fewest columns that the list needs beside a board."""
ROOMY = 14
"""From this many lines for board and list on, one stays free above them."""
SIDES = 4
"""How many seats have a line of their own."""


def screen(
    scene: Scene,
    *,
    width: int,
    height: int,
    board: RenderableType | None = None,
    ascii: bool = False,
    waited: float | None = None,
    full: bool = True,
) -> RenderableType:
    """The live screen of a match: who plays, the board, what was played and said, what it cost.

    At most `width` columns and `height` lines; with `full` exactly that many lines, so that nothing below
    it moves. `board` is the game's own drawing; without it, without colour or with `ascii` the text of the
    replay is shown. `waited` is how many seconds the seats to move have taken so far. The result of a
    match stands in the list, not above it.
    """
    drawn = _Screen(scene, width, height, None if ascii else board, waited, full)
    return Ascii(drawn) if ascii else drawn


@dataclass(frozen=True, slots=True)
class _Screen:
    scene: Scene
    width: int
    height: int
    board: RenderableType | None
    waited: float | None
    full: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(1, min(self.width, options.max_width))
        options = options.update(width=width, height=None)
        head, foot = self._fitting(width)
        rows = max(0, self.height - len(head) - len(foot))
        yield from self._texts(console, options, head)
        used = 0
        for line in self._body(console, options, rows):
            yield from line
            yield Segment.line()
            used += 1
        if self.full:
            yield from (Segment.line() for _ in range(rows - used))
        yield from self._texts(console, options, foot)

    def _fitting(self, width: int) -> tuple[list[Text], list[Text]]:
        """Header and footer, the less important parts left out where the screen is low."""
        head, foot = header(self.scene, width, self.waited), footer(self.scene, width)
        if self.height < len(head) + len(foot) + 6:
            foot = []
        if self.height < len(head) + 4:
            head = head[:1]
        elif self.height >= len(head) + len(foot) + ROOMY:
            head.append(Text())
        return head[: self.height], foot

    def _texts(self, console: Console, options: ConsoleOptions, texts: Sequence[Text]) -> RenderResult:
        for text in texts:
            text.truncate(options.max_width, overflow="ellipsis")
            yield from console.render(text, options.update(no_wrap=True))

    def _body(self, console: Console, options: ConsoleOptions, rows: int) -> list[list[Segment]]:
        """The board and the list, side by side where both fit, at most `rows` lines."""
        width, scene, board = options.max_width, self.scene, self._drawing(console)
        breadth = measured(console, options, scene, board)
        room = width - max(TALK, width * 9 // 20) - MARGIN - GAP
        wide = place(breadth, room) if width >= NARROW else 0
        if not wide:
            return self._stacked(console, options, board, rows)
        before = MARGIN + max(0, (wide - breadth.whole) // 2 if breadth.whole < LEAST else 0)
        left = board_lines(console, options.update(width=MARGIN + wide - before), scene, board, rows)
        right = console.render_lines(
            Talk(scene, rows), options.update(width=width - MARGIN - wide - GAP), pad=False
        )
        blank = [Segment(" " * (MARGIN + wide - before))]
        return [
            [Segment(" " * before), *(one or blank), Segment(" " * GAP), *(other or [])]
            for one, other in zip_longest(left, right)
        ]

    def _stacked(
        self, console: Console, options: ConsoleOptions, board: RenderableType | None, rows: int
    ) -> list[list[Segment]]:
        """The board above the list: at most two thirds of the lines, or all but six."""
        lines = board_lines(console, options, self.scene, board, max(rows - 6, rows * 2 // 3))
        talk = console.render_lines(Talk(self.scene, rows - len(lines) - 1), options, pad=False)
        return [*lines, [], *talk][:rows]

    def _drawing(self, console: Console) -> RenderableType | None:
        """The game's drawing where it can be told apart: drawings may need colour, the text never does."""
        return None if console.no_color or console.color_system is None else self.board


def header(scene: Scene, width: int, waited: float | None = None) -> list[Text]:
    """The match, a line for each of the first seats with the one to move marked, and a rule."""
    title = Text.assemble(
        " ", (clean_line(scene.game, 40) or "match", STRONG), "  ", (clean_line(scene.match, 40), NOTE)
    )
    lines = [_ends(title, Text(f"ply {scene.ply} "), width)]
    seats = scene.seats
    indent = max((cell_len(clean_line(seat, 16)) for seat in seats), default=0)
    shown = scene.sides if len(seats) <= SIDES else scene.sides[: SIDES - 1]
    lines += [_side(scene, side, indent, width, waited) for side in shown]
    if len(shown) < len(seats):
        rest = scene.sides[len(shown) :]
        names = ", ".join(clean_line(side.seat, 16) for side in rest)
        moving = [side.seat for side in rest if side.seat in scene.moving]
        lines.append(Text(f" {'▶' if moving else ' '} and {names}", style=NOTE))
    return [*lines, _rule(width)]


def _side(scene: Scene, side: Side, indent: int, width: int, waited: float | None) -> Text:
    to_move = side.seat in scene.moving
    seat = clean_line(side.seat, 16)
    left = Text.assemble(
        (" ▶ " if to_move else "   ", GOOD),
        (seat + " " * (indent - cell_len(seat) + 2), seat_style(side.seat, scene.seats)),
        (clean_line(side.agent, 80), STRONG if to_move else ""),
    )
    if to_move and waited is not None:
        left.append(f"  {waited:.0f}s", style=WARN)
    return _ends(left, _spent(side.total, width), width)


def _spent(total: Total, width: int) -> Text:
    """What a seat has cost, in columns; refused answers only where the screen is narrow."""
    text = Text.assemble((f"✗ {total.fouls} " if total.fouls else "", BAD))
    if total.seconds:
        text.append(f"{figures.seconds(total.seconds):>7} ")
    if width >= WIDE and (total.input is not None or total.output is not None):
        read, wrote = figures.tokens(total.input), figures.tokens(total.output)
        text.append(f" in {read:<5}  out {wrote:<5} {figures.dollars(total.cost):>7} ")
    return text


def footer(scene: Scene, width: int) -> list[Text]:
    """What the latest reply has cost and what it considered; empty where no reply has told either."""
    paid = next((entry.usage for entry in reversed(scene.entries) if entry.usage), None)
    chose = next((entry for entry in reversed(scene.entries) if entry.candidates), None)
    lines = [Text.assemble((_label("last"), NOTE), spent(paid))] if paid else []
    if chose:
        lines.append(_candidates(chose, width))
    return [_rule(width), *lines] if lines else []


def _label(name: str) -> str:
    return f" {clean_line(name, 10):<10} "


def _candidates(entry: Entry, width: int) -> Text:
    """The moves considered, as many as fit, each with a bar of its probability."""
    line = Text.assemble((_label(entry.candidates[0].source or "considered"), NOTE))
    for candidate in entry.candidates:
        move = clean_line(candidate.move, 16)
        part = Text.assemble((move, STRONG if candidate.move == entry.move else ""), " ")
        if candidate.probability is not None:
            part.append(bar(candidate.probability, 8), style="cyan")
            part.append(f" {figures.percent(candidate.probability):>4}")
        if line.cell_len + part.cell_len > width:
            break
        line.append_text(part).append("   ")
    return line


def bar(share: float, width: int) -> str:
    """A share of one as a bar of exactly `width` cells, in eighths."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    drawn = "█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
    return drawn.ljust(width)


def _rule(width: int) -> Text:
    return Text("─" * width, style=NOTE)


def _ends(left: Text, right: Text, width: int) -> Text:
    """A line with one text at each end; where both do not fit the left one is cut, or stands alone."""
    room = width - right.cell_len - 1
    if room < 20 and right.cell_len:
        room, right = width, Text()
    left.truncate(room, overflow="ellipsis")
    return Text.assemble(left, " " * (width - left.cell_len - right.cell_len), right)
