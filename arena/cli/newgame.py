"""``arena new-game``: write a game and its test."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from arena.cli.errors import FAILED


def new_game(
    name: Annotated[str, typer.Argument(help="Its name, such as take_sticks.")],
    folder: Annotated[Path, typer.Option("--to", help="Where to write it.")] = Path(),
) -> None:
    """Write a new game and its test from a template, and check them."""
    from arena import load
    from arena.contract import check
    from arena.newgame import write
    from arena.view.console import out
    from arena.view.notices import Finding, findings, next_steps

    written = write(name, folder)
    console = out()
    console.print(f"wrote {written.game}, the rules: change them")
    console.print(f"wrote {written.test}, its tests")
    spec = written.spec if folder == Path() else str(written.game)
    found = list(check(load.game(spec).game))
    console.print(
        findings([Finding("problem" if f.problem else "ok", "", f.problem or f.what) for f in found])
    )
    steps = [
        f"arena play {shlex.quote(spec)} random random --live",
        f"pytest {shlex.quote(str(written.test))}",
    ]
    console.print(next_steps(steps))
    if any(finding.problem for finding in found):
        raise typer.Exit(FAILED)
