"""Rock, paper, scissors: the smallest game whose seats move at once."""

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import NamedTuple

from arena.game import Game, IllegalMove, Move, Outcome, Seat

MOVES = ("rock", "paper", "scissors")
SHOWN = 8
"""How many finished rounds an observation tells."""


class Round(NamedTuple):
    """What each seat chose; empty while it has not."""

    left: Move = ""
    right: Move = ""


class Score(NamedTuple):
    """The state: the round being played, and what came before."""

    pending: Round = Round()
    played: int = 0
    left: int = 0
    """Rounds that left won."""
    right: int = 0
    """Rounds that right won."""
    past: tuple[Round, ...] = ()
    """The last finished rounds, at most `SHOWN`, the oldest first."""


@dataclass(frozen=True)
class RockPaperScissors(Game[Score]):
    """All rounds are played; the payoff is rounds won less rounds lost, as a share of all rounds."""

    rounds: int = 3

    seats = ("left", "right")

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ValueError(f"rounds={self.rounds!r}: a match has at least 1 round")

    @cached_property
    def rules(self) -> str:
        rounds = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        return (
            f"Rock, paper, scissors over {rounds}. Both seats choose at once, neither seeing the other's "
            "choice. Rock beats scissors, scissors beat paper, paper beats rock; equal ones tie. A move is "
            "one of the words rock, paper, scissors. All rounds are played, and every round counts the same: "
            "win more of them than the other."
        )

    def start(self, rng: Random) -> Score:
        return Score()

    def turn(self, state: Score) -> tuple[Seat, ...] | Outcome:
        if state.played < self.rounds:
            return tuple(seat for seat, chosen in zip(self.seats, state.pending, strict=True) if not chosen)
        lead, least = state.left - state.right, min(state.left, state.right)
        verdict = "tied" if lead == 0 else "left wins" if lead > 0 else "right wins"
        payoff = {"left": lead / self.rounds, "right": -lead / self.rounds}
        return Outcome(payoff, f"{verdict} {least + abs(lead)} to {least}")

    def legal(self, state: Score, seat: Seat) -> tuple[Move, ...]:
        turn = self.turn(state)
        return MOVES if not isinstance(turn, Outcome) and seat in turn else ()

    def apply(self, state: Score, seat: Seat, move: Move) -> Score:
        legal = self.legal(state, seat)
        if move not in legal:
            expected = "rock, paper or scissors" if legal else f"none, as {seat} has chosen already"
            raise IllegalMove(f"{move[:20]!r} is no move here; expected {expected}")
        pending = state.pending._replace(**{seat: move})
        if not all(pending):
            return state._replace(pending=pending)
        winner = _winner(pending)
        return Score(
            Round(),
            state.played + 1,
            state.left + (winner == "left"),
            state.right + (winner == "right"),
            (*state.past, pending)[-SHOWN:],
        )

    def observe(self, state: Score, seat: Seat | None) -> str:
        lines = [] if seat is None else [f"You are {seat}."]
        if state.played < self.rounds:
            lines.append(f"Round {state.played + 1} of {self.rounds}.")
        lines.append(f"Rounds won: left {state.left}, right {state.right}.")
        first = state.played - len(state.past) + 1
        for number, past in enumerate(state.past, first):
            winner = _winner(past)
            result = f"{winner} wins" if winner else "tie"
            lines.append(f"Round {number}: left {past.left}, right {past.right}: {result}")
        for owner, chosen in zip(self.seats, state.pending, strict=True):
            if chosen and seat in (None, owner):
                lines.append(f"{owner} has chosen {chosen}.")
        return "\n".join(lines)

    def value(self, state: Score, seat: Seat) -> float:
        """The rounds won less the rounds lost so far, as a payoff."""
        lead = state.left - state.right
        return (lead if seat == "left" else -lead) / self.rounds


def _winner(chosen: Round) -> Seat | None:
    """Each move beats the one before it in `MOVES`, rock beating scissors."""
    ahead = (MOVES.index(chosen.left) - MOVES.index(chosen.right)) % 3
    return (None, "left", "right")[ahead]


game = RockPaperScissors
