"""Nearest-neighbour estimates beyond KSG 1 and Kozachenko-Leonenko: twins by brute force, closed forms, errors."""

from __future__ import annotations

import math
import pickle
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.special
import scipy.stats
from scipy.spatial import cKDTree

import hartley as ht
from hartley import knn
from hartley.reference import knn as reference

# a term is a sum of a few numbers below 30, each exact to a few ulp
TERM_TOLERANCE = 2e-13
SHAPES = [(1, 1), (1, 2), (3, 1), (2, 4)]


def gaussian_pair(rng, n, rho):
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


def clouds(rng, n, dims, tied=False):
    base = rng.normal(size=(n, 1))
    found = [base + rng.normal(size=(n, d)) for d in dims]
    if tied:
        found = [np.round(v) for v in found]
        found[0][::3] += rng.normal(size=(len(found[0][::3]), dims[0]))
    return found


# ------------------------------------------------------------------------------------- brute-force twins

TWINS = {1: reference.ksg_terms, 2: reference.ksg2_terms, "mixture": reference.mixture_terms}


@pytest.mark.usefixtures("level")
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("algorithm", list(TWINS))
@pytest.mark.parametrize("dims", SHAPES)
def test_information_terms_equal_their_twins(rng, dims, algorithm, tied):
    for n in (9, 65, 300):
        x, y = clouds(rng, n, dims, tied)
        ks = [1, 3, min(20, n - 1)]
        together = knn.mutual_information(x, y, k=ks, algorithm=algorithm, local=True)
        sides = [reference.distances(v) for v in (x, y)]
        for k, terms in zip(ks, together, strict=True):
            expected = TWINS[algorithm](sides, k, reference.other_rows(n))
            if not tied:  # which of equally far samples is the k-th matters to the extents of KSG 2
                np.testing.assert_allclose(terms, expected, atol=TERM_TOLERANCE, rtol=0)
            else:
                assert terms.mean() == pytest.approx(expected.mean(), abs=1e-12 if algorithm != 2 else 0.1)
            alone = knn.mutual_information(x, y, k=k, algorithm=algorithm, local=True)
            np.testing.assert_allclose(alone, terms, atol=2e-15, rtol=2e-15)  # logarithms of ties in another order


@pytest.mark.parametrize("grid", [3.0, 10.0, 30.0, 100.0])
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
def test_rounded_data_keep_their_information(grid):
    for rho in (0.0, 0.7):
        found = [
            knn.mutual_information(*(np.rint(grid * v) for v in gaussian_pair(np.random.default_rng(seed), 1000, rho)))
            for seed in range(10)
        ]
        # balls of a few cells: measured bias within 0.06; counting strictly inside gave up to +0.98
        assert np.mean(found) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.06)


def test_extreme_scales_neither_crash_nor_lie(rng):
    with pytest.raises(ValueError, match="x must stay below an eighth of the largest float64"):
        knn.mutual_information([-1.7e308, 0, 1.7e308], [0, 1, 2], algorithm=2, k=2)
    far = knn.Neighbors([0.0, 1e-200])
    np.testing.assert_array_equal(far.query([1.0], 1)[0], [[1.0]])
    distance = knn.Neighbors(np.float32([[0, 0], [1, 1]])).query([[1e25, 1e25]], 1)[0]
    assert distance[0, 0] == pytest.approx(math.sqrt(2) * 1e25, rel=1e-6)
    np.testing.assert_array_equal(knn.Neighbors(np.float32([1e7, 1e7, 0])).count_within(0), [1, 1, 0])
    u, v = rng.normal(size=(2, 60, 1))
    for algorithm in (1, 2, "bias_improved"):
        for search in ("tree", "brute"):
            for theiler in (0, 1):
                options = {"algorithm": algorithm, "search": search, "theiler": theiler}
                one = knn.mutual_information(u, v, **options)
                for scale in (1e-170, 1e160):
                    scaled = knn.mutual_information(u * scale, v * scale, **options)
                    # 1e160 is no power of two: differences round, and a neighbour may change sides
                    assert scaled == pytest.approx(one, abs=0.01)
    p, q = [0.0, 1, 2, 3.5], [1e200, 2e200, 3e200]
    assert knn.kl_divergence(p, q) == pytest.approx(knn.kl_divergence(p, q, metric="chebyshev"), rel=1e-12)
    tied = knn.entropy(u * 1e300, ties="jitter", seed=0)
    assert tied == pytest.approx(knn.entropy(u, ties="jitter", seed=0) + math.log(1e300), abs=1e-6)
    standard = knn.mutual_information(u * 1e300, v * 1e300, transform="standardize")
    assert standard == pytest.approx(knn.mutual_information(u, v, transform="standardize"), abs=0.01)


def test_equal_points_take_no_quadratic_time():
    z, start = np.zeros(200_000), time.perf_counter()
    with pytest.warns(ht.TiesWarning):
        assert abs(knn.mutual_information(z, z, algorithm=2)) < 1e-4
    assert time.perf_counter() - start < 30  # seconds; all pairs of these take minutes


def test_progress_of_a_search_for_rows_is_told_on_the_way(rng):
    x, y = rng.normal(size=(2, 60_000, 3))
    told = []
    knn.mutual_information(x, y, algorithm=2, progress=told.append)
    assert told == sorted(told)
    assert any(0.0 < fraction < 1.0 for fraction in told)  # the kernel's own, not the call's last word


def test_orders_near_one_are_continuous(rng):
    x = rng.normal(size=(300, 2))
    near = [knn.renyi_entropy(x, 1 + step) for step in (-1e-3, -1e-9, 1e-15, 1e-12, 1e-6, 1e-3)]
    # the slope is below 2 at these orders; at 1 itself ψ(n) stands for log(n - 1): 1 / 2n
    np.testing.assert_allclose(near, near[2], atol=2e-3)
    np.testing.assert_allclose(near[1:4], near[2], atol=1e-8)
    assert knn.entropy(x) == pytest.approx(near[2], abs=1 / 300)
    assert knn.tsallis_entropy(x, 1 + 1e-12) == pytest.approx(near[2], abs=1e-8)


def test_matrices_of_neighbours_can_be_pruned(rng):
    matrix = knn.mutual_information_matrix(rng.normal(size=(100, 3)), clip=True)
    assert ht.histogram.clr(matrix).shape == ht.histogram.aracne(matrix).shape == (3, 3)


def test_targets_of_several_columns_and_gaps_in_time_are_refused(rng):
    x = rng.normal(size=(30, 3))
    with pytest.raises(ValueError, match="y must be one column"):
        knn.mutual_information_with(x, x[:, :2])
    x[3, 0] = np.nan
    with pytest.raises(ValueError, match="would close the gaps"):
        knn.mutual_information(x[:, 0], x[:, 1], theiler=1, nan_policy="omit")
    labels = rng.integers(0, 2, 30)
    scores = knn.mutual_information_with(x, labels, discrete_y=True, nan_policy="omit")
    whole = np.delete(x, 3, axis=0), np.delete(labels, 3)
    np.testing.assert_array_equal(scores, knn.mutual_information_with(*whole, discrete_y=True))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("dims", SHAPES)
def test_bias_improved_terms_equal_their_twin(rng, dims):
    x, y = clouds(rng, 200, dims)
    for k in (1, 4):
        terms = knn.mutual_information(x, y, k=k, algorithm="bias_improved", local=True)
        np.testing.assert_allclose(terms, reference.bias_improved_terms(x, y, k), atol=TERM_TOLERANCE, rtol=0)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("search", ["auto", "tree", "brute"])
@pytest.mark.parametrize("theiler", [1, 7])
@pytest.mark.parametrize("algorithm", [1, 2, "mixture"])
def test_rows_near_in_time_do_not_count(rng, algorithm, theiler, search):
    x, y = (np.cumsum(v, axis=0) for v in clouds(rng, 150, (2, 1)))
    terms = knn.mutual_information(x, y, k=3, algorithm=algorithm, theiler=theiler, search=search, local=True)
    sides = [reference.distances(v) for v in (x, y)]
    expected = TWINS[algorithm](sides, 3, reference.other_rows(150, theiler))
    np.testing.assert_allclose(terms, expected, atol=TERM_TOLERANCE, rtol=0)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("algorithm", [1, 2, "mixture"])
def test_periodic_coordinates_repeat_beyond_their_box(rng, algorithm):
    x, y = 7 * rng.random((120, 2)), rng.normal(size=(120, 1))
    y += np.sin(x[:, :1])
    box = np.array([7.0, 0.0, 2 * math.pi])
    terms = knn.mutual_information(x, y, algorithm=algorithm, periodic=box, local=True)
    inside = np.mod(y, box[2])
    sides = [reference.distances(x, box=box[:2]), reference.distances(inside, box=box[2:])]
    expected = TWINS[algorithm](sides, 3, reference.other_rows(120))
    # a difference and its complement in the box round apart: a sample on the sphere may fall on either side of it
    assert np.mean(np.abs(terms - expected) > 1e-9) < 0.03
    shifted = knn.mutual_information(
        np.mod(x + np.array([3.0, 0.0]), [7.0, np.inf]), y, algorithm=algorithm, periodic=box
    )
    assert shifted == pytest.approx(terms.mean(), abs=0.05)


@pytest.mark.usefixtures("level")
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("algorithm", [1, "mixture"])
@pytest.mark.parametrize("dims", [(1, 1, 1), (2, 1, 3)])
def test_conditional_terms_equal_their_twin(rng, dims, algorithm, tied):
    x, y, z = clouds(rng, 200, dims, tied)
    others = reference.other_rows(200)
    sides = [reference.distances(v) for v in (x, y, z)]
    for k in (1, 5):
        terms = knn.conditional_mutual_information(x, y, z, k=k, algorithm=algorithm, local=True)
        expected = reference.conditional_terms(*sides, k, others, algorithm == "mixture")
        np.testing.assert_allclose(terms, expected, atol=TERM_TOLERANCE, rtol=0)


@pytest.mark.usefixtures("level")
def test_terms_of_several_variables_equal_their_twins(rng):
    variables = clouds(rng, 180, (1, 2, 1, 1))
    sides = [reference.distances(v) for v in variables]
    others = reference.other_rows(180)
    for k in (1, 4):
        total = knn.total_correlation(*variables, k=k, local=True)
        np.testing.assert_allclose(total, reference.ksg_terms(sides, k, others), atol=TERM_TOLERANCE, rtol=0)
        dual = knn.dual_total_correlation(*variables, k=k, local=True)
        expected = reference.dual_total_correlation_terms(sides, k)
        np.testing.assert_allclose(dual, expected, atol=TERM_TOLERANCE, rtol=0)
        o = knn.o_information(*variables, k=k, local=True)
        np.testing.assert_allclose(o, total - dual, atol=TERM_TOLERANCE, rtol=0)


@pytest.mark.usefixtures("level")
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
@pytest.mark.parametrize("d", [1, 3])
def test_terms_with_a_label_equal_their_twin(rng, d):
    labels = np.array(list("aab") * 60 + ["alone"])
    x = rng.normal(size=(181, d)) + (labels == "a")[:, None]
    x[::5] = np.round(x[::5])
    for k in (1, 3):
        expected = reference.labelled_terms(x, labels, k)
        terms = knn.mutual_information(x, labels, k=k, discrete_y=True, local=True)
        np.testing.assert_allclose(terms, expected, atol=TERM_TOLERANCE, rtol=0)
        assert knn.mutual_information(labels, x, k=k, discrete_x=True) == pytest.approx(expected.mean(), abs=1e-13)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("metric", ["euclidean", "chebyshev"])
@pytest.mark.parametrize("d", [1, 2, 9])
def test_divergence_and_power_entropies_equal_their_twins(rng, metric, d):
    x, y = rng.normal(size=(150, d)), 0.5 + rng.normal(size=(90, d))
    for k in (1, 4):
        terms = knn.kl_divergence(x, y, k=k, metric=metric, local=True)
        # SIMD and NumPy sum squares in the same order; the logarithm is in units of d
        expected = reference.kl_divergence_terms(x, y, k, metric)
        np.testing.assert_allclose(terms, expected, atol=d * TERM_TOLERANCE, rtol=0)
        for order in (0.0, 0.5, 1.5) if k == 4 else (0.5,):
            integral = reference.power_integral(x, order, k, metric)
            renyi = knn.renyi_entropy(x, order, k=k, metric=metric)
            assert renyi == pytest.approx(math.log(integral) / (1 - order), rel=1e-11, abs=1e-11)
            tsallis = knn.tsallis_entropy(x, order, k=k, metric=metric)
            assert tsallis == pytest.approx((1 - integral) / (order - 1), rel=1e-10)


# ------------------------------------------------------------------------------------- Neighbors


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("metric", ["euclidean", "chebyshev"])
@pytest.mark.parametrize("d", [1, 2, 3, 6, 11])
def test_neighbors_equal_scipy(rng, d, metric, dtype):
    points, asking = rng.normal(size=(700, d)).astype(dtype), rng.normal(size=(130, d)).astype(dtype)
    p = 2 if metric == "euclidean" else np.inf
    tree, ours = cKDTree(points.astype(float)), knn.Neighbors(points, metric=metric)
    # differences of float32 are rounded to 24 bits here, to 53 in SciPy
    rtol = 1e-14 if dtype == np.float64 else 1e-5
    for k in (1, 5, 40):
        distances, rows = ours.query(asking, k)
        expected, expected_rows = tree.query(asking.astype(float), k, p=p)
        np.testing.assert_allclose(distances, np.reshape(expected, (-1, k)), rtol=rtol)
        if dtype == np.float64:
            np.testing.assert_array_equal(rows, np.reshape(expected_rows, (-1, k)))
        own = tree.query(points.astype(float), k + 1, p=p)[0][:, k]
        np.testing.assert_allclose(ours.kth_distance(k), own, rtol=rtol)
    radius = ours.kth_distance(7)
    np.testing.assert_array_equal(ours.count_within(radius), 7)
    np.testing.assert_array_equal(ours.count_within(radius, strict=True), 6)
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.query(asking, 3)[0], ours.query(asking, 3)[0])
    assert repr(again) == f"Neighbors(700 x {d}, {np.dtype(dtype).name}, metric={metric!r})"


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("metric", ["euclidean", "chebyshev"])
def test_equally_near_points_come_by_their_rows(metric):
    lattice = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    distances, rows = knn.Neighbors(lattice, metric=metric).query(lattice, 10)
    every = reference.distances(lattice, metric)
    order = np.argsort(every, axis=1, kind="stable")[:, :10]
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_array_equal(distances, np.take_along_axis(every, order, axis=1))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_neighbors_of_huge_and_tiny_points(rng, scale):
    points = rng.normal(size=(200, 3))
    plain, scaled = knn.Neighbors(points), knn.Neighbors(points * scale)
    np.testing.assert_array_equal(scaled.query(points[:9] * scale, 4)[1], plain.query(points[:9], 4)[1])
    np.testing.assert_allclose(scaled.kth_distance(3) / scale, plain.kth_distance(3), rtol=1e-12)
    np.testing.assert_array_equal(scaled.count_within(scale), plain.count_within(1.0))


def test_neighbors_are_a_copy_and_count_at_zero(rng):
    points = np.array([[0.0], [0.0], [1.0], [3.0]])
    ours = knn.Neighbors(points)
    points[:] = 9.0
    np.testing.assert_array_equal(ours.kth_distance(1), [0.0, 0.0, 1.0, 2.0])
    np.testing.assert_array_equal(ours.count_within(0.0), [1, 1, 0, 0])
    np.testing.assert_array_equal(ours.count_within(0.0, strict=True), 0)
    np.testing.assert_array_equal(ours.count_within([-1.0, 1.0, np.inf, 2.0]), [0, 2, 3, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: n.query([[0.0, 1.0, 2.0]], 1), "y must have 2 features"),
        (lambda n: n.query([[np.nan, 1.0]], 1), "y must be finite"),
        (lambda n: n.query([[0.0, 1.0]], 6), "k must be at least 1 and less than n_samples"),
        (lambda n: n.kth_distance(5), "k must be at least 1 and less than n_samples = 5"),
        (lambda n: n.count_within([1.0, 2.0]), "radii must be one number, or one for each of 5"),
        (lambda n: n.count_within(np.nan), "radii must be numbers"),
        (lambda n: knn.Neighbors([[np.inf]]), "x must be finite"),
        (lambda n: knn.Neighbors([[1.0]], metric="cosine"), "metric must be one of"),
    ],
)
def test_hostile_questions_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(knn.Neighbors(np.arange(10.0).reshape(5, 2)))


# ------------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("algorithm", [1, 2, "bias_improved", "mixture"])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_every_algorithm_finds_the_information_of_gaussians(algorithm, rho):
    n, runs = 3000, 6
    found = [
        knn.mutual_information(*gaussian_pair(np.random.default_rng(seed), n, rho), algorithm=algorithm, k=4)
        for seed in range(runs)
    ]
    # five standard errors of the mean, and a bias below 0.02 at this n (0.03 for log instead of ψ in the last two)
    tolerance = 5 * np.std(found, ddof=1) / math.sqrt(runs) + 0.03
    assert np.mean(found) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=tolerance)


@pytest.mark.parametrize("algorithm", [1, 2])
@pytest.mark.parametrize("dims", [(1, 1), (2, 3)])
def test_independent_samples_share_nothing(algorithm, dims):
    # both KSG estimates are exact for independent variables (Kraskov et al. 2004); one radius in KSG 2 gives -0.27
    found = [
        knn.mutual_information(*(r.normal(size=(1500, d)) for d in dims), algorithm=algorithm, k=3)
        for r in map(np.random.default_rng, range(30))
    ]
    assert np.mean(found) == pytest.approx(0.0, abs=5 * np.std(found, ddof=1) / math.sqrt(30))


def test_local_nonuniformity_helps_where_dependence_is_strong(rng):
    x, y = gaussian_pair(rng, 1000, 0.99999)
    truth = -0.5 * math.log(1 - 0.99999**2)
    plain = knn.mutual_information(x, y, algorithm=2, k=5)
    corrected = knn.mutual_information(x, y, algorithm=2, k=5, local_nonuniformity=0.35)
    assert abs(corrected - truth) < 0.7 * abs(plain - truth)
    assert plain < corrected
    independent = rng.normal(size=(2, 1000))
    none = knn.mutual_information(*independent, algorithm=2, k=5, local_nonuniformity=0.05)
    assert none == pytest.approx(knn.mutual_information(*independent, algorithm=2, k=5), abs=0.05)


def test_mixture_of_zeros_and_counts_has_the_information_of_its_formula(rng):
    # zero-inflated Poisson of Gao et al. 2017, section 5: X ~ Exp(1), Y = 0 with p = 0.15, else Poisson(X). Their
    # formula (1 - p) I(X; Poisson(X)) lets one see which zeros were put in; the sum and the integral do not
    p, n = 0.15, 40_000
    x, k = np.linspace(0, 40, 400_001), np.arange(60)
    given = (1 - p) * scipy.stats.poisson.pmf(k[:, None], x)
    given[0] += p
    noise = -np.trapezoid(np.exp(-x) * scipy.special.xlogy(given, given).sum(axis=0), x)
    marginal = (1 - p) * 0.5 ** (k + 1.0)
    marginal[0] += p
    truth = float(scipy.stats.entropy(marginal)) - noise
    found = []
    for seed in range(4):
        r = np.random.default_rng(seed)
        x = r.exponential(size=n)
        y = np.where(r.random(n) < p, 0, r.poisson(x)).astype(float)
        found.append(knn.mutual_information(x, y, algorithm="mixture", k=60))
    # as published its terms are low by log(k + 1) - ψ(k), 1.5 / k, where x's neighbours all share their y
    assert np.mean(found) == pytest.approx(truth, abs=5 * np.std(found, ddof=1) / math.sqrt(4) + 0.03)
    assert np.mean(found) < truth


def test_labels_of_two_far_clusters_tell_one_bit(rng):
    labels = rng.integers(0, 2, 2000)
    x = rng.normal(size=2000) + 20 * labels
    share = labels.mean()
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert knn.mutual_information(x, labels, discrete_y=True) == pytest.approx(entropy, abs=2e-3)
    frame = pd.Series(labels).map({0: "no", 1: "yes"}).astype("category")
    assert knn.mutual_information(x, frame, discrete_y=True) == knn.mutual_information(x, labels, discrete_y=True)


def test_a_constant_feature_tells_nothing_of_rare_labels():
    labels = np.zeros(100_000, dtype=int)
    labels[:100] = 1
    with pytest.warns(ht.TiesWarning):
        found = knn.mutual_information(np.ones(100_000), labels, discrete_y=True)
    assert found == pytest.approx(0.0, abs=5e-5)  # ψ(m) - log(m + 1) is -3/2 / m, for each of two labels


def test_conditional_information_of_gaussians(rng):
    n = 20_000
    z = rng.normal(size=(n, 2))
    x, y = z[:, 0] + rng.normal(size=n), z[:, 0] + z[:, 1] + rng.normal(size=n)
    assert knn.conditional_mutual_information(x, y, z) == pytest.approx(0.0, abs=0.02)
    y += 0.8 * (x - z[:, 0])
    truth = -0.5 * math.log(1 - 0.64 / 1.64)  # correlation 0.8 / √1.64 given z
    assert knn.conditional_mutual_information(x, y, z, k=5) == pytest.approx(truth, abs=0.06)


def test_total_and_dual_correlation_of_gaussians(rng):
    cov = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]])
    x = rng.multivariate_normal(np.zeros(3), cov, size=20_000).T
    _, log_det = np.linalg.slogdet(cov)
    assert knn.total_correlation(*x, k=5) == pytest.approx(-0.5 * log_det, abs=0.03)
    # H(X) - Σ H(X_i | rest) = ½ (log det - Σ log 1 / precision_ii)
    dual = 0.5 * (log_det + np.log(np.diag(np.linalg.inv(cov))).sum())
    assert knn.dual_total_correlation(*x, k=5) == pytest.approx(dual, abs=0.03)


@pytest.mark.parametrize("metric", ["euclidean", "chebyshev"])
def test_divergences_of_gaussians(rng, metric):
    x, y = rng.normal(size=(20_000, 2)), 0.5 + 1.5 * rng.normal(size=(30_000, 2))
    truth = 2 * math.log(1.5) + (2 + 2 * 0.25) / (2 * 2.25) - 1
    assert knn.kl_divergence(x, y, k=5, metric=metric) == pytest.approx(truth, abs=0.03)
    density = [scipy.stats.norm(0, 1), scipy.stats.norm(2, 1)]
    grid = np.linspace(-9, 11, 40_001)
    p, q = (d.pdf(grid) for d in density)
    cases = ((0.5, (20_000, 20_000), "sizes"), (0.25, (5000, 15_000), "sizes"), (0.5, (5000, 15_000), "equal"))
    for share, sizes, weights in cases:
        m = share * p + (1 - share) * q
        truth = np.trapezoid(share * p * np.log(p / m) + (1 - share) * q * np.log(q / m), grid)
        found = knn.js_divergence(rng.normal(size=sizes[0]), 2 + rng.normal(size=sizes[1]), k=5, weights=weights)
        # a mean of at least 20,000 terms of deviation below 1, neighbours' terms correlated: 5 √(2 / 20,000)
        assert found == pytest.approx(truth, abs=0.05)
    same = rng.normal(size=(2, 4000))
    assert knn.js_divergence(*same, weights="equal") == pytest.approx(knn.js_divergence(*same), abs=1e-12)


def test_power_entropies_of_gaussians_and_their_limit(rng):
    x = rng.normal(size=(50_000, 1))
    for q in (0.7, 2.0, 3.0):
        truth = 0.5 * math.log(2 * math.pi) + 0.5 * math.log(q) / (q - 1)
        assert knn.renyi_entropy(x, q, k=5) == pytest.approx(truth, abs=0.05)
    assert knn.renyi_entropy(x, 1) == knn.entropy(x)
    assert knn.renyi_entropy(x, 1 + 1e-7) == pytest.approx(knn.entropy(x), abs=1e-4)  # ψ(n) against log(n - 1)
    assert knn.tsallis_entropy(x, 1.0, k=2) == knn.entropy(x, k=2)


# ------------------------------------------------------------------------------------- series


def test_transfer_entropy_is_the_conditional_information_of_the_embedding(rng):
    source, target, other = rng.normal(size=(3, 400))
    target[2:] += source[:-2]
    t = np.arange(3, 400)
    past = np.stack([target[t - 1], target[t - 2], other[t - 1]], axis=1)
    driving = np.stack([source[t - 2], source[t - 3]], axis=1)
    expected = knn.conditional_mutual_information(target[t], driving, past, k=4, theiler=2)
    found = knn.transfer_entropy(source, target, source_history=2, target_history=2, lag=2, given=other, k=4, theiler=2)
    assert found == expected
    assert found > 0.1


def test_lags_pair_x_with_later_y(rng):
    x, y = rng.normal(size=(2, 500))
    y[4:] += 2 * x[:-4]
    scan = knn.lagged_mutual_information(x, y, [-4, 0, 4], k=[2, 3])
    assert scan.shape == (3, 2)
    np.testing.assert_array_equal(scan[2], knn.mutual_information(x[:-4], y[4:], k=[2, 3]))
    np.testing.assert_array_equal(scan[0], knn.mutual_information(x[4:], y[:-4], k=[2, 3]))
    assert isinstance(knn.lagged_mutual_information(x, y, 4), float)


# ------------------------------------------------------------------------------------- many pairs


def test_the_matrix_holds_the_information_of_every_pair(rng):
    x = rng.normal(size=(400, 6))
    x[:, 5] += x[:, 0]
    frame = pd.DataFrame(x, columns=list("abcdef"))
    matrix = knn.mutual_information_matrix(frame, base=2)
    assert list(matrix.columns) == list(matrix.index) == list("abcdef")
    assert np.isnan(np.diag(matrix)).all()
    for i, j in ((0, 5), (2, 3), (4, 1)):
        assert matrix.iloc[i, j] == pytest.approx(knn.mutual_information(x[:, i], x[:, j], base=2), abs=1e-14)
    cross = knn.mutual_information_matrix(x[:, :2], Y=x[:, 2:], base=2)
    np.testing.assert_array_equal(cross, matrix.iloc[:2, 2:])
    np.testing.assert_array_equal(knn.mutual_information_with(x[:, :2], x[:, 4]), cross[:, 2] * math.log(2))
    for n in (1, 3):
        with ht.threads(n):
            np.testing.assert_array_equal(knn.mutual_information_matrix(x, base=2), matrix)
    labels = rng.integers(0, 3, 400)
    scores = knn.mutual_information_with(x, labels, discrete_y=True)
    assert scores[3] == knn.mutual_information(x[:, 3], labels, discrete_y=True)
    x[3, 2] = np.nan
    np.testing.assert_array_equal(
        knn.mutual_information_matrix(x, nan_policy="omit"), knn.mutual_information_matrix(np.delete(x, 3, axis=0))
    )


# ------------------------------------------------------------------------------------- options and errors


def test_transforms_change_the_estimate_as_if_the_data_had_been_transformed(rng):
    x, y = rng.lognormal(size=(500, 2)), rng.normal(size=500)
    ranks = scipy.stats.rankdata(x, axis=0) / 501
    y_ranks = scipy.stats.rankdata(y) / 501
    with pytest.warns(ht.TiesWarning):  # ranks are a grid; that one asks for them is no surprise
        expected = knn.mutual_information(np.rint(501 * ranks), np.rint(501 * y_ranks))
    assert knn.mutual_information(x, y, transform="rank") == expected
    copula = knn.mutual_information(scipy.stats.norm.ppf(ranks), scipy.stats.norm.ppf(y_ranks))
    assert knn.mutual_information(x, y, transform="copula") == pytest.approx(copula, abs=1e-3)
    standard = knn.mutual_information((x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std())
    assert knn.mutual_information(x, y, transform="standardize") == pytest.approx(standard, abs=1e-3)
    monotone = knn.mutual_information(np.exp(x), y**3, transform="copula")
    assert monotone == knn.mutual_information(x, y, transform="copula")


def test_one_scalar_that_determines_another_is_told(rng):
    x = rng.normal(size=1000)
    for y in (x, -3 * x + 1, np.exp(x), x**3):
        with pytest.warns(ht.SaturationWarning, match="infinite"):
            knn.mutual_information(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        knn.mutual_information(*gaussian_pair(rng, 1000, 0.999))
        knn.mutual_information(rng.normal(size=30), rng.normal(size=30))


def test_the_way_of_searching_does_not_matter(rng):
    x, y = clouds(rng, 500, (2, 3))
    for algorithm in (1, 2, "mixture", "bias_improved"):
        one = knn.mutual_information(x, y, algorithm=algorithm, search="tree")
        assert knn.mutual_information(x, y, algorithm=algorithm, search="brute") == pytest.approx(one, abs=1e-13)
    for metric in ("chebyshev", "euclidean"):
        one = knn.entropy(x, k=[2, 9], metric=metric)
        np.testing.assert_allclose(knn.entropy(x, k=[2, 9], metric=metric, search="brute"), one, rtol=1e-14)


@pytest.mark.usefixtures("level")
def test_the_number_of_threads_changes_no_bit(rng):
    x, y = clouds(rng, 3000, (2, 1))
    calls = [
        lambda: knn.mutual_information(x, y, algorithm=2),
        lambda: knn.mutual_information(x, y, algorithm="bias_improved", k=[3, 4]).tolist(),
        lambda: knn.conditional_mutual_information(x, y, x[:, :1], theiler=1),
        lambda: knn.kl_divergence(x, x + 1e-3),
        lambda: knn.mutual_information(x[:300], y[:300], search="brute"),
    ]
    for call in calls:
        found = []
        for n in (1, 2, 3, 8):
            with ht.threads(n):
                found.append(call())
        assert all(f == found[0] for f in found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: knn.mutual_information(x, x, k=[]), "k must name at least one"),
        (lambda x: knn.mutual_information(x, x, k=[1, 50]), "k must be at least 1 and less than n_samples = 50"),
        (lambda x: knn.mutual_information(x, x, search="grid"), "search must be one of"),
        (lambda x: knn.mutual_information(x, x, transform="log"), "transform must be one of"),
        (lambda x: knn.mutual_information(x, x, theiler=-1), "theiler must be at least 0"),
        (lambda x: knn.mutual_information(x, x, theiler=30), "theiler=30 leaves fewer than k = 3"),
        (lambda x: knn.mutual_information(x, x, theiler=30, search="brute"), "theiler=30 leaves fewer than k = 3"),
        (lambda x: knn.mutual_information(x, x, periodic=[1.0]), "periodic must be one length, or one for each of 2"),
        (lambda x: knn.mutual_information(x, x, periodic=-1.0), "periodic must hold finite lengths"),
        (lambda x: knn.mutual_information(x, x, discrete_x=True, discrete_y=True), "hartley.discrete"),
        (lambda x: knn.mutual_information(x, x, discrete_y=True, algorithm=2), "algorithm must be 1 with a discrete"),
        (lambda x: knn.mutual_information(x, x, discrete_y=True), "every label occurs once"),
        (lambda x: knn.mutual_information(x, x[1:], discrete_y=True), "equally many samples, got 50 and 49"),
        (lambda x: knn.mutual_information(x, x > 0, discrete_y=True, theiler=1), "theiler does not go with a discrete"),
        (lambda x: knn.mutual_information(x, x, local_nonuniformity=0.3), "corrects the rectangles of algorithm=2"),
        (lambda x: knn.mutual_information(x, x, local_nonuniformity=2, algorithm=2), "local_nonuniformity must be"),
        (lambda x: knn.mutual_information(x, x, k=1, local_nonuniformity=0.3, algorithm=2), "k of at least the 2"),
        (lambda x: knn.conditional_mutual_information(x, x, x, algorithm=2), "algorithm must be one of 1, 'mixture'"),
        (lambda x: knn.conditional_mutual_information(x, x, x[1:]), "equally many samples, got 50 and 50 and 49"),
        (lambda x: knn.total_correlation(x), "at least 2 variables"),
        (lambda x: knn.dual_total_correlation(np.zeros(9), np.zeros(9)), 'pass ties="jitter"'),
        (lambda x: knn.kl_divergence(x, np.zeros((5, 2))), "equally many features, got 1 and 2"),
        (lambda x: knn.kl_divergence(np.zeros(5), x), "entropy is -inf"),
        (lambda x: knn.kl_divergence(x, np.repeat(x, 3)), "samples of x are equal to 3 samples of y"),
        (lambda x: knn.kl_divergence(x, x[:2]), "k must be at least 1 and less than n_samples of y"),
        (lambda x: knn.js_divergence(x, x, weights="none"), "weights must be one of"),
        (lambda x: knn.renyi_entropy(x, -1), "alpha must be finite and at least 0"),
        (lambda x: knn.renyi_entropy(x, 4, k=3), "k must be above alpha - 1 = 3, got 3"),
        (lambda x: knn.tsallis_entropy(x, math.inf), "q must be finite"),
        (lambda x: knn.transfer_entropy(x[:3], x[:3], lag=2), "must be longer than its pasts, 3 samples, got 3"),
        (lambda x: knn.lagged_mutual_information(x, x, [50]), "lag must be less than n_samples = 50"),
        (lambda x: knn.lagged_mutual_information(x, x, [0], local=True), "one lag at a time"),
        (lambda x: knn.mutual_information_matrix(x.reshape(25, 2), ties="jitter"), "ties must be one of"),
        (lambda x: knn.mutual_information_with(x.reshape(25, 2), x), "X and Y must have equally many samples"),
    ],
)  # fmt: skip
def test_hostile_arguments_are_named(rng, call, message):
    with pytest.raises(ValueError, match=message):
        call(rng.normal(size=50))
