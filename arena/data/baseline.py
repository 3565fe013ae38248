"""What a reward is held against: the mean of its own game, role and kind of task, never that of another.

A challenger whose reward lies around -0.2 and a solver whose reward lies around 0.6 cannot share a baseline,
nor can tasks of one kind and of another: what is ordinary for one would be a triumph for the other.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from math import sqrt
from typing import Generic, NamedTuple, TypeVar

import msgspec

from arena.data.sample import Sample

KINDS = ("preset", "family", "level")
"""Options of games that change what a role is asked to do."""


K = TypeVar("K", bound=Hashable)


class Averages(Generic[K]):
    """A moving average for each key, from 0: ``b ← d b + (1 - d) R``.

    Source: role-conditioned advantage estimation of Liu et al. 2025 (SPIRAL), arXiv 2506.24119, with d 0.95.
    """

    def __init__(self, decay: float = 0.95) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is {decay!r}, but must be at least 0 and below 1")
        self.decay = decay
        self.values: dict[K, float] = {}

    def of(self, key: K) -> float:
        """The average now; 0 before the first reward."""
        return self.values.get(key, 0.0)

    def advantage(self, key: K, reward: float) -> float:
        """The reward less the average before it; then the average takes it in."""
        before = self.of(key)
        self.values[key] = self.decay * before + (1 - self.decay) * reward
        return reward - before


class Key(NamedTuple):
    """Whose baseline it is."""

    game: str
    role: str
    task: str
    """The kind of task; empty where a game has but one."""


class Result(NamedTuple):
    """One reward."""

    key: Key
    reward: float


def key_of(sample: Sample, kinds: Collection[str] = KINDS) -> Key:
    """The baseline that a reply belongs to; `kinds` are the options that make another task."""
    options: dict[str, object] = msgspec.json.decode(sample.options, type=dict[str, object])
    task = " ".join(str(options[name]) for name in kinds if options.get(name) not in (None, ""))
    return Key(sample.game, sample.role, task)


def advantages(results: Iterable[Result], decay: float = 0.95) -> Iterator[float]:
    """Each reward less the moving average of its key before it, in the order given, which decides.

    ``b ← d b + (1 - d) R`` from 0, ``A = R - b`` with the b before. Source: Liu et al. 2025 (SPIRAL), arXiv
    2506.24119, role-conditioned advantage estimation, by game and role; the task is ours.

    Raises:
        ValueError: the decay is below 0, or not below 1.
    """
    averages = Averages[Key](decay)
    for key, reward in results:
        yield averages.advantage(key, reward)


def whitened(results: Sequence[Result]) -> list[float]:
    """Each reward of one batch less the mean of its key, over the key's deviation; 0 where all are the same.

    Source: task-relative REINFORCE++ of Zhao et al. 2025 (Absolute Zero), arXiv 2505.03335: a baseline for
    each of three tasks and two roles.
    """
    batch: dict[Key, list[float]] = defaultdict(list)
    for key, reward in results:
        batch[key].append(reward)
    scales = {key: _scale(rewards) for key, rewards in batch.items()}
    return [(reward - scales[key].mean) / scales[key].deviation for key, reward in results]


class _Scale(NamedTuple):
    mean: float
    deviation: float


def _scale(rewards: Sequence[float]) -> _Scale:
    if max(rewards) - min(rewards) < 1e-9:
        return _Scale(0.0, float("inf"))
    mean = sum(rewards) / len(rewards)
    return _Scale(mean, sqrt(sum((one - mean) ** 2 for one in rewards) / len(rewards)))
