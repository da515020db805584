"""Normal distributions: functionals of their parameters."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import hartley as ht
from hartley import _dispatch, gaussian
from hartley.reference import gaussian as reference

EPS = 2.0**-52
DIMENSIONS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 63, 64, 65, 130]
BATCHES = [1, 2, 3, 4, 5, 8, 9, 17]  # around the lanes of every level


def covariances(rng, n, d, log_condition=0.0):
    """Random rotations of variances that span a condition number, and units that span it, too."""
    axes, _ = np.linalg.qr(rng.standard_normal((n, d, d)))
    variances = 10.0 ** (-log_condition * rng.random((n, d)))
    units = 10.0 ** (log_condition * (rng.random((n, d)) - 0.5))
    cov = units[:, :, None] * ((axes * variances[:, None, :]) @ np.swapaxes(axes, 1, 2)) * units[:, None, :]
    return (cov + np.swapaxes(cov, 1, 2)) / 2


def pair(rng, n, d, log_condition=0.0):
    return (
        rng.standard_normal((n, d)), covariances(rng, n, d, log_condition) + np.eye(d),
        rng.standard_normal((n, d)), covariances(rng, n, d, log_condition) + np.eye(d),
    )  # fmt: skip


# variances of 2 here, 1 to 2 for pair(): both sides are off by a few d eps a variable
def close(d):
    return {"rtol": 40 * d * EPS, "atol": 40 * d * d * EPS}


@pytest.mark.parametrize("d", DIMENSIONS)
def test_functionals_equal_the_reference_on_all_dimensions(level, d, rng):
    mean_p, cov_p, mean_q, cov_q = pair(rng, 5 if d < 64 else 2, d)
    np.testing.assert_allclose(gaussian.entropy(cov_p), reference.entropy(cov_p), **close(d))
    found = gaussian.kl_divergence(mean_p, cov_p, mean_q, cov_q)
    np.testing.assert_allclose(found, reference.kl_divergence(mean_p, cov_p, mean_q, cov_q), **close(d))
    found = gaussian.total_correlation(cov_p)
    np.testing.assert_allclose(found, reference.information(cov_p, [[i] for i in range(d)], []), **close(d))
    factor, shift, *failures = _dispatch.kernels.gaussian_whiten(mean_p, cov_p, mean_q, cov_q, 0.0, 1e-8, 2)
    expected = reference.whiten(mean_p, cov_p, mean_q, cov_q)
    assert failures == [-1, -1]
    np.testing.assert_allclose(factor, expected[0], **close(d))
    np.testing.assert_allclose(shift, expected[1], **close(d))


@pytest.mark.parametrize("n", BATCHES)
def test_batches_equal_a_loop(level, n, rng):
    mean_p, cov_p, mean_q, cov_q = pair(rng, n, 6)
    one_by_one = [gaussian.kl_divergence(mean_p[i], cov_p[i], mean_q[i], cov_q[i]) for i in range(n)]
    np.testing.assert_array_equal(gaussian.kl_divergence(mean_p, cov_p, mean_q, cov_q), one_by_one)
    np.testing.assert_array_equal(gaussian.entropy(cov_p), [gaussian.entropy(c) for c in cov_p])
    loop = [gaussian.conditional_mutual_information(c, [0, 3], 1, [2, 5]) for c in cov_p]
    np.testing.assert_array_equal(gaussian.conditional_mutual_information(cov_p, [0, 3], 1, [2, 5]), loop)
    loop = [gaussian.wasserstein2(mean_p[i], cov_p[i], mean_q[i], cov_q[i]) for i in range(n)]
    np.testing.assert_allclose(gaussian.wasserstein2(mean_p, cov_p, mean_q, cov_q), loop, rtol=1e-13)
    loop = [gaussian.renyi_divergence(mean_p[i], cov_p[i], mean_q[i], cov_q[i], 0.7) for i in range(n)]
    np.testing.assert_allclose(gaussian.renyi_divergence(mean_p, cov_p, mean_q, cov_q, 0.7), loop, rtol=1e-13)


@pytest.mark.parametrize("d", [1, 2, 16, 33, 64, 65, 200])
def test_threads_change_no_bit(level, d, rng):
    n = 600 if d < 64 else 3
    mean_p, cov_p, mean_q, cov_q = pair(rng, n, d)
    blocks = [list(range(d // 3, d))[::2], list(range(d // 3, d))[1::2]] if d > 3 else None
    results = []
    for n_threads in (1, 2, 3, 8):
        with ht.threads(n_threads):
            found = [gaussian.kl_divergence(mean_p, cov_p, mean_q, cov_q), gaussian.entropy(cov_p)]
            if blocks:
                found.append(gaussian.conditional_mutual_information(cov_p, *blocks, list(range(d // 3))))
            results.append(np.stack(found))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize(
    ("d", "x", "y", "z"),
    [(2, [0], [1], []), (3, [2], [0], [1]), (5, [4, 0], [1, 3], [2]), (9, [8, 1, 3], [0, 2], [4, 7, 5]),
     (16, list(range(8)), list(range(8, 16)), []), (70, list(range(0, 30)), list(range(30, 70)), []),
     (150, list(range(0, 70)), list(range(70, 140)), list(range(140, 150))),
     (290, list(range(0, 140)), list(range(140, 150)), list(range(150, 290)))],
)  # fmt: skip
def test_informations_of_groups_equal_the_reference(level, d, x, y, z, rng):
    cov = pair(rng, 3 if d < 64 else 1, d)[1]
    expected = reference.information(cov, [x, y], z)
    found = gaussian.conditional_mutual_information(cov, x, y, z) if z else gaussian.mutual_information(cov, x, y)
    np.testing.assert_allclose(found, expected, **close(d))


def exact_matrix(values):
    return mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in values])


def exact_log_determinant(cov):
    return mpmath.log(mpmath.det(exact_matrix(cov)))


def exact_kl(mean_p, cov_p, mean_q, cov_q):
    p, q = exact_matrix(cov_p), exact_matrix(cov_q)
    inverse = q**-1
    shift = exact_matrix(np.subtract(mean_p, mean_q, dtype=object)[:, None])
    product = inverse * p
    trace = mpmath.fsum(product[i, i] for i in range(p.rows))
    quadratic = (shift.T * inverse * shift)[0, 0]
    return (trace - p.rows + exact_log_determinant(cov_q) - exact_log_determinant(cov_p) + quadratic) / 2


def test_near_singular_covariances_equal_mpmath(level, rng):
    d = 6
    for _ in range(3):
        axes, _ = np.linalg.qr(rng.standard_normal((d, d)))
        cov = (axes * 10.0 ** np.linspace(0, -12, d)) @ axes.T
        cov = (cov + cov.T) / 2
        other = covariances(rng, 1, d)[0] + np.eye(d)
        mean = rng.standard_normal(d)
        correlations = cov / np.sqrt(np.diag(cov)[:, None] * np.diag(cov))
        # the factor is that of a matrix (d + 1) eps √(S_ii S_jj) away: the log-determinant moves by d times that over
        # the least eigenvalue of the correlations
        bound = d * (d + 1) * EPS / np.linalg.eigvalsh(correlations)[0]
        assert 1e-4 < bound < 0.1  # the matrix is as near to singular as it was meant to be
        with mpmath.workdps(50):
            exact = float(exact_log_determinant(cov))
            divergences = float(exact_kl(mean, cov, np.zeros(d), other)), float(exact_kl(mean, other, 0 * mean, cov))
        entropy = 0.5 * (d * math.log(2 * math.pi * math.e) + exact)
        assert gaussian.entropy(cov) == pytest.approx(entropy, abs=bound)
        assert gaussian.kl_divergence(mean, cov, np.zeros(d), other) == pytest.approx(divergences[0], abs=bound)
        assert gaussian.kl_divergence(mean, other, np.zeros(d), cov) == pytest.approx(divergences[1], rel=bound)


def test_units_of_the_variables_cost_no_digits(level, rng):
    d = 8
    mean_p, cov_p, mean_q, cov_q = (a[0] for a in pair(rng, 1, d))
    units = 10.0 ** np.linspace(-60, 60, d)
    scale = units[:, None] * units
    there = gaussian.kl_divergence(mean_p * units, cov_p * scale, mean_q * units, cov_q * scale)
    # the scaled entries are rounded once or twice more each: d² entries, eps each, condition below 10
    assert there == pytest.approx(gaussian.kl_divergence(mean_p, cov_p, mean_q, cov_q), rel=10 * d * d * EPS)
    found = gaussian.total_correlation(cov_p * scale)
    assert found == pytest.approx(gaussian.total_correlation(cov_p), rel=10 * d * d * EPS)
    for function in (gaussian.renyi_divergence,):
        there = function(mean_p * units, cov_p * scale, mean_q * units, cov_q * scale, 0.3)
        assert there == pytest.approx(function(mean_p, cov_p, mean_q, cov_q, 0.3), rel=10 * d * d * EPS)


def test_near_distributions_keep_their_digits(level, rng):
    d = 4
    cov = pair(rng, 1, d)[1][0]
    step = rng.standard_normal((d, d)) * 1e-6
    near = cov + step + step.T
    mean = rng.standard_normal(d) * 1e-6
    zero = np.zeros(d)
    with mpmath.workdps(50):
        exact = float(exact_kl(mean, near, zero, cov))
    assert 0 < exact < 1e-9
    # the factors' errors, a few d eps, beside differences of 1e-6
    bound = 20 * d * EPS / 1e-6
    assert gaussian.kl_divergence(mean, near, zero, cov) == pytest.approx(exact, rel=bound, abs=0)
    for alpha in (0.25, 0.5, 0.999999, 1, 3):  # α KL where both are near
        found = gaussian.renyi_divergence(mean, near, zero, cov, alpha)
        assert found == pytest.approx(alpha * exact, rel=1e-4, abs=0)  # to first order: 1e-6 times d² entries, α
    assert gaussian.bhattacharyya_distance(mean, near, zero, cov) == pytest.approx(exact / 4, rel=1e-4, abs=0)
    assert gaussian.hellinger_distance(mean, near, zero, cov) == pytest.approx(math.sqrt(exact) / 2, rel=1e-4, abs=0)


@pytest.mark.parametrize("d", [1, 2, 5, 16, 64, 65, 140])
def test_equal_distributions_are_exactly_0_apart(level, d, rng):
    mean, cov, _, _ = pair(rng, 7, d)
    assert (gaussian.kl_divergence(mean, cov, mean, cov) == 0).all()
    if d <= 16:
        for function in (gaussian.bhattacharyya_distance, gaussian.hellinger_distance, gaussian.fisher_rao_distance):
            assert (function(mean, cov, mean, cov) == 0).all()
        # the square roots' own errors: d eps of their norm √d or so
        np.testing.assert_allclose(gaussian.wasserstein2(mean, cov, mean, cov), 0, atol=20 * d * EPS)


def test_small_informations_keep_their_digits(level):
    for rho in (1e-3, 1e-6, 1e-10, 1e-100):
        cov = np.array([[4.0, 2 * rho], [2 * rho, 1.0]])
        with mpmath.workdps(300):
            exact = float(-mpmath.log(1 - mpmath.mpf(rho) ** 2) / 2)
        assert gaussian.mutual_information(cov, 0, 1) == pytest.approx(exact, rel=40 * EPS, abs=0)
        assert gaussian.total_correlation(cov) == pytest.approx(exact, rel=40 * EPS, abs=0)


def test_strong_dependence_equals_mpmath(level):
    for gap in (1e-3, 1e-6, 1e-9, 1e-12):
        rho = 1 - gap
        with mpmath.workdps(50):
            exact = float(-mpmath.log(1 - mpmath.mpf(rho) ** 2) / 2)
        found = gaussian.mutual_information([[1.0, rho], [rho, 1.0]], [0], [1])
        assert found == pytest.approx(exact, abs=4 * EPS / gap, rel=8 * EPS)  # ρ² rounds


def test_exercise_5_the_formulas_of_general_diagonal_and_standard_normals_agree(rng):
    """D(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² - 1 - log σ²), and its sums."""
    mean, deviation = rng.standard_normal((20, 7)), np.exp(rng.standard_normal((20, 7)))
    vae = 0.5 * (mean**2 + deviation**2 - 1 - np.log(deviation**2)).sum(axis=1)
    rounding = {"rtol": 1e-14, "atol": 1e-14}  # sums of 7 terms, each a few eps off
    np.testing.assert_allclose(gaussian.kl_divergence_diagonal(mean, deviation**2, 0.0, 1.0), vae, **rounding)
    general = gaussian.kl_divergence(mean, deviation[:, :, None] ** 2 * np.eye(7), np.zeros(7), np.eye(7))
    np.testing.assert_allclose(general, vae, **rounding)
    mu, sigma = 0.7, 1.3
    by_hand = math.log(1 / sigma) + (sigma**2 + mu**2) / 2 - 0.5  # the univariate formula with q standard
    for found in (
        gaussian.kl_divergence(mu, sigma**2, 0, 1), gaussian.kl_divergence([mu], [[sigma**2]], [0], [[1]]),
        gaussian.kl_divergence_diagonal(mu, sigma**2, 0, 1), gaussian.kl_divergence_diagonal([mu], [sigma**2], 0, 1),
    ):  # fmt: skip
        assert isinstance(found, float)
        assert found == pytest.approx(by_hand, rel=1e-14)


def test_diagonal_divergence_equals_the_general_one_and_mpmath(rng):
    mean_p, mean_q = rng.standard_normal((2, 5, 6))
    p, q = np.exp(3 * rng.standard_normal((2, 5, 6)))
    general = gaussian.kl_divergence(mean_p, p[..., None] * np.eye(6), mean_q, q[..., None] * np.eye(6))
    np.testing.assert_allclose(gaussian.kl_divergence_diagonal(mean_p, p, mean_q, q), general, rtol=40 * EPS)
    for change in (1e-12, -1e-7, 0.1, -0.24, 0.26, -0.99, 1e8):
        variance = 1 + change
        with mpmath.workdps(60):
            exact = float((mpmath.mpf(variance) - 1 - mpmath.log(mpmath.mpf(variance))) / 2)
        found = gaussian.kl_divergence_diagonal(0.0, variance, 0.0, 1.0)
        assert found == pytest.approx(exact, rel=16 * EPS, abs=0)
        assert gaussian.kl_divergence(0.0, variance, 0.0, 1.0) == pytest.approx(
            exact,
            rel=16 * EPS + 8 * EPS / min(abs(change), 1),
            abs=0,  # the root of the variance rounds
        )
    assert gaussian.kl_divergence_diagonal(0.0, 1e-300, 0.0, 1.0) == pytest.approx(345.38776394910684 - 0.5, rel=1e-14)
    assert gaussian.kl_divergence_diagonal(0.0, 1.0, 0.0, 1e-310) == math.inf


def test_scipy_agrees(rng):
    cov = covariances(rng, 1, 5)[0] + np.eye(5)
    assert gaussian.entropy(cov) == pytest.approx(
        scipy.stats.multivariate_normal(np.zeros(5), cov).entropy(), rel=1e-13
    )
    assert gaussian.entropy(2.5) == pytest.approx(float(scipy.stats.norm(scale=math.sqrt(2.5)).entropy()), rel=1e-14)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(3, 9))
@settings(max_examples=40, deadline=None)
def test_identities_of_information(seed, d):
    rng = np.random.default_rng(seed)
    cov = pair(rng, 1, d)[1][0]
    cuts = sorted(rng.choice(np.arange(1, d), 2, replace=False).tolist())
    order = rng.permutation(d).tolist()
    x, y, z = order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :]
    rounding = 40 * d * d * EPS
    mutual, conditional = gaussian.mutual_information, gaussian.conditional_mutual_information
    # I(X, Z; Y) = I(Z; Y) + I(X; Y | Z), the seed's exercise 1
    chain = mutual(cov, z, y) + conditional(cov, x, y, z)
    assert mutual(cov, x + z, y) == pytest.approx(chain, abs=rounding)
    assert mutual(cov, x, y) == pytest.approx(mutual(cov, y, x), abs=rounding)

    def entropy(variables):
        return gaussian.entropy(cov[np.ix_(variables, variables)])

    assert mutual(cov, x, y) == pytest.approx(entropy(x) + entropy(y) - entropy(x + y), abs=rounding)
    marginal = sum(entropy([i]) for i in range(d))
    assert gaussian.total_correlation(cov) == pytest.approx(marginal - gaussian.entropy(cov), abs=rounding)
    # the information is the divergence of the joint distribution from the product
    product = np.zeros_like(cov)
    for block in (x, y, z):
        product[np.ix_(block, block)] = cov[np.ix_(block, block)]
    zero = np.zeros(d)
    divergence = gaussian.kl_divergence(zero, cov, zero, product)
    assert mutual(cov, x, y) + mutual(cov, x + y, z) == pytest.approx(divergence, abs=rounding)
    assert mutual(cov, x[0] - d, y) == mutual(cov, x[0], y)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_divergences_are_ordered_symmetric_and_invariant(seed, d):
    rng = np.random.default_rng(seed)
    mean_p, cov_p, mean_q, cov_q = (a[0] for a in pair(rng, 1, d))
    there, back = (mean_p, cov_p, mean_q, cov_q), (mean_q, cov_q, mean_p, cov_p)
    rel = 1e-12  # d² entries of matrices of condition 3 and of a map of condition below 100
    for symmetric in (gaussian.bhattacharyya_distance, gaussian.hellinger_distance, gaussian.wasserstein2):
        assert symmetric(*there) == pytest.approx(symmetric(*back), rel=rel)
    orders = [0, 0.1, 0.5, 0.9, 1 - 1e-9, 1, 1 + 1e-9, 1.2]
    values = [gaussian.renyi_divergence(*there, alpha) for alpha in orders]
    assert values[0] == 0
    assert all(a <= b * (1 + rel) for a, b in itertools.pairwise(values))
    assert values[5] == pytest.approx(gaussian.kl_divergence(*there), rel=rel)
    assert values[2] == pytest.approx(2 * gaussian.bhattacharyya_distance(*there), rel=rel)
    assert values[4] == pytest.approx(values[5], rel=1e-7)  # the slope is a variance of log p/q, here below 100
    # α D_(1-α)(q‖p) (1 - α) / α
    skew = gaussian.renyi_divergence(*back, 0.9) * 0.1 / 0.9
    assert values[1] == pytest.approx(skew, rel=rel)
    map_ = rng.standard_normal((d, d)) + 3 * d * np.eye(d)
    moved = (map_ @ mean_p, map_ @ cov_p @ map_.T, map_ @ mean_q, map_ @ cov_q @ map_.T)
    assert gaussian.kl_divergence(*moved) == pytest.approx(gaussian.kl_divergence(*there), rel=rel)
    assert gaussian.renyi_divergence(*moved, 0.3) == pytest.approx(gaussian.renyi_divergence(*there, 0.3), rel=rel)


@pytest.mark.parametrize("alpha", [0.01, 0.3, 0.5, 0.99, 1.01, 1.3])
def test_renyi_divergence_equals_the_reference(alpha, rng):
    arguments = pair(rng, 6, 4)
    found = gaussian.renyi_divergence(*arguments, alpha)
    # the formula of the reference cancels: log-determinants of order 1 over α - 1
    np.testing.assert_allclose(found, reference.renyi_divergence(*arguments, alpha), rtol=1e-10, atol=1e-12)


def test_renyi_divergence_exists_where_the_mixed_covariance_is_positive_definite():
    # α Σ_q + (1 - α) Σ_p = 3 - 2 (α - 1) > 0 below 2.5 along one axis
    p, q, zero = np.diag([3.0, 1.0]), np.eye(2), np.zeros(2)
    assert gaussian.renyi_divergence(zero, p, zero, q, 1.4999) < math.inf
    assert gaussian.renyi_divergence(zero, p, zero, q, 1.5) == math.inf
    assert gaussian.renyi_divergence(zero, p, zero, q, 7) == math.inf
    np.testing.assert_array_equal(
        np.isinf(gaussian.renyi_divergence(zero, np.stack([p, q / 2]), zero, q, 2)), [True, False]
    )
    assert gaussian.renyi_divergence(zero, p, zero, q, math.inf) == math.inf
    # log max p / q of a narrower p: log(σ_q / σ_p) + Δ² / (2 (σ_q² - σ_p²))
    found = gaussian.renyi_divergence(1.0, 0.25, 0.0, 1.0, math.inf)
    assert found == pytest.approx(math.log(2) + 1 / 1.5, rel=1e-14)
    assert gaussian.renyi_divergence(1.0, 0.25, 0.0, 1.0, 1e9) == pytest.approx(found, rel=1e-7)
    assert gaussian.renyi_divergence(1.0, 1.0, 0.0, 1.0, math.inf) == math.inf
    assert gaussian.renyi_divergence(1.0, 1.0, 1.0, 1.0, math.inf) == 0


def test_bhattacharyya_distance_equals_its_formula(rng):
    mean_p, cov_p, mean_q, cov_q = pair(rng, 6, 5)
    mean = (cov_p + cov_q) / 2
    shift = mean_p - mean_q
    logs = [reference.log_determinant(c) for c in (mean, cov_p, cov_q)]
    expected = np.einsum("ni,ni->n", shift, np.linalg.solve(mean, shift[..., None])[..., 0]) / 8
    expected += 0.5 * (logs[0] - (logs[1] + logs[2]) / 2)
    found = gaussian.bhattacharyya_distance(mean_p, cov_p, mean_q, cov_q)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(
        gaussian.hellinger_distance(mean_p, cov_p, mean_q, cov_q), np.sqrt(1 - np.exp(-expected)), rtol=1e-12
    )
    assert gaussian.hellinger_distance(0.0, 1.0, 1e3, 1.0) == 1.0


def test_divergences_of_very_unlike_variances_keep_their_digits():
    with mpmath.workdps(60):
        for ratio in (1e-14, 1e-6, 1e6, 1e14):
            r = mpmath.mpf(ratio)
            distance = float(mpmath.log((1 + r) / (2 * mpmath.sqrt(r))) / 2)
            assert gaussian.bhattacharyya_distance(0.0, ratio, 0.0, 1.0) == pytest.approx(distance, rel=16 * EPS)
            renyi = float(
                (mpmath.log(mpmath.mpf("0.1") + r * mpmath.mpf("0.9")) / mpmath.mpf("0.9") - mpmath.log(r)) / 2
            )
            found = gaussian.renyi_divergence(0.0, ratio, 0.0, 1.0, 0.1)
            assert found == pytest.approx(renyi, rel=16 * EPS)


def test_wasserstein_distance_equals_the_reference_and_closed_forms(rng):
    arguments = pair(rng, 6, 5)
    found = gaussian.wasserstein2(*arguments)
    np.testing.assert_allclose(found**2, reference.squared_wasserstein2(*arguments), rtol=1e-12)
    # commuting covariances: the distance of the deviations
    mean, deviations = rng.standard_normal((2, 4)), np.exp(rng.standard_normal((2, 4)))
    expected = math.hypot(*(mean[0] - mean[1]), *(deviations[0] - deviations[1]))
    diagonal = [np.diag(s**2) for s in deviations]
    assert gaussian.wasserstein2(mean[0], diagonal[0], mean[1], diagonal[1]) == pytest.approx(expected, rel=1e-14)
    # two dimensions: tr (Σ_p^½ Σ_q Σ_p^½)^½ = √(tr Σ_p Σ_q + 2 √(|Σ_p| |Σ_q|))
    p, q = pair(rng, 1, 2)[1::2]
    p, q = p[0], q[0]
    cross = math.sqrt(np.trace(p @ q) + 2 * math.sqrt(np.linalg.det(p) * np.linalg.det(q)))
    squared = np.trace(p) + np.trace(q) - 2 * cross
    assert gaussian.wasserstein2([0, 0], p, [0, 0], q) == pytest.approx(math.sqrt(squared), rel=1e-12)


def test_wasserstein_distance_takes_singular_covariances(rng):
    x, y = rng.standard_normal((2, 5, 2))
    p, q, zero = x @ x.T, y @ y.T, np.zeros(5)
    # rank 2: the nuclear norm of the product of the factors is that of a 2 x 2 matrix
    squared = np.trace(p) + np.trace(q) - 2 * np.linalg.svd(x.T @ y, compute_uv=False).sum()
    assert gaussian.wasserstein2(zero, p, zero, q) == pytest.approx(math.sqrt(squared), rel=1e-12)
    assert gaussian.wasserstein2(zero, p, zero, p) == pytest.approx(0, abs=1e-13)
    assert gaussian.wasserstein2(zero, 0 * p, zero, q) == pytest.approx(math.sqrt(np.trace(q)), rel=1e-13)
    assert gaussian.wasserstein2(zero, 0 * p, zero + 1, 0 * q) == pytest.approx(math.sqrt(5), rel=1e-14)


def test_wasserstein_distance_of_near_covariances_does_not_cancel():
    for step in (1e-4, 1e-8, 1e-12):
        cov = np.array([[2.0, 0.5], [0.5, 1.0]])
        scaled = cov * (1 + step) ** 2
        found = gaussian.wasserstein2([0, 0], cov, [0, 0], scaled)
        # step √tr Σ; the entries of the square roots are a few eps off
        assert found == pytest.approx(step * math.sqrt(3), abs=20 * EPS, rel=1e-12)


def test_fisher_rao_distance_of_one_variable():
    # along σ: √2 log; equal variances: √2 arccosh(1 + δ²/4)
    assert gaussian.fisher_rao_distance(3.0, 1.0, 3.0, 4.0) == pytest.approx(math.sqrt(0.5) * math.log(4), rel=1e-14)
    expected = math.sqrt(2) * math.acosh(1 + 25 / 4)
    assert gaussian.fisher_rao_distance(0.0, 4.0, 10.0, 4.0) == pytest.approx(expected, rel=1e-14)
    # Costa, Santos & Strapasson's closed form with both different
    m1, s1, m2, s2 = 0.3, 1.2, -1.0, 0.4
    plus = math.hypot(m1 - m2, math.sqrt(2) * (s1 + s2))
    minus = math.hypot(m1 - m2, math.sqrt(2) * (s1 - s2))
    expected = math.sqrt(2) * math.log((plus + minus) / (plus - minus))
    for family in ("full", "diagonal"):
        assert gaussian.fisher_rao_distance(m1, s1**2, m2, s2**2, family=family) == pytest.approx(expected, rel=1e-14)
    # near points: √(Δ² / σ² + 2 (log σ ratio)²)
    near = gaussian.fisher_rao_distance(0.0, 1.0, 3e-9, (1 + 2e-9) ** 2)
    assert near == pytest.approx(math.sqrt(9 + 8) * 1e-9, rel=1e-6)


def test_fisher_rao_distance_of_several_variables(rng):
    mean_p, cov_p, mean_q, cov_q = (a[0] for a in pair(rng, 1, 4))
    eigenvalues = np.linalg.eigvals(np.linalg.solve(cov_q, cov_p)).real
    found = gaussian.fisher_rao_distance(mean_p, cov_p, mean_p, cov_q)
    assert found == pytest.approx(math.sqrt(0.5 * (np.log(eigenvalues) ** 2).sum()), rel=1e-12)
    shift = mean_p - mean_q
    mahalanobis = shift @ np.linalg.solve(cov_p, shift)
    found = gaussian.fisher_rao_distance(mean_p, cov_p, mean_q, cov_p)
    assert found == pytest.approx(math.sqrt(2) * math.acosh(1 + mahalanobis / 4), rel=1e-12)
    # the means differ along one axis of two diagonal covariances: both families, and any affine map of them
    p, q, shift = np.diag([1.0, 2.0, 3.0]), np.diag([2.0, 2.5, 0.5]), np.array([0.0, 0.7, 0.0])
    plain = gaussian.fisher_rao_distance(shift, p, 0 * shift, q)
    one = [gaussian.fisher_rao_distance(shift[i], p[i, i], 0.0, q[i, i]) for i in range(3)]
    assert plain == pytest.approx(math.hypot(*one), rel=1e-13)
    assert gaussian.fisher_rao_distance(shift, p, 0 * shift, q, family="diagonal") == pytest.approx(plain, rel=1e-13)
    map_ = rng.standard_normal((3, 3)) + 3 * np.eye(3)
    moved = gaussian.fisher_rao_distance(map_ @ shift, map_ @ p @ map_.T, 0 * shift, map_ @ q @ map_.T)
    assert moved == pytest.approx(plain, rel=1e-12)
    # any means among independent variables, and no shorter way through all distributions where that is known
    shift = np.array([1.0, 2.0, -0.5])
    diagonal = gaussian.fisher_rao_distance(shift, p, 0 * shift, q, family="diagonal")
    one = [gaussian.fisher_rao_distance(shift[i], p[i, i], 0.0, q[i, i]) for i in range(3)]
    assert diagonal == pytest.approx(math.hypot(*one), rel=1e-13)
    through_all = gaussian.fisher_rao_distance(shift, p, 0 * shift, p)
    assert through_all < gaussian.fisher_rao_distance(shift, p, 0 * shift, p, family="diagonal")


def test_leading_axes_broadcast(rng):
    mean_p, cov_p, mean_q, cov_q = pair(rng, 6, 3)
    p, q = cov_p.reshape(2, 3, 3, 3), cov_q[:3]
    expected = np.array([[gaussian.kl_divergence(0 * mean_p[0], p[i, j], mean_q[j], q[j]) for j in range(3)]
                         for i in range(2)])  # fmt: skip
    np.testing.assert_array_equal(gaussian.kl_divergence(np.zeros(3), p, mean_q[:3], q), expected)
    found = gaussian.kl_divergence(np.zeros(3), p[:, :1], mean_q[:3], q)
    assert found.shape == (2, 3)
    assert found[1, 2] == gaussian.kl_divergence(np.zeros(3), p[1, 0], mean_q[2], q[2])
    for function in (gaussian.wasserstein2, gaussian.hellinger_distance):
        found = function(np.zeros(3), p[:, :1], mean_q[:3], q)
        assert found.shape == (2, 3)
        assert found[1, 2] == pytest.approx(function(np.zeros(3), p[1, 0], mean_q[2], q[2]), rel=1e-13)
    for function in (gaussian.kl_divergence, gaussian.wasserstein2, gaussian.hellinger_distance):
        assert function(np.zeros((0, 3)), np.eye(3), np.zeros(3), np.eye(3)).shape == (0,)
    assert gaussian.entropy(np.zeros((4, 0, 3, 3))).shape == (4, 0)
    assert gaussian.total_correlation(np.zeros((0, 3, 3))).shape == (0,)
    assert gaussian.entropy(np.eye(3)[None]).shape == (1,)


def test_units_and_types(rng):
    mean_p, cov_p, mean_q, cov_q = (a[0] for a in pair(rng, 1, 3))
    both, nats = (mean_p, cov_p, mean_q, cov_q), math.log(2)
    calls = [
        lambda **k: gaussian.entropy(cov_p, **k),
        lambda **k: gaussian.mutual_information(cov_p, 0, [1, 2], **k),
        lambda **k: gaussian.conditional_mutual_information(cov_p, 0, 1, 2, **k),
        lambda **k: gaussian.total_correlation(cov_p, **k),
        lambda **k: gaussian.kl_divergence(*both, **k),
        lambda **k: gaussian.kl_divergence_diagonal(mean_p, [1, 2, 3], mean_q, [1, 1, 1], **k),
        lambda **k: gaussian.renyi_divergence(*both, 0.5, **k),
        lambda **k: gaussian.bhattacharyya_distance(*both, **k),
    ]
    for call in calls:
        assert isinstance(call(), float)
        assert call(base=2) == call(base="bits") == call() / nats
    assert gaussian.entropy(np.eye(2, dtype=np.int8)) == gaussian.entropy(np.eye(2))
    single = cov_p.astype(np.float32)
    assert gaussian.entropy(single) == gaussian.entropy(single.astype(float))
    assert gaussian.entropy([[2, 1], [1, 2]]) == gaussian.entropy(np.array([[2.0, 1.0], [1.0, 2.0]], order="F"))
    frozen = cov_p.copy()
    frozen.flags.writeable = False
    kept = frozen.copy()
    strided = np.zeros((6, 6))
    strided[::2, ::2] = cov_p
    for cov in (frozen, strided[::2, ::2], cov_p.T, cov_p.astype(">f8")):
        assert gaussian.kl_divergence(mean_p, cov, mean_q, cov_q) == gaussian.kl_divergence(*both)
    np.testing.assert_array_equal(frozen, kept)


def test_ridge_adds_to_the_diagonal(rng):
    mean_p, cov_p, mean_q, cov_q = pair(rng, 3, 4)
    more = 0.5 * np.eye(4)
    both, with_ridge = (mean_p, cov_p, mean_q, cov_q), (mean_p, cov_p + more, mean_q, cov_q + more)
    for function in (gaussian.entropy, gaussian.total_correlation):
        np.testing.assert_array_equal(function(cov_p, ridge=0.5), function(cov_p + more))
    for function in (
        gaussian.kl_divergence, gaussian.wasserstein2, gaussian.hellinger_distance, gaussian.bhattacharyya_distance
    ):  # fmt: skip
        np.testing.assert_allclose(function(*both, ridge=0.5), function(*with_ridge), rtol=1e-14)
    singular = np.ones((2, 2))
    with pytest.raises(ValueError, match="ridge="):
        gaussian.mutual_information(singular, 0, 1)
    assert gaussian.mutual_information(singular, 0, 1, ridge=1.0) == pytest.approx(-0.5 * math.log(0.75), rel=1e-14)
    found = gaussian.kl_divergence_diagonal(0, 0.5, 0, 1.5, ridge=0.5)
    assert found == gaussian.kl_divergence_diagonal(0, 1, 0, 2)
