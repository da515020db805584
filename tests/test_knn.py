"""Kozachenko-Leonenko entropy and KSG mutual information."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma

import hartley as ht
from hartley import knn
from hartley.reference import knn as reference

SIZES = [2, 7, 8, 9, 63, 64, 65, 300]
# a term is a sum of at most five numbers below 30, each exact to a few ulp
TERM_TOLERANCE = 1e-13


def dependent_pair(rng, n, rho):
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


# ------------------------------------------------------------------------------------- against the reference


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_entropy_terms_equal_the_reference(rng, metric, d):
    for n in SIZES:
        x = rng.normal(size=(n, d))
        for k in {1, min(3, n - 1), n - 1}:
            terms = knn.entropy(x, k=k, metric=metric, local=True)
            np.testing.assert_allclose(terms, reference.entropy_terms(x, k, metric), atol=d * TERM_TOLERANCE)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(("dx", "dy"), [(1, 1), (1, 2), (2, 1), (3, 3), (5, 4)])
def test_mutual_information_terms_equal_the_reference(rng, dx, dy):
    for n in SIZES:
        x = rng.normal(size=(n, dx))
        y = x[:, :1] + rng.normal(size=(n, dy))
        for k in {1, min(3, n - 1), n - 1}:
            terms = knn.mutual_information(x, y, k=k, local=True)
            np.testing.assert_allclose(terms, reference.mutual_information_terms(x, y, k), atol=TERM_TOLERANCE)


@pytest.mark.usefixtures("level")
def test_float32_terms_equal_the_reference_in_float32(rng):
    x, y = (v.astype(np.float32)[:, None] for v in dependent_pair(rng, 500, 0.7))
    np.testing.assert_allclose(
        knn.mutual_information(x, y, local=True), reference.mutual_information_terms(x, y, 3), atol=TERM_TOLERANCE
    )
    np.testing.assert_allclose(knn.entropy(x, local=True), reference.entropy_terms(x, 3), atol=TERM_TOLERANCE)


@pytest.mark.usefixtures("level")
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
@pytest.mark.parametrize("n_values", [1, 2, 5, 40])
def test_terms_of_tied_samples_equal_the_reference(rng, n_values):
    x = rng.integers(0, n_values, size=(400, 1)).astype(float)
    y = (x + rng.integers(0, 2, size=(400, 1))) % n_values
    y[::3] += rng.normal(size=(134, 1))  # a mixture of ties and continuous samples
    for other in [y, np.hstack([y, x])]:
        np.testing.assert_allclose(
            knn.mutual_information(x, other, local=True),
            reference.mutual_information_terms(x, other, 3),
            atol=TERM_TOLERANCE,
        )


@pytest.mark.usefixtures("level")
def test_digamma_is_exact_across_the_table_and_beyond_it():
    # n equal distances leave ψ(n) - ψ(k) + log 2 alone: two samples a distance 1 apart, k of n on a lattice
    for n in [2, 11, 12, 13, 8191, 8192, 8193, 20_000]:
        x = np.arange(n, dtype=float)
        expected = digamma(n) - digamma(1) + math.log(2.0)
        # ψ is exact to 4e-16 max(1, |ψ|) here and in SciPy; |ψ| <= 10
        np.testing.assert_allclose(knn.entropy(x, k=1, local=True), expected, atol=2e-14)


# ------------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_mutual_information_of_gaussians(rho):
    n, runs = 4000, 6
    estimates = [knn.mutual_information(*dependent_pair(np.random.default_rng(seed), n, rho)) for seed in range(runs)]
    # five standard errors of the mean over runs, and a bias that is below 0.01 at this n (Kraskov et al., fig. 4)
    tolerance = 5 * np.std(estimates, ddof=1) / math.sqrt(runs) + 0.01
    assert np.mean(estimates) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=tolerance)


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize(
    ("draw", "expected", "variance"),
    [
        # variance: of -log density, plus ψ'(3) of the spacing
        (lambda rng, n: rng.normal(size=n), 0.5 * math.log(2 * math.pi * math.e), 0.5 + 0.395),
        (lambda rng, n: rng.random(size=n), 0.0, 0.395),
        (lambda rng, n: rng.exponential(size=n), 1.0, 1.0 + 0.395),
    ],
)
def test_entropy_of_known_densities(rng, metric, draw, expected, variance):
    n = 20_000
    # terms of neighbours share distances: allow for twice the variance of independent ones, and for 5 sigma
    tolerance = 5 * math.sqrt(2 * variance / n)
    assert knn.entropy(draw(rng, n), metric=metric) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
def test_entropy_of_a_gaussian_in_three_dimensions(rng, metric):
    estimate = knn.entropy(rng.normal(size=(20_000, 3)), metric=metric)
    # 5 sigma as above (variance 1.5 + ψ'(3)), and a bias of order n^(-2/3) d = 0.004
    assert estimate == pytest.approx(1.5 * math.log(2 * math.pi * math.e), abs=5 * math.sqrt(2 * 1.9 / 20_000) + 0.01)


def test_a_constant_feature_tells_nothing(rng):
    labels = np.zeros(100_000)
    labels[:100] = 1.0
    with pytest.warns(ht.TiesWarning, match="100000 of 100000"):
        estimate = knn.mutual_information(np.ones(100_000), labels)
    # the mixture estimator's ψ(k~) - log(k~ + 1) is about -3/2 /(k~ + 1): -0.015 for one sample in a thousand
    assert estimate == pytest.approx(0.0, abs=5e-5)


def test_samples_of_few_values_give_their_plug_in_information(rng):
    x = rng.integers(0, 4, size=20_000)
    y = np.where(rng.random(20_000) < 0.5, x, rng.integers(0, 4, size=20_000))
    joint = np.histogram2d(x, y, bins=4)[0] / 20_000
    plug_in = ht.pmf.entropy(joint.sum(0)) + ht.pmf.entropy(joint.sum(1)) - ht.pmf.entropy(joint.ravel())
    with pytest.warns(ht.TiesWarning):
        estimate = knn.mutual_information(x, y)
    assert estimate == pytest.approx(plug_in, abs=1.6 * 16 / 20_000)  # 3/2 lost for each of 16 cells


# ------------------------------------------------------------------------------------- identities


@pytest.mark.usefixtures("level")
def test_the_mean_of_local_terms_is_the_estimate(rng):
    x, y = dependent_pair(rng, 5000, 0.5)
    for estimate in (lambda **o: knn.mutual_information(x, y, **o), lambda **o: knn.entropy(x, **o)):
        assert estimate() == pytest.approx(estimate(local=True).mean(), rel=1e-14)
        assert estimate(base=2) == pytest.approx(estimate(local=True, base="bits").mean(), rel=1e-14)
        assert isinstance(estimate(), float)


@pytest.mark.usefixtures("level")
def test_mutual_information_is_symmetric(rng):
    x, y = rng.normal(size=(1000, 2)), rng.normal(size=(1000, 3))
    # psi(n_x + 1) and psi(n_y + 1) are subtracted in the other order: one rounding each
    np.testing.assert_allclose(
        knn.mutual_information(x, y, local=True), knn.mutual_information(y, x, local=True), atol=1e-14
    )


@pytest.mark.usefixtures("level")
def test_the_order_of_the_samples_does_not_matter(rng):
    x, y = rng.normal(size=(20_000, 2)), rng.normal(size=20_000)
    shuffled = rng.permutation(20_000)
    np.testing.assert_array_equal(
        knn.mutual_information(x[shuffled], y[shuffled], local=True), knn.mutual_information(x, y, local=True)[shuffled]
    )
    np.testing.assert_array_equal(knn.entropy(x[shuffled], local=True), knn.entropy(x, local=True)[shuffled])


@pytest.mark.usefixtures("level")
def test_entropy_follows_scale_and_shift(rng):
    x = rng.normal(size=(2000, 2))
    # 4 x + 64 loses 5 bits of some coordinates
    assert knn.entropy(4.0 * x) == pytest.approx(knn.entropy(x) + 2 * math.log(4.0), rel=1e-14)
    assert knn.entropy(x + 64.0) == pytest.approx(knn.entropy(x), rel=1e-10)


@pytest.mark.usefixtures("level")
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("ignore::hartley.TiesWarning")
@given(arrays(np.float64, st.tuples(st.integers(2, 70), st.just(3)), elements=st.integers(-3, 3).map(float)))
def test_small_lattices_equal_the_reference(points):
    x, y = points[:, :1], points[:, 1:]
    np.testing.assert_allclose(
        knn.mutual_information(x, y, k=1, local=True), reference.mutual_information_terms(x, y, 1), atol=TERM_TOLERANCE
    )


@pytest.mark.usefixtures("level")
def test_the_number_of_threads_changes_no_bit(rng):
    x, y = dependent_pair(rng, 30_000, 0.8)
    results = []
    for n_threads in [1, 2, 3, 8]:
        with ht.threads(n_threads):
            results.append((knn.entropy(x), knn.mutual_information(x, y), knn.mutual_information(x, y.reshape(-1, 1))))
    assert len(set(results)) == 1


def test_calls_from_several_threads_agree(rng):
    x, y = dependent_pair(rng, 20_000, 0.8)
    expected, results = knn.mutual_information(x, y), []
    callers = [threading.Thread(target=lambda: results.append(knn.mutual_information(x, y))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert results == [expected] * 4


def test_every_memory_layout_gives_the_same(rng):
    wide = rng.normal(size=(500, 6))
    expected = knn.entropy(np.ascontiguousarray(wide[:, ::2]))
    for x in [wide[:, ::2], np.asfortranarray(wide[:, ::2]), wide[:, ::2].astype(">f8"), wide[:, ::2].tolist()]:
        assert knn.entropy(x) == expected
    assert knn.entropy(wide[:, 0]) == knn.entropy(wide[:, :1])


# ------------------------------------------------------------------------------------- options and errors


def test_the_unit_is_chosen_by_base(rng):
    x, y = dependent_pair(rng, 500, 0.5)
    nats = knn.mutual_information(x, y)
    assert knn.mutual_information(x, y, base=2) == pytest.approx(nats / math.log(2))
    assert knn.mutual_information(x, y, base="hartleys") == pytest.approx(nats / math.log(10))
    with pytest.raises(ValueError, match="base"):
        knn.entropy(x, base=1)


def test_a_negative_estimate_is_clipped_on_request():
    rng = np.random.default_rng(3)
    estimates = [knn.mutual_information(*rng.normal(size=(2, 200))) for _ in range(20)]
    assert min(estimates) < 0
    rng = np.random.default_rng(3)
    clipped = [knn.mutual_information(*rng.normal(size=(2, 200)), clip=True) for _ in range(20)]
    assert clipped == [max(estimate, 0.0) for estimate in estimates]


@pytest.mark.usefixtures("level")
def test_tied_entropy_raises_and_names_the_ways_out(rng):
    x = np.repeat(rng.normal(size=50), 5)
    for ties in ["exact", "raise"]:
        with pytest.raises(ValueError, match=r"250 of 250 .*jitter.*discrete"):
            knn.entropy(x, ties=ties)
    assert math.isfinite(knn.entropy(x, k=5))


def test_ties_of_mutual_information_raise_on_request(rng):
    x = rng.integers(0, 3, size=100)
    with pytest.raises(ValueError, match="100 of 100 samples"):
        knn.mutual_information(x, x, ties="raise")
    y = rng.normal(size=(2, 100))
    assert knn.mutual_information(*y, ties="raise") == knn.mutual_information(*y)


def test_jitter_breaks_ties_and_its_seed_repeats():
    rng = np.random.default_rng(0)
    x, y = (np.round(v, 1) for v in dependent_pair(rng, 2000, 0.8))
    first = knn.mutual_information(x, y, ties="jitter", seed=1)
    assert first == knn.mutual_information(x, y, ties="jitter", seed=1)
    assert first == knn.mutual_information(x, y, ties="jitter", seed=np.random.default_rng(1))
    assert first != knn.mutual_information(x, y, ties="jitter", seed=2)
    assert math.isfinite(knn.entropy(np.ones((100, 2), dtype=np.float32), ties="jitter", seed=1))
    shifted = knn.mutual_information(x + 2.0**40, y, ties="jitter", seed=1)  # noise is relative to the spread
    assert shifted == pytest.approx(first, abs=0.05)


def test_rows_with_nan_are_refused_or_omitted(rng):
    x, y = dependent_pair(rng, 300, 0.5)
    expected = knn.mutual_information(x[2:], y[2:])
    x[0] = y[1] = np.nan
    with pytest.raises(ValueError, match=r"x must be finite, got 1 .* first x\["):
        knn.mutual_information(x, y)
    assert knn.mutual_information(x, y, nan_policy="omit") == expected
    assert knn.entropy(x, nan_policy="omit") == knn.entropy(x[1:])
    with pytest.raises(ValueError, match="no samples left"):
        knn.entropy(np.full(10, np.nan), nan_policy="omit")
    with pytest.raises(ValueError, match="finite"):
        knn.entropy(np.array([1.0, 2.0, np.inf, 3.0, 4.0]), nan_policy="omit")
    with pytest.raises(ValueError, match="nan_policy must be one of"):
        knn.entropy(x, nan_policy="ignore")


@pytest.mark.parametrize("k", [0, -1, 5, 6])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be at least 1 and less than n_samples = 5, got {k}"):
        knn.entropy(np.arange(5.0), k=k)
    with pytest.raises(ValueError, match="k must be at least 1"):
        knn.mutual_information(np.arange(5.0), np.arange(5.0), k=k)


def test_bad_arguments_are_named():
    x = np.arange(10.0)
    with pytest.raises(TypeError, match="k must be an int"):
        knn.entropy(x, k=2.5)
    with pytest.raises(ValueError, match="metric must be one of"):
        knn.entropy(x, metric="cosine")
    with pytest.raises(ValueError, match="ties must be one of"):
        knn.mutual_information(x, x, ties="noise")
    with pytest.raises(ValueError, match=r"algorithm must be one of 1, 2, .* got 3"):
        knn.mutual_information(x, x, algorithm=3)
    with pytest.raises(ValueError, match="x and y must have equally many samples, got 10 and 9"):
        knn.mutual_information(x, x[1:])
    with pytest.raises(ValueError, match="x has no features"):
        knn.mutual_information(np.empty((10, 0)), x)
    with pytest.raises(ValueError, match="x has no samples"):
        knn.entropy([])
    with pytest.raises(TypeError, match="real numbers"):
        knn.entropy(["a", "b", "c", "d"])


def test_progress_is_told_as_growing_fractions(rng):
    x, y = rng.normal(size=(2, 100_000, 3))
    fractions: list[float] = []
    assert knn.mutual_information(x, y, progress=fractions.append) == knn.mutual_information(x, y)
    assert fractions == sorted(fractions)
    assert any(0.0 < fraction < 1.0 for fraction in fractions)  # the kernel's own: it lasts several polls of 10 ms
    assert fractions[-1] == 1.0
