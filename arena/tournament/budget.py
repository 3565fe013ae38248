"""What a run may spend."""

from dataclasses import dataclass

from arena.events import Replied


@dataclass
class Budget:
    """Counts what replies cost; calls in flight when it is spent are the only overshoot."""

    max_cost: float | None = None
    """Dollars; None is no limit."""
    max_tokens: int | None = None
    """Prompt and completion tokens together; None is no limit."""
    cost: float = 0.0
    tokens: int = 0
    unpriced: int = 0
    """Replies of models whose price is unknown."""

    def record(self, reply: Replied) -> None:
        """Count a reply; those of agents that are no language models are free."""
        usage = reply.usage
        if usage is None:
            return
        self.tokens += (usage.input or 0) + (usage.output or 0)
        if usage.cost is None:
            self.unpriced += 1
        else:
            self.cost += usage.cost

    @property
    def limited(self) -> bool:
        """Whether there is any limit to keep."""
        return self.max_cost is not None or self.max_tokens is not None

    @property
    def spent(self) -> str | None:
        """Which limit is reached, in words; None when there is something left."""
        if self.max_cost is not None and self.cost >= self.max_cost:
            return f"${self.cost:.4f} of ${self.max_cost:g} are spent"
        if self.max_cost is not None and self.unpriced:
            return (
                "the price of a model is unknown, so --max-cost cannot be kept: give price_in and price_out"
            )
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            return f"{self.tokens:,} of {self.max_tokens:,} tokens are spent"
        return None
