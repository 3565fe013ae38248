"""Our games in PettingZoo's registry: `register`, then ``pettingzoo.make("aec", "arena/chess-v1")``."""

from functools import partial
from typing import Any

import pettingzoo

from arena import load
from arena.referee import Referee


def register() -> list[str]:
    """Register every game that can be loaded; the ids, such as ``arena/chess-v1``. Again is fine.

    Keyword arguments of `pettingzoo.make` are the game's options.
    """
    ids = []
    for listing in load.games():
        if listing.error:
            continue
        version = load.game(listing.name).game.version
        name = f"arena/{listing.name}-v{version}"
        if name not in pettingzoo.aec_registry:
            pettingzoo.register("aec", name, entry_point=partial(_referee, listing.name))
        ids.append(name)
    return ids


def _referee(name: str, **options: Any) -> Referee:
    return Referee(type(load.game(name).game)(**options))
