from itertools import permutations

import choix
import numpy as np
import pytest

from arena.rating import bradley_terry
from arena.rating.plackett_luce import fit
from arena.rating.prior import Anchor
from arena.rating.results import Result
from arena.rating.scale import ELO, Z95
from arena.rating.tally import Tally

from .rating_tables import names, results

TRUTH = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])


def rankings(rng, matches, seats=4, worth=(0.0, 0.0, 0.0, 0.0)):
    """Matches of random agents in random seats, without ties."""
    played = []
    for _ in range(matches):
        table = rng.choice(TRUTH.size, seats, replace=False)
        payoff = TRUTH[table] + np.array(worth[:seats]) + rng.gumbel(size=seats)
        played.append(Result(tuple(names(5)[agent] for agent in table), tuple(payoff.tolist()), "poker"))
    return played


def test_two_seats_give_what_bradley_terry_gives():
    played = results(np.random.default_rng(1), TRUTH, 300)
    luce, terry = fit(played), bradley_terry.fit(Tally(played).games())
    assert luce.ratings.logits == pytest.approx(terry.ratings.logits, abs=1e-4)
    for agent in names(5):
        assert luce.ratings.of(agent).error == pytest.approx(terry.ratings.of(agent).error, rel=0.01)
    gap = luce.seats[0].advantage.elo - luce.seats[1].advantage.elo
    assert gap == pytest.approx(terry.seatings[0].advantage.elo, abs=0.2)


def test_rankings_without_ties_agree_with_choix():
    played = rankings(np.random.default_rng(2), 120)
    order = [sorted(range(4), key=lambda seat, r=result: -r.payoff[seat]) for result in played]
    data = [
        tuple(names(5).index(r.agents[seat]) for seat in seats)
        for r, seats in zip(played, order, strict=True)
    ]
    theirs = choix.opt_rankings(5, data, alpha=0.025, tol=1e-10)  # its alpha is half our strength
    assert fit(played, seat_worths=False).ratings.logits == pytest.approx(theirs, abs=1e-5)
    theirs = choix.ilsr_rankings(5, data)
    assert fit(played, prior=1e-9, seat_worths=False).ratings.logits == pytest.approx(theirs, abs=1e-5)


def test_seats_that_are_worth_more_are_found_out():
    played = rankings(np.random.default_rng(3), 4000, worth=(0.6, 0.2, -0.2, -0.6))
    model = fit(played)
    assert model.ratings.logits == pytest.approx(TRUTH, abs=0.15)
    assert [seat.advantage.elo / ELO for seat in model.seats] == pytest.approx(
        [0.6, 0.2, -0.2, -0.6], abs=0.12
    )
    assert [seat.seat for seat in model.seats] == [0, 1, 2, 3]


def test_intervals_hold_the_truth():
    rng, held = np.random.default_rng(4), []
    for _ in range(150):
        model = fit(rankings(rng, 60))
        held.append(
            np.abs(model.ratings.logits - TRUTH) < Z95 * np.sqrt(model.ratings.sandwich.variances[:5])
        )
    assert 0.92 < np.mean(held) < 0.98


def test_ties_draw_agents_together_and_winners_apart():
    always = [Result(seats, (1.0, 1.0, -1.0)) for seats in (("a", "b", "c"), ("b", "a", "c"))] * 10
    one, other, last = (fit(always).ratings.of(agent).elo for agent in "abc")
    assert one == pytest.approx(other, abs=1e-6)
    assert last < one - 200
    better = fit([*always, Result(("a", "b", "c"), (1.0, 0.0, -1.0))]).ratings
    assert better.difference("a", "b").elo > 0


def test_all_tied_makes_everyone_equal():
    assert fit([Result(("a", "b", "c"), (0.0, 0.0, 0.0))] * 5).ratings.logits == pytest.approx(
        np.zeros(3), abs=1e-6
    )


def test_agents_of_any_name_and_results_in_any_order_get_the_same_ratings():
    played = rankings(np.random.default_rng(5), 60)
    before = fit(played)
    turned = [Result(tuple(f"x{9 - int(a[-1])}" for a in r.agents), r.payoff, r.game) for r in played[::-1]]
    after = fit(turned)
    for agent in names(5):
        assert after.ratings.of(f"x{9 - int(agent[-1])}") == pytest.approx(before.ratings.of(agent), abs=1e-4)


def test_matches_of_one_pair_are_one_cluster():
    seatings = list(permutations(("a", "b", "c")))
    payoff = {"a": 1.0, "b": 0.0, "c": -1.0}
    mixed = {"a": -1.0, "b": 1.0, "c": 0.0}
    played = [
        Result(seats, tuple((payoff if block % 3 else mixed)[agent] for agent in seats), "g", str(block))
        for block in range(12)
        for seats in seatings
    ]
    apart = [Result(r.agents, r.payoff, r.game) for r in played]
    assert fit(played).ratings.of("a").error > 1.8 * fit(apart).ratings.of("a").error


def test_games_of_two_and_more_seats_share_one_scale():
    rng = np.random.default_rng(6)
    played = [*results(rng, TRUTH, 1000), *rankings(rng, 800)]
    assert fit(played).ratings.logits == pytest.approx(TRUTH, abs=0.15)
    assert {seat.game for seat in fit(played).seats} == {"chess", "poker"}


def test_void_results_are_left_out_and_anchors_hold():
    played = [*rankings(np.random.default_rng(7), 60), Result(("ghost", "a", "b"), kind="void")]
    model = fit(played, anchors=[Anchor(names(5)[0], 100)])
    assert "ghost" not in model.ratings.agents
    assert model.ratings.of(names(5)[0]) == pytest.approx((100, 0))


def test_clear_errors():
    with pytest.raises(ValueError, match="no agent has a rated result"):
        fit([])
    with pytest.raises(ValueError, match="anchor 'random' never played"):
        fit(rankings(np.random.default_rng(8), 5), anchors=[Anchor("random", 0)])
    crowd = tuple(f"s{seat}" for seat in range(16))
    with pytest.raises(ValueError, match="ties of up to 8 among 16 seats"):
        fit([Result(crowd, (1.0,) * 8 + (-1.0,) * 8)])
