"""``arena demo``: a language model plays real games, live."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags
from arena.cli.errors import DONE, FAILED, INTERRUPTED

if TYPE_CHECKING:
    from arena.replay.entry import Entry

MODEL = "llamacpp/smollm2"
"""The embedded model: it needs no key, no network and no graphics card."""


def demo(
    model: Annotated[str, typer.Option("--model", help="The agent that is shown.")] = MODEL,
    delay: Annotated[float, typer.Option("--delay", help="Seconds a move stays on screen.")] = 0.8,
    plies: Annotated[int, typer.Option("--plies", min=2, help="Length of the chess match.")] = 40,
    replays: flags.Replays = None,
    display: flags.Display = None,
    ascii: flags.Ascii = False,
) -> None:
    """Watch a language model play chess, tic-tac-toe and Kuhn poker, in a few minutes."""
    from arena import load
    from arena.cli.play import play_new, run_name, view_of
    from arena.cli.session import Session, only
    from arena.cli.show import results
    from arena.tournament.fixture import mirrored
    from arena.view.console import err, out
    from arena.view.notices import next_steps
    from arena.view.tables import matches
    from arena.view.tables import results as table

    settings = flags.settings(replays=replays, display=display)
    words = err(settings.display)
    player = f"{model},legal=constrain" if model == MODEL else model
    entries: list[Entry] = []
    for spec, opponent, count in (
        (f"chess,max_plies={plies}", "random", 1),
        ("tic_tac_toe", "minimax,depth=2", 2),
        ("kuhn_poker", "random", 4),
    ):
        loaded = load.game(spec)
        agents = [load.agent(player, settings), load.agent(opponent, settings)]
        names = [agent.name for agent in agents]
        fixtures = mirrored(loaded.name, loaded.options, loaded.game.seats, names, seed=settings.seed)
        words.print(f"{spec}: {names[0]} against {names[1]}", style="bold")
        session = Session(
            [loaded.game],
            only(loaded.game),
            dict(zip(names, agents, strict=True)),
            settings,
            view_of(True, True, count, settings, loaded, delay, ascii),
            concurrency=1,
        )
        run = run_name(f"demo-{loaded.name}")
        entries += play_new(session, islice(fixtures, count), name=run, command="demo", told={"game": spec})
        session.tell_trouble()
        if session.interrupted:
            raise typer.Exit(INTERRUPTED)
    console = out(settings.display)
    from arena.cli.show import played

    console.print(matches([played(entry) for entry in entries]))
    console.print(table(results(entries)))
    steps = [
        f"arena watch {entries[0].id}",
        f"arena play tic_tac_toe human {player}",
        f"arena fork {entries[0].id} --ply 0 --replies 3 --playouts 2",
    ]
    console.print(next_steps(steps))
    raise typer.Exit(FAILED if any(entry.kind == "void" for entry in entries) else DONE)
