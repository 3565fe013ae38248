import os
import sys
from pathlib import Path

import pytest

import agents.random
import games.tic_tac_toe
from arena import load
from arena.load import LoadError

from .plugins import ECHO, NIM, ROOT, message, write


@pytest.fixture
def nim(tmp_path) -> Path:
    return write(tmp_path / "nim.py", NIM)


@pytest.fixture
def echo(tmp_path) -> Path:
    return write(tmp_path / "echo.py", ECHO)


def test_a_game_is_found_by_path_with_and_without_its_class(nim, monkeypatch):
    monkeypatch.chdir(nim.parent)
    whole = load.game(f"{nim}:Nim,heaps=5")
    assert whole.name == f"{nim}:Nim"
    assert whole.game.heaps == whole.options["heaps"] == 5
    for spec in ("./nim.py", "nim.py", "nim.py:Nim", "../" + nim.parent.name + "/nim.py:game"):
        assert type(load.game(spec).game) is type(whole.game)


def test_a_file_is_loaded_again_only_when_it_changed(nim):
    first = load.game(str(nim)).game
    digest = load.digest(first)
    assert type(load.game(str(nim)).game) is type(first)
    nim.write_text(NIM.replace("heaps: int = 3", "heaps: int = 4"))
    os.utime(nim, ns=(1, 1))
    assert load.game(str(nim)).game.heaps == 4
    assert load.digest(first) == digest != load.digest(load.game(str(nim)).game)
    assert not (nim.parent / "__pycache__").exists()


def test_two_files_of_one_name_do_not_clash(nim, tmp_path):
    other = write(tmp_path / "other" / "nim.py", NIM.replace("heaps: int = 3", "heaps: int = 4"))
    assert [load.game(str(file)).game.heaps for file in (nim, other, nim)] == [3, 4, 3]


def test_a_file_of_our_own_folder_is_the_module_itself(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert type(load.game("games/tic_tac_toe.py").game) is games.tic_tac_toe.game
    assert type(load.agent("./agents/random.py")) is agents.random.agent


def test_a_class_of_a_file_is_an_agent_with_target_and_url(echo):
    agent = load.agent(f"{echo}:Echo/Qwen/Q3@http://a/v1,depth=2")
    assert (agent.target, agent.url, agent.depth) == ("Qwen/Q3", "http://a/v1", 2)
    assert agent.name == f"{echo}:Echo/Qwen/Q3@http://a/v1,depth=2"


def test_target_and_url_may_be_given_as_options_but_not_twice(echo):
    agent = load.agent(f"{echo},target=x,url=http://a/v1")
    assert (agent.target, agent.url) == ("x", "http://a/v1")
    assert "target is given twice, after the slash and" in message(load.agent, f"{echo}/y,target=x")
    assert "url is given twice" in message(load.agent, f"{echo}/y@http://a,url=http://b")


def test_a_missing_target_or_url_says_how_to_write_it(echo):
    text = message(load.agent, f"{echo}:Echo")
    assert text == f"{echo}:Echo needs the option target (str): write {echo}:Echo/TARGET"
    assert f"needs the option url (str): write {echo}@URL" in message(load.agent, f"{echo}/x")


def test_a_target_that_nobody_takes_is_refused(echo):
    assert message(load.game, "tic_tac_toe/x") == "tic_tac_toe takes no target: leave /target out."
    assert message(load.game, "tic_tac_toe@http://a") == "tic_tac_toe takes no url: leave @url out."


def test_a_missing_file_is_told_and_a_target_that_looks_like_one_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message(load.game, "./nim.py") == f"there is no file './nim.py' (seen from {tmp_path})."
    assert "as a target, write uci,target=engine.py" in message(load.agent, "uci/engine.py")
    write(tmp_path / "nim.txt", "")
    assert "'./nim.txt' is no Python file" in message(load.game, "./nim.txt")


def test_a_syntax_error_shows_the_file_the_line_and_the_place(tmp_path):
    file = write(tmp_path / "bad.py", "x = 1\ny = (2 +\n")
    lines = message(load.game, str(file)).splitlines()
    assert lines[0] == f"{file}, line 2: '(' was never closed"
    assert lines[1:] == ["  y = (2 +", "      ^"]


def test_an_error_in_a_file_is_told_with_its_line_and_chained(tmp_path):
    file = write(tmp_path / "bad.py", "def f():\n    return 1 / 0\n\nf()\n")
    with pytest.raises(LoadError) as caught:
        load.game(str(file))
    assert f"failed while loading: ZeroDivisionError: division by zero ({file}, line 2)" in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert not [name for name in sys.modules if name.startswith("arena_file_bad")]


def test_a_file_that_leaves_the_program_does_not_leave_ours(tmp_path):
    file = write(tmp_path / "bad.py", "raise SystemExit(3)\n")
    assert "failed while loading: SystemExit: 3" in message(load.game, str(file))


def test_a_missing_package_is_told(tmp_path):
    file = write(tmp_path / "bad.py", "import no_such_package_at_all\n")
    assert "needs the module 'no_such_package_at_all', which is not installed" in message(
        load.game, str(file)
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("game = Nim", ""), "nim.py has no 'game': end it with the line game = Nim"),
        (("game = Nim", "game = Nim()"), "game is an instance; write game = Nim"),
        (("game = Nim", "game = 3"), "game is of type int; expected a subclass of arena.game.Game."),
        (("game = Nim", "game = Mode"), "game is class Mode; expected a subclass of arena.game.Game."),
        (("@dataclass(frozen=True)", ""), "write @dataclass(frozen=True) above class Nim."),
        (("@dataclass(frozen=True)", "@dataclass"), "write @dataclass(frozen=True) above class Nim."),
        (("def observe", "def obsrve"), "Nim lacks what every game defines: observe."),
        (("heaps: int", "heaps: 'Undefined'"), "NameError: name 'Undefined' is not defined"),
    ],
)
def test_a_file_whose_game_is_none_is_told_what_to_write(tmp_path, change, expected):
    file = write(tmp_path / "nim.py", NIM.replace(*change))
    assert expected in message(load.game, str(file))


def test_a_file_without_any_game_is_told(tmp_path):
    file = write(tmp_path / "nothing.py", "x = 1\n")
    assert "has no 'game', and no subclass of arena.game.Game" in message(load.game, str(file))


def test_a_misspelt_class_gets_the_closest(nim):
    assert message(load.game, f"{nim}:Nin") == f"{nim} has no 'Nin'; did you mean 'Nim'?"


def test_a_subclass_of_an_agent_needs_its_own_decorator(echo):
    echo.write_text(echo.read_text() + "\nclass Loud(Plain):\n    volume: int = 3\n\nagent = Loud\n")
    assert "write @dataclass(frozen=True) above class Loud" in message(load.agent, str(echo))
