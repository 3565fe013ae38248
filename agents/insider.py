"""Agents of `games.propose_solve` without a model: `Insider`. They know the golds, and say that they cheat.

A challenger needs no gold, but the game's own tasks of graded difficulty, which the whole state gives too.
"""

from abc import abstractmethod
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, Protocol, runtime_checkable

from arena.agent import Agent, Reply, Turn
from arena.game import Game, Move, Seat

LEVELS = range(1, 11)


class Solved(Protocol):
    """A game of tasks that can solve them."""

    def phase(self, state: Any) -> str:
        """What happens now; "propose" or "solve" when a seat has to do that."""

    def solution(self, state: Any, seat: Seat) -> Move:
        """An answer that is right."""


@runtime_checkable
class Proposing(Solved, Protocol):
    """A game of tasks that can write them and solve them."""

    def challenge(self, state: Any, difficulty: int, rng: Random) -> Move:
        """A proposal, of difficulty 1 to 10."""

    def mistake(self, state: Any, seat: Seat, rng: Random) -> Move:
        """An answer in the right form that is wrong."""

    def steps(self, state: Any, seat: Seat) -> int:
        """How hard the task is that the seat tries, 1 to 10."""

    def sample(self, state: Any, seat: Seat, rng: Random) -> Move:
        """Any move."""


@dataclass(frozen=True)
class Insider(Agent):
    """Proposes tasks of one difficulty, and is right with a known chance."""

    cheats: ClassVar[bool] = True
    difficulty: int = 0
    """Of the tasks that it proposes, 1 to 10; 0 for any."""

    def __post_init__(self) -> None:
        if not 0 <= self.difficulty <= LEVELS[-1]:
            raise ValueError(f"difficulty={self.difficulty!r}: expected 1 to {LEVELS[-1]}, or 0 for any")

    def options(self) -> dict[str, object]:
        return {**super().options(), "cheats": True}

    def suits(self, game: Game[Any]) -> None:
        if not isinstance(game, Proposing):
            raise ValueError(f"{type(self).__name__} cannot play {game!r}: nobody proposes tasks there")

    @abstractmethod
    def chance(self, steps: int) -> float:
        """With which chance it solves a task of so many steps, 1 to 10."""

    async def act(self, turn: Turn) -> Reply:
        position = turn.position
        if position is None or not isinstance(position.game, Proposing):
            raise ValueError(
                f"{type(self).__name__} needs the whole state, which {turn.seat!r} is not given: it plays "
                "only where cheats are let in"
            )
        game, state, rng = position.game, position.state, Random(turn.seed)
        phase = game.phase(state)
        if phase == "propose":
            return Reply(game.challenge(state, self.difficulty or rng.choice(LEVELS), rng))
        if phase != "solve":
            return Reply(game.sample(state, turn.seat, rng))
        if rng.random() < self.chance(game.steps(state, turn.seat)):
            return Reply(game.solution(state, turn.seat))
        return Reply(game.mistake(state, turn.seat, rng))
