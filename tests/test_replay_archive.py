"""Finding, loading and scanning replays, while they are written too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.events import encode
from arena.replay import index
from arena.replay.archive import (
    entries,
    find,
    last,
    load,
    load_lines,
    read_file,
    runs,
    scan,
    scan_lines,
)
from arena.replay.entry import Entry
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.frame import Packer, shard_path
from arena.replay.run import Run, RunSettings, Storage
from arena.replay.verify import verify
from tests.recorded import chat, ended, short, started, store, stored_run

ROOT = Path(__file__).parent.parent


def rewrite_index(folder, change):
    """Replace every index line by what `change` makes of its entry."""
    changed = [change(entry) for entry in entries(folder)]
    index.index_path(folder).write_bytes(b"".join(map(encode, changed)))


def test_runs_are_the_folders_with_a_manifest(tmp_path):
    assert runs(tmp_path / "nowhere") == []
    one, two = stored_run(tmp_path, [], "b"), stored_run(tmp_path, [], "a")
    (tmp_path / "golden").mkdir()
    (tmp_path / "link").symlink_to(one)
    shutil.copytree(one, tmp_path / ".a.pruned")
    assert runs(tmp_path) == [two, one]


def test_entries_leave_out_a_torn_last_line(tmp_path):
    folder = stored_run(tmp_path, [short("m1"), short("m2")])
    path = index.index_path(folder)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert [entry.id for entry in entries(folder)] == ["m1", "m2"][: whole[:cut].count(b"\n")]


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    folder = stored_run(tmp_path, [short("m1"), short("m2")])
    path = index.index_path(folder)
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(ReplayError, match=r"index.jsonl, line 1: damaged; run `arena replays reindex run`"):
        list(entries(folder))


def test_unknown_fields_of_the_index_are_ignored(tmp_path):
    folder = stored_run(tmp_path, [short("m1")])
    path = index.index_path(folder)
    before = list(entries(folder))
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | {"mood": [1]}) + b"\n")
    assert list(entries(folder)) == before


def test_a_match_is_found_by_the_beginning_of_its_id(tmp_path):
    folder = stored_run(tmp_path, [chat("abc1"), chat("abd2"), short("x")])
    stored_run(tmp_path, [short("zzz")], "other")
    found = find(tmp_path, "abc")
    assert (found.folder, found.id) == (folder, "abc1")
    assert found.entry == next(entries(folder))
    assert list(found.load().events) == chat("abc1")
    assert find(tmp_path, "zz").folder.name == "other"


def test_a_match_that_is_not_there_is_told(tmp_path):
    stored_run(tmp_path, [short("abc1")])
    with pytest.raises(ReplayError, match=r"no match 'b' in the 1 runs of .*`arena replays ls`"):
        find(tmp_path, "b")
    with pytest.raises(ReplayError, match="no match 'b' in run run"):
        find(tmp_path, "run/b")
    with pytest.raises(ReplayError, match="is no run; the runs here: run"):
        find(tmp_path, "walk/b")
    with pytest.raises(ReplayError, match="is no match id"):
        find(tmp_path, '"')


def test_an_ambiguous_beginning_lists_the_matches(tmp_path):
    stored_run(tmp_path, [short(f"ab{n:02d}") for n in range(12)])
    stored_run(tmp_path, [short("abc")], "other")
    with pytest.raises(
        ReplayError,
        match=r"'ab' may be any of 13 matches, type more of it: other/abc, run/ab00,.* and 3 more",
    ):
        find(tmp_path, "ab")


def test_a_whole_id_is_found_though_others_go_on_from_it(tmp_path):
    stored_run(tmp_path, [short("ab"), short("abc")])
    assert find(tmp_path, "ab").id == "ab"


def test_the_same_id_in_two_runs_is_told_apart_by_the_run(tmp_path):
    stored_run(tmp_path, [short("ab")], "one")
    stored_run(tmp_path, [short("ab")], "two")
    with pytest.raises(ReplayError, match="one/ab, two/ab"):
        find(tmp_path, "ab")
    assert find(tmp_path, "two/a").folder.name == "two"


def test_ids_are_looked_for_at_the_beginning_of_lines_only(tmp_path):
    seats = {"id": started("m1").seats["x"]}
    head = msgspec.structs.replace(started("m1"), seats={**seats, "o": seats["id"]})
    folder = stored_run(tmp_path, [[head, ended(0)]])
    assert b'{"id":"agent-x"' in index.index_path(folder).read_bytes()
    assert index.search(folder, "agent") == []


@given(st.lists(st.sampled_from(["a", "ab", "b", "c" * 40]), max_size=12), st.integers(1, 300))
def test_a_search_finds_the_same_however_the_file_is_read(tmp_path_factory, names, stride):
    folder = tmp_path_factory.mktemp("index")
    listed = [entry_of(f"{name}{n}") for n, name in enumerate(names)]
    index.index_path(folder).write_bytes(b"".join(map(encode, listed)) + b'{"id":"abtorn')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_STRIDE", stride)
        for prefix in ("a", "ab", "b", "cc", "d"):
            wanted = [entry for entry in listed if entry.id.startswith(prefix)]
            assert index.search(folder, prefix) == wanted
    assert index.last(folder) == (listed[-1] if listed else None)
    assert index.size(folder).torn == len(b'{"id":"abtorn')


def entry_of(match):
    return Entry(match, 0, 0, 1, 1, "", "", "g", 1, 1, {}, {}, "long " * 9, "rules", 1, 0.0)


def test_the_last_entry_is_found_behind_long_lines(tmp_path):
    long = msgspec.structs.replace(entry_of("m1"), reason="x" * 100_000)
    index.index_path(tmp_path).write_bytes(b"".join(map(encode, [entry_of("m0"), long])))
    assert index.last(tmp_path) == long


def test_a_match_that_is_being_played_is_found_and_read_as_far_as_it_is(tmp_path):
    with Run.create(tmp_path, "run", RunSettings()) as run:
        store(run, short("done"))
        run.sync()
        journal = run.journal("m1")
        for event in short("m1")[:2]:
            journal.record(event)
        with journal.path.open("ab") as file:
            file.write(b'{"t":"en')
        found = find(tmp_path, "m")
        assert (found.entry, found.journal) == (None, journal.path)
        assert list(found.load().events) == short("m1")[:2]
        assert find(tmp_path, "done").entry is not None
        journal.discard()
        with pytest.raises(ReplayError, match="match m1 was given up"):
            found.load()


def test_a_match_sealed_after_it_was_found_is_loaded_from_its_shard(tmp_path):
    with Run.create(tmp_path, "run", RunSettings()) as run:
        journal = run.journal("m1")
        for event in short("m1"):
            journal.record(event)
        found = find(tmp_path, "m1")
        run.seal(journal)
        run.sync()
        assert not journal.path.exists()
        assert list(found.load().events) == short("m1")


def test_a_match_between_sealing_and_unlinking_is_found_once(tmp_path):
    folder = stored_run(tmp_path, [short("m1")])
    (folder / "live" / "m1.jsonl").write_bytes(encode(started("m1")))
    assert find(tmp_path, "m").entry is not None


def test_the_last_match_is_the_one_written_to_last(tmp_path):
    with pytest.raises(ReplayError, match=r"no match in .* yet; `arena play` makes one"):
        last(tmp_path)
    stored_run(tmp_path, [short("m1"), short("m2")], "b")
    assert last(tmp_path).id == "m2"
    stored_run(tmp_path, [short("m3")], "a")
    assert last(tmp_path).id == "m3"
    with Run.open(tmp_path / "b") as run:
        journal = run.journal("m4")
        journal.record(started("m4"))
        os.utime(journal.path, (2**32, 2**32))
        assert (last(tmp_path).id, last(tmp_path).entry) == ("m4", None)


def test_scanning_gives_every_match_of_every_shard_in_order(tmp_path):
    matches = [chat(f"m{n}") for n in range(5)]
    with Run.create(tmp_path, "run", RunSettings(), storage=Storage(shard_bytes=900)) as run:
        for events in matches:
            store(run, events)
    assert [list(replay.events) for replay in scan(run.folder)] == matches
    assert [stored.lines for stored in scan_lines(run.folder)] == [
        b"".join(map(encode, events)) for events in matches
    ]


@pytest.fixture
def folder(tmp_path):
    return stored_run(tmp_path, [chat("m1"), chat("m2")])


def second(folder):
    return list(entries(folder))[1]


def test_a_changed_byte_never_changes_what_is_read(folder):
    entry, shard = second(folder), shard_path(folder, 0)
    whole = shard.read_bytes()
    harmless = 0
    for at in range(entry.offset, entry.offset + entry.length, 3):
        shard.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            lines = load_lines(folder, entry)
        except ReplayError as error:
            assert "match m2 in" in str(error)
            assert "Run `arena replays verify run`" in str(error)
        else:  # zstd leaves a few bits without a meaning
            assert lines == b"".join(map(encode, chat("m2")))
            harmless += 1
    assert harmless < entry.length / 3 / 20


def test_a_cut_shard_is_noticed(folder):
    entry, shard = second(folder), shard_path(folder, 0)
    for left in (entry.offset, entry.offset + 3, entry.offset + entry.length - 1):
        os.truncate(shard, left)
        with pytest.raises(ReplayError, match="torn or damaged: this is no whole frame"):
            load(folder, entry)
        with pytest.raises(ReplayError, match="this is no whole frame"):
            list(scan(folder))


def test_a_missing_shard_is_noticed(folder):
    shard_path(folder, 0).unlink()
    with pytest.raises(ReplayError, match=r"match m1 in .*shard-000.jsonl.zst at byte 0: No such file"):
        list(scan(folder))
    with pytest.raises(ReplayError, match="No such file"):
        load(folder, second(folder))


def test_a_frame_with_another_hash_or_length_is_noticed(folder):
    entry = second(folder)
    with pytest.raises(ReplayError, match="its hash is not the one in the index"):
        load(folder, msgspec.structs.replace(entry, sha256="0" * 64))
    with pytest.raises(ReplayError, match=f"it has {entry.raw} bytes, the index says 1"):
        load(folder, msgspec.structs.replace(entry, raw=1))


def test_a_frame_that_claims_to_hold_more_than_it_can_is_refused(folder):
    # single segment, eight bytes of content size, then one empty last block
    bomb = b"\x28\xb5\x2f\xfd\xe0" + (1 << 60).to_bytes(8, "little") + b"\x01\x00\x00"
    shard_path(folder, 0).write_bytes(bomb)
    entry = msgspec.structs.replace(second(folder), offset=0, length=len(bomb), raw=1 << 60)
    with pytest.raises(ReplayError, match="torn or damaged"):
        load(folder, entry)


def test_a_match_of_a_newer_arena_is_refused_as_such(folder):
    lines = encode(msgspec.structs.replace(started("m1"), v=2)) + encode(ended(0))
    frame = Packer().pack(lines)
    shard_path(folder, 0).write_bytes(frame)
    rewrite_index(
        folder, lambda entry: msgspec.structs.replace(entry, offset=0, length=len(frame), raw=len(lines))
    )
    with pytest.raises(NewerFormat, match=r"match m1 in .* is written in format 2; .*upgrade"):
        next(scan(folder))


def test_a_plain_file_of_lines_is_read(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"".join(map(encode, chat("m"))) + b'{"t":"mo')
    assert list(read_file(path).events) == chat("m")
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.jsonl")


WRITE = """
import sys
from pathlib import Path
from arena.replay.run import Run, RunSettings, Storage
from arena.replay.verify import verify
from tests.recorded import chat, store
with Run.create(Path(sys.argv[1]), "run", RunSettings(), storage=Storage(linger=0, shard_bytes=5000)) as run:
    print("begun", flush=True)
    for n in range(300):
        store(run, chat(f"m{n:03d}"))
"""


def test_a_run_is_read_while_it_is_written(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"begun\n"
    counts = [0]
    while writer.poll() is None:
        counts.append(sum(1 for replay in scan(tmp_path / "run") if len(replay.events) == len(chat("m"))))
        assert list(verify(tmp_path / "run")) == []
    writer.communicate()
    assert counts == sorted(counts)
    assert sum(1 for _ in scan(tmp_path / "run")) == 300
