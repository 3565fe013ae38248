"""Challengers against an archive, the hard opponents more often: `League`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from arena.seeding import derive
from arena.tournament.fixture import Fixture

from .contest import Contest
from .played import Played, meetings

Weighting: TypeAlias = Literal["hard", "even"]
"""Which opponents are sought: "hard" those that win, (1-p)²; "even" those of like strength, p(1-p)."""


@dataclass(frozen=True)
class League:
    """In each round every challenger draws `meetings` opponents from the archive, with replacement.

    Prioritised fictitious self-play: the weight of an opponent depends on p, the challenger's chance to
    score against it, by the results of the earlier rounds.

    Source: O. Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning",
    Nature 575 (2019), methods, "Prioritized fictitious self-play": f_hard with exponent 2, and f_var.
    """

    contest: Contest
    challengers: tuple[str, ...]
    archive: tuple[str, ...]
    rounds: int
    meetings: int = 8
    weighting: Weighting = "hard"

    def batch(self, number: int, past: Sequence[Played]) -> tuple[Fixture, ...] | None:
        if number >= self.rounds:
            return None
        first = number * len(self.challengers) * self.meetings
        fixtures: list[Fixture] = []
        for place, challenger in enumerate(self.challengers):
            chances = self.chances(challenger, past)
            weights = [priority(chance, self.weighting) for chance in chances]
            for draw in range(self.meetings):
                lot = derive(self.contest.seed, "league", number, place, draw)
                opponent = self.archive[_drawn(weights, lot)]
                index = first + place * self.meetings + draw
                fixtures += self.contest.meeting(challenger, opponent, index=index, round=number)
        return tuple(fixtures)

    def chances(self, challenger: str, past: Sequence[Played]) -> list[float]:
        """The expected score of a challenger against each of the archive, in (0, 1); ½ before any result.

        The mean score with one win and one loss added, which is Laplace's rule of succession.
        """
        points, games = dict.fromkeys(self.archive, 0.0), dict.fromkeys(self.archive, 0)
        for met in meetings(past).values():
            if challenger in (met.one, met.other):
                opponent = met.other if met.one == challenger else met.one
                score = met.score(challenger)
                if opponent in games and score is not None:
                    points[opponent] += float(score * met.games)
                    games[opponent] += met.games
        return [(points[one] + 1) / (games[one] + 2) for one in self.archive]


def priority(chance: float, weighting: Weighting) -> float:
    """How much an opponent is sought against which one's expected score is `chance`."""
    return (1 - chance) ** 2 if weighting == "hard" else chance * (1 - chance)


def _drawn(weights: Sequence[float], lot: int) -> int:
    """The index that a lot in [0, 2**63) falls on, in proportion to the weights."""
    left = lot / 2**63 * sum(weights)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    return len(weights) - 1
