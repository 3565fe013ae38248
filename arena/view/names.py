"""`Name` and `Pairing`: names that give way in the middle, so that start and options both stay readable."""

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from .clean import clean_line


class Name:
    """A name on one line; where there is no room it loses its middle: ``openai/gp…think=low``."""

    def __init__(self, text: str, style: str = "", *, least: int = 10) -> None:
        self.text = clean_line(text)
        self.style = style
        self.least = least

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(elided(self.text, options.max_width), style=self.style, no_wrap=True, overflow="crop")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        width = cell_len(self.text)
        return Measurement(min(self.least, width), width).with_maximum(options.max_width)


class Pairing:
    """Two names with a score between them on one line; the longer name gives way first."""

    def __init__(self, first: Name, score: Text, second: Name) -> None:
        self.first = first
        self.score = score
        self.second = second

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(2, options.max_width - self.score.cell_len - 2)
        one, other = cell_len(self.first.text), cell_len(self.second.text)
        left = max(room // 2, room - other)
        right = max(room - room // 2, room - one)
        yield Text.assemble(
            (elided(self.first.text, left), self.first.style),
            " ",
            self.score,
            " ",
            (elided(self.second.text, right), self.second.style),
            no_wrap=True,
            overflow="ellipsis",
        )

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        ends = self.score.cell_len + 2
        widest = cell_len(self.first.text) + cell_len(self.second.text) + ends
        least = self.first.least + self.second.least + ends
        return Measurement(min(least, widest), widest).with_maximum(options.max_width)


def elided(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis in the middle where it is longer."""
    if cell_len(text) <= width:
        return text
    if width < 5:
        return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""
    tail = width // 2
    head = set_cell_size(text, width - 1 - tail).rstrip()
    end = text[-tail:]
    while cell_len(end) > tail:
        end = end[1:]
    return f"{head}…{end}"
