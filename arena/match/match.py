"""Playing a match: `play`, and the header that says what is played, `describe`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from arena.agent import Agent, options_of
from arena.events import Line, Seated, Started
from arena.game import Game, Outcome, Seat
from arena.referee import Record

from .table import NO_PAST, Adjudicator, Pace, Past, Table


def describe(
    game: Game[Any], agents: Mapping[Seat, Agent], *, seed: int = 0, name: str = "", match_id: str = ""
) -> Started:
    """The first line of a match's replay: all that decides how it goes but the replies.

    `name` is what to type to load the game again; it defaults to ``module:Class``.

    Raises:
        ValueError: the agents do not fill exactly the game's seats.
    """
    if set(agents) != set(game.seats):
        raise ValueError(f"the seats are {', '.join(game.seats)}; agents were given for {', '.join(agents)}")
    return Started(
        id=match_id,
        game=name or f"{type(game).__module__}:{type(game).__qualname__}",
        version=game.version,
        options=msgspec.to_builtins(options_of(game)),
        seats={
            seat: Seated(agent.name, options=msgspec.to_builtins(agent.options()), template=agent.template())
            for seat, agent in ((seat, agents[seat]) for seat in game.seats)
        },
        seed=seed,
        rules=game.rules,
        scenario_luck=game.scenario_luck,
    )


async def play(
    game: Game[Any],
    agents: Mapping[Seat, Agent],
    *,
    seed: int = 0,
    record: Record | None = None,
    started: Started | None = None,
    past: Past = NO_PAST,
    pace: Pace | None = None,
    move_seconds: float | None = None,
    game_seconds: float | None = None,
    adjudicator: Adjudicator | None = None,
) -> Outcome:
    """Play one match to its end.

    `started` is the header to record; it defaults to `describe` and then decides the seed. `past` is
    what a fork begins with. `pace` is awaited after each move. `adjudicator` is consulted after each move
    of a seat in a game of perfect information. Seats that move at once are asked concurrently. An agent or
    an adjudicator that is unavailable, or an agent that gives no answer within `move_seconds`, makes the
    match void, and so does a match that is not over within `game_seconds`. Any other error of an agent or
    a game makes it void as well, and is raised again once the end is recorded.
    """
    started = started or describe(game, agents, seed=seed)
    table = Table(game, agents, started, record or _ignore, move_seconds, adjudicator)
    await table.play(past.moves, past, pace, game_seconds)
    outcome = table.referee.outcome
    assert outcome is not None, "agent_iter stops at the end only"
    return outcome


def _ignore(event: Line) -> None:
    """Record nothing."""
