"""What one column holds: type, missing values, distinct values and their entropy, counted batch by batch."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .. import discrete
from .._warnings import CoverageWarning

Kind: TypeAlias = Literal["numeric", "integer", "categorical", "boolean", "datetime", "missing", "nested"]

DISTINCT_CAP = 1 << 20  # distinct values counted exactly in a column; a table of them is 16 MiB
_TOTAL_CAP = 1 << 25  # distinct values held over all columns
_SUMMARY = 1 << 14  # weighted values that stand for a larger set: ranks are right to 1 / 32,768 of it
LOW_COVERAGE = 0.5


def distinct_cap(n_columns: int) -> int:
    """Distinct values counted exactly in each of so many columns."""
    return max(1 << 12, min(DISTINCT_CAP, _TOTAL_CAP // max(1, n_columns)))


def kind_of(type_: pa.DataType) -> Kind:
    """The kind of column that an Arrow type makes; dictionaries are categorical whatever their values."""
    types = pa.types
    if isinstance(type_, pa.BaseExtensionType):
        return kind_of(type_.storage_type)
    if types.is_null(type_):
        return "missing"
    if types.is_boolean(type_):
        return "boolean"
    if types.is_integer(type_):
        return "integer"
    if types.is_floating(type_) or types.is_decimal(type_):
        return "numeric"
    if types.is_temporal(type_):
        return "nested" if types.is_interval(type_) else "datetime"
    if types.is_dictionary(type_):
        return "nested" if types.is_nested(type_.value_type) else "categorical"
    if types.is_nested(type_):
        return "nested"
    return "categorical"


def _integers(chunk: pa.Array) -> pa.Array:
    if pa.types.is_uint64(chunk.type):
        return chunk
    if chunk.type.bit_width == 32 and not pa.types.is_integer(chunk.type):
        chunk = chunk.cast(pa.int32())  # 32-bit dates and times
    return chunk.cast(pa.int64())


def canonical(chunk: pa.Array, kind: Kind) -> pa.Array:
    """The values of a batch in the one type that their kind is counted in; NaN becomes missing."""
    if isinstance(chunk, pa.ExtensionArray):
        chunk = chunk.storage
    if kind == "boolean":
        return chunk
    if kind in ("integer", "datetime"):
        return _integers(chunk)
    if kind == "numeric":
        if pa.types.is_float16(chunk.type):
            chunk = pa.array(chunk.to_numpy(zero_copy_only=False).astype(np.float32), from_pandas=True)
        values = pc.add(chunk.cast(pa.float64(), safe=False), 0.0)  # -0.0 becomes 0.0
        return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    if pa.types.is_dictionary(chunk.type):
        chunk = chunk.dictionary_decode()
    is_bytes = pa.types.is_binary(chunk.type) or pa.types.is_large_binary(chunk.type)
    if is_bytes or pa.types.is_fixed_size_binary(chunk.type):
        return chunk.cast(pa.large_binary())
    return chunk.cast(pa.large_string())


@dataclass
class Tally:
    """How often each value of a column was seen; exact up to ``cap`` distinct values.

    Past the cap, numbers are thinned to weighted values at even ranks and of symbols the most frequent half is kept.
    """

    kind: Kind
    cap: int
    n_rows: int = 0
    n_present: int = 0
    exact: bool = True
    n_infinite: int = 0
    _parts: list[tuple[pa.Array, NDArray[np.int64]]] = field(default_factory=list)
    _pending: int = 0

    def add(self, chunk: pa.Array) -> None:
        """Count one batch."""
        self.n_rows += len(chunk)
        if self.kind in ("missing", "nested"):
            self.n_present += len(chunk) - chunk.null_count
            return
        values = canonical(chunk, self.kind).drop_null()
        if len(values) == 0:
            return
        self.n_present += len(values)
        if self.kind == "numeric":
            self.n_infinite += int(pc.sum(pc.is_inf(values)).as_py())
        if self.exact or self.kind == "categorical":
            counted = pc.value_counts(values)
            values, counts = counted.field("values"), counted.field("counts").to_numpy()
        else:
            counts = np.ones(len(values), np.int64)  # only ranks matter from here on
        self._parts.append((values, counts))
        self._pending += len(values)
        if self._pending > self.cap and len(self._parts) > 1:
            self._consolidate()

    def _consolidate(self) -> None:
        """One table out of the parts, cut to the cap."""
        if not self._parts:
            return
        chunked = pa.chunked_array([values for values, _ in self._parts])
        counts = np.concatenate([counts for _, counts in self._parts])
        if self.exact or self.kind == "categorical":
            table = pa.table({"value": chunked, "count": counts})
            merged = table.group_by("value", use_threads=False).aggregate([("count", "sum")])
            chunked, counts = merged.column("value"), merged.column("count_sum").to_numpy()
        values = chunked.combine_chunks()
        if len(counts) > self.cap:
            self.exact = False
            values, counts = (self._most_frequent if self.kind == "categorical" else self._thinned)(values, counts)
        self._parts = [(values, counts)]
        # twice the table may come in before the next merge, so merging costs a constant number of times counting
        self._pending = 0 if self.exact else len(counts)

    def _most_frequent(self, values: pa.Array, counts: NDArray[np.int64]) -> tuple[pa.Array, NDArray[np.int64]]:
        kept = np.sort(np.argsort(-counts, kind="stable")[: self.cap // 2])
        return values.take(pa.array(kept)), counts[kept]

    def _thinned(self, values: pa.Array, counts: NDArray[np.int64]) -> tuple[pa.Array, NDArray[np.int64]]:
        order = np.argsort(values.to_numpy(), kind="stable")
        cumulative = np.cumsum(counts[order])
        total, size = int(cumulative[-1]), min(_SUMMARY, self.cap // 2)
        bounds = np.arange(size + 1) * total // size
        middles = (bounds[:-1] + bounds[1:]) // 2
        chosen = np.searchsorted(cumulative, middles, side="right")
        return values.take(pa.array(order[chosen])), np.diff(bounds)

    def table(self) -> tuple[pa.Array, NDArray[np.int64]]:
        """(values, counts): numbers ascending, symbols by falling count, equally frequent ones in order of value."""
        self._consolidate()
        if not self._parts:
            return pa.array([], pa.null()), np.empty(0, np.int64)
        values, counts = self._parts[0]
        if self.kind == "categorical":
            order = pc.sort_indices(
                pa.table({"value": values, "count": counts}), [("count", "descending"), ("value", "ascending")]
            ).to_numpy()
        else:
            order = np.argsort(values.to_numpy(zero_copy_only=False), kind="stable")
        return values.take(pa.array(order)), counts[order]


@dataclass
class Profile:
    """What the report says about one column; entropies in bits, None where they cannot be known."""

    name: str
    kind: Kind
    storage: str
    n_rows: int
    n_missing: int
    n_distinct: int
    distinct_exact: bool
    entropy: float | None = None
    entropy_corrected: float | None = None
    coverage: float | None = None
    coding: str = "none"
    n_cells: int = 0
    identifier: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def n_present(self) -> int:
        return self.n_rows - self.n_missing

    @property
    def varies(self) -> bool:
        """There are at least two values: something to depend on."""
        return self.n_distinct > 1

    @property
    def undersampled(self) -> bool:
        """Its cells are symbols of which too few repeat: mutual information with anything would look large."""
        low = self.coverage is None or self.coverage < LOW_COVERAGE
        return self.coding == "symbols" and (low or self.identifier)


def profile(name: str, type_: pa.DataType, tally: Tally, counts: NDArray[np.int64]) -> Profile:
    """Counts turned into the facts and the notes of a column."""
    missing = tally.n_rows - tally.n_present
    facts = Profile(name, tally.kind, str(type_), tally.n_rows, missing, len(counts), tally.exact)
    if tally.kind == "nested":
        facts.notes.append(f"values of type {type_} are not analysed")
        return facts
    if tally.n_present == 0:
        facts.kind = "missing"
        if tally.n_rows:
            facts.notes.append("all values are missing")
        return facts
    if tally.n_infinite:
        facts.notes.append(f"{tally.n_infinite:,} infinite values")
    if not tally.exact:
        facts.n_distinct = tally.cap
        facts.identifier = tally.kind == "categorical"
        facts.notes.append(f"more than {tally.cap:,} distinct values: entropy of the values not computed")
        if tally.kind == "categorical":
            facts.notes.append("too many symbols: only the most frequent are kept apart")
        return facts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)  # the report says the coverage itself
        facts.entropy = discrete.entropy_from_counts(counts, base="bits")
        facts.entropy_corrected = discrete.entropy_from_counts(counts, estimator="miller_madow", base="bits")
    facts.coverage = discrete.coverage(counts)
    if len(counts) == 1:
        facts.notes.append("constant" if missing == 0 else "constant where present")
    elif len(counts) == tally.n_present and tally.kind in ("integer", "categorical", "datetime"):
        facts.identifier = True
        facts.notes.append("all values distinct (an identifier?)")
    elif facts.coverage < LOW_COVERAGE:
        facts.notes.append(f"coverage {facts.coverage:.2f}: entropy is limited by the sample size")
    return facts
