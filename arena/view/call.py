"""One call of an agent as text: `prompt`, `completion`, `spent`."""

from collections.abc import Sequence

from rich.text import Text

from arena.agent import Message, Usage
from arena.events import Replied

from . import figures
from .clean import clean, clean_line
from .style import BAD, GOOD, NOTE, STRONG


def prompt(messages: Sequence[Message]) -> Text:
    """All messages as they were sent, each below its role."""
    if not messages:
        return Text("no messages: the agent is no language model", style=NOTE)
    parts = [Text.assemble((message.role, STRONG), "\n", clean(message.content)) for message in messages]
    return Text("\n\n").join(parts)


def completion(reply: Replied, *, thinking: bool = True, refused: str = "") -> Text:
    """What came back: the thinking, dim, the answer, what was read in it or `refused`, what it cost."""
    parts: list[Text] = []
    if thinking and reply.thinking:
        parts.append(Text.assemble(("thinking", STRONG), ("\n" + clean(reply.thinking), NOTE)))
    if reply.text:
        parts.append(Text.assemble(("answer", STRONG), "\n", clean(reply.text)))
    parts.append(verdict(reply))
    if refused and reply.fault is None:
        parts.append(Text(f"✗ {refused}", style=BAD))
    if reply.usage:
        parts.append(Text(spent(reply.usage, full=True), style=NOTE))
    return Text("\n\n").join(parts)


def verdict(reply: Replied) -> Text:
    """What the agent read in the answer: a move, or a fault and what was expected."""
    if reply.fault is None:
        return Text.assemble(("✓", GOOD), " read as ", (clean_line(reply.move), STRONG))
    detail = f": {clean_line(reply.detail)}" if reply.detail else ""
    return Text(f"✗ {reply.fault}{detail}", style=BAD)


def spent(usage: Usage, *, full: bool = False) -> str:
    """What a reply cost: ``1.2s  in 528 (400 cached)  out 145 (think 40)  $0.0062``.

    With `full` also the waiting, the model and the finish reason, as the server named them.
    """
    cached = f" ({figures.tokens(usage.cached)} cached)" if usage.cached else ""
    thought = f" (think {figures.tokens(usage.thinking)})" if usage.thinking else ""
    parts = [
        figures.seconds(usage.seconds),
        f"in {figures.tokens(usage.input)}{cached}",
        f"out {figures.tokens(usage.output)}{thought}",
        figures.dollars(usage.cost),
    ]
    if full:
        parts.append(f"waited {figures.seconds(usage.wait)}" if usage.wait else "")
        parts += [clean_line(usage.model, 60), clean_line(usage.finish, 20)]
    return "  ".join(part for part in parts if part)
