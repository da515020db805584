"""Continuous samples as rows of cell codes, on which the estimators of symbols work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_samples, missing_rows
from ._binning import BinRule, Edges, check_outside, column_edges, encode, reject_nan
from ._codes import Coded, dense, join
from ._symbol_counts import Rows, checked_weights
from ._symbols import check_nan_policy


@dataclass(frozen=True)
class Binned:
    """The variables' joint cells, and each column's own codes and edges."""

    rows: Rows
    codes: list[list[NDArray[Any]]]  # by variable and column
    edges: list[list[Edges]]


def binned(
    named: dict[str, Any],
    bins: BinRule | tuple[BinRule, ...],
    binning: str,
    limits: tuple[float, float] | None,
    nan_policy: str = "raise",
    outside: str = "raise",
    weights: Any = None,
) -> Binned:
    """Paired samples of several variables, (n,) or (n, d) each, in cells; rows that do not count are gone.

    A tuple of as many bins as variables has those of each variable.
    """
    check_nan_policy(nan_policy)
    check_outside(outside)
    samples = {name: as_samples(x, name) for name, x in named.items()}
    lengths = {name: len(x) for name, x in samples.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"all variables must have equally many samples, but {told}")
    if nan_policy == "raise":
        for name, x in samples.items():
            reject_nan(x, name)
    present = ~missing_rows(*samples.values())
    if not present.any():
        raise ValueError(f"{' and '.join(named)} have no row in which all are numbers")
    if not present.all():
        samples = {name: x[present] for name, x in samples.items()}
    each = bins if isinstance(bins, tuple) and len(bins) == len(samples) else (bins,) * len(samples)
    edges = [column_edges(x, own, binning, name, limits) for (name, x), own in zip(samples.items(), each, strict=True)]
    codes = [
        list(encode(x, own, name, "raise", outside)[0]) for (name, x), own in zip(samples.items(), edges, strict=True)
    ]
    if outside == "ignore":
        inside = np.logical_and.reduce(
            [
                c < e.n_cells
                for own, columns in zip(edges, codes, strict=True)
                for e, c in zip(own, columns, strict=True)
            ]
        )
        if not inside.any():
            raise ValueError(f"{' and '.join(named)} have no row inside of the edges")
        codes = [[column[inside] for column in columns] for columns in codes]
        present[present] = inside
    variables = tuple(
        dense(join([Coded(c, e.n_cells) for c, e in zip(columns, own, strict=True)]))
        for columns, own in zip(codes, edges, strict=True)
    )
    n = next(iter(lengths.values()))
    return Binned(Rows(variables, checked_weights(weights, n, None if present.all() else present)), codes, edges)
