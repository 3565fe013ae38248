"""Neighbours swap places when the lower one wins: `Ladder`."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from arena.tournament.fixture import Fixture

from .contest import Contest
from .played import Played, meetings


@dataclass(frozen=True)
class Ladder:
    """Agents stand on rungs, the first given on top; each round every second one is challenged from below.

    A challenger that scores more than half takes the rung; a draw or a void meeting leaves it. Odd and even
    rungs take turns: if results follow strength, as many rounds as agents put the ladder in order.

    Source: odd-even transposition sort; A. Habermann, "Parallel neighbor-sort", Carnegie Mellon (1972).
    """

    contest: Contest
    agents: tuple[str, ...]
    rounds: int

    def batch(self, number: int, past: Sequence[Played]) -> tuple[Fixture, ...] | None:
        if number >= self.rounds:
            return None
        rungs = self.rungs(number, past)
        first = sum(len(self._challenged(earlier)) for earlier in range(number))
        return tuple(
            fixture
            for index, rung in enumerate(self._challenged(number), first)
            for fixture in self.contest.meeting(rungs[rung], rungs[rung + 1], index=index, round=number)
        )

    def rungs(self, number: int, past: Sequence[Played]) -> tuple[str, ...]:
        """The agents from the top down after `number` rounds."""
        met = meetings(past)
        order = list(self.agents)
        for earlier in range(number):
            for rung in self._challenged(earlier):
                upper, lower = order[rung : rung + 2]
                score = met[earlier, frozenset((upper, lower))].score(lower)
                if score is not None and score > Fraction(1, 2):
                    order[rung : rung + 2] = lower, upper
        return tuple(order)

    def _challenged(self, number: int) -> range:
        first = number % 2 if len(self.agents) > 2 else 0
        return range(first, len(self.agents) - 1, 2)
