"""Special functions of positive arrays, in the kernels' threads."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]


def _map(function: str, x: Any) -> F64:
    array = np.ascontiguousarray(x, dtype=np.float64)
    values: F64 = getattr(_dispatch.kernels, function)(array.reshape(-1), get_num_threads())
    return values.reshape(array.shape)


def digamma(x: Any) -> F64:
    """ψ(x), the derivative of log Γ: absolute error at most 4e-16 max(1, |ψ|)."""
    return _map("special_digamma", x)


def trigamma(x: Any) -> F64:
    """ψ'(x): relative error at most 1e-15."""
    return _map("special_trigamma", x)


def log_rising(x: Any, n: Any) -> F64:
    """log (Γ(x + n) / Γ(x)) for n >= 0, also for large x; x and n broadcast."""
    bases, steps = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64))
    flat_bases, flat_steps = (np.ascontiguousarray(array).reshape(-1) for array in (bases, steps))
    values: F64 = _dispatch.kernels.special_log_rising(flat_bases, flat_steps, get_num_threads())
    return values.reshape(bases.shape)
