import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from arena.view.ascii import Ascii, to_ascii
from arena.view.clean import Clean, clean, clean_line
from tests.test_view_samples import NASTY, drawn, text, unsafe

ODD = st.text(
    st.sampled_from(
        "ab \n\t\r\x00\x07\x1b[31m\x7f\x85\x9b\u200b\u200d\u202e\u2066\u2028\ufe0f\ufeff\ud800\u0301é漢👩█♞"
    )
)
ANY = st.text() | ODD


@given(ANY)
def test_no_byte_that_a_terminal_obeys_leaves(said: str) -> None:
    assert not unsafe(clean(said))


@given(ANY)
def test_cleaning_twice_is_cleaning_once(said: str) -> None:
    assert clean(clean(said)) == clean(said)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20))
def test_honest_text_stays_as_it_is(said: str) -> None:
    honest = "".join(c for c in said if not unsafe(c) and c not in "\xad\u3164\u115f\u1160\uffa0")
    assert clean(honest) == honest


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b]0;x\x07", "␛]0;x␇"),
        ("\x9b2J", "␛[2J"),
        ("\x7f", "␡"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a␍b"),
        ("a\tb", "a   b"),
        ("\u202eabc", "�abc"),
        ("\ud800", "�"),
        ("non\u00a0breaking", "non breaking"),
        ("👩\u200d💻 ❤\ufe0f", "👩💻 ❤"),
        ("e" + "\u0301" * 50, "e\u0301\u0301"),
    ],
)
def test_what_is_hidden_is_shown(said: str, shown: str) -> None:
    assert clean(said) == shown


def test_every_control_and_separator_of_unicode_is_shown() -> None:
    told = {"Cc", "Cs", "Zl", "Zp"}
    left = [
        c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in told and c in clean(c)
    ]
    assert left == ["\n"]


@given(ANY, st.integers(1, 50))
def test_a_clean_line_is_one_line_of_limited_length(said: str, limit: int) -> None:
    line = clean_line(said, limit)
    assert "\n" not in line
    assert len(line) <= limit


@given(ANY)
def test_a_foreign_drawing_writes_nothing_but_colours(said: str) -> None:
    board = Text(said, style=Style(link=f"http://x/{said}", bold=True))
    assert not unsafe(drawn(Clean(board)))
    assert not unsafe(drawn(Clean(Panel(board))))


def test_a_foreign_drawing_keeps_its_layout() -> None:
    lines = text(Clean(Panel(Text("a\u202eb ❤\ufe0f c"), width=20))).split("\n")
    assert {cell_len(line) for line in lines if line} == {20}


@given(ANY)
def test_ascii_keeps_the_width_of_every_line(said: str) -> None:
    shown = clean(said)
    assert to_ascii(shown).isascii()
    assert cell_len(to_ascii(shown)) == cell_len(shown)


def test_ascii_draws_lines_bars_pieces_and_marks() -> None:
    console = Console(width=40, file=None)
    with console.capture() as capture:
        console.print(Ascii(Text("┌─┐│█▌♞♔ ✗✓▶ … é 漢")))
    assert capture.get().rstrip() == "+-+|##nK x+> ~ e ??"


def test_the_nasty_sample_is_nasty() -> None:
    assert len(unsafe(NASTY)) > 10
