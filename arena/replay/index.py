"""``index.jsonl``: one line a sealed match, in the order of the shards; append only."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from arena.replay.entry import Entry
from arena.replay.error import ReplayError

_STRIDE = 1 << 17
_decoder = msgspec.json.Decoder(Entry)


class Line(NamedTuple):
    """One whole line of an index that is being judged."""

    number: int
    entry: Entry | None
    """None when the line is damaged."""


class Size(NamedTuple):
    """The length of an index in bytes."""

    whole: int
    """Up to the end of the last whole line."""
    torn: int
    """After that."""


class Head(NamedTuple):
    """The part of an index that agrees with its shards."""

    ids: set[str]
    size: int
    """Bytes of the index up to here."""
    shard: int
    end: int
    """The first byte of `shard` after the last indexed frame."""
    rest: dict[str, float]
    """Id and time of sealing of the readable lines after this part."""


def index_path(folder: Path) -> Path:
    """Where the index of a run lies."""
    return folder / "index.jsonl"


def read(folder: Path) -> Iterator[Entry]:
    """The entries of a run, streaming; a torn last line is left out, for its writer may be at it.

    Raises:
        ReplayError: there is no index, or a line in the middle is damaged.
    """
    for line in read_lines(folder):
        if line.entry is None:
            raise ReplayError(
                f"{index_path(folder)}, line {line.number}: damaged; "
                f"run `arena replays reindex {folder.name}`"
            )
        yield line.entry


def read_lines(folder: Path, limit: int | None = None) -> Iterator[Line]:
    """Every whole line of an index, or of its first `limit` bytes.

    Raises:
        ReplayError: there is no index.
    """
    done = 0
    for number, line in enumerate(_whole_lines(folder), start=1):
        done += len(line)
        if limit is not None and done > limit:
            return
        yield Line(number, _decode(line))


def size(folder: Path) -> Size:
    """How long the index is now.

    Raises:
        ReplayError: there is no index.
    """
    with _open(folder) as file:
        length = file.seek(0, os.SEEK_END)
        for start, tail in _tails(file, length):
            line_end = tail.rfind(b"\n")
            if line_end >= 0:
                whole = start + line_end + 1
                return Size(whole, length - whole)
    return Size(0, length)


def search(folder: Path, prefix: str) -> list[Entry]:
    """The entries whose id begins with `prefix`; reads the index as text, about 3 GB a second.

    It reads instead of mapping the file into memory: a writer that recovers may shorten the index,
    which kills whoever reads a map of it.
    """
    needle = b'\n{"id":"' + prefix.encode()
    found: list[Entry] = []
    rest = b"\n"
    with _open(folder) as file:
        while stretch := file.read(_STRIDE):
            stretch = rest + stretch
            whole = stretch.rfind(b"\n")
            at = stretch.find(needle, 0, whole)
            while at >= 0:
                end = stretch.index(b"\n", at + 1)
                entry = _decode(stretch[at + 1 : end])
                if entry is not None:
                    found.append(entry)
                at = stretch.find(needle, end, whole)
            rest = stretch[whole:]
    return found


def last(folder: Path) -> Entry | None:
    """The entry sealed last; None when there is none.

    Raises:
        ReplayError: there is no index, or its last line is damaged.
    """
    with _open(folder) as file:
        for start, tail in _tails(file, file.seek(0, os.SEEK_END)):
            lines = tail.split(b"\n")[:-1]
            if len(lines) > 1 or (lines and start == 0):
                entry = _decode(lines[-1])
                if entry is None:
                    raise ReplayError(
                        f"{index_path(folder)}: its last line is damaged; "
                        f"run `arena replays reindex {folder.name}`"
                    )
                return entry
    return None


def head(folder: Path, sizes: Mapping[int, int]) -> Head:
    """The longest beginning of the index whose frames lie in the shards, in order.

    `sizes` are the lengths of the shards in bytes, by number.
    """
    ids: set[str] = set()
    rest: dict[str, float] = {}
    good, shard, end = 0, min(sizes, default=0), 0
    agrees = True
    for line in _whole_lines(folder):
        entry = _decode(line)
        agrees = (
            agrees
            and entry is not None
            and (entry.shard, entry.offset) >= (shard, end)
            and entry.offset + entry.length <= sizes.get(entry.shard, 0)
        )
        if entry is not None and agrees:
            ids.add(entry.id)
            good += len(line)
            shard, end = entry.shard, entry.offset + entry.length
        elif entry is not None:
            rest[entry.id] = entry.at
    return Head(ids, good, shard, end, rest)


def _tails(file: BinaryIO, length: int) -> Iterator[tuple[int, bytes]]:
    """Ever longer ends of a file, each with its offset; the last is the whole file."""
    reach = 1 << 14
    while True:
        start = max(length - reach, 0)
        file.seek(start)
        yield start, file.read(length - start)
        if start == 0:
            return
        reach *= 4


def _whole_lines(folder: Path) -> Iterator[bytes]:
    with _open(folder) as file:
        for line in file:  # a binary file splits on the line-feed byte only
            if not line.endswith(b"\n"):
                return
            yield line


def _open(folder: Path) -> BinaryIO:
    try:
        return index_path(folder).open("rb")
    except FileNotFoundError:
        raise ReplayError(f"{folder} has no index.jsonl; run `arena replays reindex {folder.name}`") from None
    except OSError as error:
        raise ReplayError(
            f"{index_path(folder)}: {error.strerror}; make it readable, or move it away and "
            f"run `arena replays reindex {folder.name}`"
        ) from error


def _decode(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
