"""Runs whose writer died: found, and brought in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from arena.replay.archive import runs
from arena.replay.lock import was_left
from arena.replay.recovery import Recovery
from arena.replay.run import Run


class Mended(NamedTuple):
    """A run that was brought in order, and what that took."""

    folder: Path
    recovery: Recovery


def mend(root: Path) -> Iterator[Mended]:
    """Recover every run in `root` whose writer died; runs that a live process writes are left alone.

    Raises:
        ReplayError: a run holds what no crash leaves behind, or a newer arena wrote it.
    """
    for folder in runs(root):
        if was_left(folder):
            with Run.open(folder) as run:
                yield Mended(folder, run.recovery)
