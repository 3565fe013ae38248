"""The agents that need nothing but the game: random, greedy, minimax, scripted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from agents.greedy import agent as Greedy
from agents.minimax import agent as Minimax
from agents.random import agent as UniformRandom
from agents.random import opening
from agents.scripted import agent as Scripted
from arena import load
from arena.agent import Agent, AgentUnavailable, Position, Reply, Turn
from arena.events import Ended, Fouled, Line, Replied
from arena.game import NATURE, Game, IllegalMove, Outcome
from arena.match import describe, play
from games.kuhn_poker import game as KuhnPoker
from games.rock_paper_scissors import game as RockPaperScissors
from games.tic_tac_toe import game as TicTacToe

State = tuple[int, int]


@dataclass(frozen=True)
class Nim(Game[State]):
    """A move takes 1 to 3 from a heap; who takes the last one wins. The state is the heap and who moves."""

    heap: int = 7
    opinion: float | None = None

    seats = ("first", "second")
    rules = "Take 1, 2 or 3. Who takes the last one wins."
    perfect_information = True

    def start(self, rng: Random) -> State:
        return self.heap, 0

    def turn(self, state: State) -> str | Outcome:
        heap, mover = state
        if heap:
            return self.seats[mover]
        return Outcome({self.seats[mover]: -1.0, self.seats[1 - mover]: 1.0}, "nothing is left")

    def observe(self, state: State, seat: str | None) -> str:
        return f"{state[0]} are left"

    def legal(self, state: State, seat: str) -> tuple[str, ...] | None:
        return tuple(str(take) for take in (1, 2, 3) if take <= state[0])

    def apply(self, state: State, seat: str, move: str) -> State:
        if move not in ("1", "2", "3")[: state[0]]:
            raise IllegalMove(f"{move!r}: take 1, 2 or 3")
        return state[0] - int(move), 1 - state[1]

    def value(self, state: State, seat: str) -> float | None:
        return self.opinion


class Diced(Nim):
    """A die decides how many are taken from a heap of more than five."""

    def turn(self, state: State) -> str | Outcome:
        return NATURE if state[0] > 5 else super().turn(state)

    def nature(self, state: State, rng: Random) -> str:
        return str(rng.randint(1, 3))


class FreeText(Nim):
    def legal(self, state: State, seat: str) -> None:
        return None


class Hidden(Nim):
    perfect_information = False


class ThreeSeats(Nim):
    seats = ("first", "second", "third")


class Open(RockPaperScissors):
    perfect_information = True


def ask(game: Game[Any], state: Any, seed: int = 0) -> Turn:
    seat = game.turn(state)
    assert isinstance(seat, str)
    legal = game.legal(state, seat)
    return Turn(
        0,
        seat,
        game.rules,
        game.observe(state, seat),
        None if legal is None else tuple(legal),
        seed=seed,
        position=Position(game, state) if game.perfect_information else None,
    )


def begin(game: Game[Any], seed: int = 0) -> Turn:
    return ask(game, game.start(Random(0)), seed)


def at_once(agent: Agent, turn: Turn) -> Reply:
    """The reply of an agent that never suspends."""
    try:
        agent.act(turn).send(None)
    except StopIteration as done:
        reply: Reply = done.value
        return reply
    raise AssertionError(f"{agent!r} suspended")


def endings(game: Game[Any], agent: Agent, seat: str, state: Any) -> Iterator[float]:
    """The payoff of every match that `agent` can play in `seat`, whatever the other seat does."""
    turn = game.turn(state)
    if isinstance(turn, Outcome):
        yield turn.payoff[seat]
        return
    moves = [at_once(agent, ask(game, state)).move] if turn == seat else game.legal(state, turn)
    for move in moves or ():
        yield from endings(game, agent, seat, game.apply(state, turn, move))


@pytest.mark.parametrize("agent", [UniformRandom(), Greedy(), Minimax()])
def test_classical_agents_answer_without_suspending_and_by_the_seed_alone(agent):
    moves = set()
    for seed in range(20):
        turn = ask(TicTacToe(), "01234567o", seed)
        reply = at_once(agent, turn)
        moves.add(reply.move)
        assert reply.move in (turn.legal or ())
        assert at_once(agent, replace(turn, match="another")) == reply
    assert len(moves) > 1 or not isinstance(agent, UniformRandom)


def test_random_plays_every_legal_move_equally_often():
    moves = Counter(at_once(UniformRandom(), begin(TicTacToe(), seed)).move for seed in range(900))
    assert set(moves) == set("012345678")
    assert set(moves.values()) == {100}


@pytest.mark.parametrize("game", [KuhnPoker(), RockPaperScissors(), TicTacToe(), Nim(), Hidden()])
async def test_random_suits_every_game_with_a_list_of_moves_and_finishes_it(game):
    UniformRandom().suits(game)
    outcome = await play(game, {seat: UniformRandom() for seat in game.seats}, seed=3)
    assert outcome.kind == "rules"


async def test_random_refuses_a_game_of_free_moves_before_and_during_a_match():
    with pytest.raises(ValueError, match=r"random cannot play FreeText\(.*free text"):
        UniformRandom().suits(FreeText())
    with pytest.raises(ValueError, match="'first' may answer with any text at ply 0"):
        await UniformRandom().act(begin(FreeText()))


def test_the_opening_is_the_first_decision_after_natures_moves():
    state, seats = opening(Diced(heap=7))
    assert seats in {("first",), ("second",)}
    assert state[0] <= 5
    assert opening(RockPaperScissors()).seats == ("left", "right")
    assert opening(Nim(heap=0)).seats == ()


def test_greedy_takes_a_win_and_otherwise_the_state_of_the_best_value():
    assert {at_once(Greedy(), begin(Nim(heap=3, opinion=0.9), seed)).move for seed in range(20)} == {"3"}
    assert {at_once(Greedy(), begin(TicTacToe(), seed)).move for seed in range(20)} == {"4"}
    # Both corners of x complete a line.
    assert at_once(Greedy(), ask(TicTacToe(), "xx2oo5678")).move == "2"


def test_greedy_draws_among_equal_moves_by_the_seed():
    moves = Counter(at_once(Greedy(), begin(Nim(heap=9, opinion=0.0), seed)).move for seed in range(300))
    assert moves == {"1": 100, "2": 100, "3": 100}


@pytest.mark.parametrize(
    ("game", "reason"),
    [
        (Hidden(), "whole state"),
        (FreeText(), "free text"),
        (Nim(), "no opinion"),
        (KuhnPoker(), "whole state"),
    ],
)
def test_greedy_says_which_games_it_cannot_play(game, reason):
    with pytest.raises(ValueError, match=reason):
        Greedy().suits(game)


@pytest.mark.parametrize("agent", [Greedy(), Minimax()])
def test_searching_agents_refuse_a_turn_without_the_state_or_the_moves(agent):
    with pytest.raises(ValueError, match="needs the whole state, which 'first' is not given at ply 0"):
        at_once(agent, begin(Hidden(opinion=0.0)))
    with pytest.raises(ValueError, match="needs a list of legal moves"):
        at_once(agent, begin(FreeText(opinion=0.0)))


@pytest.mark.parametrize(
    ("game", "reason"),
    [
        (Hidden(), "whole state"),
        (ThreeSeats(), "3 seats, not 2"),
        (Diced(heap=7), "NATURE moves in it"),
        (Diced(heap=0), None),
        (Open(), "move at once"),
        (FreeText(), "free text"),
        (Nim(heap=9), "no opinion of unfinished states"),
        (Nim(heap=9, opinion=0.0), None),
        (Nim(heap=2), None),
        (TicTacToe(), None),
    ],
)
def test_minimax_says_which_games_it_cannot_play(game, reason):
    if reason is None:
        Minimax().suits(game)
        return
    with pytest.raises(ValueError, match=reason):
        Minimax().suits(game)


def test_minimax_refuses_dice_that_it_meets_in_the_search():
    class Later(Diced):
        def turn(self, state: State) -> str | Outcome:
            return NATURE if state[0] == 4 else Nim.turn(self, state)

    with pytest.raises(ValueError, match="NATURE moves in it"):
        at_once(Minimax(depth=4), begin(Later(heap=7)))


def test_minimax_refuses_a_depth_below_one():
    with pytest.raises(ValueError, match="depth=0"):
        Minimax(depth=0)


@pytest.mark.parametrize("heap", [5, 6, 7, 9, 10, 11])
def test_minimax_wins_every_line_of_a_won_heap(heap):
    game = Nim(heap)
    assert set(endings(game, Minimax(depth=heap), "first", game.start(Random(0)))) == {1.0}


@pytest.mark.parametrize("heap", [4, 8, 12])
def test_minimax_wins_a_lost_heap_as_soon_as_the_other_errs(heap):
    game = Nim(heap)
    payoffs = list(endings(game, Minimax(depth=heap), "second", game.start(Random(0))))
    assert set(payoffs) == {1.0}


def test_minimax_draws_among_equally_good_moves_by_the_seed():
    game = Nim(heap=9, opinion=0.0)
    moves = Counter(at_once(Minimax(depth=2), begin(game, seed)).move for seed in range(300))
    assert all(70 < moves[move] < 130 for move in "123")


def test_minimax_wins_soon_and_loses_late_from_every_position_of_tic_tac_toe():
    game = TicTacToe()
    best: dict[str, float] = {}

    def search(state: str) -> float:
        """The payoff of x with best play, times one more than the free cells that are left then."""
        if state not in best:
            turn = game.turn(state)
            free = sum(cell.isdigit() for cell in state)
            if isinstance(turn, Outcome):
                best[state] = turn.payoff["x"] * (1 + free)
            else:
                values = [search(game.apply(state, turn, move)) for move in game.legal(state, turn)]
                best[state] = max(values) if turn == "x" else min(values)
        return best[state]

    search(game.start(Random(0)))
    assert len(best) == 5478  # the known number of positions
    for state in best:
        seat = game.turn(state)
        if isinstance(seat, str) and sum(cell.isdigit() for cell in state) < 8:
            reply = at_once(Minimax(depth=9), ask(game, state))
            assert best[game.apply(state, seat, reply.move)] == best[state]


@pytest.mark.parametrize("seat", ["x", "o"])
def test_minimax_never_loses_tic_tac_toe(seat):
    game = TicTacToe()
    # After two moves of each side's choosing every line is played out.
    first = game.start(Random(0))
    starts = [first] if seat == "x" else [game.apply(first, "x", move) for move in "014"]
    for state in starts:
        assert min(endings(game, Minimax(depth=9), seat, state)) >= 0


async def test_minimax_beats_random_at_tic_tac_toe():
    payoffs = []
    for seed in range(10):
        outcome = await play(TicTacToe(), {"x": Minimax(depth=4), "o": UniformRandom()}, seed=seed)
        payoffs.append(outcome.payoff["x"])
    assert sum(payoffs) >= 8


async def played(game: Game[Any], agents: dict[str, Agent], match: str = "") -> list[Line]:
    events: list[Line] = []
    await play(game, agents, started=describe(game, agents, match_id=match), record=events.append)
    return events


async def test_scripted_plays_its_moves_in_order_with_their_texts():
    agents = {
        "first": Scripted(moves=("1", "2"), texts=("one",)),
        "second": Scripted(moves=["1", "3"]),
    }
    events = await played(Nim(), agents)
    replies = [(event.move, event.text) for event in events if isinstance(event, Replied)]
    assert replies == [("1", "one"), ("1", ""), ("2", ""), ("3", "")]
    assert isinstance(events[-1], Ended)
    assert events[-1].kind == "rules"


async def test_scripted_answers_a_repeated_attempt_with_the_next_move():
    events = await played(Nim(heap=2), {"first": Scripted(moves=("9", "", "2")), "second": Scripted()})
    fouls = [event.fault for event in events if isinstance(event, Fouled)]
    assert fouls == ["illegal", "empty"]
    assert events[-1] == Ended({"first": 1.0, "second": -1.0}, "nothing is left", "rules", 1)


@pytest.mark.parametrize("matches", [("", ""), ("m1", "m2")])
async def test_scripted_starts_anew_in_each_match_and_seat(matches):
    agent = Scripted(moves=("1", "2", "3"))
    for match in matches:
        events = await played(Nim(), {"first": agent, "second": agent}, match)
        assert [event.move for event in events if isinstance(event, Replied)] == ["1", "1", "2", "2", "3"][:5]
    assert agent == Scripted(moves=("1", "2", "3"))


async def test_a_script_that_is_too_short_voids_the_match():
    events = await played(Nim(), {"first": Scripted(moves=("1",)), "second": Scripted(moves=("1",))})
    assert isinstance(events[-1], Ended)
    assert events[-1].kind == "void"
    with pytest.raises(AgentUnavailable, match="script of 'first' has 0 moves"):
        at_once(Scripted(), begin(Nim()))


def test_specifiers_load_these_agents_and_replays_record_their_options():
    agents = {
        "random": UniformRandom(name="random"),
        "greedy": Greedy(name="greedy"),
        "minimax,depth=3": Minimax(depth=3, name="minimax,depth=3"),
        "scripted,moves=e4 Qh5+": Scripted(moves=("e4", "Qh5+"), name="scripted,moves=e4 Qh5+"),
    }

    for spec, agent in agents.items():
        assert load.agent(spec) == agent
    assert load.options_of(Minimax(depth=7)) == {"depth": 7}
    assert load.options_of(Scripted(moves="1 2")) == {"moves": ["1", "2"], "texts": []}
    started = describe(Nim(), {"first": Minimax(depth=7), "second": Scripted(moves="1 2")})
    assert [seated.options for seated in started.seats.values()] == [
        {"depth": 7},
        {"moves": ("1", "2"), "texts": ()},
    ]
