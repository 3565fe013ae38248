"""What opening a run mends after its last writer died.

A dead process leaves at most a torn last line in journals and index, a torn last frame in a shard, whole
frames that are not indexed yet, and journals. Each step can be taken again, so that dying in the midst
of recovery loses nothing either.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from arena.replay import disk, index
from arena.replay.entry import Entry, Tally
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.frame import shard_numbers, shard_path
from arena.replay.rebuild import entries_in
from arena.replay.replay import Replay, parse
from arena.replay.shards import Shards


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found and mended; all zero after a run that was closed."""

    sealed: int = 0
    """Finished matches that had only a journal."""
    dropped: int = 0
    """Unfinished matches: void, to be played again."""
    reindexed: int = 0
    """Matches in a shard that had no index line."""
    cut_bytes: int = 0
    """Torn or damaged bytes cut from the ends of files."""
    lost: int = 0
    """Matches that were indexed but lie in no shard: no crash does that, somebody cut or removed a shard."""

    def __str__(self) -> str:
        parts = [
            (self.sealed, "sealed {} that had finished"),
            (self.dropped, "dropped {} that had not"),
            (self.reindexed, "indexed {} again"),
            (self.lost, "lost {} whose shard was cut or removed"),
        ]
        done = [text.format(_matches(count)) for count, text in parts if count]
        if self.cut_bytes:
            done.append(f"cut {self.cut_bytes} torn bytes")
        return f"Recovered: {', '.join(done)}." if done else "Nothing to recover."


def live_folder(folder: Path) -> Path:
    """Where the journals of a run lie."""
    return folder / "live"


class Recovered(NamedTuple):
    """A run whose files are whole again."""

    shards: Shards
    ids: set[str]
    """Of all its matches."""
    recovery: Recovery


def recover(folder: Path, *, keep_partial: bool, limit: int) -> Recovered:
    """Mend a run and open its writer.

    The caller holds the run's lock. With `keep_partial` unfinished journals are moved to ``partial/``.

    Raises:
        ReplayError: a journal holds what no crash leaves behind, or a newer arena wrote it.
    """
    index.index_path(folder).touch()
    mended = _mend_shards(folder)
    shards = Shards(folder, limit=limit)
    try:
        shards.index(mended.found)
        shards.commit()
        journals = sorted(live_folder(folder).glob("*.jsonl"))
        fates = [_settle(path, shards, mended.ids, keep_partial) for path in journals]
        shards.commit()
    except BaseException:
        shards.close()
        raise
    recovery = Recovery(
        sealed=sum(fate.sealed for fate in fates),
        dropped=sum(fate.dropped for fate in fates),
        reindexed=len(mended.found),
        cut_bytes=mended.cut + sum(fate.cut for fate in fates),
        lost=mended.lost,
    )
    return Recovered(shards, mended.ids, recovery)


class _Mended(NamedTuple):
    found: list[Entry]
    ids: set[str]
    cut: int
    lost: int


class _Fate(NamedTuple):
    sealed: bool = False
    dropped: bool = False
    cut: int = 0


def _mend_shards(folder: Path) -> _Mended:
    """Cut the index where it stops agreeing with the shards, and find what lies in them after that."""
    numbers = shard_numbers(folder)
    head = index.head(folder, {number: shard_path(folder, number).stat().st_size for number in numbers})
    cut = disk.cut(index.index_path(folder), head.size)
    found: list[Entry] = []
    for number in numbers:
        if number < head.shard:
            continue
        shard = shard_path(folder, number)
        for piece in entries_in(folder, number, head.end if number == head.shard else 0, head.rest):
            if isinstance(piece, Entry):
                if piece.id not in head.ids:
                    head.ids.add(piece.id)
                    found.append(piece)
            elif piece.offset + piece.length >= shard.stat().st_size:
                cut += disk.cut(shard, piece.offset)
    return _Mended(found, head.ids, cut, len(head.rest.keys() - head.ids))


class Left(NamedTuple):
    """The journal of a dead process."""

    whole: bytes
    """Its whole lines."""
    cut: int
    """Torn bytes after them."""
    replay: Replay | None
    """None when no line is whole."""
    tally: Tally


def left_in(path: Path) -> Left:
    """What a journal holds whose writer died.

    Raises:
        NewerFormat: a newer arena wrote it.
        ReplayError: it holds what no crash leaves behind, or cannot be read.
    """
    try:
        data = path.read_bytes()
        whole = data[: _whole_lines(data)]
        replay = parse(whole, str(path)) if whole else None
        return Left(whole, len(data) - len(whole), replay, Tally.of(replay.events if replay else ()))
    except NewerFormat:
        raise
    except (ReplayError, OSError) as error:
        what = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise ReplayError(f"{what}. No crash leaves this behind: look at it and move it away") from error


def _settle(path: Path, shards: Shards, known: set[str], keep_partial: bool) -> _Fate:
    """Seal, keep or drop one journal of a dead process."""
    whole, cut, replay, tally = left_in(path)
    if replay is None:
        path.unlink()
        return _Fate(dropped=True, cut=cut)
    if replay.started.id in known:  # sealed; its writer died before it could unlink this
        path.unlink()
        return _Fate()
    if replay.ended:
        shards.append(whole, tally, at=time.time(), journal=path)
        known.add(replay.started.id)
        return _Fate(sealed=True, cut=cut)
    if keep_partial:
        disk.cut(path, len(whole))
        partial = path.parent.parent / "partial"
        partial.mkdir(exist_ok=True)
        os.replace(path, partial / path.name)
    else:
        path.unlink()
    return _Fate(dropped=True, cut=cut)


def _whole_lines(data: bytes) -> int:
    """The bytes up to the first line that is torn: not terminated, or no JSON."""
    size = 0
    for line in data.split(b"\n")[:-1]:
        try:
            msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
        size += len(line) + 1
    return size


def _matches(count: int) -> str:
    return "1 match" if count == 1 else f"{count} matches"
