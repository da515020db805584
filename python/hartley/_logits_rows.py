"""The border of the logits: arrays of any float format as rows, targets as class numbers, checks, reductions.

Logits come in float64, float32, float16 and bfloat16 and are never copied where their last axis lies densely in memory;
the kernels convert in registers. bfloat16, which NumPy does not have, travels as its bit patterns in uint16.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, to_numpy
from ._progress import Progress, progress_callback
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
I64: TypeAlias = NDArray[np.int64]

_COLDEST = 1e-30  # least temperature: float32 holds its inverse
REDUCTIONS = ("mean", "sum", "none")


def as_floats(x: Any, name: str) -> NDArray[Any]:
    """x in a format of the kernels, dense along its last axis: other numbers become float64, bfloat16 uint16."""
    if str(getattr(x, "dtype", "")) == "torch.bfloat16":
        array: NDArray[Any] = to_numpy(x.view(sys.modules["torch"].int16), name).view(np.uint16)
    else:
        array = to_numpy(x, name)
        if array.dtype.name == "bfloat16":
            array = array.view(np.uint16)
        elif not (array.dtype.kind == "f" and array.dtype.itemsize <= 8):
            array = as_real(array, name)
    dense = array.ndim == 0 or array.strides[-1] == array.itemsize or array.shape[-1] == 1
    if not (dense and array.dtype.isnative and array.flags.aligned):
        array = np.require(array, array.dtype.newbyteorder("="), ["C", "A"])
    return array


def as_logits(x: Any, name: str) -> NDArray[Any]:
    """x as rows of at least one class."""
    array = as_floats(x, name)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have classes along its last axis, got shape {array.shape}")
    return array


def arithmetic_dtype(*arrays: NDArray[Any]) -> np.dtype[Any]:
    """What the kernels compute in, and what gradients are: float64 where any of the arrays is, else float32."""
    return np.dtype(np.float64 if any(a.dtype == np.float64 for a in arrays) else np.float32)


def values_of(row: NDArray[Any]) -> NDArray[Any]:
    """The numbers behind bit patterns of bfloat16."""
    if row.dtype == np.uint16:
        return (row.astype(np.uint32) << 16).view(np.float32)
    return row


def as_targets(targets: Any, logits: NDArray[Any], ignore_index: int | None) -> I64:
    """Class numbers, one a row, -1 where the target is ignored."""
    array = to_numpy(targets, "targets")
    if array.dtype.kind not in "iu":
        raise TypeError(f"targets must hold class numbers of an integer type, got dtype {array.dtype}")
    if array.shape != logits.shape[:-1]:
        raise ValueError(f"targets must have shape {logits.shape[:-1]} as the rows of logits, got {array.shape}")
    ignored = np.zeros(array.shape, bool) if ignore_index is None else array == ignore_index
    n_classes = logits.shape[-1]
    outside = ((array < 0) | (array >= n_classes)) & ~ignored
    if outside.any():
        first = np.unravel_index(int(np.argmax(outside)), outside.shape)
        where = f"targets[{_joined(first)}]" if array.ndim else "targets"
        raise ValueError(
            f"targets must be from 0 to {n_classes - 1} (or ignore_index = {ignore_index}), "
            f"got {np.count_nonzero(outside)} that are not, first {where} = {array[first]}"
        )
    return np.where(ignored, -1, array.astype(np.int64, copy=False)).reshape(-1)


def require_targets(targets: I64) -> None:
    """A mean needs a target that counts."""
    if not np.any(targets >= 0):
        raise ValueError(f"targets must have one that counts, got {targets.size}, all ignored")


def as_temperature(temperature: Any) -> float:
    value = as_number(temperature, "temperature")
    if not _COLDEST <= value <= 1.0 / _COLDEST:
        raise ValueError(f"temperature must be from {_COLDEST:g} to {1.0 / _COLDEST:g}, got {temperature!r}")
    return value


def as_reduction(reduction: str) -> str:
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(map(repr, REDUCTIONS))}, got {reduction!r}")
    return reduction


def _joined(index: Any) -> str:
    return ", ".join(str(int(i)) for i in index)


def require_valid_rows(largest: F64, logits: NDArray[Any], name: str) -> None:
    """ValueError for NaN or +inf among the logits and for rows of -inf alone, from the rows' largest logits."""
    if np.isfinite(largest).all():
        return
    broken = np.isnan(largest)
    wrong = broken if broken.any() else np.isneginf(largest)
    row = np.unravel_index(int(np.argmax(wrong)), logits.shape[:-1])
    n_wrong = int(np.count_nonzero(wrong))
    if broken.any():
        values = values_of(logits[row])
        k = int(np.argmax(~(values < np.inf)))
        raise ValueError(
            f"{name} must be finite or -inf, got NaN or +inf in {n_wrong} of {largest.size} rows, "
            f"first {name}[{_joined((*row, k))}] = {values[k]}"
        )
    raise ValueError(
        f"{name} must leave a class in every row, got {n_wrong} of {largest.size} rows that are -inf throughout, "
        f"first {name}[{''.join(f'{i}, ' for i in row)}:]"
    )


def call_rows(kernel: str, *arguments: Any, progress: Progress, label: str) -> Any:
    """Call a kernel that tells its progress."""
    callback = progress_callback(progress, label)
    result = getattr(_dispatch.kernels, kernel)(*arguments, get_num_threads(), callback)
    if callback is not None:
        callback(1.0)
    return result


def shaped(values: NDArray[Any], shape: tuple[int, ...]) -> Any:
    """One number as a float, else an array of this shape."""
    return float(values.reshape(-1)[0]) if shape == () else values.reshape(shape)


def reduce_rows(values: F64, reduction: str, shape: tuple[int, ...]) -> Any:
    """One value a row, their sum, or their mean."""
    if reduction == "none":
        return shaped(values, shape)
    if reduction == "sum":
        return float(values.sum())
    if values.size == 0:
        raise ValueError("logits must have rows for a mean, got none")
    return float(values.mean())
