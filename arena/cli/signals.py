"""What ctrl-C and the signals that end a program do while matches are played."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 0.2
"""Seconds that a cancelled task has to give the loop back."""
_KEPT = "arena.replay"


@dataclass
class Signals:
    """A context manager that takes ctrl-C, SIGTERM and SIGHUP while a loop runs in it.

    The first ctrl-C asks for an end, the second cancels what is played even while a game or an agent
    holds the loop, and the third ends the process as it is. SIGTERM and SIGHUP count as the second.
    """

    told: Callable[[], None]
    """Called in the loop after a first ctrl-C."""
    patient: bool = False
    """Whether the first ctrl-C waits; otherwise it counts as the second."""
    ask: Callable[[], None] = lambda: None
    """Called at the first signal, in whatever code it interrupts: it may do no more than set a value."""
    received: int = 0
    """The signal that ends the command, 0 as long as there is none."""
    _count: int = 0
    _closing: bool = False
    _loop: asyncio.AbstractEventLoop | None = None
    _main: "asyncio.Task[Any] | None" = None
    _before: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> "Signals":
        self._before = {number: signal.signal(number, self._take) for number in ENDING}
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._force)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def attach(self) -> None:
        """Act on the running loop; the running task is the one that puts everything away."""
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()

    def closing(self) -> None:
        """From here on files and processes are put away: nothing is cancelled any more."""
        self._closing = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._count += 1 if number == signal.SIGINT and self.patient else 2
        self.received = self.received or number
        self.ask()
        loop = self._loop
        if self._count > 3 or (self._count == 3 and number == signal.SIGINT):
            os._exit(128 + self.received)
        if loop is None:
            raise KeyboardInterrupt
        if loop.is_closed():
            return
        loop.call_soon_threadsafe(self.told if self._count == 1 else _nothing)
        if self._count == 1 or self._closing:
            return
        for task in asyncio.all_tasks(loop):
            task.cancel()
        signal.setitimer(signal.ITIMER_REAL, GRACE, GRACE)

    def _force(self, number: int, frame: FrameType | None) -> None:
        """Raise in a task that has been cancelled and does not give the loop back."""
        loop = self._loop
        if self._closing or loop is None or loop.is_closed():
            return
        if asyncio.current_task(loop) not in (None, self._main) and not _writing(frame):
            raise asyncio.CancelledError


def _nothing() -> None:
    """Wakes a loop that waits."""


def _writing(frame: FrameType | None) -> bool:
    """Whether a replay is just being written: it is not to be torn, and takes no time."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_KEPT):
            return True
        frame = frame.f_back
    return False
