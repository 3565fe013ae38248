import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.rating.eprocess import EProcess


def test_wealth_follows_the_bets_by_hand():
    start = EProcess()
    assert start.bet == 0  # nothing is known yet
    first = start.after([1.0])
    assert first.wealth == 1
    # seen: ½ and 1, so mean ¾; variance (¼ + ¼ + 1)/2 − ¾² = 3/16; λ = ¼ / (3/16 + 1/16) = 1
    assert first.bet == pytest.approx(1.0)
    assert first.after([0.75]).wealth == pytest.approx(1.25)
    assert first.after([0.0]).wealth == pytest.approx(0.5)


def test_bets_never_use_the_score_they_are_made_on():
    scores = [1.0, 0.5, 0.75, 1.0, 0.0, 1.0]
    process, wealth = EProcess(), 1.0
    for score in scores:
        wealth *= 1 + process.bet * (score - 0.5)
        process = process.after([score])
    assert process.wealth == pytest.approx(wealth)
    assert process == EProcess().after(scores)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), max_size=60), st.sampled_from([0.2, 0.5, 0.6]))
def test_wealth_stays_positive_and_the_p_value_never_rises(scores, null):
    process, least = EProcess(null), 1.0
    for score in scores:
        process = process.after([score])
        assert process.wealth > 0
        assert process.p_value <= least
        least = process.p_value


@given(st.floats(0.05, 0.95), st.integers(0, 20), st.integers(0, 20))
def test_the_next_bet_is_fair_at_the_null(null, wins, losses):
    process = EProcess(null).after([1.0] * wins + [0.0] * losses)
    won, lost = (process.after([score]).wealth for score in (1.0, 0.0))
    assert null * won + (1 - null) * lost == pytest.approx(process.wealth)


def test_a_clear_winner_is_found_and_stays_found():
    process = EProcess().after([1.0, 0.75, 0.5, 1.0] * 8)
    assert process.rejects()
    assert process.after([0.0] * 20).rejects()
    assert not EProcess().after([0.0] * 50).rejects(0.9)


def test_looking_after_every_pair_errs_no_more_often_than_stated():
    rng = np.random.default_rng(0)
    scores = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], p=[0.15, 0.2, 0.3, 0.2, 0.15], size=(300, 300))
    wrong = np.mean([EProcess().after(run.tolist()).rejects(0.05) for run in scores])
    assert wrong <= 0.05
    better = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], p=[0.05, 0.15, 0.3, 0.3, 0.2], size=(100, 300))
    assert np.mean([EProcess().after(run.tolist()).rejects(0.05) for run in better]) > 0.95


def test_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="null=1"):
        EProcess(null=1.0)
    with pytest.raises(ValueError, match=r"score=1\.5"):
        EProcess().after([1.5])
    with pytest.raises(ValueError, match="alpha=0"):
        EProcess().rejects(0)
