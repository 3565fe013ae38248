"""A replay in memory: the events of one match, and the prompts unfolded from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from arena.agent import Exchange, Message
from arena.events import (
    FORMAT,
    Ended,
    Line,
    Moved,
    Replied,
    Started,
    decode,
    decode_all,
    encode,
    unfold,
)
from arena.game import Seat
from arena.replay.error import NewerFormat, ReplayError


class Call(NamedTuple):
    """One reply with all the messages that were sent for it."""

    reply: Replied
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Replay:
    """The events of one match in order; the first is `Started`."""

    events: tuple[Line, ...]

    def __post_init__(self) -> None:
        if not self.events or not isinstance(self.events[0], Started):
            first = type(self.events[0]).__name__ if self.events else "nothing"
            raise ReplayError(f"a replay begins with a `match` line, this one with {first}")

    @property
    def started(self) -> Started:
        """What was played, by whom, from which seed."""
        first = self.events[0]
        assert isinstance(first, Started)
        return first

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it is being played, or when the writer died."""
        last = self.events[-1]
        return last if isinstance(last, Ended) else None

    def moves(self) -> tuple[Moved, ...]:
        """The moves that were applied, NATURE's included."""
        return tuple(event for event in self.events if isinstance(event, Moved))

    def calls(self) -> Iterator[Call]:
        """Every reply in order, with its messages in full.

        Raises:
            ReplayError: a reply refers to messages that are not there.
        """
        last: dict[Seat, Exchange] = {}
        for event in self.events:
            if isinstance(event, Replied):
                try:
                    messages = unfold(last.get(event.seat), event)
                except ValueError as error:
                    raise ReplayError(f"match {self.started.id}: {error}") from error
                if messages:
                    last[event.seat] = Exchange(event.ply, messages, event.text)
                yield Call(event, messages)

    def prompt(self, reply: Replied) -> tuple[Message, ...]:
        """All messages that were sent for `reply`, linear in the match; for every reply use `calls`.

        Raises:
            ReplayError: `reply` is not of this match.
        """
        for call in self.calls():
            if call.reply is reply or call.reply == reply:
                return call.messages
        raise ReplayError(
            f"no reply of {reply.seat!r} at ply {reply.ply}, attempt {reply.attempt}, "
            f"in match {self.started.id}: ask the replay it came from"
        )

    def raw(self) -> bytes:
        """The lines as they are stored."""
        return b"".join(map(encode, self.events))


def parse(raw: bytes, where: str) -> Replay:
    """The replay of whole lines; `where` names them in errors. Splits on the line-feed byte only.

    Raises:
        NewerFormat: a newer arena wrote it.
        ReplayError: a line is no event, or the first is no `match` line.
    """
    try:
        events = decode_all(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse_newer(raw, where)
        raise ReplayError(
            f"{where}, line {_first_bad_line(raw)}: {error}. Run `arena replays verify` on its run"
        ) from error
    if events and isinstance(events[0], Started) and events[0].v > FORMAT:
        _refuse_newer(raw, where)
    try:
        return Replay(tuple(events))
    except ReplayError as error:
        raise ReplayError(f"{where}: {error}") from error


class _Version(msgspec.Struct):
    v: int = FORMAT


def _refuse_newer(raw: bytes, where: str) -> None:
    try:
        version = msgspec.json.decode(raw.split(b"\n", 1)[0], type=_Version).v
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if version > FORMAT:
        raise NewerFormat(
            f"{where} is written in format {version}; this arena reads up to {FORMAT}: upgrade it"
        )


def _first_bad_line(raw: bytes) -> int:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            if line:
                decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return number
    return 0
