"""What the matches of a duel say, looked at in the order of the schedule: `Evidence`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from arena.gate.duel import Duel
from arena.gate.rule import Rule
from arena.rating.eprocess import EProcess
from arena.rating.pentanomial import Pentanomial
from arena.rating.sequential import half_points, margin, settled
from arena.rating.sprt import Verdict
from arena.tournament.schedule import Played


@dataclass
class Evidence:
    """Pentanomial counts, the test over all of them, and bets for and against the candidate.

    Told matches in whatever order, it looks at units strictly in the order of the schedule and stops at
    the first at which it may decide; so it says the same however many matches are played at once.
    """

    duel: Duel
    rule: Rule
    counts: list[Pentanomial] = field(default_factory=list)
    """Of each game."""
    better: EProcess = field(default_factory=EProcess)
    """A bet that the candidate scores above ½; it may be looked at whenever one likes."""
    worse: list[EProcess] = field(default_factory=list)
    """By game, bets that it scores below ½."""
    verdict: Verdict = Verdict.CONTINUE
    """Of the test over all games."""
    lost: int | None = None
    """The game in which the candidate is worse for sure; None while there is none."""
    looked: int = 0
    """Units looked at, those given up included."""
    given_up: int = 0
    """Units that stayed void."""
    _seen: int = 0
    _legs: dict[int, dict[int, list[Played]]] = field(default_factory=dict)
    """By pair of the schedule and attempt."""

    def __post_init__(self) -> None:
        games = len(self.duel.games)
        self.counts = [Pentanomial() for _ in range(games)]
        self.worse = [EProcess() for _ in range(games)]

    @property
    def total(self) -> Pentanomial:
        """The counts of all games together."""
        return summed(self.counts)

    @property
    def decided(self) -> str:
        """What ended the test, in words; empty while it goes on."""
        if self.lost is not None:
            return f"worse in {self.duel.games[self.lost].name}"
        return "" if self.verdict is Verdict.CONTINUE else str(self.verdict)

    def __call__(self, past: Sequence[Played]) -> str:
        """What ended the test, given all results so far; empty while it goes on."""
        for played in past[self._seen :]:
            fixture = played.fixture
            self._legs.setdefault(fixture.pair, {}).setdefault(fixture.attempt, []).append(played)
        self._seen = len(past)
        while not self.decided and self.looked < self.duel.units:
            legs = self._settled(self.looked)
            if legs is None:
                break
            if legs:
                self._count(self.duel.game(self.looked), halves(legs, self.duel.candidate))
            else:
                self.given_up += 1
            self.looked += 1
        return self.decided

    def _settled(self, unit: int) -> list[Played] | None:
        """The matches of a unit that count; empty when it was given up, None while it is being played."""
        found: list[Played] = []
        planned: dict[int, int] = {}
        for leg in self.duel.legs(unit):
            planned[leg.pair] = planned.get(leg.pair, 0) + 1
        for pair, size in planned.items():
            legs = settled(self._legs.get(pair, {}), size)
            if not legs:
                return legs
            found += legs
        return sorted(found, key=lambda played: played.fixture.number)

    def _count(self, game: int, scored: tuple[int, int]) -> None:
        self.counts[game] = self.counts[game].plus(*scored)
        score = sum(scored) / 4
        self.better = self.better.after([score])
        self.worse[game] = self.worse[game].after([1 - score])
        self.verdict = self.rule.test.verdict(self.total)
        # with one game the test itself says so, and sooner
        if len(self.counts) > 1 and self.worse[game].rejects(self.rule.alpha / len(self.counts)):
            self.lost = game


def halves(legs: Sequence[Played], candidate: str) -> tuple[int, int]:
    """What the candidate scored, twice: 2 for better, 1 for equal, 0 for worse.

    With two matches, in each against the champion's payoff of that match. With three, in each seat
    against the payoff of the champion that held the same seat of the same scenario against itself.
    """
    if len(legs) == 2:
        first, last = (margin(leg, candidate) for leg in legs)
    else:
        *held, alone = legs
        first, last = (
            leg.payoff[seat] - alone.payoff[seat]
            for leg in held
            for seat, agent in leg.fixture.seats.items()
            if agent == candidate
        )
    return half_points(first), half_points(last)


def summed(counts: Sequence[Pentanomial]) -> Pentanomial:
    """Counts added up."""
    columns = zip(*((c.ll, c.ld, c.wl, c.dd, c.wd, c.ww) for c in counts), strict=True)
    return Pentanomial(*map(sum, columns))
