"""Symbols against their definitions in the reference, pandas' value counts, SciPy and closed forms."""

from __future__ import annotations

import math

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
