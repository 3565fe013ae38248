"""Replay storage: ``python tests/bench/replay.py [FOLDER]``.

Figures of one run on one machine, with CPU time beside wall time. Matches are chess-like (52 lines of
about 1.7 kB, real words and changing boards) and tiny (25 lines of about 100 bytes).
"""

import asyncio
import builtins
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from arena.agent import Message, Usage
from arena.events import Asked, Ended, Line, Moved, Replied, Seated, Started, encode
from arena.replay.archive import entries, find, load, scan, scan_lines
from arena.replay.run import Run, RunSettings, Storage
from arena.seeding import derive

MATCHES = 1_000
TINY = 4_000


def builtin_texts() -> Iterator[str]:
    """Documentation that every Python carries: about 3,000 words."""
    for thing in [*vars(builtins).values(), json, asyncio, statistics]:
        for one in (thing, *(getattr(thing, name, None) for name in dir(thing))):
            text = getattr(one, "__doc__", None)
            if isinstance(text, str):
                yield text


WORDS = sorted({word for line in builtin_texts() for word in line.split() if word.strip(".,").isalpha()})
Random(derive(1, "words")).shuffle(WORDS)


@dataclass
class Timing:
    """Seconds that a block took."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Timing]:
    timing = Timing()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    yield timing
    timing.wall, timing.cpu = time.perf_counter() - wall, time.process_time() - cpu


def words(rng: Random, count: int) -> str:
    """Words as language has them: few often, many seldom."""
    picks = (WORDS[int(len(WORDS) * rng.random() ** 4)] for _ in range(count))
    return "".join(word + (".\n" if word.endswith(".") else " ") for word in picks)


def chess_like(number: int) -> list[Line]:
    """52 lines: a header, 25 times an answer of about 3 kB and a move with its board, an end."""
    rng = Random(derive(7, number))
    seats = ("white", "black")
    events: list[Line] = [header(f"m{number:06d}", seats, "chess")]
    for ply in range(25):
        seat = seats[ply % 2]
        fen = "/".join("".join(rng.choices("pnbrqkPNBRQK12345678", k=8)) for _ in range(8))
        legal = " ".join("".join(rng.choices("abcdefgh12345678", k=4)) for _ in range(30))
        prompt = Message("user", f"{fen}\nLegal moves: {legal}\n{words(rng, 110)}")
        usage = Usage(input=700, output=150, cost=0.0004, seconds=1.25, model="model-1", finish="stop")
        events.append(
            Replied(
                ply,
                seat,
                legal[:4],
                text=words(rng, 90),
                thinking=words(rng, 70),
                messages=(prompt,),
                usage=usage,
            )
        )
        board = "\n".join(" ".join(rng.choices("♟♞♝♜♛♚♙♘·····", k=8)) for _ in range(8))
        events.append(Moved(ply, seat, legal[:4], f"{board}\n{words(rng, 60)}"))
    return [*events, Ended({"white": 1.0, "black": -1.0}, "checkmate", "rules", 25)]


def tiny(number: int) -> list[Line]:
    """25 lines: eight plies of tic-tac-toe with instant agents."""
    rng = Random(derive(11, number))
    seats = ("x", "o")
    events: list[Line] = [header(f"t{number:06d}", seats, "tic_tac_toe")]
    for ply in range(8):
        seat, board = seats[ply % 2], "".join(rng.choices("xo.", k=9))
        if ply < 7:
            events.append(Asked(ply, seat, board, "0\n3\n4\n7", seed=rng.getrandbits(62)))
        events += [Replied(ply, seat, "4"), Moved(ply, seat, "4", board)]
    return [*events, Ended({"x": 1.0, "o": -1.0}, "x has 048", "rules", 8)]


def header(match: str, seats: tuple[str, str], game: str) -> Started:
    seated = {seat: Seated(f"agent-{seat}", f"openai/agent-{seat}") for seat in seats}
    return Started(match, game, 1, {}, seated, 41, "the rules of the game " * 4, "bench", key="k" * 32)


async def write(run: Run, matches: list[list[Line]], *, sync: bool, waits: bool = False) -> None:
    """Play all matches: no event is awaited, as with instant agents, unless `waits`."""
    rest: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)  # noqa: E731
    for events in matches:
        journal = run.journal(events[0].id)  # type: ignore[union-attr]
        for event in events:
            journal.record(event)
            if waits and isinstance(event, Replied):
                await rest()
        run.seal(journal)
        if sync:
            run.sync()
    run.sync()


def show(label: str, records: int, timing: Timing, floor: float | None = None, matches: int = 0) -> float:
    """Print one line; gives the records a CPU second, which later lines are compared to as `floor`."""
    rate = records / timing.cpu
    line = f"  {label:28} {records / timing.wall:11,.0f} records/s wall {rate:11,.0f} /s CPU"
    line += f"  ratio {rate / floor:5.2f}" if floor else ""
    if matches:
        line += (
            f"  a match {1e6 * timing.wall / matches:7.1f} µs wall {1e6 * timing.cpu / matches:7.1f} µs CPU"
        )
    print(line)
    return rate


def measure_plain(root: Path, matches: list[list[Line]]) -> float:
    """What the same lines cost in one plain file that is never synced: the floor."""
    with timed() as timing, (root / "plain.jsonl").open("wb") as file:
        for events in matches:
            file.write(b"".join(map(encode, events)))
    return show("plain file, no fsync", sum(map(len, matches)), timing)


def measure_writing(
    root: Path, name: str, matches: list[list[Line]], floor: float, *, sync: bool = False, waits: bool = False
) -> Path:
    with Run.create(root, name.replace(" ", "-"), RunSettings(), storage=Storage()) as run, timed() as timing:
        asyncio.run(write(run, matches, sync=sync, waits=waits))
    show(name, sum(map(len, matches)), timing, floor, len(matches))
    return run.folder


def measure_loading(root: Path, folder: Path) -> None:
    stored = list(entries(folder))
    picks = Random(3).sample(stored, 200)
    for label, look in (
        ("load, by entry", lambda entry: load(folder, entry)),
        ("find by id and load", lambda entry: find(root, f"{folder.name}/{entry.id}").load()),
    ):
        taken = []
        for entry in picks:
            start = time.perf_counter()
            look(entry)
            taken.append(time.perf_counter() - start)
        quantile = sorted(taken)[int(0.95 * len(taken))]
        print(f"  {label:28} {1e3 * statistics.median(taken):10.3f} ms median {1e3 * quantile:10.3f} ms p95")


def measure_scanning(folder: Path) -> None:
    raw = b"".join(stored.lines for stored in scan_lines(folder))
    counts = {
        "json.loads of the lines": lambda: sum(1 for line in raw.split(b"\n") if line and json.loads(line)),
        "scan, all events": lambda: sum(len(replay.events) for replay in scan(folder)),
        "scan, lines only": lambda: sum(stored.lines.count(b"\n") for stored in scan_lines(folder)),
    }
    floor = None
    for label, count in counts.items():
        with timed() as timing:
            records = count()
        rate = show(label, records, timing, floor)
        floor = floor or rate


def measure_size(folder: Path) -> None:
    stored = list(entries(folder))
    raw, packed = sum(entry.raw for entry in stored), sum(entry.length for entry in stored)
    index = (folder / "index.jsonl").stat().st_size
    print(
        f"  {raw / 1e6:.1f} MB of lines in {packed / 1e6:.1f} MB: {raw / packed:.2f} to 1; "
        f"{index / len(stored):.0f} bytes of index a match"
    )


def main(root: Path) -> None:
    chess, small = [chess_like(n) for n in range(MATCHES)], [tiny(n) for n in range(TINY)]
    gc.freeze()  # the input is not part of what is measured
    sizes = [len(encode(event)) for events in chess[:20] for event in events]
    sizes_tiny = [len(encode(event)) for events in small[:20] for event in events]
    print(f"{MATCHES} chess-like matches, {len(chess[0])} lines of {statistics.mean(sizes):.0f} bytes")
    floor = measure_plain(root, chess)
    folder = measure_writing(root, "sealed", chess, floor)
    measure_writing(root, "sealed fsync each", chess, floor, sync=True)
    measure_writing(root, "journalled and sealed", chess, floor, waits=True)
    measure_size(folder)
    measure_loading(root, folder)
    measure_scanning(folder)
    print(f"{TINY} tiny matches, {len(small[0])} lines of {statistics.mean(sizes_tiny):.0f} bytes")
    floor = measure_plain(root, small)
    folder = measure_writing(root, "tiny sealed", small, floor)
    measure_writing(root, "tiny sealed fsync each", small[: TINY // 4], floor, sync=True)
    measure_size(folder)
    measure_scanning(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as scratch:
        main(Path(scratch))
