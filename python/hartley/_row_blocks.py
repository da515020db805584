"""Samples a block of rows at a time: what lies in a file is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._arrays import RealArray, count_and_first
from ._positive_definite import F64

_BLOCK = 1 << 18  # numbers: 2 MiB in float64


def row_blocks(x: RealArray, name: str) -> Iterator[tuple[slice, F64]]:
    """Slices of x and their rows in float64, a copy; ValueError at the first block with a NaN or infinite entry."""
    size = max(1, _BLOCK // x.shape[1])
    for begin in range(0, len(x), size):
        rows = slice(begin, min(begin + size, len(x)))
        block = x[rows].astype(np.float64)
        bad = ~np.isfinite(block)
        if bad.any():
            n_bad, first = count_and_first(bad)
            row, column = first.split(", ")
            raise ValueError(
                f"{name} must be finite, got {n_bad} NaN or infinite entries in rows {begin} to {rows.stop - 1}, "
                f"first {name}[{begin + int(row)}, {column}]"
            )
        yield rows, block
