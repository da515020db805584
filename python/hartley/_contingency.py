"""Tables of two variables of symbols, kept as the cells that occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._codes import count_ids, positions
from ._symbol_counts import Rows

F64: TypeAlias = NDArray[np.float64]


def _entropy(totals: F64) -> float:
    p = totals[totals > 0] / totals.sum()  # 0 log 0 = 0
    return max(0.0, -float(p @ np.log(p)))


@dataclass(frozen=True)
class Contingency:
    """Occupied cells of a joint table with their counts (or weights), and the marginal totals."""

    x: NDArray[Any]
    y: NDArray[Any]
    cells: F64
    x_totals: F64
    y_totals: F64

    @property
    def n(self) -> float:
        """Samples, or their total weight."""
        return float(self.cells.sum())

    @property
    def x_entropy(self) -> float:
        """Plug-in entropy of x in nats."""
        return _entropy(self.x_totals)

    @property
    def y_entropy(self) -> float:
        """Plug-in entropy of y in nats."""
        return _entropy(self.y_totals)

    @property
    def joint_entropy(self) -> float:
        """Plug-in entropy of the pair in nats."""
        return _entropy(self.cells)

    @property
    def information(self) -> float:
        """Plug-in mutual information in nats: no difference of entropies."""
        expected = self.x_totals[self.x] * (self.y_totals[self.y] / self.n)
        return float(self.cells @ np.log(self.cells / expected)) / self.n


def contingency(rows: Rows) -> Contingency:
    """The table of the first two variables."""
    joint = rows.joint(0, 1)
    if rows.weights is None:
        ids, found = count_ids(joint.codes, False)
        cells = found.astype(np.float64)
    else:
        ids, _ = count_ids(joint.codes, False)
        cells = np.bincount(positions(joint.codes).codes, weights=rows.weights).astype(np.float64)
        ids, cells = ids[cells > 0], cells[cells > 0]
    y_size = rows.variables[1].size
    x, y = (part.astype(np.intp) for part in np.divmod(ids.astype(np.uint64), np.uint64(y_size)))
    x_totals, y_totals = (np.bincount(part, weights=cells).astype(np.float64) for part in (x, y))
    return Contingency(x, y, cells, x_totals, y_totals)
