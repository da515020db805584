"""Solving entropic transport problems: limits, the call, the warning."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_number
from ._clouds import F64, TransportProblem, as_potentials, as_whole
from ._progress import Progress, progress_callback
from ._threads import get_num_threads
from ._transport_result import Regularisation, TransportBatch, TransportResult
from ._warnings import ConvergenceWarning

GIBIBYTE = 2**30


@dataclass(frozen=True)
class Limits:
    """When a solver stops, and the memory it may take."""

    tol: float
    max_iter: int
    memory_limit: int

    @classmethod
    def checked(cls, tol: Any, max_iter: Any, memory_limit: Any) -> Limits:
        limits = as_number(tol, "tol"), as_whole(max_iter, "max_iter"), as_whole(memory_limit, "memory_limit")
        if not 0 <= limits[0] < math.inf:
            raise ValueError(f"tol must be at least 0 and finite, got {tol!r}")
        if limits[1] < 1:
            raise ValueError(f"max_iter must be at least 1, got {max_iter!r}")
        if limits[2] < 0:
            raise ValueError(f"memory_limit must be at least 0 bytes, got {memory_limit!r}")
        return cls(*limits)

    def options(self, regularisation: Regularisation) -> dict[str, Any]:
        """As the kernels take them."""
        return {
            "reg": regularisation.reg,
            "rho_x": regularisation.rho_x,
            "rho_y": regularisation.rho_y,
            "tolerance": self.tol,
            "max_iter": self.max_iter,
            "memory_limit": self.memory_limit,
        }


def warn_if_not_converged(reports: list[dict[str, Any]], limits: Limits, reg: float, stacklevel: int) -> None:
    """One ConvergenceWarning for the worst of the problems."""
    failed = [report for report in reports if not report["converged"]]
    if not failed:
        return
    worst = max(failed, key=lambda report: report["marginal_error"])
    which = f" in {len(failed)} of {len(reports)} problems" if len(reports) > 1 else ""
    warnings.warn(
        f"sinkhorn stopped after {worst['n_iter']} iterations with a marginal error of {worst['marginal_error']:.3g} > "
        f"tol = {limits.tol:.3g}{which}: raise max_iter, tol or reg = {reg:.3g}, or start from the potentials of a "
        f"larger reg with potentials_init",
        ConvergenceWarning,
        stacklevel=stacklevel + 1,
    )


def call_sinkhorn(
    problem: TransportProblem,
    regularisation: Regularisation,
    limits: Limits,
    start: tuple[F64, F64] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[list[dict[str, Any]], F64, F64]:
    """Reports and potentials of problems of mass 1."""
    return _dispatch.kernels.transport_sinkhorn(
        problem.ground, problem.a, problem.b, limits.options(regularisation), start, progress, get_num_threads()
    )


def solve(
    problem: TransportProblem,
    regularisation: Regularisation,
    limits: Limits,
    potentials_init: Any,
    progress: Progress,
    name: str,
) -> Any:
    """A TransportResult, or a TransportBatch of them; warns on behalf of the caller's caller."""
    start = None
    if potentials_init is not None:
        f, g = as_potentials(potentials_init, problem)
        shift = 0.5 * regularisation.reg * np.log(problem.mass)[:, None]
        start = (f + shift, g + shift)
    show = progress_callback(progress, name)
    reports, f, g = call_sinkhorn(problem, regularisation, limits, start, show)
    if show is not None:
        show(1.0)
    warn_if_not_converged(reports, limits, regularisation.reg, stacklevel=3)
    results = [
        TransportResult(problem[i], regularisation, limits.memory_limit, report, (f[i], g[i]))
        for i, report in enumerate(reports)
    ]
    return TransportBatch(results) if problem.is_batch else results[0]
