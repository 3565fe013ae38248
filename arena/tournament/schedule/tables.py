"""Who sits down together: `Tables`, and combinations by their rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import comb, gcd
from typing import overload

from arena.seeding import derive


@dataclass(frozen=True)
class Tables(Sequence[tuple[int, ...]]):
    """Every set of `seats` among `agents` numbers from 0, once each, with random access.

    Two at a time come by the circle method, in rounds in which everybody plays once. More at a time come in
    an order drawn from `seed`, so that a part of the list is about balanced too. With fewer agents than
    seats everybody sits at every table, and the tables are the ways to share out the seats that are left.
    """

    agents: int
    seats: int
    seed: int = 0

    def __len__(self) -> int:
        if self.agents < self.seats:
            return comb(self.seats - 1, self.agents - 1)
        return comb(self.agents, self.seats)

    @overload
    def __getitem__(self, index: int) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, ...] | list[tuple[int, ...]]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        at = range(len(self))[index]
        if self.agents < self.seats:
            return _shared_out(self.agents, self.seats, at)
        if self.seats == 2:
            return _in_circle(self.agents, at)
        return combination(self.agents, self.seats, (self._offset + at * self._stride) % len(self))

    @cached_property
    def _offset(self) -> int:
        return derive(self.seed, "tables", "offset") % len(self)

    @cached_property
    def _stride(self) -> int:
        """A step that visits every rank before it comes back."""
        step = derive(self.seed, "tables", "stride") % len(self)
        while gcd(step, len(self)) != 1:
            step += 1
        return step


def combination(size: int, taken: int, rank: int) -> tuple[int, ...]:
    """Number `rank`, in lexicographic order, of the ways to take `taken` of the numbers below `size`."""
    found: list[int] = []
    for number in range(size):
        if len(found) == taken:
            break
        first = comb(size - number - 1, taken - len(found) - 1)
        if rank < first:
            found.append(number)
        else:
            rank -= first
    return tuple(found)


def _in_circle(agents: int, index: int) -> tuple[int, int]:
    """Pairing `index` of the circle method: the last agent of an even number stays, the others go round."""
    ring = agents - 1 + agents % 2
    turn, place = divmod(index, agents // 2)
    if agents % 2:
        place += 1
    if place == 0:
        return (turn, agents - 1) if turn % 2 else (agents - 1, turn)
    return (turn + place) % ring, (turn - place) % ring


def _shared_out(agents: int, seats: int, index: int) -> tuple[int, ...]:
    cuts = combination(seats - 1, agents - 1, index)
    shares = [end - start for start, end in pairwise([-1, *cuts, seats - 1])]
    return tuple(agent for agent, share in enumerate(shares) for _ in range(share))
