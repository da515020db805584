"""Exact functionals of probability mass functions: rows P1 to P4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

LOG_FLOPS = 20  # a logarithm to 1 ulp: exponent split, ten multiply-adds
LOG_FLOPS_FLOAT32 = 14

SUM_ERROR = Agreement(rtol=1e-12, reason="pairwise sums: log2(n) eps, the terms 4 eps each")
CANCELLATION = Agreement(rtol=1e-11, reason="terms of both signs: 4 eps each times sum |terms| / |sum| < 1e3")
FLOAT32 = Agreement(rtol=2e-5, reason="the peers add up in float32: log2(n) * 6e-8, terms of both signs")


def _normalized(x: Array, axis: int, dtype: str) -> Array:
    return (x / x.sum(axis=axis, keepdims=True)).astype(dtype)


def one(dtype: str, axis: int = -1) -> Callable[[Any, np.random.Generator], tuple[Array]]:
    """Maker of one batch of pmfs."""
    return lambda size, rng: (_normalized(rng.random(size) + 1e-3, axis, dtype),)


def two(dtype: str) -> Callable[[Any, np.random.Generator], tuple[Array, Array]]:
    """Maker of two pmfs."""
    return lambda size, rng: tuple(_normalized(rng.random(size) + 1e-3, -1, dtype) for _ in range(2))  # type: ignore


def numpy_entropy(p: Array, axis: int = -1) -> Any:
    """-Σ p log p of positive p, as one would type it."""
    return -(p * np.log(p)).sum(axis=axis)


def numpy_kl(p: Array, q: Array) -> Any:
    """Σ p log(p/q) of positive p and q."""
    return (p * np.log(p / q)).sum()


def numpy_js(p: Array, q: Array) -> Any:
    """½ Σ p log(p/m) + ½ Σ q log(q/m) of positive p and q."""
    m = (p + q) / 2
    return 0.5 * ((p * np.log(p / m)).sum() + (q * np.log(q / m)).sum())


def scipy_entropy(axis: int) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        from scipy.stats import entropy

        return lambda p: entropy(p, axis=axis)

    return load


def scipy_entr(axis: int) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        from scipy.special import entr

        return lambda p: entr(p).sum(axis=axis)

    return load


def scipy_rel_entr() -> Callable[..., Any]:
    from scipy.special import rel_entr

    return lambda p, q: rel_entr(p, q).sum()


def scipy_stats_kl() -> Callable[..., Any]:
    from scipy.stats import entropy

    return lambda p, q: entropy(p, q)


def scipy_jensenshannon() -> Callable[..., Any]:
    from scipy.spatial.distance import jensenshannon

    return lambda p, q: jensenshannon(p, q) ** 2


def numba_entropy() -> Callable[..., Any]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def entropy(p):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in numba.prange(p.size):
            total -= p[i] * np.log(p[i])
        return total

    return entropy


def numba_row_entropy() -> Callable[..., Any]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def entropy(p):  # type: ignore[no-untyped-def]
        values = np.empty(p.shape[0])
        for row in numba.prange(p.shape[0]):
            total = 0.0
            for i in range(p.shape[1]):
                total -= p[row, i] * np.log(p[row, i])
            values[row] = total
        return values

    return entropy


def numba_kl() -> Callable[..., Any]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def kl(p, q):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in numba.prange(p.size):
            total += p[i] * np.log(p[i] / q[i])
        return total

    return kl


def numba_js() -> Callable[..., Any]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def js(p, q):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in numba.prange(p.size):
            m = 0.5 * (p[i] + q[i])
            total += p[i] * np.log(p[i] / m) + q[i] * np.log(q[i] / m)
        return 0.5 * total

    return js


def torch_entropy(axis: int) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        import torch

        return lambda p: torch.special.entr(torch.from_numpy(p)).sum(dim=axis).numpy()

    return load


def torch_kl() -> Callable[..., Any]:
    import torch

    def kl(p: Array, q: Array) -> Any:
        tensor, other = torch.from_numpy(p), torch.from_numpy(q)
        return (tensor * torch.log(tensor / other)).sum().numpy()

    return kl


def entropy_peers(axis: int = -1, numba_loader: Callable[[], Callable[..., Any]] | None = None) -> dict[str, Peer]:
    peers = {"scipy.stats.entropy": Peer(scipy_entropy(axis)), "scipy.special.entr": Peer(scipy_entr(axis))}
    if numba_loader:
        peers["numba loop"] = Peer(numba_loader, threaded=True)
    return peers | {"torch": Peer(torch_entropy(axis), threaded=True)}


P1 = Case(
    row="P1",
    description="entropy(p), n = 10^7",
    make=one("float64"),
    run=ht.entropy,
    reference=numpy_entropy,
    full=10**7,
    smoke=5000,
    agreement=SUM_ERROR,
    peers=entropy_peers(numba_loader=numba_entropy),
    bytes_per_element=8,
    flops_per_element=LOG_FLOPS + 2,
)

P2 = replace(
    P1,
    row="P2",
    description="entropy(P, axis=-1), 10^5 x 100",
    full=(10**5, 100),
    smoke=(50, 100),
    peers=entropy_peers(numba_loader=numba_row_entropy),
)

P3 = Case(
    row="P3",
    description="kl_divergence(p, q), n = 10^7",
    make=two("float64"),
    run=ht.kl_divergence,
    reference=numpy_kl,
    full=10**7,
    smoke=5000,
    agreement=CANCELLATION,
    peers={
        "scipy.special.rel_entr": Peer(scipy_rel_entr),
        "scipy.stats.entropy": Peer(scipy_stats_kl),
        "numba loop": Peer(numba_kl, threaded=True),
        "torch": Peer(torch_kl, threaded=True),
    },
    bytes_per_element=16,
    flops_per_element=LOG_FLOPS + 3,
)

P4 = replace(
    P3,
    row="P4",
    description="js_divergence(p, q), n = 10^7",
    run=ht.js_divergence,
    reference=numpy_js,
    peers={
        "scipy jensenshannon": Peer(scipy_jensenshannon),
        "numba loop": Peer(numba_js, threaded=True),
    },
    flops_per_element=2 * LOG_FLOPS + 7,
)


def in_float32(case: Case, make: Callable[..., Any]) -> Case:
    """The same row in float32: half the bytes, twice the lanes."""
    return replace(
        case,
        row=f"{case.row} float32",
        description=f"{case.description}, float32",
        make=make,
        agreement=FLOAT32,
        bytes_per_element=case.bytes_per_element / 2,
        flops_per_element=case.flops_per_element - LOG_FLOPS + LOG_FLOPS_FLOAT32,
        dtype="float32",
    )


CASES = [
    P1,
    in_float32(P1, one("float32")),
    replace(P1, row="P1 small", description="entropy(p), n = 100: what a call costs", full=100, smoke=100),
    P2,
    replace(
        P2,
        row="P2 axis=0",
        description="entropy(P, axis=0), 100 x 10^5",
        make=one("float64", axis=0),
        run=lambda p: ht.entropy(p, axis=0),
        reference=lambda p: numpy_entropy(p, axis=0),
        full=(100, 10**5),
        smoke=(100, 50),
        peers=entropy_peers(axis=0),
    ),
    replace(P2, row="P2 short", description="entropy(P, axis=-1), 10^6 x 8", full=(10**6, 8), smoke=(300, 8)),
    in_float32(P2, one("float32")),
    P3,
    in_float32(P3, two("float32")),
    P4,
    in_float32(P4, two("float32")),
]
