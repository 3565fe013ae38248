"""Train and test by scenario, never by row: matches that begin alike share their states."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from arena.data.formats.record import Split, samples_of, scenarios_of
from arena.data.row import Row
from arena.load.lookup import GAMES, find
from arena.seeding import derive, is_held_out
from arena.specs import LoadError


class Seeds(NamedTuple):
    """A range of scenario seeds, both ends included."""

    first: int
    last: int


def seeds(text: str) -> tuple[Seeds, ...]:
    """The ranges that ``0-99,500`` writes.

    Raises:
        ValueError: it writes none.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ValueError(f"{part!r} is no range of seeds; expected one such as 1000-1999 or 7")
        one = Seeds(int(first), int(last if dash else first))
        if one.last < one.first:
            raise ValueError(f"{part!r} is no range of seeds: it ends before it begins")
        found.append(one)
    return tuple(found)


def held_out(row: Row, ranges: Iterable[Seeds]) -> bool:
    """Whether a reply of the row was given in a scenario that is kept for evaluation.

    Those are the seeds in `ranges`, and always what `is_reserved` says.
    """
    return any(
        is_reserved(sample.game, sample.options, sample.seed)
        or any(one.first <= sample.seed <= one.last for one in ranges)
        for sample in samples_of(row)
    )


def is_reserved(game: str, options: str, seed: int) -> bool:
    """Whether a scenario is one that gates decide by; `options` are the game's as JSON.

    By its seed, see `arena.seeding.held_out`, or by the options that `Game.held_out` names. The latter is
    known of our own and of installed games; nobody's file is run for it.
    """
    return is_held_out(seed) or _reserved_options(game, options)


@lru_cache(maxsize=1024)
def _reserved_options(game: str, options: str) -> bool:
    if not game.isidentifier():
        return False
    try:
        found = find(GAMES, game, ())
    except LoadError:
        return False
    return bool(found.deals_held_out(json.loads(options)))


def split_of(scenario: str, seed: int, test_share: float) -> Split:
    """The split of a scenario: a hash of it and `seed`, so it stays when rows are added."""
    return "test" if derive(seed, "split", scenario) < test_share * 2**63 else "train"


def row_split(row: Row, seed: int, test_share: float) -> Split | None:
    """The split that all scenarios of the row fall in; None when they fall in both."""
    found = {split_of(scenario, seed, test_share) for scenario in scenarios_of(row)}
    return found.pop() if len(found) == 1 else None
