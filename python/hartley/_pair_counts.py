"""Information of the pairs of two blocks of coded columns, and the numbers that corrections and tests need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._binning import Codes
from ._count_estimators import Alpha
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
I64: TypeAlias = NDArray[np.int64]
Groups: TypeAlias = Sequence[NDArray[Any]] | None  # rows that have a value of the given variable in common


_MEANS = ("information", "x_entropy", "y_entropy")  # over groups by their rows; the other numbers are sums


@dataclass(frozen=True)
class Method:
    """What is estimated from each table."""

    estimator: str = "mle"
    alpha: Alpha = None
    panzeri_treves: bool = False
    details: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of the kernels."""
        # Miller and Madow's terms come from the numbers of symbols, so that tests have the plug-in
        kernel = "mle" if self.estimator == "miller_madow" else self.estimator
        return {
            "estimator": kernel,
            "alpha": self.alpha,
            "whole_alphabet": True,
            "panzeri_treves": self.panzeri_treves,
            "details": self.details,
        }


@dataclass(frozen=True)
class Block:
    """Codes of some columns, and the number of cells of each."""

    codes: Codes
    n_cells: I64

    def take(self, rows: NDArray[Any]) -> Block:
        """Some of the rows."""
        return Block(cast(Codes, np.ascontiguousarray(self.codes[:, rows])), self.n_cells)


@dataclass
class PairCounts:
    """Matrices over the pairs of columns (x, y); all but the information are there with details only.

    With groups each is a sum (the information and entropies a mean) over them.
    """

    information: F64  # nats
    n: Any = None  # rows that both have
    x_free: Any = None  # occupied symbols less one
    y_free: Any = None
    cells_free: Any = None
    dof: Any = None  # (x symbols - 1) (y symbols - 1)
    x_entropy: Any = None
    y_entropy: Any = None

    def corrected(self) -> tuple[F64, F64, F64]:
        """Information and entropies with Miller and Madow's terms."""
        twice_n = 2.0 * np.maximum(self.n, 1)
        return (
            self.information + (self.x_free + self.y_free - self.cells_free) / twice_n,
            self.x_entropy + self.x_free / twice_n,
            self.y_entropy + self.y_free / twice_n,
        )


def _count_rows(x: Block, y: Block | None, method: Method, callback: Any) -> PairCounts:
    if y is None:
        information, n, x_symbols, cells, x_entropy = _dispatch.kernels.histogram_pairs(
            x.codes, x.n_cells, get_num_threads(), callback, **method.options
        )
        y_symbols, y_entropy = x_symbols.T, x_entropy.T
    else:
        dtype = np.result_type(x.codes, y.codes)
        first, second = (cast(Codes, b.codes.astype(dtype, copy=False)) for b in (x, y))
        information, n, x_symbols, cells, x_entropy, y_symbols, y_entropy = _dispatch.kernels.histogram_cross_pairs(
            first, x.n_cells, second, y.n_cells, get_num_threads(), callback, **method.options
        )
    if not method.details:
        return PairCounts(information)
    some = n > 0
    x_free, y_free, cells_free = (np.where(some, symbols - 1, 0) for symbols in (x_symbols, y_symbols, cells))
    return PairCounts(information, n, x_free, y_free, cells_free, x_free * y_free, x_entropy, y_entropy)


def count_pairs(
    x: Block, y: Block | None, groups: Groups, method: Method, callback: Callable[[float], None] | None = None
) -> PairCounts:
    """All pairs of the columns of x, or of x with y; in groups, the mean of the information in each by its rows."""
    if groups is None:
        return _count_rows(x, y, method, callback)
    sums: dict[str, Any] = {}
    for done, rows in enumerate(groups):
        own = _count_rows(x.take(rows), None if y is None else y.take(rows), method, None)
        for field, value in vars(own).items():
            weighted = value * own.n if field in _MEANS else value
            sums[field] = sums.get(field, 0) + weighted
        if callback is not None:
            callback((done + 1) / len(groups))
    rows_used = np.maximum(sums["n"], 1)
    return PairCounts(**sums | {field: sums[field] / rows_used for field in _MEANS})
