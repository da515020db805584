"""Counts of symbols and the entropy of their source."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, to_numpy
from ._codes import code, count_ids, join, positions
from ._count_estimators import Alpha, coverage_of, entropy_of_table
from ._symbol_counts import (
    as_rows,
    check_estimator,
    in_unit,
    table_of_counts,
    table_of_ids,
    warn_of_low_coverage,
    whole_number,
)
from ._symbols import as_columns, complete_rows
from ._units import Base, nats_per_unit


def counts(
    x: Any, *, n_symbols: int | None = None, nan_policy: str = "raise"
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """How often each symbol occurs.

    Parameters
    ----------
    x : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        Integers, bool, text, times, categories, floats (equal where ``==`` says so), objects of one type; the rows of
        several columns (also of a frame) are tuples.
    n_symbols : int, optional
        For integers from 0: count all of 0 to n_symbols - 1 (at most 2^31), also those that do not occur.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a missing value are left out.

    Returns
    -------
    symbols : ndarray, shape (n_seen,) or (n_seen, n_columns)
        The symbols that occur, ascending (rows: in the order of their columns' codes).
    counts : ndarray of int64, shape (n_seen,)
        How often each does.

    Raises
    ------
    ValueError
        No samples; missing values; with ``n_symbols``: symbols that are no integers from 0 to n_symbols - 1.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Notes
    -----
    Equal to ``numpy.unique(x, return_counts=True)``. A look at 1024 samples chooses the kernel: a window of consecutive
    integers is counted in tables, anything else by hashing into pieces that fit the cache. O(n), exact.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.counts([3, 1, 3, 3])
    (array([1, 3]), array([1, 3]))
    >>> discrete.counts([0, 2, 2], n_symbols=4)
    (array([0, 1, 2, 3]), array([1, 0, 2, 0]))
    """
    columns = complete_rows({"x": as_columns(x, "x")}, nan_policy)[0][0]
    size = None if n_symbols is None else whole_number(n_symbols, "n_symbols", 1)
    if len(columns) > 1:
        if size is not None:
            raise ValueError(f"n_symbols goes with one column of integers, got {len(columns)} columns")
        return _row_counts([column.decode(column.ids) for column in columns], join([code(c) for c in columns]).codes)
    ids, found = count_ids(columns[0].ids, columns[0].is_signed)
    symbols = columns[0].decode(ids)
    if size is not None:
        return _over_alphabet(symbols, found, size)
    if symbols.dtype.kind in "fSUO":
        order = np.argsort(symbols, kind="stable")
        return symbols[order], found[order]
    return symbols, found


def _row_counts(columns: list[NDArray[Any]], codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    distinct, found = count_ids(codes, False)
    at = positions(codes).codes  # ascending, as the distinct ones are
    position = np.empty(len(distinct), dtype=np.intp)
    position[at[::-1]] = np.arange(len(codes))[::-1]  # the first row of its kind is written last
    same = len({column.dtype for column in columns}) == 1
    rows = np.empty((len(distinct), len(columns)), dtype=columns[0].dtype if same else object)
    for j, column in enumerate(columns):
        rows[:, j] = column[position]
    order = np.lexsort([column[position] for column in columns][::-1])
    return rows[order], found[order]


def _over_alphabet(
    symbols: NDArray[Any], found: NDArray[np.int64], n_symbols: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    if n_symbols > 2**31:
        raise ValueError(f"n_symbols must be at most 2^31, got {n_symbols}")
    if symbols.dtype.kind not in "biu":
        raise ValueError(f"n_symbols needs integer symbols from 0 to n_symbols - 1, got dtype {symbols.dtype}")
    for extreme in (symbols[0], symbols[-1]):
        if not 0 <= int(extreme) < n_symbols:
            raise ValueError(f"with n_symbols={n_symbols} symbols must be from 0 to {n_symbols - 1}, got {extreme!s}")
    everyone = np.zeros(n_symbols, dtype=np.int64)
    everyone[symbols.astype(np.int64)] = found
    return np.arange(n_symbols), everyone


def entropy(
    x: Any,
    *,
    estimator: str = "mle",
    base: Base = None,
    n_symbols: int | None = None,
    alpha: Alpha = None,
    weights: Any = None,
    return_std: bool = False,
    nan_policy: str = "raise",
    clip: bool = False,
) -> Any:
    """Entropy of a source of symbols, estimated from samples.

    Parameters
    ----------
    x : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        As in :func:`counts`; several columns give their joint entropy.
    estimator, n_symbols, alpha, return_std
        As in :func:`entropy_from_counts`, which says which estimator to use when.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        What to do with rows that have a missing value (NaN, NaT, None).
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float, or (float, float) with ``return_std``
        Entropy in units of ``base``, and its posterior standard deviation.

    Raises
    ------
    ValueError
        No samples; missing values; an unknown estimator; ``n_symbols`` below the number of symbols seen; bad weights.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    Counting is O(n) in the kernels, the estimators look at the distinct counts alone.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.entropy(["a", "b", "a", "b"], base="bits")
    1.0
    >>> round(discrete.entropy([1, 1, 2, 3, 2, 1], estimator="grassberger"), 4)
    1.3955
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    if return_std and estimator != "nsb":
        raise ValueError(f'return_std goes with estimator="nsb", which has a posterior, got {estimator!r}')
    if weights is not None:
        table = as_rows({"x": x}, nan_policy, weights).table((0,), n_symbols)
    else:
        columns = complete_rows({"x": as_columns(x, "x")}, nan_policy)[0][0]
        one = columns[0] if len(columns) == 1 else None
        ids = one.ids if one else join([code(column) for column in columns]).codes
        table = table_of_ids(ids, one is not None and one.is_signed, n_symbols)
        warn_of_low_coverage(table, estimator, stacklevel=2)
    value, std = entropy_of_table(table, estimator, alpha)
    value = in_unit(value, estimator, clip, unit)
    return (value, std / unit) if return_std else value


def checked_counts(counts: Any) -> NDArray[Any]:
    """The positive counts, whole numbers, as int64 or (past 2^53) as they come."""
    array = to_numpy(counts, "counts")
    array = array if array.dtype.kind in "iu" else as_real(array, "counts")
    if array.ndim != 1:
        raise ValueError(f"counts must have shape (n_symbols,), got {array.shape}")
    whole = np.isfinite(array) & (array >= 0) & (array == np.floor(array)) & (array < 2**63)
    if not whole.all():
        index = int(np.argmin(whole))
        raise ValueError(f"counts must be whole numbers from 0 to 2^63 - 1, got counts[{index}] = {array[index]!s}")
    positive = array[array > 0].astype(np.int64)
    if positive.size == 0:
        raise ValueError(f"counts has no positive entry (of {array.size}): there is no sample")
    return positive


def entropy_from_counts(
    counts: Any,
    *,
    estimator: str = "mle",
    base: Base = None,
    n_symbols: int | None = None,
    alpha: Alpha = None,
    return_std: bool = False,
    clip: bool = False,
) -> Any:
    """Entropy of a source of symbols, estimated from how often each symbol was seen.

    Parameters
    ----------
    counts : array of int, shape (n_symbols,)
        How often each symbol was seen; whole numbers of at least 0, one at least positive. Zeros change nothing.
    estimator : str, default "mle"
        ====================  =======================================================================================
        ``"mle"``             plug-in: too low by about (K - 1)/(2 N); for well-sampled alphabets (N over 100 K)
        ``"miller_madow"``    adds (seen - 1)/(2 N): good from N over 5 K
        ``"grassberger"``     corrects each count by digammas: low bias down to N near K; a good first choice
        ``"chao_shen"``       weights by coverage: unknown alphabets, N below K; high variance
        ``"chao_wang_jost"``  from the accumulation curve: unknown alphabets, N below K; least bias of these
        ``"shrinkage"``       James-Stein towards uniform over ``n_symbols``: near-uniform sources, N below K
        ``"jackknife"``       leave one out: bias of order 1/N², variance above Miller-Madow's
        ``"dirichlet"``       plug-in of the posterior mean with parameter ``alpha``: as good as its prior
        ``"nsb"``             Nemenman-Shafee-Bialek, prior nearly flat in entropy: N far below a known ``n_symbols``
        ``"zhang"``           bias falls exponentially in N: like "grassberger" without its oscillation
        ``"bonachela"``       balances bias and variance: short samples of small alphabets, N near 10; never K over N
        ====================  =======================================================================================
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    n_symbols : int, optional
        Size K of the alphabet where it is known; the number of symbols seen otherwise. Used by "shrinkage",
        "dirichlet", "nsb" and "bonachela" (which then counts the unseen ones, too: not for K over N).
    alpha : float or {"jeffreys", "laplace", "perks", "minimax"}, optional
        Pseudocount of "dirichlet": ½ (the default), 1, 1/K or √N/K.
    return_std : bool, default False
        With "nsb": return the posterior's standard deviation, too.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float, or (float, float) with ``return_std``
        Entropy in units of ``base``: from 0 to log K for "mle", "shrinkage", "dirichlet" and "nsb"; corrected ones may
        lie outside.

    Raises
    ------
    ValueError
        Negative, fractional, NaN or infinite counts; no positive count; more than one axis; an unknown estimator;
        ``n_symbols`` below the number of symbols seen.
    TypeError
        ``counts`` does not hold real numbers.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    O(K) to make the table of distinct counts, of which there are at most √(2N); "nsb" integrates over about 400 values
    of the Dirichlet parameter. docs/estimators.md shows bias and error of each.

    References
    ----------
    Miller, G. A. (1955). Note on the bias of information estimates. In Information Theory in Psychology, 95-100.
    Grassberger, P. (2003). Entropy estimates from insufficient samplings. arXiv:physics/0307138, eqs. 30 and 35.
    Chao, A. & Shen, T.-J. (2003). Nonparametric estimation of Shannon's index of diversity ... Environ. Ecol. Stat. 10.
    Chao, A., Wang, Y. T. & Jost, L. (2013). Entropy and the species accumulation curve. Methods Ecol. Evol. 4, eq. 7.
    Hausser, J. & Strimmer, K. (2009). Entropy inference and the James-Stein estimator. JMLR 10, eqs. 4-6.
    Zahl, S. (1977). Jackknifing an index of diversity. Ecology 58.
    Nemenman, I., Shafee, F. & Bialek, W. (2002). Entropy and inference, revisited. NIPS 14.
    Wolpert, D. H. & Wolf, D. R. (1995). Estimating functions of probability distributions from a finite set of samples.
    Physical Review E 52.
    Zhang, Z. (2012). Entropy estimation in Turing's perspective. Neural Computation 24, eq. 4.
    Bonachela, J. A., Hinrichsen, H. & Muñoz, M. A. (2008). Entropy estimates of small data sets. J. Physics A 41.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.entropy_from_counts([2, 1, 1], base="bits"), 12)
    1.5
    >>> round(discrete.entropy_from_counts([2, 1, 1], estimator="miller_madow", base="bits"), 4)
    1.8607
    >>> discrete.entropy_from_counts([4, 1, 2], estimator="nsb", n_symbols=5, return_std=True)[1] < 0.3
    True
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    if return_std and estimator != "nsb":
        raise ValueError(f'return_std goes with estimator="nsb", which has a posterior, got {estimator!r}')
    table = table_of_counts(checked_counts(counts), n_symbols)
    warn_of_low_coverage(table, estimator, stacklevel=2)
    value, std = entropy_of_table(table, estimator, alpha)
    value = in_unit(value, estimator, clip, unit)
    return (value, std / unit) if return_std else value


def coverage(counts: Any) -> float:
    """Good-Turing estimate of the probability that the next symbol is one already seen.

    Parameters
    ----------
    counts : array of int, shape (n_symbols,)
        How often each symbol was seen; whole numbers of at least 0, at least one of them positive.

    Returns
    -------
    float
        1 - f1 / n, from 0 (every symbol was seen once) to 1 (none was), where f1 symbols were seen once in n samples.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy_from_counts`.

    Notes
    -----
    Under about 0.5 an entropy estimate says more about the size of the sample than about its source. O(K).

    References
    ----------
    Good, I. J. (1953). The population frequencies of species and the estimation of population parameters.
    Biometrika 40, eq. 9.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.coverage([3, 2, 1, 1, 1])
    0.625
    """
    return coverage_of(table_of_counts(checked_counts(counts)))
