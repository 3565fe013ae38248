"""Whether one number an agent is enough: `GTest`, and what to print where it is not: `Nash`."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import chdtrc

from arena.rating.bradley_terry import WEAK, BradleyTerry
from arena.rating.davidson import Chance, chance
from arena.rating.games import LOW_FIRST, LOW_SECOND, Floats, Games, Ints, Leg, summed
from arena.rating.scale import ELO

FARTHEST = 20.0
"""How far a pairing may move from what ratings say, in logits; won by all, it would move for ever."""


class GTest(NamedTuple):
    """A test of the hypothesis that ratings explain all results."""

    statistic: float
    """Twice the log-likelihood that a free difference for each pairing gains over ratings."""
    freedom: int
    """Pairings less the rating differences that were fitted."""
    p_value: float
    """Below 0.01, results go in circles: print `nash` beside the ratings."""


@dataclass(frozen=True, eq=False)
class Nash:
    """Nash averaging: agents rated against the mixture of agents that nobody beats."""

    agents: tuple[str, ...]
    weights: Floats
    """The mixture, adding up to 1; of all such mixtures the most even one, so copies share their weight."""
    skill: Floats
    """Expected Elo against the mixture, 0 for those in it and below 0 for most others."""


def g_test(games: Games, fit: BradleyTerry) -> GTest:
    """Test whether pairings differ from what ratings say; over several games, also whether skill is one.

    The statistic follows its chi-square distribution from about twenty games a pairing; with ten it
    rejects at 5% in up to one case of ten. It takes games for independent: luck that a mirrored pair
    shares makes it cautious, agents that suit a scenario in either seat make it too eager.

    Source: the likelihood ratio G² of Bradley and Terry, Biometrika 39 (1952), section 6, with ties and
    the advantage of the first seat taken from the fit.
    """
    pairings = _Pairings(games, fit)
    free = pairings.best(0.0)
    statistic = 2 * float((pairings.value(free) - pairings.value(pairings.rated)).sum())
    seen = np.unique(np.concatenate([pairings.low, pairings.high]))
    links = csr_array((np.ones(free.size), (pairings.low, pairings.high)), shape=(len(games.agents),) * 2)
    pools = connected_components(links, directed=False)[0] - (len(games.agents) - seen.size)
    freedom = free.size - (seen.size - pools)
    return GTest(
        max(statistic, 0.0), freedom, float(chdtrc(freedom, max(statistic, 0.0))) if freedom > 0 else 1.0
    )


def nash(games: Games, fit: BradleyTerry, *, prior: float = WEAK) -> Nash:
    """Nash averaging of the agents of a fit.

    Each pairing's difference in logits is drawn towards that of the ratings with the strength `prior`;
    pairings that were not played take the ratings' difference.

    Raises:
        ValueError: the prior is not positive.
    """
    if not prior > 0:
        raise ValueError(f"prior={prior!r}: expected a positive inverse variance, such as 0.05")
    pairings = _Pairings(games, fit)
    ratings = fit.ratings.logits
    payoff = ratings[:, None] - ratings
    gaps = pairings.best(prior)
    payoff[pairings.low, pairings.high] = gaps
    payoff[pairings.high, pairings.low] = -gaps
    weights = equilibrium(payoff)
    return Nash(games.agents, weights, payoff @ weights * ELO)


def equilibrium(payoff: Floats) -> Floats:
    """The Nash equilibrium of highest entropy of a symmetric zero-sum game.

    A linear program finds which strategies any equilibrium uses; these earn 0 against every equilibrium.
    If that leaves several, the most even one is the optimum of a smooth dual. Source:
    Balduzzi, Tuyls, Perolat and Graepel, "Re-evaluating evaluation", NeurIPS 2018, section 4.

    Args:
        payoff: Shape (n, n), antisymmetric: what the row earns from the column.

    Returns:
        Probabilities, shape (n,).
    """
    scale = max(float(np.abs(payoff).max(initial=0.0)), 1e-300)
    used = _support(payoff / scale)
    equal, less = payoff[np.ix_(used, used)] / scale, payoff[np.ix_(~used, used)] / scale
    kernel: Floats = null_space(equal, rcond=1e-9)
    weights = kernel[:, 0] if kernel.shape[1] == 1 else _most_even(equal, less)
    mixture = np.zeros(len(payoff))
    mixture[used] = weights / weights.sum()
    return mixture


def _most_even(equal: Floats, less: Floats) -> Floats:
    """The probabilities of highest entropy with ``equal @ p == 0`` and ``less @ p <= 0``."""
    constraints = np.vstack([equal, less])

    def dual(forces: Floats) -> tuple[float, Floats]:
        weights = -forces @ constraints
        top = weights.max()
        chances = np.exp(weights - top)
        total = chances.sum()
        return float(top + np.log(total)), -constraints @ (chances / total)

    bounds = [(None, None)] * len(equal) + [(0.0, None)] * len(less)
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(
        dual, np.zeros(len(constraints)), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    weights: Floats = np.exp(-found.x @ constraints - found.fun)
    return weights


def _support(payoff: Floats) -> NDArray[np.bool_]:
    """Which strategies some equilibrium uses: scaled up, all of them can weigh 1 or more at once."""
    size = len(payoff)
    cost = np.concatenate([np.zeros(size), -np.ones(size)])
    rows = np.block([[payoff, np.zeros((size, size))], [-np.eye(size), np.eye(size)]])
    bounds = [(0, None)] * size + [(0, 1)] * size
    found = linprog(cost, A_ub=rows, b_ub=np.zeros(2 * size), bounds=bounds, method="highs")
    if found.x is None:
        raise ArithmeticError(f"no equilibrium was found: {found.message}")
    used: NDArray[np.bool_] = found.x[size:] > 0.5
    return used


class _Pairings:
    """The log-likelihood of each pairing as a function of its own difference of ratings."""

    def __init__(self, games: Games, fit: BradleyTerry) -> None:
        apart = games.low != games.high
        key = games.low[apart] * len(games.agents) + games.high[apart]
        keys, self._row = np.unique(key, return_inverse=True)
        self.low: Ints = keys // len(games.agents)
        self.high: Ints = keys % len(games.agents)
        self.rated = fit.ratings.logits[self.low] - fit.ratings.logits[self.high]
        code, count, game = games.code[apart], games.count[apart], games.game[apart]
        legs = (Leg(*(count * column[code] for column in leg)) for leg in (LOW_FIRST, LOW_SECOND))
        self._first, self._second = legs
        seatings = [fit.seating(name) for name in games.games]
        self._edge = np.exp(np.array([s.advantage.elo for s in seatings]) / ELO / 2)[game]
        self._ties = np.array([s.ties for s in seatings])[game]

    def value(self, gaps: Floats) -> Floats:
        """Of each pairing, up to a constant."""
        one, two = self._chances(gaps)
        first, second = self._first, self._second
        half = (first.games + second.games) / 2
        linear = (first.score + second.score - half) * gaps[self._row]
        logs = first.games * np.log(one.weights) + second.games * np.log(two.weights)
        return summed(self._row, linear - logs, gaps.size)

    def best(self, prior: float) -> Floats:
        """The likeliest differences, drawn to those of the ratings with the strength `prior`."""
        gaps = self.rated.copy()
        for _ in range(100):
            one, two = self._chances(gaps)
            first, second = self._first, self._second
            surplus = first.score - first.games * one.score + second.score - second.games * two.score
            slope = summed(self._row, surplus, gaps.size) - prior * (gaps - self.rated)
            spread1 = first.games * (one.score * (1 - one.score) - one.tie / 4)
            spread2 = second.games * (two.score * (1 - two.score) - two.tie / 4)
            curve = summed(self._row, spread1 + spread2, gaps.size) + prior
            step = np.clip(slope / np.maximum(curve, 1e-12), -1, 1)
            moved = np.clip(gaps + step, self.rated - FARTHEST, self.rated + FARTHEST)
            done = np.abs(moved - gaps).max(initial=0.0) < 1e-9
            gaps = moved
            if done:
                break
        return gaps

    def _chances(self, gaps: Floats) -> tuple[Chance, Chance]:
        odds = np.exp(gaps[self._row] / 2)
        return chance(odds * self._edge, self._ties), chance(odds / self._edge, self._ties)
