"""What a run says of one agent: its mean payoff with an interval, and how often its answers were refused."""

from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev

from arena.rating.scale import Z95
from arena.replay import archive


def against(run: Path, agent: str) -> dict[str, float]:
    """The mean payoff of an agent over the mirrored pairs of a run, void matches left out, and more.

    "payoff" with "margin", half the width of its 95% interval over pairs; "fouls", the share of matches that
    it lost by a foul; "refused", the share with a refused answer of it.
    """
    pairs: defaultdict[str, list[float]] = defaultdict(list)
    fouls = refused = matches = 0
    for entry in archive.entries(run):
        if entry.kind == "void":
            continue
        for seat, name in entry.agents.items():
            if name != agent:
                continue
            matches += 1
            pairs[entry.pair].append(entry.payoff[seat])
            lost = entry.kind == "foul" and entry.payoff[seat] == min(entry.payoff.values())
            fouls += lost
            refused += bool(entry.fouls.get(seat))
    means = [fmean(payoffs) for payoffs in pairs.values()]
    if not means:
        return {}
    found = {"payoff": fmean(means), "fouls": fouls / matches, "refused": refused / matches}
    if len(means) > 1:
        found["margin"] = Z95 * stdev(means) / len(means) ** 0.5
    return found
