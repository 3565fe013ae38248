"""What the rules cost: chess against the bare python-chess loop, and the plies a second of every game.

    python -m tests.bench.games [rounds]

Times are CPU times of this process, so that a busy machine matters less; the loops take turns.
"""

import statistics
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import chess

from arena.game import NATURE, Game, Outcome
from games.chess import Chess
from games.kuhn_poker import KuhnPoker
from games.rock_paper_scissors import RockPaperScissors
from games.tic_tac_toe import TicTacToe

GAMES, CAP = 10, 200


def lines() -> list[list[chess.Move]]:
    """Random chess games; both loops play these same moves."""
    played = []
    for number in range(GAMES):
        rng, board = Random(1000 + number), chess.Board()
        while len(board.move_stack) < CAP and (legal := list(board.legal_moves)):
            board.push(rng.choice(legal))
        played.append(board.move_stack)
    return played


def raw(played: list[list[chess.Move]]) -> int:
    """The least that can be done: legal moves as a list, then one of them made."""
    plies = 0
    for moves in played:
        board = chess.Board()
        for move in moves:
            list(board.legal_moves)
            board.push(move)
            plies += 1
    return plies


def ours(played: list[list[chess.Move]]) -> int:
    """What a referee asks for: turn, legal, what the seat sees, apply, what a spectator sees."""
    plies, game = 0, Chess()
    for moves in played:
        state = game.start(Random(0))
        for move in moves:
            turn = game.turn(state)
            if not isinstance(turn, str):
                break
            game.legal(state, turn)
            game.observe(state, turn)
            state = game.apply(state, turn, move.uci())
            game.observe(state, None)
            plies += 1
    return plies


def random_matches(game: Game[Any], matches: int) -> int:
    """The same with random moves, for any game."""
    plies, rng = 0, Random(1)
    for _ in range(matches):
        state = game.start(rng)
        while not isinstance(turn := game.turn(state), Outcome):
            seat = turn if isinstance(turn, str) else turn[0]
            legal = game.legal(state, seat)
            game.observe(state, seat)
            move = game.nature(state, rng) if seat == NATURE else rng.choice(legal or ())
            state = game.apply(state, seat, move)
            game.observe(state, None)
            plies += 1
    return plies


def micros(loop: Callable[[], int]) -> float:
    """CPU microseconds a ply."""
    begin = time.process_time()
    plies = loop()
    return (time.process_time() - begin) / plies * 1e6


def main(rounds: int) -> None:
    played = lines()
    small: dict[str, Callable[[], int]] = {
        "tic-tac-toe": lambda: random_matches(TicTacToe(), 1000),
        "Kuhn poker": lambda: random_matches(KuhnPoker(), 1000),
        "rock, paper, scissors": lambda: random_matches(RockPaperScissors(), 1000),
    }
    loops = {"chess, bare loop": lambda: raw(played), "chess, this game": lambda: ours(played), **small}
    times: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, loop in loops.items():
            times[name].append(micros(loop))
    for name, taken in times.items():
        print(f"{name:24}{statistics.median(taken):8.2f} µs a ply")
    ratios = [a / b for a, b in zip(times["chess, bare loop"], times["chess, this game"], strict=True)]
    print(f"chess, share of the bare loop's speed: {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
