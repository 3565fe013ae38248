"""Checks before anything is spent."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from arena.agent import Agent, AgentUnavailable
from arena.game import Game


async def preflight(agents: Iterable[Agent], games: Sequence[Game[Any]]) -> None:
    """See that every agent suits the games and can play now.

    Raises:
        ValueError: an agent cannot play one of the games.
        AgentUnavailable: one or more cannot be reached; the message has a line for each.
    """
    agents = list(agents)
    for agent in agents:
        try:
            for game in games:
                agent.suits(game)
        except ValueError as error:
            raise ValueError(f"{agent.name}: {error}") from error
    results = await asyncio.gather(*(agent.ready() for agent in agents), return_exceptions=True)
    lines = []
    for agent, result in zip(agents, results, strict=True):
        if isinstance(result, AgentUnavailable):
            lines.append(f"{agent.name}: {result}")
        elif isinstance(result, Exception):
            lines.append(f"{agent.name}: its check failed: {type(result).__name__}: {result}")
        elif result is not None:
            raise result
    if lines:
        raise AgentUnavailable("\n".join(lines))
