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
# Sums S that normalize=True may divide by as they are: log S - (Σ p log p) / S loses |log S| times the rounding error
# of the dtype, less than 2e-6 in float32 and 1e-12 in float64
_PLAIN_SUMS = {8: (1e-280, 1e300), 4: (1e-3, 1e3)}


def axis_index(axis: int, ndim: int, name: str) -> int:
    """axis counted from the front; an error that names the argument where there is none such."""
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
        column = sums[:, 0].tolist()
        least_sums = largest_sums = column[1 : 1 + n_arguments]
        least_entry = column[3]
    else:
        totals = sums[1 : 1 + n_arguments]
        least_sums, largest_sums = totals.min(axis=1).tolist(), totals.max(axis=1).tolist()
        least_entry = sums[3].min()
    low, high = (5e-324, sys.float_info.max) if normalize else (1.0 - _TOLERANCE[itemsize], 1.0 + _TOLERANCE[itemsize])
    fine = all(least >= low and largest <= high for least, largest in zip(least_sums, largest_sums, strict=True))
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


def sums_of_one(
    kernel: str, p: Any, axis: int, normalize: bool, *parameters: float, name: str = "p"
) -> tuple[NDArray[np.float64], tuple[int, ...], int]:
    """Row sums [functional, Σp] of one batch, checked; its shape and axis."""
    x = as_real(p, name)
    axis = axis_index(axis, x.ndim, name)
    if x.shape[axis] == 0:
        raise ValueError(f"{name} has no entries along axis {axis}: shape {x.shape}")
    sums = getattr(_dispatch.kernels, kernel)(_slabs(x, axis), *parameters, get_num_threads())
    if normalize and not _are_plain(sums[1:2], x.itemsize):
        x = _scaled(x, axis, name)
        sums = getattr(_dispatch.kernels, kernel)(_slabs(x, axis), *parameters, get_num_threads())
    if sums.size and not _are_fine(sums, 1, x.itemsize, normalize):
        _check_rows(x, axis, sums[1], name, normalize)
    return sums, x.shape, axis


def _align(p: RealArray, q: RealArray, axis: int) -> tuple[RealArray, RealArray, tuple[int, ...], int]:
    """p and q as slabs of equal (n, inner), one of them possibly a single slab; the broadcast shape and axis."""
    if p.ndim == 1 and p.shape == q.shape and type(axis) is int and axis in (-1, 0) and p.size:
        return _slabs(p, 0), _slabs(q, 0), p.shape, 0
    ndim = max(p.ndim, q.ndim)
    axis = axis_index(axis, ndim, "p and q")
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
    kernel: str,
    p: Any,
    q: Any,
    axis: int,
    normalize: bool,
    *parameters: float,
    names: tuple[str, str] = ("p", "q"),
) -> tuple[NDArray[np.float64], tuple[int, ...], int]:
    """Row sums [functional, Σp, Σq] of two batches, checked; the broadcast shape and axis."""
    x, y = as_pair(p, q, *names)
    x_slabs, y_slabs, shape, axis = _align(x, y, axis)
    sums = getattr(_dispatch.kernels, kernel)(x_slabs, y_slabs, *parameters, get_num_threads())
    if normalize and not _are_plain(sums[1:3], x.itemsize):
        x, y = (_scaled(v, axis - (len(shape) - v.ndim), name) for v, name in zip((x, y), names, strict=True))
        x_slabs, y_slabs, shape, axis = _align(x, y, axis)
        sums = getattr(_dispatch.kernels, kernel)(x_slabs, y_slabs, *parameters, get_num_threads())
    if sums.size and not _are_fine(sums, 2, x.itemsize, normalize):
        _check_rows(x, axis, sums[1], names[0], normalize)
        _check_rows(y, axis, sums[2], names[1], normalize)
    return sums, shape, axis


def _distributions_last(x: Any, ndim: int, axis: int) -> Any:
    return np.ascontiguousarray(np.moveaxis(x.reshape((1,) * (ndim - x.ndim) + x.shape), axis, -1))


def log_power_sums(
    p: Any, q: Any, a: float, b: float, axis: int, normalize: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, ...], int]:
    """log Σ p^a q^b of every row (q None: of p alone) and its largest term's; the broadcast shape and axis."""
    x, y = as_pair(p, p if q is None else q, "p", "q")
    ndim = max(x.ndim, y.ndim)
    axis = axis_index(axis, ndim, "p" if q is None else "p and q")
    if axis < ndim - 1:  # the distributions come to lie in memory one after the other
        x, y = _distributions_last(x, ndim, axis), _distributions_last(y, ndim, axis)
    if normalize:
        x, y = _scaled(x, x.ndim - 1, "p"), _scaled(y, y.ndim - 1, "q")
    x_slabs, y_slabs, moved, _ = _align(x, y, -1)
    sums = _dispatch.kernels.pmf_log_power_sums(x_slabs, y_slabs, a, b, get_num_threads())
    if sums.size and not _are_fine(sums, 2, x.itemsize, normalize):
        _check_rows(x, x.ndim - 1, sums[1], "p", normalize)
        _check_rows(y, y.ndim - 1, sums[2], "q", normalize)
    # divided by their sums, which may be off by the tolerance: D(p‖p) is 0 for every order
    log_totals = a * np.log(sums[1]) + b * np.log(sums[2])
    return sums[0] - log_totals, sums[4] - log_totals, (*moved[:axis], moved[-1], *moved[axis:-1]), axis


def both_divided_by_sum(p: Any, q: Any, axis: int) -> tuple[RealArray, RealArray]:
    """p and q over their sums along an axis of their broadcast shape."""
    x, y = as_pair(p, q, "p", "q")
    ndim = max(x.ndim, y.ndim)
    from_the_end = axis_index(axis, ndim, "p and q") - ndim
    return divide_by_sum(x, "p", from_the_end), divide_by_sum(y, "q", from_the_end)


def divide_by_sum(p: Any, name: str, axis: int) -> RealArray:
    x = as_real(p, name)
    index = axis_index(axis, x.ndim, name)
    if x.size == 0:
        return x
    x = _scaled(x, index, name)
    totals: NDArray[np.float64] = x.sum(axis=index, keepdims=True, dtype=np.float64)
    _check_rows(x, index, totals.reshape(-1), name, normalize=True)
    return as_real((x / totals).astype(x.dtype, copy=False), name)
