"""What `verify` finds."""

import msgspec
import pytest

from arena.events import Moved, Replied, encode
from arena.replay import index
from arena.replay.archive import entries
from arena.replay.frame import Packer, shard_path
from arena.replay.run import Run, RunSettings, Storage
from arena.replay.verify import Finding, verify
from tests.recorded import chat, ended, short, started, store, stored_run


@pytest.fixture
def folder(tmp_path):
    return stored_run(tmp_path, [chat("m1"), short("m2"), chat("m3")])


def rewrite_index(folder, listed):
    index.index_path(folder).write_bytes(b"".join(map(encode, listed)))


def add_frame(folder, lines):
    """Append a frame of these lines that the index does not name; gives where it starts."""
    shard = shard_path(folder, 0)
    start = shard.stat().st_size
    shard.write_bytes(shard.read_bytes() + Packer().pack(lines))
    return start


def problems(folder):
    return [str(finding) for finding in verify(folder)]


def test_a_sound_run_has_no_findings(folder):
    assert problems(folder) == []


def test_a_changed_byte_is_found_and_named_by_shard_offset_and_match(folder):
    entry = list(entries(folder))[1]
    shard = bytearray(shard_path(folder, 0).read_bytes())
    shard[entry.offset + entry.length - 6] ^= 1
    shard_path(folder, 0).write_bytes(shard)
    problem = f"damaged: its {entry.length} bytes are no whole frame"
    assert list(verify(folder)) == [Finding(problem, 0, entry.offset, "m2")]
    assert problems(folder) == [f"shard 000 at byte {entry.offset}, match m2: {problem}"]


def test_a_cut_shard_is_found(folder):
    last = list(entries(folder))[-1]
    shard_path(folder, 0).write_bytes(shard_path(folder, 0).read_bytes()[: last.offset])
    assert problems(folder) == [
        f"shard 000 at byte {last.offset}, match m3: no whole frame begins here: the shard is damaged or cut"
    ]


def test_a_missing_shard_is_found_for_every_match_in_it(folder):
    shard_path(folder, 0).unlink()
    assert [finding.match for finding in verify(folder)] == ["m1", "m2", "m3"]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("sha256", "0" * 64, "the index says sha256 is '0000"),
        ("raw", 1, "the index says raw is 1, the shard"),
        ("length", 1, "the index says length is 1, the shard"),
        ("game", "chess", "the index says game is 'chess', the shard 'tiny'"),
        ("payoff", {"x": 0.0}, "the index says payoff is {'x': 0.0}, the shard {'x': 1.0, 'o': -1.0}"),
        ("id", "m9", "the index says id is 'm9', the shard 'm2'"),
        ("parent", "m0", "the index says parent is 'm0', the shard None"),
    ],
)
def test_an_index_that_says_other_than_the_shard_is_found(folder, field, value, text):
    first, second, third = entries(folder)
    rewrite_index(folder, [first, msgspec.structs.replace(second, **{field: value}), third])
    (problem,) = problems(folder)
    assert text in problem


def test_a_wrong_offset_is_found_on_both_sides(folder):
    first, second, third = entries(folder)
    rewrite_index(folder, [first, msgspec.structs.replace(second, offset=second.offset + 1), third])
    unindexed, astray = problems(folder)
    assert unindexed == (
        f"shard 000 at byte {second.offset}, match m2: "
        "not in the index, or there twice; `arena replays reindex run` mends it"
    )
    assert f"shard 000 at byte {second.offset + 1}, match m2: no whole frame begins here" in astray


def test_a_match_that_is_not_indexed_is_found(folder):
    first, _, third = entries(folder)
    rewrite_index(folder, [first, third])
    (problem,) = problems(folder)
    assert "match m2: not in the index" in problem


def test_a_match_that_is_indexed_twice_is_found(folder):
    listed = list(entries(folder))
    rewrite_index(folder, [*listed, listed[1]])
    named, disordered = problems(folder)
    assert named.endswith("match m2: line 4 of the index names it again")
    assert disordered.endswith("match m2: line 4 of the index is out of order")


def test_a_match_that_lies_in_the_shard_twice_is_found(folder):
    start = add_frame(folder, b"".join(map(encode, short("m2"))))
    (problem,) = problems(folder)
    assert problem.startswith(f"shard 000 at byte {start}, match m2: not in the index, or there twice")


def test_damaged_and_torn_lines_of_the_index_are_found(folder):
    path = index.index_path(folder)
    path.write_bytes(b"[]\n" + path.read_bytes() + b'{"id":"m4')
    assert problems(folder) == [
        "index.jsonl: line 1 is damaged; `arena replays reindex run` mends it",
        "index.jsonl: its last 9 bytes are torn; `arena replays reindex run` mends it",
    ]


def test_bytes_that_are_no_frame_are_found(folder):
    shard = shard_path(folder, 0)
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes() + b"rubbish")
    assert problems(folder) == [
        f"shard 000 at byte {size}: the last 7 bytes are no frame: torn; "
        "`arena replays reindex run` mends it by cutting them"
    ]


def test_bytes_between_frames_are_told_from_a_torn_end(folder):
    shard = shard_path(folder, 0)
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes() + b"rubbish")
    add_frame(folder, b"".join(map(encode, short("m4"))))
    between, unindexed = problems(folder)
    assert between.startswith(f"shard 000 at byte {size}: 7 bytes are no frame: damaged; the matches after")
    assert "match m4: not in the index" in unindexed


def test_a_whole_frame_that_holds_no_match_is_found(folder):
    start = add_frame(folder, b"not a match\n")
    (problem,) = problems(folder)
    assert problem.startswith(f"shard 000 at byte {start}: a frame without an index line holds no match")


def test_a_prompt_that_cannot_be_unfolded_is_found(tmp_path):
    broken = [started("m1"), Replied(0, "x", "a1", kept=3), Moved(0, "x", "a1", ""), ended(1)]
    folder = stored_run(tmp_path, [broken])
    (problem,) = problems(folder)
    assert "match m1: reply of 'x' at ply 0 keeps 3 messages" in problem


def test_without_an_index_the_way_to_make_one_is_told(folder):
    index.index_path(folder).unlink()
    assert problems(folder) == [f"{folder} has no index.jsonl; run `arena replays reindex run`"]


def test_a_manifest_and_journals_that_stop_a_recovery_are_found(folder):
    (folder / "run.toml").write_text("not = = toml")
    odd = folder / "live" / "odd.jsonl"
    odd.write_bytes(b'{"an":"other"}\n')
    manifest, journal = problems(folder)
    assert manifest.startswith(f"{folder / 'run.toml'}: ")
    assert journal.startswith(f"{odd}, line 1: ")
    assert "look at it and move it away" in journal


def test_what_a_live_writer_has_not_indexed_yet_is_not_held_against_it(tmp_path):
    with Run.create(tmp_path, "run", RunSettings(), storage=Storage(linger=1000)) as run:
        store(run, short("m1"))
        run.sync()
        store(run, short("m2"))
        assert problems(run.folder) == []
