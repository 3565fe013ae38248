"""`Sample`: one reply of a replay as it was given, and what became of it."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Literal, TypeAlias

import msgspec

from arena.agent import Fault, Message
from arena.events import Fouled, Moved, Replied
from arena.game import Kind, Move, Seat, role
from arena.replay.replay import Replay

Thinking: TypeAlias = Literal["keep", "drop", "require"]
"""What becomes of a reply's thinking: kept in ``<think>`` tags, left out, or kept and asked for."""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One reply with the messages exactly as they were sent; the unit all rows are made of."""

    match: str
    run: str
    ply: int
    """Moves applied before the reply."""
    seat: Seat
    attempt: int
    """0 at first; 1, 2, … after refused answers to the same question."""
    agent: str
    spec: str
    """What to type to load the agent again."""
    opponents: tuple[str, ...]
    """Names of the agents in the other seats, in the order of the seats."""
    game: str
    options: str
    """The game's options as sorted JSON."""
    version: int
    seed: int
    """The scenario's: matches with one game, options and seed begin alike."""
    pair: str
    """The mirrored pair within the run; empty without one."""
    messages: tuple[Message, ...]
    text: str
    thinking: str
    move: Move
    """What was played; empty with a fault."""
    fault: Fault | None
    """Why the reply was refused; None when it was played."""
    payoff: float
    """Of the seat, in [-1, 1]."""
    kind: Kind
    """Who decided the match; never void."""
    turn: int
    """How many replies the seat had given before, refused ones left out."""
    turns: int
    """How many replies of the seat were played in the match."""
    moved: tuple[int, int] = (0, 0)
    """Plies of the match that were played when it was asked, and in the end."""
    parent: tuple[str, int] | None = None
    """Match and ply that a fork was taken from."""
    template: str = ""
    """Of the agent's model; see `arena.agent.Agent.template`."""
    gain: float | None = None
    """What it changed in the value of the state for the seat, in [-2, 2]; None where nothing says."""

    @property
    def id(self) -> str:
        """Names the reply: match, ply, seat and attempt."""
        return f"{self.match}:{self.ply}:{self.seat}:{self.attempt}"

    @property
    def role(self) -> str:
        """The seat without its number: ``solver`` of ``solver.3``."""
        return role(self.seat)

    @property
    def scenario(self) -> str:
        """The same for all matches that begin alike: 16 hexadecimal digits."""
        return _scenario(self.game, self.options, self.version, self.seed)

    @property
    def prompt(self) -> str:
        """The same for all replies to the same messages: 16 hexadecimal digits."""
        return _prompt(self.game, self.messages)

    def completion(self, thinking: Thinking) -> str | None:
        """The answer's text as a row holds it; None when thinking is required and there is none."""
        if thinking == "drop" or not self.thinking:
            return None if thinking == "require" else self.text
        return f"<think>\n{self.thinking}\n</think>\n{self.text}"


Replies: TypeAlias = Callable[[], Iterator[Sample]]
"""Gives the same replies each time it is called, those of one match together, as `arena.data.source` does."""


def samples(replay: Replay) -> Iterator[Sample]:
    """Every reply to which messages were sent, in order; none of a match that is void or has not ended.

    Replies that a fork took over from its parent are the parent's, not the fork's.

    Raises:
        ReplayError: a reply refers to messages that are not there.
    """
    started, ended = replay.started, replay.ended
    if ended is None or ended.kind == "void":
        return
    faults = {(e.ply, e.seat, e.attempt): e.fault for e in replay.events if isinstance(e, Fouled)}
    played = [event for event in replay.events if isinstance(event, Moved)]
    calls = [call for call in replay.calls() if call.messages]
    turns: dict[Seat, int] = {}
    for call in calls:
        if _fault(call.reply, faults) is None:
            turns[call.reply.seat] = turns.get(call.reply.seat, 0) + 1
    options = msgspec.json.encode(started.options, order="sorted").decode()
    parent = started.parent
    seen: dict[Seat, int] = {}
    for call in calls:
        reply, seat = call.reply, call.reply.seat
        fault = _fault(reply, faults)
        yield Sample(
            started.id,
            started.run,
            reply.ply,
            seat,
            reply.attempt,
            started.seats[seat].agent,
            started.seats[seat].spec,
            tuple(one.agent for other, one in started.seats.items() if other != seat),
            started.game,
            options,
            started.version,
            parent.seed if parent else started.seed,
            started.pair,
            call.messages,
            reply.text,
            reply.thinking,
            "" if fault else reply.move,
            fault,
            ended.payoff[seat],
            ended.kind,
            seen.get(seat, 0),
            turns.get(seat, 0),
            (reply.ply, len(played) and played[-1].ply + 1),
            (parent.id, parent.ply) if parent else None,
            started.seats[seat].template,
        )
        if fault is None:
            seen[seat] = seen.get(seat, 0) + 1


def by_match(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """The replies of one match after the other; they come together."""
    found: list[Sample] = []
    for sample in samples:
        if found and found[0].match != sample.match:
            yield found
            found = []
        found.append(sample)
    if found:
        yield found


def digest(*parts: str) -> str:
    """16 hexadecimal digits that name a sequence of texts."""
    chunks: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        chunks += (len(data).to_bytes(8, "big"), data)
    return blake2b(b"".join(chunks), digest_size=8).hexdigest()


@lru_cache(maxsize=4096)
def _scenario(game: str, options: str, version: int, seed: int) -> str:
    return digest(game, options, str(version), str(seed))


@lru_cache(maxsize=4096)
def _prompt(game: str, messages: tuple[Message, ...]) -> str:
    return digest(game, *(part for one in messages for part in (one.role, one.content)))


def _fault(reply: Replied, refused: dict[tuple[int, Seat, int], Fault]) -> Fault | None:
    return reply.fault or refused.get((reply.ply, reply.seat, reply.attempt))
