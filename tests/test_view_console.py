from io import StringIO

import pytest

from arena.view.console import console, err, out


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_is_80_columns_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert console(StringIO()).width == 80
    monkeypatch.setenv("COLUMNS", "120")
    assert console(StringIO()).width == 120
    monkeypatch.setenv("COLUMNS", "wide")
    assert console(StringIO()).width == 80


def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for no_color, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", no_color)
        file = Terminal()
        console(file).print("x", style="red")
        assert ("\x1b[31m" in file.getvalue()) == coloured


def test_plain_neither_colours_nor_repaints() -> None:
    file = Terminal()
    shown = console(file, "plain")
    shown.print("x", style="bold red")
    assert file.getvalue() == "x\n"
    assert not shown.is_interactive


def test_a_file_is_never_repainted_even_with_forced_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = console(StringIO())
    assert shown.is_terminal
    assert not shown.is_interactive


@pytest.mark.parametrize(
    ("display", "stdout", "stderr"), [("full", "a\n", "b\n"), ("json", "", "b\n"), ("none", "", "")]
)
def test_what_is_quiet(display: str, stdout: str, stderr: str, capsys: pytest.CaptureFixture[str]) -> None:
    out(display).print("a")  # type: ignore[arg-type]
    err(display).print("b")  # type: ignore[arg-type]
    assert capsys.readouterr() == (stdout, stderr)


def test_text_is_no_markup() -> None:
    file = StringIO()
    console(file).print("[bold]x[/bold] :smile: 42")
    assert file.getvalue() == "[bold]x[/bold] :smile: 42\n"
