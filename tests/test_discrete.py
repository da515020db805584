"""Entropy and coverage from counts, against pandas' value counts, SciPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from hartley import discrete


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
        ([3, -1], r"counts\[1\] = -1.0"),
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
    with pytest.raises(ValueError, match="one of mle, miller_madow, got 'nsb2'"):
        discrete.entropy_from_counts([1, 2], estimator="nsb2")


def test_text_is_no_counts() -> None:
    with pytest.raises(TypeError, match="counts must hold real numbers"):
        discrete.entropy_from_counts(["a"])
