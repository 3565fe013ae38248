"""What the author of a game imports: `Game`, `Outcome`, `IllegalMove`, `NATURE`.

A game is one file that ends with ``game = MyGame``; see ``games/tic_tac_toe.py``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

Seat: TypeAlias = str
"""A role at the table, such as "white" or "solver.3"; never the name of an agent."""

Move: TypeAlias = str
"""One move in the game's own notation, such as "e4"; never prose."""

NATURE: Seat = "nature"
"""The seat of dice, dealers and procedural verdicts. Its moves are recorded like all others."""

Kind: TypeAlias = Literal["rules", "foul", "limit", "adjudicated", "void"]
"""Who decided an outcome."""

S = TypeVar("S")


def role(seat: Seat) -> str:
    """The seat without its number: ``solver`` of ``solver.3``."""
    return seat.partition(".")[0]


class IllegalMove(ValueError):
    """The rules reject this move. Agents read the message: say what would be legal."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a match ended."""

    payoff: Mapping[Seat, float]
    """One number per seat in [-1, 1]: 1 is the best result, -1 the worst. Empty when void."""
    reason: str
    """One short sentence for people: "checkmate", "x has 048"."""
    kind: Kind = "rules"
    """"rules": the game ended by itself. "foul": a seat gave no legal move in time. "limit": a ply or
    token limit. "adjudicated": an engine ended it early, as the run was asked to let it. "void": the world
    failed; nothing may be rated or trained on."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A match that is over, as its record tells of it."""

    id: str
    agents: Mapping[Seat, str]
    """Names of the agents by seat."""
    moves: Sequence[tuple[Seat, Move]]
    """All that were applied, NATURE's included."""


@runtime_checkable
class Gathers(Protocol):
    """A game whose finished matches leave behind what later ones begin with, for ``arena games gather``."""

    def gather(self, played: Iterable[Finished], path: Path) -> int:
        """Add what the matches leave behind to a file, made if it is not there; how much it then holds.

        Raises:
            IllegalMove: a match was not played by these rules.
            ValueError: the file holds something else.
        """
        ...


@dataclass(frozen=True, slots=True)
class Noted:
    """A move with what is told of it to people; texts are as recorded, so that a game escapes them."""

    seat: Seat
    move: Move
    comment: str = ""
    glyph: int | None = None
    """A Numeric Annotation Glyph, such as 4 for a blunder."""
    centipawns: int | None = None
    """An engine's score from the first seat's view; a mate in n moves is 10,000 - n, one against it
    n - 10,000."""
    value: float | None = None
    """The game's own value for the first seat, in [-1, 1]."""
    seconds: float | None = None
    """What the move took."""


class Game(ABC, Generic[S]):
    """Rules as a pure state machine: no clock, no input or output, no global randomness.

    Subclass as a frozen dataclass; its fields are the game's options. States are values: `apply`
    returns a new one and leaves the old one alone. `turn`, `observe` and `legal` are called about
    once a ply each: keep them linear in the size of the board, never in the length of the game.
    """

    version: ClassVar[int] = 1
    """Raise it when the same moves could end differently."""
    slow: ClassVar[bool] = False
    """True when a move may take long to apply (it runs programs): moves are then applied in a thread."""
    perfect_information: ClassVar[bool] = False
    """True when every seat may see the whole state; engines that search are then given it."""
    scenario_luck: ClassVar[bool] = False
    """True when a seed deals the seats unequal chances that mirrored pairs do not even out. Agents are then
    ranked by duplicate scoring, against others that held the same seat, scenario and opponent."""
    verbatim: ClassVar[bool] = False
    """True when free text is a move as it stands, with all its lines: then no form of answer is asked for."""
    procedural: ClassVar[bool] = False
    """True when NATURE's moves are verdicts of procedures: `arena.match.verify` then asks for them again."""
    held_out: ClassVar[Mapping[str, object]] = {}
    """Options under which no scenario is dealt that training may see, such as ``{"split": "held_out"}``. A
    gate plays under them, with seeds that are kept for it; matches under them give no rows."""

    @classmethod
    def deals_held_out(cls, options: Mapping[str, object]) -> bool:
        """Whether these options, as a record tells them, are those of `held_out`."""
        kept = cls.held_out
        return bool(kept) and all(options.get(name) == value for name, value in kept.items())

    @property
    @abstractmethod
    def seats(self) -> tuple[Seat, ...]:
        """All roles, in order; a plain class attribute, or a property that depends on options."""

    @property
    @abstractmethod
    def rules(self) -> str:
        """The rules as told to every agent, with the notation of moves; an attribute or a property."""

    @abstractmethod
    def start(self, rng: Random) -> S:
        """The first state. All luck before the first move comes from `rng`."""

    @abstractmethod
    def turn(self, state: S) -> Seat | tuple[Seat, ...] | Outcome:
        """Who moves now, or how it ended.

        A tuple names the seats that still have to move at once, blind to each other: `apply` is called
        for one after the other, and the state keeps what is pending.
        """

    @abstractmethod
    def observe(self, state: S, seat: Seat | None) -> str:
        """All that `seat` may know now, complete in itself; None is a spectator who sees everything."""

    @abstractmethod
    def apply(self, state: S, seat: Seat, move: Move) -> S:
        """The state after `seat` made `move`.

        Raises:
            IllegalMove: the rules reject the move; the old state stands.
        """

    def legal(self, state: S, seat: Seat) -> Sequence[Move] | None:
        """Every legal move of `seat`, none containing a line break; None when moves are free text."""
        return None

    def schema(self, state: S, seat: Seat) -> Mapping[str, Any] | None:
        """A JSON schema of the move, for games whose moves are JSON documents."""
        return None

    def nature(self, state: S, rng: Random) -> Move:
        """NATURE's move, asked for when `turn` is NATURE."""
        raise NotImplementedError(f"{type(self).__name__}.turn gave NATURE: define nature(state, rng)")

    def chances(self, state: S) -> Mapping[Move, float] | None:
        """How likely each of NATURE's moves is where `turn` is NATURE; None when the game does not tell.

        They sum to 1. With them, and a `start` that draws no luck, small games are valued exactly.
        """
        return None

    def forfeit(self, state: S, seat: Seat) -> Move | None:
        """The move that says that `seat` gave no answer, asked for when its tries are used up.

        None, as usual: the match ends as a foul. For games in which one seat's silence is its own loss alone.
        """
        return None

    def sample(self, state: S, seat: Seat, rng: Random) -> Move:
        """One plausible move, for tests and baselines; defaults to a random legal one."""
        legal = self.legal(state, seat)
        if legal is None:
            raise NotImplementedError(
                f"{type(self).__name__} has free moves: define sample(state, seat, rng)"
            )
        return rng.choice(legal)

    def value(self, state: S, seat: Seat) -> float | None:
        """How good the state looks for `seat`, in [-1, 1]; None when the game has no opinion."""
        return None

    def figures(self, state: S) -> Mapping[Seat, Mapping[str, float]]:
        """What a match measured beyond its payoff, by seat and name: finite numbers.

        Asked for once, at the end of a match that is not void; a foul or a limit may have cut it short.
        Tables average each figure over an agent's matches that have it.
        """
        return {}

    def rich(self, state: S) -> Any | None:
        """A rich renderable of the state as a spectator sees it; None draws ``observe(state, None)``."""
        return None

    def rich_from(self, state: S, seat: Seat) -> Any | None:
        """What `rich` gives, seen from `seat`'s side of the board; None when all sides see it alike."""
        return None

    def svg(self, state: S) -> str | None:
        """The state as a standalone SVG document; None draws ``observe(state, None)``."""
        return None

    def svg_from(self, state: S, seat: Seat) -> str | None:
        """What `svg` gives, seen from `seat`'s side of the board; None when all sides see it alike."""
        return None

    def pgn(self, first: S, tags: Mapping[str, str], moves: Sequence[Noted]) -> str | None:
        """A whole match from its first state on as Portable Game Notation; None when the game has none.

        Raises:
            IllegalMove: a move is not possible.
        """
        return None
