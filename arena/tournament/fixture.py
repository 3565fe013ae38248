"""A `Fixture` is a match to be played; schedules are lazy, pure functions that make them."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any

import msgspec

from arena.events import Parent
from arena.game import Seat, role
from arena.seeding import derive

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Fixture(msgspec.Struct, frozen=True):
    """One match to be played: all that names it."""

    game: str
    """What to type to load the game, without its options."""
    options: dict[str, Any]
    seats: dict[Seat, str]
    """The agent's name in each seat."""
    seed: int
    number: int = 0
    """Tells apart fixtures that are otherwise the same, such as an agent against itself."""
    parent: Parent | None = None
    """Where the match was taken up again, if it is a fork."""
    round: int = 0
    """The batch of the schedule that it belongs to, or a round of a round robin."""
    pair: int = 0
    """Fixtures of a schedule with one pair share a scenario; they differ in who sits where."""
    attempt: int = 0
    """How often the pair was played before and came to nothing because the world failed."""

    @property
    def key(self) -> str:
        """The same for the same fixture on every machine: 32 hexadecimal digits."""
        return blake2b(msgspec.json.encode(self, order="deterministic"), digest_size=16).hexdigest()


def mirrored(
    game: str, options: Mapping[str, Any], seats: Sequence[Seat], agents: Sequence[str], *, seed: int
) -> Iterator[Fixture]:
    """Endless fixtures of the same agents: each scenario seed is played once in every rotation of seats.

    With two seats the fixtures come in mirrored pairs. Where seats are fewer roles, "solver.1" and "solver.2"
    being one, there may be one agent a role, in the order of the roles: it keeps all seats of the role.

    Raises:
        ValueError: there are not as many agents as seats or as roles.
    """
    if len(agents) == len(seats):
        return _rotations(game, dict(options), seats, agents, seed)
    roles = dict.fromkeys(map(role, seats))
    if len(agents) == len(roles):
        holders = dict(zip(roles, agents, strict=True))
        table = {seat: holders[role(seat)] for seat in seats}
        return (
            Fixture(game, dict(options), table, derive(seed, "scenario", number), number, pair=number)
            for number in count()
        )
    names = ", ".join(seats)
    fewer = f" of {len(roles)} roles ({', '.join(roles)})" if len(roles) < len(seats) else ""
    raise ValueError(f"{game} has {len(seats)} seats ({names}){fewer}; {len(agents)} agents were given")


def _rotations(
    game: str, options: dict[str, Any], seats: Sequence[Seat], agents: Sequence[str], seed: int
) -> Iterator[Fixture]:
    number = 0
    while True:
        turn = number % len(seats)
        table = dict(zip(seats, [*agents[turn:], *agents[:turn]], strict=True))
        pair = number // len(seats)
        yield Fixture(game, options, table, derive(seed, "scenario", pair), number, pair=pair)
        number += 1


def match_id(run: str, key: str) -> str:
    """The id of a fixture's match in a run: 10 characters that can be typed."""
    value = int.from_bytes(blake2b(f"{run}/{key}".encode(), digest_size=8).digest(), "big")
    return "".join(_ALPHABET[value >> 5 * place & 31] for place in range(10))
