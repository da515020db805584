"""Every column as small whole numbers: numbers by quantile bins, few-valued numbers and strings as symbols."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .columns import Kind, Tally, canonical
from .source import DataError

Codes: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

MAX_SYMBOLS = 65534  # 16-bit codes, the last one for missing values
_IN_MEMORY = 1 << 28  # bytes of codes held in memory; more go to a temporary file


@dataclass
class Coding:
    """How the values of one column become codes 0 … n_cells - 1, and n_cells where missing."""

    kind: Kind
    n_cells: int
    edges: NDArray[np.float64] | None = None  # bins: cell i is [edges[i], edges[i + 1]), the last one closed
    symbols: pa.Array | None = None  # symbols: cell i is symbols[i]
    grouped: int = 0  # symbols beyond MAX_SYMBOLS, all in the last cell

    def encode(self, chunk: pa.Array, out: Codes) -> None:
        """Write the codes of a batch."""
        values = canonical(chunk, self.kind)
        if self.symbols is not None:
            found = pc.index_in(values, value_set=self.symbols, skip_nulls=True)
            # not among the symbols and not missing: a rare one
            codes = pc.fill_null(found, self.n_cells - 1 if self.grouped else 0).to_numpy()
        else:
            assert self.edges is not None
            numbers = pc.fill_null(values.cast(pa.float64(), safe=False), 0.0).to_numpy()
            codes = np.searchsorted(self.edges[1:-1], numbers, side="right")
        out[:] = codes
        if values.null_count:
            out[values.is_null().to_numpy(zero_copy_only=False)] = self.n_cells


def quantile_edges(values: NDArray[np.float64], counts: NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    """Edges of equally filled bins over values[i] seen counts[i] times (ascending); equal values share a bin.

    NumPy's linear quantiles, each once. A value that fills a whole bin (several quantiles fall on it) gets a bin of its
    own, so that a column of mostly zeros keeps "zero or not".
    """
    cumulative = np.cumsum(counts)
    rank = np.linspace(0.0, 1.0, bins + 1) * (cumulative[-1] - 1)
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, cumulative[-1] - 1)
    low = values[np.searchsorted(cumulative, below, side="right")]
    high = values[np.searchsorted(cumulative, above, side="right")]
    share = rank - below
    with np.errstate(invalid="ignore", over="ignore"):
        step = high - low
        edges = np.where(share < 0.5, low + step * share, high - step * (1.0 - share))
    edges = np.where(np.isfinite(edges) & (low != high), edges, low)
    edges[-1] = values[-1]
    unique, repeats = np.unique(edges, return_counts=True)
    filled = unique[(repeats > 1) & np.isfinite(unique)]
    return np.union1d(unique, np.nextafter(filled, np.inf))


def make_coding(tally: Tally, values: pa.Array, counts: NDArray[np.int64], bins: int) -> Coding:
    """The coding of a column from its table of values."""
    if tally.kind in ("numeric", "integer", "datetime") and (len(values) > bins or not tally.exact):
        edges = quantile_edges(np.asarray(values.to_numpy(), np.float64), counts, bins)
        return Coding(tally.kind, len(edges) - 1, edges=edges)
    if len(values) <= MAX_SYMBOLS and tally.exact:
        return Coding(tally.kind, len(values), symbols=values)
    kept = min(MAX_SYMBOLS - 1, len(values))
    return Coding(tally.kind, kept + 1, symbols=values.slice(0, kept), grouped=max(1, len(values) - kept))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def cell_labels(coding: Coding, type_: pa.DataType, cells: NDArray[np.int64]) -> list[str]:
    """Names of the given cells for the reader's eye."""
    if coding.symbols is not None:
        symbols = coding.symbols
        if pa.types.is_large_string(symbols.type):
            symbols = symbols.cast(pa.large_binary())  # a file may hold strings that are not valid UTF-8
        known = len(symbols)
        return [_instant(symbols[int(c)].as_py(), type_, coding.kind) if c < known else "other" for c in cells]
    assert coding.edges is not None
    labels = []
    for cell in cells:
        low, high = coding.edges[cell], coding.edges[cell + 1]
        single = high == np.nextafter(low, np.inf)
        first, last = (_instant(float(edge), type_, coding.kind) for edge in (low, high))
        closing = "]" if cell == coding.n_cells - 1 else ")"
        span = f"from {first}" if coding.kind == "datetime" else f"[{first}, {last}{closing}"
        labels.append(first if single else span)
    return labels


def _instant(value: Any, type_: pa.DataType, kind: Kind) -> str:
    """Dates and times as such; everything else as text."""
    if kind != "datetime":
        return _text(value)
    whole = round(float(value)) if isinstance(value, float) else int(value)
    try:
        array = pa.array([whole], pa.int32() if type_.bit_width == 32 else pa.int64()).cast(type_)
        text = str(array[0])
    except (pa.ArrowException, ValueError, OverflowError):
        return str(whole)
    return text.removesuffix(" 00:00:00").removesuffix("+00:00")


def code_table(n_cells: NDArray[np.int64], n_rows: int) -> Codes:
    """Room for codes (columns, rows): in memory, or in a temporary file that vanishes with its last reference."""
    dtype: type[np.uint8 | np.uint16] = np.uint8 if n_cells.max(initial=0) <= 255 else np.uint16
    size = len(n_cells) * n_rows * np.dtype(dtype).itemsize
    if size <= _IN_MEMORY:
        return cast(Codes, np.zeros((len(n_cells), n_rows), dtype))
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > free:
        raise DataError(
            f"the codes need {size / 1e9:.1f} GB in {tempfile.gettempdir()}, which has {free / 1e9:.1f} GB free; "
            "set TMPDIR to a larger disk"
        )
    with tempfile.TemporaryFile(prefix="hartley-") as file:
        return cast(Codes, np.memmap(file, dtype, "w+", shape=(len(n_cells), n_rows)))
