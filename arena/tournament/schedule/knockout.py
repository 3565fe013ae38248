"""Who loses is out: `Knockout`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from arena.tournament.fixture import Fixture

from .contest import Contest
from .played import Meeting, Played, meetings


@dataclass(frozen=True)
class Knockout:
    """Single elimination. The agents are seeded in the order given: the first two can meet only in the final.

    When they are no power of two, the best seeds have no opponent in the first round. A drawn or void tie
    is played again up to `tiebreaks` times, all results counting together; then the better seed goes on.
    """

    contest: Contest
    agents: tuple[str, ...]
    tiebreaks: int = 2

    def batch(self, number: int, past: Sequence[Played]) -> tuple[Fixture, ...] | None:
        winner, ties = self._bracket(past)
        if winner is not None:
            return None
        first = len({played.fixture.pair for played in past}) // self.contest.pairs_per_meeting
        return tuple(
            fixture
            for index, (round, better, worse) in enumerate(ties, first)
            for fixture in self.contest.meeting(
                self.agents[better], self.agents[worse], index=index, round=round
            )
        )

    def winner(self, past: Sequence[Played]) -> str | None:
        """Who has won the final; None while nobody has."""
        winner, _ = self._bracket(past)
        return None if winner is None else self.agents[winner]

    def _bracket(self, past: Sequence[Played]) -> tuple[int | None, list[tuple[int, int, int]]]:
        """The number of the winner, and the ties to be played: round, better seed, worse seed."""
        met = meetings(past)
        level: list[int | None] = list(bracket(len(self.agents)))
        ties: list[tuple[int, int, int]] = []
        round = 0
        while len(level) > 1:
            winners: list[int | None] = []
            for one, other in zip(level[::2], level[1::2], strict=True):
                if one is None or other is None:
                    winners.append(None)
                    continue
                better, worse = sorted((one, other))
                winners.append(self._decided(met, round, better, worse))
                if winners[-1] is None:
                    ties.append((round, better, worse))
            level = winners
            round += 1
        return level[0], ties

    def _decided(
        self, met: Mapping[tuple[int, frozenset[str]], Meeting], round: int, better: int, worse: int
    ) -> int | None:
        """Who goes on; None when the two have to play, for the first time or again."""
        if worse >= len(self.agents):
            return better
        tie = met.get((round, frozenset((self.agents[better], self.agents[worse]))))
        if tie is None:
            return None
        score = tie.score(self.agents[better])
        if score is not None and score != Fraction(1, 2):
            return better if score > Fraction(1, 2) else worse
        played = tie.pairs // self.contest.pairs_per_meeting
        return better if played > self.tiebreaks else None


def bracket(agents: int) -> list[int]:
    """Seeds in the order of the first round's places; those from `agents` on stand for no opponent.

    The sum of the seeds of each pairing is the same in a round, as long as the better seed always wins.
    """
    places = [0]
    while len(places) < agents:
        places = [seed for better in places for seed in (better, 2 * len(places) - 1 - better)]
    return places
