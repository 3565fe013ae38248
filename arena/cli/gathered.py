"""What the matches of runs leave behind, gathered by their own games."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from arena import load
from arena.game import Finished, Gathers
from arena.replay import archive
from arena.replay.replay import Replay


class Gathered(NamedTuple):
    """What came of it."""

    game: str
    """Whose matches they were, without options; one of them when there are several."""
    held: int
    """How much the file holds."""
    matches: int
    kept_out: int
    """Matches on held-out scenarios, which leave nothing."""


def gathered(folders: Iterable[Path], to: Path) -> Gathered:
    """Write the file anew from the finished matches of the runs, void ones left out.

    Raises:
        ValueError: no match is of a game that gathers anything.
        IllegalMove: a match was not played by the rules of its game as it is now.
        LoadError: a game is not here any more.
        ReplayError: a run cannot be read.
    """
    games: dict[str, tuple[str, Gathers]] = {}
    played: dict[str, list[Finished]] = defaultdict(list)
    others: Counter[str] = Counter()
    kept_out = 0
    for replay in (one for folder in folders for one in archive.scan(folder, lambda e: e.kind != "void")):
        loaded = load.game_of(replay.started)
        if not isinstance(loaded.game, Gathers):
            others[loaded.name] += 1
        elif loaded.game.deals_held_out(loaded.options):
            kept_out += 1
        else:
            key = f"{loaded.name} {sorted(loaded.options.items())}"
            games[key] = loaded.name, loaded.game
            played[key].append(_finished(replay))
    if not games:
        found = ", ".join(others) or (f"{kept_out} on held-out scenarios" if kept_out else "none")
        raise ValueError(
            f"nothing can be gathered: expected finished matches of propose_solve, found {found}"
        )
    draft = to.with_name(f"{to.name}.draft")
    draft.unlink(missing_ok=True)
    held = 0
    for key, (_, game) in games.items():
        held = game.gather(played[key], draft)
    draft.replace(to)
    name, _ = next(iter(games.values()))
    return Gathered(name, held, sum(map(len, played.values())), kept_out)


def _finished(replay: Replay) -> Finished:
    agents = {seat: seated.agent for seat, seated in replay.started.seats.items()}
    moves = [(event.seat, event.move) for event in replay.moves()]
    return Finished(replay.started.id, agents, moves)
