"""Text from models and replays, made safe to show: `clean`, `clean_line`, `Clean`.

A model that can write to a terminal can set its title, fill the clipboard or hide words, and rich lets
such bytes through. So every text of an agent, a game or a replay passes here before it is drawn, and
goes into a `Text`, never into markup.
"""

import re

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment

TAB = 4
"""Columns between two tab stops."""

_SPACES = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Joiners and variation selectors stand in honest text, but terminals disagree about the width they give.
_JOINERS = re.compile(r"[\u200c\u200d\ufe00-\ufe0f]")
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# A letter with more marks than any language needs covers the lines above and below it.
_STACKED = re.compile(f"({_MARK}{{2}}){_MARK}+")
# C0, DEL, C1, lone surrogates, line and paragraph separators, bidi controls, and all else that is invisible:
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, and interlinear annotations.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def clean(text: str) -> str:
    """`text` with nothing in it that a terminal would obey, and nothing that it would hide.

    Line feeds stay, tabs become spaces, control bytes become pictures (``␛``), a C1 byte the escape it
    stands for (``␛[``), other invisible characters and lone surrogates ``�``.
    """
    text = text.replace("\r\n", "\n")
    text = _STACKED.sub(r"\1", _JOINERS.sub("", _SPACES.sub(" ", text)))
    return _UNSAFE.sub(_visible, text).expandtabs(TAB)


def clean_line(text: str, limit: int = 400) -> str:
    """`clean` text on one line, runs of white space as one space, at most `limit` characters."""
    line = " ".join(clean(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


class Clean:
    """A foreign renderable, such as a game's drawing, without what a terminal would obey."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.renderable, options):
            if not control:
                yield Segment(_stripped(text), style.update_link(None) if style and style.link else style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.renderable)


def _stripped(text: str) -> str:
    """`text` without unsafe characters, each line as wide as it was."""
    shown = _STACKED.sub(r"\1", _UNSAFE.sub("", _SPACES.sub(" ", text)))
    if shown == text:
        return text
    pairs = zip(shown.split("\n"), text.split("\n"), strict=True)
    return "\n".join(set_cell_size(line, cell_len(was)) for line, was in pairs)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0x80 <= code < 0xA0:
        return "␛" + chr(code - 0x40)  # ECMA-48: C1 is the 8-bit form of ESC and a letter
    return "�"
