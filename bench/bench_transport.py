"""Optimal transport: rows T1 to T8."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley.bench.harness import Agreement, Case, Peer
from hartley.reference import _transport_exact
from hartley.reference import transport as reference
from hartley.transport import TransportResult

Array = NDArray[Any]

EXP_FLOPS = 16  # an exponential: range reduction and a polynomial of degree 5 (float32) in multiply-adds
MOST_COSTS = 10**8  # precomputed, 800 MB: past it no peer that wants them is run
N_ITER = 20  # fewer than either side needs to 1e-6 at 0.05 of the mean cost: nobody stops early
BRANCHES = "iterations of different methods, cut short: plain ones are 10 percent from the optimum"


def two_clouds(
    share: float, d: int = 2, with_costs: bool = True
) -> Callable[[Any, np.random.Generator], tuple[Any, ...]]:
    """Maker of (x, y, costs, reg); reg in units of the mean cost, costs (for peers that want them) precomputed."""

    def make(size: tuple[int, int], rng: np.random.Generator) -> tuple[Any, ...]:
        x, y = rng.normal(size=(size[0], d)), 0.7 * rng.normal(size=(size[1], d)) + 0.5
        mean = float(((x.mean(0) - y.mean(0)) ** 2).sum() + x.var(0).sum() + y.var(0).sum())
        costs = (
            (x**2).sum(1)[:, None] + (y**2).sum(1)[None, :] - 2 * x @ y.T
            if with_costs and size[0] * size[1] <= MOST_COSTS
            else None
        )
        return x, y, costs, share * mean

    return make


def solve(x: Array, y: Array, reg: float, **options: Any) -> TransportResult:
    """Sinkhorn without the warning that a fixed number of iterations earns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ht.transport.sinkhorn(x, y, reg=reg, **options)


def numpy_iterations(x: Array, y: Array, costs: Array, reg: float) -> float:
    """N_ITER iterations with the kernel in memory; ⟨P, C⟩."""
    kernel = np.exp(-costs / reg)
    v = np.full(len(y), 1 / len(y))
    for _ in range(N_ITER):
        u = 1 / (len(x) * (kernel @ v))
        v = 1 / (len(y) * (kernel.T @ u))
    return float(u @ (kernel * costs) @ v)


def numpy_to_tolerance(x: Array, y: Array, costs: Array, reg: float) -> float:
    """⟨P, C⟩ at a marginal error of 1e-6, with the kernel in memory."""
    kernel = np.exp(-costs / reg)
    v = np.full(len(y), 1 / len(y))
    while True:
        u = 1 / (len(x) * (kernel @ v))
        columns = kernel.T @ u
        if np.abs(v * columns - 1 / len(y)).sum() < 1e-6:
            return float(u @ (kernel * costs) @ v)
        v = 1 / (len(y) * columns)


def pot(method: str, to_tolerance: bool) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        import ot

        def run(x: Array, y: Array, costs: Array, reg: float) -> float:
            a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
            # POT stops by the euclidean norm of one marginal's error: √m times smaller than its L1 norm
            threshold = 1e-6 / np.sqrt(len(y)) if to_tolerance else 0.0
            limit = 10**6 if to_tolerance else N_ITER
            plan = ot.sinkhorn(a, b, costs, reg, method=method, stopThr=threshold, numItermax=limit, warn=False)
            return float((plan * costs).sum())

        return run

    return load


def pot_lazy() -> Callable[..., Any]:
    import ot

    def run(x: Array, y: Array, costs: Array, reg: float) -> float:
        result = ot.bregman.empirical_sinkhorn(
            x, y, reg, isLazy=True, batchSize=500, numIterMax=N_ITER, stopThr=0.0, warn=False, log=True
        )
        f, g = result[:2]
        # ⟨P, C⟩ of its potentials, row blocks at a time
        total = 0.0
        for begin in range(0, len(x), 500):
            block = ot.dist(x[begin : begin + 500], y)
            total += float((np.exp(f[begin : begin + 500, None] + g[None, :] - block / reg) * block).sum())
        return total

    return run


def pot_exact() -> Callable[..., Any]:
    import ot

    return lambda costs, a: float(ot.emd2(a, a, costs, numItermax=10**8))


def scipy_assignment() -> Callable[..., Any]:
    from scipy.optimize import linear_sum_assignment

    def run(costs: Array, a: Array) -> float:
        rows, columns = linear_sum_assignment(costs)
        return float(costs[rows, columns].mean())

    return run


def cost_and_weights(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Squared distances of two normal clouds of the plane, and equal weights."""
    x, y = rng.normal(size=(size[0], 2)), 0.7 * rng.normal(size=(size[1], 2)) + 0.5
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2), np.full(size[0], 1 / size[0])


def pot_divergence() -> Callable[..., Any]:
    import ot

    def run(x: Array, y: Array, costs: Array, reg: float) -> float:
        values = []
        for u, v in ((x, y), (x, x), (y, y)):
            a, b = np.full(len(u), 1 / len(u)), np.full(len(v), 1 / len(v))
            pair_costs = ot.dist(u, v)
            plan = ot.sinkhorn(a, b, pair_costs, reg, stopThr=1e-6 / np.sqrt(len(v)), numItermax=10**6, warn=False)
            values.append(reference.primal_value(plan, a, b, pair_costs, reg))
        return float(values[0] - (values[1] + values[2]) / 2)

    return run


def scipy_wasserstein() -> Callable[..., Any]:
    from scipy.stats import wasserstein_distance

    return wasserstein_distance  # type: ignore[no-any-return]


def pot_wasserstein() -> Callable[..., Any]:
    import ot

    return lambda x, y: float(ot.wasserstein_1d(x, y, p=1))


N_PROJECTIONS = 100


def clouds_and_projections(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Two clouds of (n, d) points and unit directions, one a row."""
    directions = rng.normal(size=(N_PROJECTIONS, size[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return rng.normal(size=size), 1.5 * rng.normal(size=size) + 0.1, directions


def numpy_sliced(x: Array, y: Array, projections: Array) -> float:
    """W_2 by sorted projections, all in memory."""
    x_sorted, y_sorted = (np.sort(projections @ points.T, axis=1) for points in (x, y))
    return float(np.sqrt(((x_sorted - y_sorted) ** 2).mean()))


def pot_sliced() -> Callable[..., Any]:
    import ot

    return lambda x, y, projections: float(ot.sliced_wasserstein_distance(x, y, projections=projections.T))


def iterations(row: str, n: int, smoke: int, stored: bool, d: int = 2) -> Case:
    """N_ITER full iterations between n and n points."""
    how = "kernel stored" if stored else "kernel recomputed, no n×m memory"
    limit = 2**30 if stored else 0
    return Case(
        row=row,
        description=f"{N_ITER} Sinkhorn iterations, n = m = {n}, d = {d}, {how}",
        make=two_clouds(0.05, d),
        run=lambda x, y, costs, reg: solve(x, y, reg, tol=0, max_iter=N_ITER, memory_limit=limit).value_linear,
        reference=numpy_iterations,
        full=(n, n),
        smoke=(smoke, smoke),
        agreement=Agreement(rtol=0.2, reason=BRANCHES),
        peers={
            "POT sinkhorn": Peer(pot("sinkhorn", False), threaded=True, largest=MOST_COSTS),
            "POT sinkhorn_log": Peer(pot("sinkhorn_log", False), largest=4e6),
            "POT empirical_sinkhorn, lazy": Peer(pot_lazy, largest=0.0 if stored else MOST_COSTS),
        },
        bytes_per_element=4.0 * N_ITER if stored else 0.0,
        flops_per_element=N_ITER * (4.0 if stored else 4.0 + EXP_FLOPS + 3 * d),
        reference_threaded=True,
        reference_largest=MOST_COSTS,
    )


def exact(n: int) -> Case:
    """The exact plan between n and n points of the plane."""
    return Case(
        row=f"T7 n={n}",
        description=f"emd, n = m = {n}, d = 2, squared distances",
        make=cost_and_weights,
        run=lambda costs, a: ht.transport.emd(a, a, costs).value,
        reference=lambda costs, a: _transport_exact.assignment_cost(costs),
        full=(n, n),
        smoke=(7, 7),
        agreement=Agreement(rtol=1e-12, reason="one optimum: sums of n costs"),
        peers={
            "POT emd2": Peer(pot_exact),
            "SciPy linear_sum_assignment": Peer(scipy_assignment, largest=4e6),
        },
        bytes_per_element=8.0,
        flops_per_element=2.0,
        reference_largest=64,
    )


def to_tolerance(share: float) -> Case:
    """To a marginal error of 1e-6 at a share of the mean cost."""
    return Case(
        row=f"T3 reg={share}",
        description=f"Sinkhorn to a marginal error of 1e-6, n = m = 2000, d = 2, reg = {share} x mean cost",
        make=two_clouds(share),
        run=lambda x, y, costs, reg: solve(x, y, reg, tol=1e-6).value_linear,
        reference=numpy_to_tolerance,
        full=(2000, 2000),
        smoke=(200, 200),
        agreement=Agreement(rtol=1e-4, reason="marginal error 1e-6 times costs of up to ten times the mean, twice"),
        peers={"POT sinkhorn": Peer(pot("sinkhorn", True), threaded=True)},
        bytes_per_element=4.0 * 20,
        flops_per_element=4.0 * 20,
        reference_threaded=True,
    )


CASES = [
    iterations("T1", 2000, 200, stored=True),
    iterations("T2", 10_000, 200, stored=True),
    to_tolerance(0.05),
    to_tolerance(0.01),
    iterations("T4 d=2", 10_000, 200, stored=False),
    iterations("T4 d=64", 10_000, 200, stored=False, d=64),
    iterations("T4 n=50000", 50_000, 200, stored=False),
    Case(
        row="T5",
        description="wasserstein_1d(x, y), 10^7 against 10^7",
        make=lambda size, rng: (rng.normal(size=size), 2 * rng.normal(size=size)),
        run=lambda x, y: ht.transport.wasserstein_1d(x, y),
        reference=lambda x, y: float(np.abs(np.sort(x) - np.sort(y)).mean()),
        full=10**7,
        smoke=1000,
        agreement=Agreement(rtol=2e-9, reason="peers add 10^7 weights one by one: n eps / 2 on either side"),
        peers={"scipy wasserstein_distance": Peer(scipy_wasserstein), "POT wasserstein_1d": Peer(pot_wasserstein)},
        bytes_per_element=16.0,
        flops_per_element=3.0,
    ),
    Case(
        row="T6",
        description=f"sliced_wasserstein, n = m = 10^5, d = 64, {N_PROJECTIONS} projections",
        make=clouds_and_projections,
        run=lambda x, y, projections: float(ht.transport.sliced_wasserstein(x, y, projections=projections)),
        reference=numpy_sliced,
        full=(100_000, 64),
        smoke=(1000, 8),
        agreement=Agreement(rtol=2e-10, reason="POT adds 10^5 weights one by one: n eps"),
        peers={"POT sliced_wasserstein_distance": Peer(pot_sliced, threaded=True)},
        bytes_per_element=2 * 8.0 + 2 * 16.0 * N_PROJECTIONS / 64,
        flops_per_element=2 * 2.0 * N_PROJECTIONS,
        reference_threaded=True,
    ),
    exact(1000),
    exact(2000),
    exact(4000),
    Case(
        row="T8",
        description="sinkhorn_divergence, n = m = 10^4, d = 3, reg = 0.05 x mean cost, marginal error 1e-6",
        make=two_clouds(0.05, 3, with_costs=False),
        run=lambda x, y, costs, reg: ht.transport.sinkhorn_divergence(x, y, reg=reg),
        reference=lambda x, y, costs, reg: reference.sinkhorn_divergence(x, y, reg, 300),
        full=(10_000, 10_000),
        smoke=(200, 200),
        agreement=Agreement(rtol=1e-4, reason="primal values of peers err by the marginal error times the potentials"),
        peers={"POT sinkhorn, three times": Peer(pot_divergence, threaded=True, largest=4e6)},
        bytes_per_element=4.0 * 60,
        flops_per_element=4.0 * 60,
        reference_largest=1e6,
    ),
]
