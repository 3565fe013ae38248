"""Newton's method for concave likelihoods with a prior: `maximise`, `Peak`."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from arena.rating.games import Floats
from arena.rating.prior import Prior

LONGEST = 2.0
"""No parameter moves by more logits at once: far out the likelihood is flat and full steps overshoot."""
CLOSE = 1e-3
"""Converged when a step moved no parameter by more logits; the error left is below its square."""
SMALL = 200
"""Below it OpenBLAS's dpotri mostly waits for its threads: up to 25 ms on a busy machine."""
MOST = 200
"""Steps before giving up; ten are many."""


class Slope(NamedTuple):
    """A log-likelihood at one point."""

    value: float
    gradient: Floats
    information: Floats
    """Minus the second derivatives, square; only the upper triangle is read."""


class Peak(NamedTuple):
    """Where likelihood and prior together are highest."""

    parameters: Floats
    information: Floats
    """What the results alone hold, square; only the upper triangle counts."""
    inverse: Floats
    """The inverse of the information of results and prior together, whole."""
    steps: int


def maximise(likelihood: Callable[[Floats], Slope], prior: Prior, start: Floats) -> Peak:
    """Climb to the peak of a concave log-likelihood with a prior.

    Raises:
        ArithmeticError: no convergence; the likelihood is not concave.
    """
    parameters = np.where(prior.fixed, prior.centre, start)
    highest, step = -np.inf, np.zeros(start.shape)
    for steps in range(1, MOST + 1):
        slope = likelihood(parameters)
        value = slope.value + prior.value(parameters)
        if value < highest - 1e-9 * abs(highest):
            step = step / 2
            parameters = parameters - step
            continue
        highest = value
        factor = cholesky(slope.information, prior)
        gradient = np.where(prior.fixed, 0.0, slope.gradient + prior.gradient(parameters))
        step, _ = lapack.dpotrs(factor, gradient, lower=1)
        step *= LONGEST / max(float(np.abs(step).max()), LONGEST)
        parameters = parameters + step
        if np.abs(step).max() < CLOSE:
            return Peak(parameters, slope.information, _inverse(factor), steps)
    raise ArithmeticError(f"no convergence in {MOST} steps: the last moved {np.abs(step).max():.3g} logits")


def cholesky(information: Floats, prior: Prior) -> Floats:
    """The Cholesky factor of the information once the prior is added; fixed parameters are cut loose."""
    both = information.copy()
    prior.inform(both)
    if prior.fixed.any():
        both[prior.fixed] = 0.0
        both[:, prior.fixed] = 0.0
        both[prior.fixed, prior.fixed] = 1.0
    factor: Floats
    factor, failed = lapack.dpotrf(both.T, lower=1, overwrite_a=1)
    if failed:
        raise ArithmeticError(f"the information is singular at parameter {failed - 1}: raise the prior")
    return factor


def _inverse(factor: Floats) -> Floats:
    """The inverse of what the lower triangle is the Cholesky factor of."""
    inverse: Floats
    if len(factor) < SMALL:
        inverse, _ = lapack.dtrtri(factor, lower=1)
        return inverse.T @ inverse
    inverse, _ = lapack.dpotri(factor, lower=1)  # the lower triangle; dpotrf left the upper one at 0
    inverse += inverse.T
    inverse[np.diag_indices_from(inverse)] /= 2
    return inverse
