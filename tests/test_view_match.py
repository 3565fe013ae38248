import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.panel import Panel
from rich.text import Text

from arena.events import Asked, Line, Moved, Seated, Started
from arena.view.match import bar, screen
from arena.view.plies import ply_lines
from arena.view.scene import Scene
from tests.test_view_samples import (
    chess,
    drawn,
    hostile,
    kuhn,
    plain,
    prefixes,
    same_screen,
    text,
    tic_tac_toe,
    unsafe,
)

MATCHES = {"tic_tac_toe": tic_tac_toe, "chess": chess, "kuhn": kuhn, "hostile": hostile}


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (50, 24), (40, 12), (20, 6)])
@pytest.mark.parametrize("name", MATCHES)
def test_the_screen_at_the_end(name: str, width: int, height: int) -> None:
    scene = Scene.of(MATCHES[name]())
    same_screen(f"{name}_{width}x{height}", text(screen(scene, width=width, height=height), width, height))


def test_the_screen_while_an_agent_thinks() -> None:
    scene = Scene.of(tic_tac_toe()[:9])
    same_screen("tic_tac_toe_waiting", text(screen(scene, width=80, height=24, waited=4.4)))


@pytest.mark.parametrize("name", ["tic_tac_toe", "chess"])
def test_the_screen_in_ascii(name: str) -> None:
    shown = text(screen(Scene.of(MATCHES[name]()), width=80, height=24, ascii=True))
    assert shown.isascii()
    same_screen(f"{name}_ascii", shown)


@pytest.mark.parametrize("name", MATCHES)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (61, 17), (40, 12), (10, 4), (1, 1)])
def test_the_screen_fits_at_every_event(name: str, width: int, height: int) -> None:
    for events in prefixes(MATCHES[name]()):
        lines = plain(drawn(screen(Scene.of(events), width=width, height=height), width, height)).split("\n")
        assert len(lines) == height + 1
        assert max(map(cell_len, lines)) <= width


def test_nothing_but_the_list_moves_from_ply_to_ply() -> None:
    corners = set()
    for events in prefixes(tic_tac_toe()):
        if isinstance(events[-1], Moved):
            lines = text(screen(Scene.of(events), width=80, height=24)).split("\n")
            rows = [row for row, line in enumerate(lines) if re.search(r"^ +\w │ \w │ \w", line)]
            corners.add((tuple(rows), lines[rows[0]].index("│"), lines.index("─" * 80)))
    assert len(corners) == 1


def test_the_header_keeps_the_result_to_itself() -> None:
    lines = text(screen(Scene.of(tic_tac_toe()), width=80, height=24)).split("\n")
    assert "won" not in "".join(lines[:4])
    assert sum("x won: x has 048" in line for line in lines) == 1


def test_the_seat_to_move_is_marked() -> None:
    lines = text(screen(Scene.of(tic_tac_toe()[:2]), width=80, height=24)).split("\n")
    assert lines[1].startswith(" ▶ x")
    assert lines[2].startswith("   o")


def test_agents_that_would_look_the_same_are_told_apart_by_seat() -> None:
    assert re.search(r"\d first +bet", text(screen(Scene.of(kuhn()), width=80, height=24)))


def test_many_seats_leave_room_for_the_board() -> None:
    seats = {f"solver.{number}": Seated("a") for number in range(9)}
    scene = Scene().after(Started("m", "g", 1, {}, seats, 0, "")).after(Asked(0, "solver.7", "the task"))
    lines = text(screen(scene, width=80, height=24)).split("\n")
    assert lines[4].startswith(" ▶ and solver.3, solver.4")
    assert "the task" in lines[7]


def test_a_long_board_says_how_much_was_cut() -> None:
    scene = Scene().after(Moved(0, "a", "m", "\n".join(f"line {number}" for number in range(100))))
    assert "more lines" in text(screen(scene, width=80, height=24))


def test_a_wide_board_stands_above_the_list() -> None:
    board = "\n".join("#" * 70 for _ in range(5))
    scene = Scene().after(Moved(0, "a", "m", board))
    lines = text(screen(scene, width=80, height=24)).split("\n")
    assert "#" * 70 in lines
    assert "  0 a m" in lines


def test_long_notes_below_a_drawing_are_folded_beside_the_list() -> None:
    board = "\n".join(["........"] * 8 + ["FEN " + "x" * 60])
    shown = text(screen(Scene().after(Moved(0, "a", "m", board)), width=80, height=24))
    assert re.search(r"^  \.{8} +0 a m", shown, re.MULTILINE)
    assert "x" * 61 not in shown


def test_the_games_own_drawing_is_used_where_there_is_colour() -> None:
    scene = Scene.of(tic_tac_toe())
    board = Panel(Text("drawn by the game"), width=24)
    assert "drawn by the game" in text(screen(scene, width=80, height=24, board=board))
    assert "drawn by the game" not in plain(
        drawn(screen(scene, width=80, height=24, board=board), no_color=True)
    )
    assert "drawn by the game" not in text(screen(scene, width=80, height=24, board=board, ascii=True))


@pytest.mark.parametrize("name", MATCHES)
def test_without_colour_the_screen_says_the_same(name: str) -> None:
    shown = screen(Scene.of(MATCHES[name]()), width=80, height=24)
    output = drawn(shown, no_color=True)
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7])m", output)
    assert plain(output) == text(shown)


def test_colour_marks_fouls_red_and_the_seat_to_move_green() -> None:
    output = drawn(screen(Scene.of(tic_tac_toe()[:13]), width=80, height=24))
    assert "\x1b[31m✗ illegal" in output
    assert "\x1b[32m ▶ " in output


def lines_of(events: list[Line]) -> str:
    return "".join(
        plain(drawn(lines))
        for seen in prefixes(events)
        if (lines := ply_lines(Scene.of(seen), seen[-1], thinking=True)) is not None
    )


@pytest.mark.parametrize("name", MATCHES)
def test_the_scrolling_form(name: str) -> None:
    same_screen(f"{name}_lines", lines_of(MATCHES[name]()))


@pytest.mark.parametrize("match", MATCHES.values())
def test_nothing_that_a_terminal_obeys_leaves_a_match(match: Callable[[], list[Line]]) -> None:
    for events in prefixes(match()):
        assert not unsafe(drawn(screen(Scene.of(events), width=80, height=24)))
    assert not unsafe(lines_of(match()))


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "        "),
        (1, "████████"),
        (0.5, "████    "),
        (0.35, "██▊     "),
        (7, "████████"),
        (-1, "        "),
    ],
)
def test_a_bar_is_as_long_as_its_share(share: float, shown: str) -> None:
    assert bar(share, 8) == shown
