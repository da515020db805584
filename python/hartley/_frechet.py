"""Fréchet distance of normal distributions fitted to samples."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from ._arrays import RealArray, as_real, as_samples, require_finite
from ._positive_definite import F64, as_symmetric
from ._progress import Progress, progress_callback
from ._row_blocks import row_blocks
from ._symbol_counts import whole_number
from ._warnings import HartleyWarning

_LARGEST = 1e150  # entries whose squares are numbers
_NEGATIVE = 1e-8  # of the largest eigenvalue: below its negative a matrix is no covariance, rounded or not


class _Fit(NamedTuple):
    """A normal distribution by its mean and a root of its covariance."""

    mean: F64  # (d,)
    root: F64  # (r, d), rootᵀ root = covariance


def _root(covariance: F64, name: str) -> F64:
    """By Cholesky, or by eigenvectors where the matrix is singular."""
    try:
        return np.ascontiguousarray(np.linalg.cholesky(covariance).T)
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -_NEGATIVE * max(values[-1], -values[0]):
        raise ValueError(f"{name} must be positive semidefinite, but its least eigenvalue is {values[0]:.6g}")
    kept = values > 0
    return np.ascontiguousarray((vectors[:, kept] * np.sqrt(values[kept])).T)


def _moments(x: RealArray, name: str, show: Any) -> tuple[F64, F64]:
    """Mean and centred products Σ (x - mean)(x - mean)ᵀ, block merged with block (Chan, Golub & LeVeque 1983)."""
    d = x.shape[1]
    count, mean, products = 0, np.zeros(d), np.zeros((d, d))
    for rows, block in row_blocks(x, name):
        size = len(block)
        _require_squares(block, name)
        apart = block.mean(axis=0) - mean
        block -= mean + apart
        total = count + size
        products += block.T @ block
        products += np.outer(apart * (count * size / total), apart)
        mean += apart * (size / total)
        count = total
        if show is not None:
            show(rows.stop / len(x))
    return mean, products


def _fit(x: RealArray, name: str, show: Any) -> _Fit:
    n, d = x.shape
    if n < 2:
        raise ValueError(f"{name} must have at least 2 samples for a covariance, got {n}")
    _warn_of_rank(n, d, name)
    if n <= d:  # the centred samples themselves are the smaller root
        mean = np.zeros(d)
        for _, block in row_blocks(x, name):
            _require_squares(block, name)
            mean += block.sum(axis=0) / n
        centred = x.astype(np.float64)
        centred -= mean
        if show is not None:
            show(1.0)
        return _Fit(mean, centred / np.sqrt(n - 1.0))
    mean, products = _moments(x, name, show)
    return _Fit(mean, _root(products / (n - 1.0), f"the covariance of {name}"))


def _require_squares(block: F64, name: str) -> None:
    if (largest := max(float(block.max()), -float(block.min()))) > _LARGEST:
        raise ValueError(f"{name} must stay below 1e150 for its squares to be finite, got {largest:.3g}: scale it")


def _warn_of_rank(n: int, d: int, name: str) -> None:
    if n <= d:
        warnings.warn(
            f"{n} samples of {name} span at most {n - 1} of {d} dimensions: their covariance is singular and the "
            "Fréchet distance too large; take more samples than features",
            HartleyWarning,
            stacklevel=4,
        )


def _squared_distance(x: _Fit, y: _Fit) -> float:
    # tr (Σx^½ Σy Σx^½)^½ is the nuclear norm of Rx Ryᵀ for any roots: no root of a product, nothing complex
    cross = float(np.linalg.svd(x.root @ y.root.T, compute_uv=False).sum())
    apart = x.mean - y.mean
    value = float(apart @ apart) + float((x.root**2).sum()) + float((y.root**2).sum()) - 2.0 * cross
    return max(0.0, value)


def frechet_distance(x: Any, y: Any, *, progress: Progress = False) -> float:
    """Fréchet distance of two samples: W2² of the normal distributions fitted to them.

    Of features of an Inception network this is the Fréchet Inception distance (FID).

    Parameters
    ----------
    x : array of float, shape (n, n_features)
        Samples or their features; one axis means one feature. float64 and float32 files in memory maps are read block
        by block.
    y : array of float, shape (m, n_features)
        Samples to compare with.
    progress : bool or callable, default False
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    float
        |μx - μy|² + tr(Σx + Σy - 2 (Σx^½ Σy Σx^½)^½) in squared units of x, at least 0; covariances over n - 1.

    Raises
    ------
    ValueError
        NaN or infinite entries, fewer than two samples, unequal numbers of features.

    Warns
    -----
    HartleyWarning
        No more samples than features.

    Notes
    -----
    The square of the distance between the fits, as FID is. The trace of the root is the sum of singular values of a
    product of roots of the two covariances (Cholesky factors, or the centred samples where they are fewer than the
    features): real and non-negative by construction, and 0 to rounding, 1e-15 of the variances, for equal samples.
    Biased upwards by O(1/n), differently for each model (Chong & Forsyth 2020): compare at equal n.
    O((n + m) d² + d³); with n, m < d O(n m d) and no d × d matrix.

    References
    ----------
    Dowson, D. C. & Landau, B. V. (1982). The Fréchet distance between multivariate normal distributions. J. Multivar.
    Anal. 12, 450.
    Heusel, M. et al. (2017). GANs trained by a two time-scale update rule converge to a local Nash equilibrium. NeurIPS
    30, eq. 6.
    Chong, M. J. & Forsyth, D. (2020). Effectively unbiased FID and Inception score and where to find them. CVPR.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.frechet_distance([-1.0, 0.0, 1.0], [1.0, 3.0, 5.0])  # (3 - 0)² + (2 - 1)²
    10.0
    """
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    show = progress_callback(progress, "frechet_distance")
    share = len(first) / (len(first) + len(second))
    fit_x = _fit(first, "x", None if show is None else lambda fraction: show(0.9 * fraction * share))
    fit_y = _fit(second, "y", None if show is None else lambda fraction: show(0.9 * (share + fraction * (1 - share))))
    value = _squared_distance(fit_x, fit_y)
    if show is not None:
        show(1.0)
    return value


def _given(mean: Any, covariance: Any, name: str, n: Any) -> _Fit:
    matrix = as_symmetric(covariance, f"cov_{name}")
    vector = np.atleast_1d(as_real(mean, f"mean_{name}").astype(np.float64, copy=False))
    if matrix.ndim != 2:
        raise ValueError(f"cov_{name} must be one matrix, shape (d, d), got {matrix.shape}")
    if vector.shape != matrix.shape[:1]:
        raise ValueError(f"mean_{name} must have shape ({len(matrix)},) as cov_{name} has, got {vector.shape}")
    require_finite(vector, f"mean_{name}")
    _require_squares(vector, f"mean_{name}")
    if n is not None:
        _warn_of_rank(whole_number(n, f"n_{name}", 2), len(matrix), name)
    return _Fit(vector, _root(matrix, f"cov_{name}"))


def frechet_distance_from_moments(
    mean_x: Any, cov_x: Any, mean_y: Any, cov_y: Any, *, n_x: int | None = None, n_y: int | None = None
) -> float:
    """Fréchet distance W2² of two normal distributions, such as streamed moments of two samples.

    Parameters
    ----------
    mean_x, mean_y : array of float, shape (d,)
        Means; a number for one dimension.
    cov_x, cov_y : array of float, shape (d, d)
        Covariances, symmetric positive semidefinite.
    n_x, n_y : int, optional
        Samples behind the moments, at least 2: a warning is given where they are no more than the dimensions.

    Returns
    -------
    float
        |μx - μy|² + tr(Σx + Σy - 2 (Σx^½ Σy Σx^½)^½), at least 0.

    Raises
    ------
    ValueError
        NaN or infinite entries, shapes that do not fit, a matrix that is not symmetric or has a negative eigenvalue
        (beyond 1e-8 of the largest).

    Warns
    -----
    HartleyWarning
        ``n_x`` or ``n_y`` is no more than d.

    Notes
    -----
    As `frechet_distance`, O(d³).

    References
    ----------
    Dowson, D. C. & Landau, B. V. (1982). The Fréchet distance between multivariate normal distributions. J. Multivar.
    Anal. 12, 450.

    Examples
    --------
    >>> from hartley import evaluation
    >>> x, y = [[1.0, 0.0], [0.0, 4.0]], [[4.0, 0.0], [0.0, 4.0]]
    >>> evaluation.frechet_distance_from_moments([0.0, 0.0], x, [0.0, 3.0], y)
    10.0
    """
    first, second = _given(mean_x, cov_x, "x", n_x), _given(mean_y, cov_y, "y", n_y)
    if len(first.mean) != len(second.mean):
        raise ValueError(
            f"mean_x and mean_y must have equally many entries, got {len(first.mean)} and {len(second.mean)}"
        )
    return _squared_distance(first, second)
