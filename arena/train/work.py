"""`Work`: the folder of one training, from which it goes on after whatever ended it.

::

    training/3f0c9d2a71b84e55/
      lock                 one process at a time
      plan.json            settings in the end; compared when it goes on
      metrics.jsonl        one line a step
      rows/                the rows as TRL takes them, with what it has worked out of them
      steps/checkpoint-40/ adapter, optimizer and random state; whole.json once all of it is on disk
      adapter/             the finished adapter
      done.json            what was measured on the test split, once all is done
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from arena.replay.disk import write_whole
from arena.train.plan import Step

_WHOLE = "whole.json"


class Work:
    """The folder of one training; made by `opened` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps, self.adapter = folder / "steps", folder / "adapter"
        self.rows = folder / "rows"
        self.metrics = folder / "metrics.jsonl"

    def done(self) -> dict[str, float] | None:
        """What was measured on the test split; None before the end of the training."""
        path = self.folder / "done.json"
        if not (path.is_file() and self.adapter.is_dir()):
            return None
        return msgspec.json.decode(path.read_bytes(), type=dict[str, float])

    def finish(self, tested: dict[str, float]) -> None:
        """Say that the adapter is finished, and drop all that only going on needed."""
        write_whole(self.folder / "done.json", msgspec.json.encode(tested))
        for folder in (self.steps, self.rows):
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self, config: str) -> None:
        """Write down the settings, or see that they are those of the beginning.

        Raises:
            ValueError: they are not.
        """
        path = self.folder / "plan.json"
        if path.is_file():
            old, new = (_decided(text) for text in (path.read_bytes(), config.encode()))
            if names := ", ".join(sorted(name for name in {*old, *new} if old.get(name) != new.get(name))):
                raise ValueError(
                    f"this training was begun otherwise ({names}, see {path}): start over with --fresh, or "
                    "go on where it was begun"
                )
        write_whole(path, config.encode())

    def rest(self) -> Path | None:
        """The last resting point that is whole; None without one. Others are removed."""
        points = sorted(self.steps.glob("checkpoint-*"), key=_number, reverse=True)
        whole = [point for point in points if _is_whole(point)]
        for point in points:
            if point not in whole[:1]:
                shutil.rmtree(point)
        return whole[0] if whole else None

    def seal(self, step: int) -> None:
        """Say that the resting point after `step` is whole, once all of it is on disk."""
        folder = self.steps / f"checkpoint-{step}"
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _WHOLE)
        for path in files:
            _sync(path)
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
        write_whole(folder / _WHOLE, msgspec.json.encode(sizes))

    def told(self) -> list[Step]:
        """The steps in ``metrics.jsonl``; a line that was torn ends them."""
        found: list[Step] = []
        for line in self.metrics.read_bytes().split(b"\n")[:-1] if self.metrics.is_file() else ():
            try:
                found.append(msgspec.json.decode(line, type=Step))
            except msgspec.DecodeError:
                break
        return found

    def keep(self, steps: list[Step]) -> None:
        """Let ``metrics.jsonl`` hold these steps alone."""
        write_whole(self.metrics, b"".join(msgspec.json.encode(step) + b"\n" for step in steps))

    def tell(self, step: Step) -> None:
        """Add a step to ``metrics.jsonl``."""
        with self.metrics.open("ab") as file:
            file.write(msgspec.json.encode(step) + b"\n")


@contextmanager
def opened(folder: Path, *, fresh: bool) -> Iterator[Work]:
    """The work folder, held until the end; an empty one when `fresh`.

    Raises:
        ValueError: another process works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"another process is training this already, in {folder}") from None
        if fresh:
            _empty(folder)
        yield Work(folder)


def _empty(folder: Path) -> None:
    # what says that there is something goes first: whatever is killed in between, nothing half is taken up
    (folder / "done.json").unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _decided(config: bytes) -> dict[str, object]:
    """What steps depend on; names of files and findings may change."""
    told = msgspec.json.decode(config, type=dict[str, object])
    made = told["settings"]
    assert isinstance(made, dict)
    return {"device": told["device"], **made}


def _is_whole(folder: Path) -> bool:
    try:
        sizes = msgspec.json.decode((folder / _WHOLE).read_bytes(), type=dict[str, int])
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, msgspec.DecodeError):
        return False


def _number(point: Path) -> int:
    digits = point.name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else -1


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
