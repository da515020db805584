"""All pairs of columns: bundles of columns in one table, estimators, conditioning, corrections, tests, blocks."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import hartley as ht
from hartley import _column_codes, _dispatch, _histogram_matrix, discrete, histogram, significance
from hartley.reference import histogram as reference

# sums of some hundred terms below 12 nats, each rounded: 100 * 12 * eps
TOLERANCE = 3e-13

ESTIMATORS = (
    "mle", "miller_madow", "grassberger", "chao_shen", "chao_wang_jost", "shrinkage", "jackknife", "zhang", "bonachela",
    "dirichlet", "nsb",
)  # fmt: skip


def brute_counts(codes, i, j, n_cells):
    present = (codes[i] < n_cells[i]) & (codes[j] < n_cells[j])
    cells = codes[i, present].astype(int) * n_cells[j] + codes[j, present]
    return np.bincount(cells, minlength=n_cells[i] * n_cells[j]).reshape(n_cells[i], n_cells[j])


@pytest.mark.parametrize("sizes", [(2, 60), (3, 40), (2, 3), (8, 8), (16, 16), (9, 13), (64, 65), (7, 200), (250, 255)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("n", [1, 63, 1000, 20_001])
def test_counts_of_bundled_columns_are_exact(level, sizes, dtype, n, rng):
    # two alphabets in turn, a block of columns each, so that bundles of every shape come up; some codes are missing
    n_cells = np.array([sizes[(c // 8) % 2] for c in range(21)])
    codes = np.stack([rng.integers(0, k + (c % 5 == 0), n) for c, k in enumerate(n_cells)]).astype(dtype)
    codes[3] = 0
    information, used, _, cells, _ = _dispatch.kernels.histogram_pairs(codes, n_cells, 2, None)
    for i in range(21):
        for j in range(i + 1, 21):
            counts = brute_counts(codes, i, j, n_cells)
            assert used[i, j] == counts.sum()
            assert cells[i, j] == np.count_nonzero(counts)
            if counts.sum():
                expected = reference.mutual_information(counts)
                assert information[i, j] == pytest.approx(expected, abs=2e-14)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_of_all_pairs_is_that_of_each_pair(level, estimator, rng):
    x = rng.normal(size=(300, 4))
    x[:, 1] += x[:, 0]
    x[::9, 2] = np.nan
    together = histogram.mutual_information_matrix(x, bins=5, estimator=estimator, nan_policy="omit")
    for i in range(4):
        for j in range(i):
            # the matrix bins a column by all of its numbers, a pair by the rows of both: given edges make them equal
            edges = tuple(histogram.bin_edges(c[~np.isnan(c)], 5, "quantile") for c in (x[:, i], x[:, j]))
            one = histogram.mutual_information(
                x[:, i], x[:, j], bins=edges, estimator=estimator, nan_policy="omit", outside="clip"
            )
            # integrals of nsb: 1e-10, as its kernel promises
            assert together[i, j] == pytest.approx(one, abs=1e-9 if estimator == "nsb" else TOLERANCE)
    counts = np.unique(histogram.digitize(x[:, 0], 5, "quantile"), return_counts=True)[1]
    own = discrete.entropy_from_counts(counts, estimator=estimator, n_symbols=5)
    assert together[0, 0] == pytest.approx(own, abs=1e-9)


@pytest.mark.parametrize("alpha", ["perks", "minimax", "laplace", 0.3])
def test_pseudocounts_of_all_pairs_are_those_of_each_pair(level, alpha, rng):
    x = rng.normal(size=(200, 3))
    together = histogram.mutual_information_matrix(x, bins=4, estimator="dirichlet", alpha=alpha)
    one = histogram.mutual_information(x[:, 0], x[:, 2], bins=4, estimator="dirichlet", alpha=alpha)
    assert together[0, 2] == pytest.approx(one, abs=TOLERANCE)


@pytest.mark.parametrize("bias", ["panzeri_treves", "quadratic_extrapolation"])
@pytest.mark.parametrize("bins", [6, 300])
def test_bias_corrections_of_all_pairs_are_those_of_each_pair(level, bias, bins, rng):
    x = rng.normal(size=(400, 10))
    x[:, 9] += x[:, 0]
    together = histogram.mutual_information_matrix(x, bins=bins, bias=bias, seed=5)
    for i, j in ((0, 9), (3, 4)):
        # the correction of Panzeri and Treves looks at the first given the second
        one = histogram.mutual_information(x[:, i], x[:, j], bins=bins, bias=bias, seed=5)
        assert together[i, j] == pytest.approx(one, abs=TOLERANCE)


@pytest.mark.parametrize("estimator", ["mle", "miller_madow"])
def test_conditional_information_of_all_pairs_is_that_of_each_pair(level, estimator, rng):
    z = rng.normal(size=2000)
    x = rng.normal(size=(2000, 9)) + z[:, None]
    x[:, 8] += x[:, 0]
    together = histogram.mutual_information_matrix(x, given=z, bins=4, given_bins=4, estimator=estimator)
    for i, j in ((0, 8), (1, 2), (7, 3)):
        one = histogram.conditional_mutual_information(x[:, i], x[:, j], z, bins=4, estimator=estimator)
        assert together[i, j] == pytest.approx(one, abs=TOLERANCE)
    across = histogram.mutual_information_matrix(
        x[:, :3], Y=x[:, 3:], given=z, bins=4, given_bins=4, estimator=estimator
    )
    np.testing.assert_allclose(across, together[:3, 3:], atol=TOLERANCE, rtol=0)
    entropy_given = discrete.conditional_entropy(
        histogram.digitize(x[:, 0], 4, "quantile"), histogram.digitize(z, 4, "quantile"), estimator=estimator
    )
    assert together[0, 0] == pytest.approx(entropy_given, abs=TOLERANCE)


def test_rows_where_the_given_variable_is_missing_do_not_count(rng):
    z, x = rng.normal(size=500), rng.normal(size=(500, 3))
    z[::7] = np.nan
    kept = ~np.isnan(z)
    edges = [histogram.bin_edges(c, 3, "quantile") for c in x.T]
    together = histogram.mutual_information_matrix(x, given=z, bins=edges, given_bins=2, nan_policy="omit")
    expected = histogram.mutual_information_matrix(x[kept], given=z[kept], bins=edges, given_bins=2)
    np.testing.assert_array_equal(together, expected)


def test_a_common_cause_explains_the_dependence_away(rng):
    z = rng.integers(0, 4, 20_000).astype(float)
    x = z[:, None] + 0.1 * rng.normal(size=(20_000, 5))
    edges = [-10.0, 0.5, 1.5, 2.5, 10.0]
    assert histogram.mutual_information_matrix(x, bins=edges)[0, 1] > 1.2  # log 4 = 1.386
    given = histogram.mutual_information_matrix(x, given=z, bins=edges, given_bins=edges, significance="chi2")
    # 10 pairs; x repeats z, so nothing is left at all
    assert given.information[np.triu_indices(5, 1)].max() < 1e-3
    assert (given.p_value[np.triu_indices(5, 1)] > 1e-4).all()


def test_g_test_given_a_variable_adds_statistics_and_degrees_of_freedom(rng):
    z = rng.integers(0, 3, 900).astype(float)
    x = rng.integers(0, 3, (900, 2)).astype(float)
    edges = [-0.5, 0.5, 1.5, 2.5]
    tested = histogram.mutual_information_matrix(x, given=z, bins=edges, given_bins=edges, significance="chi2")
    g, dof = 0.0, 0
    for value in range(3):
        counts = np.histogram2d(*x[z == value].T, bins=[edges, edges])[0]
        result = scipy.stats.contingency.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
        g, dof = g + result.statistic, dof + result.dof
    assert tested.p_value[0, 1] == pytest.approx(scipy.stats.chi2.sf(g, dof), rel=1e-9)
    assert tested.z_score[0, 1] == pytest.approx((g - dof) / np.sqrt(2 * dof), rel=1e-9)


def test_shuffles_within_the_given_variable_keep_what_it_explains(rng):
    z = rng.integers(0, 4, 2000).astype(float)
    x = z[:, None] + rng.normal(size=(2000, 4))
    x[:, 3] += x[:, 2]
    tested = histogram.mutual_information_matrix(
        x, given=z, bins=4, given_bins=[-0.5, 0.5, 1.5, 2.5, 3.5], significance="permutation", n_permutations=99, seed=1
    )
    assert tested.p_value[2, 3] == 0.01
    assert tested.z_score[2, 3] > 10
    assert tested.p_value[0, 1] > 0.01  # independent given z, strongly dependent without it: 1 in 100 by chance


def test_z_scores_and_q_values_stand_beside_the_p_values(rng):
    x = rng.normal(size=(600, 8))
    x[:, 1] += x[:, 0]
    frame = pd.DataFrame(x, columns=list("abcdefgh"))
    tested = histogram.mutual_information_matrix(frame, bins=4, significance="permutation", n_permutations=199, seed=2)
    information, p = tested
    assert information is tested.information
    assert p is tested.p_value
    upper = np.triu_indices(8, 1)
    expected = significance.benjamini_hochberg(p.to_numpy()[upper])
    np.testing.assert_array_equal(tested.q_value.to_numpy()[upper], expected)
    np.testing.assert_array_equal(tested.q_value, tested.q_value.T)
    assert list(tested.q_value.columns) == list("abcdefgh")
    assert tested.z_score.loc["a", "b"] > 20
    others = tested.z_score.to_numpy()[upper][1:]
    # 27 standardized statistics of independent pairs, skewed to the right: mean 0 ± 1/√27, the largest below 6
    assert abs(others.mean()) < 4 / np.sqrt(27)
    assert others.max() < 6
    again = pickle.loads(pickle.dumps(tested))
    pd.testing.assert_frame_equal(again.q_value, tested.q_value)
    pd.testing.assert_frame_equal(again[1], p)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalized": True, "estimator": "miller_madow"},
        {"significance": "permutation", "n_permutations": 9, "seed": 4},
        {"nan_policy": "omit"},
        {"bias": "quadratic_extrapolation", "seed": 1},
        {"given": np.arange(500.0) % 7},
        {"estimator": "grassberger"},
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_blocks_of_columns_and_codes_made_anew_change_nothing(monkeypatch, options, kept, rng):
    x = rng.normal(size=(500, 23)).astype(np.float32)
    x[:, 5] = np.round(x[:, 5])
    y = rng.normal(size=(500, 4))
    wanted = histogram.mutual_information_matrix(x, bins=9, **options)
    wanted_cross = histogram.mutual_information_matrix(x, Y=y, bins=9, **options)
    monkeypatch.setattr(_histogram_matrix, "_BLOCK_COLUMNS", 6)
    monkeypatch.setattr(_column_codes, "_PIECE_BYTES", 3 * 8 * 500)
    if not kept:
        monkeypatch.setattr(_column_codes, "_KEPT_BYTES", 0)
    for layout in (x, np.asfortranarray(x), pd.DataFrame(x).to_numpy(dtype=object)):
        got = histogram.mutual_information_matrix(layout, bins=9, **options)
        np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))
        got = histogram.mutual_information_matrix(layout, Y=y, bins=9, **options)
        np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted_cross))


def test_wide_codes_beside_narrow_ones_in_pieces(monkeypatch, rng):
    x = rng.normal(size=(2000, 5))
    rules = ["sqrt", list(np.linspace(-6, 6, 400)), [-9.0, 0.0, 9.0], 300, "sturges"]
    wanted = histogram.mutual_information_matrix(x, bins=rules)
    monkeypatch.setattr(_column_codes, "_PIECE_BYTES", 8 * 2000)
    np.testing.assert_array_equal(histogram.mutual_information_matrix(np.asfortranarray(x), bins=rules), wanted)


def test_a_memory_mapped_file_is_read_a_few_columns_at_a_time(tmp_path, monkeypatch, rng):
    x = rng.normal(size=(2000, 300))
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    wanted = histogram.mutual_information_matrix(x, bins=4)
    monkeypatch.setattr(_column_codes, "_PIECE_BYTES", 8 * 2000 * 10)
    histogram.mutual_information_matrix(mapped[:, :20], bins=4)  # modules imported, buffers warm
    tracemalloc.start()
    got = histogram.mutual_information_matrix(mapped, bins=4)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(got, wanted)
    # codes 0.6 MB, the result 0.72 MB, a piece of ten columns and its like 0.5 MB; the data are 4.8 MB
    assert peak < 2.4e6


def test_errors_of_a_piece_name_its_columns(monkeypatch, rng):
    monkeypatch.setattr(_column_codes, "_PIECE_BYTES", 8 * 50 * 4)
    x = np.asfortranarray(rng.normal(size=(50, 12)))
    x[7, 9] = np.nan
    with pytest.raises(ValueError, match=r"X\[:, 8:12\] has 1 NaN entries, first X\[:, 8:12\]\[7, 1\]"):
        histogram.mutual_information_matrix(x, bins=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"given": np.zeros(10), "estimator": "nsb"}, "with given the estimator must be one of"),
        ({"given": np.zeros(10), "bias": "panzeri_treves"}, "with given the estimator"),
        ({"given": np.zeros(9)}, "X and given must have equally many samples, got 10 and 9"),
        ({"given": np.full(10, np.nan)}, "given has no number"),
        ({"given": np.append(np.zeros(9), np.nan)}, "given has 1 NaN"),
        ({"bias": "miller"}, "bias must be one of"),
        ({"bias": "panzeri_treves", "estimator": "nsb"}, 'bias corrects estimator="mle"'),
        ({"bias": "panzeri_treves", "significance": "chi2"}, "significance tests the plug-in"),
        ({"significance": "chi2", "estimator": "nsb"}, "significance tests the plug-in"),
        ({"significance": "t"}, "significance must be"),
        ({"estimator": "dirichlet", "alpha": -1}, "alpha must be at least 0"),
        ({"Y": np.zeros((9, 2))}, "X and Y must have equally many samples, got 10 and 9"),
        ({"bins": [[0.0, 1.0], [0.0, 1.0]]}, "bins by column must be as many as columns of X, 3, got 2"),
    ],
)
def test_hostile_arguments_of_all_pairs_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        histogram.mutual_information_matrix(np.arange(30.0).reshape(10, 3), **{"bins": 3} | options)


def test_all_pairs_are_the_same_for_every_number_of_threads(rng):
    x = rng.normal(size=(3000, 30))
    options = ({"estimator": "chao_shen"}, {"bias": "panzeri_treves"}, {"given": x[:, 0], "estimator": "miller_madow"})
    for chosen in options:
        with ht.threads(1):
            one = histogram.mutual_information_matrix(x, bins=9, **chosen)
        for n in (2, 3, 8):
            with ht.threads(n):
                np.testing.assert_array_equal(histogram.mutual_information_matrix(x, bins=9, **chosen), one)
