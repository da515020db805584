"""Counts, entropies and information of symbols, in nats, term by term from the definitions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def counts(x: Sequence[Any]) -> dict[Any, int]:
    """How often each symbol occurs."""
    found: dict[Any, int] = {}
    for symbol in x:
        found[symbol] = found.get(symbol, 0) + 1
    return found


def entropy(x: Sequence[Any]) -> float:
    """-Σ (c/N) log(c/N)."""
    n = len(x)
    return -math.fsum(c / n * math.log(c / n) for c in counts(x).values())


def mutual_information(x: Sequence[Any], y: Sequence[Any]) -> float:
    """Σ (c/N) log(N c / (a b)) over the pairs that occur."""
    n, of_x, of_y = len(x), counts(x), counts(y)
    pairs = counts(list(zip(x, y, strict=True)))
    return math.fsum(c / n * math.log(n * c / (of_x[i] * of_y[j])) for (i, j), c in pairs.items())


def conditional_mutual_information(x: Sequence[Any], y: Sequence[Any], z: Sequence[Any]) -> float:
    """H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z)."""
    xz, yz, xyz = (list(zip(*variables, strict=True)) for variables in ((x, z), (y, z), (x, y, z)))
    return entropy(xz) + entropy(yz) - entropy(xyz) - entropy(z)


def zhang(c: Sequence[int]) -> float:
    """Σ_v 1/v Z_v, Z_v = Σ (c/N) Π_{j<v} (1 - (c - 1)/(N - 1 - j))."""
    n = sum(c)
    total = 0.0
    for count in c:
        product, inner = 1.0, 0.0
        for v in range(1, n - count + 1):
            product *= 1.0 - (count - 1) / (n - v)
            inner += product / v
        total += count / n * inner
    return total


def jackknife(c: Sequence[int]) -> float:
    """N H - (N - 1) mean of H without one observation."""

    def plug_in(values: Sequence[int]) -> float:
        n = sum(values)
        return -math.fsum(v / n * math.log(v / n) for v in values if v > 0)

    n = sum(c)
    without = [plug_in([v - (j == i) for j, v in enumerate(c)]) for i in range(len(c))]
    return n * plug_in(c) - (n - 1) * math.fsum(count / n * h for count, h in zip(c, without, strict=True))


def expected_mutual_information(a: Sequence[int], b: Sequence[int]) -> float:
    """Mean of I over all labelings with class sizes a and b: hypergeometric weights by exact binomials."""
    n = sum(a)
    terms = []
    for size_x in a:
        for size_y in b:
            for k in range(max(1, size_x + size_y - n), min(size_x, size_y) + 1):
                weight = math.comb(size_y, k) * math.comb(n - size_y, size_x - k) / math.comb(n, size_x)
                terms.append(weight * k / n * math.log(n * k / (size_x * size_y)))
    return math.fsum(terms)


def transfer_entropy(
    source: Sequence[Any], target: Sequence[Any], source_history: int, target_history: int, lag: int
) -> float:
    """I(target_t ; source's past | target's past) with the pasts as tuples."""
    first = max(lag + source_history - 1, target_history)
    times = range(first, len(target))
    driving = [tuple(source[t - lag - i] for i in range(source_history)) for t in times]
    past = [tuple(target[t - 1 - i] for i in range(target_history)) for t in times]
    return conditional_mutual_information([target[t] for t in times], driving, past)
