"""False-discovery control against SciPy and the definition."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from hartley import significance


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_q_values_are_scipys(rng: np.random.Generator, n: int) -> None:
    p = rng.random(n) ** 3
    # m * p / rank is two roundings in either order
    np.testing.assert_allclose(significance.benjamini_hochberg(p), scipy.stats.false_discovery_control(p), rtol=1e-15)


def test_q_values_keep_the_order_and_the_shape(rng: np.random.Generator) -> None:
    p = np.round(rng.random((20, 5)), 1)  # with ties, zeros and ones
    q = significance.benjamini_hochberg(p)
    assert q.shape == p.shape
    assert (q >= p).all()
    assert (np.diff(q.ravel()[np.argsort(p.ravel())]) >= 0).all()


def test_rejections_are_those_of_the_step_up_rule(rng: np.random.Generator) -> None:
    p = np.concatenate([rng.random(50), rng.random(20) * 1e-3])
    ordered = np.sort(p)
    passing = np.flatnonzero(ordered <= 0.05 * np.arange(1, 71) / 70)
    n_rejected = passing[-1] + 1 if len(passing) else 0
    assert (significance.benjamini_hochberg(p) <= 0.05).sum() == n_rejected


def test_no_tests_give_no_q_values() -> None:
    assert significance.benjamini_hochberg([]).shape == (0,)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_value_that_is_no_probability_is_named(bad: float) -> None:
    with pytest.raises(ValueError, match="at position 1"):
        significance.benjamini_hochberg([0.5, bad])
