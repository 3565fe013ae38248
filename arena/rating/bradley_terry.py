"""Bradley–Terry ratings with ties and an advantage of the first seat, for games of two rated seats.

With d = rating of the first seat − rating of the second + advantage of the first seat in this game, in
logits, and a tie parameter ν of the game, the first seat wins, ties and loses with the weights
exp(d/2), ν and exp(−d/2). Source: R. R. Davidson, "On extending the Bradley–Terry model to accommodate
ties in paired comparison experiments", JASA 65 (1970); the order effect as in Davidson and Beaver,
Biometrics 33 (1977). On chess Davidson's ties fit better than Rao and Kupper's.

All matrices are dense: 1,000 agents take tens of megabytes, 5,000 take gigabytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arena.rating.davidson import Likelihood
from arena.rating.games import Floats, Games
from arena.rating.newton import maximise
from arena.rating.prior import Anchor, prior_of
from arena.rating.ratings import Ratings
from arena.rating.sandwich import sandwich
from arena.rating.scale import ELO, Estimate

WEAK = 0.05
"""The usual strength of the prior: a quarter of a game against an average opponent."""


class Seating(NamedTuple):
    """What the seats of one game are worth."""

    game: str
    advantage: Estimate
    """Of the first seat, in Elo."""
    ties: float
    """The tie parameter ν; equals without an advantage tie with probability ν/(2 + ν)."""


class Chances(NamedTuple):
    """Probabilities of the first seat's outcomes."""

    win: float
    tie: float
    loss: float

    @property
    def score(self) -> float:
        """The expected score, in [0, 1]."""
        return self.win + self.tie / 2


@dataclass(frozen=True, eq=False)
class BradleyTerry:
    """A fitted model."""

    ratings: Ratings
    seatings: tuple[Seating, ...]
    """One a game."""
    steps: int
    """Newton steps that the fit took."""

    def chances(self, first: str, second: str, game: str | None = None) -> Chances:
        """How a match would end with `first` in the first seat.

        Raises:
            ValueError: an agent or the game is unknown, or no game is named and several were fitted.
        """
        seating = self.seating(game)
        gap = self.ratings.difference(first, second).elo + seating.advantage.elo
        win, loss = np.exp(gap / ELO / 2), np.exp(-gap / ELO / 2)
        total = win + loss + seating.ties
        return Chances(float(win / total), float(seating.ties / total), float(loss / total))

    def expected(self, one: str, other: str, game: str | None = None) -> float:
        """The expected score of `one` against `other`, the mean over both seatings, in [0, 1].

        Raises:
            ValueError: as `chances`.
        """
        return (self.chances(one, other, game).score + 1 - self.chances(other, one, game).score) / 2

    def seating(self, game: str | None = None) -> Seating:
        """What the seats of a game are worth; None names the only one.

        Raises:
            ValueError: the game was not played, or no game is named and several were fitted.
        """
        if game is None and len(self.seatings) == 1:
            return self.seatings[0]
        for seating in self.seatings:
            if seating.game == game:
                return seating
        raise ValueError(f"game={game!r}: expected one of {', '.join(repr(s.game) for s in self.seatings)}")


def fit(
    games: Games,
    *,
    prior: float = WEAK,
    first_seat: bool = True,
    anchors: Sequence[Anchor] = (),
    start: BradleyTerry | None = None,
) -> BradleyTerry:
    """Fit ratings, seat advantages and tie parameters at once.

    Errors are those of a sandwich in which a mirrored pair is one cluster, so luck of the scenario that
    both legs share neither widens nor narrows them wrongly.

    Args:
        games: The results.
        prior: Strength of the prior, an inverse variance in squared logits.
        first_seat: False leaves the advantage of the first seat at 0.
        anchors: Agents whose ratings are known.
        start: An earlier fit to set out from; agents and games may have joined since.

    Raises:
        ValueError: fewer than two agents played, or an anchor never did.
    """
    likelihood = Likelihood(games)
    size, kinds = len(games.agents), len(games.games)
    assumed = prior_of(games.agents, games.active, 2 * kinds, prior, anchors)
    assumed.fixed[size : size + kinds] |= not first_seat
    assumed.fixed[size + kinds :] |= likelihood.tieless
    peak = maximise(likelihood, assumed, _continued(likelihood.guess(), games, start))
    clusters = games.count.sum() ** 2 / games.square.sum()
    spread = sandwich(peak, likelihood.meat(peak.parameters), float(clusters), assumed)
    ratings = Ratings(games.agents, peak.parameters[:size], spread)
    errors = np.sqrt(spread.variances[size : size + kinds]) * ELO
    advantages, ties = peak.parameters[size : size + kinds] * ELO, likelihood.ties(peak.parameters)
    columns = zip(games.games, advantages.tolist(), errors.tolist(), ties.tolist(), strict=True)
    seatings = tuple(Seating(name, Estimate(elo, error), nu) for name, elo, error, nu in columns)
    return BradleyTerry(ratings, seatings, peak.steps)


def _continued(guess: Floats, games: Games, start: BradleyTerry | None) -> Floats:
    """The guess, with what an earlier fit knows put in its place."""
    if start is None:
        return guess
    size = len(games.agents)
    known = dict(zip(start.ratings.agents, start.ratings.logits.tolist(), strict=True))
    guess[:size] = [known.get(agent, 0.0) for agent in games.agents]
    for kind, game in enumerate(games.games):
        for seating in start.seatings:
            if seating.game == game:
                guess[size + kind] = seating.advantage.elo / ELO
                if seating.ties > 0:
                    guess[size + len(games.games) + kind] = np.log(seating.ties)
    return guess
