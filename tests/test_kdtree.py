"""The k-d tree and the sorted line: every distance and every count, against SciPy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

import hartley as ht
from hartley import _dispatch
from hartley.reference import knn as reference

pytestmark = pytest.mark.usefixtures("level")

SIZES = [2, 3, 47, 48, 49, 64, 65, 385, 1000, 3073]  # around one leaf, one node of leaves, several levels


def kth_distance(x, k, metric="chebyshev", n_threads=2):
    return _dispatch.kernels.knn_kth_distance(np.ascontiguousarray(x), k, metric, n_threads)


def count_within(x, radius, n_threads=2):
    return _dispatch.kernels.knn_count_within(np.ascontiguousarray(x), radius, n_threads)


def scipy_kth_distance(x, k, p):
    return cKDTree(x).query(x, k + 1, p=p)[0][:, k]


def brute_force_counts(x, radius, rows):
    return [int((np.abs(x - x[i]).max(axis=1) < radius[i]).sum()) for i in rows]


def layouts(rng, n, d):
    """Point clouds that trees have trouble with, by name."""
    half = rng.normal(size=(n, d))
    half[::2] = 0.25
    outlier = rng.normal(size=(n, d))
    outlier[n // 2] = 1e12
    line = np.repeat(rng.normal(size=(n, 1)), d, axis=1)
    scales = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-320, 300, size=(n, 1))
    return {
        "normal": rng.normal(size=(n, d)),
        "uniform": rng.random(size=(n, d)),
        "Cauchy": rng.standard_cauchy(size=(n, d)),
        "lattice": rng.integers(0, 4, size=(n, d)).astype(float),
        "all equal": np.full((n, d), 3.5),
        "half duplicates": half,
        "one far outlier": outlier,
        "a line": line,
        "denormal to huge": scales,
        "sorted": np.sort(rng.normal(size=(n, d)), axis=0),
    }


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 7, 13])
def test_chebyshev_distances_equal_scipys_to_the_last_bit(rng, d):
    for n in SIZES:
        x = rng.normal(size=(n, d))
        for k in {1, min(4, n - 1), min(9, n - 1), min(60, n - 1)}:
            np.testing.assert_array_equal(kth_distance(x, k), scipy_kth_distance(x, k, np.inf))


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 7, 13])
def test_euclidean_distances_agree_with_scipys(rng, d):
    for n in SIZES:
        x = rng.normal(size=(n, d))
        for k in {1, min(4, n - 1), min(60, n - 1)}:
            # d squares added in another order differ by (d - 1) eps / 2 at most, the root halves that and rounds
            np.testing.assert_allclose(
                kth_distance(x, k, "euclidean"), scipy_kth_distance(x, k, 2), rtol=(d + 3) / 4 * np.finfo(float).eps
            )


@pytest.mark.parametrize("d", [1, 2, 3, 5, 9])
def test_hard_layouts_are_exact(rng, d):
    for n in [100, 3000]:
        for name, x in layouts(rng, n, d).items():
            expected = scipy_kth_distance(x, 4, np.inf)
            np.testing.assert_array_equal(kth_distance(x, 4), expected, err_msg=name)
            radius = 1.5 * expected + np.finfo(float).tiny
            rows = range(0, n, 61)
            counts = count_within(x, radius)
            np.testing.assert_array_equal(counts[rows], brute_force_counts(x, radius, rows), err_msg=name)


def test_many_buckets_are_exact(rng):
    for name, x in layouts(rng, 40_000, 3).items():
        distances = kth_distance(x, 3)
        for i in range(0, 40_000, 1999):
            expected = np.partition(np.abs(x - x[i]).max(axis=1), 3)[3]
            assert distances[i] == expected, name


@pytest.mark.parametrize("d", [20, 64])
def test_many_features_are_exact(rng, d):
    for n in [70, 2500]:
        x = rng.normal(size=(n, d))
        np.testing.assert_array_equal(kth_distance(x, 4), scipy_kth_distance(x, 4, np.inf))
        np.testing.assert_allclose(
            kth_distance(x, 4, "euclidean"), scipy_kth_distance(x, 4, 2), rtol=(d + 3) / 4 * np.finfo(float).eps
        )


def brute_force_kth_distance(x, k, metric):
    """Coordinate by coordinate in order, in the type of x: the tree's own arithmetic."""
    total = np.zeros((len(x), len(x)), dtype=x.dtype)
    for column in x.T:
        difference = column[:, None] - column[None, :]
        total = np.maximum(total, np.abs(difference)) if metric == "chebyshev" else total + difference * difference
    np.fill_diagonal(total, np.inf)
    kth = np.partition(total, k - 1, axis=1)[:, k - 1]
    return kth if metric == "chebyshev" else np.sqrt(kth)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize("d", [8, 16, 33, 64])
def test_the_float32_filter_of_many_dimensions_loses_no_neighbour(rng, d, metric, dtype):
    n = 700  # more leaves than the filter asks for
    clouds = {
        "far from the origin": rng.normal(size=(n, d)) + 1e6,
        "nearly equal points": rng.normal(size=(7, d))[rng.integers(0, 7, n)] + 1e-7 * rng.normal(size=(n, d)),
        "lattice": rng.integers(0, 3, size=(n, d)).astype(float),
        "columns of very different scales": rng.normal(size=(n, d)) * 10.0 ** np.linspace(-12, 4, d),
        "heavy tails": rng.standard_cauchy(size=(n, d)) ** 3,
    }
    for name, cloud in clouds.items():
        x = cloud.astype(dtype)
        for k in (1, 4):
            np.testing.assert_array_equal(
                kth_distance(x, k, metric), brute_force_kth_distance(x, k, metric), err_msg=f"{name}, k = {k}"
            )


@pytest.mark.parametrize("d", [1, 2, 3, 6, 9])
def test_float32_distances_equal_brute_force_in_float32(rng, d):
    for n in [2, 65, 1000]:
        for x in layouts(rng, n, d).values():
            x = np.clip(x, -1e30, 1e30).astype(np.float32)
            np.testing.assert_array_equal(kth_distance(x, 1), reference.kth_distance(x, 1))
    x = rng.normal(size=(1000, d)).astype(np.float32)
    np.testing.assert_allclose(
        kth_distance(x, 5, "euclidean"),
        reference.kth_distance(x, 5, "euclidean"),
        rtol=(d + 3) / 4 * np.finfo(np.float32).eps,
    )


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_euclidean_distances_neither_overflow_nor_vanish(rng, scale):
    x = rng.normal(size=(500, 3))
    np.testing.assert_allclose(
        kth_distance(x * scale, 3, "euclidean"), kth_distance(x, 3, "euclidean") * scale, rtol=1e-13
    )


@pytest.mark.parametrize("k", [1, 7, 8, 31, 32, 33, 47, 48, 49, 99, 499])
def test_every_list_length_is_exact(rng, k):
    for d in [1, 2, 7]:
        x = rng.normal(size=(500, d))
        np.testing.assert_array_equal(kth_distance(x, k), scipy_kth_distance(x, k, np.inf))


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8])
def test_counts_are_strict_and_compare_differences(rng, d):
    x = rng.normal(size=(2000, d)) + 10.0
    radius = kth_distance(x, 20)  # the 20th neighbour lies on the boundary and is not inside
    np.testing.assert_array_equal(count_within(x, radius), np.full(2000, 20))
    np.testing.assert_array_equal(count_within(x, np.nextafter(radius, np.inf)), np.full(2000, 21))


@pytest.mark.parametrize("d", [1, 2, 3, 8])
def test_counts_of_mixed_radii_equal_brute_force(rng, d):
    x = rng.normal(size=(1500, d))
    radius = 10.0 ** rng.uniform(-3, 1, size=1500)
    radius[::7] = -1.0
    radius[::11] = 0.0
    radius[::13] = np.inf
    np.testing.assert_array_equal(count_within(x, radius), brute_force_counts(x, radius, range(1500)))


@pytest.mark.parametrize("d", [1, 2, 6, 11])
@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
def test_the_number_of_threads_changes_no_bit(rng, d, metric):
    x = rng.normal(size=(17_000 if d < 11 else 3000, d))
    one = kth_distance(x, 3, metric, 1)
    counts = count_within(x, one, 1)
    for n_threads in [2, 3, 8]:
        np.testing.assert_array_equal(kth_distance(x, 3, metric, n_threads), one)
        np.testing.assert_array_equal(count_within(x, one, n_threads), counts)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
def test_all_levels_give_the_same_bits(rng, dtype, metric):
    for d in [1, 3, 10]:
        x = rng.normal(size=(3000, d)).astype(dtype)
        lowest = _dispatch.load(_dispatch.available_levels()[0])
        expected = lowest.knn_kth_distance(x, 4, metric, 2)
        np.testing.assert_array_equal(kth_distance(x, 4, metric), expected)
        np.testing.assert_array_equal(count_within(x, expected), lowest.knn_count_within(x, expected, 2))


def test_kernels_do_not_convert():
    with pytest.raises(TypeError):
        _dispatch.kernels.knn_kth_distance(np.zeros((4, 2), dtype=np.int64), 1, "chebyshev", 1)
    with pytest.raises(ValueError, match="metric must be"):
        kth_distance(np.zeros((4, 2)), 1, "cosine")


def test_inputs_are_not_written_to(rng):
    x = rng.normal(size=(1000, 2))
    x.flags.writeable = False
    before = x.copy()
    ht.knn.entropy(x)
    ht.knn.entropy(x[:, 0])
    np.testing.assert_array_equal(x, before)
