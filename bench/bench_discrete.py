"""Counting symbols and what is made of the counts: rows D1 to D5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import discrete
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

SUM_ERROR = Agreement(rtol=1e-12, reason="equal counts; sums of K terms in another order: log2(K) eps")
LOG_FACTORIALS = Agreement(
    rtol=0,
    atol=1e-8,
    reason="log 20,000! = 1.8e5 with an eps of it: weights off by 4e-11, of an expectation of 8 in a room of .05",
)


def uniform(low: int, high: int, dtype: str) -> Callable[[int, np.random.Generator], tuple[Array]]:
    """Maker of n symbols from low to high - 1."""
    return lambda n, rng: (rng.integers(low, high, n).astype(dtype),)


def sparse(n: int, rng: np.random.Generator) -> tuple[Array]:
    """n draws from n / 10 ids of 63 bits."""
    ids = rng.integers(0, 2**63, max(n // 10, 1))
    return (ids[rng.integers(0, len(ids), n)],)


def labels(size: tuple[int, int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Two independent labelings."""
    n, x_classes, y_classes = size
    return rng.integers(0, x_classes, n), rng.integers(0, y_classes, n)


def _plug_in(counts: Array) -> float:
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


def bincount_entropy(x: Array) -> float:
    """Entropy by np.bincount."""
    return _plug_in(np.bincount(x))


def unique_entropy(x: Array) -> float:
    """Entropy by np.unique."""
    return _plug_in(np.unique(x, return_counts=True)[1])


def sorted_entropy(x: Array) -> float:
    """Entropy by sorting and the distances of the changes."""
    ordered = np.sort(x)
    ends = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return _plug_in(np.diff(np.concatenate([[0], ends, [len(x)]])))


def load_pandas() -> Callable[..., Any]:
    import pandas as pd

    return lambda x: _plug_in(pd.Series(x).value_counts(sort=False).to_numpy())


def load_polars() -> Callable[..., Any]:
    import polars as pl

    return lambda x: _plug_in(pl.Series("x", x).value_counts()["count"].to_numpy())


def load_numba_bytes() -> Callable[..., Any]:
    import numba

    @numba.njit
    def count(x):  # type: ignore[no-untyped-def]
        counts = np.zeros(256, np.int64)
        for value in x:
            counts[value] += 1
        return counts

    return lambda x: _plug_in(count(x))


def load_sklearn_ami() -> Callable[..., Any]:
    from sklearn.metrics import adjusted_mutual_info_score

    return lambda x, y: adjusted_mutual_info_score(x, y)


def numpy_ami(x: Array, y: Array) -> float:
    """Adjusted mutual information with the expectation class by class, the classes of y in one vector."""
    n = len(x)
    a, b = np.bincount(x), np.bincount(y)
    a, b = a[a > 0], b[b > 0]
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    expected = 0.0
    for size in a:
        for k in range(1, size + 1):
            fits = b[(b >= k) & (b <= n - size + k)]
            log_weight = (
                log_factorial[fits] - log_factorial[k] - log_factorial[fits - k]
                + log_factorial[n - fits] - log_factorial[size - k] - log_factorial[n - fits - size + k]
                - log_factorial[n] + log_factorial[size] + log_factorial[n - size]
            )  # fmt: skip
            expected += float((np.exp(log_weight) * (k / n) * np.log(n * k / (size * fits))).sum())
    joint = np.unique(x * (int(y.max()) + 1) + y, return_counts=True)[1]
    x_entropy, y_entropy = _plug_in(a), _plug_in(b)
    return (x_entropy + y_entropy - _plug_in(joint) - expected) / ((x_entropy + y_entropy) / 2 - expected)


def counting(row: str, description: str, make: Callable[..., Any], width: int, **options: Any) -> Case:
    """A row of n = 10^7 symbols of ``width`` bytes whose entropy is asked for."""
    return Case(
        row=row,
        description=description,
        make=make,
        run=discrete.entropy,
        reference=options.pop("reference", bincount_entropy),
        full=10**7,
        smoke=20_000,
        agreement=SUM_ERROR,
        bytes_per_element=width,
        flops_per_element=0,
        peers={
            "np.unique": Peer(lambda: unique_entropy),
            "pandas value_counts": Peer(load_pandas),
            "polars value_counts": Peer(load_polars),
        }
        | options.pop("peers", {}),
        **options,
    )


CASES = [
    counting(
        "D1",
        "entropy of 10^7 uint8 symbols",
        uniform(0, 256, "uint8"),
        1,
        peers={"numba loop": Peer(load_numba_bytes)},
    ),
    counting("D1 constant", "entropy of 10^7 equal uint8 symbols", uniform(7, 8, "uint8"), 1),
    counting("D2", "entropy of 10^7 int64 symbols in 0..255", uniform(0, 256, "int64"), 8),
    counting("D3", "entropy of 10^7 int64 symbols in 0..10^6", uniform(0, 10**6, "int64"), 8),
    counting("D4", "entropy of 10^7 sparse ids, 10^6 distinct", sparse, 8, reference=sorted_entropy),
    Case(
        row="D5",
        description="adjusted mutual information, 20,000 samples, 8,000 and 7,000 labels",
        make=labels,
        run=discrete.adjusted_mutual_information,
        reference=numpy_ami,
        full=(20_000, 8_000, 7_000),
        smoke=(400, 30, 40),
        agreement=LOG_FACTORIALS,
        bytes_per_element=16,
        flops_per_element=0,
        elements=lambda size: float(size[0]),
        peers={"scikit-learn": Peer(load_sklearn_ami)},
    ),
    Case(
        row="D1 small",
        description="entropy of 100 int64 symbols: what a call costs",
        make=uniform(0, 10, "int64"),
        run=discrete.entropy,
        reference=bincount_entropy,
        full=100,
        smoke=100,
        agreement=SUM_ERROR,
        bytes_per_element=8,
        flops_per_element=0,
    ),
]
