"""What an agent's matches add up to, ratings aside: `Record`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from arena.rating.results import LOSS, TIE, Result

ENOUGH = 10
"""Two-seat games before seats can be called out of balance."""


@dataclass(frozen=True, slots=True)
class Record:
    """Sums over the matches of one agent; an agent in several seats of a match counts in each."""

    agent: str
    games: int
    """Rated ones."""
    wins: int
    """Alone at the top."""
    draws: int
    """Tied at the top."""
    losses: int
    points: float
    """Mean score against the other seats of a match, summed: with two seats, wins and half the draws."""
    fouls: int
    """Matches lost by a foul."""
    voids: int
    """Matches that ended void, whoever was to blame; not among `games`."""
    replies: int
    refused: int
    """Of the replies, those that were no legal move."""
    seconds: float
    """Over all replies."""
    tokens: float | None
    """Mean of a match, void ones included; None when no match tells."""
    cost: float | None
    """Mean dollars of a match, void ones included: they were paid too. None when no match tells."""
    first: float | None
    """Share of two-seat games in which it sat first; None when there are none."""

    @property
    def is_skewed(self) -> bool:
        """Whether it sat first in under a quarter or over three quarters of `ENOUGH` games or more."""
        return self.games >= ENOUGH and self.first is not None and not 0.25 <= self.first <= 0.75


def record(results: Iterable[Result]) -> list[Record]:
    """One record an agent, in the order of names; agents whose matches were all void are there too."""
    seats: dict[str, list[tuple[Result, int]]] = {}
    for result in results:
        for seat, agent in enumerate(result.agents):
            seats.setdefault(agent, []).append((result, seat))
    return [_record(agent, seats[agent]) for agent in sorted(seats)]


def _record(agent: str, seats: list[tuple[Result, int]]) -> Record:
    rated = [(result, seat) for result, seat in seats if not result.is_void]
    scores = [_scores(result, seat) for result, seat in rated]
    wins = sum(all(score > TIE for score in against) for against in scores)
    losses = sum(any(score == LOSS for score in against) for against in scores)
    efforts = [result.efforts[seat] for result, seat in seats if result.efforts]
    duels = [seat for result, seat in rated if len(result.agents) == 2]
    return Record(
        agent=agent,
        games=len(rated),
        wins=wins,
        draws=len(rated) - wins - losses,
        losses=losses,
        points=math.fsum(sum(against) / len(against) / 2 for against in scores),
        fouls=sum(result.fouled == seat for result, seat in rated),
        voids=len(seats) - len(rated),
        replies=sum(effort.replies for effort in efforts),
        refused=sum(effort.refused for effort in efforts),
        seconds=math.fsum(effort.seconds for effort in efforts),
        tokens=_mean([effort.tokens for effort in efforts]),
        cost=_mean([effort.cost for effort in efforts]),
        first=duels.count(0) / len(duels) if duels else None,
    )


def _scores(result: Result, seat: int) -> list[int]:
    return [result.outcome(seat, other) for other in range(len(result.agents)) if other != seat]


def _mean(numbers: list[int | None] | list[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return math.fsum(known) / len(known) if known else None
