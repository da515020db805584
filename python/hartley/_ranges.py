"""Numbers, or arrays of numbers, that have to lie in a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, count_and_first

F64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """Where numbers may lie: in words that follow "must be", and as a test of arrays that NaN never passes."""

    words: str
    holds: Callable[[F64], NDArray[np.bool_]]


FINITE = Range("finite", np.isfinite)
POSITIVE = Range("positive and finite", lambda v: (v > 0) & (v < np.inf))
NON_NEGATIVE = Range("at least 0 and finite", lambda v: (v >= 0) & (v < np.inf))
PROBABILITY = Range("from 0 to 1", lambda v: (v >= 0) & (v <= 1))
POSITIVE_PROBABILITY = Range("more than 0 and at most 1", lambda v: (v > 0) & (v <= 1))
DIVERGENCE = Range("at least 0", lambda v: v >= 0)


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
    require_all(inside.holds(array), array, name, inside.words)
    return array


def as_whole_numbers(x: Any, name: str, least: int) -> F64:
    """x in float64, every entry a whole number of at least ``least``; exact up to 2^53, rounded beyond."""
    array = as_numbers(x, name, FINITE)
    text = f"a whole number of at least {least}"
    require_all((array >= least) & (array == np.floor(array)), array, name, text)
    return array
