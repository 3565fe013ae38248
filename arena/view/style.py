"""The few styles that views use. Colour always says something; what it says is also in words or marks."""

from collections.abc import Sequence

GOOD = "green"
"""Won, passed, a legal move."""
BAD = "red"
"""Lost by a foul, refused, failed."""
WARN = "yellow"
"""Void, a limit, a warning."""
NOTE = "dim"
"""What may be skipped in reading."""
STRONG = "bold"

_SEATS = ("cyan", "magenta", "blue", "bright_cyan", "bright_magenta", "bright_blue")


def seat_style(seat: str, seats: Sequence[str]) -> str:
    """The colour of a seat, by its place among `seats`; NATURE and strangers are dim."""
    return _SEATS[seats.index(seat) % len(_SEATS)] if seat in seats else NOTE
