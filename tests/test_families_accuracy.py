"""Exponential families at their limits: special functions, large and extreme parameters, errors, textbook numbers."""

from __future__ import annotations

import re

import mpmath as mp
import numpy as np
import pytest
import scipy.special
import scipy.stats as st

import hartley as ht
import hartley.families as hf
from hartley import _special
from hartley._ranges import POSITIVE


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(60):
        yield


def _exact(function, *arguments):
    columns = np.broadcast_arrays(*arguments)
    values = [function(*(mp.mpf(float(v)) for v in row)) for row in zip(*(c.ravel() for c in columns), strict=True)]
    return np.array([float(v) for v in values])


def _log_factorial_rest(x):
    return mp.loggamma(x + 1) - x * mp.log(x) + x


def _gamma_entropy(x):
    return x + mp.loggamma(x) + (1 - x) * mp.digamma(x)


def _log_gamma_bregman_rest(a, b):
    rest = mp.loggamma(b) - mp.loggamma(a) - (b - a) * mp.digamma(a)
    return rest - (b * mp.log(b / a) - b + a)


def _bessel_ratio(x):
    return mp.besseli(1, x) / mp.besseli(0, x)


def _log_bessel0_bregman(a, b):
    return mp.log(mp.besseli(0, b)) - mp.log(mp.besseli(0, a)) - (b - a) * _bessel_ratio(a)


def _pairs(rng, n, low, high):
    """Pairs of all sizes, half of them near each other."""
    a = 10.0 ** rng.uniform(low, high, n)
    near = a * (1.0 + 10.0 ** rng.uniform(-10, 0, n) * rng.choice([-1, 1], n) * 0.9)
    return a, np.where(np.arange(n) % 2, near, 10.0 ** rng.uniform(low, high, n))


@pytest.mark.parametrize(
    ("found", "exact", "low", "high", "rtol", "atol"),
    [  # as their declarations state
        (_special.log_factorial_rest, _log_factorial_rest, -12, 15, 0, 1e-14),
        (_special.gamma_entropy, _gamma_entropy, 0, 15, 0, 1e-14),
        (_special.digamma_gap, lambda x: mp.log(x) - mp.digamma(x), -12, 15, 2e-14, 0),
        (_special.trigamma_gap, lambda x: mp.polygamma(1, x) - 1 / x, -12, 15, 1e-13, 0),
        (_special.log_gamma, mp.loggamma, -12, 15, 4e-15, 4e-15),
        (_special.log1p_excess, lambda x: x - mp.log1p(x), -12, 6, 2e-15, 0),
        (lambda x: _special.log1p_excess(-x), lambda x: -x - mp.log1p(-x), -12, -1e-9, 2e-15, 0),
        (_special.log_bessel0_scaled, lambda x: mp.log(mp.besseli(0, x)) - x, -8, 5, 1e-15, 1e-15),
        (_special.bessel_ratio, _bessel_ratio, -8, 5, 1e-15, 0),
        (_special.bessel_ratio_gap, lambda x: 1 - _bessel_ratio(x), -8, 5, 5e-14, 0),
        (_special.bessel_ratio_slope, lambda x: 1 - _bessel_ratio(x) / x - _bessel_ratio(x) ** 2, -8, 5, 1e-14, 0),
    ],
)
def test_special_functions_equal_mpmath(level, rng, found, exact, low, high, rtol, atol):
    edges = np.array([11.9999, 12.0, 14.0, 24.9999, 25.0])  # where series change
    x = np.concatenate([10.0 ** rng.uniform(low, high, 60), edges[(edges > 10.0**low) & (edges < 10.0**high)]])
    np.testing.assert_allclose(found(x), _exact(exact, x), rtol=rtol, atol=atol)


@pytest.mark.parametrize(
    ("found", "exact", "low", "high", "rtol"),
    [
        (_special.log_gamma_bregman_rest, _log_gamma_bregman_rest, -6, 12, 1e-12),
        (_special.log_bessel0_bregman, _log_bessel0_bregman, -6, 3.5, 1e-13),
        (_special.ratio_excess, lambda x, m: m / x - 1 - mp.log(m / x), -100, 100, 2e-15),
    ],
)
def test_divergences_of_special_functions_keep_their_digits(level, rng, found, exact, low, high, rtol):
    a, b = _pairs(rng, 120, low, high)
    np.testing.assert_allclose(found(a, b), _exact(exact, a, b), rtol=rtol)


def test_special_functions_are_the_same_for_any_number_of_threads(level):
    rates = np.geomspace(1e-3, 1e13, 1500)
    with ht.threads(1):
        alone = hf.Poisson(rates).entropy()
    for n in (2, 3, 8):
        with ht.threads(n):
            np.testing.assert_array_equal(hf.Poisson(rates).entropy(), alone)


def _sum_of_surprise(log_p, points):
    with mp.workdps(25):  # sums of some hundred terms
        values = [log_p(x) for x in points]
        return float(-sum(value * mp.exp(value) for value in values))


@pytest.mark.parametrize("rate", [1e-300, 1e-5, 0.3, 7.7, 143.9, 144.1, 300.0])
def test_poisson_entropies_equal_the_sum(level, rate):
    exact = mp.mpf(rate)
    reach = range(int(rate + 14 * rate**0.5 + 40))
    expected = _sum_of_surprise(lambda x: x * mp.log(exact) - exact - mp.loggamma(x + 1), reach)
    assert hf.Poisson(rate).entropy() == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("rate", [1e4, 1e8, 1e12, 1e15, 3e15, 1e17, 1e300])
def test_poisson_entropies_follow_their_asymptotic_series(level, rate):
    # the next term is 9 / (80 rate⁴) or so: 1e-17 for the least rate
    r = mp.mpf(rate)
    expected = mp.log(2 * mp.pi * mp.e * r) / 2 - 1 / (12 * r) - 1 / (24 * r**2) - mp.mpf(19) / 360 / r**3
    assert hf.Poisson(rate).entropy() == pytest.approx(float(expected), rel=4e-15, abs=0)


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (1, 1e-12), (10, 0.5), (500, 0.998), (605, 0.4), (595, 0.4)])
def test_binomial_entropies_equal_the_sum(level, n, p):
    q = mp.mpf(p)
    log_p = lambda x: mp.log(mp.binomial(n, x)) + x * mp.log(q) + (n - x) * mp.log1p(-q)  # noqa: E731
    expected = _sum_of_surprise(log_p, range(n + 1))
    assert hf.Binomial(n, p).entropy() == pytest.approx(expected, rel=2e-14, abs=0)


@pytest.mark.parametrize(("n", "p"), [(10**9, 0.5), (10**9, 0.3), (10**9, 0.999), (2**53, 0.2), (10**6, 0.7)])
def test_binomial_entropies_follow_their_asymptotic_series(level, n, p):
    # ½ log(2πe npq) + (4 - 1/(pq)) / (12 n), the next term of the order of 1 / (npq)²
    q = mp.mpf(p)
    expected = mp.log(2 * mp.pi * mp.e * n * q * (1 - q)) / 2 + (4 - 1 / (q * (1 - q))) / (12 * n)
    rounding = 1e-14 * float(expected)
    assert hf.Binomial(n, p).entropy() == pytest.approx(float(expected), abs=rounding + (n * p * (1 - p)) ** -2.0)


@pytest.mark.parametrize(
    ("r", "p", "reach"), [(0.5, 0.1, 900), (3, 0.9, 100), (200, 0.5, 600), (150.5, 0.5, 600), (1e-3, 0.3, 300)]
)
def test_negative_binomial_entropies_equal_the_sum(level, r, p, reach):
    a, q = mp.mpf(r), mp.mpf(p)
    log_p = lambda x: mp.log(mp.rf(a, x) / mp.factorial(x)) + a * mp.log(q) + x * mp.log1p(-q)  # noqa: E731
    expected = _sum_of_surprise(log_p, range(reach))
    assert hf.NegativeBinomial(r, p).entropy() == pytest.approx(expected, rel=2e-14, abs=0)


@pytest.mark.parametrize(("r", "p"), [(0.01, 1e-4), (0.3, 2e-4), (30.0, 2e-3), (140.0, 5e-3), (1e-8, 1e-4)])
def test_negative_binomial_entropies_of_wide_laws_equal_the_plain_sum(level, r, p):
    x = np.arange(1 + int(r / p + 13 * r**0.5 / p + 50 / p), dtype=float)
    log_p = scipy.special.betaln(r, x + 1)  # Γ(x + r) / (Γ(r) x!) = 1 / ((x + r) B(r, x + 1))
    log_p = -log_p - np.log(x + r) + r * np.log(p) + x * np.log1p(-p)
    expected = -np.sum(np.exp(log_p) * log_p)
    # betaln has an absolute error of some eps times log Γ of 1e6
    assert hf.NegativeBinomial(r, p).entropy() == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize("p", [1e-3, 1e-6, 1e-20, 1e-150])
def test_one_success_is_the_geometric_law_however_wide(level, p):
    assert hf.NegativeBinomial(1, p).entropy() == pytest.approx(hf.Geometric(p).entropy(), rel=1e-14)
    assert hf.NegativeBinomial(1, p).log_prob(6) == pytest.approx(hf.Geometric(p).log_prob(7), rel=1e-13)


LARGE = [
    (hf.Poisson, (1e12,), (1e12 + 1e5,), lambda r: [mp.log(r)], lambda e: mp.exp(e)),
    (hf.Exponential, (1.0,), (1e-12,), lambda r: [-r], lambda e: -mp.log(-e)),
    (hf.Gamma, (1e10, 3.0), (1.0001e10, 3.0003), lambda a, r: [a, -r], lambda a, r: mp.loggamma(a) - a * mp.log(-r)),
    (hf.Gamma, (1e10, 1e10), (1e-3, 1e-3), lambda a, r: [a, -r], lambda a, r: mp.loggamma(a) - a * mp.log(-r)),
    (
        hf.Beta,
        (1e10, 2e10),
        (1.1e10, 2.2e10),
        lambda a, b: [a, b],
        lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    ),
    (
        hf.Beta,
        (5.0, 1e10),
        (5.5, 1.1e10),
        lambda a, b: [a, b],
        lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    ),
    (
        hf.Normal,
        (1e8, 1.0),
        (1e8 + 1.0, 1e-8),
        lambda m, s: [m / s**2, -1 / (2 * s**2)],
        lambda a, b: -(a**2) / (4 * b) - mp.log(-2 * b) / 2,
    ),
    (
        hf.VonMises,
        (0.0, 1e8),
        (0.0, 1.0001e8),
        lambda m, k: [k],
        lambda k: mp.log(mp.besseli(0, k)),
    ),
]


@pytest.mark.parametrize(("cls", "p", "q", "eta", "a"), LARGE)
def test_divergences_of_large_parameters_keep_their_digits(level, cls, p, q, eta, a):
    at, to = eta(*map(mp.mpf, p)), eta(*map(mp.mpf, q))
    gradient = [mp.diff(a, at, order) for order in np.eye(len(at), dtype=int).tolist()]
    slope = sum((v - u) * g for u, v, g in zip(at, to, gradient, strict=True))
    expected = float(a(*to) - a(*at) - slope)
    assert cls(*p).kl_divergence(cls(*q)) == pytest.approx(expected, rel=2e-11, abs=0)


def test_entropies_of_large_parameters_tend_to_the_normal_law():
    half = 0.5 * np.log(2 * np.pi * np.e)
    assert hf.Gamma(1e10, 1.0).entropy() == pytest.approx(half + 0.5 * np.log(1e10) - 1 / 3e10, rel=1e-15, abs=0)
    assert hf.VonMises(1.0, 1e8).entropy() == pytest.approx(half - 0.5 * np.log(1e8) + 1 / 4e8, rel=1e-14, abs=0)
    a = 1e10  # variance 1 / (4 (2 a + 1))
    assert hf.Beta(a, a).entropy() == pytest.approx(half - 0.5 * np.log(8 * a), rel=1e-10)
    assert hf.Dirichlet([a, a]).entropy() == hf.Beta(a, a).entropy()


def test_log_probabilities_of_large_parameters_keep_their_digits():
    # the conditioning: an ulp of x moves log p by |x - mean| / std² of it
    for rate, x in ((1e12, 1e12 + 3e6), (1e12, 1e12), (1e6, 0.0), (2.0, 300.0)):
        exact = mp.mpf(x) * mp.log(mp.mpf(rate)) - mp.mpf(rate) - mp.loggamma(mp.mpf(x) + 1)
        assert hf.Poisson(rate).log_prob(x) == pytest.approx(float(exact), rel=1e-13)
    n, p, x = 10**9, 0.3, 300_010_000
    exact = mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)
    exact += x * mp.log(mp.mpf(p)) + (n - x) * mp.log(1 - mp.mpf(p))
    assert hf.Binomial(n, p).log_prob(x) == pytest.approx(float(exact), rel=1e-12)
    shape, x = 1e10, 1.00001e10
    exact = (mp.mpf(shape) - 1) * mp.log(mp.mpf(x)) - mp.mpf(x) - mp.loggamma(mp.mpf(shape))
    assert hf.Gamma(shape, 1.0).log_prob(x) == pytest.approx(float(exact), rel=1e-11)


def test_multivariate_divergences_far_apart_and_in_one_dimension():
    wide, narrow = np.diag([1.0, 4.0]), np.diag([1e-20, 1e-10])
    p, q = hf.MultivariateNormal([0.0, 1.0], narrow), hf.MultivariateNormal([0.0, 0.0], wide)
    parts = hf.Normal([0.0, 1.0], [1e-10, 1e-5]).kl_divergence(hf.Normal(0.0, [1.0, 2.0]))
    assert p.kl_divergence(q) == pytest.approx(parts.sum(), rel=1e-14)
    one = hf.MultivariateNormal([1.0], [[4.0]])
    assert one.entropy() == pytest.approx(hf.Normal(1.0, 2.0).entropy(), rel=1e-15)
    assert one.natural_parameters() == pytest.approx(hf.Normal(1.0, 2.0).natural_parameters())


def test_mean_parameters_lead_back_over_many_orders_of_magnitude(rng):
    shape = 10.0 ** rng.uniform(-8, 6, 300)
    gamma = hf.Gamma(shape, 1.0)
    # the shape stands in a difference of logarithms of about 1 / (2 shape)
    error = np.abs(hf.Gamma.from_mean(gamma.mean_parameters()).shape / shape - 1)
    assert (error <= 2e-14 * np.maximum(1, shape)).all()
    kappa = 10.0 ** rng.uniform(-8, 8, 300)
    directions = hf.VonMises(1.0, kappa)
    error = np.abs(hf.VonMises.from_mean(directions.mean_parameters()).concentration / kappa - 1)
    assert (error <= 1e-14 * np.maximum(1, kappa)).all()
    for k in (2, 3, 50):
        alpha = 10.0 ** rng.uniform(-6, 6, (50, k))
        dirichlet = hf.Dirichlet(alpha)
        back = hf.Dirichlet.from_mean(dirichlet.mean_parameters())
        # an eps of what the equations hold: 1 / α and log Σ α
        size = np.maximum(1 / alpha, np.log(alpha.sum(axis=-1, keepdims=True)) + 1)
        assert (np.abs(back.mean_parameters() - dirichlet.mean_parameters()) <= 1e-14 * size).all()


@pytest.mark.parametrize("rows", [2, 7])
def test_symbols_of_many_distributions_have_their_frequencies(rng, rows):
    p = rng.dirichlet(np.ones(4), rows)
    p[0] = [0.0, 0.5, 0.0, 0.5]
    n = 20_000
    fitted = hf.Categorical.fit(hf.Categorical(p).sample(n, 3), n_symbols=4)
    assert (np.abs(fitted.p - p) <= 6 * np.sqrt(p * (1 - p) / n)).all()


def test_the_edges_of_the_ranges():
    coin = hf.Bernoulli([0.0, 1.0, 0.5])
    np.testing.assert_array_equal(coin.entropy(), [0.0, 0.0, np.log(2)])
    np.testing.assert_array_equal(coin.natural_parameters(), [-np.inf, np.inf, 0.0])
    np.testing.assert_array_equal(hf.Bernoulli.from_natural(coin.natural_parameters()).p, coin.p)
    np.testing.assert_array_equal(coin.fisher_information(), [np.inf, np.inf, 4.0])
    np.testing.assert_array_equal(hf.Bernoulli(0.5).kl_divergence(coin), [np.inf, np.inf, 0.0])
    np.testing.assert_array_equal(coin.kl_divergence(hf.Bernoulli(0.5)), [np.log(2), np.log(2), 0.0])
    np.testing.assert_array_equal(coin.log_prob([0, 1, 2]), [0.0, 0.0, -np.inf])
    assert hf.Bernoulli(0).kl_divergence(hf.Bernoulli(1)) == np.inf
    assert hf.Binomial(5, 0).fisher_information() == np.inf
    np.testing.assert_array_equal(hf.Binomial(5, [0, 1]).entropy(), 0.0)
    np.testing.assert_array_equal(
        hf.Binomial(5, [0, 1]).log_prob([[0], [5], [6]]), np.where(np.eye(3, 2) == 1, 0.0, -np.inf)
    )
    nothing = hf.Poisson(0)
    assert (nothing.entropy(), nothing.log_prob(0), nothing.natural_parameters()) == (0.0, 0.0, -np.inf)
    assert nothing.kl_divergence(hf.Poisson(2.5)) == 2.5
    assert hf.Poisson(2.5).kl_divergence(nothing) == np.inf
    assert hf.Poisson.from_natural(-np.inf).rate == 0.0
    assert nothing.fisher_information() == np.inf
    sure = hf.Geometric(1)
    assert (sure.entropy(), sure.log_prob(1), sure.log_prob(2)) == (0.0, 0.0, -np.inf)
    assert hf.NegativeBinomial(3, 1).entropy() == 0.0
    assert hf.NegativeBinomial(3, 1).log_prob(0) == 0.0
    shares = hf.Categorical([[0.0, 0.5, 0.5], [0.5, 0.5, 0.0]])
    np.testing.assert_allclose(shares.entropy(), np.log(2))
    assert shares.kl_divergence(hf.Categorical([0.5, 0.5, 0.0])).tolist() == [np.inf, 0.0]
    np.testing.assert_array_equal(shares.natural_parameters(), [[-np.inf, 0.0], [np.inf, np.inf]])
    uniform = hf.VonMises(1.0, 0.0)
    assert uniform.entropy() == pytest.approx(np.log(2 * np.pi), rel=1e-15)
    np.testing.assert_allclose(uniform.fisher_information(natural=True), np.eye(2) / 2, atol=1e-16)
    assert uniform.kl_divergence(hf.VonMises(0.0, 3.0)) == pytest.approx(float(mp.log(mp.besseli(0, 3))), rel=1e-14)


@pytest.mark.parametrize(
    ("cls", "parameters", "x"),
    [
        (hf.Bernoulli, (0.5,), [0.5, -1, np.inf]),
        (hf.Binomial, (5, 0.5), [-1, 6, 2.5]),
        (hf.Geometric, (0.5,), [0, 1.5, -1e300]),
        (hf.NegativeBinomial, (2, 0.5), [-1, 0.5, np.inf]),
        (hf.Poisson, (2,), [-1, 0.5, np.inf]),
        (hf.Categorical, ([0.5, 0.5],), [-1, 2, 0.5]),
        (hf.Exponential, (1,), [-1, np.inf]),
        (hf.Gamma, (1, 1), [-1, 0, -1e300]),
        (hf.InverseGamma, (1, 1), [-1, 0, np.inf]),
        (hf.Beta, (1, 1), [0, 1, -3]),
        (hf.Dirichlet, ([1, 1],), [[0.5, 0.6], [1.5, -0.5]]),
        (hf.Laplace, (0, 1), [np.inf]),
        (hf.Weibull, (1, 1), [-1, np.inf]),
        (hf.LogNormal, (0, 1), [0, -1]),
        (hf.MultivariateNormal, ([0, 0], np.eye(2)), [[np.inf, 0]]),
    ],
)
def test_points_outside_the_support_have_no_probability_and_no_fit(cls, parameters, x):
    family = cls(*parameters)
    np.testing.assert_array_equal(family.log_prob(x), -np.inf)
    constants = {name: getattr(family, name) for name in cls.constants}
    if cls is hf.Categorical:
        constants = {"n_symbols": 2}
    with pytest.raises(ValueError, match=r"x must be .*, which x\[0\] is not"):
        cls.fit(x, **constants)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hf.Bernoulli([0.5, 1.5]), "p must be from 0 to 1, got 1 wrong of 2 entries, first p[1] = 1.5"),
        (lambda: hf.Poisson(-1), "rate must be at least 0 and finite, got -1"),
        (lambda: hf.Binomial(2.5, 0.5), "n must be a whole number from 1 to 2**53, got 2.5"),
        (lambda: hf.Geometric(0), "p must be more than 0 and at most 1, got 0"),
        (lambda: hf.NegativeBinomial(1, 0), "p must be from 1e-150 to 1, got 0"),
        (
            lambda: hf.Gamma([1, 2], [1, 2, 3]),
            "shape and rate must have shapes that broadcast, got shape (2,), rate (3,)",
        ),
        (lambda: hf.Categorical(0.5), "p must have at least 1 axes, got shape ()"),
        (lambda: hf.Categorical([1.0]), "p must have two or more components along its last axis, got shape (1,)"),
        (
            lambda: hf.Categorical([[0.5, 0.5], [0.5, 0.4]]),
            "p must sum to 1 along its last axis, but row 1 of 2 sums to 0.9",
        ),
        (lambda: hf.Dirichlet([1.0]), "alpha must have two or more components along its last axis, got shape (1,)"),
        (lambda: hf.MultivariateNormal([0, 0], np.eye(3)), "mean and cov must have shapes (..., d) and (..., d, d)"),
        (
            lambda: hf.MultivariateNormal([0, 0], [[1, 0.5], [0, 1]]),
            "cov must be symmetric, but cov[0, 1] = 0.5 differs from 0",
        ),
        (
            lambda: hf.MultivariateNormal([0, 0], [[1, 2], [2, 1]]),
            "cov must be positive definite, but its least eigenvalue is -1",
        ),
        (
            lambda: hf.MultivariateNormal([0, 0], [np.eye(2), [[1, 2], [2, 1]]]),
            "cov must be positive definite, but its least eigenvalue is -1 to rounding, matrix 1 of 2",
        ),
        (lambda: hf.MultivariateNormal.from_natural([1.0, 2.0, 3.0]), "eta must have d + d (d + 1) / 2 components"),
        (lambda: hf.Exponential.from_natural(1.0), "eta leads to no exponential distribution: rate must be positive"),
        (
            lambda: hf.Gamma(1, 1).log_partition([-1.0, -1.0]),
            "eta leads to no gamma distribution: shape must be positive",
        ),
        (lambda: hf.Normal.from_mean([1.0, 0.5]), "mean leads to no normal distribution: std must be positive"),
        (lambda: hf.Gamma.from_mean([1.0, 1.0]), "mean leads to no gamma distribution: shape must be positive"),
        (lambda: hf.Beta.from_mean([-0.1, -0.1]), "mean leads to no beta distribution: alpha must be positive"),
        (lambda: hf.VonMises.from_mean([1.0, 0.5]), "mean leads to no von Mises distribution: concentration must be"),
        (lambda: hf.Binomial.from_mean(7.0, n=5), "mean leads to no binomial distribution: p must be from 0 to 1"),
        (lambda: hf.Gamma.from_natural(1.0), "eta must have 2 components along its last axis, got shape ()"),
        (
            lambda: hf.Gamma.from_mean([1.0, 2.0, 3.0]),
            "mean must have 2 components along its last axis, got shape (3,)",
        ),
        (
            lambda: hf.Normal.fit([1.0, 1.0]),
            "x leads to no normal distribution: std must be positive and finite, got 0",
        ),
        (lambda: hf.Dirichlet([1, 1]).log_prob(0.5), "x must have 2 components along its last axis, got shape ()"),
        (lambda: hf.Dirichlet([1, 1]).sufficient_statistic([1.0]), "x must have 2 components along its last axis"),
        (lambda: hf.Poisson([1, 2]).log_prob([1, 2, 3]), "x and self must have shapes that broadcast, got x (3,)"),
        (
            lambda: hf.Categorical.fit([0, 1], n_symbols=2.5),
            "n_symbols must be a whole number from 1 to 2**53, got 2.5",
        ),
        (lambda: hf.Gamma.fit([2.0, 2.0]), "x leads to no gamma distribution: shape must be positive"),
        (
            lambda: hf.MultivariateNormal.fit([[1.0, 2.0]]),
            "x leads to no multivariate normal distribution: cov must be",
        ),
        (lambda: hf.Categorical.fit([0, 3], n_symbols=3), "x must be whole numbers from 0 to 2, which x[1] is not"),
        (lambda: hf.Poisson(1).kl_divergence(hf.Poisson([[1], [2]]), base=-1), "base must be"),
        (lambda: hf.Binomial(5, 0.5).kl_divergence(hf.Binomial(6, 0.5)), "n must be the same in both"),
        (
            lambda: hf.Categorical([0.5, 0.5]).kl_divergence(hf.Categorical([0.5, 0.25, 0.25])),
            "p must have equally many",
        ),
        (lambda: hf.Dirichlet([1, 1]).kl_divergence(hf.Dirichlet([1, 1, 1])), "alpha must have equally many"),
        (
            lambda: hf.MultivariateNormal([0], [[1]]).kl_divergence(hf.MultivariateNormal([0, 0], np.eye(2))),
            "mean must have one length in both, got 1 and 2",
        ),
    ],
)
def test_errors_name_the_parameter_and_its_range(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_text_is_no_parameter_and_constants_are_asked_for():
    with pytest.raises(TypeError, match="rate must hold real numbers"):
        hf.Poisson("two")
    with pytest.raises(TypeError, match=r"Binomial takes the keywords n for its known constants, got \[\]"):
        hf.Binomial.from_natural(0.0)
    with pytest.raises(TypeError, match=r"Poisson takes no keywords for its known constants, got \['n'\]"):
        hf.Poisson.fit([1, 2], n=3)


def test_dtypes_and_layouts_of_parameters():
    rates = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    expected = hf.Poisson(rates).entropy()
    for given in (rates.astype(np.float32), rates.astype(np.int16), np.asfortranarray(rates), rates.tolist()):
        np.testing.assert_array_equal(hf.Poisson(given).entropy(), expected)
    np.testing.assert_array_equal(hf.Poisson(rates[:, ::-1]).entropy(), expected[:, ::-1])
    assert hf.Poisson(np.empty((0, 3))).entropy().shape == (0, 3)


class Rayleigh(hf.ExponentialFamily):
    """A family of one's own: what the docstring of ExponentialFamily asks for, and no more."""

    name = "Rayleigh"
    ranges = {"scale": POSITIVE}  # noqa: RUF012
    support = POSITIVE

    def _natural(self):
        return -0.5 / np.square(self.scale)

    @classmethod
    def _from_natural(cls, eta):
        return {"scale": np.sqrt(-0.5 / eta)}

    def _log_partition(self, eta):
        return -np.log(-2.0 * eta)

    def _mean(self):
        return 2.0 * np.square(self.scale)

    @classmethod
    def _from_mean(cls, mean):
        return {"scale": np.sqrt(0.5 * mean)}

    @staticmethod
    def _statistic(x):
        return np.square(x)

    def _fisher(self):
        return 4.0 / np.square(self.scale)

    def _fisher_natural(self):
        return 4.0 * np.square(np.square(self.scale))

    def _sample(self, rng, shape):
        return rng.rayleigh(self.scale, shape)

    def _log_base(self, x):
        return np.log(x)

    def _mean_log_base(self):
        return 0.5 * (np.log(2.0 * np.square(self.scale)) - np.euler_gamma)


def test_a_family_of_ones_own_takes_what_is_general():
    p, q = Rayleigh(scale=[1.0, 2.0]), Rayleigh(scale=1.5)
    np.testing.assert_allclose(p.entropy(), st.rayleigh(scale=[1.0, 2.0]).entropy(), rtol=1e-13)
    np.testing.assert_allclose(p.log_prob(0.7), st.rayleigh(scale=[1.0, 2.0]).logpdf(0.7), rtol=1e-13)
    # X² is exponential of rate 1 / (2 scale²)
    np.testing.assert_allclose(
        p.kl_divergence(q), hf.Exponential(1 / (2 * p.scale**2)).kl_divergence(hf.Exponential(1 / 4.5)), rtol=1e-14
    )
    curvature = 1.0 / p.natural_parameters() ** 2  # of A = -log(-2 η)
    np.testing.assert_allclose(p.fisher_information(natural=True), curvature, rtol=1e-14)
    np.testing.assert_allclose(p.fisher_information(), curvature / p.scale**6, rtol=1e-14)  # dη/dscale = scale^-3
    draws = p.sample(10_000, seed=0)
    # E X² = 2 scale², with the standard deviation 2 scale²: five standard errors
    np.testing.assert_allclose((draws**2).mean(axis=0), 2 * p.scale**2, rtol=5 / np.sqrt(10_000))
    assert Rayleigh.fit([1.0, 2.0]).scale == pytest.approx(np.sqrt(5 / 4), rel=1e-15)


def test_exercise_3_the_fisher_information_of_a_coin():
    theta = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(hf.Bernoulli(theta).fisher_information(), 1 / (theta * (1 - theta)), rtol=1e-15)
    # the variance of the score x / θ - (1 - x) / (1 - θ)
    score = (1 / theta) ** 2 * theta + (1 / (1 - theta)) ** 2 * (1 - theta)
    np.testing.assert_allclose(hf.Bernoulli(theta).fisher_information(), score, rtol=1e-14)


def test_exercise_5_the_divergence_of_a_normal_law_from_the_standard_one():
    mean, std = np.meshgrid([-2.0, 0.0, 0.3], [0.1, 1.0, 3.0])
    expected = 0.5 * (mean**2 + std**2 - 1 - np.log(std**2))  # the term of variational autoencoders
    np.testing.assert_allclose(hf.Normal(mean, std).kl_divergence(hf.Normal(0, 1)), expected, rtol=1e-14, atol=1e-15)
    cov = np.diag(std[:, 0] ** 2)
    whole = hf.MultivariateNormal(mean[0], cov).kl_divergence(hf.MultivariateNormal(np.zeros(3), np.eye(3)))
    assert whole == pytest.approx(np.sum(0.5 * (mean[0] ** 2 + std[:, 0] ** 2 - 1 - np.log(std[:, 0] ** 2))), rel=1e-14)


def test_bregman_divergences_of_numbers_vectors_and_their_errors():
    square = lambda v: np.sum(np.square(v), axis=-1)  # noqa: E731
    x, y = np.arange(6.0).reshape(2, 3), np.ones(3)
    np.testing.assert_allclose(hf.bregman_divergence(square, lambda v: 2 * v, x, y), square(x - y))
    np.testing.assert_allclose(hf.bregman_divergence(np.square, lambda v: 2 * v, x, 1.0), np.square(x - 1.0))
    negative_entropy = lambda p: np.sum(p * np.log(p), axis=-1)  # noqa: E731
    p, q = [0.5, 0.5], [0.25, 0.75]
    found = hf.bregman_divergence(negative_entropy, lambda v: np.log(v) + 1, p, q)
    assert found == pytest.approx(ht.kl_divergence(p, q), rel=1e-14)
    with pytest.raises(ValueError, match=r"grad_F must return the shape \(2, 3\) of its points, got \(2,\)"):
        hf.bregman_divergence(square, square, x, y)
    with pytest.raises(ValueError, match=r"F must return one value for each point of \(2, 3\), got shape \(\)"):
        hf.bregman_divergence(np.sum, lambda v: 2 * v, x, y)
    with pytest.raises(ValueError, match="x must be finite"):
        hf.bregman_divergence(square, lambda v: 2 * v, x + np.nan, y)
    with pytest.raises(ValueError, match="x and y must have shapes that broadcast"):
        hf.bregman_divergence(square, lambda v: 2 * v, x, np.ones(2))
