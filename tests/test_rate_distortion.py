"""Rate-distortion functions and capacities: closed forms, the plain iterations, certificates that hold."""

from __future__ import annotations

import math
import warnings

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings

import hartley as ht
from hartley import plot
from hartley.rate_distortion import (
    bernoulli_rate_distortion,
    channel_capacity,
    gaussian_rate_distortion,
    rate_distortion,
    rate_distortion_curve,
)
from hartley.reference import rate_distortion as reference

HAMMING = 1.0 - np.eye(2)
TOL = 1e-9  # the default: every rate is within it of the optimum, the certificate says so
ROUNDING = 1e-12  # of sums of up to a few hundred terms of order 1


def information(p, channel):
    return reference.mutual_information(p[:, None] * channel)


def normal_source(n=60, width=4.0):
    x = np.linspace(-width, width, n)
    p = np.exp(-(x**2) / 2)
    return p / p.sum(), (x[:, None] - x[None, :]) ** 2


def random_source(rng, n=40, m=30):
    return rng.dirichlet(np.ones(n)), rng.random((n, m))


# ------------------------------------------------------------------------------------------------ points


@pytest.mark.parametrize("p", [0.5, 0.3, 0.01])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_coin_under_hamming_distortion_has_its_closed_form(level, p, share):
    target = share * min(p, 1 - p)
    result = rate_distortion([p, 1 - p], HAMMING, target_distortion=target)
    exact = bernoulli_rate_distortion(p, target)
    assert result.distortion == pytest.approx(target, abs=1e-15)
    assert exact - ROUNDING <= result.rate <= exact + TOL
    assert result.rate - result.gap <= exact + ROUNDING
    assert result.converged


@pytest.mark.parametrize("m", [3, 10])
def test_equally_likely_symbols_under_hamming_distortion(m):
    target = 0.2
    exact = math.log(m) - ht.binary_entropy(target) - target * math.log(m - 1)  # Cover & Thomas, problem 10.5
    result = rate_distortion(np.full(m, 1 / m), 1 - np.eye(m), target_distortion=target)
    assert exact - ROUNDING <= result.rate <= exact + TOL
    assert result.beta == pytest.approx(math.log((1 - target) * (m - 1) / target), rel=1e-3)


def test_slope_gives_the_tangent_of_the_coin():
    p, beta = 0.3, 1.7
    target = 1 / (1 + math.exp(beta))
    result = rate_distortion([p, 1 - p], HAMMING, beta=beta, tol=1e-13)
    assert result.distortion == pytest.approx(target, abs=1e-7)  # the gap is of second order in it
    assert result.rate + beta * result.distortion == pytest.approx(
        bernoulli_rate_distortion(p, target) + beta * target, abs=1e-12
    )


def test_erasures_have_a_straight_line():
    distortion = [[0, 1, math.inf], [math.inf, 1, 0]]  # Cover & Thomas, problem 10.7: R = 1 - D bits
    for target in (0.0, 0.25, 0.6, 1.0):
        result = rate_distortion([0.5, 0.5], distortion, target_distortion=target, base="bits")
        assert result.rate == pytest.approx(1 - target, abs=1e-9)
        assert result.distortion == pytest.approx(target, abs=1e-12)
        assert np.allclose(result.channel.sum(axis=1), 1.0, atol=1e-15)


def test_a_fine_grid_of_a_normal_source_follows_shannons_formula():
    p, distortion = normal_source(120, 6.0)
    for target in (0.3, 0.7):
        result = rate_distortion(p, distortion, target_distortion=target)
        # grid 0.1: the discrete source is the normal one up to terms far below 1e-6 (Poisson summation)
        assert result.rate == pytest.approx(-0.5 * math.log(target), abs=1e-6)
        assert result.gap <= TOL


def test_channel_output_rate_and_distortion_belong_together(rng):
    p, distortion = random_source(rng)
    for request in ({"beta": 9.0}, {"target_distortion": 0.1}, {"target_rate": 0.7}, {"beta": math.inf}, {"beta": 0}):
        result = rate_distortion(p, distortion, **request)
        channel = result.channel
        assert channel is result.channel
        assert np.allclose(channel.sum(axis=1), 1.0, atol=1e-14)
        assert np.allclose(p @ channel, result.output, atol=1e-8)  # the last update of the weights: of the gap's root
        assert float(p @ (channel * distortion).sum(axis=1)) == pytest.approx(result.distortion, abs=1e-12)
        # time-sharing is no better than the mixture of its channels
        assert information(p, channel) <= result.rate + 1e-12
        assert information(p, channel) >= result.rate - result.gap - 1e-12


def test_targets_are_met(rng):
    p, distortion = random_source(rng)
    by_rate = rate_distortion(p, distortion, target_rate=1.0, base=2)
    assert by_rate.rate == pytest.approx(1.0, abs=1e-12)
    by_distortion = rate_distortion(p, distortion, target_distortion=by_rate.distortion, base=2)
    assert by_distortion.distortion == pytest.approx(by_rate.distortion, abs=1e-15)
    assert by_distortion.rate == pytest.approx(1.0, abs=4e-9)


def test_ends_of_the_curve(rng):
    p, distortion = random_source(rng)
    least, most = p @ distortion.min(axis=1), (p @ distortion).min()
    end = rate_distortion(p, distortion, target_distortion=most)
    assert (end.rate, end.beta) == (0.0, 0.0)
    assert rate_distortion(p, distortion, beta=0).distortion == pytest.approx(most, abs=1e-15)
    begin = rate_distortion(p, distortion, target_distortion=least)
    assert begin.distortion == pytest.approx(least, abs=1e-15)
    # each x has one best reproduction: R(D_min) is the entropy of that
    best = np.bincount(distortion.argmin(axis=1), weights=p)
    assert begin.rate == pytest.approx(ht.entropy(best), abs=1e-9)
    one_each = rate_distortion(p, 1 - np.eye(len(p)), target_distortion=0)
    assert one_each.rate == pytest.approx(ht.entropy(p), abs=1e-9)
    assert np.array_equal(one_each.channel, np.eye(len(p)))


def test_forbidden_pairs_leave_a_rate_at_any_distortion():
    result = rate_distortion([0.5, 0.5], [[0, math.inf], [math.inf, 3.0]], target_distortion=100.0)
    assert result.rate == pytest.approx(math.log(2), abs=1e-12)
    assert result.distortion == pytest.approx(1.5, abs=1e-15)


def test_inputs_without_probability_do_not_count(rng):
    p, distortion = random_source(rng)
    more = np.vstack([distortion, np.full(distortion.shape[1], math.inf)])
    first = rate_distortion(p, distortion, beta=5.0)
    second = rate_distortion(np.append(p, 0.0), more, beta=5.0)
    assert (first.rate, first.distortion, first.gap) == (second.rate, second.distortion, second.gap)
    assert np.isfinite(second.channel).all()


# ------------------------------------------------------------------------------------------------ certificate


def mp_lagrangian(p, distortion, beta, n_iter=1000):
    """min R + β target by plain iterations with 40 digits, and their own gap."""
    with mpmath.workdps(40):
        kernel = [[mpmath.exp(-beta * mpmath.mpf(d)) for d in row] for row in distortion]
        n, m = len(p), len(kernel[0])
        q = [mpmath.mpf(1) / m] * m
        for _ in range(n_iter):
            z = [mpmath.fdot(kernel[i], q) for i in range(n)]
            c = [mpmath.fsum(mpmath.mpf(p[i]) * kernel[i][j] / z[i] for i in range(n)) for j in range(m)]
            gap = mpmath.log(max(c))
            if gap < 1e-20:
                break
            q = [a * b for a, b in zip(q, c, strict=True)]
        return -mpmath.fsum(mpmath.mpf(p[i]) * mpmath.log(z[i]) for i in range(n)), gap


@pytest.mark.parametrize("beta", [0.5, 3.0, 400.0])
def test_certificate_is_honest_against_forty_digits(beta):
    p, distortion = [0.5, 0.3, 0.2], [[0.0, 1.0, 2.0], [1.0, 0.0, 0.7], [2.5, 1.0, 0.0]]
    exact, own_gap = mp_lagrangian(p, distortion, beta)
    assert own_gap < 1e-12
    for tol in (1e-3, 1e-6, 1e-12):
        for accelerate in (False, True):
            result = rate_distortion(p, distortion, beta=beta, tol=tol, accelerate=accelerate)
            value = result.rate + beta * result.distortion
            slack = 4e-16 * (1 + beta)  # β D rounds
            assert float(exact) - slack <= value
            assert value - result.gap <= float(exact) + float(own_gap) + slack


@pytest.mark.parametrize("accelerate", [False, True])
def test_limited_iterations_warn_and_still_bound(rng, accelerate):
    p, distortion = random_source(rng)
    exact = rate_distortion(p, distortion, beta=20.0, tol=1e-12)
    with pytest.warns(ht.ConvergenceWarning, match="raise max_iter or tol"):
        result = rate_distortion(p, distortion, beta=20.0, max_iter=5, accelerate=accelerate)
    assert not result.converged
    assert result.n_iter == 5
    optimum = exact.rate + 20.0 * exact.distortion
    value = result.rate + 20.0 * result.distortion
    assert value - result.gap <= optimum + ROUNDING
    assert optimum <= value + ROUNDING
    assert result.gap > 1e-6


def test_plain_iterations_are_blahuts(level, rng):
    for n, m in [(1, 1), (1, 7), (7, 1), (8, 33), (31, 64), (65, 9), (200, 300)]:
        p, distortion = random_source(rng, n, m)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = rate_distortion(p, distortion, beta=8.0, tol=0, max_iter=21, accelerate=False)
        rate, cost, gap = reference.blahut(p, distortion, 8.0, 20)
        assert result.rate == pytest.approx(rate, abs=ROUNDING)
        assert result.distortion == pytest.approx(cost, abs=ROUNDING)
        assert result.gap == pytest.approx(gap, abs=ROUNDING)
        assert result.channel.shape == (n, m)


def test_linear_and_log_reference_agree(rng):
    p, distortion = random_source(rng, 12, 9)
    assert reference.blahut(p, distortion, 6.0, 30) == pytest.approx(reference.log_blahut(p, distortion, 6.0, 30))


def test_slopes_that_underflow_in_the_linear_domain(rng):
    p, distortion = random_source(rng)
    distortion += 5.0  # e^(-1000 · 5) is 0
    result = rate_distortion(p, distortion, beta=1000.0)
    with np.errstate(all="ignore"):
        rate, cost, _ = reference.log_blahut(p, distortion, 1000.0, 400)
    assert result.rate + 1000 * result.distortion <= rate + 1000 * cost + 1e-9
    assert result.rate + 1000 * result.distortion >= rate + 1000 * cost - 1e-5


@pytest.mark.parametrize("tiny", [1e-20, 1e-150, 1e-300])
def test_improbable_inputs_lose_nothing(tiny):
    p = np.array([tiny, 0.4, 0.6])
    distortion = 1e3 * (1 - np.eye(3))
    result = rate_distortion(p, distortion, beta=1.0)
    assert result.converged
    assert result.rate == pytest.approx(ht.entropy([0.4, 0.6]), abs=1e-9)


@pytest.mark.parametrize("concentration", [0.05, 0.5])
def test_sparse_sources_and_forbidden_pairs(rng, concentration):
    # probabilities down to 1e-100, columns that no row wants: where extrapolations go astray
    n_slow = 0
    for _ in range(40):
        n, m = rng.integers(2, 12, 2)
        p, distortion = rng.dirichlet(np.full(n, concentration)), rng.integers(0, 3, (n, m)).astype(float)
        distortion[:, 1:][rng.random((n, m - 1)) < 0.3] = math.inf
        for beta in (0.1, 3.0, 30.0, math.inf):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = rate_distortion(p, distortion, beta=beta, max_iter=1000)
            n_slow += not result.converged
            assert math.isfinite(result.distortion)
            assert math.isfinite(result.gap)
            assert 0 <= result.rate <= ht.entropy(p) + result.gap + ROUNDING
            assert np.allclose(result.channel.sum(axis=1), 1.0, atol=1e-14)
    # of 160. At 0.05 a gap may come from probabilities whose share of F is below rounding: bounds hold, tol is missed
    assert n_slow <= (0 if concentration == 0.5 else 4)


def test_acceleration_needs_at_most_a_fifth_of_the_passes(rng):
    for p, distortion, beta in [(*random_source(rng, 150, 150), 20.0), (*normal_source(100), 1.5)]:
        fast = rate_distortion(p, distortion, beta=beta, tol=1e-6)
        slow = rate_distortion(p, distortion, beta=beta, tol=1e-4, max_iter=10**6, accelerate=False)
        assert 5 * fast.n_iter <= slow.n_iter
        assert fast.rate + beta * fast.distortion <= slow.rate + beta * slow.distortion + 1e-6


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 8)),
    st.integers(0, 2**32 - 1),
    st.floats(0.05, 0.95),
)
def test_any_small_matrix_gives_a_certified_convex_curve(distortion, seed, share):
    p = np.random.default_rng(seed).dirichlet(np.ones(len(distortion)))
    least, most = p @ distortion.min(axis=1), (p @ distortion).min()
    target = least + share * (most - least)
    middle = rate_distortion(p, distortion, target_distortion=target)
    assert middle.converged
    assert middle.distortion == pytest.approx(target, abs=1e-9)
    top = rate_distortion(p, distortion, target_distortion=least)
    assert 0 <= middle.rate <= (1 - share) * top.rate + 1e-8
    # the tangent is below the curve everywhere
    if math.isfinite(middle.beta):
        assert middle.rate - middle.gap - middle.beta * (least - target) <= top.rate + 1e-8
        assert middle.rate - middle.gap - middle.beta * (most - target) <= 1e-8
    assert information(p, middle.channel) >= middle.rate - middle.gap - 1e-9


# ------------------------------------------------------------------------------------------------ curve


def test_curve_is_decreasing_convex_and_close_to_the_truth():
    p = 0.3
    curve = rate_distortion_curve([p, 1 - p], HAMMING, n_points=30)
    assert curve.converged
    assert len(curve.rate) == 30
    assert (curve.distortion[0], curve.rate[-1]) == (0.0, 0.0)
    assert curve.distortion[-1] == pytest.approx(p, abs=1e-15)
    assert curve.rate[0] == pytest.approx(ht.binary_entropy(p), abs=1e-9)
    assert np.all(np.diff(curve.distortion) > 0)
    assert np.all(np.diff(curve.rate) < 0)
    slopes = -np.diff(curve.rate) / np.diff(curve.distortion)
    assert np.all(np.diff(slopes) < 1e-6)
    exact = bernoulli_rate_distortion(p, curve.distortion)
    assert np.all(exact <= curve.rate + ROUNDING)
    assert np.all(curve.rate <= exact + TOL)
    grid = np.linspace(0, p, 500)
    chords = np.interp(grid, curve.distortion, curve.rate)
    assert np.max(chords - bernoulli_rate_distortion(p, grid)) < 2e-3  # 28 points where it bends


def test_curve_at_given_slopes_has_these_and_the_ends(rng):
    p, distortion = random_source(rng)
    betas = [2.0, 30.0, 9.0]
    curve = rate_distortion_curve(p, distortion, betas=betas, base=2)
    assert curve.beta.tolist() == [math.inf, 30.0, 9.0, 2.0, 0.0]
    for beta, target, rate in zip(curve.beta[1:4], curve.distortion[1:4], curve.rate[1:4], strict=True):
        alone = rate_distortion(p, distortion, beta=beta)
        assert rate * math.log(2) + beta * target == pytest.approx(alone.rate + beta * alone.distortion, abs=2 * TOL)


def test_a_straight_curve_takes_few_points():
    distortion = [[0, 1, math.inf], [math.inf, 1, 0]]
    curve = rate_distortion_curve([0.5, 0.5], distortion, base="bits")
    assert len(curve.rate) <= 3
    assert np.allclose(curve.rate, 1 - curve.distortion, atol=1e-9)


def test_one_reproduction_is_one_point():
    curve = rate_distortion_curve([0.5, 0.5], [[1.0], [2.0]])
    assert (curve.distortion.tolist(), curve.rate.tolist()) == ([1.5], [0.0])


def test_plot_draws_the_curve():
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    curve = rate_distortion_curve([0.5, 0.5], HAMMING, n_points=9, base="bits")
    point = rate_distortion([0.5, 0.5], HAMMING, target_distortion=0.1, base="bits")
    ax = plot.rate_distortion_plot(curve, points=[point], label="coin")
    line, marks = ax.lines
    assert np.array_equal(line.get_xydata(), np.column_stack([curve.distortion, curve.rate]))
    assert marks.get_xydata().tolist() == [[point.distortion, point.rate]]
    band = ax.collections[0].get_paths()[0].vertices
    exact = bernoulli_rate_distortion(0.5, np.clip(band[:, 0], 0, 0.5), base=2)
    below = band[:, 1] < np.interp(band[:, 0], curve.distortion, curve.rate) - 1e-9
    assert np.all(band[below, 1] <= exact[below] + 1e-8)
    own = plt.figure().add_subplot()
    assert plot.rate_distortion_plot(curve, ax=own) is own
    with pytest.raises(TypeError, match="curve must be a RateDistortionCurve, got int"):
        plot.rate_distortion_plot(3)
    plt.close("all")


# ------------------------------------------------------------------------------------------------ closed forms


def test_water_filling_by_distortion_and_by_rate(rng):
    variances = np.array([4.0, 1.0, 0.1, 0.0])
    result = gaussian_rate_distortion(variances, 1.1)
    assert result.distortions == pytest.approx([0.5, 0.5, 0.1, 0.0])
    assert result.rate == pytest.approx(0.5 * math.log(8) + 0.5 * math.log(2))
    variances = rng.gamma(0.5, size=50)
    for share in (1e-6, 0.1, 0.5, 0.999):
        forward = gaussian_rate_distortion(variances, share * variances.sum(), base=2)
        assert forward.distortions.sum() == pytest.approx(share * variances.sum(), rel=1e-12)
        assert np.all(forward.distortions <= variances)
        back = gaussian_rate_distortion(variances, rate=forward.rate, base=2)
        assert back.distortion == pytest.approx(forward.distortion, rel=1e-12)
        assert back.rates.sum() == pytest.approx(forward.rate, rel=1e-12)
    assert gaussian_rate_distortion(2.0, 0).rate == math.inf
    assert gaussian_rate_distortion([2.0, 1.0], 3.0).rate == 0.0
    assert gaussian_rate_distortion([2.0, 1.0], rate=0.0).distortion == pytest.approx(3.0)


def test_coin_broadcasts_and_ends_at_its_variance():
    rates = bernoulli_rate_distortion([[0.2], [0.9]], [0.0, 0.1, 0.15, 0.5], base="bits")
    assert rates.shape == (2, 4)
    assert rates[0, 0] == pytest.approx(ht.binary_entropy(0.2, base="bits"))
    assert rates[1].tolist() == [pytest.approx(ht.binary_entropy(0.1, base=2)), 0.0, 0.0, 0.0]
    assert isinstance(bernoulli_rate_distortion(0.5, 0.25), float)


# ------------------------------------------------------------------------------------------------ capacity


def test_capacities_of_the_textbook(level):
    e = 0.11
    bsc = channel_capacity([[1 - e, e], [e, 1 - e]])
    assert bsc.capacity == pytest.approx(math.log(2) - ht.binary_entropy(e), abs=TOL)
    bec = channel_capacity([[0.7, 0.3, 0], [0, 0.3, 0.7]], base=2)
    assert bec.capacity == pytest.approx(0.7, abs=TOL)
    for f in (0.5, 0.1, 1e-6):
        z = channel_capacity([[1.0, 0.0], [f, 1 - f]])
        exact = math.log1p((1 - f) * f ** (f / (1 - f)))
        assert exact - TOL <= z.capacity <= exact + ROUNDING
        assert z.lower <= exact + ROUNDING
        assert exact <= z.upper + ROUNDING
        assert z.converged
    typewriter = (np.eye(26) + np.roll(np.eye(26), 1, axis=1)) / 2
    assert channel_capacity(typewriter).capacity == pytest.approx(math.log(13), abs=TOL)
    assert channel_capacity(np.full((4, 3), 1 / 3)).capacity == pytest.approx(0.0, abs=1e-15)
    assert channel_capacity(np.eye(7)).capacity == pytest.approx(math.log(7), abs=1e-14)


def test_transition_probabilities_down_to_1e_minus_300():
    tiny = 1e-300
    result = channel_capacity([[1.0, tiny], [tiny, 1.0]])
    assert result.capacity == pytest.approx(math.log(2), abs=1e-15)
    # an output that is as good as never seen still tells its input apart: no use, no harm
    rows = np.array([[1 - 1e-290, 0.0, 1e-290], [0.5, 0.5, 0.0], [0.5, 0.5, tiny]])
    result = channel_capacity(rows)
    assert result.capacity == pytest.approx(math.log(1.25), abs=TOL)
    assert np.isfinite(result.upper)


@pytest.mark.parametrize("kind", ["dirichlet", "sparse", "wide", "tall"])
def test_capacity_bounds_against_arimoto(rng, kind):
    shape, alpha = {
        "dirichlet": ((40, 40), 0.3),
        "sparse": ((40, 40), 0.02),
        "wide": ((7, 65), 0.5),
        "tall": ((65, 7), 0.5),
    }[kind]
    rows = rng.dirichlet(np.full(shape[1], alpha), size=shape[0])
    result = channel_capacity(rows)
    lower, upper = reference.arimoto(rows, 3000)
    assert result.converged
    assert lower <= result.upper + ROUNDING
    assert result.lower <= upper + ROUNDING
    assert information(result.input, rows) == pytest.approx(result.lower, abs=ROUNDING)
    assert reference.relative_entropies(rows, result.output).max() == pytest.approx(result.upper, abs=ROUNDING)
    assert result.input.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.allclose(result.output, result.input @ rows, atol=1e-15)


def test_plain_iterations_are_arimotos(rng):
    rows = rng.dirichlet(np.full(33, 0.5), size=20)
    with pytest.warns(ht.ConvergenceWarning):
        result = channel_capacity(rows, tol=0, max_iter=31, accelerate=False)
    lower, upper = reference.arimoto(rows, 30)
    assert result.lower == pytest.approx(lower, abs=ROUNDING)
    assert result.upper == pytest.approx(upper, abs=ROUNDING)


def test_noiseless_channel_under_a_budget_has_gibbs_inputs():
    costs = np.array([0.0, 1.0, 2.0, 5.0])
    for slope in (0.3, 1.0, 4.0):
        weights = np.exp(-slope * costs) / np.exp(-slope * costs).sum()
        budget = float(weights @ costs)
        result = channel_capacity(np.eye(4), input_cost=costs, budget=budget)
        assert result.cost == pytest.approx(budget, abs=1e-9)
        assert ht.entropy(weights) - TOL <= result.capacity <= ht.entropy(weights) + ROUNDING
        assert result.upper >= ht.entropy(weights) - ROUNDING
        assert ht.entropy(weights) <= result.upper + ROUNDING
        by_slope = channel_capacity(np.eye(4), input_cost=costs, slope=slope, tol=1e-12)
        assert np.allclose(by_slope.input, weights, atol=1e-5)
        assert by_slope.capacity - slope * by_slope.cost == pytest.approx(
            ht.entropy(weights) - slope * budget, abs=1e-11
        )


def test_budgets_at_and_beyond_the_ends():
    rows, costs = [[0.9, 0.1], [0.1, 0.9]], [1.0, 2.0]
    free = channel_capacity(rows)
    rich = channel_capacity(rows, input_cost=costs, budget=10.0)
    assert rich.capacity == pytest.approx(free.capacity, abs=TOL)
    assert (rich.slope, rich.converged) == (0.0, True)
    poor = channel_capacity(rows, input_cost=costs, budget=1.0)
    assert (poor.capacity, poor.cost, poor.input.tolist()) == (0.0, 1.0, [1.0, 0.0])
    with pytest.raises(ValueError, match=r"budget must be at least the least input cost, 1, got 0\.5"):
        channel_capacity(rows, input_cost=costs, budget=0.5)


# ------------------------------------------------------------------------------------------------ house rules


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
def test_same_bits_for_any_number_of_threads(rng, n_threads):
    p, distortion = random_source(rng, 220, 260)
    rows = rng.dirichlet(np.full(200, 0.3), size=210)
    with ht.threads(1):
        one, one_capacity = rate_distortion(p, distortion, beta=8.0), channel_capacity(rows)
    with ht.threads(n_threads):
        many, many_capacity = rate_distortion(p, distortion, beta=8.0), channel_capacity(rows)
    assert (one.rate, one.distortion, one.gap, one.n_iter) == (many.rate, many.distortion, many.gap, many.n_iter)
    assert np.array_equal(one.output, many.output)
    assert np.array_equal(one_capacity.input, many_capacity.input)
    assert (one_capacity.lower, one_capacity.upper) == (many_capacity.lower, many_capacity.upper)


def test_layouts_dtypes_and_read_only_inputs(rng):
    p, distortion = random_source(rng, 9, 11)
    expected = rate_distortion(p, distortion, beta=4.0)
    frozen = distortion.copy()
    frozen.flags.writeable = False
    padded = np.zeros((18, 11))
    padded[::2] = distortion
    for matrix in (np.asfortranarray(distortion), frozen, padded[::2], distortion.astype(">f8"), distortion.tolist()):
        assert rate_distortion(p, matrix, beta=4.0).rate == expected.rate
    narrow = rate_distortion(p.astype(np.float32), distortion.astype(np.float32), beta=4.0)
    assert narrow.rate == pytest.approx(expected.rate, abs=1e-6)
    rows = rng.dirichlet(np.ones(5), size=4)
    assert channel_capacity(rows.astype(np.float32)).capacity == pytest.approx(
        channel_capacity(rows).capacity, abs=1e-6
    )
    assert channel_capacity(3 * rows, normalize=True).capacity == pytest.approx(
        channel_capacity(rows).capacity, abs=2 * TOL
    )
    assert rate_distortion(5 * p, distortion, beta=4.0, normalize=True).rate == pytest.approx(expected.rate, abs=1e-12)
    whole = rate_distortion([0.5, 0.5], np.array([[0, 1], [1, 0]]), beta=1.0)
    assert whole.rate == rate_distortion([0.5, 0.5], HAMMING, beta=1.0).rate


def test_units(rng):
    p, distortion = random_source(rng, 9, 11)
    nats, bits = rate_distortion(p, distortion, beta=9.0), rate_distortion(p, distortion, beta=9.0, base="bits")
    assert bits.rate == nats.rate / math.log(2)
    assert bits.gap == nats.gap / math.log(2)
    assert bits.beta == nats.beta
    assert channel_capacity(np.eye(4), base=4).capacity == pytest.approx(1.0)
    assert gaussian_rate_distortion(1.0, 0.25, base="bits").rate == pytest.approx(1.0)


def test_progress_tells_fractions_and_may_stop():
    p, distortion = normal_source(100)
    seen = []

    def note(fraction):
        seen.append(fraction)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rate_distortion(p, distortion, beta=3.0, tol=1e-15, max_iter=5000, accelerate=False, progress=note)
    assert seen[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in seen)

    def stop(fraction):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        rate_distortion(p, distortion, beta=3.0, tol=0, max_iter=10**6, accelerate=False, progress=stop)


def test_channel_is_refused_beyond_the_memory_limit(rng):
    p, distortion = random_source(rng)
    result = rate_distortion(p, distortion, beta=1.0, memory_limit=100)
    with pytest.raises(MemoryError, match="the channel takes 9600 bytes, over memory_limit = 100"):
        _ = result.channel


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": [0.5, 0.6]}, "p must sum to 1"),
        ({"p": [[0.5, 0.5]]}, r"p must have one axis, got shape \(1, 2\)"),
        ({"p": [1.5, -0.5]}, r"p must hold probabilities, got 1 negative entries, first p\[1\]"),
        ({"distortion": [[0, 1, 2]]}, r"distortion must have shape \(len\(p\), n_outputs\) = \(2, n_outputs\)"),
        ({"distortion": [[0, math.nan], [1, 0]]}, r"1 entries that are NaN or -inf, first distortion\[0, 1\]"),
        ({"distortion": [[math.inf] * 2, [1, 0]]}, "distortion row 0 has no finite entry"),
        ({"beta": -1.0}, "beta must be at least 0, got -1.0"),
        ({"beta": math.nan}, "beta must be a number, got nan"),
        ({"beta": None}, "give exactly one of beta, target_distortion and target_rate, got none"),
        ({"target_rate": 0.1}, "give exactly one of .* got beta, target_rate"),
        (
            {"beta": None, "target_distortion": 0.6},
            r"target_distortion must be in \[D_min, D_max\] = \[0, 0.5\], got 0.6",
        ),
        (
            {"beta": None, "target_rate": 0.7},
            r"target_rate must be in \[R_min, R_max\] = \[0, 0.693147181\] nats, got 0.7",
        ),
        ({"tol": -1}, "tol must be at least 0 and finite"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"base": 1}, "base must be a number"),
    ],
)
def test_bad_arguments_of_rate_distortion(arguments, message):
    own = {"p": [0.5, 0.5], "distortion": HAMMING, "beta": 1.0, **arguments}
    with pytest.raises(ValueError, match=message):
        rate_distortion(own.pop("p"), own.pop("distortion"), **own)


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (rate_distortion, ([1.0], [[0.0]]), {"beta": "x"}, TypeError, "beta must be a number"),
        (rate_distortion, ([1.0], [[0.0]]), {"beta": 1, "max_iter": 1.5}, TypeError, "max_iter must be a whole number"),
        (rate_distortion, ([1.0], [["a"]]), {"beta": 1}, TypeError, "distortion must hold real numbers"),
        (rate_distortion_curve, ([1.0], [[0.0]]), {"n_points": 1}, ValueError, "n_points must be at least 2"),
        (rate_distortion_curve, ([1.0], [[0.0]]), {"n_points": 2.5}, TypeError, "n_points must be a whole number"),
        (rate_distortion_curve, ([1.0], [[0.0]]), {"betas": [1, 0]}, ValueError, r"greater than 0, got betas\[1\] = 0"),
        (rate_distortion_curve, ([1.0], [[0.0]]), {"betas": []}, ValueError, "betas must be one axis of slopes"),
        (channel_capacity, ([[0.5, 0.6]],), {}, ValueError, "W must sum to 1 along axis 1"),
        (channel_capacity, ([0.5, 0.5],), {}, ValueError, r"W must have shape \(n_inputs, n_outputs\)"),
        (channel_capacity, (HAMMING,), {"budget": 1}, ValueError, "budget and slope need input_cost"),
        (channel_capacity, (HAMMING,), {"input_cost": [1, 2]}, ValueError, "exactly one of budget and slope"),
        (
            channel_capacity,
            (HAMMING,),
            {"input_cost": [1], "slope": 1},
            ValueError,
            "one entry for each of the 2 inputs",
        ),
        (
            channel_capacity,
            (HAMMING,),
            {"input_cost": [1, math.nan], "slope": 1},
            ValueError,
            "input_cost must be finite",
        ),
        (channel_capacity, (HAMMING,), {"input_cost": [1, 2], "slope": -1}, ValueError, "slope must be at least 0"),
        (
            gaussian_rate_distortion,
            ([1.0], 2.0),
            {},
            ValueError,
            r"D must be in \[0, sum of the variances\] = \[0, 1\]",
        ),
        (gaussian_rate_distortion, ([1.0, -1.0], 1.0), {}, ValueError, r"got variances\[1\] = -1"),
        (gaussian_rate_distortion, ([0.0], 0.0), {}, ValueError, "variances must have a positive entry"),
        (gaussian_rate_distortion, ([1.0],), {}, ValueError, "exactly one of D and rate"),
        (gaussian_rate_distortion, ([1.0],), {"rate": -1}, ValueError, "rate must be at least 0"),
        (gaussian_rate_distortion, ([[1.0]], 1), {}, ValueError, "variances must have one axis"),
        (bernoulli_rate_distortion, (1.5, 0.1), {}, ValueError, "p must be from 0 to 1, got 1 entries"),
        (bernoulli_rate_distortion, (0.5, math.nan), {}, ValueError, "D must be from 0 to 1"),
        (bernoulli_rate_distortion, ([0.5] * 2, [0.1] * 3), {}, ValueError, "p and D must broadcast"),
    ],
)
def test_bad_arguments_elsewhere(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)
