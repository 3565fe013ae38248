"""What the answers of a model come to: a move, or a fault and what the model should be told."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from arena.agent import Candidate, Fault, Turn
from arena.game import Move

from .answer import Form, read
from .prompt import Prompt
from .stream import Choice


class Verdict(NamedTuple):
    """What one answer comes to."""

    choice: Choice
    move: Move = ""
    fault: Fault | None = None
    detail: str = ""


def judge(choice: Choice, turn: Turn, form: Form, prompt: Prompt, max_tokens: int) -> Verdict:
    """The move of one answer. One that was cut off holds none: its last line may be half a move."""

    def foul(fault: Fault, section: str) -> Verdict:
        return Verdict(choice, "", fault, prompt.fill(section, {"tokens": str(max_tokens)}))

    if choice.finish == "length":
        return foul("truncated", "truncated" + ("", " again", " at last")[min(turn.attempt, 2)])
    if choice.finish == "content_filter":
        return foul("unparsable", "filtered")
    if (move := read(choice.text, form, turn.legal)) is not None:
        return Verdict(choice, move)
    strayed = choice.apart and not choice.text
    if strayed and (move := read(choice.thinking, form, turn.legal)) is not None:
        # some servers take the whole answer for thinking when it is constrained
        return Verdict(Choice(choice.thinking, finish=choice.finish), move)
    if choice.tools:
        return foul("unparsable", "tools")
    if choice.refusal:
        return foul("unparsable", "refused")
    return foul("unparsable", "unread") if choice.text else foul("empty", "empty")


def most_frequent(verdicts: Sequence[Verdict], legal: Sequence[Move] | None) -> Verdict:
    """The first verdict with the most frequent legal move; failing that any move, failing that the first."""
    moves = [verdict.move for verdict in verdicts if verdict.fault is None]
    allowed = moves if legal is None else [move for move in moves if move in legal]
    if not moves:
        return verdicts[0]
    best = Counter(allowed or moves).most_common(1)[0][0]
    return next(verdict for verdict in verdicts if verdict.fault is None and verdict.move == best)


def sampled(verdicts: Sequence[Verdict]) -> tuple[Candidate, ...]:
    """Every sample that holds a move, with the share of the samples that hold the same one."""
    times = Counter(verdict.move for verdict in verdicts if verdict.fault is None)
    return tuple(
        Candidate(verdict.move, verdict.choice.text, times[verdict.move] / len(verdicts), "samples")
        for verdict in verdicts
        if verdict.fault is None
    )
