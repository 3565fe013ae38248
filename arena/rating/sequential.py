"""A sequential test that is told matches as they end: `Sequential`."""

from collections.abc import Mapping, Sequence

from arena.rating.pentanomial import Pentanomial
from arena.rating.sprt import Sprt, Verdict
from arena.tournament.schedule import Played

LAST_ATTEMPT = 3
"""A pair that is void at this attempt is not played again: the test passes it over."""
_ROUNDING = 1e-9


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
        while self.verdict is Verdict.CONTINUE and (legs := self._settled()) is not None:
            if legs:
                self._count(legs)
                self.verdict = self.rule.verdict(self.counts)
            self._legs.pop(self._next)
            self._next += 1
        return "" if self.verdict is Verdict.CONTINUE else str(self.verdict)

    def _settled(self) -> list[Played] | None:
        return settled(self._legs.get(self._next, {}), 2)

    def _count(self, legs: Sequence[Played]) -> None:
        first, second = (half_points(margin(leg, self.one)) for leg in legs)
        self.counts = self.counts.plus(first, second)


def settled(attempts: Mapping[int, list[Played]], size: int) -> list[Played] | None:
    """The `size` matches of a pair that count; empty when it was given up, None while it is being played."""
    for attempt, legs in attempts.items():
        if len(legs) == size and all(leg.payoff for leg in legs):
            return legs
        if len(legs) == size and attempt >= LAST_ATTEMPT:
            return []
    return None


def margin(played: Played, one: str) -> float:
    """What the seats of `one` earned over those of the others."""
    return sum(
        payoff if played.fixture.seats[seat] == one else -payoff for seat, payoff in played.payoff.items()
    )


def half_points(margin: float) -> int:
    """2 for a win, 1 for a draw, 0 for a loss; payoffs are rounded."""
    return 1 if abs(margin) <= _ROUNDING else 2 if margin > 0 else 0
