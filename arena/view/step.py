"""`step`: a match ply by ply in a terminal, by keys."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console, Group, RenderableType
from rich.containers import Lines
from rich.live import Live
from rich.text import Text

from arena.events import Asked, Fouled, Replied
from arena.replay.replay import Call, Replay

from . import keys
from .ascii import Ascii
from .call import completion, prompt
from .match import Draw, header, screen
from .scene import Scene
from .style import NOTE
from .talk import refusal

KEYS = "←→ step  0 $ ends  space play  x foul  p prompt  c answer  ↑↓ scroll  q quit"
IDLE = 0.5
"""Seconds after which a resized terminal is noticed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the match: before the first move, after each move and refused answer, at the end."""

    scene: Scene
    call: Call | None = None
    """The reply that led here."""
    board: RenderableType | None = None
    foul: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """Where a reader is in a match, and what is open."""

    frame: int = 0
    pane: str = ""
    """"p": the prompt. "c": the completion. Empty: the board."""
    scroll: int = 0
    playing: bool = False
    over: bool = False


def step(
    replay: Replay,
    console: Console,
    *,
    draw: Draw | None = None,
    ply: int = 0,
    seconds: float = 1.0,
    ascii: bool = False,
) -> None:
    """Let a person step through a match until q or ctrl-C; the terminal is left as it was, come what may.

    Begins where `ply` moves have been applied. `seconds` is how long a picture stays while playing.

    Raises:
        ValueError: input or output is no terminal; `print_replay` needs none.
    """
    if not (console.is_interactive and sys.stdin.isatty()):
        raise ValueError("stepping through a match needs a terminal; print it instead (--print)")
    made = frames(replay, draw)
    first = next((i for i, frame in enumerate(made) if frame.scene.ply >= ply), len(made) - 1)
    at, terminal, shown = At(first), sys.stdin.fileno(), None
    with keys.raw(terminal), Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while not at.over:
                if shown != (at, console.size):
                    shown = at, console.size
                    live.update(picture(made[at.frame], at, console, ascii=ascii), refresh=True)
                at = after(at, keys.read(terminal, seconds if at.playing else IDLE), made)
                at = replace(at, scroll=min(at.scroll, _overflow(made[at.frame], at, console)))
        except (KeyboardInterrupt, EOFError):
            return


def frames(replay: Replay, draw: Draw | None = None) -> list[Frame]:
    """The pictures of a match; who is asked next belongs to the picture before the answer."""
    scene, call, made = Scene(), None, list[Frame]()
    calls = replay.calls()
    for event in replay.events:
        scene = scene.after(event)
        board = draw(event) if draw else None
        if isinstance(event, Replied):
            call = next(calls)
        elif isinstance(event, Asked):
            made[-1] = replace(made[-1], scene=scene)
        else:
            made.append(Frame(scene, call, board, isinstance(event, Fouled)))
            call = None
    return made


def after(at: At, pressed: Sequence[str], made: Sequence[Frame]) -> At:
    """After some keys, or after a pause without any: while playing that is one picture on."""
    if not pressed and at.playing:
        on = min(len(made) - 1, at.frame + 1)
        return replace(at, frame=on, scroll=0, playing=on < len(made) - 1)
    for key in pressed:
        at = _after(at, key, made)
    return at


def _after(at: At, key: str, made: Sequence[Frame]) -> At:
    last = len(made) - 1
    match key:
        case "h" | "l":
            return _to(at, max(0, min(last, at.frame + (1 if key == "l" else -1))))
        case "0" | "$":
            return _to(at, 0 if key == "0" else last)
        case "x":
            return _to(at, next((i for i in range(at.frame + 1, last + 1) if made[i].foul), at.frame))
        case " ":
            return replace(at, frame=0 if at.frame == last else at.frame, playing=not at.playing)
        case "j" | "k":
            return replace(at, scroll=max(0, at.scroll + (1 if key == "j" else -1)))
        case "p" | "c":
            return replace(at, pane="" if at.pane == key else key, scroll=0)
        case "q":
            return replace(at, over=True)
    return at


def _to(at: At, frame: int) -> At:
    return replace(at, frame=frame, scroll=0, playing=False)


def picture(frame: Frame, at: At, console: Console, *, ascii: bool = False) -> RenderableType:
    """The whole terminal: the match, or its header and the open pane, and the keys."""
    width, height = console.size
    if at.pane:
        text, rows = _pane(frame, at, console), _rows(frame, console)
        lines = [Text.assemble("  ", line) for line in text[at.scroll : at.scroll + rows]]
        blank = [Text()] * (rows - len(lines))
        drawn: RenderableType = Group(*header(frame.scene, width), *lines, *blank)
    else:
        drawn = screen(frame.scene, width=width, height=height - 1, board=None if ascii else frame.board)
    whole = Group(drawn, Text(f" {KEYS}", style=NOTE, no_wrap=True, overflow="ellipsis", end=""))
    return Ascii(whole) if ascii else whole


def _pane(frame: Frame, at: At, console: Console) -> Lines:
    """The prompt or the completion of the reply that led to a picture, in lines."""
    last = frame.scene.last
    if frame.call is None:
        text = Text("no agent answered here", style=NOTE)
    elif at.pane == "p":
        text = prompt(frame.call.messages)
    else:
        refused = refusal(last.fault, last.move, last.error) if frame.foul and last and last.fault else ""
        text = completion(frame.call.reply, refused=refused)
    return text.wrap(console, max(1, console.width - 3), overflow="fold")


def _rows(frame: Frame, console: Console) -> int:
    """How many lines a pane has between header and keys."""
    return max(0, console.height - 1 - len(header(frame.scene, console.width)))


def _overflow(frame: Frame, at: At, console: Console) -> int:
    """How far the open pane can be scrolled."""
    return max(0, len(_pane(frame, at, console)) - _rows(frame, console)) if at.pane else 0
