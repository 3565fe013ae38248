"""Cheats: a model of the registry, told the right answer where it finds none: STaR's rationalisation.

What is recorded is the question without the answer, and the reply that came after it was told: so rows of its
matches teach to get there alone. For making rows, never for playing. Source: E. Zelikman et al., "STaR:
Bootstrapping Reasoning With Reasoning" (2022), arXiv 2203.14465, section 3.2.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from arena.agent import Agent, Position, Reply, Turn
from arena.game import Game, Move, Seat

from .checkpoint import FromCheckpoint
from .insider import Solved
from .usage import both

TOLD = "told the right answer"
"""The note in the usage of a reply that was given after the answer."""
_HINT = "\n\nThis answer is right: {answer}\nGive it, with the work that leads to it."


@runtime_checkable
class Solving(Solved, Protocol):
    """A game of tasks that can also judge an answer."""

    def is_right(self, state: Any, seat: Seat, move: Move) -> bool:
        """Whether it is right."""


@dataclass(frozen=True, kw_only=True)
class Hinted(FromCheckpoint):
    """Answers by itself, and if that is wrong once more with the right answer before it."""

    cheats: ClassVar[bool] = True

    def options(self) -> dict[str, object]:
        return {**super().options(), "cheats": True}

    def suits(self, game: Game[Any]) -> None:
        if not isinstance(game, Solving):
            raise ValueError(f"hinted cannot play {game!r}: it has no tasks with answers")
        super().suits(game)

    async def act(self, turn: Turn) -> Reply:
        position, turn = turn.position, replace(turn, position=None)
        first = await self._engine.act(turn)
        answer = await asyncio.to_thread(_missed, position, turn.seat, first)
        if not answer:
            return first
        told = replace(turn, observation=turn.observation + _HINT.format(answer=answer))
        second = await self._engine.act(told)
        usage = both(first.usage, second.usage)
        if await asyncio.to_thread(_missed, position, turn.seat, second):
            return replace(first, usage=usage)
        usage = replace(usage, finish=second.usage.finish, notes=(*second.usage.notes, TOLD))
        return replace(second, messages=first.messages, usage=usage)


def _missed(position: Position | None, seat: Seat, reply: Reply) -> Move:
    """The right answer, if the reply is not right; empty otherwise, and where nothing is asked."""
    if position is None or not isinstance(position.game, Solving):
        raise ValueError("hinted needs the whole state: it plays only where cheats are let in")
    game, state = position.game, position.state
    if game.phase(state) != "solve" or (not reply.fault and game.is_right(state, seat, reply.move)):
        return ""
    return game.solution(state, seat)


agent: type[Agent] = Hinted
