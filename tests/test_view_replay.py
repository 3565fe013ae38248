from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from arena.events import Line
from arena.replay.replay import Replay
from arena.view.replay import print_replay
from tests.test_view_samples import (
    chess,
    hostile,
    kuhn,
    plain,
    same_screen,
    terminal,
    tic_tac_toe,
    unsafe,
    written,
)


def piped(events: list[Line], **options: bool | int) -> str:
    console = Console(file=StringIO(), width=80, force_terminal=False, _environ={})
    print_replay(Replay(tuple(events)), console, **options)  # type: ignore[arg-type]
    return written(console)


@pytest.mark.parametrize(
    ("name", "match"), [("tic_tac_toe", tic_tac_toe), ("chess", chess), ("kuhn", kuhn), ("hostile", hostile)]
)
def test_a_replay_in_print(name: str, match: Callable[[], list[Line]]) -> None:
    same_screen(f"print_{name}", piped(match()))


def test_prompts_are_unfolded_and_answers_whole() -> None:
    same_screen("print_prompts", piped(tic_tac_toe(), prompts=True, thinking=True, ply=3))


def test_every_prompt_is_printed_in_full() -> None:
    shown = piped(tic_tac_toe(), prompts=True)
    assert shown.count("what was sent") == shown.count("what came back") == 6
    assert shown.count("  system\n  Three in a row.\n") == 6
    assert "You are o. Ply 3, attempt 1: which cell?" in shown
    assert shown.count("✓ read as") == 6


def test_thinking_is_printed_when_asked_for() -> None:
    assert "four lines" not in piped(tic_tac_toe())
    assert piped(tic_tac_toe(), thinking=True).count("four lines") == 3
    assert piped(tic_tac_toe(), thinking=True, prompts=True).count("four lines") == 3


def test_one_ply_is_that_ply() -> None:
    shown = piped(tic_tac_toe(), ply=3)
    assert shown.count("\n3  o") == 2
    assert "\n2  x" not in shown
    assert "won" not in shown


def test_ascii_is_ascii() -> None:
    assert piped(hostile(), prompts=True, thinking=True, ascii=True).isascii()


def test_lines_are_not_wrapped_off_a_terminal() -> None:
    assert max(map(len, piped(hostile(), prompts=True).split("\n"))) > 80


@pytest.mark.parametrize("prompts", [False, True])
def test_nothing_that_a_terminal_obeys_leaves_a_replay(prompts: bool) -> None:
    console = terminal()
    print_replay(Replay(tuple(hostile())), console, prompts=prompts, thinking=True)
    assert not unsafe(written(console))
    assert "owned" in plain(written(console))
