"""Removing old runs."""

import os
import time
from datetime import timedelta

import pytest

from arena.replay.archive import runs
from arena.replay.error import ReplayError
from arena.replay.index import index_path
from arena.replay.prune import prune
from arena.replay.run import Run
from tests.recorded import chat, stored_run


@pytest.fixture
def root(tmp_path):
    """Four runs last written one, two, three and four days ago, and a folder that is none."""
    for days in (1, 2, 3, 4):
        folder = stored_run(tmp_path, [chat("m1")], f"r{days}")
        then = time.time() - days * 86_400
        os.utime(index_path(folder), (then, then))
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "chess.jsonl").write_text("{}\n")
    return tmp_path


def names(folders):
    return sorted(folder.name for folder in folders)


def test_the_newest_runs_are_kept(root):
    pruned = prune(root, keep=2)
    assert names(pruned.runs) == ["r3", "r4"]
    assert names(runs(root)) == ["r1", "r2"]
    assert names(root.iterdir()) == ["golden", "r1", "r2"]


def test_old_runs_are_removed(root):
    assert names(prune(root, older_than=timedelta(days=2.5)).runs) == ["r3", "r4"]
    assert names(runs(root)) == ["r1", "r2"]


def test_both_limits_must_be_passed(root):
    assert names(prune(root, keep=1, older_than=timedelta(days=3.5)).runs) == ["r4"]
    assert names(prune(root, keep=3, older_than=timedelta(days=0.5)).runs) == []


def test_a_dry_run_removes_nothing_and_tells_the_same(root):
    size = sum(p.stat().st_size for name in ("r3", "r4") for p in (root / name).rglob("*") if p.is_file())
    told = prune(root, keep=2, dry_run=True)
    assert names(runs(root)) == ["r1", "r2", "r3", "r4"]
    assert told.bytes == size
    assert prune(root, keep=2) == told


def test_a_run_that_is_being_written_is_never_removed(root):
    with Run.open(root / "r4"):
        assert names(prune(root, keep=0).runs) == ["r1", "r2", "r3"]
        assert names(runs(root)) == ["r4"]


def test_a_removal_that_was_interrupted_is_taken_up_again(root):
    hidden = root / ".r4.pruned"
    hidden.mkdir()
    (hidden / "shard-000.jsonl.zst").write_bytes(b"left")
    prune(root, keep=0)
    assert names(root.iterdir()) == ["golden"]


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ({}, "nothing says which"),
        ({"keep": -1}, "keep=-1"),
        ({"older_than": timedelta(days=-1)}, "older_than=-86400"),
    ],
)
def test_without_a_limit_nothing_is_removed(root, how, complaint):
    with pytest.raises(ReplayError, match=complaint):
        prune(root, **how)
    assert len(runs(root)) == 4
