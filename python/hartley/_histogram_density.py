"""Densities by histograms: differential entropy and divergences between two samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _divergences as divergences
from ._arrays import as_number, as_samples, missing_rows
from ._binned_rows import Binned, binned
from ._binning import BinRule, column_edges, encode, reject_nan
from ._codes import Coded, join, positions
from ._count_estimators import Alpha
from ._symbol_counts import check_estimator
from ._symbols import check_nan_policy
from ._units import Base, nats_per_unit


def _mean_log_volume(cells: Binned) -> float:
    """Mean over the samples of the log of their cell's volume; -inf where a constant has a cell without width."""
    weights, total = cells.rows.weights, 0.0
    for codes, edges in zip(cells.codes[0], cells.edges[0], strict=True):
        found = np.bincount(codes, weights=weights, minlength=edges.n_cells)
        occupied = found > 0
        with np.errstate(divide="ignore"):
            log_widths = np.log(np.diff(edges.values)[occupied])
        total += float(found[occupied] @ log_widths) / float(found.sum())
    return total


def entropy(
    x: Any,
    *,
    bins: BinRule = "fd",
    binning: str = "uniform",
    range: tuple[float, float] | None = None,
    discrete: bool = False,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    outside: str = "raise",
) -> float:
    """Differential entropy of a continuous variable from a histogram, or the entropy of its cells.

    Parameters
    ----------
    x : array of float, shape (n_samples,) or (n_samples, n_features)
        Samples; several features give their joint entropy.
    bins : int, rule or edges, default "fd"
        As in :func:`bin_edges`, for every column.
    binning : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or equally filled ones.
    range : (float, float), optional
        First and last edge of uniform bins of all columns.
    discrete : bool, default False
        Return the entropy of the cells, without their volume.
    estimator : str, default "mle"
        Estimator of the cells' entropy, as in :func:`hartley.discrete.entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a NaN in any variable are dropped.
    outside : {"raise", "ignore", "clip"}, default "raise"
        Numbers outside given edges or ``range`` are an error, their rows are left out, or they count in the nearest
        cell.

    Returns
    -------
    float
        In units of ``base``. Differential entropy may be negative, and is -inf for a constant; its value depends on the
        unit of ``x``.

    Raises
    ------
    ValueError
        NaN or infinite samples, unequal lengths, values outside given edges or ``range``; bad bins; an unknown
        estimator.
    TypeError
        Samples that are no numbers.

    Notes
    -----
    H(cells) + Σ p log(volume). Too low by about (cells - 1)/(2 n) with "mle"; too high where the density varies inside
    of cells. O(n log bins).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 8.3.1.

    Examples
    --------
    >>> from hartley import histogram
    >>> histogram.entropy([0.0, 1.0, 2.0, 3.0], bins=2, range=(0, 4), base="bits")  # uniform on (0, 4)
    2.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    cells = binned({"x": x}, bins, binning, range, nan_policy, outside, weights)
    known = math.prod(e.n_cells for e in cells.edges[0])
    nats = cells.rows.entropy((0,), estimator, alpha, known if known < 2**53 else None)
    return (nats if discrete else nats + _mean_log_volume(cells)) / unit


def _distributions(
    x: Any, y: Any, bins: BinRule, binning: str, limits: tuple[float, float] | None, alpha: float, nan_policy: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative frequencies of both samples in common cells."""
    smoothing = as_number(alpha, "alpha")
    if not 0 <= smoothing < 1e300:
        raise ValueError(f"alpha must be at least 0 and finite, got {alpha!r}")
    check_nan_policy(nan_policy)
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    parts = []
    for samples, name in ((first, "x"), (second, "y")):
        if nan_policy == "raise":
            reject_nan(samples, name)
        parts.append(samples[~missing_rows(samples)])
        if len(parts[-1]) == 0:
            raise ValueError(f"{name} has no row without NaN")
    both = np.ascontiguousarray(np.concatenate(parts))
    edges = column_edges(both, bins, binning, "x and y", limits)
    codes, n_cells = encode(both, edges, "x and y", "raise")
    cells = join([Coded(c, int(k)) for c, k in zip(codes, n_cells, strict=True)])
    if smoothing == 0.0 or cells.size > 4 * len(both):
        cells = positions(cells.codes)
    n_x = len(parts[0])
    counts = (np.bincount(part, minlength=cells.size) + smoothing for part in (cells.codes[:n_x], cells.codes[n_x:]))
    p, q = (found / found.sum() for found in counts)
    return p, q


def kl_divergence(
    x: Any,
    y: Any,
    *,
    bins: BinRule = "fd",
    binning: str = "uniform",
    range: tuple[float, float] | None = None,
    alpha: float = 0.0,
    base: Base = None,
    nan_policy: str = "raise",
) -> float:
    """Kullback-Leibler divergence of two continuous samples on common bins.

    Parameters
    ----------
    x, y : array of float, shape (n_x,) and (n_y,), or (n_x, n_features) and (n_y, n_features)
        Two samples of the same quantities.
    bins : int, rule or edges, default "fd"
        As in :func:`bin_edges`, for every column of both samples together.
    binning : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or equally filled ones.
    range : (float, float), optional
        First and last edge of uniform bins of all columns.
    alpha : float, default 0
        Added to the count of every cell (of every occupied cell, where there are more cells than 4 samples), in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a NaN are dropped.

    Returns
    -------
    float
        At least 0 in units of ``base``; ``inf`` where x has samples in a cell that y lacks and ``alpha`` is 0.

    Raises
    ------
    ValueError
        NaN or infinite samples, values outside given edges or ``range``; bad bins; ``alpha`` below 0; different numbers
        of features.
    TypeError
        Samples that are no numbers.

    Notes
    -----
    Binning loses information (too low), small counts add it (too high by about cells/(2 n_x)). O(n log bins).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 8.46.

    Examples
    --------
    >>> from hartley import histogram
    >>> round(histogram.kl_divergence([0, 0, 1, 1], [0, 1, 1, 1], bins=2), 4)
    0.1438
    """
    p, q = _distributions(x, y, bins, binning, range, alpha, nan_policy)
    return float(divergences.kl_divergence(p, q, base=base))


def js_divergence(
    x: Any,
    y: Any,
    *,
    bins: BinRule = "fd",
    binning: str = "uniform",
    range: tuple[float, float] | None = None,
    alpha: float = 0.0,
    base: Base = None,
    nan_policy: str = "raise",
) -> float:
    """Jensen-Shannon divergence of two continuous samples on common bins.

    Parameters
    ----------
    x, y, bins, binning, range, alpha, nan_policy
        As in :func:`kl_divergence`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float
        From 0 to log 2 (1 bit) in units of ``base``, with equal weights whatever the sample sizes.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    Too high for small samples by about cells/8 (1/n_x + 1/n_y). O(n log bins).

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37, eq. 4.1.

    Examples
    --------
    >>> from hartley import histogram
    >>> histogram.js_divergence([0.0, 0.1], [0.9, 1.0], bins=2, base="bits")
    1.0
    """
    p, q = _distributions(x, y, bins, binning, range, alpha, nan_policy)
    return float(divergences.js_divergence(p, q, base=base))
