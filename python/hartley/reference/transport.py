"""Optimal transport: entropic by Sinkhorn's iteration in the log domain, exact on line and circle, sliced."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cost_matrix(x: Array, y: Array, cost: Any = "sqeuclidean") -> Any:
    """C_ij between the rows of x and y."""
    if cost == "cosine":
        x, y = (points / np.linalg.norm(points, axis=1, keepdims=True) for points in (x, y))
        return 1.0 - x @ y.T
    difference = np.abs(x[:, None, :] - y[None, :, :])
    if cost == "sqeuclidean":
        return (difference**2).sum(axis=2)
    order = 2 if cost == "euclidean" else cost[1]
    return np.linalg.norm(difference, ord=order, axis=2)


def log_sum_exp(exponents: Array, weights: Array, axis: int) -> Any:
    """log Σ weights exp(exponents) along an axis."""
    largest = exponents.max(axis=axis, keepdims=True)
    sums = (weights * np.exp(exponents - largest)).sum(axis=axis)
    return np.log(sums) + largest.squeeze(axis)


def sinkhorn(a: Array, b: Array, cost: Array, reg: float, n_iter: int) -> tuple[Array, Array, Array]:
    """(plan, f, g) after n_iter updates of both potentials, f last."""
    g = np.zeros(len(b))
    for _ in range(n_iter):
        f = -reg * log_sum_exp((g[None, :] - cost) / reg, b[None, :], axis=1)
        g = -reg * log_sum_exp((f[:, None] - cost) / reg, a[:, None], axis=0)
    f = -reg * log_sum_exp((g[None, :] - cost) / reg, b[None, :], axis=1)
    return a[:, None] * b[None, :] * np.exp((f[:, None] + g[None, :] - cost) / reg), f, g


def unbalanced_sinkhorn(a: Array, b: Array, cost: Array, reg: float, rho: float, n_iter: int) -> Any:
    """The plan after n_iter damped updates of both potentials: marginals may miss a and b at a price of rho KL."""
    g, damping = np.zeros(len(b)), rho / (rho + reg)
    for _ in range(n_iter):
        f = -damping * reg * log_sum_exp((g[None, :] - cost) / reg, b[None, :], axis=1)
        g = -damping * reg * log_sum_exp((f[:, None] - cost) / reg, a[:, None], axis=0)
    return a[:, None] * b[None, :] * np.exp((f[:, None] + g[None, :] - cost) / reg)


def barycenter(histograms: Array, cost: Array, reg: float, weights: Array, n_iter: int, debiased: bool = False) -> Any:
    """Histogram after n_iter Bregman projections, with the kernel in memory."""
    kernel = np.exp(-cost / reg)
    v, d = np.ones((len(histograms), cost.shape[1])), np.ones(cost.shape[1])
    for _ in range(n_iter):
        sums = (histograms / (v @ kernel.T)) @ kernel
        q = d * np.exp((weights[:, None] * np.log(sums)).sum(axis=0))
        v = q / sums
        if debiased:
            d = np.sqrt(d * q / (kernel @ d))
    return q / q.sum()


def primal_value(plan: Array, a: Array, b: Array, cost: Array, reg: float) -> Any:
    """⟨P, C⟩ + reg KL(P‖a⊗b), with 0 log 0 = 0."""
    product = a[:, None] * b[None, :]
    positive = plan > 0
    terms = np.where(positive, plan * np.log(np.where(positive, plan, 1.0) / np.where(positive, product, 1.0)), 0.0)
    return (plan * cost).sum() + reg * (terms.sum() - plan.sum() + product.sum())


def symmetric_dual_value(points: Array, reg: float, n_iter: int, cost: Any = "sqeuclidean") -> Any:
    """Dual value of transport of a cloud to itself: one potential, each step halfway to its soft minimum."""
    n = len(points)
    costs, a, f = cost_matrix(points, points, cost), np.full(n, 1 / n), np.zeros(n)
    for _ in range(n_iter):
        f = (f - reg * log_sum_exp((f[None, :] - costs) / reg, a[None, :], axis=1)) / 2
    return 2 * a @ f


def sinkhorn_divergence(x: Array, y: Array, reg: float, n_iter: int, cost: Any = "sqeuclidean") -> Any:
    """OT(x, y) - ½ OT(x, x) - ½ OT(y, y), OT the dual value."""
    a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
    _, f, g = sinkhorn(a, b, cost_matrix(x, y, cost), reg, n_iter)
    of_x, of_y = (symmetric_dual_value(points, reg, n_iter, cost) for points in (x, y))
    return a @ f + b @ g - 0.5 * of_x - 0.5 * of_y


def wasserstein_1d(x: Array, y: Array, p: float = 1, x_weights: Any = None, y_weights: Any = None) -> Any:
    """(∫ |F⁻¹ - G⁻¹|^p du)^(1/p), both quantile functions evaluated between all their steps."""
    sides = []
    for values, weights in ((x, x_weights), (y, y_weights)):
        order = np.argsort(values, kind="stable")
        mass = np.full(len(values), 1.0) if weights is None else np.asarray(weights, dtype=np.float64)[order]
        ends = np.cumsum(mass) / mass.sum()
        ends[-1] = 1.0
        sides.append((values[order], ends))
    steps = np.concatenate([[0.0], np.unique(np.concatenate([sides[0][1], sides[1][1]]))])
    middles, widths = (steps[1:] + steps[:-1]) / 2, np.diff(steps)
    quantiles = [values[np.searchsorted(ends, middles)] for values, ends in sides]
    difference = np.abs(quantiles[0] - quantiles[1])
    return difference.max() if np.isinf(p) else (widths * difference**p).sum() ** (1 / p)


def wasserstein_1d_grid(p: Array, q: Array, positions: Array, order: float = 1) -> Any:
    """W_order between two histograms on the same positions."""
    return wasserstein_1d(positions, positions, order, p, q)


def wasserstein_circle(
    x: Array, y: Array, p: float = 1, period: float = 2 * np.pi, x_weights: Any = None, y_weights: Any = None
) -> Any:
    """The least of (∫ |F⁻¹(u) - G⁻¹(u + α)|^p du)^(1/p) over all shifts α that bring two steps' ends together."""
    sides = []
    for values, weights in ((x, x_weights), (y, y_weights)):
        reduced = np.remainder(values, period)
        order = np.argsort(reduced, kind="stable")
        mass = np.full(len(values), 1.0) if weights is None else np.asarray(weights, dtype=np.float64)[order]
        sides.append((reduced[order], np.cumsum(mass) / mass.sum()))
    (x_values, x_ends), (y_values, y_ends) = sides
    m = len(y_values)
    turns = np.repeat([-2, -1, 0, 1, 2], m)
    y_around, y_ends_around = np.tile(y_values, 5) + turns * period, np.tile(y_ends, 5) + turns
    distances = []
    shifts = np.unique((y_ends[:, None, None] - x_ends[:, None] + [-1, 0, 1]).ravel())
    for shift in shifts[np.abs(shifts) <= 1]:
        inside = y_ends_around - shift
        steps = np.unique(np.concatenate([[0.0], x_ends, inside[(inside > 0) & (inside < 1)]]))
        middles, widths = (steps[1:] + steps[:-1]) / 2, np.diff(steps)
        kept = widths > 1e-14  # two ends that are one but for rounding
        at_x = x_values[np.minimum(np.searchsorted(x_ends, middles), len(x_values) - 1)]
        difference = np.abs(at_x - y_around[np.searchsorted(y_ends_around, middles + shift)])[kept]
        integral = difference.max() if np.isinf(p) else (widths[kept] * difference**p).sum() ** (1 / p)
        distances.append(integral)
    return min(distances)


def sliced_distances(
    x: Array, y: Array, directions: Array, p: float = 2, x_weights: Any = None, y_weights: Any = None
) -> Any:
    """W_p of the projections onto each direction."""
    return np.array([wasserstein_1d(x @ theta, y @ theta, p, x_weights, y_weights) for theta in directions])
