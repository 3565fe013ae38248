"""The format page tells the truth: its examples are decoded, stored and read back."""

import hashlib
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import msgspec
import zstandard

from arena.events import decode_all, encode
from arena.replay.archive import runs
from arena.replay.entry import Entry
from arena.replay.run import Run, RunSettings, Storage
from tests.recorded import chat, store, stored_run

PAGE = (Path(__file__).parent.parent / "replays" / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_lines_are_one_of_each_event_and_as_the_arena_writes_them():
    (text,) = blocks("jsonl")
    events = decode_all(text.encode())
    assert [msgspec.json.decode(encode(event))["t"] for event in events] == [
        "match",
        "turn",
        "reply",
        "foul",
        "moved",
        "ended",
    ]
    for event, line in zip(events, text.splitlines(), strict=True):
        written, told = json.loads(encode(event)), json.loads(line)
        assert told.keys() == written.keys()
    assert {event.__struct_config__.tag for event in events} == set(re.findall(r"(?m)^\| `(\w+)` \|", PAGE))


def test_the_example_lines_are_a_match_and_the_index_line_is_its_entry(tmp_path):
    (text,) = blocks("jsonl")
    events = decode_all(text.encode())
    (line,) = blocks("json")
    entry = msgspec.json.decode(line, type=Entry, strict=True)
    with Run.create(tmp_path, "run", RunSettings()) as run:
        stored = store(run, events)
    # the page leaves out unknown parts of `usage`, so its bytes are its own
    assert (entry.raw, entry.sha256) == (len(text.encode()), hashlib.sha256(text.encode()).hexdigest())
    same = {name: getattr(stored, name) for name in ("raw", "sha256", "length", "at")}
    assert msgspec.structs.replace(entry, **same) == stored
    assert json.loads(encode(entry)) == json.loads(line)
    assert line.startswith('{"id":"')


def test_the_layout_names_every_file_that_a_run_has(tmp_path):
    with Run.create(tmp_path, "run", RunSettings()) as run:
        store(run, chat("m1"))
        (layout,) = re.findall(r"```\n(cup.*?)```", PAGE, re.DOTALL)
        for path in run.folder.iterdir():
            assert path.name in layout


def test_zstd_reads_the_lines_of_all_matches_as_one_stream(tmp_path):
    matches = [chat("m1"), chat("m2"), chat("m3")]
    shard = stored_run(tmp_path, matches) / "shard-000.jsonl.zst"
    with shard.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        text = io.BufferedReader(stream).read()
    assert decode_all(text) == [event for match in matches for event in match]


def test_the_way_to_read_one_match_works(tmp_path, monkeypatch):
    folder = stored_run(tmp_path, [chat("m1"), chat("m2")])
    monkeypatch.chdir(folder)
    line_of_index = (folder / "index.jsonl").read_bytes().splitlines()[1]
    polars = SimpleNamespace(read_ndjson=lambda name: name)
    names = {
        "json": json,
        "zstandard": zstandard,
        "hashlib": hashlib,
        "line_of_index": line_of_index,
        "polars": polars,
    }
    exec(blocks("python")[0], names)  # noqa: S102  (the page's own example)
    assert decode_all(names["lines"]) == chat("m2")


def test_the_way_to_read_with_the_arena_works(tmp_path, monkeypatch, capsys):
    match = [msgspec.structs.replace(chat("01KAM3T7Q9")[0]), *chat("01KAM3T7Q9")[1:]]
    stored_run(tmp_path / "replays", [match], "cup-7f3a")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(blocks("python")[1], names)  # noqa: S102  (the page's own example)
    assert names["decided"] == 1
    assert "Message(role='user'" in capsys.readouterr().out


def test_the_shard_limit_and_the_pause_are_as_told(tmp_path):
    assert Storage() == Storage("match", 1 << 30, 0.05)
    assert "1 GiB" in PAGE
    assert "twentieth of a second" in PAGE
    assert runs(tmp_path) == []
