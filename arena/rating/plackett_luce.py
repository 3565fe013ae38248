"""Plackett–Luce ratings with ties and seat worths, for games of more than two rated seats.

A match is read as a ranking: the best seat is chosen among all, the next among the rest, each with a
probability proportional to its strength, exp(rating + worth of the seat). Ties are choices of several
seats at once; see `arena.rating.luce`. On games of two seats it is the model of
`arena.rating.bradley_terry`, so one fit can rate both kinds of game together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arena.rating.bradley_terry import WEAK
from arena.rating.games import Ints
from arena.rating.luce import Likelihood
from arena.rating.newton import maximise
from arena.rating.prior import Anchor, prior_of
from arena.rating.ratings import Ratings
from arena.rating.results import Result
from arena.rating.sandwich import sandwich
from arena.rating.scale import ELO, Estimate


class SeatWorth(NamedTuple):
    """What sitting in one seat of a game is worth."""

    game: str
    seat: int
    """From 0, in the order of the seats."""
    advantage: Estimate
    """Over the mean of the game's seats, in Elo."""


@dataclass(frozen=True, eq=False)
class PlackettLuce:
    """A fitted model."""

    ratings: Ratings
    seats: tuple[SeatWorth, ...]
    steps: int
    """Newton steps that the fit took."""


def fit(
    results: Sequence[Result],
    *,
    prior: float = WEAK,
    seat_worths: bool = True,
    anchors: Sequence[Anchor] = (),
) -> PlackettLuce:
    """Fit ratings, seat worths and tie weights at once; void results are left out.

    Matches of one game with the same pair are one cluster of the errors, however many they are. Where
    large groups tie, as solvers that all pass, each member counts for less and the scale stretches:
    compare agents by it, but no numbers with those of two-seat games.

    Args:
        results: Of games with any number of seats.
        prior: Strength of the prior, an inverse variance in squared logits.
        seat_worths: False makes all seats of a game worth the same.
        anchors: Agents whose ratings are known.

    Raises:
        ValueError: fewer than two agents played, an anchor never did, or ties are too many to count.
    """
    rated = [result for result in results if not result.is_void]
    agents = tuple(sorted({agent for result in rated for agent in result.agents}))
    likelihood = Likelihood(rated, agents, sorted({result.game for result in rated}))
    size = len(agents)
    assumed = prior_of(agents, np.ones(size, dtype=bool), likelihood.size - size, prior, anchors)
    assumed.fixed[size : size + len(likelihood.seats)] |= not seat_worths
    peak = maximise(likelihood, assumed, np.zeros(likelihood.size))
    cluster = _clusters(rated)
    weights = np.bincount(cluster, weights=[result.weight for result in rated])
    meat = likelihood.meat(peak.parameters, cluster)
    spread = sandwich(peak, meat, float(weights.sum() ** 2 / (weights**2).sum()), assumed, likelihood.tables)
    worths = peak.parameters[size : size + len(likelihood.seats)] * ELO
    errors = np.sqrt(spread.variances[size : size + len(likelihood.seats)]) * ELO
    seats = tuple(
        SeatWorth(game, seat, Estimate(worth, error))
        for (game, seat), worth, error in zip(likelihood.seats, worths.tolist(), errors.tolist(), strict=True)
    )
    return PlackettLuce(Ratings(agents, peak.parameters[:size], spread), seats, peak.steps)


def _clusters(results: Sequence[Result]) -> Ints:
    """A number for each result, the same for those that share a game and a pair."""
    numbers: dict[tuple[str, str | int], int] = {}
    keys = [(r.game, index if r.pair is None else r.pair) for index, r in enumerate(results)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
