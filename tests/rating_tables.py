"""Tournaments with a known truth, for the tests of `arena.rating`."""

import numpy as np

from arena.rating.games import Floats, Games, from_arrays
from arena.rating.results import Result

SCORES = ((-1.0, 1.0), (0.0, 0.0), (1.0, -1.0))
"""Payoffs of the outcomes 0, 1 and 2 of the first seat."""


def names(size: int) -> list[str]:
    return [f"agent{index:03}" for index in range(size)]


def outcomes(rng: np.random.Generator, gap: Floats, ties: float) -> np.ndarray:
    """0, 1 or 2 with the chances of the Davidson model."""
    odds = np.exp(gap / 2)
    total, draw = odds + 1 / odds + ties, rng.random(gap.size)
    return np.where(draw < odds / total, 2, np.where(draw < (odds + ties) / total, 1, 0))


def tournament(
    rng: np.random.Generator,
    truth: Floats,
    rounds: int,
    *,
    seat: float = 0.2,
    ties: float = 0.5,
    luck: float = 0.0,
    taste: float = 0.0,
) -> Games:
    """Mirrored pairs of everyone with everyone.

    `luck` is the deviation of what a scenario gives to its first seat, `taste` that of how it suits an agent
    in either seat, both in logits.
    """
    meetings = [(one, other) for one in range(truth.size) for other in range(one + 1, truth.size)] * rounds
    one, other = np.array(meetings).T
    edge = seat + rng.normal(0, luck, one.size)
    gap = truth[one] - truth[other] + np.subtract(*rng.normal(0, taste, (2, one.size)))
    outcome = np.concatenate([outcomes(rng, gap + edge, ties), outcomes(rng, edge - gap, ties)])
    first, second = np.concatenate([one, other]), np.concatenate([other, one])
    return from_arrays(names(truth.size), first, second, outcome, pair=np.tile(np.arange(one.size), 2))


def results(rng: np.random.Generator, truth: Floats, pairs: int, *, seat: float = 0.2) -> list[Result]:
    """Mirrored pairs of random opponents, as results."""
    played, agents = [], names(truth.size)
    for number in range(pairs):
        one, other = rng.choice(truth.size, 2, replace=False)
        for first, second in ((one, other), (other, one)):
            outcome = outcomes(rng, truth[[first]] - truth[[second]] + seat, 0.5)[0]
            played.append(Result((agents[first], agents[second]), SCORES[outcome], "chess", str(number)))
    return played
