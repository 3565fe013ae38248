"""`Scene`: what a match looks like after some of its events; a fold that every view draws.

Plies are numbered as in the replay: a scene's `ply` is how many moves were applied, so the decision that
rows and prompts call ply 12 is the one taken on the board that is shown as ply 12.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from rich.cells import cell_len

from arena.agent import Candidate, Fault, Usage
from arena.events import Asked, Ended, Fouled, Line, Moved, Replied, Started
from arena.game import Move, Seat

from .clean import clean

N = TypeVar("N", int, float)

KEPT = 100
"""How many of the last entries a scene holds, so that a step costs the same at any length."""
BOARD = 50_000
"""How many characters of a board's text are drawn."""
SAY = 4_000
"""How many characters of an answer are looked at for what it says."""


@dataclass(frozen=True, slots=True)
class Total:
    """What replies have cost so far. Unknown is None; a sum is of what is known."""

    replies: int = 0
    fouls: int = 0
    """Answers that were refused."""
    seconds: float = 0.0
    input: int | None = None
    output: int | None = None
    thinking: int | None = None
    cost: float | None = None

    @property
    def tokens(self) -> int | None:
        """Prompt and completion tokens."""
        return _sum(self.input, self.output)

    def fouled(self) -> "Total":
        """With one more refused answer."""
        return replace(self, fouls=self.fouls + 1)

    def plus(self, usage: Usage | None) -> "Total":
        """With one more reply; None is a reply of an agent that is no language model."""
        if usage is None:
            return replace(self, replies=self.replies + 1)
        return self.joined(Total(1, 0, usage.seconds, usage.input, usage.output, usage.thinking, usage.cost))

    def joined(self, other: "Total") -> "Total":
        """With all of another total."""
        return Total(
            self.replies + other.replies,
            self.fouls + other.fouls,
            self.seconds + other.seconds,
            _sum(self.input, other.input),
            _sum(self.output, other.output),
            _sum(self.thinking, other.thinking),
            _sum(self.cost, other.cost),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """A seat, who sits there, and what that has cost."""

    seat: Seat
    agent: str
    total: Total = Total()


@dataclass(frozen=True, slots=True)
class Entry:
    """One move or one refused answer, as the list beside the board tells it."""

    ply: int
    seat: Seat
    move: Move
    say: str = ""
    """The words that came with the move, without those that only state it."""
    thinking: str = ""
    candidates: tuple[Candidate, ...] = ()
    usage: Usage | None = None
    fault: Fault | None = None
    error: str = ""
    """Why the answer was refused."""


class Extent(NamedTuple):
    """Cells across and lines down."""

    wide: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """A match after some of its events. Values are as recorded: views clean them."""

    match: str = ""
    game: str = ""
    sides: tuple[Side, ...] = ()
    ply: int = 0
    """How many moves have been applied."""
    board: str = ""
    """The state as a spectator sees it; before the first move, as the first seat asked sees it."""
    extent: Extent = field(default_factory=Extent)
    """The most columns and lines that a board has had, so that views keep one place for it."""
    entries: tuple[Entry, ...] = ()
    """The last moves and refused answers, the latest last; at most `KEPT`."""
    moving: tuple[Seat, ...] = ()
    """Seats that were asked and have not moved."""
    pending: tuple[Replied, ...] = ()
    """Replies not yet applied or refused."""
    total: Total = Total()
    ended: Ended | None = None

    @classmethod
    def of(cls, events: Iterable[Line]) -> "Scene":
        """The scene after all of `events`."""
        scene = cls()
        for event in events:
            scene = scene.after(event)
        return scene

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(side.seat for side in self.sides)

    @property
    def last(self) -> Entry | None:
        """The latest move or refused answer."""
        return self.entries[-1] if self.entries else None

    def after(self, event: Line) -> "Scene":
        """The scene with one more event; a `Started` begins anew. Takes the same time at any length."""
        match event:
            case Started():
                sides = tuple(Side(seat, seated.agent) for seat, seated in event.seats.items())
                return Scene(match=event.id, game=event.game, sides=sides)
            case Asked():
                board = self.board or (event.observation if self.ply == 0 else "")
                return replace(self, board=board, moving=_with(self.moving, event.seat))
            case Replied():
                return self._replied(event)
            case Fouled():
                return self._fouled(event)
            case Moved():
                return self._moved(event)
            case Ended():
                return replace(self, ended=event, moving=(), ply=event.plies)

    def _replied(self, reply: Replied) -> "Scene":
        sides = tuple(
            replace(side, total=side.total.plus(reply.usage)) if side.seat == reply.seat else side
            for side in self.sides
        )
        total = self.total.plus(reply.usage)
        return replace(self, sides=sides, total=total, pending=(*self.pending, reply))

    def _fouled(self, foul: Fouled) -> "Scene":
        sides = tuple(
            replace(side, total=side.total.fouled()) if side.seat == foul.seat else side
            for side in self.sides
        )
        told = self._told(foul.ply, foul.seat, foul.move, foul.fault, foul.error)
        return replace(told, sides=sides, total=self.total.fouled())

    def _moved(self, moved: Moved) -> "Scene":
        wide, high = _extent(moved.board)
        return replace(
            self._told(moved.ply, moved.seat, moved.move),
            ply=moved.ply + 1,
            board=moved.board,
            extent=Extent(max(self.extent.wide, wide), max(self.extent.high, high)),
            moving=tuple(seat for seat in self.moving if seat != moved.seat),
        )

    def _told(self, ply: int, seat: Seat, move: Move, fault: Fault | None = None, error: str = "") -> "Scene":
        """With one more entry, made of what happened and of the reply that it answers."""
        reply = next((one for one in self.pending if one.seat == seat), None)
        entry = Entry(ply, seat, move, fault=fault, error=error)
        if reply is not None:
            entry = replace(
                entry,
                say=said(reply.text, move or reply.move),
                thinking=reply.thinking,
                candidates=reply.candidates,
                usage=reply.usage,
            )
        pending = tuple(one for one in self.pending if one is not reply)
        return replace(self, entries=(*self.entries[1 - KEPT :], entry), pending=pending)


def said(text: str, move: Move) -> str:
    """The words of an answer, without the lines that only state the move. Only `SAY` characters are read."""
    lines = text[:SAY].strip().split("\n")
    return "\n".join(line for line in lines if not _only_states(line, move))


# What is left of "MOVE: e4", "**Final answer:** e4", "<move>e4</move>" or a fence once the move is taken out.
_FRAME = re.compile(r"[\W_]+|\b(?:(?:my|the|is|final|answer|move|action|json)\b)", re.IGNORECASE)


def _only_states(line: str, move: Move) -> bool:
    rest = line.replace(move, " ", 1) if move else line
    return not _FRAME.sub("", rest)


def _sum(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else one + other


def _with(seats: tuple[Seat, ...], seat: Seat) -> tuple[Seat, ...]:
    return seats if seat in seats else (*seats, seat)


def _extent(board: str) -> Extent:
    lines = clean(board[:BOARD]).split("\n")
    return Extent(max(map(cell_len, lines)), len(lines))
