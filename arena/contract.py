"""What every game must keep: `check` tries it, and `arena games check` shows the findings."""

import asyncio
import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from arena.agent import Agent, Reply, Turn
from arena.events import Ended, Line
from arena.game import NATURE, Game, IllegalMove, Outcome, Seat
from arena.match import describe, play, verify
from arena.referee import Referee
from arena.seeding import derive

GARBAGE = (
    "",
    " ",
    "\x00",
    "\x1b[2J",
    "no such move",
    "-1",
    "NaN",
    "null",
    "{}",
    '{"a": [[[[1]]]]}',
    "é" * 10_000,
    "9" * 10_000,
    "\u202e\ud7ff",
)
"""Answers that no game may choke on; a game may accept one, but may only raise `IllegalMove`."""

# A gymnasium or PettingZoo warning that says nothing about a text game.
_NOISE = (
    ".*observation space.*",
    ".*Observation.*",
    ".*action space.*",
    ".*Action.*",
    ".*agent.*name.*",
    ".*should be.*",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    problem: str | None
    """None when it holds."""


class Broken(AssertionError):
    """The game breaks its contract; the message says how."""


def _silent(what: str) -> None:
    """Say nothing."""


def check(
    game: Game[Any], *, matches: int = 20, seed: int = 0, begin: Callable[[str], None] = _silent
) -> Iterator[Finding]:
    """Try every clause of the contract on one game, cheapest first.

    `matches` random matches are played from child seeds of `seed`. An exception of the game is a
    finding that names it; none escapes. `begin` is told of each clause before it is tried.
    """
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("seats and rules are told", lambda: _described(game)),
        (f"{matches} random matches end", lambda: _ends(game, matches, seed)),
        ("payoffs name the seats and lie in [-1, 1]", lambda: _payoffs(game, matches, seed)),
        ("apply leaves the old state alone", lambda: _values(game, matches, seed)),
        ("nonsense is refused with a message", lambda: _garbage(game, matches, seed)),
        ("seats that move at once are blind to each other", lambda: _blind(game, matches, seed)),
        ("the same seed gives the same match", lambda: _same(game, seed)),
        ("a record plays again", lambda: _verifies(game, seed)),
        ("a spectator sees at most 80 columns", lambda: _drawn(game, matches, seed)),
        ("PettingZoo's api_test passes", lambda: _api_test(game)),
        ("PettingZoo's seed_test passes", lambda: _seed_test(game)),
    )
    for what, run in checks:
        begin(what)
        yield Finding(what, _problem(run))


def _problem(run: Callable[[], None]) -> str | None:
    try:
        run()
    except Broken as error:
        return str(error)
    except (Exception, SystemExit) as error:  # whatever a game raises is the finding
        return f"{type(error).__name__}: {error}"
    return None


@dataclass(frozen=True)
class _Sampler(Agent):
    """Plays the moves of a random walk again, by ply."""

    moves: tuple[str, ...] = ()

    async def act(self, turn: Turn) -> Reply:
        return Reply(self.moves[turn.ply])


@dataclass(frozen=True)
class _Step:
    """One decision on a random walk: the state before it, who moves, and the move."""

    state: Any
    seat: Seat
    move: str
    together: tuple[Seat, ...]


def _walk(game: Game[Any], seed: int, limit: int = 5_000) -> Iterator[_Step | Outcome]:
    """A random match by `sample`, NATURE's moves included; the outcome comes last."""
    state = game.start(Random(derive(seed, "start")))
    for ply in range(limit):
        turn = game.turn(state)
        if isinstance(turn, Outcome):
            yield turn
            return
        seats = (turn,) if isinstance(turn, str) else turn
        seat = seats[0]
        rng = Random(derive(seed, "sample", ply))
        if seat == NATURE:
            move = game.nature(state, Random(derive(seed, "nature", ply)))
        else:
            move = game.sample(state, seat, rng)
        yield _Step(state, seat, move, seats)
        state = game.apply(state, seat, move)
    raise Broken(f"a random match from seed {seed} has not ended after {limit} plies")


def _steps(game: Game[Any], matches: int, seed: int) -> Iterator[_Step]:
    for number in range(matches):
        for step in _walk(game, derive(seed, "check", number)):
            if isinstance(step, _Step):
                yield step


def _described(game: Game[Any]) -> None:
    if not game.seats or len(set(game.seats)) != len(game.seats) or NATURE in game.seats:
        raise Broken(f"seats must be distinct names, none of them {NATURE!r}, got {game.seats!r}")
    if not game.rules.strip():
        raise Broken("rules must say how to play and how to write a move")


def _ends(game: Game[Any], matches: int, seed: int) -> None:
    for step in _steps(game, matches, seed):
        if step.seat == NATURE:
            continue
        unknown = set(step.together) - set(game.seats)
        if unknown:
            raise Broken(f"turn() names {sorted(unknown)}, the seats are {game.seats}")
        legal = game.legal(step.state, step.seat)
        if legal is not None and step.move not in legal:
            raise Broken(f"sample() gave {step.move!r}, which legal() does not list")
        if legal is not None and any("\n" in move for move in legal):
            raise Broken("a legal move holds a line break")
        if not isinstance(game.observe(step.state, step.seat), str):
            raise Broken("observe() must give text")


def _payoffs(game: Game[Any], matches: int, seed: int) -> None:
    for number in range(matches):
        for step in _walk(game, derive(seed, "check", number)):
            if isinstance(step, Outcome):
                if set(step.payoff) != set(game.seats):
                    raise Broken(f"payoff names {sorted(step.payoff)}, the seats are {game.seats}")
                if not all(-1 <= value <= 1 for value in step.payoff.values()):
                    raise Broken(f"payoffs must lie in [-1, 1], got {dict(step.payoff)}")
                if not step.reason:
                    raise Broken("an outcome needs a reason")


def _values(game: Game[Any], matches: int, seed: int) -> None:
    for step in _steps(game, min(matches, 5), seed):
        before = _views(game, step.state)
        kept = copy.deepcopy(step.state)
        comparable = bool(kept == step.state)
        game.apply(step.state, step.seat, step.move)
        if _views(game, step.state) != before or _views(game, kept) != before:
            raise Broken(f"apply({step.move!r}) changed the state it was given")
        if comparable and kept != step.state:
            raise Broken(f"apply({step.move!r}) changed what the views do not show of its state")


def _views(game: Game[Any], state: Any) -> list[str]:
    return [game.observe(state, seat) for seat in (None, *game.seats)]


def _garbage(game: Game[Any], matches: int, seed: int) -> None:
    for number, step in enumerate(_steps(game, min(matches, 3), seed)):
        if step.seat == NATURE:
            continue
        for text in GARBAGE if number < 20 else GARBAGE[:3]:
            try:
                game.apply(step.state, step.seat, text)
            except IllegalMove as error:
                if not str(error):
                    raise Broken(f"{text[:20]!r} was refused without a message") from error


def _blind(game: Game[Any], matches: int, seed: int) -> None:
    for step in _steps(game, matches, seed):
        others = [seat for seat in step.together if seat != step.seat]
        before = [game.observe(step.state, seat) for seat in others]
        after = game.apply(step.state, step.seat, step.move)
        if [game.observe(after, seat) for seat in others] != before:
            raise Broken(f"{others} see something of {step.seat}'s move before they have moved")


def _record(game: Game[Any], seed: int) -> list[Line]:
    moves: list[str] = []
    for step in _walk(game, seed):
        if isinstance(step, _Step):
            moves.append(step.move)
    agents: dict[Seat, Agent] = {seat: _Sampler(tuple(moves), name=seat) for seat in game.seats}
    events: list[Line] = []
    asyncio.run(play(game, agents, started=describe(game, agents, seed=seed), record=events.append))
    if not isinstance(events[-1], Ended) or events[-1].kind not in ("rules", "limit"):
        raise Broken(f"moves of a random match were refused when played by agents: {events[-1]}")
    return events


def _same(game: Game[Any], seed: int) -> None:
    if _record(game, seed) != _record(game, seed):
        raise Broken("two matches from the same seed and moves differ")


def _verifies(game: Game[Any], seed: int) -> None:
    difference = asyncio.run(verify(game, _record(game, seed)))
    if difference:
        raise Broken(difference)


def _drawn(game: Game[Any], matches: int, seed: int) -> None:
    for step in _steps(game, min(matches, 3), seed):
        widest = max(map(len, game.observe(step.state, None).splitlines()), default=0)
        if widest > 80:
            raise Broken(f"a line of observe(state, None) has {widest} columns")
    for step in _steps(game, 1, seed):
        _pictured(game, step.state)
        _pictured(game, game.apply(step.state, step.seat, step.move))


def _pictured(game: Game[Any], state: Any) -> None:
    game.rich(state)
    svg = game.svg(state)
    if svg is not None and not (isinstance(svg, str) and svg.startswith("<")):
        raise Broken(f"svg() must give None or a text that starts with '<', gave {svg!r:.40}")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        for message in _NOISE:
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield


def _api_test(game: Game[Any]) -> None:
    from pettingzoo.test import api_test

    with _quietly():
        api_test(Referee(game), num_cycles=50)


def _seed_test(game: Game[Any]) -> None:
    from pettingzoo.test import seed_test

    with _quietly():
        seed_test(lambda: Referee(game), num_cycles=20)
