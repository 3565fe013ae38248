"""Results as schedules see them: `Played` matches, mirrored pairs of them, and `Meeting`s of two agents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from arena.game import Seat
from arena.tournament.fixture import Fixture

_ROUNDING = 1e-9


class Played(NamedTuple):
    """A fixture and what came of it."""

    fixture: Fixture
    payoff: Mapping[Seat, float]
    """Empty when the match is void."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """All that two agents played against each other in one round, of all games."""

    round: int
    one: str
    other: str
    pairs: int
    """Mirrored pairs played, the void ones included."""
    halves: int
    """Half points of `one`: 2 for a win, 1 for a draw."""
    games: int
    """Matches that count. A pair counts when none of its matches is void."""

    def score(self, agent: str) -> Fraction | None:
        """The mean score of one of the two, in [0, 1]; None when nothing counts."""
        if not self.games:
            return None
        score = Fraction(self.halves, 2 * self.games)
        return score if agent == self.one else 1 - score


def pairs(past: Iterable[Played]) -> list[tuple[Played, ...]]:
    """The last attempt of each pair, in the order of the schedule.

    Raises:
        ValueError: a pair is incomplete.
    """
    found = _grouped(past)
    for number, legs in found.items():
        if not _is_whole(legs):
            has = f"{len(legs)} of {len(legs[0].fixture.seats)}"
            raise ValueError(f"pair {number} has {has} results: finish a batch before the next is drawn")
    return list(found.values())


def leading(past: Iterable[Played]) -> Iterator[tuple[Played, ...]]:
    """Pairs in the order of the schedule, from the first up to one that is missing or incomplete.

    A sequential test that looks at these, one after the other, stops at the same pair however many matches
    are played at once. Void pairs are among them.
    """
    found = _grouped(past)
    number = 0
    while number in found and _is_whole(found[number]):
        yield found[number]
        number += 1


def meetings(past: Iterable[Played]) -> dict[tuple[int, frozenset[str]], Meeting]:
    """Results of games with two seats, by round and agents, in the order of the schedule.

    Raises:
        ValueError: a pair is incomplete.
    """
    found: dict[tuple[int, frozenset[str]], list[tuple[Played, ...]]] = {}
    for legs in pairs(past):
        fixture = legs[0].fixture
        found.setdefault((fixture.round, frozenset(fixture.seats.values())), []).append(legs)
    return {key: _meeting(played) for key, played in found.items()}


def _meeting(played: list[tuple[Played, ...]]) -> Meeting:
    first = played[0][0].fixture
    one, other = first.seats.values()
    counted = [leg for legs in played if all(leg.payoff for leg in legs) for leg in legs]
    halves = sum(_halves(leg, one) for leg in counted)
    return Meeting(first.round, one, other, len(played), halves, len(counted))


def _halves(played: Played, agent: str) -> int:
    """Half points of an agent in a match of two, by comparing payoffs."""
    margin = sum(
        played.payoff[seat] if name == agent else -played.payoff[seat]
        for seat, name in played.fixture.seats.items()
    )
    return 1 if abs(margin) <= _ROUNDING else 2 if margin > 0 else 0


def _grouped(past: Iterable[Played]) -> dict[int, tuple[Played, ...]]:
    found: dict[int, list[Played]] = {}
    for played in past:
        legs = found.setdefault(played.fixture.pair, [])
        if legs and legs[0].fixture.attempt < played.fixture.attempt:
            legs.clear()
        if not legs or legs[0].fixture.attempt == played.fixture.attempt:
            legs.append(played)
    ordered = sorted(found.items())
    return {pair: tuple(sorted(legs, key=lambda leg: leg.fixture.number)) for pair, legs in ordered}


def _is_whole(legs: tuple[Played, ...]) -> bool:
    return len(legs) == len(legs[0].fixture.seats)
