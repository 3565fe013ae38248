"""Formats that no result changes: `round_robin` and `gauntlet`, as one batch with random access.

A sequential test of two agents is a round robin of two with many rounds, left when the test has spoken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, overload

from arena.seeding import derive
from arena.tournament.fixture import Fixture

from .contest import Contest
from .played import Played
from .tables import Tables


class Fixtures(Sequence[Fixture]):
    """Fixtures that are made when they are looked at; slices are as lazy as the whole."""

    def __init__(self, make: Callable[[int], Fixture], numbers: range) -> None:
        """`make` gives the fixture of a number."""
        self._make = make
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Fixture: ...
    @overload
    def __getitem__(self, index: slice) -> "Fixtures": ...
    def __getitem__(self, index: int | slice) -> "Fixture | Fixtures":
        if isinstance(index, slice):
            return Fixtures(self._make, self._numbers[index])
        return self._make(self._numbers[index])


class _Group(NamedTuple):
    """The games with the same number of seats, whose tables are the same."""

    seats: int
    games: tuple[int, ...]
    tables: Sequence[tuple[int, ...]]

    @property
    def pairs(self) -> int:
        return len(self.tables) * len(self.games)


@dataclass(frozen=True)
class _Challenges(Sequence[tuple[int, ...]]):
    """Each of the first `challengers` with every set of the others."""

    challengers: int
    others: Tables

    def __len__(self) -> int:
        return self.challengers * len(self.others)

    @overload
    def __getitem__(self, index: int) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, ...] | list[tuple[int, ...]]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        table, challenger = divmod(range(len(self))[index], self.challengers)
        return (challenger, *(self.challengers + other for other in self.others[table]))


@dataclass(frozen=True)
class Fixed:
    """Every table of agents plays the contest's pairs of every game, in each of `rounds`.

    All tables play once before any plays again, so that a tournament that is stopped early is about
    balanced. The fixtures of the first rounds are the same however many rounds follow.
    """

    contest: Contest
    agents: tuple[str, ...]
    rounds: int = 1
    challengers: int = field(default=0, kw_only=True)
    """How many agents, from the first, meet all the others; 0 for everybody."""

    @cached_property
    def fixtures(self) -> Fixtures:
        """All of them."""
        cycle = sum(group.pairs * group.seats for group in self._groups)
        return Fixtures(self.fixture, range(self.rounds * self.contest.pairs * cycle))

    def batch(self, number: int, past: Sequence[Played]) -> Fixtures | None:
        return None if number else self.fixtures

    def fixture(self, number: int) -> Fixture:
        """Fixture `number`, from 0; it takes as long for a large number as for a small one."""
        groups = self._groups
        cycle, rest = divmod(number, sum(group.pairs * group.seats for group in groups))
        pair = cycle * sum(group.pairs for group in groups)
        for group in groups:
            if rest < group.pairs * group.seats:
                break
            rest -= group.pairs * group.seats
            pair += group.pairs
        place, leg = divmod(rest, group.seats)
        at, turn = divmod(place, len(group.games))
        pair += place
        return self.contest.fixture(
            group.games[turn],
            self._seated(group.tables[at], pair),
            cycle if self.contest.duplicate else cycle * len(group.tables) + at,
            leg,
            number=number,
            pair=pair,
            round=cycle // self.contest.pairs,
        )

    def _seated(self, table: tuple[int, ...], pair: int) -> list[str]:
        # rotations of three or more keep who sits next to whom: draw that for each scenario
        if len(table) > 2:
            lots = [derive(self.contest.seed, "order", pair, place) for place in range(len(table))]
            table = tuple(agent for _, agent in sorted(zip(lots, table, strict=True)))
        return [self.agents[agent] for agent in table]

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        found: dict[int, list[int]] = {}
        for number, loaded in enumerate(self.contest.games):
            found.setdefault(len(loaded.game.seats), []).append(number)
        return tuple(_Group(seats, tuple(games), self._tables(seats)) for seats, games in found.items())

    def _tables(self, seats: int) -> Sequence[tuple[int, ...]]:
        seed = self.contest.seed
        if not self.challengers:
            return Tables(len(self.agents), seats, seed)
        return _Challenges(self.challengers, Tables(len(self.agents) - self.challengers, seats - 1, seed))


def round_robin(contest: Contest, agents: Sequence[str], rounds: int = 1) -> Fixed:
    """Everybody meets everybody in every round."""
    return Fixed(contest, tuple(agents), rounds)


def gauntlet(contest: Contest, agents: Sequence[str], rounds: int = 1, *, challengers: int = 1) -> Fixed:
    """The first `challengers` agents meet all the others in every round, but not each other."""
    return Fixed(contest, tuple(agents), rounds, challengers=challengers)
