import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arena.replay.replay import Replay
from arena.view.console import console
from arena.view.step import At, after, frames, picture, step
from tests.test_view_samples import (
    ROOT,
    SCREENS,
    Terminal,
    chess,
    drawn,
    hostile,
    kuhn,
    plain,
    same_screen,
    terminal,
    tic_tac_toe,
    unsafe,
)

PROGRAM = """
import sys
from arena.replay.replay import Replay
from arena.view.console import out
from arena.view.step import step
from tests.test_view_samples import {match}

class Broken:
    def __rich_console__(self, console, options):
        raise RuntimeError("the drawing broke")

def draw(event):
    return Broken() if {broken} and getattr(event, "ply", 0) == 1 else None

step(Replay(tuple({match}())), out(), draw=draw, seconds=0.05)
print("LEFT")
"""


def program(*, broken: bool = False) -> str:
    return PROGRAM.format(match="tic_tac_toe", broken=broken)


@pytest.fixture(scope="module")
def made() -> list:
    return frames(Replay(tuple(tic_tac_toe())))


def at(keys: str, made: list) -> At:
    return after(At(), list(keys), made)


def test_pictures_are_taken_before_after_every_move_and_foul_and_at_the_end(made: list) -> None:
    assert [frame.scene.ply for frame in made] == [0, 1, 2, 3, 3, 4, 5, 5]
    assert [frame.foul for frame in made].index(True) == 4
    assert made[0].scene.moving == ("x",)
    assert [frame.scene.ended is not None for frame in made] == [False] * 7 + [True]
    assert [frame.call.reply.move for frame in made[1:-1]] == ["0", "2", "4", "4", "6", "8"]
    assert [message.role for message in made[3].call.messages] == ["system", "user"]


@pytest.mark.parametrize(
    ("keys", "frame"),
    [
        ("", 0),
        ("h", 0),
        ("l", 1),
        ("lllh", 2),
        ("$", 7),
        ("$l", 7),
        ("$0", 0),
        ("x", 4),
        ("xx", 4),
        ("zzz?", 0),
    ],
)
def test_where_keys_lead(keys: str, frame: int, made: list) -> None:
    assert at(keys, made).frame == frame


def test_playing_goes_on_until_the_end_or_a_key(made: list) -> None:
    here = at(" ", made)
    assert here.playing
    seen = []
    while here.playing:
        here = after(here, [], made)
        seen.append(here.frame)
    assert seen == list(range(1, 8))
    assert at(" l", made).playing is False
    assert at("  ", made).playing is False
    assert at("$ ", made) == At(0, playing=True)


def test_panes_open_close_and_scroll(made: list) -> None:
    assert at("p", made).pane == "p"
    assert at("pp", made).pane == ""
    assert at("pc", made).pane == "c"
    assert at("pjjk", made).scroll == 1
    assert at("pjjl", made).scroll == 0
    assert at("q", made).over


@pytest.mark.parametrize("keys", ["", "l", "x", "xp", "xc", "$"])
def test_what_a_reader_sees(keys: str, made: list) -> None:
    here = at(keys, made)
    shown = drawn(picture(made[here.frame], here, terminal()))
    same_screen(f"step_{keys.replace('$', 'end') or 'start'}", plain(shown + "\n"))


@pytest.mark.parametrize("pane", ["", "p", "c"])
def test_nothing_that_a_terminal_obeys_leaves_the_stepper(pane: str) -> None:
    for number, frame in enumerate(frames(Replay(tuple(hostile())))):
        assert not unsafe(drawn(picture(frame, At(number, pane), terminal())))
        assert drawn(picture(frame, At(number, pane), terminal(), ascii=True)).isascii()


@pytest.mark.parametrize("match", [kuhn, chess])
def test_matches_without_language_models_can_be_stepped(match: Callable[[], list]) -> None:
    for frame in frames(Replay(tuple(match()))):
        assert drawn(picture(frame, At(pane="p"), terminal())).count("\n") == 23


def test_without_a_terminal_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="--print"):
        step(Replay(tuple(kuhn())), console(sys.stdout))


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for one in terminals:
        one.close()


def test_keys_step_and_q_leaves_the_terminal_as_it_was(opened: list[Terminal]) -> None:
    opened.append(shown := Terminal(program()))
    shown.until("ply 0")
    shown.press("\x1b[C")
    shown.until("ply 1")
    shown.press("\x1bOC\x1b[C\x1b[D")
    shown.until("ply 2")
    shown.press(" ")
    shown.until("x won")
    shown.press("q")
    shown.until("\x1b[?1049l")
    shown.until("LEFT")
    assert shown.program.wait(30) == 0
    assert termios.tcgetattr(shown.slave) == shown.before


def test_interrupting_leaves_the_terminal_as_it_was(opened: list[Terminal]) -> None:
    opened.append(shown := Terminal(program()))
    shown.until("ply 0")
    shown.program.send_signal(signal.SIGINT)
    shown.until("\x1b[?25h")
    shown.until("LEFT")
    assert shown.program.wait(30) == 0
    assert termios.tcgetattr(shown.slave) == shown.before


def test_an_error_leaves_the_terminal_as_it_was(opened: list[Terminal]) -> None:
    opened.append(shown := Terminal(program(broken=True)))
    shown.until("ply 0")
    shown.press("ll")
    shown.until("\x1b[?25h")
    shown.until("RuntimeError: the drawing broke")
    assert shown.program.wait(30) == 1
    assert termios.tcgetattr(shown.slave) == shown.before


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., str]]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    server = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]

    def run(*words: str) -> str:
        return subprocess.run([*server, *words], capture_output=True, text=True, check=True, cwd=ROOT).stdout

    yield run
    subprocess.run([*server, "kill-server"], capture_output=True)


def test_the_screen_in_a_real_terminal(tmux: Callable[..., str], tmp_path: Path) -> None:
    script = tmp_path / "watch.py"
    script.write_text(program())
    plain_terminal = "env -u NO_COLOR -u FORCE_COLOR -u COLUMNS -u LINES"
    command = f"{plain_terminal} PYTHONPATH='{ROOT}' '{sys.executable}' '{script}'"
    tmux("new-session", "-d", "-s", "watch", "-x", "80", "-y", "24", command)

    def until(right: Callable[[str], bool]) -> None:
        limit = time.monotonic() + 30
        while not right(shown := plain(tmux("capture-pane", "-p", "-t", "watch"))):
            assert time.monotonic() < limit, shown
            time.sleep(0.05)

    for key, screen in (("", "start"), ("x", "x"), ("p", "xp"), ("c", "xc"), ("c", "x"), ("End", "end")):
        if key:
            tmux("send-keys", "-t", "watch", key)
        wanted = (SCREENS / f"step_{screen}.txt").read_text(encoding="utf-8")
        until(lambda shown, wanted=wanted: shown == wanted)
