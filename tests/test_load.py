import sys

import pytest

import agents.random
import games.tic_tac_toe
from arena import load
from arena.load import Listing, LoadError
from arena.settings import Alias, Endpoint, Settings

from .plugins import ECHO, NIM, copy_arena, message, row, run, write


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a fake distribution: a package with one module, and its entry points."""

    def install(distribution: str, module: str, text: str, entry_points: str) -> None:
        site = tmp_path / distribution
        package, _, name = module.partition(".")
        write(site / package / "__init__.py", "")
        write(site / package / f"{name}.py", text)
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        write(info / "METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        write(info / "entry_points.txt", entry_points)
        monkeypatch.syspath_prepend(site)

    return install


def test_a_game_is_found_by_name():
    loaded = load.game("tic_tac_toe")
    assert loaded == load.LoadedGame("tic_tac_toe", games.tic_tac_toe.game(), {})


def test_an_agent_is_found_by_name_and_called_by_the_text_it_was_asked_for_by():
    assert load.agent("random") == agents.random.agent(name="random")
    assert load.agent("minimax, depth=2").name == "minimax,depth=2"
    assert load.agent("minimax,depth=2,name=Deep").name == "Deep"


def test_options_are_recorded_with_their_defaults():
    loaded = load.game("rock_paper_scissors")
    assert loaded.name == "rock_paper_scissors"
    assert loaded.options == {"rounds": 3}
    assert load.game("rock_paper_scissors,rounds=5").options == {"rounds": 5}


def test_an_unknown_name_lists_what_exists_and_the_closest():
    text = message(load.game, "tic_tac_to")
    assert text.startswith("there is no game called 'tic_tac_to'; did you mean 'tic_tac_toe'?\nThere are: ")
    assert "kuhn_poker, " in text
    assert "module:Class" in text


def test_the_start_of_a_name_is_close_enough():
    assert "did you mean 'rock_paper_scissors'?" in message(load.game, "rock")


def test_a_name_like_none_gets_no_guess():
    assert message(load.game, "zzzz").startswith("there is no game called 'zzzz'.\nThere are: ")


def test_modules_without_a_game_or_agent_and_private_ones_are_none():
    assert "there is no agent called 'client'" in message(load.agent, "client")
    assert "there is no game called '_x'" in message(load.game, "_x")
    assert "there is no game called 'os'" in message(load.game, "os")


def test_an_entry_point_is_found_listed_and_not_imported_for_the_list(install):
    install("selfplay-nim", "nim_one.rules", NIM, "[arena.games]\nnim_one = nim_one.rules:Nim\n")
    listed = row(load.games(), "nim_one")
    assert listed.where == "selfplay-nim (nim_one.rules:Nim)"
    assert listed.summary == "Take from a heap; whoever takes the last one wins."
    assert not listed.error
    assert "nim_one" not in sys.modules
    assert load.game("nim_one,heaps=7").options["heaps"] == 7
    assert load.game("nim_one.rules:Nim").name == "nim_one.rules:Nim"
    assert load.game("nim_one.rules:game").game == load.game("nim_one").game


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        ("x = (1 +\n", "{}.rules:Nim", "line 1: '(' was never closed"),
        ("import no_such_package\n" + NIM, "{}.rules:Nim", "needs the package 'no_such_package'"),
        (NIM, "{}.rules:Nmi", "{}.rules has no 'Nmi'"),
        (NIM, "{}.missing:Nim", "the module '{}.missing' is not installed"),
        (NIM, "{}_missing:Nim", "the module '{}_missing' is not installed"),
    ],
)
def test_a_broken_entry_point_is_a_row_with_its_error_and_raises_when_asked_for(
    install, tmp_path, text, entry, expected
):
    name = f"broken_{tmp_path.name}"
    install("selfplay-broken", f"{name}.rules", text, f"[arena.games]\n{name} = {entry.format(name)}\n")
    assert expected.format(name) in row(load.games(), name).error
    assert row(load.games(), "tic_tac_toe").error == ""
    with pytest.raises(LoadError) as caught:
        load.game(name)
    assert caught.value.__cause__ is not None or "has no 'Nmi'; did you mean 'Nim'?" in str(caught.value)


def test_an_entry_point_that_fails_when_it_runs_is_found_by_a_thorough_list(install):
    install("selfplay-late", "late.rules", "Nim = 1 / 0\n", "[arena.games]\nlate = late.rules:Nim\n")
    assert row(load.games(), "late").error == ""
    assert "ZeroDivisionError" in row(load.games(thorough=True), "late").error
    assert row(load.games(thorough=True), "tic_tac_toe").error == ""
    with pytest.raises(LoadError) as caught:
        load.game("late")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_entry_point_hidden_by_our_own_name_says_how_to_reach_it(install):
    install("selfplay-toe", "toe.rules", NIM, "[arena.games]\ntic_tac_toe = toe.rules:Nim\n")
    hidden = [row for row in load.games() if row.name == "tic_tac_toe" and row.error]
    assert [row.error for row in hidden] == ["hidden by our own 'tic_tac_toe'; write toe.rules:Nim"]
    assert load.game("tic_tac_toe").game == games.tic_tac_toe.game()


def test_two_entry_points_of_one_name_are_refused_with_both_choices(install):
    install("selfplay-a", "twin_a.rules", NIM, "[arena.games]\ntwin = twin_a.rules:Nim\n")
    install("selfplay-b", "twin_b.rules", NIM, "[arena.games]\ntwin = twin_b.rules:Nim\n")
    both = "twin_a.rules:Nim (selfplay-a) or twin_b.rules:Nim (selfplay-b)"
    assert both in message(load.game, "twin")
    assert both in row(load.games(), "twin").error


def test_agents_have_entry_points_too(install):
    install("selfplay-echo", "echo_one.it", ECHO, "[arena.agents]\necho_one = echo_one.it\n")
    assert load.agent("echo_one/x@http://a").target == "x"


def test_a_module_that_is_not_installed_is_told():
    assert "needs the module 'no_such_thing', which is not installed" in message(
        load.game, "no_such_thing:Nim"
    )


def test_lists_hold_our_own_games_and_agents_with_their_summaries():
    listed = row(load.games(), "tic_tac_toe")
    assert (listed.where, listed.error) == ("games/tic_tac_toe.py", "")
    assert listed.summary.startswith("Tic-tac-toe: ")
    names = [row.name for row in load.agents()]
    assert {"random", "greedy", "minimax", "uci", "ollama/MODEL", "vllm/MODEL"} <= set(names)
    assert not {"client", "chat", "prompt", "__init__"} & set(names)


def test_a_broken_module_of_our_own_is_a_row_and_a_private_one_is_none(tmp_path):
    copy_arena(tmp_path)
    write(tmp_path / "games" / "_draft.py", NIM)
    write(tmp_path / "games" / "bad.py", "game = (1 +\n")
    write(tmp_path / "games" / "nim.py", NIM)
    write(tmp_path / "games" / "pile" / "__init__.py", NIM)
    program = (
        "from arena import load\n"
        "print([(row.name, row.error) for row in load.games() if 'games' in row.where])\n"
        "print(load.game('nim').name, load.game('pile').name); load.game('bad')"
    )
    result = run(program, tmp_path, cwd=tmp_path)
    assert result.stdout.splitlines() == [
        """[('bad', "line 1: '(' was never closed"), ('nim', ''), ('pile', '')]""",
        "nim pile",
    ]
    assert "LoadError" in result.stderr and "bad.py, line 1: '(' was never closed" in result.stderr


def test_lists_hold_aliases_and_endpoints():
    settings = Settings(
        endpoints={"lab": Endpoint("http://lab/v1")},
        agents={"coach": Alias("lab/Qwen"), "random": Alias("greedy"), "bad": Alias("nobody")},
    )
    rows = load.agents(settings)
    assert row(rows, "coach") == Listing("coach", "settings", "lab/Qwen")
    assert row(rows, "lab/MODEL") == Listing("lab/MODEL", "settings", "http://lab/v1")
    assert "ollama/MODEL" not in [row.name for row in rows]
    assert row(rows, "random").error == "hidden by the agent of that name in the settings"
    assert row(rows, "bad").error == ""
    assert "no agent called 'nobody'" in row(load.agents(settings, thorough=True), "bad").error


PROGRAM = """
import sys
import arena.load, arena.settings
arena.load.games(), arena.load.agents(), arena.settings.resolve()
heavy = ("openai rich textual gymnasium pettingzoo torch numpy chess scipy games.chess agents.openai").split()
print([name for name in heavy if name in sys.modules])
"""


def test_loading_and_listing_import_nothing_heavy(tmp_path):
    result = run(PROGRAM, cwd=tmp_path)
    assert result.stdout == "[]\n", result.stderr
