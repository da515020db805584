"""Parameters of distributions: their ranges, and the arrays that they come in."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, count_and_first
from ._ranges import FINITE, Range, require_all

Array: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = Any  # a float or an ndarray of float64

_TOLERANCE = 1e-6  # how far from 1 a sum may be


# the mean r / p and its square must be numbers that float64 holds
MODERATE_PROBABILITY = Range("from 1e-150 to 1", lambda v: (v >= 1e-150) & (v <= 1))
COUNT = Range("a whole number from 1 to 2**53", lambda v: (v >= 1) & (v <= 2.0**53) & (v == np.floor(v)))
COUNTS = Range("a whole number of at least 0", lambda v: (v >= 0) & (v < np.inf) & (v == np.floor(v)))


def as_parameter(value: Any, name: str, allowed: Range = FINITE) -> Array:
    """A read-only copy of value in float64, within its range."""
    array: Array = np.array(as_real(value, name), dtype=np.float64)  # a copy: families do not change
    require_all(allowed.holds(array), array, name, allowed.words)
    array.flags.writeable = False
    return array


def common_shape(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all broadcast to, or an error that names the arguments."""
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"{' and '.join(shapes)} must have shapes that broadcast, got {given}") from None


def require_components(values: Any, name: str) -> None:
    if np.shape(values)[-1] < 2:
        raise ValueError(f"{name} must have two or more components along its last axis, got shape {np.shape(values)}")


def sums_to_one(x: Array) -> NDArray[np.bool_]:
    return np.asarray(np.abs(np.sum(x, axis=-1) - 1.0) <= _TOLERANCE)


def stack(*components: Any) -> Array:
    """Components of natural or mean parameters along a new last axis."""
    return np.stack(np.broadcast_arrays(*components), axis=-1)


def matrix(*rows: tuple[Any, ...]) -> Array:
    """Square matrices in the last two axes, from rows of entries that broadcast."""
    size = len(rows)
    entries = stack(*(entry for row in rows for entry in row))
    return entries.reshape(*entries.shape[:-1], size, size)


def as_numbers(values: Any, name: str) -> Array:
    """values as float64, without NaN."""
    array: Array = as_real(values, name).astype(np.float64, copy=False)
    missing = np.isnan(array)
    if missing.any():
        n_bad, first = count_and_first(missing)
        raise ValueError(f"{name} must not be NaN, got {n_bad} of {array.size} entries" + f", first {name}[{first}]")
    return array
