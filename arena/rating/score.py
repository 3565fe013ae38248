"""How one agent does against another, on three scales: `Score`."""

import math
from dataclasses import dataclass

from arena.rating.pentanomial import Counts, Pentanomial
from arena.rating.scale import ELO, Z95, Estimate

NELO = 2 * ELO
"""Normalized Elo in one standard deviation of a game's score: 800 / ln 10."""

TRACE = 1e-3
"""What stands for a count of 0 where a distribution must have no holes, as fishtest and fastchess do."""


@dataclass(frozen=True, slots=True)
class Score:
    """Mean score with its spread over units, which are mirrored pairs or single games.

    A plain estimate: it does not know that a test may have stopped it early, which biases it away from
    0. Intervals are normal approximations, poor below some dozens of units.
    """

    mean: float
    """In [0, 1]."""
    deviation: float
    """Standard deviation of the score of one unit, scaled to [0, 1]."""
    units: float
    games: float

    @property
    def elo(self) -> Estimate:
        """Logistic Elo: the rating difference with this expected score.

        At a score of 0 or 1 it is infinite; the error is infinite while the interval of the mean reaches
        them, and while all units scored the same, since nothing then shows their spread.
        """
        half = Z95 * self.deviation / math.sqrt(self.units)
        low, high = self.mean - half, self.mean + half
        if self.deviation == 0 or low <= 0 or high >= 1:
            return Estimate(_elo(self.mean), math.inf)
        return Estimate(_elo(self.mean), (_elo(high) - _elo(low)) / 2 / Z95)

    @property
    def nelo(self) -> Estimate:
        """Normalized Elo: the distance of the mean from ½ in standard deviations of one game, times `NELO`.

        It says how many games it takes to see the difference, whatever the rate of draws. Source: M. Van
        den Bergh, "Normalized Elo" and "Comments on normalized Elo" (cantate.be/Fishtest).
        """
        if self.deviation == 0:
            return Estimate(0.0 if self.mean == 0.5 else math.copysign(math.inf, self.mean - 0.5), math.inf)
        per_game = self.deviation * math.sqrt(self.games / self.units)
        return Estimate((self.mean - 0.5) / per_game * NELO, NELO / math.sqrt(self.games))


def score(counts: Counts) -> Score:
    """The mean and spread of what was counted.

    Raises:
        ValueError: nothing was counted.
    """
    units, mean, deviation = _moments(counts.frequencies)
    each = 2 if isinstance(counts, Pentanomial) else 1
    return Score(mean, deviation, units, each * units)


def superiority(counts: Counts) -> float:
    """The likelihood of superiority: the probability that the true score is above ½, in [0, 1].

    Raises:
        ValueError: nothing was counted.
    """
    score(counts)
    units, mean, deviation = _moments(tuple(count or TRACE for count in counts.frequencies))
    return Estimate(mean - 0.5, deviation / math.sqrt(units)).superiority


def _moments(frequencies: tuple[float, ...]) -> tuple[float, float, float]:
    units, last = sum(frequencies), len(frequencies) - 1
    if not units:
        raise ValueError("no result was counted: play the two agents against each other first")
    mean = sum(count * place / last for place, count in enumerate(frequencies)) / units
    spread = sum(count * (place / last - mean) ** 2 for place, count in enumerate(frequencies)) / units
    return units, mean, math.sqrt(spread)


def _elo(mean: float) -> float:
    if mean <= 0 or mean >= 1:
        return math.copysign(math.inf, mean - 0.5)
    return ELO * math.log(mean / (1 - mean))
