"""Mutual information of all pairs of binned columns, and how surprising it is under independence."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_samples, column_labels, label_matrix, require_equal_lengths
from ._binning import BinRule, Codes, check_outside, column_edges, encode
from ._codes import Coded
from ._count_estimators import Alpha
from ._discrete_columns import estimated_pairs, require_common_rows
from ._progress import Progress, progress_callback
from ._symbol_counts import check_estimator, whole_number
from ._symbols import check_nan_policy
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]
I64: TypeAlias = NDArray[np.int64]

_COUNTED = ("mle", "miller_madow")  # estimators that the kernel's own statistics are enough for


def _check_significance(significance: str | None, estimator: str) -> None:
    if significance not in (None, "chi2", "permutation"):
        raise ValueError(f'significance must be "chi2", "permutation" or None, got {significance!r}')
    if significance is not None and estimator not in _COUNTED:
        raise ValueError(f"significance tests the plug-in: estimator must be one of {_COUNTED}, got {estimator!r}")


def _both_codes(
    X: Any,  # noqa: N803
    Y: Any,  # noqa: N803
    bins: BinRule,
    binning: str,
    nan_policy: str,
    outside: str,
) -> tuple[Codes, I64, int]:
    """Codes of the columns of X, then of Y, the cells of each, and where Y begins (0 without one)."""
    first = as_samples(X, "X")
    codes, n_cells = encode(first, column_edges(first, bins, binning, "X"), "X", nan_policy, outside)
    if Y is None:
        return codes, n_cells, 0
    second = as_samples(Y, "Y")
    require_equal_lengths(first, second, "X", "Y")
    more, more_cells = encode(second, column_edges(second, bins, binning, "Y"), "Y", nan_policy, outside)
    return np.concatenate([codes, more]), np.concatenate([n_cells, more_cells]), len(codes)


def _g_test(information: F64, n: I64, x_symbols: I64, y_symbols: I64) -> F64:
    """p-values of G = 2 n I against χ² with (K_x - 1)(K_y - 1) degrees of freedom; 1 where one is constant."""
    dof = ((x_symbols - 1) * (y_symbols - 1)).astype(np.float64)
    testable = dof > 0
    p = np.ones_like(information)
    statistic = np.maximum(2.0 * n * information, 0.0)
    p[testable] = _dispatch.kernels.chi2_survival(statistic[testable], dof[testable], get_num_threads())
    return p


def _permutation_test(
    codes: Codes, n_cells: I64, split: int, observed: F64, n_permutations: int, seed: Any, callback: Any
) -> F64:
    """Share of shuffled columns that tell at least as much, the observed counted; one order of rows for all pairs."""
    rng = np.random.default_rng(seed)
    n_first = split or len(codes)
    first, second = codes[:n_first], codes[split:]
    sizes = np.concatenate([n_cells[:n_first], n_cells[split:]])
    as_large = np.ones((n_first, len(second)))
    for done in range(n_permutations):
        stacked = np.ascontiguousarray(np.concatenate([first, second[:, rng.permutation(codes.shape[1])]]))
        shuffled = _dispatch.kernels.histogram_pairs(
            stacked, sizes, get_num_threads(), None, split=n_first, details=False
        )[0][:n_first, n_first:]
        # sums in another order differ by rounding: as large within 4 eps of an entropy below 12
        as_large += shuffled >= observed - 1e-14
        if callback is not None:
            callback((done + 1) / n_permutations)
    if split == 0:  # (i, shuffled j) and (j, shuffled i) are two draws of one test: keep the first
        as_large = np.triu(as_large) + np.triu(as_large, 1).T
    p: F64 = as_large / (n_permutations + 1.0)
    return p


def mutual_information_matrix(
    X: Any,  # noqa: N803  the field's and scikit-learn's name
    *,
    Y: Any = None,  # noqa: N803
    bins: BinRule = 16,
    binning: str = "quantile",
    estimator: str = "mle",
    normalized: bool = False,
    significance: str | None = None,
    n_permutations: int = 199,
    base: Base = None,
    alpha: Alpha = None,
    nan_policy: str = "raise",
    outside: str = "raise",
    clip: bool = False,
    seed: Any = None,
    progress: Progress = False,
) -> Any:
    """Mutual information of all pairs of columns by binning each column once.

    Parameters
    ----------
    X : array of float, shape (n_samples, n_features), or a frame of numbers
        Samples in rows.
    Y : array of float, shape (n_samples, n_targets), or a frame of numbers, optional
        Pair the columns of X with these instead of with each other.
    bins, binning
        As in :func:`bin_edges`, for every column; a list of edges or rules has one entry a column.
    estimator : str, default "mle"
        Plug-in, "miller_madow", or (pair by pair, slower) any estimator of
        :func:`hartley.discrete.entropy_from_counts`.
    normalized : bool, default False
        Divide by the arithmetic mean of the two entropies (0 where both are 0); no unit then.
    significance : {"chi2", "permutation"}, optional
        Return p-values against independence, too: of the G-test, or the share of shuffled columns that tell at least as
        much as the observed ones.
    n_permutations : int, default 199
        Orders of the rows, each used for all pairs; the least p-value is 1 / (n_permutations + 1).
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", every pair uses the rows where both columns are numbers.
    outside : {"raise", "ignore", "clip"}, default "raise"
        Numbers outside given edges are an error, are left out like a NaN, or count in the nearest cell.
    clip : bool, default False
        Return 0 for corrected estimates below 0.
    seed : int or numpy.random.Generator, optional
        Of the permutations; the p-values do not depend on the number of threads.
    progress : bool or callable, default False
        True shows a bar on stderr; a function is called with the fraction done.

    Returns
    -------
    ndarray of float64, shape (n_features, n_features) or (n_features, n_targets), or a pandas frame with their labels
        Information; without Y symmetric, with the entropies of the binned columns on the diagonal. With
        ``significance`` a tuple of it and the p-values, 1 or (without Y) the test of a column against itself on the
        diagonal.

    Raises
    ------
    ValueError
        NaN (with "raise"), infinite values, a column without numbers, unequal lengths, bad bins; pairs without common
        rows; significance of an estimate other than "mle" or "miller_madow".

    Notes
    -----
    Estimates, bias and references as in :func:`mutual_information`. O(n_samples * n_features²) counting steps on one
    byte a number: few cells are counted by bitmaps, more by tables in cache. The codes take n_samples * n_features
    bytes, tables at most 64 MiB at a time. The G-test wants about 5 samples a cell. With missing values a shuffled
    column brings its own gaps along.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.histogram.mutual_information_matrix([[0, 5], [0, 5], [1, 7], [1, 7]], bins=2, base="bits")
    array([[1., 1.],
           [1., 1.]])
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    _check_significance(significance, estimator)
    check_nan_policy(nan_policy)
    check_outside(outside)
    count = whole_number(n_permutations, "n_permutations", 1)
    codes, n_cells, split = _both_codes(X, Y, bins, binning, nan_policy, outside)
    callback = progress_callback(progress, "mutual information")
    block = (slice(None, split or None), slice(split, None))
    p = None
    if estimator in _COUNTED:
        some_missing = nan_policy == "omit" or outside == "ignore"
        details = estimator == "miller_madow" or normalized or significance is not None or some_missing
        information, n, symbols, cells, entropy = _dispatch.kernels.histogram_pairs(
            codes, n_cells, get_num_threads(), callback, split=split, details=details
        )
        if some_missing:
            require_common_rows(n[block])
        if significance == "chi2":
            p = _g_test(information[block], n[block], symbols[block], symbols.T[block])
        elif significance == "permutation":
            p = _permutation_test(codes, n_cells, split, information[block], count, seed, callback)
        if estimator == "miller_madow":
            twice_n = 2 * np.maximum(n, 1)  # pairs on one side of the split have none
            information += (symbols + symbols.T - cells - 1) / twice_n
            entropy += (symbols - 1) / twice_n
    else:
        columns = [Coded(column, int(size)) for column, size in zip(codes, n_cells, strict=True)]
        information, entropy = estimated_pairs(columns, estimator, alpha, callback, split)
    if callback is not None:
        callback(1.0)
    matrix = information[block]
    if clip or estimator == "mle":
        matrix = np.maximum(matrix, 0.0)
    if normalized:
        mean_entropy = ((entropy + entropy.T) / 2)[block]
        matrix = np.divide(matrix, mean_entropy, out=np.zeros_like(matrix), where=mean_entropy > 0)
    elif unit != 1.0:
        matrix = matrix / unit
    labels = column_labels(X), column_labels(X if Y is None else Y)
    return label_matrix(matrix, *labels) if p is None else (label_matrix(matrix, *labels), label_matrix(p, *labels))
