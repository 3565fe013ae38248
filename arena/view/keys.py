"""Keys of a terminal: `raw` and `read` take them one by one, `silent` keeps them off the screen."""

import os
import re
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = {
    "\x1b[D": "h", "\x1bOD": "h", "\x1b[C": "l", "\x1bOC": "l", "\x1b[A": "k", "\x1bOA": "k", "\x1b[B": "j",
    "\x1bOB": "j", "\x1b[H": "0", "\x1bOH": "0", "\x1b[1~": "0", "\x1b[F": "$", "\x1bOF": "$", "\x1b[4~": "$",
}  # fmt: skip
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


@contextmanager
def raw(terminal: int) -> Iterator[None]:
    """Give keys at once and without echo; afterwards the terminal is as it was. ctrl-C still interrupts."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


@contextmanager
def silent() -> Iterator[None]:
    """Don't echo what is typed: the line feed of an Enter would shift a screen that is repainted in place."""
    if not (sys.stdin.isatty() and _in_front(sys.stdin.fileno())):
        yield
        return
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def read(terminal: int, seconds: float) -> list[str]:
    """The keys pressed within `seconds`, as soon as there are any; cursor keys by their letter in vi.

    Raises:
        EOFError: the terminal is gone.
    """
    if not select.select([terminal], [], [], seconds)[0]:
        return []
    pressed = os.read(terminal, 256)
    if not pressed:
        raise EOFError("the terminal is gone")
    return [_NAMES.get(key, key) for key in _KEY.findall(pressed.decode(errors="replace"))]


def _in_front(terminal: int) -> bool:
    """Whether the terminal is ours to set: a program in the background would be stopped for trying."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # not the terminal of this session
        return False
