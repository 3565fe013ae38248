from fractions import Fraction
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.game import NATURE, IllegalMove, Outcome
from games.kuhn_poker import DEALS, SHOWN, game

KUHN = game()
ORDERED = [(deal, deal) for deal in DEALS]


def played(deal, bets, hands=1, before=()):
    """The state after earlier hands, a deal, and a betting such as ("pass", "bet")."""
    kuhn = game(hands=hands)
    state = kuhn.start(Random(0))
    for cards, moves in [*before, (deal, bets)]:
        state = kuhn.apply(state, NATURE, cards)
        for move in moves:
            seat = kuhn.turn(state)
            assert isinstance(seat, str)
            state = kuhn.apply(state, seat, move)
    return state


# What "first" wins in chips, in every hand there is.
HISTORIES = [
    (deal, bets, (1 if "JQK".index(deal[0]) > "JQK".index(deal[1]) else -1) * chips)
    for deal in DEALS
    for bets, chips in [(("pass", "pass"), 1), (("bet", "bet"), 2), (("pass", "bet", "bet"), 2)]
] + [
    (deal, bets, chips)
    for deal in DEALS
    for bets, chips in [(("bet", "pass"), 1), (("pass", "bet", "pass"), -1)]
]


@pytest.mark.parametrize(("deal", "bets", "chips"), HISTORIES)
def test_every_history_pays_exactly(deal, bets, chips):
    outcome = KUHN.turn(played(deal, bets))
    assert isinstance(outcome, Outcome)
    assert outcome.payoff == {"first": chips / 2, "second": -chips / 2}
    assert outcome.kind == "rules"


def test_there_are_thirty_histories_and_no_other_betting_ends_or_goes_on():
    assert len(HISTORIES) == 30
    ends = set()

    def walk(state, bets):
        if isinstance(KUHN.turn(state), Outcome):
            ends.add(bets)
            return
        for move in ("bet", "pass"):
            walk(KUHN.apply(state, KUHN.turn(state), move), (*bets, move))

    walk(played("KJ", ()), ())
    assert ends == {bets for _, bets, _ in HISTORIES}


@pytest.mark.parametrize(
    ("deal", "bets", "reason"),
    [
        ("KJ", ("pass", "bet", "bet"), "first wins 2 chips with K, second had J"),
        ("QK", ("pass", "pass"), "second wins 1 chip with K, first had Q"),
        ("JQ", ("bet", "pass"), "first wins 1 chip with J, second folded Q"),
        ("KJ", ("pass", "bet", "pass"), "second wins 1 chip with J, first folded K"),
    ],
)
def test_the_reason_tells_chips_and_cards(deal, bets, reason):
    assert KUHN.turn(played(deal, bets)).reason == reason


@pytest.mark.parametrize("alpha", [Fraction(0), Fraction(1, 6), Fraction(1, 3)])
def test_kuhns_solution_is_worth_an_eighteenth_of_a_chip_to_the_second_seat(alpha):
    third = Fraction(1, 3)
    bet = {
        ("first", ()): {"J": alpha, "Q": 0, "K": 3 * alpha},
        ("first", ("pass", "bet")): {"J": 0, "Q": alpha + third, "K": 1},
        ("second", ("pass",)): {"J": third, "Q": 0, "K": 1},
        ("second", ("bet",)): {"J": 0, "Q": third, "K": 1},
    }

    def worth(state, cards):
        turn = KUHN.turn(state)
        if isinstance(turn, Outcome):
            return Fraction(turn.payoff["first"])
        chance = bet[turn, state.hand.bets][cards[turn]]
        moves = (("bet", chance), ("pass", 1 - chance))
        return sum(share * worth(KUHN.apply(state, turn, move), cards) for move, share in moves if share)

    total = sum(worth(played(deal, ()), dict(zip(KUHN.seats, deal, strict=True))) for deal in DEALS)
    assert total / 6 * 2 == Fraction(-1, 18)


@pytest.mark.parametrize("bets", [(), ("bet",), ("pass",), ("pass", "bet"), ("bet", "pass")])
@pytest.mark.parametrize("seat", ["first", "second"])
def test_states_that_differ_in_the_others_card_look_the_same_until_a_showdown(bets, seat):
    own = KUHN.seats.index(seat)
    for card in "JQK":
        states = [played(deal, bets) for deal in DEALS if deal[own] == card]
        assert len(states) == 2
        one, other = states
        assert KUHN.observe(one, seat) == KUHN.observe(other, seat)
        assert KUHN.legal(one, seat) == KUHN.legal(other, seat)
        assert KUHN.observe(one, None) != KUHN.observe(other, None)


def test_a_refusal_does_not_tell_the_others_card():
    messages = set()
    for deal in ("KJ", "KQ"):
        with pytest.raises(IllegalMove) as error:
            KUHN.apply(played(deal, ()), "first", "raise")
        messages.add(str(error.value))
    assert messages == {"'raise' is no move here; expected bet or pass"}


def test_nature_deals_each_deal_equally_often():
    start = KUHN.start(Random(0))
    rng = Random(1)
    dealt = [KUHN.nature(start, rng) for _ in range(6000)]
    assert set(dealt) == set(DEALS) == {one + other for one, other in permutations("JQK", 2)}
    assert all(900 < dealt.count(deal) < 1100 for deal in DEALS)


@pytest.mark.parametrize("deal", ["", "JJ", "KA", "JQK", "kj"])
def test_a_deal_that_is_none_is_refused(deal):
    with pytest.raises(IllegalMove):
        KUHN.apply(KUHN.start(Random(0)), NATURE, deal)


def test_only_the_seat_on_turn_may_move():
    state = played("KJ", ("pass",))
    assert KUHN.turn(state) == "second"
    assert KUHN.legal(state, "second") == ("bet", "pass")
    assert KUHN.legal(state, "first") == KUHN.legal(state, NATURE) == ()
    with pytest.raises(IllegalMove, match="not the turn of first"):
        KUHN.apply(state, "first", "bet")
    with pytest.raises(IllegalMove):
        KUHN.apply(played("KJ", ("bet", "bet")), "first", "bet")


def test_a_seat_sees_its_card_and_the_betting():
    assert KUHN.observe(played("KJ", ("pass", "bet")), "first") == (
        "You are first.\nHand 1 of 1; first acts first.\nYour card: K.\nBetting: first pass, second bet."
    )
    assert KUHN.observe(played("KJ", ()), None) == (
        "Hand 1 of 1; first acts first.\nCards: first K, second J.\nBetting: none yet."
    )
    assert "K" not in KUHN.observe(KUHN.start(Random(0)), "first")


def test_hands_add_up_and_take_turns_in_acting_first():
    before = [("KJ", ("pass", "bet", "bet")), ("QJ", ("pass", "bet", "pass"))]
    state = played("JQ", ("pass",), hands=4, before=before)
    kuhn = game(hands=4)
    assert kuhn.turn(state) == "second"
    assert kuhn.turn(played("JQ", (), hands=4, before=before[:1])) == "second"
    assert kuhn.value(state, "first") == 3 / 8
    state = kuhn.apply(state, "second", "pass")
    state = kuhn.apply(state, NATURE, "JK")
    state = kuhn.apply(kuhn.apply(state, "second", "bet"), "first", "bet")
    assert kuhn.turn(state) == Outcome({"first": 0.0, "second": 0.0}, "nobody is ahead after 4 hands")
    ahead = played("KJ", ("bet", "pass"), hands=2, before=before[:1])
    assert game(hands=2).turn(ahead) == Outcome(
        {"first": 0.25, "second": -0.25}, "first is 1 chip ahead after 2 hands"
    )


def test_a_folded_card_stays_hidden_in_later_hands_and_a_shown_one_does_not():
    folded = played("QJ", (), hands=2, before=[("KJ", ("bet", "pass"))])
    other = played("QJ", (), hands=2, before=[("KQ", ("bet", "pass"))])
    shown = played("QJ", (), hands=2, before=[("KJ", ("bet", "bet"))])
    kuhn = game(hands=2)
    assert kuhn.observe(folded, "first") == kuhn.observe(other, "first")
    assert "Hand 1: K against ?; first bet, second pass; first wins 1 chip" in kuhn.observe(folded, "first")
    assert "Hand 1: K against J; first bet, second bet; first wins 2 chips" in kuhn.observe(shown, "second")
    assert "Hand 1: K against J; first bet, second pass" in kuhn.observe(folded, None)


def test_an_observation_does_not_grow_without_end():
    before = [("KJ", ("bet", "bet"))] * 40
    text = game(hands=99).observe(played("QJ", (), hands=99, before=before), "first")
    assert text.count("against J") == SHOWN
    assert "Hand 41 of 99" in text and "Hand 33:" in text and "Hand 40:" in text


def test_rules_tell_the_words_and_the_number_of_hands():
    assert "bet" in KUHN.rules and "fold" in KUHN.rules and "One hand" in KUHN.rules
    assert "7 hands" in game(hands=7).rules


@pytest.mark.parametrize("hands", [0, -3])
def test_a_match_needs_a_hand(hands):
    with pytest.raises(ValueError, match=f"hands={hands}: a match has at least 1 hand"):
        game(hands=hands)


@given(st.text())
def test_any_text_is_a_move_or_refused(move):
    for state, seat in ((KUHN.start(Random(0)), NATURE), (played("KJ", ("bet",)), "second")):
        kept = (state, KUHN.observe(state, None))
        try:
            KUHN.apply(state, seat, move)
        except IllegalMove as error:
            assert move not in KUHN.legal(state, seat)
            assert len(str(error)) < 300
        else:
            assert move in KUHN.legal(state, seat)
        assert (state, KUHN.observe(state, None)) == kept


def test_payoffs_are_opposed_and_in_range_over_many_hands():
    kuhn, rng = game(hands=5), Random(7)
    for _ in range(200):
        state = kuhn.start(rng)
        while not isinstance(turn := kuhn.turn(state), Outcome):
            move = kuhn.nature(state, rng) if turn == NATURE else kuhn.sample(state, turn, rng)
            state = kuhn.apply(state, turn, move)
        assert turn.payoff["first"] == -turn.payoff["second"]
        assert -1 <= turn.payoff["first"] <= 1
        assert kuhn.value(state, "second") == turn.payoff["second"]


def test_a_match_can_be_lost_whole():
    bets = [("bet", "bet")] * 3
    state = played("JK", bets[0], hands=3, before=[("JK", bet) for bet in bets[1:]])
    assert game(hands=3).turn(state).payoff == {"first": -1.0, "second": 1.0}


def test_every_sequence_of_words_is_followed_or_refused():
    for words in product(("bet", "pass"), repeat=4):
        state = played("QJ", ())
        for word in words:
            turn = KUHN.turn(state)
            if isinstance(turn, Outcome):
                break
            state = KUHN.apply(state, turn, word)
        assert isinstance(KUHN.turn(state), Outcome)
