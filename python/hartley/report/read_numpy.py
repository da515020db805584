"""Arrays of NumPy files as columns: one axis, two axes (rows, columns) or a structured array."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .source import Batches, DataError, Source, batch_rows, unique_names


def _columns(array: NDArray[Any], name: str, path: Path) -> list[tuple[str, NDArray[Any]]]:
    """(name, view) of every column of one array."""
    if array.ndim == 0 or array.ndim > 2:
        raise DataError(f"{path}: {name} has {array.ndim} axes, expected 1 or 2 (rows, columns); shape {array.shape}")
    if array.dtype.names:
        if array.ndim != 1:
            raise DataError(f"{path}: {name} is structured with shape {array.shape}, expected one axis")
        return [(field, array[field]) for field in array.dtype.names]
    if array.dtype.kind == "c":
        raise DataError(f"{path}: {name} holds complex numbers: save real and imaginary parts as columns of their own")
    if array.ndim == 1:
        return [(name, array)]
    return [(f"{name}[{j}]", array[:, j]) for j in range(array.shape[1])]


def _arrow_type(column: NDArray[Any]) -> pa.DataType:
    """The Arrow type of a column; a nested type (left out of the report) where there is none."""
    dtype = column.dtype
    if column.ndim > 1 or dtype.kind in "cV":
        return pa.list_(pa.null())
    if dtype.kind in "mM":
        unit = np.datetime_data(dtype)[0]
        target = "s" if unit in ("Y", "M", "W", "D", "h", "m", "generic") else unit
        return pa.timestamp(target) if dtype.kind == "M" else pa.duration(target)
    if dtype.kind == "S":
        return pa.binary()
    if dtype.kind in "UT":
        return pa.string()
    if dtype.kind == "f" and dtype.itemsize > 8:
        return pa.float64()
    return pa.from_numpy_dtype(dtype.newbyteorder("="))


def _to_arrow(values: NDArray[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_nested(type_):
        return pa.nulls(len(values), type_)
    if values.dtype.kind in "UTS":
        return pa.array(values.tolist(), type_)
    if values.dtype.kind in "mM":
        values = values.astype(f"{values.dtype.kind}8[{type_.unit}]")
    elif values.dtype.kind == "f" and values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    return pa.array(np.ascontiguousarray(values, values.dtype.newbyteorder("=")), type_)


def _source(path: Path, kind: str, columns: list[tuple[str, NDArray[Any]]]) -> Source:
    if not columns:
        raise DataError(f"{path}: has no columns")
    lengths = sorted({len(column) for _, column in columns})
    if len(lengths) > 1:
        raise DataError(f"{path}: its arrays have different numbers of rows, from {lengths[0]} to {lengths[-1]}")
    types = [_arrow_type(column) for _, column in columns]

    def batches() -> Batches:
        step = batch_rows(len(columns))
        for start in range(0, lengths[0], step):
            stop = min(start + step, lengths[0])
            yield (
                [_to_arrow(column[start:stop], t) for (_, column), t in zip(columns, types, strict=True)],
                stop / lengths[0],
            )

    return Source(str(path), kind, unique_names([name for name, _ in columns]), types, batches)


def _explain(path: Path, kind: str, error: Exception) -> DataError:
    text = str(error)
    if "allow_pickle" in text or "Python object" in text or "Object arrays" in text:
        return DataError(f"{path}: holds Python objects; save numbers, strings or a structured array")
    return DataError(f"{path}: cannot be read as {kind}: {text.splitlines()[0] if text else type(error).__name__}")


def open_npy(path: Path) -> Source:
    """A .npy file, mapped into memory."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        if not _has_rows(path):  # an array without entries cannot be mapped
            return _source(path, "NPY", [("x", np.empty(0))])
        raise _explain(path, "NPY", error) from None
    return _source(path, "NPY", _columns(array, "x", path))


def _has_rows(path: Path) -> bool:
    try:
        return bool(np.load(path, allow_pickle=False).size)
    except (ValueError, OSError, EOFError):
        return True


def open_npz(path: Path) -> Source:
    """The arrays of a .npz file side by side; they are held in memory."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            columns = [pair for name in archive.files for pair in _columns(archive[name], name, path)]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise _explain(path, "NPZ", error) from None
    return _source(path, "NPZ", columns)
