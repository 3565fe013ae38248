"""Results counted as they come in: `Tally`."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from arena.rating.games import SINGLE_FIRST, Games, Ints, Rows, Sums, counted
from arena.rating.results import WIN, Result

_Key: TypeAlias = tuple[int, int, int, int]
"""Indices of the game, first and second agent, and the code of the pattern."""


class _Open(NamedTuple):
    agents: tuple[str, ...]
    outcome: int
    weight: float


class Tally:
    """Counts results as they come in; `games` gives the compact form at any time.

    Void results change nothing. The second leg of a mirrored pair joins the first; a leg without its
    mirror counts as a game of its own.
    """

    def __init__(self, results: Iterable[Result] = ()) -> None:
        self._agents: dict[str, int] = {}
        self._games: dict[str, int] = {}
        self._sums: dict[_Key, tuple[float, float]] = {}
        self._legs: dict[tuple[str, str], _Open | None] = {}  # None: both legs are in
        for result in results:
            self.add(result)

    def add(self, result: Result) -> None:
        """Count one result.

        Raises:
            ValueError: it has more than two seats, or does not mirror the pair that it names.
        """
        if result.is_void:
            return
        if len(result.agents) != 2:
            raise ValueError(f"{len(result.agents)} agents in one match: rate them by plackett_luce.fit")
        leg = _Open(result.agents, result.outcome(0, 1), result.weight)
        if result.pair is None:
            self._count(result.game, leg, SINGLE_FIRST + leg.outcome, self._sums)
            return
        key = (result.game, result.pair)
        if key not in self._legs:
            self._legs[key] = leg
            return
        earlier = self._legs[key]
        if earlier is None or earlier.agents[::-1] != leg.agents or earlier.weight != leg.weight:
            raise ValueError(
                f"pair {result.pair!r} of game {result.game!r}: {result.agents!r} does not mirror it; "
                "expected two matches of the same two agents and weight, seats swapped; name each pair apart"
            )
        self._legs[key] = None
        self._count(result.game, earlier, 3 * earlier.outcome + WIN - leg.outcome, self._sums)

    def games(self) -> Games:
        """The results so far; the order in which they came does not matter."""
        sums = dict(self._sums)
        for (game, _), leg in self._legs.items():
            if leg is not None:
                self._count(game, leg, SINGLE_FIRST + leg.outcome, sums)
        keys = np.array(list(sums), dtype=np.int64).reshape(-1, 4).T
        counts, squares = np.array(list(sums.values())).reshape(-1, 2).T
        agents, games = sorted(self._agents), sorted(self._games)
        rank, kind = _places(self._agents, agents), _places(self._games, games)
        rows = Rows(kind[keys[0]], rank[keys[1]], rank[keys[2]], keys[3])
        return counted(tuple(agents), tuple(games), rows, Sums(counts, squares))

    def _count(self, game: str, leg: _Open, code: int, sums: dict[_Key, tuple[float, float]]) -> None:
        first, second = (self._agents.setdefault(agent, len(self._agents)) for agent in leg.agents)
        key = (self._games.setdefault(game, len(self._games)), first, second, code)
        count, square = sums.get(key, (0.0, 0.0))
        sums[key] = (count + leg.weight, square + leg.weight**2)


def _places(names: Iterable[str], order: Sequence[str]) -> Ints:
    place = {name: index for index, name in enumerate(order)}
    return np.array([place[name] for name in names], dtype=np.int64)
