"""``arena train``: rows or games into an adapter, which the registry keeps."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from arena.cli import flags

if TYPE_CHECKING:
    from arena.data.hygiene.split import Seeds
    from arena.settings import Settings
    from arena.train.plan import Matches, Plan, Step, Trained
    from arena.train.ready import Ready
    from arena.view.training import Training


def train(
    data: Annotated[
        list[Path] | None, typer.Argument(help="Folders that arena pairs wrote; several are mixed.")
    ] = None,
    method: Annotated[
        Literal["dpo", "kto", "sft", "grpo"] | None,
        typer.Option("--method", "-m", help="How to train (default: what the rows are for)."),
    ] = None,
    base: Annotated[
        str, typer.Option("--base", "-b", help="smollm2, a folder, a .gguf file or owner/repo.")
    ] = "smollm2",
    start: Annotated[
        str, typer.Option("--from", help="Go on from: champion, gen/3, an id, or an adapter's folder.")
    ] = "",
    settings_: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE of TRL's configuration, or lora_r=8.")
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Optimizer steps.")] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", help="Times through the rows.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Rows a step.")] = None,
    ends: Annotated[
        bool, typer.Option("--ends/--no-ends", help="DPO: also train how an answer ends.")
    ] = True,
    doubt: Annotated[
        bool, typer.Option("--doubt", help="DPO: smooth labels by how unsure the rows are (CREAM).")
    ] = False,
    held_out: Annotated[
        list[str] | None, typer.Option("--held-out", help="Seeds no row may come from, such as 900-999.")
    ] = None,
    game: Annotated[str, typer.Option("--game", help="GRPO: play whole matches of this game.")] = "",
    opponent: Annotated[
        str, typer.Option("--opponent", help="GRPO: who plays the rest; with --game also self, the learner.")
    ] = "random",
    seat: Annotated[
        list[str] | None, typer.Option("--seat", help="With --game, a seat that learns (default: all).")
    ] = None,
    context: Annotated[
        Literal["state", "chat", "tools"],
        typer.Option("--context", help="With --game: one decision a match, the conversation, or tool calls."),
    ] = "state",
    baseline: Annotated[
        Literal["group", "role"], typer.Option("--baseline", help="GRPO: what rewards are compared with.")
    ] = "group",
    playouts: Annotated[
        int, typer.Option("--playouts", min=1, help="GRPO on rows: times an answer is played on.")
    ] = 1,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to work in.")] = Path("training"),
    checkpoints: Annotated[
        Path | None, typer.Option("--checkpoints", help="The registry (default: checkpoints).")
    ] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where.")] = "auto",
    licence: Annotated[str, typer.Option("--licence", help="Of the base, for the registry.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, even if half of it is done.")] = False,
    dry_run: flags.DryRun = False,
    seed: flags.Seed = None,
    display: flags.Display = None,
    json: flags.Json = False,
    ascii: flags.Ascii = False,
) -> None:
    """Train an adapter on rows, or by playing; run it again to go on where it stopped.

    Examples:
      arena train data/kuhn --dry-run

      arena train data/kuhn --base smollm2 --epochs 3

      arena train data/kuhn --from champion --set beta=0.2

      arena train --method grpo --game kuhn_poker --opponent champion --steps 50
    """
    from arena.train.plan import Plan
    from arena.train.rows import files, method_of

    settings = flags.settings(display=display, json=json, seed=seed)
    folders = tuple(data or ())
    guessed = method or ("grpo" if game and not folders else method_of(files(folders)) if folders else None)
    if guessed is None:
        raise ValueError("there is nothing to train on: name a folder that `arena pairs --out` wrote")
    plan = Plan(
        method=guessed,
        data=folders,
        base=base,
        start=start,
        steps=steps,
        epochs=epochs,
        lr=lr,
        batch=batch,
        settings=_settings(settings_ or []),
        ends=ends,
        doubt=doubt,
        seed=settings.seed,
        held_out=_seeds(held_out or []),
        matches=_matches(game, seat or [], context),
        baseline=baseline,
        opponent=opponent,
        playouts=playouts,
        device=device,
        checkpoints=checkpoints or settings.checkpoints,
        work=out,
        licence=licence,
        fresh=fresh,
    )
    _run(plan, settings, dry_run=dry_run, ascii=ascii)


def _settings(given: list[str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name.strip() and sign):
            raise ValueError(f"--set {text!r}: expected FIELD=VALUE, such as beta=0.2")
        if name.strip() in found:
            raise ValueError(f"--set {name.strip()} is given twice")
        found[name.strip()] = value
    return tuple(found.items())


def _seeds(given: list[str]) -> "tuple[Seeds, ...]":
    from arena.data.hygiene.split import seeds

    return tuple(one for text in given for one in seeds(text))


def _matches(game: str, seats: list[str], context: Literal["state", "chat", "tools"]) -> "Matches | None":
    from arena.train.plan import Matches

    if not game:
        return None
    return Matches(game=game, seats=tuple(seats), context=context)


def _run(plan: "Plan", settings: "Settings", *, dry_run: bool, ascii: bool) -> None:
    from arena.train.plan import Stopped
    from arena.train.ready import prepare
    from arena.train.run import train as trained_by
    from arena.view.console import err
    from arena.view.training import Training

    ready = prepare(plan)
    _show_ready(ready, settings)
    if dry_run:
        return
    view = Training(err("none" if settings.display == "json" else settings.display), ascii=ascii)
    with _ending(settings) as asked:
        try:
            with view:
                done = trained_by(
                    plan, watch=_told(view, settings), tell=view.tell, halted=asked, ready=ready
                )
        except Stopped as stopped:
            typer.echo(str(stopped), err=True)
            raise typer.Exit(128 + asked.number) from None
        except KeyboardInterrupt:
            raise typer.Exit(128 + asked.number) from None
    _show(done, ready, view, settings, ascii=ascii)


class _Asked:
    """Whether a signal asked for an end, and which one was the first."""

    def __init__(self, display: str) -> None:
        self.number = 0
        self.again = False
        self._quiet = display in ("none", "json")

    def __call__(self) -> bool:
        return self.number != 0

    def take(self, number: int, frame: FrameType | None) -> None:
        if self.again:
            os._exit(128 + self.number)  # what was saved is whole
        if self.number:
            self.again = True
            raise KeyboardInterrupt
        self.number = number
        if not self._quiet:
            os.write(2, b"\nsaving after this step; once more ends at once\n")


@contextmanager
def _ending(settings: "Settings") -> Iterator[_Asked]:
    """Take ctrl-C, SIGTERM and SIGHUP: the first saves after the step, the second ends at once.

    A third does not even wait for the terminal to be put right.
    """
    asked = _Asked(settings.display)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, asked.take) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(view: "Training", settings: "Settings") -> "Callable[[Step], None]":
    from arena.cli.emit import emit

    def told(step: "Step") -> None:
        if settings.display == "json":
            emit({"event": "step", **msgspec.structs.asdict(step)})
        view.step(step)

    return told


def _show_ready(ready: "Ready", settings: "Settings") -> None:
    """What will be done, and what a look at the rows found."""
    from arena.cli.emit import emit
    from arena.view.console import out
    from arena.view.pairs import findings

    rows, tokens = len(ready.looked.lengths), ready.looked.tokens
    told = {
        "method": ready.plan.method,
        "base": ready.plan.base,
        "rows": rows,
        "tokens": tokens,
        "steps": ready.steps,
        "device": ready.machine.device,
        "folder": str(ready.folder),
        "settings": ready.settings,
    }
    if settings.display == "json":
        emit({"event": "plan", **told})
        for one in ready.findings:
            emit({"event": "finding", **one._asdict()})
        return
    console = out(settings.display)
    console.print(findings(ready.findings))
    data = f"{rows:,} rows of {tokens:,} tokens" if rows else "matches that it plays"
    console.print(
        f"{ready.plan.method} of {ready.plan.base} on {data}: "
        f"{ready.steps:,} steps on {ready.machine.device}, in {ready.folder}",
        soft_wrap=True,
    )
    shown = ", ".join(f"{name}={_text(value)}" for name, value in sorted(ready.settings.items()))
    console.print(shown, style="dim")


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if value is None else str(value)


def _show(done: "Trained", ready: "Ready", view: "Training", settings: "Settings", *, ascii: bool) -> None:
    from arena.cli.emit import emit
    from arena.view.console import out
    from arena.view.notices import next_steps
    from arena.view.training import report

    pictures = _pictures(done, view)
    if settings.display == "json":
        emit({"event": "trained", "pictures": list(map(str, pictures)), **_plain(done)})
        return
    console = out(settings.display)
    console.print(report(done, view.steps, width=console.width, ascii=ascii))
    for path in pictures:
        console.print(f"curves in {path}", soft_wrap=True)
    games = " ".join(ready.looked.games or ([ready.plan.matches.game] if ready.plan.matches else ["GAME"]))
    console.print(
        next_steps([f"arena gate {done.name} {_rival(ready)} {games}", f"arena registry show {done.name}"])
    )


def _rival(ready: "Ready") -> str:
    """Whom the new checkpoint has to beat: the champion, or its base while there is none."""
    from arena.registry import Registry

    if Registry(ready.plan.checkpoints).champion:
        return "champion"
    return f"{'hf' if Path(ready.plan.base).is_dir() else 'llamacpp'}/{ready.plan.base}"


def _pictures(done: "Trained", view: "Training") -> list[Path]:
    """Draw the curves; a PNG where Pillow is installed."""
    from importlib.util import find_spec

    from arena.view.training import curves, save

    if not curves(view.steps):
        return []
    suffixes = ["svg", "png"] if find_spec("PIL") else ["svg"]
    paths = [done.folder / f"curves.{suffix}" for suffix in suffixes]
    for path in paths:
        save(view.steps, path, f"{done.name} ({done.checkpoint})")
    return paths


def _plain(done: "Trained") -> dict[str, object]:
    told: dict[str, object] = msgspec.structs.asdict(done)
    findings = [one._asdict() for one in done.findings]
    return told | {"adapter": str(done.adapter), "folder": str(done.folder), "findings": findings}
