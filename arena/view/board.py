"""The board's place on a screen: `measured`, `board_lines`."""

from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from .clean import Clean, clean
from .scene import BOARD, Scene
from .style import NOTE

STEP = 8
"""Places are whole multiples of so many columns, so that what stands beside seldom moves."""
LEAST = 24
"""The narrowest place: small boards stand in the middle of it."""
NOTES = 40
"""Notes below a drawing that are longer than this and than the drawing are folded."""


class Breadth(NamedTuple):
    """How many cells a board needs."""

    core: int
    """So that two lines of three fit: a drawing's own width, when lines of notes below it are longer."""
    whole: int
    """So that no line wraps, in any state so far."""


def measured(
    console: Console, options: ConsoleOptions, scene: Scene, board: RenderableType | None
) -> Breadth:
    """How broad the text of the scene's board is, or the game's own drawing."""
    if board is None:
        widths = [cell_len(line) for line in clean(scene.board[:BOARD]).split("\n")]
    else:
        most = Measurement.get(console, options.update(width=1000), board).maximum
        lines = console.render_lines(board, options.update(width=max(1, most)), pad=False)
        widths = [Segment.get_line_length(line) for line in lines] or [0]
    core = sorted(widths)[(2 * len(widths) - 1) // 3]
    return Breadth(core, max(scene.extent.wide, *widths))


def place(breadth: Breadth, room: int) -> int:
    """How many of `room` columns a board gets beside the list; 0 when it would be cut."""
    if breadth.core > room:
        return 0
    wanted = max(breadth.core, LEAST, min(breadth.whole, NOTES))
    return min(-(-wanted // STEP) * STEP, room)


def board_lines(
    console: Console, options: ConsoleOptions, scene: Scene, board: RenderableType | None, rows: int
) -> list[list[Segment]]:
    """The board, folded to the width of `options`, at most `rows` lines; a last line tells what was cut."""
    text = Text(clean(scene.board[:BOARD]), overflow="fold")
    lines = console.render_lines(text if board is None else Clean(board), options)
    if len(lines) <= rows:
        return lines
    more = Text(f"… {len(lines) - rows + 1} more lines", style=NOTE, no_wrap=True, overflow="ellipsis")
    return [*lines[: max(0, rows - 1)], *console.render_lines(more, options)][:rows]
