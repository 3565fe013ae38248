"""Outcomes of two agents counted for a test: `Pentanomial` over mirrored pairs, `Trinomial` over games."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from arena.rating.games import CODES, LOW_FIRST, LOW_SECOND, SINGLE_FIRST, Games, summed


@dataclass(frozen=True, slots=True)
class Pentanomial:
    """Mirrored pairs by how the two games went; the two games of a pair in either order.

    Pairs are the unit of a test because their games share a scenario. Counting games would take luck
    that the swap of seats cancels for evidence of noise.
    """

    ll: float = 0
    ld: float = 0
    wl: float = 0
    """One won, one lost; scores as `dd` does."""
    dd: float = 0
    wd: float = 0
    ww: float = 0

    def __post_init__(self) -> None:
        _require(self.ll, self.ld, self.wl, self.dd, self.wd, self.ww)

    def plus(self, first: int, second: int) -> "Pentanomial":
        """With one more pair, whose games scored so much: 2 for a win, 1 for a draw, 0 for a loss."""
        total, drawn = first + second, first == second == 1
        return Pentanomial(
            self.ll + (total == 0),
            self.ld + (total == 1),
            self.wl + (total == 2 and not drawn),
            self.dd + drawn,
            self.wd + (total == 3),
            self.ww + (total == 4),
        )

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Pairs that scored 0, ½, 1, 1½ and 2."""
        return self.ll, self.ld, self.wl + self.dd, self.wd, self.ww

    @property
    def trinomial(self) -> "Trinomial":
        """The same results as single games."""
        return Trinomial(
            losses=2 * self.ll + self.ld + self.wl,
            draws=self.ld + 2 * self.dd + self.wd,
            wins=2 * self.ww + self.wd + self.wl,
        )


@dataclass(frozen=True, slots=True)
class Trinomial:
    """Games that have no mirror, each a unit of its own; the fall-back where there are no pairs."""

    losses: float = 0
    draws: float = 0
    wins: float = 0

    def __post_init__(self) -> None:
        _require(self.losses, self.draws, self.wins)

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Games that scored 0, ½ and 1."""
        return self.losses, self.draws, self.wins

    @property
    def trinomial(self) -> "Trinomial":
        """Itself."""
        return self


Counts: TypeAlias = Pentanomial | Trinomial


def counts(games: Games, one: str, other: str) -> Counts:
    """The results of `one` against `other` over all games: mirrored pairs, or single games if there are none.

    Games without a mirror are left out once there are pairs. Weights count as they are; a test needs
    weights of 1.

    Raises:
        ValueError: an agent is unknown, or both are the same.
    """
    if one == other:
        raise ValueError(f"{one!r} against itself: a test compares two agents")
    for name in (one, other):
        if name not in games.agents:
            raise ValueError(f"{name!r} never played; these did: {', '.join(map(repr, games.agents))}")
    ends = sorted((games.agents.index(one), games.agents.index(other)))
    rows = (games.low == ends[0]) & (games.high == ends[1])
    sums = summed(games.code[rows], games.count[rows], CODES)
    worth = LOW_FIRST.score + LOW_SECOND.score
    if games.agents[ends[0]] != one:
        worth = LOW_FIRST.games + LOW_SECOND.games - worth
    single = np.arange(CODES) >= SINGLE_FIRST
    draws = (LOW_FIRST.ties + LOW_SECOND.ties) == 2

    def total(points: float, singles: bool, drawn: bool = False) -> float:
        return float(sums[(worth == points) & (single == singles) & (draws == drawn)].sum())

    if sums[~single].any():
        wl, dd = total(1, False), total(1, False, drawn=True)
        return Pentanomial(total(0, False), total(0.5, False), wl, dd, total(1.5, False), total(2, False))
    return Trinomial(total(0, True), total(0.5, True), total(1, True))


def _require(*numbers: float) -> None:
    if not all(np.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError(f"counts {numbers!r}: expected finite numbers, none negative")
