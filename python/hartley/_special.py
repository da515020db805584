"""Special functions over arrays that broadcast; the kernels state their accuracy."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._threads import get_num_threads

Array: TypeAlias = NDArray[np.float64]


def _apply(kernel: str, *arguments: Any) -> Array:
    arrays = np.broadcast_arrays(*(np.asarray(argument, dtype=np.float64) for argument in arguments))
    columns = [np.ascontiguousarray(array).reshape(-1) for array in arrays]
    result: Array = getattr(_dispatch.kernels, "special_" + kernel)(*columns, get_num_threads())
    return result.reshape(arrays[0].shape)


def digamma(x: Any) -> Array:
    """ψ(x), x > 0."""
    return _apply("digamma", x)


def trigamma(x: Any) -> Array:
    """ψ'(x), x > 0."""
    return _apply("trigamma", x)


def log_gamma(x: Any) -> Array:
    """log Γ(x), x > 0."""
    return _apply("log_gamma", x)


def log1p_excess(x: Any) -> Array:
    """x - log(1 + x), x >= -1, accurate near 0."""
    return _apply("log1p_excess", x)


def ratio_excess(x: Any, m: Any) -> Array:
    """m / x - 1 - log(m / x), m and x positive, accurate where they agree to many digits."""
    return _apply("ratio_excess", x, m, np.subtract(m, x))


def deviance(x: Any, m: Any, step: Any) -> Array:
    """x log(x / m) - x + m, given step = m - x to all digits."""
    return _apply("deviance", x, m, step)


def binary_divergence(p: Any, q: Any) -> Array:
    """KL divergence of two coins: both terms are at least 0."""
    step = np.subtract(q, p)
    return deviance(p, q, step) + deviance(np.subtract(1.0, p), np.subtract(1.0, q), -step)


def log_factorial_rest(x: Any) -> Array:
    """log Γ(x + 1) - x log x + x, x >= 0."""
    return _apply("log_factorial_rest", x)


def gamma_entropy(shape: Any) -> Array:
    """Entropy of the gamma distribution of rate 1."""
    return _apply("gamma_entropy", shape)


def digamma_gap(x: Any) -> Array:
    """log x - ψ(x), x > 0."""
    return _apply("digamma_gap", x)


def trigamma_gap(x: Any) -> Array:
    """ψ'(x) - 1/x, x > 0."""
    return _apply("trigamma_gap", x)


def log_gamma_bregman_rest(a: Any, b: Any) -> Array:
    """Bregman divergence log Γ(b) - log Γ(a) - (b - a) ψ(a), less that of x log x - x."""
    return _apply("log_gamma_bregman_rest", a, b)


def log_bessel0_scaled(x: Any) -> Array:
    """log I0(x) - x, x >= 0."""
    return _apply("log_bessel0_scaled", x)


def bessel_ratio(x: Any) -> Array:
    """I1(x) / I0(x), x >= 0."""
    return _apply("bessel_ratio", x)


def bessel_ratio_gap(x: Any) -> Array:
    """1 - I1(x) / I0(x), x >= 0."""
    return _apply("bessel_ratio_gap", x)


def bessel_ratio_slope(x: Any) -> Array:
    """Derivative of I1(x) / I0(x), x >= 0."""
    return _apply("bessel_ratio_slope", x)


def log_bessel0_bregman(a: Any, b: Any) -> Array:
    """log I0(b) - log I0(a) - (b - a) I1(a) / I0(a)."""
    return _apply("log_bessel0_bregman", a, b)


def poisson_log_pmf(x: Any, rate: Any) -> Array:
    """log of the probability of x >= 0."""
    return _apply("poisson_log_pmf", x, rate)


def binomial_log_pmf(x: Any, n: Any, p: Any) -> Array:
    """log of the probability of x successes among n, 0 <= x <= n."""
    return _apply("binomial_log_pmf", x, n, p)


def negative_binomial_log_pmf(x: Any, r: Any, p: Any) -> Array:
    """log of the probability of x >= 0 failures before the r-th success."""
    return _apply("negative_binomial_log_pmf", x, r, p)


def poisson_entropy(rate: Any) -> Array:
    """Entropy of the Poisson distribution."""
    return _apply("poisson_entropy", rate)


def binomial_entropy(n: Any, p: Any) -> Array:
    """Entropy of the binomial distribution."""
    return _apply("binomial_entropy", n, p)


def negative_binomial_entropy(r: Any, p: Any) -> Array:
    """Entropy of the negative binomial distribution."""
    return _apply("negative_binomial_entropy", r, p)
