"""What an entropic transport solver returns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_real, require_finite
from ._clouds import F64, TransportProblem
from ._threads import get_num_threads


class TransportGradient(NamedTuple):
    """Derivatives of a value with respect to points and weights; None for the points of a matrix of costs."""

    x: F64 | None
    y: F64 | None
    a: F64
    b: F64


@dataclass(frozen=True)
class Regularisation:
    """What the objective adds to ⟨P, C⟩: reg KL(P‖a⊗b) and, where a rho is finite, rho KL of that marginal."""

    reg: float
    rho_x: float = math.inf
    rho_y: float = math.inf

    @property
    def is_relaxed(self) -> bool:
        return math.isfinite(self.rho_x) or math.isfinite(self.rho_y)


def point_gradients(problem: TransportProblem, reg: float, potentials: tuple[F64, F64]) -> tuple[F64, F64]:
    """Σ_j P_ij ∂C_ij/∂x_i and Σ_i P_ij ∂C_ij/∂y_j of a batch of one with masses 1, in the shapes of the points."""
    f, g = (np.ascontiguousarray(potential[None]) for potential in potentials)
    of_x, of_y = _dispatch.kernels.transport_gradient(
        problem.ground, reg, problem.a, problem.b, f, g, get_num_threads()
    )
    x, y, cost, _ = problem.ground
    if cost == "cosine":  # so far with respect to the points divided by their norms
        of_x, of_y = _through_norm(of_x, x[0]), _through_norm(of_y, y[0])
    return of_x.reshape(problem.shapes[0]), of_y.reshape(problem.shapes[1])


def _through_norm(gradient: F64, points: Any) -> F64:
    norms = np.linalg.norm(points.astype(np.float64), axis=1, keepdims=True)
    directions = points / norms
    result: F64 = (gradient - directions * (directions * gradient).sum(axis=1, keepdims=True)) / norms
    return result


class TransportResult:
    """Solution of an entropic transport problem; see :func:`hartley.transport.sinkhorn`.

    Everything is that of the plan P = a b exp((f + g - C) / reg) of the final potentials, evaluated in float64 after
    the last iteration; nothing is an estimate left over from the iteration.

    Attributes
    ----------
    value : float
        ⟨P, C⟩ + reg KL(P‖a⊗b), in units of the cost, with KL(P‖Q) = Σ P log(P / Q) - Σ P + Σ Q; where marginals are
        relaxed, plus rho KL of either marginal.
    value_linear : float
        ⟨P, C⟩.
    dual_value : float
        Σ a f + Σ b g - reg (Σ P - Σ a Σ b), with rho Σ a (1 - e^(-f / rho)) in place of Σ a f where that marginal is
        relaxed: a lower bound of the optimum, whatever the marginal error.
    gap : float
        Primal value of a feasible plan near P minus ``dual_value``, at least 0: the optimum lies between ``dual_value``
        and ``dual_value + gap``. Infinite where that plan would use a forbidden pair.
    potentials : tuple of ndarray of float64
        f, shape (n,), and g, shape (m,), in units of the cost; finite, for points without mass, too. Pass them as
        ``potentials_init`` to a later call.
    n_iter : int
        Sinkhorn iterations (an update of f and one of g each).
    converged : bool
        Whether ``marginal_error`` is at most ``tol`` times the plan's mass.
    marginal_error : float
        Σ_i |Σ_j P_ij - a_i| + Σ_j |Σ_i P_ij - b_j|, with a e^(-f / rho) in place of a where that marginal is relaxed.
    """

    def __init__(
        self,
        problem: TransportProblem,
        regularisation: Regularisation,
        memory_limit: int,
        report: dict[str, Any],
        potentials: tuple[F64, F64],
    ) -> None:
        self._problem = problem
        self._regularisation = regularisation
        self._memory_limit = memory_limit
        self._solved = potentials  # of the problem with masses divided by their sum
        self._plan: F64 | None = None
        # P = M P' and P' = a' b' exp(…) = a b exp(…) / M²: the potentials take half of a factor 1 / M each
        reg, mass = regularisation.reg, float(problem.mass[0])
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

    def _call(self, kernel: Any, *arguments: Any) -> Any:
        f, g = (np.ascontiguousarray(potential[None]) for potential in self._solved)
        problem = self._problem
        return kernel(
            problem.ground, self._regularisation.reg, problem.a, problem.b, f, g, *arguments, get_num_threads()
        )

    @property
    def plan(self) -> F64:
        """The plan P, shape (n, m), made on first use.

        Raises
        ------
        MemoryError
            Where it takes more than ``memory_limit`` bytes; the message says how many.
        """
        if self._plan is None:
            n, m = self._problem.a.shape[1], self._problem.b.shape[1]
            if 8 * n * m > self._memory_limit:
                raise MemoryError(
                    f"the plan of {n} x {m} points takes {8 * n * m} bytes, over memory_limit = "
                    f"{self._memory_limit}; use .apply(v), or solve with a larger memory_limit"
                )
            plan: F64 = self._call(_dispatch.kernels.transport_plan)
            plan *= self._problem.mass[0]
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
        m = self._problem.b.shape[1]
        array = np.asarray(as_real(v, "v"), dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[0] != m:
            raise ValueError(f"v must have shape ({m},) or ({m}, k), got {array.shape}")
        require_finite(array, "v")
        vectors: NDArray[np.float64] = np.ascontiguousarray(array.reshape(m, -1))
        product: F64 = self._call(_dispatch.kernels.transport_apply, vectors)
        product *= self._problem.mass[0]
        return product.reshape(product.shape[:1] + array.shape[1:])

    def gradient(self) -> TransportGradient:
        """Derivatives of ``value`` at the optimum, by the envelope theorem: the plan and the potentials stay.

        Returns
        -------
        TransportGradient
            ``x`` (the shape of x) is Σ_j P_ij ∂C_ij/∂x_i and ``y`` likewise, both None where costs came as a matrix
            (with respect to which the gradient is the plan). ``a``, shape (n,), and ``b``, shape (m,), hold along
            changes of both weights that keep their sums equal: a constant added to one and taken off the other means
            nothing. Where marginals are relaxed every direction counts.

        Notes
        -----
        The error is of the order of ``marginal_error``. At a kink of the cost (equal points of the euclidean cost) an
        element of the subdifferential. Cost O(n m n_features).

        References
        ----------
        Feydy, J. et al. (2019). Interpolating between optimal transport and MMD using Sinkhorn divergences. AISTATS 22.
        """
        problem, r = self._problem, self._regularisation
        mass = float(problem.mass[0])
        sums = (float(problem.b.sum()) * mass, float(problem.a.sum()) * mass)  # of the other side
        of_weights = [
            _weight_gradient(potential, r.reg, rho, other)
            for potential, rho, other in zip(self.potentials, (r.rho_x, r.rho_y), sums, strict=True)
        ]
        if problem.is_matrix:
            return TransportGradient(None, None, of_weights[0], of_weights[1])
        of_x, of_y = point_gradients(problem, r.reg, self._solved)
        return TransportGradient(mass * of_x, mass * of_y, of_weights[0], of_weights[1])


def _weight_gradient(potential: F64, reg: float, rho: float, other_mass: float) -> F64:
    """Of the dual with respect to a: rho (1 - e^(-f / rho)) - reg (Σ_j b_j e^((f + g - C) / reg) - Σ b)."""
    if math.isinf(rho):
        return potential - reg * (1.0 - other_mass)
    lost = -np.expm1(-potential / rho)
    result: F64 = (rho + reg) * lost - reg * (1.0 - other_mass)
    return result


class TransportBatch(Sequence[TransportResult]):
    """Solutions of a batch of problems: a sequence of :class:`TransportResult`, and their attributes as arrays.

    ``value``, ``value_linear``, ``dual_value``, ``gap``, ``marginal_error``, ``n_iter`` and ``converged`` have shape
    (n_problems,), ``potentials`` is the pair of arrays (n_problems, n) and (n_problems, m), ``plan`` has shape
    (n_problems, n, m); ``gradient()`` gives arrays with n_problems as first axis.
    """

    def __init__(self, results: list[TransportResult]) -> None:
        self._results = results

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, i: int) -> TransportResult: ...
    @overload
    def __getitem__(self, i: slice) -> TransportBatch: ...
    def __getitem__(self, i: int | slice) -> TransportResult | TransportBatch:
        return TransportBatch(self._results[i]) if isinstance(i, slice) else self._results[i]

    def __iter__(self) -> Iterator[TransportResult]:
        return iter(self._results)

    def __repr__(self) -> str:
        return f"TransportBatch of {len(self)}: value={self.value}, converged={self.converged}"

    def _stack(self, name: str) -> NDArray[Any]:
        return np.array([getattr(result, name) for result in self._results])

    @property
    def value(self) -> F64:
        return self._stack("value")

    @property
    def value_linear(self) -> F64:
        return self._stack("value_linear")

    @property
    def dual_value(self) -> F64:
        return self._stack("dual_value")

    @property
    def gap(self) -> F64:
        return self._stack("gap")

    @property
    def marginal_error(self) -> F64:
        return self._stack("marginal_error")

    @property
    def n_iter(self) -> NDArray[np.int64]:
        return self._stack("n_iter")

    @property
    def converged(self) -> NDArray[np.bool_]:
        return self._stack("converged")

    @property
    def potentials(self) -> tuple[F64, F64]:
        f, g = zip(*(result.potentials for result in self._results), strict=True)
        return np.stack(f), np.stack(g)

    @property
    def plan(self) -> F64:
        return np.stack([result.plan for result in self._results])

    def gradient(self) -> TransportGradient:
        columns = zip(*(result.gradient() for result in self._results), strict=True)
        x, y, a, b = (None if column[0] is None else np.stack(column) for column in columns)
        assert a is not None
        assert b is not None
        return TransportGradient(x, y, a, b)
