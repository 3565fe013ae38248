"""Plays a list of moves from top to bottom: the double that tests put in a seat."""

from collections.abc import Collection
from dataclasses import dataclass, field

from arena.agent import Agent, AgentUnavailable, Reply, Turn
from arena.game import Move, Seat


@dataclass(frozen=True)
class Scripted(Agent):
    """Answers each call of a seat with the next move of the list, repeated attempts included.

    So ``Scripted(moves=("e9", "e4"))`` tries an illegal move first and mends it when it is asked again.
    Each seat of each match starts the list anew; matches are told apart by their id, or by their
    first ply where they have none.
    """

    moves: Collection[Move] | str = ()
    """The moves; one text is split at spaces, so that ``moves=e4 e5`` works in a specifier. An empty
    move is answered as the fault "empty"."""
    texts: tuple[str, ...] = ()
    """The text of each reply, in the order of the moves; where it ends, replies have no text."""
    calls: dict[tuple[str, Seat], list[tuple[int, int]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Ply and attempt of the calls so far, by match and seat."""

    def __post_init__(self) -> None:
        moves = self.moves.split() if isinstance(self.moves, str) else self.moves
        object.__setattr__(self, "moves", tuple(moves))

    async def act(self, turn: Turn) -> Reply:
        call = (turn.ply, turn.attempt)
        earlier = [one for one in self.calls.get((turn.match, turn.seat), ()) if one < call]
        self.calls[turn.match, turn.seat] = [*earlier, call]
        at, moves = len(earlier), tuple(self.moves)
        if at >= len(moves):
            raise AgentUnavailable(
                f"the script of {turn.seat!r} has {len(moves)} moves and was asked for another at ply "
                f"{turn.ply}: make it longer"
            )
        text = self.texts[at] if at < len(self.texts) else ""
        if not moves[at]:
            return Reply(fault="empty", detail="the script has no move here", text=text)
        return Reply(moves[at], text=text)


agent = Scripted
