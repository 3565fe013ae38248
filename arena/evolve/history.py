"""`History`: what an evolution has done so far, on disk after every stage."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from arena.replay import disk
from arena.settings import SettingsError

Stage: TypeAlias = Literal["play", "rows", "train", "gate", "measure"]
STAGES: tuple[Stage, ...] = ("play", "rows", "train", "gate", "measure")


class Generation(msgspec.Struct, kw_only=True):
    """One generation; grows with its stages."""

    number: int
    """From 1; 0 is the base, of which only `measured` is known."""
    parent: str = ""
    """The id of the checkpoint that it learns from."""
    champion: str = ""
    """The id of the champion that it has to beat."""
    opponents: tuple[str, ...] = ()
    done: list[Stage] = []
    seconds: dict[str, float] = {}
    """By stage; a report, nothing depends on it but the limit of minutes."""
    rows: int = 0
    candidate: str = ""
    """The id of what was trained; empty when there was nothing to train on."""
    decision: str = ""
    """"promote", "reject" or "undecided"; empty without a candidate."""
    reason: str = ""
    score: float | None = None
    """The candidate's share of the points against the champion."""
    common: float = 0.0
    """Share of the learner's decisions that went to its most frequent move."""
    measured: dict[str, float] = {}

    @property
    def complete(self) -> bool:
        """Whether all of it is done."""
        return set(self.done) == set(STAGES)


class History(msgspec.Struct, kw_only=True):
    """All generations; `save` replaces the file as a whole."""

    recipe: str
    """All that decides results, as text."""
    generations: list[Generation] = []
    ended: str = ""
    """Why it ended; empty while it goes on."""

    def save(self, file: Path) -> None:
        """Write it, all or nothing."""
        file.parent.mkdir(parents=True, exist_ok=True)
        disk.write_whole(file, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def load(file: Path, recipe: str) -> History:
    """What was done before under the same recipe; an empty history when nothing was.

    Raises:
        SettingsError: the file is damaged, or another recipe's.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=History)
    except FileNotFoundError:
        return History(recipe=recipe)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{file} is damaged: {error}; --fresh starts over") from error
    if found.recipe != recipe:
        raise SettingsError(
            f"{file} was begun by a recipe that says otherwise; give this one another name, or start over "
            "with --fresh"
        )
    return found
