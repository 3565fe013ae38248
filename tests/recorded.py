"""Recorded matches to store, for tests of replays."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from arena.agent import Message, Usage
from arena.events import Asked, Ended, Fouled, Line, Moved, Parent, Replied, Seated, Started
from arena.replay.entry import Entry
from arena.replay.run import Run, RunSettings

HOSTILE = 'line\u2028sep\u0085next\x0b\x0c\x1c"}\n{"id":"fake"\ttab\\\x7f'
SEATS = ("x", "o")


def started(match: str, parent: Parent | None = None) -> Started:
    seats = {seat: Seated(f"agent-{seat}", options={"level": 3}) for seat in SEATS}
    return Started(
        match, "tiny", 2, {"size": 3}, seats, 41, "the rules", "run", f"key-{match}", parent=parent
    )


def ended(plies: int) -> Ended:
    return Ended({"x": 1.0, "o": -1.0}, "x has 048", "rules", plies)


def short(match: str) -> list[Line]:
    """Three lines: the least that is a finished match."""
    return [started(match), Moved(0, "x", "a1", "x.."), ended(1)]


def chat(match: str, plies: int = 4) -> list[Line]:
    """A match of talking agents, with a foul, hostile text and growing prompts."""
    events: list[Line] = [started(match, Parent("older", 2, 7))]
    for ply in range(plies):
        seat = SEATS[ply % 2]
        events.append(Asked(ply, seat, f"board {ply}", "a1\nb2", seed=ply))
        if ply == 1:
            events.append(Replied(ply, seat, fault="unparsable", detail="no move", text=HOSTILE))
            events.append(Fouled(ply, seat, "unparsable", "no move"))
            events.append(Asked(ply, seat, f"board {ply}", "a1\nb2", 1, "no move", ply))
        usage = Usage(input=10, output=ply, cost=0.001 if seat == "x" else None)
        asked = (Message("user", f"move {ply}: {HOSTILE}"),)
        kept = 0 if ply < 2 else 2 * (ply // 2)
        events.append(
            Replied(ply, seat, "a1", int(ply == 1), None, "", f"<a1> {HOSTILE}", "hm", kept, asked, usage)
        )
        events.append(Moved(ply, seat, "a1", f"x..{ply}"))
    return [*events, ended(plies)]


def store(run: Run, events: Sequence[Line], match: str = "") -> Entry:
    """Record and seal a match whose agents never wait."""

    async def play() -> Entry:
        head = events[0]
        assert isinstance(head, Started)
        journal = run.journal(match or head.id)
        for event in events:
            journal.record(event)
        return run.seal(journal)

    return asyncio.run(play())


def stored_run(root: Path, matches: Sequence[Sequence[Line]], name: str = "run") -> Path:
    """The folder of a closed run of these matches."""
    with Run.create(root, name, RunSettings()) as run:
        for events in matches:
            store(run, events)
    return run.folder
