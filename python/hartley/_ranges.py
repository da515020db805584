"""Numbers, or arrays of numbers, that have to lie in a range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, count_and_first

F64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """An interval and how it reads after "must be"; NaN lies in none."""

    text: str
    low: float
    high: float
    has_low: bool = True
    has_high: bool = True

    def holds(self, x: F64) -> NDArray[np.bool_]:
        above = x >= self.low if self.has_low else x > self.low
        below = x <= self.high if self.has_high else x < self.high
        inside: NDArray[np.bool_] = above & below
        return inside


PROBABILITY = Range("from 0 to 1", 0.0, 1.0)
FINITE = Range("finite", -math.inf, math.inf, has_low=False, has_high=False)
POSITIVE = Range("finite and greater than 0", 0.0, math.inf, has_low=False, has_high=False)
NON_NEGATIVE = Range("finite and at least 0", 0.0, math.inf, has_high=False)
DIVERGENCE = Range("at least 0", 0.0, math.inf)


def require_all(holds: NDArray[np.bool_], x: F64, name: str, text: str) -> None:
    """ValueError with the number, index and value of the entries of x that do not hold what the text says."""
    if holds.all():
        return
    n_bad, first = count_and_first(~holds)
    value = np.broadcast_to(x, holds.shape)[np.unravel_index(int(np.argmin(holds)), holds.shape)]
    got = (
        f"{n_bad} wrong of {holds.size} entries, first {name}[{first}] = {value:.9g}" if holds.ndim else f"{value:.9g}"
    )
    raise ValueError(f"{name} must be {text}, got {got}")


def as_numbers(x: Any, name: str, inside: Range) -> F64:
    """x in float64, every entry in the range."""
    array: F64 = as_real(x, name).astype(np.float64, copy=False)
    require_all(inside.holds(array), array, name, inside.text)
    return array


def as_whole_numbers(x: Any, name: str, least: int) -> F64:
    """x in float64, every entry a whole number of at least ``least``; exact up to 2^53, rounded beyond."""
    array = as_numbers(x, name, FINITE)
    text = f"a whole number of at least {least}"
    require_all((array >= least) & (array == np.floor(array)), array, name, text)
    return array


def number_or_array(x: F64) -> float | F64:
    """A float for one number."""
    return float(x) if x.ndim == 0 else x
