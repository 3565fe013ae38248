import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.rating.bradley_terry import fit
from arena.rating.games import from_arrays
from arena.rating.intransitivity import equilibrium, g_test, nash
from arena.rating.results import Result
from arena.rating.scale import ELO
from arena.rating.tally import Tally

from .rating_tables import names, outcomes, tournament

WON, TIED, LOST = (1.0, -1.0), (0.0, 0.0), (-1.0, 1.0)
CIRCLE = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


def circular(rng, size, cycle, rounds):
    """Games in which every pairing departs from the ratings by a number of deviation `cycle`."""
    truth = rng.normal(0, 0.5, size)
    one, other = np.array([(a, b) for a in range(size) for b in range(a + 1, size)]).T
    gap = np.tile(truth[one] - truth[other] + rng.normal(0, cycle, one.size), rounds)
    first, second = np.tile(one, rounds), np.tile(other, rounds)
    return from_arrays(names(size), first, second, outcomes(rng, gap, 0.5))


def p_values(repeats, make):
    found = []
    for _ in range(repeats):
        games = make()
        found.append(g_test(games, fit(games)).p_value)
    return np.array(found)


def test_the_g_test_rejects_transitive_results_as_often_as_it_should():
    rng = np.random.default_rng(1)
    found = p_values(300, lambda: tournament(rng, rng.normal(0, 0.5, 8), 20))
    assert 0.02 < (found < 0.05).mean() < 0.09
    assert 0.4 < found.mean() < 0.6


def test_the_g_test_finds_circles():
    rng = np.random.default_rng(2)
    assert (p_values(40, lambda: circular(rng, 8, 0.6, 60)) < 0.01).mean() > 0.9


def test_the_g_test_by_hand_without_ties_and_seats():
    counts = {("a", "b"): (8, 2), ("b", "c"): (7, 3), ("c", "a"): (6, 4)}
    played = [
        Result(pair, payoff)
        for pair, both in counts.items()
        for payoff, times in zip((WON, LOST), both, strict=True)
        for _ in range(times)
    ]
    games = Tally(played).games()
    model = fit(games, prior=1e-9, first_seat=False)
    gained = 0.0
    for (one, other), (won, lost) in counts.items():
        expected = model.expected(one, other)
        gained += 2 * (won * np.log(won / 10 / expected) + lost * np.log(lost / 10 / (1 - expected)))
    test = g_test(games, model)
    assert test.statistic == pytest.approx(gained, abs=1e-6)
    assert test.freedom == 1


def test_results_that_leave_nothing_to_test_pass():
    games = Tally([Result(("a", "b"), WON), Result(("c", "d"), TIED), Result(("a", "a"), WON)]).games()
    test = g_test(games, fit(games))
    assert (test.freedom, test.p_value) == (0, 1.0)


def test_a_pairing_won_by_one_side_alone_has_a_finite_statistic():
    cycle = [Result(pair, WON) for pair in (("a", "b"), ("b", "c"), ("c", "a"))] * 20
    games = Tally(cycle).games()
    test = g_test(games, fit(games, first_seat=False))
    assert test.statistic == pytest.approx(2 * 60 * np.log(2), rel=1e-3)
    assert test.p_value < 1e-6


def test_a_circle_is_mixed_evenly_and_copies_share_their_weight():
    assert equilibrium(CIRCLE) == pytest.approx(np.full(3, 1 / 3), abs=1e-9)
    copies = [0, 0, 0, 1, 2]
    mixture = equilibrium(CIRCLE[np.ix_(copies, copies)])
    assert mixture == pytest.approx([1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3], abs=1e-6)


def test_the_best_take_all_and_equals_share():
    ratings = np.array([3.0, 2.0, 1.0])
    assert equilibrium(ratings[:, None] - ratings) == pytest.approx([1, 0, 0], abs=1e-9)
    ratings = np.array([3.0, 3.0, 1.0])
    assert equilibrium(ratings[:, None] - ratings) == pytest.approx([0.5, 0.5, 0], abs=1e-9)
    assert equilibrium(np.zeros((4, 4))) == pytest.approx(np.full(4, 0.25))


@given(st.integers(2, 12), st.integers(0, 10_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_nobody_beats_the_mixture(size, seed, doubled):
    payoff = np.random.default_rng(seed).normal(size=(size, size))
    payoff -= payoff.T
    if doubled:
        twice = np.repeat(np.arange(size), 2)
        payoff = payoff[np.ix_(twice, twice)]
    mixture = equilibrium(payoff)
    assert mixture.sum() == pytest.approx(1)
    assert (mixture >= 0).all()
    assert (payoff @ mixture).max() < 1e-6
    if doubled:
        assert mixture[::2] == pytest.approx(mixture[1::2], abs=1e-4)


def test_copies_change_bradley_terry_but_not_the_mixture():
    kinds = {"rock1": 0, "rock2": 0, "rock3": 0, "scissors": 1, "paper": 2}
    beats = {(0, 1), (1, 2), (2, 0)}
    played = []
    for one, kind in kinds.items():
        for other, its in kinds.items():
            if one == other:
                continue
            often = [WON] * 75 + [LOST] * 25 if (kind, its) in beats else [LOST] * 75 + [WON] * 25
            played += [
                Result((one, other), payoff) for payoff in (often if kind != its else [WON, LOST] * 50)
            ]
    games = Tally(played).games()
    model = fit(games)
    assert model.ratings.of("paper").elo > 50
    assert model.ratings.of("scissors").elo < -50
    assert g_test(games, model).p_value < 1e-6
    averaged = nash(games, model)
    weight = dict(zip(averaged.agents, averaged.weights.tolist(), strict=True))
    assert weight["paper"] == pytest.approx(1 / 3, abs=0.01)
    assert weight["scissors"] == pytest.approx(1 / 3, abs=0.01)
    assert averaged.skill == pytest.approx(np.zeros(5), abs=1)


def test_without_circles_the_mixture_is_the_best_agent_and_skill_the_distance_to_it():
    games = tournament(np.random.default_rng(3), np.array([0.0, 1.0, 3.0]), 400)
    averaged = nash(games, fit(games))
    assert averaged.weights == pytest.approx([0, 0, 1], abs=1e-9)
    assert averaged.skill == pytest.approx([-3 * ELO, -2 * ELO, 0], abs=60)
    with pytest.raises(ValueError, match="prior=0"):
        nash(games, fit(games), prior=0)
