"""Batches of distributions: their axis, whether they are distributions, and what the kernels make of them."""

from __future__ import annotations

import math
import operator
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_pair, as_real, count_and_first
from ._threads import get_num_threads

_TOLERANCE = {8: 1e-6, 4: 1e-3}  # how far a row's sum may be from 1, by bytes of its dtype
# Sums S that normalize=True may divide by as they are: log S - (Σ p log p) / S loses |log S| times the rounding error of
# the dtype, less than 2e-6 in float32 and 1e-12 in float64
_PLAIN_SUMS = {8: (1e-280, 1e300), 4: (1e-3, 1e3)}


def _axis_index(axis: int, ndim: int, name: str) -> int:
    if ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got a single number")
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be a whole number, got {axis!r}") from None
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis must be from {-ndim} to {ndim - 1} for {name} with {ndim} axes, got {axis}")
    return axis % ndim


def _slabs(x: RealArray, axis: int) -> RealArray:
    """x as (outer, n, inner) with the distributions along the middle axis."""
    if x.ndim == 1:
        return x.reshape(1, -1, 1)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    return x.reshape(outer, n, inner)


def _check_rows(x: RealArray, axis: int, sums: NDArray[np.float64], name: str, normalize: bool) -> None:
    """Raise for entries that are no probabilities, then for the row whose sum is furthest from what it has to be."""
    n_bad, first = count_and_first(~np.isfinite(x))
    if n_bad:
        raise ValueError(f"{name} must hold probabilities, got {n_bad} NaN or infinite entries, first {name}[{first}]")
    n_bad, first = count_and_first(x < 0)
    if n_bad:
        raise ValueError(f"{name} must hold probabilities, got {n_bad} negative entries, first {name}[{first}]")
    if normalize:
        wrong = (sums <= 0) | ~np.isfinite(sums)
        if np.any(wrong):
            row = int(np.argmax(wrong))
            raise ValueError(f"{name} cannot be normalized: row {row} sums to {sums[row]:g}")
        return
    worst = int(np.argmax(np.abs(sums - 1.0)))
    if abs(sums[worst] - 1.0) > _TOLERANCE[x.dtype.itemsize]:
        which = f"row {worst} of {len(sums)}" if len(sums) > 1 else "it"
        raise ValueError(
            f"{name} must sum to 1 along axis {axis}, but {which} sums to {sums[worst]:.9g}; "
            "pass normalize=True to divide by the sum"
        )


def _are_fine(sums: NDArray[np.float64], n_arguments: int, itemsize: int, normalize: bool) -> bool:
    """Whether no entry is negative and all sums are what they have to be; False for NaN and inf."""
    if sums.shape[1] == 1:  # plain floats: three NumPy reductions would cost more than the functional of a short pmf
        least_sums = largest_sums = sums[:, 0].tolist()
        least_entry = least_sums[3]
    else:
        least_sums, largest_sums = sums[:3].min(axis=1).tolist(), sums[:3].max(axis=1).tolist()
        least_entry = sums[3].min()
    low, high = (5e-324, sys.float_info.max) if normalize else (1.0 - _TOLERANCE[itemsize], 1.0 + _TOLERANCE[itemsize])
    fine = all(least_sums[k] >= low and largest_sums[k] <= high for k in range(1, 1 + n_arguments))
    return fine and bool(least_entry >= 0)


def _are_plain(sums: NDArray[np.float64], itemsize: int) -> bool:
    low, high = _PLAIN_SUMS[itemsize]
    return sums.size == 0 or bool(sums.min() >= low and sums.max() <= high)


def _scaled(x: RealArray, axis: int, name: str) -> NDArray[np.float64]:
    """Each distribution over its largest entry: for weights so small or large that their sum says nothing."""
    wide: NDArray[np.float64] = x.astype(np.float64)
    _check_rows(wide, axis, np.ones(1), name, normalize=True)
    largest = wide.max(axis=axis, keepdims=True)
    scaled: NDArray[np.float64] = np.ldexp(wide, -np.frexp(largest)[1])  # a power of two: nothing is rounded
    return scaled


def finish(
    nats: NDArray[np.float64], unit: float, shape: tuple[int, ...], axis: int, keepdims: bool
) -> float | NDArray[np.float64]:
    """One number as a float, a batch in its own shape; rounding errors below 0 become 0."""
    if len(shape) == 1 and not keepdims:
        value = float(nats[0])
        return (0.0 if value <= 0.0 else value) / unit
    batch = shape[:axis] + ((1,) if keepdims else ()) + shape[axis + 1 :]
    np.maximum(nats, 0.0, out=nats)
    if unit != 1.0:
        nats /= unit
    return nats.reshape(batch)


def sums_of_one(kernel: str, p: Any, axis: int, normalize: bool) -> tuple[NDArray[np.float64], tuple[int, ...], int]:
    """Row sums [functional, Σp] of one batch, checked; its shape and axis."""
    x = as_real(p, "p")
    axis = _axis_index(axis, x.ndim, "p")
    if x.shape[axis] == 0:
        raise ValueError(f"p has no entries along axis {axis}: shape {x.shape}")
    sums = getattr(_dispatch.kernels, kernel)(_slabs(x, axis), get_num_threads())
    if normalize and not _are_plain(sums[1:2], x.itemsize):
        x = _scaled(x, axis, "p")
        sums = getattr(_dispatch.kernels, kernel)(_slabs(x, axis), get_num_threads())
    if sums.size and not _are_fine(sums, 1, x.itemsize, normalize):
        _check_rows(x, axis, sums[1], "p", normalize)
    return sums, x.shape, axis


def _align(p: RealArray, q: RealArray, axis: int) -> tuple[RealArray, RealArray, tuple[int, ...], int]:
    """p and q as slabs of equal (n, inner), one of them possibly a single slab; the broadcast shape and axis."""
    if p.ndim == 1 and p.shape == q.shape and axis in (-1, 0) and p.size:
        return _slabs(p, 0), _slabs(q, 0), p.shape, 0
    ndim = max(p.ndim, q.ndim)
    axis = _axis_index(axis, ndim, "p and q")
    p, q = (x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in (p, q))
    if p.shape[axis] != q.shape[axis]:
        raise ValueError(f"p and q must have equal lengths along axis {axis}, got {p.shape[axis]} and {q.shape[axis]}")
    if p.shape[axis] == 0:
        raise ValueError(f"p has no entries along axis {axis}: shape {p.shape}")
    try:
        shape = np.broadcast_shapes(p.shape, q.shape)
    except ValueError:
        raise ValueError(f"p and q must broadcast, got shapes {p.shape} and {q.shape}") from None
    one_slab_repeats = all(math.prod(x.shape[:axis]) == 1 or x.shape == shape for x in (p, q))
    slabs_match = p.shape[axis:] == q.shape[axis:] == shape[axis:]
    if not (one_slab_repeats and slabs_match):
        p, q = (np.ascontiguousarray(np.broadcast_to(x, shape)) for x in (p, q))
    return _slabs(p, axis), _slabs(q, axis), shape, axis


def sums_of_two(
    kernel: str, p: Any, q: Any, axis: int, normalize: bool
) -> tuple[NDArray[np.float64], tuple[int, ...], int]:
    """Row sums [functional, Σp, Σq] of two batches, checked; the broadcast shape and axis."""
    x, y = as_pair(p, q, "p", "q")
    x_slabs, y_slabs, shape, axis = _align(x, y, axis)
    sums = getattr(_dispatch.kernels, kernel)(x_slabs, y_slabs, get_num_threads())
    if normalize and not _are_plain(sums[1:3], x.itemsize):
        x, y = _scaled(x, axis - (len(shape) - x.ndim), "p"), _scaled(y, axis - (len(shape) - y.ndim), "q")
        x_slabs, y_slabs, shape, axis = _align(x, y, axis)
        sums = getattr(_dispatch.kernels, kernel)(x_slabs, y_slabs, get_num_threads())
    if sums.size and not _are_fine(sums, 2, x.itemsize, normalize):
        _check_rows(x, axis, sums[1], "p", normalize)
        _check_rows(y, axis, sums[2], "q", normalize)
    return sums, shape, axis


def divide_by_sum(p: Any, name: str, axis: int) -> RealArray:
    x = as_real(p, name)
    index = _axis_index(axis, x.ndim, name)
    if x.size == 0:
        return x
    x = _scaled(x, index, name)
    totals: NDArray[np.float64] = x.sum(axis=index, keepdims=True, dtype=np.float64)
    _check_rows(x, index, totals.reshape(-1), name, normalize=True)
    return as_real((x / totals).astype(x.dtype, copy=False), name)
