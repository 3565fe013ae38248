"""The buffer: admitted tasks on disk, with where they come from and how often they were solved.

A game only reads it. It is a function of replays: `gathered` folds finished matches into it, and who runs
matches decides when. One line of JSON a task; the file's digest stands in every replay that used it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from random import Random

import msgspec

from arena.game import NATURE, Finished

from .novelty import Memory, program_hash
from .preset import Preset
from .session import Session
from .task import Task

CAP = 16_384
"""The most tasks that a buffer keeps, the newest ones. Source: Absolute Zero."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One task of the buffer."""

    task: Task
    """With its golds."""
    match: str
    """The match in which it was first admitted."""
    agent: str
    """Who proposed it."""
    solved: float = 0.0
    """The sum of the scores of its tries, over all matches."""
    tries: int = 0

    @property
    def parked(self) -> bool:
        """Whether it waits for a solver that can do it. After eight tries its chance may still be 0.31."""
        return self.solved == 0

    @property
    def posterior(self) -> float:
        """The mean of its solve rate given the tries and a uniform prior."""
        return (self.solved + 1) / (self.tries + 2)

    @property
    def key(self) -> str:
        """The same for tasks that ask the same."""
        return same_task(self.task)


@dataclass(frozen=True)
class Buffer:
    """All tasks, the oldest first."""

    entries: tuple[Entry, ...] = ()
    digest: str = ""
    """Of the file; empty when there is none."""

    @cached_property
    def memory(self) -> Memory:
        """What new tasks are compared with."""
        return Memory(entry.task for entry in self.entries)

    def drawn(self, family: str, count: int, rng: Random, curriculum: str) -> list[Task]:
        """Up to `count` different tasks of a family; by solve rate, those of middling rate more often."""
        found = [entry for entry in self.entries if entry.task.family == family]
        if curriculum == "solve_rate":
            # weights p (1 - p): what tells solvers apart most; a key a task draws without replacement
            ranked = sorted(found, key=lambda e: -(rng.random() ** (1 / (e.posterior * (1 - e.posterior)))))
        else:
            ranked = rng.sample(found, len(found))
        return [entry.task for entry in ranked[:count]]

    def program(self, rng: Random) -> Task | None:
        """A task whose program takes arguments, of any family."""
        found = [
            entry.task
            for entry in self.entries
            if entry.task.program and entry.task.inputs not in ((), ("",))
        ]
        return rng.choice(found) if found else None

    def parked(self, family: str, rng: Random) -> Task | None:
        """A task that nobody has solved yet."""
        found = [entry.task for entry in self.entries if entry.parked and entry.task.family == family]
        return rng.choice(found) if found else None


def same_task(task: Task) -> str:
    """The same for tasks that differ in names, layout and comments of their program alone."""
    if not task.program:
        return task.digest
    plain = msgspec.structs.replace(task, program=program_hash(task.program))
    return plain.digest


def load(path: str) -> Buffer:
    """The buffer of a file; read again only when the file has changed.

    Raises:
        ValueError: there is no such file, or it is no buffer.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise ValueError(f"buffer={path!r} cannot be read: {error.strerror}") from None
    return _load(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _load(path: str, changed: int, size: int) -> Buffer:
    raw = Path(path).read_bytes()
    try:
        entries = tuple(_decoder.decode(line) for line in raw.split(b"\n") if line)
    except msgspec.DecodeError as error:
        raise ValueError(f"buffer={path!r} is no buffer of tasks: {error}") from None
    return Buffer(entries, blake2b(raw, digest_size=8).hexdigest())


_decoder = msgspec.json.Decoder(Entry)


def save(entries: Sequence[Entry], path: Path) -> None:
    """Write a buffer, all of it or nothing."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.writelines(msgspec.json.encode(entry) + b"\n" for entry in entries)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def gathered(
    preset: Preset, ended: Iterable[tuple[Finished, Session]], before: Sequence[Entry] = ()
) -> list[Entry]:
    """A buffer with the tasks of finished matches added, and with the tries that were made at old ones.

    A task that asks the same as an earlier one is that one. At most `CAP` are kept: the newest.
    """
    entries = {entry.key: entry for entry in before}
    for match, session in ended:
        for task, at, scores in _tried(preset, session):
            key = same_task(task)
            old = entries.get(key) or Entry(task, match.id, _author(match, at))
            entries[key] = msgspec.structs.replace(
                old, solved=old.solved + sum(scores), tries=old.tries + len(scores)
            )
    return list(entries.values())[-CAP:]


def _tried(preset: Preset, session: Session) -> Iterator[tuple[Task, int, list[float]]]:
    """The tasks that were tried, which proposal of the match each is, and the scores of its tries."""
    before = 0
    for one in session.rounds:
        tries = len(one.answers) // max(1, len(one.admitted))
        scores = [preset.solver.score(finding.score) for finding in one.findings]
        for number, at in enumerate(one.admitted):
            if one.findings:
                yield one.task(at), before + at, scores[number * tries : (number + 1) * tries]
        before += len(one.proposals)


def _author(match: Finished, at: int) -> str:
    """Who made the proposal of that number; the game itself when it was dealt."""
    challengers = [seat for seat in match.agents if not seat.startswith(("solver", "guide", NATURE))]
    return match.agents[challengers[at % len(challengers)]] if challengers else ""
