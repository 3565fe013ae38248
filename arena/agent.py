"""What the author of an agent imports: `Agent`, `Turn`, `Reply`, `AgentUnavailable`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from arena.game import Game, Move, Seat

Fault: TypeAlias = Literal["illegal", "unparsable", "empty", "truncated"]
"""What was wrong with an answer. Each is the agent's fault and earns another try with a fitting message."""


class AgentUnavailable(RuntimeError):
    """The world failed, not the agent: unreachable, refused key, time-out, crash, quota.

    The match is void: not rated, not trained on. The message must hold no secret.
    """


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message as sent to, or received from, a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one reply cost. Unknown is None, never 0."""

    input: int | None = None
    """Prompt tokens, cached ones included."""
    cached: int | None = None
    """Prompt tokens that the server had cached."""
    output: int | None = None
    """Completion tokens, thinking included."""
    thinking: int | None = None
    """Completion tokens spent on thinking."""
    cost: float | None = None
    """Dollars."""
    seconds: float = 0.0
    """Time of the attempt that answered: the agent's own clock."""
    wait: float = 0.0
    """Seconds spent queueing, backing off and retrying; nobody's clock."""
    model: str = ""
    """The model as the server names it."""
    finish: str = ""
    """The server's finish reason."""
    notes: tuple[str, ...] = ()
    """What was sent otherwise than the options say, and how a constraint was enforced."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several moves that an agent considered."""

    move: Move
    text: str = ""
    probability: float | None = None
    source: str = ""
    """Where the probability comes from: "samples", "logprobs", "multipv"."""


class Exchange(NamedTuple):
    """One earlier call of the same seat in this match: the messages sent, and the answer's text."""

    ply: int
    messages: tuple[Message, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What the calls to one endpoint are doing now, for those who look on; decides nothing."""

    endpoint: str
    """How it is called on a screen; agents that share its limit give the same one. Never a secret."""
    busy: int
    """Calls in flight."""
    limit: int
    """Calls that may be in flight at once, now."""
    queued: int
    """Calls that wait for their turn."""
    cached: int = 0
    """Calls that were answered from the cache so far."""
    waits: Mapping[str, str] = field(default_factory=dict)
    """By match id, why its call waits, such as "429, waits 8 s"."""


@dataclass(frozen=True, slots=True)
class Position:
    """The whole state, for engines that search. Only games of perfect information hand it out."""

    game: Game[Any]
    state: Any


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an engine thinks of a position."""

    centipawns: int
    """From the view of the game's first seat; a mate in n moves is 10,000 - n, one against it n - 10,000."""
    best: Move = ""
    """The move it would make, as the game lists it; empty when it names none."""


@dataclass(frozen=True, slots=True)
class Turn:
    """All that an agent is asked."""

    ply: int
    """Moves applied before this one, NATURE's included."""
    seat: Seat
    rules: str
    observation: str
    """All that the seat may know, complete in itself."""
    legal: tuple[Move, ...] | None = None
    """Every legal move; None when moves are free text."""
    schema: Mapping[str, Any] | None = None
    """JSON schema of the move, if it is a JSON document."""
    attempt: int = 0
    """0 at first; 1, 2, … after an answer that was no legal move."""
    complaint: str = ""
    """Why the last attempt was refused; empty at first."""
    seed: int = 0
    """The only randomness an agent may use for this reply; in [0, 2**63)."""
    history: Sequence[Exchange] = ()
    """This seat's earlier calls that sent messages in this match, the failed attempts included."""
    position: Position | None = None
    """The whole state when the game is of perfect information; never recorded."""
    match: str = ""
    """The match's id, for caches."""
    verbatim: bool = False
    """Whether free text is a move as it stands, with all its lines."""


@dataclass(frozen=True, slots=True)
class Reply:
    """All that an agent answers."""

    move: Move = ""
    """The move in the game's notation; empty when `fault` is set."""
    fault: Fault | None = None
    """Why there is no move; None when there is one. Agents never set "illegal": the rules do."""
    detail: str = ""
    """With a fault: what the agent should be told, such as the form that was expected."""
    text: str = ""
    """The answer as received, without the thinking."""
    thinking: str = ""
    """The model's thinking, kept apart from the answer."""
    messages: tuple[Message, ...] = ()
    """Exactly what was sent; empty for agents that are no language models."""
    usage: Usage = Usage()
    candidates: tuple[Candidate, ...] = ()
    """What else was considered, the played one included."""


def options_of(thing: object) -> dict[str, object]:
    """The options of a game or an agent: its dataclass fields, but for private and uncompared ones."""
    return {
        field.name: getattr(thing, field.name)
        for field in (fields(thing) if is_dataclass(thing) else ())
        if field.init and field.compare and not field.name.startswith("_")
    }


@dataclass(frozen=True)
class Agent(ABC):
    """A function from `Turn` to `Reply`. Holds no state of a match between turns.

    Subclass as a frozen dataclass; its fields are the options that ``name,option=value`` sets. A field
    called `target` takes what stands after a slash (``uci/stockfish``), one called `url` what stands
    after an at-sign; one with ``compare=False`` is no option and is not recorded. An abstract class, not
    a protocol, so that options, `suits`, `ready` and `close` have one place.
    """

    cheats: ClassVar[bool] = False
    """True for agents that are handed the whole state of any game: upper bounds, never rivals."""
    name: str = field(default="", kw_only=True)
    """How tables and replays call it; the loader sets it to the text the agent was asked for by."""

    def options(self) -> dict[str, object]:
        """What a replay records of how the agent is set; never a secret."""
        return {name: value for name, value in options_of(self).items() if name != "name"}

    @abstractmethod
    async def act(self, turn: Turn) -> Reply:
        """Answer one turn.

        Raises:
            AgentUnavailable: the agent could not be reached; the match becomes void.
        """

    async def evaluate(self, position: Position) -> Evaluation | None:
        """How good a position is, the same at every call; None for agents without an opinion of it.

        Raises:
            AgentUnavailable: the agent could not be reached.
        """
        return None

    async def probabilities(self, turn: Turn) -> tuple[float, ...] | None:
        """How likely each of ``turn.legal`` is to be played, in that order; None when the agent cannot tell.

        They sum to 1.

        Raises:
            AgentUnavailable: the agent could not be reached.
        """
        return None

    def template(self) -> str:
        """What tells the chat template of its model from others; empty where nobody knows.

        64 hexadecimal digits: the SHA-256 of the template's text.
        """
        return ""

    async def ready(self) -> None:  # noqa: B027  (most agents have nothing to check)
        """Check that the agent can play, before anything is spent.

        Raises:
            AgentUnavailable: it cannot, with what to do about it.
        """

    def suits(self, game: Game[Any]) -> None:  # noqa: B027  (most agents play anything)
        """Check that the agent can play `game`, before a match is begun.

        Raises:
            ValueError: it cannot, with the reason.
        """

    def activity(self) -> Activity | None:
        """What its calls are doing now; None for agents that call nobody."""
        return None

    async def close(self) -> None:  # noqa: B027  (most agents hold nothing)
        """Release processes and connections. Called once, after the last match."""
