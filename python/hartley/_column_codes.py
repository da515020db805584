"""Cell codes of many columns: read a few columns at a time, kept in one byte a number where they fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_samples, to_numpy
from ._binning import BinRule, Codes, Edges, bins_by_column, check_outside, column_edges, encode

I64: TypeAlias = NDArray[np.int64]

_PIECE_BYTES = 1 << 26  # float64 numbers of the columns that are read at once from a file or another layout
_KEPT_BYTES = 1 << 31  # codes of all columns; more are made anew, block by block, whenever they are asked for


class ColumnCodes:
    """The columns of an array or frame in cells, (n_columns, n_samples) codes.

    A C-contiguous float array in memory is read where it is. Anything else (a memory-mapped file, another layout or
    type, a frame) is read in pieces of a few columns, so that no second copy of it is ever made.
    """

    def __init__(
        self,
        x: Any,
        name: str,
        bins: BinRule,
        binning: str,
        nan_policy: str,
        outside: str,
        paired_with: ColumnCodes | None = None,
    ) -> None:
        check_outside(outside)
        self._source = x if hasattr(x, "iloc") else to_numpy(x, name)
        if not hasattr(x, "iloc") and self._source.ndim not in (1, 2):
            as_samples(self._source, name)  # raises
        self._name, self._binning, self._nan_policy, self._outside = name, binning, nan_policy, outside
        first = as_samples(self._columns(0, 1), name)
        self.n_rows = len(first)
        if paired_with is not None and self.n_rows != paired_with.n_rows:
            names, got = f"{paired_with._name} and {name}", f"{paired_with.n_rows} and {self.n_rows}"
            raise ValueError(f"{names} must have equally many samples, got {got}")
        self.n_columns = 1 if self._source.ndim == 1 else self._source.shape[1]
        self._bins, self._by_column = bins, bins_by_column(bins, self.n_columns, name)
        self._edges: list[Edges | None] = [None] * self.n_columns
        self.n_cells = np.empty(self.n_columns, dtype=np.int64)
        self._codes: Codes | None = None
        if self.n_rows * self.n_columns <= _KEPT_BYTES:
            self._codes = self._make(0, self.n_columns)
        else:
            for _ in self._pieces(0, self.n_columns):  # edges, and errors, before any counting
                pass

    @property
    def are_kept(self) -> bool:
        """Whether a block costs nothing."""
        return self._codes is not None

    def block(self, begin: int, end: int) -> Codes:
        """Codes of some columns."""
        return self._make(begin, end) if self._codes is None else self._codes[begin:end]

    def _columns(self, begin: int, end: int) -> Any:
        if self._source.ndim == 1:
            return self._source
        return self._source.iloc[:, begin:end] if hasattr(self._source, "iloc") else self._source[:, begin:end]

    def _is_read_in_place(self) -> bool:
        x = self._source
        return type(x) is np.ndarray and x.dtype in (np.float64, np.float32) and x.flags.c_contiguous

    def _pieces(self, begin: int, end: int) -> Iterator[tuple[int, Codes]]:
        width = end - begin if self._is_read_in_place() else max(1, _PIECE_BYTES // (8 * self.n_rows))
        for first in range(begin, end, width):
            last = min(first + width, end)
            every = first == 0 and last == self.n_columns
            name = self._name if every else f"{self._name}[:, {first}:{last}]"
            samples = as_samples(self._source if every else self._columns(first, last), name)
            edges = self._edges_of(samples, first, last, name)
            codes, self.n_cells[first:last] = encode(samples, edges, name, self._nan_policy, self._outside)
            yield first, codes

    def _edges_of(self, samples: Any, first: int, last: int, name: str) -> list[Edges]:
        known = [e for e in self._edges[first:last] if e is not None]
        if len(known) == last - first:
            return known
        if self._by_column is not None:
            own = [np.ascontiguousarray(samples[:, c : c + 1]) for c in range(last - first)]
            rules = self._by_column[first:last]
            edges = [column_edges(x, b, self._binning, name)[0] for x, b in zip(own, rules, strict=True)]
        else:
            edges = column_edges(samples, self._bins, self._binning, name)
        self._edges[first:last] = edges
        return edges

    def _make(self, begin: int, end: int) -> Codes:
        made: Codes | None = None
        for first, codes in self._pieces(begin, end):
            if len(codes) == end - begin:
                return codes
            if made is None:
                made = cast(Codes, np.empty((end - begin, self.n_rows), dtype=codes.dtype))
            if codes.dtype.itemsize > made.dtype.itemsize:
                made = cast(Codes, made.astype(codes.dtype))
            made[first - begin : first - begin + len(codes)] = codes
        assert made is not None
        return made
