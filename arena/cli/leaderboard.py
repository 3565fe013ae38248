"""``arena leaderboard``: ratings with intervals, worked out from replays."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags
from arena.cli.errors import MISSING

if TYPE_CHECKING:
    from arena.rating.intransitivity import Nash
    from arena.rating.prior import Anchor
    from arena.rating.results import Result
    from arena.rating.standings import Standings
    from arena.settings import Settings

_SPANS = {"d": 86_400, "h": 3_600, "m": 60}


def leaderboard(
    runs: Annotated[list[str] | None, typer.Argument(help="Names of runs (default: all).")] = None,
    game: Annotated[str, typer.Option("--game", help="Only this game.")] = "",
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="AGENT=ELO or AGENT=ELO±ERROR: a known rating; may be repeated."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Only matches since 2026-11-01, or of the last 7d, 12h or 30m.")
    ] = "",
    crosstable: Annotated[bool, typer.Option("--crosstable", help="Show who beat whom.")] = False,
    csv: Annotated[str, typer.Option("--csv", help="Write the tables as CSV to a file; - is stdout.")] = "",
    png: Annotated[Path | None, typer.Option("--png", help="Plot ratings to a .png or .svg file.")] = None,
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Show ratings with intervals, worked out from the replays.

    Examples:
      arena leaderboard

      arena leaderboard cup-7f3a --game chess --anchor random=0 --crosstable

      arena leaderboard --csv ratings.csv --png ratings.png
    """
    from arena.cli.session import mend_all
    from arena.view.plot import check_suffix

    settings = flags.settings(replays=replays, display=display, json=json)
    if csv == "-" and settings.display == "json":
        raise ValueError("--csv - and --json both write to stdout; choose one, or name a file for --csv")
    if png is not None:
        check_suffix(png)
    anchors = [_anchor(text) for text in anchor or ()]
    mend_all(settings.replays)
    results, seeds = _results(settings, runs, _moment(since) if since else 0.0)
    found = _tables(results, game, anchors)
    if csv == "-":
        _print_csv(found, settings)
    else:
        _show(found, results, settings, anchors=anchors, seeds=seeds, crosstable=crosstable)
    _write_files(found, anchors, "" if csv == "-" else csv, png, settings)


def show_tables(
    results: "Sequence[Result]",
    settings: "Settings",
    *,
    anchors: "Sequence[Anchor]" = (),
    seeds: Sequence[int] = (),
    crosstable: bool = False,
) -> None:
    """Show the table over all games and, when there are several, of each game, on stdout.

    Raises:
        ValueError: fewer than two agents played, or an anchor never did.
    """
    found = _tables(results, "", anchors)
    _show(found, results, settings, anchors=anchors, seeds=seeds, crosstable=crosstable)


def _tables(results: "Sequence[Result]", game: str, anchors: "Sequence[Anchor]") -> "tuple[Standings, ...]":
    """The table of a game; without one, over all games and, when there are several, of each game."""
    from arena.rating.standings import standings, tables

    games = {result.game for result in results}
    if game or len(games) == 1:
        return (standings(results, game or games.pop(), anchors=anchors),)
    return tables(results, anchors=anchors)


def _show(
    tables: "Sequence[Standings]",
    results: "Sequence[Result]",
    settings: "Settings",
    *,
    anchors: "Sequence[Anchor]",
    seeds: Sequence[int],
    crosstable: bool,
) -> None:
    from arena.cli.standing import write_json
    from arena.view import crosstable as crosses
    from arena.view import standings as views
    from arena.view.console import out

    if settings.display == "json":
        write_json(tables, crosstable=crosstable, file=sys.stdout)
        return
    console = out(settings.display)
    for place, table in enumerate(tables):
        title = table.game or f"all {len({result.game for result in results})} games"
        present = {row.agent for row in table.rows if row.rating}
        held = [anchor for anchor in anchors if anchor.agent in present]
        if place:
            console.print()
        console.print(views.standings(table, anchors=held, seeds=seeds, title=title))
        if crosstable and table.crosstable.agents:
            console.print()
            console.print(crosses.crosstable(table))
        circles = _nash(table, results)
        if circles is not None:
            console.print()
            console.print(views.nash(circles))


def _nash(table: "Standings", results: "Sequence[Result]") -> "Nash | None":
    """Nash averaging of a table whose results go in circles."""
    from arena.rating.bradley_terry import BradleyTerry
    from arena.rating.intransitivity import nash
    from arena.rating.standings import SURE
    from arena.rating.tally import Tally

    if table.circles is None or table.circles.p_value >= SURE or not isinstance(table.fit, BradleyTerry):
        return None
    chosen = (result for result in results if table.game is None or result.game == table.game)
    return nash(Tally(chosen).games(), table.fit)


def _results(
    settings: "Settings", names: Sequence[str] | None, since: float
) -> "tuple[list[Result], list[int]]":
    """The results of runs, and the runs' seeds.

    Raises:
        ReplayError: a run is unknown, cannot be read, or there is none.
        ValueError: nothing was played since that moment.
    """
    from arena.cli.replays import folders_of
    from arena.rating.entries import results_of
    from arena.replay import manifest
    from arena.replay.archive import entries
    from arena.replay.error import ReplayError

    folders = folders_of(settings.replays, names)
    if not folders:
        raise ReplayError(f"no run in {settings.replays} yet; `arena play` makes one")
    results, seeds, versions = [], set(), dict[str, set[int]]()
    for folder in folders:
        chosen = [entry for entry in entries(folder) if entry.at >= since]
        if chosen:
            seeds.add(manifest.read(folder).seed)
        for entry in chosen:
            versions.setdefault(entry.game, set()).add(entry.version)
        results += results_of(folder.name, chosen)
    if not results:
        when = " in that time" if since else ""
        raise ValueError(f"no match between agents{when} in {', '.join(folder.name for folder in folders)}")
    _tell_versions(versions, settings)
    return results, sorted(seeds)


def _tell_versions(versions: Mapping[str, set[int]], settings: "Settings") -> None:
    """Warn of games whose rules changed between the matches."""
    from arena.view.clean import clean_line
    from arena.view.console import err

    for game, known in sorted(versions.items()):
        if len(known) > 1:
            listed = ", ".join(map(str, sorted(known)))
            words = f"! {game} was played by the rules of versions {listed}: they are rated as one game"
            err(settings.display).print(clean_line(words), style="yellow")


def _anchor(text: str) -> "Anchor":
    """An anchor as it is typed; the name may hold "=" itself, as in minimax,depth=2=800.

    Raises:
        ValueError: it is no name with a rating.
    """
    from arena.rating.prior import Anchor

    agent, _, rating = text.rpartition("=")
    elo, _, error = rating.partition("±")
    try:
        known = float(elo), float(error or 0)
    except ValueError:
        agent = ""
    if not agent:
        raise ValueError(f"--anchor {text!r}: expected AGENT=ELO or AGENT=ELO±ERROR, such as random=0")
    return Anchor(agent, *known)


def _moment(text: str) -> float:
    """A date, a moment or a span of time up to now, as Unix seconds.

    Raises:
        ValueError: it is none of them.
    """
    span = re.fullmatch(r"(\d{1,6})([dhm])", text)
    if span:
        return time.time() - int(span[1]) * _SPANS[span[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"--since {text!r}: expected a date such as 2026-11-01 or 2026-11-01T18:30, or 7d, 12h, 30m"
        ) from None


def _print_csv(tables: "Sequence[Standings]", settings: "Settings") -> None:
    """CSV on stdout, warnings on stderr."""
    from arena.cli.standing import write_csv
    from arena.view.clean import clean_line
    from arena.view.console import err

    write_csv(tables, sys.stdout)
    for table in tables:
        for warning in table.warnings:
            err(settings.display).print(clean_line(f"! {warning}", 2000), style="yellow")


def _write_files(
    tables: "Sequence[Standings]",
    anchors: "Sequence[Anchor]",
    csv: str,
    png: Path | None,
    settings: "Settings",
) -> None:
    """Write what was asked for, and say so on stderr.

    Raises:
        ValueError: a file cannot be written.
    """
    from arena.cli.standing import write_csv
    from arena.view.clean import clean_line
    from arena.view.console import err
    from arena.view.plot import save

    words = err(settings.display)
    try:
        if csv:
            with open(csv, "w", encoding="utf-8", newline="") as file:
                write_csv(tables, file)
            words.print(clean_line(f"wrote {csv}"))
        if png is not None:
            save(tables[0], png, anchors=anchors)
            words.print(clean_line(f"wrote {png}"))
    except OSError as error:
        raise ValueError(f"cannot write {error.filename}: {error.strerror}") from error
    except ImportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MISSING) from error
