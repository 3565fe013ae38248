"""Index lines made from the shards: all that an index tells is in them, but for the time of sealing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from arena.events import encode
from arena.replay import disk, index
from arena.replay.entry import Entry, Tally
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.frame import Frame, Gap, shard_numbers, shard_path, walk
from arena.replay.lock import Lock
from arena.replay.replay import Replay, parse


def entries_in(folder: Path, shard: int, start: int, times: Mapping[str, float]) -> Iterator[Entry | Gap]:
    """The entries of a shard's frames from byte `start` on, and the gaps between them.

    Whole frames that hold no replay are passed over. `times` are known times of sealing by id; other
    matches get the time when the shard was last written.

    Raises:
        NewerFormat: a newer arena wrote a match.
    """
    path = shard_path(folder, shard)
    written = path.stat().st_mtime
    for piece in walk(path, start):
        if isinstance(piece, Gap):
            yield piece
            continue
        try:
            entry = entry_of(piece, replay_of(piece, path), shard, written)
        except NewerFormat:
            raise
        except ReplayError:
            continue  # whole, but no match of ours: `verify` names it
        yield replace(entry, at=times.get(entry.id, written))


def replay_of(frame: Frame, shard: Path) -> Replay:
    """The replay in a frame.

    Raises:
        ReplayError: its lines are no replay.
    """
    return parse(frame.raw, f"{shard} at byte {frame.offset}")


def entry_of(frame: Frame, replay: Replay, shard: int, at: float) -> Entry:
    """The index line of a frame and its replay.

    Raises:
        ReplayError: the match has not ended.
    """
    tally = Tally.of(replay.events)
    return tally.entry(frame.raw, shard=shard, offset=frame.offset, length=frame.length, at=at)


def reindex(folder: Path) -> int:
    """Write ``index.jsonl`` anew from the shards, whole or not at all; gives the number of its lines.

    Of several frames with one id the first counts. Damage between frames is passed over.

    Raises:
        ReplayError: another process writes the run, or the disk refused.
    """
    lock = Lock(folder)
    try:
        index.index_path(folder).touch()
        times = {line.entry.id: line.entry.at for line in index.read_lines(folder) if line.entry}
        entries: dict[str, Entry] = {}
        for number in shard_numbers(folder):
            for entry in entries_in(folder, number, 0, times):
                if isinstance(entry, Entry):
                    entries.setdefault(entry.id, entry)
        disk.write_whole(index.index_path(folder), b"".join(map(encode, entries.values())))
        return len(entries)
    finally:
        lock.release(clean=not lock.left)
