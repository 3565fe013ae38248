"""``arena replays``: list, show, verify and prune what was played."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags
from arena.cli.errors import FAILED

if TYPE_CHECKING:
    from arena.replay.entry import Entry

app = typer.Typer(help="List, show, verify and prune replays.", no_args_is_help=True)

Runs = Annotated[list[str] | None, typer.Argument(help="Names of runs (default: all).")]


@app.command()
def ls(
    runs: Runs = None,
    game: Annotated[str, typer.Option("--game", help="Only this game.")] = "",
    agent: Annotated[str, typer.Option("--agent", help="Only matches of agents with this in the name.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only rules, foul, limit or void.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="The last N matches.")] = 30,
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """List matches, the latest last."""
    from collections import deque

    import msgspec

    from arena.cli.session import mend_all
    from arena.cli.show import played
    from arena.replay.archive import entries
    from arena.view.console import out
    from arena.view.tables import matches

    settings = flags.settings(replays=replays, display=display, json=json)
    mend_all(settings.replays)
    chosen: deque[tuple[Path, Entry]] = deque(maxlen=limit)
    total = 0
    for folder in folders_of(settings.replays, runs):
        for entry in entries(folder):
            if _wanted(entry, game, agent, kind):
                total += 1
                chosen.append((folder, entry))
    if settings.display == "json":
        for folder, entry in chosen:
            row = {"event": "match", "run": folder.name, **msgspec.structs.asdict(entry)}
            print(msgspec.json.encode(row).decode())
        return
    console = out(settings.display)
    latest = sorted(chosen, key=lambda pair: pair[1].at)
    console.print(matches([played(entry) for _, entry in latest]))
    console.print(f"{len(chosen)} of {total:,} matches in {settings.replays}", style="dim")


def _wanted(entry: "Entry", game: str, agent: str, kind: str) -> bool:
    return (
        (not game or entry.game == game)
        and (not agent or any(agent in name for name in entry.agents.values()))
        and (not kind or entry.kind == kind)
    )


def folders_of(root: Path, names: Sequence[str] | None) -> list[Path]:
    """The folders of the runs called so; all in `root` when no name is given.

    Raises:
        ReplayError: there is no such run.
    """
    from arena.replay.archive import runs
    from arena.replay.error import ReplayError

    found = runs(root)
    if not names:
        return found
    known = {folder.name: folder for folder in found}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ReplayError(f"no run {unknown[0]!r} in {root}; there are: {', '.join(known) or 'none'}")
    return [known[name] for name in names]


@app.command()
def show(
    match: Annotated[str, typer.Argument(help="A match id or its beginning, or 'last'.")] = "last",
    replays: flags.Replays = None,
) -> None:
    """Print the events of a match as JSON lines."""
    import sys

    from arena.cli.watch import found

    settings = flags.settings(replays=replays)
    sys.stdout.write(found(settings.replays, match).load().raw().decode())


@app.command()
def verify(
    runs: Runs = None,
    play: Annotated[bool, typer.Option("--play", help="Play every match again and compare.")] = False,
    replays: flags.Replays = None,
    display: flags.Display = None,
) -> None:
    """Check hashes and indices; with --play, play every match again from its replies."""
    from arena.replay.verify import verify as damage
    from arena.view.clean import clean
    from arena.view.console import err, out

    settings = flags.settings(replays=replays, display=display)
    words, console = err(settings.display), out(settings.display)
    problems = 0
    folders = folders_of(settings.replays, runs)
    for folder in folders:
        for finding in damage(folder):
            problems += 1
            words.print(clean(f"{folder.name}: {finding}"), style="red")
    notes = asyncio.run(_play_all(folders)) if play else []
    for note in notes:
        words.print(clean(note.text), style="red" if note.wrong else "yellow")
        problems += note.wrong
    what = "checked and played again" if play else "checked"
    console.print(f"{len(folders)} runs {what}: {problems or 'no'} problem{'' if problems == 1 else 's'}")
    if problems:
        raise typer.Exit(FAILED)


class _Note:
    """What playing a match again has shown."""

    def __init__(self, text: str, *, wrong: bool) -> None:
        self.text = text
        self.wrong = wrong


async def _play_all(folders: Sequence[Path]) -> list[_Note]:
    return [note for folder in folders async for note in _played_again(folder)]


async def _played_again(folder: Path) -> "AsyncIterator[_Note]":
    from arena import load
    from arena.events import Started
    from arena.match import verify as again
    from arena.replay.archive import scan

    for replay in scan(folder):
        started: Started = replay.started
        where = f"{folder.name}/{started.id}"
        try:
            game = load.game_of(started).game
            difference = await again(game, replay.events)
        except ValueError as error:  # another version, or a game that cannot be loaded
            yield _Note(f"{where}: not played again: {error}", wrong=False)
        else:
            if difference:
                yield _Note(f"{where}: {difference}", wrong=True)


@app.command()
def prune(
    keep: Annotated[int | None, typer.Option("--keep", min=0, help="Keep the last N runs.")] = None,
    older_than: Annotated[float | None, typer.Option("--older-than", help="Days.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it is only said.")] = False,
    replays: flags.Replays = None,
) -> None:
    """Remove whole runs; runs that are being written are left alone."""
    from arena.replay.prune import prune as remove
    from arena.view.console import out

    settings = flags.settings(replays=replays)
    age = None if older_than is None else timedelta(days=older_than)
    pruned = remove(settings.replays, keep=keep, older_than=age, dry_run=not yes)
    console = out()
    for run in pruned.runs:
        console.print(str(run))
    done = "removed" if yes else "would be removed (add --yes)"
    console.print(f"{len(pruned.runs)} runs, {pruned.bytes / 2**20:.1f} MiB {done}")


@app.command()
def reindex(run: Annotated[str, typer.Argument(help="A run.")], replays: flags.Replays = None) -> None:
    """Build a run's index again from its shards."""
    from arena.replay.rebuild import reindex as rebuild
    from arena.view.console import out

    settings = flags.settings(replays=replays)
    out().print(f"{rebuild(folders_of(settings.replays, [run])[0])} matches indexed")
