"""Nearest-neighbour estimates against the public contract: brute force, closed forms, SciPy and scikit-learn."""

from __future__ import annotations

import inspect
import math
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.integrate import quad
from scipy.spatial import cKDTree
from scipy.special import digamma, gammaln
from scipy.stats import norm, rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

import hartley as ht
from hartley import knn

SAME = {"rtol": 0, "atol": 1e-12}  # the same sums of digammas, added in another order
LOGS = {"rtol": 0, "atol": 1e-11}  # the same sums with logarithms of distances rounded in another order


def pairs(n: int = 300, rho: float = 0.6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x, e = np.random.default_rng(seed).normal(size=(2, n))
    return x, rho * x + math.sqrt(1 - rho**2) * e


def distances(x: np.ndarray, y: np.ndarray | None = None, *, p: float = np.inf, box: float = 0.0) -> np.ndarray:
    """All distances; those of a point to itself are infinite."""
    x = x.reshape(len(x), -1)
    other = x if y is None else y.reshape(len(y), -1)
    d = np.abs(x[:, None] - other[None])
    if box:
        d %= box
        d = np.minimum(d, box - d)
    d = d.max(-1) if p == np.inf else np.sqrt((d**2).sum(-1))
    if y is None:
        np.fill_diagonal(d, np.inf)
    return d


def kth(d: np.ndarray, k: int) -> np.ndarray:
    return np.sort(d, axis=1)[:, k - 1]


def near(d: np.ndarray, radius: np.ndarray, strict: bool = True) -> np.ndarray:
    return (d < radius[:, None]).sum(1) if strict else (d <= radius[:, None]).sum(1)


def ksg1(x: np.ndarray, y: np.ndarray, k: int, box: float = 0.0) -> np.ndarray:
    dx, dy = distances(x, box=box), distances(y, box=box)
    r = kth(np.maximum(dx, dy), k)
    return digamma(k) + digamma(len(x)) - digamma(near(dx, r) + 1) - digamma(near(dy, r) + 1)


def mixture(x: np.ndarray, y: np.ndarray, k: int) -> np.ndarray:
    dx, dy = distances(x), distances(y)
    dz = np.maximum(dx, dy)
    r = kth(dz, k)
    tied = np.where(r == 0, near(dz, r, strict=False), k)
    return digamma(tied) + np.log(len(x)) - np.log(near(dx, r, False) + 1) - np.log(near(dy, r, False) + 1)


def ross(x: np.ndarray, label: np.ndarray, k: int) -> float:
    counts = dict(zip(*np.unique(label, return_counts=True), strict=True))
    keep = np.array([counts[v] > 1 for v in label])
    x, label = x[keep], label[keep]
    d, total = distances(x), 0.0
    for i, v in enumerate(label):
        size = counts[v]
        kk = min(k, size - 1)
        r = np.sort(d[i, label == v])[kk - 1]
        total += digamma(kk) - digamma(size) - digamma((d[i] < r).sum() + 1)
    return digamma(len(x)) + total / len(x)


def log_ball(d: int, p: float) -> float:
    return d * math.log(2) if p == np.inf else d / 2 * math.log(math.pi) - float(gammaln(d / 2 + 1))


# --- names and defaults ------------------------------------------------------------------------------------------


def test_every_name_of_the_contract_is_there() -> None:
    names = {
        "entropy",
        "mutual_information",
        "conditional_mutual_information",
        "total_correlation",
        "kl_divergence",
        "renyi_entropy",
        "tsallis_entropy",
        "js_divergence",
        "mutual_information_matrix",
        "mutual_information_with",
        "transfer_entropy",
        "lagged_mutual_information",
        "Neighbors",
    }
    assert names <= set(knn.__all__)
    assert all(getattr(knn, name).__doc__ for name in knn.__all__)


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("entropy", {"k": 3, "metric": "chebyshev", "local": False, "base": None, "ties": "exact"}),
        ("mutual_information", {"k": 3, "algorithm": 1, "local": False, "ties": "exact", "transform": None}),
        ("mutual_information", {"periodic": None, "local_nonuniformity": None, "clip": False, "nan_policy": "raise"}),
        ("conditional_mutual_information", {"k": 3, "algorithm": 1}),
        ("total_correlation", {"k": 3}),
        ("kl_divergence", {"k": 3, "metric": "euclidean"}),
        ("js_divergence", {"k": 3, "weights": "sizes"}),
        ("mutual_information_matrix", {"k": 3, "Y": None}),
        ("transfer_entropy", {"source_history": 1, "target_history": 1, "lag": 1, "given": None, "theiler": 0}),
    ],
)
def test_defaults_are_keyword_only(name: str, defaults: dict[str, Any]) -> None:
    parameters = inspect.signature(getattr(knn, name)).parameters
    for key, value in defaults.items():
        assert parameters[key].default == value
        assert parameters[key].kind is inspect.Parameter.KEYWORD_ONLY


# --- entropy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "p"), [("chebyshev", np.inf), ("euclidean", 2)])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_entropy_is_kozachenko_leonenko(metric: str, p: float, d: int, rng: np.random.Generator) -> None:
    x = rng.normal(size=(250, d))
    want = digamma(250) - digamma(4) + log_ball(d, p) + d * np.log(kth(distances(x, p=p), 4))
    got = knn.entropy(x, k=4, metric=metric, local=True)
    np.testing.assert_allclose(got, want, **LOGS)
    assert isinstance(value := knn.entropy(x, k=4, metric=metric), float)
    assert value == pytest.approx(want.mean(), abs=1e-11)  # as LOGS


def test_entropy_closed_forms(rng: np.random.Generator) -> None:
    n = 20_000  # standard error about 0.01, tolerance four of them
    assert knn.entropy(rng.uniform(0, 5, n)) == pytest.approx(math.log(5), abs=0.04)
    assert knn.entropy(rng.exponential(2, n)) == pytest.approx(1 + math.log(2), abs=0.04)
    cov = np.array([[2.0, 0.5], [0.5, 1.0]])
    want = 0.5 * math.log((2 * math.pi * math.e) ** 2 * np.linalg.det(cov))
    assert knn.entropy(rng.multivariate_normal([0, 0], cov, n), metric="euclidean") == pytest.approx(want, abs=0.06)


def test_entropy_scales_and_shifts(rng: np.random.Generator) -> None:
    x = rng.normal(size=(400, 2))  # powers of two scale exactly, so only the sum of logarithms is rounded
    assert knn.entropy(4 * x) == pytest.approx(knn.entropy(x) + 2 * math.log(4), abs=1e-11)


def test_entropy_refuses_ties_and_jitter_accepts_them(rng: np.random.Generator) -> None:
    x = rng.normal(size=300)
    x[:10] = 1.0
    for ties in ("exact", "raise"):
        with pytest.raises(ValueError, match="jitter"):
            knn.entropy(x, ties=ties)
    one, two = knn.entropy(x, ties="jitter", seed=4), knn.entropy(x, ties="jitter", seed=4)
    assert one == two != knn.entropy(x, ties="jitter", seed=5)
    assert knn.entropy(x, ties="jitter", seed=np.random.default_rng(4)) == one
    assert math.isfinite(one)
    assert knn.entropy(x[:13], k=10) > -np.inf  # ten equal ones, but the tenth neighbour is another


def test_entropy_periodic_is_brute_force_on_the_circle(rng: np.random.Generator) -> None:
    x = rng.uniform(0, 3, size=(200, 1))
    want = digamma(200) - digamma(3) + math.log(2) + np.log(kth(distances(x, box=3.0), 3))
    np.testing.assert_allclose(knn.entropy(x, periodic=3.0, local=True), want, **LOGS)
    xy = np.c_[x, rng.normal(size=200)]
    d = np.maximum(distances(x, box=3.0), distances(xy[:, 1]))
    want = digamma(200) - digamma(3) + 2 * math.log(2) + 2 * np.log(kth(d, 3))
    np.testing.assert_allclose(knn.entropy(xy, periodic=[3.0, 0.0], local=True), want, **LOGS)


def test_theiler_window_undoes_oversampling(rng: np.random.Generator) -> None:
    x = np.repeat(rng.normal(size=1500), 6) + 1e-7 * rng.normal(size=9000)
    want = 0.5 * math.log(2 * math.pi * math.e)
    assert knn.entropy(x) < want - 5
    # six copies of every point keep the density of neighbours but not their independence: a loose 0.5
    assert knn.entropy(x, theiler=6, k=12) == pytest.approx(want, abs=0.5)


# --- mutual information -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", ["auto", "tree", "brute"])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_ksg1_is_brute_force(k: int, search: str) -> None:
    x, y = pairs()
    got = knn.mutual_information(x, y, k=k, local=True, search=search)
    np.testing.assert_allclose(got, ksg1(x, y, k), **SAME)


@pytest.mark.parametrize(("dx", "dy"), [(2, 1), (1, 3), (2, 2)])
def test_ksg1_of_several_features(dx: int, dy: int, rng: np.random.Generator) -> None:
    x = rng.normal(size=(250, dx))
    y = rng.normal(size=(250, dy)) + x[:, :1]
    np.testing.assert_allclose(knn.mutual_information(x, y, local=True), ksg1(x, y, 3), **SAME)


@pytest.mark.parametrize("k", [1, 4])
def test_ksg2_is_brute_force(k: int) -> None:
    x, y = pairs()
    dx, dy = distances(x), distances(y)
    rows = np.argsort(np.maximum(dx, dy), axis=1)[:, :k]
    nx = near(dx, np.take_along_axis(dx, rows, 1).max(1), strict=False)
    ny = near(dy, np.take_along_axis(dy, rows, 1).max(1), strict=False)
    want = digamma(k) - 1 / k + digamma(len(x)) - digamma(nx) - digamma(ny)
    np.testing.assert_allclose(knn.mutual_information(x, y, k=k, algorithm=2, local=True), want, **SAME)


def test_bias_improved_is_brute_force(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(300, 2)), rng.normal(size=300)
    y += x[:, 1]
    r = kth(distances(np.c_[x, y], p=2), 3)
    balls = log_ball(2, 2) + log_ball(1, 2) - log_ball(3, 2)
    nx, ny = near(distances(x, p=2), r, False), near(distances(y, p=2), r, False)
    want = digamma(3) + math.log(300) + balls - np.log(nx) - np.log(ny)
    np.testing.assert_allclose(knn.mutual_information(x, y, algorithm="bias_improved", local=True), want, **LOGS)


@pytest.mark.parametrize("algorithm", [1, 2, "bias_improved", "mixture"])
def test_every_algorithm_finds_the_gaussian_value(algorithm: int | str) -> None:
    x, y = pairs(8000, 0.8, seed=3)
    got = knn.mutual_information(x, y, k=8, algorithm=algorithm)
    # standard error about 0.01; "mixture" is low by log(k + 1) - ψ(k) = 0.18 at most
    low = 0.2 if algorithm == "mixture" else 0.05
    want = -0.5 * math.log(1 - 0.64)
    assert want - low < got < want + 0.05


def test_ksg_matches_scikit_learn() -> None:
    x, y = pairs(500, 0.7)
    want = mutual_info_regression(x[:, None], y, n_neighbors=3, random_state=0)[0]
    # scikit-learn adds noise of 1e-10, which flips no comparison here
    assert knn.mutual_information(x, y, transform="standardize") == pytest.approx(want, abs=1e-9)


def test_mixture_is_gao_2017_algorithm_1(rng: np.random.Generator) -> None:
    x = rng.integers(0, 3, 300).astype(float)
    y = np.where(rng.random(300) < 0.5, x, x + rng.normal(size=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ht.TiesWarning)  # whether the estimate made for ties warns of them is left open
        got = knn.mutual_information(x, y, algorithm="mixture", local=True)
    np.testing.assert_allclose(got, mixture(x, y, 3), **SAME)
    np.testing.assert_allclose(
        knn.mutual_information(*pairs(), algorithm="mixture"), mixture(*pairs(), 3).mean(), **SAME
    )


def test_exact_ties_close_the_balls_and_warn(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 4, (2, 300)).astype(float)
    x[:60], y[:60] = rng.normal(size=(2, 60))
    sides = distances(x), distances(y)
    radius = kth(np.maximum(*sides), 3)[:, None]
    # more than one in a hundred is tied: all others that are at most so far count
    k, n_x, n_y = ((d <= radius).sum(axis=1) for d in (np.maximum(*sides), *sides))
    want = digamma(k) + digamma(300) - digamma(n_x) - digamma(n_y)
    with pytest.warns(ht.TiesWarning, match=r"25\d of 300 samples \(0\.8\d+\)"):
        got = knn.mutual_information(x, y, local=True)
    np.testing.assert_allclose(got, want, **SAME)
    with pytest.raises(ValueError, match=r"tie|distance"):
        knn.mutual_information(x, y, ties="raise")
    jitter = [knn.mutual_information(x, y, ties="jitter", seed=s) for s in (1, 1, 2)]
    assert jitter[0] == jitter[1] != jitter[2]


def test_a_constant_feature_against_rare_positives_tells_nothing() -> None:
    positive = np.zeros(10**6, dtype=int)
    positive[:: 10**4] = 1
    with pytest.warns(ht.TiesWarning):
        value = knn.mutual_information(np.ones(10**6), positive, discrete_y=True)
    assert value == pytest.approx(0, abs=1e-5)  # ψ(99) - log(100) = -0.015 for a sample in 10^4, and ψ - log at 10^6


@pytest.mark.parametrize("labels", ["int", "text", "object"])
def test_ross_is_brute_force(labels: str, rng: np.random.Generator) -> None:
    label = rng.integers(0, 3, 200)
    x = rng.normal(size=200) + label
    label[7] = 9  # alone with its label
    want = ross(x, label, 3)
    names = {"int": label, "text": np.array([f"v{v}" for v in label]), "object": np.array(label, dtype=object)}[labels]
    assert knn.mutual_information(x, names, discrete_y=True) == pytest.approx(want, abs=1e-12)  # as SAME
    assert knn.mutual_information(names, x, discrete_x=True) == pytest.approx(want, abs=1e-12)  # as SAME


def test_ross_matches_scikit_learn(rng: np.random.Generator) -> None:
    label = rng.integers(0, 3, 400)
    x = rng.normal(size=(400, 2)) + label[:, None] * [1, 0.5]
    want = mutual_info_classif(x, label, random_state=0)
    got = knn.mutual_information_with(x, label, discrete_y=True)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)  # scikit-learn's noise of 1e-10 flips no comparison


def test_k_sequence_is_one_estimate_each() -> None:
    x, y = pairs()
    ks = [1, 3, 7]
    for call in (
        lambda k: knn.mutual_information(x, y, k=k),
        lambda k: knn.mutual_information(x, y, k=k, algorithm=2, local=True),
        lambda k: knn.entropy(x, k=k),
        lambda k: knn.kl_divergence(x, y + 1, k=k),
        lambda k: knn.js_divergence(x, y + 1, k=k),
        lambda k: knn.conditional_mutual_information(x, y, x + y**2, k=k),
        lambda k: knn.total_correlation(x, y, x - y**2, k=k),
        lambda k: knn.renyi_entropy(x, 1.5, k=k),
        lambda k: knn.tsallis_entropy(x, 1.5, k=k),
    ):
        np.testing.assert_allclose(call(ks), np.stack([call(k) for k in ks]), **SAME)
    np.testing.assert_array_equal(knn.mutual_information(x, y, k=(3, 1)), knn.mutual_information(x, y, k=[3, 1]))
    assert knn.mutual_information(x, y, k=[3]).shape == (1,)


def test_transforms_are_what_they_are_called() -> None:
    x, y = pairs(511, 0.7)
    x = np.exp(x)

    def by(f: Any, transform: str) -> None:
        want = knn.mutual_information(f(x), f(y))
        assert knn.mutual_information(x, y, transform=transform) == pytest.approx(want, abs=1e-12)  # as SAME

    by(lambda v: (v - v.mean()) / v.std(), "standardize")
    by(lambda v: norm.ppf(rankdata(v) / (len(v) + 1)), "copula")
    with pytest.warns(ht.TiesWarning):  # whoever passes ranks is told that they are a grid
        by(rankdata, "rank")


def test_rank_and_copula_do_not_see_monotone_maps() -> None:
    x, y = pairs(400, 0.7)
    for transform in ("rank", "copula"):
        a = knn.mutual_information(x, y, transform=transform)
        assert a == knn.mutual_information(np.exp(x), y**3, transform=transform)


def test_mutual_information_periodic_is_brute_force(rng: np.random.Generator) -> None:
    angle = rng.uniform(0, 2 * np.pi, 300)
    other = (angle + rng.normal(0, 0.5, 300)) % (2 * np.pi)
    got = knn.mutual_information(angle, other, periodic=2 * np.pi, local=True)
    np.testing.assert_allclose(got, ksg1(angle, other, 3, box=2 * np.pi), **SAME)
    one = knn.mutual_information(angle, other, periodic=[0.0, 0.0])
    assert one == pytest.approx(knn.mutual_information(angle, other), abs=1e-12)  # as SAME


def test_local_nonuniformity_helps_strong_dependence() -> None:
    x, y = pairs(1000, math.sqrt(1 - 1e-8))
    want = -0.5 * math.log(1e-8)
    plain = knn.mutual_information(x, y, k=5, algorithm=2)
    corrected = knn.mutual_information(x, y, k=5, algorithm=2, local_nonuniformity=0.2)
    assert abs(corrected - want) < 0.5 * abs(plain - want)
    assert plain < want


def test_a_function_of_x_saturates(rng: np.random.Generator) -> None:
    x = rng.normal(size=1000)
    with pytest.warns(ht.SaturationWarning):
        knn.mutual_information(x, 2 * x)


def test_base_clip_and_symmetry() -> None:
    x, y = pairs(500, 0.0, seed=2)
    value = knn.mutual_information(x, y)
    bits = knn.mutual_information(x, y, base="bits")
    assert bits == pytest.approx(value / math.log(2), rel=1e-14)
    assert knn.mutual_information(x, y, base=2) == bits
    assert knn.mutual_information(x, y, base="hartleys") == pytest.approx(value / math.log(10), rel=1e-14)
    assert knn.mutual_information(x, y, base="nats") == value
    assert knn.mutual_information(y, x) == pytest.approx(value, abs=1e-12)  # as SAME
    seeds = [pairs(200, 0.0, seed=s) for s in range(8)]
    assert min(knn.mutual_information(*p) for p in seeds) < 0
    assert min(knn.mutual_information(*p, clip=True) for p in seeds) == 0
    assert knn.mutual_information(x, y, clip=True, local=True).min() < 0


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y, b: knn.entropy(x, base=b, local=True),
        lambda x, y, b: knn.conditional_mutual_information(x, y, x + y**2, base=b),
        lambda x, y, b: knn.total_correlation(x, y, x - y**2, base=b),
        lambda x, y, b: knn.dual_total_correlation(x, y, x - y**2, base=b),
        lambda x, y, b: knn.o_information(x, y, x - y**2, base=b),
        lambda x, y, b: knn.kl_divergence(x, y + 1, base=b),
        lambda x, y, b: knn.js_divergence(x, y + 1, base=b),
        lambda x, y, b: knn.renyi_entropy(x, 0.5, base=b),
        lambda x, y, b: knn.transfer_entropy(x, y, base=b),
        lambda x, y, b: knn.lagged_mutual_information(x, y, [0, 1], base=b),
        lambda x, y, b: knn.mutual_information_matrix(np.c_[x, y], base=b)[0, 1],
        lambda x, y, b: knn.mutual_information_with(np.c_[x, x + y], y**2, base=b),
    ],
)
def test_every_estimate_takes_base(call: Any) -> None:
    x, y = pairs()
    np.testing.assert_allclose(call(x, y, "bits"), call(x, y, None) / math.log(2), rtol=1e-13)  # one division
    for bad in (1, -2, 0, "furlongs", math.nan):
        with pytest.raises(ValueError, match="base"):
            call(x, y, bad)


# --- inputs ------------------------------------------------------------------------------------------------------


def test_inputs_of_every_kind_give_the_same() -> None:
    x, y = pairs(200)
    want = knn.mutual_information(x, y)
    wide = np.asfortranarray(np.repeat(x[:, None], 3, axis=1))
    index = np.random.default_rng(1).permutation(200)
    swapped = x.astype(x.dtype.newbyteorder())
    kinds = [
        x.tolist(),
        x[:, None],
        wide[:, 1],
        np.repeat(x, 2)[::2],
        x[::-1][::-1],
        swapped,
        pd.Series(x, index=index),
        pd.DataFrame({"a": x}, index=index),
        pl.Series(x),
        pl.DataFrame({"a": x}),
        pa.array(x),
    ]
    for kind in kinds:
        assert knn.mutual_information(kind, y) == want
        assert knn.entropy(kind) == knn.entropy(x)
    two = np.c_[x, y]
    for kind in (np.asfortranarray(two), pd.DataFrame(two), two.tolist(), pl.DataFrame({"a": x, "b": y})):
        assert knn.entropy(kind) == knn.entropy(two)


def test_integers_are_numbers(rng: np.random.Generator) -> None:
    x, y = rng.integers(-(10**6), 10**6, (2, 200))
    want = knn.mutual_information(x.astype(float), y.astype(float))
    for dtype in (np.int32, np.int64):
        assert knn.mutual_information(x.astype(dtype), y.astype(dtype)) == want


def test_float32_is_searched_in_float32() -> None:
    x, y = (v.astype(np.float32) for v in pairs(400))
    np.testing.assert_allclose(knn.mutual_information(x, y, local=True), ksg1(x, y, 3), **SAME)
    assert isinstance(knn.mutual_information(x, y), float)
    assert knn.mutual_information(x, y, local=True).dtype == np.float64
    # the same points in the other precision: distances differ by 1e-7 of them
    assert knn.entropy(x) == pytest.approx(knn.entropy(x.astype(float)), abs=1e-3)


def test_inputs_are_not_written_to(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 2))
    y = x[:, 0] + rng.normal(size=200)
    y[:9], x[:9] = 1, 1
    label = rng.integers(0, 2, 200)
    copies = [a.copy() for a in (x, y, label)]
    for a in (x, y, label):
        a.flags.writeable = False
    for transform in (None, "rank", "copula", "standardize"):
        knn.mutual_information(x, y, transform=transform, ties="jitter", seed=0)
    knn.conditional_mutual_information(x[:, 0], y, x[:, 1], ties="jitter", seed=0, transform="standardize")
    knn.entropy(x, ties="jitter", seed=0)
    knn.kl_divergence(x, x[:100] + 1, ties="jitter", seed=0)
    with pytest.warns(ht.TiesWarning):
        knn.mutual_information_with(x, label, discrete_y=True)
    with pytest.warns(ht.TiesWarning):
        knn.mutual_information_matrix(np.c_[x, y])
    for a, copy in zip((x, y, label), copies, strict=True):
        np.testing.assert_array_equal(a, copy)


def test_nan_policy_omit_drops_rows() -> None:
    x, y = pairs(300)
    bad_x, bad_y = x.copy(), y.copy()
    bad_x[[3, 50]], bad_y[[50, 99]] = np.nan, np.nan
    keep = ~(np.isnan(bad_x) | np.isnan(bad_y))
    cx, cy, z = x[keep], y[keep], x**2 + y
    omit = {"nan_policy": "omit"}
    assert knn.mutual_information(bad_x, bad_y, **omit) == knn.mutual_information(cx, cy)
    assert knn.entropy(bad_x, **omit) == knn.entropy(x[~np.isnan(bad_x)])
    got = knn.conditional_mutual_information(bad_x, bad_y, z, **omit)
    assert got == knn.conditional_mutual_information(cx, cy, z[keep])
    assert knn.total_correlation(bad_x, bad_y, z, **omit) == knn.total_correlation(cx, cy, z[keep])
    got = knn.kl_divergence(bad_x, bad_y, **omit)
    assert got == knn.kl_divergence(x[~np.isnan(bad_x)], y[~np.isnan(bad_y)])
    matrix = knn.mutual_information_matrix(np.c_[bad_x, bad_y, z], **omit)
    np.testing.assert_array_equal(matrix, knn.mutual_information_matrix(np.c_[cx, cy, z[keep]]))


def test_nan_is_reported_with_count_and_first_index() -> None:
    x, y = pairs(300)
    x[[17, 40]] = np.nan
    with pytest.raises(ValueError, match=r"(?s)^(?=.*\bx\b)(?=.*\b2\b)(?=.*\b17\b)"):
        knn.mutual_information(x, y)
    y[23] = np.inf
    with pytest.raises(ValueError, match=r"(?s)^(?=.*\by\b)(?=.*\b23\b)"):
        knn.mutual_information(np.zeros(300), y)
    with pytest.raises(ValueError, match=r"(?s)^(?=.*\by\b)(?=.*\b23\b)"):
        knn.mutual_information(np.zeros(300), y, nan_policy="omit")


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x, y: knn.mutual_information(x, y, k=0), ValueError, r"\bk\b"),
        (lambda x, y: knn.mutual_information(x, y, k=len(x)), ValueError, r"\bk\b"),
        (lambda x, y: knn.mutual_information(x, y, k=2.5), TypeError, r"\bk\b"),
        (lambda x, y: knn.mutual_information(x, y, k=[]), ValueError, r"\bk\b"),
        (lambda x, y: knn.mutual_information(x, y[:-1]), ValueError, r"\by\b"),
        (lambda x, y: knn.mutual_information(x, y, algorithm=3), ValueError, "algorithm"),
        (lambda x, y: knn.mutual_information(x, y, ties="ignore"), ValueError, "ties"),
        (lambda x, y: knn.mutual_information(x, y, transform="log"), ValueError, "transform"),
        (lambda x, y: knn.mutual_information(x, y, search="hash"), ValueError, "search"),
        (lambda x, y: knn.mutual_information(x, y, nan_policy="drop"), ValueError, "nan_policy"),
        (lambda x, y: knn.mutual_information(x, y, periodic=[1.0, 2.0, 3.0]), ValueError, "periodic"),
        (lambda x, y: knn.mutual_information(x, y, periodic=-1.0), ValueError, "periodic"),
        (lambda x, y: knn.mutual_information(x, y, theiler=-1), ValueError, "theiler"),
        (lambda x, y: knn.mutual_information(x, y, algorithm=2, local_nonuniformity=2), ValueError, "nonuniformity"),
        (lambda x, y: knn.mutual_information(x.astype(str), y), TypeError, r"\bx\b"),
        (lambda x, y: knn.mutual_information(x, y * 1j), TypeError, r"\by\b"),
        (lambda x, y: knn.entropy(x[:0]), ValueError, r"\bx\b|\bk\b"),
        (lambda x, y: knn.entropy(x, metric="cosine"), ValueError, "metric"),
        (lambda x, y: knn.entropy(x.reshape(5, 10, -1)), ValueError, r"\bx\b"),
        (lambda x, y: knn.total_correlation(x), ValueError, "xs|variables"),
        (lambda x, y: knn.conditional_mutual_information(x, y, x[1:]), ValueError, "given"),
        (lambda x, y: knn.kl_divergence(x, np.c_[y, y]), ValueError, "feature"),
        (lambda x, y: knn.js_divergence(x, y, weights="half"), ValueError, "weights"),
        (lambda x, y: knn.renyi_entropy(x, -1), ValueError, "alpha"),
        (lambda x, y: knn.renyi_entropy(x, 4, k=3), ValueError, "alpha|k"),
        (lambda x, y: knn.tsallis_entropy(x, -1), ValueError, r"\bq\b"),
        (lambda x, y: knn.transfer_entropy(x, y, lag=0), ValueError, "lag"),
        (lambda x, y: knn.transfer_entropy(x, y[1:]), ValueError, "target"),
        (lambda x, y: knn.transfer_entropy(x, y, source_history=0), ValueError, "source_history"),
        (lambda x, y: knn.lagged_mutual_information(x, y, len(x)), ValueError, "lag"),
        (lambda x, y: knn.lagged_mutual_information(x, y, 1.5), TypeError, "lag"),
        (lambda x, y: knn.mutual_information_matrix(np.c_[x, y], Y=y[1:, None]), ValueError, "Y"),
        (lambda x, y: knn.Neighbors(x, metric="cosine"), ValueError, "metric"),
        (lambda x, y: knn.Neighbors(x).query(y, 0), ValueError, r"\bk\b"),
        (lambda x, y: knn.Neighbors(x).query(np.c_[y, y], 1), ValueError, r"\by\b|feature"),
        (lambda x, y: knn.Neighbors(x).kth_distance(len(x)), ValueError, r"\bk\b"),
        (lambda x, y: knn.Neighbors(x).count_within(x[:3]), ValueError, "radii"),
        (lambda x, y: knn.Neighbors(x).count_within(math.nan), ValueError, "radii"),
    ],
)
def test_errors_name_the_argument(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(*pairs(200))


def test_bits_do_not_depend_on_threads(rng: np.random.Generator) -> None:
    n = 20_000
    x, y, z = rng.normal(size=(3, n))
    y, z = y + x, z.round(2) + x
    label = rng.integers(0, 3, n)

    def everything() -> list[Any]:
        return [
            knn.entropy(np.c_[x, y], local=True),
            knn.mutual_information(x, y, k=[3, 5]),
            knn.mutual_information(x, y, algorithm=2),
            knn.mutual_information(x, label, discrete_y=True),
            knn.mutual_information(x, z, ties="jitter", seed=1),
            knn.conditional_mutual_information(x, y, z),
            knn.kl_divergence(x, y),
            knn.js_divergence(x, y, weights="equal"),
            knn.transfer_entropy(x, y),
            knn.mutual_information_matrix(np.c_[x, y, z][:3000]),
            *knn.Neighbors(np.c_[x, y]).query(np.c_[y, z][:500], 4),
        ]

    with ht.threads(1):
        want = everything()
    for n_threads in (2, 3):
        with ht.threads(n_threads):
            for a, b in zip(everything(), want, strict=True):
                np.testing.assert_array_equal(a, b)


# --- conditional, multivariate -----------------------------------------------------------------------------------


def test_conditional_is_frenzel_pompe(rng: np.random.Generator) -> None:
    x, y, z = rng.normal(size=(3, 300))
    x, y, z = x + z, y + z, np.c_[z, rng.normal(size=300)]
    dx, dy, dz = distances(x), distances(y), distances(z)
    r = kth(np.maximum(np.maximum(dx, dy), dz), 3)
    xz, yz = near(np.maximum(dx, dz), r), near(np.maximum(dy, dz), r)
    want = digamma(3) - digamma(xz + 1) - digamma(yz + 1) + digamma(near(dz, r) + 1)
    got = knn.conditional_mutual_information(x, y, z, local=True)
    np.testing.assert_allclose(got, want, **SAME)
    assert knn.conditional_mutual_information(x, y, z) == pytest.approx(want.mean(), abs=1e-12)  # as SAME


def test_conditional_mixture_is_mesner_shalizi(rng: np.random.Generator) -> None:
    x, y, z = rng.integers(0, 3, (3, 300)).astype(float)
    y[::2] += rng.normal(size=150)
    dx, dy, dz = distances(x), distances(y), distances(z)
    joint = np.maximum(np.maximum(dx, dy), dz)
    r = kth(joint, 3)
    tied = near(joint, r, False)  # k where r > 0, as y has no ties there
    xz, yz = near(np.maximum(dx, dz), r, False), near(np.maximum(dy, dz), r, False)
    want = digamma(tied) - digamma(xz) - digamma(yz) + digamma(near(dz, r, False))
    got = knn.conditional_mutual_information(x, y, z, algorithm="mixture", local=True)
    np.testing.assert_allclose(got[r == 0], want[r == 0], **SAME)


def test_conditional_gaussian_value(rng: np.random.Generator) -> None:
    x, y, z = rng.multivariate_normal([0] * 3, [[1, 0.6, 0.5], [0.6, 1, 0.4], [0.5, 0.4, 1]], 10_000).T
    partial = (0.6 - 0.5 * 0.4) / math.sqrt((1 - 0.25) * (1 - 0.16))
    want = -0.5 * math.log(1 - partial**2)
    assert knn.conditional_mutual_information(x, y, z) == pytest.approx(want, abs=0.04)  # four standard errors


def test_total_correlation_is_ksg_for_m_variables(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 300))
    z = np.c_[x + y, y - rng.normal(size=300)]
    ds = [distances(v) for v in (x, y, z)]
    r = kth(np.max(ds, axis=0), 3)
    want = digamma(3) + 2 * digamma(300) - sum(digamma(near(d, r) + 1) for d in ds)
    np.testing.assert_allclose(knn.total_correlation(x, y, z, local=True), want, **SAME)
    assert knn.total_correlation(x, y) == pytest.approx(knn.mutual_information(x, y), abs=1e-12)  # as SAME
    rest = [np.max([d for d in ds if d is not out], axis=0) for out in ds]
    dual = digamma(300) + 2 * digamma(3) - sum(digamma(near(d, r) + 1) for d in rest)
    np.testing.assert_allclose(knn.dual_total_correlation(x, y, z, local=True), dual, **SAME)
    assert knn.o_information(x, y, z) == pytest.approx((want - dual).mean(), abs=1e-12)  # as SAME


# --- divergences, Rényi, Tsallis ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "p"), [("euclidean", 2), ("chebyshev", np.inf)])
def test_kl_divergence_is_wang_kulkarni_verdu(metric: str, p: float, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(200, 2)), 0.5 + rng.normal(size=(150, 2))
    inside, across = cKDTree(x).query(x, 4, p=p)[0][:, 3], cKDTree(y).query(x, 3, p=p)[0][:, 2]
    want = 2 * np.log(across / inside) + math.log(150 / 199)
    np.testing.assert_allclose(knn.kl_divergence(x, y, metric=metric, local=True), want, **LOGS)
    assert knn.kl_divergence(x, y, metric=metric) == pytest.approx(want.mean(), abs=1e-11)  # as LOGS


def test_kl_divergence_of_normals(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=20_000), rng.normal(0.7, 1.5, 15_000)
    want = math.log(1.5) + (1 + 0.49) / (2 * 2.25) - 0.5
    assert knn.kl_divergence(x, y, k=5) == pytest.approx(want, abs=0.04)  # three standard errors
    assert knn.kl_divergence(x[:500], x[:500] + 0.0, clip=True) >= 0
    x[:5] = 2
    for ties in ("exact", "raise"):
        with pytest.raises(ValueError, match="jitter"):
            knn.kl_divergence(x, y, ties=ties)


def test_js_divergence_is_information_on_the_sample(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(200, 2)), 0.7 + rng.normal(size=(300, 2))
    label = np.repeat([0, 1], [200, 300])
    want = knn.mutual_information(np.r_[x, y], label, discrete_y=True)
    assert knn.js_divergence(x, y) == pytest.approx(want, abs=1e-12)  # as SAME
    assert knn.js_divergence(x, y) == pytest.approx(ross(np.r_[x, y], label, 3), abs=1e-12)  # as SAME
    far = knn.js_divergence(x, y + 100)
    # the entropy of the weights, to the difference of ψ and log at 200 and 300
    assert far == pytest.approx(-(0.4 * math.log(0.4) + 0.6 * math.log(0.6)), abs=0.01)
    assert knn.js_divergence(x, y + 100, weights="equal", base="bits") == pytest.approx(1, abs=0.01)  # the same
    assert knn.js_divergence(y, x) == pytest.approx(want, abs=1e-12)  # as SAME


def test_js_divergence_of_normals(rng: np.random.Generator) -> None:
    def side(t: float, a: float, b: float) -> float:
        p, q = norm.pdf(t, a), norm.pdf(t, b)
        return p * math.log(2 * p / (p + q))

    want = 0.5 * (quad(side, -9, 11, (0, 2))[0] + quad(side, -9, 11, (2, 0))[0])
    x, y = rng.normal(size=15_000), rng.normal(2, 1, 5_000)
    assert knn.js_divergence(x, y, weights="equal") == pytest.approx(want, abs=0.03)  # three standard errors


@pytest.mark.parametrize("order", [0.5, 0.9, 2.0, 2.5])
def test_renyi_and_tsallis_are_leonenko_pronzato_savani(order: float, rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 2))
    for metric, p in (("chebyshev", np.inf), ("euclidean", 2)):
        c = math.exp((gammaln(3) - gammaln(4 - order)) / (1 - order))
        zeta = 299 * c * math.exp(log_ball(2, p)) * kth(distances(x, p=p), 3) ** 2
        mean = (zeta ** (1 - order)).mean()
        renyi = knn.renyi_entropy(x, order, metric=metric)
        assert renyi == pytest.approx(math.log(mean) / (1 - order), rel=1e-11)  # powers rounded otherwise
        tsallis = knn.tsallis_entropy(x, order, metric=metric)
        assert tsallis == pytest.approx((1 - mean) / (order - 1), rel=1e-11)  # powers rounded otherwise


def test_renyi_and_tsallis_closed_forms(rng: np.random.Generator) -> None:
    x = rng.normal(size=20_000)
    for a in (0.7, 1.5, 2.0):
        log_power = 0.5 * (1 - a) * math.log(2 * math.pi) - 0.5 * math.log(a)  # log ∫ φ^a
        assert knn.renyi_entropy(x, a, k=5) == pytest.approx(log_power / (1 - a), abs=0.05)  # four standard errors
        want = (1 - math.exp(log_power)) / (a - 1)
        assert knn.tsallis_entropy(x, a, k=5) == pytest.approx(want, abs=0.05)  # four standard errors
    assert knn.renyi_entropy(x, 1) == pytest.approx(knn.entropy(x), abs=1e-12)  # as SAME
    assert knn.tsallis_entropy(x, 1) == pytest.approx(knn.entropy(x), abs=1e-12)  # as SAME
    u = rng.uniform(0, 3, 20_000)
    for a in (0.0, 0.5, 2.0):
        assert knn.renyi_entropy(u, a, k=5) == pytest.approx(math.log(3), abs=0.05)  # four standard errors


# --- matrices and series -----------------------------------------------------------------------------------------


def test_matrix_and_with_are_the_pairs(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 4))
    x[:, 3] += x[:, 0]
    y = rng.normal(size=(300, 2)) + x[:, :2]
    got = knn.mutual_information_matrix(x, k=4)
    assert got.dtype == np.float64
    assert np.isnan(np.diag(got)).all()
    np.testing.assert_array_equal(got, got.T)
    for i, j in ((0, 1), (0, 3), (2, 3)):
        assert got[i, j] == pytest.approx(ksg1(x[:, i], x[:, j], 4).mean(), abs=1e-12)  # as SAME
    cross = knn.mutual_information_matrix(x, Y=y)
    want = [[knn.mutual_information(x[:, i], y[:, j]) for j in range(2)] for i in range(4)]
    np.testing.assert_allclose(cross, want, **SAME)
    np.testing.assert_allclose(knn.mutual_information_with(x, y[:, 0]), cross[:, 0], **SAME)
    np.testing.assert_array_equal(knn.mutual_information_matrix(np.asfortranarray(x), k=4), got)


def test_frames_keep_their_labels(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"], index=range(5, 205))
    matrix = knn.mutual_information_matrix(frame)
    assert isinstance(matrix, pd.DataFrame)
    assert list(matrix.index) == list(matrix.columns) == ["a", "b", "c"]
    cross = knn.mutual_information_matrix(frame[["a", "b"]], Y=frame[["c"]])
    assert cross.shape == (2, 1)
    assert cross.loc["b", "c"] == pytest.approx(matrix.loc["b", "c"], abs=1e-12)  # as SAME
    assert isinstance(knn.mutual_information_matrix(frame, clip=True).to_numpy().min(), float)


def test_matrix_ties_warn_or_raise(rng: np.random.Generator) -> None:
    x = np.c_[rng.integers(0, 3, (200, 2)), rng.normal(size=200)]
    with pytest.warns(ht.TiesWarning):
        got = knn.mutual_information_matrix(x)
    with pytest.warns(ht.TiesWarning):
        assert got[0, 1] == pytest.approx(knn.mutual_information(x[:, 0], x[:, 1]), abs=1e-12)  # as SAME
    with pytest.raises(ValueError, match=r"tie|distance"):
        knn.mutual_information_matrix(x, ties="raise")


def test_transfer_entropy_is_conditional_on_the_embedding(rng: np.random.Generator) -> None:
    s, t, g = rng.normal(size=(3, 300))
    t[3:] += s[:-3]
    got = knn.transfer_entropy(s, t, source_history=2, target_history=3, lag=2, given=g, local=True)
    now = np.arange(3, 300)  # every past: source t-2, t-3; target t-1, t-2, t-3; given t-1
    source = np.c_[s[now - 2], s[now - 3]]
    past = np.c_[t[now - 1], t[now - 2], t[now - 3], g[now - 1]]
    want = knn.conditional_mutual_information(source, t[now], past, local=True)
    np.testing.assert_allclose(got, want, **SAME)
    plain = knn.conditional_mutual_information(s[:-1], t[1:], t[:-1])
    assert knn.transfer_entropy(s, t) == pytest.approx(plain, abs=1e-12)  # as SAME


def test_transfer_entropy_closed_form(rng: np.random.Generator) -> None:
    s, e = rng.normal(size=(2, 10_000))
    t = np.r_[np.zeros(2), s[:-2]] + e
    assert knn.transfer_entropy(s, t, lag=2) == pytest.approx(0.5 * math.log(2), abs=0.05)  # four standard errors
    assert abs(knn.transfer_entropy(s, t, lag=1)) < 0.05  # the same
    assert abs(knn.transfer_entropy(t, s, lag=2)) < 0.05  # the same


def test_lags_pair_x_with_later_y() -> None:
    x, y = pairs(300)
    got = knn.lagged_mutual_information(x, y, [-2, 0, 3])
    want = [
        knn.mutual_information(x[2:], y[:-2]),
        knn.mutual_information(x, y),
        knn.mutual_information(x[:-3], y[3:]),
    ]
    np.testing.assert_allclose(got, want, **SAME)
    assert isinstance(knn.lagged_mutual_information(x, y, 3), float)
    assert knn.lagged_mutual_information(x, y, [0, 1], k=[2, 3, 4]).shape == (2, 3)


# --- Neighbors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "p"), [("euclidean", 2), ("chebyshev", np.inf)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_neighbors_match_scipy(metric: str, p: float, dtype: type, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(500, 3)).astype(dtype), rng.normal(size=(70, 3)).astype(dtype)
    points = knn.Neighbors(x, metric=metric)
    assert (points.n_samples, points.n_features, points.metric) == (500, 3, metric)
    got, rows = points.query(y, 5)
    want, want_rows = cKDTree(x).query(y, 5, p=p)
    rounding = {"rtol": 1e-13 if dtype is np.float64 else 1e-5}  # differences are rounded in the points' type
    assert got.dtype == dtype
    assert got.shape == rows.shape == (70, 5)
    np.testing.assert_allclose(got, want, **rounding)
    np.testing.assert_array_equal(rows, want_rows)
    own = cKDTree(x).query(x, 4, p=p)[0][:, 3]
    np.testing.assert_allclose(points.kth_distance(3), own, **rounding)
    assert points.kth_distance(3).dtype == dtype
    radii = rng.uniform(0.1, 1.5, 500).astype(dtype)
    want = cKDTree(x).query_ball_point(x, radii.astype(float), p=p, return_length=True) - 1
    np.testing.assert_array_equal(points.count_within(radii), want)
    assert points.count_within(0.7).dtype == np.int64


def test_neighbors_count_strictly_and_order_ties_by_row() -> None:
    points = knn.Neighbors(np.array([0.0, 1.0, 1.0, 2.0, -1.0]))
    np.testing.assert_array_equal(points.count_within(1.0), [3, 3, 3, 2, 1])
    np.testing.assert_array_equal(points.count_within(1.0, strict=True), [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(points.count_within(0.0), [0, 1, 1, 0, 0])
    distance, rows = points.query([0.0], 5)
    np.testing.assert_array_equal(distance, [[0, 1, 1, 1, 2]])
    np.testing.assert_array_equal(rows, [[0, 1, 2, 4, 3]])
    for k in (1, 2, 3, 4):
        radius = points.kth_distance(k)
        assert (points.count_within(radius) >= k).all()
        assert (points.count_within(radius, strict=True) < k).all()


def test_neighbors_pickle_and_keep_a_copy(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 2)).astype(np.float32)
    points = knn.Neighbors(x, metric="chebyshev")
    before = points.kth_distance(2)
    again = pickle.loads(pickle.dumps(points))
    assert (again.metric, again.n_samples, again.n_features) == ("chebyshev", 200, 2)
    x[:] = 0
    np.testing.assert_array_equal(again.kth_distance(2), before)
    np.testing.assert_array_equal(points.kth_distance(2), before)
