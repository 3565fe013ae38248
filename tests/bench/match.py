"""What a match costs: `match.play` with the replay written, against the bare loop of python-chess.

    python -m tests.bench.match [rounds]

CPU time of this process, the writing thread included; the loops take turns and the median counts.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import chess

from arena import load
from arena.replay.run import Run, RunSettings
from arena.tournament.fixture import Fixture
from arena.tournament.runner import Runner

CHESS, TIC_TAC_TOE, CAP = 10, 3000, 200


def bare() -> int:
    """Random chess as python-chess alone plays it; the plies."""
    plies = 0
    for number in range(CHESS):
        rng, board = Random(1000 + number), chess.Board()
        for _ in range(CAP):
            legal = list(board.legal_moves)
            if not legal:
                break
            board.push(rng.choice(legal))
            plies += 1
    return plies


def ours(spec: str, matches: int, folder: Path) -> int:
    """Random agents through the runner, every match sealed in a run on the disk; the plies."""
    loaded, agent = load.game(spec), load.agent("random")
    seats = dict.fromkeys(loaded.game.seats, "random")
    fixtures = [Fixture(loaded.name, loaded.options, seats, number, number) for number in range(matches)]
    with Run.create(folder, f"bench-{time.monotonic_ns()}", RunSettings()) as run:
        entries = asyncio.run(Runner(run, lambda fixture: loaded.game, {"random": agent}).play(fixtures))
    return sum(entry.plies for entry in entries)


def rate(loop: Callable[[], int]) -> float:
    """Plies a CPU-second."""
    begin = time.process_time()
    plies = loop()
    return plies / (time.process_time() - begin)


def main(rounds: int) -> None:
    rates: dict[str, list[float]] = {"bare": [], "chess": [], "tic_tac_toe": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(rounds):
            rates["bare"].append(rate(bare))
            rates["chess"].append(rate(lambda: ours(f"chess,max_plies={CAP}", CHESS, folder)))
            rates["tic_tac_toe"].append(rate(lambda: ours("tic_tac_toe", TIC_TAC_TOE, folder)))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    print(f"bare python-chess loop   {middle['bare']:>9,.0f} plies a CPU-second")
    ratio = middle["chess"] / middle["bare"]
    print(f"chess, replay written    {middle['chess']:>9,.0f} plies a CPU-second, {ratio:.2f} of it (≥ 0.30)")
    print(f"tic-tac-toe likewise     {middle['tic_tac_toe']:>9,.0f} plies a CPU-second (≥ 40,000)")
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "arena", "--help"], check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime) * 1000
    print(f"arena --help             {spent:>9,.0f} ms of CPU (≤ 300)")
    size = subprocess.run(
        [sys.executable, "-c", "import arena; print(open('/proc/self/status').read())"],
        check=True,
        capture_output=True,
        text=True,
    )
    peak = next(int(line.split()[1]) // 1024 for line in size.stdout.splitlines() if "VmHWM" in line)
    print(f"import arena             {peak:>9,} MB (≤ 40)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
