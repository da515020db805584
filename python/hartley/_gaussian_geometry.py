"""Distances between normal distributions: optimal transport and the Fisher metric."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._gaussian_inputs import F64, Covariances, Pair, finish, flat

# a covariance computed from data in this type has eigenvalues below 0 by so much of its largest
_INDEFINITE = {1e-8: 1e-10, 1e-4: 1e-5}


def _square_roots(covariances: Covariances, batch: tuple[int, ...]) -> F64:
    """Symmetric square roots, (n, d, d); eigenvalues that are rounding errors of 0 count as 0."""
    values = flat(covariances.values, batch, 2)
    d = covariances.d
    symmetric = (values + np.swapaxes(values, 1, 2)) / 2
    if covariances.ridge:
        symmetric = symmetric + covariances.ridge * np.eye(d)
    for index in np.flatnonzero(~np.isfinite(symmetric).all(axis=(1, 2)))[:1]:
        covariances.refuse(int(index), batch if len(values) > 1 else covariances.batch)
    scale = np.sqrt(np.maximum(np.diagonal(values, axis1=1, axis2=2), 0.0))
    gap = np.abs(values - np.swapaxes(values, 1, 2))
    asymmetric = (gap > covariances.asymmetry * scale[:, :, None] * scale[:, None, :]).any(axis=(1, 2))
    eigenvalues, axes = np.linalg.eigh(symmetric)
    largest = np.maximum(eigenvalues[:, -1:], 0.0)
    asymmetric |= eigenvalues[:, 0] < -_INDEFINITE[covariances.asymmetry] * largest[:, 0]
    for index in np.flatnonzero(asymmetric)[:1]:
        covariances.refuse(int(index), batch if len(values) > 1 else covariances.batch, semidefinite=True)
    rounding = d * np.finfo(np.float64).eps * largest
    roots = np.sqrt(np.where(eigenvalues > rounding, eigenvalues, 0.0))
    found: F64 = (axes * roots[:, None, :]) @ np.swapaxes(axes, 1, 2)
    return found


def wasserstein2(mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, *, ridge: float = 0.0) -> Any:
    """Wasserstein distance W_2 of normal distributions; its square is the Fréchet distance.

    Parameters
    ----------
    mean_p, mean_q : array of float, shape (..., d), or float
        Means, finite.
    cov_p, cov_q : array of float, shape (..., d, d), or float
        Covariances, symmetric and positive semidefinite: singular ones are welcome. The leading axes of all four
        broadcast.
    ridge : float, default 0
        Added to the diagonals of both covariances, at least 0.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, in the unit of the variables.

    Raises
    ------
    ValueError
        Shapes that do not fit, entries that are not finite, a covariance that is not symmetric or has an eigenvalue
        below 0 by more than rounding (1e-10 of the largest, 1e-5 in float32): which one, and the eigenvalue.
    TypeError
        An argument is no array of numbers.

    Notes
    -----
    W_2² = |Δ|² + tr Σ_p + tr Σ_q - 2 tr (Σ_p^½ Σ_q Σ_p^½)^½, by symmetric eigendecompositions, never complex. The last
    three terms are computed as |Σ_p^½ - Σ_q^½ U|² with the rotation U that brings the square roots closest to each
    other, a sum of squares: it does not cancel for near covariances, where the difference of the traces is noise of the
    order of √eps. Eigenvalues below d eps of the largest count as 0. O(d³) each, one matrix at a time.

    References
    ----------
    Dowson, D. C. & Landau, B. V. (1982). The Fréchet distance between multivariate normal distributions. J.
    Multivariate Analysis 12, 450-455.
    Bhatia, R., Jain, T. & Lim, Y. (2019). On the Bures-Wasserstein distance between positive definite matrices.
    Expositiones Mathematicae 37, theorem 1.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.wasserstein2([0.0, 0.0], [[4.0, 0.0], [0.0, 1.0]], [3.0, 0.0], [[1.0, 0.0], [0.0, 0.0]]), 12)
    3.316624790355
    """
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    if math.prod(pair.batch) == 0:
        return np.empty(pair.batch)
    p, q = _square_roots(pair.p, pair.batch), _square_roots(pair.q, pair.batch)
    left, _, right = np.linalg.svd(q @ p)
    apart = np.linalg.norm(p - q @ (left @ right), axis=(1, 2))
    shift = flat(pair.p_mean, pair.batch, 1) - flat(pair.q_mean, pair.batch, 1)
    return finish(np.hypot(np.linalg.norm(shift, axis=1), apart), 1.0, pair.batch)


_FAMILIES = ("full", "diagonal")
_ALIGNED = 1e-9  # how far the difference of the means may turn under the covariances: well above its rounding error


def _univariate(log_ratio: F64, shift: F64) -> F64:
    """Distance of N(shift, exp(log_ratio)) from N(0, 1): √2 arccosh(1 + 2 x²), written 2 √2 arsinh x."""
    x_squared = (0.5 * shift**2 + np.expm1(0.5 * log_ratio) ** 2) / (4.0 * np.exp(0.5 * log_ratio))
    distance: F64 = 2.0 * math.sqrt(2.0) * np.arcsinh(np.sqrt(x_squared))
    return distance


def fisher_rao_distance(
    mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, *, family: str = "full", ridge: float = 0.0
) -> Any:
    """Fisher-Rao distance of normal distributions: the length of the geodesic under the Fisher information.

    Parameters
    ----------
    mean_p, cov_p, mean_q, cov_q, ridge
        As in :func:`kl_divergence`.
    family : {"full", "diagonal"}
        Through which normal distributions the geodesic runs. "full" is all of them, and has a closed form for one
        variable, for equal means, for equal covariances, and wherever the difference of the means is an eigenvector of
        Σ_p Σ_q⁻¹. "diagonal" is those with independent variables, and both covariances have to be diagonal: any means
        are allowed, and the distance is at least the one through all.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0; a metric, invariant under invertible affine maps of the variables (the diagonal one under those of
        each variable); no unit of information.

    Raises
    ------
    ValueError
        A pair without a closed form: which one of the batch; a covariance that is not diagonal with
        ``family="diagonal"``; else as :func:`kl_divergence`.
    TypeError
        An argument is no array of numbers.

    Notes
    -----
    With the eigenvalues λ_i of Σ_p Σ_q⁻¹ and the Mahalanobis distance δ of the means, along direction k: √(d_k² +
    ½ Σ_(i≠k) log² λ_i), d_k = 2√2 arsinh √((δ²/2 + (√λ_k - 1)²) / (4 √λ_k)). The distributions whose
    means differ along one eigenvector are a hyperbolic plane times lines, totally geodesic. For independent variables
    the root of the sum of squares of the univariate distances. O(d³) each, one matrix at a time.

    References
    ----------
    Atkinson, C. & Mitchell, A. F. S. (1981). Rao's distance measure. Sankhyā A 43, 345-365.
    Pinele, J., Strapasson, J. E. & Costa, S. I. R. (2020). The Fisher-Rao distance between multivariate normal
    distributions: special cases, bounds and applications. Entropy 22, 404.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.fisher_rao_distance(0.0, 1.0, 0.0, 4.0), 12)  # √½ log 4
    0.980258143469
    """
    if family not in _FAMILIES:
        raise ValueError(f"family must be one of 'full', 'diagonal', got {family!r}")
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    factor, shift = pair.call("gaussian_whiten")
    if family == "diagonal":
        _require_diagonal(pair.p)
        _require_diagonal(pair.q)
        along = _univariate(2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)), shift)
        return finish(np.linalg.norm(along, axis=1), 1.0, pair.batch)
    axes, deviations, _ = np.linalg.svd(factor)
    log_variances = 2.0 * np.log(deviations)
    length = np.linalg.norm(shift, axis=1)
    direction = np.einsum("nij,ni->nj", axes, shift) / np.where(length > 0, length, 1.0)[:, None]
    own = (direction**2 * log_variances).sum(axis=1)
    turned = np.linalg.norm(direction * (log_variances - own[:, None]), axis=1)
    for index in np.flatnonzero(turned > _ALIGNED)[:1]:
        place = ", ".join(str(int(i)) for i in np.unravel_index(index, pair.batch)) if pair.batch else ""
        raise ValueError(
            f"the Fisher-Rao distance{f' of the pair [{place}]' if place else ''} has no known closed form: the means "
            "have to be equal, or the covariances, or the difference of the means an eigenvector of Σ_p Σ_q⁻¹; "
            'family="diagonal" takes any means beside diagonal covariances'
        )
    others = np.maximum((log_variances**2).sum(axis=1) - own**2, 0.0)
    return finish(np.hypot(_univariate(own, length), np.sqrt(0.5 * others)), 1.0, pair.batch)


def _require_diagonal(covariances: Covariances) -> None:
    bad = (covariances.values != 0) & ~np.eye(covariances.d, dtype=bool)
    if bad.any():
        where = np.unravel_index(int(np.argmax(bad)), bad.shape)
        place = ", ".join(str(int(i)) for i in where)
        raise ValueError(
            f'{covariances.name} must be diagonal with family="diagonal", got {float(covariances.values[where])!r} at '
            f"[{place}]"
        )
