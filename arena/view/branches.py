"""The moves tried at a fork, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from . import figures
from .clean import clean_line
from .style import BAD, GOOD, NOTE, STRONG

BAR = 20
"""Columns of the bar from -1 to 1."""


@dataclass(frozen=True, slots=True)
class Branched:
    """How one move did."""

    move: str
    playouts: int
    """Void ones left out."""
    mean: float | None
    """Mean payoff of the seat that chose, in [-1, 1]; None when every playout was void."""
    error: float | None
    """Standard error of the mean; None with fewer than two playouts."""
    played: bool = False
    """Whether the record took this move."""


def branched(rows: Sequence[Branched]) -> Table:
    """A line for each move: playouts, mean payoff with its 95% interval, and a bar from -1 to 1."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style=NOTE
    )
    table.add_column("move", style=STRONG, max_width=24)
    table.add_column("playouts", justify="right")
    table.add_column("payoff ± 95%", justify="right", no_wrap=True)
    table.add_column("-1" + " " * (BAR - 3) + "1", no_wrap=True)
    for row in rows:
        name = Text(clean_line(row.move, 40)).append(" (played)" if row.played else "", style=NOTE)
        table.add_row(name, str(row.playouts), _payoff(row), _bar(row.mean))
    return table


def _payoff(row: Branched) -> str:
    if row.mean is None:
        return figures.UNKNOWN
    spread = "" if row.error is None else f" ± {1.96 * row.error:.2f}"
    return f"{row.mean:+.2f}{spread}"


def _bar(mean: float | None) -> Text:
    if mean is None:
        return Text("")
    filled = round((mean + 1) / 2 * BAR)
    return Text("█" * filled, style=GOOD if mean > 0 else BAD if mean < 0 else NOTE)
