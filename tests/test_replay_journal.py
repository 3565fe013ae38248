"""The journal of a match in progress."""

import asyncio
import os

import pytest

from arena.events import Ended, Fouled, Moved, Replied, decode_all
from arena.replay.error import ReplayError
from arena.replay.journal import Journal
from tests.recorded import chat, ended, short, started


def lines_in(journal):
    return decode_all(journal.path.read_bytes()) if journal.path.exists() else []


async def test_a_match_that_never_waits_makes_no_file(tmp_path):
    journal = Journal(tmp_path, "m")
    for event in short("m"):
        journal.record(event)
    assert not journal.path.exists()
    assert decode_all(journal.raw()) == short("m")


async def test_every_line_is_in_the_file_once_the_match_waits(tmp_path):
    journal = Journal(tmp_path, "m")
    seen = []
    for event in chat("m"):
        journal.record(event)
        seen.append(event)
        await asyncio.sleep(0)
        assert lines_in(journal) == seen
    assert decode_all(journal.raw()) == seen


async def test_lines_between_two_waits_are_one_write(tmp_path, monkeypatch):
    sizes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: sizes.append(len(data)) or write(file, data))
    journal = Journal(tmp_path, "m")
    for event in chat("m"):
        journal.record(event)
    await asyncio.sleep(0)
    assert sizes == [journal.path.stat().st_size]


def test_without_an_event_loop_every_line_is_written_at_once(tmp_path):
    journal = Journal(tmp_path, "m")
    for number, event in enumerate(short("m"), start=1):
        journal.record(event)
        assert len(lines_in(journal)) == number


async def test_raw_gives_flushed_and_gathered_lines(tmp_path):
    journal = Journal(tmp_path, "m")
    head, moved, end = short("m")
    journal.record(head)
    await asyncio.sleep(0)
    journal.record(moved)
    journal.record(end)
    assert len(lines_in(journal)) == 1
    assert decode_all(journal.raw()) == short("m")


async def test_with_fsync_every_ply_a_move_is_synced_before_the_next_event(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size) or fsync(file))
    journal = Journal(tmp_path, "m", fsync="ply")
    head, moved, end = short("m")
    journal.record(head)
    assert not synced
    journal.record(moved)
    assert lines_in(journal) == [head, moved]
    assert synced[0] == journal.path.stat().st_size
    journal.record(end)
    assert lines_in(journal) == [head, moved, end]
    assert synced[-1] == journal.path.stat().st_size


async def test_a_discarded_match_leaves_nothing(tmp_path):
    journal = Journal(tmp_path, "m")
    journal.record(started("m"))
    await asyncio.sleep(0)
    journal.record(Moved(0, "x", "a1", ""))
    journal.discard()
    await asyncio.sleep(0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ReplayError, match="match m is sealed or discarded"):
        journal.record(ended(1))


async def test_a_line_that_could_not_be_written_is_told_at_the_next_event(tmp_path):
    journal = Journal(tmp_path / "gone", "m")
    journal.record(started("m"))
    await asyncio.sleep(0)
    with pytest.raises(ReplayError, match=r"gone/m.jsonl: could not be opened"):
        journal.record(Moved(0, "x", "a1", ""))
    assert decode_all(journal.raw()) == [started("m")]


async def test_a_journal_that_was_cut_by_others_is_refused(tmp_path):
    journal = Journal(tmp_path, "m")
    journal.record(started("m"))
    await asyncio.sleep(0)
    os.truncate(journal.path, 5)
    with pytest.raises(ReplayError, match="was cut by another program"):
        journal.raw()


@pytest.mark.parametrize(
    ("before", "event", "complaint"),
    [
        ([], Moved(0, "x", "a1", ""), "the first event of a match is `match`"),
        ([started("m")], started("m"), "after the beginning"),
        (short("m"), Fouled(1, "x", "illegal", "no"), "after the end"),
        ([started("m")], Ended({"x": float("nan")}, "", "rules", 0), "payoffs must be finite"),
    ],
)
async def test_events_at_a_wrong_place_are_refused(tmp_path, before, event, complaint):
    journal = Journal(tmp_path, "m")
    for one in before:
        journal.record(one)
    with pytest.raises(ReplayError, match=complaint):
        journal.record(event)
    assert decode_all(journal.raw()) == before


@pytest.mark.parametrize("match", ["", "../m", "a/b", ".m", "m\n", 'm"', "m" * 101])
def test_ids_that_could_not_name_a_file_are_refused(tmp_path, match):
    with pytest.raises(ReplayError, match="is no match id"):
        Journal(tmp_path, match)


async def test_the_tally_sums_fouls_tokens_and_cost_by_seat(tmp_path):
    journal = Journal(tmp_path, "m")
    for event in chat("m"):
        journal.record(event)
    entry = journal.tally.entry(journal.raw(), shard=0, offset=0, length=1, at=0.0)
    assert entry.fouls == {"o": 1}
    assert entry.tokens == {"x": 22, "o": 24}
    assert entry.cost == {"x": 0.002}
    assert (entry.total_tokens, entry.total_cost) == (46, 0.002)
    assert entry.parent == "older"


async def test_unknown_tokens_and_cost_stay_unknown(tmp_path):
    journal = Journal(tmp_path, "m")
    for event in (started("m"), Replied(0, "x", "a1"), ended(1)):
        journal.record(event)
    entry = journal.tally.entry(journal.raw(), shard=0, offset=0, length=1, at=0.0)
    assert (entry.total_tokens, entry.total_cost, entry.parent) == (None, None, None)
