"""Plays the move after which the game's own `value` looks best: one ply of search."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from arena.agent import Agent, Reply, Turn
from arena.game import Game, Move, Outcome, Seat

from .random import opening


@dataclass(frozen=True)
class Greedy(Agent):
    """One ply of search; equal moves are drawn by the turn's seed.

    A move that ends the game counts as the payoff it brings, any other as `Game.value` of the state it
    leads to. What the other seats will answer is not looked at.
    """

    def suits(self, game: Game[Any]) -> None:
        if not game.perfect_information:
            raise ValueError(f"greedy cannot play {game!r}: it needs to see the whole state")
        state, seats = opening(game)
        for seat in seats:
            legal = game.legal(state, seat)
            if legal is None:
                raise ValueError(f"greedy cannot play {game!r}: its moves are free text")
            worth(game, game.apply(state, seat, legal[0]), seat)

    async def act(self, turn: Turn) -> Reply:
        game, state, legal = whole(turn, "greedy")
        best: list[Move] = []
        record = float("-inf")
        for move in legal:
            value = worth(game, game.apply(state, turn.seat, move), turn.seat)
            if value > record:
                best, record = [move], value
            elif value == record:
                best.append(move)
        return Reply(best[turn.seed % len(best)])


class Sight(NamedTuple):
    """What a searching agent is given."""

    game: Game[Any]
    state: Any
    legal: tuple[Move, ...]


def whole(turn: Turn, agent: str) -> Sight:
    """The game, the whole state and the legal moves of a turn.

    Raises:
        ValueError: the turn hides the state or lists no moves; the message names `agent`.
    """
    if turn.position is None or turn.legal is None:
        missing = "the whole state" if turn.position is None else "a list of legal moves"
        raise ValueError(
            f"{agent} needs {missing}, which {turn.seat!r} is not given at ply {turn.ply}: seat another "
            "agent there"
        )
    return Sight(turn.position.game, turn.position.state, turn.legal)


def worth(game: Game[Any], state: Any, seat: Seat) -> float:
    """The payoff of a finished game, else the game's opinion; in [-1, 1], for `seat`.

    Raises:
        ValueError: the game has no opinion of the state.
    """
    turn = game.turn(state)
    if isinstance(turn, Outcome):
        return turn.payoff[seat]
    value = game.value(state, seat)
    if value is None:
        raise ValueError(f"{game!r} has no opinion of its states: define value(state, seat)")
    return value


agent = Greedy
