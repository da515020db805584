"""The array border: whatever NumPy can view comes in, arrays that the kernels take go out.

Coercion is the only place that may copy, and C-contiguous float64 and float32 arrays are never copied. Nothing is ever
written to.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

RealArray: TypeAlias = NDArray[np.float64] | NDArray[np.float32]

_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)


def as_number(value: Any, name: str) -> float:
    """A float; text is not a number, nor is one that float64 cannot hold."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number that float64 can hold") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None


def to_numpy(x: Any, name: str) -> NDArray[Any]:
    """A NumPy view of x (a copy where there is no view), of whatever dtype it has."""
    if isinstance(x, np.matrix):
        return np.asarray(x)  # a matrix keeps two axes whatever is done with it
    if isinstance(x, np.ndarray):
        if hasattr(x, "mask") and np.any(x.mask):
            raise ValueError(f"{name} has masked entries: fill or drop them first")
        return x
    try:
        return np.from_dlpack(x) if hasattr(x, "__dlpack__") and not hasattr(x, "__array__") else np.asarray(x)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from error


def as_real(x: Any, name: str) -> RealArray:
    """x as a C-contiguous, aligned float64 or float32 array; float16 becomes float32, integers and bool float64."""
    array = x if type(x) is np.ndarray else to_numpy(x, name)
    dtype = array.dtype
    if dtype.kind in "biuf":
        target = _F32 if dtype.kind == "f" and dtype.itemsize <= 4 else _F64
    elif dtype.name == "bfloat16":
        target = _F32
    elif dtype.kind == "O":
        target = _F64
        if any(isinstance(value, (str, bytes)) for value in array.flat):
            raise TypeError(f"{name} must hold real numbers, got objects: text")
        try:
            array = array.astype(_F64)
        except OverflowError:
            raise ValueError(f"{name} holds a number that float64 cannot") from None
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must hold real numbers, got objects: {error}") from None
    else:
        raise TypeError(f"{name} must hold real numbers, got dtype {dtype}")
    if array.flags.c_contiguous and array.flags.aligned and array.dtype is target:
        return array
    return np.require(array, target, ["C", "A"])


def as_pair(x: Any, y: Any, x_name: str, y_name: str) -> tuple[RealArray, RealArray]:
    """Two arrays of one dtype: float32 where both are, else float64."""
    first, second = as_real(x, x_name), as_real(y, y_name)
    if first.dtype != second.dtype:
        return first.astype(_F64, copy=False), second.astype(_F64, copy=False)
    return first, second


def as_samples(x: Any, name: str) -> RealArray:
    """x as (n_samples, n_features); one axis means one feature."""
    array = as_real(x, name)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise ValueError(f"{name} must have shape (n_samples, n_features) or (n_samples,), got {array.shape}")
    if array.shape[0] == 0:
        raise ValueError(f"{name} has no samples: shape {array.shape}")
    if array.shape[1] == 0:
        raise ValueError(f"{name} has no features: shape {array.shape}")
    return array


def read_only(x: Any, name: str) -> NDArray[Any]:
    """A view of x, of at least one axis, for functions of others."""
    array = to_numpy(x, name).view()
    if array.ndim == 0:
        raise ValueError(f"{name} must have samples along its first axis, got a single value")
    array.flags.writeable = False
    return array


def as_column(x: Any, name: str) -> RealArray:
    """x as (n_samples,): one axis, or two with one feature."""
    array = as_real(x, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.reshape(-1)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one column, shape (n_samples,) or (n_samples, 1), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} has no samples")
    return array


def require_equal_lengths(x: NDArray[Any], y: NDArray[Any], x_name: str, y_name: str) -> None:
    """Rows of x and y are paired."""
    if len(x) != len(y):
        raise ValueError(f"{x_name} and {y_name} must have equally many samples, got {len(x)} and {len(y)}")


def as_result(value: Any) -> float | NDArray[np.float64]:
    """What functions of numbers or arrays return: a Python float for one number, else an array."""
    array = np.asarray(value, dtype=np.float64)
    return array if array.ndim else float(array)


def count_and_first(bad: NDArray[np.bool_]) -> tuple[int, str]:
    """How many entries are bad, and the index of the first as it is written between brackets."""
    index = np.unravel_index(int(np.argmax(bad)), bad.shape)
    return int(np.count_nonzero(bad)), ", ".join(str(int(i)) for i in index)


def require_finite(x: NDArray[Any], name: str) -> None:
    """ValueError with the number of NaN and infinite entries and the first index, where there are any."""
    # a sum is finite if every entry is (and nearly always only then): one fast pass before the slow look
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.sum(x)):
            return
    n_bad, first = count_and_first(~np.isfinite(x))
    if n_bad:
        raise ValueError(
            f"{name} must be finite, got {n_bad} NaN or infinite of {x.size} entries, first {name}[{first}]"
        )


def missing_rows(*arrays: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows have a NaN in any of the arrays (each (n,) or (n, d))."""
    missing = np.zeros(len(arrays[0]), dtype=bool)
    for array in arrays:
        nan = np.isnan(array)
        missing |= nan if nan.ndim == 1 else nan.any(axis=1)
    return missing


def column_labels(x: Any) -> Any:
    """The column index of a pandas frame, else None; pandas is never imported for it."""
    if type(x).__module__.split(".")[0] == "pandas" and type(x).__name__ == "DataFrame":
        return x.columns
    return None


def label_matrix(matrix: NDArray[np.float64], rows: Any, columns: Any) -> Any:
    """matrix as a pandas frame where both labels are there."""
    if rows is None or columns is None:
        return matrix
    import pandas as pd

    return pd.DataFrame(matrix, index=rows, columns=columns)
