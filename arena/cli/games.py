"""``arena games``: list the games, or check one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from arena.cli import flags
from arena.cli.errors import FAILED
from arena.settings import Settings

app = typer.Typer(help="List the games, or check one against the rules every game must keep.")


@app.callback(invoke_without_command=True)
def ls(
    context: typer.Context,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """List the games, or check one against the rules every game must keep."""
    if context.invoked_subcommand:
        return
    from arena import load
    from arena.cli.emit import emit
    from arena.view.console import out
    from arena.view.tables import GameEntry, games

    settings = flags.settings(display=display, json=json)
    listed = load.games()
    if settings.display == "json":
        for listing in listed:
            emit({"event": "game", **_fields(listing)})
        return
    rows = []
    for listing in listed:
        if listing.error:
            rows.append(GameEntry(listing.name, (), listing.error, origin=listing.where))
            continue
        game = load.game(listing.name).game
        rows.append(GameEntry(listing.name, game.seats, listing.summary, game.version, listing.where))
    console = out(settings.display)
    console.print(games(rows))
    console.print("options: arena games show NAME", style="dim")


def _fields(listing: object) -> dict[str, str]:
    return {name: getattr(listing, name) for name in ("name", "where", "summary", "error")}


@app.command()
def show(game: Annotated[str, typer.Argument(help="A game, with options if you like.")]) -> None:
    """Show a game's rules, seats and options."""
    from arena import load
    from arena.cli.show import options
    from arena.view.clean import clean
    from arena.view.console import out

    loaded = load.game(game)
    console = out()
    console.print(f"{loaded.name} version {loaded.game.version}", style="bold")
    console.print(f"seats: {', '.join(loaded.game.seats)}")
    console.print(clean(loaded.game.rules), soft_wrap=False)
    for line in options(loaded.game):
        console.print(clean(f"  {line}"))


@app.command()
def check(
    game: Annotated[str, typer.Argument(help="A game: its name, or a path such as ./nim.py")],
    matches: Annotated[int, typer.Option("--matches", min=1, help="Random matches to try.")] = 50,
    seed: flags.Seed = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Check a game against the rules every game must keep."""
    from arena import load
    from arena.cli.emit import emit
    from arena.contract import check as checked
    from arena.view.console import out
    from arena.view.notices import Finding, finding, summary

    settings = flags.settings(display=display, json=json, seed=seed)
    console = out(settings.display)
    rows: list[Finding] = []
    for found in checked(load.game(game).game, matches=matches, seed=settings.seed, begin=_begin(settings)):
        rows.append(Finding("problem" if found.problem else "ok", "", found.what, _cut(found.problem or "")))
        console.print(finding(rows[-1]))
        if settings.display == "json":
            emit({"event": "finding", "what": found.what, "problem": found.problem})
            sys.stdout.flush()
    console.print(summary(rows))
    if any(row.level == "problem" for row in rows):
        raise typer.Exit(FAILED)


@app.command()
def gather(
    runs: Annotated[list[str], typer.Argument(help="Names of runs, or patterns: azr-*.")],
    to: Annotated[Path, typer.Option("--to", help="File to write.")],
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Gather what matches leave behind for later ones, such as the tasks of propose_solve.

    The file follows from the runs alone. Matches on held-out tasks leave nothing.

    Examples:
      arena play propose_solve,preset=azr.deduction challenger solver,p=.5 -n 5 --run tasks

      arena games gather tasks --to tasks.jsonl

      arena play propose_solve,preset=azr.deduction,buffer=tasks.jsonl challenger solver,p=.5
    """
    from arena.cli.emit import emit
    from arena.cli.gathered import gathered
    from arena.cli.replays import folders_of
    from arena.view.console import out
    from arena.view.notices import next_steps

    settings = flags.settings(replays=replays, display=display, json=json)
    found = gathered(folders_of(settings.replays, runs), to)
    if settings.display == "json":
        emit({"event": "gathered", "file": str(to), "held": found.held, "matches": found.matches})
        return
    console = out(settings.display)
    console.print(f"{found.held:,} tasks of {found.matches:,} matches in {to}", markup=False)
    if found.kept_out:
        console.print(f"left out: {found.kept_out:,} on held-out scenarios", style="dim")
    console.print(next_steps([f"arena play {found.game},buffer={to} challenger solver"]))


def _begin(settings: Settings) -> Callable[[str], None]:
    """Says on a terminal what is about to be checked, on a line that its finding is written over."""
    if settings.display != "full" or not sys.stdout.isatty():
        return lambda what: None
    return lambda what: typer.echo(f"…    {what}\r", nl=False)


def _cut(text: str) -> str:
    return text if len(text) <= 500 else text[:500] + "…"
