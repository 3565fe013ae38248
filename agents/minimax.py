"""Looks a fixed number of plies ahead with alpha-beta: the plain searching opponent of any board game."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from arena.agent import Agent, Reply, Turn
from arena.game import NATURE, Game, Move, Outcome, Seat

from .greedy import whole

_HASTE = 1e-3
"""What a payoff gains in weight for each ply left when it is reached: wins come soon, losses late."""

_INFINITY = float("inf")


@dataclass(frozen=True)
class Minimax(Agent):
    """Alpha-beta over a game of two seats that see everything and move one at a time.

    The other seat is taken to want the opposite. Unfinished lines count as `Game.value` of their last
    state; equal moves are drawn by the turn's seed. Games with dice or dealing are refused: a `Game` can
    draw NATURE's moves but not list them, so no expectation over them can be taken.
    """

    depth: int = 2
    """Plies to look ahead, the own move included. The time grows as the number of moves to this power."""

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise ValueError(f"depth={self.depth!r}: minimax looks at least 1 ply ahead")

    def suits(self, game: Game[Any]) -> None:
        if not game.perfect_information:
            raise ValueError(f"minimax cannot play {game!r}: it needs to see the whole state")
        if len(game.seats) != 2:
            raise ValueError(f"minimax cannot play {game!r}: it has {len(game.seats)} seats, not 2")
        # One line to the depth shows what the search will ask of the game.
        state = game.start(Random(0))
        for _ in range(self.depth):
            mover = _mover(game, state)
            if isinstance(mover, Outcome):
                return
            state = game.apply(state, mover, _moves(game, state, mover)[0])
        _search(game, state, game.seats[0], 0, -_INFINITY, _INFINITY)

    async def act(self, turn: Turn) -> Reply:
        game, state, legal = whole(turn, "minimax")
        _mover(game, state)
        moves = list(legal)
        # Only a strictly better move displaces the first best one, so the shuffle makes ties fair.
        Random(turn.seed).shuffle(moves)
        choice, record = moves[0], -_INFINITY
        for move in moves:
            after = game.apply(state, turn.seat, move)
            value = _search(game, after, turn.seat, self.depth - 1, record, _INFINITY)
            if value > record:
                choice, record = move, value
        return Reply(choice)


def _search(game: Game[Any], state: Any, seat: Seat, depth: int, low: float, high: float) -> float:
    """The value of `state` for `seat`: exact where it lies between `low` and `high`, else a bound."""
    mover = _mover(game, state)
    if isinstance(mover, Outcome):
        return mover.payoff[seat] * (1 + _HASTE * depth)
    if depth == 0:
        return _opinion(game, state, seat)
    own = mover == seat
    best = -_INFINITY if own else _INFINITY
    for move in _moves(game, state, mover):
        value = _search(game, game.apply(state, mover, move), seat, depth - 1, low, high)
        if own:
            best = max(best, value)
            low = max(low, value)
        else:
            best = min(best, value)
            high = min(high, value)
        if low >= high:
            break
    return best


def _mover(game: Game[Any], state: Any) -> Seat | Outcome:
    turn = game.turn(state)
    if isinstance(turn, tuple):
        raise ValueError(f"minimax cannot play {game!r}: its seats move at once")
    if turn == NATURE:
        raise ValueError(f"minimax cannot play {game!r}: NATURE moves in it, and its moves cannot be listed")
    return turn


def _moves(game: Game[Any], state: Any, mover: Seat) -> Sequence[Move]:
    moves = game.legal(state, mover)
    if moves is None:
        raise ValueError(f"minimax cannot play {game!r}: the moves of {mover!r} are free text")
    return moves


def _opinion(game: Game[Any], state: Any, seat: Seat) -> float:
    value = game.value(state, seat)
    if value is None:
        raise ValueError(
            f"{game!r} has no opinion of unfinished states: define value(state, seat), or look to the end "
            "with a larger depth"
        )
    return value


agent = Minimax
