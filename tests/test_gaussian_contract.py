"""Normal distributions: estimates from samples, units, errors."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.special
from scipy.stats import norm, rankdata

from hartley import _dispatch, gaussian
from hartley._ranks import mean_ranks, normal_scores

EPS = 2.0**-52
ESTIMATES = [
    lambda x, y, z, **k: gaussian.estimate_mutual_information(x, y, **k),
    lambda x, y, z, **k: gaussian.estimate_conditional_mutual_information(x, y, z, **k),
    lambda x, y, z, **k: gaussian.estimate_total_correlation(np.concatenate([x, y, z], axis=-1), **k),
]


def exact_psi(x):
    return float(mpmath.digamma(mpmath.mpf(x)))


def joint(rng, n, d, n_sets):
    """Samples of jointly normal variables, and their covariance."""
    mix = rng.standard_normal((d, d)) + 2 * np.eye(d)
    return rng.standard_normal((n_sets, n, d)) @ mix.T, mix @ mix.T


def assert_unbiased(estimates, exact):
    """Within 4.5 standard errors: one false alarm in 150,000 such tests; the seed is fixed."""
    error = estimates.std(ddof=1) / math.sqrt(estimates.size)
    assert abs(estimates.mean() - exact) < 4.5 * error
    return error


def test_corrected_estimates_are_unbiased_for_few_samples():
    rng = np.random.default_rng(5)
    samples, cov = joint(rng, 9, 5, 20_000)
    x, y, z = samples[..., :2], samples[..., 2:4], samples[..., 4:]
    cases = [
        (gaussian.estimate_entropy, (samples,), gaussian.entropy(cov)),
        (gaussian.estimate_mutual_information, (x, y), gaussian.mutual_information(cov, [0, 1], [2, 3])),
        (
            gaussian.estimate_conditional_mutual_information, (x, y, z),
            gaussian.conditional_mutual_information(cov, [0, 1], [2, 3], 4),
        ),
        (gaussian.estimate_total_correlation, (samples,), gaussian.total_correlation(cov)),
    ]  # fmt: skip
    for estimate, arguments, exact in cases:
        error = assert_unbiased(estimate(*arguments), exact)
        plain = estimate(*arguments, bias_correction=False)
        assert abs(plain.mean() - exact) > 20 * error  # the correction is what makes it so


def test_corrected_divergence_is_unbiased_for_few_samples():
    rng = np.random.default_rng(6)
    d = 3
    x, cov_x = joint(rng, 8, d, 20_000)
    y, cov_y = joint(rng, 14, d, 20_000)
    shift = np.array([0.5, -1.0, 2.0])
    exact = gaussian.kl_divergence(shift, cov_x, np.zeros(d), cov_y)
    error = assert_unbiased(gaussian.estimate_kl_divergence(x + shift, y), exact)
    assert abs(gaussian.estimate_kl_divergence(x + shift, y, bias_correction=False).mean() - exact) > 20 * error


def test_corrections_are_the_wishart_moments(rng):
    n = 12
    x, y = rng.standard_normal((n, 2)), rng.standard_normal((n, 1))
    nu = n - 1

    def bias(d):
        return sum(exact_psi((nu - i) / 2) for i in range(d)) - d * math.log(nu / 2)

    cov = np.cov(np.hstack([x, y]).T)
    plain = 0.5 * (3 * math.log(2 * math.pi * math.e) + np.linalg.slogdet(cov)[1])
    found = gaussian.estimate_entropy(np.hstack([x, y]))
    assert found == pytest.approx(plain - bias(3) / 2, rel=1e-13)
    assert gaussian.estimate_entropy(np.hstack([x, y]), bias_correction=False) == pytest.approx(plain, rel=1e-13)
    # one variable: ½ log(2πe s²) - ½ (ψ(ν/2) - log(ν/2)), the logarithm of a χ² variable
    one = 0.5 * math.log(2 * math.pi * math.e * np.var(y, ddof=1)) - 0.5 * (exact_psi(nu / 2) - math.log(nu / 2))
    assert gaussian.estimate_entropy(y[:, 0]) == pytest.approx(one, rel=1e-13)
    plain = gaussian.mutual_information(cov, [0, 1], 2)
    corrected = plain - 0.5 * (bias(2) + bias(1) - bias(3))
    assert gaussian.estimate_mutual_information(x, y) == pytest.approx(corrected, abs=1e-13)
    assert gaussian.estimate_mutual_information(x, y, bias_correction=False) == pytest.approx(plain, rel=1e-12)
    assert gaussian.estimate_mutual_information(x, y, clip=True) == max(corrected, 0.0)


def test_divergence_of_one_variable_by_hand(rng):
    x, y = rng.standard_normal(7), 2 * rng.standard_normal(9) + 1
    ratio, shift = np.var(x, ddof=1) / np.var(y, ddof=1), (x.mean() - y.mean()) ** 2 / np.var(y, ddof=1)
    plain = 0.5 * (ratio - 1 - math.log(ratio) + shift)
    assert gaussian.estimate_kl_divergence(x, y, bias_correction=False) == pytest.approx(plain, rel=1e-13)
    c = 8 / 6  # of 1 / s²: ν / (ν - 2)
    logs = -math.log(ratio) - (exact_psi(4) - math.log(4)) + (exact_psi(3) - math.log(3))
    by_hand = 0.5 * (ratio / c - 1 + logs + shift / c - ratio / c / 7 - 1 / 9)
    assert gaussian.estimate_kl_divergence(x, y) == pytest.approx(by_hand, rel=1e-12)
    assert gaussian.estimate_kl_divergence(x, y, base=2) == gaussian.estimate_kl_divergence(x, y) / math.log(2)


def test_copula_estimates_are_those_of_the_normal_scores(rng):
    x = rng.standard_normal((300, 2))
    y = np.tanh(x[:, :1]) + rng.standard_normal((300, 1))
    y[:30] = np.round(y[:30])  # ties
    scores = norm.ppf(np.apply_along_axis(rankdata, 0, np.hstack([x, y])) / 301)
    expected = gaussian.estimate_mutual_information(scores[:, :2], scores[:, 2:])
    assert gaussian.estimate_mutual_information(x, y, copula=True) == pytest.approx(expected, abs=1e-13)
    expected = gaussian.estimate_total_correlation(scores)
    assert gaussian.estimate_total_correlation(np.hstack([x, y]), copula=True) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_copula_estimates_do_not_see_monotone_maps(estimate, rng):
    x, y, z = rng.standard_normal((3, 200, 1))
    y, z = x + y, x - z
    found = estimate(x, y, z, copula=True)
    assert estimate(np.exp(x), y**3, np.arctan(z), copula=True) == found
    assert estimate(-x, y, z, copula=True) == pytest.approx(found, rel=1e-12)
    assert estimate(np.exp(x), y**3, np.arctan(z)) != pytest.approx(estimate(x, y, z), rel=1e-3)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_batches_of_samples_equal_a_loop(estimate, rng):
    x, y, z = rng.standard_normal((3, 2, 3, 40, 2))
    for copula in (False, True):
        found = estimate(x, y, z, copula=copula)
        assert found.shape == (2, 3)
        one = estimate(x[1, 2], y[1, 2], z[1, 2], copula=copula)
        assert isinstance(one, float)
        assert found[1, 2] == pytest.approx(one, abs=1e-13)
    both = gaussian.estimate_kl_divergence(x, y[:, :1])
    assert both.shape == (2, 3)
    assert both[1, 2] == pytest.approx(gaussian.estimate_kl_divergence(x[1, 2], y[1, 0]), rel=1e-12)


def test_missing_values(rng):
    x, y, z = rng.standard_normal((3, 50, 1))
    x[3], y[7], z[11] = math.nan, math.nan, math.nan
    kept = np.delete(np.arange(50), [3, 7, 11])
    for estimate in ESTIMATES[1:]:
        with pytest.raises(ValueError, match=r"x must be finite, got .* of 50|x must be finite, got 3 .* of 150"):
            estimate(x, y, z)
        found = estimate(x, y, z, nan_policy="omit")
        assert found == estimate(x[kept], y[kept], z[kept])
    found = gaussian.estimate_kl_divergence(x, y, nan_policy="omit")
    assert found == gaussian.estimate_kl_divergence(np.delete(x, 3), np.delete(y, 7))
    with pytest.raises(ValueError, match="no samples left"):
        gaussian.estimate_entropy([math.nan, math.nan], nan_policy="omit")
    with pytest.raises(ValueError, match="one set of samples at a time"):
        gaussian.estimate_entropy(np.stack([x, x]), nan_policy="omit")
    with pytest.raises(ValueError, match="nan_policy must be one of"):
        gaussian.estimate_entropy(y, nan_policy="drop")
    with pytest.raises(ValueError, match="x must be finite"):
        gaussian.estimate_entropy([1.0, 2.0, math.inf], nan_policy="omit")


def test_normal_quantiles_equal_mpmath_and_scipy(level):
    p = np.array([1e-300, 1e-100, 1e-16, 1e-5, 0.02425, 0.2, 0.25, 0.2500001, 0.3, 0.4999, 0.5 - 1e-9, 0.5])
    found = _dispatch.kernels.gaussian_normal_quantile(p, 1)
    with mpmath.workdps(350):
        for value, z in zip(p.tolist(), found.tolist(), strict=True):
            exact = mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(value) - 1) if value > 1e-17 else None
            if exact is None:  # Newton from our own result
                exact = mpmath.mpf(z)
                for _ in range(4):
                    gap = mpmath.erfc(-exact / mpmath.sqrt(2)) / 2 - mpmath.mpf(value)
                    exact -= gap / (mpmath.exp(-(exact**2) / 2) / mpmath.sqrt(2 * mpmath.pi))
            assert z == pytest.approx(float(exact), rel=4 * EPS, abs=1e-20)
    grid = (np.arange(2000) + 0.5) / 2000
    # SciPy's own error: a few eps
    np.testing.assert_allclose(
        _dispatch.kernels.gaussian_normal_quantile(grid, 3), scipy.special.ndtri(grid), rtol=8 * EPS, atol=EPS
    )
    edges = _dispatch.kernels.gaussian_normal_quantile(np.array([0.0, 1.0, -0.1, 1.1, math.nan]), 1)
    np.testing.assert_array_equal(edges, [-math.inf, math.inf, math.nan, math.nan, math.nan])


def test_scores_are_odd_in_the_ranks():
    x = np.array([3.0, 1.0, 2.0, 2.0, 10.0, -4.0])[:, None]
    np.testing.assert_array_equal(mean_ranks(x)[:, 0], rankdata(x[:, 0]))
    np.testing.assert_array_equal(normal_scores(x), -normal_scores(-x))
    for n in (1, 2, 3, 100, 101):
        scores = normal_scores(np.arange(float(n))[:, None])[:, 0]
        np.testing.assert_array_equal(scores, -scores[::-1])
        np.testing.assert_allclose(scores, norm.ppf(np.arange(1, n + 1) / (n + 1)), rtol=1e-14, atol=1e-15)


def test_covariances_that_are_not_positive_definite_say_where_and_which_eigenvalue():
    good = np.eye(2)
    bad = np.array([[1.0, 2.0], [2.0, 1.0]])  # eigenvalues 3 and -1
    stack = np.stack([[good, good], [good, bad], [bad, good]])
    zero = np.zeros(2)
    for call in (
        lambda c: gaussian.entropy(c), lambda c: gaussian.total_correlation(c),
        lambda c: gaussian.mutual_information(c, 0, 1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^cov must be positive definite, got the eigenvalue -1 .*largest is 3"):
            call(bad)
        with pytest.raises(ValueError, match=r"^cov\[1, 1\] must be positive definite, got the eigenvalue -1 "):
            call(stack)
    for call in (
        gaussian.kl_divergence, gaussian.hellinger_distance, gaussian.bhattacharyya_distance,
        gaussian.fisher_rao_distance, lambda *a: gaussian.renyi_divergence(*a, 0.5),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^cov_p must be positive definite, got the eigenvalue -1 "):
            call(zero, bad, zero, good)
        with pytest.raises(ValueError, match=r"^cov_q\[1, 1\] must be positive definite, got the eigenvalue -1 "):
            call(np.zeros((2, 2)), good, zero, stack)
    with pytest.raises(ValueError, match=r"^cov_q\[1, 1\] must be positive semidefinite, got the eigenvalue -1 "):
        gaussian.wasserstein2(zero, good, zero, stack)
    with pytest.raises(ValueError, match=r"^cov\[0\] of the variables \[0, 2\] must be positive definite, got the"):
        gaussian.mutual_information([[[1.0, 0, 2], [0, 1, 0], [2, 0, 1]]], 0, 2)


@pytest.mark.parametrize("d", [2, 70])
def test_singular_covariances_are_refused(d):
    x = np.random.default_rng(0).standard_normal((d, d - 1))
    for singular in (np.ones((d, d)), x @ x.T):
        with pytest.raises(ValueError, match=r"positive definite.* got the eigenvalue .* pass ridge="):
            gaussian.entropy(singular)
        with pytest.raises(ValueError, match=r"cov_q\[2\] must be positive definite"):
            gaussian.kl_divergence(np.zeros(d), np.eye(d), np.zeros(d), np.stack([np.eye(d), np.eye(d), singular]))
        with pytest.raises(ValueError, match=r"cov must be positive definite"):
            gaussian.total_correlation(singular)
    with pytest.raises(ValueError, match="to working precision, got the eigenvalue"):
        gaussian.entropy([[1.0, 1 - EPS / 2], [1 - EPS / 2, 1.0]])


@pytest.mark.parametrize("d", [3, 70])
def test_asymmetric_and_infinite_covariances_are_refused(d):
    cov, zero = 2 * np.eye(d), np.zeros(d)
    cov[0, 2] = 0.5
    calls = [
        lambda c: gaussian.entropy(c), lambda c: gaussian.total_correlation(c),
        lambda c: gaussian.kl_divergence(zero, c, zero, np.eye(d)), lambda c: gaussian.wasserstein2(zero, c, zero, c),
        lambda c: gaussian.mutual_information(c, [1, 2], 0),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match=r"must be symmetric, got 0\.[05]* at \[\d, \d\] and 0\.[05]* at \["):
            call(cov)
    for value in (math.nan, math.inf, -math.inf):
        for place in ((1, 1), (2, 0)):
            broken = np.eye(d)
            broken[place] = broken[place[::-1]] = value
            for call in calls:
                with pytest.raises(ValueError, match=r"must be finite, got [12] NaN or infinite"):
                    call(np.stack([np.eye(d), broken]))
    near = np.eye(d) + 0.25
    near[0, 1] *= 1 + 1e-9  # rounding: the mean of both counts
    mean = (near + near.T) / 2
    assert gaussian.entropy(near) == gaussian.entropy(mean)
    assert gaussian.kl_divergence(zero, near, zero, mean) == 0
    # the diagonal of a small variable does not excuse a large gap, nor the other way round
    units = np.diag(np.r_[1e-6, np.ones(d - 1)])
    with pytest.raises(ValueError, match="must be symmetric"):
        gaussian.entropy(units @ cov @ units)
    assert gaussian.entropy(units @ near @ units) == pytest.approx(gaussian.entropy(near) + math.log(1e-6), abs=1e-12)
    single = (np.eye(d) + 0.25).astype(np.float32)
    single[0, 1] *= np.float32(1 + 1e-6)
    assert gaussian.entropy(single) == pytest.approx(gaussian.entropy(np.eye(d) + 0.25), abs=1e-5)


def test_arguments_are_checked(rng):
    eye, zero = np.eye(3), np.zeros(3)
    for cov in (np.ones(3), np.ones((2, 3)), np.ones((4, 2, 3))):
        with pytest.raises(ValueError, match=r"cov must have shape \(\.\.\., d, d\), or be one variance, got"):
            gaussian.entropy(cov)
    with pytest.raises(ValueError, match="has no variables"):
        gaussian.entropy(np.ones((2, 0, 0)))
    for call in (gaussian.kl_divergence, gaussian.wasserstein2, gaussian.fisher_rao_distance):
        with pytest.raises(ValueError, match="cov_p and cov_q must have equally many variables, got 3 and 2"):
            call(zero, eye, np.zeros(2), np.eye(2))
        with pytest.raises(ValueError, match=r"mean_p must have shape \(\.\.\., 3\) beside its covariance"):
            call(np.zeros(2), eye, zero, eye)
        with pytest.raises(ValueError, match=r"mean_q must be finite, got 1 NaN .* first mean_q\[1\]"):
            call(zero, eye, [0, math.nan, 0], eye)
        with pytest.raises(ValueError, match=r"must broadcast, got shapes mean_p \(3,\), cov_p \(2, 3, 3\)"):
            call(zero, np.stack([eye, eye]), zero, np.stack([eye, eye, eye]))
        with pytest.raises(TypeError, match="cov_p must hold real numbers"):
            call(zero, [["a"]], zero, eye)
    for ridge in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="ridge must be a finite number of at least 0"):
            gaussian.entropy(eye, ridge=ridge)
    with pytest.raises(TypeError, match="ridge must be a number"):
        gaussian.entropy(eye, ridge="a")
    with pytest.raises(ValueError, match="base must be"):
        gaussian.entropy(eye, base=1)
    with pytest.raises(ValueError, match="alpha must be at least 0"):
        gaussian.renyi_divergence(zero, eye, zero, eye, -0.5)
    with pytest.raises(
        ValueError, match=r"variance_q must be above 0, got 1 that are not, first variance_q\[1\] = 0.0"
    ):
        gaussian.kl_divergence_diagonal(0, 1, 0, [1, 0])
    with pytest.raises(ValueError, match=r"variance_p must be above 0, got 1 that are not, first variance_p = -1.0"):
        gaussian.kl_divergence_diagonal(0, -1, 0, [1, 1])
    with pytest.raises(ValueError, match="must broadcast, got shapes"):
        gaussian.kl_divergence_diagonal([0, 0], 1, 0, [1, 1, 1])
    with pytest.raises(ValueError, match="mean_p must be finite"):
        gaussian.kl_divergence_diagonal(math.nan, 1, 0, 1)


def test_variables_are_checked():
    eye = np.eye(3)
    with pytest.raises(ValueError, match="y must hold indices of the 3 variables, got 3"):
        gaussian.mutual_information(eye, 0, 3)
    with pytest.raises(ValueError, match="x must hold indices of the 3 variables, got -4"):
        gaussian.mutual_information(eye, [-4], 1)
    with pytest.raises(ValueError, match="x and y must not share variables, got 2 in x and y"):
        gaussian.mutual_information(eye, [0, 2], [1, -1])
    with pytest.raises(ValueError, match="x and y and given must not share variables, got 1 in x and x"):
        gaussian.conditional_mutual_information(eye, [1, 1], 0, 2)
    with pytest.raises(ValueError, match="given must name at least one variable, got none"):
        gaussian.conditional_mutual_information(eye, 1, 0, [])
    for wrong in (0.5, "a", True, [0.5], None):
        with pytest.raises(TypeError, match="x must "):
            gaussian.mutual_information(eye, wrong, 1)
    assert gaussian.mutual_information(eye, np.int8(0), np.array([1, 2])) == 0


def test_fisher_rao_distances_without_a_closed_form_are_refused(rng):
    p, q, zero = np.diag([1.0, 2.0]), np.diag([3.0, 1.0]), np.zeros(2)
    with pytest.raises(ValueError, match=r'^the Fisher-Rao distance has no known closed form.*family="diagonal"'):
        gaussian.fisher_rao_distance([1.0, 1.0], p, zero, q)
    with pytest.raises(ValueError, match=r"of the pair \[1\] has no known closed form"):
        gaussian.fisher_rao_distance([[1.0, 0.0], [1.0, 1.0]], p, zero, q)
    with pytest.raises(ValueError, match=r'cov_q must be diagonal with family="diagonal", got 0.5 at \[0, 1\]'):
        gaussian.fisher_rao_distance(zero, p, zero, p + np.array([[0, 0.5], [0.5, 0]]), family="diagonal")
    with pytest.raises(ValueError, match="family must be one of"):
        gaussian.fisher_rao_distance(zero, p, zero, q, family="spherical")


def test_samples_are_checked(rng):
    x = rng.standard_normal((6, 3))
    with pytest.raises(ValueError, match=r"x must have at least 4 samples for 3 variables, .* got 3"):
        gaussian.estimate_entropy(x[:3])
    with pytest.raises(ValueError, match=r"x and y must have at least 7 samples for 6 variables, .* got 6"):
        gaussian.estimate_mutual_information(x, x + rng.standard_normal((6, 3)))
    with pytest.raises(ValueError, match=r"y must have at least 6 samples for 3 variables, .* got 5"):
        gaussian.estimate_kl_divergence(x, x[:5])
    with pytest.raises(ValueError, match="x must have at least 2 samples, got 1"):
        gaussian.estimate_entropy(x[:1], bias_correction=False)
    with pytest.raises(
        ValueError, match=r"the covariance of x must be positive definite.* got the eigenvalue .* ridge="
    ):
        gaussian.estimate_entropy(x[:3], bias_correction=False)
    assert math.isfinite(gaussian.estimate_entropy(x[:3], bias_correction=False, ridge=0.1))
    assert math.isfinite(gaussian.estimate_entropy(np.ones(5), ridge=0.1))
    with pytest.raises(ValueError, match="the covariance of x and y must be positive definite"):
        gaussian.estimate_mutual_information(x[:, 0], np.ones(6))
    with pytest.raises(ValueError, match="the covariance of x and y must be positive definite"):
        gaussian.estimate_mutual_information(x[:, 0], np.exp(x[:, 0]), copula=True)
    with pytest.raises(ValueError, match=r"x and y must have equally many samples, got x 6, y 5"):
        gaussian.estimate_mutual_information(x, x[:5])
    with pytest.raises(ValueError, match="x and y must have equal leading axes"):
        gaussian.estimate_mutual_information(np.stack([x, x]), x)
    with pytest.raises(ValueError, match="x and y must have equally many features, got 3 and 2"):
        gaussian.estimate_kl_divergence(x, x[:, :2])
    for empty in (np.ones((0, 2)), np.ones((4, 0)), 1.0):
        with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., n_samples, n_features\)"):
            gaussian.estimate_entropy(empty)
    with pytest.raises(TypeError, match="x must hold real numbers"):
        gaussian.estimate_entropy(["a", "b"])


def test_estimates_take_frames_and_leave_inputs_alone(rng):
    import pandas as pd

    x, y = rng.standard_normal((2, 30, 2))
    frame = pd.DataFrame(x)
    found = gaussian.estimate_mutual_information(frame, pd.Series(y[:, 0]))
    kept = x.copy()
    assert found == gaussian.estimate_mutual_information(x, y[:, 0])
    x.flags.writeable = False
    for estimate in (gaussian.estimate_entropy, gaussian.estimate_total_correlation):
        estimate(x)
    gaussian.estimate_mutual_information(x, y, copula=True)
    np.testing.assert_array_equal(x, kept)
    wide = gaussian.estimate_mutual_information(x.astype(np.float32), y.astype(np.float32))
    assert wide == gaussian.estimate_mutual_information(x.astype(np.float32).astype(float), y.astype(np.float32))
