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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_and_exp_of_special_values(level, dtype):
    inf, nan = np.inf, np.nan
    log = _dispatch.kernels.vector_log(np.array([0.0, -0.0, inf, -1.0, -inf, nan, 1.0], dtype=dtype))
    np.testing.assert_array_equal(log, np.array([-inf, -inf, inf, nan, nan, nan, 0.0], dtype=dtype))
    exp = _dispatch.kernels.vector_exp(np.array([0.0, -inf, inf, nan, 1e4, -1e4], dtype=dtype))
    np.testing.assert_array_equal(exp, np.array([1.0, 0.0, inf, nan, inf, 0.0], dtype=dtype))
