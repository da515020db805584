"""Point clouds, weights and costs of optimal transport: coerced and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_column, as_number, as_real, as_samples, require_finite

Cost: TypeAlias = str | tuple[str, float]
F64: TypeAlias = NDArray[np.float64]

_MASS_TOLERANCE = 1e-6  # relative difference up to which two masses are called equal


@dataclass(frozen=True)
class Clouds:
    """Two weighted point clouds and the cost between them, in the form the kernels take."""

    x: RealArray
    y: RealArray
    cost: str
    order: float
    a: F64  # of sum 1
    b: F64
    mass: float  # what a and b summed to


def as_whole(value: Any, name: str) -> int:
    """An int, or a float that is one (2e9), of at most 2^63 - 1: no limit reaches beyond."""
    number = as_number(value, name)
    if not (number.is_integer() or number == math.inf):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    return min(int(value), 2**63 - 1) if number < 2**63 else 2**63 - 1


def cost_name(cost: Cost) -> tuple[str, float]:
    """Name and order of a cost."""
    if isinstance(cost, str) and cost in ("sqeuclidean", "euclidean", "cosine"):
        return cost, 2.0
    if isinstance(cost, tuple) and len(cost) == 2 and cost[0] == "minkowski":
        order = as_number(cost[1], "the order p of cost=('minkowski', p)")
        if not order >= 1:
            raise ValueError(f"the order p of cost=('minkowski', p) must be at least 1, got {cost[1]!r}")
        return "minkowski", order
    raise ValueError(f"cost must be 'sqeuclidean', 'euclidean', 'cosine' or ('minkowski', p), got {cost!r}")


def as_weights(weights: Any, n: int, name: str, points: str) -> F64:
    """Weights of n points as float64: non-negative, finite, of positive sum; None is equal weights of sum 1."""
    if weights is None:
        return np.full(n, 1.0 / n)
    array = as_column(weights, name).astype(np.float64, copy=False)
    if len(array) != n:
        raise ValueError(f"{name} must have one weight for each of the {n} points of {points}, got {len(array)}")
    require_finite(array, name)
    if np.any(array < 0):
        worst = int(np.argmin(array))
        raise ValueError(f"{name} must not be negative, got {name}[{worst}] = {array[worst]:.9g}")
    with np.errstate(over="ignore"):
        total = array.sum()
    if not total > 0:
        raise ValueError(f"{name} must have a positive sum, all {n} weights are 0")
    if not np.isfinite(total):
        raise ValueError(f"{name} must have a finite sum, got weights up to {array.max():.9g}: divide them by that")
    return array


def _require_points_fit(x: RealArray, y: RealArray, cost: str) -> None:
    for points, name in ((x, "x"), (y, "y")):
        require_finite(points, name)
        if cost == "cosine":
            zero = ~np.any(points, axis=1)
            if np.any(zero):
                raise ValueError(f"cost='cosine' needs points other than 0, but {name}[{int(np.argmax(zero))}] is 0")
    if cost != "cosine":
        largest = max(float(np.abs(x).max()), float(np.abs(y).max()))
        if largest > 1e100:
            raise ValueError(f"x and y must stay below 1e100 in size for costs to be finite, got {largest:.9g}")


def as_clouds(x: Any, y: Any, cost: Cost, a: Any, b: Any) -> Clouds:
    """Everything that describes a transport problem, checked in the order of the arguments."""
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if first.dtype != second.dtype:
        first, second = first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    name, order = cost_name(cost)
    _require_points_fit(first, second, name)
    a_array, b_array = as_weights(a, len(first), "a", "x"), as_weights(b, len(second), "b", "y")
    a_sum, b_sum = float(a_array.sum()), float(b_array.sum())
    if abs(a_sum - b_sum) > _MASS_TOLERANCE * max(a_sum, b_sum):
        raise ValueError(f"a and b must have equal sums (within 1e-6), got {a_sum:.9g} and {b_sum:.9g}")
    return Clouds(first, second, name, order, a_array / a_sum, b_array / b_sum, a_sum)


def positive(value: Any, name: str) -> float:
    """A finite number > 0."""
    number = as_number(value, name)
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(f"{name} must be a finite number > 0, got {value!r}")
    return number


def as_potentials(potentials: Any, clouds: Clouds) -> tuple[F64, F64]:
    """A pair (f, g) of finite potentials."""
    try:
        f, g = potentials
    except (TypeError, ValueError):
        raise ValueError("potentials_init must be a pair (f, g), such as another result's .potentials") from None
    arrays = []
    for values, n, name in ((f, len(clouds.x), "f"), (g, len(clouds.y), "g")):
        array = np.ascontiguousarray(as_real(values, f"{name} of potentials_init"), dtype=np.float64)
        if array.shape != (n,):
            raise ValueError(f"{name} of potentials_init must have shape ({n},), got {array.shape}")
        require_finite(array, f"{name} of potentials_init")
        arrays.append(array)
    return arrays[0], arrays[1]
