"""The writer of a run's shards and index."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from arena.events import encode
from arena.replay import disk
from arena.replay.entry import Entry, Tally
from arena.replay.error import ReplayError
from arena.replay.frame import Packer, shard_numbers, shard_path
from arena.replay.index import index_path

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Shards:
    """Appends matches to the last shard of a run, and commits them in groups.

    A match that was appended survives the death of the process: its frame is in the kernel's hands, and
    recovery indexes whole frames. A match that was committed survives power loss: the shard is synced
    before its index line is written, so the index never names what is not there.

    `append` is for one thread; `commit` may be called from any.
    """

    def __init__(self, folder: Path, *, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._number = max(shard_numbers(folder), default=0)
        self._path = shard_path(folder, self._number)
        self._shard = os.open(self._path, _APPEND, 0o644)
        self._index = os.open(index_path(folder), _APPEND, 0o644)
        self._packer = Packer()
        self._gathering = threading.Lock()
        self._committing = threading.Lock()
        self._pending: list[tuple[Entry, Path | None]] = []
        self._error: ReplayError | None = None
        disk.sync_folder(folder)

    def append(self, raw: bytes, tally: Tally, *, at: float, journal: Path | None) -> Entry:
        """Store the lines of an ended match; `journal` is unlinked once that is durable.

        Raises:
            ReplayError: the disk refused this match, which left the shard as it was, or an earlier commit.
        """
        self._raise_error()
        frame = self._packer.pack(raw)
        start = disk.end(self._shard)
        if start > 0 and start + len(frame) > self._limit:  # a match over the limit has a shard to itself
            self._next_shard()
            start = disk.end(self._shard)
        entry = tally.entry(raw, shard=self._number, offset=start, length=len(frame), at=at)
        with self._gathering:
            disk.append(self._shard, frame, self._path, start=start)
            self._pending.append((entry, journal))
        return entry

    def index(self, entries: Sequence[Entry]) -> None:
        """Have frames that lie in the shards already indexed by the next commit."""
        with self._gathering:
            self._pending += [(entry, None) for entry in entries]

    def commit(self) -> None:
        """Make everything appended so far durable and indexed.

        Raises:
            ReplayError: the disk failed, now or before; opening the run again recovers what there is.
        """
        with self._committing:
            self._raise_error()
            with self._gathering:
                pending, self._pending = self._pending, []
            if not pending:
                return
            try:
                self._commit(pending)
            except BaseException as error:
                # what comes later must not be indexed over a hole, so this writer ends here
                self._error = ReplayError(
                    f"{self._folder}: sealed matches could not be made durable. {error!s:.300}. "
                    "They are kept: the next opening of the run indexes them"
                )
                if isinstance(error, Exception):
                    raise self._error from error
                raise

    def close(self) -> None:
        """Close the files, without a commit; once only."""
        os.close(self._shard)
        os.close(self._index)

    def _commit(self, pending: Sequence[tuple[Entry, Path | None]]) -> None:
        disk.sync(self._shard, self._path)
        disk.append(self._index, b"".join(encode(entry) for entry, _ in pending), index_path(self._folder))
        disk.sync(self._index, index_path(self._folder))
        for _, journal in pending:
            if journal is not None:
                journal.unlink(missing_ok=True)

    def _next_shard(self) -> None:
        self.commit()
        with self._committing:
            number = self._number + 1
            path = shard_path(self._folder, number)
            try:
                shard = os.open(path, _APPEND, 0o644)
            except OSError as error:
                raise ReplayError(f"{path} could not be begun: {error.strerror}") from error
            os.close(self._shard)
            self._shard, self._number, self._path = shard, number, path
            disk.sync_folder(self._folder)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
