"""The commands as a person types them: exit codes, what stands on stdout and stderr."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arena.cli import main
from arena.replay.archive import entries, runs

ROOT = Path(__file__).parent.parent


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


@pytest.fixture(autouse=True)
def a_clean_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ARENA_")]:
        monkeypatch.delenv(name)


def arena(*arguments: object, cwd: Path, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "arena", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_play_saves_matches_with_rotating_seats(capsys, tmp_path):
    assert run("play", "tic_tac_toe", "minimax,depth=9", "random", "-n", 4) == 0
    captured = capsys.readouterr()
    assert re.search(r"minimax,depth=9 +\d/\d/0 ", captured.out)
    assert "next: arena watch" in captured.out
    found = list(entries(runs(tmp_path / "replays")[0]))
    assert [entry.agents["x"] for entry in found] == ["minimax,depth=9", "random"] * 2
    assert found[0].seed == found[1].seed != found[2].seed


def test_json_display_gives_json_lines_only(capsys):
    assert run("play", "kuhn_poker", "random", "random", "-n", 3, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["match"] * 3 + ["done"]
    assert lines[-1]["exit"] == 0


def test_a_dry_run_plays_nothing(capsys, tmp_path):
    assert run("play", "chess", "random", "random", "-n", 2, "--dry-run") == 0
    assert "2 to play" in capsys.readouterr().out
    assert not (tmp_path / "replays").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["play", "ches", "random", "random"], 2, "did you mean 'chess'"),
        (["play", "chess", "randm", "random"], 2, "did you mean 'random'"),
        (["play", "chess,max_ply=3", "random", "random"], 2, "did you mean 'max_plies'"),
        (["play", "chess,max_plies=many", "random", "random"], 2, "max_plies"),
        (["play", "chess", "random"], 2, "2 seats (white, black); 1 agents were given"),
        (["play", "./nowhere.py", "random", "random"], 2, "nowhere.py"),
        (["play", "rock_paper_scissors", "minimax", "random"], 2, "minimax"),
        (["play", "chess", "uci/no-such-engine", "random"], 3, "no-such-engine"),
        (["play", "chess", "openai/gpt-x", "random"], 3, "OPENAI_API_KEY"),
        (["play", "tic_tac_toe", "openai/m@http://127.0.0.1:9/v1", "random"], 3, "127.0.0.1:9"),
        (["watch", "nothing"], 1, "no match"),
        (["watch"], 1, "arena play"),
        (["replays", "ls", "norun"], 1, "no run"),
        (["new-game", "Not-A-Name"], 2, "cannot name a game"),
        (["fork", "last", "--ply", "0"], 1, "arena play"),
        (["play", "chess", "random", "random", "--display", "loud"], 2, "loud"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told_in_words_with_its_exit_code(arguments, code, words, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert run(*arguments) == code
    captured = capsys.readouterr()
    assert words in " ".join(captured.err.split())
    assert "Traceback" not in captured.err
    assert not list(tmp_path.glob("replays/*"))


def test_a_game_file_with_a_syntax_error_is_shown_with_its_line(capsys, tmp_path):
    (tmp_path / "broken.py").write_text("x = 1\ndef turn(:\n")
    assert run("play", "./broken.py", "random", "random") == 2
    err = capsys.readouterr().err
    assert "broken.py" in err
    assert "line 2" in err


def test_a_crashing_game_makes_the_match_void_and_says_so(capsys, tmp_path):
    source = (ROOT / "games" / "tic_tac_toe.py").read_text()
    crash = source.replace(
        "        free = self.legal(state, seat)\n", "        free = self.legal(state, seat)\n        1 / 0\n"
    )
    (tmp_path / "crash.py").write_text(crash)
    assert run("play", "./crash.py", "random", "random") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert [entry.kind for entry in entries(runs(tmp_path / "replays")[0])] == ["void"]


def test_a_file_of_ones_own_can_be_an_agent(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass\n"
        "from arena.agent import Agent, Reply, Turn\n\n"
        "@dataclass(frozen=True)\n"
        "class Last(Agent):\n"
        "    async def act(self, turn: Turn) -> Reply:\n"
        "        return Reply(turn.legal[-1])\n"
    )
    assert run("play", "tic_tac_toe", "./mine.py:Last", "random") == 0


def test_watch_and_show_and_verify_read_what_was_played(capsys):
    run("play", "tic_tac_toe", "random", "random", "-n", 2)
    capsys.readouterr()
    assert run("watch", "last", "--print") == 0
    assert "tic_tac_toe" in capsys.readouterr().out
    assert run("replays", "show", "last") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["t"] == "match"
    assert run("replays", "verify", "--play") == 0
    assert "no problems" in capsys.readouterr().out
    assert run("replays", "ls") == 0
    assert "2 of 2 matches" in capsys.readouterr().out


def test_a_damaged_shard_is_found_and_named(capsys, tmp_path):
    run("play", "tic_tac_toe", "random", "random", "-n", 2)
    shard = next(tmp_path.glob("replays/*/shard-*.zst"))
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    shard.write_bytes(damaged)
    capsys.readouterr()
    assert run("replays", "verify") == 1
    assert "shard 000" in capsys.readouterr().err


def test_a_replay_of_another_version_can_be_watched_but_not_verified(capsys, tmp_path):
    source = (ROOT / "games" / "tic_tac_toe.py").read_text()
    (tmp_path / "mine.py").write_text(source)
    run("play", "./mine.py", "random", "random")
    newer = source.replace('    seats = ("x", "o")', '    version = 2\n    seats = ("x", "o")')
    (tmp_path / "mine.py").write_text(newer + "\n")
    capsys.readouterr()
    assert run("replays", "verify", "--play") == 0
    assert "not played again" in capsys.readouterr().err
    assert run("watch", "--print") == 0


def test_a_fork_tries_other_moves_and_compares_them(capsys, tmp_path):
    run("play", "tic_tac_toe", "random", "random", "--run", "base")
    capsys.readouterr()
    assert run("fork", "last", "--ply", 3, "--replies", 3, "--playouts", 4, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(len(row["payoffs"]) for row in rows) == 12
    forks = [entry for run in runs(tmp_path / "replays") if run.name != "base" for entry in entries(run)]
    assert {entry.parent for entry in forks} == {next(entries(tmp_path / "replays" / "base")).id}
    assert run("replays", "verify", "--play") == 0


def test_a_fork_at_no_decision_says_where_there_are_some(capsys):
    run("play", "kuhn_poker", "random", "random")
    capsys.readouterr()
    assert run("fork", "last", "--ply", 0) == 2
    assert "decisions stand at 1" in capsys.readouterr().err


def test_a_new_game_passes_its_own_tests_at_once(capsys, tmp_path):
    assert run("new-game", "take_sticks") == 0
    assert run("play", "./take_sticks.py", "minimax,depth=12", "random", "-n", 2) == 0
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_take_sticks.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    assert run("new-game", "take_sticks") == 2
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["games"], ["agents"], ["doctor"], ["config"]], ids=" ".join)
def test_the_lists_fit_80_columns(arguments, capsys):
    assert run(*arguments) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_token_limit_stops_the_run_and_is_told(capsys, tmp_path):
    (tmp_path / "talks.py").write_text(
        "from dataclasses import dataclass\n"
        "from arena.agent import Agent, Message, Reply, Turn, Usage\n\n"
        "@dataclass(frozen=True)\n"
        "class Talks(Agent):\n"
        "    async def act(self, turn: Turn) -> Reply:\n"
        "        sent = (Message('user', turn.observation),)\n"
        "        return Reply(turn.legal[0], messages=sent, usage=Usage(input=50, output=50))\n"
    )
    code = run("play", "tic_tac_toe", "./talks.py:Talks", "random", "-n", 50, "-c", 1, "--max-tokens", 1000)
    assert code == 4
    assert "tokens are spent" in capsys.readouterr().err
    assert run("replays", "verify", "--play") == 0


def test_a_cost_limit_is_refused_when_the_price_is_unknown(capsys, tmp_path):
    (tmp_path / "talks.py").write_text(
        "from dataclasses import dataclass\n"
        "from arena.agent import Agent, Message, Reply, Turn, Usage\n\n"
        "@dataclass(frozen=True)\n"
        "class Talks(Agent):\n"
        "    async def act(self, turn: Turn) -> Reply:\n"
        "        return Reply(turn.legal[0], messages=(Message('user', 'x'),), usage=Usage(input=5))\n"
    )
    assert run("play", "tic_tac_toe", "./talks.py:Talks", "random", "--max-cost", 1) == 4
    assert "price" in capsys.readouterr().err


SLOW = (
    "import asyncio\n"
    "from dataclasses import dataclass\n"
    "from arena.agent import Agent, Reply, Turn\n\n"
    "@dataclass(frozen=True)\n"
    "class Slow(Agent):\n"
    "    async def act(self, turn: Turn) -> Reply:\n"
    "        await asyncio.sleep(0.02)\n"
    "        return Reply(turn.legal[0])\n"
)


def wait_for_matches(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if sum(index.read_bytes().count(b"\n") for index in folder.glob("*/index.jsonl")) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {count} matches in {folder} after a minute")


def test_kill_9_loses_no_finished_match_and_the_next_command_says_what_it_recovered(capsys, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    process = arena("play", "tic_tac_toe", "./slow.py:Slow", "random", "-n", 500, "-c", 8, cwd=tmp_path)
    wait_for_matches(tmp_path / "replays", 5)
    process.kill()
    _, err = process.communicate()
    told = {line.split()[0] for line in err.splitlines() if "tic_tac_toe" in line}
    assert run("replays", "ls", "--limit", 500) == 0
    captured = capsys.readouterr()
    assert "its writer died. Recovered:" in captured.err
    found = {entry.id for entry in entries(runs(tmp_path / "replays")[0])}
    assert told
    assert told <= found
    assert run("replays", "verify", "--play") == 0
    run("replays", "ls")
    assert "Recovered" not in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_finished_and_exits_130(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    process = arena("play", "tic_tac_toe", "./slow.py:Slow", "random", "-n", 500, "-c", 8, cwd=tmp_path)
    wait_for_matches(tmp_path / "replays", 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "finished matches are saved" in " ".join(err.split())
    assert "Traceback" not in err


def test_two_processes_on_one_run_are_refused(capsys, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    words = ("play", "tic_tac_toe", "./slow.py:Slow", "random", "-n", 500, "--run", "one")
    process = arena(*words, cwd=tmp_path)
    try:
        wait_for_matches(tmp_path / "replays", 1)
        assert run(*words) == 1
        assert "one" in capsys.readouterr().err
    finally:
        process.kill()
        process.communicate()


def test_the_help_is_quick_and_names_every_command(capsys):
    assert run("--help") == 0
    out = capsys.readouterr().out
    for command in ("play", "watch", "fork", "demo", "replays", "games", "agents", "new-game", "doctor"):
        assert command in out


def test_hostile_names_and_moves_do_not_reach_the_terminal_as_they_are(capsys, tmp_path):
    (tmp_path / "evil.py").write_text(
        "from dataclasses import dataclass\n"
        "from arena.agent import Agent, Message, Reply, Turn\n\n"
        "@dataclass(frozen=True)\n"
        "class Evil(Agent):\n"
        "    async def act(self, turn: Turn) -> Reply:\n"
        "        say = '\\x1b]0;owned\\x07 \\x9b2J [bold]x[/] \\u202e'\n"
        "        return Reply(say, text=say, thinking=say, messages=(Message('user', say),))\n"
    )
    run("play", "tic_tac_toe", "./evil.py:Evil", "random", "--live")
    run("watch", "--print", "--prompts", "--thinking")
    run("replays", "ls")
    captured = capsys.readouterr()
    for byte in ("\x1b", "\x07", "\x9b", "\u202e"):
        assert byte not in captured.out
        assert byte not in captured.err
    assert "[bold]" in captured.out
