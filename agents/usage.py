"""What the calls for one reply took: `spent`, `both`."""

from collections.abc import Sequence
from dataclasses import replace

from arena.agent import Usage

from .client import Completion
from .price import Price


def spent(
    completions: Sequence[Completion], price: Price | None, finish: str, notes: tuple[str, ...]
) -> Usage:
    """Tokens and seconds of all, recorded ones included; dollars for those that were asked for.

    The calls went side by side, so the longest one counts. `notes` come after those of the calls.
    """
    cached = sum(completion.cached for completion in completions)
    if cached:
        notes = ("cached" if cached == len(completions) else f"{cached} of {len(completions)} cached", *notes)
    input, kept, output, thinking = _tokens(completions)
    return Usage(
        input,
        kept,
        output,
        thinking,
        _dollars([completion for completion in completions if not completion.cached], price),
        max(completion.seconds for completion in completions),
        max(completion.wait for completion in completions),
        completions[0].model,
        finish,
        (*completions[-1].notes, *notes),
    )


def both(one: Usage, other: Usage) -> Usage:
    """What two calls took, one after the other, told as the first; unknown where either is."""

    def add(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else a + b

    return replace(
        one,
        input=add(one.input, other.input),
        cached=add(one.cached, other.cached),
        output=add(one.output, other.output),
        thinking=add(one.thinking, other.thinking),
        cost=None if one.cost is None or other.cost is None else one.cost + other.cost,
        seconds=one.seconds + other.seconds,
        wait=one.wait + other.wait,
    )


def _dollars(asked: Sequence[Completion], price: Price | None) -> float | None:
    if not asked:
        return 0.0
    input, kept, output, _ = _tokens(asked)
    return price.of(input, kept, output) if price else None


def _tokens(completions: Sequence[Completion]) -> tuple[int | None, ...]:
    """Input, cached, output and thinking over all; each is None when one server did not count it."""
    counts = [completion.tokens for completion in completions]
    columns = zip(*((one.input, one.cached, one.output, one.thinking) for one in counts), strict=True)
    return tuple(None if None in column else sum(filter(None, column)) for column in columns)
