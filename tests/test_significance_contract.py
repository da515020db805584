"""Tests, errors and intervals around estimates, and the binned matrix, against the public contract."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hartley as ht
from hartley import discrete, histogram, knn, significance
from hartley.significance import bootstrap_interval, permutation_test, subsample_error

SAME = {"rtol": 0, "atol": 1e-12}  # the same sums in another order


def pairs(n: int = 200, rho: float = 0.4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x, e = np.random.default_rng(seed).normal(size=(2, n))
    return x, rho * x + math.sqrt(1 - rho**2) * e


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    return abs(float(np.corrcoef(x, y)[0, 1]))


def mean_product(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(x * y))


def codes(x: np.ndarray, bins: int) -> np.ndarray:
    edges = np.quantile(x, np.linspace(0, 1, bins + 1))
    return np.minimum(np.searchsorted(edges, x, side="right") - 1, bins - 1)


def plug_in(a: np.ndarray, b: np.ndarray, bins: int) -> float:
    p = np.bincount(a * bins + b, minlength=bins * bins).reshape(bins, bins) / len(a)
    q = p.sum(1, keepdims=True) * p.sum(0)
    return float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum())


def table(n: int = 1500, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, 4))
    x[:, 3] += 0.3 * x[:, 0]
    return x


def all_pairs(x: np.ndarray, bins: int) -> np.ndarray:
    cells = [codes(column, bins) for column in x.T]
    return np.array([[plug_in(a, b, bins) for b in cells] for a in cells])


# --- permutation_test --------------------------------------------------------------------------------------------


def test_names_and_defaults() -> None:
    assert {"permutation_test", "subsample_error", "bootstrap_interval"} <= set(significance.__all__)
    parameters = inspect.signature(permutation_test).parameters
    assert parameters["n_permutations"].default == 999
    assert parameters["block"].default is None
    assert all(parameters[p].kind is inspect.Parameter.KEYWORD_ONLY for p in ("n_permutations", "block", "seed"))
    assert inspect.signature(bootstrap_interval).parameters["level"].default == 0.95
    parameters = inspect.signature(histogram.mutual_information_matrix).parameters
    for key, value in {"Y": None, "bins": 16, "binning": "quantile", "estimator": "mle", "normalized": False}.items():
        assert parameters[key].default == value


@pytest.mark.parametrize(
    ("name", "options", "direct"),
    [
        ("knn", {}, knn.mutual_information),
        ("knn", {"k": 5}, knn.mutual_information),
        ("histogram", {}, histogram.mutual_information),
        ("histogram", {"bins": 5, "binning": "uniform"}, histogram.mutual_information),
    ],
)
def test_result_is_the_counted_null(name: str, options: dict[str, Any], direct: Any) -> None:
    x, y = pairs()
    result = permutation_test(name, x, y, n_permutations=49, seed=1, **options)
    assert result.statistic == pytest.approx(direct(x, y, **options), abs=1e-12)  # as SAME
    assert result.null.shape == (49,)
    assert result.null.dtype == np.float64
    assert result.p_value == (1 + np.sum(result.null >= result.statistic)) / 50
    z = (result.statistic - result.null.mean()) / result.null.std(ddof=1)
    assert result.z_score == pytest.approx(z, rel=1e-9)  # differences of rounded means
    p_value, null, z_score = result
    assert (p_value, z_score) == (result.p_value, result.z_score)
    np.testing.assert_array_equal(null, result.null)


def test_a_function_and_the_name_agree() -> None:
    x, y = pairs(rho=0.8)
    named = permutation_test("knn", x, y, n_permutations=19, seed=3)
    called = permutation_test(knn.mutual_information, x, y, n_permutations=19, seed=3)
    assert called.statistic == pytest.approx(named.statistic, abs=1e-12)  # as SAME
    assert called.p_value == named.p_value == 0.05
    assert permutation_test(correlation, x, y, n_permutations=19, seed=0).p_value == 0.05


def test_several_features_lists_and_frames() -> None:
    x, y = pairs(100)
    two = np.c_[x, y**2]
    result = permutation_test("knn", two, y, n_permutations=9, seed=0)
    assert result.statistic == pytest.approx(knn.mutual_information(two, y), abs=1e-12)  # as SAME
    want = permutation_test("knn", x, y, n_permutations=9, seed=0)
    got = permutation_test("knn", x.tolist(), pd.Series(y, index=range(7, 107)), n_permutations=9, seed=0)
    assert got.p_value == want.p_value
    np.testing.assert_array_equal(got.null, want.null)


def test_same_seed_same_null_for_any_threads() -> None:
    x, y = pairs(1500)
    z = x + y**2

    def nulls(seed: Any) -> np.ndarray:
        a = permutation_test("knn", x, y, n_permutations=9, seed=seed).null
        b = permutation_test("histogram", x, y, n_permutations=9, seed=seed).null
        return np.r_[a, b, permutation_test("knn", x, y, given=z, n_permutations=9, seed=seed).null]

    with ht.threads(1):
        want = nulls(5)
    with ht.threads(2):
        np.testing.assert_array_equal(nulls(5), want)
    assert not np.array_equal(nulls(6), want)
    generator = permutation_test("knn", x, y, n_permutations=9, seed=np.random.default_rng(5)).null
    np.testing.assert_array_equal(generator, want[:9])


def test_p_is_rarely_small_for_independent_samples() -> None:
    p = [permutation_test("knn", *pairs(60, 0.0, s), n_permutations=19, seed=s).p_value for s in range(200)]
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)  # four standard errors
    assert np.mean(p) == pytest.approx(0.525, abs=4 * 0.29 / math.sqrt(200))  # four standard errors


def test_given_explains_the_dependence_away() -> None:
    def sample(seed: int) -> tuple[np.ndarray, ...]:
        z, a, b = np.random.default_rng(seed).normal(size=(3, 300))
        return z + a, z + b, z

    x, y, z = sample(0)
    assert permutation_test("knn", x, y, n_permutations=19, seed=0).p_value == 0.05
    result = permutation_test("knn", x, y, given=z, n_permutations=19, seed=0, k=4)
    want = knn.conditional_mutual_information(x, y, z, k=4)
    assert result.statistic == pytest.approx(want, abs=1e-12)  # as SAME
    p = []
    for s in range(40):
        x, y, z = sample(s)
        p.append(permutation_test("knn", x, y, given=z, n_permutations=19, seed=s).p_value)
    assert np.mean(np.array(p) <= 0.05) < 0.2  # 0.05 and four standard errors at 40 samples
    assert permutation_test("knn", x, y + x, given=z, n_permutations=19, seed=0).p_value == 0.05


def test_a_function_gets_the_third_variable() -> None:
    x, y = pairs(100)
    z = x + y
    seen = []

    def statistic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        seen.append((np.array(a).ravel(), np.array(b).ravel(), np.array(c).ravel()))
        return float(len(seen))

    result = permutation_test(statistic, x, y, given=z, n_permutations=5, seed=0)
    assert len(result.null) == 5
    for a, b, c in seen:
        np.testing.assert_array_equal(b, y)
        np.testing.assert_array_equal(c, z)
        source = np.abs(a[:, None] - x).argmin(1)
        np.testing.assert_array_equal(a, x[source])
        closer = np.abs(z[:, None] - z) < np.abs(z - z[source])[:, None]
        assert closer.sum(1).max() <= 5  # itself and the four nearest before the fifth
    np.testing.assert_array_equal(seen[0][0], x)
    assert not np.array_equal(seen[1][0], x)


def test_blocks_keep_their_inner_order() -> None:
    x, y = np.arange(120.0), np.arange(120.0)
    steps = []

    def statistic(a: np.ndarray, b: np.ndarray) -> float:
        moved = a if not np.array_equal(a, x) else b
        steps.append(np.mean(np.abs(np.diff(np.ravel(moved))) == 1))
        return 0.0

    permutation_test(statistic, x, y, block=20, n_permutations=20, seed=0)
    assert min(steps) >= 1 - 7 / 119  # six blocks have few seams, one more where a stretch wraps
    steps.clear()
    permutation_test(statistic, x, y, n_permutations=20, seed=0)
    assert np.median(steps) < 0.2


def test_blocks_stand_autocorrelation() -> None:
    def walks(seed: int) -> np.ndarray:
        e = np.random.default_rng(seed).normal(size=(2, 400))
        for t in range(1, 400):
            e[:, t] += 0.9 * e[:, t - 1]
        return e

    def rate(block: int | None) -> float:
        p = [
            permutation_test(correlation, *walks(s), block=block, n_permutations=19, seed=1).p_value for s in range(60)
        ]
        return float(np.mean(np.array(p) <= 0.05))

    assert rate(40) < 0.25 < rate(None)  # blocks are approximate: 0.05 and several standard errors


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x, y: permutation_test("foo", x, y), ValueError, "statistic"),
        (lambda x, y: permutation_test("knn", x, y[1:]), ValueError, r"\by\b"),
        (lambda x, y: permutation_test("knn", x, y, given=x[1:]), ValueError, "given"),
        (lambda x, y: permutation_test("knn", np.where(x > 1, np.nan, x), y), ValueError, r"\bx\b.*NaN"),
        (lambda x, y: permutation_test("knn", x, np.where(y > 1, np.inf, y)), ValueError, r"\by\b"),
        (lambda x, y: permutation_test("knn", x, y, n_permutations=0), ValueError, "n_permutations"),
        (lambda x, y: permutation_test("knn", x, y, n_permutations=1.5), TypeError, "n_permutations"),
        (lambda x, y: permutation_test("knn", x, y, block=0), ValueError, "block"),
        (lambda x, y: permutation_test("knn", x, y, block=101), ValueError, "block"),
        (lambda x, y: permutation_test("knn", x, y, k=200), ValueError, r"\bk\b"),
        (lambda x, y: permutation_test("knn", x, y, bins=3), TypeError, "bins"),
        (lambda x, y: permutation_test("histogram", x, y, k=3), TypeError, r"\bk\b"),
        (lambda x, y: permutation_test("histogram", np.c_[x, x], y), ValueError, r"\bx\b"),
        (lambda x, y: bootstrap_interval(mean_product, x, y[1:]), ValueError, r"\by\b"),
        (lambda x, y: bootstrap_interval(mean_product, x, y, level=95), ValueError, "level"),
        (lambda x, y: bootstrap_interval(mean_product, x, y, level=1.0), ValueError, "level"),
        (lambda x, y: bootstrap_interval(mean_product, x, y, n_resamples=0), ValueError, "n_resamples"),
        (lambda x, y: subsample_error(mean_product, x, y[1:]), ValueError, r"\by\b"),
        (lambda x, y: subsample_error(mean_product, x, y, n_parts=(1, 2)), ValueError, "n_parts"),
        (lambda x, y: subsample_error(mean_product, x, y, n_parts=(2, 3, 4)), ValueError, "n_parts"),
        (lambda x, y: subsample_error(mean_product, x, y, n_parts=(1, 2, 150)), ValueError, "n_parts"),
        (lambda x, y: subsample_error(knn.mutual_information, x, y, k=[]), ValueError, r"\bk\b"),
    ],
)
def test_errors_name_the_argument(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(*pairs())


def test_inputs_are_not_written_to() -> None:
    x, y = pairs(120)
    z = x * y
    kept = [a.copy() for a in (x, y, z)]
    for a in (x, y, z):
        a.flags.writeable = False
    permutation_test("knn", x, y, n_permutations=3, seed=0)
    permutation_test("histogram", x, y, n_permutations=3, seed=0)
    permutation_test("knn", x, y, given=z, n_permutations=3, seed=0)
    permutation_test(correlation, x, y, block=10, n_permutations=3, seed=0)
    subsample_error(mean_product, x, y, seed=0)
    bootstrap_interval(mean_product, x, y, n_resamples=9, seed=0)
    histogram.mutual_information_matrix(np.c_[x, y], given=z, significance="permutation", n_permutations=3, seed=0)
    for a, copy in zip((x, y, z), kept, strict=True):
        np.testing.assert_array_equal(a, copy)


# --- subsample_error ---------------------------------------------------------------------------------------------


def test_subsample_value_sizes_and_seed() -> None:
    x, y = pairs()
    error = subsample_error(knn.mutual_information, x, y, seed=1)
    assert error.value == pytest.approx(knn.mutual_information(x, y), abs=1e-12)  # as SAME
    np.testing.assert_array_equal(error.sizes, [200 // m for m in range(1, 11)])
    assert error.means.shape == error.stds.shape == (10,)
    assert error.means[0] == pytest.approx(error.value, abs=1e-12)  # as SAME
    with ht.threads(1):
        again = subsample_error(knn.mutual_information, x, y, seed=1)
    assert again.std == error.std
    bits = subsample_error(knn.mutual_information, x, y, seed=1, base="bits")
    assert bits.std == pytest.approx(error.std / math.log(2), rel=1e-9)  # a rounded fit
    assert bits.value == pytest.approx(error.value / math.log(2), rel=1e-12)  # one division


def test_subsample_error_of_a_mean_is_its_standard_error() -> None:
    ratios = []
    for s in range(40):
        x, y = pairs(240, 0.0, s)
        error = subsample_error(mean_product, x, y, n_parts=(1, 2, 3, 4, 5, 6, 8, 10), seed=s)
        # parts of equal size: the mean of their means is the mean, to rounding
        np.testing.assert_allclose(error.means, error.value, **SAME)
        assert not error.drifts
        ratios.append(error.std * math.sqrt(240))
    assert np.mean(ratios) == pytest.approx(1, abs=0.2)  # each has a relative error of about 0.27, four of the mean's


def test_subsample_error_of_several_k() -> None:
    x, y = pairs(400, 0.9)
    error = subsample_error(knn.mutual_information, x, y, k=[1, 3, 60], n_parts=(1, 2, 3, 4, 5), seed=0)
    np.testing.assert_allclose(error.value, knn.mutual_information(x, y, k=[1, 3, 60]), **SAME)
    assert error.means.shape == error.stds.shape == (3, 5)
    assert np.shape(error.std) == np.shape(error.drifts) == (3,)
    assert list(error.drifts)[-1]  # 60 neighbours of 80 samples smooth the dependence away
    assert error.best_k in (1, 3)


def test_subsample_error_covers_the_gaussian_value() -> None:
    want, covered = -0.5 * math.log(1 - 0.36), 0
    for s in range(20):
        error = subsample_error(knn.mutual_information, *pairs(400, 0.6, s), seed=s)
        covered += abs(error.value - want) < 2 * error.std
    assert covered >= 14  # about 19 expected, less the noise of the error itself


# --- bootstrap_interval -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statistic", [knn.mutual_information, knn.total_correlation, knn.kl_divergence, knn.js_divergence]
)
def test_bootstrap_refuses_nearest_neighbours(statistic: Any) -> None:
    with pytest.raises(ValueError, match="subsample_error"):
        bootstrap_interval(statistic, *pairs(), n_resamples=9)


def test_bootstrap_of_a_mean_matches_scipy() -> None:
    x, y = pairs(300)
    low, high = bootstrap_interval(mean_product, x, y, n_resamples=2000, seed=0)
    want = stats.bootstrap((x * y,), np.mean, method="basic", rng=np.random.default_rng(0)).confidence_interval
    # quantiles of 2000 resamples vary by about 5% of the width
    width = want.high - want.low
    assert low == pytest.approx(want.low, abs=0.15 * width)
    assert high == pytest.approx(want.high, abs=0.15 * width)
    narrow = bootstrap_interval(mean_product, x, y, n_resamples=2000, seed=0, level=0.5)
    assert low < narrow[0] < narrow[1] < high
    assert (low, high) == bootstrap_interval(mean_product, x, y, n_resamples=2000, seed=0)
    assert isinstance(low, float)
    assert isinstance(high, float)


def test_bootstrap_of_counts_holds_the_estimate() -> None:
    x, y = pairs(500, 0.7)
    for statistic, a, b, options in (
        (histogram.mutual_information, x, y, {"bins": 3}),
        (discrete.mutual_information, np.where(x > 0, "a", "b"), np.where(y > 0, "u", "v"), {}),
    ):
        low, high = bootstrap_interval(statistic, a, b, n_resamples=199, seed=0, **options)
        assert low < statistic(a, b, **options) < high
        bits = bootstrap_interval(statistic, a, b, n_resamples=199, seed=0, base="bits", **options)
        np.testing.assert_allclose(np.multiply(bits, math.log(2)), (low, high), rtol=1e-9)  # a rounded difference


# --- the binned matrix -------------------------------------------------------------------------------------------


def test_matrix_is_the_plug_in_of_quantile_cells() -> None:
    x = table()
    got = histogram.mutual_information_matrix(x)
    np.testing.assert_allclose(got, all_pairs(x, 16), **SAME)
    cross = histogram.mutual_information_matrix(x, Y=x[:, 2:], bins=5)
    np.testing.assert_allclose(cross, all_pairs(x, 5)[:, 2:], **SAME)
    entropies = np.diag(got)
    want = 2 * got / (entropies[:, None] + entropies)
    np.testing.assert_allclose(histogram.mutual_information_matrix(x, normalized=True), want, **SAME)
    bits = histogram.mutual_information_matrix(np.asfortranarray(x), base="bits")
    np.testing.assert_allclose(bits * math.log(2), got, **SAME)


def test_chi2_is_the_g_test() -> None:
    x = table()
    result = histogram.mutual_information_matrix(x, bins=6, significance="chi2")
    mi, p = result
    g = 2 * len(x) * all_pairs(x, 6)
    np.testing.assert_allclose(mi, g / (2 * len(x)), **SAME)
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(p[off], stats.chi2.sf(g, 25)[off], rtol=1e-9)  # sf turns SAME into relative errors
    np.testing.assert_allclose(result.z_score, (g - 25) / math.sqrt(50), rtol=1e-9, atol=1e-9)  # the same
    upper = np.triu_indices(4, 1)
    np.testing.assert_allclose(result.q_value[upper], stats.false_discovery_control(p[upper]), rtol=1e-12)  # a product
    np.testing.assert_array_equal(result.q_value, result.q_value.T)
    cross = histogram.mutual_information_matrix(x, Y=x[:, :2] + x[:, 2:], bins=6, significance="chi2")
    want = stats.false_discovery_control(cross[1].ravel()).reshape(4, 2)
    np.testing.assert_allclose(cross.q_value, want, rtol=1e-12)  # a product
    in_bits = histogram.mutual_information_matrix(x, bins=6, significance="chi2", base="bits", normalized=True)[1]
    np.testing.assert_allclose(in_bits, p, rtol=1e-12)  # the same statistic


def test_permutation_p_values() -> None:
    x = table()
    options: dict[str, Any] = {"bins": 6, "significance": "permutation", "n_permutations": 99, "seed": 1}
    result = histogram.mutual_information_matrix(x, **options)
    p = result[1]
    np.testing.assert_allclose(p * 100, np.round(p * 100), **SAME)
    assert p.min() == p[0, 3] == 0.01
    np.testing.assert_array_equal(p, p.T)
    off = ~np.eye(4, dtype=bool)
    chi2 = histogram.mutual_information_matrix(x, bins=6, significance="chi2")
    np.testing.assert_allclose(p[off], chi2[1][off], atol=0.2)  # four binomial errors of 99 orders
    assert result.z_score[0, 3] > 4
    with ht.threads(1):
        again = histogram.mutual_information_matrix(x, **options)
    for a, b in ((result[1], again[1]), (result.z_score, again.z_score), (result.q_value, again.q_value)):
        np.testing.assert_array_equal(a, b)


def test_given_is_the_mean_over_its_cells() -> None:
    x = table()
    z = np.random.default_rng(9).normal(size=len(x))
    x[:, 1:3] += z[:, None]
    cells, of_z = [codes(c, 6) for c in x.T], codes(z, 5)
    want, freedom = np.zeros((4, 4)), np.zeros((4, 4))
    for cell in range(5):
        rows = of_z == cell
        reached = np.array([len(np.unique(c[rows])) - 1 for c in cells])
        freedom += np.outer(reached, reached)
        want += rows.mean() * np.array([[plug_in(a[rows], b[rows], 6) for b in cells] for a in cells])
    result = histogram.mutual_information_matrix(x, given=z, bins=6, given_bins=5, significance="chi2")
    np.testing.assert_allclose(result[0], want, **SAME)
    plain = histogram.mutual_information_matrix(x, bins=6)
    assert want[1, 2] < 0.5 * plain[1, 2]
    off = ~np.eye(4, dtype=bool)
    want_p = stats.chi2.sf(2 * len(x) * want, freedom)
    np.testing.assert_allclose(result[1][off], want_p[off], rtol=1e-9)  # sf turns SAME into relative errors
    shuffled = histogram.mutual_information_matrix(
        x, given=z, bins=6, given_bins=5, significance="permutation", n_permutations=99, seed=0
    )
    np.testing.assert_allclose(shuffled[1][off], result[1][off], atol=0.25)  # four binomial errors, and χ² is a limit
    same = histogram.conditional_mutual_information(x[:, 0], x[:, 3], z)
    assert same == pytest.approx(histogram.mutual_information_matrix(x, given=z, bins=8)[0, 3], abs=1e-12)  # as SAME


@pytest.mark.parametrize("bias", ["panzeri_treves", "quadratic_extrapolation"])
def test_bias_is_that_of_the_pair(bias: str) -> None:
    x = table()
    got = histogram.mutual_information_matrix(x, bias=bias, seed=0)
    for i, j in ((0, 1), (0, 3), (1, 2)):
        want = histogram.mutual_information(x[:, i], x[:, j], bias=bias, seed=0)
        assert got[i, j] == pytest.approx(want, abs=1e-12)  # as SAME
    plain = histogram.mutual_information_matrix(x)
    assert abs(got[0, 1]) < plain[0, 1]
    clipped = histogram.mutual_information_matrix(x, bias=bias, seed=0, clip=True)
    np.testing.assert_allclose(clipped, np.maximum(got, 0), **SAME)


def test_frames_keep_their_labels() -> None:
    frame = pd.DataFrame(table(), columns=list("abcd"))
    result = histogram.mutual_information_matrix(frame, bins=4, significance="chi2")
    for part in (result[0], result[1], result.z_score, result.q_value):
        assert isinstance(part, pd.DataFrame)
        assert list(part.index) == list(part.columns) == list("abcd")
    assert len(result) == 2


def test_omit_is_pairwise() -> None:
    x = table()
    x[np.random.default_rng(3).random(x.shape) < 0.1] = np.nan
    mi, p = histogram.mutual_information_matrix(x, bins=6, nan_policy="omit", significance="chi2")
    edges = [np.quantile(c[~np.isnan(c)], np.linspace(0, 1, 7)) for c in x.T]
    for i, j in ((0, 1), (0, 3), (2, 3)):
        rows = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
        a, b = (np.clip(np.searchsorted(edges[c], x[rows, c], side="right") - 1, 0, 5) for c in (i, j))
        want = plug_in(a, b, 6)
        assert mi[i, j] == pytest.approx(want, abs=1e-12)  # as SAME
        assert p[i, j] == pytest.approx(stats.chi2.sf(2 * rows.sum() * want, 25), rel=1e-9)  # sf of the same
    with pytest.raises(ValueError, match=f"X has {int(np.isnan(x).sum())} NaN"):
        histogram.mutual_information_matrix(x)


def test_a_constant_column_is_never_significant() -> None:
    x = table()
    x[:, 1] = 7
    for method in ("chi2", "permutation"):
        result = histogram.mutual_information_matrix(x, significance=method, seed=0, n_permutations=19)
        assert (result[1][1] == 1).all()
        assert (result[0][1] == 0).all()
        assert (result.z_score[1] == 0).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"significance": "foo"}, "significance"),
        ({"bias": "foo"}, "bias"),
        ({"significance": "permutation", "n_permutations": 0}, "n_permutations"),
        ({"significance": "chi2", "estimator": "nsb"}, "estimator"),
        ({"significance": "chi2", "bias": "panzeri_treves"}, "bias"),
        ({"bias": "panzeri_treves", "estimator": "miller_madow"}, "bias"),
        ({"given": np.zeros(1500), "estimator": "nsb"}, "estimator"),
        ({"given": np.zeros(1500), "bias": "panzeri_treves"}, "bias"),
        ({"given": np.zeros(3)}, "given"),
        ({"given": np.full(1500, np.nan)}, "given"),
        ({"Y": np.zeros((3, 2))}, "Y"),
        ({"bins": 0}, "bins"),
        ({"binning": "log"}, "binning"),
        ({"base": 1}, "base"),
    ],
)
def test_matrix_errors_name_the_argument(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        histogram.mutual_information_matrix(table(), **options)
