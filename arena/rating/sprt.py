"""A sequential test of two agents that stops as soon as the evidence is enough: `Sprt`."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

from scipy.optimize import brentq

from arena.rating.pentanomial import Counts, Pentanomial
from arena.rating.scale import ELO
from arena.rating.score import NELO, TRACE

Model: TypeAlias = Literal["normalized", "logistic"]
"""In which Elo the bounds are given."""

FARTHEST: dict[str, float] = {"normalized": 300, "logistic": 1200}
"""How far from 0 bounds may lie; beyond, the likeliest distribution is not unique."""


class Verdict(StrEnum):
    """What a test says."""

    H1 = "accept H1"
    """The difference is `elo1` or more, rather than `elo0` or less."""
    H0 = "accept H0"
    CONTINUE = "continue"


class Bounds(NamedTuple):
    """The test goes on while its log-likelihood ratio lies between them."""

    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Sprt:
    """The generalized sequential probability ratio test of H0: Elo = `elo0` against H1: Elo = `elo1`.

    The ratio is exact for the multinomial distribution of pair scores: each hypothesis takes the most
    likely distribution with its Elo. Stopping at Wald's bounds gives about the stated error rates at
    `elo0` and `elo1`, and smaller ones outside. Only about: the distribution is estimated as well, so
    with few units the rates run a point or two higher. It may be looked at after every pair, but only
    the pairs that it was asked about in order: choosing when to look, or restarting it, is cheating. To
    look at will, use `EProcess`.

    Source: M. Van den Bergh, "Comments on normalized Elo", proposition 1.1 and section 4.1
    (cantate.be/Fishtest/normalized_elo_practical.pdf); A. Wald, Sequential Analysis (1947).

    Raises:
        ValueError: the bounds or the error rates make no test.
    """

    elo0: float
    elo1: float
    alpha: float = 0.05
    """Highest probability of accepting H1 when H0 holds."""
    beta: float = 0.05
    """Highest probability of accepting H0 when H1 holds."""
    model: Model = "normalized"
    least: int = 16
    """Units before any verdict: the ratio of a handful of them is no evidence."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.elo0) and math.isfinite(self.elo1)):
            raise ValueError(f"elo0={self.elo0!r}, elo1={self.elo1!r}: expected finite numbers")
        if self.elo0 >= self.elo1:
            raise ValueError(
                f"elo0={self.elo0!r} is not below elo1={self.elo1!r}: H0 is the smaller difference"
            )
        for name, rate in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < rate < 1:
                raise ValueError(f"{name}={rate!r}: expected an error rate between 0 and 1, such as 0.05")
        if self.alpha + self.beta >= 1:
            raise ValueError(
                f"alpha={self.alpha!r} and beta={self.beta!r} add up to 1 or more: a coin does better"
            )
        if self.model not in FARTHEST:
            raise ValueError(f"model={self.model!r}: expected 'normalized' or 'logistic'")
        if max(-self.elo0, self.elo1) > FARTHEST[self.model]:
            raise ValueError(
                f"elo0={self.elo0!r}, elo1={self.elo1!r}: expected bounds within ±{FARTHEST[self.model]} "
                f"{self.model} Elo; a larger difference shows in a handful of games"
            )
        if self.least < 1:
            raise ValueError(f"least={self.least!r}: expected one unit or more")

    @property
    def bounds(self) -> Bounds:
        """Wald's bounds."""
        return Bounds(math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha))

    def llr(self, counts: Counts) -> float:
        """The logarithm of the likelihood ratio of H1 to H0; 0 when nothing was counted."""
        if not any(counts.frequencies):
            return 0.0
        filled = [count or TRACE for count in counts.frequencies]
        units = sum(filled)
        observed = [count / units for count in filled]
        null, other = (
            self._likeliest(observed, elo, isinstance(counts, Pentanomial)) for elo in (self.elo0, self.elo1)
        )
        return sum(n * math.log(q / p) for n, p, q in zip(filled, null, other, strict=True))

    def verdict(self, counts: Counts) -> Verdict:
        """What the test says after these results."""
        llr, bounds = self.llr(counts), self.bounds
        if sum(counts.frequencies) < self.least or bounds.lower < llr < bounds.upper:
            return Verdict.CONTINUE
        return Verdict.H1 if llr >= bounds.upper else Verdict.H0

    def _likeliest(self, observed: list[float], elo: float, paired: bool) -> list[float]:
        """The distribution of scores that makes what was observed most likely among those with this Elo."""
        scores = [place / (len(observed) - 1) for place in range(len(observed))]
        if self.model == "logistic":
            mean = 1 / (1 + math.exp(-elo / ELO))
            return _tilted(observed, [score - mean for score in scores])
        return _with_ratio(observed, scores, elo / NELO * (math.sqrt(2) if paired else 1))


def _with_ratio(observed: list[float], scores: list[float], ratio: float) -> list[float]:
    """The likeliest distribution whose mean lies `ratio` standard deviations above ½.

    With b = score − ½ and τ = ratio/√(1 + ratio²) this says E b = τ·√(E b²). At its solution u = √(E b²),
    and with u known it is the linear constraint E[b − τ/2·(u + b²/u)] = 0; so one root in u is sought.
    It lies between the u at which the constraint could hold at one score alone, and ½.
    """
    if ratio < 0:
        return _with_ratio(observed[::-1], scores, -ratio)[::-1]
    gaps, tau = [score - 0.5 for score in scores], ratio / math.hypot(1, ratio)

    def tilted(size: float) -> list[float]:
        return _tilted(observed, [gap - tau / 2 * (size + gap * gap / size) for gap in gaps])

    def surplus(size: float) -> float:
        return math.sqrt(sum(p * gap * gap for p, gap in zip(tilted(size), gaps, strict=True))) - size

    if tau < 1e-9:
        return _tilted(observed, gaps)
    nearest = min(gap for gap in gaps if gap > 0)
    least = nearest * tau / (1 + math.sqrt(1 - tau * tau))
    return tilted(brentq(surplus, least * (1 + 1e-6), 0.5, xtol=1e-13))


def _tilted(observed: list[float], constraint: list[float]) -> list[float]:
    """The likeliest distribution under which `constraint` has the mean 0.

    It is p / (1 + x·c) for the x at which the mean is 0; the mean falls in x between its two poles.
    """

    def mean(x: float) -> float:
        return sum(p * c / (1 + x * c) for p, c in zip(observed, constraint, strict=True))

    low, high = -1 / max(constraint), -1 / min(constraint)
    inside = (high - low) * 1e-13
    x = brentq(mean, low + inside, high - inside, xtol=1e-14)
    return [p / (1 + x * c) for p, c in zip(observed, constraint, strict=True)]
