"""Many two-seat results in the compact form that fits read: `Games`, built by `Tally` or `from_arrays`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from arena.rating.results import WIN

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
_Number = TypeVar("_Number", np.int64, np.float64)

CODES = 15
"""Patterns of a pairing. 0..8: a mirrored pair, 3 × (outcome of `low` when first) + (when second).
9..11: one game, `low` first. 12..14: one game, `low` second. Outcomes are those of `low`."""

SINGLE_FIRST = 9
_PAIR = np.arange(9)
_SWAPPED = np.concatenate([3 * (2 - _PAIR % 3) + 2 - _PAIR // 3, 14 - np.arange(3), 11 - np.arange(3)])
"""The code of the same pattern when `low` and `high` change names."""


class Leg(NamedTuple):
    """For each code, what one leg of the pattern holds; all as seen by `low`."""

    games: Floats
    """1 if the leg was played."""
    score: Floats
    """0, ½ or 1."""
    ties: Floats
    """1 if it was tied."""


def _leg(outcomes: Ints) -> Leg:
    played = outcomes >= 0
    return Leg(played.astype(float), np.where(played, outcomes / 2, 0.0), (outcomes == 1).astype(float))


_NONE = np.full(3, -1)
LOW_FIRST = _leg(np.concatenate([_PAIR // 3, np.arange(3), _NONE]))
"""The leg in which `low` sat first."""
LOW_SECOND = _leg(np.concatenate([_PAIR % 3, _NONE, np.arange(3)]))
"""The leg in which `low` sat second."""


@dataclass(frozen=True, eq=False)
class Games:
    """Results of two-seat matches, counted by pattern; rows are sorted, each pattern stands once."""

    agents: tuple[str, ...]
    games: tuple[str, ...]
    game: Ints
    """Index into `games`, one a row like all that follow."""
    low: Ints
    """Index into `agents`, never above `high`; equal to it when an agent played itself."""
    high: Ints
    code: Ints
    """The pattern, see `CODES`."""
    count: Floats
    """Sum of the weights: how often the pattern came up."""
    square: Floats
    """Sum of the squared weights, for errors."""

    @property
    def played(self) -> float:
        """How many games there are, by weight."""
        return float(self.count @ (LOW_FIRST.games + LOW_SECOND.games)[self.code])

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which agents have a result."""
        return np.bincount(np.concatenate([self.low, self.high]), minlength=len(self.agents)) > 0

    def only(self, game: str) -> "Games":
        """The part played in one game; all agents stay.

        Raises:
            ValueError: the game was not played.
        """
        if game not in self.games:
            raise ValueError(f"{game!r} was not played; these were: {', '.join(map(repr, self.games))}")
        rows = self.game == self.games.index(game)
        columns = (self.low, self.high, self.code, self.count, self.square)
        low, high, code, count, square = (column[rows] for column in columns)
        return Games(self.agents, (game,), np.zeros_like(low), low, high, code, count, square)


def from_arrays(
    agents: Sequence[str],
    first: Ints,
    second: Ints,
    outcome: Ints,
    *,
    pair: Ints | None = None,
    games: Sequence[str] = ("",),
    game: Ints | None = None,
    weight: Floats | None = None,
) -> Games:
    """`Games` from one entry a match: the way in for a million of them.

    Args:
        agents: All names, in any order; the result keeps it.
        first: Index of the agent in the first seat.
        second: Index of the agent in the second seat.
        outcome: 0, 1 or 2: lost, tied or won by the first seat.
        pair: A number that two mirrored matches share, best from 0 up; -1 for a match without a mirror.
        games: All names of games.
        game: Index into `games`; None when there is one.
        weight: How much each match counts; None for 1.

    Raises:
        ValueError: an index is out of range, or a pair is not two mirrored matches.
    """
    kinds = np.zeros(1, dtype=np.int64) if game is None else game
    size = len(agents)
    for name, index, end in (("first", first, size), ("second", second, size), ("outcome", outcome, 3)):
        _require(name, index, end)
    _require("game", kinds, len(games))
    word = _narrow(((kinds * size + first) * size + second) * 4 + outcome, len(games) * size * size * 4)
    paired = _paired(pair, first.size)
    one, other = _mates(paired, word)
    rows, mirror = _unpacked(np.concatenate([one, word[paired.single]]), size), _unpacked(other, size)
    pairs = one.size
    if not all(
        np.array_equal(mine[:pairs], its)
        for mine, its in ((rows.game, mirror.game), (rows.first, mirror.second), (rows.second, mirror.first))
    ):
        raise ValueError("a pair is not mirrored: expected the same two agents and game, seats swapped")
    code = SINGLE_FIRST + rows.code
    code[:pairs] = 3 * rows.code[:pairs] + WIN - mirror.code
    sums = None if weight is None else _sums(paired, weight)
    return counted(tuple(agents), tuple(games), rows._replace(code=code), sums)


def summed(places: Ints, values: Floats, size: int) -> Floats:
    """The sum of `values` at each of `size` places."""
    return np.bincount(places, weights=values, minlength=size).view(
        np.float64
    )  # bincount is typed as integers


class Rows(NamedTuple):
    """Patterns as the agents sat: `first` may be above `second`."""

    game: Ints
    first: Ints
    second: Ints
    code: Ints


class Sums(NamedTuple):
    """Weights of patterns, and their squares."""

    weight: Floats
    square: Floats


def counted(agents: tuple[str, ...], games: tuple[str, ...], rows: Rows, sums: Sums | None) -> Games:
    """Turn each row so that `low` comes first, and count equal rows; `sums` is None when each weighs 1."""
    size = max(len(agents), 1)
    low, high = np.minimum(rows.first, rows.second), np.maximum(rows.first, rows.second)
    swapped = _SWAPPED.astype(rows.code.dtype)[rows.code]
    code = np.where(rows.first > rows.second, swapped, rows.code)
    code = np.where(
        low == high, np.minimum(code, swapped), code
    )  # an agent with itself: either way is the same
    key = _narrow(((rows.game * size + low) * size + high) * 16 + code, len(games) * size * size * 16)
    if sums is None:
        keys, counts = np.unique(key, return_counts=True)
        count = square = counts.astype(float)
    else:
        keys, place = np.unique(key, return_inverse=True)
        count, square = (summed(place, column, keys.size) for column in sums)
    wide = (column.astype(np.int64) for column in _unpacked(keys, size, 16))
    game, low, high, code = wide
    return Games(agents, games, game, low, high, code, count, square)


def _unpacked(word: Ints, size: int, codes: int = 4) -> Rows:
    cell, code = word // codes, word % codes
    chair, second = cell // size, cell % size
    return Rows(chair // size, chair % size, second, code)


def _narrow(word: Ints, end: int) -> Ints:
    """As 32-bit numbers where they fit: they sort and divide much faster."""
    return word.astype(np.int32) if end < 2**31 else word


class _Paired(NamedTuple):
    """Which matches share a pair."""

    name: Ints
    """Pair of each match that has one, from 0 up."""
    match: Ints
    """Index of the match."""
    whole: NDArray[np.bool_]
    """Which pairs have both matches."""
    single: Ints
    """Indices of matches without a mirror."""


def _paired(pair: Ints | None, size: int) -> _Paired:
    index = np.arange(size)
    if pair is None:
        return _Paired(index[:0], index[:0], np.zeros(0, dtype=bool), index)
    match = index if pair.min(initial=0) >= 0 else index[pair >= 0]
    name = pair[match]
    if name.max(initial=0) > 4 * size:
        _, name = np.unique(name, return_inverse=True)
    times = np.bincount(name)
    if times.max(initial=0) > 2:
        raise ValueError(f"a pair has {times.max()} matches: expected two, seats swapped; name pairs apart")
    alone = np.concatenate([np.flatnonzero(pair < 0), match[times[name] == 1]])
    return _Paired(name, match, times == 2, alone)


def _mates(paired: _Paired, column: NDArray[_Number]) -> tuple[NDArray[_Number], NDArray[_Number]]:
    """The entries of both matches of each whole pair, without sorting: the last, and the sum less it."""
    values = column[paired.match]
    last = np.zeros(paired.whole.size, dtype=column.dtype)
    last[paired.name] = values
    total = np.bincount(paired.name, weights=values, minlength=last.size)
    one = last[paired.whole]
    return one, (total[paired.whole] - one).astype(column.dtype)


def _sums(paired: _Paired, weight: Floats) -> Sums:
    one, other = _mates(paired, weight)
    if not np.allclose(one, other, rtol=1e-9, atol=0):
        raise ValueError("the two matches of a pair differ in weight: a mirrored pair has one weight")
    weights = np.concatenate([one, weight[paired.single]])
    return Sums(weights, weights**2)


def _require(name: str, index: Ints, size: int) -> None:
    if index.size and (index.min() < 0 or index.max() >= size):
        raise ValueError(f"{name} holds {index.min()}..{index.max()}: expected numbers from 0 to {size - 1}")
