from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import games.tic_tac_toe
from arena.game import IllegalMove, Outcome
from games.tic_tac_toe import LINES, game

TIC_TAC_TOE = game()
START = TIC_TAC_TOE.start(Random(0))


def played(moves: str) -> str:
    state = START
    for number, move in enumerate(moves):
        state = TIC_TAC_TOE.apply(state, "xo"[number % 2], move)
    return state


def reachable() -> dict[str, str | Outcome]:
    found: dict[str, str | Outcome] = {}
    waiting = [START]
    while waiting:
        state = waiting.pop()
        if state in found:
            continue
        turn = found[state] = TIC_TAC_TOE.turn(state)
        if isinstance(turn, str):
            waiting += [TIC_TAC_TOE.apply(state, turn, move) for move in TIC_TAC_TOE.legal(state, turn)]
    return found


def test_every_position_that_can_occur_is_judged_rightly():
    # 5,478 positions, 958 of them final: 626 won by x, 316 by o, 16 drawn.
    found = reachable()
    ends = Counter(turn.payoff["x"] for turn in found.values() if isinstance(turn, Outcome))
    assert len(found) == 5478
    assert ends == {1.0: 626, -1.0: 316, 0.0: 16}
    for state, turn in found.items():
        won = {state[a] for a, b, c in LINES if state[a] + state[b] + state[c] in ("xxx", "ooo")}
        if isinstance(turn, Outcome):
            assert turn.payoff == {"x": -turn.payoff["o"], "o": turn.payoff["o"]}
            assert won == ({"x"} if turn.payoff["x"] > 0 else {"o"} if turn.payoff["o"] > 0 else set())
        else:
            assert not won
            assert turn == ("x" if state.count("x") == state.count("o") else "o")


def test_the_value_lies_in_range_is_opposed_and_is_the_payoff_at_the_end():
    for state, turn in reachable().items():
        mine, other = TIC_TAC_TOE.value(state, "x"), TIC_TAC_TOE.value(state, "o")
        assert -1 <= mine <= 1 and mine == -other
        if isinstance(turn, Outcome):
            assert mine == turn.payoff["x"]
    assert TIC_TAC_TOE.value(played("4"), "x") > TIC_TAC_TOE.value(played("0"), "x")


def test_a_won_line_is_named():
    assert TIC_TAC_TOE.turn(played("0418")) == "x"
    assert TIC_TAC_TOE.turn(played("03142")) == Outcome({"x": 1.0, "o": -1.0}, "x has 012")


def test_the_board_numbers_the_free_cells_and_tells_a_seat_its_mark():
    state = played("04")
    assert TIC_TAC_TOE.observe(state, None) == (
        " x | 1 | 2\n"
        "---+---+---\n"
        " 3 | o | 5\n"
        "---+---+---\n"
        " 6 | 7 | 8"
    )  # fmt: skip
    assert TIC_TAC_TOE.observe(state, "o") == TIC_TAC_TOE.observe(state, None) + "\n\nYou are o."


@pytest.mark.parametrize("move", ["4", "", "12", "9", " 1", "x", "o", "1\n", "٣", "1" * 100_000])
def test_a_cell_that_is_not_free_is_refused_with_the_free_ones(move):
    with pytest.raises(IllegalMove, match=r"is no free cell; choose one of 0, 1, 2, 3, 5, 6, 7, 8$") as error:
        TIC_TAC_TOE.apply(played("4"), "o", move)
    assert len(str(error.value)) < 120


@given(st.text())
def test_any_text_is_a_free_cell_or_refused(move):
    try:
        state = TIC_TAC_TOE.apply(START, "x", move)
    except IllegalMove:
        assert move not in tuple("012345678")
    else:
        assert state == START.replace(move, "x")


def test_the_drawing_shows_the_same_text():
    text = TIC_TAC_TOE.rich(played("04"))
    assert text.plain == TIC_TAC_TOE.observe(played("04"), None)
    assert {str(span.style) for span in text.spans} == {"cyan", "red"}


def test_the_example_stays_short():
    assert len(Path(games.tic_tac_toe.__file__).read_text("utf-8").splitlines()) <= 60
