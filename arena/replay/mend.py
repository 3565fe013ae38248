"""Runs whose writer died: found, and brought in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from arena.replay.archive import runs
from arena.replay.error import ReplayError
from arena.replay.lock import is_locked, was_left
from arena.replay.recovery import Recovery
from arena.replay.run import Run


class Mended(NamedTuple):
    """A run that was brought in order, and what that took."""

    folder: Path
    recovery: Recovery
    problem: str = ""
    """Why it could not be brought in order; empty when it was. Its matches are then as they were."""


def mend(root: Path) -> Iterator[Mended]:
    """Recover every run in `root` whose writer died; runs that a live process writes are left alone.

    A run that cannot be recovered is given with its `problem`, and the others are recovered all the same.
    """
    for folder in runs(root):
        if was_left(folder):
            mended = mend_run(folder)
            if not mended.problem or not is_locked(folder):  # another process may be mending it
                yield mended


def mend_run(folder: Path) -> Mended:
    """Recover one run."""
    try:
        with Run.open(folder) as run:
            return Mended(folder, run.recovery)
    except (ReplayError, OSError) as error:
        return Mended(folder, Recovery(), str(error))
