"""First positions for mirrored pairs: `Openings`, drawn at random by the game or from a book."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from arena.seeding import derive
from arena.settings import SettingsError

_RANDOM = re.compile(r"random:(\d+)")
_BOOK = re.compile(r"(?s)(?P<file>.*\.(?P<kind>epd|pgn))(:(?P<plies>[1-9]\d*))?", re.IGNORECASE)
_EXPECTED = "expected random:8 for eight random plies, or a book such as book.epd, book.pgn or book.pgn:16"


@dataclass(frozen=True)
class Openings:
    """Values of an option that begins a game, used in an order drawn from a seed.

    Both matches of a mirrored pair have the same scenario, and so the same opening. No value comes again
    before all have been used.
    """

    option: str
    """The game's option that is set: "fen" by a book, "opening_plies" by random moves."""
    values: tuple[str, ...] | tuple[int, ...]

    def value(self, seed: int, scenario: int) -> str | int:
        """The opening of a scenario, counted from 0."""
        cycle, place = divmod(scenario, len(self.values))
        return self.values[_order(seed, cycle, len(self.values))[place]]

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that are equal for the same openings, wherever the book lies."""
        return sha256(msgspec.json.encode([self.option, self.values])).hexdigest()[:16]


def placed(text: str, folder: Path) -> str:
    """The same openings as they are named outside `folder`."""
    return str(folder / os.path.expanduser(text)) if _BOOK.fullmatch(text) else text


def read(text: str, *, chess960: bool = False) -> Openings:
    """The openings that ``random:8``, ``book.epd``, ``book.pgn`` or ``book.pgn:16`` names.

    A PGN gives the positions after so many plies, or at the ends of its main lines. Every position is
    checked; one that is there twice counts once.

    Raises:
        SettingsError: the text names none, or the book cannot be read or used; file and line are told.
    """
    drawn = _RANDOM.fullmatch(text)
    if drawn:
        return Openings("opening_plies", (int(drawn[1]),))
    book = _BOOK.fullmatch(text)
    if not book or (book["plies"] and book["kind"].lower() == "epd"):
        raise SettingsError(f"openings={text!r}: {_EXPECTED}.")
    file = Path(os.path.expanduser(book["file"]))
    try:
        content = file.read_bytes().decode("utf-8-sig", errors="replace")  # names of old PGNs are in Latin-1
    except OSError as error:
        raise SettingsError(f"openings: {file} cannot be read: {error.strerror}.") from error
    return Openings("fen", _positions(file, content, book["kind"].lower(), int(book["plies"] or 0), chess960))


def _positions(file: Path, content: str, kind: str, plies: int, chess960: bool) -> tuple[str, ...]:
    from arena.tournament import book  # few tournaments need chess, and it is slow to import

    try:
        found = book.pgn(content, plies, chess960) if kind == "pgn" else book.epd(content, chess960)
    except book.BookError as error:
        raise SettingsError(f"openings: {file}, line {error.line}: {error.reason}.") from error
    if not found:
        raise SettingsError(f"openings: {file} holds no opening.")
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8)
def _order(seed: int, cycle: int, size: int) -> tuple[int, ...]:
    return tuple(sorted(range(size), key=lambda place: derive(seed, "openings", cycle, place)))
