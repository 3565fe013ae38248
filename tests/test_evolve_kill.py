"""An evolution is killed in every stage, with all that it started, and goes on each time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from arena.evolve.history import STAGES, History
from arena.registry import Registry
from arena.replay import archive
from tests.tiny_base import write_tiny_base

pytest.importorskip("trl", reason="training is an extra: pip install 'selfplay-arena[train]'")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RECIPE = """
game = "kuhn_poker"
base = "{base}"
generations = 1
[play]
options = "engine=hf,temperature=1,prompt=brief"
rounds = 60
[rows]
words = "--format dpo --scheme same-prompt --z 0 --near 0 --test-share 0"
[train]
words = "--steps 6 --set save_steps=1 --set max_length=800"
[gate]
words = "--pairs 40 --no-questions"
[measure]
exact = true
"""

MOMENTS = {"play": 4.0, "rows": 0.3, "train": 6.0, "gate": 5.0, "measure": 3.0}
"""Seconds into each stage, most of which load libraries first."""


def begun(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "arena", "evolve", "tiny.toml", "--checkpoints", "checkpoints"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def killed_in(folder: Path, stage: str, after: float) -> list[str]:
    """The stages that it went through until `stage`, a moment after whose beginning everything was killed."""
    running = begun(folder)
    seen: list[str] = []
    assert running.stdout is not None
    for line in running.stdout:
        if "generation 1 ·" in line:
            seen.append(line.strip("─ \n").rpartition("· ")[2])
            if seen[-1] == stage:
                time.sleep(after)
                break
    os.killpg(running.pid, signal.SIGKILL)
    running.stdout.close()
    running.wait()
    return seen


def test_an_evolution_that_is_killed_in_every_stage_ends_as_it_was_planned(tmp_path):
    base = write_tiny_base(tmp_path / "base")
    (tmp_path / "tiny.toml").write_text(RECIPE.format(base=base))
    for number, stage in enumerate(STAGES):
        seen = killed_in(tmp_path, stage, MOMENTS[stage])
        assert seen == [*STAGES[max(0, number - 1) : number], stage], "it went on where it was killed"
    last = begun(tmp_path)
    said, _ = last.communicate(timeout=300)
    assert last.returncode == 0, said
    history = msgspec.json.decode((tmp_path / "evolution/tiny/history.json").read_bytes(), type=History)
    assert [one.complete for one in history.generations] == [True, True]
    one = history.generations[1]
    assert one.decision in ("promote", "reject", "undecided") and "exploitability" in one.measured
    trained = [each for each in Registry(tmp_path / "checkpoints").checkpoints() if each.trained]
    assert [each.id for each in trained] == [one.candidate]
    played = list(archive.entries(tmp_path / "replays" / "tiny-01-play"))
    assert len(played) == len({each.key for each in played}) == 120
