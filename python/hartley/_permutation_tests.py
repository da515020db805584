"""Permutation tests of independence, also given a third variable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_column, as_samples, read_only, require_equal_lengths
from ._binning import column_edges, encode
from ._knn_options import complete, neighbour_number
from ._knn_terms import conditional_terms
from ._neighbourhoods import Search
from ._progress import Progress, progress_callback
from ._symbol_counts import whole_number
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
Statistic: TypeAlias = str | Callable[..., Any]
Orders: TypeAlias = Iterator[NDArray[np.uint32]]

_AT_ONCE = 64  # orders that a kernel gets at once, and that a Ctrl-C waits for


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """What a permutation test found; unpacks into ``p_value, null, z_score``."""

    statistic: float  # of the samples as they are
    p_value: float  # share of orders that reach it, the observed one counted
    null: F64 = field(repr=False)  # statistic of every other order
    z_score: float  # (statistic - mean of null) / its standard deviation; 0 where that is 0

    def __iter__(self) -> Iterator[Any]:
        return iter((self.p_value, self.null, self.z_score))


def permutation_result(statistic: float, null: F64) -> PermutationTest:
    """p-value and z-score of a statistic among those of random orders."""
    n_bad = int(np.count_nonzero(~np.isfinite(null))) + (not np.isfinite(statistic))
    if n_bad:
        raise ValueError(f"statistic must give finite numbers, got {n_bad} of {null.size + 1} that are not")
    # sums in another order differ by rounding
    reached = int(np.count_nonzero(null >= statistic - 1e-13 * max(1.0, abs(statistic))))
    spread = float(null.std(ddof=1)) if null.size > 1 else 0.0
    z = (statistic - float(null.mean())) / spread if spread > 0 else 0.0
    return PermutationTest(statistic, (reached + 1.0) / (null.size + 1.0), null, z)


class _Orders:
    """Random orders of the rows, each known by its number."""

    def __init__(self, n: int, block: Any, seed: Any) -> None:
        self.n = n
        self.block = 1 if block is None else whole_number(block, "block", 1)
        if self.block > max(n // 2, 1):
            raise ValueError(f"block must be at most half of the n_samples = {n}, got {self.block}")
        self.root = int(np.random.default_rng(seed).integers(1 << 63))

    def __call__(self, number: int) -> NDArray[np.uint32]:
        rng = np.random.default_rng([self.root, number])
        if self.block == 1:
            return rng.permutation(self.n).astype(np.uint32)
        # the series as a ring, cut at a random place into blocks, whose order is drawn
        ring = np.roll(np.arange(self.n, dtype=np.uint32), -int(rng.integers(self.n)))
        blocks = np.split(ring, np.arange(self.block, self.n, self.block))
        moved = np.concatenate([blocks[b] for b in rng.permutation(len(blocks))])
        order = np.empty_like(moved)
        order[ring] = moved
        return order


class _LocalOrders(_Orders):
    """Orders that move every row to one of its neighbours in the given variable (Runge 2018)."""

    def __init__(self, given: Any, n_neighbours: Any, seed: Any) -> None:
        super().__init__(len(given), None, seed)
        k = whole_number(n_neighbours, "n_neighbors", 1)
        if k >= len(given):
            raise ValueError(f"n_neighbors must be less than n_samples = {len(given)}, got {k}")
        rows = Search().nearest(given, k)[1]
        own = np.arange(len(given), dtype=np.uint32)[:, None]
        self.neighbours = np.ascontiguousarray(np.hstack([own, rows]))  # a row may stay where it is

    def __call__(self, number: int) -> NDArray[np.uint32]:
        seed = int(np.random.default_rng([self.root, number]).integers(1 << 63))
        return _dispatch.kernels.knn_local_order(self.neighbours, seed)


def _numbers(x: Any, name: str) -> Any:
    (samples,) = complete([as_samples(x, name)], [name], "raise")
    return samples


def _knn_null(x: Any, y: Any, orders: _Orders, count: int, report: Any, k: int = 3) -> tuple[float, F64]:
    """KSG 1 of every order: what one side alone says is made once."""
    first, second = _numbers(x, "x"), _numbers(y, "y")
    if first.dtype != second.dtype:
        first, second = first.astype(np.float64), second.astype(np.float64)
    number = neighbour_number(k, len(first))
    identity = np.arange(len(first), dtype=np.uint32)[None, :]
    values = [_dispatch.kernels.knn_information_permuted(first, second, identity, number, None, get_num_threads())[0]]
    for begin in range(0, count, _AT_ONCE):
        some = np.stack([orders(i) for i in range(begin, min(begin + _AT_ONCE, count))])
        values.append(
            _dispatch.kernels.knn_information_permuted(first, second, some, number, None, get_num_threads())[0]
        )
        if report is not None:
            report(min(1.0, (begin + len(some)) / count))
    found = np.concatenate(values)
    return float(found[0]), found[1:]


def _histogram_null(
    x: Any, y: Any, orders: _Orders, count: int, report: Any, bins: Any = 16, binning: str = "quantile"
) -> tuple[float, F64]:
    """Plug-in of every order: each side is binned once, and only codes move."""
    codes, sizes = [], []
    for values, name in ((x, "x"), (y, "y")):
        column = as_column(values, name).reshape(-1, 1)
        own, n_cells = encode(column, column_edges(column, bins, binning, name), name, "raise")
        codes.append(own.astype(np.uint16 if n_cells.max() > 255 else np.uint8))
        sizes.append(n_cells)
    dtype = np.result_type(*codes)
    first, second = (c.astype(dtype) for c in codes)

    def of(moved: Any) -> F64:
        row: F64 = _dispatch.kernels.histogram_cross_pairs(
            first, sizes[0], moved, np.repeat(sizes[1], len(moved)), get_num_threads(), None, details=False
        )[0][0]
        return row

    values = [of(second)]
    for begin in range(0, count, _AT_ONCE):
        values.append(of(np.stack([second[0][orders(i)] for i in range(begin, min(begin + _AT_ONCE, count))])))
        if report is not None:
            report(min(1.0, (begin + _AT_ONCE) / count))
    found = np.concatenate(values)
    return float(found[0]), found[1:]


def _called_null(
    statistic: Callable[..., Any], x: Any, y: Any, given: Any, orders: _Orders, count: int, report: Any
) -> tuple[float, F64]:
    """Any function of x in another order, y and, where there is one, given."""
    rest = (y,) if given is None else (y, given)
    observed, null = float(statistic(x, *rest)), np.empty(count)
    for i in range(count):
        null[i] = float(statistic(np.ascontiguousarray(x[orders(i)]), *rest))
        if report is not None:
            report((i + 1) / count)
    return observed, null


def permutation_test(
    statistic: Statistic,
    x: Any,
    y: Any,
    *,
    given: Any = None,
    n_permutations: int = 999,
    block: int | None = None,
    n_neighbors: int = 5,
    seed: Any = None,
    progress: Progress = False,
    **options: Any,
) -> PermutationTest:
    """Whether x and y (given a third variable) tell more of each other than shuffled samples do.

    Parameters
    ----------
    statistic : {"knn", "histogram"} or callable
        Mutual information by KSG 1 (``k=`` 3; with ``given`` the conditional one) or of binned samples (``bins=`` 16,
        ``binning=``), or a function of (x, y) or (x, y, given) that is large where they depend.
    x, y : array, shape (n_samples, n_features) or (n_samples,)
        Paired samples; one column each for "histogram".
    given : array of float, shape (n_samples, n_features) or (n_samples,), optional
        Test independence given this variable: rows of x trade places with neighbours in it only.
    n_permutations : int, default 999
        The least p-value is 1 / (n_permutations + 1).
    block : int, optional
        For series: shuffle stretches of so many rows, which keep their inner order.
    n_neighbors : int, default 5
        With ``given``, neighbours that a row may trade places with.
    seed : int or numpy.random.Generator, optional
        Of the orders; nothing depends on the number of threads.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    **options
        ``k`` of "knn"; ``bins`` and ``binning`` of "histogram".

    Returns
    -------
    PermutationTest
        ``statistic`` (nats for the named ones), ``p_value``, ``null`` (n_permutations values) and ``z_score``; unpacks
        into the last three.

    Raises
    ------
    ValueError
        Unequal lengths, NaN or infinite samples, an unknown statistic, blocks longer than half of the series.
    TypeError
        Options that the statistic does not have.

    Notes
    -----
    p = (1 + orders that reach the statistic) / (1 + n_permutations): exact under exchangeability, approximate with
    blocks and with ``given``. "knn" sorts either side once and searches the joint neighbours of every order anew: the
    radii of one order are not those of another, and keeping them would make the observed order special. O(n log n) an
    order.

    References
    ----------
    Phipson, B. & Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical Applications in Genetics
    and Molecular Biology 9.
    Runge, J. (2018). Conditional independence testing based on a nearest-neighbor estimator of conditional mutual
    information. AISTATS 21, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import significance
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 300))
    >>> significance.permutation_test("knn", x, x**2 + noise, n_permutations=99, seed=1).p_value
    0.01
    """
    count = whole_number(n_permutations, "n_permutations", 1)
    report = progress_callback(progress, "permutation test")
    if given is not None:
        if block is not None:
            raise ValueError("block does not go with given, whose neighbours say which rows may trade places")
        return _conditional_test(statistic, x, y, given, count, n_neighbors, seed, report, options)
    if callable(statistic):
        if options:
            raise TypeError(f"{', '.join(options)}: options go with a named statistic")
        first, second = read_only(x, "x"), read_only(y, "y")
        require_equal_lengths(first, second, "x", "y")
        observed, null = _called_null(statistic, first, second, None, _Orders(len(first), block, seed), count, report)
        return permutation_result(observed, null)
    if statistic not in ("knn", "histogram"):
        raise ValueError(f'statistic must be "knn", "histogram" or a function, got {statistic!r}')
    allowed = {"k"} if statistic == "knn" else {"bins", "binning"}
    if not set(options) <= allowed:
        raise TypeError(f"{statistic!r} has the options {', '.join(sorted(allowed))}, got {', '.join(options)}")
    first, second = as_samples(x, "x"), as_samples(y, "y")
    require_equal_lengths(first, second, "x", "y")
    named = _knn_null if statistic == "knn" else _histogram_null
    return permutation_result(*named(first, second, _Orders(len(first), block, seed), count, report, **options))


def _conditional_test(
    statistic: Statistic, x: Any, y: Any, given: Any, count: int, n_neighbors: int, seed: Any, report: Any, options: Any
) -> PermutationTest:
    first, second, third = (_numbers(v, name) for v, name in ((x, "x"), (y, "y"), (given, "given")))
    require_equal_lengths(first, second, "x", "y")
    require_equal_lengths(first, third, "x", "given")
    orders = _LocalOrders(third, n_neighbors, seed)
    if statistic == "knn":
        if not set(options) <= {"k"}:
            raise TypeError(f"'knn' has the option k, got {', '.join(options)}")
        k = neighbour_number(options.get("k", 3), len(first))

        def information(moved: Any, other: Any, known: Any) -> float:
            # rows that serve twice tie distances: nothing to warn of
            return float(conditional_terms(moved, other, known, [k], Search(), mixture=False)[0][0].mean())

        return permutation_result(*_called_null(information, first, second, third, orders, count, report))
    if not callable(statistic):
        raise ValueError(f'statistic must be "knn" or a function with given, got {statistic!r}')
    if options:
        raise TypeError(f"{', '.join(options)}: options go with a named statistic")
    return permutation_result(*_called_null(statistic, first, second, third, orders, count, report))
