"""Removing old runs."""

import os
import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from arena.replay import index
from arena.replay.archive import runs
from arena.replay.error import ReplayError
from arena.replay.lock import Lock, is_locked


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be."""

    runs: tuple[Path, ...]
    bytes: int


def prune(
    root: Path, *, keep: int | None = None, older_than: timedelta | None = None, dry_run: bool = False
) -> Pruned:
    """Remove whole runs: all but the `keep` written last, and of these only what is older than `older_than`.

    Runs that a live process writes are never removed.

    Raises:
        ReplayError: neither `keep` nor `older_than` is given, or one is negative.
    """
    if keep is None and older_than is None:
        raise ReplayError("nothing says which runs to remove: give keep, older_than or both")
    if keep is not None and keep < 0:
        raise ReplayError(f"keep={keep} is no number of runs: give 0 or more")
    if older_than is not None and older_than < timedelta():
        raise ReplayError(f"older_than={older_than.total_seconds():g} s is no age: give 0 or more")
    newest = sorted(runs(root), key=_written, reverse=True)
    limit = float("inf") if older_than is None else time.time() - older_than.total_seconds()
    chosen = tuple(run for run in newest[keep or 0 :] if _written(run) < limit and not is_locked(run))
    size = sum(map(_size, chosen))
    if not dry_run:
        for run in chosen:
            _remove(run)
    return Pruned(chosen, size)


def _written(run: Path) -> float:
    path = index.index_path(run)
    return (path if path.exists() else run).stat().st_mtime


def _size(run: Path) -> int:
    return sum(path.lstat().st_size for path in run.rglob("*") if not path.is_dir())


def _remove(run: Path) -> None:
    lock = Lock(run)
    try:
        # hidden in one step first, so that no half-removed run is ever seen
        hidden = run.with_name(f".{run.name}.pruned")
        shutil.rmtree(hidden, ignore_errors=True)
        os.replace(run, hidden)
        shutil.rmtree(hidden)
    finally:
        lock.release(clean=False)
