"""Exact optimal transport by definition: every permutation, every basis; and what proves a plan optimal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def permutations(n: int) -> Iterator[list[int]]:
    """All orders of 0 … n - 1."""
    if n == 0:
        yield []
        return
    for order in permutations(n - 1):
        for place in range(n):
            yield [*order[:place], n - 1, *order[place:]]


def assignment_cost(cost: Array) -> Any:
    """Least mean cost over one-to-one assignments, (n, n): the optimum between n and n equal masses of sum 1."""
    n = len(cost)
    return min(cost[np.arange(n), order].sum() for order in permutations(n)) / n


def split_cost(a: NDArray[np.int64], b: NDArray[np.int64], cost: Array) -> Any:
    """The same for masses that are small whole numbers: every unit of mass is a point of its own."""
    rows, columns = np.repeat(np.arange(len(a)), a), np.repeat(np.arange(len(b)), b)
    return len(rows) * assignment_cost(cost[np.ix_(rows, columns)])


def dual_value(a: Array, b: Array, cost: Array, f: Array) -> Any:
    """Σ a f' + Σ b g of potentials that are feasible whatever f is: g = min_i C - f, f' = min_j C - g."""
    g = (cost - f[:, None]).min(axis=0)
    return a @ (cost - g[None, :]).min(axis=1) + b @ g


def auction(cost: Array, tolerance: float) -> Any:
    """Mean cost of a one-to-one assignment, at most `tolerance` above the least (Bertsekas 1979).

    Rows without a column bid for the one of least cost plus price, and raise its price by what makes it the second
    best, and by `tolerance`.
    """
    n = len(cost)
    prices, owner, column_of = np.zeros(n), np.full(n, -1), np.full(n, -1)
    waiting = list(range(n))
    while waiting:
        i = waiting.pop()
        totals = cost[i] + prices
        j = int(totals.argmin())
        best = totals[j]
        totals[j] = np.inf
        prices[j] += totals.min() - best + tolerance if n > 1 else 0.0
        if owner[j] >= 0:
            column_of[owner[j]] = -1
            waiting.append(int(owner[j]))
        owner[j], column_of[i] = i, j
    return cost[np.arange(n), column_of].mean()
