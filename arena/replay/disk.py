"""Writing that either happened or did not: whole appends, whole files, cut tails."""

import os
from pathlib import Path

from arena.replay.error import ReplayError


def end(file: int) -> int:
    """The size of an open file."""
    return os.lseek(file, 0, os.SEEK_END)


def append(file: int, data: bytes, path: Path, *, start: int | None = None) -> None:
    """Append all of `data` to an open file or nothing; `start` is the file's `end`, if just asked for.

    Survives the death of this process at once; power loss only after an fsync.

    Raises:
        ReplayError: the disk took only a part or nothing; the file is as long as before.
    """
    if start is None:
        start = end(file)
    written = 0
    try:
        while written < len(data):
            written += os.write(file, data[written:])
    except OSError as error:
        os.ftruncate(file, start)
        raise ReplayError(
            f"{path}: could not write {len(data)} bytes ({error.strerror}). "
            "What was stored before is intact: free space or raise the limit, then run the command again"
        ) from error
    except BaseException:
        os.ftruncate(file, start)
        raise


def cut(path: Path, size: int) -> int:
    """Shorten a file to `size` bytes, durably; gives how many bytes were cut."""
    excess = path.stat().st_size - size
    if excess <= 0:
        return 0
    file = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(file, size)
        os.fsync(file)
    finally:
        os.close(file)
    return excess


def write_whole(path: Path, data: bytes) -> None:
    """Create or replace a file so that readers see the old or the new one, never a part.

    Raises:
        ReplayError: the disk refused; the old file stands.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        raise ReplayError(
            f"{path}: could not be written ({error.strerror}); free space and try again"
        ) from error


def sync(file: int, path: Path) -> None:
    """Make an open file's bytes durable.

    Raises:
        ReplayError: the disk failed; what was written since the last time may be lost.
    """
    try:
        os.fsync(file)
    except OSError as error:
        raise ReplayError(
            f"{path}: the disk failed to store it ({error.strerror}). Mend the disk, then open the run again"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make files that were created, renamed or removed in a folder durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
