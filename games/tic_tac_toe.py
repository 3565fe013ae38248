"""Tic-tac-toe: the smallest complete game. Copy this file to start a new one."""

from dataclasses import dataclass
from random import Random

from arena.game import Game, IllegalMove, Move, Outcome, Seat

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
BOARD = " {} | {} | {}\n---+---+---\n {} | {} | {}\n---+---+---\n {} | {} | {}"


@dataclass(frozen=True)
class TicTacToe(Game[str]):
    """The state is the board: nine characters, row by row; a free cell holds its own number."""

    seats = ("x", "o")
    rules = (
        "Tic-tac-toe. x moves first. A move is the number of a free cell, 0 to 8, counted row by row; "
        "the board shows the numbers of the free cells. Three of your marks in a line win."
    )
    perfect_information = True

    def start(self, rng: Random) -> str:
        return "012345678"

    def turn(self, state: str) -> Seat | Outcome:
        for a, b, c in LINES:
            if state[a] == state[b] == state[c]:
                payoff = {"x": 1.0, "o": -1.0} if state[a] == "x" else {"x": -1.0, "o": 1.0}
                return Outcome(payoff, f"{state[a]} has {a}{b}{c}")
        if state.isalpha():
            return Outcome({"x": 0.0, "o": 0.0}, "the board is full")
        return "x" if state.count("x") == state.count("o") else "o"

    def observe(self, state: str, seat: Seat | None) -> str:
        return BOARD.format(*state) + (f"\n\nYou are {seat}." if seat else "")

    def legal(self, state: str, seat: Seat) -> tuple[Move, ...]:
        return tuple(state.replace("x", "").replace("o", ""))

    def apply(self, state: str, seat: Seat, move: Move) -> str:
        free = self.legal(state, seat)
        if move not in free:
            raise IllegalMove(f"{move[:20]!r} is no free cell; choose one of {', '.join(free)}")
        return state.replace(move, seat)

    def value(self, state: str, seat: Seat) -> float:
        """The payoff once it is over; before, the share of lines touched less that of the other seat."""
        turn, other = self.turn(state), "o" if seat == "x" else "x"
        lines = [state[a] + state[b] + state[c] for a, b, c in LINES]
        touched = sum((seat in line) - (other in line) for line in lines) / len(LINES)
        return turn.payoff[seat] if isinstance(turn, Outcome) else touched

    def rich(self, state: str) -> object:
        from rich.text import Text

        return Text.from_markup(BOARD.format(*state).replace("x", "[cyan]x[/]").replace("o", "[red]o[/]"))


game = TicTacToe
