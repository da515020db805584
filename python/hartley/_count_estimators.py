"""Entropy of a source from how often each symbol was seen: the estimators and what each of them asks for.

The estimators look at counts through the table of distinct counts: few numbers (at most about the square root of twice
the sample), however large the alphabet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number

F64: TypeAlias = NDArray[np.float64]
Alpha: TypeAlias = float | str | None

ESTIMATORS = (
    "mle", "miller_madow", "grassberger", "chao_shen", "chao_wang_jost", "shrinkage", "jackknife", "zhang", "bonachela",
    "dirichlet", "nsb",
)  # fmt: skip
FOR_SMALL_SAMPLES = ("chao_shen", "chao_wang_jost")  # they ask what was not seen: low coverage is their business
NEED_ALPHABET = ("nsb", "shrinkage")  # so do these, if they are told the size of the alphabet

_NAMED_ALPHA = {"jeffreys": 0.5, "laplace": 1.0}
_ALPHA_OF_SAMPLE = ("perks", "minimax")  # 1 / K and √N / K


@dataclass(frozen=True)
class CountTable:
    """Distinct positive counts, how many symbols have each, and the size of the alphabet."""

    counts: F64
    multiplicity: F64
    n_symbols: int  # given, else the number of symbols seen

    @property
    def n(self) -> float:
        """Sample size."""
        return float(self.counts @ self.multiplicity)

    @property
    def n_seen(self) -> int:
        """Symbols that occur."""
        return int(self.multiplicity.sum())

    def n_with(self, count: int) -> float:
        """Symbols that occur exactly so often."""
        return float(self.multiplicity[self.counts == count].sum())


def coverage_of(table: CountTable) -> float:
    """Good-Turing coverage 1 - f1 / n."""
    return 1.0 - table.n_with(1) / table.n


def pseudocount(alpha: Alpha, n_symbols: int) -> Alpha:
    """Dirichlet parameter as the kernels take it, checked."""
    if alpha is None:
        return 0.5
    if isinstance(alpha, str):
        if alpha in _ALPHA_OF_SAMPLE:
            return alpha
        if alpha not in _NAMED_ALPHA:
            rules = ", ".join((*_NAMED_ALPHA, *_ALPHA_OF_SAMPLE))
            raise ValueError(f"alpha must be a number or one of {rules}, got {alpha!r}")
        return _NAMED_ALPHA[alpha]
    value = as_number(alpha, "alpha")
    if not 0 <= value < math.inf or not math.isfinite(value * n_symbols):
        raise ValueError(f"alpha must be at least 0, and finite times the number of symbols, got {alpha!r}")
    return value


def entropy_of_table(table: CountTable, estimator: str, alpha: Alpha) -> tuple[float, float]:
    """Entropy in nats and, for "nsb", its posterior standard deviation (0 for the others)."""
    rule = pseudocount(alpha, table.n_symbols)
    return _dispatch.kernels.discrete_entropy(table.counts, table.multiplicity, float(table.n_symbols), estimator, rule)
