"""How surprising the information of many pairs is under independence."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import label_matrix
from ._multiple_testing import false_discovery_rate
from ._pair_counts import Block, Groups, Method, PairCounts, count_pairs
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]

_PERMUTED = Method(details=False)
_PERMUTED_GROUPS = Method()


class PairTests(tuple[Any, Any]):
    """``(information, p_value)``, and beside them ``z_score`` and ``q_value``."""

    z_score: Any
    symmetric: bool

    def __new__(cls, information: Any, p_value: Any, z_score: Any, symmetric: bool) -> PairTests:
        self = super().__new__(cls, (information, p_value))
        self.z_score, self.symmetric = z_score, symmetric
        return self

    def __getnewargs__(self) -> tuple[Any, Any, Any, bool]:
        return self.information, self.p_value, self.z_score, self.symmetric

    @property
    def information(self) -> Any:
        """Information of each pair."""
        return self[0]

    @property
    def p_value(self) -> Any:
        """Probability of at least as much information under independence."""
        return self[1]

    @property
    def q_value(self) -> Any:
        """p-values adjusted for the false-discovery rate over all distinct pairs; the diagonal as it is."""
        p = np.asarray(self.p_value, dtype=np.float64)
        if self.symmetric:
            upper = np.triu_indices(len(p), 1)
            q = p.copy()
            q[upper] = false_discovery_rate(p[upper])
            q.T[upper] = q[upper]
        else:
            q = false_discovery_rate(p)
        return label_matrix(q, getattr(self.p_value, "index", None), getattr(self.p_value, "columns", None))


def g_test(counts: PairCounts) -> tuple[F64, F64]:
    """p-values of G = 2 n I against χ² (1 where nothing can vary), and (G - dof) / √(2 dof)."""
    dof = counts.dof.astype(np.float64)
    testable = dof > 0
    statistic = np.maximum(2.0 * counts.n * counts.information, 0.0)
    p, z = np.ones_like(dof), np.zeros_like(dof)
    p[testable] = _dispatch.kernels.chi2_survival(statistic[testable], dof[testable], get_num_threads())
    np.divide(statistic - dof, np.sqrt(2.0 * dof), out=z, where=testable)
    return p, z


class Permutations:
    """Orders of the rows, the same for every pair; with groups each row stays in its own."""

    def __init__(self, n_rows: int, groups: Groups, count: int, seed: Any) -> None:
        self._n_rows, self._groups, self.count = n_rows, groups, count
        # one draw makes every order known by its number, whatever the blocks and threads
        self._root = int(np.random.default_rng(seed).integers(1 << 63))

    def order(self, k: int) -> NDArray[Any]:
        """Order of the rows of permutation k."""
        rng = np.random.default_rng([self._root, k])
        if self._groups is None:
            return rng.permutation(self._n_rows)
        order = np.arange(self._n_rows)
        for rows in self._groups:
            order[rows] = rng.permutation(rows)
        return order

    def test(self, x: Block, y: Block | None, groups: Groups, observed: F64, callback: Any) -> tuple[F64, F64]:
        """Share of shuffles that tell at least as much, the observed order counted; and z-scores among the shuffles."""
        second = x if y is None else y
        method = _PERMUTED if groups is None else _PERMUTED_GROUPS
        as_large, total, squares = np.ones_like(observed), np.zeros_like(observed), np.zeros_like(observed)
        for k in range(self.count):
            shuffled = count_pairs(x, second.take(self.order(k)), groups, method).information
            # sums in another order differ by rounding: as large within 4 eps of an entropy below 12
            as_large += shuffled >= observed - 1e-14
            total += shuffled
            squares += (shuffled - observed) ** 2
            if callback is not None:
                callback((k + 1) / self.count)
        mean = total / self.count
        variance = np.maximum(squares / self.count - (mean - observed) ** 2, 0.0) * self.count / max(self.count - 1, 1)
        z = np.zeros_like(observed)
        np.divide(observed - mean, np.sqrt(variance), out=z, where=variance > 0)
        p = as_large / (self.count + 1.0)
        if y is None:  # (i, shuffled j) and (j, shuffled i) are two draws of one test: keep the first
            p, z = (np.triu(m) + np.triu(m, 1).T for m in (p, z))
        return p, z
