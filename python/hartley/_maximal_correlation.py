"""Maximal correlation of two variables, and the β at which the information bottleneck begins to tell."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ._joint_tables import F64

_DENSE = 512  # the smaller alphabet up to which all singular values are computed
_LANCZOS_STEPS = 300
_ROUNDING = 1e-14  # a correlation below this is rounding: independent


def maximal_correlation(joint: F64) -> float:
    """The largest correlation of a function of x with a function of y: the second singular value of p / √(p_x p_y)."""
    p_x, p_y = joint.sum(axis=1), joint.sum(axis=0)
    if not (p_x.all() and p_y.all()):
        return maximal_correlation(joint[np.ix_(p_x > 0, p_y > 0)])
    root_x, root_y = np.sqrt(p_x), np.sqrt(p_y)
    # the first, which is 1, taken off: what is left of it entry by entry keeps the digits of small correlations
    if min(joint.shape) <= _DENSE:
        centred = joint / root_x[:, None] / root_y - root_x[:, None] * root_y
        return min(1.0, float(np.linalg.svd(centred, compute_uv=False)[0]))

    def apply(v: F64) -> F64:  # the matrix and its transpose, never formed
        over_x: F64 = (joint @ (v / root_y)) / root_x - root_x * (root_y @ v)
        over_y: F64 = (joint.T @ (over_x / root_x)) / root_y - root_y * (root_x @ over_x)
        return over_y

    return min(1.0, math.sqrt(_largest_eigenvalue(apply, len(root_y))))


def _largest_eigenvalue(apply: Callable[[F64], F64], n: int) -> float:
    """That of a positive semidefinite operator: Lanczos' method, every vector kept orthogonal to all before."""
    basis = np.zeros((_LANCZOS_STEPS, n))
    basis[0] = np.random.default_rng(0).normal(size=n)
    basis[0] /= np.linalg.norm(basis[0])
    tridiagonal = np.zeros((_LANCZOS_STEPS, _LANCZOS_STEPS))
    largest = 0.0
    for k in range(_LANCZOS_STEPS):
        image = apply(basis[k])
        tridiagonal[k, k] = image @ basis[k]
        for _ in range(2):  # twice is enough
            image = image - basis[: k + 1].T @ (basis[: k + 1] @ image)
        norm = float(np.linalg.norm(image))
        values, vectors = np.linalg.eigh(tridiagonal[: k + 1, : k + 1])
        largest = float(values[-1])
        # the residual of the Ritz pair; the error of its value is of second order in it
        if norm * abs(vectors[-1, -1]) <= 1e-9 * largest or k + 1 == _LANCZOS_STEPS:
            break
        tridiagonal[k, k + 1] = tridiagonal[k + 1, k] = norm
        basis[k + 1] = image / norm
    return max(0.0, largest)


def critical_beta_of(joint: F64) -> float:
    correlation = maximal_correlation(joint)
    return math.inf if correlation <= _ROUNDING else 1.0 / correlation**2
