"""Binned estimates from continuous samples: bins, codes, mutual information of a pair and of all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _bias, _dispatch
from ._arrays import (
    RealArray,
    as_column,
    as_pair,
    as_samples,
    require_equal_lengths,
)
from ._binned_rows import Binned, binned
from ._binning import BinRule, Codes, Edges, check_outside, column_edges, encode, outside_error, reject_nan
from ._count_estimators import Alpha
from ._discrete_information import plug_in_information
from ._histogram_density import entropy, js_divergence, kl_divergence
from ._histogram_information import conditional_mutual_information, transfer_entropy
from ._histogram_matrix import mutual_information_matrix
from ._networks import aracne, clr
from ._symbol_counts import check_estimator, in_unit
from ._symbols import check_nan_policy
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

__all__ = [
    "aracne",
    "bin_edges",
    "clr",
    "conditional_mutual_information",
    "digitize",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "mutual_information_matrix",
    "transfer_entropy",
]

_FUSED = ("mle", "miller_madow")  # estimators that the kernel's own statistics are enough for
_FUSED_CELLS = 2**20  # a larger table (4 MiB a thread) costs more than codes and counting without a table


def bin_edges(
    x: Any, bins: BinRule = "fd", binning: str = "uniform", range: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Edges of the bins of one variable.

    Parameters
    ----------
    x : array of float, shape (n_samples,)
        Finite numbers.
    bins : int, {"fd", "sturges", "scott", "doane", "sqrt"} or array of edges, default "fd"
        Number of bins (1 to 65535), the rule that finds it (NumPy's), or increasing edges, which are checked and
        returned.
    binning : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of equally many samples as far as ties allow: equal values are never parted.
    range : (float, float), optional
        First and last edge of uniform bins; the least and the largest sample by default.

    Returns
    -------
    ndarray of float64, shape (n_cells + 1,)
        Increasing edges in the unit of ``x``. Quantile bins with ties have fewer cells than asked for; a constant has
        one, both of whose edges are the constant.

    Raises
    ------
    ValueError
        NaN or infinite samples; edges that do not increase; a number of bins out of range; an unknown rule.

    Notes
    -----
    Cell k holds edges[k] <= x < edges[k + 1], the last cell its last edge, too. Uniform edges equal ``numpy.linspace``,
    quantile edges ``numpy.quantile`` (linear interpolation), bit for bit. O(n).

    References
    ----------
    Freedman, D. & Diaconis, P. (1981). On the histogram as a density estimator: L2 theory. Z.
    Wahrscheinlichkeitstheorie 57.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.histogram.bin_edges([0.0, 1.0, 4.0], bins=4)
    array([0., 1., 2., 3., 4.])
    >>> ht.histogram.bin_edges([1.0, 1.0, 1.0, 2.0, 3.0], bins=4, binning="quantile")
    array([1., 2., 3.])
    """
    column = as_column(x, "x")
    reject_nan(column, "x")
    return column_edges(column.reshape(-1, 1), bins, binning, "x", range)[0].values


def digitize(
    x: Any,
    bins: BinRule = 16,
    binning: str = "uniform",
    range: tuple[float, float] | None = None,
    *,
    nan_policy: str = "raise",
    outside: str = "raise",
) -> Codes:
    """Cell codes of every column in the smallest unsigned width.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Numbers.
    bins, binning, range
        As in :func:`bin_edges`, column by column.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit" a NaN gets the code n_cells of its column.
    outside : {"raise", "ignore", "clip"}, default "raise"
        Numbers outside the edges are an error, get the code n_cells of their column, or that of the nearest cell.

    Returns
    -------
    ndarray of uint8 or uint16, shape (n_features, n_samples) or (n_samples,)
        Codes from 0, one row for each feature: a feature's codes lie together in memory.

    Raises
    ------
    ValueError
        NaN (with "raise"), infinite values, values outside the edges.

    Notes
    -----
    Equal to ``numpy.searchsorted(edges, x, side="right") - 1`` with the last edge counted into the last cell. O(n) for
    uniform bins, O(n log bins) otherwise; in parallel.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.histogram.digitize([0.0, 0.4, 0.6, 1.0], bins=2)
    array([0, 0, 1, 1], dtype=uint8)
    """
    check_nan_policy(nan_policy)
    check_outside(outside)
    samples = as_samples(x, "x")
    codes, _ = encode(samples, column_edges(samples, bins, binning, "x", range), "x", nan_policy, outside)
    return codes[0] if np.ndim(x) == 1 else codes


def _pair_edges(
    x: RealArray, y: RealArray, bins: Any, binning: str, range: tuple[float, float] | None
) -> tuple[Edges, Edges]:
    x_bins, y_bins = bins if isinstance(bins, tuple) and len(bins) == 2 else (bins, bins)
    return (
        column_edges(x.reshape(-1, 1), x_bins, binning, "x", range)[0],
        column_edges(y.reshape(-1, 1), y_bins, binning, "y", range)[0],
    )


def mutual_information(
    x: Any,
    y: Any,
    *,
    bins: BinRule | tuple[BinRule, BinRule] = 16,
    binning: str = "quantile",
    range: tuple[float, float] | None = None,
    estimator: str = "mle",
    bias: str | None = None,
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    outside: str = "raise",
    clip: bool = False,
    seed: Any = None,
) -> float:
    """Mutual information of two continuous variables by binning both.

    Parameters
    ----------
    x, y : array of float, shape (n_samples,)
        Paired samples.
    bins : int, rule, edges, or a tuple of two of these for x and y, default 16
        As in :func:`bin_edges`.
    binning : {"quantile", "uniform"}, default "quantile"
        Equally filled bins, or bins of equal width.
    range : (float, float), optional
        First and last edge of uniform bins of both variables.
    estimator : str, default "mle"
        Plug-in, or any estimator of :func:`hartley.discrete.entropy_from_counts` for the entropies of the cells.
    bias : {"panzeri_treves", "quadratic_extrapolation"}, optional
        Subtract the plug-in's bias, as in :func:`hartley.discrete.mutual_information`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a NaN in x or y are dropped.
    outside : {"raise", "ignore", "clip"}, default "raise"
        Numbers outside given edges or ``range`` are an error, their rows are left out, or they count in the nearest
        cell.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.
    seed : int or numpy.random.Generator, optional
        How "quadratic_extrapolation" parts the samples.

    Returns
    -------
    float
        Estimate in units of ``base``: from 0 to log(bins) for "mle"; corrected ones may be negative.

    Raises
    ------
    ValueError
        Unequal lengths; NaN or infinite samples; values outside given edges or ``range``; bad bins.

    Notes
    -----
    I = Σ p_ij log(p_ij / (p_i p_j)) over the cells. Plug-in bias upward, about (cells_x - 1)(cells_y - 1) / (2 n);
    Miller-Madow adds (cells_x + cells_y - cells_xy - 1) / (2 n) with the numbers of occupied cells. Binning itself
    loses information (bias downward). Binning and counting are one pass over x and y: O(n), no codes are stored. Counts
    are exact at every level and thread count.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.28.
    Miller, G. A. (1955). Note on the bias of information estimates. Information Theory in Psychology, 95-100.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.histogram.mutual_information([0, 0, 1, 1], [5, 5, 7, 7], bins=2, base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    _bias.check(bias, estimator, weights)
    check_nan_policy(nan_policy)
    check_outside(outside)
    if estimator not in _FUSED or bias is not None or weights is not None:
        named = {"x": as_column(x, "x"), "y": as_column(y, "y")}
        both = binned(named, bins, binning, range, nan_policy, outside, weights)
        return in_unit(_information_of_cells(both, estimator, bias, alpha, seed), "corrected", clip, unit)
    first, second = as_pair(x, y, "x", "y")
    first, second = as_column(first, "x"), as_column(second, "y")
    require_equal_lengths(first, second, "x", "y")
    try:
        n, x_cells, y_cells, cells, information = _joint_information(first, second, bins, binning, range, outside)
    except ValueError:
        # NaN shows as values outside: looked for only now, so that clean data pay nothing
        if nan_policy == "raise":
            reject_nan(first, "x")
            reject_nan(second, "y")
            raise
        present = ~(np.isnan(first) | np.isnan(second))
        if not present.any():
            raise ValueError("x and y have no row in which both are numbers") from None
        if present.all():
            raise
        n, x_cells, y_cells, cells, information = _joint_information(
            first[present], second[present], bins, binning, range, outside
        )
    if estimator == "miller_madow":
        information += (x_cells + y_cells - cells - 1) / (2 * n)
    return (max(information, 0.0) if clip else information) / unit


def _information_of_cells(cells: Binned, estimator: str, bias: str | None, alpha: Alpha, seed: Any) -> float:
    """Information in nats of two binned variables, whose alphabets are their cells."""
    if bias == "panzeri_treves":
        return plug_in_information(cells.rows) - _bias.panzeri_treves(cells.rows)
    if bias == "quadratic_extrapolation":
        return _bias.quadratic_extrapolation(plug_in_information, cells.rows, seed)
    if estimator == "mle":
        return plug_in_information(cells.rows)
    n_x, n_y = (edges[0].n_cells for edges in cells.edges)
    x_entropy, y_entropy, joint = (
        cells.rows.entropy(group, estimator, alpha, size)
        for group, size in (((0,), n_x), ((1,), n_y), ((0, 1), n_x * n_y))
    )
    return x_entropy + y_entropy - joint


def _joint_information(
    x: RealArray, y: RealArray, bins: Any, binning: str, range: tuple[float, float] | None, outside: str
) -> tuple[int, int, int, int, float]:
    """Rows, occupied cells of x, of y and of the pair, plug-in information in nats."""
    x_edges, y_edges = _pair_edges(x, y, bins, binning, range)
    if outside != "raise" or x_edges.n_cells * y_edges.n_cells > _FUSED_CELLS:
        both = as_samples(np.stack([x, y], axis=1), "(x, y)")
        codes, n_cells = encode(both, [x_edges, y_edges], "(x, y)", "raise", outside)
        matrix, n, symbols, cells, _ = _dispatch.kernels.histogram_pairs(codes, n_cells, get_num_threads(), None)
        if n[0, 1] == 0:
            raise ValueError("x and y have no row in which both lie inside of the edges")
        return int(n[0, 1]), int(symbols[0, 1]), int(symbols[1, 0]), int(cells[0, 1]), float(matrix[0, 1])
    counts, x_outside, y_outside = _dispatch.kernels.histogram_joint_counts(
        x, y, x_edges.values, x_edges.uniform, y_edges.values, y_edges.uniform, get_num_threads()
    )
    for name, n_outside, edges in (("x", x_outside, x_edges), ("y", y_outside, y_edges)):
        if n_outside:
            raise outside_error(name, n_outside, edges)
    information, _, _, n_rows, x_symbols, y_symbols, occupied = _dispatch.kernels.histogram_table_statistics(counts)
    return n_rows, x_symbols, y_symbols, occupied, information
