"""Sealed matches played again from their replies, one after the other."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from arena import load
from arena.events import Ended
from arena.game import Game
from arena.match import verify
from arena.replay.archive import Trouble, listed
from arena.replay.archive import load as stored
from arena.replay.error import ReplayError
from arena.replay.replay import Replay

Verdict = Literal["same", "differs", "skipped"]


class Again(NamedTuple):
    """What playing a match again has shown."""

    match: str
    verdict: Verdict
    why: str = ""


def play_again(folder: Path, trouble: Trouble) -> Iterator[Again]:
    """Every sealed match of a run, played again; `trouble` is told what cannot be read of its index.

    Ctrl-C ends it at once, in the midst of a match: the loop's own handler, which waits for the next
    await, is left out.
    """
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        for _, entry in listed([folder], trouble):
            try:
                replay = stored(folder, entry)
            except ReplayError as error:
                yield Again(entry.id, "skipped", str(error))
            else:
                yield _played(replay, loop)


def _played(replay: Replay, loop: asyncio.AbstractEventLoop) -> Again:
    started, ended = replay.started, replay.ended
    try:
        game: Game[object] = load.game_of(started).game
    except load.LoadError as error:
        return Again(started.id, "skipped", str(error))
    if game.version != started.version:
        why = f"recorded with version {started.version} of {started.game}, this is version {game.version}"
        return Again(started.id, "skipped", why)
    try:
        difference = loop.run_until_complete(verify(game, replay.events))
    except Exception as error:  # a game's code may raise anything, and the other matches wait
        what = f"{type(error).__name__}: {error}"
        if _void(ended):
            return Again(started.id, "skipped", f"void, and playing it again raised {what}")
        return Again(started.id, "differs", f"playing it again raised {what}")
    return Again(started.id, "differs", difference) if difference else Again(started.id, "same")


def _void(ended: Ended | None) -> bool:
    return ended is not None and ended.kind == "void"
