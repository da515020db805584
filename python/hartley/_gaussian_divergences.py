"""Divergences between normal distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import as_real, count_and_first, require_finite
from ._entropies import as_order
from ._gaussian_inputs import F64, Pair, as_ridge, common_batch, finish
from ._units import Base, nats_per_unit

_SMALL_CHANGE = 0.25  # beyond, a plain difference loses 3 bits at most


def _log_excess(change: F64, log_ratio: F64) -> F64:
    """change - log(1 + change) without cancellation near 0, where log_ratio is log(1 + change)."""
    near = np.abs(change) <= _SMALL_CHANGE
    c = np.where(near, change, 0.0)
    s = c / (2.0 + c)  # log(1 + c) = 2 s + 2 s³ (1/3 + s²/5 + …), and c - 2 s = c s
    series = np.full_like(s, 1.0 / 19)
    for denominator in (17, 15, 13, 11, 9, 7, 5, 3):
        series = series * s * s + 1.0 / denominator
    return np.where(near, s * (c - 2.0 * s * s * series), change - log_ratio)


def kl_divergence(mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, *, base: Base = None, ridge: float = 0.0) -> Any:
    """Kullback-Leibler divergence D(p‖q) of normal distributions.

    Parameters
    ----------
    mean_p, mean_q : array of float, shape (..., d), or float
        Means, finite; a number is the mean of one variable.
    cov_p, cov_q : array of float, shape (..., d, d), or float
        Covariances, symmetric and positive definite; a number is one variance. The leading axes of all four broadcast.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    ridge : float, default 0
        Added to the diagonals of both covariances, at least 0.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, and exactly 0 for equal distributions.

    Raises
    ------
    ValueError
        Shapes that do not fit, means that are not finite, or a covariance as in :func:`entropy`.
    TypeError
        An argument is no array of numbers.

    Notes
    -----
    ½ (tr Σ_q⁻¹Σ_p - d - log |Σ_q⁻¹Σ_p| + Δᵀ Σ_q⁻¹ Δ) through M = L_q⁻¹ L_p of the Cholesky factors: ½ Σ (m_ii² - 1 -
    log m_ii²) + ½ Σ m_ij² + ½ |L_q⁻¹ Δ|². No term is below 0 and none cancels, so that near distributions keep their
    digits. O(d³) each; batches of small matrices are solved several at a time in the lanes of vectors.

    References
    ----------
    Kullback, S. (1959). Information Theory and Statistics, section 9.1.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.kl_divergence(1.0, 4.0, 0.0, 1.0), 12)
    1.30685281944
    """
    unit = nats_per_unit(base)
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    return finish(pair.call("gaussian_kl_divergence")[0], unit, pair.batch)


def _as_variances(variance: Any, name: str, ridge: float) -> F64:
    values = as_real(variance, name).astype(np.float64, copy=False)
    require_finite(values, name)
    values = values + ridge if ridge else values
    bad = ~(values > 0)
    if bad.any():
        n_bad, first = count_and_first(bad)
        where = f"{name}[{first}]" if values.ndim else name
        raise ValueError(f"{name} must be above 0, got {n_bad} that are not, first {where} = {float(values[bad][0])!r}")
    return values


def kl_divergence_diagonal(
    mean_p: Any, variance_p: Any, mean_q: Any, variance_q: Any, *, base: Base = None, ridge: float = 0.0
) -> Any:
    """Kullback-Leibler divergence D(p‖q) of normal distributions with independent variables.

    Parameters
    ----------
    mean_p, variance_p, mean_q, variance_q : array of float, shape (..., d), or float
        Means, finite, and variances, above 0 and finite. All axes broadcast, the last one is that of the variables: 0.0
        and 1.0 are the standard normal. Four numbers are one variable.
    base, ridge
        As in :func:`kl_divergence`; ``ridge`` is added to the variances.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, and exactly 0 for equal distributions.

    Raises
    ------
    ValueError
        Shapes that do not broadcast; means or variances that are not finite, variances that are not above 0.
    TypeError
        An argument is no array of numbers.

    Notes
    -----
    ½ Σ (r - 1 - log r + Δ² / σ_q²), r = σ_p² / σ_q², no term below 0 and none cancelling. O(d) each.

    References
    ----------
    Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR, appendix B (q standard normal).

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.kl_divergence_diagonal([1.0, 0.0], [4.0, 1.0], 0.0, 1.0), 12)
    1.30685281944
    """
    unit, extra = nats_per_unit(base), as_ridge(ridge)
    means = [as_real(m, name).astype(np.float64, copy=False) for m, name in ((mean_p, "mean_p"), (mean_q, "mean_q"))]
    p, q = _as_variances(variance_p, "variance_p", extra), _as_variances(variance_q, "variance_q", extra)
    require_finite(means[0], "mean_p")
    require_finite(means[1], "mean_q")
    shape = common_batch(
        mean_p=(means[0].shape, 0), variance_p=(p.shape, 0), mean_q=(means[1].shape, 0), variance_q=(q.shape, 0)
    )
    with np.errstate(over="ignore"):
        nats = 0.5 * (_log_excess((p - q) / q, np.log(p) - np.log(q)) + (means[0] - means[1]) ** 2 / q)
    rows = np.broadcast_to(nats, shape).reshape(-1, shape[-1] if shape else 1).sum(axis=1)
    return finish(rows, unit, shape[:-1])


def _renyi_nats(pair: Pair, order: float) -> F64:
    """Rényi divergence in one axis, from the coordinates where q is standard normal and p has independent variables.

    With variances λ = 1 + t and means u there: ½ Σ g(t) + α/2 Σ u² / (1 + (1 - α) t), where 1 + (1 - α) t is the mixed
    variance α + (1 - α) λ and g = (log(1 + (1 - α) t) - (1 - α) log λ) / (1 - α) (Gil, Alajaji & Linder 2013, table 2).
    """
    factor, shift = pair.call("gaussian_whiten")
    axes, deviations, _ = np.linalg.svd(factor)
    u_squared = np.einsum("nij,ni->nj", axes, shift) ** 2
    t, log_variance = (deviations - 1.0) * (deviations + 1.0), 2.0 * np.log(deviations)
    if math.isinf(order):
        return _largest_log_ratio(t, log_variance, u_squared)
    rest = 1.0 - order
    mixed = 1.0 + rest * t
    rounding = t.shape[1] * np.finfo(np.float64).eps * (1.0 + np.abs(rest * t))
    exists = (mixed > rounding).all(axis=1)
    mixed = np.where(exists[:, None], mixed, 1.0)
    log_mixed = np.log1p(np.where(exists[:, None], rest * t, 0.0))
    small = np.where((np.abs(t) <= _SMALL_CHANGE) & (np.abs(rest * t) <= _SMALL_CHANGE), t, 0.0)
    nothing = np.zeros_like(small)
    # log(1 + x) = x - excess(x): the linear parts of g cancel before anything is rounded
    near = _log_excess(small, nothing) - (_log_excess(rest * small, nothing) / rest if rest else 0.0)
    far = (log_mixed / rest if rest else t) - log_variance
    nats = 0.5 * (np.where(small == t, near, far) + order * u_squared / mixed).sum(axis=1)
    return np.where(exists, np.maximum(nats, 0.0), np.inf)


def _largest_log_ratio(t: F64, log_variance: F64, u_squared: F64) -> F64:
    """log max p / q: -½ log λ and ½ u² / (1 - λ) where λ < 1, and only equal variances with equal means beside."""
    narrower = t < 0
    finite = (narrower | ((t == 0) & (u_squared == 0))).all(axis=1)
    quadratic = u_squared / np.where(narrower, -t, 1.0)
    return np.where(finite, 0.5 * np.where(narrower, quadratic - log_variance, 0.0).sum(axis=1), np.inf)


def renyi_divergence(
    mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, alpha: float, *, base: Base = None, ridge: float = 0.0
) -> Any:
    """Rényi divergence log(∫ p^α q^(1-α)) / (α - 1) of normal distributions.

    Parameters
    ----------
    mean_p, cov_p, mean_q, cov_q
        As in :func:`kl_divergence`.
    alpha : float
        Order from 0 to ``inf``: 0 gives 0, ½ twice the Bhattacharyya distance, 1 the Kullback-Leibler divergence,
        ``inf`` log max p / q.
    base, ridge
        As in :func:`kl_divergence`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, rising in ``alpha``; ``inf`` where α Σ_q + (1 - α) Σ_p is not positive definite: the integral does
        not exist then. For orders up to 1 it always does.

    Raises
    ------
    ValueError
        ``alpha`` below 0 or NaN; else as :func:`kl_divergence`.
    TypeError
        As :func:`kl_divergence`; ``alpha`` is no number.

    Notes
    -----
    From the singular values of L_q⁻¹ L_p, whose squares are the variances of p where q is standard normal. Accurate
    near order 1 and for near distributions. O(d³) each, one matrix at a time.

    References
    ----------
    Gil, M., Alajaji, F. & Linder, T. (2013). Rényi divergence measures for commonly used univariate continuous
    distributions. Information Sciences 249, table 2.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.renyi_divergence(0.0, 1.0, 1.0, 1.0, 2), 12)  # α Δ² / 2
    1.0
    >>> gaussian.renyi_divergence(0.0, 2.0, 0.0, 1.0, 2)  # 2 · 1 - 2 is no variance
    inf
    """
    unit, order = nats_per_unit(base), as_order(alpha, "alpha")
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    return finish(_renyi_nats(pair, order), unit, pair.batch)


def bhattacharyya_distance(
    mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, *, base: Base = None, ridge: float = 0.0
) -> Any:
    """Bhattacharyya distance -log ∫ √(p q) of normal distributions.

    Parameters
    ----------
    mean_p, cov_p, mean_q, cov_q, base, ridge
        As in :func:`kl_divergence`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, symmetric. No metric in spite of its name.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    ⅛ Δᵀ Σ⁻¹ Δ + ½ log(|Σ| / √(|Σ_p| |Σ_q|)), Σ = (Σ_p + Σ_q) / 2: half the Rényi divergence of order ½, computed as
    that. O(d³) each, one matrix at a time.

    References
    ----------
    Kailath, T. (1967). The divergence and Bhattacharyya distance measures in signal selection. IEEE Trans. Commun.
    Technology 15, 52-60.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.bhattacharyya_distance(0.0, 1.0, 2.0, 1.0), 12)
    0.5
    """
    unit = nats_per_unit(base)
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    return finish(0.5 * _renyi_nats(pair, 0.5), unit, pair.batch)


def hellinger_distance(mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, *, ridge: float = 0.0) -> Any:
    """Hellinger distance √(1 - ∫ √(p q)) of normal distributions.

    Parameters
    ----------
    mean_p, cov_p, mean_q, cov_q, ridge
        As in :func:`kl_divergence`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        From 0 to 1; a metric, no unit of information.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    √(1 - exp(-b)) with the Bhattacharyya distance b, without cancellation for near distributions. O(d³) each.

    References
    ----------
    Pardo, L. (2006). Statistical Inference Based on Divergence Measures, section 1.2.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.hellinger_distance(0.0, 1.0, 2.0, 1.0), 12)
    0.627271345023
    """
    pair = Pair.checked(mean_p, cov_p, mean_q, cov_q, ridge)
    return finish(np.sqrt(-np.expm1(-0.5 * _renyi_nats(pair, 0.5))), 1.0, pair.batch)
