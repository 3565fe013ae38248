import asyncio
import termios
import time
from io import StringIO

import pytest
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from arena.events import Line, Moved, Started
from arena.view.live import LiveMatch
from arena.view.progress import EVERY, Progress
from tests.test_view_samples import (
    Terminal,
    chess,
    drawn,
    hostile,
    kuhn,
    plain,
    same_screen,
    terminal,
    text,
    tic_tac_toe,
    unsafe,
    written,
)

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def pipe() -> Console:
    return Console(file=StringIO(), width=80, force_terminal=False, _environ={})


def played(live: LiveMatch, *matches: list[Line]) -> None:
    with live:
        for events in matches:
            for event in events:
                live.update(event)


def test_a_match_ends_with_its_last_screen_and_the_cursor_is_back() -> None:
    console = terminal()
    played(LiveMatch(console), tic_tac_toe())
    output = written(console)
    assert "x won: x has 048" in output
    assert output.rfind(SHOW) > output.rfind(HIDE)
    last = plain(output[output.rfind("\x1b[1A\x1b[2K") + len("\x1b[1A\x1b[2K") :])
    same_screen("live_last", last)


def test_several_matches_are_drawn_one_after_another() -> None:
    console = terminal()
    played(LiveMatch(console), tic_tac_toe(), chess())
    output = written(console)
    assert output.index("x won: x has 048") < output.index("white won: checkmate")
    assert output.count(HIDE) == output.count(SHOW) == 2


def test_an_error_leaves_the_screen_of_the_moment() -> None:
    console = terminal()
    with pytest.raises(RuntimeError), LiveMatch(console) as live:
        for event in tic_tac_toe()[:6]:
            live.update(event)
        raise RuntimeError("the agent fell over")
    output = written(console)
    assert output.rfind(SHOW) > output.rfind(HIDE)
    assert "The corners give the most" in output


def test_off_a_terminal_every_move_is_a_few_lines() -> None:
    console = pipe()
    played(LiveMatch(console), tic_tac_toe(), kuhn())
    assert "\x1b" not in written(console)
    same_screen("live_pipe", written(console))


def test_off_a_terminal_ascii_is_ascii() -> None:
    console = pipe()
    played(LiveMatch(console, ascii=True), tic_tac_toe(), hostile())
    assert written(console).isascii()


def test_the_games_drawing_follows_the_events() -> None:
    console, seen = terminal(), list[Line]()

    def draw(event: Line) -> Panel:
        seen.append(event)
        return Panel(Text(f"drawing {len(seen)}"), width=20)

    played(LiveMatch(console, draw=draw), tic_tac_toe())
    assert seen == tic_tac_toe()
    assert f"drawing {len(seen)}" in written(console)


def test_a_live_screen_only_moves_the_cursor() -> None:
    console = terminal()
    played(LiveMatch(console), hostile())
    moves = {"\x1b[?25l", "\x1b[?25h", "\x1b[2K", "\x1b[1A", "\r"}
    output = written(console)
    for move in moves:
        output = output.replace(move, "")
    assert not unsafe(output)


async def test_pacing_waits_without_stopping_the_others() -> None:
    ticks = 0

    async def other() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    with LiveMatch(terminal(), delay=0.1) as live:
        live.update(tic_tac_toe()[0])
        live.update(Moved(0, "x", "0", "board"))
        task = asyncio.create_task(other())
        began = time.monotonic()
        await live.pace()
        task.cancel()
    assert time.monotonic() - began >= 0.09
    assert ticks > 10


async def test_pacing_costs_nothing_off_a_terminal() -> None:
    with LiveMatch(pipe(), delay=1000.0) as live:
        live.update(Moved(0, "x", "0", "board"))
        await asyncio.wait_for(live.pace(), 1)


def test_progress_of_many_matches() -> None:
    now = [0.0]
    progress = Progress(600, terminal(), done=212, clock=lambda: now[0])
    for number in range(24):
        record = progress.follow()
        now[0] += 11
        for event in (tic_tac_toe(), chess(), kuhn())[number % 3]:
            record(event)
    for events in (tic_tac_toe()[:9], chess()[:8], tic_tac_toe()[:12]):
        record = progress.follow()
        for event in events:
            record(event)
    now[0] += 8
    progress.note = "openai 28/40 in flight"
    assert (progress.done, progress.voids) == (228, 8)
    same_screen("progress", text(progress.frame()))
    same_screen("progress_line", text(progress.line()))


def test_progress_counts_for_each_agent() -> None:
    progress = Progress(3, pipe())
    for events in (tic_tac_toe(), kuhn(), chess()):
        record = progress.follow()
        for event in events:
            record(event)
    rows = {row.agent: row for row in progress.standings()}
    x, o = rows["openai/gpt-5-mini,think=low"], rows["hf/arena-lora-17"]
    assert (x.wins, x.losses, x.tokens, x.refused) == (1, 0, 2025, 0)
    assert (o.wins, o.losses, o.cost, o.refused) == (0, 1, None, 1)
    assert rows["vllm/Qwen3-8B@http://localhost:8000/v1"].voids == 1
    assert rows["random"].seconds is None


def test_progress_off_a_terminal_is_a_line_now_and_then() -> None:
    now, console = [0.0], pipe()
    with Progress(40, console, clock=lambda: now[0]) as progress:
        for _ in range(40):
            record = progress.follow()
            for event in chess():
                record(event)
            now[0] += EVERY / 10
    lines = written(console).splitlines()
    assert lines[0] == "11/40 matches · 0 running · eta 1:19"
    assert lines[-1] == "40/40 matches · 2:00"
    assert len(lines) == 4


def test_progress_that_is_drawn_leaves_the_terminal_whole() -> None:
    console = terminal()
    with Progress(1, console) as progress:
        record = progress.follow()
        for event in hostile():
            record(event)
        assert not unsafe(drawn(progress.frame()))
    output = written(console)
    assert output.rfind(SHOW) > output.rfind(HIDE)
    assert "1/1 matches" in output


def test_a_match_that_only_began_shows_who_plays() -> None:
    started = tic_tac_toe()[0]
    assert isinstance(started, Started)
    with LiveMatch(terminal()) as live:
        live.update(started)
        assert "openai/gpt-5-mini" in text(live.frame())


PROGRAM = """
import sys
from arena.view.console import out
from arena.view.live import LiveMatch
from tests.test_view_samples import tic_tac_toe

with LiveMatch(out()) as live:
    for event in tic_tac_toe()[:-1]:
        live.update(event)
    sys.stdin.readline()
    live.update(tic_tac_toe()[-1])
print("LEFT")
"""


def test_what_is_typed_meanwhile_does_not_shift_the_screen() -> None:
    shown = Terminal(PROGRAM)
    try:
        shown.until("diagonal open:")
        shown.press("impatient\n")
        output = shown.until("LEFT")
        assert "impatient" not in output
        assert shown.program.wait(30) == 0
        assert termios.tcgetattr(shown.slave) == shown.before
    finally:
        shown.close()
