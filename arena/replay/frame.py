"""Shards: files of zstd frames, one frame a match.

Every frame carries its content's size and checksum, so that a shard can be walked and checked without
its index. Any zstd reader that reads on after the first frame reads the lines of all matches.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from arena.replay.error import ReplayError

LEVEL = 3
_MAGIC = b"\x28\xb5\x2f\xfd"
_HEADER = 18
_BLOCK = 128 * 1024
_STRIDE = 1 << 20
_NAME = re.compile(r"shard-(\d{3,})\.jsonl\.zst")


class Frame(NamedTuple):
    """A whole frame: its checksum is right."""

    offset: int
    length: int
    raw: bytes
    """The lines of a match."""


class Gap(NamedTuple):
    """Bytes that are no whole frame: a torn tail, or damage."""

    offset: int
    length: int


class Packer:
    """Compresses matches to frames; reuses its memory, so one thread at a time."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)

    def pack(self, raw: bytes) -> bytes:
        """One frame."""
        return self._compressor.compress(raw)


class Unpacker:
    """Reads frames; reuses its memory, so one thread at a time."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def unpack(self, frame: bytes) -> bytes:
        """The lines of one whole frame.

        Raises:
            ReplayError: it is torn or damaged, or longer than one frame.
        """
        if _measure(io.BytesIO(frame), 0, len(frame)) != len(frame):
            raise ReplayError("torn or damaged: this is no whole frame")
        try:
            return self._decompressor.decompress(frame)
        except zstandard.ZstdError as error:
            raise ReplayError(f"damaged: {error}") from error


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard of a run lies."""
    return folder / f"shard-{number:03d}.jsonl.zst"


def shard_numbers(folder: Path) -> list[int]:
    """The shards of a run that exist, in order."""
    names = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(name[1]) for name in names if name)


def walk(shard: Path, start: int = 0) -> Iterator[Frame | Gap]:
    """Everything in a shard from byte `start` on, in order and without overlap."""
    unpacker = Unpacker()
    with shard.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        offset = start
        while offset < size:
            frame = _frame_at(file, offset, size, unpacker)
            if frame is None:
                following = _next_frame(file, offset + 1, size, unpacker)
                yield Gap(offset, following - offset)
                offset = following
            else:
                yield frame
                offset += frame.length


def _frame_at(file: BinaryIO, offset: int, size: int, unpacker: Unpacker) -> Frame | None:
    length = _measure(file, offset, size)
    if length is None:
        return None
    file.seek(offset)
    try:
        return Frame(offset, length, unpacker.unpack(file.read(length)))
    except ReplayError:
        return None


def _next_frame(file: BinaryIO, start: int, size: int, unpacker: Unpacker) -> int:
    """Where the next whole frame begins, or `size`."""
    while start < size:
        file.seek(start)
        stretch = file.read(_STRIDE)
        at = stretch.find(_MAGIC)
        while at >= 0:
            if _frame_at(file, start + at, size, unpacker) is not None:
                return start + at
            at = stretch.find(_MAGIC, at + 1)
        # three bytes back, because the magic number may lie across two stretches
        start += max(len(stretch) - len(_MAGIC) + 1, 1)
    return size


def _measure(file: BinaryIO, offset: int, size: int) -> int | None:
    """The length of the frame at `offset` by its block headers; None when no whole frame is there.

    The content size that the header claims must fit the blocks, or a damaged header could ask for all memory.
    Source: RFC 8878, sections 3.1.1.1 and 3.1.1.2.
    """
    file.seek(offset)
    head = file.read(_HEADER)
    try:
        parameters = zstandard.get_frame_parameters(head)
        position = offset + zstandard.frame_header_size(head)
    except zstandard.ZstdError:
        return None
    capacity, last = 0, False
    while not last:
        file.seek(position)
        word = int.from_bytes(file.read(3), "little")
        kind, last = word >> 1 & 3, bool(word & 1)
        position += 3 + (1 if kind == 1 else word >> 3)
        capacity += _BLOCK
        if kind == 3 or position > size:
            return None
    position += 4 if parameters.has_checksum else 0
    return position - offset if position <= size and parameters.content_size <= capacity else None
