"""The likelihood of rankings with ties, by Davidson and Luce: `Likelihood`."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from arena.rating.games import Floats, Ints, summed
from arena.rating.newton import Slope
from arena.rating.results import TIE, Result

MOST_SETS = 4096
"""Sets of seats that one choice may have: 12 seats with any ties."""
BLOCK = 1 << 20
"""Numbers in the largest array made at once, about."""


class Choice(NamedTuple):
    """One step of a ranking: of the seats that are left, some are best and tie."""

    match: int
    agents: tuple[int, ...]
    """Those left, the chosen first."""
    seats: tuple[int, ...]
    """Their seats, as parameters."""
    chosen: int
    """How many are best."""


@dataclass(frozen=True, eq=False)
class _Batch:
    """Choices from equally many seats of one game. Columns: agents, then seats, then orders of ties."""

    match: Ints
    columns: Ints
    """Shape (choices, columns): the parameters that the columns stand for."""
    features: Floats
    """Shape (sets, columns): a set of t seats has 1/t at each of them, and 1 at its order if t > 1."""
    picked: Ints
    """Which set was chosen, one a choice."""


class Likelihood:
    """The log-likelihood of ratings, then seat worths, then ln δ; a call gives a `Slope`.

    Of the seats that are left, a set of t is best and tied with a probability proportional to
    δ_t × (product of its strengths)^(1/t); δ_1 = 1, and the set's seats then leave. With two seats this
    is the Davidson model, δ_2 being its ν. Only orders of ties that came up in a game have a δ.

    Source: Turner, van Etten, Firth and Kosmidis, "Modelling rankings in R: the PlackettLuce package",
    Computational Statistics 35 (2020), section 2.
    """

    def __init__(self, results: Sequence[Result], agents: Sequence[str], games: Sequence[str]) -> None:
        self.agents, self.games = tuple(agents), tuple(games)
        self.seats = _seat_names(results, games)
        place = {agent: index for index, agent in enumerate(agents)}
        seat = {name: len(agents) + index for index, name in enumerate(self.seats)}
        choices = [
            (result.game, choice)
            for match, result in enumerate(results)
            for choice in _choices(match, result, place, seat)
        ]
        self.orders = sorted({(games.index(game), c.chosen) for game, c in choices if c.chosen > 1})
        self.size = len(agents) + len(self.seats) + len(self.orders)
        groups: dict[tuple[str, int], list[Choice]] = {}
        for game, choice in choices:
            groups.setdefault((game, len(choice.agents)), []).append(choice)
        self._batches = [self._batch(game, group) for (game, _), group in groups.items()]
        self._weight = np.array([result.weight for result in results])

    @property
    def tables(self) -> list[slice]:
        """The parameters of each game's seats."""
        first = len(self.agents) + np.array(
            [self.seats.index((game, 0)) for game in self.games] + [len(self.seats)]
        )
        return [slice(start, end) for start, end in itertools.pairwise(first.tolist())]

    def __call__(self, parameters: Floats) -> Slope:
        value, gradient = 0.0, np.zeros(self.size)
        information = np.zeros(self.size * self.size)
        for batch in self._batches:
            width = batch.columns.shape[1]
            squares = (batch.features[:, :, None] * batch.features[:, None, :]).reshape(-1, width * width)
            step = max(1, BLOCK // max(width * width, batch.features.shape[0]))
            for start in range(0, batch.match.size, step):
                part = slice(start, start + step)
                columns, weight = batch.columns[part], self._weight[batch.match[part]]
                logs, chances = _chances(parameters, batch, part)
                mean = chances @ batch.features
                value += float(weight @ logs)
                gradient += self._summed(
                    columns, weight[:, None] * (batch.features[batch.picked[part]] - mean)
                )
                both = (chances @ squares).reshape(-1, width, width) - mean[:, :, None] * mean[:, None, :]
                cells = columns[:, :, None] * self.size + columns[:, None, :]
                information += summed(cells.ravel(), (weight[:, None, None] * both).ravel(), self.size**2)
        return Slope(value, gradient, information.reshape(self.size, self.size))

    def meat(self, parameters: Floats, cluster: Ints) -> Floats:
        """The sum over clusters of the outer product of their scores; `cluster` has one number a result."""
        rows, columns, values = [], [], []
        for batch in self._batches:
            _, chances = _chances(parameters, batch, slice(None))
            scores = batch.features[batch.picked] - chances @ batch.features
            values.append((self._weight[batch.match][:, None] * scores).ravel())
            rows.append(np.repeat(cluster[batch.match], scores.shape[1]))
            columns.append(batch.columns.ravel())
        shape = (int(cluster.max(initial=0)) + 1, self.size)
        if not values:
            return np.zeros((self.size, self.size))
        where = (np.concatenate(rows), np.concatenate(columns))
        scores = sparse.coo_array((np.concatenate(values), where), shape=shape).tocsr()
        meat: Floats = (scores.T @ scores).toarray()
        return meat

    def _summed(self, columns: Ints, values: Floats) -> Floats:
        return summed(columns.ravel(), values.ravel(), self.size)

    def _batch(self, game: str, choices: list[Choice]) -> _Batch:
        left, kind = len(choices[0].agents), self.games.index(game)
        orders = [order for other, order in self.orders if other == kind and order <= left]
        sets = [chosen for size in (1, *orders) for chosen in itertools.combinations(range(left), size)]
        if len(sets) > MOST_SETS:
            raise ValueError(
                f"{game!r} has ties of up to {max(orders)} among {left} seats, {len(sets)} possible sets; "
                f"expected {MOST_SETS} at most: rate it by pairs of seats instead"
            )
        member = np.array(
            [[1 / len(chosen) if seat in chosen else 0.0 for seat in range(left)] for chosen in sets]
        )
        order = np.array([[float(len(chosen) == size) for size in orders] for chosen in sets]).reshape(
            len(sets), -1
        )
        first = len(self.agents) + len(self.seats)
        ties = [first + self.orders.index((kind, size)) for size in orders]
        columns = np.array([[*choice.agents, *choice.seats, *ties] for choice in choices])
        picked = np.array([sets.index(tuple(range(choice.chosen))) for choice in choices])
        match = np.array([choice.match for choice in choices])
        return _Batch(match, columns, np.hstack([member, member, order]), picked)


def _chances(parameters: Floats, batch: _Batch, part: slice) -> tuple[Floats, Floats]:
    """The log-probability of each choice, and the probabilities of all sets."""
    weights = parameters[batch.columns[part]] @ batch.features.T
    weights -= weights.max(axis=1, keepdims=True)
    chances = np.exp(weights)
    total = chances.sum(axis=1)
    picked = np.take_along_axis(weights, batch.picked[part][:, None], axis=1)[:, 0]
    return picked - np.log(total), chances / total[:, None]


def _choices(
    match: int, result: Result, place: dict[str, int], seat: dict[tuple[str, int], int]
) -> list[Choice]:
    """From the best payoff down; a single seat that is left is no choice."""
    left = sorted(range(len(result.agents)), key=lambda index: -result.payoff[index])
    choices = []
    while len(left) > 1:
        best = [index for index in left if result.outcome(index, left[0]) == TIE]
        rest = [index for index in left if index not in best]
        order = best + rest
        agents = tuple(place[result.agents[index]] for index in order)
        choices.append(Choice(match, agents, tuple(seat[result.game, index] for index in order), len(best)))
        left = rest
    return choices


def _seat_names(results: Sequence[Result], games: Sequence[str]) -> tuple[tuple[str, int], ...]:
    most = dict.fromkeys(games, 0)
    for result in results:
        most[result.game] = max(most[result.game], len(result.agents))
    return tuple((game, seat) for game, seats in most.items() for seat in range(seats))
