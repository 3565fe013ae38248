"""What seats and spectators are told."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from ..fence import RULE
from .families import FAMILIES
from .family import Family, Field, Quote
from .form import told
from .preset import Preset
from .reward import Shape
from .seating import Seating
from .session import Drawn, Phase, Round, Session
from .settle import points, settled
from .task import Task

_RULES = """\
A challenger writes a task, and solvers try it {solvers} times, blind to each other. Programs check that it \
is a task, and who is right."""
_PAYS: Mapping[Shape, str] = {
    "hardness": "The challenger earns more, the fewer solve it, but not if nobody does.",
    "uncertainty": "The challenger earns most if half of them agree.",
    "minimum": "The challenger earns most if half of them agree.",
    "mixed": "The challenger earns something if some but not all solve it.",
    "product": "The challenger earns most if half of them solve it.",
    "majority": "The challenger earns something if some but not all agree.",
    "admitted": "The challenger earns something if it is a task.",
}
_DUEL = """\
A duel of {rounds} rounds. In turn one of you writes a task, and then both of you try it, its author as \
well, who is not shown its solution. Who solves it while the other does not gets a point; so does the other \
one if it is no task. So write what you can do and the other cannot."""
_EXAM_DUEL = """\
A duel of {rounds} rounds. In each of them both of you try the same task. Who solves it while the other does \
not gets a point."""
_PHASES: Mapping[Phase, str] = {
    "draw": "before it begins",
    "propose": "proposing",
    "admit": "checking the task",
    "guide": "weighing the task",
    "solve": "solving",
    "verify": "checking the answers",
    "over": "over",
}
_WIDTH = 78
_LINES = 14
"""How many lines of a proposal a spectator is shown."""
_ANSWER = 48
"""How many letters of an answer a spectator is shown."""


def rules(preset: Preset, seating: Seating, challenges: int) -> str:
    """What every seat is told."""
    if preset.duel:
        goal = _EXAM_DUEL if seating.is_exam else _DUEL
        told = goal.format(rounds=2 * challenges)
        return told if seating.is_exam else f"{told}\n{RULE}"
    if seating.is_exam:
        return "All solvers try the same task, and none sees what another does."
    shape = _PAYS[preset.proposer.shape]
    return f"{_RULES.format(solvers=preset.solvers)} {shape}\n{RULE}"


def waiting(phase: Phase) -> str:
    """What a seat is told that has nothing to do."""
    return "The match is over." if phase == "over" else "It is not your turn."


def score(session: Session, rounds: int) -> str:
    """How a duel stands: a line."""
    a, b = points(session)
    return f"Round {len(session.rounds)} of {rounds}. Points: a {a}, b {b}.\n"


def to_challenger(preset: Preset, family: Family, asks: Sequence[Field], drawn: Drawn, quote: Quote) -> str:
    """How to propose, and what to start from."""
    lines = [f"Write a task for others: they will have to {family.title}."]
    if preset.context == "program":
        lines += ["Your task is about this program:", quote(drawn.references[0].program)]
    elif preset.context == "topic":
        lines.append("You may choose what it is about.")
    elif preset.context == "target" and drawn.target is not None:
        lines += [
            "Nobody has solved this task yet:",
            family.seen(drawn.target, quote),
            "Write an easier one whose solution helps towards it.",
        ]
    for number, reference in enumerate(drawn.references if preset.context == "references" else (), 1):
        lines += [f"Task {number} of others; yours must differ:", quote("\n".join(family.told(reference)))]
    return "\n".join([*lines, "", told(asks, preset.form, answer=False)])


def to_solver(preset: Preset, family: Family, task: Task, quote: Quote) -> str:
    """The task, and how to answer; the same for all who try it."""
    return f"{family.seen(task, quote)}\n\n{told([family.answers], preset.form, answer=True)}"


def to_guide(family: Family, drawn: Drawn, task: Task, quote: Quote) -> str:
    """The task with its golds, and what to say of it."""
    known = drawn.target
    target = ["The target that nobody has solved yet:", family.seen(known, quote)] if known else []
    return "\n".join(
        [
            *target,
            "A task was proposed:",
            quote("\n".join(family.told(task))),
            "",
            "Rate it with one JSON object of whole numbers:",
            '- "relevance": 0 to 5, how much solving it helps with the target, or teaches if there is none',
            '- "complexity": 0 to 4, how much of it is complicated for no purpose',
            '- "redundancy": 0 to 2, how much it repeats itself or the target',
        ]
    )


def title(preset: Preset, family: Family, session: Session, phase: Phase) -> str:
    """What is played, and where it stands."""
    told = f"{preset.name}, {family.name}: {_PHASES[phase]}"
    if not preset.duel:
        return told
    a, b = points(session)
    return f"{told}, a {a}, b {b}"


def to_spectator(preset: Preset, family: Family, session: Session, phase: Phase) -> str:
    """Everything of the last two rounds, in lines of at most 80 columns."""
    lines = [title(preset, family, session, phase)]
    first = max(0, len(session.rounds) - 2)
    for number, one in enumerate(session.rounds[first:], first + 1):
        if preset.duel:
            lines.append(f"Round {number}")
        lines += _round(preset, one)
    return "\n".join(folded for line in lines for folded in _folded(line))


def _round(preset: Preset, one: Round) -> Iterator[str]:
    over = bool(one.findings)
    paid = settled(preset, one) if over else None
    tries = len(one.answers) // max(1, len(one.admitted)) if over else 0
    for at, proposal in enumerate(one.proposals):
        yield f"Task {at + 1}" if len(one.proposals) > 1 else "Task"
        if proposal.draft is None:
            yield f"  no task: {line_of(proposal.problem)}"
            continue
        family = FAMILIES[proposal.draft.family]
        admitted = at in one.admitted
        yield from _shortened(family.told(one.task(at) if admitted else proposal.draft))
        if one.rulings and not admitted:
            yield f"  refused: {line_of(one.rulings[at].refused)}"
        if paid is not None and admitted:
            number = one.admitted.index(at)
            yield from _tries(one, number, tries)
            tally, earned = paid.tallies[at], paid.challengers[at]
            assert tally is not None and earned is not None, "an admitted task is paid"
            if not preset.duel:
                yield f"  solve rate {tally.rate:.2f}, reward of its author {earned:+.3f}"
    if one.answers and not over:
        yield f"  {len(one.answers)} answers so far"


def _tries(one: Round, number: int, tries: int) -> Iterator[str]:
    span = slice(number * tries, (number + 1) * tries)
    for answer, finding in zip(one.answers[span], one.findings[span], strict=True):
        mark = "right" if finding.score == 1 else f"{finding.score:.0%}" if finding.score else "wrong"
        note = f" ({line_of(finding.note)})" if finding.note else ""
        yield f"  {mark:5} {line_of(answer.text if answer.value is None else answer.value)[:_ANSWER]}{note}"


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:_LINES]:
        yield f"  {''.join(one if one.isprintable() else ' ' for one in line)}"
    if len(lines) > _LINES:
        yield f"  … {len(lines) - _LINES} more lines"


def line_of(text: str) -> str:
    """A text of models on one line, with nothing in it that is no visible letter."""
    return " ".join("".join(one if one.isprintable() else " " for one in text[:400]).split())


def _folded(line: str) -> list[str]:
    if len(line) <= _WIDTH:
        return [line]
    indent = len(line) - len(line.lstrip())
    return wrap(line[:1_000], _WIDTH, subsequent_indent=" " * (indent + 2)) or [""]
