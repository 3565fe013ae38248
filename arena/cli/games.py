"""``arena games``: list the games, or check one."""

from typing import Annotated

import typer

from arena.cli import flags
from arena.cli.errors import FAILED

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
    import msgspec

    from arena import load
    from arena.view.console import out
    from arena.view.tables import GameEntry, games

    settings = flags.settings(display=display, json=json)
    listed = load.games()
    if settings.display == "json":
        for listing in listed:
            print(msgspec.json.encode({"event": "game", **_fields(listing)}).decode())
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
    from arena.load.options import slots_of
    from arena.view.clean import clean
    from arena.view.console import out

    loaded = load.game(game)
    console = out()
    console.print(f"{loaded.name} version {loaded.game.version}", style="bold")
    console.print(f"seats: {', '.join(loaded.game.seats)}")
    console.print(clean(loaded.game.rules), soft_wrap=False)
    for slot in slots_of(type(loaded.game)):
        console.print(f"  {slot}")


@app.command()
def check(
    game: Annotated[str, typer.Argument(help="A game: its name, or a path such as ./nim.py")],
    matches: Annotated[int, typer.Option("--matches", min=1, help="Random matches to try.")] = 50,
    seed: flags.Seed = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Check a game against the rules every game must keep."""
    import msgspec

    from arena import load
    from arena.contract import check as findings
    from arena.view.console import out
    from arena.view.notices import Finding
    from arena.view.notices import findings as table

    settings = flags.settings(display=display, json=json, seed=seed)
    found = list(findings(load.game(game).game, matches=matches, seed=settings.seed))
    if settings.display == "json":
        for finding in found:
            row = {"event": "finding", "what": finding.what, "problem": finding.problem}
            print(msgspec.json.encode(row).decode())
    else:
        rows = [
            Finding("problem" if f.problem else "ok", "", f.what, _indented(f.problem or "")) for f in found
        ]
        out(settings.display).print(table(rows))
    if any(finding.problem for finding in found):
        raise typer.Exit(FAILED)


def _indented(text: str) -> str:
    return text if len(text) <= 500 else text[:500] + "…"
