"""What a transport solver returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_real, require_finite
from ._clouds import F64, Clouds
from ._threads import get_num_threads


class TransportResult:
    """Solution of an entropic transport problem; see :func:`hartley.transport.sinkhorn`.

    Everything is that of the plan P = a b exp((f + g - C) / reg) of the final potentials, evaluated in float64 after
    the last iteration; nothing is an estimate left over from the iteration.

    Attributes
    ----------
    value : float
        ⟨P, C⟩ + reg KL(P‖a⊗b), in units of the cost, with KL(P‖Q) = Σ P log(P / Q) - Σ P + Σ Q.
    value_linear : float
        ⟨P, C⟩.
    dual_value : float
        Σ a f + Σ b g - reg (Σ P - Σ a Σ b): a lower bound of the optimum, whatever the marginal error.
    gap : float
        Primal value of a feasible plan near P minus ``dual_value``, at least 0: the optimum lies between ``dual_value``
        and ``dual_value + gap``.
    potentials : tuple of ndarray of float64
        f, shape (n,), and g, shape (m,), in units of the cost; finite, for points without mass, too. Pass them as
        ``potentials_init`` to a later call.
    n_iter : int
        Sinkhorn iterations (an update of f and one of g each).
    converged : bool
        Whether ``marginal_error`` is at most ``tol`` (times the total mass).
    marginal_error : float
        Σ_i |Σ_j P_ij - a_i| + Σ_j |Σ_i P_ij - b_j|.
    """

    def __init__(
        self, clouds: Clouds, reg: float, memory_limit: int, report: dict[str, Any], potentials: tuple[F64, F64]
    ) -> None:
        self._clouds = clouds
        self._reg = reg
        self._memory_limit = memory_limit
        self._solved = potentials  # of the problem with masses divided by their sum
        self._plan: F64 | None = None
        # P = M P' and P' = a' b' exp(…) = a b exp(…) / M²: the potentials take half of a factor 1 / M each
        mass = clouds.mass
        shift = -0.5 * reg * math.log(mass)
        constant = reg * mass * (mass - 1.0 - math.log(mass))
        self.potentials: tuple[F64, F64] = (potentials[0] + shift, potentials[1] + shift)
        self.value: float = mass * report["value"] + constant
        self.value_linear: float = mass * report["value_linear"]
        self.dual_value: float = mass * report["dual_value"] + constant
        self.gap: float = mass * report["gap"]
        self.marginal_error: float = mass * report["marginal_error"]
        self.n_iter: int = report["n_iter"]
        self.converged: bool = report["converged"]

    def __repr__(self) -> str:
        return (
            f"TransportResult(value={self.value:.9g}, value_linear={self.value_linear:.9g}, gap={self.gap:.3g}, "
            f"marginal_error={self.marginal_error:.3g}, n_iter={self.n_iter}, converged={self.converged})"
        )

    @property
    def plan(self) -> F64:
        """The plan P, shape (n, m), made on first use.

        Raises
        ------
        MemoryError
            Where it would take more than ``memory_limit`` bytes; :meth:`apply` needs no plan.
        """
        if self._plan is None:
            c = self._clouds
            n_bytes = 8 * len(c.x) * len(c.y)
            if n_bytes > self._memory_limit:
                raise MemoryError(
                    f"the plan of {len(c.x)} x {len(c.y)} points takes {n_bytes} bytes, over memory_limit = "
                    f"{self._memory_limit}; use .apply(v), or solve with a larger memory_limit"
                )
            plan = _dispatch.kernels.transport_plan(
                c.x, c.y, c.cost, c.order, c.a, c.b, self._reg, *self._solved, get_num_threads()
            )
            plan *= c.mass
            self._plan = plan
        return self._plan

    def apply(self, v: Any) -> F64:
        """P v without the plan in memory.

        Parameters
        ----------
        v : array of float, shape (m,) or (m, k)

        Returns
        -------
        ndarray of float64, shape (n,) or (n, k)
            Divided by ``a``, this is the barycentric projection where v = y.
        """
        c = self._clouds
        array = np.asarray(as_real(v, "v"), dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[0] != len(c.y):
            raise ValueError(f"v must have shape ({len(c.y)},) or ({len(c.y)}, k), got {array.shape}")
        require_finite(array, "v")
        vectors: NDArray[np.float64] = np.ascontiguousarray(array.reshape(len(c.y), -1))
        product = _dispatch.kernels.transport_apply(
            c.x, c.y, c.cost, c.order, c.a, c.b, self._reg, *self._solved, vectors, get_num_threads()
        )
        product *= c.mass
        return product.reshape(product.shape[:1] + array.shape[1:])
