"""Corrections of the plug-in mutual information of symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._contingency import Contingency, contingency
from ._symbol_counts import Rows

_CORRECTIONS = ("panzeri_treves", "quadratic_extrapolation")
_SMALLEST = 8  # samples: quarters of fewer say nothing


def check(bias: str | None, estimator: str, weights: Any) -> None:
    """ValueError for an unknown correction, or one beside another estimator or weights."""
    if bias is None:
        return
    if bias not in _CORRECTIONS:
        raise ValueError(f"bias must be one of {', '.join(_CORRECTIONS)} or None, got {bias!r}")
    if estimator != "mle":
        raise ValueError(f'bias corrects estimator="mle", got bias={bias!r} with estimator={estimator!r}')
    if weights is not None:
        raise ValueError(f"bias={bias!r} needs whole counts: it does not go with weights")


def _symbols_by_condition(table: Contingency) -> float:
    """Σ over y of (reachable x - 1): Panzeri & Treves 1996, section 3."""
    order = np.argsort(table.y, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(table.y[order])) + 1, order.size)
    cells = table.cells[order].astype(np.int64)
    return _dispatch.kernels.discrete_reachable_symbols(cells, ends, int(np.count_nonzero(table.x_totals)))


def panzeri_treves(rows: Rows) -> float:
    """First-order bias of the plug-in I(X;Y) in nats: (Σ_y (R_y - 1) - (R - 1)) / (2 N) (Panzeri & Treves 1996)."""
    table = contingency(rows)
    n_symbols = int(np.count_nonzero(table.x_totals))
    return (_symbols_by_condition(table) - (n_symbols - 1)) / (2.0 * table.n)


def quadratic_extrapolation(statistic: Callable[[Rows], float], rows: Rows, seed: Any) -> float:
    """The value at 1/N → 0 of a parabola through the means over all, halves and quarters (Strong et al. 1998)."""
    halves, quarters = (
        float(np.mean([statistic(rows.take(part)) for part in parts])) for parts in parts_of_rows(rows.n, seed)
    )
    # Lagrange's weights at 0 of the points 1, 2 and 4 times 1/N
    return (8.0 * statistic(rows) - 6.0 * halves + quarters) / 3.0


def parts_of_rows(n: int, seed: Any) -> list[list[NDArray[Any]]]:
    """Rows of random halves, and of random quarters."""
    if n < _SMALLEST:
        raise ValueError(f'bias="quadratic_extrapolation" needs at least {_SMALLEST} samples, got {n}')
    order = np.random.default_rng(seed).permutation(n)
    return [[np.sort(part) for part in np.array_split(order, n_parts)] for n_parts in (2, 4)]
