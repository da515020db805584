"""Estimates from symbols against oracles written from the papers, brute force, NumPy and scikit-learn."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

import hartley as ht
from hartley import discrete

undersampled = pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")

# Two sums of up to a few hundred one-signed terms of a few ulp each; the worst case is the jackknife, which subtracts
# (N - 1) H from N H: 2 N = 400 for the largest sample here, times eps, times a few ulp per logarithm.
RTOL = 1e-12
# A difference of up to four entropies below 10 nat, each a sum good to a few ulp.
ATOL = 1e-13

PUBLISHED = (4, 12, 4, 5, 3, 1, 5, 1, 2, 2, 2, 2, 11, 3, 4, 12, 12, 1, 2)
SAMPLES = {
    "one sample": (1,),
    "one symbol": (5,),
    "two singletons": (1, 1),
    "singletons": (1,) * 6,
    "doubletons": (2, 2, 2),
    "no doubletons": (5, 3, 1, 1),
    "one singleton": (7, 3, 1),
    "mixed": (4, 2, 2, 1, 1, 1, 9),
    "published": PUBLISHED,
    "one singleton, many doubletons": (2,) * 50 + (1, 99),  # Chao-Wang-Jost's (1 - A)^(1 - N) is 1e35 here
}


# --- oracles ---------------------------------------------------------------------------------------------------------


def plug_in(weights: Iterable[float]) -> float:
    positive = [w for w in weights if w > 0]
    total = math.fsum(positive)
    return math.fsum(-w / total * math.log(w / total) for w in positive)


def entropy_of(rows: Iterable[Hashable]) -> float:
    return plug_in(Counter(rows).values())


def miller_madow(counts: Sequence[int], _k: int) -> float:
    return plug_in(counts) + (len(counts) - 1) / (2 * sum(counts))


def grassberger(counts: Sequence[int], _k: int) -> float:
    """Grassberger (2003), by the recursion G(1) = -γ - log 2, G(2m) = G(1) + Σ 2/(2j - 1), G(2m + 1) = G(2m)."""

    def g(n: int) -> float:
        return -np.euler_gamma - math.log(2) + math.fsum(2 / (2 * j - 1) for j in range(1, n // 2 + 1))

    return math.log(sum(counts)) - math.fsum(c * g(c) for c in counts) / sum(counts)


def chao_shen(counts: Sequence[int], _k: int) -> float:
    n = sum(counts)
    covered = 1 - counts.count(1) / n
    scaled = [covered * c / n for c in counts]
    return math.fsum(-p * math.log(p) / (1 - (1 - p) ** n) for p in scaled)


def chao_wang_jost(counts: Sequence[int], _k: int) -> float:
    """Chao, Wang & Jost (2013), eq. 6 with its sum over r; the extra digits pay for (1 - A)^(1 - N)."""
    n, f1, f2 = sum(counts), counts.count(1), counts.count(2)
    with mpmath.workdps(120):
        seen = mpmath.fsum(mpmath.mpf(c) / n * mpmath.fsum(mpmath.mpf(1) / j for j in range(c, n)) for c in counts)
        a = mpmath.mpf(2 * f2) / ((n - 1) * f1 + 2 * f2) if f2 else mpmath.mpf(2) / ((n - 1) * max(f1 - 1, 0) + 2)
        if f1 == 0 or a == 1:  # the limit of the second term for A → 1
            return float(seen)
        head = mpmath.fsum((1 - a) ** r / r for r in range(1, n))
        return float(seen + mpmath.mpf(f1) / n * (1 - a) ** (1 - n) * (-mpmath.log(a) - head))


def shrinkage(counts: Sequence[int], k: int) -> float:
    """Hausser & Strimmer (2009), eqs. 4 to 6, uniform target."""
    n = sum(counts)
    p = [c / n for c in counts] + [0.0] * (k - len(counts))
    distance = math.fsum((1 / k - q) ** 2 for q in p)
    intensity = 1.0
    if n > 1 and distance > 0:
        intensity = min(1.0, (1 - math.fsum(q * q for q in p)) / ((n - 1) * distance))
    return plug_in(intensity / k + (1 - intensity) * q for q in p)


def jackknife(counts: Sequence[int], _k: int) -> float:
    """Zahl (1977), leaving out every sample in turn."""
    n = sum(counts)
    samples = [symbol for symbol, c in enumerate(counts) for _ in range(c)]
    left_out = math.fsum(entropy_of(samples[:i] + samples[i + 1 :]) for i in range(n))
    return n * plug_in(counts) - (n - 1) / n * left_out


def zhang(counts: Sequence[int], _k: int) -> float:
    """Zhang (2012), eq. 4: Σ_v 1/v n^(v+1) (n-v-1)!/n! Σ_k p_k Π_j (1 - p_k - j/n)."""
    n = sum(counts)
    with mpmath.workdps(40):
        total, factor = mpmath.mpf(0), mpmath.mpf(1)
        products = [mpmath.mpf(c) / n for c in counts]
        for v in range(1, n):
            factor *= mpmath.mpf(n) / (n - v)
            products = [q * (n - c - v + 1) / n for q, c in zip(products, counts, strict=True)]
            total += factor * mpmath.fsum(products) / v
        return float(total)


def bonachela(counts: Sequence[int], k: int) -> float:
    """Bonachela, Hinrichsen & Muñoz (2008), eq. 18."""
    n = sum(counts)
    cells = Counter(counts)
    cells[0] = k - len(counts)
    tails = (m * (c + 1) * sum(Fraction(1, j) for j in range(c + 2, n + 3)) for c, m in cells.items())
    return float(sum(tails) / (n + 2))


ORACLES: dict[str, Callable[[Sequence[int], int], float]] = {
    "mle": lambda counts, _k: plug_in(counts),
    "miller_madow": miller_madow,
    "grassberger": grassberger,
    "chao_shen": chao_shen,
    "chao_wang_jost": chao_wang_jost,
    "shrinkage": shrinkage,
    "jackknife": jackknife,
    "zhang": zhang,
    "bonachela": bonachela,
}
ESTIMATORS = [*ORACLES, "nsb"]
COUNT_DIFFERENCES = ["mle", "miller_madow", "grassberger", "chao_shen", "chao_wang_jost", "jackknife", "zhang"]


@functools.cache
def nsb(counts: tuple[int, ...], k: int) -> tuple[float, float]:
    """Nemenman, Shafee & Bialek (2002): posterior mean and standard deviation, moments of Wolpert & Wolf (1995).

    The trapezoidal rule in u = log β. The integrand falls like exp(-|u|) at least, and a posterior of width σ leaves
    an error of exp(-2 π² σ² / step²): 1e-49 for the narrowest here, σ = 0.3.
    """
    n = sum(counts)
    cells = Counter(counts)
    cells[0] = k - len(counts)
    with mpmath.workdps(45):  # K ψ'(Kβ + 1) - ψ'(β + 1) loses log10 β <= 18 digits
        moments = [mpmath.mpf(0)] * 3
        for step in range(-400, 321):
            b = mpmath.exp(mpmath.mpf(step) / 8)
            a, top = k * b, mpmath.psi(0, n + k * b + 1)
            harmonic = [mpmath.psi(0, b + 1)]  # ψ(c + β + 1) by its recurrence, and ψ' alike
            trigamma = [mpmath.psi(1, b + 1)]
            for j in range(1, max(counts) + 2):
                harmonic.append(harmonic[-1] + 1 / (b + j))
                trigamma.append(trigamma[-1] - 1 / (b + j) ** 2)
            rising = mpmath.fprod(mpmath.rf(b, c) ** m for c, m in cells.items())
            weight = rising / mpmath.rf(a, n) * b * (k * mpmath.psi(1, a + 1) - trigamma[0])
            mean = top - sum(m * (c + b) * harmonic[c] for c, m in cells.items()) / (n + a)
            top, spread = top + 1 / (n + a + 1), mpmath.psi(1, n + a + 2)
            linear = sum(m * (c + b) * (harmonic[c] - top) for c, m in cells.items())
            square = linear**2 - (n + a) ** 2 * spread
            for c, m in cells.items():  # pairs of one cell with itself out, its own moment in
                square -= m * (c + b) ** 2 * ((harmonic[c] - top) ** 2 - spread)
                own = (harmonic[c + 1] - top) ** 2 + trigamma[c + 1] - spread
                square += m * (c + b) * (c + b + 1) * own
            for power, value in enumerate((1, mean, square / ((n + a) * (n + a + 1)))):
                moments[power] += weight * value
        mean = moments[1] / moments[0]
        return float(mean), float(mpmath.sqrt(moments[2] / moments[0] - mean**2))


def series_rows(target: list[int], target_history: int, source: list[int], source_history: int, lag: int) -> list:
    """(target[t], target's history ending at t - 1, source's history ending at t - lag) for every t that has both."""
    first = max(target_history, lag + source_history - 1)
    return [
        (target[t], tuple(target[t - target_history : t]), tuple(source[t - lag - source_history + 1 : t - lag + 1]))
        for t in range(first, len(target))
    ]


def transfer_entropy(*arguments: object) -> float:
    rows = series_rows(*arguments)
    now_past, past_source = [(y, h) for y, h, _ in rows], [(h, s) for _, h, s in rows]
    return entropy_of(now_past) + entropy_of(past_source) - entropy_of(rows) - entropy_of(h for _, h, _ in rows)


# --- entropy ---------------------------------------------------------------------------------------------------------


@undersampled
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("estimator", ORACLES)
def test_estimator_is_the_papers_formula(level: str, estimator: str, sample: str) -> None:
    counts = SAMPLES[sample]
    value = discrete.entropy_from_counts(counts, estimator=estimator)
    assert type(value) is float
    if estimator == "chao_shen" and set(counts) == {1}:  # no coverage: the formula is 0/0, its limit is infinite
        assert math.log(len(counts)) - ATOL <= value < math.inf
    else:
        assert value == pytest.approx(ORACLES[estimator](counts, len(counts)), rel=RTOL, abs=ATOL)


@undersampled
@pytest.mark.parametrize("n_symbols", [52, 100, 10**4])
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("estimator", ["shrinkage", "bonachela", "mle", "zhang"])
def test_estimator_with_a_known_alphabet(estimator: str, sample: str, n_symbols: int) -> None:
    counts = SAMPLES[sample]
    value = discrete.entropy_from_counts(counts, estimator=estimator, n_symbols=n_symbols)
    assert value == pytest.approx(ORACLES[estimator](counts, n_symbols), rel=RTOL, abs=ATOL)


@undersampled
@pytest.mark.parametrize("n_symbols", [None, 60])
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("alpha", [0.3, 2, "jeffreys", "laplace", "perks", "minimax"])
def test_dirichlet_is_the_plug_in_of_the_posterior_mean(alpha: float | str, sample: str, n_symbols: int | None) -> None:
    counts = SAMPLES[sample]
    k = n_symbols or len(counts)
    named = {"jeffreys": 0.5, "laplace": 1.0, "perks": 1 / k, "minimax": math.sqrt(sum(counts)) / k}
    a = named.get(alpha, alpha)
    value = discrete.entropy_from_counts(counts, estimator="dirichlet", alpha=alpha, n_symbols=n_symbols)
    assert value == pytest.approx(plug_in([c + a for c in counts] + [a] * (k - len(counts))), rel=RTOL, abs=ATOL)


def test_nsb_is_the_published_value(level: str) -> None:
    value, std = discrete.entropy_from_counts(PUBLISHED, estimator="nsb", n_symbols=100, return_std=True)
    # log-likelihoods near 300 are good to 300 eps, which reaches the mean through its spread over β of 0.1: 1e-14
    assert value == pytest.approx(2.806096916054329, abs=1e-14)
    assert std == pytest.approx(nsb(PUBLISHED, 100)[1], rel=1e-8)  # see below
    assert std == pytest.approx(0.119455, rel=3e-4)  # as published, from a coarser integral: 0.119477 in 45 digits
    assert discrete.entropy_from_counts(PUBLISHED, estimator="nsb", n_symbols=100) == value


@undersampled
@pytest.mark.parametrize("n_symbols", [None, 10**4])
@pytest.mark.parametrize("sample", ["one symbol", "two singletons", "doubletons", "mixed", "published"])
def test_nsb_is_the_integral_over_beta(sample: str, n_symbols: int | None) -> None:
    counts = SAMPLES[sample]
    k = n_symbols or len(counts)
    expected, expected_std = nsb(counts, k) if k > 1 else (0.0, 0.0)
    value, std = discrete.entropy_from_counts(counts, estimator="nsb", n_symbols=n_symbols, return_std=True)
    # log-likelihoods of up to N log K = 800 are good to 800 eps = 2e-13, and enter each weight as such
    assert value == pytest.approx(expected, rel=RTOL, abs=ATOL)
    # the variance is E[S²] - E[S]² or as bad: RTOL * log(K)² = 1e-10 of variances above 1e-2
    assert std == pytest.approx(expected_std, rel=1e-8)


@undersampled
@pytest.mark.parametrize("n_symbols", [None, 10, 10**6])
@pytest.mark.parametrize("n", [2, 3, 10, 1000, 10**6, 10**9])
def test_nsb_stays_in_range_for_every_sample_size(n: int, n_symbols: int | None) -> None:
    for counts in ([n], [n - n // 3, n // 3], [n - 1, 1], [n // 2, n - n // 2, 0]):
        k = n_symbols or sum(c > 0 for c in counts)
        value, std = discrete.entropy_from_counts(counts, estimator="nsb", n_symbols=n_symbols, return_std=True)
        assert -ATOL <= value <= math.log(k) + ATOL
        assert 0 <= std <= math.log(k) / 2 + ATOL  # no variable on [0, log K] spreads more (Popoviciu)


@pytest.mark.parametrize("n", [10**5, 10**7, 10**9])
def test_nsb_of_a_large_sample_is_the_plug_in_with_its_asymptotic_error(n: int) -> None:
    p = np.array([0.5, 0.25, 0.15, 0.1])
    counts = np.rint(n * p).astype(np.int64)
    value, std = discrete.entropy_from_counts(counts, estimator="nsb", return_std=True)
    assert value == pytest.approx(plug_in(counts), abs=4 / n + ATOL)  # the bias is of order (K - 1) / 2N
    variance = (p * np.log(p) ** 2).sum() - plug_in(p) ** 2
    # terms of order K/N are left out, and E[S²] - E[S]² may lose eps / variance = 1e-6
    assert std == pytest.approx(math.sqrt(variance / n), rel=1e-3)


def test_nsb_grows_with_the_alphabet_and_shrinks_with_coincidences() -> None:
    by_alphabet = [discrete.entropy_from_counts([3, 2, 1, 1], estimator="nsb", n_symbols=k) for k in (4, 10, 100, 1000)]
    assert by_alphabet == sorted(by_alphabet)
    by_coincidence = [
        discrete.entropy_from_counts(counts, estimator="nsb", n_symbols=1000)
        for counts in ([1] * 10, [2] + [1] * 8, [4] + [2] * 3, [10])
    ]
    assert by_coincidence == sorted(by_coincidence, reverse=True)


@undersampled
@pytest.mark.parametrize("estimator", ["grassberger", "chao_shen", "chao_wang_jost", "jackknife", "zhang", "nsb"])
def test_a_bias_correction_has_less_bias_than_the_plug_in(estimator: str, rng: np.random.Generator) -> None:
    p = 1 / np.arange(1, 61)
    p /= p.sum()
    tables = rng.multinomial(60, p, size=100)
    bias = {
        name: np.mean([discrete.entropy_from_counts(c, estimator=name, n_symbols=60) for c in tables]) - plug_in(p)
        for name in ("mle", estimator)
    }
    assert bias["mle"] < -0.2  # (K - 1) / 2N, less what unseen symbols hide: far from the error of the mean, 0.02
    assert abs(bias[estimator]) < 0.6 * abs(bias["mle"])


@undersampled
@pytest.mark.parametrize("estimator", [*ESTIMATORS, "dirichlet"])
def test_symbols_and_their_counts_give_the_same_entropy(level: str, estimator: str, rng: np.random.Generator) -> None:
    x = rng.zipf(1.8, 500)
    options = {"estimator": estimator, "alpha": 0.5} if estimator == "dirichlet" else {"estimator": estimator}
    number = np.unique(x, return_counts=True)[1]
    value = discrete.entropy(x, **options)
    assert value == pytest.approx(discrete.entropy_from_counts(number, **options), rel=RTOL)
    assert discrete.entropy(x[:, None], **options) == pytest.approx(value, rel=RTOL)
    padded = np.concatenate([[0, 0], number])  # zero counts are no symbols where n_symbols is not given
    assert discrete.entropy_from_counts(padded, **options) == pytest.approx(value, rel=RTOL)


@pytest.mark.parametrize(
    ("base", "of"), [(None, math.e), ("nats", math.e), ("bits", 2), (2, 2), ("hartleys", 10), (3, 3)]
)
def test_base_divides_by_its_logarithm(base: object, of: float) -> None:
    x = [0, 0, 0, 1, 1, 2, 2, 2] * 5
    in_base, in_nats = (discrete.entropy(x, estimator="nsb", base=b, return_std=True) for b in (base, None))
    rtol = 1e-15  # a logarithm, its reciprocal and two products, half an ulp each
    assert np.multiply(in_base, math.log(of)) == pytest.approx(in_nats, rel=rtol)
    assert discrete.entropy(x, base=base) * math.log(of) == pytest.approx(discrete.entropy(x), rel=rtol)


def test_counts_past_2_to_the_53_are_no_obstacle(level: str) -> None:
    atol = 2e-14  # log N - Σ n log n / N is a difference of two numbers near 42, good to an ulp or two of 7e-15
    assert discrete.entropy_from_counts([2**60, 2**60]) == pytest.approx(math.log(2), abs=atol)
    assert discrete.entropy_from_counts(np.array([2**54 + 1] * 4, np.uint64)) == pytest.approx(math.log(4), abs=atol)


# --- counts ----------------------------------------------------------------------------------------------------------


def assert_counts(x: object, reference: np.ndarray) -> None:
    symbols, number = discrete.counts(x)
    axis = 0 if reference.ndim == 2 else None
    expected, expected_number = np.unique(reference, return_counts=True, axis=axis)
    assert number.dtype == np.int64
    assert number.tolist() == expected_number.tolist()
    assert np.asarray(symbols).tolist() == expected.tolist()


SIZES = [1, 7, 8, 9, 63, 64, 65, 1000, 100_003]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_counts_of_integers_over_their_full_range(level: str, dtype: str, n: int, rng: np.random.Generator) -> None:
    limits = np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max, n, dtype, endpoint=True)
    x = np.where(rng.random(n) < 0.5, x, x[: 1 + n // 10][rng.integers(0, 1 + n // 10, n)])  # half of them repeat
    x[:2] = limits.max
    x[-1] = limits.min
    assert_counts(x, x)
    assert discrete.counts(x)[0].dtype == x.dtype


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2), (-3, 4), (0, 256), (250, 260), (-70_000, 70_000)])
def test_counts_of_dense_alphabets(level: str, low: int, high: int, n: int, rng: np.random.Generator) -> None:
    x = rng.integers(low, high, n)
    assert_counts(x, x)
    assert_counts(np.sort(x)[::-1], x)
    assert_counts(x + 2**62, x + 2**62)  # dense, but far from 0


@pytest.mark.parametrize("n", [1, 9, 1000, 100_003])
def test_counts_of_constant_and_of_distinct_data(level: str, n: int) -> None:
    for value in (0, -1, 2**63 - 1, -(2**63)):
        assert_counts(np.full(n, value), np.full(n, value))
    distinct = np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # an odd factor permutes 64-bit integers
    assert_counts(distinct, distinct)


NAMES = np.array(["b", "ä", "", "abc", "ab", "a" * 40, "B"])
SYMBOLS = {
    "bool": np.array([True, False]),
    "str": NAMES,
    "bytes": np.array([b"b", b"", b"abc", b"ab"]),
    "object strings": NAMES.astype(object),
    "float64": np.array([0.0, -0.0, 1.5, -2.5, 1e300, 5e-324, np.inf, -np.inf]),
    "float32": np.array([0.0, -0.0, 1.5, -1e-45, 3e38], np.float32),
    "datetime64": np.array(["2024-02-29", "1969-12-31", "2262-01-01"], "datetime64[ns]"),
    "timedelta64": np.array([-3, 0, 4], "timedelta64[s]"),
}


@pytest.mark.parametrize("n", [1, 8, 1000, 20_011])
@pytest.mark.parametrize("kind", SYMBOLS)
def test_counts_of_every_kind_of_symbol(kind: str, n: int, rng: np.random.Generator) -> None:
    x = rng.choice(SYMBOLS[kind], n)
    assert_counts(x, x)
    if kind != "bytes":  # pandas has no column type for them
        assert_counts(pd.Series(x), x)
    if x.dtype.kind not in "mM":  # NumPy makes objects of a list of dates
        assert_counts(x.tolist(), x)


@undersampled
def test_both_zeros_are_one_symbol() -> None:
    assert discrete.counts([0.0, -0.0, 0.0])[1].tolist() == [3]
    assert discrete.entropy([0.0, -0.0, 0.0, -0.0]) == 0.0
    assert discrete.counts(np.array([[0.0, 1.0], [-0.0, 1.0]]))[1].tolist() == [2]
    assert discrete.mutual_information([0.0, -0.0] * 8, [1, 2] * 8) == pytest.approx(0, abs=ATOL)


def test_counts_of_pandas_and_polars_columns(rng: np.random.Generator) -> None:
    x = rng.choice(["a", "b", "d"], 500)
    assert_counts(pd.Series(pd.Categorical(x, categories=["a", "b", "c", "d"])), x)  # "c" is never seen
    assert_counts(pd.Categorical(x), x)
    assert_counts(pd.Series(x, index=np.arange(500)[::-1]), x)
    assert_counts(pl.Series(x.tolist()), x)
    assert_counts(pl.Series(x.tolist(), dtype=pl.Categorical), x)
    codes = rng.integers(-5, 5, 500)
    assert_counts(pl.Series(codes), codes)


@pytest.mark.parametrize("n", [1, 8, 65, 20_011])
@pytest.mark.parametrize("kind", ["small", "full range", "float", "str"])
def test_rows_of_a_matrix_are_symbols(level: str, kind: str, n: int, rng: np.random.Generator) -> None:
    wide = rng.integers(-(2**63), 2**63 - 1, 3)
    pools = {"small": np.arange(4), "full range": wide, "float": np.array([0.5, -0.0, -1.0]), "str": NAMES[:3]}
    x = rng.choice(pools[kind], (n, 5))
    assert_counts(x, x)
    assert_counts(np.asfortranarray(x), x)


def test_counts_of_every_layout(level: str, rng: np.random.Generator, tmp_path: Path) -> None:
    x = rng.integers(-40, 40, 5001).astype(np.int32)
    frozen = x.copy()
    frozen.setflags(write=False)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    table = np.asfortranarray(np.column_stack([x, x]))
    for view in (x[::3], x[::-1], frozen, mapped, mapped[1::2], x.astype(">i4"), x.astype("<i4"), table[:, 1]):
        assert_counts(view, np.array(view))
    assert (x == frozen).all()
    assert_counts(x.astype(">f8") / 2, x / 2)
    packed = np.zeros(5001, [("pad", "i1"), ("x", "i4")])  # 5 bytes apart: unaligned
    packed["x"] = x
    assert_counts(packed["x"], x)


def test_a_known_alphabet_that_is_all_seen_changes_no_counts() -> None:
    symbols, number = discrete.counts([2, 0, 1, 1], n_symbols=3)
    assert (symbols.tolist(), number.tolist()) == ([0, 1, 2], [1, 2, 1])


THREADED: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "counts dense": lambda x, y: discrete.counts(x),
    "counts large": lambda x, y: discrete.counts(x * 100_003 + y),
    "counts sparse": lambda x, y: discrete.counts(x * 0x1E3779B97F4A7C15 + y),
    "entropy": lambda x, y: discrete.entropy(x),
    "weights": lambda x, y: discrete.entropy(x, weights=np.sqrt(1 + y)),
    "mutual information": lambda x, y: discrete.mutual_information(x, y),
    "extrapolation": lambda x, y: discrete.mutual_information(x, y, bias="quadratic_extrapolation", seed=3),
    "matrix": lambda x, y: discrete.mutual_information_matrix(np.column_stack([x, y, x + y, x * y])),
    "conditional": lambda x, y: discrete.conditional_mutual_information(x, y, (x + y) % 3),
    "transfer": lambda x, y: discrete.transfer_entropy(x, y, source_history=2),
    "adjusted": lambda x, y: discrete.adjusted_mutual_information(x, y),
}


@pytest.mark.parametrize("statistic", THREADED)
def test_every_number_of_threads_gives_the_same_bits(level: str, statistic: str, rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 7, 300_007), rng.integers(0, 5, 300_007)
    results = []
    for n in (1, 2, 3, 8):
        with ht.threads(n):
            results.append(THREADED[statistic](x, y))
    for result in results[1:]:
        np.testing.assert_array_equal(np.asarray(result), np.asarray(results[0]))


# --- joint quantities ------------------------------------------------------------------------------------------------


@pytest.fixture
def table(rng: np.random.Generator) -> np.ndarray:
    """Three dependent columns of 4, 3 and 5 symbols, 2000 rows: every cell is well sampled."""
    z = rng.integers(0, 5, 2000)
    return np.column_stack([(z + rng.integers(0, 3, 2000)) % 4, (z * rng.integers(0, 3, 2000)) % 3, z])


@pytest.mark.parametrize("estimator", COUNT_DIFFERENCES)
def test_joint_quantities_are_sums_of_entropies(level: str, estimator: str, table: np.ndarray) -> None:
    x, y, z = table.T

    def h(*columns: np.ndarray) -> float:
        counts = Counter(zip(*(c.tolist() for c in columns), strict=True))
        return discrete.entropy_from_counts(list(counts.values()), estimator=estimator)

    # the jackknife's N H - (N - 1) H takes N ulp of H, eight times
    atol = 2000 * 8 * 1e-15 if estimator == "jackknife" else 4 * ATOL
    e = {"estimator": estimator}
    assert discrete.joint_entropy(x, y, z, **e) == pytest.approx(h(x, y, z), abs=atol)
    assert discrete.joint_entropy(table, **e) == pytest.approx(h(x, y, z), abs=atol)
    assert discrete.conditional_entropy(y, x, **e) == pytest.approx(h(x, y) - h(x), abs=atol)
    assert discrete.conditional_entropy(y, table[:, ::2], **e) == pytest.approx(h(x, y, z) - h(x, z), abs=atol)
    assert discrete.mutual_information(x, y, **e) == pytest.approx(h(x) + h(y) - h(x, y), abs=atol)
    assert discrete.mutual_information(x, table[:, 1:], **e) == pytest.approx(h(x) + h(y, z) - h(x, y, z), abs=atol)
    conditional = h(x, z) + h(y, z) - h(x, y, z) - h(z)
    assert discrete.conditional_mutual_information(x, y, z, **e) == pytest.approx(conditional, abs=atol)
    total = h(x) + h(y) + h(z) - h(x, y, z)
    assert discrete.total_correlation(table, **e) == pytest.approx(total, abs=atol)


@pytest.mark.parametrize("n", [64, 65, 1000, 100_003])
@pytest.mark.parametrize(("k_x", "k_y"), [(1, 3), (2, 2), (3, 7), (5, 1)])
def test_mutual_information_is_scikit_learns(level: str, k_x: int, k_y: int, n: int, rng: np.random.Generator) -> None:
    x = rng.integers(0, k_x, n)
    y = (x + rng.integers(0, k_y, n)) % k_y
    expected = sklearn.metrics.mutual_info_score(x, y)
    value = discrete.mutual_information(x, y)
    assert value == pytest.approx(expected, abs=ATOL)
    assert discrete.mutual_information(y, x) == pytest.approx(value, abs=ATOL)
    assert discrete.mutual_information(NAMES[x], y * 2.0**40, base="bits") == pytest.approx(
        value / math.log(2), abs=2 * ATOL
    )


@undersampled
@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abc"), st.booleans()), min_size=1, max_size=60))
def test_information_identities_hold(rows: list[tuple[int, str, bool]]) -> None:
    x, y, z = (list(column) for column in zip(*rows, strict=True))
    information = discrete.mutual_information(x, y)
    assert -ATOL <= information <= min(discrete.entropy(x), discrete.entropy(y)) + ATOL
    assert discrete.conditional_mutual_information(x, y, z) >= -ATOL
    chain = discrete.entropy(x) + discrete.conditional_entropy(y, x)
    assert discrete.joint_entropy(x, y) == pytest.approx(chain, abs=ATOL)
    assert discrete.mutual_information(x, x) == pytest.approx(discrete.entropy(x), abs=ATOL)
    distance = discrete.conditional_entropy(x, y) + discrete.conditional_entropy(y, x)
    assert discrete.variation_of_information(x, y) == pytest.approx(distance, abs=4 * ATOL)


def test_a_negative_estimate_is_kept_unless_clipped() -> None:
    x, y = [0, 0, 1, 1] * 25, [0, 1, 0, 1] * 25
    # independent to the letter: the plug-in is 0 and Miller-Madow adds (1 + 1 - 3) / 2N
    assert discrete.mutual_information(x, y, estimator="miller_madow") == pytest.approx(-0.005, abs=ATOL)
    assert discrete.mutual_information(x, y, estimator="miller_madow", clip=True) == 0.0


def test_panzeri_treves_of_a_full_table_takes_off_the_degrees_of_freedom(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 3, 3000), rng.integers(0, 4, 3000)  # 250 in every cell: no unseen responses to guess
    difference = discrete.mutual_information(x, y) - discrete.mutual_information(x, y, bias="panzeri_treves")
    assert difference == pytest.approx(2 * 3 / 6000, abs=ATOL)


def test_quadratic_extrapolation_halves_the_bias_at_least_and_repeats_with_its_seed(rng: np.random.Generator) -> None:
    data = rng.integers(0, 5, (100, 2, 200))
    plain = np.mean([discrete.mutual_information(x, y) for x, y in data])
    option = {"bias": "quadratic_extrapolation"}
    corrected = np.mean([discrete.mutual_information(x, y, seed=7, **option) for x, y in data])
    assert plain == pytest.approx(16 / 400, rel=0.2)  # (K_x - 1)(K_y - 1) / 2N and terms in 1/N²
    assert abs(corrected) < plain / 2  # four standard errors of the mean of 100
    x, y = data[0]
    for seed in (lambda: 5, lambda: np.random.default_rng(5)):
        first, second = (discrete.mutual_information(x, y, seed=seed(), **option) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("estimator", ["mle", "miller_madow", "chao_shen"])
@pytest.mark.parametrize("normalized", [False, True])
def test_matrix_holds_all_pairs(level: str, estimator: str, normalized: bool, table: np.ndarray) -> None:
    options = {"estimator": estimator, "base": "bits"}
    entropies = [discrete.entropy(column, **options) for column in table.T]
    matrix = discrete.mutual_information_matrix(table, normalized=normalized, **options)
    assert matrix.shape == (3, 3)
    for i, j in itertools.product(range(3), range(3)):
        same = discrete.mutual_information(table[:, i], table[:, j], **options) if i != j else entropies[i]
        scale = (entropies[i] + entropies[j]) / 2 if normalized else 1
        assert matrix[i, j] == pytest.approx(same / scale, abs=4 * ATOL)
    assert (matrix == matrix.T).all()


def test_matrix_of_a_frame_is_a_frame(table: np.ndarray) -> None:
    frame = pd.DataFrame({"x": table[:, 0], "name": NAMES[table[:, 1]], "z": pd.Categorical(table[:, 2])})
    matrix = discrete.mutual_information_matrix(frame)
    assert isinstance(matrix, pd.DataFrame)
    assert list(matrix.index) == list(matrix.columns) == ["x", "name", "z"]
    np.testing.assert_allclose(matrix, discrete.mutual_information_matrix(table), rtol=0, atol=ATOL)


@pytest.mark.parametrize("estimator", ["mle", "dirichlet"])
def test_integer_weights_are_repetitions(level: str, estimator: str, table: np.ndarray) -> None:
    x, y, z = table.T
    weights = (np.arange(2000) * 7) % 5
    xr, yr, zr = np.repeat(table, weights, axis=0).T
    options = {"estimator": estimator, "alpha": 0.5} if estimator == "dirichlet" else {}
    value = discrete.entropy(x, weights=weights, **options)
    assert value == pytest.approx(discrete.entropy(xr, **options), abs=ATOL)
    if estimator == "mle":
        assert discrete.entropy(x, weights=weights * 0.37) == pytest.approx(value, abs=ATOL)
        information = discrete.mutual_information(x, y, weights=weights)
        assert information == pytest.approx(discrete.mutual_information(xr, yr), abs=ATOL)
        information = discrete.conditional_mutual_information(x, y, z, weights=weights)
        assert information == pytest.approx(discrete.conditional_mutual_information(xr, yr, zr), abs=4 * ATOL)


@undersampled
def test_weighted_entropy_is_the_plug_in_of_the_weights(rng: np.random.Generator) -> None:
    x, weights = rng.integers(0, 9, 1000), rng.random(1000)
    weights[x == 4] = 0.0  # a symbol without weight is not seen
    expected = plug_in(np.bincount(x, weights))
    assert discrete.entropy(x, weights=weights) == pytest.approx(expected, rel=1e-13)  # sums of 100 weights: 100 eps


# --- clustering agreement --------------------------------------------------------------------------------------------

LABELS = {
    "random": lambda rng: (rng.integers(0, 4, 300), rng.integers(0, 6, 300)),
    "close": lambda rng: (np.arange(400) % 5, np.where(rng.random(400) < 0.1, 0, np.arange(400) % 5)),
    "identical": lambda rng: (np.arange(60) % 3, (np.arange(60) % 3) * -2),
    "constant x": lambda rng: (np.zeros(50, int), np.arange(50) % 2),
    "constant y": lambda rng: (np.arange(50) % 3, np.ones(50, int)),
    "both constant": lambda rng: (np.zeros(50, int), np.ones(50, int)),
}


@pytest.mark.parametrize("norm", ["arithmetic", "geometric", "min", "max"])
@pytest.mark.parametrize("labels", LABELS)
def test_normalized_and_adjusted_are_scikit_learns(labels: str, norm: str, rng: np.random.Generator) -> None:
    x, y = LABELS[labels](rng)
    # the contract's 1e-12: the expected information takes exponentials of log-factorials near N log N = 2400,
    # good to 2400 eps = 5e-13
    expected = sklearn.metrics.normalized_mutual_info_score(x, y, average_method=norm)
    assert discrete.normalized_mutual_information(x, y, norm=norm) == pytest.approx(expected, abs=1e-12)
    expected = sklearn.metrics.adjusted_mutual_info_score(x, y, average_method=norm)
    assert discrete.adjusted_mutual_information(x, y, norm=norm) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("beta", [1.0, 0.3, 4.0])
@pytest.mark.parametrize("labels", LABELS)
def test_homogeneity_completeness_v_is_scikit_learns(labels: str, beta: float, rng: np.random.Generator) -> None:
    x, y = LABELS[labels](rng)
    expected = sklearn.metrics.homogeneity_completeness_v_measure(x, y, beta=beta)
    assert tuple(discrete.homogeneity_completeness_v(x, y, beta=beta)) == pytest.approx(expected, abs=1e-12)


# --- divergences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0, 0.5, 3])
def test_divergences_are_those_of_the_smoothed_frequencies(level: str, alpha: float, rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 5, 700), rng.integers(0, 4, 900)  # 4 occurs in x alone
    p = (np.bincount(x, minlength=5) + alpha) / (700 + 5 * alpha)
    q = (np.bincount(y, minlength=5) + alpha) / (900 + 5 * alpha)
    with np.errstate(divide="ignore"):
        cross = float(-(p * np.log(q)).sum())
    assert discrete.cross_entropy(x, y, alpha=alpha) == pytest.approx(cross, abs=ATOL)
    assert discrete.kl_divergence(x, y, alpha=alpha) == pytest.approx(cross - plug_in(p), abs=ATOL)
    mixed = plug_in((p + q) / 2) - (plug_in(p) + plug_in(q)) / 2
    assert discrete.js_divergence(x, y, alpha=alpha) == pytest.approx(mixed, abs=ATOL)
    named = (NAMES[[2, 3, 0, 1, 5]][x], NAMES[[2, 3, 0, 1]].astype("U3")[y])  # fields of different widths
    assert discrete.js_divergence(*named, alpha=alpha, base=2) == pytest.approx(mixed / math.log(2), abs=2 * ATOL)
    mixed_types = discrete.kl_divergence(y.astype(np.int8), x.astype(np.uint16), alpha=alpha)
    assert mixed_types == discrete.kl_divergence(y, x, alpha=alpha) < math.inf


def test_divergence_of_a_sample_from_itself_and_from_strangers() -> None:
    x, y = ["a", "b", "b"] * 9, ["c", "d"] * 9
    assert discrete.kl_divergence(x, x) == pytest.approx(0, abs=ATOL)
    assert discrete.js_divergence(x, y, base="bits") == pytest.approx(1, abs=ATOL)
    assert discrete.kl_divergence(x, y) == discrete.cross_entropy(x, y) == math.inf


# --- series ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def series(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A target that follows its own past and its source's two and three steps back."""
    source, noise = rng.integers(0, 3, 6000), rng.random(6000)
    target = np.zeros(6000, np.int64)
    for t in range(3, 6000):
        target[t] = (target[t - 1] + source[t - 2] * source[t - 3]) % 2 if noise[t] < 0.8 else t % 2
    return source, target


@pytest.mark.parametrize("lag", [1, 2, 3])
@pytest.mark.parametrize(("source_history", "target_history"), [(1, 1), (2, 1), (1, 3), (3, 2)])
def test_transfer_entropy_is_brute_force(
    level: str, source_history: int, target_history: int, lag: int, series: tuple[np.ndarray, np.ndarray]
) -> None:
    source, target = series
    options = {"source_history": source_history, "target_history": target_history, "lag": lag}
    expected = transfer_entropy(target.tolist(), target_history, source.tolist(), source_history, lag)
    assert discrete.transfer_entropy(source, target, **options) == pytest.approx(expected, abs=4 * ATOL)
    in_bits = discrete.transfer_entropy(np.array(["x", "y", "z"])[source], target == 1, base="bits", **options)
    assert in_bits == pytest.approx(expected / math.log(2), abs=6 * ATOL)


def test_transfer_entropy_given_a_third_series(series: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    source, target = series
    third = (source + (rng.random(6000) < 0.3)) % 3
    expected = discrete.conditional_mutual_information(
        target[1:], source[:-1], np.column_stack([target[:-1], third[:-1]])
    )
    assert discrete.transfer_entropy(source, target, given=third) == pytest.approx(expected, abs=4 * ATOL)
    assert discrete.transfer_entropy(source, target, given=source) == pytest.approx(0, abs=4 * ATOL)
    alone = discrete.transfer_entropy(source, target)
    assert discrete.transfer_entropy(source, target, given=np.zeros(6000, int)) == pytest.approx(alone, abs=4 * ATOL)


def test_transfer_entropy_of_a_copied_coin_is_1_bit_one_way(level: str, rng: np.random.Generator) -> None:
    coin = rng.integers(0, 2, 100_001)
    source, target = coin[1:], coin[:-1]  # target[t] = source[t - 1]
    # 2 N log(2) times the deviation is χ² with 2 degrees of freedom: above 40 once in 5e8 seeds
    atol = 40 / (2 * 100_000 * math.log(2))
    assert discrete.transfer_entropy(source, target, base="bits") == pytest.approx(1, abs=atol)
    assert 0 <= discrete.transfer_entropy(target, source, base="bits") + ATOL <= atol


@pytest.mark.parametrize("history", [1, 2, 5])
def test_entropy_rate_and_active_information_are_brute_force(
    level: str, history: int, series: tuple[np.ndarray, np.ndarray]
) -> None:
    rows = [(now, past) for now, past, _ in series_rows(series[1].tolist(), history, series[1].tolist(), 1, 1)]
    past, now = entropy_of(p for _, p in rows), entropy_of(y for y, _ in rows)
    rate = entropy_of(rows) - past
    assert discrete.entropy_rate(series[1], history) == pytest.approx(rate, abs=4 * ATOL)
    assert discrete.active_information(series[1], history) == pytest.approx(now - rate, abs=4 * ATOL)


def test_entropy_rate_of_a_markov_chain_is_its_closed_form(rng: np.random.Generator) -> None:
    leave, stationary, n = (0.1, 0.4), (0.8, 0.2), 100_000
    x = [0]
    for u in rng.random(n - 1).tolist():
        x.append(x[-1] ^ (u < leave[x[-1]]))
    steps = [(stationary[s] * p, -math.log(p)) for s in (0, 1) for p in (leave[s], 1 - leave[s])]
    rate = sum(weight * surprise for weight, surprise in steps)
    variance = sum(weight * surprise**2 for weight, surprise in steps) - rate**2
    # five standard errors; the second eigenvalue is 0.5, so the samples are worth at least a third of their number
    for history in (1, 2, 4):
        assert discrete.entropy_rate(x, history) == pytest.approx(rate, abs=5 * math.sqrt(3 * variance / n))
    assert discrete.active_information(x, 1) == pytest.approx(plug_in(stationary) - rate, abs=0.02)  # as above


# --- coverage, missing values, bad input -----------------------------------------------------------------------------


def test_coverage_is_good_turings() -> None:
    assert discrete.coverage([1, 1, 0, 2, 4]) == pytest.approx(1 - 2 / 8, abs=1e-15)


def test_a_sample_too_small_for_its_alphabet_warns_and_names_a_better_estimator() -> None:
    x = np.arange(100)
    with pytest.warns(ht.CoverageWarning, match=r"chao|nsb"):
        assert discrete.entropy(x) == pytest.approx(math.log(100), abs=ATOL)
    with pytest.warns(ht.CoverageWarning, match=r"chao|nsb"):
        discrete.mutual_information(x, x)
    for estimator in ("chao_wang_jost", "chao_shen"):  # warnings are errors here
        assert discrete.entropy(x, estimator=estimator) > math.log(100)
    assert discrete.entropy(x, estimator="nsb", n_symbols=1000) > math.log(100)
    assert discrete.entropy([0, 0, 1, 1, 2]) > 1  # coverage 0.8


def test_nan_is_counted_and_found_or_omitted_pairwise() -> None:
    x, y = np.arange(40) % 4 / 2, np.arange(40) % 3 * 1.0
    x[[5, 17, 30]] = np.nan
    message = r"(?is)(?=.*\b3\b)(?=.*\b5\b)(?=.*nan)"
    for call in (discrete.entropy, lambda a: discrete.mutual_information(a, y), discrete.counts):
        with pytest.raises(ValueError, match=message):
            call(x)
    y[[5, 8]] = np.nan
    keep = ~(np.isnan(x) | np.isnan(y))
    omit = {"nan_policy": "omit"}
    assert discrete.entropy(x, **omit) == discrete.entropy(x[~np.isnan(x)])
    assert discrete.mutual_information(x, y, **omit) == discrete.mutual_information(x[keep], y[keep])
    z = np.arange(40) % 2
    expected = discrete.conditional_mutual_information(x[keep], y[keep], z[keep])
    assert discrete.conditional_mutual_information(x, y, z, **omit) == expected
    weights, seen = np.arange(40.0), ~np.isnan(x)
    assert discrete.entropy(x, weights=weights, **omit) == discrete.entropy(x[seen], weights=weights[seen])


@pytest.mark.parametrize("estimator", [*ESTIMATORS, "dirichlet"])
@pytest.mark.parametrize("counts", [[3, -1], [1.5, 2], [1, math.nan], [1, math.inf], [0, 0], [], [[1, 2]]])
def test_no_estimator_takes_bad_counts(estimator: str, counts: list) -> None:
    options = {"alpha": 0.5} if estimator == "dirichlet" else {}
    with pytest.raises(ValueError, match="counts"):
        discrete.entropy_from_counts(counts, estimator=estimator, **options)


X, Y = [0, 1, 1, 2, 2, 0] * 5, [0, 1, 0, 1, 1, 1] * 5
BOTH_LENGTHS = r"(?s)(?=.*\b30\b)(?=.*\b29\b)"
BAD: list[tuple[str, tuple, dict, str]] = [
    ("entropy", ([],), {}, r"\bx\b"),
    ("entropy", (np.zeros((2, 2, 2)),), {}, r"\bx\b"),
    ("entropy", (X,), {"estimator": "nsb2"}, "nsb2"),
    ("entropy", (X,), {"n_symbols": 2}, "n_symbols"),
    ("entropy", (X,), {"estimator": "nsb", "n_symbols": 2}, "n_symbols"),
    ("counts", (X,), {"n_symbols": 2}, "n_symbols"),
    ("entropy_from_counts", ([4, 3, 2],), {"n_symbols": 2}, "n_symbols"),
    ("entropy", (X,), {"base": 1}, "base"),
    ("entropy", (X,), {"base": -2}, "base"),
    ("entropy", (X,), {"base": "nat"}, "base"),
    ("entropy", (X,), {"nan_policy": "drop"}, "nan_policy"),
    ("entropy", (X,), {"weights": [1.0] * 29}, "weights"),
    ("entropy", (X,), {"weights": [-1.0] + [1.0] * 29}, "weights"),
    ("entropy", (X,), {"weights": [math.nan] + [1.0] * 29}, "weights"),
    ("entropy", (X,), {"weights": [0.0] * 30}, "weights"),
    ("entropy", (X,), {"weights": [1.5] * 30, "estimator": "nsb"}, "weights"),
    ("entropy", (X,), {"weights": [1.5] * 30, "estimator": "zhang"}, "weights"),
    ("entropy", (X,), {"estimator": "dirichlet", "alpha": -1}, "alpha"),
    ("entropy", (X,), {"estimator": "dirichlet", "alpha": math.nan}, "alpha"),
    ("entropy", (X,), {"estimator": "dirichlet", "alpha": "jeffrey"}, "alpha"),
    ("mutual_information", ([], []), {}, r"\bx\b"),
    ("mutual_information", (X, Y[:-1]), {}, BOTH_LENGTHS),
    ("mutual_information", (X, Y), {"bias": "panzeri"}, "bias"),
    ("mutual_information", (X, Y), {"estimator": "plugin"}, "plugin"),
    ("conditional_mutual_information", (X, Y, X[:-1]), {}, BOTH_LENGTHS),
    ("joint_entropy", (X, Y, X[:-1]), {}, BOTH_LENGTHS),
    ("conditional_entropy", (X, Y[:-1]), {}, BOTH_LENGTHS),
    ("variation_of_information", (X, Y[:-1]), {}, BOTH_LENGTHS),
    ("homogeneity_completeness_v", (X, Y[:-1]), {}, BOTH_LENGTHS),
    ("normalized_mutual_information", (X, Y), {"norm": "harmonic"}, "norm"),
    ("adjusted_mutual_information", (X, Y), {"norm": "harmonic"}, "norm"),
    ("kl_divergence", (X, []), {}, r"\by\b"),
    ("kl_divergence", (X, Y), {"alpha": -0.5}, "alpha"),
    ("transfer_entropy", (X, Y[:-1]), {}, BOTH_LENGTHS),
    ("transfer_entropy", (X, Y), {"source_history": 0}, "source_history"),
    ("transfer_entropy", (X, Y), {"target_history": 0}, "target_history"),
    ("transfer_entropy", (X, Y), {"target_history": 30}, "history"),
    ("transfer_entropy", (X, Y), {"source_history": 31}, "history"),
    ("transfer_entropy", (X, Y), {"lag": -1}, "lag"),
    ("entropy_rate", (X, 0), {}, "history"),
    ("entropy_rate", (X, 30), {}, "history"),
    ("active_information", (X, 0), {}, "history"),
    ("active_information", (X, 31), {}, "history"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "message"), BAD)
def test_bad_input_is_named(function: str, arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(discrete, function)(*arguments, **options)


@pytest.mark.parametrize("symbols", [np.array([1, "a", 2.5] * 10, object), np.array([1j, 2, 0] * 10)])
def test_mixed_and_complex_symbols_are_a_type_error(symbols: np.ndarray) -> None:
    for call in (discrete.counts, discrete.entropy, lambda a: discrete.mutual_information(a, X)):
        with pytest.raises(TypeError, match="x"):
            call(symbols)
    with pytest.raises(TypeError, match="y"):
        discrete.mutual_information(X, symbols)
