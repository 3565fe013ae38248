"""Opening a run whose writer died at any moment."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from arena.events import Line, encode
from arena.replay.archive import entries, load, runs, scan
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.frame import shard_path
from arena.replay.lock import was_left
from arena.replay.mend import mend
from arena.replay.rebuild import reindex
from arena.replay.recovery import Recovery
from arena.replay.run import Run, RunSettings, Storage
from arena.replay.verify import verify
from tests.recorded import chat, short, started, store, stored_run

SEALED = ("a", "b", "c")
MATCHES: dict[str, list[Line]] = {match: short(match) for match in (*SEALED, "d")}


def lines(events):
    return b"".join(map(encode, events))


@pytest.fixture(scope="module")
def crashed(tmp_path_factory):
    """A run with three sealed matches, and the journals of a finished match d and an unfinished e."""
    folder = stored_run(tmp_path_factory.mktemp("crashed"), [MATCHES[match] for match in SEALED])
    (folder / "live" / "d.jsonl").write_bytes(lines(MATCHES["d"]))
    (folder / "live" / "e.jsonl").write_bytes(lines(short("e")[:2]))
    return folder


def opened(folder: Path, **how) -> Recovery:
    with Run.open(folder, **how) as run:
        return run.recovery


def check_whole(folder: Path, wanted: set[str]) -> None:
    """Exactly these matches are there, once, unharmed; and nothing is left to recover."""
    found = list(entries(folder))
    assert sorted(entry.id for entry in found) == sorted(wanted)
    for entry in found:
        assert list(load(folder, entry).events) == MATCHES[entry.id]
    assert list(verify(folder)) == []
    assert opened(folder) == Recovery()


class Torn(NamedTuple):
    """A crash state: one file of the run is cut to each of its lengths in turn."""

    file: str
    kept: Callable[[Path, int], set[str]]
    """The matches that must be there after `cut` bytes were left of the file."""
    prepare: Callable[[Path], None] = lambda folder: None


def all_but_e(folder: Path, left: int) -> set[str]:
    return {*SEALED, "d"}


def d_when_whole(folder: Path, left: int) -> set[str]:
    return {*SEALED, "d"} if left >= len(lines(MATCHES["d"])) else {*SEALED}


def frames_within(folder: Path, left: int) -> set[str]:
    return {entry.id for entry in entries(folder) if entry.offset + entry.length <= left} | {"d"}


def keep_first_entry(folder: Path) -> None:
    """As killed, or out of power, before the index was written: only match a had been committed."""
    index = folder / "index.jsonl"
    index.write_bytes(index.read_bytes().split(b"\n")[0] + b"\n")


def keep_first_entry_and_journals(folder: Path) -> None:
    """The same for matches that had waited: their journals go only after the index is written."""
    keep_first_entry(folder)
    for match in ("b", "c"):
        (folder / "live" / f"{match}.jsonl").write_bytes(lines(MATCHES[match]))


CRASHES = {
    "index torn": Torn("index.jsonl", all_but_e),
    "finished journal torn": Torn("live/d.jsonl", d_when_whole),
    "unfinished journal torn": Torn("live/e.jsonl", all_but_e),
    "uncommitted shard torn": Torn("shard-000.jsonl.zst", frames_within, keep_first_entry),
    "uncommitted shard torn, with journals": Torn(
        "shard-000.jsonl.zst", all_but_e, keep_first_entry_and_journals
    ),
}


EVERY_BYTE = pytest.param(1, marks=pytest.mark.slow)
"""All lengths take a minute; by default every seventeenth is looked at."""


@pytest.fixture
def unsynced(monkeypatch):
    """Thousands of openings without waiting for the disk: these tests look at contents only."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize("step", [17, EVERY_BYTE])
@pytest.mark.parametrize("crash", CRASHES)
def test_a_file_torn_at_any_byte_loses_only_what_was_not_promised(crashed, tmp_path, crash, step):
    torn = CRASHES[crash]
    size = (crashed / torn.file).stat().st_size
    committed = next(entries(crashed)).length if torn.file.startswith("shard") else 0
    for left in {*range(committed, size + 1, step), size - 1, size}:
        folder = tmp_path / "run"
        shutil.copytree(crashed, folder)
        wanted = torn.kept(folder, left)
        torn.prepare(folder)
        os.truncate(folder / torn.file, left)
        recovery = opened(folder)
        assert recovery.lost == 0
        assert recovery.dropped == (1 if "d" in wanted else 2)
        check_whole(folder, wanted)
        shutil.rmtree(folder)


@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize("step", [17, EVERY_BYTE])
def test_a_committed_shard_cut_at_any_byte_keeps_whole_frames_and_tells_the_loss(crashed, tmp_path, step):
    size = shard_path(crashed, 0).stat().st_size
    for left in range(0, size, step):
        folder = tmp_path / "run"
        shutil.copytree(crashed, folder)
        wanted = frames_within(folder, left)
        os.truncate(shard_path(folder, 0), left)
        assert list(verify(folder)) != []
        recovery = opened(folder)
        assert recovery.lost == len(SEALED) + 1 - len(wanted) > 0
        assert f"lost {'1 match' if recovery.lost == 1 else f'{recovery.lost} matches'} whose" in str(
            recovery
        )
        check_whole(folder, wanted)
        shutil.rmtree(folder)


def test_a_journal_left_beside_its_sealed_match_is_not_sealed_again(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    for match, left in (("a", 3), ("b", 2), ("c", 1)):
        (folder / "live" / f"{match}.jsonl").write_bytes(lines(MATCHES[match][:left]))
    keep_first_entry(folder)
    recovery = opened(folder)
    assert (recovery.sealed, recovery.reindexed, recovery.dropped) == (1, 2, 1)
    assert list((folder / "live").iterdir()) == []
    check_whole(folder, {*SEALED, "d"})


def test_recovery_tells_what_it_did_in_one_sentence(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    keep_first_entry(folder)
    with shard_path(folder, 0).open("ab") as shard:
        shard.write(b"torn")
    assert str(opened(folder)) == (
        "Recovered: sealed 1 match that had finished, dropped 1 match that had not, "
        "indexed 2 matches again, cut 4 torn bytes."
    )
    assert str(opened(folder)) == "Nothing to recover."


def test_partial_matches_are_kept_when_asked(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    with (folder / "live" / "e.jsonl").open("ab") as journal:
        journal.write(b'{"t":"mov')
    assert opened(folder, keep_partial=True).dropped == 1
    assert (folder / "partial" / "e.jsonl").read_bytes() == lines(short("e")[:2])
    assert list((folder / "live").iterdir()) == []
    check_whole(folder, {*SEALED, "d"})


def test_damage_among_frames_that_are_not_indexed_costs_only_what_it_hit(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    second = list(entries(folder))[1]
    keep_first_entry(folder)
    shard = bytearray(shard_path(folder, 0).read_bytes())
    shard[second.offset + second.length // 2] ^= 0xFF
    shard_path(folder, 0).write_bytes(shard)
    assert opened(folder).reindexed == 1
    assert [entry.id for entry in entries(folder)] == ["a", "c", "d"]
    assert shard_path(folder, 0).read_bytes().startswith(shard)
    assert [str(finding) for finding in verify(folder)] == [
        f"shard 000 at byte {second.offset}: {second.length} bytes are no frame: damaged; "
        "the matches after them are whole, those in them can only come from a copy of the shard"
    ]
    assert opened(folder) == Recovery()


def test_a_hole_of_zeros_in_the_index_is_mended_from_the_shard(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    before = list(entries(folder))
    index = folder / "index.jsonl"
    first, second, third = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(first + b"\0" * (len(second) - 1) + b"\n" + third)
    assert opened(folder).reindexed == 2
    check_whole(folder, {*SEALED, "d"})
    mended = list(entries(folder))
    assert mended[2] == before[2], "the time of sealing is kept where the old line still tells it"


def test_a_lost_index_is_made_anew_when_the_run_is_opened(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    (folder / "index.jsonl").unlink()
    with pytest.raises(ReplayError, match=r"has no index.jsonl; run `arena replays reindex run`"):
        list(scan(folder))
    assert opened(folder).reindexed == 3
    check_whole(folder, {*SEALED, "d"})


def test_reindexing_gives_the_index_that_was_lost(crashed, tmp_path):
    folder = shutil.copytree(crashed, tmp_path / "run")
    before = (folder / "index.jsonl").read_bytes()
    assert reindex(folder) == 3
    assert (folder / "index.jsonl").read_bytes() == before
    (folder / "index.jsonl").unlink()
    assert reindex(folder) == 3
    assert list(verify(folder)) == []


def test_reindexing_a_run_that_is_written_is_refused(tmp_path):
    with (
        Run.create(tmp_path, "run", RunSettings()) as run,
        pytest.raises(ReplayError, match="is being written by process"),
    ):
        reindex(run.folder)


def test_shards_after_the_first_are_recovered_too(tmp_path):
    folder = stored_run(tmp_path, [])
    with Run.open(folder, storage=Storage(shard_bytes=1)) as run:
        for match in SEALED:
            store(run, MATCHES[match])
    keep_first_entry(folder)
    with shard_path(folder, 2).open("ab") as shard:
        shard.write(b"torn")
    recovery = opened(folder)
    assert (recovery.reindexed, recovery.cut_bytes > 4) == (2, False)
    check_whole(folder, set(SEALED))


def test_a_journal_of_a_newer_arena_stops_the_opening_and_stays(tmp_path):
    folder = stored_run(tmp_path, [short("a")])
    head = msgspec.json.decode(encode(started("n"))) | {"v": 2}
    journal = folder / "live" / "n.jsonl"
    journal.write_bytes(msgspec.json.encode(head) + b"\n")
    with pytest.raises(NewerFormat, match="is written in format 2"):
        Run.open(folder)
    assert journal.exists()


def test_a_journal_that_no_crash_leaves_behind_stops_the_opening_and_stays(tmp_path):
    folder = stored_run(tmp_path, [short("a")])
    journal = folder / "live" / "n.jsonl"
    journal.write_bytes(lines(short("n") + short("n")[1:]))
    with pytest.raises(ReplayError, match=r"after the end.*No crash leaves this behind"):
        Run.open(folder)
    assert journal.exists()


def test_unusual_text_survives_a_journal(tmp_path):
    folder = stored_run(tmp_path, [])
    (folder / "live" / "m.jsonl").write_bytes(lines(chat("m")))
    assert opened(folder).sealed == 1
    assert [list(replay.events) for replay in scan(folder)] == [chat("m")]


def test_runs_whose_writer_died_are_mended_and_the_others_left_alone(crashed, tmp_path):
    left = shutil.copytree(crashed, tmp_path / "left")
    (left / "lock").write_text("1\n")
    closed = stored_run(tmp_path, [short("a")], "closed")
    with Run.create(tmp_path, "busy", RunSettings()) as busy:
        assert was_left(left)
        mended = list(mend(tmp_path))
        assert runs(tmp_path) == [busy.folder, closed, left]
    assert [one.folder for one in mended] == [left]
    assert mended[0].recovery.sealed == 1
    assert list(mend(tmp_path)) == []
    check_whole(left, {*SEALED, "d"})


def test_a_run_that_cannot_be_mended_is_told_and_the_others_are_mended(crashed, tmp_path):
    odd, left, unread = (
        shutil.copytree(crashed, tmp_path / name) for name in ("a-odd", "b-left", "c-unread")
    )
    for folder in (odd, left, unread):
        (folder / "lock").write_text("1\n")
    (odd / "live" / "odd.jsonl").mkdir()
    (unread / "run.toml").write_text("not = = toml")
    told = {one.folder: one for one in mend(tmp_path)}
    assert "odd.jsonl: Is a directory. No crash leaves this behind" in told[odd].problem
    assert told[left] == (left, Recovery(sealed=1, dropped=1), "")
    assert "run.toml" in told[unread].problem
    check_whole(left, {*SEALED, "d"})
    assert [entry.id for entry in entries(odd)] == list(SEALED)
