"""Answers as one seat of a recorded match did: a replay as a cassette."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from arena.agent import Agent, AgentUnavailable, Reply, Turn
from arena.events import Asked
from arena.replay.archive import find, read_file
from arena.replay.error import ReplayError
from arena.replay.replay import Call, Replay


class Recorded(NamedTuple):
    """What a seat saw, and how it answered."""

    observation: str
    call: Call | None
    """None when the record stops before the answer."""


@dataclass(frozen=True)
class FromReplay(Agent):
    """Gives the recorded reply to the same ply and attempt, as long as the seat sees what it saw then.

    Texts, thinking, faults, messages and candidates come again; tokens and costs do not, as nothing is
    spent. Where the match takes another course it becomes void, with the ply at which it did.
    """

    target: str
    """A match and its seat, ``ID:white``: the beginning of an id will do, ``RUN/ID:white`` looks in one
    run, ``path.jsonl:white`` reads a file of lines."""
    root: str = "replays"
    """The folder of runs to look in."""

    def __post_init__(self) -> None:
        match, _, seat = self.target.rpartition(":")
        if not match or not seat:
            raise ValueError(f"{self.target!r}: expected a match and a seat, such as replay/ID:white")

    async def ready(self) -> None:
        _ = self._recorded

    async def act(self, turn: Turn) -> Reply:
        recorded = self._recorded.get((turn.ply, turn.attempt))
        if recorded is None:
            raise AgentUnavailable(
                f"{self.target} was not asked at ply {turn.ply}, attempt {turn.attempt}: this match took "
                "another course before, or goes on where that one ended"
            )
        if recorded.observation != turn.observation:
            raise AgentUnavailable(
                f"{self.target} saw something else at ply {turn.ply}: this match has taken another course"
            )
        if recorded.call is None:
            raise AgentUnavailable(f"the record of {self.target} stops before its answer at ply {turn.ply}")
        reply, messages = recorded.call
        return Reply(
            reply.move,
            reply.fault,
            reply.detail,
            reply.text,
            reply.thinking,
            messages,
            candidates=reply.candidates,
        )

    @cached_property
    def _recorded(self) -> Mapping[tuple[int, int], Recorded]:
        """By ply and attempt.

        Raises:
            AgentUnavailable: there is no such match or seat, or it cannot be read.
        """
        match, _, seat = self.target.rpartition(":")
        try:
            replay = _load(match, Path(self.root))
            calls = {
                (call.reply.ply, call.reply.attempt): call
                for call in replay.calls()
                if call.reply.seat == seat
            }
        except (OSError, ReplayError) as error:
            raise AgentUnavailable(f"the replay {match!r} cannot be read: {error}") from error
        seats = replay.started.seats
        if seat not in seats:
            raise AgentUnavailable(f"match {match!r} has no seat {seat!r}, its seats: {', '.join(seats)}")
        return {
            (asked.ply, asked.attempt): Recorded(asked.observation, calls.get((asked.ply, asked.attempt)))
            for asked in replay.events
            if isinstance(asked, Asked) and asked.seat == seat
        }


def _load(match: str, root: Path) -> Replay:
    if match.endswith(".jsonl"):
        return read_file(Path(match).expanduser())
    return find(root, match).load()


agent = FromReplay
