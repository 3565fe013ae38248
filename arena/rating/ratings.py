"""Fitted ratings of agents with their errors: `Ratings`."""

from dataclasses import dataclass

import numpy as np

from arena.rating.games import Floats
from arena.rating.sandwich import Sandwich
from arena.rating.scale import ELO, Z95, Estimate


@dataclass(frozen=True, eq=False)
class Ratings:
    """One rating an agent, on the Elo scale.

    With an anchor, errors are those of the distance to it. Without one, the mean rating is 0 and errors
    are those of the distance to the mean.
    """

    agents: tuple[str, ...]
    logits: Floats
    """Shape (agents,)."""
    sandwich: Sandwich
    """Its first parameters are the ratings, in the order of `agents`."""

    def of(self, agent: str) -> Estimate:
        """The rating of an agent.

        Raises:
            ValueError: the agent was not rated.
        """
        place = self._place(agent)
        return Estimate(float(self.logits[place]) * ELO, float(np.sqrt(self.sandwich.variances[place])) * ELO)

    def difference(self, one: str, other: str) -> Estimate:
        """How much stronger one agent is than another; its `superiority` is the likelihood of superiority.

        Raises:
            ValueError: an agent was not rated.
        """
        first, second = self._place(one), self._place(other)
        gap = float(self.logits[first] - self.logits[second])
        return Estimate(gap * ELO, float(np.sqrt(self.sandwich.contrast(first, second))) * ELO)

    def places(self) -> list[tuple[int, int]]:
        """The best and the worst place that each agent may hold, in the order of `agents`.

        An agent stands above another only when the 95% interval of their difference excludes 0; agents
        that this cannot tell apart share a best place, as they should at the top of a table.
        """
        size = len(self.agents)
        matrix = self.sandwich.matrix[:size, :size]
        spread = np.sqrt(np.maximum(matrix.diagonal()[:, None] + matrix.diagonal() - 2 * matrix, 0.0))
        above = self.logits[:, None] - self.logits > Z95 * spread  # [i, j]: i is better than j
        best, worst = 1 + above.sum(axis=0), size - above.sum(axis=1)
        return list(zip(best.tolist(), worst.tolist(), strict=True))

    def _place(self, agent: str) -> int:
        if agent not in self.agents:
            raise ValueError(f"{agent!r} is not rated; these are: {', '.join(map(repr, self.agents))}")
        return self.agents.index(agent)
