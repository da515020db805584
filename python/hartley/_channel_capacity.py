"""Capacity of a channel, with an input cost where there is one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, require_finite
from ._distributions import divide_by_sum, sums_of_one
from ._progress import Progress
from ._rate_source import SolverLimits
from ._tangent_search import CurvePoint, SharedPoint, find_point
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChannelCapacity:
    """Capacity of a channel; see :func:`hartley.rate_distortion.channel_capacity`.

    Attributes
    ----------
    capacity : float
        ``lower``: what ``input`` attains, in units of ``base``.
    lower, upper : float
        Certified bounds of the capacity, of that at the cost ``cost`` where there is one.
    input : ndarray of float64, shape (n_inputs,)
        Input distribution that attains ``lower``.
    output : ndarray of float64, shape (n_outputs,)
        The channel's output under it; unique at the optimum.
    cost : float or None
        Mean cost of ``input``.
    slope : float
        dC/dB in nats a unit of cost; 0 without a cost that binds.
    converged : bool
        Whether ``upper - lower`` is at most ``tol``.
    n_iter : int
        Passes over the matrix, of all slopes that were tried.
    """

    capacity: float
    lower: float
    upper: float
    input: F64
    output: F64
    cost: float | None
    slope: float
    converged: bool
    n_iter: int


class _Channel:
    """A transition matrix and its costs, checked."""

    def __init__(self, W: Any, input_cost: Any, normalize: bool) -> None:  # noqa: N803
        values = as_real(W, "W")
        if values.ndim != 2:
            raise ValueError(f"W must have shape (n_inputs, n_outputs), got {values.shape}")
        if not normalize:
            sums_of_one("pmf_entropy", values, -1, False, name="W")
        wide = np.asarray(values, dtype=np.float64)
        exact = not normalize and bool(np.all(np.abs(wide.sum(axis=1) - 1.0) < 1e-14))
        self.W: F64 = wide if exact else np.ascontiguousarray(divide_by_sum(wide, "W", -1), dtype=np.float64)
        if 0 in self.W.shape:
            raise ValueError(f"W must have at least one input and one output, got shape {self.W.shape}")
        self.negative_entropies: F64 = _dispatch.kernels.pmf_entropy(self.W[:, :, None], get_num_threads())[0]
        n = len(self.W)
        self.costs = np.zeros(n)
        if input_cost is not None:
            self.costs = np.ascontiguousarray(as_real(input_cost, "input_cost"), dtype=np.float64)
            if self.costs.shape != (n,):
                raise ValueError(f"input_cost must have one entry for each of the {n} inputs, got {self.costs.shape}")
            require_finite(self.costs, "input_cost")

    def tangent(self, limits: SolverLimits, slope: float, start: Any, tol: float | None = None) -> CurvePoint:
        """The point (cost, -information) of the convex curve -C(B) at dC/dB = slope; inf: at the least cost."""
        cheapest = self.costs == self.costs.min()
        all_inputs = math.isfinite(slope) or cheapest.all()
        rows = slice(None) if all_inputs else cheapest
        W, costs = self.W[rows], self.costs[rows]  # noqa: N806
        price = slope * costs if math.isfinite(slope) else np.zeros(len(costs))
        report, weights = _dispatch.kernels.rate_distortion_capacity(
            W, self.negative_entropies[rows] - price, start, limits.options(tol), limits.progress, get_num_threads()
        )
        inputs = np.zeros(len(self.W))
        inputs[rows] = weights
        cost = float(weights @ costs)
        information = report["information"] + float(weights @ price)
        intercept = -(report["information"] + report["gap"])
        return CurvePoint(
            cost, -information, slope, intercept, (inputs, report["gap"]), report["n_iter"], report["converged"]
        )


def _search(channel: _Channel, budget: float, limits: SolverLimits) -> tuple[SharedPoint, int]:
    n_iter = 0

    def tangent(slope: float, near: CurvePoint, tol: float) -> CurvePoint:
        nonlocal n_iter
        point = channel.tangent(limits, slope, near.weights[0], tol)
        n_iter += point.n_iter
        return point

    least = float(channel.costs.min())
    if not budget >= least:
        raise ValueError(f"budget must be at least the least input cost, {least:.9g}, got {budget:.9g}")
    high = channel.tangent(limits, 0.0, None, 0.5 * limits.tol)
    if budget >= high.x:
        return SharedPoint(high.x, high.y, high, high, 1.0, high.weights[1], 0.0), high.n_iter
    low = channel.tangent(limits, math.inf, None, 0.5 * limits.tol)
    n_iter += low.n_iter + high.n_iter
    return find_point(low, high, budget, limits.tol, tangent, by_y=False), n_iter


def channel_capacity(
    W: Any,  # noqa: N803
    *,
    input_cost: Any = None,
    budget: float | None = None,
    slope: float | None = None,
    tol: float = 1e-9,
    max_iter: int = 10_000,
    accelerate: bool = True,
    normalize: bool = False,
    base: Base = None,
    progress: Progress = False,
) -> ChannelCapacity:
    """Capacity C = max I(X; Y) over input distributions, those within a budget where inputs have a cost.

    Parameters
    ----------
    W : array of float, shape (n_inputs, n_outputs)
        W(y | x); rows sum to 1. Probabilities may be as small as 1e-300.
    input_cost : array of float, shape (n_inputs,), optional
        Cost b(x) of each input, finite.
    budget : float, optional
        Largest mean cost, at least the least ``input_cost``.
    slope : float, optional
        In place of ``budget``: dC/dB >= 0 in nats a unit of cost, the maximum of I - slope E b(X).
    tol : float, default 1e-9
        Largest ``upper - lower`` in nats.
    max_iter : int, default 10000
        Most passes over the matrix at one slope.
    accelerate : bool, default True
        False makes every iteration one of Arimoto.
    normalize : bool, default False
        Divide the rows of ``W`` by their sums.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of capacities; nats by default.
    progress : bool or callable, default False
        Show how far the gap has come at the slope in work, or call with the fraction.

    Returns
    -------
    ChannelCapacity
        ``.capacity``, ``.lower``, ``.upper``, ``.input``, ``.output``, ``.cost``, ``.slope``, ``.converged``,
        ``.n_iter``.

    Warns
    -----
    ConvergenceWarning
        ``upper - lower`` is above ``tol``; the message says what to change.

    Raises
    ------
    ValueError
        Rows that are no distributions; a budget below every cost; both or neither of ``budget`` and ``slope`` beside
        ``input_cost``, or one of them without it.
    TypeError
        An argument that is no number, or no array of real numbers.

    Notes
    -----
    For any input p with output r, I(p) <= C <= max_x D(W(x) ‖ r): the bounds, known after each pass. Logarithms are
    taken of r alone, which is lifted to 1e-300 where it underflows; the bounds hold for any r. Anderson acceleration
    and Newton steps over the inputs in use take the place of p ← p e^D. A budget is met through tangents, and time is
    shared between two inputs where C(B) is straight or the points of two slopes lie apart. Cost O(n_inputs n_outputs) a
    pass; memory for one more matrix.

    References
    ----------
    Arimoto, S. (1972). An algorithm for computing the capacity of arbitrary discrete memoryless channels. IEEE Trans.
    Inf. Theory 18.
    Blahut, R. (1972). Computation of channel capacity and rate-distortion functions. IEEE Trans. Inf. Theory 18.

    Examples
    --------
    >>> from hartley.rate_distortion import channel_capacity
    >>> z_channel = [[1.0, 0.0], [0.5, 0.5]]
    >>> result = channel_capacity(z_channel, base="bits")
    >>> round(result.capacity, 6), result.input.round(4)  # log2(5) - 2
    (0.321928, array([0.6, 0.4]))
    """
    unit = nats_per_unit(base)
    limits = SolverLimits.checked(tol, max_iter, accelerate, progress, "channel_capacity")
    if input_cost is None and not (budget is None and slope is None):
        raise ValueError("budget and slope need input_cost")
    if input_cost is not None and (budget is None) == (slope is None):
        raise ValueError("give exactly one of budget and slope beside input_cost")
    channel = _Channel(W, input_cost, normalize)
    if budget is not None:
        shared, n_iter = _search(channel, as_number(budget, "budget"), limits)
    else:
        own = 0.0 if slope is None else as_number(slope, "slope")
        if not own >= 0:
            raise ValueError(f"slope must be at least 0, got {slope!r}")
        point = channel.tangent(limits, own, None)
        shared, n_iter = SharedPoint(point.x, point.y, point, point, 1.0, point.weights[1], own), point.n_iter
    inputs: F64 = shared.share * shared.low.weights[0] + (1.0 - shared.share) * shared.high.weights[0]
    lower = max(-shared.y, 0.0)
    converged = shared.gap <= limits.tol
    limits.finish("channel_capacity", shared.gap, converged, n_iter, stacklevel=2)
    return ChannelCapacity(
        capacity=lower / unit,
        lower=lower / unit,
        upper=(lower + shared.gap) / unit,
        input=inputs,
        output=inputs @ channel.W,
        cost=None if input_cost is None else float(inputs @ channel.costs),
        slope=shared.slope,
        converged=converged,
        n_iter=n_iter,
    )
