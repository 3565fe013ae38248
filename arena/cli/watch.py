"""``arena watch``: look at a match."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags

if TYPE_CHECKING:
    from arena.cli.views import Drawing
    from arena.events import Started
    from arena.replay.archive import Found
    from arena.replay.replay import Replay


def watch(
    match: Annotated[str, typer.Argument(help="A match id or its beginning, run/id, or 'last'.")] = "last",
    print_: Annotated[bool, typer.Option("--print", help="Print it; the default off a terminal.")] = False,
    prompts: Annotated[bool, typer.Option("--prompts", help="With every prompt and completion.")] = False,
    thinking: Annotated[bool, typer.Option("--thinking", help="With what the models thought.")] = False,
    ply: Annotated[int | None, typer.Option("--ply", help="Only this ply, or start there.")] = None,
    replays: flags.Replays = None,
    ascii: flags.Ascii = False,
) -> None:
    """Watch a replay, move by move."""
    import sys

    from arena.cli.session import mend_all
    from arena.view.console import out
    from arena.view.replay import print_replay, step

    settings = flags.settings(replays=replays)
    mend_all(settings.replays)
    replay = found(settings.replays, match).load()
    if ply is not None:
        _check_ply(ply, replay)
    console = out()
    if print_ or prompts or not (sys.stdout.isatty() and sys.stdin.isatty()):
        print_replay(replay, console, prompts=prompts, thinking=thinking, ply=ply, ascii=ascii)
    else:
        step(replay, console, draw=drawing(replay.started), ply=ply or 0, ascii=ascii)


def _check_ply(ply: int, replay: "Replay") -> None:
    from arena.events import Ended, Started

    plies = [event.ply for event in replay.events if not isinstance(event, Started | Ended)]
    latest = max(plies, default=0)
    if not 0 <= ply <= latest:
        raise ValueError(f"--ply {ply}: match {replay.started.id} has the plies 0 to {latest}")


def drawing(started: "Started") -> "Drawing | None":
    """The game's own drawing of a record; None when the game is not here, or of another version."""
    from arena import load
    from arena.cli.views import Drawing

    try:
        game = load.game_of(started).game
    except load.LoadError:
        return None  # a replay shows itself without its game's code, only plainer
    return Drawing(game) if game.version == started.version else None


def found(root: Path, match: str) -> "Found":
    """The match that a person asked for; "last" or nothing is the one written to last.

    Runs that cannot be read are told on stderr and passed over.

    Raises:
        ReplayError: there is none, or several.
    """
    from arena.cli.errors import tell
    from arena.replay.archive import find, last

    return last(root, tell) if match in ("", "last") else find(root, match, tell)
