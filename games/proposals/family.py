"""What a kind of task has to say: `Family`: what a proposal holds, what a solver sees, who is right."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from random import Random
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from ..fence import fenced
from .novelty import size, statements
from .preset import Form
from .task import Task, Verdict

LETTERS = 4_000
"""The most letters of one part of a proposal, or of an answer."""


class Field(NamedTuple):
    """One part of a proposal, or an answer."""

    name: str
    """Its name in a JSON object."""
    block: str
    """The name of its fenced block."""
    words: str
    """What it holds, for its author: the end of a sentence."""
    into: Literal["question", "program", "inputs", "outputs", "solution", "failures"] = "solution"
    """The field of `Task` that it becomes."""
    least: int = 1
    most: int = 1
    """How many there have to be; above 1 it is a list."""
    letters: int = LETTERS
    """The most letters of it."""
    pattern: str = ""
    """A regular expression that constrained decoding may keep to; not every text that is read fits it."""


Quote: TypeAlias = Callable[[str], str]
"""How words of a task are shown: as they are, or between `Marks`."""


class Family(ABC):
    """Rules of one kind of task. Holds no state."""

    name: ClassVar[str]
    title: ClassVar[str]
    """What a solver does, in a few words."""
    asks: ClassVar[tuple[Field, ...]]
    """The parts of a proposal."""
    answers: ClassVar[Field]
    """The answer."""
    forms: ClassVar[tuple[Form, ...]] = ("json", "blocks")
    """How it may be written."""

    @abstractmethod
    def checked(self, draft: Task) -> Task:
        """The draft in canonical form, by its text alone; nothing is run.

        Raises:
            Malformed: a part of it is not what it should be.
        """

    @abstractmethod
    def golds(self, draft: Task) -> tuple[str, ...]:
        """What becomes `Task.outputs`, found by running the draft's programs where it has some.

        Raises:
            Refused: it does not keep what it promises.
        """

    @abstractmethod
    def seen(self, task: Task, quote: "Quote") -> str:
        """What a solver is told: never a gold."""

    @abstractmethod
    def read(self, answer: str) -> str:
        """An answer in canonical form.

        Raises:
            Malformed: it is none.
        """

    @abstractmethod
    def graded(self, task: Task, answers: Sequence[str]) -> list[Verdict]:
        """A verdict for each answer, all in canonical form."""

    @abstractmethod
    def solution(self, task: Task) -> str:
        """An answer that is right."""

    @abstractmethod
    def mistake(self, task: Task, rng: Random) -> str:
        """An answer in the right form that is wrong."""

    def told(self, task: Task) -> tuple[str, ...]:
        """All of an admitted task, golds included, for those who do not solve it: lines of text."""
        parts = [task.question, task.program, *(f"f({one})" for one in task.inputs)]
        golds = [f"= {one}" for one in task.outputs]
        return tuple(line for part in (*parts, *golds) if part for line in part.splitlines())

    def steps(self, task: Task) -> int:
        """How much there is to work through, from 1 to 10: statements of a program, or words."""
        return max(1, min(10, statements(task) - 2 if task.program else size(task) // 6))


class Marks:
    """Puts a proposer's words between marks that it could not know; see `games.fence`."""

    def __init__(self, key: str, number: int) -> None:
        self.key = key
        self.number = number

    def __call__(self, words: str) -> str:
        return fenced(f"\n{words}\n" if "\n" in words else words, self.key, self.number)
