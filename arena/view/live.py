"""`LiveMatch`: one match after another, drawn while they are played."""

import asyncio
import time
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live

from arena.events import Ended, Line, Moved, Started

from . import keys
from .ascii import Ascii
from .match import Draw, screen
from .plies import ply_lines
from .scene import Scene

RATE = 8
"""Frames a second at most; a frame is drawn only when something has changed."""
TALLEST = 30
"""The most lines of a live screen: a small board on a large terminal needs no more."""


class LiveMatch:
    """A context manager that draws matches as their events come in.

    Give `update` to `match.play` as (one of) its recorders and `pace` as its pace. In a terminal the screen
    is repainted in place and the last one stays when a match ends; elsewhere every move is a few lines.
    `delay` is how many seconds each ply stays on the screen at least, so that fast games can be followed.
    """

    def __init__(
        self,
        console: Console,
        *,
        draw: Draw | None = None,
        delay: float = 0.0,
        ascii: bool = False,
        alternate: bool = False,
    ) -> None:
        self.console = console
        self.scene = Scene()
        self.delay = delay
        self._draw = draw
        self._ascii = ascii
        self._alternate = alternate
        self._board: RenderableType | None = None
        self._asked = self._moved = time.monotonic()
        self._live: _Calm | None = None
        self._open = ExitStack()

    def __enter__(self) -> "LiveMatch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def update(self, event: Line) -> None:
        """Take in the next event; costs no drawing in a terminal."""
        if isinstance(event, Started):
            self._leave()
            if self.scene.ply:
                self.console.line()
        moving = self.scene.moving
        self.scene = self.scene.after(event)
        if self._draw is not None:
            self._board = self._draw(event)
        if self.scene.moving and not moving:
            self._asked = time.monotonic()
        if isinstance(event, Moved):
            self._moved = time.monotonic()
        if not self.console.is_interactive:
            self._print(event)
        elif isinstance(event, Started):
            self._live = _Calm(self, self._alternate)
            self._open.enter_context(keys.silent())
            self._open.enter_context(self._live).refresh()
        elif isinstance(event, Ended):
            self._leave()

    async def pace(self) -> None:
        """Wait until the last ply has been on the screen for `delay` seconds; without a screen don't."""
        left = self._moved + self.delay - time.monotonic()
        if self._live is not None and left > 0:
            await asyncio.sleep(left)

    def frame(self, *, full: bool = True) -> RenderableType:
        """The screen as it stands, for the console's size; without `full` only as high as it has to be."""
        size = self.console.size
        height = min(size.height - 1, max(TALLEST, self.scene.extent.high + 10))
        waited = self.waited() if full else 0
        return screen(
            self.scene,
            width=size.width,
            height=height,
            board=self._board,
            ascii=self._ascii,
            waited=waited or None,
            full=full,
        )

    def waited(self) -> int:
        """Whole seconds that the seats to move have taken so far; 0 below two, which would only flicker."""
        seconds = int(time.monotonic() - self._asked) if self.scene.moving else 0
        return seconds if seconds >= 2 else 0

    def _print(self, event: Line) -> None:
        lines = ply_lines(self.scene, event)
        if lines is not None:
            self.console.print(Ascii(lines) if self._ascii else lines, soft_wrap=True)

    def _leave(self) -> None:
        """Take the screen down and leave its last frame among the lines of the terminal."""
        live, self._live = self._live, None
        if live is not None:
            self._open.close()
            self.console.print(self.frame(full=False))


class _Calm(Live):
    """A `Live` that repaints only when its picture has changed."""

    def __init__(self, match: LiveMatch, alternate: bool) -> None:
        self._match = match
        self._painted: object = None
        super().__init__(
            console=match.console,
            get_renderable=match.frame,
            screen=alternate,
            transient=True,
            refresh_per_second=RATE,
            vertical_overflow="crop",
        )

    def refresh(self) -> None:
        picture = (self._match.scene, self._match.waited(), self.console.size)
        if picture != self._painted:
            self._painted = picture
            super().refresh()
