"""Scores of generated samples: precision, recall, density, coverage, Fréchet, inception, Vendi; modes and copies."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import hartley as ht
from hartley import _dispatch, evaluation
from hartley.reference import evaluation as reference

EPS = np.finfo(np.float64).eps


# ------------------------------------------------------------------------------------------- balls


def radii(x, k, centre=None, scale=1.0):
    centre = np.zeros(x.shape[1]) if centre is None else centre
    return _dispatch.kernels.evaluation_ball_radii(x, k, centre, scale, None, ht.get_num_threads())


# around the tile of 6 rows, the task of 48, panels of 8, 16 and 32 columns
SIZES = [(2, 2), (3, 7), (15, 16), (17, 33), (48, 49), (97, 31), (193, 150)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_all_four_are_those_of_the_matrix_of_distances(level, rng, n, m, dtype):
    for d in (1, 3, 64):
        real = rng.normal(size=(n, d)).astype(dtype)
        generated = (0.8 * rng.normal(size=(m, d)) + 0.1).astype(dtype)
        for k in {1, min(3, min(n, m) - 1), min(n, m) - 1}:
            expected = reference.prdc(real, generated, k)
            assert evaluation.prdc(real, generated, k) == pytest.approx(expected, rel=4 * EPS, abs=0)
            assert evaluation.precision_recall(real, generated, k) == pytest.approx(expected[:2], rel=4 * EPS, abs=0)
            assert evaluation.density_coverage(real, generated, k) == pytest.approx(expected[2:], rel=4 * EPS, abs=0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_radii_are_the_sums_of_squares_to_the_last_bit(level, rng, dtype):
    for n, d, k in ((100, 2, 3), (131, 64, 7), (60, 300, 59)):
        x = rng.normal(size=(n, d)).astype(dtype)
        np.testing.assert_array_equal(radii(x, k), reference.squared_radii(x, k))
        far = x.astype(np.float64).mean(axis=0) + 1e6  # a centre that leaves the filter no digits
        np.testing.assert_array_equal(radii(x, k, far, 2.0**-20) * 2.0**40, reference.squared_radii(x, k))


@pytest.mark.parametrize("n", [239, 240, 241, 480, 481, 721, 965, 1200])
def test_every_block_of_points_meets_every_other(level, rng, n):
    # blocks of 240 or 480 points: one, two, odd and even numbers of them, with and without a rest
    x = rng.permutation(np.linspace(0, 1, n) ** 2)[:, None]  # each point's neighbours lie in other blocks
    np.testing.assert_array_equal(radii(x, 2), reference.squared_radii(x, 2))
    np.testing.assert_array_equal(radii(x, n // 2), reference.squared_radii(x, n // 2))


def test_equal_points_have_balls_of_radius_zero(level):
    x = np.repeat([[0.0, 1.0], [2.0, 1.0]], [300, 100], axis=0)
    np.testing.assert_array_equal(radii(x, 99), 0.0)
    np.testing.assert_array_equal(radii(x, 100), np.repeat([0.0, 4.0], [300, 100]))
    assert evaluation.prdc(x, x[:300], 5) == (1.0, 0.75, 60.0, 0.75)


def test_exchanged_sets_exchange_precision_and_recall(rng):
    real, generated = rng.normal(size=(300, 5)), 0.6 * rng.normal(size=(260, 5))
    found, turned = evaluation.precision_recall(real, generated, 4), evaluation.precision_recall(generated, real, 4)
    assert (found.precision, found.recall) == (turned.recall, turned.precision)


def test_points_on_the_surface_of_a_ball_are_in_it(level):
    # a grid: nearly every decision is a tie, and the sums are exact
    real = np.stack(np.meshgrid(*[np.arange(5.0)] * 3), axis=-1).reshape(-1, 3)
    for shift in (0.0, 1e3, 1e7):
        found = evaluation.prdc(real + shift, real[::2] + shift, 4)
        assert tuple(found) == pytest.approx(reference.prdc(real, real[::2], 4), rel=4 * EPS, abs=0)
    assert evaluation.prdc(real, real, 3) == (1.0, 1.0, reference.prdc(real, real, 3)[2], 1.0)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_decisions_are_exact_where_float32_has_no_digits_left(level, rng, offset):
    # two clusters far from each other and from 0: products of the float32 copies say nothing about distances within
    real = rng.normal(size=(120, 5)) + offset * (np.arange(120) % 2)[:, None]
    generated = rng.normal(size=(90, 5)) + offset * (np.arange(90) % 2)[:, None]
    for k in (1, 5):
        expected = reference.prdc(real, generated, k)
        assert evaluation.prdc(real, generated, k) == pytest.approx(expected, rel=4 * EPS, abs=0)


def test_a_power_of_two_changes_nothing_however_large_or_small(rng):
    real, generated = rng.normal(size=(80, 6)), 0.7 * rng.normal(size=(70, 6))
    expected = evaluation.prdc(real, generated, 3)
    for scale in (2.0**-1000, 2.0**-60, 2.0**500, 2.0**1010):
        assert evaluation.prdc(real * scale, generated * scale, 3) == expected


def test_float32_and_float64_samples_meet_in_float64(rng):
    real, generated = rng.normal(size=(50, 4)), rng.normal(size=(50, 4)).astype(np.float32)
    assert evaluation.prdc(real, generated, 3) == evaluation.prdc(real, generated.astype(np.float64), 3)


def test_threads_do_not_change_a_bit(rng):
    real, generated = rng.normal(size=(500, 8)), rng.normal(size=(400, 8))
    results = []
    for n_threads in (1, 2, 3, 8):
        with ht.threads(n_threads):
            results.append((evaluation.prdc(real, generated, 5), radii(real, 5).tobytes()))
    assert results.count(results[0]) == 4


def test_layouts_and_read_only_samples(rng):
    real, generated = rng.normal(size=(60, 8)), rng.normal(size=(50, 8))
    expected = evaluation.prdc(real[:, ::2].copy(), generated[:, ::2].copy(), 3)
    real.flags.writeable = generated.flags.writeable = False
    before = real.copy()
    assert evaluation.prdc(real[:, ::2], np.asfortranarray(generated[:, ::2]), 3) == expected
    assert evaluation.prdc(real[:, ::2].astype(">f8"), generated[:, ::2].tolist(), 3) == expected
    np.testing.assert_array_equal(real, before)


def test_coverage_of_equal_distributions_is_what_order_statistics_say(rng):
    n, m, k = 3000, 2000, 4
    found = evaluation.prdc(rng.random((n, 3)), rng.random((m, 3)), k)
    missed = math.prod((n - i) / (n + m - i) for i in range(1, k + 1))
    assert found.coverage == pytest.approx(
        1 - missed, abs=0.03
    )  # balls overlap: a few times √(0.13 · 0.87 / n) = 0.006
    assert found.density == pytest.approx(1.0, abs=0.05)


def test_lost_modes_show_in_recall_and_coverage_and_junk_in_precision_and_density(rng):
    real = rng.normal(size=(400, 2)) + 20 * rng.integers(2, size=(400, 1))
    lost = evaluation.prdc(real, rng.normal(size=(400, 2)), 5)
    assert lost.precision > 0.9
    assert lost.recall < 0.6
    assert lost.coverage < 0.6
    junk = evaluation.prdc(real, np.concatenate([real[:200] + 0.01, 100 + rng.normal(size=(200, 2))]), 5)
    assert junk.precision == pytest.approx(0.5, abs=0.02)
    assert 0.3 < junk.density < 0.7


def test_progress_reaches_one(rng):
    seen = []
    evaluation.prdc(rng.normal(size=(3000, 32)), rng.normal(size=(3000, 32)), progress=seen.append)
    assert seen == sorted(seen)
    assert all(0 <= fraction <= 1 for fraction in seen)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0]], [[0.0], [1.0]], 1), "k must be at least 1 and less than the number of real samples = 1, got 1"),
        ((np.eye(4), np.eye(4)[:2], 2), "less than the number of generated samples = 2, got 2"),
        ((np.eye(4), np.eye(4), 0), "k must be at least 1"),
        ((np.eye(4), np.eye(3), 1), "real and generated must have equally many features, got 4 and 3"),
        (([[0.0], [np.nan], [1.0]], [[0.0], [1.0]], 1), r"real must be finite, got 1 NaN.*first real\[1, 0\]"),
        (([0.0, 1.0], [0.0, np.inf], 1), "generated must be finite"),
        (([0.0, 1.7e308], [0.0, 1.0], 1), "real must stay below an eighth of the largest float64"),
        ((np.zeros((2, 2, 2)), np.zeros((2, 2)), 1), "real must have shape"),
        ((np.zeros((0, 2)), np.zeros((2, 2)), 1), "real has no samples"),
    ],
)
def test_errors_of_the_four(arguments, message):
    for function in (evaluation.prdc, evaluation.precision_recall):
        with pytest.raises(ValueError, match=message):
            function(*arguments)


def test_more_errors_of_the_four():
    assert evaluation.density_coverage(np.eye(4), np.eye(4)[:1], 2).density > 0  # one generated sample will do here
    with pytest.raises(TypeError, match=r"k must be an int, got 1\.5"):
        evaluation.density_coverage(np.eye(4), np.eye(4), 1.5)
    with pytest.raises(ValueError, match=r"at most 2\^20 features"):
        evaluation.prdc(np.zeros((2, 2**20 + 1), np.float32), np.zeros((2, 2**20 + 1), np.float32), 1)
    with pytest.raises(ValueError, match="centre must have one entry a column"):
        radii(np.eye(3), 1, np.zeros(2))
    with pytest.raises(ValueError, match="less than the number of rows"):
        radii(np.eye(3), 3)


# ------------------------------------------------------------------------------------------- Fréchet distance


def covariance(rng, d):
    half = rng.normal(size=(d, 2 * d))
    return half @ half.T / (2 * d)


def test_frechet_distance_of_a_line_is_differences_of_mean_and_deviation(rng):
    x, y = rng.normal(size=100), 3 * rng.normal(size=80) + 2
    expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert evaluation.frechet_distance(x, y) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("n", "m", "d"), [(50, 60, 4), (300, 200, 30), (20_000, 5, 17), (1000, 1000, 64)])
def test_frechet_distance_is_the_one_by_roots_of_matrices(rng, n, m, d):
    x, y = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), 1 + rng.normal(size=(m, d))
    if m <= d:
        with pytest.warns(ht.HartleyWarning, match=f"{m} samples of y span at most {m - 1} of {d} dimensions"):
            found = evaluation.frechet_distance(x, y)
    else:
        found = evaluation.frechet_distance(x, y)
        cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        root = scipy.linalg.sqrtm(cov_x @ cov_y).real
        apart = x.mean(axis=0) - y.mean(axis=0)
        # SciPy's root of a product errs by its condition, up to 1e5 here
        assert found == pytest.approx(apart @ apart + np.trace(cov_x + cov_y - 2 * root), rel=1e-9)
        given = evaluation.frechet_distance_from_moments(x.mean(axis=0), cov_x, y.mean(axis=0), cov_y, n_x=n, n_y=m)
        assert found == pytest.approx(given, rel=1e-11)
    # where a covariance is singular the reference takes roots of eigenvalues that are rounding: √ε of the largest
    assert found == pytest.approx(reference.frechet_distance(x, y), rel=1e-6 if m <= d else 1e-10)


def test_frechet_distance_in_high_precision(rng):
    d = 5
    cov_x, cov_y = covariance(rng, d), covariance(rng, d)
    mean = rng.normal(size=d)
    with mpmath.workdps(40):
        product = mpmath.matrix(cov_x.tolist()) * mpmath.matrix(cov_y.tolist())
        roots = sum(mpmath.sqrt(value.real) for value in mpmath.eig(product, left=False, right=False))
        expected = sum(mpmath.mpf(v) ** 2 for v in mean) + sum(mpmath.mpf(v) for v in np.diag(cov_x))
        expected += sum(mpmath.mpf(v) for v in np.diag(cov_y)) - 2 * roots
    found = evaluation.frechet_distance_from_moments(mean, cov_x, np.zeros(d), cov_y)
    assert found == pytest.approx(float(expected), rel=100 * EPS, abs=0)


def test_frechet_distance_of_equal_samples_is_zero_to_rounding(rng):
    for n, d in ((1000, 16), (2000, 200)):
        x = rng.normal(size=(n, d)) * np.logspace(0, -6, d)
        assert 0 <= evaluation.frechet_distance(x, x) < 100 * d * EPS * x.var(axis=0).sum()
    with pytest.warns(ht.HartleyWarning, match="covariance is singular"):
        assert 0 <= evaluation.frechet_distance(x[:50], x[:50]) < 1e-13 * x.var(axis=0).sum()


def test_frechet_distance_without_the_d_by_d_matrix_is_the_same(rng):
    d = 30
    x, y = rng.normal(size=(20, d)), 0.5 + rng.normal(size=(25, d))
    moments = x.mean(axis=0), np.cov(x, rowvar=False), y.mean(axis=0), np.cov(y, rowvar=False)
    with pytest.warns(ht.HartleyWarning, match=r"2[05] samples of [xy] span at most"):
        found = evaluation.frechet_distance(x, y)
    # by eigenvalues that are 0 but for rounding: each adds up to √ε
    assert found == pytest.approx(evaluation.frechet_distance_from_moments(*moments), rel=1e-6)


def test_frechet_distance_is_unbiased_by_a_large_mean(rng):
    # sums of squares less squared sums would lose all digits here
    x, y = rng.normal(size=(150_000, 2)), rng.normal(size=(300, 2))
    near, far = evaluation.frechet_distance(x, y), evaluation.frechet_distance(x + 1e8, y + 1e8)
    assert far == pytest.approx(near, abs=1e-6)  # coordinates are rounded to 1.5e-8


def test_memory_mapped_float32_files_are_read_in_blocks(rng, tmp_path):
    x = rng.normal(size=(10_000, 40)).astype(np.float32)
    x.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=np.float32, mode="r").reshape(x.shape)
    seen = []
    found = evaluation.frechet_distance(mapped, x[:6000], progress=seen.append)
    assert found == pytest.approx(reference.frechet_distance(x.astype(float), x[:6000].astype(float)), rel=1e-9)
    assert len(seen) == 4  # two blocks, one block, the end
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_frechet_distance_of_singular_moments():
    assert evaluation.frechet_distance_from_moments([0, 0], np.zeros((2, 2)), [3, 4], np.zeros((2, 2))) == 25.0
    assert evaluation.frechet_distance_from_moments(0.0, 4.0, 1.0, 1.0) == 2.0
    with pytest.warns(ht.HartleyWarning, match="2 samples of y"):
        evaluation.frechet_distance_from_moments([0, 0], np.eye(2), [0, 0], np.diag([1.0, 0.0]), n_y=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluation.frechet_distance([[1.0]], [[1.0], [2.0]]), "x must have at least 2 samples"),
        (lambda: evaluation.frechet_distance(np.eye(3), np.eye(2)), "equally many features, got 3 and 2"),
        (lambda: evaluation.frechet_distance([0.0, 1.0, np.nan], [0.0, 1.0]), r"x must be finite.*first x\[2, 0\]"),
        (lambda: evaluation.frechet_distance([0.0, 1e200], [0.0, 1.0]), "below 1e150"),
        (
            lambda: evaluation.frechet_distance_from_moments([0, 0], np.diag([1, -1.0]), [0, 0], np.eye(2)),
            "cov_x must be positive semidefinite, but its least eigenvalue is -1",
        ),
        (
            lambda: evaluation.frechet_distance_from_moments([0, 0], [[1, 2], [0, 1]], [0, 0], np.eye(2)),
            "cov_x must be symmetric",
        ),
        (lambda: evaluation.frechet_distance_from_moments([0], np.eye(2), [0, 0], np.eye(2)), "mean_x must have shape"),
        (lambda: evaluation.frechet_distance_from_moments([0], [[1]], [0, 0], np.eye(2)), "equally many entries"),
        (lambda: evaluation.frechet_distance_from_moments([0], np.ones((2, 1, 1)), [0], [[1]]), "must be one matrix"),
        (lambda: evaluation.frechet_distance_from_moments([np.nan], [[1]], [0], [[1]]), "mean_x must be finite"),
    ],
)
@pytest.mark.filterwarnings("ignore::hartley.HartleyWarning")
def test_errors_of_the_frechet_distance(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_bad_entry_is_found_in_a_later_block():
    x = np.zeros((10_000, 40), np.float32)
    x[8000, 7] = np.inf
    with pytest.raises(ValueError, match=r"in rows 6553 to 9999, first x\[8000, 7\]"):
        evaluation.frechet_distance(x, x[:100])


# ------------------------------------------------------------------------------------------- inception score


def test_inception_score_is_that_of_the_definition(rng):
    p = rng.dirichlet(np.full(10, 0.3), size=500)
    assert evaluation.inception_score(p) == pytest.approx(reference.inception_score(p), rel=1e-12)
    value, std = evaluation.inception_score(p, n_splits=7, return_std=True)
    parts = [reference.inception_score(p[i * 500 // 7 : (i + 1) * 500 // 7]) for i in range(7)]
    assert value == pytest.approx(np.mean(parts), rel=1e-12)
    assert std == pytest.approx(np.std(parts), rel=1e-9)
    assert evaluation.inception_score(p, return_std=True).std == 0.0


def test_inception_score_ranges_from_one_to_the_number_of_classes(rng):
    assert evaluation.inception_score(np.tile(rng.dirichlet(np.ones(5)), (9, 1))) == 1.0
    assert evaluation.inception_score(np.tile(np.eye(4), (3, 1))) == pytest.approx(4.0, rel=4 * EPS)
    # its logarithm is the mutual information of sample and class
    p = rng.dirichlet(np.ones(6), size=40)
    assert math.log(evaluation.inception_score(p)) == pytest.approx(ht.mutual_information(p / 40), rel=1e-12)


def test_inception_score_of_float32_and_of_unnormalized_rows(rng):
    p = rng.dirichlet(np.ones(100), size=300)
    single = evaluation.inception_score(p.astype(np.float32))
    assert single == pytest.approx(evaluation.inception_score(p), rel=1e-5)  # rounded entries
    weights = p * rng.uniform(0.1, 9, size=(300, 1))
    assert evaluation.inception_score(weights, normalize=True) == pytest.approx(
        evaluation.inception_score(p), rel=1e-12
    )


def test_errors_of_the_inception_score():
    with pytest.raises(ValueError, match=r"probs must sum to 1 along axis 1, but row 1 of 2 sums to 0\.9"):
        evaluation.inception_score([[0.5, 0.5], [0.5, 0.4]])
    with pytest.raises(ValueError, match=r"negative entries, first probs\[0, 1\]"):
        evaluation.inception_score([[1.5, -0.5]])
    with pytest.raises(ValueError, match="n_splits must be at most n_samples = 1, got 2"):
        evaluation.inception_score([[1.0]], n_splits=2)
    with pytest.raises(ValueError, match="n_splits must be at least 1"):
        evaluation.inception_score([[1.0]], n_splits=0)
    with pytest.raises(ValueError, match=r"shape \(n_samples, n_classes\)"):
        evaluation.inception_score([0.5, 0.5])


# ------------------------------------------------------------------------------------------- Vendi score


def cosines(x):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T


@pytest.mark.parametrize(("n", "d"), [(40, 6), (30, 30), (12, 50), (8000, 40)])
def test_vendi_score_by_dual_or_gram_matrix(rng, n, d):
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, size=(n, 1))
    found = evaluation.vendi_score(x)
    if n <= 100:
        assert found == pytest.approx(reference.vendi_score(cosines(x)), rel=1e-10)
        assert found == pytest.approx(evaluation.vendi_score(kernel=cosines(x)), rel=1e-10)
    else:
        values = np.linalg.svd(x / np.linalg.norm(x, axis=1, keepdims=True), compute_uv=False) ** 2 / n
        assert found == pytest.approx(np.exp(scipy.stats.entropy(values)), rel=1e-12)


def test_vendi_score_counts_groups_of_equal_samples():
    x = np.repeat(np.eye(3), [5, 3, 2], axis=0)
    shares = np.array([0.5, 0.3, 0.2])
    assert evaluation.vendi_score(x) == pytest.approx(np.exp(scipy.stats.entropy(shares)), rel=1e-12)
    assert evaluation.vendi_score(x, q=0) == pytest.approx(3, rel=1e-12)
    assert evaluation.vendi_score(x, q=2) == pytest.approx(1 / (shares**2).sum(), rel=1e-12)
    assert evaluation.vendi_score(x, q=0.3) == pytest.approx((shares**0.3).sum() ** (1 / 0.7), rel=1e-12)
    assert evaluation.vendi_score(x, q=math.inf) == pytest.approx(2.0, rel=1e-12)
    assert evaluation.vendi_score(x, q=1 + 1e-9) == pytest.approx(evaluation.vendi_score(x), rel=1e-8)
    assert evaluation.vendi_score(np.eye(3), weights=shares * 7) == pytest.approx(evaluation.vendi_score(x), rel=1e-12)
    assert evaluation.vendi_score(kernel=np.eye(3), weights=shares) == pytest.approx(
        evaluation.vendi_score(x), rel=1e-12
    )


@given(st.integers(2, 12), st.integers(1, 12), st.floats(0, 20), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_vendi_score_lies_between_one_and_the_number_of_samples_and_falls_with_q(n, d, q, seed):
    x = np.random.default_rng(seed).normal(size=(n, d))
    score = evaluation.vendi_score(x, q=q)
    assert 1 <= score <= min(n, d) * (1 + 1e-12)
    assert evaluation.vendi_score(x, q=q + 1) <= score * (1 + 1e-12)


def test_vendi_score_of_unit_rows_and_single_precision(rng):
    x = rng.normal(size=(20, 5))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert evaluation.vendi_score(unit, normalize=False) == pytest.approx(evaluation.vendi_score(x), rel=1e-12)
    single = evaluation.vendi_score(x.astype(np.float32))
    assert single == pytest.approx(evaluation.vendi_score(x), rel=1e-6)  # rounded entries
    kernel = cosines(x).astype(np.float32)
    assert evaluation.vendi_score(kernel=kernel) == pytest.approx(single, rel=1e-4)
    assert evaluation.vendi_score(x * 1e200) == pytest.approx(evaluation.vendi_score(x), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of x and kernel must be given, got neither"),
        ({"x": np.eye(2), "kernel": np.eye(2)}, "got both"),
        ({"x": np.eye(2), "q": -1}, "q must be at least 0, got -1"),
        ({"x": np.eye(2), "q": math.nan}, "q must be at least 0"),
        ({"kernel": [[1.0, 0.5], [0.4, 1.0]]}, "kernel must be symmetric"),
        ({"kernel": [[1.0, 0.5], [0.5, 2.0]]}, r"1 on its diagonal, got 1 other entries, first kernel\[1, 1\] = 2"),
        ({"kernel": [[1.0, 2.0], [2.0, 1.0]]}, "kernel must be positive semidefinite, but an eigenvalue.*is -0.5"),
        ({"kernel": np.ones((2, 1, 1))}, "kernel must be one matrix"),
        ({"x": [[1.0, 0.0], [0.0, 0.0]]}, "row 1 is 0"),
        ({"x": [[1.0, 0.0], [0.0, 2.0]], "normalize": False}, "row 1 has 2; pass normalize=True"),
        ({"x": [[1.0, np.nan]]}, "x must be finite"),
        ({"x": np.eye(2), "weights": [1.0]}, "weights must have one weight for each of the 2"),
    ],
)
def test_errors_of_the_vendi_score(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluation.vendi_score(**arguments)


# ------------------------------------------------------------------------------------------- modes


def test_mode_coverage_of_uneven_frequencies(rng):
    counts = np.array([50, 30, 0, 19, 1])
    labels = rng.permutation(np.repeat(np.arange(5), counts))
    shares = np.array([0.2, 0.3, 0.1, 0.2, 0.2])
    found = evaluation.mode_coverage(labels, 5, data_distribution=shares)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_array_equal(found.frequencies, counts / 100)
    assert found.kl == pytest.approx(scipy.stats.entropy(counts / 100, shares), rel=1e-13)
    assert found.reverse_kl == math.inf
    assert found.entropy == pytest.approx(scipy.stats.entropy(counts), rel=1e-13)
    assert found.effective_modes == pytest.approx(math.exp(scipy.stats.entropy(counts)), rel=1e-13)
    assert found.data_effective_modes == pytest.approx(math.exp(scipy.stats.entropy(shares)), rel=1e-13)
    assert found.expected_missing == pytest.approx(((1 - shares) ** 100).sum(), rel=1e-12)
    assert (found.n_modes, found.n_covered, found.n_samples) == (5, 4, 100)
    assert (found.missing.tolist(), found.collapsed.tolist(), found.dominant.tolist()) == ([2], [2, 4], [])
    bits = evaluation.mode_coverage(labels.astype(np.uint8), 5, data_distribution=7 * shares, normalize=True, base=2)
    assert bits.kl == pytest.approx(found.kl / math.log(2), rel=1e-13)
    assert bits.js == pytest.approx(found.js / math.log(2), rel=1e-13)
    assert bits.effective_modes == found.effective_modes


def test_lost_modes_cost_the_log_of_what_is_left():
    labels = np.arange(300) % 3
    found = evaluation.mode_coverage(labels, 12)
    assert found.kl == pytest.approx(math.log(4), rel=1e-13)
    assert found.effective_modes == pytest.approx(3, rel=1e-13)
    perfect = evaluation.mode_coverage(labels, 3)
    assert perfect.kl == perfect.reverse_kl == perfect.js == 0.0
    assert len(perfect.missing) == len(perfect.collapsed) == len(perfect.dominant) == 0


def test_modes_without_a_share_are_not_missing_but_cost():
    found = evaluation.mode_coverage([0, 0, 0, 2], 3, data_distribution=[0.5, 0.5, 0.0])
    assert (found.n_modes, found.n_covered, found.missing.tolist()) == (2, 1, [1])
    assert found.kl == math.inf
    assert found.dominant.tolist() == [2]


def test_the_report_reads():
    text = str(evaluation.mode_coverage([0] * 99 + [1], 40, base="bits"))
    assert text.startswith("2 of 40 modes covered by 100 samples (by chance 3.18 would be missing)")
    assert "missing: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 28 more" in text
    assert "above 10 times their share: 0" in text
    assert " bits" in text


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: evaluation.mode_coverage([0, 3], 3),
            ValueError,
            r"0 to n_modes - 1 = 2, got 1 others.*labels\[1\] = 3",
        ),
        (lambda: evaluation.mode_coverage([0, -1], 3), ValueError, r"labels\[1\] = -1"),
        (lambda: evaluation.mode_coverage([], 3), ValueError, "not be empty"),
        (lambda: evaluation.mode_coverage([0.5], 3), TypeError, "labels must be whole numbers"),
        (lambda: evaluation.mode_coverage([0], 0), ValueError, "n_modes must be at least 1"),
        (lambda: evaluation.mode_coverage([0], 2, data_distribution=[1.0]), ValueError, r"shape \(n_modes,\) = \(2,\)"),
        (
            lambda: evaluation.mode_coverage([0], 2, data_distribution=[1.0, 1.0]),
            ValueError,
            "data_distribution must sum",
        ),
        (lambda: evaluation.mode_coverage([0], 2, collapse_ratio=1), ValueError, "collapse_ratio must lie between"),
        (lambda: evaluation.diversity_entropy(), ValueError, "got neither"),
        (lambda: evaluation.diversity_entropy([0], probs=[[1.0]]), ValueError, "got both"),
        (
            lambda: evaluation.diversity_entropy(probs=[[1.0]], estimator="nsb"),
            ValueError,
            "estimator goes with labels",
        ),
        (lambda: evaluation.diversity_entropy(probs=[1.0]), ValueError, "probs must have shape"),
        (lambda: evaluation.diversity_entropy(probs=[[0.5]]), ValueError, "probs must sum to 1"),
    ],
)
def test_errors_of_modes(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_diversity_entropy_is_of_labels_or_of_the_mean_row(rng):
    labels = rng.integers(7, size=500)
    expected = scipy.stats.entropy(np.bincount(labels))
    assert evaluation.diversity_entropy(labels) == pytest.approx(expected, rel=1e-12)
    assert evaluation.diversity_entropy(labels.astype(str)) == pytest.approx(expected, rel=1e-12)
    assert evaluation.diversity_entropy(labels, estimator="miller_madow") == pytest.approx(
        expected + 6 / 1000, rel=1e-12
    )
    p = rng.dirichlet(np.ones(7), size=30)
    mean = scipy.stats.entropy(p.mean(axis=0))
    assert evaluation.diversity_entropy(probs=p) == pytest.approx(mean, rel=1e-12)
    assert evaluation.diversity_entropy(probs=3 * p, normalize=True, base=2) == pytest.approx(
        mean / math.log(2), rel=1e-12
    )
    # log of the inception score is H(Y) - H(Y|X)
    score = math.log(evaluation.inception_score(p))
    assert score == pytest.approx(mean - ht.entropy(p).mean(), rel=1e-12)


# ------------------------------------------------------------------------------------------- copies


def test_duplicates_and_copies_are_counted(rng):
    train = rng.normal(size=(50, 3))
    fresh = rng.normal(size=(20, 3))
    generated = np.concatenate([fresh, fresh[:4], fresh[:2], train[:5], train[7:8] + 1e-9])
    found = evaluation.memorization_report(generated, train)
    assert (found.n_generated, found.n_train) == (32, 50)
    assert found.n_duplicates == 6
    assert found.n_copies == 5
    assert found.n_near_copies >= 6
    assert found.nearest[-6:].tolist() == [0, 1, 2, 3, 4, 7]
    apart = np.sqrt(reference.squared_distances(generated, train))
    np.testing.assert_allclose(found.distances, apart.min(axis=1), rtol=4 * EPS)
    two = np.sort(apart, axis=1)[:, :2]
    np.testing.assert_allclose(found.distance_ratio, two[:, 0] / two[:, 1], rtol=8 * EPS)
    assert found.n_near_copies == np.count_nonzero(two[:, 0] < two[:, 1] / 3)
    np.fill_diagonal(own := reference.squared_distances(train, train), np.inf)
    assert found.train_median_distance == pytest.approx(np.median(np.sqrt(own.min(axis=1))), rel=1e-12)
    assert found.median_distance == pytest.approx(np.median(two[:, 0]), rel=1e-12)
    assert found.z_score is None


def test_zeros_of_either_sign_are_equal_and_twice_trained_copies_count():
    found = evaluation.memorization_report([[0.0, 1.0], [-0.0, 1.0], [5.0, 5.0]], [[0.0, 1.0], [0.0, 1.0], [2.0, 2.0]])
    assert (found.n_duplicates, found.n_copies, found.n_near_copies) == (1, 2, 2)
    assert found.distance_ratio[0] == 1.0


def test_the_copying_test_is_a_rank_test_of_distances(rng):
    train, held_out = rng.normal(size=(200, 2)), rng.normal(size=(80, 2))
    for generated in (train[:100] + 0.01, rng.normal(size=(60, 2)), 2 + rng.normal(size=(70, 2)), np.round(train[:50])):
        found = evaluation.memorization_report(generated, train, held_out)
        own = np.sqrt(reference.squared_distances(generated, train).min(axis=1))
        other = np.sqrt(reference.squared_distances(held_out, train).min(axis=1))
        test = scipy.stats.mannwhitneyu(own, other, alternative="less", method="asymptotic", use_continuity=False)
        assert found.p_value == pytest.approx(test.pvalue, rel=1e-9)
        assert scipy.stats.norm.cdf(found.z_score) == pytest.approx(found.p_value, rel=1e-9)
    copied = evaluation.memorization_report(train[:100] + 0.001, train, held_out)
    assert copied.z_score < -3
    assert "nearer than held-out samples are, copying" in str(copied)
    honest = evaluation.memorization_report(rng.normal(size=(100, 2)), train, held_out)
    assert abs(honest.z_score) < 4
    assert "copying\n" not in str(honest)


def test_the_copying_test_of_nothing_but_ties_says_nothing():
    found = evaluation.memorization_report([0.0, 1.0], [0.0, 1.0], [1.0, 0.0])
    assert (found.z_score, found.p_value) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], [0.0]), "train must have at least 2 samples, got 1"),
        ((np.eye(3), np.eye(2)), "train and generated must have equally many features, got 2 and 3"),
        ((np.eye(2), np.eye(2), np.eye(3)), "train and held_out must have equally many features"),
        (([np.nan], [0.0, 1.0]), "generated must be finite"),
    ],
)
def test_errors_of_the_memorization_report(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluation.memorization_report(*arguments)
    with pytest.raises(ValueError, match="near_copy_ratio must lie between 0 and 1, got 2"):
        evaluation.memorization_report([0.0], [0.0, 1.0], near_copy_ratio=2)


def test_the_frechet_distance_is_the_square_of_wasserstein_2_between_normals(rng):
    x, y = rng.normal(size=(60, 5)), rng.normal(size=(80, 5)) @ rng.normal(size=(5, 5)) + 1
    moments = x.mean(axis=0), np.cov(x.T), y.mean(axis=0), np.cov(y.T)
    # two ways to the nuclear norm of a product of roots, each to a few eps of the traces
    squared = ht.gaussian.wasserstein2(*moments) ** 2
    assert evaluation.frechet_distance_from_moments(*moments) == pytest.approx(squared, rel=1e-12, abs=0)
    assert evaluation.frechet_distance(x, y) == pytest.approx(squared, rel=1e-12, abs=0)
