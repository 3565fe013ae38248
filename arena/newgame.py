"""Writing a new game and its test from a template."""

import keyword
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template


@dataclass(frozen=True)
class Written:
    """The files that were written."""

    game: Path
    test: Path
    spec: str
    """What to type to load the game."""


def write(name: str, folder: Path) -> Written:
    """Write a complete small game called `name` and its test.

    Where `folder` holds games/ and tests/, as a checkout does, they go there; elsewhere side by side.

    Raises:
        ValueError: the name is no module name, or a file of that name exists.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} cannot name a game: use small letters, digits and _, as in take_sticks")
    checkout = (folder / "games").is_dir() and (folder / "tests").is_dir()
    game = folder / "games" / f"{name}.py" if checkout else folder / f"{name}.py"
    test = folder / "tests" / f"test_{name}.py" if checkout else folder / f"test_{name}.py"
    for path in (game, test):
        if path.exists():
            raise ValueError(f"{path} exists; choose another name or move it away")
    spec = name if checkout else f"./{name}.py"
    words = {
        "name": spec,
        "spec": spec,
        "title": name.replace("_", " ").capitalize(),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    for path, template in ((game, "game.txt"), (test, "test.txt")):
        source = files("arena").joinpath("templates", template).read_text(encoding="utf-8")
        path.write_text(Template(source).substitute(words), encoding="utf-8")
    return Written(game, test, spec)
