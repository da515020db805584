"""Symbols against their definitions in the reference, pandas' value counts, SciPy and closed forms."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import hartley as ht
from hartley import _dispatch, discrete
from hartley.reference import discrete as reference


def test_entropy_of_value_counts_is_scipys(level: str, rng: np.random.Generator) -> None:
    counts = pd.Series(rng.zipf(1.7, 20_000)).value_counts().to_numpy()
    expected = scipy.stats.entropy(counts)
    # both sum K rounded terms that add up to H; K log-terms of 1 ulp each at most
    assert discrete.entropy_from_counts(counts) == pytest.approx(expected, rel=1e-13)
    assert discrete.entropy_from_counts(counts, base="bits") == pytest.approx(expected / math.log(2), rel=1e-13)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 63, 64, 65, 1000, 100_003])
def test_entropy_of_equal_counts_is_log_n(level: str, n: int) -> None:
    assert discrete.entropy_from_counts(np.full(n, 3)) == pytest.approx(math.log(n), abs=1e-13 * max(1.0, math.log(n)))


def test_miller_madow_adds_the_seen_symbols_less_one_over_twice_the_samples() -> None:
    counts = [5, 0, 3, 2]
    difference = discrete.entropy_from_counts(counts, estimator="miller_madow") - discrete.entropy_from_counts(counts)
    assert difference == pytest.approx(2 / 20, abs=1e-15)


def test_one_symbol_has_exactly_no_entropy() -> None:
    for estimator in ("mle", "miller_madow"):
        assert discrete.entropy_from_counts([0, 10**9, 0], estimator=estimator) == 0.0


@pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any))
def test_entropy_is_between_0_and_log_of_the_symbols_seen(counts: list[int]) -> None:
    seen = sum(c > 0 for c in counts)
    assert 0.0 <= discrete.entropy_from_counts(counts) <= math.log(seen) + 1e-12


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64, object])
def test_counts_of_every_dtype_and_layout_agree(dtype: type) -> None:
    counts = np.array([9, 1, 4, 1, 2, 1], dtype)
    assert discrete.entropy_from_counts(counts[::2]) == discrete.entropy_from_counts([9, 4, 2])
    assert discrete.coverage(counts) == pytest.approx(1 - 3 / 18, abs=1e-15)


def test_coverage_is_0_where_nothing_repeats_and_1_where_everything_does() -> None:
    assert discrete.coverage(np.ones(100, int)) == 0.0
    assert discrete.coverage([2, 7]) == 1.0


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([3, -1], r"counts\[1\] = -1"),
        ([1.5, 2], r"counts\[0\] = 1.5"),
        ([1, float("nan")], r"counts\[1\] = nan"),
        ([1, float("inf")], r"counts\[1\] = inf"),
        ([0, 0], "no positive entry"),
        ([], "no positive entry"),
        ([[1, 2]], r"shape \(n_symbols,\), got \(1, 2\)"),
    ],
)
def test_bad_counts_are_named(counts: object, message: str) -> None:
    for function in (discrete.entropy_from_counts, discrete.coverage):
        with pytest.raises(ValueError, match=message):
            function(counts)


def test_an_unknown_estimator_is_named() -> None:
    with pytest.raises(ValueError, match=r"one of mle, miller_madow, .*, nsb, got 'nsb2'"):
        discrete.entropy_from_counts([1, 2], estimator="nsb2")


def test_text_is_no_counts() -> None:
    with pytest.raises(TypeError, match="counts must hold real numbers"):
        discrete.entropy_from_counts(["a"])


def symbols(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    if kind == "dense":
        return rng.integers(-3, 4, n)
    if kind == "sparse":
        return rng.integers(-(2**63), 2**63, 40)[rng.integers(0, 40, n)]
    return np.array(["a", "be", "cat", "a longer name", ""])[rng.integers(0, 5, n)]


@pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")
@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize(("x_kind", "y_kind"), [("dense", "dense"), ("sparse", "text"), ("text", "dense")])
def test_information_equals_the_reference(
    level: str, x_kind: str, y_kind: str, n: int, rng: np.random.Generator
) -> None:
    x, y, z = symbols(rng, x_kind, n), symbols(rng, y_kind, n), rng.integers(0, 3, n)
    a, b, c = x.tolist(), y.tolist(), z.tolist()
    # sums of at most 400 terms that cancel to the information: 400 eps of entropies below 6
    assert discrete.entropy(x) == pytest.approx(reference.entropy(a), abs=1e-13)
    assert discrete.mutual_information(x, y) == pytest.approx(reference.mutual_information(a, b), abs=5e-13)
    expected = reference.conditional_mutual_information(a, b, c)
    assert discrete.conditional_mutual_information(x, y, z) == pytest.approx(expected, abs=5e-13)
    if n > 8:
        options = {"source_history": 2, "target_history": 1, "lag": 3}
        found = discrete.transfer_entropy(x, y, **options)
        assert found == pytest.approx(reference.transfer_entropy(a, b, *options.values()), abs=5e-13)


@pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")
@pytest.mark.parametrize("counts", [[1], [1, 1], [5], [3, 1, 1], [10, 7, 2, 1, 1, 1], list(range(1, 30))])
def test_closed_forms_of_zhang_and_jackknife_equal_their_sums(level: str, counts: list[int]) -> None:
    # the sums have up to N = 435 terms of at most log N
    assert discrete.entropy_from_counts(counts, estimator="zhang") == pytest.approx(reference.zhang(counts), abs=1e-12)
    if sum(counts) > 1:
        found = discrete.entropy_from_counts(counts, estimator="jackknife")
        assert found == pytest.approx(reference.jackknife(counts), abs=435 * 6 * 4.5e-16)  # N H cancels: N log N eps


@pytest.mark.parametrize(
    ("a", "b"), [([1, 1], [2]), ([3, 4, 5], [6, 6]), ([1] * 12, [3] * 4), ([30, 2, 1], [11, 11, 11]), ([40], [40])]
)
def test_expected_information_equals_exact_binomials(level: str, a: list[int], b: list[int]) -> None:
    sizes = [np.unique(v, return_counts=True) for v in (a, b)]
    arguments = [np.ascontiguousarray(v, dtype=np.int64) for pair in sizes for v in pair]
    found = _dispatch.kernels.discrete_expected_mutual_information(*arguments, sum(a), 2)
    assert found == pytest.approx(reference.expected_mutual_information(a, b), rel=1e-13, abs=1e-15)  # as documented


def test_expected_information_of_huge_classes_has_no_factorials(level: str) -> None:
    n = 10**9
    sizes, ones = np.array([n // 2], dtype=np.int64), np.array([2], dtype=np.int64)
    found = _dispatch.kernels.discrete_expected_mutual_information(sizes, ones, sizes, ones, n, 2)
    # two halves against two halves: chi-square with one degree of freedom, E[I] = 1/(2 (n - 1)) + O(1/n²)
    assert found == pytest.approx(1 / (2 * n), rel=1e-6)


def test_a_window_that_the_sample_misses_is_found(level: str) -> None:
    for outlier in (70_000, -5, 2**40):
        x = np.zeros(50_000, dtype=np.int64)
        x[49_999], x[1] = outlier, 3  # neither lies on the sampled positions
        values, counts = discrete.counts(x)
        assert values.tolist() == sorted([0, 3, outlier])
        assert sorted(counts.tolist()) == [1, 1, 49_998]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_the_ends_of_every_integer_type_are_counted_in_order(level: str, dtype: str, rng: np.random.Generator) -> None:
    info = np.iinfo(dtype)
    for n in (5, 5000, 40_000):
        for around in (info.min, info.max):
            offsets = rng.integers(0, 100, n).astype(dtype)
            x = (info.max - offsets) if around == info.max else (info.min + offsets)
            x[0] = info.min
            x = x.astype(dtype)
            values, counts = np.unique(x, return_counts=True)
            found = discrete.counts(x)
            np.testing.assert_array_equal(found[0], values)
            np.testing.assert_array_equal(found[1], counts)


def test_results_are_the_same_bits_for_every_number_of_threads(level: str, rng: np.random.Generator) -> None:
    ids = rng.integers(0, 2**63, 5000)
    for x in (rng.integers(0, 200, 300_000).astype(np.uint8), ids[rng.integers(0, 5000, 300_000)]):
        with ht.threads(1):
            expected, entropy = discrete.counts(x), discrete.entropy(x, estimator="grassberger")
        for n in (2, 3, 8):
            with ht.threads(n):
                np.testing.assert_array_equal(discrete.counts(x), expected)
                assert discrete.entropy(x, estimator="grassberger") == entropy


def test_variables_of_many_columns_and_long_pasts_need_no_large_tables(level: str, rng: np.random.Generator) -> None:
    x = rng.integers(0, 3, 600)
    wide = np.stack([rng.permutation(256)[x] for _ in range(6)], axis=1)  # 256^6 combinations, three that occur
    # each column tells x and the other way round
    assert discrete.mutual_information(wide, x) == pytest.approx(discrete.entropy(x), abs=1e-13)
    assert discrete.variation_of_information(wide, x) == 0.0
    assert discrete.mutual_information(wide, x, weights=np.ones(600)) == pytest.approx(discrete.entropy(x), abs=1e-13)
    # one x a y and three in all: the first-order bias is (0 - 2) / (2 N)
    corrected = discrete.mutual_information(wide, x, bias="panzeri_treves")
    assert corrected == pytest.approx(discrete.entropy(x) + 2 / 1200, abs=1e-13)
    periodic = np.tile([0, 0, 1], 700)
    assert discrete.active_information(periodic, 60) == pytest.approx(discrete.entropy(periodic[60:]), abs=1e-12)
    assert discrete.transfer_entropy(periodic, periodic, source_history=63, target_history=63) == 0.0


def test_products_of_alphabets_past_63_bits_keep_symbols_apart(level: str) -> None:
    x = np.tile(np.repeat(np.arange(64)[:, None], 10, axis=1), (3, 1))
    y = x % 2 * 63
    assert discrete.joint_entropy(x, y) == pytest.approx(math.log(64), abs=1e-13)
    assert discrete.conditional_entropy(x, y) == pytest.approx(math.log(32), abs=1e-13)
    assert discrete.conditional_mutual_information(x, x, y) == pytest.approx(math.log(32), abs=1e-13)


@pytest.mark.parametrize("counts", [[10**7] * 10, [10**9, 1], [10**12] * 2, [10**15] * 4, [2**61] * 2])
def test_jackknife_of_huge_counts_does_not_cancel(counts: list[int]) -> None:
    with mpmath.workdps(60):
        n = mpmath.mpf(sum(counts))
        share = lambda c: -(c - 1) * mpmath.log1p(-1 / mpmath.mpf(c)) if c > 1 else mpmath.mpf(0)  # noqa: E731
        plug_in = -sum(c / n * mpmath.log(c / n) for c in map(mpmath.mpf, counts))
        expected = float(plug_in + share(n) - sum(c / n * share(mpmath.mpf(c)) for c in counts))
    # two numbers near 1 cancel: a few eps
    assert discrete.entropy_from_counts(counts, estimator="jackknife") == pytest.approx(expected, abs=2e-15)


def test_nsb_of_huge_counts_is_the_plug_in(level: str) -> None:
    for counts in ([10**18] * 4, [2**62 - 1] * 2, [10**15, 10**12]):
        value, std = discrete.entropy_from_counts(counts, estimator="nsb", return_std=True)
        plug_in = discrete.entropy_from_counts(counts)
        assert value == pytest.approx(plug_in, abs=1e-6)
        assert 0 <= std < 1e-5


def test_large_whole_numbers_beside_missing_values_stay_apart() -> None:
    import polars as pl
    import pyarrow as pa

    large = 2**53
    for x in (
        pd.Series([large, large + 1, None] * 9, dtype="Int64"),
        pl.Series([large, large + 1, None] * 9),
        pa.array([large, large + 1, None] * 9),
        pa.chunked_array([[large, large + 1, None]] * 9),
    ):
        assert discrete.entropy(x, nan_policy="omit", base=2) == 1.0
        with pytest.raises(ValueError, match="x has 9 missing values"):
            discrete.entropy(x)
    assert discrete.entropy([2**63, 2**63 + 1, -1] * 9) == pytest.approx(math.log(3), abs=1e-15)
    signed, unsigned = np.array([large] * 3), np.array([large + 1] * 3, dtype=np.uint64)
    assert discrete.kl_divergence(signed, unsigned) == math.inf
    table = pa.table({"a": [1, 2] * 9, "b": ["x", "y"] * 9})
    assert discrete.entropy(table, base=2) == 1.0


def test_missing_values_of_every_type_are_missing() -> None:
    from decimal import Decimal

    for nan in (np.float32("nan"), np.datetime64("NaT"), Decimal("NaN"), None, pd.NA, float("nan")):
        with pytest.raises(ValueError, match="x has 2 missing values"):
            discrete.entropy(np.array([nan, 1, nan], dtype=object))


def test_pairs_with_missing_values_use_the_rows_that_both_have(level: str, rng: np.random.Generator) -> None:
    x = rng.integers(0, 3, (300, 3)).astype(float)
    x[:, 1] = x[:, 0]
    x[:100, 0], x[250:, 1] = np.nan, np.nan
    for estimator in ("mle", "grassberger"):
        matrix = discrete.mutual_information_matrix(x, estimator=estimator, nan_policy="omit")
        for i, j in ((0, 1), (0, 2), (1, 2)):
            pair = discrete.mutual_information(x[:, i], x[:, j], estimator=estimator, nan_policy="omit")
            assert matrix[i, j] == matrix[j, i] == pytest.approx(pair, abs=1e-13)
    with pytest.raises(ValueError, match="columns 0 and 1 of X have no row"):
        discrete.mutual_information_matrix([[1.0, np.nan], [np.nan, 2.0]], nan_policy="omit")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: discrete.entropy_from_counts(np.ma.array([3, 1, 5], mask=[0, 0, 1])), ValueError, "counts has masked"),
        (lambda: discrete.entropy([1, 1, "a"]), TypeError, "x must hold symbols of one type"),
        (lambda: discrete.entropy([1, 1, 2], alpha="laplace"), ValueError, "alpha goes with"),
        (lambda: discrete.entropy([1, 1, 2], weights=[1e308] * 3), ValueError, "weights must have a positive and"),
        (lambda: discrete.entropy_from_counts([3, 1], estimator="dirichlet", alpha=1e308), ValueError, "alpha must be"),
        (lambda: discrete.entropy_from_counts([3, 1], estimator="nsb", n_symbols=10**400), ValueError, r"n_symbols\)"),
        (lambda: discrete.counts([[0, 1], [1, 0]], n_symbols=5), ValueError, "n_symbols goes with one column"),
        (lambda: discrete.counts([1, 2], n_symbols=10**15), ValueError, r"n_symbols must be at most 2\^31"),
        (lambda: discrete.homogeneity_completeness_v([0, 1], [0, 1], beta=np.inf), ValueError, "beta must be"),
        (lambda: discrete.homogeneity_completeness_v([0, 1], [0, 1], beta="a"), TypeError, "beta must be a number"),
        (lambda: discrete.kl_divergence([b"a"], ["a"]), TypeError, "x and y must hold symbols of one type"),
        (lambda: discrete.kl_divergence([1], [1], alpha=np.nan), ValueError, "alpha must be"),
        (lambda: discrete.transfer_entropy([1.0, np.nan, 1], [1, 1, 1]), ValueError, r"first at source\[1\]$"),
        (lambda: discrete.counts(np.zeros(3, dtype=np.longdouble)), TypeError, "x must hold symbols"),
        (
            lambda: discrete.total_correlation(np.arange(10_000).reshape(50, 200) % 7, estimator="nsb"),
            ValueError,
            r"alphabet .* at most 2\^53",
        ),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")
def test_hostile_arguments_are_named(call: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
