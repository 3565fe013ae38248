"""What commands say beside their tables: what the doctor found, how a run goes on, what to type next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .clean import clean, clean_line
from .style import BAD, GOOD, NOTE, STRONG, WARN

Level: TypeAlias = Literal["ok", "warning", "problem"]

_MARKS: dict[Level, tuple[str, str]] = {"ok": ("✓", GOOD), "warning": ("!", WARN), "problem": ("✗", BAD)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    level: Level
    topic: str
    """One word: "python", "openai", "replays"."""
    text: str
    remedy: str = ""
    """What to do about it, as a command where there is one."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run that was found on the disk and goes on."""

    run: str
    done: int
    total: int
    mended: str = ""
    """What the opening of its files had to mend, in a sentence; empty for nothing."""


def findings(rows: Sequence[Finding]) -> RenderableType:
    """A row for each finding with its remedy below it, and the count of problems and warnings."""
    return Group(_grid(rows), summary(rows))


def finding(row: Finding) -> RenderableType:
    """One finding with its remedy below it, for those that are shown as they come."""
    return _grid([row])


def summary(rows: Sequence[Finding]) -> Text:
    """The count of problems and warnings."""
    problems = sum(row.level == "problem" for row in rows)
    warnings = sum(row.level == "warning" for row in rows)
    parts = [_count(problems, "problem"), _count(warnings, "warning")]
    told = ", ".join(part for part in parts if part) or "all well"
    return Text(told, style=BAD if problems else WARN if warnings else GOOD)


def _grid(rows: Sequence[Finding]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        mark, style = _MARKS[row.level]
        said = Text(clean(row.text))
        if row.remedy:
            said.append("\n" + clean(row.remedy), style=STRONG)
        grid.add_row(Text(mark, style=style), Text(clean_line(row.topic, 16)), said)
    return grid


def resumed(found: Resumed) -> Text:
    """One line: which run goes on, from where, and how to start over instead; before it what was mended."""
    return Text.assemble(
        (f"{clean_line(found.mended)}\n" if found.mended else "", WARN),
        "run ",
        (clean_line(found.run, 40), STRONG),
        f" found: {found.done:,} of {_count(found.total, 'match', 'matches')} done, going on ",
        ("(--fresh starts over)", NOTE),
    )


def next_steps(lines: Sequence[str]) -> Text:
    """The commands to type next, the first behind "next:", the others below it."""
    text = Text()
    for row, line in enumerate(lines):
        text.append("next: " if row == 0 else "\n      ", style=NOTE).append(clean_line(line), style=STRONG)
    return text


def _count(number: int, noun: str, many: str = "") -> str:
    """``2 warnings``; nothing for none."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}" if number else ""
