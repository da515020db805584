"""The least variance of unbiased estimators, and how near an estimator comes to it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, as_samples, require_finite
from ._positive_definite import as_symmetric, cholesky, solve_lower
from ._symbol_counts import whole_number

F64: TypeAlias = NDArray[np.float64]

_ADVICE = "some direction of the parameters cannot be estimated at all"


def cramer_rao_bound(fisher: Any, *, n: int = 1, jacobian: Any = None) -> float | F64:
    """Cramér-Rao bound: the least covariance of an unbiased estimator from n independent samples.

    Parameters
    ----------
    fisher : float or array of float, shape (..., d, d)
        Fisher information of one sample, symmetric and positive definite.
    n : int, default 1
        Number of samples, at least 1.
    jacobian : float or array of float, shape (..., m, d), optional
        ∂ψ_i / ∂θ_j where ψ(θ), not θ, is estimated; or of the expectation of a biased estimator. Leading axes broadcast
        with those of ``fisher``.

    Returns
    -------
    float or ndarray of float64, shape (..., d, d) or (..., m, m)
        (n F)⁻¹, or J (n F)⁻¹ Jᵀ; the covariance of the estimator minus it is positive semidefinite. A float where
        ``fisher`` (and ``jacobian``, if there is one) is a number.

    Raises
    ------
    ValueError
        NaN or infinite entries; shapes that do not match; a matrix that is not symmetric or not positive definite.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    Through the Cholesky factor L of F as (L⁻¹ Jᵀ)ᵀ (L⁻¹ Jᵀ) / n, symmetric and never negative. O(d³ + d² m).

    References
    ----------
    Cramér, H. (1946). Mathematical Methods of Statistics, section 32.3. Princeton.
    Rao, C. R. (1945). Information and the accuracy attainable in the estimation of statistical parameters. Bulletin of
    the Calcutta Mathematical Society 37, 81-91.

    Examples
    --------
    A coin of θ = ¼ thrown 100 times: θ (1 - θ) / n.

    >>> from hartley import fisher
    >>> round(fisher.cramer_rao_bound(16 / 3, n=100), 12)
    0.001875
    """
    size = whole_number(n, "n", 1)
    matrix = as_symmetric(fisher, "fisher")
    d = matrix.shape[-1]
    is_number = np.ndim(fisher) == 0 and (jacobian is None or np.ndim(jacobian) == 0)
    directions: F64 = np.eye(d)
    if jacobian is not None:
        directions = as_real(jacobian, "jacobian").astype(np.float64, copy=False)
        directions = directions.reshape(1, 1) if directions.ndim == 0 else directions
        require_finite(directions, "jacobian")
        if directions.ndim < 2 or directions.shape[-1] != d:
            raise ValueError(
                f"jacobian must have shape (..., m, {d}) for fisher of shape {matrix.shape}, got {directions.shape}"
            )
        try:
            np.broadcast_shapes(directions.shape[:-2], matrix.shape[:-2])
        except ValueError:
            raise ValueError(
                f"jacobian and fisher must broadcast, got shapes {directions.shape} and {matrix.shape}"
            ) from None
    half = solve_lower(cholesky(matrix, "fisher", _ADVICE), np.swapaxes(directions, -1, -2))
    bound: F64 = np.swapaxes(half, -1, -2) @ half / size
    return float(bound[0, 0]) if is_number else bound


class Efficiency(NamedTuple):
    """Bound over variance and its standard error: floats, or one of each parameter."""

    value: Any
    standard_error: Any


def efficiency(
    estimates: Any, fisher: Any, n: int, *, criterion: str = "parameter", return_error: bool = False
) -> float | F64 | Efficiency:
    """Efficiency of an estimator: the Cramér-Rao bound over its variance in repeated experiments.

    Parameters
    ----------
    estimates : array of float, shape (n_repeats, d) or (n_repeats,)
        The estimator's values from independent experiments of n samples each; one axis means one parameter.
    fisher : float or array of float, shape (d, d)
        Fisher information of one sample at the true parameters.
    n : int
        Samples that each of the estimates was made from.
    criterion : {"parameter", "trace", "determinant"}, default "parameter"
        With the bound B = (n F)⁻¹ and the sample covariance C: B_ii / C_ii of every parameter; tr B / tr C; or
        (det B / det C)^(1/d), which does not depend on the parameters' scales.
    return_error : bool, default False
        Also return the standard error.

    Returns
    -------
    float or ndarray of float64, shape (d,), or Efficiency
        A float for a whole matrix and for ``estimates`` with one axis. Near 1 for an efficient estimator, above 1 by
        chance or where the estimator is biased. With ``return_error`` the named tuple ``(value, standard_error)``.

    Raises
    ------
    ValueError
        Fewer than two repeats (d + 1 for the determinant); estimates that do not vary; NaN or infinite entries; shapes
        that do not match; a matrix that is not positive definite; an unknown ``criterion``.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    All three are B over a mean of squared deviations m_r of the repeats, measured as the criterion does; the standard
    error is value · std(m_r / mean) / √n_repeats (delta method), about value · √(2 / n_repeats) for one parameter and
    normal estimates. The bias of the estimator takes no part. O(n_repeats d² + d³).

    References
    ----------
    Fisher, R. A. (1922). On the mathematical foundations of theoretical statistics. Phil. Trans. Royal Society A
    222, 309-368.

    Examples
    --------
    The median of a normal sample has efficiency 2/π = 0.64, the mean 1.

    >>> import numpy as np
    >>> from hartley import fisher
    >>> x = np.random.default_rng(0).normal(size=(4000, 101))
    >>> mean = fisher.efficiency(x.mean(axis=1), 1.0, 101, return_error=True)
    >>> median = fisher.efficiency(np.median(x, axis=1), 1.0, 101, return_error=True)
    >>> abs(mean.value - 1) < 3 * mean.standard_error, abs(median.value - 0.64) < 3 * median.standard_error
    (True, True)
    """
    if criterion not in ("parameter", "trace", "determinant"):
        raise ValueError(f'criterion must be "parameter", "trace" or "determinant", got {criterion!r}')
    found: F64 = as_samples(estimates, "estimates").astype(np.float64, copy=False)
    require_finite(found, "estimates")
    n_repeats, d = found.shape
    bound = np.atleast_2d(cramer_rao_bound(fisher, n=n))
    if bound.shape != (d, d):
        raise ValueError(f"fisher must have shape ({d}, {d}) for estimates of {d} parameters, got {np.shape(fisher)}")
    least = d + 1 if criterion == "determinant" else 2
    if n_repeats < least:
        raise ValueError(f"estimates must have at least {least} repeats, got {n_repeats}")
    deviations = found - found.mean(axis=0)
    variances = (deviations**2).sum(axis=0) / (n_repeats - 1)
    if (variances <= 0).any():
        raise ValueError(f"estimates must vary, but those of parameter {int(np.argmin(variances))} are all equal")
    if criterion == "parameter":
        value, shares = np.diagonal(bound) / variances, deviations**2 / variances
    elif criterion == "trace":
        total = variances.sum(keepdims=True)
        value, shares = np.trace(bound) / total, (deviations**2).sum(axis=1, keepdims=True) / total
    else:
        value, shares = _by_determinant(deviations, bound)
    error = value * shares.std(axis=0) / math.sqrt(n_repeats)
    if criterion != "parameter" or np.ndim(estimates) == 1:
        return Efficiency(float(value[0]), float(error[0])) if return_error else float(value[0])
    return Efficiency(value, error) if return_error else value


def _by_determinant(deviations: F64, bound: F64) -> tuple[F64, F64]:
    """(det B / det C)^(1/d), and the squared Mahalanobis lengths of the deviations over d."""
    d = len(bound)
    covariance = deviations.T @ deviations / (len(deviations) - 1)
    factor = cholesky(covariance, "covariance of estimates", "some combination of the parameters does not vary")
    of_bound = np.linalg.cholesky(bound)
    log_ratio = 2.0 * np.log(np.diagonal(of_bound) / np.diagonal(factor)).sum()
    lengths = (solve_lower(factor, deviations.T) ** 2).sum(axis=0) / d
    return np.array([math.exp(log_ratio / d)]), lengths[:, None]
