"""A sequential test that is told matches as they end: `Sequential`."""

from collections.abc import Sequence

from arena.rating.pentanomial import Pentanomial
from arena.rating.sprt import Sprt, Verdict
from arena.tournament.schedule import Played

LAST_ATTEMPT = 3
"""A pair that is void at this attempt is not played again: the test passes it over."""


class Sequential:
    """Applies a test to mirrored pairs strictly in the order of the schedule.

    So it speaks at the same pair however many matches are played at once, and in which order they end.
    """

    def __init__(self, rule: Sprt, one: str) -> None:
        """`one` is the agent whose wins count as wins."""
        self.rule = rule
        self.one = one
        self.counts = Pentanomial(0, 0, 0, 0, 0, 0)
        """Of the pairs that the test has looked at."""
        self.verdict = Verdict.CONTINUE
        self._seen = 0
        self._next = 0
        self._legs: dict[int, dict[int, list[Played]]] = {}

    def __call__(self, past: Sequence[Played]) -> str:
        """The verdict in words, given all results so far; empty while the test goes on."""
        for played in past[self._seen :]:
            fixture = played.fixture
            self._legs.setdefault(fixture.pair, {}).setdefault(fixture.attempt, []).append(played)
        self._seen = len(past)
        while self.verdict is Verdict.CONTINUE and (legs := self._settled(self._next)) is not None:
            if legs:
                self._count(legs)
                self.verdict = self.rule.verdict(self.counts)
            self._legs.pop(self._next)
            self._next += 1
        return "" if self.verdict is Verdict.CONTINUE else str(self.verdict)

    def _settled(self, pair: int) -> list[Played] | None:
        """The two legs of a pair that count; empty when it was given up, None while it is being played."""
        attempts = self._legs.get(pair, {})
        for attempt, legs in attempts.items():
            if len(legs) == 2 and all(leg.payoff for leg in legs):
                return legs
            if len(legs) == 2 and attempt >= LAST_ATTEMPT:
                return []
        return None

    def _count(self, legs: Sequence[Played]) -> None:
        halves = [_half_points(leg, self.one) for leg in legs]
        total, old = sum(halves), self.counts
        drawn = halves == [1, 1]
        self.counts = Pentanomial(
            old.ll + (total == 0),
            old.ld + (total == 1),
            old.wl + (total == 2 and not drawn),
            old.dd + drawn,
            old.wd + (total == 3),
            old.ww + (total == 4),
        )


def _half_points(played: Played, one: str) -> int:
    """2 for a win, 1 for a draw, 0 for a loss of `one`."""
    margin = sum(
        payoff if played.fixture.seats[seat] == one else -payoff for seat, payoff in played.payoff.items()
    )
    return 1 if abs(margin) <= 1e-9 else 2 if margin > 0 else 0
