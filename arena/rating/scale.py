"""The Elo scale: `ELO`, `Estimate`."""

import math
from typing import NamedTuple

ELO = 400 / math.log(10)
"""Elo points in one logit: 400 points are odds of ten to one."""

Z95 = 1.959963984540054
"""Standard errors on either side of a 95% interval of a normal estimate."""


class Estimate(NamedTuple):
    """A number with its standard error, both in Elo points."""

    elo: float
    error: float

    @property
    def margin(self) -> float:
        """Half the width of the 95% interval: what a table shows behind ±."""
        return Z95 * self.error

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval."""
        return self.elo - self.margin, self.elo + self.margin

    @property
    def superiority(self) -> float:
        """The probability that the true number is above 0, in [0, 1]; ½ when nothing is known."""
        if self.error == 0:
            return 0.5 if self.elo == 0 else float(self.elo > 0)
        return 0.5 * math.erfc(-self.elo / self.error / math.sqrt(2))
