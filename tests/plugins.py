"""Games and agents of strangers, written to real files, and what the tests of loading ask of them."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from arena import load
from arena.load import Listing, LoadError

ROOT = Path(load.__file__).parents[2]

NIM = '''
"""Take from a heap; whoever takes the last one wins.

More about it.
"""
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from arena.game import Game, Outcome


class Mode(Enum):
    NORMAL = "normal"
    MISERE = "misère"


@dataclass(frozen=True)
class Nim(Game[int]):
    heaps: int = 3
    share: float = 0.5
    loud: bool = False
    title: str = "nim"
    level: Literal["low", "high"] = "low"
    limit: int | None = None
    names: tuple[str, ...] = ("a", "b")
    sizes: tuple[int, int] = (1, 2)
    mode: Mode = Mode.NORMAL
    folder: Path = Path("x")
    depth: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    either: int | str = 0

    seats = ("left", "right")
    rules = "Take one, two or three."

    def __post_init__(self):
        if self.heaps > 100:
            raise ValueError("heaps is too large: at most 100")

    def start(self, rng): return self.heaps
    def turn(self, state): return Outcome({}, "over")
    def observe(self, state, seat): return str(state)
    def apply(self, state, seat, move): return state


game = Nim
'''

ECHO = '''
"""Says what it was told."""
from dataclasses import dataclass
from arena.agent import Agent, Reply


@dataclass(frozen=True)
class Echo(Agent):
    target: str
    url: str
    depth: int = 1

    async def act(self, turn):
        return Reply(self.target)


@dataclass(frozen=True)
class Plain(Agent):
    async def act(self, turn):
        return Reply("x")


agent = Echo
'''


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip())
    return path


def message(call, *args) -> str:
    with pytest.raises(LoadError) as caught:
        call(*args)
    assert str(caught.value).count("\n") <= 2
    return str(caught.value)


def row(rows: list[Listing], name: str) -> Listing:
    return next(row for row in rows if row.name == name)


def copy_arena(site: Path) -> None:
    """Another installation of arena, with the packages games and agents empty."""
    for package in ("arena", "games", "agents"):
        for file in (ROOT / package).rglob("*.py"):
            if package == "arena" or file.name == "__init__.py":
                write(site / file.relative_to(ROOT), file.read_text())


def run(program: str, *path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, env=environ
    )
