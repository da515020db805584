"""From samples of one or several variables to the counts of their combinations, and from counts to entropies."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, count_and_first
from ._codes import Coded, code, code_with_missing, count_ids, dense, join, multiplicities, positions
from ._count_estimators import (
    ESTIMATORS,
    FOR_SMALL_SAMPLES,
    NEED_ALPHABET,
    Alpha,
    CountTable,
    coverage_of,
    entropy_of_table,
)
from ._symbols import Ids, as_columns, check_nan_policy, complete_rows
from ._warnings import CoverageWarning

F64: TypeAlias = NDArray[np.float64]

_LARGEST_ALPHABET = 1 << 53  # whole numbers that float64 has
_WEIGHTED = ("mle", "dirichlet")  # estimators that make sense of counts that are not whole


def check_estimator(estimator: str, weights: Any = None, alpha: Alpha = None) -> None:
    """ValueError for an unknown estimator, one that cannot take weights, or a pseudocount for one that has none."""
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, got {estimator!r}")
    if alpha is not None and estimator != "dirichlet":
        raise ValueError(f'alpha goes with estimator="dirichlet", got {estimator!r}')
    if weights is not None and estimator not in _WEIGHTED:
        raise ValueError(
            f"weights go with the estimators {' and '.join(_WEIGHTED)}, which take any counts, got {estimator!r}"
        )


def whole_number(value: Any, name: str, least: int) -> int:
    """A whole number of at least ``least``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def _with_alphabet(counts: NDArray[Any], multiplicity: NDArray[Any], n_symbols: int | None) -> CountTable:
    """The table of distinct counts; n_symbols checked against the number of symbols seen."""
    n_seen = int(multiplicity.sum())
    if n_symbols is not None and whole_number(n_symbols, "n_symbols", 1) < n_seen:
        raise ValueError(f"n_symbols must be at least the number of symbols seen, {n_seen}, got {n_symbols}")
    if n_symbols is not None and n_symbols > _LARGEST_ALPHABET:
        raise ValueError(
            f"the alphabet (n_symbols) must have at most 2^53 symbols, got 2^{n_symbols.bit_length() - 1} or more"
        )
    return CountTable(counts.astype(np.float64), multiplicity.astype(np.float64), int(n_symbols or n_seen))


def table_of_ids(ids: Ids, is_signed: bool = False, n_symbols: int | None = None) -> CountTable:
    """How often the ids occur."""
    return _with_alphabet(*multiplicities(ids, is_signed), n_symbols)


def table_of_counts(counts: NDArray[Any], n_symbols: int | None = None) -> CountTable:
    """The table of positive counts, int64, or float64 where they are sums of weights."""
    if counts.dtype == np.int64:
        distinct, multiplicity = count_ids(counts.view(np.uint64), False)
    else:
        distinct, multiplicity = np.unique(counts, return_counts=True)
    return _with_alphabet(distinct, multiplicity, n_symbols)


def in_unit(nats: float, estimator: str, clip: bool, unit: float) -> float:
    """An information of at least 0 that rounding took below it is 0; a corrected estimate is what it is."""
    return (max(nats, 0.0) if clip or estimator == "mle" else nats) / unit


def warn_of_low_coverage(table: CountTable, estimator: str, stacklevel: int) -> None:
    """CoverageWarning where under half of what comes next has been seen and the estimator takes no account of it."""
    knows_alphabet = estimator in NEED_ALPHABET and table.n_symbols > table.n_seen
    if estimator in FOR_SMALL_SAMPLES or knows_alphabet:
        return
    coverage = coverage_of(table)
    if coverage < 0.5:
        warnings.warn(
            f"the coverage of {table.n:.0f} samples is {coverage:.2g}: over half of the next symbols would be new, and "
            f'estimator={estimator!r} reads too little; "chao_wang_jost", or "nsb" with n_symbols, is made for this',
            CoverageWarning,
            stacklevel=stacklevel + 1,
        )


@dataclass(frozen=True)
class Rows:
    """Paired samples of several variables as codes, with weights where there are any."""

    variables: tuple[Coded, ...]
    weights: F64 | None = None

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.variables[0].codes.size)

    def take(self, index: NDArray[Any]) -> Rows:
        """Some of the rows."""
        return Rows(tuple(Coded(v.codes[index], v.size) for v in self.variables))

    def joint(self, *which: int) -> Coded:
        """Codes of the combinations of some variables."""
        return join([self.variables[i] for i in which])

    def table(self, which: Sequence[int], n_symbols: int | None = None) -> CountTable:
        """How often the combinations of some variables occur."""
        joint = self.joint(*which)
        if self.weights is None:
            return table_of_ids(joint.codes, n_symbols=n_symbols)
        totals = np.bincount(positions(joint.codes).codes, weights=self.weights).astype(np.float64)
        return table_of_counts(totals[totals > 0], n_symbols)

    def entropy(self, which: Sequence[int], estimator: str, alpha: Alpha = None, n_symbols: int | None = None) -> float:
        """Entropy in nats of the combinations of some variables."""
        return entropy_of_table(self.table(which, n_symbols), estimator, alpha)[0]

    def warn_of_low_coverage(self, estimator: str, stacklevel: int) -> None:
        """CoverageWarning where the combinations of all variables were hardly seen twice."""
        if self.weights is None and estimator not in FOR_SMALL_SAMPLES:
            warn_of_low_coverage(self.table(range(len(self.variables))), estimator, stacklevel + 1)


def checked_weights(weights: Any, n: int, present: NDArray[np.bool_] | None) -> F64 | None:
    """Weights of the rows that stay, as float64; None where there are none."""
    if weights is None:
        return None
    w = as_real(weights, "weights").astype(np.float64, copy=False)
    if w.shape != (n,):
        raise ValueError(f"weights must have shape ({n},), one for each sample, got {w.shape}")
    bad = ~(np.isfinite(w) & (w >= 0))
    if bad.any():
        n_bad, first = count_and_first(bad)
        raise ValueError(f"weights must be finite and non-negative, got {n_bad} that are not, first weights[{first}]")
    w = w if present is None else w[present]
    with np.errstate(over="ignore"):
        total = float(w.sum())
    if not 0 < total < math.inf:
        raise ValueError(f"weights must have a positive and finite sum, got {total}")
    return w


def as_rows(named: dict[str, Any], nan_policy: str, weights: Any = None, keeps_order: bool = False) -> Rows:
    """The variables' samples (each one column or several) as paired codes."""
    columns = {name: as_columns(x, name) for name, x in named.items()}
    n = next(iter(columns.values()))[0].ids.size
    complete, present = complete_rows(columns, nan_policy, keeps_order)
    coded = tuple(dense(join([code(column) for column in variable])) for variable in complete)
    return Rows(coded, checked_weights(weights, n, present))


def as_column_rows(x: Any, name: str, nan_policy: str, weights: Any = None) -> Rows:
    """The columns of one array or frame as a variable each, without the rows where any is missing."""
    columns = as_columns(x, name)
    complete, present = complete_rows({name: columns}, nan_policy)
    coded = tuple(code(column) for column in complete[0])
    return Rows(coded, checked_weights(weights, columns[0].ids.size, present))


def as_column_codes(x: Any, name: str, nan_policy: str) -> tuple[Coded, ...]:
    """The columns of one array or frame; missing values have the code ``size``."""
    columns = as_columns(x, name)
    if nan_policy == "raise":
        complete_rows({name: columns}, nan_policy)
    check_nan_policy(nan_policy)
    return tuple(code_with_missing(column) for column in columns)
