"""The event lines of a replay: the only record of a match.

`match.play` emits them, so they stand below the referee; `arena.replay` stores them. Everything that is
not reproducible (text, thinking, tokens, seconds) is in `Replied`; all other lines follow from the seed
and the replies. Unknown fields are ignored on reading and new fields have defaults; `Started.v` rises
only when a field changes its meaning.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from arena.agent import Candidate, Exchange, Fault, Message, Usage
from arena.game import Kind, Move, Seat

FORMAT = 1


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="t", gc=False):
    """One line of a replay."""


class Seated(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who sits in a seat."""

    agent: str
    """The agent's name."""
    spec: str = ""
    """What to type to load the agent again."""
    options: dict[str, Any] = {}
    """Every option of the agent as resolved; never a secret."""
    template: str = ""
    """The SHA-256 of the chat template that its prompts are rendered by; empty where nobody knows it."""


class Parent(msgspec.Struct, frozen=True):
    """Where a fork was taken."""

    id: str
    """The match that was taken up again."""
    ply: int
    """The first ply that was played anew; earlier moves are the parent's."""
    seed: int
    """The seed that the first state came from."""


class Started(Event, frozen=True, omit_defaults=True, tag="match"):
    """The first line: what was played, by whom, from which seed."""

    id: str
    game: str
    """What to type to load the game again, without options."""
    version: int
    options: dict[str, Any]
    seats: dict[Seat, Seated]
    seed: int
    rules: str
    run: str = ""
    key: str = ""
    """Names the fixture: the same game, options, seats and seed have the same key."""
    pair: str = ""
    """Names the mirrored pair (or set of rotations) within the run, and after a dot which attempt at it."""
    retries: int = 2
    max_plies: int = 10_000
    parent: Parent | None = None
    scenario_luck: bool = False
    """See `Game.scenario_luck`."""
    v: int = FORMAT


class Asked(Event, frozen=True, omit_defaults=True, tag="turn"):
    """A seat was asked for a move."""

    ply: int
    seat: Seat
    observation: str
    legal: str | None = None
    """The legal moves joined by line breaks; None when moves are free text."""
    attempt: int = 0
    complaint: str = ""
    seed: int = 0


class Replied(Event, frozen=True, omit_defaults=True, tag="reply"):
    """What came back. The only line that is not reproducible."""

    ply: int
    seat: Seat
    move: Move = ""
    attempt: int = 0
    fault: Fault | None = None
    detail: str = ""
    text: str = ""
    thinking: str = ""
    kept: int = 0
    """How many messages of the same seat's last call (with its answer appended) were sent again."""
    messages: tuple[Message, ...] = ()
    """The messages sent after the kept ones."""
    usage: Usage | None = None
    candidates: tuple[Candidate, ...] = ()


class Fouled(Event, frozen=True, omit_defaults=True, tag="foul"):
    """An answer was refused."""

    ply: int
    seat: Seat
    fault: Fault
    error: str
    move: Move = ""
    attempt: int = 0


class Moved(Event, frozen=True, omit_defaults=True, tag="moved"):
    """A move was applied."""

    ply: int
    seat: Seat
    move: Move
    board: str
    """The state after the move, as a spectator sees it."""


class Ended(Event, frozen=True, omit_defaults=True, tag="ended"):
    """The last line."""

    payoff: dict[Seat, float]
    reason: str
    kind: Kind
    plies: int
    figures: dict[Seat, dict[str, float]] = {}
    """See `Game.figures`."""


Line: TypeAlias = Started | Asked | Replied | Fouled | Moved | Ended

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


def encode(event: msgspec.Struct) -> bytes:
    """One line of JSON with its line break, of an event or of any other struct.

    Lone surrogates, which a hostile answer may hold and UTF-8 cannot, are written as U+FFFD.
    """
    try:
        return _encoder.encode(event) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(msgspec.to_builtins(event))) + b"\n"


def decode(line: bytes) -> Line:
    """The event of one line.

    Raises:
        msgspec.DecodeError: the line is no JSON, or no event (ValidationError).
    """
    event: Line = _decoder.decode(line)
    return event


def decode_all(raw: bytes) -> list[Line]:
    """The events of whole lines; splits on the line-feed byte only."""
    return [_decoder.decode(line) for line in raw.split(b"\n") if line]


def fold(earlier: Exchange | None, messages: Sequence[Message]) -> tuple[int, tuple[Message, ...]]:
    """`Replied.kept` and `Replied.messages` for a call that sent `messages`.

    `earlier` is the same seat's last call that sent messages, failed attempts included; None before any.
    """
    kept = 0
    for one, other in zip(_said(earlier), messages, strict=False):
        if one != other:
            break
        kept += 1
    return kept, tuple(messages[kept:])


def unfold(earlier: Exchange | None, reply: Replied) -> tuple[Message, ...]:
    """All messages that were sent for `reply`: undoes `fold`.

    Raises:
        ValueError: the reply keeps more messages than the earlier call has.
    """
    said = _said(earlier)
    if reply.kept > len(said):
        raise ValueError(
            f"reply of {reply.seat!r} at ply {reply.ply} keeps {reply.kept} messages, "
            f"but its last call has {len(said)}: lines are missing"
        )
    return said[: reply.kept] + reply.messages


def _said(earlier: Exchange | None) -> tuple[Message, ...]:
    if earlier is None:
        return ()
    return (*earlier.messages, Message("assistant", earlier.text))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(one) for one in value]
    return value
