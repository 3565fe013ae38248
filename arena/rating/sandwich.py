"""Errors that hold when results within a mirrored pair depend on each other: `Sandwich`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import blas

from arena.rating.games import Floats
from arena.rating.newton import Peak, cholesky
from arena.rating.prior import Prior


@dataclass(frozen=True, eq=False)
class Sandwich:
    """The covariance of fitted parameters, in squared logits.

    The full matrix costs a product that most tables never need, so ask for what is wanted: `variances`,
    `contrast`, or `matrix`.
    """

    root: Floats
    """Square; the covariance is this times its transpose."""

    @cached_property
    def variances(self) -> Floats:
        """The variance of each parameter; without anchors, of a rating's distance to the mean rating."""
        variances: Floats = np.einsum("ij,ij->i", self.root, self.root)
        return variances

    @cached_property
    def matrix(self) -> Floats:
        """The whole covariance, symmetric."""
        matrix: Floats = self.root @ self.root.T
        return matrix

    def contrast(self, one: int, other: int) -> float:
        """The variance of the difference of two parameters."""
        gap = self.root[one] - self.root[other]
        return float(gap @ gap)


def sandwich(
    peak: Peak, meat: Floats, clusters: float, prior: Prior, relative: Sequence[slice] = ()
) -> Sandwich:
    """The sandwich of a fit: inverse information × filling × inverse information.

    The filling is the meat, the sum over clusters of the outer product of their scores, and the prior.
    Two corrections make intervals hold in small tables, where they would be too narrow. The meat grows by
    m/(m − p) for m clusters and p parameters, at most twofold. And where the results say little about a
    parameter, as about an agent that won every game, scores are near 0 and the meat would claim
    certainty: there the information takes its place, with the weight 1/(1 + i) when the results hold the
    information i (a game between equals without ties holds ¼).

    Source: Liang and Zeger, Biometrika 73 (1986), for clusters; the corrections are in the spirit of
    Morel, Bokossa and Neerchal, Biometrical Journal 45 (2003), and were chosen by simulated coverage.

    Args:
        peak: The fit.
        meat: Square; only the upper triangle is read.
        clusters: How many clusters there are; a mirrored pair is one.
        prior: The prior of the fit.
        relative: Groups of parameters to be taken relative to their mean; ratings without an anchor are.
    """
    free = int((~prior.fixed).sum())
    growth = clusters / max(clusters - free, clusters / 2)
    known = peak.information.diagonal()
    trust, doubt = np.sqrt(growth * known / (1 + known)), np.sqrt(1 / (1 + known))
    filling = meat * np.outer(trust, trust) + peak.information * np.outer(doubt, doubt)
    bread = peak.inverse.copy(order="K")
    bread[prior.fixed] = 0.0
    for group in relative if prior.anchored else (slice(0, prior.agents), *relative):
        bread[group] -= bread[group].mean(axis=0)
    root: Floats = blas.dtrmm(1.0, cholesky(filling, prior), bread, side=1, lower=1, overwrite_b=1)
    return Sandwich(root)
