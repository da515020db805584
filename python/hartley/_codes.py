"""Codes of symbols: counting them, and joining those of several variables into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._symbols import Ids, Symbols
from ._threads import get_num_threads

I64: TypeAlias = NDArray[np.int64]


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
    return positions(ids)


def positions(ids: Ids) -> Coded:
    """Codes without gaps: positions among the distinct ids."""
    wide = ids.astype(np.uint64, copy=False)
    distinct, _ = count_ids(wide, False)
    return Coded(_dispatch.kernels.discrete_encode_ids(wide, distinct, get_num_threads()), len(distinct))


def code_with_missing(symbols: Symbols) -> Coded:
    """The same for a column with missing values, which get the code ``size``."""
    if symbols.missing is None:
        return code(symbols)
    present = ~symbols.missing
    if not present.any():
        return Coded(np.zeros(len(present), np.uint8), 0)
    coded = code(symbols.take(present))
    codes = np.full(len(present), coded.size, dtype=_smallest_unsigned(coded.size + 1))
    codes[present] = coded.codes
    return Coded(codes, coded.size)


def dense(coded: Coded) -> Coded:
    """Codes whose size tables can have: at most 256, or four times the number of samples."""
    return coded if coded.size <= max(256, 4 * coded.codes.size) else positions(coded.codes)


def join(parts: Sequence[Coded]) -> Coded:
    """Codes of the combinations: digits of a number with mixed radix, made dense where it would pass 63 bits."""
    joint = parts[0]
    for part in parts[1:]:
        if joint.size * part.size > 1 << 63:  # dense ones have at most as many codes as samples, fewer than 2^31
            joint, part = positions(joint.codes), positions(part.codes)
        size = joint.size * part.size
        dtype = _smallest_unsigned(size)
        codes = joint.codes.astype(dtype, copy=True)
        codes *= dtype(part.size if joint.size > 1 else 0)  # one symbol has code 0, whatever the radix
        codes += part.codes.astype(dtype, copy=False)
        joint = Coded(codes, size)
    return joint
