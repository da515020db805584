"""The kernels' logarithm and exponential against mpmath, in units in the last place."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from hartley import _dispatch

# one rounding at the end (0.5) plus the documented error of polynomial and reduction: 1 ulp in vector_math.hpp; the v2
# level has no fused multiply-add and rounds the polynomial's last steps once more
_MAX_ULP = {"v2": 1.5, "v3": 1.0, "v4": 1.0, "base": 1.5}


def _ulp_errors(got, x, function, dtype):
    with mpmath.workdps(40):
        exact = [function(mpmath.mpf(float(v))) for v in x]
        spacing = np.abs(np.spacing(np.array([float(e) for e in exact], dtype=dtype))).astype(float)
        return np.array([abs(mpmath.mpf(float(g)) - e) / s for g, e, s in zip(got, exact, spacing, strict=True)], float)


def _positive_numbers(dtype, rng):
    info = np.finfo(dtype)
    exponents = rng.uniform(np.log2(float(info.smallest_subnormal)), np.log2(float(info.max)), 2000)
    near_one = 1.0 + rng.normal(size=2000) * 10.0 ** rng.uniform(-7, -1, 2000)
    return np.concatenate([np.exp2(exponents), rng.random(2000), np.abs(near_one)]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_is_within_an_ulp_of_mpmath_from_denormals_to_the_largest_number(level, dtype, rng):
    x = _positive_numbers(dtype, rng)
    x = x[(x > 0) & (x != 1)]
    errors = _ulp_errors(_dispatch.kernels.vector_log(x), x, mpmath.log, dtype)
    assert errors.max() <= _MAX_ULP[level]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exp_is_within_an_ulp_of_mpmath_over_its_whole_range(level, dtype, rng):
    info = np.finfo(dtype)
    low, high = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    x = np.concatenate([rng.uniform(low * 0.999, high * 0.9999, 3000), rng.normal(size=3000) * 1e-3]).astype(dtype)
    errors = _ulp_errors(_dispatch.kernels.vector_exp(x), x, mpmath.exp, dtype)
    assert errors.max() <= _MAX_ULP[level]


@pytest.mark.parametrize(("dtype", "least"), [(np.float64, -708), (np.float32, -87)])
def test_exp_of_a_softmax_is_within_an_ulp_of_mpmath_and_zero_below_normal_numbers(level, dtype, least, rng):
    x = np.concatenate([rng.uniform(least, 80, 3000), rng.normal(size=2000), [least, 0.0]]).astype(dtype)
    errors = _ulp_errors(_dispatch.kernels.vector_exp_or_zero(x), x, mpmath.exp, dtype)
    assert errors.max() <= _MAX_ULP[level]
    below = np.array([np.nextafter(dtype(least), dtype(-np.inf)), -1e30, -np.inf], dtype)
    np.testing.assert_array_equal(_dispatch.kernels.vector_exp_or_zero(below), np.zeros(3, dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_and_exp_of_special_values(level, dtype):
    inf, nan = np.inf, np.nan
    log = _dispatch.kernels.vector_log(np.array([0.0, -0.0, inf, -1.0, -inf, nan, 1.0], dtype=dtype))
    np.testing.assert_array_equal(log, np.array([-inf, -inf, inf, nan, nan, nan, 0.0], dtype=dtype))
    exp = _dispatch.kernels.vector_exp(np.array([0.0, -inf, inf, nan, 1e4, -1e4], dtype=dtype))
    np.testing.assert_array_equal(exp, np.array([1.0, 0.0, inf, nan, inf, 0.0], dtype=dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_expm1_is_within_two_ulp_of_mpmath_and_keeps_small_numbers(level, dtype, rng):
    high = np.log(float(np.finfo(dtype).max)) * 0.9999
    small = rng.normal(size=2000) * 10.0 ** rng.uniform(-30, 0, 2000)
    x = np.concatenate([rng.uniform(-45, high, 2000), small, rng.uniform(-1, 1, 1000)]).astype(dtype)
    x = x[x != 0]
    errors = _ulp_errors(_dispatch.kernels.vector_expm1(x), x, mpmath.expm1, dtype)
    assert errors.max() <= 2.0 if level not in ("v2", "base") else 2.5  # as documented; v2 rounds every product
    special = _dispatch.kernels.vector_expm1(np.array([0.0, -np.inf, np.inf, np.nan, 1e4, -1e4], dtype=dtype))
    np.testing.assert_array_equal(special, np.array([0.0, -1.0, np.inf, np.nan, np.inf, -1.0], dtype=dtype))


def test_special_functions_equal_mpmath(level, rng):
    x = np.concatenate([10.0 ** rng.uniform(-15, 15, 300), rng.uniform(0.5, 30, 300), np.arange(1.0, 30.0)])
    with mpmath.workdps(40):
        psi = [float(mpmath.digamma(mpmath.mpf(v))) for v in x]
        psi_1 = [float(mpmath.polygamma(1, mpmath.mpf(v))) for v in x]
    kernels = _dispatch.kernels
    # absolute near the root at 1.46, relative elsewhere: a dozen additions of the recurrence, half an eps each
    np.testing.assert_allclose(kernels.special_digamma(x, 2), psi, rtol=2e-15, atol=3e-15)
    np.testing.assert_allclose(kernels.special_trigamma(x, 2), psi_1, rtol=4e-15)


def test_rising_factorials_equal_mpmath_also_where_two_gammas_agree(level, rng):
    x = 10.0 ** rng.uniform(-12, 17, 400)
    n = np.floor(10.0 ** rng.uniform(0, 9, 400))
    with mpmath.workdps(50):
        expected = [
            float(mpmath.loggamma(mpmath.mpf(a) + b) - mpmath.loggamma(mpmath.mpf(a)))
            for a, b in zip(x, n, strict=True)
        ]
    found = _dispatch.kernels.special_log_rising(x, n, 2)
    # log Γ of 1e9 items is 2e10 with an eps of its own: an error of n log(x + n) times a few eps
    bound = 8e-15 * np.maximum(1.0, n * np.log(x + n + 2.0))
    assert (np.abs(found - expected) <= bound).all()
