"""Credit: how much of a match's result each reply is given, and what result was to be expected."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from arena.data.baseline import Averages
from arena.data.sample import Replies, Sample, by_match, digest

Side: TypeAlias = tuple[str, str, bool]
"""A game, a role and whether it won."""


class Credit(msgspec.Struct, frozen=True):
    """How replies are weighed; as it stands, each weighs 1."""

    gamma: float = 1.0
    """The last reply of a seat weighs 1, each one before it this many times the next; in (0, 1]."""
    whole: bool = False
    """Scale the weights of a seat's replies in a match to a sum of 1: long matches then weigh no more."""
    winners: bool = False
    """Leave out the replies of seats that lost."""
    cap: int | None = None
    """Keep at most so many replies of a seat and match: those that weigh most."""
    by_value: bool = False
    """Weigh a reply of a seat that won by how much it raised the value of the state, one of a seat that lost
    by how much it lowered it; the others go, as do those whose value nobody knows."""
    balance: bool = False
    """Scale the weights so that every role of a game weighs the same, see `balances`."""

    def __post_init__(self) -> None:
        if not 0 < self.gamma <= 1:
            raise ValueError(f"gamma is {self.gamma!r}, but must be above 0 and at most 1")
        if self.cap is not None and self.cap < 1:
            raise ValueError(f"cap is {self.cap!r}, but must be 1 or more; None keeps all")


def credited(replies: Replies, credit: Credit) -> Iterator[tuple[Sample, float]]:
    """Every reply that earns credit, with its weight, in order; refused ones and draws earn none.

    With `Credit.balance` the replies are asked for twice.
    """
    factors = balances(replies(), winners=credit.winners) if credit.balance else {}
    for match in by_match(replies()):
        earns = [one for one in match if _earns(one, winners=credit.winners)]
        for sample in _capped(earns, credit):
            weight = discount(sample, credit.gamma) * (_share(sample) if credit.by_value else 1.0)
            if not weight:
                continue
            if credit.whole:
                weight /= sum(credit.gamma**turn for turn in range(sample.turns))
            yield sample, weight * (factors[_side(sample)] if credit.balance else 1.0)


def _share(sample: Sample) -> float:
    """How much of a result a reply brought about, at least 0."""
    return max(0.0, (sample.gain or 0.0) * (1 if sample.payoff > 0 else -1))


def uniform(sample: Sample) -> float:
    """1: every reply weighs the same."""
    return 1.0


def discount(sample: Sample, gamma: float) -> float:
    """``gamma ** (turns - 1 - turn)``: later replies are nearer to the result.

    Source: P. Cheng et al., "Self-playing Adversarial Language Game Enhances LLM Reasoning" (SPAG, 2024),
    arXiv 2404.10642, with gamma 0.8 and the weights of a match scaled to a sum of 1.
    """
    return float(gamma ** (sample.turns - 1 - sample.turn))


def balances(samples: Iterable[Sample], *, winners: bool) -> Mapping[Side, float]:
    """The factor by which each side of a game is to be weighed: N / (K · N_side).

    N is the number of decided results of the game, K how many of its sides have any. Each side then
    weighs N / K in all. With winners only, K is the number of roles that ever won.

    Source: the weights N / (2 · N_role) of SPAG (arXiv 2404.10642), for any number of roles.
    """
    won: Counter[Side] = Counter()
    for match in by_match(samples):
        won.update({one.seat: _side(one) for one in match if _earns(one, winners=winners)}.values())
    total: Counter[str] = Counter()
    sides: Counter[str] = Counter()
    for side, count in won.items():
        total[side[0]] += count
        sides[side[0]] += 1
    return {side: total[side[0]] / (sides[side[0]] * count) for side, count in won.items()}


class Baselines:
    """Role-conditioned baselines: what a role of a game has earned lately.

    Keyed by game and role, never by the seat alone: with several games a seat called "white" may be the
    better one here and the worse one there, and one baseline for both is wrong for each.

    Source: B. Liu et al., "SPIRAL: Self-Play on Zero-Sum Games Incentivizes Reasoning" (2025), arXiv
    2506.24119, role-conditioned advantage estimation.
    """

    def __init__(self, decay: float = 0.95) -> None:
        self._averages = Averages[tuple[str, str]](decay)

    def expected(self, game: str, role: str) -> float:
        """The baseline now; 0 before the first result."""
        return self._averages.of((game, role))

    def advantage(self, game: str, role: str, payoff: float) -> float:
        """A payoff less the baseline before it; then the baseline takes it in.

        Each seat of a match is to be told once.
        """
        return self._averages.advantage((game, role), payoff)

    def advantages(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, float]]:
        """Every reply with its seat's advantage, in the order given; that order decides, so give it by time.

        The seats of one match are all compared with the baselines from before the match.
        """
        for match in by_match(samples):
            seats = {one.seat: one for one in match}
            before = {seat: self.expected(one.game, one.role) for seat, one in seats.items()}
            for one in seats.values():
                self.advantage(one.game, one.role, one.payoff)
            yield from ((one, one.payoff - before[one.seat]) for one in match)


def _earns(sample: Sample, *, winners: bool) -> bool:
    return sample.fault is None and (sample.payoff > 0 or (sample.payoff < 0 and not winners))


def _side(sample: Sample) -> Side:
    return sample.game, sample.role, sample.payoff > 0


def _capped(match: list[Sample], credit: Credit) -> list[Sample]:
    """The replies of each seat that weigh most; equal ones are drawn by the hash of their names."""
    if credit.cap is None:
        return match
    kept: set[str] = set()
    for seat in {one.seat for one in match}:
        order = sorted(
            (one for one in match if one.seat == seat),
            key=lambda one: (-discount(one, credit.gamma), digest(one.id)),
        )
        kept.update(one.id for one in order[: credit.cap])
    return [one for one in match if one.id in kept]
