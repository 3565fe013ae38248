"""`ply_lines`: a match as plain scrolling text, one block a ply, for pipes and printing."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from arena.events import Asked, Ended, Fouled, Line, Moved, Replied, Started
from arena.game import Move, Seat

from .clean import clean, clean_line
from .outcome import outcome
from .scene import Scene
from .style import BAD, NOTE, STRONG, seat_style
from .talk import refusal


def ply_lines(
    scene: Scene, event: Line, *, thinking: bool = False, words: bool = True
) -> RenderableType | None:
    """What the scrolling form says of `event`, the last event of `scene`; None when it says nothing.

    A move is a block: a line with ply, seat, agent and move, the board, with `thinking` what was thought,
    and with `words` what was said.
    """
    match event:
        case Started():
            return _started(scene)
        case Moved():
            return _moved(scene, event, thinking, words)
        case Fouled():
            fault = refusal(event.fault, event.move, event.error)
            return Group(_heading(scene, event.ply, event.seat), Indented(Text(f"✗ {fault}", style=BAD)))
        case Ended():
            return Group(Text(), outcome(event))
        case Asked() | Replied():
            return None


def _started(scene: Scene) -> RenderableType:
    room = max((cell_len(clean_line(seat, 40)) for seat in scene.seats), default=0)
    title = Text.assemble((clean_line(scene.game), STRONG), "  ", (clean_line(scene.match), NOTE))
    lines = [title]
    for side in scene.sides:
        seat = Text(clean_line(side.seat, 40), style=seat_style(side.seat, scene.seats))
        seat.truncate(room, pad=True)
        lines.append(Text.assemble("  ", seat, "  ", clean_line(side.agent)))
    return Group(*lines)


def _heading(scene: Scene, ply: int, seat: Seat, move: Move = "") -> Text:
    agent = next((side.agent for side in scene.sides if side.seat == seat), "")
    parts = [str(ply), clean_line(seat, 40), clean_line(agent), clean_line(move)]
    styles = [NOTE, seat_style(seat, scene.seats), "", STRONG]
    named = [(part, style) for part, style in zip(parts, styles, strict=True) if part]
    return Text("\n").append_text(Text("  ").join(Text(part, style=style) for part, style in named))


def _moved(scene: Scene, moved: Moved, thinking: bool, words: bool) -> RenderableType:
    entry = scene.last
    parts = [Text(clean(moved.board).rstrip())]
    if entry and thinking and entry.thinking:
        parts.append(Text("\n" + clean(entry.thinking).strip(), style=NOTE))
    if entry and words and entry.say:
        parts.append(Text("\n" + clean(entry.say).strip()))
    return Group(_heading(scene, moved.ply, moved.seat, moved.move), *map(Indented, parts))


@dataclass(frozen=True, slots=True)
class Indented:
    """Text two columns in, the lines it wraps into as well."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        whole = self.text.split("\n", allow_blank=True)
        width = max(1, options.max_width - 2)
        lines = whole if options.no_wrap else self.text.wrap(console, width, overflow="fold")
        for line in lines:
            line.rstrip()
            yield Text.assemble("  " if line else "", line)
