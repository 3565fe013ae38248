from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations, islice, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from arena.load import LoadedGame
from arena.seeding import derive
from arena.tournament.openings import Openings
from arena.tournament.schedule import (
    Contest,
    Fixed,
    Knockout,
    Ladder,
    League,
    Played,
    Swiss,
    gauntlet,
    leading,
    meetings,
    round_robin,
)
from arena.tournament.schedule.knockout import bracket
from arena.tournament.schedule.league import priority
from arena.tournament.schedule.matching import pair_up
from arena.tournament.schedule.tables import Tables, combination
from tests.tiny import Count, Match2

COUNT = LoadedGame("count", Count(), {"goal": 5, "opening": 0})
OTHER = LoadedGame("count", Count(goal=7), {"goal": 7})
THREE = LoadedGame("match2", Match2(), {})
NAMES = [f"a{number}" for number in range(40)]

seeds = st.integers(0, 2**63 - 1)
two_seated = st.builds(
    Contest,
    st.sampled_from([(COUNT,), (COUNT, OTHER)]),
    seeds,
    pairs=st.integers(1, 2),
    duplicate=st.booleans(),
)
contests = st.builds(
    Contest,
    st.sampled_from([(COUNT,), (COUNT, OTHER), (THREE,), (COUNT, THREE, OTHER)]),
    seeds,
    pairs=st.integers(1, 3),
    duplicate=st.booleans(),
)
fields = st.integers(2, 13).map(lambda size: tuple(NAMES[:size]))


def agent_groups(least=3):
    return st.integers(least, 7).map(lambda size: tuple(NAMES[:size]))


fixed = st.one_of(
    st.builds(round_robin, contests, agent_groups(), st.integers(1, 3)),
    st.builds(gauntlet, contests, agent_groups(4), st.integers(1, 3), challengers=st.integers(1, 2)),
)


def luck(seed, *, void=0.0, draws=0.3):
    """Results that depend on the fixture alone."""

    def result(fixture):
        rng = Random(derive(seed, fixture.key))
        if rng.random() < void:
            return {}
        first = 0.0 if rng.random() < draws else rng.choice([1.0, -1.0])
        one, other = fixture.seats
        return {one: first, other: -first}

    return result


def by_strength(fixture):
    """The agent with the smaller number wins."""
    ranks = {seat: NAMES.index(agent) for seat, agent in fixture.seats.items()}
    return {seat: 1.0 if rank == min(ranks.values()) else -1.0 for seat, rank in ranks.items()}


def drawn(fixture):
    return dict.fromkeys(fixture.seats, 0.0)


def played_out(schedule, result, order=None):
    """All batches, and all that was played; `order` shuffles the results within a batch."""
    batches, past = [], []
    while (batch := schedule.batch(len(batches), past)) is not None:
        played = [Played(fixture, result(fixture)) for fixture in batch]
        if order:
            order.shuffle(played)
        batches.append(batch)
        past += played
    return batches, past


def adaptive(contest, agents):
    return [
        Swiss(contest, agents, len(agents) + 1),
        Ladder(contest, agents, len(agents)),
        Knockout(contest, agents),
        League(contest, agents[:1], agents[1:], 3, meetings=3),
    ]


# every format


def assert_whole_pairs(fixtures, contest):
    """Pairs stand together, are numbered, share a scenario, and seat everybody everywhere."""
    groups = defaultdict(list)
    for fixture in fixtures:
        groups[fixture.pair].append(fixture)
    assert list(groups) == list(range(len(groups)))
    assert [fixture for group in groups.values() for fixture in group] == list(fixtures)
    for legs in groups.values():
        shared = {(leg.game, str(leg.options), leg.seed, leg.round) for leg in legs}
        assert len(shared) == 1
        assert len(legs) == len(legs[0].seats)
        for seat in legs[0].seats:
            assert Counter(leg.seats[seat] for leg in legs) == Counter(legs[0].seats.values())
    if not contest.duplicate:
        assert len({legs[0].seed for legs in groups.values()}) == len(groups)


@settings(max_examples=60, deadline=None)
@given(fixed)
def test_fixed_formats_consist_of_whole_pairs(schedule):
    assert_whole_pairs(schedule.fixtures, schedule.contest)


@settings(max_examples=30, deadline=None)
@given(two_seated, fields, seeds)
def test_adaptive_formats_consist_of_whole_pairs(contest, agents, seed):
    for schedule in adaptive(contest, agents):
        batches, _ = played_out(schedule, luck(seed))
        assert_whole_pairs([fixture for batch in batches for fixture in batch], contest)


@settings(max_examples=30, deadline=None)
@given(two_seated, fields, seeds, st.randoms(use_true_random=False))
def test_the_order_of_results_within_a_batch_does_not_matter(contest, agents, seed, order):
    for schedule in adaptive(contest, agents):
        result = luck(seed, void=0.1)
        assert played_out(schedule, result, order)[0] == played_out(schedule, result)[0]


@settings(max_examples=30, deadline=None)
@given(two_seated, fields, seeds)
def test_a_tournament_taken_up_again_goes_on_as_it_would_have(contest, agents, seed):
    for schedule, fresh in zip(adaptive(contest, agents), adaptive(contest, agents), strict=True):
        batches, past = played_out(schedule, luck(seed))
        for number, batch in enumerate(batches):
            before = [played for played in past if played.fixture in sum(map(tuple, batches[:number]), ())]
            assert fresh.batch(number, before) == batch


def test_adaptive_formats_refuse_half_a_pair():
    agents = tuple(NAMES[:4])
    for schedule in adaptive(Contest((COUNT,)), agents):
        half = [Played(schedule.batch(0, [])[0], {})]
        with pytest.raises(ValueError, match="pair 0 has 1 of 2 results"):
            schedule.batch(1, half)


def test_another_seed_gives_other_scenarios_and_the_same_seed_the_same_to_other_agents():
    def seeds_of(seed, agents):
        return [fixture.seed for fixture in round_robin(Contest((COUNT,), seed), agents).fixtures]

    assert seeds_of(1, NAMES[:4]) == seeds_of(1, NAMES[4:8])
    assert not set(seeds_of(1, NAMES[:4])) & set(seeds_of(2, NAMES[:4]))


def test_both_games_of_a_pair_use_the_same_opening_and_no_opening_comes_twice_before_all_have_come():
    book = Openings("opening", tuple(f"position {number}" for number in range(6)))
    contest = Contest((COUNT,), 3, openings=book)
    used = [fixture.options["opening"] for fixture in round_robin(contest, NAMES[:4], 2).fixtures]
    assert used[::2] == used[1::2]
    assert sorted(used[0:12:2]) == sorted(used[12:24:2]) == sorted(book.values)


def test_openings_are_left_out_of_games_without_the_option():
    contest = Contest((COUNT, OTHER), openings=Openings("opening", ("x",)))
    fixtures = round_robin(contest, NAMES[:2]).fixtures
    assert [fixture.options for fixture in fixtures[::2]] == [{"goal": 5, "opening": "x"}, {"goal": 7}]


# fixed formats


@settings(max_examples=60, deadline=None)
@given(fixed, st.data())
def test_random_access_equals_iteration(schedule, data):
    whole = list(schedule.fixtures)
    assert len(whole) == len(schedule.fixtures)
    assert [fixture.number for fixture in whole] == list(range(len(whole)))
    assert len({fixture.key for fixture in whole}) == len(whole)
    index = data.draw(st.integers(-len(whole), len(whole) - 1))
    assert schedule.fixtures[index] == whole[index]
    some = data.draw(st.slices(len(whole)))
    assert list(schedule.fixtures[some]) == whole[some]
    with pytest.raises(IndexError):
        schedule.fixtures[len(whole)]


@settings(max_examples=40, deadline=None)
@given(two_seated, fields, st.integers(1, 3))
def test_in_a_round_robin_every_two_agents_play_each_game_equally_often_from_each_seat(
    contest, agents, rounds
):
    times = Counter(
        (str(fixture.options), fixture.seats["a"], fixture.seats["b"])
        for fixture in round_robin(contest, agents, rounds).fixtures
    )
    games = [str(loaded.options) for loaded in contest.games]
    assert times == {
        (game, *two): rounds * contest.pairs for game in games for two in permutations(agents, 2)
    }


@given(two_seated, fields)
def test_pairs_take_the_games_in_turn(contest, agents):
    fixtures = round_robin(contest, agents).fixtures
    options = [loaded.options for loaded in contest.games]
    for fixture in fixtures:
        assert fixture.options == options[fixture.pair % len(options)]


@settings(max_examples=20, deadline=None)
@given(agent_groups(), seeds)
def test_in_a_round_robin_of_three_seats_every_three_meet_and_everybody_sits_everywhere(agents, seed):
    fixtures = round_robin(Contest((THREE,), seed), agents).fixtures
    met = Counter(frozenset(fixture.seats.values()) for fixture in fixtures)
    assert met == {frozenset(three): 3 for three in combinations(agents, 3)}
    sat = Counter((seat, agent) for fixture in fixtures for seat, agent in fixture.seats.items())
    assert len(sat) == 3 * len(agents)
    assert len(set(sat.values())) == 1


@given(agent_groups(4), st.integers(1, 2))
def test_in_a_gauntlet_challengers_meet_all_the_others_and_nobody_else_meets(agents, challengers):
    fixtures = gauntlet(Contest((COUNT,)), agents, challengers=challengers).fixtures
    met = Counter(frozenset(fixture.seats.values()) for fixture in fixtures)
    first, others = agents[:challengers], agents[challengers:]
    assert met == {frozenset((one, other)): 2 for one in first for other in others}


def test_a_gauntlet_of_three_seats_puts_the_challenger_among_every_two_of_the_others():
    fixtures = gauntlet(Contest((THREE,)), NAMES[:5]).fixtures
    met = Counter(frozenset(fixture.seats.values()) for fixture in fixtures)
    assert met == {frozenset((NAMES[0], *two)): 3 for two in combinations(NAMES[1:5], 2)}


def test_two_agents_share_out_the_three_seats_of_a_game():
    fixtures = round_robin(Contest((THREE,)), NAMES[:2]).fixtures
    shares = Counter(tuple(sorted(fixture.seats.values())) for fixture in fixtures)
    assert shares == {("a0", "a0", "a1"): 3, ("a0", "a1", "a1"): 3}


@given(fixed, st.integers(1, 3))
def test_more_rounds_only_add_fixtures(schedule, more):
    longer = Fixed(
        schedule.contest, schedule.agents, schedule.rounds + more, challengers=schedule.challengers
    )
    assert list(longer.fixtures[: len(schedule.fixtures)]) == list(schedule.fixtures)


def test_all_meetings_of_a_round_share_their_scenarios_in_a_duplicate_contest():
    fixtures = round_robin(Contest((COUNT,), pairs=2, duplicate=True), NAMES[:4], 2).fixtures
    found = defaultdict(set)
    for fixture in fixtures:
        found[frozenset(fixture.seats.values())].add((fixture.round, fixture.seed))
    assert len(found) == 6
    assert len({frozenset(scenarios) for scenarios in found.values()}) == 1
    assert all(len(scenarios) == 4 for scenarios in found.values())


def test_a_schedule_of_ten_million_pairs_is_not_made_before_it_is_asked_for():
    fixtures = round_robin(Contest((COUNT,)), NAMES[:2], 10_000_000).batch(0, [])
    assert len(fixtures) == 20_000_000
    assert fixtures[19_999_999].pair == 9_999_999
    assert fixtures[10_000_000:][0].number == 10_000_000


def test_a_fixed_format_is_over_after_one_batch():
    assert round_robin(Contest((COUNT,)), NAMES[:3]).batch(1, []) is None


# tables


@given(st.integers(1, 9), st.integers(1, 9), seeds)
def test_tables_seat_every_set_of_agents_once(agents, seats, seed):
    tables = list(Tables(agents, seats, seed))
    assert all(len(table) == seats for table in tables)
    if agents >= seats:
        assert sorted(tuple(sorted(table)) for table in tables) == list(combinations(range(agents), seats))
    else:
        assert len(set(tables)) == len(tables) == len(Tables(agents, seats))
        assert all(set(table) == set(range(agents)) for table in tables)


@given(st.integers(2, 30))
def test_two_at_a_time_everybody_plays_once_before_anybody_plays_again(agents):
    tables = list(Tables(agents, 2))
    width = agents // 2
    for start in range(0, len(tables), width):
        sitting = [agent for table in tables[start : start + width] for agent in table]
        assert len(set(sitting)) == 2 * width


@given(st.integers(0, 9), st.integers(0, 9))
def test_combinations_by_rank_are_those_of_itertools(size, taken):
    expected = list(combinations(range(size), taken))
    assert [combination(size, taken, rank) for rank in range(len(expected))] == expected


# swiss


def may_all_be_new(agents, met):
    """Whether some pairing has no rematch, by trying all."""
    if not agents:
        return True
    first, *others = agents
    return any(
        frozenset((first, other)) not in met
        and may_all_be_new([agent for agent in others if agent != other], met)
        for other in others
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 9), seeds)
def test_in_a_swiss_nobody_meets_again_while_everybody_can_have_a_new_opponent(size, seed):
    agents = NAMES[:size]
    batches, _ = played_out(Swiss(Contest((COUNT,)), tuple(agents), size + 2), luck(seed))
    met = set()
    for batch in batches:
        meeting = {frozenset(fixture.seats.values()) for fixture in batch}
        playing = [agent for agent in agents if any(agent in two for two in meeting)]
        if may_all_be_new(playing, met):
            assert not meeting & met
        met |= meeting


@settings(max_examples=40, deadline=None)
@given(two_seated, fields, seeds)
def test_in_a_swiss_everybody_plays_once_a_round_or_has_one_of_the_fewest_byes(contest, agents, seed):
    batches, past = played_out(Swiss(contest, agents, len(agents) + 1), luck(seed))
    byes = Counter()
    for batch in batches:
        playing = Counter(agent for fixture in batch for agent in fixture.seats.values())
        assert set(playing.values()) <= {2 * contest.pairs_per_meeting}
        assert len(playing) == len(agents) - len(agents) % 2
        byes.update(set(agents) - set(playing))
        assert max(byes.values(), default=0) - min(byes[agent] for agent in agents) <= 1
    table = Swiss(contest, agents, 0).standings(len(batches), past)
    assert {one.agent: one.byes for one in table} == {agent: byes[agent] for agent in agents}


def test_a_swiss_of_eight_finds_the_best_in_three_rounds_and_ranks_by_strength():
    schedule = Swiss(Contest((COUNT,)), tuple(NAMES[:8]), 3)
    batches, past = played_out(schedule, by_strength)
    assert [
        [tuple(fixture.seats.values()) for fixture in batch if fixture.number % 2 == 0] for batch in batches
    ] == [
        [("a0", "a4"), ("a1", "a5"), ("a2", "a6"), ("a3", "a7")],
        [("a0", "a2"), ("a1", "a3"), ("a4", "a6"), ("a5", "a7")],
        [("a0", "a1"), ("a2", "a4"), ("a3", "a5"), ("a6", "a7")],
    ]
    table = schedule.standings(3, past)
    assert [(one.agent, one.score) for one in table[:2]] == [("a0", Fraction(1)), ("a1", Fraction(2, 3))]
    assert (table[-1].agent, table[-1].score) == ("a7", Fraction(0))
    assert table[0].buchholz == Fraction(1 + 2 + 2, 9)


def test_a_bye_counts_as_a_win_and_a_void_round_as_none():
    schedule = Swiss(Contest((COUNT,)), tuple(NAMES[:3]), 2)
    batches, past = played_out(Swiss(Contest((COUNT,)), tuple(NAMES[:3]), 1), drawn)
    assert {one.agent: one.score for one in schedule.standings(1, past)} == {
        "a2": Fraction(1),
        "a0": Fraction(1, 2),
        "a1": Fraction(1, 2),
    }
    void = [Played(fixture, {}) for fixture in batches[0]]
    assert {one.agent: one.score for one in schedule.standings(1, void)}["a0"] == Fraction(1, 2)
    assert meetings(void)[0, frozenset(("a0", "a1"))].score("a0") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8), st.integers(0, 2**28 - 1), seeds)
def test_pairing_up_is_possible_exactly_when_trying_everything_says_so(size, edges, seed):
    links = [two for place, two in enumerate(combinations(range(size), 2)) if edges >> place & 1]
    preferences = [
        [other for two in links if one in two for other in two if other != one] for one in range(size)
    ]
    for place, choices in enumerate(preferences):
        Random(derive(seed, place)).shuffle(choices)
    missing = {frozenset(two) for two in combinations(range(size), 2)} - set(map(frozenset, links))
    found = pair_up(preferences)
    assert (found is not None) == may_all_be_new(list(range(size)), missing)
    if found:
        assert sorted(one for two in found for one in two) == list(range(size))
        assert not missing & set(map(frozenset, found))
        first, partner = found[0]
        for better in preferences[first][: preferences[first].index(partner)]:
            rest = [one for one in range(size) if one not in (first, better)]
            assert not may_all_be_new(rest, missing)


def test_pairing_up_finds_a_way_through_odd_cycles_wherever_there_is_one():
    rng = Random(4)
    possible = 0
    for _ in range(3000):
        size, share = rng.choice([4, 6, 8, 10]), rng.uniform(0.2, 0.5)
        links = {frozenset(two) for two in combinations(range(size), 2) if rng.random() < share}
        missing = {frozenset(two) for two in combinations(range(size), 2)} - links
        graph = [[other for other in range(size) if frozenset((one, other)) in links] for one in range(size)]
        found = pair_up(graph)
        assert (found is not None) == may_all_be_new(list(range(size)), missing)
        possible += found is not None
    assert 500 < possible < 2500


def test_pairing_up_of_known_graphs():
    petersen = [(i, (i + 1) % 5) for i in range(5)] + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    petersen += [(i, 5 + i) for i in range(5)]
    preferences = [
        [other for two in petersen if one in two for other in two if other != one] for one in range(10)
    ]
    assert pair_up(preferences) is not None
    triangles = [[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]]
    assert pair_up(triangles) is None


# ladder


@given(fields, st.randoms(use_true_random=False))
def test_a_ladder_puts_agents_in_order_when_results_follow_strength(agents, order):
    shuffled = order.sample(agents, len(agents))
    schedule = Ladder(Contest((COUNT,)), tuple(shuffled), len(agents))
    batches, past = played_out(schedule, by_strength)
    assert schedule.rungs(len(batches), past) == agents


def test_a_draw_or_a_void_meeting_leaves_the_ladder_as_it_is():
    schedule = Ladder(Contest((COUNT,)), ("a1", "a0"), 2)
    for result in (drawn, lambda fixture: {}):
        batches, past = played_out(schedule, result)
        assert [len(batch) for batch in batches] == [2, 2]
        assert schedule.rungs(1, past) == schedule.rungs(2, past) == ("a1", "a0")


# knockout


@settings(max_examples=60, deadline=None)
@given(two_seated, fields, seeds)
def test_a_knockout_has_one_winner_and_everybody_else_loses_one_tie(contest, agents, seed):
    schedule = Knockout(contest, agents)
    _, past = played_out(schedule, luck(seed, draws=0.8, void=0.1))
    ties = meetings(past)
    assert len(ties) == len(agents) - 1
    winner = schedule.winner(past)
    lost = Counter()
    for tie in ties.values():
        first = agents.index(tie.one) < agents.index(tie.other)
        better, worse = (tie.one, tie.other) if first else (tie.other, tie.one)
        score = tie.score(better)
        lost[better if score is not None and score < Fraction(1, 2) else worse] += 1
    assert lost == dict.fromkeys(set(agents) - {winner}, 1)


def test_a_knockout_of_the_strong_keeps_the_best_two_for_the_final():
    schedule = Knockout(Contest((COUNT,)), tuple(NAMES[:8]))
    batches, past = played_out(schedule, by_strength)
    ties = [[frozenset(f.seats.values()) for f in batch[::2]] for batch in batches]
    assert ties[0] == [{"a0", "a7"}, {"a3", "a4"}, {"a1", "a6"}, {"a2", "a5"}]
    assert ties[1] == [{"a0", "a3"}, {"a1", "a2"}]
    assert ties[2] == [{"a0", "a1"}]
    assert schedule.winner(past) == "a0"


def test_the_best_seeds_rest_in_the_first_round_of_a_knockout_of_five():
    (first, *_) = played_out(Knockout(Contest((COUNT,)), tuple(NAMES[:5])), by_strength)[0]
    assert [set(fixture.seats.values()) for fixture in first[::2]] == [{"a3", "a4"}, {"a1", "a2"}]


def test_a_drawn_tie_is_played_again_and_then_the_better_seed_goes_on():
    schedule = Knockout(Contest((COUNT,)), ("a0", "a1"), tiebreaks=2)
    batches, past = played_out(schedule, drawn)
    assert [[fixture.pair for fixture in batch] for batch in batches] == [[0, 0], [1, 1], [2, 2]]
    assert schedule.winner(past) == "a0"


def test_a_tiebreak_that_is_won_decides():
    schedule = Knockout(Contest((COUNT,)), ("a1", "a0"), tiebreaks=2)
    batches, past = played_out(
        schedule, lambda fixture: by_strength(fixture) if fixture.pair else drawn(fixture)
    )
    assert len(batches) == 2
    assert schedule.winner(past) == "a0"


@given(st.integers(2, 40))
def test_a_bracket_has_every_seed_once_and_pairs_the_best_with_the_worst(agents):
    places = bracket(agents)
    assert sorted(places) == list(range(len(places)))
    assert len(places) // 2 < agents <= len(places)
    assert {one + other for one, other in zip(places[::2], places[1::2], strict=True)} <= {len(places) - 1}


# league


def test_a_league_draws_hard_opponents_more_often():
    agents = NAMES[:4]
    hard = {"a1": 1.0, "a2": 0.0, "a3": -1.0}

    def result(fixture):
        (opponent,) = set(fixture.seats.values()) - {"a0"}
        return {
            seat: hard[opponent] if agent == opponent else -hard[opponent]
            for seat, agent in fixture.seats.items()
        }

    schedule = League(Contest((COUNT,), 5), ("a0",), tuple(agents[1:]), 20, meetings=20)
    batches, past = played_out(schedule, result)
    late = Counter(agent for batch in batches[5:] for f in batch for agent in f.seats.values())
    assert late["a1"] > 2 * late["a2"] > 20 * late["a3"]
    losing, even, winning = schedule.chances("a0", past)
    assert losing < 0.05 < even < 0.55 and winning > 0.7
    even_league = League(Contest((COUNT,), 5), ("a0",), tuple(agents[1:]), 20, meetings=20, weighting="even")
    batches, _ = played_out(even_league, result)
    late = Counter(agent for batch in batches[5:] for f in batch for agent in f.seats.values())
    assert late["a2"] > 5 * late["a1"]


@given(st.floats(0, 1))
def test_priorities_are_those_of_the_paper(chance):
    assert priority(chance, "hard") == pytest.approx(1 - 2 * chance + chance * chance)
    assert priority(chance, "even") == pytest.approx(chance - chance * chance)


def test_before_any_result_all_opponents_are_as_likely():
    schedule = League(Contest((COUNT,)), ("a0", "a1"), tuple(NAMES[2:6]), 1, meetings=400)
    batch = schedule.batch(0, [])
    drawn_ = Counter(agent for fixture in batch for agent in fixture.seats.values())
    assert drawn_["a0"] == drawn_["a1"] == 800
    assert all(330 < drawn_[agent] < 470 for agent in NAMES[2:6])


# results


def test_a_pair_with_a_void_match_counts_for_nothing():
    fixtures = Contest((COUNT,), pairs=2).meeting("a0", "a1", index=0, round=0)
    past = [Played(fixture, by_strength(fixture)) for fixture in fixtures]
    past[0] = Played(fixtures[0], {})
    met = meetings(past)[0, frozenset(("a0", "a1"))]
    assert (met.pairs, met.games, met.score("a0"), met.score("a1")) == (2, 2, Fraction(1), Fraction(0))


def test_only_the_last_attempt_of_a_pair_counts_in_any_order():
    fixtures = Contest((COUNT,)).meeting("a0", "a1", index=0, round=0)
    first = [Played(fixture, {}) for fixture in fixtures]
    again = [Played(replace(fixture, attempt=1), by_strength(fixture)) for fixture in fixtures]
    for past in ([*first, *again], [*again, *first], [first[0], *again, first[1]]):
        assert meetings(past)[0, frozenset(("a0", "a1"))].score("a0") == 1


def test_payoffs_that_differ_by_rounding_are_a_draw():
    fixtures = Contest((COUNT,)).meeting("a0", "a1", index=0, round=0)
    past = [Played(fixture, {"a": 0.1 + 0.2, "b": 0.3}) for fixture in fixtures]
    assert meetings(past)[0, frozenset(("a0", "a1"))].score("a0") == Fraction(1, 2)


@given(st.permutations(range(12)), st.integers(0, 12))
def test_leading_pairs_end_at_the_first_gap(order, many):
    fixtures = round_robin(Contest((COUNT,)), NAMES[:2], 6).fixtures
    finished = set(order[:many])
    past = [Played(fixtures[number], {}) for number in order[:many]]
    found = list(leading(past))
    whole = [{2 * pair, 2 * pair + 1} <= finished for pair in range(6)] + [False]
    assert len(found) == whole.index(False)
    assert [leg.fixture.number for legs in found for leg in legs] == list(range(2 * len(found)))


def test_the_first_hundred_tables_of_a_large_field_of_three_seats_are_about_balanced():
    sat = Counter(agent for table in islice(Tables(30, 3, 7), 100) for agent in table)
    assert len(sat) == 30
    assert max(sat.values()) <= 25
