"""Tiny games and agents that several test files use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from arena.agent import Agent, AgentUnavailable, Reply, Turn
from arena.game import NATURE, Game, IllegalMove, Outcome


@dataclass(frozen=True)
class Count(Game[int]):
    """Seats a and b add 1 or 2 in turn; who reaches the goal wins."""

    goal: int = 5
    seats = ("a", "b")
    rules = "Say 1 or 2. Who brings the sum to the goal wins."
    perfect_information = True

    def start(self, rng: Random) -> int:
        return 0

    def turn(self, state: int) -> str | Outcome:
        total, mover = state // 2, "ab"[state % 2]
        if total >= self.goal:
            loser = mover
            return Outcome({s: -1.0 if s == loser else 1.0 for s in self.seats}, f"the sum is {total}")
        return mover

    def observe(self, state: int, seat: str | None) -> str:
        return f"the sum is {state // 2}"

    def legal(self, state: int, seat: str) -> list[str]:
        return ["1", "2"]

    def apply(self, state: int, seat: str, move: str) -> int:
        if move not in ("1", "2"):
            raise IllegalMove(f"{move[:20]!r} is not 1 or 2")
        return (state // 2 + int(move)) * 2 + (1 - state % 2)


@dataclass(frozen=True)
class Match2(Game[tuple[str, ...]]):
    """NATURE draws a digit, then three seats name one at once, blind; who names it wins."""

    seats = ("p", "q", "r")
    rules = "Name a digit."

    def start(self, rng: Random) -> tuple[str, ...]:
        return ()

    def turn(self, state: tuple[str, ...]) -> str | tuple[str, ...] | Outcome:
        if not state:
            return NATURE
        left = self.seats[len(state) - 1 :]
        if left:
            return left
        hits = [move == state[0] for move in state[1:]]
        payoff = {seat: 1.0 if hit else -1.0 for seat, hit in zip(self.seats, hits, strict=True)}
        return Outcome(payoff, f"the digit was {state[0]}")

    def observe(self, state: tuple[str, ...], seat: str | None) -> str:
        return "|".join(state) if seat is None else "name a digit"

    def nature(self, state: tuple[str, ...], rng: Random) -> str:
        return str(rng.randrange(10))

    def apply(self, state: tuple[str, ...], seat: str, move: str) -> tuple[str, ...]:
        if len(move) != 1 or move not in "0123456789":
            raise IllegalMove(f"{move[:20]!r} is no digit")
        return (*state, move)

    def sample(self, state: tuple[str, ...], seat: str, rng: Random) -> str:
        return str(rng.randrange(10))


@dataclass(frozen=True)
class Plays(Agent):
    """Answers each of its turns with the next of `answers`; an exception is raised."""

    answers: tuple[str | Reply | Exception, ...] = field(default=(), compare=False)
    seen: list[Turn] = field(default_factory=list, compare=False)

    async def act(self, turn: Turn) -> Reply:
        self.seen.append(turn)
        answer = self.answers[len(self.seen) - 1]
        if isinstance(answer, Exception):
            raise answer
        return Reply(answer) if isinstance(answer, str) else answer


@dataclass(frozen=True)
class Calls(Agent):
    """Answers with what a function gives."""

    function: Callable[[Turn], str] = field(default=lambda turn: "1", compare=False)

    async def act(self, turn: Turn) -> Reply:
        return Reply(self.function(turn))


def gone(reason: str = "no route") -> AgentUnavailable:
    """The world's failure."""
    return AgentUnavailable(reason)
