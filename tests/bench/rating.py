"""What a table costs: a fit with errors against evalica's without, and a refit after one more match.

    python -m tests.bench.rating [agents] [games]

CPU times of this process on one thread, the best of several turns that the two take in alternation. evalica
fits Bradley–Terry without an advantage of the first seat and without errors; ours has both, and ties.
Either gets the million games once as it would come from files, in lists of names, and once as numbers.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import evalica
import numpy as np
import pandas as pd

from arena.rating.bradley_terry import BradleyTerry, fit
from arena.rating.games import Ints, from_arrays
from arena.rating.tally import Tally
from tests.rating_tables import names, outcomes, results

TURNS = 9


class Table(NamedTuple):
    """Mirrored pairs of random opponents in random order."""

    first: Ints
    second: Ints
    outcome: Ints
    pair: Ints


def played(agents: int, games: int) -> Table:
    rng, half = np.random.default_rng(1), games // 2
    truth = rng.normal(0, 1, agents)
    one = rng.integers(0, agents, half)
    other = (one + rng.integers(1, agents, half)) % agents
    first, second = np.concatenate([one, other]), np.concatenate([other, one])
    outcome = outcomes(rng, truth[first] - truth[second] + 0.2, 0.5)
    order = rng.permutation(2 * half)
    columns = (first, second, outcome, np.tile(np.arange(half), 2))
    return Table(*(column[order] for column in columns))


def with_errors(agents: list[str], table: Table) -> BradleyTerry:
    model = fit(from_arrays(agents, table.first, table.second, table.outcome, pair=table.pair))
    assert (model.ratings.sandwich.variances[: len(agents)] > 0).all()
    return model


def from_names(first: list[str], second: list[str], outcome: list[int], pair: list[int]) -> BradleyTerry:
    place: dict[str, int] = defaultdict(count().__next__)
    numbered = (map(place.__getitem__, first), map(place.__getitem__, second), outcome, pair)
    columns = [np.fromiter(column, dtype=np.int64, count=len(first)) for column in numbered]
    return with_errors(list(place), Table(*columns))


def race(*runs: Callable[[], object]) -> list[float]:
    """The best CPU seconds of each, taking turns."""
    best = [float("inf")] * len(runs)
    for _ in range(TURNS):
        for index, run in enumerate(runs):
            start = time.process_time()
            run()
            best[index] = min(best[index], time.process_time() - start)
    return best


def measure_fit(agents: int, games: int) -> None:
    table, index = played(agents, games), pd.Index(range(agents))
    called = names(agents)
    sides = [[called[place] for place in column.tolist()] for column in (table.first, table.second)]
    winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[o] for o in table.outcome.tolist()]
    codes = np.array([int(winner) for winner in winners], dtype=np.uint8)
    lists = (*sides, table.outcome.tolist(), table.pair.tolist())
    named, ours_named, numbered, ours_numbered = race(
        lambda: evalica.bradley_terry(*sides, winners),
        lambda: from_names(*lists),
        lambda: evalica.bradley_terry(table.first, table.second, codes, index=index),
        lambda: with_errors(called, table),
    )
    print(f"{agents:,} agents, {games:,} games; CPU seconds on one thread")
    for form, theirs, ours in (("names", named, ours_named), ("numbers", numbered, ours_numbered)):
        ratio = f"{ours / theirs:.2f} of evalica's"
        print(f"  from {form:8} evalica {theirs:.3f}, ours with errors {ours:.3f}: {ratio}")
    print(
        f"  ours from numbers against evalica from names: {ours_numbered / named:.2f} (target of either: 1.2)"
    )


def measure_refit() -> None:
    matches = results(np.random.default_rng(2), np.random.default_rng(3).normal(0, 1, 20), 1000)
    tally = Tally(matches[:-1])
    before = fit(tally.games())
    tally.add(matches[-1])
    (warm,) = race(lambda: fit(tally.games(), start=before).ratings.sandwich.variances)
    print(f"20 agents, {len(matches):,} games; after one more match")
    print(f"  a refit with errors {warm * 1e3:.2f} ms (target 2)")


def main() -> None:
    if os.environ.get("OMP_NUM_THREADS") != "1":  # must stand before numpy is loaded
        single = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "RAYON")}
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.bench.rating", *sys.argv[1:]], os.environ | single
        )
    numbers = [int(text.replace("_", "")) for text in sys.argv[1:]]
    measure_fit(*(numbers + [1_000, 1_000_000][len(numbers) :]))
    measure_refit()


if __name__ == "__main__":
    main()
