from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.game import IllegalMove, Outcome
from games.rock_paper_scissors import MOVES, SHOWN, game

RPS = game()
START = RPS.start(Random(0))
BEATS = {("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")}


def played(rounds, of=3):
    rps = game(rounds=of)
    state = rps.start(Random(0))
    for left, right in rounds:
        state = rps.apply(rps.apply(state, "left", left), "right", right)
    return state


@pytest.mark.parametrize(("left", "right"), list(product(MOVES, repeat=2)))
def test_one_round_pays_the_winner(left, right):
    outcome = game(rounds=1).turn(played([(left, right)], of=1))
    won = ((left, right) in BEATS) - ((right, left) in BEATS)
    assert isinstance(outcome, Outcome)
    assert outcome.payoff == {"left": float(won), "right": float(-won)}


def test_the_payoff_is_the_lead_in_rounds_as_a_share():
    rounds = [("rock", "scissors"), ("rock", "paper"), ("paper", "scissors")]
    assert RPS.turn(played(rounds)) == Outcome({"left": -1 / 3, "right": 1 / 3}, "right wins 2 to 1")
    assert RPS.turn(played([("rock", "paper")] * 3)) == Outcome(
        {"left": -1.0, "right": 1.0}, "right wins 3 to 0"
    )
    ties = [("rock", "paper"), ("paper", "rock"), ("rock", "rock")]
    assert RPS.turn(played(ties)) == Outcome({"left": 0.0, "right": 0.0}, "tied 1 to 1")
    assert RPS.value(played(rounds[:1]), "left") == -RPS.value(played(rounds[:1]), "right") == 1 / 3


def test_all_rounds_are_played_even_when_one_seat_cannot_be_caught():
    assert RPS.turn(played([("rock", "scissors")] * 2)) == ("left", "right")


def test_both_seats_move_at_once_and_turn_names_those_that_still_have_to():
    assert RPS.turn(START) == ("left", "right")
    assert RPS.turn(RPS.apply(START, "left", "rock")) == ("right",)
    assert RPS.turn(RPS.apply(START, "right", "rock")) == ("left",)
    assert RPS.turn(played([("rock", "paper")])) == ("left", "right")


def test_the_order_in_which_they_are_applied_does_not_matter():
    for left, right in product(MOVES, repeat=2):
        one = RPS.apply(RPS.apply(START, "left", left), "right", right)
        assert one == RPS.apply(RPS.apply(START, "right", right), "left", left)


@pytest.mark.parametrize(("mover", "other"), [("left", "right"), ("right", "left")])
def test_a_pending_move_is_seen_by_its_seat_and_the_spectator_only(mover, other):
    before = played([("rock", "paper")])
    after = [RPS.apply(before, mover, move) for move in MOVES]
    assert {RPS.observe(state, other) for state in after} == {RPS.observe(before, other)}
    assert {RPS.legal(state, other) for state in after} == {MOVES}
    assert len({RPS.observe(state, mover) for state in after}) == 3
    assert len({RPS.observe(state, None) for state in after}) == 3
    assert f"{mover} has chosen rock." in RPS.observe(after[0], None)


def test_a_seat_that_has_chosen_cannot_choose_again():
    state = RPS.apply(START, "left", "rock")
    assert RPS.legal(state, "left") == ()
    with pytest.raises(IllegalMove, match="left has chosen already"):
        RPS.apply(state, "left", "paper")


def test_nothing_can_be_played_after_the_end():
    state = played([("rock", "rock")] * 3)
    assert RPS.legal(state, "left") == RPS.legal(state, "right") == ()
    with pytest.raises(IllegalMove):
        RPS.apply(state, "left", "rock")


def test_finished_rounds_are_told():
    state = played([("rock", "paper"), ("rock", "rock")])
    assert RPS.observe(state, "left") == (
        "You are left.\n"
        "Round 3 of 3.\n"
        "Rounds won: left 0, right 1.\n"
        "Round 1: left rock, right paper: right wins\n"
        "Round 2: left rock, right rock: tie"
    )


def test_an_observation_does_not_grow_without_end():
    text = game(rounds=99).observe(played([("rock", "paper")] * 40, of=99), None)
    assert text.count("right wins") == SHOWN
    assert "Round 33:" in text and "Round 40:" in text and "Round 41 of 99" in text


@pytest.mark.parametrize("rounds", [0, -1])
def test_a_match_needs_a_round(rounds):
    with pytest.raises(ValueError, match=f"rounds={rounds}: a match has at least 1 round"):
        game(rounds=rounds)


def test_rules_tell_the_words_and_the_number_of_rounds():
    assert "3 rounds" in RPS.rules and "1 round." in game(rounds=1).rules
    assert all(move in RPS.rules for move in MOVES)


@given(st.text())
def test_any_text_is_a_move_or_refused(move):
    try:
        state = RPS.apply(START, "right", move)
    except IllegalMove as error:
        assert move not in MOVES and len(str(error)) < 300
    else:
        assert state.pending.right == move
    assert RPS.start(Random(0)) == START
