"""What commands that play do when something is unusual: signals, names, limits, broken drawings."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arena import load
from arena.cli.play import new_run, run_name
from arena.cli.show import results
from arena.cli.signals import Signals
from arena.contract import check
from arena.replay.archive import entries, runs
from arena.replay.run import RunSettings
from arena.settings import Settings
from tests.test_cli import SLOW, a_clean_folder, arena, run, wait_for_matches

__all__ = ["a_clean_folder"]

ROOT = Path(__file__).parent.parent
TIC_TAC_TOE = (ROOT / "games" / "tic_tac_toe.py").read_text()
LEGAL = "        free = self.legal(state, seat)\n"
TALKS = (
    "from dataclasses import dataclass\n"
    "from arena.agent import Agent, Message, Reply, Turn, Usage\n\n"
    "@dataclass(frozen=True)\n"
    "class Talks(Agent):\n"
    "    async def act(self, turn: Turn) -> Reply:\n"
    "        legal = turn.legal or ('yes',)\n"
    "        return Reply(legal[0], messages=(Message('user', 'x'),), usage=Usage(input=50, output=50))\n"
)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "nothing came within a minute"
        time.sleep(0.02)


def sealed(folder: Path) -> int:
    return sum(len(list(entries(run))) for run in runs(folder / "replays"))


def with_method(source: str, method: str) -> str:
    return source.replace('    seats = ("x", "o")\n', f'    seats = ("x", "o")\n\n{method}\n', 1)


def test_a_drawing_that_fails_is_replaced_by_the_text_and_told_once(capsys, tmp_path):
    source = TIC_TAC_TOE.replace("    def rich(self", "    def unused(self")
    broken = "    def rich(self, state):\n        raise RuntimeError('no ink')"
    (tmp_path / "broken.py").write_text(with_method(source, broken))
    assert run("play", "./broken.py", "random", "random", "-n", 2, "--live") == 0
    captured = capsys.readouterr()
    assert captured.err.count("no ink") == 1
    assert "Traceback" not in captured.err
    assert len(list(entries(runs(tmp_path / "replays")[0]))) == 2


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("    def rich(self, state):\n        raise RuntimeError('no ink')", "RuntimeError: no ink"),
        ("    def svg(self, state):\n        return 3", "gave 3"),
        ("    def svg(self, state):\n        return 'board'", "gave 'board'"),
    ],
)
def test_the_contract_tries_the_drawings(tmp_path, method, words):
    source = TIC_TAC_TOE.replace("    def rich(self", "    def one(self").replace(
        "    def svg(self", "    def two(self"
    )
    (tmp_path / "drawn.py").write_text(with_method(source, method))
    begun: list[str] = []
    found = list(check(load.game("./drawn.py").game, matches=2, begin=begun.append))
    assert begun == [finding.what for finding in found]
    problems = [finding.problem for finding in found if finding.problem]
    assert len(problems) == 1
    assert words in problems[0]


def test_the_version_is_shown(capsys):
    assert run("--version") == 0
    assert re.fullmatch(r"arena \d+\.\d+\S*\n", capsys.readouterr().out)


WAITS = (
    "import asyncio\n"
    "from dataclasses import dataclass\n"
    "from pathlib import Path\n"
    "from arena.agent import Agent, Reply, Turn\n\n"
    "@dataclass(frozen=True)\n"
    "class Waits(Agent):\n"
    "    async def act(self, turn: Turn) -> Reply:\n"
    "        Path('asked').touch()\n"
    "        while not Path('go').exists():\n"
    "            await asyncio.sleep(0.01)\n"
    "        return Reply(turn.legal[0])\n"
)


def test_the_first_ctrl_c_says_what_it_does_and_the_second_stops_at_once(tmp_path):
    (tmp_path / "waits.py").write_text(WAITS)
    process = arena("play", "tic_tac_toe", "./waits.py:Waits", "random", cwd=tmp_path)
    wait_for((tmp_path / "asked").exists)
    process.send_signal(signal.SIGINT)
    assert "ctrl-C again stops now" in process.stderr.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "finished matches are saved" in err


def test_a_first_ctrl_c_stops_at_once_when_a_person_sits_at_the_table(tmp_path):
    command = [sys.executable, "-m", "arena", "play", "tic_tac_toe", "human", "random"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe)
    asked = b""
    while b"> " not in asked:
        asked += os.read(process.stderr.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    err = process.stderr.read().decode()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    assert "Traceback" not in err


LOOPS = TIC_TAC_TOE.replace(
    LEGAL,
    LEGAL
    + "        if sum(x.read_bytes().count(b'\\n') for x in Path('replays').glob('*/index.jsonl')) > 2:\n"
    "            signal.raise_signal(signal.SIGINT)\n"
    "            signal.raise_signal(signal.SIGINT)\n"
    "            while True:\n"
    "                pass\n",
).replace("from random import", "import signal\nfrom pathlib import Path\nfrom random import", 1)


@pytest.mark.parametrize("live", [False, True], ids=["quiet", "live"])
def test_ctrl_c_twice_ends_a_game_that_never_gives_the_loop_back(tmp_path, live):
    (tmp_path / "loops.py").write_text(LOOPS)
    words = ["play", "./loops.py", "random", "random", "-n", 500, "-c", 4, *(["--live"] if live else [])]
    process = arena(*words, cwd=tmp_path)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "finished matches are saved" in " ".join(err.split())
    assert sealed(tmp_path) >= 3
    assert run("replays", "verify") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_program_that_is_ended_keeps_its_matches_and_says_so_with_its_code(tmp_path, number):
    (tmp_path / "slow.py").write_text(SLOW)
    process = arena("play", "tic_tac_toe", "./slow.py:Slow", "random", "-n", 500, "-c", 8, cwd=tmp_path)
    wait_for_matches(tmp_path / "replays", 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert "finished matches are saved" in " ".join(err.split())
    assert run("replays", "verify") == 0


def test_a_live_screen_that_is_ended_gives_the_terminal_back(tmp_path):
    (tmp_path / "waits.py").write_text(WAITS)
    leader, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    command = [sys.executable, "-m", "arena", "play", "tic_tac_toe", "./waits.py:Waits", "random", "--live"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm"},
    )
    written = b""

    def hidden() -> bool:
        nonlocal written
        if select.select([leader], [], [], 0)[0]:
            written += os.read(leader, 65536)
        return b"\x1b[?25l" in written and (tmp_path / "asked").exists()

    wait_for(hidden)
    process.send_signal(signal.SIGTERM)

    def ended() -> bool:
        hidden()
        return process.poll() is not None

    wait_for(ended)
    hidden()
    after = termios.tcgetattr(terminal)
    os.close(leader)
    os.close(terminal)
    assert process.returncode == 143
    assert written.rindex(b"\x1b[?25h") > written.rindex(b"\x1b[?25l")
    assert after[3] == before[3]


def test_signals_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with Signals(lambda: None):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("game", "stem"),
    [("./my game.py", "my-game"), ("./Züge.py:Nim", "Zuge"), ("chess", "chess"), ("./囲碁.py", "game")],
)
def test_the_name_of_a_run_can_name_a_folder(game, stem):
    assert re.fullmatch(rf"{stem}-\d{{8}}-\d{{6}}", run_name(game))


def test_a_game_file_with_a_space_is_played_and_quoted(capsys, tmp_path):
    (tmp_path / "mein Spiel ä.py").write_text(TIC_TAC_TOE)
    assert run("play", "./mein Spiel ä.py", "random", "random", "--replays", "my runs") == 0
    step = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("next: "))
    words = shlex.split(step.removeprefix("next: arena "))
    assert words[-2:] == ["--replays", "my runs"]
    assert run(*words, "--print") == 0


def test_runs_of_the_same_second_get_numbers(tmp_path):
    told = RunSettings(command="play", seed=0, settings={})
    first, second, third = (new_run(tmp_path, "chess", told, exact=False) for _ in range(3))
    assert [run.name for run in (first, second, third)] == ["chess", "chess-2", "chess-3"]
    for each in (first, second, third):
        each.close()


def test_a_run_that_exists_is_told_with_what_to_type(capsys):
    assert run("play", "tic_tac_toe", "random", "random", "--run", "one") == 0
    assert run("play", "tic_tac_toe", "random", "random", "--run", "one") == 1
    assert "choose another --run" in capsys.readouterr().err


def test_the_replay_agent_looks_in_the_folder_of_the_settings(capsys, tmp_path):
    assert run("play", "tic_tac_toe", "random", "random", "--replays", "mine") == 0
    match = next(entries(runs(tmp_path / "mine")[0])).id
    seats = [f"replay/{match}:x", f"replay/{match}:o"]
    assert run("play", "tic_tac_toe", *seats, "--replays", "mine") == 0
    assert load.agent(f"replay/{match}:x,root=else", Settings(replays=Path("mine"))).root == "else"


@pytest.fixture
def talker(tmp_path) -> str:
    (tmp_path / "talks.py").write_text(TALKS)
    return "./talks.py:Talks"


def test_a_demo_that_is_stopped_by_a_limit_says_so(capsys, talker, monkeypatch):
    monkeypatch.setenv("ARENA_MAX_TOKENS", "10")
    assert run("demo", "--model", talker, "--delay", 0) == 4
    captured = capsys.readouterr()
    assert "tokens are spent" in captured.err
    assert captured.err.count("against") == 1


def test_the_demos_next_steps_find_its_runs(capsys, talker):
    assert run("demo", "--model", talker, "--delay", 0, "--plies", 4, "--replays", "my runs") == 0
    steps = [line for line in capsys.readouterr().out.splitlines() if " arena " in line]
    assert len(steps) == 3
    assert all(line.endswith("--replays 'my runs'") for line in steps)


def test_the_demo_gives_json_lines(capsys, talker):
    assert run("demo", "--model", talker, "--plies", 4, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["match"] * 7 + ["done"]


def test_show_gives_the_values_of_what_was_asked_for(capsys):
    assert run("agents", "show", "minimax,depth=3") == 0
    assert "  depth: int = 3" in capsys.readouterr().out
    assert run("games", "show", "chess,max_plies=40") == 0
    assert re.search(r"max_plies: .* = 40\n", capsys.readouterr().out)


def test_findings_are_shown_as_they_come_and_ctrl_c_ends_the_check(tmp_path):
    hangs = TIC_TAC_TOE.replace(LEGAL, LEGAL + "        while True:\n            pass\n")
    (tmp_path / "hangs.py").write_text(hangs)
    process = arena("games", "check", "./hangs.py", cwd=tmp_path)
    assert "seats and rules are told" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_terminal_is_told_what_is_being_checked(tmp_path):
    hangs = TIC_TAC_TOE.replace(LEGAL, LEGAL + "        while True:\n            pass\n")
    (tmp_path / "hangs.py").write_text(hangs)
    leader, terminal = pty.openpty()
    command = [sys.executable, "-m", "arena", "games", "check", "./hangs.py"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=terminal, stderr=terminal)
    os.close(terminal)
    written = b""
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    while "50 random matches end" not in written.decode(errors="replace"):
        written += os.read(leader, 4096)
    watchdog.cancel()
    process.kill()
    process.wait()
    os.close(leader)


def test_a_void_match_counts_once_for_an_agent_that_played_itself(tmp_path):
    (tmp_path / "crash.py").write_text(TIC_TAC_TOE.replace(LEGAL, LEGAL + "        1 / 0\n"))
    assert run("play", "./crash.py", "random", "random", "-n", 2) == 1
    (row,) = results(entries(runs(tmp_path / "replays")[0]))
    assert row.voids == 2


def test_seconds_a_move_are_left_out_where_nobody_knows_them(capsys):
    assert run("play", "tic_tac_toe", "random", "random") == 0
    assert "s/move" not in capsys.readouterr().out


@pytest.mark.parametrize("delay", ["nan", "-3", "inf"])
def test_a_delay_that_is_no_time_is_refused(capsys, delay, tmp_path):
    assert run("play", "tic_tac_toe", "random", "random", "--live", "--delay", delay) == 2
    assert "expected seconds" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "replays").exists()


def test_a_variable_that_no_setting_reads_is_told(capsys, monkeypatch):
    monkeypatch.setenv("ARENA_SEAD", "3")
    assert run("play", "tic_tac_toe", "random", "random") == 0
    assert "ARENA_SEAD: no such setting; did you mean 'ARENA_SEED'?" in capsys.readouterr().err


def test_json_lines_come_as_matches_are_sealed(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    words = ("play", "tic_tac_toe", "./slow.py:Slow", "random", "-n", 500, "-c", 2, "--json")
    process = arena(*words, cwd=tmp_path)
    assert json.loads(process.stdout.readline())["event"] == "match"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    done = json.loads(out.splitlines()[-1])
    assert (done["event"], done["exit"]) == ("done", 143)
    assert done["matches"] == len(out.splitlines())


def test_asking_an_agent_that_only_plays_is_told_in_a_sentence(capsys):
    assert run("agents", "ask", "random", "hi") == 2
    assert "random cannot answer a question" in capsys.readouterr().err


def test_asking_gives_1_when_the_reply_has_no_move(capsys, tmp_path, talker):
    assert run("agents", "ask", talker, "hi") == 0
    mute = TALKS.replace("Reply(legal[0], ", "Reply(fault='empty', detail='mute', ")
    (tmp_path / "mute.py").write_text(mute)
    assert run("agents", "ask", "./mute.py:Talks", "hi") == 1
    assert "no move: empty: mute" in capsys.readouterr().err


def test_one_agent_a_role_holds_all_seats_of_the_role(capsys, tmp_path):
    spec = "propose_solve,family=arithmetic,solvers=3,proposals=1,preset=azr.deduction,form=json"
    assert run("play", spec, "challenger", "solver", "-n", 2, "--run", "r") == 0
    for entry in entries(tmp_path / "replays" / "r"):
        assert list(entry.agents.values()) == ["challenger"] + 3 * ["solver"]
    assert run("play", spec, "challenger", "solver", "solver") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert (
        "4 seats (challenger, solver.1, solver.2, solver.3) of 2 roles (challenger, solver); 3 agents" in told
    )


def test_tasks_of_matches_are_gathered_and_drawn_on_and_the_file_follows_from_the_runs(capsys, tmp_path):
    spec = "propose_solve,preset=azr.deduction,solvers=2,proposals=1"
    assert run("play", spec, "challenger", "solver,p=.5", "-n", 3, "--run", "r") == 0
    assert run("play", f"{spec},tasks=held_out", "solver", "-n", 1, "--run", "exam") == 0
    capsys.readouterr()
    assert run("games", "gather", "r", "exam", "--to", "tasks.jsonl", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["matches"], told["held"]) == (3, 3)
    once = Path("tasks.jsonl").read_bytes()
    assert run("games", "gather", "r", "exam", "--to", "tasks.jsonl") == 0
    assert Path("tasks.jsonl").read_bytes() == once
    assert "left out: 1 on held-out scenarios" in capsys.readouterr().out
    assert run("play", f"{spec},buffer=tasks.jsonl", "challenger", "solver") == 0


def test_where_nothing_can_be_gathered_nothing_is_written(capsys, tmp_path):
    assert run("play", "kuhn_poker", "random", "random", "--run", "k") == 0
    assert run("games", "gather", "k", "--to", "tasks.jsonl") == 2
    assert "expected finished matches of propose_solve, found kuhn_poker" in capsys.readouterr().err
    assert not Path("tasks.jsonl").exists()
