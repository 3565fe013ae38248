"""The README is true: its commands run, its code is the code, and no command is missing."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.startswith("arena ")
]
LONG = ("arena train", "arena evolve kuhn", "arena evolve star")
"""They take minutes: tests have them say what they would do."""
MODEL = [
    command for command in COMMANDS if "llamacpp" in command or "hf/" in command or "arena train" in command
]
SLOW = [command for command in COMMANDS if "--self-test" in command]
ENGINE = [command for command in COMMANDS if "stockfish" in command]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.loopback", "--latency", "0", "--text", "I bet.\nMOVE: bet"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield server.stdout.readline().strip()
    server.communicate()


def run(command: str, folder: Path, url: str) -> subprocess.CompletedProcess:
    words = shlex.split(command.replace("http://localhost:8000/v1", url))
    words += ["--dry-run"] if command.startswith(LONG) else []
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, timeout=300
    )


@pytest.mark.timeout(600)
def test_every_command_of_the_readme_runs_in_its_order(folder, url):
    assert COMMANDS
    for command in COMMANDS:
        if command in MODEL + ENGINE + SLOW:
            continue
        result = run(command, folder, url)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", SLOW)
def test_the_readmes_slow_commands_run(command, folder, url):
    result = run(command, folder, url)
    assert result.returncode == 0, result.stderr


@pytest.mark.model
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", MODEL)
def test_the_readmes_model_commands_run(command, folder, url):
    result = run(command, folder, url)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ENGINE)
def test_the_readmes_engine_commands_run(command, folder, url):
    if not (shutil.which("stockfish") or Path("/usr/games/stockfish").exists()):
        pytest.skip("stockfish is not installed")
    result = run(command, folder, url)
    assert result.returncode == 0, result.stderr


def test_the_game_in_the_readme_is_the_game_in_the_repository():
    source = (ROOT / "games" / "tic_tac_toe.py").read_text()
    shown = next(block for block in re.findall(r"```python\n(.*?)```", README, re.S) if "TicTacToe" in block)
    for line in shown.splitlines():
        assert line in source or "rules = " in line, line


def test_the_readmes_pettingzoo_example_runs():
    code = next(block for block in re.findall(r"```python\n(.*?)```", README, re.S) if "zoo" in block)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_command_is_in_the_readme_and_the_changelog():
    changes = (ROOT / "CHANGELOG.md").read_text()
    names = {command.name for command in app.registered_commands} | {g.name for g in app.registered_groups}
    for name in names:
        assert f"arena {name}" in README or f"make {name}" in README, name
        assert f"arena {name}" in changes, name


def test_files_named_in_the_readme_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_nothing_in_the_repository_names_a_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ""} and path.is_file() and name != "LICENSE":
            assert not re.search(r"/(work|farm)/[a-z]", path.read_text(errors="replace")), name
