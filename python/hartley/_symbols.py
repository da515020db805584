"""Samples of symbols of any type as unsigned integers, and counting them.

A column's ids are its own bits wherever that is possible (integers, bool, floats, times, short fixed-width text), so
nothing is copied; long text is known by the first row that has it, Python objects by a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import count_and_first, to_numpy
from ._threads import get_num_threads

Ids: TypeAlias = NDArray[Any]  # unsigned integers of 1, 2, 4 or 8 bytes
I64: TypeAlias = NDArray[np.int64]


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
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)
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
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def _of_objects(array: NDArray[Any], name: str) -> Symbols:
    values = array.tolist()
    seen: dict[Any, int] = {}
    try:
        ids = np.fromiter((seen.setdefault(v, len(seen)) for v in values), np.uint32, len(values))
    except TypeError as error:
        raise TypeError(f"{name} must hold symbols that can be compared, got objects: {error}") from None
    kinds = {_kind_of(v): v for v in seen if not _is_missing(v)}
    if len(kinds) > 1:
        examples = " and ".join(f"{v!r} ({type(v).__name__})" for v in list(kinds.values())[:2])
        raise TypeError(f"{name} must hold symbols of one type, got {examples}")
    no_symbol = [code for v, code in seen.items() if _is_missing(v)]
    labels = np.empty(len(seen), dtype=object)
    labels[:] = list(seen)
    return Symbols(ids, False, lambda ids: labels[ids], np.isin(ids, no_symbol) if no_symbol else None)


def _of_categories(categorical: Any) -> Symbols:
    codes, categories = np.ascontiguousarray(categorical.codes), np.asarray(categorical.categories)
    missing = codes < 0
    found = _of_integers(codes)
    return Symbols(found.ids, True, lambda ids: categories[found.decode(ids)], missing if missing.any() else None)


def _categorical_of(x: Any) -> Any:
    """The pandas categorical that x is or holds, else None."""
    if type(x).__module__.split(".")[0] != "pandas":
        return None
    if type(x).__name__ in ("Categorical", "CategoricalIndex"):
        return x
    return x.array if type(x).__name__ == "Series" and type(x.dtype).__name__ == "CategoricalDtype" else None


def as_symbols(x: Any, name: str) -> Symbols:
    """One column of symbols."""
    categorical = _categorical_of(x)
    if categorical is not None:
        return _of_categories(categorical)
    array = to_numpy(x, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one column of symbols, got shape {array.shape}")
    dtype = array.dtype
    if dtype.kind in "biufmMSU" and not (array.flags.c_contiguous and array.flags.aligned and dtype.isnative):
        array = np.require(array, dtype.newbyteorder("="), ["C", "A"])
    if dtype.kind in "biu":
        return _of_integers(array)
    if dtype.kind == "f":
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
        columns = [
            as_symbols(x[c] if not hasattr(x, "iloc") else x.iloc[:, j], f"{name}[{c!r}]")
            for j, c in enumerate(x.columns)
        ]
    elif _categorical_of(x) is not None:
        columns = [as_symbols(x, name)]
    else:
        array = to_numpy(x, name)
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
    named: dict[str, list[Symbols]], nan_policy: str
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
                raise ValueError(
                    f"{name} has {n_bad} missing values (NaN, None) of {column.ids.size}, first at {name}[{first}]; "
                    'pass nan_policy="omit" to drop these rows'
                )
            missing = column.missing if missing is None else missing | column.missing
    if missing is None:
        return list(named.values()), None
    present = ~missing
    if not present.any():
        raise ValueError(f"{' and '.join(named)} have no row without a missing value")
    return [[column.take(present) for column in columns] for columns in named.values()], present


def id_range(ids: Ids, is_signed: bool) -> tuple[int, int]:
    """Least and largest id, as the numbers that they stand for."""
    least, largest = _dispatch.kernels.discrete_range(ids, is_signed, get_num_threads())
    if not is_signed:
        return least, largest
    sign = 1 << (8 * ids.dtype.itemsize - 1)
    return least - 2 * (least & sign), largest - 2 * (largest & sign)


def count_ids(ids: Ids, is_signed: bool) -> tuple[Ids, I64]:
    """Distinct ids, ascending in the order of the symbols, and how often each occurs."""
    return _dispatch.kernels.discrete_count(ids, is_signed, get_num_threads())


def multiplicities(ids: Ids, is_signed: bool = False) -> tuple[I64, I64]:
    """The distinct counts of the ids, ascending, and how many ids have each."""
    return _dispatch.kernels.discrete_multiplicities(ids, is_signed, get_num_threads())


@dataclass(frozen=True)
class Coded:
    """A variable's symbols as codes 0 to size - 1 (not every code need occur)."""

    codes: Ids
    size: int


def _smallest_unsigned(size: int) -> type[np.unsignedinteger[Any]]:
    for dtype, bits in ((np.uint8, 8), (np.uint16, 16), (np.uint32, 32)):
        if size <= 1 << bits:
            return dtype
    return np.uint64


def code(symbols: Symbols) -> Coded:
    """Codes of one column: distances from its least id where the range is small, else positions among the distinct."""
    ids, bits = symbols.ids, 8 * symbols.ids.dtype.itemsize
    least, largest = id_range(ids, symbols.is_signed)
    size = largest - least + 1
    if size <= max(256, ids.size // 64):
        offset = ids if least == 0 else ids - ids.dtype.type(least % (1 << bits))
        return Coded(offset.astype(_smallest_unsigned(size), copy=False), size)
    wide = ids.astype(np.uint64, copy=False)
    distinct, _ = count_ids(wide, False)
    return Coded(_dispatch.kernels.discrete_encode_ids(wide, distinct, get_num_threads()), len(distinct))


def compressed(coded: Coded) -> Coded:
    """Codes without gaps."""
    distinct, _ = count_ids(coded.codes, False)
    wide = coded.codes.astype(np.uint64, copy=False)
    codes = _dispatch.kernels.discrete_encode_ids(wide, distinct.astype(np.uint64), get_num_threads())
    return Coded(codes, len(distinct))


def join(parts: Sequence[Coded]) -> Coded:
    """Codes of the combinations: digits of a number with mixed radix, made dense where it would pass 63 bits."""
    joint = parts[0]
    for part in parts[1:]:
        if joint.size * part.size > 1 << 63:
            joint = compressed(joint)
        size = joint.size * part.size
        dtype = _smallest_unsigned(size)
        codes = joint.codes.astype(dtype, copy=True)
        codes *= dtype(part.size if joint.size > 1 else 0)  # one symbol has code 0, whatever the radix
        codes += part.codes.astype(dtype, copy=False)
        joint = Coded(codes, size)
    return joint
