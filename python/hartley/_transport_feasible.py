"""Whether forbidden pairs leave a plan."""

from __future__ import annotations

from ._clouds import TransportProblem


def require_plans(problem: TransportProblem) -> None:
    """ValueError where no plan avoids the forbidden pairs of a matrix of costs."""
