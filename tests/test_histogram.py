"""Binning, counting and binned mutual information."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hartley as ht
from hartley import _dispatch, discrete, histogram
from hartley.reference import histogram as reference

SIZES = [2, 7, 8, 9, 63, 64, 65, 1000, 1023, 1024, 1025, 8193, 65537, 100003]
EDGES = {"uniform": reference.uniform_edges, "quantile": reference.quantile_edges}
# plug-in information of exact counts: at most 2 eps times the largest log (about 12) on each side
TOLERANCE = 2e-14


def reference_information(x, y, bins, binning):
    x_edges, y_edges = EDGES[binning](x, bins), EDGES[binning](y, bins)
    x_codes, y_codes = reference.digitize(x, x_edges), reference.digitize(y, y_edges)
    counts = reference.joint_counts(x_codes, y_codes, len(x_edges) - 1, len(y_edges) - 1)
    return counts, reference.mutual_information(counts)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("binning", ["uniform", "quantile"])
@pytest.mark.parametrize("n", SIZES)
def test_edges_codes_and_information_equal_the_reference(level, n, binning, dtype, rng):
    x = rng.normal(size=n).astype(dtype)
    y = (x + rng.normal(size=n)).astype(dtype)
    for bins in (1, 2, 5, 16, 64, 100, 300):
        edges = EDGES[binning](x, bins)
        np.testing.assert_array_equal(histogram.bin_edges(x, bins, binning), edges)
        np.testing.assert_array_equal(histogram.digitize(x, bins, binning), reference.digitize(x, edges))
        _, information = reference_information(x, y, bins, binning)
        assert histogram.mutual_information(x, y, bins=bins, binning=binning) == pytest.approx(
            information, abs=TOLERANCE
        )


def kernel_counts(x, y, edges, n_threads, uniform=False):
    return _dispatch.kernels.histogram_joint_counts(x, y, edges, uniform, edges, uniform, n_threads)[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("bins", [2, 8, 31, 64, 65, 128])
def test_counts_are_exact_at_every_level_and_number_of_threads(level, bins, dtype, rng):
    x, y = rng.random((2, 200_001)).astype(dtype)
    x[:5000] = 0.25  # one crowded cell: increments that follow each other closely
    y[:5000] = 0.75
    edges = np.linspace(0, 1, bins + 1)
    expected = reference.joint_counts(reference.digitize(x, edges), reference.digitize(y, edges), bins, bins)
    for n_threads in (1, 2, 3, 8):
        for uniform in (False, True):
            np.testing.assert_array_equal(kernel_counts(x, y, edges, n_threads, uniform), expected)


@pytest.mark.parametrize(
    ("first", "last"),
    [(0.0, 1.0), (-1.0, 1.0), (0.1, 0.7), (1e-300, 3e-300), (-1e300, 1e300), (1e15, 1e15 + 64), (-3.3, 1e-3)],
)
@pytest.mark.parametrize("bins", [3, 10, 49, 64, 1000])
def test_values_on_and_beside_every_uniform_edge_fall_where_searchsorted_puts_them(level, first, last, bins):
    edges = np.linspace(first, last, bins + 1)
    x = np.concatenate([edges, np.nextafter(edges, -np.inf)[1:], np.nextafter(edges, np.inf)[:-1]])
    expected = np.clip(np.searchsorted(np.unique(edges), x, side="right") - 1, 0, len(np.unique(edges)) - 2)
    np.testing.assert_array_equal(histogram.digitize(x, bins), expected)


@given(
    x=hnp.arrays(np.float64, st.integers(2, 300), elements=st.floats(-1e300, 1e300, allow_subnormal=True)),
    bins=st.integers(1, 80),
    binning=st.sampled_from(["uniform", "quantile"]),
)
@settings(max_examples=150, deadline=None)
def test_codes_equal_searchsorted_on_whatever_edges_come_out(x, bins, binning):
    edges = histogram.bin_edges(x, bins, binning)
    codes = histogram.digitize(x, bins, binning)
    assert np.all(np.diff(edges) > 0) or (len(edges) == 2 and edges[0] == edges[1])
    np.testing.assert_array_equal(codes, np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2))


def test_quantile_bins_keep_ties_together(rng):
    x = rng.integers(0, 3, 1000).astype(float)
    edges = histogram.bin_edges(x, 16, "quantile")
    np.testing.assert_array_equal(edges, [0.0, 1.0, 2.0])
    assert np.unique(histogram.digitize(x, 16, "quantile")).tolist() == [0, 1]


@pytest.mark.parametrize("shape", [(3_000_000, 1), (20_000, 9), (9_000, 3), (8192, 2), (100, 17)])
def test_order_statistics_equal_sorting(level, shape, rng):
    x = rng.standard_cauchy(shape)
    x[::3, 0] = 0.5  # ties
    x[::5, -1] = np.nan
    n = shape[0] - np.isnan(x).sum(0)
    ranks = np.stack([np.array([0, 1, m // 3, m // 2, m // 2, m - 2, m - 1]) for m in n])
    got = _dispatch.kernels.histogram_order_statistics(x, ranks, 2)
    ordered = np.sort(x, axis=0)
    np.testing.assert_array_equal(got, np.stack([ordered[r, c] for c, r in enumerate(ranks)]))


@pytest.mark.parametrize("rule", ["fd", "sturges", "scott", "doane", "sqrt"])
def test_rules_equal_numpy(rule, rng):
    for x in (rng.normal(size=3000), rng.exponential(size=77), np.array([1.0, 1.0, 2.0]), np.array([5.0, 9.0])):
        np.testing.assert_array_equal(histogram.bin_edges(x, rule), np.histogram_bin_edges(x, rule))
    limits = (-1.0, 2.5)
    inside = rng.uniform(*limits, size=500)
    np.testing.assert_array_equal(
        histogram.bin_edges(inside, rule, range=limits), np.histogram_bin_edges(inside, rule, range=limits)
    )


@pytest.mark.parametrize("bins", [2, 3, 4, 7, 8, 9, 16, 17, 40, 300])
def test_all_pairs_equal_the_reference_with_ties_and_missing_values(level, bins, rng):
    x = rng.normal(size=(16385, 11))
    x[:, 3] = x[:, 4] ** 2
    x[:, 5] = np.round(x[:, 5])
    x[::7, 6] = np.nan
    x[::11, 7] = np.nan
    x[:, 8] = 1.0
    codes = histogram.digitize(x, bins, "quantile", nan_policy="omit")
    n_cells = np.array([max(1, len(reference.quantile_edges(c[~np.isnan(c)], bins)) - 1) for c in x.T])
    expected = reference.mutual_information_matrix(codes.astype(np.int64), n_cells)
    got = histogram.mutual_information_matrix(x, bins=bins, nan_policy="omit")
    np.testing.assert_allclose(got, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("n_rows", [1, 63, 64, 65, 16383, 16384, 16385, 262145, 300000])
def test_the_counting_schemes_agree_around_block_boundaries(level, n_rows, rng):
    codes = rng.integers(0, 6, (3, n_rows)).astype(np.uint8)
    n_cells = np.full(3, 6)
    few = _dispatch.kernels.histogram_pairs(codes, n_cells, 2, None)
    wide = _dispatch.kernels.histogram_pairs(codes.astype(np.uint16), n_cells, 2, None)
    for a, b in zip(few, wide, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(few[0], reference.mutual_information_matrix(codes, n_cells), atol=TOLERANCE)


def test_large_alphabets_are_counted_without_a_table(level, rng):
    codes = np.stack([rng.integers(0, 60000, 5000), rng.integers(0, 50000, 5000), rng.integers(0, 3, 5000)])
    codes[2, ::9] = 3
    n_cells = np.array([60000, 50000, 3])
    information, n, symbols, cells, _ = _dispatch.kernels.histogram_pairs(codes.astype(np.uint16), n_cells, 2, None)
    np.testing.assert_allclose(information[:2, :2], small_alphabet_information(codes[:2]), atol=TOLERANCE)
    present = codes[:, codes[2] < 3]
    np.testing.assert_allclose(information[2, 0], small_alphabet_information(present)[2, 0], atol=TOLERANCE)
    assert n[2, 0] == present.shape[1]
    assert cells[0, 1] == len(np.unique(codes[0] * 50000 + codes[1]))
    assert symbols[0, 2] == len(np.unique(present[0]))


def small_alphabet_information(codes):
    dense = np.stack([np.unique(c, return_inverse=True)[1] for c in codes])
    return reference.mutual_information_matrix(dense, dense.max(axis=1) + 1)


def test_pairs_report_sizes_for_corrections(level, rng):
    codes = rng.integers(0, 5, (2, 400)).astype(np.uint8)
    codes[0, :100] = 5  # missing
    information, n, symbols, cells, entropy = _dispatch.kernels.histogram_pairs(codes, np.array([5, 5]), 1, None)
    table = reference.joint_counts(codes[0, 100:].astype(int), codes[1, 100:].astype(int), 5, 5)
    assert n.tolist() == [[300, 300], [300, 400]]
    assert cells[0, 1] == np.count_nonzero(table)
    assert symbols[1, 0] == np.count_nonzero(table.sum(0))
    p = table.sum(1) / 300
    assert entropy[0, 1] == pytest.approx(-(p * np.log(p)).sum(), abs=TOLERANCE)
    assert information[0, 1] == pytest.approx(reference.mutual_information(table), abs=TOLERANCE)


def test_matrix_is_the_same_for_every_number_of_threads(level, rng):
    x = rng.normal(size=(3000, 20))
    with ht.threads(1):
        expected = histogram.mutual_information_matrix(x)
    for n_threads in (2, 3, 8):
        with ht.threads(n_threads):
            np.testing.assert_array_equal(histogram.mutual_information_matrix(x), expected)


def test_miller_madow_adds_the_occupied_cells(rng):
    x, y = rng.normal(size=(2, 500))
    counts, information = reference_information(x, y, 8, "quantile")
    correction = (8 + 8 - np.count_nonzero(counts) - 1) / 1000
    got = histogram.mutual_information(x, y, bins=8, estimator="miller_madow")
    assert got == pytest.approx(information + correction, abs=TOLERANCE)
    matrix = histogram.mutual_information_matrix(np.stack([x, y], 1), bins=8, estimator="miller_madow")
    assert matrix[0, 1] == pytest.approx(got, abs=TOLERANCE)
    assert matrix[0, 0] == pytest.approx(math.log(8) + 7 / 1000, abs=1e-3)


def test_plug_in_bias_on_independent_data_is_the_chi_square_one(rng):
    # 2 n I is close to chi-square with 225 degrees of freedom: mean 225, standard deviation sqrt(450) = 21.2; the mean
    # of 100 has a standard error of 2.1, and 5 of them are allowed
    values = [2 * 4000 * histogram.mutual_information(*rng.normal(size=(2, 4000))) for _ in range(100)]
    assert abs(np.mean(values) - 225) < 11


def test_information_of_a_gaussian_pair_approaches_the_closed_form(rng):
    rho = 0.8
    x = rng.normal(size=400_000)
    y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=400_000)
    exact = -0.5 * math.log(1 - rho**2)
    got = histogram.mutual_information(x, y, bins=64, estimator="miller_madow")
    # binning into 64 quantile cells loses a little (it can only lose: data processing), the sampling error is about
    # 0.002
    assert exact - 0.03 < got < exact + 0.006


def test_normalized_matrix_has_ones_where_one_column_gives_the_other(rng):
    x = rng.normal(size=(1000, 3))
    x[:, 1] = np.exp(x[:, 0])
    x[:, 2] = 7.0
    matrix = histogram.mutual_information_matrix(x, normalized=True)
    # sums over 16 cells (diagonal) and over 256 (pair) in different orders: 16 terms of at most 2 eps
    np.testing.assert_allclose(matrix[:2, :2], 1.0, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(matrix[2], 0.0)


def test_frames_keep_their_labels(rng):
    import pandas as pd

    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    matrix = histogram.mutual_information_matrix(frame, bins=4)
    assert list(matrix.index) == list(matrix.columns) == ["a", "b", "c"]
    np.testing.assert_array_equal(matrix.to_numpy(), histogram.mutual_information_matrix(frame.to_numpy(), bins=4))


def test_units_and_symmetry(rng):
    x, y = rng.normal(size=(2, 1000))
    nats = histogram.mutual_information(x, y)
    assert histogram.mutual_information(x, y, base="bits") == pytest.approx(nats / math.log(2), rel=1e-15)
    assert histogram.mutual_information(y, x) == pytest.approx(nats, rel=1e-13)
    pair = np.stack([x, y], 1)
    np.testing.assert_allclose(
        histogram.mutual_information_matrix(pair, base=2), histogram.mutual_information_matrix(pair) / math.log(2)
    )


def test_omit_drops_rows_with_nan_pairwise(rng):
    x, y = rng.normal(size=(2, 1000))
    x[::10], y[5::10] = np.nan, np.nan
    kept = ~(np.isnan(x) | np.isnan(y))
    expected = histogram.mutual_information(x[kept], y[kept], binning="uniform", bins=5)
    assert histogram.mutual_information(x, y, binning="uniform", bins=5, nan_policy="omit") == expected


def test_progress_goes_from_start_to_end(rng):
    told = []
    histogram.mutual_information_matrix(rng.normal(size=(20_000, 100)), bins=40, progress=told.append)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert any(0.0 < fraction < 1.0 for fraction in told)  # the kernel's own, not the call's last word


def test_a_progress_function_may_call_hartley(rng):
    x, told = rng.normal(size=(20_000, 100)), []

    def nested(fraction):
        told.append(fraction)
        histogram.mutual_information_matrix(x[:50, :3])

    histogram.mutual_information_matrix(x, bins=40, progress=nested)
    assert len(told) > 2


@pytest.mark.parametrize("columns", [1, 70])
@pytest.mark.parametrize("shape", ["timestamps", "constant", "two values", "huge and tiny"])
def test_quantile_edges_of_hard_columns_equal_numpy(level, columns, shape, rng):
    n = 300_001 if columns == 1 else 9001
    x = {
        "timestamps": 1.6e9 + np.floor(rng.random((n, columns)) * 3e7),
        "constant": np.full((n, columns), 7.25),
        "two values": rng.integers(0, 2, (n, columns)) * 1e-300,
        "huge and tiny": rng.normal(size=(n, columns)) * 10.0 ** rng.uniform(-300, 300, (n, columns)),
    }[shape]
    codes = histogram.digitize(x, 16, "quantile")
    for c in {0, columns - 1}:
        edges = reference.quantile_edges(x[:, c], 16)
        edges = np.repeat(edges, 2) if len(edges) == 1 else edges
        np.testing.assert_array_equal(codes[c], reference.digitize(x[:, c], edges))


def test_pairs_of_more_cells_than_a_table_should_have_are_right(level, rng):
    x = rng.normal(size=3000)
    y = x + rng.normal(size=3000)
    _, information = reference_information(x, y, 2000, "quantile")
    assert histogram.mutual_information(x, y, bins=2000) == pytest.approx(information, abs=TOLERANCE)


def test_corrected_estimates_below_zero_can_be_clipped(rng):
    x = rng.normal(size=(200, 6))
    raw = histogram.mutual_information_matrix(x, bins=8, estimator="miller_madow")
    clipped = histogram.mutual_information_matrix(x, bins=8, estimator="miller_madow", clip=True)
    assert raw.min() < 0
    np.testing.assert_array_equal(clipped, np.maximum(raw, 0.0))


def test_an_error_of_the_progress_function_comes_out(rng):
    def fail(fraction):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        histogram.mutual_information_matrix(rng.normal(size=(20_000, 100)), progress=fail)


@pytest.mark.parametrize("dof", [1, 2, 5, 30, 225, 1999, 10_000, 4_000_000])
def test_chi_square_tail_equals_scipy(level, dof):
    spread = math.sqrt(2 * dof)
    statistic = np.array(
        [1e-10, 0.5 * dof, dof - spread, dof, dof + 1.0, dof + spread, dof + 5 * spread, dof + 20 * spread]
    )
    statistic = np.maximum(statistic, 1e-10)
    got = _dispatch.kernels.chi2_survival(statistic, np.full(len(statistic), float(dof)), 2)
    # the prefactor e^(a …) has relative error a few eps times its exponent's size; SciPy's own error is of the same
    # order
    np.testing.assert_allclose(got, scipy.stats.chi2.sf(statistic, dof), rtol=1e-11 + 1e-14 * spread, atol=1e-300)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: histogram.mutual_information([1.0, 2.0], [1.0]), "equally many samples, got 2 and 1"),
        (lambda: histogram.mutual_information([], []), "x has no samples"),
        (lambda: histogram.mutual_information([1.0, np.nan], [1, 2]), r"x has 1 NaN entries, first x\[1\]"),
        (lambda: histogram.mutual_information([1.0, 2.0], [np.nan, 2]), r"y has 1 NaN entries, first y\[0\]"),
        (
            lambda: histogram.mutual_information([1.0, np.inf], [1, 2]),
            r"x must be finite, got 1 infinite entries, first x\[1, 0\]",
        ),
        (lambda: histogram.mutual_information([1, 2], [1, 2], bins=0), "bins must be from 1 to 65535, got 0"),
        (lambda: histogram.mutual_information([1, 2], [1, 2], bins="best"), "bins must be a whole number"),
        (lambda: histogram.mutual_information([1, 2], [1, 2], binning="log"), 'binning must be "uniform"'),
        (lambda: histogram.mutual_information([1, 2], [1, 2], estimator="plugin"), "estimator must be one of"),
        (lambda: histogram.mutual_information([1, 2], [1, 2], nan_policy="drop"), "nan_policy must be"),
        (lambda: histogram.bin_edges([1, 2], [0, 2.5, 2.0]), r"edges must increase; edges\[2\] = 2.0 follows 2.5"),
        (lambda: histogram.bin_edges([1, 2], [0, np.inf]), r"edges must be finite, got edges\[1\]"),
        (lambda: histogram.digitize([1, 9], [0, 5]), "x has 1 values outside the edges from 0.0 to 5.0"),
        (lambda: histogram.digitize([1, 9], 4, range=(2, 10)), "x has 1 values outside"),
        (lambda: histogram.digitize([1, 9], 4, range=(5, 5)), "range must be"),
        (lambda: histogram.digitize([-1.7e308, 1.7e308], 4), "x ranges from .* wider than float64"),
        (lambda: histogram.digitize([-1.7e308, 1.7e308], 4, "quantile"), "x ranges from .* wider than float64"),
        (lambda: histogram.bin_edges([*np.linspace(0, 1, 1000), 1e12]), "bins='fd' asks for .* bins of x"),
        (
            lambda: histogram.mutual_information([np.nan, np.nan, 1, 2], [1, 2, np.nan, np.nan], nan_policy="omit"),
            "x and y have no row in which both are numbers",
        ),
        (
            lambda: histogram.mutual_information_matrix([[np.nan, 1], [np.nan, 2], [1, np.nan]], nan_policy="omit"),
            "columns 0 and 1 of X have no row",
        ),
        (lambda: histogram.bin_edges([0, np.inf]), "x must be finite, got 1 infinite"),
        (lambda: histogram.mutual_information_matrix([[1.0, np.nan], [2, 3]]), r"X has 1 NaN entries"),
        (
            lambda: histogram.mutual_information_matrix(np.full((3, 2), np.nan), nan_policy="omit"),
            "no number in column 0",
        ),
        (lambda: histogram.mutual_information_matrix(np.ones((3, 2, 2))), r"must have shape \(n_samples, n_features\)"),
        (lambda: histogram.mutual_information_matrix(np.ones((3, 0))), "no features"),
        (lambda: histogram.mutual_information(np.ones((3, 2)), [1, 2, 3]), "x must be one column"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match="bins must be a whole number"):
        histogram.bin_edges([1, 2], True)
    with pytest.raises(TypeError, match="progress must be"):
        histogram.mutual_information_matrix([[1, 2], [3, 4]], progress="yes")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("edges", [[0.0, 0.25, 0.5, 1.0], list(np.linspace(0, 1, 101))])
def test_numbers_outside_of_edges_are_left_out_or_clipped(level, edges, dtype, rng):
    x, y = rng.normal(0.5, 0.5, size=(2, 5000)).astype(dtype)
    inside = (x >= 0) & (x <= 1)
    expected = np.where(inside, np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2), len(edges) - 1)
    np.testing.assert_array_equal(histogram.digitize(x, edges, outside="ignore"), expected)
    np.testing.assert_array_equal(histogram.digitize(x, edges, outside="clip"), histogram.digitize(x.clip(0, 1), edges))
    both = inside & (y >= 0) & (y <= 1)
    clipped = histogram.mutual_information(x, y, bins=edges, outside="clip")
    assert clipped == pytest.approx(histogram.mutual_information(x.clip(0, 1), y.clip(0, 1), bins=edges), abs=1e-14)
    ignored = histogram.mutual_information(x, y, bins=edges, outside="ignore")
    assert ignored == pytest.approx(histogram.mutual_information(x[both], y[both], bins=edges), abs=1e-14)
    matrix = histogram.mutual_information_matrix(np.stack([x, y], axis=1), bins=edges, outside="ignore")
    assert matrix[0, 1] == pytest.approx(ignored, abs=1e-14)
    with pytest.raises(ValueError, match=r'outside="ignore" leaves them out'):
        histogram.mutual_information(x, y, bins=edges)
    with pytest.raises(ValueError, match=r"outside must be .* got 'drop'"):
        histogram.digitize(x, edges, outside="drop")


def test_uniform_ranges_clip_to_the_nearest_cell(level):
    assert histogram.digitize([-9.0, 0.1, 0.9, 1e300], 4, range=(0, 1), outside="clip").tolist() == [0, 0, 3, 3]
    assert histogram.digitize([-9.0, 0.1, 0.9, 1e300], 4, range=(0, 1), outside="ignore").tolist() == [4, 0, 3, 4]


def test_every_column_may_have_edges_of_its_own(level, rng):
    x = rng.random((500, 3))
    bins = [[0.0, 0.3, 1.0], "sturges", 5]
    matrix = histogram.mutual_information_matrix(x, bins=bins, binning="uniform")
    for i, j in ((0, 1), (0, 2), (1, 2)):
        pair = histogram.mutual_information(x[:, i], x[:, j], bins=(bins[i], bins[j]), binning="uniform")
        assert matrix[i, j] == pytest.approx(pair, abs=1e-14)
    with pytest.raises(ValueError, match="bins by column must be as many as columns of X, 3, got 2"):
        histogram.mutual_information_matrix(x, bins=[[0.0, 1.0], "fd"])


@pytest.mark.parametrize("split", [1, 3, 8, 9, 20])
def test_pairs_across_a_split_are_those_of_all_pairs(level, split, rng):
    codes = rng.integers(0, 5, (21, 3000)).astype(np.uint8)
    sizes = np.full(21, 5)
    everyone = _dispatch.kernels.histogram_pairs(codes, sizes, 2, None)[0]
    across = _dispatch.kernels.histogram_cross_pairs(
        codes[:split], sizes[:split], codes[split:], sizes[split:], 2, None, details=False
    )[0]
    np.testing.assert_array_equal(across, everyone[:split, split:])


GAUSS = 0.5 * math.log(2 * math.pi * math.e)  # differential entropy of a standard normal


@pytest.mark.parametrize("binning", ["uniform", "quantile"])
def test_differential_entropy_of_normals_and_uniforms(level, binning, rng):
    x = rng.normal(size=200_000)
    # 40 cells over 9 standard deviations: h²/24 of Fisher's information 1, 0.002 with h = 0.23; the two outer quantile
    # cells hold 1/20 of the sample on a width of 2.6 where an exponential of scale 0.4 would do: log(2.6/0.4) - 1 = 0.9
    # nats, 0.045 in all, the cells beside them a fifth of that; sampling adds 0.7/sqrt(n) = 0.0016
    found = histogram.entropy(x, bins=40, binning=binning)
    assert found == pytest.approx(GAUSS, abs=0.01 if binning == "uniform" else 0.06)
    # a change of scale adds its logarithm, whatever the sample
    assert histogram.entropy(4 * x, bins=40, binning=binning) == pytest.approx(found + math.log(4), abs=1e-12)
    assert histogram.entropy(x, bins=40, binning=binning, base=2) == pytest.approx(found / math.log(2), abs=1e-12)


def test_entropy_of_cells_and_of_several_features(level, rng):
    x, y = rng.random((2, 5000))
    cells = np.histogram2d(x, y, bins=4, range=((0, 1), (0, 1)))[0].ravel() / 5000
    both = histogram.entropy(np.stack([x, y], axis=1), bins=4, range=(0, 1), discrete=True)
    assert both == pytest.approx(scipy.stats.entropy(cells), abs=1e-13)
    volume = 2 * math.log(1 / 4)
    assert histogram.entropy(np.stack([x, y], axis=1), bins=4, range=(0, 1)) == pytest.approx(both + volume, abs=1e-13)
    assert histogram.entropy([3.0, 3.0, 3.0]) == -math.inf
    counts = np.bincount((x * 4).astype(int), minlength=6)
    expected = discrete.entropy_from_counts(counts, estimator="dirichlet", alpha=1.0, n_symbols=6)
    edges = np.arange(7) / 4
    found = histogram.entropy(x, bins=edges, discrete=True, estimator="dirichlet", alpha=1.0)
    assert found == pytest.approx(expected, abs=1e-13)
    weights = rng.integers(0, 4, 5000)
    repeated = histogram.entropy(np.repeat(x, weights), bins=edges)
    assert histogram.entropy(x, bins=edges, weights=weights) == pytest.approx(repeated, abs=1e-12)


def test_divergences_of_samples_are_those_of_their_histograms(level, rng):
    x, y = rng.normal(size=3000), rng.normal(0.5, 1.5, size=5000)
    edges = np.histogram_bin_edges(np.concatenate([x, y]), 20)
    p, q = (np.histogram(v, edges)[0] for v in (x, y))
    for name in ("kl_divergence", "js_divergence"):
        expected = getattr(ht, name)((p + 1) / (p + 1).sum(), (q + 1) / (q + 1).sum())
        assert getattr(histogram, name)(x, y, bins=20, alpha=1.0) == pytest.approx(expected, rel=1e-12)
    # D(N(0,1) || N(0.5, 1.5²)) = log 1.5 + (1 + 0.25)/4.5 - 1/2 = 0.1832; 3000 samples in 20 cells err by 0.02
    assert histogram.kl_divergence(x, y, bins=20, alpha=0.5) == pytest.approx(0.1832, abs=0.03)
    assert histogram.kl_divergence([0.0, 1.0], [0.0, 0.1], bins=2) == math.inf
    assert histogram.js_divergence(x, x) == 0.0
    pair = histogram.js_divergence(np.stack([x, x], axis=1), np.stack([y, y], axis=1), bins=20)
    assert pair == pytest.approx(histogram.js_divergence(x, y, bins=20), abs=1e-12)  # a copy adds nothing


def test_every_estimator_of_a_pair_is_that_of_its_table(level, rng):
    x, y = rng.normal(size=(2, 4000))
    y += x
    edges = np.linspace(-8, 8, 9)
    table = np.histogram2d(x, y, bins=(edges, edges))[0].astype(int)
    for estimator in ("mle", "miller_madow", "grassberger", "zhang", "nsb", "dirichlet"):
        x_entropy, y_entropy, joint = (
            discrete.entropy_from_counts(c, estimator=estimator, n_symbols=k)
            for c, k in ((table.sum(1), 8), (table.sum(0), 8), (table.ravel(), 64))
        )
        found = histogram.mutual_information(x, y, bins=edges, estimator=estimator)
        assert found == pytest.approx(x_entropy + y_entropy - joint, abs=1e-12)
    plug_in = histogram.mutual_information(x, y, bins=edges)
    for bias in ("panzeri_treves", "quadratic_extrapolation"):
        assert histogram.mutual_information(x, y, bins=edges, bias=bias, seed=1) < plug_in
    weighted = histogram.mutual_information(x, y, bins=edges, weights=np.ones(4000))
    assert weighted == pytest.approx(plug_in, abs=1e-13)


@pytest.mark.filterwarnings("ignore::hartley.CoverageWarning")
def test_conditional_information_is_that_of_the_codes(level, rng):
    x, y, z = rng.normal(size=(3, 6000))
    x, y = x + z, y + z
    codes = [histogram.digitize(v, 5, "quantile") for v in (x, y, z)]
    found = histogram.conditional_mutual_information(x, y, z, bins=5)
    assert found == pytest.approx(discrete.conditional_mutual_information(*codes), abs=1e-13)
    # a common cause: I(X;Y) = -½ log(1 - ¼) = 0.1438, and nothing is left given Z but what 5 cells of Z leave within
    assert found < 0.05 < histogram.mutual_information(x, y, bins=5)
    source = rng.normal(size=6000)
    target = np.concatenate([[0.0], source[:-1]]) + 0.1 * rng.normal(size=6000)
    there = histogram.transfer_entropy(source, target, bins=4)
    codes = [histogram.digitize(v, 4, "quantile") for v in (source, target)]
    assert there == pytest.approx(discrete.transfer_entropy(*codes), abs=1e-13)
    assert histogram.transfer_entropy(target, source, bins=4) < 0.02 < 0.8 < there


def test_information_of_x_columns_with_y_columns(level, rng):
    x, y = rng.normal(size=(2000, 5)), rng.normal(size=(2000, 3))
    y[:, 0] += x[:, 4]
    y[:100, 1] = np.nan
    everyone = histogram.mutual_information_matrix(np.hstack([x, y]), nan_policy="omit", bins=6)
    for options in ({}, {"normalized": True}, {"estimator": "miller_madow"}, {"estimator": "grassberger"}):
        whole = histogram.mutual_information_matrix(np.hstack([x, y]), nan_policy="omit", bins=6, **options)
        across = histogram.mutual_information_matrix(x, Y=y, nan_policy="omit", bins=6, **options)
        np.testing.assert_allclose(across, whole[:5, 5:], rtol=1e-12, atol=1e-14)
    assert everyone[4, 5] > 0.2
    frames = pd.DataFrame(x, columns=list("abcde")), pd.DataFrame(y, columns=list("uvw"))
    labelled = histogram.mutual_information_matrix(frames[0], Y=frames[1], nan_policy="omit")
    assert list(labelled.index) == list("abcde")
    assert list(labelled.columns) == list("uvw")
    with pytest.raises(ValueError, match="X and Y must have equally many samples, got 2000 and 10"):
        histogram.mutual_information_matrix(x, Y=y[:10])


def test_p_values_of_the_g_test_equal_scipys(level, rng):
    x = rng.normal(size=(800, 4))
    x[:, 1] += 0.2 * x[:, 0]
    matrix, p = histogram.mutual_information_matrix(x, bins=5, significance="chi2")
    codes = histogram.digitize(x, 5, "quantile")
    for i in range(4):
        for j in range(4):
            if i != j:
                table = np.histogram2d(codes[i], codes[j], bins=5)[0]
                test = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
                assert p[i, j] == pytest.approx(test.pvalue, rel=1e-9)
    assert p[0, 1] < 0.01
    np.testing.assert_array_equal(p, p.T)
    assert matrix.shape == p.shape


def test_permutation_p_values_are_uniform_for_independent_columns_and_least_for_dependent_ones(level, rng):
    x = rng.normal(size=(300, 12))
    x[:, 11] = x[:, 10] + 0.1 * rng.normal(size=300)
    _, p = histogram.mutual_information_matrix(x, bins=4, significance="permutation", n_permutations=99, seed=3)
    np.testing.assert_array_equal(p, p.T)
    assert p[10, 11] == 0.01
    others = p[np.triu_indices(10, 1)]  # 45 pairs, nearly independent: mean ½, standard error 0.29 / sqrt(45)
    assert others.mean() == pytest.approx(0.5, abs=4 * 0.043)
    with ht.threads(1):
        again = histogram.mutual_information_matrix(x, bins=4, significance="permutation", n_permutations=99, seed=3)
    np.testing.assert_array_equal(again[1], p)
    _, across = histogram.mutual_information_matrix(
        x[:, :11], Y=x[:, 11], bins=4, significance="permutation", n_permutations=99, seed=3
    )
    assert across.shape == (11, 1)
    assert across[10, 0] == 0.01


def test_networks_by_their_definitions(rng):
    matrix = rng.random((7, 7))
    matrix = (matrix + matrix.T) / 2
    scores, direct = histogram.clr(matrix), histogram.aracne(matrix, tolerance=0.1)
    for i in range(7):
        for j in range(7):
            if i == j:
                assert scores[i, j] == direct[i, j] == 0.0
                continue
            z = []
            for v in (i, j):
                others = np.delete(matrix[v], v)
                z.append(max(0.0, (matrix[i, j] - others.mean()) / others.std()))
            assert scores[i, j] == pytest.approx(math.hypot(*z), abs=1e-12)
            between = [min(matrix[i, k], matrix[k, j]) for k in range(7) if k not in (i, j)]
            assert direct[i, j] == (0.0 if any(matrix[i, j] < 0.9 * b for b in between) else matrix[i, j])
    np.testing.assert_array_equal(histogram.clr(np.ones((4, 4))), 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: histogram.clr([[1.0, 2.0]]), "information must be a square matrix"),
        (lambda: histogram.aracne([[1.0, 2.0], [3.0, 1.0]]), "information must be symmetric"),
        (lambda: histogram.aracne(np.eye(2), tolerance=2), "tolerance must be from 0 to 1"),
        (lambda: histogram.mutual_information_matrix(np.eye(4), significance="t"), "significance must be"),
        (
            lambda: histogram.mutual_information_matrix(np.eye(4), significance="chi2", estimator="nsb"),
            "significance tests the plug-in",
        ),
        (lambda: histogram.transfer_entropy([1.0, 2, 3], [1, 2, 3], outside="ignore"), 'outside must be "raise" or'),
        (lambda: histogram.entropy([1.0, np.nan]), "x has 1 NaN entries"),
        (lambda: histogram.kl_divergence([1.0, 2], [[1.0, 2]]), "equally many features, got 1 and 2"),
        (lambda: histogram.kl_divergence([np.nan], [1.0], nan_policy="omit"), "x has no row without NaN"),
        (lambda: histogram.conditional_mutual_information([1.0, 2], [1.0], [1.0, 2]), "y has 1"),
    ],
)
def test_hostile_arguments_of_binned_estimates_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
