"""What the exact transport solver returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, require_finite
from ._clouds import F64


def _times(values: Any, unit: float) -> Any:
    """values * unit, where unit may be inf: 0 stays 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(values == 0.0, 0.0, values * unit) if math.isinf(unit) else values * unit


class ExactTransportResult:
    """Solution of an exact transport problem; see ``emd`` and ``wasserstein`` of :mod:`hartley.transport`.

    ``float(result)`` is ``value``.

    Attributes
    ----------
    value : float
        Of ``emd`` the cost, of ``wasserstein`` the distance, the p-th root taken.
    cost : float
        ⟨P, C⟩, in units of the cost times mass.
    rows, columns : ndarray of int, shape (k,)
        Pairs on which mass flows, k < n + m, in order of rows, then columns.
    mass : ndarray of float64, shape (k,)
        How much, > 0, in units of ``a``.
    potentials : tuple of ndarray of float64
        f, shape (n,), and g, shape (m,), in units of the cost: f_i + g_j <= C_ij for every pair, up to an ulp of the
        larger, with equality where mass flows. Finite, for points without mass, too.
    dual_value : float
        Σ a f + Σ b g: no plan costs less.
    gap : float
        ``cost - dual_value``: 0 up to rounding (of either sign), the proof that the plan is optimal.
    n_pivots : int
        Exchanges of the network simplex method: 0 where the start was optimal.
    """

    def __init__(
        self, solved: dict[str, Any], shape: tuple[int, int], mass: float, unit: float, memory_limit: int
    ) -> None:
        # solved: of masses in whole units and costs in multiples of `unit`; masses that are whole numbers stay exact
        self._shape = shape
        self._memory_limit = memory_limit
        self._plan: F64 | None = None
        fraction, exponent = math.frexp(mass)
        of_mass = fraction / solved["total"]  # without the exponent: 1e-300 / 2^60 would be rounded
        self.rows: NDArray[np.intp] = solved["rows"].astype(np.intp)
        self.columns: NDArray[np.intp] = solved["columns"].astype(np.intp)
        self.mass: F64 = np.ldexp(of_mass * solved["mass"], exponent)
        self.potentials: tuple[F64, F64] = (_times(solved["f"], unit), _times(solved["g"], unit))

        def value_of(total: float) -> float:
            with np.errstate(over="ignore"):
                return float(np.ldexp(_times(of_mass * total, unit), exponent))

        self.cost: float = value_of(solved["cost"])
        self.dual_value: float = value_of(solved["dual_value"])
        self.gap: float = value_of(solved["cost"] - solved["dual_value"])
        self.n_pivots: int = solved["n_pivots"]
        self.value: float = self.cost

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return (
            f"ExactTransportResult(value={self.value:.9g}, cost={self.cost:.9g}, gap={self.gap:.3g}, "
            f"n_pairs={len(self.rows)}, n_pivots={self.n_pivots})"
        )

    @property
    def plan(self) -> F64:
        """The plan P, shape (n, m), made on first use.

        Raises
        ------
        MemoryError
            Where it would take more than ``memory_limit`` bytes; ``rows``, ``columns`` and ``mass`` are the same plan.
        """
        if self._plan is None:
            n, m = self._shape
            n_bytes = 8 * n * m
            if n_bytes > self._memory_limit:
                raise MemoryError(
                    f"the plan of {n} x {m} points takes {n_bytes} bytes, over memory_limit = {self._memory_limit}; "
                    "use .rows, .columns and .mass or .apply(v), or solve with a larger memory_limit"
                )
            plan = np.zeros(self._shape)
            plan[self.rows, self.columns] = self.mass
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
        n, m = self._shape
        array = np.asarray(as_real(v, "v"), dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[0] != m:
            raise ValueError(f"v must have shape ({m},) or ({m}, k), got {array.shape}")
        require_finite(array, "v")
        product = np.zeros((n, *array.shape[1:]))
        mass = self.mass if array.ndim == 1 else self.mass[:, None]
        np.add.at(product, self.rows, mass * array[self.columns])
        return product
