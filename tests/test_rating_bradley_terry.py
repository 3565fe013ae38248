import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.rating.bradley_terry import fit
from arena.rating.games import from_arrays
from arena.rating.prior import Anchor
from arena.rating.results import Result
from arena.rating.scale import ELO
from arena.rating.tally import Tally

from .rating_tables import SCORES, names, outcomes, results, tournament

WON, TIED, LOST = (1.0, -1.0), (0.0, 0.0), (-1.0, 1.0)
TRUTH = np.linspace(-1.5, 1.5, 7)


def fitted(played, **options):
    return fit(Tally(played).games(), **options)


def elo(model, agent):
    return model.ratings.of(agent).elo


@pytest.fixture(scope="module")
def unpaired():
    """Indices and outcomes of games of random opponents without an advantage of a seat."""
    rng = np.random.default_rng(2)
    first = rng.integers(0, 8, 3000)
    second = (first + rng.integers(1, 8, 3000)) % 8
    truth = rng.normal(0, 0.7, 8)
    return first, second, outcomes(rng, truth[first] - truth[second], 0.6)


def test_ties_agree_with_evalica(unpaired):
    first, second, outcome = unpaired
    model = fit(from_arrays(names(8), first, second, outcome), prior=1e-9, first_seat=False)
    winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[index] for index in outcome]
    sides = ([names(8)[index] for index in side] for side in (first, second))
    other = evalica.newman(*sides, winners, tolerance=1e-12, limit=10_000)
    theirs = np.log(other.scores[names(8)].to_numpy())
    assert model.ratings.logits == pytest.approx(theirs - theirs.mean(), abs=1e-7)
    assert model.seatings[0].ties == pytest.approx(2 * other.v, abs=1e-7)  # Newman's ν counts each tie twice


def test_games_without_ties_agree_with_evalica_and_choix(unpaired):
    first, second, outcome = (column[unpaired[2] != 1] for column in unpaired)
    games = from_arrays(names(8), first, second, outcome)
    model = fit(games, prior=1e-9, first_seat=False)
    winners = [evalica.Winner.X if index else evalica.Winner.Y for index in outcome]
    sides = ([names(8)[index] for index in side] for side in (first, second))
    theirs = np.log(
        evalica.bradley_terry(*sides, winners, tolerance=1e-12, limit=10_000).scores[names(8)].to_numpy()
    )
    assert model.ratings.logits == pytest.approx(theirs - theirs.mean(), abs=1e-7)
    won = [
        (one, other) if index else (other, one)
        for one, other, index in zip(first, second, outcome, strict=True)
    ]
    theirs = choix.ilsr_pairwise(8, won)
    assert model.ratings.logits == pytest.approx(theirs - theirs.mean(), abs=1e-7)
    theirs = choix.opt_pairwise(8, won, alpha=0.025, tol=1e-10)  # its alpha is half our strength
    assert fit(games, prior=0.05, first_seat=False).ratings.logits == pytest.approx(theirs, abs=1e-6)


def test_the_truth_comes_back_from_many_games():
    games = tournament(np.random.default_rng(0), TRUTH, 2000, seat=0.3, ties=0.8)
    model = fit(games)
    assert model.ratings.logits == pytest.approx(TRUTH, abs=0.05)
    assert model.seatings[0].ties == pytest.approx(0.8, abs=0.02)
    assert model.seatings[0].advantage.elo == pytest.approx(0.3 * ELO, abs=2)


def test_each_game_has_its_own_seat_and_ties_but_ratings_are_shared():
    played = [
        *(Result(("a", "b"), WON, "tic", str(index)) for index in range(40)),
        *(Result(("b", "a"), WON, "tic", str(index)) for index in range(40)),
        *(Result(("a", "b"), TIED, "chess") for _ in range(20)),
        *(Result(("a", "b"), WON, "chess") for _ in range(10)),
        *(Result(("a", "b"), LOST, "chess") for _ in range(10)),
    ]
    model = fitted(played)
    assert model.seating("tic").advantage.elo > 400
    assert model.seating("tic").ties == 0
    assert abs(model.seating("chess").advantage.elo) < 40
    assert model.chances("a", "b", "chess").tie == pytest.approx(0.5, abs=0.01)
    assert model.expected("a", "b", "chess") == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="'chess', 'tic'"):
        model.expected("a", "b")


def test_expected_scores_are_those_that_were_seen():
    games = tournament(np.random.default_rng(1), TRUTH, 100)
    model = fit(games, prior=1e-6)
    expected = [
        sum(model.expected(one, other) for other in games.agents if other != one) for one in games.agents
    ]
    codes = np.arange(9)
    score = np.bincount(
        games.low, weights=games.count * (codes // 3 + codes % 3)[games.code] / 2, minlength=7
    )
    score += np.bincount(
        games.high, weights=games.count * (4 - codes // 3 - codes % 3)[games.code] / 2, minlength=7
    )
    assert np.array(expected) * 200 == pytest.approx(score, abs=1e-2)


@given(st.permutations(range(5)))
@settings(max_examples=20, deadline=None)
def test_renaming_agents_renames_ratings(order):
    played = results(np.random.default_rng(4), np.linspace(-1, 1, 5), 60)
    new = dict(
        zip(names(5), (f"{place}{name}" for place, name in zip(order, names(5), strict=True)), strict=True)
    )
    renamed = [Result(tuple(new[a] for a in r.agents), r.payoff, r.game, r.pair) for r in played]
    before, after = fitted(played), fitted(renamed)
    for agent in names(5):
        assert after.ratings.of(new[agent]) == pytest.approx(before.ratings.of(agent), abs=1e-6)


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_results_does_not_matter(random):
    played = results(np.random.default_rng(5), np.linspace(-1, 1, 5), 40)
    one, other = fitted(played), fitted(random.sample(played, len(played)))
    assert (one.ratings.logits == other.ratings.logits).all()


def test_swapping_all_seats_turns_the_advantage_around_and_nothing_else():
    played = results(np.random.default_rng(6), np.linspace(-1, 1, 5), 60)
    swapped = [Result(r.agents[::-1], r.payoff[::-1], r.game, r.pair) for r in played]
    one, other = fitted(played), fitted(swapped)
    assert other.ratings.logits == pytest.approx(one.ratings.logits, abs=1e-6)
    assert other.seatings[0].advantage.elo == pytest.approx(-one.seatings[0].advantage.elo, abs=1e-3)
    assert other.ratings.of(names(5)[0]).error == pytest.approx(one.ratings.of(names(5)[0]).error, abs=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_draw_brings_two_agents_nearer_and_a_win_lifts_the_winner(seed):
    played = results(np.random.default_rng(seed), np.linspace(-1, 1, 5), 40)
    before = fitted(played)
    best, worst = (names(5)[int(pick(before.ratings.logits))] for pick in (np.argmax, np.argmin))
    gap = before.ratings.difference(best, worst).elo
    tied = [Result((best, worst), TIED, "chess", "x"), Result((worst, best), TIED, "chess", "x")]
    assert fitted([*played, *tied]).ratings.difference(best, worst).elo < gap
    won = Result((best, worst), WON, "chess")
    assert fitted([*played, won]).ratings.difference(best, worst).elo > gap


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_results_of_two_agents_or_more_can_be_rated(meetings):
    agents = {name for meeting in meetings for name in meeting[:2]}
    played = [Result((f"{a}", f"{b}"), SCORES[outcome]) for a, b, outcome in meetings]
    if len(agents) < 2:
        with pytest.raises(ValueError, match="two agents or more"):
            fitted(played)
        return
    model = fitted(played)
    estimates = [model.ratings.of(agent) for agent in model.ratings.agents]
    assert all(np.isfinite(estimate.elo) and 0 < estimate.error < 2000 for estimate in estimates)
    assert sum(estimate.elo for estimate in estimates) == pytest.approx(0, abs=1e-3)


def test_more_games_from_a_warm_start_end_where_a_cold_start_does():
    played = results(np.random.default_rng(7), np.linspace(-1, 1, 6), 200)
    tally = Tally(played[:-1])
    before = fit(tally.games())
    tally.add(played[-1])
    tally.add(Result(("newcomer", names(6)[0]), WON, "go"))
    warm, cold = fit(tally.games(), start=before), fit(tally.games())
    assert warm.ratings.logits == pytest.approx(cold.ratings.logits, abs=1e-6)
    assert warm.ratings.sandwich.variances == pytest.approx(cold.ratings.sandwich.variances, rel=1e-3)
    assert fit(tally.games(), start=cold).steps == 1


def test_an_agent_that_won_everything_is_rated_with_wide_errors():
    others = results(np.random.default_rng(8), np.zeros(4), 50)
    sweep = [Result(("champion", agent), WON, "chess") for agent in names(4)] * 3
    model = fitted([*others, *sweep])
    champion = model.ratings.of("champion")
    assert 400 < champion.elo < 2000
    assert champion.error > 150
    assert champion.error > 3 * model.ratings.of(names(4)[0]).error


def test_pools_that_never_met_differ_by_no_more_than_the_prior_knows():
    played = [*results(np.random.default_rng(9), np.zeros(3), 100)]
    other = [Result(tuple(f"b{a}" for a in r.agents), r.payoff, r.game, f"b{r.pair}") for r in played]
    model = fitted(played + other)
    one = names(3)[0]
    assert model.ratings.difference(one, names(3)[1]).error < 50
    assert model.ratings.difference(one, f"b{one}").error > 300


def test_all_draws_make_everyone_equal():
    model = fitted([Result(pair, TIED) for pair in (("a", "b"), ("b", "c"), ("c", "a"))] * 10)
    assert model.ratings.logits == pytest.approx(np.zeros(3), abs=1e-6)
    assert model.chances("a", "b").tie > 0.9


def test_matches_of_an_agent_with_itself_tell_about_seats_only():
    played = results(np.random.default_rng(10), np.linspace(-1, 1, 3), 40)
    mirror = [Result((names(3)[2],) * 2, WON, "chess") for _ in range(12)]
    without, model = fitted(played), fitted([*played, *mirror])
    assert model.seatings[0].advantage.elo > without.seatings[0].advantage.elo + 10
    assert model.ratings.difference(names(3)[0], names(3)[1]).elo == pytest.approx(
        without.ratings.difference(names(3)[0], names(3)[1]).elo, abs=10
    )


def test_a_fixed_anchor_keeps_its_rating_and_moves_the_others_with_it():
    played = results(np.random.default_rng(11), np.linspace(-1, 1, 4), 100)
    free = fitted(played)
    low, high = (fitted(played, anchors=[Anchor(names(4)[0], at)]) for at in (0, 2500))
    assert low.ratings.of(names(4)[0]) == (0, 0)
    assert high.ratings.logits - low.ratings.logits == pytest.approx(np.full(4, 2500 / ELO), abs=1e-6)
    for agent in names(4)[1:]:
        gap = free.ratings.difference(agent, names(4)[0])
        assert low.ratings.of(agent).elo == pytest.approx(gap.elo, abs=1e-3)
        assert low.ratings.of(agent).error == pytest.approx(gap.error, rel=0.03)


def test_a_loose_anchor_gives_way_to_many_results():
    played = results(np.random.default_rng(12), np.array([0.0, 0.0, 0.0]), 400)
    anchors = [Anchor(names(3)[0], 0), Anchor(names(3)[1], 300, error=200)]
    model = fitted(played, anchors=anchors)
    assert elo(model, names(3)[1]) == pytest.approx(0, abs=60)
    tight = fitted(played, anchors=[anchors[0], Anchor(names(3)[1], 300, error=0.1)])
    assert elo(tight, names(3)[1]) == pytest.approx(300, abs=1)


def test_clear_errors():
    duel = [Result(("a", "b"), WON)]
    for played, options, said in (
        ([], {}, "no agent has a rated result"),
        ([Result(("a", "a"), WON)], {}, "only 'a' has a rated result: a rating compares two agents or more"),
        (duel, {"anchors": [Anchor("random", 0)]}, "anchor 'random' never played; these did: 'a', 'b'"),
        (duel, {"anchors": [Anchor("a", 0), Anchor("a", 1)]}, "anchor 'a' stands twice"),
        (duel, {"prior": 0.0}, "prior=0.0: expected a positive"),
    ):
        with pytest.raises(ValueError, match=said):
            fitted(played, **options)
    with pytest.raises(ValueError, match="expected a finite rating"):
        Anchor("a", float("nan"))
    with pytest.raises(ValueError, match="positive error"):
        Anchor("a", 0, error=-1)
    with pytest.raises(ValueError, match="'c' is not rated; these are: 'a', 'b'"):
        fitted(duel).ratings.of("c")


def test_weights_count_like_repeated_games():
    played = results(np.random.default_rng(13), np.linspace(-1, 1, 3), 30)
    heavy = [Result(r.agents, r.payoff, r.game, r.pair, weight=3.0) for r in played]
    again = [Result(r.agents, r.payoff, r.game, f"{r.pair}/{copy}") for r in played for copy in range(3)]
    assert fitted(heavy).ratings.logits == pytest.approx(fitted(again).ratings.logits, abs=1e-6)
    errors = [fitted(each).ratings.of(names(3)[0]).error for each in (heavy, again)]
    assert errors[0] > 1.5 * errors[1]  # copies are no new evidence, and weights do not pretend to be
