"""What all formats share: message lists, completions, and the provenance in the column ``meta``."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from arena.agent import Message
from arena.data.row import Group, Label, Pair, Row
from arena.data.sample import Sample, Thinking, digest

Format: TypeAlias = Literal["dpo", "kto", "sft", "grpo", "openai-sft", "openai-preference"]
Split: TypeAlias = Literal["train", "test"]
Record: TypeAlias = dict[str, object]
"""One line of a data file: JSON values by column. All records of a file have the same columns."""


def row_id(row: Row) -> str:
    """Names a row: the same for the same replies and scheme; 16 hexadecimal digits."""
    return digest(type(row).__name__, row.scheme, *(sample.id for sample in samples_of(row)))


def samples_of(row: Row) -> tuple[Sample, ...]:
    """The replies a row was made of, the chosen one first."""
    if isinstance(row, Pair):
        return row.chosen, row.rejected
    return row.samples if isinstance(row, Group) else (row.sample,)


def sample_of(row: Row) -> Sample:
    """The reply whose match and seat stand for the row."""
    return samples_of(row)[0]


def scenarios_of(row: Row) -> set[str]:
    """The scenarios of the row's replies."""
    found = {(one.game, one.options, one.version, one.seed): one for one in samples_of(row)}
    return {one.scenario for one in found.values()}


def prompts_of(row: Row) -> set[str]:
    """The prompts of the row's replies, hashed."""
    first, *others = samples_of(row)
    return {first.prompt, *(one.prompt for one in others if one.messages != first.messages)}


def chat(messages: Sequence[Message]) -> list[Record]:
    """Messages as trainers write them."""
    return [{"role": message.role, "content": message.content} for message in messages]


def answer(sample: Sample, thinking: Thinking) -> list[Record]:
    """The reply as the one assistant message of a completion.

    Raises:
        ValueError: the thinking is required and there is none.
    """
    return [{"role": "assistant", "content": completion(sample, thinking)}]


def completion(sample: Sample, thinking: Thinking) -> str:
    """The reply's text.

    Raises:
        ValueError: the thinking is required and there is none.
    """
    text = sample.completion(thinking)
    if text is None:
        raise ValueError(f"reply {sample.id} has no thinking: leave it out, or use --thinking keep")
    return text


def meta(row: Row, split: Split, of: Sample | None = None) -> str:
    """Where a record came from, as JSON with sorted keys.

    One text, because a table wants one type for a column; trainers drop the column. `of` is the reply
    that the record holds when that is not the row's first one.
    """
    first = of or sample_of(row)
    told: Record = {
        "row": row_id(row),
        "scheme": row.scheme,
        "split": split,
        "samples": [sample.id for sample in samples_of(row)],
        "match": first.match,
        "run": first.run,
        "pair": first.pair,
        "ply": first.ply,
        "seat": first.seat,
        "role": first.role,
        "attempt": first.attempt,
        "move": first.move,
        "fault": first.fault,
        "payoff": first.payoff,
        "kind": first.kind,
        "game": first.game,
        "options": first.options,
        "version": first.version,
        "agent": first.agent,
        "opponents": first.opponents,
        "seed": first.seed,
        "scenario": first.scenario,
        "prompt": first.prompt,
    } | _figures(row)
    if first.template:
        told["template"] = first.template
    return msgspec.json.encode(told, order="sorted").decode()


def wrong(row: Row, format: str, wanted: str) -> ValueError:
    """The error for a row that a format cannot hold."""
    found = {Pair: "pairs", Label: "labels", Group: "groups"}[type(row)]
    return ValueError(f"{format} is made of {wanted}; the scheme {row.scheme!r} gives {found}")


def _figures(row: Row) -> Record:
    if isinstance(row, Pair):
        other = row.rejected
        return {
            "gap": row.gap,
            "z": row.z,
            "intervals": row.intervals,
            "rejected": {"agent": other.agent, "move": other.move, "fault": other.fault},
        }
    return {"rewards": row.rewards} if isinstance(row, Group) else {"good": row.good}
