import pytest
from pettingzoo.test import api_test

from arena.contract import check
from arena.referee import Referee

from .tiny import Count, Match2


@pytest.mark.parametrize("game", [Count(), Match2()], ids=repr)
def test_a_plain_pettingzoo_loop_plays_a_game_to_its_end(game):
    referee = Referee(game)
    referee.reset(seed=5)
    total = dict.fromkeys(game.seats, 0.0)
    for seat in referee.agent_iter(max_iter=200):
        observation, reward, terminated, truncated, info = referee.last()
        total[seat] += reward
        done = terminated or truncated
        referee.step(None if done else (info["legal"] or ("3",))[0])
        assert isinstance(observation["text"], str)
    assert not referee.agents
    assert total == dict(referee.outcome.payoff)


def test_an_illegal_move_keeps_the_seat_and_says_why():
    referee = Referee(Count())
    referee.reset(seed=0)
    referee.step("9")
    assert referee.agent_selection == "a"
    assert referee.infos["a"]["attempt"] == 1
    assert "is not 1 or 2" in referee.infos["a"]["complaint"]


def test_a_foul_terminates_and_a_void_truncates():
    referee = Referee(Count(), retries=0)
    referee.reset(seed=0)
    referee.step("9")
    assert referee.terminations == {"a": True, "b": True}
    referee.reset(seed=0)
    referee.void("gone")
    assert referee.truncations == {"a": True, "b": True}
    assert referee.rewards == {"a": 0.0, "b": 0.0}


def test_seats_that_move_at_once_see_the_state_from_before():
    referee = Referee(Match2())
    referee.reset(seed=0)
    assert referee.waiting == ("p", "q", "r")
    before = referee.observe("q")
    referee.step("1")
    assert referee.waiting == ("q", "r")
    assert referee.observe("q") == before


def test_a_move_that_is_no_text_is_refused():
    referee = Referee(Count())
    referee.reset(seed=0)
    with pytest.raises(TypeError, match="a move is text"):
        referee.step(3)


def test_reset_starts_a_fresh_match():
    referee = Referee(Count(2))
    referee.reset(seed=0)
    referee.step("2")
    assert referee.outcome is not None
    referee.reset(seed=0)
    assert referee.outcome is None
    assert referee.agents == ["a", "b"]
    assert referee.render() == "the sum is 0"


@pytest.mark.parametrize("game", [Count(), Match2()], ids=repr)
def test_the_contract_holds_for_the_tiny_games(game):
    assert [f for f in check(game) if f.problem] == []


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_referee_passes_pettingzoos_own_test_as_it_is():
    api_test(Referee(Match2()), num_cycles=30)
