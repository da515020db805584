"""Mutual information of all pairs of binned columns, and how surprising it is under independence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _bias
from ._arrays import as_samples, column_labels, label_matrix
from ._binning import BinRule, column_edges, encode
from ._codes import Coded, dense, join
from ._column_codes import ColumnCodes
from ._count_estimators import Alpha, pseudocount
from ._discrete_columns import require_common_rows
from ._pair_counts import Block, Groups, Method, PairCounts, count_pairs
from ._pair_tests import PairTests, Permutations, g_test
from ._progress import Progress, progress_callback
from ._symbol_counts import check_estimator, whole_number
from ._symbols import check_nan_policy
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_PLUG_IN = ("mle", "miller_madow")  # whose numbers of symbols tests and groups of rows can use
_COUNTING = 0.02  # share of a permutation test that counts the samples as they are
_BLOCK_COLUMNS = 1024  # of the matrices of details: 8 MiB each
_BLOCK_BYTES = 1 << 28  # of codes that are made anew for every block


def _check_choices(estimator: str, alpha: Alpha, bias: str | None, significance: str | None, given: Any) -> None:
    check_estimator(estimator, alpha=alpha)
    _bias.check(bias, estimator, None)
    if significance not in (None, "chi2", "permutation"):
        raise ValueError(f'significance must be "chi2", "permutation" or None, got {significance!r}')
    if significance is not None and (estimator not in _PLUG_IN or bias is not None):
        got = f"estimator={estimator!r}" if bias is None else f"bias={bias!r}"
        raise ValueError(f"significance tests the plug-in: estimator must be one of {_PLUG_IN} without bias, got {got}")
    if given is not None and (estimator not in _PLUG_IN or bias == "panzeri_treves"):
        got = f"estimator={estimator!r}" if bias is None else f"bias={bias!r}"
        raise ValueError(f"with given the estimator must be one of {_PLUG_IN}, got {got}")


def _groups(given: Any, bins: BinRule, binning: str, nan_policy: str, outside: str, n_rows: int) -> Groups:
    """The rows of every occupied cell of the given variable; rows where it is missing are in none."""
    if given is None:
        return None
    samples = as_samples(given, "given")
    if len(samples) != n_rows:
        raise ValueError(f"X and given must have equally many samples, got {n_rows} and {len(samples)}")
    codes, n_cells = encode(samples, column_edges(samples, bins, binning, "given"), "given", nan_policy, outside)
    present = np.flatnonzero((codes < n_cells[:, None]).all(axis=0))
    if present.size == 0:
        raise ValueError("given has no row in which it is a number")
    cells = dense(join([Coded(column[present], int(size)) for column, size in zip(codes, n_cells, strict=True)])).codes
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order])) + 1
    return np.split(present[order], starts)


def _part(callback: Any, begin: float, end: float) -> Any:
    """A callback that tells a part of the work."""
    return None if callback is None else lambda fraction: callback(begin + (end - begin) * fraction)


class _Estimate:
    """What is wanted of every block of pairs."""

    def __init__(
        self, estimator: str, alpha: Alpha, bias: str | None, significance: str | None, groups: Groups, normalized: bool
    ) -> None:
        self.estimator, self.bias, self.significance, self.groups = estimator, bias, significance, groups
        self.normalized = normalized
        self.method = Method(estimator, alpha, bias == "panzeri_treves")
        self.permutations: Permutations | None = None
        self.extrapolation: list[list[NDArray[Any]]] = []  # rows of the halves, of the quarters

    @property
    def needs_details(self) -> bool:
        """Whether numbers of symbols or entropies are asked for."""
        miller_madow = self.estimator == "miller_madow"
        return miller_madow or self.normalized or self.significance is not None or self.groups is not None

    def of_block(self, x: Block, y: Block | None, details: bool, some_missing: bool, callback: Any) -> list[F64]:
        """Information in nats (or normalized) and, where tests are wanted, p-values and z-scores."""
        counting = _part(callback, 0.0, 1.0 if self.permutations is None else _COUNTING)
        counts = count_pairs(x, y, self.groups, replace(self.method, details=details), counting)
        if some_missing:
            require_common_rows(counts.n)
        found = [self._information(x, y, counts)]
        if self.significance == "chi2":
            found += g_test(counts)
        elif self.permutations is not None:
            found += self.permutations.test(x, y, self.groups, counts.information, _part(callback, _COUNTING, 1.0))
        return found

    def _information(self, x: Block, y: Block | None, counts: PairCounts) -> F64:
        information, x_entropy, y_entropy = counts.information, counts.x_entropy, counts.y_entropy
        if self.estimator == "miller_madow":
            information, x_entropy, y_entropy = counts.corrected()
        elif self.extrapolation:
            halves, quarters = (self._mean_over(x, y, parts) for parts in self.extrapolation)
            # Lagrange's weights at 0 of the points 1, 2 and 4 times 1/N
            information = (8.0 * information - 6.0 * halves + quarters) / 3.0
        if not self.normalized:
            return information
        mean_entropy = (x_entropy + y_entropy) / 2
        share: F64 = np.divide(information, mean_entropy, out=np.zeros_like(information), where=mean_entropy > 0)
        return share

    def _mean_over(self, x: Block, y: Block | None, parts: list[NDArray[Any]]) -> F64:
        details = self.groups is not None
        total = np.zeros((len(x.codes), len((x if y is None else y).codes)))
        for rows in parts:
            second = None if y is None else y.take(rows)
            total += count_pairs(x.take(rows), second, self._groups_among(rows), Method(details=details)).information
        return total / len(parts)

    def _groups_among(self, rows: NDArray[Any]) -> Groups:
        if self.groups is None:
            return None
        own = [np.flatnonzero(np.isin(rows, group, assume_unique=True)) for group in self.groups]
        return [group for group in own if group.size]


def _blocks(columns: ColumnCodes, details: bool) -> Iterator[tuple[int, int]]:
    width = columns.n_columns
    if details:
        width = _BLOCK_COLUMNS
    if not columns.are_kept:
        width = min(width, _BLOCK_COLUMNS, max(8, _BLOCK_BYTES // columns.n_rows))
    for begin in range(0, columns.n_columns, width):
        yield begin, min(begin + width, columns.n_columns)


def _assemble(
    first: ColumnCodes, second: ColumnCodes | None, estimate: _Estimate, some_missing: bool, callback: Any
) -> list[F64]:
    """Matrices of all pairs, block by block."""
    details = estimate.needs_details or some_missing
    rows = list(_blocks(first, details))
    columns = rows if second is None else list(_blocks(second, details))
    wanted = [(r, c) for r in rows for c in columns if second is not None or c[0] >= r[0]]
    matrices: list[F64] = []
    for done, ((r0, r1), (c0, c1)) in enumerate(wanted):

        def tell(fraction: float, done: int = done) -> None:
            callback((done + fraction) / len(wanted))

        x = Block(first.block(r0, r1), first.n_cells[r0:r1])
        other = first if second is None else second
        on_diagonal = second is None and r0 == c0
        y = None if on_diagonal else Block(other.block(c0, c1), other.n_cells[c0:c1])
        found = estimate.of_block(x, y, details, some_missing, None if callback is None else tell)
        if len(wanted) == 1:
            return found
        matrices = matrices or [np.empty((first.n_columns, other.n_columns)) for _ in found]
        for matrix, block in zip(matrices, found, strict=True):
            matrix[r0:r1, c0:c1] = block
            if second is None:
                matrix[c0:c1, r0:r1] = block.T
    return matrices


def mutual_information_matrix(
    X: Any,  # noqa: N803  the field's and scikit-learn's name
    *,
    Y: Any = None,  # noqa: N803
    given: Any = None,
    bins: BinRule = 16,
    binning: str = "quantile",
    given_bins: BinRule = 8,
    estimator: str = "mle",
    bias: str | None = None,
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
    given : array of float, shape (n_samples,) or (n_samples, n_given), optional
        Condition every pair on this variable; its cells are combined over its columns.
    bins, binning
        As in :func:`bin_edges`, for every column; a list of edges or rules has one entry a column.
    given_bins : int, rule or edges, default 8
        The same for ``given``.
    estimator : str, default "mle"
        Plug-in, or any estimator of :func:`hartley.discrete.entropy_from_counts` for the entropies of the cells; with
        ``given`` "mle" or "miller_madow".
    bias : {"panzeri_treves", "quadratic_extrapolation"}, optional
        Subtract the plug-in's bias, as in :func:`hartley.discrete.mutual_information`; the former not with ``given``.
    normalized : bool, default False
        Divide by the arithmetic mean of the two entropies (0 where both are 0); no unit then.
    significance : {"chi2", "permutation"}, optional
        Return p-values against independence, too: of the G-test, or the share of shuffled columns that tell at least as
        much as the observed ones (with ``given`` shuffled among the rows of one cell of it).
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
        Of the permutations and of "quadratic_extrapolation"; nothing depends on the number of threads.
    progress : bool or callable, default False
        True shows a bar on stderr; a function is called with the fraction done.

    Returns
    -------
    ndarray of float64, shape (n_features, n_features) or (n_features, n_targets), or a pandas frame with their labels
        Information; without Y symmetric, with the entropies of the binned columns on the diagonal. With
        ``significance`` a tuple of it and the p-values (without Y, the diagonal tests a column against itself), which
        also has ``z_score`` (of the statistic among the shuffles, or against χ²) and ``q_value`` (Benjamini-Hochberg).

    Raises
    ------
    ValueError
        NaN (with "raise"), infinite values, a column without numbers, unequal lengths, bad bins; pairs without common
        rows; significance of an estimate other than "mle" or "miller_madow" or with ``bias``.

    Notes
    -----
    Estimates, bias and references as in :func:`mutual_information`. O(n_samples * n_features²) counting steps on one
    byte a number: few cells are counted by bitmaps, more by tables in cache, several columns in one table where they
    fit. Memory-mapped and other arrays that are not C-contiguous floats are read a few columns at a time; the codes
    take n_samples * n_features bytes, or, past 2 GiB, are made anew for each block of columns; tables take at most
    64 MiB at a time. The G-test wants about 5 samples a cell. With missing values a shuffled column brings its own gaps
    along. I(X;Y | given) is the mean of the information in each cell of ``given``, weighted by its rows.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.histogram.mutual_information_matrix([[0, 5], [0, 5], [1, 7], [1, 7]], bins=2, base="bits")
    array([[1., 1.],
           [1., 1.]])
    """
    unit = nats_per_unit(base)
    _check_choices(estimator, alpha, bias, significance, given)
    check_nan_policy(nan_policy)
    count = whole_number(n_permutations, "n_permutations", 1)
    first = ColumnCodes(X, "X", bins, binning, nan_policy, outside)
    second = None if Y is None else ColumnCodes(Y, "Y", bins, binning, nan_policy, outside, paired_with=first)
    groups = _groups(given, given_bins, binning, nan_policy, outside, first.n_rows)
    rule = pseudocount(alpha, int(first.n_cells.max()) ** 2)
    estimate = _Estimate(estimator, rule, bias, significance, groups, normalized)
    if significance == "permutation":
        estimate.permutations = Permutations(first.n_rows, groups, count, seed)
    if bias == "quadratic_extrapolation":
        estimate.extrapolation = _bias.parts_of_rows(first.n_rows, seed)
    callback = progress_callback(progress, "mutual information")
    matrix, *tests = _assemble(first, second, estimate, nan_policy == "omit" or outside == "ignore", callback)
    if callback is not None:
        callback(1.0)
    if clip or (estimator == "mle" and bias is None):
        np.maximum(matrix, 0.0, out=matrix)
    if not normalized and unit != 1.0:
        matrix /= unit
    rows = column_labels(X)
    columns = rows if Y is None else column_labels(Y)
    if significance is None:
        return label_matrix(matrix, rows, columns)
    information, p_value, z_score = (label_matrix(m, rows, columns) for m in (matrix, *tests))
    return PairTests(information, p_value, z_score, symmetric=Y is None)
