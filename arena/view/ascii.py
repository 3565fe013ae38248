"""`Ascii`: any renderable for terminals and fonts that know only ASCII, with the same width and layout."""

from unicodedata import normalize

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment

_KNOWN = str.maketrans(
    "─━╴╸╺┄═│┃║┌┐└┘├┤┬┴┼╭╮╰╯╞╡╪╔╗╚╝█▉▊▋▌▍▎▏░▒▓■▁▂▃▄▅▆▇♔♕♖♗♘♙♚♛♜♝♞♟–—−‘’“”…·•×✓✗▶▸●○←→↑↓",
    "-------|||++++++++++++++++++++#####   .:##__--=##KQRBNPkqrbnp---''\"\"~-*x+x>>*o<>^v",
)


class Ascii:
    """A renderable drawn with ASCII only.

    Lines, bars, marks and chess pieces become their nearest character, accents are dropped, anything else
    is a ``?`` for each cell.
    """

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.renderable, options):
            yield Segment(text if control else to_ascii(text), style, control)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.renderable)


def to_ascii(text: str) -> str:
    """`text` in ASCII, every character as many cells wide as it was."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _nearest(char) for char in text.translate(_KNOWN))


def _nearest(char: str) -> str:
    width = cell_len(char)
    plain = normalize("NFKD", char).encode("ascii", "ignore").decode()
    return plain if len(plain) == width else "?" * width
