"""The likelihood of the Davidson model over `Games`: value, gradient, information and meat."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.rating.games import LOW_FIRST, LOW_SECOND, Floats, Games, Ints, Leg, summed
from arena.rating.newton import Slope

BLOCK = 1 << 14
"""Rows handled at once: what a block needs stays in the cache."""


class _Part(NamedTuple):
    """The rows of one game."""

    rows: slice
    runs: Ints
    """Where another lower agent begins, counted from the first row."""
    low: Ints
    """The lower agent of each run."""
    high: Ints
    """The higher agent of each row."""


class Chance(NamedTuple):
    """What the lower agent may expect of one leg of each row."""

    score: Floats
    tie: Floats
    weights: Floats
    """Sum of the weights of the three outcomes."""


class _Moments(NamedTuple):
    """A matrix over the parameters before it is spread out; the first three have one number a row."""

    gap: Floats
    """By the difference of the two ratings, twice."""
    seat: Floats
    """By that difference and the advantage of the first seat."""
    tie: Floats
    """By that difference and ln ν."""
    corner: Floats
    """Shape (games, 3): seat × seat, seat × tie, tie × tie."""


class Likelihood:
    """The log-likelihood of ratings, then seat advantages, then ln ν of each game; a call gives a `Slope`.

    The model is an exponential family: the gradient is what was observed less what is expected.
    """

    def __init__(self, games: Games) -> None:
        self._games = games
        self._agents, self._kinds = len(games.agents), len(games.games)
        self._size = self._agents + 2 * self._kinds
        legs = (Leg(*(games.count * column[games.code] for column in leg)) for leg in (LOW_FIRST, LOW_SECOND))
        self._first, self._second = legs
        self._flat = games.low * self._size + games.high
        self._itself = np.flatnonzero(games.low == games.high)
        self._parts = [self._part(kind) for kind in range(self._kinds)]
        self._observed = self._statistics()

    @property
    def tieless(self) -> NDArray[np.bool_]:
        """Games without a single tie: their ν is 0 and no parameter."""
        tieless: NDArray[np.bool_] = self._observed[self._agents + self._kinds :] == 0
        return tieless

    def ties(self, parameters: Floats) -> Floats:
        """ν of each game."""
        return np.where(self.tieless, 0.0, np.exp(parameters[self._agents + self._kinds :]))

    def guess(self) -> Floats:
        """Where to set out: logits of mean scores, stretched as ties and strong opponents compress them."""
        played, guess = self._first.games + self._second.games, np.zeros(self._size)
        sums = sum((np.add(*self._sides(played, part)) for part in self._parts), np.zeros(self._agents))
        points = self._observed[: self._agents]
        ratings = np.log((sums / 2 + points + 0.5) / (sums / 2 - points + 0.5))
        ratings -= ratings.mean()
        ties = self._observed[self._agents + self._kinds :]
        compressed = (1 - 0.9 * ties.sum() / max(played.sum(), 1.0)) * np.sqrt(
            max(1 - 0.39 * ratings.var(), 0.25)
        )
        guess[: self._agents] = ratings / compressed
        for kind, part in enumerate(self._parts):
            count, seats = float(played[part.rows].sum()), float(self._observed[self._agents + kind])
            guess[self._agents + kind] = np.log((count / 2 + seats + 0.5) / (count / 2 - seats + 0.5))
            guess[self._agents + self._kinds + kind] = np.log(
                2 * (ties[kind] + 0.5) / (count - ties[kind] + 0.5)
            )
        return guess

    def __call__(self, parameters: Floats) -> Slope:
        gaps, expected, logs = np.empty(self._flat.size), np.zeros(self._size), 0.0
        moments = self._moments()
        for kind, rows in self._blocks():
            one, two = self._chances(parameters, kind, rows)
            first, second = self._first.games[rows], self._second.games[rows]
            early, late = first * (one.score - 0.5), second * (two.score - 0.5)
            gaps[rows] = early + late
            expected[self._agents + kind] += (early - late).sum()
            expected[self._agents + self._kinds + kind] += first @ one.tie + second @ two.tie
            logs += float(first @ np.log(one.weights) + second @ np.log(two.weights))
            _inform(moments, kind, rows, (first, one), (second, two))
        for part in self._parts:
            expected[: self._agents] += np.subtract(*self._sides(gaps, part))
        value = float(self._observed @ parameters) - logs
        return Slope(value, self._observed - expected, self._spread(moments))

    def meat(self, parameters: Floats) -> Floats:
        """The sum over pairs of the outer product of their scores; the upper triangle."""
        moments = self._moments()
        weight = self._games.square / self._games.count**2
        for kind, rows in self._blocks():
            one, two = self._chances(parameters, kind, rows)
            first, second = (Leg(*(column[rows] for column in leg)) for leg in (self._first, self._second))
            early, late = first.score - first.games * one.score, second.score - second.games * two.score
            gap, seat = early + late, early - late
            tie = first.ties + second.ties - first.games * one.tie - second.games * two.tie
            moments.gap[rows] = weight[rows] * gap * gap
            moments.seat[rows] = weight[rows] * gap * seat
            moments.tie[rows] = weight[rows] * gap * tie
            heavy = weight[rows] * seat
            moments.corner[kind] += heavy @ seat, heavy @ tie, (weight[rows] * tie) @ tie
        return self._spread(moments)

    def _part(self, kind: int) -> _Part:
        start, end = np.searchsorted(self._games.game, (kind, kind + 1)).tolist()
        low = self._games.low[start:end]
        runs = np.flatnonzero(np.diff(low, prepend=-1))
        return _Part(slice(start, end), runs, low[runs], self._games.high[start:end])

    def _statistics(self) -> Floats:
        observed = np.zeros(self._size)
        early = self._first.score - self._first.games / 2
        late = self._second.score - self._second.games / 2
        for kind, part in enumerate(self._parts):
            observed[: self._agents] += np.subtract(*self._sides(early + late, part))
            observed[self._agents + kind] = (early - late)[part.rows].sum()
            ties = self._first.ties[part.rows].sum() + self._second.ties[part.rows].sum()
            observed[self._agents + self._kinds + kind] = ties
        return observed

    def _blocks(self) -> Iterator[tuple[int, slice]]:
        for kind, part in enumerate(self._parts):
            for start in range(part.rows.start, part.rows.stop, BLOCK):
                yield kind, slice(start, min(start + BLOCK, part.rows.stop))

    def _chances(self, parameters: Floats, kind: int, rows: slice) -> tuple[Chance, Chance]:
        odds = np.exp((parameters[self._games.low[rows]] - parameters[self._games.high[rows]]) / 2)
        edge = float(np.exp(parameters[self._agents + kind] / 2))
        ties = float(self.ties(parameters)[kind])
        return chance(odds * edge, ties), chance(odds / edge, ties)

    def _sides(self, values: Floats, part: _Part) -> tuple[Floats, Floats]:
        """Sums of the rows of one game over the lower and over the higher agent."""
        here = values[part.rows]
        runs = np.add.reduceat(here, part.runs) if here.size else here
        return summed(part.low, runs, self._agents), summed(part.high, here, self._agents)

    def _moments(self) -> _Moments:
        gap, seat, tie = np.empty((3, self._flat.size))
        return _Moments(gap, seat, tie, np.zeros((self._kinds, 3)))

    def _spread(self, moments: _Moments) -> Floats:
        """The upper triangle of the matrix."""
        size, agents = self._size, np.arange(self._agents)
        moments.gap[self._itself] = 0.0  # a match of an agent with itself says nothing about ratings
        matrix = summed(self._flat, -moments.gap, size * size).reshape(size, size)
        matrix[agents, agents] = 0.0
        for kind, part in enumerate(self._parts):
            seat, tie = self._agents + kind, self._agents + self._kinds + kind
            matrix[agents, agents] += np.add(*self._sides(moments.gap, part))
            matrix[agents, seat] = np.subtract(*self._sides(moments.seat, part))
            matrix[agents, tie] = np.subtract(*self._sides(moments.tie, part))
            matrix[seat, seat], matrix[seat, tie], matrix[tie, tie] = moments.corner[kind]
        return matrix


def chance(odds: Floats, ties: float | Floats) -> Chance:
    """Of a leg that the lower agent wins, ties and loses with the weights `odds`, `ties` and 1 / `odds`."""
    weights = odds + 1 / odds + ties
    tie = ties / weights
    return Chance(odds / weights + tie / 2, tie, weights)


def _inform(
    moments: _Moments, kind: int, rows: slice, one: tuple[Floats, Chance], two: tuple[Floats, Chance]
) -> None:
    """Put the variances of a block's outcomes into the moments."""
    (first, early), (second, late) = one, two
    score1 = first * (early.score * (1 - early.score) - early.tie / 4)
    score2 = second * (late.score * (1 - late.score) - late.tie / 4)
    both1, both2 = first * early.tie * (0.5 - early.score), second * late.tie * (0.5 - late.score)
    tie = first @ (early.tie * (1 - early.tie)) + second @ (late.tie * (1 - late.tie))
    gap = score1 + score2
    moments.gap[rows] = gap
    moments.seat[rows] = score1 - score2
    moments.tie[rows] = both1 + both2
    moments.corner[kind] += gap.sum(), (both1 - both2).sum(), tie
