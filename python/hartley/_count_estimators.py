"""Entropy of a source from how often each symbol was seen: every estimator in nats.

The estimators look at counts through the table of distinct counts: few numbers (at most about the square root of twice
the sample), however large the alphabet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number
from ._special import digamma

F64: TypeAlias = NDArray[np.float64]
Alpha: TypeAlias = float | str | None


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

    def mean(self, values: F64) -> float:
        """Σ over the symbols of (count / n) value."""
        return float((self.multiplicity * self.counts / self.n) @ values)


def plug_in(weights: F64, multiplicity: F64) -> float:
    """-Σ p log p of probabilities proportional to the weights."""
    if not weights.all():  # 0 log 0 = 0
        weights, multiplicity = weights[weights > 0], multiplicity[weights > 0]
    p = weights / float(weights @ multiplicity)
    return max(0.0, -float(multiplicity @ (p * np.log(p))))


def coverage_of(table: CountTable) -> float:
    """Good-Turing coverage 1 - f1 / n."""
    return 1.0 - table.n_with(1) / table.n


def mle(table: CountTable) -> float:
    """Plug-in."""
    return plug_in(table.counts, table.multiplicity)


def miller_madow(table: CountTable) -> float:
    """Plug-in with its first-order bias added (Miller 1955)."""
    return mle(table) + (table.n_seen - 1) / (2.0 * table.n)


def grassberger(table: CountTable) -> float:
    """log N - mean of G(count), G(n) = ψ(n) + ½ (-1)^n (ψ((n + 1)/2) - ψ(n/2)) (Grassberger 2003, eqs. 30, 35)."""
    c = table.counts
    sign = np.where(c % 2 == 0, 1.0, -1.0)
    g = digamma(c) + 0.5 * sign * (digamma((c + 1) / 2) - digamma(c / 2))
    return math.log(table.n) - table.mean(g)


def chao_shen(table: CountTable) -> float:
    """Horvitz-Thompson sum over coverage-adjusted probabilities (Chao & Shen 2003, eq. 7)."""
    n, singletons = table.n, table.n_with(1)
    if singletons == n:
        singletons -= 1  # no coverage would leave nothing to weight
    p = (1.0 - singletons / n) * table.counts / n
    if p.max() >= 1.0:
        return 0.0  # one symbol, seen at least twice
    inclusion = -np.expm1(n * np.log1p(-p))  # 1 - (1 - p)^n
    return max(0.0, -float(table.multiplicity @ (p * np.log(p, out=np.zeros_like(p), where=p > 0) / inclusion)))


def zhang(table: CountTable) -> float:
    """Σ (c/N) (ψ(N) - ψ(c)): Zhang's (2012, eq. 4) double sum in closed form (Schürmann 2015)."""
    return float(digamma(np.array([table.n]))[0]) - table.mean(digamma(table.counts))


def _unseen_part(table: CountTable) -> float:
    """What symbols never seen add in Chao, Wang & Jost (2013, eq. 7): (f1/n) Σ_j (1 - A)^(j+1) / (n + j), j = 0, 1, ….

    The series as an integral over e^s, whose integrand a trapezoid sums to rounding: ∫ z e^(-n t) / (1 - z e^(-t)) dt.
    """
    n, f1, f2 = table.n, table.n_with(1), table.n_with(2)
    if f1 == 0 or n == 1:
        return 0.0
    a = 2 * f2 / ((n - 1) * f1 + 2 * f2) if f2 > 0 else 2 / ((n - 1) * (f1 - 1) + 2)
    if a >= 1.0:
        return 0.0
    z = 1.0 - a
    s = np.arange(-4.5, 4.5, 1 / 32)
    u = np.exp(s - np.exp(-s))  # double exponential: both ends of (0, ∞) are reached at the speed of e^(-e^|s|)
    weight = u * (1.0 + np.exp(-s)) / 32
    integrand = z * np.exp(-u) / (a - z * np.expm1(-u / n)) / n
    return f1 / n * float(weight @ integrand)


def chao_wang_jost(table: CountTable) -> float:
    """From the slope of the species accumulation curve (Chao, Wang & Jost 2013, eq. 7)."""
    return zhang(table) + _unseen_part(table)


def shrinkage(table: CountTable) -> float:
    """Plug-in of probabilities shrunk towards uniform by James-Stein (Hausser & Strimmer 2009, eqs. 4-6)."""
    n, k = table.n, table.n_symbols
    target, p = 1.0 / k, table.counts / n
    unseen = k - table.n_seen
    misfit = float(table.multiplicity @ (target - p) ** 2) + unseen * target**2
    spread = 1.0 - float(table.multiplicity @ p**2)
    weight = 1.0 if misfit == 0.0 or n == 1 else min(1.0, spread / ((n - 1) * misfit))
    shrunk = weight * target + (1.0 - weight) * p
    return plug_in(np.append(shrunk, weight * target), np.append(table.multiplicity, unseen))


def jackknife(table: CountTable) -> float:
    """N H - (N - 1)/N Σ H without one observation (Zahl 1977), written without differences of large numbers.

    With c(n) = -(n - 1) log(1 - 1/n), which goes from 0 to 1, it is the plug-in plus c(N) less the mean of c(count).
    """
    return mle(table) + float(_jackknife_share(np.array([table.n]))[0]) - table.mean(_jackknife_share(table.counts))


def _jackknife_share(n: F64) -> F64:
    several = np.maximum(n, 2.0)
    share: F64 = np.where(n > 1, -(several - 1.0) * np.log1p(-1.0 / several), 0.0)
    return share


def pseudocount(table: CountTable, alpha: Alpha) -> float:
    """Dirichlet parameter by name or number."""
    rules = {
        "jeffreys": 0.5,
        "laplace": 1.0,
        "perks": 1.0 / table.n_symbols,
        "minimax": math.sqrt(table.n) / table.n_symbols,
    }
    if alpha is None:
        return 0.5
    if isinstance(alpha, str):
        if alpha not in rules:
            raise ValueError(f"alpha must be a number or one of {', '.join(rules)}, got {alpha!r}")
        return rules[alpha]
    value = as_number(alpha, "alpha")
    if not 0 <= value < math.inf or not math.isfinite(value * table.n_symbols):
        raise ValueError(f"alpha must be at least 0, and finite times the number of symbols, got {alpha!r}")
    return value


def dirichlet(table: CountTable, alpha: Alpha) -> float:
    """Plug-in of the posterior mean (c + α) / (N + K α)."""
    a = pseudocount(table, alpha)
    unseen = table.n_symbols - table.n_seen
    return plug_in(np.append(table.counts + a, a), np.append(table.multiplicity, unseen))


def bonachela(table: CountTable) -> float:
    """1/(N + 2) Σ (c + 1) Σ_{j = c + 2}^{N + 2} 1/j (Bonachela, Hinrichsen & Muñoz 2008, eq. 21)."""
    c = np.append(table.counts, 0.0)
    multiplicity = np.append(table.multiplicity, table.n_symbols - table.n_seen)
    harmonic = digamma(np.array([table.n + 3.0]))[0] - digamma(c + 2.0)
    return float(multiplicity @ ((c + 1.0) * harmonic)) / (table.n + 2.0)


PLAIN: dict[str, Callable[[CountTable], float]] = {
    "mle": mle,
    "miller_madow": miller_madow,
    "grassberger": grassberger,
    "chao_shen": chao_shen,
    "chao_wang_jost": chao_wang_jost,
    "shrinkage": shrinkage,
    "jackknife": jackknife,
    "zhang": zhang,
    "bonachela": bonachela,
}
ESTIMATORS = (*PLAIN, "dirichlet", "nsb")
FOR_SMALL_SAMPLES = ("chao_shen", "chao_wang_jost")  # they ask what was not seen: low coverage is their business
NEED_ALPHABET = ("nsb", "shrinkage")  # so do these, if they are told the size of the alphabet
