import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from arena.rating.pentanomial import Pentanomial, Trinomial, counts
from arena.rating.report import report
from arena.rating.results import Result
from arena.rating.score import NELO, score, superiority
from arena.rating.sprt import Sprt, Verdict
from arena.rating.tally import Tally

WON, TIED, LOST = (1.0, -1.0), (0.0, 0.0), (-1.0, 1.0)
SCORES = np.linspace(0, 1, 5)


def penta(ll=0, ld=0, mid=0, wd=0, ww=0):
    return Pentanomial(ll, ld, 0, mid, wd, ww)


def trio(wins, losses, draws):
    return Trinomial(losses, draws, wins)


@pytest.mark.parametrize(
    ("model", "elo0", "elo1", "seen", "llr"),
    [
        # fastchess: two from pull requests, the rest from sprt_test.cpp
        ("normalized", 0, 2, penta(365, 16618, 36229, 16974, 390), 2.2504),
        ("normalized", 0, 2, penta(379, 10170, 21828, 10640, 343), 2.9455),
        ("normalized", -1.75, 0.25, Pentanomial(127, 4883, 10311, 401, 5150, 104), 3.0102),
        ("normalized", 0, 2, trio(36433, 36027, 68692), 0.9233),
        ("normalized", -1.75, 0.25, trio(10871, 10650, 20431), 2.2975),
        ("logistic", 0.5, 2.5, Pentanomial(223, 9863, 20279, 1000, 10037, 246), -3.0741),
        ("logistic", 0, 2, Pentanomial(871, 26175, 55003, 980, 26678, 821), -4.9787),
        ("logistic", 0.5, 2.5, trio(21404, 21184, 40708), -1.5719),
        ("logistic", 0, 2, trio(57433, 57030, 106593), -2.5930),
    ],
)
def test_ratios_agree_with_public_references(model, elo0, elo1, seen, llr):
    assert Sprt(elo0, elo1, model=model).llr(seen) == pytest.approx(llr, abs=5e-4)


@pytest.mark.parametrize(
    ("seen", "nelo", "nelo_margin", "elo", "elo_margin", "los"),
    [
        # fastchess, elo_test.cpp
        (Pentanomial(34, 54, 31, 32, 64, 75), 57.94, 28.28, 55.58, 27.65, 1.0),
        (Pentanomial(332, 433, 457, 41, 333, 334), -9.17, 10.96, -8.64, 10.33, 0.0505),
        (Pentanomial(7895, 8757, 5485, 200, 568, 9999), -19.01, 2.65, -21.04, 2.95, 0.0),
        (trio(136, 96, 111), 49.77, 36.77, 40.70, 30.43, 0.9960),
        (trio(76, 89, 123), -20.76, 40.13, None, None, 0.1553),
        (trio(34, 356, 0), -508.44, 34.48, None, None, 0.0),
        (penta(379, 10170, 21828, 10640, 343), 3.05, 2.31, None, None, None),
    ],
)
def test_estimates_agree_with_fastchess(seen, nelo, nelo_margin, elo, elo_margin, los):
    estimate = score(seen)
    assert estimate.nelo.elo == pytest.approx(nelo, abs=0.01)
    assert estimate.nelo.margin == pytest.approx(nelo_margin, abs=0.01)
    if elo is not None:
        assert estimate.elo.elo == pytest.approx(elo, abs=0.01)
        assert estimate.elo.margin == pytest.approx(elo_margin, abs=0.01)
    if los is not None:
        assert superiority(seen) == pytest.approx(los, abs=5e-5)


def likeliest(observed, ratio):
    """By a general optimiser: the highest log-likelihood with this ratio of mean to spread."""

    def chances(logits):
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()

    def surplus(logits):
        p = chances(logits)
        mean = p @ SCORES
        return mean - 0.5 - ratio * math.sqrt(p @ (SCORES - mean) ** 2)

    found = minimize(
        lambda logits: -(observed @ np.log(chances(logits) + 1e-300)),
        np.log(observed),
        constraints=[{"type": "eq", "fun": surplus}],
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    return -found.fun if found.success and abs(surplus(found.x)) < 1e-8 else None


@given(st.lists(st.integers(1, 40), min_size=5, max_size=5), st.sampled_from([(0, 10), (-20, 60), (0, 100)]))
@settings(max_examples=40, deadline=None)
def test_the_ratio_is_what_a_general_optimiser_finds(frequencies, elos):
    seen = np.array(frequencies)
    found = [likeliest(seen / seen.sum(), math.sqrt(2) * elo / NELO) for elo in elos]
    assume(None not in found)
    assert Sprt(*elos).llr(penta(*frequencies)) == pytest.approx(seen.sum() * (found[1] - found[0]), abs=1e-3)


@given(st.lists(st.integers(0, 500), min_size=5, max_size=5), st.sampled_from(["normalized", "logistic"]))
@settings(deadline=None)
def test_swapping_the_agents_and_the_hypotheses_turns_the_ratio_around(frequencies, model):
    forth = Sprt(-10, 30, model=model).llr(penta(*frequencies))
    back = Sprt(-30, 10, model=model).llr(penta(*frequencies[::-1]))
    assert forth == pytest.approx(-back, abs=1e-6)


@given(st.lists(st.integers(0, 2000), min_size=5, max_size=5), st.floats(-280, 200), st.floats(1, 100))
@settings(deadline=None)
def test_any_counts_have_a_ratio(frequencies, elo0, width):
    assert math.isfinite(Sprt(elo0, elo0 + width).llr(penta(*frequencies)))
    assert math.isfinite(Sprt(elo0, elo0 + width, model="logistic").llr(Trinomial(*frequencies[:3])))


def test_the_verdict_waits_for_enough_pairs_and_then_falls():
    sprt = Sprt(0, 100)
    assert sprt.verdict(Pentanomial()) is Verdict.CONTINUE
    assert sprt.verdict(penta(ww=15)) is Verdict.CONTINUE
    assert sprt.verdict(penta(ww=16)) is Verdict.H1
    assert sprt.verdict(penta(ll=16)) is Verdict.H0
    assert sprt.verdict(penta(10, 20, 40, 20, 10)) is Verdict.H0
    assert sprt.verdict(penta(9, 15, 40, 20, 16)) is Verdict.CONTINUE


def test_more_wins_mean_a_higher_ratio():
    ratios = [Sprt(0, 50).llr(penta(20 - wins, 20, 60, 20, 20 + wins)) for wins in range(0, 20, 4)]
    assert all(low < high for low, high in pairwise(ratios))


def errors(sprt, elo, shape, runs, seed):
    """Shares of H0 and H1 when pairs are drawn at this normalized Elo and looked at one by one."""
    shape = np.array(shape)
    ratio = math.sqrt(2) * elo / NELO
    tilt = minimize(
        lambda x: (_ratio(_tilted(shape, x[0])) - ratio) ** 2,
        [ratio],
        method="Nelder-Mead",
        options={"xatol": 1e-9},
    ).x[0]
    rng, chances, accepted = np.random.default_rng(seed), _tilted(shape, tilt), []
    for _ in range(runs):
        seen, verdict = np.zeros(5, dtype=int), Verdict.CONTINUE
        while verdict is Verdict.CONTINUE:
            seen[rng.choice(5, p=chances)] += 1
            verdict = sprt.verdict(penta(*seen.tolist()))
        accepted.append(verdict)
    return accepted.count(Verdict.H0) / runs, accepted.count(Verdict.H1) / runs


def _tilted(shape, tilt):
    weights = shape * np.exp(tilt * SCORES)
    return weights / weights.sum()


def _ratio(chances):
    mean = chances @ SCORES
    return (mean - 0.5) / math.sqrt(chances @ (SCORES - mean) ** 2)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(0.1, 0.2, 0.4, 0.2, 0.1), (0.3, 0.1, 0.2, 0.1, 0.3)])
def test_a_test_errs_about_as_rarely_as_it_says(shape):
    sprt = Sprt(0, 100)
    assert errors(sprt, 0, shape, 300, 1)[1] < 0.05 + 0.038  # three standard errors of 300 runs
    assert errors(sprt, 100, shape, 300, 2)[0] < 0.05 + 0.038
    assert errors(sprt, -60, shape, 100, 3)[1] < 0.02
    assert errors(sprt, 180, shape, 100, 4)[0] < 0.02


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"elo0": 5, "elo1": 0}, "elo0=5 is not below elo1=0"),
        ({"elo0": 5, "elo1": 5}, "elo0=5 is not below elo1=5"),
        ({"elo0": 0, "elo1": float("inf")}, "expected finite numbers"),
        ({"elo0": 0, "elo1": 5, "alpha": 0.0}, "alpha=0.0: expected an error rate"),
        ({"elo0": 0, "elo1": 5, "beta": 1.0}, "beta=1.0: expected an error rate"),
        ({"elo0": 0, "elo1": 5, "alpha": 0.5, "beta": 0.5}, "add up to 1 or more"),
        ({"elo0": 0, "elo1": 5, "model": "bayesian"}, "expected 'normalized' or 'logistic'"),
        ({"elo0": 0, "elo1": 500}, "within ±300 normalized Elo"),
        ({"elo0": 0, "elo1": 5, "least": 0}, "least=0"),
    ],
)
def test_contradictory_bounds_are_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        Sprt(**fields)


def test_counts_come_from_pairs_as_the_named_agent_sees_them():
    legs = [
        (WON, LOST),  # (a, b) won by a, (b, a) lost by b: two wins of a
        (WON, WON),
        (TIED, TIED),
        (TIED, LOST),
        (LOST, TIED),
        (LOST, WON),
    ]
    played = [
        Result(seats, payoff, "g", str(pair))
        for pair, both in enumerate(legs)
        for seats, payoff in zip((("a", "b"), ("b", "a")), both, strict=True)
    ]
    games = Tally([*played, Result(("a", "b"), WON, "g"), Result(("a", "c"), WON, "g")]).games()
    assert counts(games, "a", "b") == Pentanomial(ll=1, ld=1, wl=1, dd=1, wd=1, ww=1)
    assert counts(games, "b", "a") == Pentanomial(ll=1, ld=1, wl=1, dd=1, wd=1, ww=1)
    more = Tally([*played, *(Result(r.agents, r.payoff, "h", r.pair) for r in played[:2])]).games()
    assert counts(more, "a", "b") == Pentanomial(ll=1, ld=1, wl=1, dd=1, wd=1, ww=2)
    assert counts(more, "b", "a") == Pentanomial(ll=2, ld=1, wl=1, dd=1, wd=1, ww=1)
    assert counts(more, "a", "b").trinomial == Trinomial(losses=4, draws=4, wins=6)


def test_without_pairs_single_games_are_counted():
    games = Tally([Result(("a", "b"), WON), Result(("b", "a"), WON), Result(("a", "b"), TIED)]).games()
    assert counts(games, "a", "b") == Trinomial(losses=1, draws=1, wins=1)
    with pytest.raises(ValueError, match="'c' never played"):
        counts(games, "a", "c")
    with pytest.raises(ValueError, match="itself"):
        counts(games, "a", "a")


def test_nothing_counted_has_no_estimate_and_no_evidence():
    assert Sprt(0, 5).llr(Pentanomial()) == 0
    with pytest.raises(ValueError, match="no result was counted"):
        score(Pentanomial())
    with pytest.raises(ValueError, match="none negative"):
        Trinomial(-1, 0, 0)


def test_equal_scores_show_no_spread_so_the_error_is_infinite():
    assert score(penta(ww=9)).elo == (math.inf, math.inf)
    assert score(penta(mid=9)).elo == (0, math.inf)
    assert score(penta(mid=9)).nelo == (0, math.inf)
    assert superiority(penta(ww=9)) > 0.99
    assert superiority(penta(mid=9)) == pytest.approx(0.5)


def test_the_report_shows_the_estimate_apart_from_the_verdict():
    seen = Pentanomial(34, 54, 31, 32, 64, 75)
    assert report("new", "base", seen, Sprt(0, 10), "chess") == (
        "Results of new vs base (chess):\n"
        "Elo: 55.58 +/- 27.65, nElo: 57.94 +/- 28.28\n"
        "LOS: 100.00%, DrawRatio: 21.72%, PairsRatio: 1.58\n"
        "Games: 580, Wins: 245, Losses: 153, Draws: 182, Points: 336.0 (57.93%)\n"
        "Ptnml(0-2): [34, 54, 63, 64, 75], WL/DD Ratio: 0.97\n"
        "\n"
        "LLR: 2.48 (84.4%) (-2.94, 2.94) [0.00, 10.00] normalized\n"
        "Verdict: continue"
    )


def test_the_report_says_when_a_verdict_must_wait():
    lines = report("new", "base", penta(ww=12), Sprt(0, 70)).splitlines()
    assert lines[1] == "Elo: inf +/- inf, nElo: inf +/- inf"
    assert lines[-1] == "Verdict: continue (no verdict for another 4)"


def test_a_report_of_single_games_has_no_pairs():
    text = report("new", "base", trio(50, 34, 20), Sprt(0, 70))
    assert "Ptnml" not in text
    assert "PairsRatio" not in text
    assert "Games: 104, Wins: 50, Losses: 34, Draws: 20, Points: 60.0 (57.69%)" in text
