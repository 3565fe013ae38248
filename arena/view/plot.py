"""Ratings as a picture: `save` draws a dot with its 95% interval for each agent, as PNG or SVG."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from arena.rating.prior import Anchor
from arena.rating.standings import Rating, Standings

from .clean import clean_line
from .names import elided
from .picture import Dot, Label, Line, Picture, Shape, png, svg
from .sheet import called

LIMIT = 60
"""The most agents in a picture: the best ones."""
NAME = 36
"""The most characters of a name."""

_WIDTH, _ROW, _TOP, _BOTTOM, _MARGIN = 860, 28, 64, 40, 20
_CHARACTER = 7.9
"""Width of a monospaced character of 13 pixels."""
_FIGURES = 110
"""Width of the column of figures."""
_INK, _SOFT, _GRID, _BLUE, _AMBER = "#1f2328", "#656d76", "#e3e6ea", "#0b69c7", "#b35900"


def check_suffix(path: Path) -> None:
    """Refuse files that are no picture we can write.

    Raises:
        ValueError: the suffix is neither .png nor .svg.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise ValueError(f"{str(path)!r}: a plot is written to a .png or .svg file")


def save(table: Standings, path: Path, *, anchors: Sequence[Anchor] = ()) -> None:
    """Draw a table into a file, as its suffix says.

    Raises:
        ValueError: the suffix is neither .png nor .svg, or the table has no ratings.
        ImportError: a PNG is asked for and Pillow is not installed.
        OSError: the file cannot be written.
    """
    check_suffix(path)
    drawn = picture(table, anchors=anchors)
    data = png(drawn) if path.suffix.lower() == ".png" else svg(drawn).encode()
    path.write_bytes(data)


def picture(table: Standings, *, anchors: Sequence[Anchor] = ()) -> Picture:
    """The ratings of a table, the best on top; anchors are hollow and amber.

    Raises:
        ValueError: the table has no ratings.
    """
    rated = [(row.agent, row.rating) for row in table.rows if row.rating is not None]
    if not rated:
        raise ValueError("no agent has a rating, so there is nothing to plot: play matches first")
    shown = rated[:LIMIT]
    names = [elided(name, NAME) for name in called([agent for agent, _ in shown], NAME)]
    left = _MARGIN + max(map(cell_len, names)) * _CHARACTER + 16
    scale = _Scale.over([rating for _, rating in shown], left, _WIDTH - _MARGIN - _FIGURES)
    bottom = _TOP + _ROW * len(shown)
    shapes: list[Shape] = [*_heading(table, len(rated), anchored=bool(anchors)), *_axis(scale, bottom)]
    held = {anchor.agent for anchor in anchors}
    for place, (agent, rating) in enumerate(shown):
        y = _TOP + _ROW * (place + 0.5)
        shapes.append(Label(left - 12, y, names[place], "right", _INK, room=left - 12 - _MARGIN))
        shapes += _estimate(rating, scale, y, is_anchor=agent in held)
    return Picture(_WIDTH, bottom + _BOTTOM, tuple(shapes))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where Elo lies on the x axis."""

    low: float
    high: float
    step: float
    left: float
    right: float

    @classmethod
    def over(cls, ratings: Sequence[Rating], left: float, right: float) -> "_Scale":
        """A scale with room for all intervals, from tick to tick."""
        low = min(rating.elo.interval[0] for rating in ratings)
        high = max(rating.elo.interval[1] for rating in ratings)
        step = _step(max(high - low, 1.0) / 6)
        first = math.floor(low / step)
        return cls(first * step, max(math.ceil(high / step), first + 1) * step, step, left, right)

    def __call__(self, elo: float) -> float:
        return self.left + (elo - self.low) / (self.high - self.low) * (self.right - self.left)

    def ticks(self) -> Iterator[float]:
        return (self.low + self.step * tick for tick in range(round((self.high - self.low) / self.step) + 1))


def _step(width: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, … that is not below `width`."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * (1 - 1e-9))


def _heading(table: Standings, rated: int, *, anchored: bool) -> Iterator[Shape]:
    title = "Ratings over all games" if table.game is None else f"Ratings: {clean_line(table.game, 60)}"
    yield Label(_MARGIN, 22, title, "left", _INK, 17, _WIDTH - 2 * _MARGIN)
    which = f"the best {LIMIT} of {rated:,} agents" if rated > LIMIT else f"{rated:,} agents"
    parts = ["Elo with 95% intervals", f"{table.matches:,} matches", which]
    if anchored:
        parts.append("hollow: anchors")
    yield Label(_MARGIN, 44, " · ".join(parts), "left", _SOFT, 12)


def _axis(scale: _Scale, bottom: float) -> Iterator[Shape]:
    for elo in scale.ticks():
        x = scale(elo)
        yield Line(x, _TOP, x, bottom, _GRID)
        yield Label(x, bottom + 14, f"{elo:g}", "middle", _SOFT, 12)


def _estimate(rating: Rating, scale: _Scale, y: float, *, is_anchor: bool) -> Iterator[Shape]:
    colour = _AMBER if is_anchor else _BLUE
    low, high = (scale(elo) for elo in rating.elo.interval)
    yield Line(low, y, high, y, colour, 2)
    for end in (low, high):
        yield Line(end, y - 4, end, y + 4, colour, 2)
    yield Dot(scale(rating.elo.elo), y, colour, is_anchor)
    elo = f"{rating.elo.elo:.0f}" if abs(rating.elo.elo) >= 0.5 else "0"
    figures = f"{elo} ± {rating.elo.margin:.0f}" if rating.elo.error else f"{elo} fixed"
    yield Label(_WIDTH - _MARGIN, y, figures, "right", colour)
