"""Who did equally well meets, nobody twice: `Swiss`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from arena.tournament.fixture import Fixture

from .contest import Contest
from .matching import pair_up
from .played import Played, meetings

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one agent stands."""

    agent: str
    score: Fraction
    """The mean of its rounds: its score in a meeting, and 1 for a bye; void rounds are left out."""
    buchholz: Fraction
    """The mean score of its opponents; a bye counts as an opponent with the agent's own score."""
    byes: int


@dataclass(frozen=True)
class Swiss:
    """Agents with like scores meet; nobody meets an opponent again while everybody can have a new one.

    Ranked by score, then Buchholz, then the order given. Within a score group the upper half meets the
    lower half in order, as in FIDE's Dutch system (Handbook C.04.3); who finds nobody there floats to the
    next group. When the agents are odd the last of those with the fewest byes has a bye, worth a win
    (C.04.1). Colours need no rule, since every meeting consists of mirrored pairs.
    """

    contest: Contest
    agents: tuple[str, ...]
    rounds: int

    def batch(self, number: int, past: Sequence[Played]) -> tuple[Fixture, ...] | None:
        if number >= self.rounds:
            return None
        first = number * (len(self.agents) // 2)
        return tuple(
            fixture
            for index, (one, other) in enumerate(self._pairings(number, past), first)
            for fixture in self.contest.meeting(one, other, index=index, round=number)
        )

    def standings(self, number: int, past: Sequence[Played]) -> list[Standing]:
        """The agents after `number` rounds, the best first."""
        opponents: dict[str, list[str]] = {agent: [] for agent in self.agents}
        scores: dict[str, list[Fraction]] = {agent: [] for agent in self.agents}
        for met in meetings(past).values():
            for agent, opponent in ((met.one, met.other), (met.other, met.one)):
                opponents[agent].append(opponent)
                score = met.score(agent)
                scores[agent] += [] if score is None else [score]
        byes = {agent: number - len(opponents[agent]) for agent in self.agents}
        mean = {agent: _mean([*scores[agent], *[Fraction(1)] * byes[agent]]) for agent in self.agents}
        buchholz = {
            agent: _mean([mean[one] for one in [*faced, *[agent] * byes[agent]]])
            for agent, faced in opponents.items()
        }
        table = [Standing(agent, mean[agent], buchholz[agent], byes[agent]) for agent in self.agents]
        return sorted(table, key=lambda one: (-one.score, -one.buchholz))

    def _pairings(self, number: int, past: Sequence[Played]) -> list[tuple[str, str]]:
        table = self.standings(number, past)
        met = Counter(both for (_, both), one in meetings(past).items() if one.games)
        resting: list[Standing | None] = [None]
        if len(table) % 2:
            fewest = min(one.byes for one in table)
            resting = [one for one in reversed(table) if one.byes == fewest]
        for often in range(number + 1):
            for bye in resting:
                playing = [one for one in table if one is not bye]
                found = pair_up(_preferences(playing, met, often))
                if found is not None:
                    return [(playing[one].agent, playing[other].agent) for one, other in found]
        raise AssertionError("two agents cannot have met more often than there were rounds")


def _mean(scores: Sequence[Fraction]) -> Fraction:
    return sum(scores, Fraction(0)) / len(scores) if scores else _HALF


def _preferences(table: Sequence[Standing], met: Counter[frozenset[str]], often: int) -> list[list[int]]:
    """For each agent by rank the ranks it may meet, the best first; none that it met more than `often`."""
    sizes = [len(list(group)) for _, group in groupby(table, key=lambda one: one.score)]
    halves = [size // 2 for size in sizes for _ in range(size)]
    lists = []
    for rank, one in enumerate(table):
        choices = []
        for other_rank, other in enumerate(table):
            times = met[frozenset((one.agent, other.agent))]
            if other is one or times > often:
                continue
            gap = abs(one.score - other.score)
            apart = abs(rank - other_rank)
            fold = abs(apart - halves[rank]) if not gap else apart
            choices.append((times, gap, fold, other_rank))
        lists.append([choice[-1] for choice in sorted(choices)])
    return lists
