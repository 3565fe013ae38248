"""Who beat whom how often: `Crosstable`."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from arena.rating.games import Ints
from arena.rating.results import TIE, WIN, Result


class Meetings(NamedTuple):
    """How one agent did against another."""

    wins: int
    draws: int
    losses: int

    @property
    def games(self) -> int:
        """Games between the two."""
        return self.wins + self.draws + self.losses

    @property
    def points(self) -> float:
        """A win is 1, a draw ½."""
        return self.wins + self.draws / 2


@dataclass(frozen=True, eq=False)
class Crosstable:
    """Meetings of all agents; a match of many seats counts for each two of them."""

    agents: tuple[str, ...]
    wins: Ints
    """Shape (agents, agents): how often the agent of the row beat that of the column."""
    draws: Ints
    """Shape (agents, agents), symmetric."""

    def between(self, one: str, other: str) -> Meetings:
        """How `one` did against `other`.

        Raises:
            ValueError: an agent is unknown.
        """
        for name in (one, other):
            if name not in self.agents:
                raise ValueError(f"{name!r} never played; these did: {', '.join(map(repr, self.agents))}")
        row, column = self.agents.index(one), self.agents.index(other)
        return Meetings(
            int(self.wins[row, column]), int(self.draws[row, column]), int(self.wins[column, row])
        )


def crosstable(results: Iterable[Result]) -> Crosstable:
    """Count results; void ones, and an agent against itself, are left out."""
    played = [result for result in results if not result.is_void]
    agents = tuple(sorted({agent for result in played for agent in result.agents}))
    place = {agent: index for index, agent in enumerate(agents)}
    wins, draws = (np.zeros((len(agents), len(agents)), dtype=np.int64) for _ in range(2))
    for result in played:
        for one, other in combinations(range(len(result.agents)), 2):
            row, column = place[result.agents[one]], place[result.agents[other]]
            if row == column:
                continue
            outcome = result.outcome(one, other)
            if outcome == TIE:
                draws[row, column] += 1
                draws[column, row] += 1
            elif outcome == WIN:
                wins[row, column] += 1
            else:
                wins[column, row] += 1
    return Crosstable(agents, wins, draws)
