"""The journal of a match that is being played: ``live/<id>.jsonl``, whole lines, appended."""

import asyncio
import os
from pathlib import Path
from typing import Literal, TypeAlias

from arena.events import Ended, Line, Moved, encode
from arena.replay import disk
from arena.replay.entry import Tally, check_id
from arena.replay.error import ReplayError

Fsync: TypeAlias = Literal["match", "ply"]
"""When power loss cannot take it any more: a match some time after it was sealed, or every ply at once."""


class Journal:
    """Takes the events of one match as they happen.

    Lines are gathered until the event loop comes round and then written at once: a match whose agents
    wait for a model has every line in the file before the model answers, and a match that never waits
    costs no file at all. Without a running event loop every line is written by itself. No file stays
    open, so that any number of matches can be played at once.
    """

    def __init__(self, folder: Path, match: str, *, fsync: Fsync = "match") -> None:
        check_id(match)
        self.id = match
        self.tally = Tally()
        self.open = True
        """False once sealed or discarded."""
        self.written = 0
        """Bytes in the file; 0 when there is no file."""
        self._folder = folder
        self._fsync = fsync
        self._lines: list[bytes] = []
        self._flushing = False
        self._error: ReplayError | None = None

    @property
    def path(self) -> Path:
        """The file, whether it is there or not."""
        return self._folder / f"{self.id}.jsonl"

    def record(self, event: Line) -> None:
        """Add one event; what `match.play` calls.

        Raises:
            ReplayError: the journal is closed, the event stands at a wrong place, or the disk refused
                this line or the lines before it.
        """
        if self._error is not None:
            raise self._error
        if not self.open:
            raise ReplayError(f"match {self.id} is sealed or discarded; no event can be added")
        self.tally.add(event)
        self._lines.append(encode(event))
        if self._fsync == "ply" and isinstance(event, Moved | Ended):
            self.flush()
        elif not self._flushing:
            self._flush_soon()

    def flush(self) -> None:
        """Write the gathered lines.

        Raises:
            ReplayError: the disk refused; the lines are kept, and the file is as it was.
        """
        if not self._lines:
            return
        lines, path = b"".join(self._lines), self.path
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ReplayError(f"{path}: could not be opened: {error.strerror}") from error
        try:
            disk.append(file, lines, path)
            self._lines.clear()
            self.written += len(lines)
            if self._fsync == "ply":
                disk.sync(file, path)
        finally:
            os.close(file)
        if self._fsync == "ply" and self.written == len(lines):
            disk.sync_folder(self._folder)

    def raw(self) -> bytes:
        """All lines so far, those in the file and those gathered.

        Raises:
            ReplayError: somebody else has cut or removed the file.
        """
        gathered = b"".join(self._lines)
        if not self.written:
            return gathered
        try:
            with self.path.open("rb") as file:
                flushed = file.read(self.written)
        except OSError as error:
            raise ReplayError(f"{self.path}: could not be read back: {error.strerror}") from error
        if len(flushed) != self.written:
            raise ReplayError(f"{self.path} was cut by another program while the match was played")
        return flushed + gathered

    def close(self) -> None:
        """Take no more events; the file, if there is one, stays."""
        self.open = False

    def discard(self) -> None:
        """Forget a match that will not be finished, and remove its file."""
        self.close()
        self._lines.clear()
        if self.written:
            self.path.unlink(missing_ok=True)

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            loop.call_soon(self._flush_later)
            self._flushing = True

    def _flush_later(self) -> None:
        self._flushing = False
        if not self.open:
            return
        try:
            self.flush()
        except ReplayError as error:
            self._error = error  # nobody awaits a callback: the next `record` raises it
