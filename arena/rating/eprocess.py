"""A test that may be looked at, and stopped, whenever one likes: `EProcess`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

STEEPEST = 0.75
"""The largest bet, as a share of the one that could lose everything."""


@dataclass(frozen=True, slots=True)
class EProcess:
    """Wealth won by betting, pair by pair, that the mean score is above `null`.

    While the null hypothesis holds, that no pair's expected score exceeds `null` given the pairs before,
    wealth is a supermartingale: whatever the rule for stopping, it ever reaches 1/alpha with probability
    alpha at most (Ville). No effect size is assumed and pairs need not be alike, at the price of 1.4 to
    1.9 times the games of an SPRT. It can only accept, never rule out: to give up on a candidate, set a
    limit of games, or bet for the other side too at half the alpha each.

    Each bet is λ = (m − null) / (v + (m − null)²), with mean m and variance v of the pairs before it, in
    [0, `STEEPEST` / null]: the growth-optimal bet to second order. Source: Waudby-Smith and Ramdas,
    "Estimating means of bounded random variables by betting", JRSS B 86 (2024), section 5.
    """

    null: float = 0.5
    """The score that must be exceeded, in (0, 1)."""
    wealth: float = 1.0
    """How much 1 has become: the e-value."""
    highest: float = 1.0
    """The most it has ever been."""
    pairs: int = 0
    total: float = 0.0
    """Sum of the scores."""
    squares: float = 0.0
    """Sum of the squared scores."""

    def __post_init__(self) -> None:
        if not 0 < self.null < 1:
            raise ValueError(f"null={self.null!r}: expected a score between 0 and 1, such as 0.5")

    @property
    def bet(self) -> float:
        """λ of the next pair, from those before it and one score of `null` with variance ¼."""
        seen = self.pairs + 1
        mean = (self.null + self.total) / seen
        variance = (0.25 + self.null**2 + self.squares) / seen - mean**2
        gap = mean - self.null
        return min(max(gap / (variance + gap**2), 0.0), STEEPEST / self.null)

    @property
    def p_value(self) -> float:
        """Valid at any time: the smallest alpha at which the null hypothesis falls, in [0, 1]."""
        return min(1.0, 1 / self.highest)

    def rejects(self, alpha: float = 0.05) -> bool:
        """Whether the mean score is above `null`, with an error probability of `alpha` at most.

        Raises:
            ValueError: alpha is no probability.
        """
        if not 0 < alpha < 1:
            raise ValueError(f"alpha={alpha!r}: expected an error rate between 0 and 1, such as 0.05")
        return self.highest >= 1 / alpha

    def after(self, scores: Iterable[float]) -> "EProcess":
        """The process once it has seen these pair scores, in the order in which the pairs were scheduled.

        Raises:
            ValueError: a score is outside [0, 1].
        """
        now = self
        for score in scores:
            now = now._after(score)
        return now

    def _after(self, score: float) -> "EProcess":
        if not 0 <= score <= 1:
            raise ValueError(f"score={score!r}: expected a pair's score in [0, 1]")
        wealth = self.wealth * (1 + self.bet * (score - self.null))
        return replace(
            self,
            wealth=wealth,
            highest=max(self.highest, wealth),
            pairs=self.pairs + 1,
            total=self.total + score,
            squares=self.squares + score**2,
        )
