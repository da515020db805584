"""Samples of symbols of any type as unsigned integers.

A column's ids are its own bits wherever that is possible (integers, bool, floats, times, short fixed-width text), so
nothing is copied; long text is known by the first row that has it, Python objects by a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import count_and_first, to_numpy
from ._threads import get_num_threads

Ids: TypeAlias = NDArray[Any]  # unsigned integers of 1, 2, 4 or 8 bytes


@dataclass(frozen=True)
class Symbols:
    """One column of symbols: an id for every row, equal where the symbols are."""

    ids: Ids
    is_signed: bool  # the order of the symbols is that of the ids read as signed integers
    decode: Callable[[Ids], NDArray[Any]]  # symbols of ids
    missing: NDArray[np.bool_] | None = None

    def take(self, rows: NDArray[Any]) -> Symbols:
        """The rows that an index or a mask names; none of them missing."""
        return Symbols(np.ascontiguousarray(self.ids[rows]), self.is_signed, self.decode)


def _unsigned(array: NDArray[Any]) -> Ids:
    return array.view(f"u{array.dtype.itemsize}")


def _of_integers(array: NDArray[Any]) -> Symbols:
    dtype = array.dtype
    return Symbols(_unsigned(array), dtype.kind == "i", lambda ids: ids.view(dtype))


def _of_floats(array: NDArray[Any]) -> Symbols:
    dtype, missing = array.dtype, np.isnan(array)
    ids = _unsigned(array + dtype.type(0))  # -0 becomes 0: one symbol
    return Symbols(ids, False, lambda ids: ids.view(dtype), missing if missing.any() else None)


def _of_times(array: NDArray[Any]) -> Symbols:
    dtype, missing = array.dtype, np.isnat(array)
    return Symbols(_unsigned(array), True, lambda ids: ids.view(dtype), missing if missing.any() else None)


def _of_text(array: NDArray[Any]) -> Symbols:
    dtype = array.dtype
    if dtype.itemsize in (1, 2, 4, 8):
        return Symbols(_unsigned(array), False, lambda ids: ids.view(dtype))
    if dtype.itemsize == 0:
        return Symbols(np.zeros(len(array), np.uint8), False, lambda ids: np.zeros(len(ids), dtype))
    rows = array.view(np.uint8).reshape(len(array), dtype.itemsize)
    return Symbols(_dispatch.kernels.discrete_first_equal_rows(rows, get_num_threads()), False, lambda ids: array[ids])


def _kind_of(value: Any) -> type:
    for kind in (str, bytes):
        if isinstance(value, kind):
            return kind
    return float if isinstance(value, (int, float, np.number, np.bool_)) else type(value)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)  # NaN of any type, NaT
    except (TypeError, ValueError):
        return False


def _of_objects(array: NDArray[Any], name: str) -> Symbols:
    values = array.tolist()
    seen: dict[Any, int] = {}
    try:
        ids = np.fromiter((seen.setdefault(v, len(seen)) for v in values), np.uint32, len(values))
    except TypeError as error:
        raise TypeError(f"{name} must hold symbols that can be compared, got objects: {error}") from None
    if any(isinstance(v, complex) for v in seen):
        raise TypeError(f"{name} must hold symbols, got complex numbers")
    kinds = {_kind_of(v): v for v in seen if not _is_missing(v)}
    if len(kinds) > 1:
        examples = " and ".join(f"{v!r} ({type(v).__name__})" for v in list(kinds.values())[:2])
        raise TypeError(f"{name} must hold symbols of one type, got {examples}")
    no_symbol = [code for v, code in seen.items() if _is_missing(v)]
    labels = np.empty(len(seen), dtype=object)
    labels[:] = list(seen)
    return Symbols(ids, False, lambda ids: labels[ids], np.isin(ids, no_symbol) if no_symbol else None)


def _of_codes(codes: NDArray[Any], categories: NDArray[Any]) -> Symbols:
    """Positions among categories, -1 where the symbol is missing."""
    codes = np.ascontiguousarray(codes)
    missing = codes < 0
    found = _of_integers(codes)
    return Symbols(found.ids, True, lambda ids: categories[found.decode(ids)], missing if missing.any() else None)


def _factorized(x: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Codes and categories of columns that keep their own beside missing values (pandas, Arrow, polars), else None.

    Through NumPy their integers would become floats.
    """
    package, kind = type(x).__module__.split(".")[0], type(x).__name__
    if package == "pandas" and kind in ("Series", "Index", "Categorical", "CategoricalIndex"):
        categorical = x.array if kind == "Series" and type(x.dtype).__name__ == "CategoricalDtype" else x
        if hasattr(categorical, "categories"):
            return categorical.codes, np.asarray(categorical.categories)
        if not isinstance(x.dtype, np.dtype):
            codes, categories = x.factorize()
            return codes, np.asarray(categories)
    if package == "pyarrow" and hasattr(x, "dictionary_encode"):
        encoded = (x.combine_chunks() if hasattr(x, "combine_chunks") else x).dictionary_encode()
        return encoded.indices.fill_null(-1).to_numpy(False), encoded.dictionary.to_numpy(False)
    if package == "polars" and kind == "Series" and x.null_count() > 0 and x.dtype.is_integer():
        categories = x.drop_nulls().unique().sort().to_numpy()
        codes = np.searchsorted(categories, x.fill_null(categories[0] if len(categories) else 0).to_numpy())
        return np.where(x.is_null().to_numpy(), -1, codes), categories
    return None


def _as_array(x: Any, name: str) -> NDArray[Any]:
    """x as NumPy sees it, but lists of text or of large whole numbers as the objects that they hold."""
    array = to_numpy(x, name)
    if isinstance(x, (list, tuple)) and array.ndim == 1:
        rounded = array.dtype.kind == "f" and array.size > 0 and np.abs(array).max() >= 2.0**53
        if rounded or array.dtype.kind in "SU":
            return np.array(x, dtype=object)
    return array


def as_symbols(x: Any, name: str) -> Symbols:
    """One column of symbols."""
    factorized = _factorized(x)
    if factorized is not None:
        return _of_codes(*factorized)
    array = _as_array(x, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one column of symbols, got shape {array.shape}")
    dtype = array.dtype
    if dtype.kind in "biufmMSU" and not (array.flags.c_contiguous and array.flags.aligned and dtype.isnative):
        array = np.require(array, dtype.newbyteorder("="), ["C", "A"])
    if dtype.kind in "biu":
        return _of_integers(array)
    if dtype.kind == "f" and dtype.itemsize <= 8:
        return _of_floats(array)
    if dtype.kind in "mM":
        return _of_times(array)
    if dtype.kind in "SU":
        return _of_text(array)
    if dtype.kind in "OT":
        return _of_objects(array, name)
    raise TypeError(f"{name} must hold symbols (integers, bool, text, categories, numbers), got dtype {dtype}")


def as_columns(x: Any, name: str) -> list[Symbols]:
    """The columns of a variable: one for a single axis, one a feature for two, one a field for a frame or records."""
    if type(x) is np.ndarray and x.ndim == 1 and x.size and not x.dtype.names:
        return [as_symbols(x, name)]
    if hasattr(x, "columns") and hasattr(x, "shape") and len(x.shape) == 2:  # a frame: every column keeps its type
        labels = list(getattr(x, "column_names", x.columns))  # Arrow tables have their labels apart
        by_position = [x.iloc[:, j] if hasattr(x, "iloc") else x[c] for j, c in enumerate(labels)]
        columns = [as_symbols(column, f"{name}[{c!r}]") for column, c in zip(by_position, labels, strict=True)]
    elif _factorized(x) is not None:
        columns = [as_symbols(x, name)]
    else:
        array = _as_array(x, name)
        if array.dtype.names:
            columns = [as_symbols(array[field], f"{name}[{field!r}]") for field in array.dtype.names]
        elif array.ndim == 2:
            columns = [as_symbols(np.ascontiguousarray(array[:, j]), f"{name}[:, {j}]") for j in range(array.shape[1])]
        else:
            columns = [as_symbols(array, name)]
    if not columns:
        raise ValueError(f"{name} has no columns")
    if columns[0].ids.size == 0:
        raise ValueError(f"{name} has no samples")
    return columns


def check_nan_policy(nan_policy: str) -> None:
    """ValueError unless it is one of the two."""
    if nan_policy not in ("raise", "omit"):
        raise ValueError(f'nan_policy must be "raise" or "omit", got {nan_policy!r}')


def complete_rows(
    named: dict[str, list[Symbols]], nan_policy: str, keeps_order: bool = False
) -> tuple[list[list[Symbols]], NDArray[np.bool_] | None]:
    """The variables' columns without the rows where any is missing; which rows those are that stay (None: all)."""
    check_nan_policy(nan_policy)
    if len(named) == 1 and all(column.missing is None for columns in named.values() for column in columns):
        return list(named.values()), None
    lengths = {name: columns[0].ids.size for name, columns in named.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"all variables must have equally many samples, but {told}")
    missing: NDArray[np.bool_] | None = None
    for name, columns in named.items():
        for column in columns:
            if column.missing is None:
                continue
            if nan_policy == "raise":
                n_bad, first = count_and_first(column.missing)
                advice = "" if keeps_order else '; pass nan_policy="omit" to drop these rows'
                raise ValueError(
                    f"{name} has {n_bad} missing values (NaN, None) of {column.ids.size}, "
                    f"first at {name}[{first}]{advice}"
                )
            missing = column.missing if missing is None else missing | column.missing
    if missing is None:
        return list(named.values()), None
    present = ~missing
    if not present.any():
        raise ValueError(f"{' and '.join(named)} have no row without a missing value")
    return [[column.take(present) for column in columns] for columns in named.values()], present
