"""What every reader gives: column names, and the rows in batches, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa


class DataError(ValueError):
    """A file that cannot be read as what its name says; the message is one line for the user."""


# cells in one batch: a batch of doubles is 16 MiB, and the cost of a call on a column stays small beside its rows
_BATCH_CELLS = 1 << 21

Batches = Iterator[tuple[list[pa.Array], float]]


@dataclass
class Source:
    """A file as a table. ``batches()`` starts a new pass and yields (columns, share of the file read so far)."""

    path: str
    format: str
    names: list[str]
    types: list[pa.DataType]
    batches: Callable[[], Batches]
    notes: list[str] = field(default_factory=list)
    # columns of these positions cannot be typed as announced; asked for after a pass failed with TypesChangedError
    retype: Callable[[], Source] | None = None


class TypesChangedError(Exception):
    """A later part of the file does not fit the types found in its beginning: retype() and start again."""


def batch_rows(n_columns: int) -> int:
    """Rows in a batch of this many columns."""
    return min(131072, max(256, _BATCH_CELLS // max(1, n_columns)))


def unique_names(names: list[str]) -> list[str]:
    """Empty names numbered, repeated names told apart, so that every column can be named in the report."""
    seen: set[str] = set()
    taken = set(names)
    result = []
    for position, given in enumerate(names, start=1):
        name = given.strip() or f"column {position}"
        candidate, copy = name, 2
        while candidate in seen or (candidate != given and candidate in taken):
            candidate, copy = f"{name} ({copy})", copy + 1
        seen.add(candidate)
        result.append(candidate)
    return result
