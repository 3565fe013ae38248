"""Checks a run's files against each other: shards, index and hashes.

Whether the moves lead to the recorded boards is another question; playing them again answers it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from arena.replay import index, manifest
from arena.replay.entry import Entry
from arena.replay.error import ReplayError
from arena.replay.frame import Frame, Gap, shard_numbers, shard_path, walk
from arena.replay.lock import is_locked
from arena.replay.rebuild import entry_of, replay_of
from arena.replay.recovery import left_in, live_folder


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a run."""

    problem: str
    shard: int | None = None
    offset: int | None = None
    match: str = ""
    file: str = "index.jsonl"
    """Where it is, when in no shard; empty when the problem says it."""

    def __str__(self) -> str:
        parts = []
        if self.shard is not None:
            parts.append(f"shard {self.shard:03d} at byte {self.offset}")
        if self.match:
            parts.append(f"match {self.match}")
        where = ", ".join(parts) or self.file
        return f"{where}: {self.problem}" if where else self.problem


class _Piece(NamedTuple):
    shard: int
    piece: Frame | Gap

    @property
    def key(self) -> tuple[int, int]:
        return self.shard, self.piece.offset


def verify(folder: Path) -> Iterator[Finding]:
    """Everything that is wrong with a run, in the order of its shards; nothing when all is well.

    Takes no lock. While another process writes the run, matches that it has not indexed yet are not held
    against it. What cannot be read at all is a finding too.
    """
    try:
        manifest.read(folder)
    except (ReplayError, OSError) as error:
        yield Finding(str(error), file="")
    try:
        busy = is_locked(folder)
        yield from _shards(folder, busy)
        if not busy:
            yield from _journals(folder)
    except (ReplayError, OSError) as error:
        yield Finding(str(error), file="")


def _journals(folder: Path) -> Iterator[Finding]:
    """Journals that recovery refuses."""
    for path in sorted(live_folder(folder).glob("*.jsonl")):
        try:
            left_in(path)
        except ReplayError as error:
            yield Finding(str(error), file="")


def _shards(folder: Path, busy: bool) -> Iterator[Finding]:
    indexed = index.size(folder)  # before any shard is looked at: they run ahead of the index, never behind
    pieces = (_Piece(n, piece) for n in shard_numbers(folder) for piece in walk(shard_path(folder, n)))
    piece = next(pieces, None)
    seen: set[str] = set()
    position = (-1, -1)
    for line in index.read_lines(folder, indexed.whole):
        entry = line.entry
        if entry is None:
            yield Finding(f"line {line.number} is damaged; {_mends(folder)}")
            continue
        here = (entry.shard, entry.offset)
        if entry.id in seen:
            yield _about(entry, f"line {line.number} of the index names it again")
        seen.add(entry.id)
        if here <= position:
            yield _about(entry, f"line {line.number} of the index is out of order")
            continue
        position = here
        while piece is not None and piece.key < here:
            yield _unindexed(folder, piece)
            piece = next(pieces, None)
        if piece is None or piece.key != here:
            yield _about(entry, "no whole frame begins here: the shard is damaged or cut")
            continue
        yield from _compare(folder, entry, piece)
        piece = next(pieces, None)
    if busy:
        return
    if indexed.torn:
        yield Finding(f"its last {indexed.torn} bytes are torn; {_mends(folder)}")
    while piece is not None:
        yield _unindexed(folder, piece)
        piece = next(pieces, None)


def _about(entry: Entry, problem: str) -> Finding:
    return Finding(problem, entry.shard, entry.offset, entry.id)


def _unindexed(folder: Path, piece: _Piece) -> Finding:
    if isinstance(piece.piece, Gap):
        return Finding(_gap(folder, piece.shard, piece.piece), *piece.key)
    try:
        entry = _entry(folder, piece.piece, piece.shard, 0.0)
    except ReplayError as error:
        return Finding(f"a frame without an index line holds no match: {error}", *piece.key)
    return Finding(f"not in the index, or there twice; {_mends(folder)}", *piece.key, entry.id)


def _gap(folder: Path, shard: int, gap: Gap) -> str:
    """What bytes are that no index line names, and what to do about them."""
    size = shard_path(folder, shard).stat().st_size
    if shard == max(shard_numbers(folder)) and gap.offset + gap.length >= size:
        return f"the last {gap.length} bytes are no frame: torn; {_mends(folder)} by cutting them"
    return (
        f"{gap.length} bytes are no frame: damaged; the matches after them are whole, "
        "those in them can only come from a copy of the shard"
    )


def _mends(folder: Path) -> str:
    return f"`arena replays reindex {folder.name}` mends it"


def _compare(folder: Path, entry: Entry, piece: _Piece) -> Iterator[Finding]:
    if isinstance(piece.piece, Gap):
        yield _about(entry, f"damaged: its {entry.length} bytes are no whole frame")
        return
    try:
        found = _entry(folder, piece.piece, piece.shard, entry.at)
    except ReplayError as error:
        yield _about(entry, str(error))
        return
    for name in Entry.__struct_fields__:
        indexed, stored = getattr(entry, name), getattr(found, name)
        if indexed != stored:
            yield _about(entry, f"the index says {name} is {indexed!r:.100}, the shard {stored!r:.100}")


def _entry(folder: Path, frame: Frame, shard: int, at: float) -> Entry:
    replay = replay_of(frame, shard_path(folder, shard))
    for _ in replay.calls():
        pass  # a prompt that cannot be unfolded raises
    return entry_of(frame, replay, shard, at)
