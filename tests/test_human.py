"""The agent that asks a person, with given streams and at a real terminal."""

import asyncio
import os
import select
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

from agents.human import agent as Human
from arena.agent import Turn
from arena.events import Ended, Line, Replied
from arena.match import describe, play

from .tiny import Count

ROOT = Path(__file__).resolve().parent.parent
TURN = Turn(3, "white", "The rules.", "The board.", ("e4", "e5", "Nf3", "Nc3", "bxc3", "Bxc3"))


def asked(*lines: str, turn: Turn = TURN) -> tuple[str, str]:
    """The move, and all that was shown."""
    writer = StringIO()
    human = Human(reader=StringIO("".join(f"{line}\n" for line in lines)), writer=writer)
    return asyncio.run(human.act(turn)).move, writer.getvalue()


def test_a_person_sees_rules_and_board_and_gives_a_move():
    assert asked("e4") == ("e4", "\nThe rules.\n\nThe board.\nwhite> ")


@pytest.mark.parametrize(
    ("typed", "move"),
    [
        ("Nf3", "Nf3"),
        ("Nf", "Nf3"),
        ("nf", "Nf3"),
        ("  e4  ", "e4"),
        ("b", "bxc3"),
        ("B", "Bxc3"),
        ("BXC3", None),
        ("E4", "e4"),
    ],
)
def test_the_beginning_of_a_move_is_enough_when_it_is_unique(typed, move):
    if move is None:
        assert "BXC3 may be bxc3, Bxc3: type more of it." in asked(typed, "e5")[1]
    else:
        assert asked(typed)[0] == move


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("e", "e may be e4, e5: type more of it."),
        ("resign", "resign is no legal move here: ? lists them, ctrl-D leaves the game."),
        ("?", "e4  e5  Nf3  Nc3  bxc3  Bxc3\n"),
        ("??", "The rules.\nwhite> "),
        ("", "white> white> "),
    ],
)
def test_what_is_no_move_is_answered_and_asked_again(typed, answer):
    move, shown = asked(typed, "e5")
    assert move == "e5"
    assert answer in shown
    assert shown.endswith("white> ")


def test_free_text_is_taken_as_it_is():
    turn = Turn(0, "buyer", "Haggle.", "They ask 9.", None)
    assert asked("?", "", "I give 5, resign", turn=turn)[0] == "I give 5, resign"
    assert "Any text, in one line." in asked("?", "x", turn=turn)[1]
    told = asked("?", "{}", turn=Turn(0, "buyer", "", "", None, schema={"type": "object"}))
    assert '{"type": "object"}' in told[1]


def test_the_complaint_about_the_last_answer_is_shown():
    turn = Turn(0, "buyer", "Haggle.", "They ask 9.", None, attempt=1, complaint="'x' is no offer")
    assert "They ask 9.\n\n'x' is no offer\nbuyer> " in asked("5", turn=turn)[1]


def test_nothing_shown_or_stored_can_control_the_terminal():
    evil = "a\x1b[2Jb\x9b31mc\rd\x07e\u202ef\x7f\tg\n\x00h"
    turn = Turn(0, evil, evil, evil, None, complaint=evil)
    move, shown = asked("?", "mo\x1b[Ave\udcff", turn=turn)
    assert not set(shown) & set("\x1b\x9b\r\x07\x7f\u202e\x00")
    assert "a[2Jb31mcdef\tg\nh" in shown
    assert move == "mo[Ave?"


async def test_the_end_of_input_leaves_the_game_and_voids_the_match():
    agents = {
        "a": Human(reader=StringIO("1\n"), writer=StringIO()),
        "b": Human(reader=StringIO("2\n"), writer=StringIO()),
    }
    events: list[Line] = []
    await play(Count(9), agents, started=describe(Count(9), agents, match_id="m"), record=events.append)
    assert isinstance(events[-1], Ended)
    assert events[-1].kind == "void"
    assert events[-1].reason.endswith("left the game")
    assert [event.move for event in events if isinstance(event, Replied)] == ["1", "2"]


async def test_the_rules_are_shown_once_a_match_and_seat():
    writer = StringIO()
    human = Human(reader=StringIO("1\n" * 20), writer=writer)
    agents = {"a": human, "b": human}
    for match in ("m1", "m2"):
        await play(Count(5), agents, started=describe(Count(5), agents, match_id=match))
    assert writer.getvalue().count(Count.rules) == 4
    assert describe(Count(), agents).seats["a"].options == {}


async def test_the_loop_goes_on_while_a_person_thinks():
    thinking = threading.Event()

    class Slow(StringIO):
        def readline(self, *args: object) -> str:
            thinking.wait(30)
            return "e4\n"

    task = asyncio.create_task(Human(reader=Slow(), writer=StringIO()).act(TURN))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not task.done()
    thinking.set()
    assert (await task).move == "e4"


async def test_seats_asked_at_once_do_not_talk_over_each_other():
    writer = StringIO()
    reader = StringIO("e4\ne5\n")
    turns = [Turn(0, seat, "", "Choose.", ("e4", "e5")) for seat in ("left", "right")]
    human = Human(reader=reader, writer=writer)
    replies = await asyncio.gather(*(human.act(turn) for turn in turns))
    assert sorted(reply.move for reply in replies) == ["e4", "e5"]
    assert sorted(writer.getvalue().split("\nChoose.\n")) == ["", "left> ", "right> "]


PROGRAM = """
import asyncio, fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from agents.human import agent
from arena.agent import AgentUnavailable, Turn
turn = Turn(0, "white", "The rules.", "The board.", ("e4", "e5", "Nf3", "Nc3"))
try:
    print("move:", asyncio.run(agent().act(turn)).move)
except AgentUnavailable as error:
    print("unavailable:", error)
except KeyboardInterrupt:
    print("interrupted")
"""


@dataclass
class Terminal:
    """A program at a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    screen: int
    shown: bytes = b""

    def wait_for(self, text: bytes) -> None:
        while text not in self.shown:
            ready, _, _ = select.select([self.screen], [], [], 30)
            assert ready, f"{text!r} was not shown: {self.shown!r}"
            self.shown += os.read(self.screen, 4096)

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    screen, keyboard = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
        start_new_session=True,
    )
    yield Terminal(process, screen)
    process.kill()
    process.wait()
    os.close(screen)
    os.close(keyboard)


def echoes(terminal: Terminal) -> bool:
    return bool(termios.tcgetattr(terminal.screen)[3] & termios.ECHO)


@pytest.mark.skipif(find_spec("readline") is None, reason="this Python was built without readline")
def test_at_a_terminal_the_tab_key_completes_a_move(terminal):
    terminal.wait_for(b"white> ")
    terminal.press(b"Nf\t")
    terminal.wait_for(b"white> Nf3")
    terminal.press(b"\n")
    terminal.wait_for(b"move: Nf3")
    assert terminal.process.wait(30) == 0


def test_at_a_terminal_ctrl_d_leaves_the_game(terminal):
    terminal.wait_for(b"white> ")
    terminal.press(b"\x04")
    terminal.wait_for(b"unavailable: left the game")
    assert terminal.process.wait(30) == 0


def test_at_a_terminal_ctrl_c_ends_the_program_and_leaves_the_echo_on(terminal):
    terminal.wait_for(b"white> ")
    terminal.press(b"\x03")
    terminal.wait_for(b"white> \r\ninterrupted")
    assert terminal.process.wait(30) == 0
    assert echoes(terminal)


def test_ctrl_c_ends_the_program_when_answers_come_from_a_pipe():
    program = PROGRAM.replace("fcntl.ioctl(0, termios.TIOCSCTTY, 0)", "")
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith(b"The board."):
            assert process.poll() is None
        process.send_signal(2)
        out, _ = process.communicate(timeout=30)
    assert out == b"interrupted\n"
