"""Variational bounds: twins, high precision, finite differences, and normal pairs whose information is known."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hartley as ht
from hartley import SaturationWarning, _critic_scores, variational
from hartley.reference import variational as reference

EPS = np.finfo(np.float64).eps
BASELINE = np.linspace(-0.5, 0.75, 200)

# name -> bound of a score matrix, its twin
MATRIX = {
    "donsker_varadhan": (variational.donsker_varadhan, reference.donsker_varadhan),
    "smile": (lambda t, **o: variational.smile(t, tau=0.75, **o), lambda t: reference.smile(t, 0.75)),
    "nwj": (variational.nwj, reference.nwj),
    "tuba": (
        lambda t, **o: variational.tuba(t, BASELINE[: t.shape[-1]], **o),
        lambda t: reference.tuba(t, BASELINE[: len(t)]),
    ),
    "infonce": (variational.infonce, reference.infonce),
    "infonce_symmetric": (
        lambda t, **o: variational.infonce(t, symmetric=True, **o),
        lambda t: (reference.infonce(t) + reference.infonce(t.T)) / 2,
    ),
    **{
        f"interpolated_{alpha}": (
            lambda t, alpha=alpha, **o: variational.interpolated(t, alpha, log_baseline=BASELINE[: t.shape[-1]], **o),
            lambda t, alpha=alpha: reference.interpolated(t, alpha, BASELINE[: len(t)]),
        )
        for alpha in (0.0, 0.01, 0.5, 1.0)
    },
    "jensen_shannon_bound": (variational.jensen_shannon_bound, reference.jensen_shannon_bound),
    "leave_one_out_bound": (variational.leave_one_out_bound, reference.leave_one_out_bound),
    "club": (variational.club, reference.club),
    "club_others": (lambda t, **o: variational.club(t, negatives="others", **o), reference.club_of_others),
}
SEPARATE = {name: MATRIX[name] for name in ("donsker_varadhan", "smile", "nwj", "jensen_shannon_bound")}
SEPARATE["club"] = MATRIX["club_others"]

every_bound = pytest.mark.parametrize("name", MATRIX)
quiet = pytest.mark.filterwarnings("ignore::hartley.SaturationWarning")


def normal_pairs(rng, n, rho, batch=()):
    """n pairs of correlation rho, a sample for each entry of the batch, and their information."""
    x = rng.normal(size=(*batch, n))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(*batch, n)), -0.5 * math.log1p(-(rho**2))


def log_of_pairs(x, y, rho):
    """log p(y|x) / p(y) of normal pairs."""
    return -0.5 * math.log1p(-(rho**2)) - (y - rho * x) ** 2 / (2 * (1 - rho**2)) + y**2 / 2


def log_ratio(x, y, rho):
    """The same of each x (rows) with each y (columns)."""
    return log_of_pairs(x[..., :, None], y[..., None, :], rho)


def off_diagonal(scores):
    return scores[~np.eye(len(scores), dtype=bool)]


# --- values


@quiet
@every_bound
@pytest.mark.parametrize("n", [2, 3, 9])
@pytest.mark.parametrize("block", [1, 30, 1 << 15])  # one row, three rows, all rows of nine
def test_values_are_those_of_the_twin(rng, monkeypatch, name, n, block):
    monkeypatch.setattr(_critic_scores, "_BLOCK", block)
    monkeypatch.setattr(_critic_scores, "_LEAST_ROWS", 1)
    bound, twin = MATRIX[name]
    scores = rng.normal(size=(n, n))
    # terms of size <= e^4 in means: a few roundings of each, and cancellation between the two sides
    assert bound(scores) == pytest.approx(twin(scores), rel=0, abs=200 * EPS)


@quiet
@every_bound
def test_masked_pairs_count_as_pairs_of_weight_zero(rng, name):
    bound, twin = MATRIX[name]
    scores = rng.normal(size=(5, 5))
    scores[1, 3] = scores[4, 0] = scores[2, 0] = -np.inf
    value, gradient, _ = bound(scores, return_grad=True, return_std=True)
    if name.startswith("club"):
        assert value == np.inf
    else:
        assert value == pytest.approx(twin(scores), rel=0, abs=200 * EPS)
        assert (gradient[np.isneginf(scores)] == 0).all()
    assert np.isfinite(gradient).all()


@quiet
def test_all_candidates_masked():
    scores = np.full((3, 3), -np.inf)
    np.fill_diagonal(scores, 0.25)
    assert variational.infonce(scores) == math.log(3)
    assert variational.nwj(scores) == 0.25
    assert variational.jensen_shannon_bound(scores) == pytest.approx(
        math.log(2) - math.log1p(math.exp(-0.25)) / 2, rel=4 * EPS
    )
    assert variational.interpolated(scores, 1.0) == pytest.approx(math.log(2), rel=4 * EPS)
    value, gradient = variational.interpolated(scores, 0.5, return_grad=True)
    whole = math.exp(0.25) / 4 + math.e / 2  # of the partner alone, whatever is left out
    assert value == pytest.approx(1.25 - math.log(whole), rel=8 * EPS)
    np.testing.assert_allclose(gradient, np.eye(3) * (1 - math.exp(0.25) / 4 / whole) / 3, rtol=8 * EPS)
    value, gradient, std = variational.leave_one_out_bound(scores, return_grad=True, return_std=True)
    assert (value, std) == (math.inf, math.inf)
    assert np.isfinite(gradient).all()
    for bound in (variational.donsker_varadhan, lambda t: variational.smile(t, tau=math.inf)):
        with pytest.raises(ValueError, match="product distribution are all -inf"):
            bound(scores)


@quiet
def test_huge_scores_keep_their_digits(rng):
    scores = rng.uniform(-1e4, 1e4, size=(4, 4))
    exact = [[mpmath.mpf(float(t)) for t in row] for row in scores]
    with mpmath.workdps(40):
        joint = [exact[i][i] for i in range(4)]
        product = [exact[i][j] for i in range(4) for j in range(4) if i != j]
        mean = mpmath.fsum(joint) / 4

        def softplus(t):
            return mpmath.log1p(mpmath.exp(t))

        def normaliser(j, candidates):
            return mpmath.fsum(mpmath.exp(exact[i][j]) for i in candidates) / 6 + mpmath.exp(1) / 2

        others = [[i for i in range(4) if i != j] for j in range(4)]
        first = mpmath.fsum(
            exact[j][j] - mpmath.log(normaliser(j, [i for i in range(4) if i != k]))
            for j in range(4)
            for k in others[j]
        )
        second = mpmath.fsum(mpmath.exp(exact[i][j]) / normaliser(j, others[j]) for j in range(4) for i in others[j])
        expected = {
            "donsker_varadhan": mean - mpmath.log(mpmath.fsum(map(mpmath.exp, product)) / 12),
            "infonce": mean - mpmath.fsum(mpmath.log(mpmath.fsum(map(mpmath.exp, row)) / 4) for row in exact) / 4,
            "jensen_shannon_bound": mpmath.log(2)
            - mpmath.fsum(softplus(-t) for t in joint) / 8
            - mpmath.fsum(map(softplus, product)) / 24,
            "interpolated": 1 + (first - second) / 12,
        }
    for name, value in expected.items():
        arguments = (scores, 0.5) if name == "interpolated" else (scores,)
        value_here, gradient, std = getattr(variational, name)(*arguments, return_grad=True, return_std=True)
        assert value_here == pytest.approx(float(value), rel=0, abs=1e4 * 16 * EPS), name  # a few roundings of 1e4
        assert np.isfinite(gradient).all()
        assert np.isfinite(std)


def test_an_exponential_that_overflows_is_infinite():
    scores = np.array([[0.0, 1e4], [0.0, 0.0]])
    for bound in (variational.nwj, lambda t, **o: variational.tuba(t, 0.0, **o)):
        value, gradient, std = bound(scores, return_grad=True, return_std=True)
        assert (value, std) == (-np.inf, np.inf)
        assert gradient[0, 1] == -np.inf
        assert np.isfinite(gradient[1]).all()
    assert variational.nwj([0.0], marginal=[1e4]) == -np.inf


@quiet
def test_joint_scores_do_not_hide_small_product_scores():
    # a shift by the maximum of all scores would lose these: exp(-1e4) is 0
    scores = np.array([[1e4, -3.0], [-3.0, 1e4]])
    assert variational.donsker_varadhan(scores) == 1e4 + 3
    assert variational.interpolated(scores, 0.0, log_baseline=-3.0) == 1e4 + 3


# --- gradients


@quiet
@every_bound
@pytest.mark.parametrize("n", [2, 5])
def test_gradients_are_finite_differences(rng, monkeypatch, name, n):
    monkeypatch.setattr(_critic_scores, "_BLOCK", 10)
    monkeypatch.setattr(_critic_scores, "_LEAST_ROWS", 1)
    bound, _ = MATRIX[name]
    scores = rng.normal(size=(n, n))
    step = 1e-5
    _, gradient = bound(scores, return_grad=True)
    for index in np.ndindex(n, n):
        up, down = scores.copy(), scores.copy()
        up[index] += step
        down[index] -= step
        # step² times third derivatives of size <= e^3, and roundings of values of size 4 over the step
        assert gradient[index] == pytest.approx((bound(up) - bound(down)) / (2 * step), rel=0, abs=3e-9)


@quiet
@pytest.mark.parametrize("name", SEPARATE)
def test_separate_scores_are_a_matrix_taken_apart(rng, name):
    bound, _ = SEPARATE[name]
    scores = rng.normal(size=(6, 6))
    value, gradient = bound(scores, return_grad=True)
    apart, (joint, product), std = bound(
        np.diag(scores), marginal=off_diagonal(scores), return_grad=True, return_std=True
    )
    assert apart == pytest.approx(value, rel=0, abs=50 * EPS)
    np.testing.assert_allclose(joint, np.diag(gradient), rtol=20 * EPS)
    np.testing.assert_allclose(product, off_diagonal(gradient), rtol=20 * EPS)
    assert std > 0


@quiet
def test_the_gradient_of_a_sure_pair_keeps_its_digits():
    _, gradient = variational.infonce([[50.0, 0.0], [0.0, 50.0]], return_grad=True)
    small = math.exp(-50) / (1 + math.exp(-50)) / 2
    np.testing.assert_allclose(gradient, [[small, -small], [-small, small]], rtol=8 * EPS)


# --- standard errors


@quiet
@every_bound
def test_standard_errors_agree_with_the_jackknife(rng, name):
    bound, _ = MATRIX[name]
    n = 80
    x, y, _ = normal_pairs(rng, n, 0.6)
    scores = 0.5 * log_ratio(x, y, 0.7) + 0.5 * x[:, None] - 0.3 * y  # each pair's row and column count
    _, std = bound(scores, return_std=True)
    # leaving one out differs from the derivative by terms of order 1/n: (n - 1)² / (n - 2)² for the U-statistics
    assert std**2 == pytest.approx(reference.jackknife_variance(bound, scores), rel=8 / n)


@quiet
@pytest.mark.parametrize("name", ["donsker_varadhan", "nwj", "infonce", "interpolated_0.5", "jensen_shannon_bound"])
def test_standard_errors_are_the_spread_of_replicates(rng, name):
    bound, _ = MATRIX[name]
    repeats, n = 400, 40
    x, y, _ = normal_pairs(rng, n, 0.6, (repeats,))
    values, stds = bound(0.6 * log_ratio(x, y, 0.6) + 0.3 * x[..., None], return_std=True)
    # a variance from 400 values has a relative error of √(2 / 400) = 0.07, taken five times; 8 / n of bias as above
    assert np.mean(stds**2) == pytest.approx(values.var(ddof=1), rel=5 * math.sqrt(2 / repeats) + 8 / n)


@quiet
def test_standard_errors_of_separate_scores_are_the_spread_of_replicates(rng):
    repeats, n, m = 600, 40, 100
    joint, product = rng.normal(0.5, 0.8, size=(repeats, n)), rng.normal(-0.3, 0.5, size=(repeats, m))
    for bound, _ in SEPARATE.values():
        values, stds = bound(joint, marginal=product, return_std=True)
        assert np.mean(stds**2) == pytest.approx(values.var(ddof=1), rel=5 * math.sqrt(2 / repeats) + 4 / n)


def test_one_sample_has_no_standard_error():
    assert math.isnan(variational.barber_agakov([-0.5], 1.0, return_std=True)[1])
    assert math.isnan(variational.club([0.5], marginal=[0.25, 0.5], return_std=True)[1])


# --- what the bounds bound


def test_the_optimal_critic_of_normal_pairs_gives_their_information(rng):
    rho = 0.7
    x, y, information = normal_pairs(rng, 600, rho)
    ratio = log_ratio(x, y, rho)
    for value, std in (
        variational.donsker_varadhan(ratio, return_std=True),
        variational.nwj(ratio + 1, return_std=True),
        variational.tuba(ratio + y, y, return_std=True),
        variational.smile(ratio, tau=8.0, return_std=True),
        variational.interpolated(ratio + 1, 0.01, return_std=True),
    ):
        assert 0 < std < 0.1
        assert value == pytest.approx(information, abs=5 * std)


def test_expected_values_stay_on_their_side(rng):
    rho, n, repeats = 0.9, 12, 500
    x, y, information = normal_pairs(rng, n, rho, (repeats,))
    ratio = log_ratio(x, y, rho)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SaturationWarning)  # twelve pairs
        lower = [
            variational.infonce(ratio),
            variational.infonce(ratio, symmetric=True),
            variational.nwj(ratio + 1),
            *(variational.interpolated(ratio, alpha, log_baseline=0.0) for alpha in (0.1, 0.5, 0.9, 1.0)),
        ]
        above = variational.donsker_varadhan(ratio)
    for values in lower:
        assert values.mean() < information + 5 * values.std() / math.sqrt(repeats)
    assert lower[0].mean() < information - 0.1  # log n is 2.5, the information 0.8
    assert above.mean() > information  # the bias of the logarithm
    conditional = ratio - 0.5 * math.log(2 * math.pi) - y[..., None, :] ** 2 / 2
    upper = variational.club(conditional, negatives="others")
    error = upper.std() / math.sqrt(repeats)
    assert upper.mean() == pytest.approx(rho**2 / (1 - rho**2), abs=5 * error)  # closed form of normal pairs
    assert upper.mean() > information + 5 * error
    left_out = variational.leave_one_out_bound(conditional)
    assert left_out.mean() > information - 5 * left_out.std() / math.sqrt(repeats)
    assert (left_out > lower[0]).mean() > 0.9


def test_jensen_shannon_of_normal_pairs_is_that_of_quadrature(rng):
    rho = 0.7
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = np.outer(weights, weights) / (2 * math.pi)
    spread = math.sqrt(1 - rho**2)

    def softplus(t):
        return np.logaddexp(0, t)

    joint = log_of_pairs(nodes[:, None], rho * nodes[:, None] + spread * nodes, rho)
    product = log_ratio(nodes, nodes, rho)
    exact = math.log(2) - np.sum(weights * (softplus(-joint) + softplus(product))) / 2
    x, y, _ = normal_pairs(rng, 600, rho)
    value, std = variational.jensen_shannon_bound(log_ratio(x, y, rho), return_std=True)
    assert value == pytest.approx(exact, abs=5 * std)
    assert std < 0.02


def test_barber_agakov_is_the_information_for_the_posterior():
    counts = np.array([[4, 1, 3], [2, 6, 0]])  # code c in rows, x in columns; each pair so many times in the sample
    joint = counts / counts.sum()
    posterior = joint / joint.sum(axis=0)
    c, x = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    prior = ht.entropy(joint.sum(axis=1))
    information = ht.mutual_information(joint)
    exact = variational.barber_agakov(np.log(posterior[c, x]), prior)
    assert exact == pytest.approx(information, rel=50 * EPS)
    other = np.array([[0.5, 0.25, 0.75], [0.5, 0.75, 0.25]])
    below = variational.barber_agakov(np.log(other[c, x]), prior)
    gap = sum(joint[:, k].sum() * ht.kl_divergence(posterior[:, k], other[:, k]) for k in range(3))
    assert below == pytest.approx(information - gap, rel=100 * EPS)
    assert reference.barber_agakov(np.log(other[c, x]), prior) == pytest.approx(below, rel=4 * EPS)


def test_bottleneck_bounds_are_exact_for_the_true_marginals():
    # x uniform on 4, y a function of x with noise, z a noisy bit of x: every triple a whole number of 64ths
    p_y = np.array([[3, 1], [3, 1], [0, 4], [2, 2]]) / 4
    p_z = np.array([[4, 0], [3, 1], [1, 3], [0, 4]]) / 4
    triples = np.einsum("x,xy,xz->xyz", np.full(4, 0.25), p_y, p_z)
    x, y, z = (np.repeat(i, np.rint(triples.ravel() * 64).astype(int)) for i in np.indices((4, 2, 2)).reshape(3, -1))
    p_zy = triples.sum(axis=0).T
    marginal = p_zy.sum(axis=1)
    decoder = p_zy / marginal[:, None]
    kl = ht.kl_divergence(p_z, np.broadcast_to(marginal, p_z.shape))
    exact = variational.information_bottleneck_bound(
        np.log(decoder[z, y]), kl[x], beta=0.3, entropy=ht.entropy(p_zy.sum(axis=0)), return_std=True
    )[0]
    assert exact.relevance == pytest.approx(ht.mutual_information(p_zy), rel=100 * EPS)
    assert exact.complexity == pytest.approx(ht.mutual_information(triples.sum(axis=1)), rel=100 * EPS)
    assert exact.objective == pytest.approx(exact.relevance - 0.3 * exact.complexity, rel=50 * EPS)
    loose = variational.information_bottleneck_bound(
        np.full(len(x), math.log(0.5)), ht.kl_divergence(p_z, np.broadcast_to([0.75, 0.25], (4, 2)))[x], beta=0.3
    )
    assert loose.relevance < 0 < exact.relevance
    assert loose.complexity > exact.complexity


def test_bottleneck_matches_its_twin_with_gradients_and_errors(rng):
    log_q, kl = -rng.exponential(size=30), rng.exponential(size=30)
    bound, (by_q, by_kl), std = variational.information_bottleneck_bound(
        log_q, kl, beta=0.5, entropy=1.5, base=2, return_grad=True, return_std=True
    )
    bit = math.log(2)
    expected = reference.information_bottleneck_bound(log_q, kl, 0.5, 1.5) / bit
    assert bound.objective == pytest.approx(expected, rel=20 * EPS, abs=20 * EPS)
    np.testing.assert_allclose(by_q, 1 / 30 / bit, rtol=4 * EPS)
    np.testing.assert_allclose(by_kl, -0.5 / 30 / bit, rtol=4 * EPS)
    assert std.objective == pytest.approx(np.std(log_q - 0.5 * kl, ddof=1) / math.sqrt(30) / bit, rel=20 * EPS)
    assert std.relevance == pytest.approx(np.std(log_q, ddof=1) / math.sqrt(30) / bit, rel=20 * EPS)
    assert std.complexity == pytest.approx(np.std(kl, ddof=1) / math.sqrt(30) / bit, rel=20 * EPS)
    both = variational.information_bottleneck_bound([log_q, log_q + 1], [kl, kl], beta=0.5, entropy=[1.5, 0.5], base=2)
    assert both.objective.shape == (2,)
    np.testing.assert_allclose(both.objective, expected, rtol=40 * EPS, atol=20 * EPS)


# --- relations


def finite_scores(limit):
    def square(n):
        return hnp.arrays(np.float64, (n, n), elements=st.floats(-limit, limit))

    return st.integers(2, 6).flatmap(square)


@quiet
@settings(max_examples=30, deadline=None)
@given(finite_scores(1e4))
def test_ceilings_hold_for_all_scores(scores):
    n = len(scores)
    assert variational.infonce(scores) <= math.log(n)
    assert variational.infonce(scores, symmetric=True) <= math.log(n)
    assert variational.jensen_shannon_bound(scores) <= math.log(2)
    assert variational.interpolated(scores, 1.0) <= math.log(n - 1) + 1e4 * 8 * EPS


@quiet
@settings(max_examples=30, deadline=None)
@given(finite_scores(5))
def test_orders_and_limits(scores):
    rounding = 1e3 * EPS * math.exp(5)
    dv = variational.donsker_varadhan(scores)
    assert variational.nwj(scores) <= dv + rounding  # log u <= u / e
    best = float(np.log(np.exp(off_diagonal(scores)).mean()))
    assert variational.tuba(scores, best) == pytest.approx(dv, abs=rounding)
    assert variational.tuba(scores, best + 0.5) <= dv + rounding
    assert variational.tuba(scores, 1.0) == pytest.approx(variational.nwj(scores), abs=rounding)
    assert variational.smile(scores, tau=math.inf) == variational.smile(scores, tau=5.5) == dv
    assert variational.interpolated(scores, 0.0) == pytest.approx(variational.nwj(scores), abs=rounding)
    n = len(scores)
    assert variational.club(scores) == pytest.approx(
        (1 - 1 / n) * variational.club(scores, negatives="others"), abs=rounding
    )


@quiet
def test_interpolated_at_one_is_infonce_of_one_candidate_less(rng):
    scores = rng.normal(size=(6, 6))
    less = [variational.infonce(np.delete(np.delete(scores, k, 0), k, 1).T) for k in range(6)]
    assert variational.interpolated(scores, 1.0, log_baseline=3.0) == pytest.approx(np.mean(less), abs=50 * EPS)


@quiet
def test_constants_that_change_nothing(rng):
    scores, by_row = rng.normal(size=(7, 7)), rng.normal(size=(7, 1))
    close = {"rel": 0, "abs": 100 * EPS}
    assert variational.infonce(scores + by_row) == pytest.approx(variational.infonce(scores), **close)
    assert variational.infonce(scores + by_row.T) != pytest.approx(variational.infonce(scores), abs=1e-3)
    assert variational.donsker_varadhan(scores + 2.5) == pytest.approx(variational.donsker_varadhan(scores), **close)
    one = variational.interpolated(scores, 1.0)
    assert variational.interpolated(scores + by_row.T, 1.0) == pytest.approx(one, **close)
    for n in (2, 7):  # far below where exp is 0
        part, baseline = scores[:n, :n], BASELINE[:n]
        here = variational.interpolated(part, 0.5, log_baseline=baseline, return_grad=True)
        there = variational.interpolated(part - 1e4, 0.5, log_baseline=baseline - 1e4, return_grad=True)
        np.testing.assert_allclose(there[0], here[0], rtol=0, atol=1e4 * 8 * EPS)
        np.testing.assert_allclose(there[1], here[1], rtol=0, atol=1e4 * 8 * EPS)
    shifted = variational.tuba(scores + by_row.T, BASELINE[:7] + by_row[:, 0])
    assert shifted == pytest.approx(variational.tuba(scores, BASELINE[:7]), **close)


# --- conventions


@quiet
@every_bound
def test_base_divides_value_gradient_and_error(rng, name):
    bound, _ = MATRIX[name]
    scores = rng.normal(size=(4, 4))
    nats = bound(scores, return_grad=True, return_std=True)
    bits = bound(scores, base="bits", return_grad=True, return_std=True)
    assert type(nats[0]) is type(nats[2]) is float
    for of_nats, of_bits in zip(nats, bits, strict=True):
        np.testing.assert_array_equal(of_bits, of_nats / np.log(2))
    assert bound(scores) == nats[0]
    assert bound(scores, return_std=True) == (nats[0], nats[2])
    np.testing.assert_array_equal(bound(scores, return_grad=True)[1], nats[1])


@quiet
@every_bound
def test_batches_are_matrix_by_matrix(rng, name):
    bound, _ = MATRIX[name]
    scores = rng.normal(size=(2, 3, 4, 4))
    values, gradients, stds = bound(scores, return_grad=True, return_std=True)
    assert values.shape == stds.shape == (2, 3)
    for index in np.ndindex(2, 3):
        value, gradient, std = bound(scores[index], return_grad=True, return_std=True)
        assert (values[index], stds[index]) == (value, std)
        np.testing.assert_array_equal(gradients[index], gradient)
    assert bound(scores[:0]).shape == (0, 3)


@quiet
@every_bound
def test_types_and_layouts(rng, name):
    bound, _ = MATRIX[name]
    scores = rng.normal(size=(5, 5)).astype(np.float16)
    scores.flags.writeable = False
    value, gradient, std = bound(scores.astype(np.float64), return_grad=True, return_std=True)
    for same in (scores, scores.astype(np.float32), np.asfortranarray(scores), scores.astype(">f8")):
        other, by_score, error = bound(same, return_grad=True, return_std=True)
        assert (other, error) == (value, std)  # sums are in float64, whatever the scores are
        assert by_score.dtype == (np.float64 if same.dtype.itemsize == 8 else np.float32)
        np.testing.assert_allclose(by_score, gradient, rtol=4e-7, atol=1e-8)  # rounded to float32 twice at most
    assert bound(np.rint(scores).astype(int)) == bound(np.rint(scores).astype(float))


def test_baselines_of_batches_follow_their_batch(rng):
    scores, baseline = 0.1 * rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 4)) * 0.1
    for bound in (variational.tuba, lambda t, a: variational.interpolated(t, 0.5, log_baseline=a)):
        values = bound(scores, baseline)
        assert [bound(t, a) for t, a in zip(scores, baseline, strict=True)] == list(values)


def test_saturation_is_told():
    sure, half = 40 * np.eye(5) - 20, 0.5 * np.eye(5)
    for bound in (
        variational.infonce,
        variational.donsker_varadhan,
        variational.smile,
        variational.nwj,
        variational.jensen_shannon_bound,
        lambda t: variational.tuba(t, 0.0),
        lambda t: variational.interpolated(t, 0.5),
    ):
        with pytest.warns(SaturationWarning, match=r"nats, (near its ceiling log|at least log n for n = 5)") as caught:
            bound(sure)
        assert caught[0].filename == __file__
        bound(half)  # warnings are errors: none here
    with pytest.warns(SaturationWarning, match="n = 2"):
        variational.donsker_varadhan([40.0, 40.0], marginal=[0.0, 0.0, 0.0])
    variational.club(sure)  # no ceiling
    variational.leave_one_out_bound(sure)


# --- errors


@every_bound
@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((3, 4)), r"must be square, shape \(..., n, n\).*got \(3, 4\)"),
        (np.zeros(3), r"must be square.*got \(3,\)"),
        (np.zeros((1, 1)), "n >= 2 pairs, got n = 1: one pair has no other"),
        (np.zeros((0, 0)), "n >= 2 pairs, got n = 0"),
        ([[0, 1], [math.nan, 0]], r"must be finite or -inf, got 1 NaN or \+inf of 4 entries, first \w+\[1, 0\]"),
        ([[0, math.inf], [math.inf, 0]], r"got 2 NaN or \+inf of 4 entries, first \w+\[0, 1\]"),
        ([[0, 1], [1, -math.inf]], r"finite on the diagonal, the joint pairs, got -inf at \w+\[1, 1\]"),
        ([[[0, 1], [1, 0]], [[-math.inf, 1], [1, 0]]], r"got -inf at \w+\[1, 0, 0\]"),
    ],
)
def test_bad_scores(name, scores, message):
    with pytest.raises(ValueError, match=message):
        MATRIX[name][0](np.asarray(scores, dtype=float))
    with pytest.raises(TypeError, match="must hold real numbers"):
        MATRIX[name][0](np.array([["a", "b"], ["c", "d"]]))


@pytest.mark.parametrize("name", SEPARATE)
def test_bad_separate_scores(name):
    bound, _ = SEPARATE[name]
    with pytest.raises(ValueError, match=r"must have shape \(..., n\) with n >= 1, got \(0,\)"):
        bound([], marginal=[0.0])
    with pytest.raises(ValueError, match=r"marginal must have shape \(..., n\)"):
        bound([0.0], marginal=[])
    with pytest.raises(ValueError, match=r"marginal must be finite or -inf, got 1 NaN.*first marginal\[1\]"):
        bound([0.0], marginal=[0.0, math.nan])
    with pytest.raises(ValueError, match=r"must be finite, got 1 -inf of 2 entries, first \w+\[1\]"):
        bound([0.0, -math.inf], marginal=[0.0])
    with pytest.raises(ValueError, match=r"equal leading axes, got \(2, 3\) and \(3, 3\)"):
        bound(np.zeros((2, 3)), marginal=np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: variational.smile(t, tau=0), ValueError, "tau must be greater than 0, got 0"),
        (lambda t: variational.smile(t, tau=-1), ValueError, "tau must be at least 0, got -1"),
        (lambda t: variational.smile(t, tau=math.nan), ValueError, "tau"),
        (lambda t: variational.smile(t, tau="5"), TypeError, "tau must be a number"),
        (lambda t: variational.interpolated(t, 1.5), ValueError, "alpha must be from 0 to 1, got 1.5"),
        (lambda t: variational.interpolated(t, math.nan), ValueError, "alpha must be from 0 to 1"),
        (lambda t: variational.tuba(t, [0.0, math.nan]), ValueError, r"log_baseline must be finite.*log_baseline\[1\]"),
        (lambda t: variational.tuba(t, math.inf), ValueError, "log_baseline must be finite, got 1 NaN or infinite"),
        (lambda t: variational.tuba(t, [0.0] * 3), ValueError, r"log_baseline must be .*shape \(2,\).*got \(3,\)"),
        (lambda t: variational.club(t, negatives="some"), ValueError, '"all" or "others", got .some.'),
        (lambda t: variational.infonce(t, base=1), ValueError, "base must be"),
        (lambda t: variational.barber_agakov(t, math.inf), ValueError, "entropy must be finite, got inf"),
        (lambda t: variational.barber_agakov(t, [1, 2, 3]), ValueError, r"entropy must .*shape \(2,\), got \(3,\)"),
        (lambda t: variational.barber_agakov([], 1), ValueError, "log_q must have shape"),
        (lambda t: variational.barber_agakov([math.nan], 1), ValueError, "log_q must be finite or -inf"),
        (lambda t: variational.information_bottleneck_bound([0], [-1], beta=1), ValueError, r"at least 0.*kl\[0\]"),
        (lambda t: variational.information_bottleneck_bound([0], [1], beta=-1), ValueError, "beta must be at least 0"),
        (lambda t: variational.information_bottleneck_bound([0], [1], beta=math.inf), ValueError, "beta must be fin"),
        (lambda t: variational.information_bottleneck_bound([0], [1, 2], beta=1), ValueError, r"equal shapes, got \(1"),
    ],
)
def test_bad_options(call, error, message):
    with pytest.raises(error, match=message):
        call(np.zeros((2, 2)))


def test_a_code_that_q_excludes_gives_minus_infinity():
    assert variational.barber_agakov([-1.0, -math.inf], 2.0, return_std=True) == (-math.inf, math.inf)
