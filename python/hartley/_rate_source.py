"""Sources with their distortions, and how long a solver may take: what rates and capacities are computed from."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, count_and_first
from ._distributions import divide_by_sum, sums_of_one
from ._progress import Progress, progress_callback
from ._tangent_search import CurvePoint
from ._threads import get_num_threads
from ._warnings import ConvergenceWarning

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class SolverLimits:
    """When a solver stops, and whether it may leave the plain iteration."""

    tol: float
    max_iter: int
    accelerate: bool
    progress: Any = None

    @classmethod
    def checked(cls, tol: Any, max_iter: Any, accelerate: Any, progress: Progress, label: str) -> SolverLimits:
        tolerance, limit = as_number(tol, "tol"), as_number(max_iter, "max_iter")
        if not 0 <= tolerance < math.inf:
            raise ValueError(f"tol must be at least 0 and finite, got {tol!r}")
        if not limit.is_integer():
            raise TypeError(f"max_iter must be a whole number, got {max_iter!r}")
        if not 1 <= limit < 2**63:
            raise ValueError(f"max_iter must be at least 1, got {max_iter!r}")
        return cls(tolerance, int(limit), bool(accelerate), progress_callback(progress, label))

    def options(self, tol: float | None = None) -> dict[str, Any]:
        """As the kernels take them, for this tolerance or another."""
        return {"tolerance": self.tol if tol is None else tol, "max_iter": self.max_iter, "accelerate": self.accelerate}

    def finish(self, name: str, gap: float, converged: bool, n_iter: int, stacklevel: int) -> None:
        """The last word to the progress, and a ConvergenceWarning where it is due."""
        if self.progress is not None:
            self.progress(1.0)
        if not converged:
            warnings.warn(
                f"{name} stopped after {n_iter} iterations with a gap of {gap:.3g} nats > tol = {self.tol:.3g}: raise "
                f"max_iter or tol{'' if self.accelerate else ', or pass accelerate=True'}",
                ConvergenceWarning,
                stacklevel=stacklevel + 1,
            )


def as_pmf(p: Any, name: str, normalize: bool) -> F64:
    """One distribution as float64 that sums to 1 up to rounding."""
    values = as_real(p, name)
    if values.ndim != 1:
        raise ValueError(f"{name} must have one axis, got shape {values.shape}")
    if not normalize:
        sums_of_one("pmf_entropy", values, -1, False, name=name)
    result: F64 = np.asarray(divide_by_sum(values.astype(np.float64), name, -1))
    return result


class Source:
    """A source and its distortion matrix, checked; distortions count from the least possible one."""

    def __init__(self, p: Any, distortion: Any, normalize: bool) -> None:
        self.p = as_pmf(p, "p", normalize)
        self.d = np.ascontiguousarray(as_real(distortion, "distortion"), dtype=np.float64)
        if self.d.ndim != 2 or self.d.shape[0] != len(self.p) or self.d.shape[1] == 0:
            raise ValueError(
                f"distortion must have shape (len(p), n_outputs) = ({len(self.p)}, n_outputs), got {self.d.shape}"
            )
        wrong = ~(self.d > -math.inf)
        if np.any(wrong):
            n_bad, first = count_and_first(wrong)
            raise ValueError(
                f"distortion must be finite, or inf for a forbidden pair, got {n_bad} entries that are NaN or -inf, "
                f"first distortion[{first}]"
            )
        leasts = self.d.min(axis=1)
        if np.any(no_way := np.isinf(leasts) & (self.p > 0)):
            raise ValueError(f"distortion row {int(np.argmax(no_way))} has no finite entry, but p > 0 there")
        possible = self.p > 0
        self.own_p, self.own_d = (self.p, self.d) if possible.all() else (self.p[possible], self.d[possible])
        self.least = float(self.own_p @ leasts[possible])
        with np.errstate(invalid="ignore"):
            self.means: F64 = self.own_p @ self.own_d
        self.most = float(self.means.min())

    def tangent(self, limits: SolverLimits, beta: float, start: Any, tol: float | None = None) -> CurvePoint:
        """The point at slope -beta."""
        report, weights, output = _dispatch.kernels.rate_distortion_point(
            self.own_p, self.own_d, beta, start, limits.options(tol), limits.progress, get_num_threads()
        )
        return CurvePoint(
            report["distortion"],
            report["rate"],
            beta,
            report["intercept"],
            (weights, output, report["gap"]),
            report["n_iter"],
            report["converged"],
        )

    def last(self, limits: SolverLimits) -> CurvePoint:
        """The end of the curve at the least rate: 0, where some column has a finite mean."""
        if math.isinf(self.most):
            return self.tangent(limits, 0.0, None, 0.5 * limits.tol)
        weights = np.zeros(self.d.shape[1])
        weights[int(np.argmin(self.means))] = 1.0
        return CurvePoint(self.most - self.least, 0.0, 0.0, 0.0, (weights, weights, 0.0))


def channel_of(d: F64, beta: float, weights: F64) -> F64:
    """q_j e^(-β d_ij), rows divided by their sums; where a row has no weight within reach, its nearest outputs."""
    leasts = np.min(d, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        if beta == 0:
            channel = np.where(np.isfinite(d), weights, 0.0)
        elif math.isinf(beta):
            channel = np.where(d == leasts, weights, 0.0)
        else:
            # a row without a finite entry has no probability: nothing is within its reach
            channel = weights * np.exp(-beta * (d - np.where(np.isfinite(leasts), leasts, 0.0)))
    sums = channel.sum(axis=1, keepdims=True)
    lost = sums[:, 0] <= 0
    channel[lost] = (d == leasts)[lost]
    sums[lost] = channel[lost].sum(axis=1, keepdims=True)
    channel /= sums
    return channel
