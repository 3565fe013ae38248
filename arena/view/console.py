"""Where views write: `out` for data on stdout, `err` for words and progress on stderr."""

import os
import sys
from typing import Literal, TextIO, TypeAlias

from rich.console import Console

Display: TypeAlias = Literal["full", "plain", "json", "none"]
"""What a command shows. "full": screens that repaint, with colour. "plain": lines, without colour.
"json": JSON lines on stdout and plain words on stderr. "none": nothing but errors."""

WIDTH = 80
"""Columns when the output is no terminal and COLUMNS does not say."""


def out(display: Display = "full") -> Console:
    """The console of stdout; quiet for "json" and "none", so that nothing but JSON lines stands there."""
    return console(sys.stdout, display, quiet=display in ("json", "none"))


def err(display: Display = "full") -> Console:
    """The console of stderr, for progress and words about the work; quiet for "none"."""
    return console(sys.stderr, display, quiet=display == "none")


def console(file: TextIO, display: Display = "full", *, quiet: bool = False) -> Console:
    """A console that takes no text for markup, and never repaints or colours for any display but "full".

    NO_COLOR, FORCE_COLOR and TERM are honoured as rich does; a file that is no terminal is 80 columns wide.
    """
    full, terminal = display == "full", file.isatty()
    columns = os.environ.get("COLUMNS", "")
    return Console(
        file=file,
        width=None if terminal else int(columns) if columns.isdigit() else WIDTH,
        force_terminal=None if full else False,
        # FORCE_COLOR makes rich take a file for a terminal; it must not repaint there
        force_interactive=None if full and terminal else False,
        no_color=None if full else True,
        quiet=quiet,
        markup=False,
        emoji=False,
        highlight=False,
    )
