import numpy as np
import pytest

from arena.rating.bradley_terry import fit
from arena.rating.scale import Z95

from .rating_tables import tournament

NARROWEST, WIDEST = 0.93, 0.97


def coverage(seed, size, rounds, repeats, **world):
    """How often 95% intervals of ratings, and of differences of neighbours, hold the truth.

    Where scenarios add noise that the model does not know, the truth is what it says of endless results.
    """
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 0.8, size)
    truth = strength - strength.mean()
    if "luck" in world or "taste" in world:
        truth = fit(tournament(rng, strength, 60_000 // size, **world)).ratings.logits
    held, apart = [], []
    for _ in range(repeats):
        ratings = fit(tournament(rng, strength, rounds, **world)).ratings
        off = ratings.logits - truth
        held.append(np.abs(off) < Z95 * np.sqrt(ratings.sandwich.variances[:size]))
        errors = [np.sqrt(ratings.sandwich.contrast(place, place + 1)) for place in range(size - 1)]
        apart.append(np.abs(np.diff(off)) < Z95 * np.array(errors))
    return float(np.mean(held)), float(np.mean(apart))


def test_intervals_hold_the_truth_as_often_as_they_say():
    held, apart = coverage(1, 8, 5, 500)
    assert NARROWEST < held < WIDEST
    assert NARROWEST < apart < WIDEST


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "rounds", "world"),
    [
        (6, 2, {}),
        (8, 4, {}),
        (8, 20, {}),
        (20, 3, {}),
        (8, 10, {"ties": 4.0}),
        (8, 10, {"ties": 0.0}),
        (8, 10, {"seat": 1.0}),
        (8, 10, {"luck": 2.0}),
        (8, 10, {"taste": 1.0}),
        (12, 2, {"luck": 1.0, "taste": 0.5}),
    ],
)
def test_intervals_hold_in_small_and_large_tables_and_with_luck(size, rounds, world):
    held, apart = coverage(2, size, rounds, 800, **world)
    assert NARROWEST < held < WIDEST
    assert NARROWEST < apart < WIDEST


@pytest.mark.slow
def test_errors_that_ignore_pairs_would_be_wrong_where_scenarios_bring_luck():
    rng, truth = np.random.default_rng(3), np.linspace(-1, 1, 8)
    widths = []
    for _ in range(50):
        games = tournament(rng, truth, 10, luck=2.0)
        alone = [
            np.where(games.code < 9, part, games.code) for part in (9 + games.code // 3, 12 + games.code % 3)
        ]
        columns = (np.concatenate([column, column]) for column in (games.game, games.low, games.high))
        codes, counts = np.concatenate(alone), np.concatenate([games.count] * 2)
        order = np.lexsort((codes, *(np.concatenate([c, c]) for c in (games.high, games.low, games.game))))
        torn = type(games)(
            games.agents, games.games, *(c[order] for c in columns), codes[order], counts, counts
        )
        widths.append([fit(each).ratings.of(games.agents[0]).error for each in (games, torn)])
    paired, unpaired = np.mean(widths, axis=0)
    assert unpaired > 1.15 * paired
