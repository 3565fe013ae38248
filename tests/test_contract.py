from dataclasses import dataclass
from random import Random

import pytest

from arena.contract import check
from arena.game import Outcome

from .tiny import Count, Match2


@dataclass(frozen=True)
class Mutates(Match2):
    def start(self, rng: Random):
        return []

    def observe(self, state, seat):
        return str(state)

    def apply(self, state, seat, move):
        super().apply(tuple(state), seat, move)
        state.append(move)
        return state


class Deck(list):
    """Hidden cards, compared by their values."""


@dataclass(frozen=True)
class Hidden(Count):
    def start(self, rng: Random):
        return (0, Deck([1, 2, 3, 4, 5, 6, 7, 8]))

    def turn(self, state):
        return super().turn(state[0])

    def observe(self, state, seat):
        return super().observe(state[0], seat)

    def apply(self, state, seat, move):
        after = super().apply(state[0], seat, move)
        state[1].pop()
        return (after, state[1])


@dataclass(frozen=True)
class Quits(Count):
    def observe(self, state, seat):
        raise SystemExit(0)


@dataclass(frozen=True)
class Leaks(Match2):
    def observe(self, state, seat):
        return "|".join(state)


@dataclass(frozen=True)
class Crashes(Count):
    def apply(self, state, seat, move):
        return super().apply(state, seat, str(int(move)))


@dataclass(frozen=True)
class Overpays(Count):
    def turn(self, state):
        turn = super().turn(state)
        return Outcome({"a": 3.0, "b": -3.0}, "too much") if isinstance(turn, Outcome) else turn


@dataclass(frozen=True)
class Endless(Count):
    goal: int = 10**9


@dataclass(frozen=True)
class Forgets(Count):
    def turn(self, state):
        turn = super().turn(state)
        return Outcome({"a": 1.0}, "b is not paid") if isinstance(turn, Outcome) else turn


@dataclass(frozen=True)
class Wide(Count):
    def observe(self, state, seat):
        return "x" * 81


@dataclass(frozen=True)
class Stranger(Count):
    def turn(self, state):
        turn = super().turn(state)
        return turn if isinstance(turn, Outcome) else "nobody"


@dataclass(frozen=True)
class Unlisted(Count):
    def sample(self, state, seat, rng):
        return "3"


@pytest.mark.parametrize(
    ("game", "clause", "words"),
    [
        (Mutates(), "apply leaves", "changed the state"),
        (Hidden(), "apply leaves", "do not show"),
        (Quits(), "matches end", "SystemExit"),
        (Leaks(), "blind", "see something"),
        (Crashes(), "nonsense", "ValueError"),
        (Overpays(), "payoffs", "[-1, 1]"),
        (Endless(), "matches end", "has not ended"),
        (Forgets(), "payoffs", "payoff names ['a']"),
        (Wide(), "80 columns", "81 columns"),
        (Stranger(), "matches end", "nobody"),
        (Unlisted(), "matches end", "legal() does not list"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_game_that_breaks_its_contract_is_told_how(game, clause, words):
    findings = {finding.what: finding.problem for finding in check(game, matches=3)}
    problem = next(problem for what, problem in findings.items() if clause in what)
    assert problem is not None
    assert words in problem
