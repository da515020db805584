"""Whether forbidden pairs leave a plan."""

from __future__ import annotations

import numpy as np

from ._clouds import TransportProblem
from ._exact_transport import plan_exists


def require_plans(problem: TransportProblem) -> None:
    """ValueError where no plan avoids the forbidden pairs of a matrix of costs."""
    (cost,) = problem.ground
    if np.all(np.isfinite(cost)):
        return
    for i, (a, b) in enumerate(zip(problem.a, problem.b, strict=True)):
        if not plan_exists(a, b, cost):
            where = f" of problem {i}" if len(problem) > 1 else ""
            raise ValueError(
                f"no plan avoids the forbidden pairs: cost is inf on too many for the masses a and b{where}"
            )
