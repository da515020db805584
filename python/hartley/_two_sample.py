"""Permutation tests of whether two samples come from one distribution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_number
from ._clouds import F64, positive
from ._exact_transport import wasserstein
from ._permutation_tests import PermutationTest, permutation_result
from ._progress import Progress, progress_callback
from ._sinkhorn_divergence import sinkhorn_divergence
from ._sliced import as_count, as_problem, random_directions, require_projections_fit
from ._symbol_counts import whole_number
from ._threads import get_num_threads

Statistic: TypeAlias = str | Callable[[Any, Any], Any]
Labels: TypeAlias = NDArray[np.uint8]

_AT_ONCE = 64  # partitions that a kernel gets at once
_AT_ONCE_BYTES = 2**26  # or fewer, where clouds of so many partitions would take more


class _Pool:
    """Both samples as one, and the ways to part it again; number 0 is the way they came."""

    def __init__(self, x: RealArray, y: RealArray, count: int, seed: Any) -> None:
        self.points = np.ascontiguousarray(np.concatenate([x, y]))
        self.n_first, self.count = len(x), count
        self.root = int(np.random.default_rng(seed).integers(1 << 63))

    def labels(self, number: int) -> Labels:
        """1 where a point belongs to the first part."""
        labels = np.zeros(len(self.points), dtype=np.uint8)
        labels[: self.n_first] = 1
        return labels if number == 0 else np.random.default_rng([self.root, number]).permutation(labels)

    def blocks(self, size: int) -> Iterator[Labels]:
        """The labels of all partitions, some at a time: (n_partitions, n_points)."""
        for begin in range(0, self.count + 1, size):
            yield np.stack([self.labels(i) for i in range(begin, min(begin + size, self.count + 1))])

    def parts(self, labels: Labels) -> tuple[RealArray, RealArray]:
        """Clouds (n_partitions, n, n_features) and (n_partitions, m, n_features)."""
        first = np.stack([self.points[row == 1] for row in labels])
        return first, np.stack([self.points[row == 0] for row in labels])


def _on_lines(pool: _Pool, order: float, directions: F64) -> Callable[[Labels], F64]:
    """The pool is projected and sorted once for all partitions of a block."""

    def of(labels: Labels) -> F64:
        distances = _dispatch.kernels.transport_permuted_lines(
            pool.points, directions, labels, order, get_num_threads()
        )
        largest = np.maximum(distances.max(axis=1), np.finfo(float).tiny)
        means = ((distances / largest[:, None]) ** order).mean(axis=1)
        result: F64 = largest * means ** (1 / order)
        return result

    return of


def _sinkhorn(pool: _Pool, reg: float) -> Callable[[Labels], F64]:
    def of(labels: Labels) -> F64:
        x, y = pool.parts(labels)
        return np.asarray(sinkhorn_divergence(x, y, reg=reg), dtype=np.float64)

    return of


def _called(pool: _Pool, statistic: Callable[[Any, Any], Any]) -> Callable[[Labels], F64]:
    def of(labels: Labels) -> F64:
        x, y = pool.parts(labels)
        return np.array([float(statistic(x[i], y[i])) for i in range(len(labels))])

    return of


def _mean_cost(points: RealArray) -> float:
    """Mean squared distance of two points of the pool."""
    return 2.0 * float(points.astype(np.float64).var(axis=0).sum())


def two_sample_test(
    x: Any,
    y: Any,
    *,
    statistic: Statistic = "wasserstein",
    n_permutations: int = 999,
    seed: Any = None,
    p: float | None = None,
    n_projections: int = 100,
    reg: float | None = None,
    progress: Progress = False,
) -> PermutationTest:
    """Permutation test of whether x and y come from one distribution.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Samples; one axis means one feature. Rows are independent of each other.
    statistic : {"wasserstein", "sliced", "sinkhorn"} or callable
        Exact W_p; sliced W_p over ``n_projections`` directions; Sinkhorn divergence of the squared distance; or a
        function of two samples (n, n_features), (m, n_features) that is larger where they differ more.
    n_permutations : int
        Random partitions, at least 1.
    seed : int, numpy Generator or None
        Of partitions and directions.
    p : float, optional
        Order of the first two, at least 1; 1 for "wasserstein" and 2 for "sliced" by default.
    n_projections : int
        Directions of "sliced".
    reg : float, optional
        Of "sinkhorn", in units of the squared distance; by default 0.05 of its mean over the pooled samples.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    PermutationTest
        ``statistic``, ``p_value``, ``null`` (n_permutations,), ``z_score``; unpacks into ``p_value, null, z_score``.

    Raises
    ------
    ValueError, TypeError
        NaN, inf, unequal numbers of features, a statistic that is unknown or gives what is not finite.

    Notes
    -----
    Under the null hypothesis all partitions of the pool are equally likely: p = (1 + number of partitions whose
    statistic reaches the observed one) / (1 + n_permutations) is exact, at whatever size and dimension. On a line and
    along projections the pool is sorted once and a partition costs O(n + m) a direction; "wasserstein" in more than one
    dimension solves an exact transport problem for every partition, "sinkhorn" three entropic ones.

    References
    ----------
    Ramdas, A., Trillos, N. & Cuturi, M. (2017). On Wasserstein two-sample testing and related families of nonparametric
    tests. Entropy 19, 47.
    Phipson, B. & Smyth, G. (2010). Permutation p-values should never be zero. Stat. Appl. Genet. Mol. Biol. 9, 39.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=100), rng.normal(size=100) + 1.0
    >>> ht.transport.two_sample_test(x, y, n_permutations=199, seed=0).p_value
    0.005
    """
    order = (2.0 if statistic == "sliced" else 1.0) if p is None else as_number(p, "p")
    problem = as_problem(x, y, order, None, None)
    count = whole_number(n_permutations, "n_permutations", 1)
    seeds = np.random.default_rng(seed).integers(1 << 63, size=2)
    pool = _Pool(problem.x, problem.y, count, seeds[0])
    at_once = max(1, min(_AT_ONCE, _AT_ONCE_BYTES // pool.points.nbytes))
    d = pool.points.shape[1]
    if statistic == "sliced" or (statistic == "wasserstein" and d == 1):
        is_line = statistic == "wasserstein"
        directions = (
            np.ones((1, 1)) if is_line else random_directions(as_count(n_projections, "n_projections"), d, seeds[1])
        )
        require_projections_fit(problem, directions)
        of = _on_lines(pool, order, directions)
    elif statistic == "wasserstein":
        of = _called(pool, lambda first, second: wasserstein(first, second, p=order))
    elif statistic == "sinkhorn":
        of = _sinkhorn(pool, positive(0.05 * _mean_cost(pool.points) or 1.0 if reg is None else reg, "reg"))
    elif callable(statistic):
        of = _called(pool, statistic)
    else:
        raise ValueError(
            f"statistic must be 'wasserstein', 'sliced', 'sinkhorn' or a function of two samples, got {statistic!r}"
        )
    show = progress_callback(progress, "two_sample_test")
    values: list[F64] = []
    for labels in pool.blocks(at_once):
        values.append(of(labels))
        if show is not None:
            show(min(1.0, sum(map(len, values)) / (count + 1)))
    found = np.concatenate(values)
    return permutation_result(float(found[0]), found[1:])
