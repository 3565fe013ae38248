"""What every format gives: `Schedule`."""

from collections.abc import Sequence
from typing import Protocol

from arena.tournament.fixture import Fixture

from .played import Played


class Schedule(Protocol):
    """The fixtures of a tournament, in batches."""

    def batch(self, number: int, past: Sequence[Played]) -> Sequence[Fixture] | None:
        """Batch `number`, from 0, given the results of all matches of the batches before it.

        The order of `past` does not matter. Fixtures of a pair stand together. A batch may be empty, and
        may be too long to be looked at as a whole.

        Returns:
            None: the tournament is over.

        Raises:
            ValueError: `past` holds only some matches of a pair.
        """
