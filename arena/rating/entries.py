"""From sealed matches to the results that tables are made of."""

from collections.abc import Iterable

from arena.rating.results import Effort, Result
from arena.replay.entry import Entry


def results_of(run: str, entries: Iterable[Entry]) -> list[Result]:
    """The results of one run, in order.

    Forks are left out: they begin in the middle. Of a pair that was played again because a match of it
    was void, only the last attempt counts; the void matches stay, to be counted as such. Single-seat
    games compare nobody and are left out too.
    """
    chosen = [entry for entry in entries if entry.parent is None and len(entry.agents) > 1]
    last: dict[str, int] = {}
    for entry in chosen:
        pair, attempt = _pair(entry)
        last[pair] = max(last.get(pair, 0), attempt)
    return [
        _result(run, entry)
        for entry in chosen
        if entry.kind == "void" or not entry.pair or last[_pair(entry)[0]] == _pair(entry)[1]
    ]


def _pair(entry: Entry) -> tuple[str, int]:
    pair, _, attempt = entry.pair.partition(".")
    return pair, int(attempt or 0)


def _result(run: str, entry: Entry) -> Result:
    seats = list(entry.agents)
    payoff = tuple(entry.payoff[seat] for seat in seats) if entry.kind != "void" else ()
    lost = payoff.index(min(payoff)) if entry.kind == "foul" else None
    efforts = tuple(
        Effort(refused=entry.fouls.get(seat, 0), tokens=entry.tokens.get(seat), cost=entry.cost.get(seat))
        for seat in seats
    )
    pair = f"{run}/{entry.pair}" if entry.pair and entry.kind != "void" else None
    agents = tuple(entry.agents.values())
    return Result(agents, payoff, entry.game, pair, entry.kind, lost, efforts)
