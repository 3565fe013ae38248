"""The stages of a generation as commands of the arena: what `evolve` types, and anybody may type by hand."""

from collections.abc import Collection, Sequence
from pathlib import Path

from arena.evolve.history import Generation
from arena.evolve.recipe import Recipe
from arena.seeding import derive

MIRROR = "mirror"
"""What the learner is called where it holds the other seat as well."""


def run_of(recipe: Recipe, number: int, what: str) -> str:
    """The run of a generation's matches."""
    return f"{recipe.name}-{number:02}-{what}"


def folder_of(root: Path, number: int) -> Path:
    """Where a generation's rows are written."""
    return root / f"rows-{number:02}"


def agent(checkpoint: str, options: str, name: str = "", kind: str = "checkpoint") -> str:
    """A checkpoint as an agent with options, called `name`."""
    return ",".join(filter(None, [f"{kind}/{checkpoint}", options, f"name={name}" if name else ""]))


def gather(recipe: Recipe, generation: Generation, root: Path) -> list[str]:
    """``arena games gather``: what the matches of all earlier generations left behind, as one file."""
    runs = [run_of(recipe, number, "play") for number in range(1, generation.number)]
    return ["games", "gather", *runs, "--to", str(gathered(root))]


def gathered(root: Path) -> Path:
    """Where that file lies."""
    return root / "gathered.jsonl"


def play(recipe: Recipe, generation: Generation, root: Path, checkpoints: Collection[str]) -> list[str]:
    """``arena tournament``: the learner against each of its opponents.

    Opponents among `checkpoints`, which are ids, play as the learner does; the others are agents as typed.
    """
    options = recipe.play.options
    against = []
    for one in generation.opponents:
        if one == generation.parent:
            against.append(agent(one, options, MIRROR, recipe.play.agent))
        else:
            against.append(agent(one, options, one) if one in checkpoints else one)
    seated = [agent(generation.parent, options, generation.parent, recipe.play.agent), *against]
    game = recipe.game
    if recipe.play.gather and generation.number > 1:
        game += f",buffer={gathered(root)}"
    return [
        "tournament",
        game,
        *(word for one in seated for word in ("-a", one)),
        "--format",
        recipe.play.format,
        "--rounds",
        str(recipe.play.rounds),
        "--seed",
        str(derive(recipe.seed, "play", generation.number)),
        "--name",
        run_of(recipe, generation.number, "play"),
        *recipe.words("play"),
    ]


def rows(recipe: Recipe, generation: Generation, root: Path) -> list[str]:
    """``arena pairs``: the learner's replies as rows."""
    learners = [generation.parent]
    if recipe.rows.both and generation.parent in generation.opponents:
        learners.append(MIRROR)
    words = [
        "pairs",
        run_of(recipe, generation.number, "play"),
        *(word for one in learners for word in ("--agent", one)),
        "--out",
        str(folder_of(root, generation.number)),
        "--seed",
        str(derive(recipe.seed, "rows", generation.number)),
        *recipe.words("rows"),
    ]
    before = folder_of(root, generation.number - 1) / "train.jsonl"
    if recipe.rows.older and before.is_file():
        words += ["--older", f"{before}={recipe.rows.older}"]
    return words


def train(recipe: Recipe, generation: Generation, root: Path, *, trained: bool) -> list[str]:
    """``arena train``: rows into a candidate; `trained` says whether the parent has an adapter."""
    data = [str(folder_of(root, generation.number))] if recipe.play.rounds else []
    start = ["--from", generation.parent] if trained and recipe.train.start == "parent" else []
    return [
        "train",
        *data,
        "--base",
        recipe.base,
        *start,
        "--out",
        str(root / "training"),
        "--seed",
        str(training_seed(recipe, generation)),
        *recipe.words("train"),
    ]


def training_seed(recipe: Recipe, generation: Generation) -> int:
    """The seed of a generation's training, which no other has."""
    return derive(recipe.seed, "train", recipe.name, generation.number) % 2**31


def gate(recipe: Recipe, generation: Generation) -> list[str]:
    """``arena gate``: the candidate against the champion."""
    options = recipe.gate.options or recipe.play.options
    both = (generation.candidate, generation.champion)
    return [
        "gate",
        *(agent(one, options, one) for one in both),
        recipe.gate.game or recipe.game,
        "--seed",
        str(derive(recipe.seed, "gate", generation.number)),
        *recipe.words("gate"),
    ]


def shown(words: Sequence[str]) -> str:
    """A command as it is typed."""
    import shlex

    return shlex.join(["arena", *words])
