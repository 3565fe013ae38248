"""One writer a run: an exclusive lock with its holder's process id inside.

The lock is the kernel's (flock), so that it ends with its process however that dies; the file stays.
"""

import fcntl
import os
import time
from pathlib import Path

from arena.replay.error import ReplayError

_held: set[int] = set()


def lock_path(folder: Path) -> Path:
    """Where the lock of a run lies."""
    return folder / "lock"


class Lock:
    """Held from construction until `release`.

    Raises:
        ReplayError: another process, or this one, writes the run already.
    """

    def __init__(self, folder: Path) -> None:
        path = lock_path(folder)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ReplayError(f"{path}: {error.strerror}; a run is a folder that can be written") from error
        try:
            _take(self._file, folder)
            self.left = os.fstat(self._file).st_size > 0
            """True when the writer before died without closing the run."""
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(self._file)
            raise
        _held.add(self._file)

    def release(self, *, clean: bool) -> None:
        """Let others write the run; once only. When `clean`, an empty lock file says that all is in order."""
        if clean:
            os.ftruncate(self._file, 0)
        _held.discard(self._file)
        os.close(self._file)


def is_locked(folder: Path) -> bool:
    """True while a live process writes the run."""
    try:
        file = os.open(lock_path(folder), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def was_left(folder: Path) -> bool:
    """True when the run's writer died, or could not close it in order."""
    try:
        written = lock_path(folder).stat().st_size > 0
    except FileNotFoundError:
        return False
    return written and not is_locked(folder)


def _take(file: int, folder: Path) -> None:
    for pause in (0.01, 0.05, None):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if pause is None:
                holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise ReplayError(
                    f"{folder} is being written by process {holder}: wait for it, stop it, or use another run"
                ) from None
            time.sleep(pause)  # `is_locked` holds the lock for an instant


def _release_in_child() -> None:
    """A forked child that outlives its parent must not go on holding the parent's runs."""
    for file in _held:
        os.close(file)
    _held.clear()


os.register_at_fork(after_in_child=_release_in_child)
