"""Corrections of the plug-in mutual information of symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._contingency import Contingency, contingency
from ._symbol_counts import Rows

F64: TypeAlias = NDArray[np.float64]

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


def reachable_symbols(counts: F64, n_symbols: int) -> float:
    """How many of n_symbols a condition seen with these positive counts can produce (Panzeri & Treves 1996, section 3).

    With r symbols seen in N trials and x more that were not, a Bayes-like guess gives each unseen one the probability
    c = 1 - (N/(N + r))^(1/N) and shares the rest as (count + 1)/(N + r). The x for which the expected number of symbols
    seen is closest to r is taken.
    """
    n, seen = float(counts.sum()), counts.size
    per_unseen = -np.expm1(np.log(n / (n + seen)) / n)
    most = min(n_symbols - seen, int(1.0 / per_unseen))
    if most <= 0:
        return float(seen)
    distinct, multiplicity = np.unique(counts, return_counts=True)

    def expected(unseen: int) -> float:
        p = (1.0 - per_unseen * unseen) * (distinct + 1.0) / (n + seen)
        by_seen = -np.expm1(n * np.log1p(-np.minimum(p, 1.0 - 1e-16)))
        return float(by_seen @ multiplicity) + unseen * seen / (n + seen)

    low, high = 0, most  # the expectation rises: the first number of unseen symbols at which it reaches what was seen
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if expected(middle) >= seen else (middle + 1, high)
    nearest = low if low == 0 or abs(expected(low) - seen) < abs(expected(low - 1) - seen) else low - 1
    return float(seen + nearest)


def _symbols_by_condition(table: Contingency) -> float:
    """Σ over y of (reachable x - 1)."""
    n_symbols = int(np.count_nonzero(table.x_totals))
    order = np.argsort(table.y, kind="stable")
    bounds = np.flatnonzero(np.diff(table.y[order])) + 1
    return sum(reachable_symbols(cells, n_symbols) - 1.0 for cells in np.split(table.cells[order], bounds))


def panzeri_treves(rows: Rows) -> float:
    """First-order bias of the plug-in I(X;Y) in nats: (Σ_y (R_y - 1) - (R - 1)) / (2 N) (Panzeri & Treves 1996)."""
    table = contingency(rows)
    n_symbols = int(np.count_nonzero(table.x_totals))
    return (_symbols_by_condition(table) - (n_symbols - 1)) / (2.0 * table.n)


def quadratic_extrapolation(statistic: Callable[[Rows], float], rows: Rows, seed: Any) -> float:
    """The value at 1/N → 0 of a parabola through the means over all, halves and quarters (Strong et al. 1998)."""
    if rows.n < _SMALLEST:
        raise ValueError(f'bias="quadratic_extrapolation" needs at least {_SMALLEST} samples, got {rows.n}')
    order = np.random.default_rng(seed).permutation(rows.n)

    def mean_over(n_parts: int) -> float:
        return float(np.mean([statistic(rows.take(np.sort(part))) for part in np.array_split(order, n_parts)]))

    # Lagrange's weights at 0 of the points 1, 2 and 4 times 1/N
    return (8.0 * statistic(rows) - 6.0 * mean_over(2) + mean_over(4)) / 3.0
