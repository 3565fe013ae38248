from collections.abc import Sequence

import pytest

from arena.agent import Usage
from arena.events import Asked, Ended, Fouled, Line, Moved, Replied, Seated, Started
from arena.view.scene import KEPT, Scene, Total, said
from tests.test_view_samples import GPT, LORA, kuhn, tic_tac_toe


def begun(*seats: str) -> Scene:
    return Scene().after(Started("m", "g", 1, {}, {seat: Seated(f"agent {seat}") for seat in seats}, 0, ""))


def told(scene: Scene, events: Sequence[Line]) -> Scene:
    for event in events:
        scene = scene.after(event)
    return scene


def test_the_end_of_a_match_is_seen_whole() -> None:
    scene = Scene.of(tic_tac_toe())
    assert (scene.match, scene.game, scene.ply) == ("01KAM3T7Q9", "tic_tac_toe", 5)
    assert [side.agent for side in scene.sides] == [GPT, LORA]
    assert scene.ended == Ended({"x": 1.0, "o": -1.0}, "x has 048", "rules", 5)
    assert [(entry.ply, entry.seat, entry.move) for entry in scene.entries] == [
        (0, "x", "0"),
        (1, "o", "2"),
        (2, "x", "4"),
        (3, "o", "4"),
        (3, "o", "6"),
        (4, "x", "8"),
    ]
    assert scene.entries[0].say == "The corners give the most lines."
    assert scene.entries[3].fault == "illegal"
    assert scene.entries[4].fault is None
    assert scene.moving == ()


def test_totals_are_kept_for_each_seat_and_for_the_match() -> None:
    scene = Scene.of(tic_tac_toe())
    x, o = scene.sides
    assert (x.total.replies, x.total.fouls, o.total.replies, o.total.fouls) == (3, 0, 3, 1)
    assert (x.total.output, o.total.output, scene.total.output) == (381, 381, 762)
    assert x.total.cost == pytest.approx(0.0186)
    assert o.total.cost is None


def test_unknown_figures_are_not_zero() -> None:
    total = Total().plus(None).plus(Usage(input=3)).plus(Usage(seconds=1.5, cost=0.0))
    assert (total.replies, total.input, total.output, total.cost, total.seconds) == (3, 3, None, 0.0, 1.5)


def test_the_board_before_the_first_move_is_what_the_first_seat_sees() -> None:
    scene = begun("a", "b").after(Asked(0, "a", "empty"))
    assert scene.board == "empty"
    scene = told(scene, [Replied(0, "a", "m"), Moved(0, "a", "m", "full"), Asked(1, "b", "b's view")])
    assert scene.board == "full"


def test_seats_that_move_at_once_wait_until_they_have_moved() -> None:
    scene = begun("a", "b").after(Asked(0, "a", "")).after(Asked(1, "b", ""))
    assert scene.moving == ("a", "b")
    scene = told(scene, [Replied(0, "a", "x", text="from a"), Moved(0, "a", "x", "")])
    assert scene.moving == ("b",)
    scene = told(scene, [Replied(1, "b", "y", text="from b"), Moved(1, "b", "y", "")])
    assert scene.moving == ()
    assert [entry.say for entry in scene.entries] == ["from a", "from b"]
    assert scene.pending == ()


def test_a_foul_keeps_the_words_of_the_refused_answer() -> None:
    scene = told(
        begun("a"),
        [
            Replied(0, "a", fault="unparsable", text="I resign.", thinking="hm"),
            Fouled(0, "a", "unparsable", "no move"),
        ],
    )
    assert scene.last is not None
    assert (scene.last.say, scene.last.thinking, scene.last.error) == ("I resign.", "hm", "no move")
    assert scene.sides[0].total.fouls == scene.total.fouls == 1


def test_only_the_last_entries_are_kept() -> None:
    scene = begun("a")
    for ply in range(KEPT + 50):
        scene = scene.after(Moved(ply, "a", str(ply), "x" * (ply % 7)))
    assert len(scene.entries) == KEPT
    assert scene.entries[-1].move == str(KEPT + 49)
    assert scene.extent == (6, 1)


def test_a_new_match_begins_anew() -> None:
    assert Scene.of([*tic_tac_toe(), *kuhn()]) == Scene.of(kuhn())


def test_a_scene_is_not_changed_by_what_comes_after() -> None:
    before = Scene.of(tic_tac_toe()[:5])
    copy = Scene.of(tic_tac_toe()[:5])
    told(before, tic_tac_toe()[5:])
    assert before == copy


@pytest.mark.parametrize(
    ("text", "move", "words"),
    [
        ("MOVE: e4", "e4", ""),
        ("e4", "e4", ""),
        ("I like e4.\nMOVE: e4", "e4", "I like e4."),
        ("**My final answer:** `e4`", "e4", ""),
        ("<move>e4</move>\nGood luck!", "e4", "Good luck!"),
        ('```json\n{"move": "e4"}\n```', "e4", ""),
        ("No idea.", "", "No idea."),
        ("", "e4", ""),
    ],
)
def test_what_was_said_leaves_out_the_move(text: str, move: str, words: str) -> None:
    assert said(text, move) == words
