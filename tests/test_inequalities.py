"""Inequalities: they hold for millions of random distributions, and are tight where they should be."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import hartley as ht
from hartley import inequalities

EPS = np.finfo(np.float64).eps
INF = math.inf


def random_pmfs(rng, n, *shape):
    """From nearly uniform to nearly certain, zeros among them."""
    weights = rng.random((n, math.prod(shape))) ** rng.choice([0.1, 1.0, 5.0, 40.0], size=(n, 1))
    weights[rng.random(weights.shape) < 0.05] = 0
    weights[:, 0] += 1e-3
    return (weights / weights.sum(axis=1, keepdims=True)).reshape(n, *shape)


# ------------------------------------------------------------------- total variation and divergence


def test_a_million_pairs_keep_the_bounds_of_total_variation(rng):
    p, q = random_pmfs(rng, 1_000_000, 4), random_pmfs(rng, 1_000_000, 4)
    near = slice(0, 300_000)
    p[near] = 0.99 * q[near] + 0.01 * p[near]
    kl, v = ht.kl_divergence(p, q), np.minimum(ht.total_variation(p, q), 1)
    rounding = 8 * EPS  # of the divergence, whose p and q sum to 1 but for rounding
    assert (v**2 <= inequalities.pinsker(kl) ** 2 + rounding).all()
    assert (v**2 <= inequalities.bretagnolle_huber(kl) ** 2 + rounding).all()
    assert (inequalities.kl_lower_bound(v) <= kl + rounding + rounding / np.maximum(1 - v, EPS)).all()
    least = q.min(axis=1)
    some = least > 0
    assert (kl[some] <= inequalities.reverse_pinsker(v[some], least[some]) + 100 * EPS).all()
    # and they are not far from all pairs: some pair comes near each
    far = kl > 1e-6
    assert (v[far] / inequalities.pinsker(kl[far])).max() > 0.99
    assert (v[far] / inequalities.bretagnolle_huber(kl[far])).max() > 0.8


@pytest.mark.parametrize("epsilon", [1e-1, 1e-2, 1e-4, 1e-8])
def test_pinsker_is_tight_for_near_coins(epsilon):
    with mpmath.workdps(60):
        p = mpmath.mpf(0.5) + epsilon
        kl = p * mpmath.log(2 * p) + (1 - p) * mpmath.log(2 * (1 - p))
    bound = inequalities.pinsker(float(kl))
    assert epsilon <= bound * (1 + 4 * EPS)
    # KL = 2 ε² + 4/3 ε⁴ + ...: the bound is ε (1 + ε² / 3 + ...)
    assert bound == pytest.approx(epsilon * (1 + epsilon**2 / 3), rel=epsilon**4 + 8 * EPS)


def test_pinsker_ends_where_it_says_nothing():
    np.testing.assert_array_equal(inequalities.pinsker([0.0, 0.5, 2.0, 7.0, INF]), [0, 0.5, 1, 1, 1])


def test_bretagnolle_huber_is_the_exact_function():
    np.testing.assert_array_equal(inequalities.bretagnolle_huber([0.0, INF]), [0, 1])
    kl = np.logspace(-300, 1.5, 500)
    with mpmath.workdps(400):
        exact = [float(mpmath.sqrt(1 - mpmath.exp(-mpmath.mpf(x)))) for x in kl]
    np.testing.assert_allclose(inequalities.bretagnolle_huber(kl), exact, rtol=4 * EPS)


def test_the_two_bounds_cross_where_the_documentation_says():
    crossing = scipy.optimize.brentq(
        lambda kl: inequalities.pinsker(kl) - inequalities.bretagnolle_huber(kl), 1.0, 1.99, xtol=1e-12
    )
    assert round(crossing, 3) == 1.594
    assert round(inequalities.pinsker(crossing), 3) == 0.893
    kl = np.linspace(1e-3, crossing - 1e-6, 100)
    assert (inequalities.pinsker(kl) < inequalities.bretagnolle_huber(kl)).all()
    kl = np.linspace(crossing + 1e-6, 30, 100)
    assert (inequalities.bretagnolle_huber(kl) < inequalities.pinsker(kl)).all()


def test_the_lower_bound_of_the_divergence_is_both_turned_around():
    v = np.linspace(0, 1, 1001)[:-1]
    bound = inequalities.kl_lower_bound(v)
    # of the two upper bounds at that divergence the lower one is v again
    back = np.minimum(inequalities.pinsker(bound), inequalities.bretagnolle_huber(bound))
    np.testing.assert_allclose(back, v, rtol=8 * EPS)
    assert inequalities.kl_lower_bound(1.0) == INF
    assert inequalities.kl_lower_bound(1 - 2**-53) == pytest.approx(52 * math.log(2), rel=1e-15)
    assert inequalities.kl_lower_bound(1e-170) == 0  # 2 V² is below every float


def test_the_reverse_bound_is_attained_and_needs_the_least_probability():
    assert inequalities.reverse_pinsker(0.5, 0.5) == pytest.approx(
        ht.kl_divergence([1.0, 0.0], [0.5, 0.5]), rel=2 * EPS
    )
    np.testing.assert_array_equal(inequalities.reverse_pinsker([0.0, 1.0], 0.5), [0, math.log(5)])
    assert inequalities.reverse_pinsker(1.0, 1e-300) == pytest.approx(math.log(2) + 300 * math.log(10))


def test_le_cam_is_the_error_of_the_best_test(rng):
    p, q = random_pmfs(rng, 100_000, 5), random_pmfs(rng, 100_000, 5)
    error = 0.5 * np.minimum(p, q).sum(axis=1)  # picks the more probable of the two
    np.testing.assert_allclose(inequalities.le_cam_bound(np.minimum(ht.total_variation(p, q), 1)), error, atol=8 * EPS)
    assert inequalities.le_cam_bound(0) == 0.5
    assert inequalities.le_cam_bound(1) == 0.0


# ------------------------------------------------------------------------------------------- Fano


def test_half_a_million_channels_keep_fanos_bound(rng):
    pxy = random_pmfs(rng, 500_000, 3, 3)
    of_y = pxy.sum(axis=1)
    entropy = np.zeros(len(pxy))
    for x in range(3):
        joint = pxy[:, x, :]
        entropy -= (joint * np.log(np.where(joint > 0, joint / np.where(of_y > 0, of_y, 1), 1))).sum(axis=1)
    error = np.sort(pxy, axis=1)[:, :2].sum(axis=(1, 2))  # of the best guess: all but the largest, nothing cancels
    bound = inequalities.fano_error_bound(np.maximum(entropy, 0), 3)
    # near error 2/3 the bound is flat: an entropy off by ε moves it by √ε, elsewhere by ε
    assert (bound <= error + 4 * EPS + np.sqrt(4 * EPS) * (error > 0.6)).all()
    assert (entropy <= inequalities.fano_entropy_bound(error, 3) + 40 * EPS).all()
    assert (bound / np.maximum(error, 1e-300))[error > 0.01].max() > 0.99


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 10**15), st.floats(0, 1))
def test_fanos_bound_is_inverted_to_rounding(m, share):
    entropy = share * math.log(m) if share > 1e-300 else 0.0  # below, the error would not have all digits
    error = inequalities.fano_error_bound(entropy, m)
    assert 0 <= error <= 1 - 1 / m
    # the bound at the error is the entropy again: two logarithms and their sum round
    assert inequalities.fano_entropy_bound(error, m) == pytest.approx(entropy, rel=8 * EPS, abs=0)


@pytest.mark.parametrize(
    ("entropy", "m"),
    [
        (1e-300, 2),
        (1e-12, 3),
        (0.01, 2),
        (0.6, 2),
        (0.5, 5),
        (3.9, 50),
        (100.0, 10**60),
        (1e-3, 2**1000),
        (600.0, 2**1000),
    ],
)
def test_the_root_lies_where_mpmath_finds_a_change_of_sign(entropy, m):
    error = inequalities.fano_error_bound(entropy, m)
    with mpmath.workdps(400):
        h, root = mpmath.mpf(entropy), mpmath.mpf(error)

        def excess(e):
            return -e * mpmath.log(e) - (1 - e) * mpmath.log(1 - e) + e * mpmath.log(m - 1) - h

        slope = mpmath.log(m - 1) + mpmath.log(1 - root) - mpmath.log(root)
        condition = max(1, h / (root * slope))  # how much a rounding of the entropy moves the root
        assert excess(root * (1 - 8 * EPS * condition)) < 0 < excess(root * (1 + 8 * EPS * condition))


@pytest.mark.parametrize("m", [2, 3, 8, 1000, 10**9])
def test_fano_is_attained_by_wrong_guesses_that_are_uniform(m):
    assert inequalities.fano_error_bound(0.0, m) == 0
    assert inequalities.fano_error_bound(math.log(m), m) == 1 - 1 / m  # no knowledge at all
    # log2 m times log 2 may be an ulp below log m, and the bound is flat there: √(2 ulp) at most
    in_bits = inequalities.fano_error_bound(math.log2(m), m, base="bits")
    assert 1 - 1 / m - np.sqrt(4 * EPS) <= in_bits <= 1 - 1 / m
    assert inequalities.fano_entropy_bound(1 - 1 / m, m) == pytest.approx(math.log(m), rel=8 * EPS)
    assert inequalities.fano_entropy_bound(0.0, m) == 0
    assert inequalities.fano_entropy_bound(1.0, m) == pytest.approx(math.log(m - 1), rel=EPS, abs=0)
    if m <= 1000:  # right with probability 0.7, else any of the others
        given_guess = np.full(m, 0.3 / (m - 1))
        given_guess[0] = 0.7
        assert inequalities.fano_error_bound(ht.entropy(given_guess), m) == pytest.approx(0.3, rel=1e-14)


def test_the_exact_form_is_above_the_weak_one():
    h = np.linspace(0, math.log(16), 200)
    weak = (h - math.log(2)) / math.log(16)
    assert (inequalities.fano_error_bound(h, 16) > weak).all()


def test_fano_broadcasts_and_takes_units():
    found = inequalities.fano_error_bound([[0.1], [0.5]], [2, 4, 8])
    assert found.shape == (2, 3)
    assert found[1, 2] == inequalities.fano_error_bound(0.5, 8)
    assert isinstance(inequalities.fano_error_bound(0.5, 8), float)
    assert isinstance(inequalities.fano_entropy_bound(0.5, 8), float)
    # a unit is one rounding of the entropy, times the root's condition
    bits = inequalities.fano_error_bound(np.array([0.1, 0.5]) / math.log(2), 4, base="bits")
    np.testing.assert_allclose(bits, inequalities.fano_error_bound([0.1, 0.5], 4), rtol=8 * EPS)
    np.testing.assert_allclose(
        inequalities.fano_entropy_bound([0.1, 0.5], 4, base=10),
        inequalities.fano_entropy_bound([0.1, 0.5], 4) / math.log(10),
        rtol=2 * EPS,
    )
    assert inequalities.fano_error_bound([], 4).shape == (0,)
    over_by_rounding = np.nextafter(math.log(5), INF)
    assert inequalities.fano_error_bound(over_by_rounding, 5) == 0.8


# --------------------------------------------------------------------------- joint distributions


def test_half_a_million_chains_lose_information(rng):
    for _ in range(2):
        pxy = random_pmfs(rng, 250_000, 2, 3)
        channel = random_pmfs(rng, 750_000, 2).reshape(250_000, 3, 2)
        found = inequalities.data_processing_gap(pxy[..., None] * channel[:, None])
        # products round by ε, squared in the divergence, once a cell
        assert (np.abs(found.departure) <= 12 * (4 * EPS) ** 2).all()
        assert (found.gap >= -12 * (4 * EPS) ** 2).all()


def test_gap_and_departure_are_differences_of_informations(rng):
    for p in random_pmfs(rng, 200, 2, 3, 4):
        found = inequalities.data_processing_gap(p)
        of_y, of_z = (ht.mutual_information(p, x=0, y=axis) for axis in (1, 2))
        assert found.gap == pytest.approx(of_y - of_z, abs=1e-14)
        departure = ht.conditional_mutual_information(p, x=0, y=2, given=1)
        assert found.departure == pytest.approx(departure, abs=1e-14)
        assert found.departure >= 0
        assert found.gap >= -found.departure


def test_processing_that_keeps_everything_loses_nothing(rng):
    pxy = rng.dirichlet(np.ones(6)).reshape(2, 3)
    copied = np.zeros((2, 3, 3))
    copied[:, [0, 1, 2], [2, 0, 1]] = pxy  # Z is Y by other names
    found = inequalities.data_processing_gap(copied)
    assert found.gap == pytest.approx(0, abs=1e-30)
    assert found.departure == pytest.approx(0, abs=1e-30)
    thrown_away = pxy[:, :, None] * np.array([0.25, 0.75])
    found = inequalities.data_processing_gap(thrown_away)
    assert found.gap == pytest.approx(ht.mutual_information(pxy), rel=1e-13)


def test_what_is_no_chain_may_gain():
    p = np.zeros((2, 2, 2))
    p[0, :, 0] = p[1, :, 1] = 0.25  # Z is X, Y a coin
    found = inequalities.data_processing_gap(p, base="bits")
    assert found.gap == pytest.approx(-1, rel=2 * EPS)
    assert found.departure == pytest.approx(1, rel=2 * EPS)


def test_conditioning_lowers_entropy_for_half_a_million_pairs(rng):
    pxy = random_pmfs(rng, 500_000, 2, 3)
    gap = inequalities.conditioning_gap(pxy)
    assert (gap >= 0).all()
    assert (gap <= ht.entropy(pxy.sum(axis=1)) + 20 * EPS).all()
    for p, found in zip(pxy[:200], gap[:200], strict=True):
        assert found == pytest.approx(ht.entropy(p.sum(axis=0)) - ht.conditional_entropy(p, given=0), abs=1e-14)


def test_conditioning_on_what_is_independent_or_equal():
    independent = np.outer([0.2, 0.3, 0.5], [0.1, 0.9])
    assert inequalities.conditioning_gap(independent) == pytest.approx(0, abs=1e-31)
    weights = np.array([0.2, 0.3, 0.5])
    assert inequalities.conditioning_gap(np.diag(weights)) == pytest.approx(ht.entropy(weights), rel=4 * EPS)
    with mpmath.workdps(50):
        p = [[mpmath.mpf("0.25") + mpmath.mpf(2) ** -30, mpmath.mpf("0.25") - mpmath.mpf(2) ** -30]] * 2
        p[1] = p[1][::-1]
        exact = float(sum(x * mpmath.log(4 * x) for row in p for x in row))
    tiny = np.array(p, dtype=float)
    # I = 8 · 2^-60: relative accuracy where the difference of two entropies has lost all digits
    assert inequalities.conditioning_gap(tiny) == pytest.approx(exact, rel=1e-6, abs=0)


def test_cells_far_apart_in_size_neither_overflow_nor_vanish():
    for tiny in (1e-20, 1e-200, 1e-310):
        p = np.array([[1 - 2 * tiny, tiny], [tiny, 0.0]])
        with mpmath.workdps(700):
            t, one = mpmath.mpf(tiny), mpmath.mpf(1)
            exact = (1 - 2 * t) * mpmath.log((1 - 2 * t) / (1 - t) ** 2) + 2 * t * mpmath.log(one / (1 - t))
        # about tiny², the q of the cell without p; the others' rounding is that of 1 times ε²
        assert inequalities.conditioning_gap(p) == pytest.approx(float(exact), abs=8 * EPS**2)
        p = np.array([[1 - tiny, 0.0], [0.0, tiny]])
        assert inequalities.conditioning_gap(p) == pytest.approx(
            tiny - tiny * math.log(tiny), rel=1e-10, abs=8 * EPS**2
        )


def test_joint_distributions_come_in_batches_in_float32_and_unnormalised(rng):
    p = random_pmfs(rng, 6, 2, 2, 3).reshape(2, 3, 2, 2, 3)
    found = inequalities.data_processing_gap(p)
    assert found.gap.shape == found.departure.shape == (2, 3)
    assert found.gap[1, 2] == pytest.approx(inequalities.data_processing_gap(p[1, 2]).gap, abs=1e-15)
    assert isinstance(inequalities.data_processing_gap(p[0, 0]).gap, float)
    np.testing.assert_allclose(
        inequalities.data_processing_gap(7 * p, normalize=True).gap, found.gap, rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(inequalities.data_processing_gap(p.astype(np.float32)).gap, found.gap, atol=1e-6)
    np.testing.assert_allclose(
        inequalities.data_processing_gap(p, base="bits").departure, found.departure / math.log(2), rtol=2 * EPS
    )


# ----------------------------------------------------------------------------------- most entropy


def test_no_distribution_of_a_million_has_more_entropy(rng):
    p = random_pmfs(rng, 1_000_000, 5)
    assert (ht.entropy(p) <= inequalities.maximum_entropy(5) + 4 * EPS).all()
    assert ht.entropy(np.full(5, 0.2)) == pytest.approx(inequalities.maximum_entropy(5), rel=4 * EPS)


def test_densities_have_at_most_the_entropy_of_uniform_and_normal():
    for a, b in ((0.5, 0.5), (1, 1), (2, 5), (30, 1)):
        beta = scipy.stats.beta(a, b)
        assert beta.entropy() <= inequalities.maximum_entropy(support=(0, 1)) + 1e-12
        assert beta.entropy() <= inequalities.maximum_entropy(variance=beta.var()) + 1e-12
    for density in (scipy.stats.norm(3, 2.5), scipy.stats.laplace(0, 2), scipy.stats.logistic(), scipy.stats.t(3)):
        assert density.entropy() <= inequalities.maximum_entropy(variance=density.var()) + 1e-12
    assert scipy.stats.norm(3, 2.5).entropy() == pytest.approx(inequalities.maximum_entropy(variance=6.25), rel=1e-14)
    assert scipy.stats.uniform(-1, 5).entropy() == pytest.approx(
        inequalities.maximum_entropy(support=(-1, 4)), rel=1e-14
    )


def test_a_covariance_gives_the_entropy_of_the_normal(rng):
    half = rng.normal(size=(3, 4, 6))
    covariances = half @ half.swapaxes(-1, -2)
    found = inequalities.maximum_entropy(covariance=covariances)
    exact = [scipy.stats.multivariate_normal(cov=c).entropy() for c in covariances]
    np.testing.assert_allclose(found, exact, rtol=1e-12)
    assert inequalities.maximum_entropy(covariance=3.0) == pytest.approx(inequalities.maximum_entropy(variance=3.0))
    assert isinstance(inequalities.maximum_entropy(covariance=np.eye(2)), float)


def test_most_entropy_takes_arrays_and_units():
    np.testing.assert_array_equal(inequalities.maximum_entropy([1, 2, 1024], base="bits"), [0, 1, 10])
    np.testing.assert_allclose(inequalities.maximum_entropy(support=([0, 0], [2, 8]), base=2), [1, 3], rtol=EPS)
    np.testing.assert_allclose(
        inequalities.maximum_entropy(variance=[1, 4], base="hartleys"),
        0.5 * np.log10(2 * math.pi * math.e * np.array([1, 4])),
        rtol=4 * EPS,
    )
    assert inequalities.maximum_entropy(10**40) == pytest.approx(40 * math.log(10), rel=2 * EPS)
    wide = inequalities.maximum_entropy(support=(-1.7e308, 1.7e308))
    assert wide == pytest.approx(math.log(1.7) + 308 * math.log(10) + math.log(2), rel=4 * EPS)


# --------------------------------------------------------------------------------------- contract


def test_divergences_come_and_go_in_units():
    assert inequalities.pinsker(1.0, base="bits") == pytest.approx(math.sqrt(math.log(2) / 2), rel=2 * EPS)
    assert inequalities.bretagnolle_huber(1.0, base="bits") == pytest.approx(math.sqrt(0.5), rel=2 * EPS)
    assert inequalities.kl_lower_bound(0.5, base="bits") == pytest.approx(0.5 / math.log(2), rel=2 * EPS)
    assert inequalities.reverse_pinsker(0.5, 0.25, base=3) == pytest.approx(1.0, rel=2 * EPS)  # log 3


@pytest.mark.parametrize("function", [inequalities.pinsker, inequalities.bretagnolle_huber, inequalities.le_cam_bound])
def test_a_number_gives_a_float_and_an_array_its_shape(function):
    x = np.linspace(0, 1, 12).reshape(3, 4)
    x.flags.writeable = False
    assert function(x).shape == (3, 4)
    assert isinstance(function(0.5), float)
    assert isinstance(function(1), float)
    np.testing.assert_array_equal(function(x.T), function(x).T)
    np.testing.assert_array_equal(function(x.astype(np.float32)), function(x.astype(np.float32).astype(float)))
    assert function([]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inequalities.pinsker(-0.1), "kl must be at least 0, got -0.1"),
        (
            lambda: inequalities.pinsker([0, math.nan]),
            r"kl must be at least 0, got 1 wrong of 2 .* first kl\[1\] = nan",
        ),
        (lambda: inequalities.pinsker(1, base=1), "base must be"),
        (lambda: inequalities.bretagnolle_huber([[-1]]), r"first kl\[0, 0\] = -1"),
        (lambda: inequalities.kl_lower_bound(1.5), "total_variation must be from 0 to 1, got 1.5"),
        (lambda: inequalities.reverse_pinsker(2, 0.5), "total_variation must be from 0 to 1"),
        (lambda: inequalities.reverse_pinsker(0.5, 0), "least_probability must be more than 0 and at most 1, got 0"),
        (
            lambda: inequalities.reverse_pinsker([0, 1], [1, 1, 1]),
            "total_variation and least_probability must broadcast",
        ),
        (lambda: inequalities.le_cam_bound(-0.5), "total_variation must be from 0 to 1, got -0.5"),
        (lambda: inequalities.fano_error_bound(-0.1, 4), "conditional_entropy must be at least 0, got -0.1"),
        (lambda: inequalities.fano_error_bound(2.1, 4, base="bits"), "at most log n_symbols = 2, got 2.1"),
        (lambda: inequalities.fano_error_bound([0.1, 1.5], [2, 4]), r"log n_symbols = 1.386.* first .*\[1\] = 1.5"),
        (lambda: inequalities.fano_error_bound(0.1, 1), "n_symbols must be a whole number of at least 2, got 1"),
        (lambda: inequalities.fano_error_bound(0.1, 2.5), "n_symbols must be a whole number of at least 2, got 2.5"),
        (lambda: inequalities.fano_error_bound(0.1, 10**400), "n_symbols holds a number that float64 cannot"),
        (
            lambda: inequalities.fano_error_bound([0.1, 0.2], [2, 2, 2]),
            "conditional_entropy and n_symbols must broadcast",
        ),
        (lambda: inequalities.fano_entropy_bound(1.1, 4), "error must be from 0 to 1, got 1.1"),
        (lambda: inequalities.fano_entropy_bound(0.1, 0), "n_symbols must be a whole number of at least 2, got 0"),
        (lambda: inequalities.data_processing_gap([[0.5, 0.5]]), "pxyz must have at least 3 axes"),
        (lambda: inequalities.data_processing_gap([[[0.5, 0.6]]]), "pxyz must sum to 1"),
        (lambda: inequalities.data_processing_gap([[[1.5, -0.5]]]), "pxyz must hold probabilities, got 1 negative"),
        (lambda: inequalities.conditioning_gap([0.5, 0.5]), "pxy must have at least 2 axes"),
        (lambda: inequalities.conditioning_gap(np.zeros((2, 0))), "pxy has no entries"),
        (lambda: inequalities.conditioning_gap(np.zeros((2, 2)), normalize=True), "pxy cannot be normalized"),
        (lambda: inequalities.conditioning_gap([[math.nan, 1]]), "pxy must hold probabilities, got 1 NaN"),
        (lambda: inequalities.maximum_entropy(), "exactly one of n, support, variance and covariance .* got none"),
        (lambda: inequalities.maximum_entropy(3, variance=1), "exactly one of .* got n, variance"),
        (lambda: inequalities.maximum_entropy(0), "n must be a whole number of at least 1, got 0"),
        (lambda: inequalities.maximum_entropy(support=(1, 1)), "upper end of support must be greater than the lower"),
        (lambda: inequalities.maximum_entropy(support=(0, INF)), r"support\[1\] must be finite, got inf"),
        (lambda: inequalities.maximum_entropy(support=3), r"support must be a pair \(a, b\), got 3"),
        (lambda: inequalities.maximum_entropy(support=([0, 0], [1, 1, 1])), "ends of support must broadcast"),
        (lambda: inequalities.maximum_entropy(variance=0), "variance must be positive and finite, got 0"),
        (lambda: inequalities.maximum_entropy(covariance=[[1, 1], [1, 1]]), "covariance must be positive definite"),
        (lambda: inequalities.maximum_entropy(covariance=[1, 1]), "covariance must be a square matrix"),
    ],
)
def test_what_is_out_of_range_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inequalities.pinsker("a"), "kl must hold real numbers"),
        (lambda: inequalities.pinsker(1, base=[2]), "base must be a number, a name or None"),
        (lambda: inequalities.fano_error_bound(0.1, "4"), "n_symbols must hold real numbers"),
        (lambda: inequalities.conditioning_gap(1j * np.eye(2)), "pxy must hold real numbers"),
        (lambda: inequalities.maximum_entropy("8"), "n must hold real numbers"),
    ],
)
def test_what_is_no_number_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()
