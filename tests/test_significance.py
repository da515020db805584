"""False-discovery control, permutation tests, subsamples and resamples."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import scipy.signal
import scipy.stats

import hartley as ht
from hartley import _permutation_tests, _subsampling, discrete, histogram, knn, significance


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


# ------------------------------------------------------------------------------------- permutations


def related(rng, n, strength=0.6):
    x = rng.normal(size=n)
    return x, strength * x + rng.normal(size=n)


@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (1, 3)])
def test_named_statistics_are_those_of_the_estimators_in_every_order(rng, dims):
    x, y = (rng.normal(size=(120, d)) for d in dims)
    named = significance.permutation_test("knn", x, y, n_permutations=70, k=4, seed=3)
    assert named.statistic == pytest.approx(knn.mutual_information(x, y, k=4), abs=1e-14)
    orders = _permutation_tests._Orders(120, None, 3)
    expected = [knn.mutual_information(x, y[orders(i)], k=4) for i in range(70)]
    np.testing.assert_allclose(named.null, expected, atol=1e-14)
    if dims == (1, 1):
        binned = significance.permutation_test("histogram", x, y, n_permutations=70, bins=5, seed=3)
        expected = [histogram.mutual_information(x, y[orders(i)], bins=5) for i in range(70)]
        np.testing.assert_allclose(binned.null, expected, atol=1e-14)
        assert binned.statistic == pytest.approx(histogram.mutual_information(x, y, bins=5), abs=1e-14)


def test_the_p_value_counts_the_observed_order(rng):
    x, y = related(rng, 300)
    found = significance.permutation_test("knn", x, y, n_permutations=199, seed=1)
    p, null, z = found
    assert p == found.p_value == 1 / 200
    assert null.shape == (199,)
    assert z == pytest.approx((found.statistic - null.mean()) / null.std(ddof=1))
    assert z > 2
    for n_threads in (1, 3):
        with ht.threads(n_threads):
            again = significance.permutation_test("knn", x, y, n_permutations=199, seed=1)
        np.testing.assert_array_equal(again.null, null)


@pytest.mark.parametrize("statistic", ["knn", "histogram"])
def test_p_values_of_independent_samples_are_uniform(statistic):
    options = {"bins": 4} if statistic == "histogram" else {}
    p = [
        significance.permutation_test(statistic, *r.normal(size=(2, 60)), n_permutations=39, seed=r, **options).p_value
        for r in map(np.random.default_rng, range(120))
    ]
    # a discrete uniform on 1/40 … 1: Kolmogorov-Smirnov distance below 1.63 / √120 + 1/40 at the 1 % level
    assert scipy.stats.kstest(p, "uniform").statistic < 1.63 / np.sqrt(120) + 1 / 40


def test_any_function_may_be_tested(rng):
    x, y = related(rng, 200)
    found = significance.permutation_test(lambda a, b: abs(np.corrcoef(a, b)[0, 1]), x, y, n_permutations=99, seed=0)
    assert found.statistic == abs(np.corrcoef(x, y)[0, 1])
    assert found.p_value == 0.01
    constant = significance.permutation_test(lambda a, b: 1.0, x, y, n_permutations=9, seed=0)
    assert (constant.p_value, constant.z_score) == (1.0, 0.0)


@pytest.mark.parametrize("block", [1, 7, 50])
def test_blocks_keep_their_inner_order(block):
    order = _permutation_tests._Orders(100, block, 0)
    for number in range(20):
        moved = order(number).astype(int)
        np.testing.assert_array_equal(np.sort(moved), np.arange(100))
        # rows that stay neighbours: all but one a block, on the ring
        stay = np.mod(np.diff(np.append(moved, moved[0])), 100) == 1
        assert stay.sum() >= (100 - 2 * -(-100 // block) if block > 1 else 0)


def test_block_permutations_respect_autocorrelation():
    p_rows, p_blocks = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x, y = (scipy.signal.lfilter([1.0], [1.0, -0.95], rng.normal(size=400)) for _ in range(2))
        p_rows.append(significance.permutation_test("histogram", x, y, bins=3, n_permutations=99, seed=1).p_value)
        p_blocks.append(
            significance.permutation_test("histogram", x, y, bins=3, n_permutations=99, seed=1, block=80).p_value
        )
    # independent series: shuffled rows reject nearly always, blocks about as often as they say (40 tests at 5 %)
    assert np.mean(np.array(p_rows) <= 0.05) > 0.5
    assert np.mean(np.array(p_blocks) <= 0.05) < 0.3


def test_local_permutations_move_rows_to_neighbours_of_the_given_variable(rng):
    z = rng.normal(size=(500, 2))
    orders = _permutation_tests._LocalOrders(z, 5, 1)
    allowed = [{i, *rows} for i, rows in enumerate(knn.Neighbors(z, metric="chebyshev").query(z, 6)[1].tolist())]
    order = orders(0)
    assert all(int(moved) in allowed[i] for i, moved in enumerate(order))
    assert len(set(order.tolist())) > 0.9 * 500  # hardly any row serves twice
    assert not np.array_equal(orders(0), orders(1))
    np.testing.assert_array_equal(orders(0), order)


def test_conditional_tests_tell_direct_from_common_causes():
    p_common, p_direct = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        z = rng.normal(size=400)
        x, y = z + 0.5 * rng.normal(size=400), z + 0.5 * rng.normal(size=400)
        options = {"n_permutations": 39, "seed": 1, "k": 5}
        p_common.append(significance.permutation_test("knn", x, y, given=z, **options).p_value)
        p_direct.append(significance.permutation_test("knn", x, y + 0.7 * x, given=z, **options).p_value)
    assert max(p_direct) <= 0.05
    assert np.mean(np.array(p_common) <= 0.05) < 0.4  # 12 tests at 5 %: four or fewer with probability 0.998
    own = significance.permutation_test(lambda a, b, c: a[0, 0] + b[0, 0] + c[0, 0], x, y, given=z, n_permutations=3)
    assert own.statistic == x[0] + y[0] + z[0]


# ------------------------------------------------------------------------------------- subsamples and resamples


def test_the_standard_error_is_that_of_repeated_samples():
    values, errors = [], []
    for seed in range(40):
        x, y = related(np.random.default_rng(seed), 500)
        found = significance.subsample_error(knn.mutual_information, x, y, seed=seed)
        values.append(found.value)
        errors.append(found.std)
        assert found.value == knn.mutual_information(x, y)
    # variances with 45 and 39 degrees of freedom, each 20 % uncertain; parts of 50 samples are not quite asymptotic
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.35)


def test_a_fitted_scale_weighs_variances_by_their_degrees_of_freedom():
    # variance(n / p) = b p / n exactly: b comes back
    parts = np.array([2, 3, 10])
    assert _subsampling._fitted_scale(parts, 5.0 * parts / 700, 700) == pytest.approx(5.0)


def test_biased_estimates_drift_and_the_steady_k_is_found(rng):
    x, y = related(rng, 2000)
    biased = significance.subsample_error(histogram.mutual_information, x, y, bins=30, seed=0)
    assert biased.drifts
    assert biased.means[-1] > biased.means[0] + 0.2  # (29² / 2) (1 / 200 - 1 / 2000), less what saturates
    steady = significance.subsample_error(knn.mutual_information, x, y, k=[2, 4, 8, 190], seed=0)
    assert steady.value.shape == steady.std.shape == (4,)
    assert steady.means.shape == (4, 10) == steady.stds.shape
    assert steady.best_k in (2, 4, 8)
    assert steady.drifts[3]
    np.testing.assert_array_equal(steady.value, knn.mutual_information(x, y, k=[2, 4, 8, 190]))
    with pytest.raises(ValueError, match="best_k needs"):
        _ = biased.best_k


def test_bootstrap_intervals_hold_what_they_say():
    held = 0
    joint = np.array([[0.3, 0.1], [0.1, 0.5]])
    truth = ht.mutual_information(joint)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        cell = rng.choice(4, size=400, p=joint.ravel())
        low, high = significance.bootstrap_interval(
            discrete.mutual_information, cell // 2, cell % 2, level=0.9, n_resamples=100, seed=seed
        )
        held += low <= truth <= high
    # binomial with p near 0.9: 54 ± 2.3; four deviations and some loss of coverage at n = 400
    assert 42 <= held <= 60


def test_statistics_that_are_no_numbers_are_refused(rng):
    x = rng.normal(size=40)
    with pytest.raises(ValueError, match="statistic must give finite numbers, got 20 of 20"):
        significance.permutation_test(lambda a, b: np.nan, x, x, n_permutations=19)
    with pytest.raises(ValueError, match="statistic must give finite numbers"):
        significance.bootstrap_interval(lambda a, b: np.inf, x, x, n_resamples=5)
    with pytest.raises(ValueError, match="statistic must give finite numbers"):
        significance.subsample_error(lambda a, b: np.nan, x, x)
    with pytest.raises(ValueError, match="statistic must give one number"):
        significance.subsample_error(lambda a, b: [1.0, 2.0], x, x)

    def overwrites(a, b):
        a[:] = 0

    with pytest.raises(ValueError, match="read-only"):
        significance.permutation_test(overwrites, x, x)


def test_nearest_neighbours_are_not_bootstrapped(rng):
    x = rng.normal(size=100)
    partial = functools.partial(knn.mutual_information, k=4)
    for statistic in (knn.mutual_information, knn.conditional_mutual_information, partial):
        with pytest.raises(ValueError, match="subsample_error"):
            significance.bootstrap_interval(statistic, x, x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: significance.permutation_test("ksg", x, x), 'statistic must be "knn", "histogram" or a function'),
        (lambda x: significance.permutation_test("knn", x, x[1:]), "equally many samples, got 30 and 29"),
        (lambda x: significance.permutation_test("knn", x, x, k=30), "k must be at least 1 and less than"),
        (lambda x: significance.permutation_test("knn", x, x, n_permutations=0), "n_permutations must be at least 1"),
        (lambda x: significance.permutation_test("knn", x, x, block=16), "block must be at most half"),
        (lambda x: significance.permutation_test("knn", x, x, given=x, block=2), "block does not go with given"),
        (lambda x: significance.permutation_test("histogram", x, x, given=x), 'must be "knn" or a function with given'),
        (lambda x: significance.permutation_test("knn", x, x * np.nan), "y must be finite"),
        (lambda x: significance.permutation_test("knn", x, x, given=x[1:]), "x and given must have equally many"),
        (lambda x: significance.subsample_error(np.dot, x, x, n_parts=[1, 2]), "n_parts must hold 1 and at least two"),
        (lambda x: significance.subsample_error(np.dot, x, x, n_parts=[2, 3, 4]), "n_parts must hold 1"),
        (lambda x: significance.subsample_error(np.dot, x, x, n_parts=[1, 2, 16]), "fewer than 2 of 30"),
        (lambda x: significance.bootstrap_interval(np.dot, x, x, level=1.0), "level must be between 0 and 1"),
    ],
)
def test_hostile_arguments_are_named(rng, call, message):
    with pytest.raises(ValueError, match=message):
        call(rng.normal(size=30))
    with pytest.raises(TypeError, match="options go with a named statistic"):
        significance.permutation_test(np.dot, [1.0, 2.0], [1.0, 2.0], k=3)
