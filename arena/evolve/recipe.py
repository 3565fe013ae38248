"""`Recipe`: all that an evolution does, as a TOML file says it; `read` finds one by name or path."""

import shlex
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from arena.settings import SettingsError
from arena.settings.file import load_toml, located
from arena.settings.tables import Keys, Tables, strict
from arena.settings.values import closest

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Share: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1)]

WRITTEN_BY_US = {
    "play": {"--name", "-a", "--agent", "--seed", "--format", "--rounds", "--json", "--display"},
    "rows": {"--out", "-o", "--agent", "--replays", "--seed", "--json", "--display"},
    "train": {"--base", "-b", "--from", "--seed", "--out", "-o", "--json", "--display"},
    "gate": {"--seed", "--json", "--display", "--self-test", "--dry-run"},
}
"""Flags of each command that the evolution sets itself."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What the learner plays, and against whom."""

    options: str = "temperature=1"
    """Of the learner's agent, such as ``engine=hf,temperature=1``."""
    agent: Literal["checkpoint", "hinted"] = "checkpoint"
    """What plays the learner's checkpoint; "hinted" is told the right answer where it finds none."""
    opponents: tuple[str, ...] = ("self",)
    """"self", "previous", "best", "hard", "any", or an agent as typed; see `arena.evolve.league`."""
    rounds: Annotated[int, msgspec.Meta(ge=0)] = 100
    """Mirrored pairs against each opponent; 0 for methods that play while they train."""
    gather: bool = False
    """Whether the game is given, as its option `buffer`, what the matches of earlier generations left behind:
    see ``arena games gather``."""
    format: Literal["gauntlet", "round-robin"] = "gauntlet"
    """How they meet: the learner meets all, or everybody meets everybody."""
    words: str = ""
    """More words for ``arena tournament``."""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """What the matches become."""

    words: str = "--format dpo --scheme same-prompt --test-share 0"
    """For ``arena pairs``."""
    both: bool = True
    """Whether the replies of the learner's mirror image count as the learner's own."""
    older: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    """Share of the rows that come from the generation before."""


class Train(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows change the model."""

    start: Literal["parent", "base"] = "parent"
    """Whether training goes on from the parent, or always begins with the base."""
    words: str = ""
    """For ``arena train``."""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes the champion's place."""

    game: str = ""
    """What they meet in; empty for the recipe's game."""
    options: str = ""
    """Of both agents; empty for those of `Play`."""
    words: str = ""
    """For ``arena gate``."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured of every candidate; it decides nothing."""

    game: str = ""
    """What is played; empty for the recipe's game."""
    opponent: str = "random"
    """Whom it meets; empty where it holds every seat itself."""
    rounds: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Mirrored pairs against it, on held-out scenarios."""
    exact: bool = False
    """Whether the game is valued exactly: payoff against the opponent, and exploitability."""
    options: str = ""
    """Of the candidate's agent; empty for those of `Play`."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """An evolution."""

    name: str
    """Of its runs and files."""
    game: str
    """As typed, with its options."""
    about: str = ""
    """What it does, for people."""
    source: str = ""
    """Where it was published."""
    differs: str = ""
    """What is done otherwise than there."""
    base: str = "smollm2"
    generations: Count = 5
    """After which it ends."""
    minutes: float = 0.0
    """After which no generation is begun; 0 for no limit."""
    patience: Count = 3
    """Generations in a row without a promotion after which it ends."""
    collapse: Share = 0.98
    """It ends when the learner makes one move at so large a share of its decisions, and did not before."""
    parent: Literal["champion", "latest", "open-ended"] = "champion"
    """Whom a generation learns from; see `arena.evolve.league`."""
    seed: int = 0
    play: Play = Play()
    rows: Rows = Rows()
    train: Train = Train()
    gate: Gate = Gate()
    measure: Measure = Measure()

    def words(self, stage: str) -> list[str]:
        """The words that the recipe adds to the command of a stage."""
        return shlex.split(getattr(self, stage).words)


def read(name: str) -> Recipe:
    """The recipe in a file, or one that comes with the arena.

    Raises:
        SettingsError: there is none, or it says what no recipe says.
    """
    if not name.endswith(".toml"):
        return _read(_of_ours(name))
    return _read(Path(name))


def names() -> list[str]:
    """The recipes that come with the arena."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if _is_recipe(entry.name))


def _folder() -> Path:
    return Path(str(files("arena.evolve") / "recipes"))


def _is_recipe(name: str) -> bool:
    return name.endswith(".toml")


def _of_ours(name: str) -> Path:
    known = names()
    if name not in known:
        raise SettingsError(
            f"there is no recipe {name!r}{closest(name, known)}\n"
            f"There are: {', '.join(known)}, and every file whose name ends in .toml."
        )
    return _folder() / f"{name}.toml"


def _read(file: Path) -> Recipe:
    def named(keys: Keys) -> str:
        return f"{located(file, keys)}: {'.'.join(keys)}"

    given = {"name": file.stem} | Tables(named, strict).fields(Recipe, load_toml(file))
    if "game" not in given:
        raise SettingsError(f'{file}: expected game, such as game = "kuhn_poker".')
    recipe = Recipe(**given)
    for stage in WRITTEN_BY_US:
        try:
            _check(stage, recipe.words(stage))
        except ValueError as error:
            raise SettingsError(f"{named((stage, 'words'))}: {error}") from error
    return recipe


def _check(stage: str, words: Sequence[str]) -> None:
    """See that the words leave alone what the evolution says itself.

    Raises:
        ValueError: they do not, or they are no words.
    """
    taken = sorted(word for word in words if word.partition("=")[0] in WRITTEN_BY_US[stage])
    if taken:
        raise ValueError(f"{taken[0]} is set by the evolution itself; leave it out")
