"""Point clouds, weights and costs of optimal transport: coerced and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_column, as_number, as_real, as_samples, count_and_first, require_finite

Cost: TypeAlias = str | tuple[str, float]
F64: TypeAlias = NDArray[np.float64]

_MASS_TOLERANCE = 1e-6  # relative difference up to which two masses are called equal


@dataclass(frozen=True)
class TransportProblem:
    """A batch of transport problems of one shape, in the form the kernels take."""

    ground: tuple[Any, ...]  # (x, y, cost name, order), clouds of shape (n_problems, n, n_features); or (cost matrix,)
    a: F64  # (n_problems, n)
    b: F64  # (n_problems, m)
    mass: F64  # (n_problems,), by which a and b were divided
    is_batch: bool
    shapes: tuple[tuple[int, ...], ...] = ()  # of one x and one y as they came

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, i: int) -> TransportProblem:
        """Problem i as a batch of one."""
        one = slice(i, i + 1)
        ground = self.ground if self.is_matrix else (self.ground[0][one], self.ground[1][one], *self.ground[2:])
        return TransportProblem(ground, self.a[one], self.b[one], self.mass[one], False, self.shapes)

    @property
    def is_matrix(self) -> bool:
        return len(self.ground) == 1


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


def _require_points_fit(points: RealArray, name: str, cost: str) -> None:
    require_finite(points, name)
    if cost == "cosine":
        zero = ~np.any(points, axis=-1)
        if np.any(zero):
            raise ValueError(f"cost='cosine' needs points other than 0, but {name}[{count_and_first(zero)[1]}] is 0")
    elif (largest := float(np.abs(points).max())) > 1e100:
        raise ValueError(f"{name} must stay below 1e100 in size for costs to be finite, got {largest:.9g}")


def _as_batch(x: Any, y: Any) -> tuple[RealArray, RealArray, bool]:
    """Clouds as (n_problems, n, n_features) of one dtype, and whether they came so."""
    arrays, is_batch = [], False
    for values, name in ((x, "x"), (y, "y")):
        array = as_real(values, name)
        if array.ndim == 3 and array.size:
            is_batch = True
        elif array.ndim > 2:
            raise ValueError(
                f"{name} must have shape (n_samples,), (n_samples, n_features) or (n_problems, n_samples, n_features) "
                f"and not be empty, got {array.shape}"
            )
        else:
            array = as_samples(array, name)[None]
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(f"x and y must hold equally many clouds, got {len(arrays[0])} and {len(arrays[1])}")
    if arrays[0].shape[2] != arrays[1].shape[2]:
        raise ValueError(f"x and y must have equally many features, got {arrays[0].shape[2]} and {arrays[1].shape[2]}")
    if arrays[0].dtype != arrays[1].dtype:
        arrays = [array.astype(np.float64, copy=False) for array in arrays]
    return arrays[0], arrays[1], is_batch


def _weight_rows(weights: Any, n_problems: int, n: int, name: str, points: str) -> F64:
    """Weights as (n_problems, n); one row serves all problems."""
    if weights is None or np.ndim(weights) < 2 or n_problems == 1:
        row = as_weights(weights, n, name, points)
        return np.ascontiguousarray(np.broadcast_to(row, (n_problems, n)))
    rows = as_real(weights, name)
    if rows.ndim != 2 or len(rows) != n_problems:
        raise ValueError(f"{name} must have shape ({n},) or ({n_problems}, {n}), got {rows.shape}")
    return np.stack([as_weights(row, n, f"{name}[{i}]", points) for i, row in enumerate(rows)])


def _with_unit_masses(a: F64, b: F64) -> tuple[F64, F64, F64]:
    """Both divided by their sums, and the sum of a; the sums must agree."""
    a_sums, b_sums = a.sum(axis=1), b.sum(axis=1)
    unequal = np.abs(a_sums - b_sums) > _MASS_TOLERANCE * np.maximum(a_sums, b_sums)
    if np.any(unequal):
        i = int(np.argmax(unequal))
        where = f" in problem {i}" if len(a) > 1 else ""
        raise ValueError(
            f"a and b must have equal sums (within 1e-6), got {a_sums[i]:.9g} and {b_sums[i]:.9g}{where}; "
            f"unbalanced_sinkhorn takes unequal ones"
        )
    return a / a_sums[:, None], b / b_sums[:, None], a_sums


def _problem(
    ground: tuple[Any, ...], a: F64, b: F64, is_batch: bool, relaxed: bool, shapes: tuple[tuple[int, ...], ...] = ()
) -> TransportProblem:
    if not relaxed:
        return TransportProblem(ground, *_with_unit_masses(a, b), is_batch, shapes)
    for weights, name in ((a, "a"), (b, "b")):
        total = weights.sum(axis=1)
        if total.max() > 1e100 or total.min() < 1e-100:
            raise ValueError(f"{name} must have a sum between 1e-100 and 1e100, got {total.max():.9g}")
    return TransportProblem(ground, a, b, np.ones(len(a)), is_batch, shapes)


def as_clouds(x: Any, y: Any, cost: Cost, a: Any, b: Any, relaxed: bool = False) -> TransportProblem:
    """Transport between point clouds, checked in the order of the arguments; relaxed: of masses that may differ."""
    first, second, is_batch = _as_batch(x, y)
    name, order = cost_name(cost)
    for points, own in ((first, "x"), (second, "y")):
        _require_points_fit(points if is_batch else points[0], own, name)
    rows = [
        _weight_rows(weights, len(points), points.shape[1], own, of)
        for weights, points, own, of in ((a, first, "a", "x"), (b, second, "b", "y"))
    ]
    shapes = tuple(np.shape(points)[1:] if is_batch else np.shape(points) for points in (x, y))
    return _problem((first, second, name, order), rows[0], rows[1], is_batch, relaxed, shapes)


def as_cost_matrix(cost: Any, n: int, m: int) -> RealArray:
    """Costs (n, m) that are numbers or +inf."""
    matrix = as_real(cost, "cost")
    if matrix.shape != (n, m):
        raise ValueError(f"cost must have shape (len(a), len(b)) = ({n}, {m}), got {matrix.shape}")
    bad = ~(matrix > -np.inf)
    if np.any(bad):
        n_bad, first = count_and_first(bad)
        raise ValueError(
            f"cost must hold numbers or inf (a forbidden pair), got {n_bad} NaN or -inf, first cost[{first}]"
        )
    return matrix


def as_histograms(a: Any, b: Any, cost: Any, relaxed: bool = False) -> TransportProblem:
    """Transport between histograms (n,) and (m,), or batches of them (n_problems, n), on one matrix of costs."""
    arrays = []
    for weights, name in ((a, "a"), (b, "b")):
        array = as_real(weights, name)
        if array.ndim not in (1, 2) or array.size == 0:
            raise ValueError(f"{name} must have shape (n,) or (n_problems, n) and not be empty, got {array.shape}")
        arrays.append(array)
    is_batch = any(array.ndim == 2 for array in arrays)
    numbers = {len(array) for array in arrays if array.ndim == 2}
    if len(numbers) > 1:
        raise ValueError(f"a and b must hold equally many histograms, got {len(arrays[0])} and {len(arrays[1])}")
    n, m = (array.shape[-1] for array in arrays)
    matrix = as_cost_matrix(cost, n, m)
    n_problems = numbers.pop() if numbers else 1
    rows = [
        _weight_rows(array.reshape(-1) if n_problems == 1 else array, n_problems, array.shape[-1], name, "cost")
        for array, name in zip(arrays, "ab", strict=True)
    ]
    return _problem((matrix,), rows[0], rows[1], is_batch, relaxed)


def positive(value: Any, name: str, *, infinite: bool = False) -> float:
    """A number > 0, finite unless it may be infinite."""
    number = as_number(value, name)
    if not (number > 0 and (infinite or math.isfinite(number))):
        raise ValueError(f"{name} must be a {'' if infinite else 'finite '}number > 0, got {value!r}")
    return number


def as_potentials(potentials: Any, problem: TransportProblem) -> tuple[F64, F64]:
    """A pair (f, g) of finite potentials, one row a problem."""
    try:
        f, g = potentials
    except (TypeError, ValueError):
        raise ValueError("potentials_init must be a pair (f, g), such as another result's .potentials") from None
    arrays = []
    for values, weights, name in ((f, problem.a, "f"), (g, problem.b, "g")):
        array = np.ascontiguousarray(as_real(values, f"{name} of potentials_init"), dtype=np.float64)
        shape = weights.shape if problem.is_batch else weights.shape[1:]
        if array.shape != shape:
            raise ValueError(f"{name} of potentials_init must have shape {shape}, got {array.shape}")
        require_finite(array, f"{name} of potentials_init")
        arrays.append(array.reshape(weights.shape))
    return arrays[0], arrays[1]
