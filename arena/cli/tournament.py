"""``arena tournament``: play a schedule, rate the agents, go on where it stopped."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli import flags
from arena.cli.session import Session

if TYPE_CHECKING:
    from arena.game import Game
    from arena.rating.sequential import Sequential
    from arena.replay.run import Run
    from arena.settings import Settings
    from arena.tournament.cup import Plan
    from arena.tournament.fixture import Fixture
    from arena.tournament.runner import Runner


def tournament(
    games: Annotated[list[str], typer.Argument(help="A cup file (cup.toml), or games.")],
    agent: Annotated[list[str] | None, typer.Option("--agent", "-a", help="An agent; give two.")] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", help="round-robin, gauntlet, swiss, ladder, knockout, league or sprt."),
    ] = None,
    rounds: Annotated[int | None, typer.Option("--rounds", min=1, help="How often everybody meets.")] = None,
    pairs: Annotated[int | None, typer.Option("--pairs", min=1, help="Mirrored pairs a meeting.")] = None,
    sprt: Annotated[str | None, typer.Option("--sprt", help="Bounds in Elo, such as 0,35.")] = None,
    openings: Annotated[
        str | None, typer.Option("--openings", help="random:8, book.epd or book.pgn, for chess.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the run.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; the old run is kept.")] = False,
    retries: Annotated[int | None, typer.Option("--retries", min=0, help="Tries after a bad answer.")] = None,
    max_plies: Annotated[
        int | None, typer.Option("--max-plies", min=1, help="A longer match is a draw.")
    ] = None,
    move_seconds: Annotated[float | None, typer.Option("--move-seconds", help="For one answer.")] = None,
    game_seconds: Annotated[float | None, typer.Option("--game-seconds", help="For one match.")] = None,
    run_seconds: Annotated[float | None, typer.Option("--run-seconds", help="For the command.")] = None,
    seed: flags.Seed = None,
    concurrency: flags.Concurrency = None,
    max_cost: flags.MaxCost = None,
    max_tokens: flags.MaxTokens = None,
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
    ascii: flags.Ascii = False,
    dry_run: flags.DryRun = False,
) -> None:
    """Run a tournament and rate the agents; run it again to go on where it stopped.

    Examples:
      arena tournament tic_tac_toe -a minimax,depth=9 -a greedy -a random --rounds 10

      arena tournament chess -a llamacpp/smollm2 -a random --sprt 0,50

      arena tournament cup.toml
    """
    from msgspec.structs import replace

    from arena.tournament import cup as cups

    is_file = len(games) == 1 and games[0].endswith(".toml")
    cup = cups.of_flags(
        cups.read(Path(games[0])) if is_file else None,
        games=None if is_file else tuple(games),
        agents=tuple(agent) if agent else None,
        format=format,
        rounds=rounds,
        pairs=pairs,
        sprt=sprt,
        openings=openings,
        name=name,
        retries=retries,
        max_plies=max_plies,
        move_seconds=move_seconds,
        game_seconds=game_seconds,
        run_seconds=run_seconds,
    )
    settings = flags.settings(
        replays=replays,
        display=display,
        json=json,
        seed=seed,
        concurrency=concurrency,
        max_cost=max_cost,
        max_tokens=max_tokens,
        tournament=cup.overrides,
    )
    plan = cups.enter(replace(cup, seed=settings.seed), settings)
    if dry_run:
        _show_plan(plan, settings)
        return
    _play(plan, settings, fresh=fresh, ascii=ascii)


def _play(plan: "Plan", settings: "Settings", *, fresh: bool, ascii: bool) -> None:
    from arena import load
    from arena.cli.views import ProgressView, Quiet
    from arena.replay.archive import entries
    from arena.tournament.tournament import Tournament

    cup, folder = plan.cup, settings.replays / (plan.cup.name or f"cup-{plan.digest[:8]}")
    open_run = _opener(plan, folder, settings, fresh=fresh)
    view: Any = Quiet()
    if settings.display in ("full", "plain"):
        view = ProgressView(0, settings.display, ascii=ascii)
    by_options = {(g.name, _key(g.options)): g.game for g in plan.games}
    made: dict[tuple[str, str], Game[Any]] = dict(by_options)
    session = Session(
        [loaded.game for loaded in plan.games],
        lambda fixture: _game(fixture, made),
        {one.name: one for one in plan.agents},
        settings,
        view,
        settings.concurrency,
        cup.retries,
        cup.max_plies,
        cup.limits.move_seconds,
        cup.limits.game_seconds,
        cup.limits.run_seconds,
        dict(zip(plan.names, (load.resolved(one, settings) for one in cup.agents), strict=True)),
    )
    played: list[Tournament] = []
    test = _test(plan)

    async def job(runner: "Runner") -> None:
        done = {entry.key: entry for entry in entries(runner.run.folder)}
        if isinstance(view, ProgressView):
            view.resumed(sum(entry.kind != "void" for entry in done.values()))
        decided = test or (lambda past: "")
        announce = view.announce if isinstance(view, ProgressView) else lambda matches: None
        event = Tournament(plan.schedule, done, decided, announce, cup.limits.void_share)
        played.append(event)
        await event.play(runner)

    session.play(open_run, job)
    session.tell_trouble()
    _show(plan, session, settings, test)
    raise typer.Exit(session.exit_code(played[0].done.values(), cup.limits.void_share))


def _opener(plan: "Plan", folder: Path, settings: "Settings", *, fresh: bool) -> "Callable[[], Run]":
    """Opens the run of a cup: the one that is there, if the same cup began it, or a new one."""
    from arena.replay import manifest
    from arena.replay.run import Run, RunSettings

    told = RunSettings(command="tournament", seed=plan.seed, settings={"decisive": plan.decisive})
    if fresh and folder.exists():
        folder.rename(folder.with_name(f"{folder.name}-until-{time.strftime('%Y%m%d-%H%M%S')}"))
    if not folder.exists():
        return lambda: Run.create(folder.parent, folder.name, told)
    plan.check_run(folder.name, manifest.read(folder).settings.get("decisive", {}))

    def again() -> Run:
        run = Run.open(folder)
        if settings.display in ("full", "plain"):
            typer.echo(f"run {folder.name} found: going on (--fresh starts over)", err=True)
        return run

    return again


def _key(options: object) -> str:
    import msgspec

    return msgspec.json.encode(options, order="sorted").decode()


def _game(fixture: "Fixture", made: "dict[tuple[str, str], Game[Any]]") -> "Game[Any]":
    """The game of a fixture; openings make one of their own for each position."""
    from arena import load

    key = fixture.game, _key(fixture.options)
    if key not in made:
        made[key] = load.with_options(fixture.game, fixture.options)
    return made[key]


def _test(plan: "Plan") -> "Sequential | None":
    """The cup's sequential test, if it is one."""
    from arena.rating.sequential import Sequential
    from arena.rating.sprt import Sprt

    asked = plan.cup.sprt
    if asked is None:
        return None
    rule = Sprt(asked.elo0, asked.elo1, asked.alpha, asked.beta, asked.model)
    return Sequential(rule, plan.names[0])


def _show(plan: "Plan", session: Session, settings: "Settings", test: "Sequential | None") -> None:
    import msgspec

    from arena.cli.leaderboard import show_tables
    from arena.cli.play import elsewhere
    from arena.rating.entries import results_of
    from arena.replay.archive import entries
    from arena.view.console import out
    from arena.view.notices import next_steps
    from arena.view.standings import report

    if not session.folder.is_dir():
        return
    played = list(entries(session.folder))
    results = results_of(session.folder.name, played)
    if any(not result.is_void for result in results):
        show_tables(results, settings, seeds=(plan.seed,))
    if test is not None and any(test.counts.frequencies):
        shown = report(plan.names[0], plan.names[1], test.counts, test.rule, ", ".join(plan.cup.games))
        if settings.display == "json":
            row = {"event": "test", "verdict": str(test.verdict), "ptnml": test.counts.frequencies}
            print(msgspec.json.encode({**row, "llr": test.rule.llr(test.counts)}).decode())
        else:
            out(settings.display).print(shown)
    if settings.display == "json":
        print(msgspec.json.encode({"event": "done", "run": str(session.folder)}).decode())
    elif settings.display != "none":
        where = elsewhere(settings)
        steps = [f"arena leaderboard {session.folder.name} --crosstable{where}", f"arena watch last{where}"]
        out(settings.display).print(next_steps(steps))


def _show_plan(plan: "Plan", settings: "Settings") -> None:
    from itertools import islice

    from arena.view.clean import clean
    from arena.view.console import out

    console = out(settings.display)
    batch = plan.schedule.batch(0, ()) or ()
    for fixture in islice(batch, 20):
        seats = ", ".join(f"{seat} {agent}" for seat, agent in fixture.seats.items())
        console.print(clean(f"{fixture.game} seed {fixture.seed}: {seats}"))
    rest = f", of which {20} are shown" if len(batch) > 20 else ""
    console.print(f"{len(batch):,} matches in the first batch{rest}; nothing was played")
