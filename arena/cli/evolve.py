"""``arena evolve``: generations of play, rows, training and a gate, by a recipe."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags
from arena.cli.errors import MISUSED

if TYPE_CHECKING:
    from arena.evolve.evolve import Evolution
    from arena.evolve.history import Generation, Stage
    from arena.evolve.recipe import Recipe
    from arena.settings import Settings


def evolve(
    recipe: Annotated[str, typer.Argument(help="A recipe, or a .toml file; 'list' shows all.")] = "list",
    game: Annotated[str, typer.Option("--game", help="Instead of the recipe's, such as kuhn_poker.")] = "",
    base: Annotated[str, typer.Option("--base", help="Instead of the recipe's, such as smollm2.")] = "",
    name: Annotated[str, typer.Option("--name", help="Of its runs and files (default: the recipe's).")] = "",
    generations: Annotated[
        int | None, typer.Option("--generations", "-g", min=1, help="After which it ends.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0, help="After which no generation is begun.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to work in.")] = Path("evolution"),
    png: Annotated[Path | None, typer.Option("--png", help="Plot Elo to a .png or .svg file.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; its runs are played again.")] = False,
    dry_run: flags.DryRun = False,
    seed: flags.Seed = None,
    replays: flags.Replays = None,
    checkpoints: flags.Checkpoints = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Make an agent better: play, make rows, train, gate and promote, again and again.

    Each stage is a command that is shown as it is typed, and goes on where it stopped; so does this one.

    Examples:
      arena evolve kuhn

      arena evolve spag --game negotiation,level=1 --generations 3

      arena evolve mine.toml --minutes 60
    """
    from msgspec.structs import replace

    from arena.evolve.recipe import read

    settings = flags.settings(replays=replays, display=display, json=json, seed=seed, checkpoints=checkpoints)
    if recipe == "list":
        _list(settings)
        return
    given = {"game": game, "base": base, "name": name, "generations": generations, "minutes": minutes}
    chosen = replace(
        read(recipe),
        **{field: value for field, value in given.items() if value not in (None, "")},
        **({} if seed is None else {"seed": seed}),
    )
    if dry_run:
        _show_plan(chosen, out / chosen.name, settings)
        return
    _evolve(chosen, out, settings, png, fresh=fresh)


def _evolve(recipe: "Recipe", root: Path, settings: "Settings", png: Path | None, *, fresh: bool) -> None:
    from arena.cli.emit import emit
    from arena.evolve.evolve import Evolution, Halted
    from arena.registry import Registry

    folder = root / recipe.name
    if fresh:
        _start_over(folder)
    stages = _Stages(settings, fresh=fresh)
    evolution = Evolution(
        recipe, folder, settings.replays, Registry(settings.checkpoints), stages.run, stages.ask, stages.told
    )
    code = 0
    try:
        why = evolution.evolve()
    except Halted as halted:
        then = "mend the recipe" if halted.code == MISUSED else "run it again to go on"
        why, code = f"{halted}; {then}", halted.code
    if settings.display == "json":
        emit({"event": "ended", "why": why, "folder": str(folder)})
    else:
        _show(evolution, why, settings, png)
    if code:
        raise typer.Exit(code)


def _start_over(folder: Path) -> None:
    """Forget what was done; runs are begun anew by their own --fresh, checkpoints stay."""
    import shutil

    for entry in (folder / "history.json", folder / "training", *folder.glob("rows-*")):
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


class _Stages:
    """Runs commands of the arena as processes of their own, so that each frees what it held."""

    def __init__(self, settings: "Settings", *, fresh: bool) -> None:
        self._settings = settings
        self._fresh = fresh
        quiet = settings.display in ("json", "none")
        self._display = ["--display", "none"] if quiet else ["--display", settings.display]

    def run(self, words: Sequence[str]) -> int:
        """Run one in this terminal; its exit code."""
        whole = [*words, *self._shared(words), *self._display]
        self._tell(words)
        code, _ = _waited(subprocess.Popen([sys.executable, "-m", "arena", *whole]))
        return code

    def ask(self, words: Sequence[str]) -> tuple[int, Sequence[Mapping[str, object]]]:
        """Run one for its JSON lines; its exit code and those."""
        import msgspec

        whole = [*words, "--checkpoints", str(self._settings.checkpoints), "--json"]
        self._tell(words)
        child = subprocess.Popen([sys.executable, "-m", "arena", *whole], stdout=subprocess.PIPE)
        code, said = _waited(child)
        return code, [msgspec.json.decode(line, type=dict[str, object]) for line in said.splitlines()]

    def told(self, generation: "Generation", stage: "Stage") -> None:
        """Say where the evolution is."""
        from arena.cli.emit import emit
        from arena.view.console import out

        if self._settings.display == "json":
            emit({"event": "stage", "generation": generation.number, "stage": stage})
        elif self._settings.display != "none":
            out(self._settings.display).rule(f"generation {generation.number} · {stage}", style="dim")

    def _shared(self, words: Sequence[str]) -> list[str]:
        """The folders, for commands that look into them, and whether to start over."""
        shared = []
        if words[0] in ("tournament", "pairs", "gate", "games"):
            shared += ["--replays", str(self._settings.replays)]
        if words[0] in ("train", "gate"):
            shared += ["--checkpoints", str(self._settings.checkpoints)]
        if self._fresh and words[0] in ("tournament", "gate", "train"):
            shared.append("--fresh")
        return shared

    def _tell(self, words: Sequence[str]) -> None:
        from arena.evolve.commands import shown
        from arena.view.console import out

        if self._settings.display not in ("json", "none"):
            out(self._settings.display).print(
                f"$ {shown(words)}", style="dim", markup=False, highlight=False, soft_wrap=True
            )


def _waited(child: "subprocess.Popen[bytes]") -> tuple[int, bytes]:
    """The exit code of a command, which gets a ctrl-C as well and saves what it has; and its piped output."""

    def pass_on(number: int, frame: object) -> None:
        if number != signal.SIGINT:
            child.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        said, _ = child.communicate()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    code = child.returncode
    return (128 - code if code < 0 else code), said or b""


def _show(evolution: "Evolution", why: str, settings: "Settings", png: Path | None) -> None:
    from arena.view.console import out
    from arena.view.evolve import table
    from arena.view.notices import next_steps

    console = out(settings.display)
    console.print(table(evolution.history, evolution.recipe))
    console.print(why, markup=False, highlight=False)
    gates = _gates(evolution)
    if png is not None and gates:
        _plot(evolution, gates, png, settings)
    best = evolution.champion
    console.print(
        next_steps(
            [
                f"arena play {evolution.recipe.game} checkpoint/{best} human --live",
                *([f"arena leaderboard {' '.join(gates)}"] if gates else []),
                f"arena registry show {best}",
            ]
        )
    )


def _gates(evolution: "Evolution") -> list[str]:
    """The runs of the gates that its candidates went through."""
    known = {one.id: one for one in evolution.registry.checkpoints()}
    return [
        verdicts[-1].run
        for one in evolution.history.generations
        if one.candidate in known and (verdicts := evolution.registry.verdicts(known[one.candidate]))
    ]


def _plot(evolution: "Evolution", gates: Sequence[str], png: Path, settings: "Settings") -> None:
    from arena.cli.replays import folders_of
    from arena.rating.entries import results_of
    from arena.rating.prior import Anchor
    from arena.rating.standings import standings
    from arena.replay.archive import entries
    from arena.view.console import out
    from arena.view.evolve import plot

    folders = folders_of(settings.replays, gates)
    results = [one for folder in folders for one in results_of(folder.name, list(entries(folder)))]
    games = {one.game for one in results}
    base = Anchor(evolution.history.generations[0].candidate, 0.0)
    plot(
        evolution.history, standings(results, games.pop() if len(games) == 1 else None, anchors=(base,)), png
    )
    out(settings.display).print(f"wrote {png}", markup=False, highlight=False)


def _show_plan(recipe: "Recipe", folder: Path, settings: "Settings") -> None:
    from arena.evolve import commands, league
    from arena.evolve.history import Generation
    from arena.view.console import out

    one = Generation(
        number=1,
        parent="champion",
        champion="champion",
        opponents=tuple("champion" if each == "self" else each for each in recipe.play.opponents),
        candidate="candidate",
    )
    console = out(settings.display)
    for words in (
        commands.play(recipe, one, folder, ("champion", *league.CHOICES)),
        commands.rows(recipe, one, folder),
        commands.train(recipe, one, folder, trained=True),
        commands.gate(recipe, one),
    ):
        console.print(f"$ {commands.shown(words)}", markup=False, highlight=False, soft_wrap=True)
    told = f"{recipe.generations} generations like this one at most; nothing was done"
    console.print(told, markup=False, highlight=False)


def _list(settings: "Settings") -> None:
    from arena.cli.emit import emit
    from arena.evolve.recipe import names, read
    from arena.view.console import out
    from arena.view.evolve import recipes

    known = [read(name) for name in names()]
    if settings.display == "json":
        for one in known:
            emit({"event": "recipe", "name": one.name, "about": one.about, "source": one.source})
        return
    out(settings.display).print(recipes(known))
