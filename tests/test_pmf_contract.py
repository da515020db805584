"""Divergences, orders of entropy and joint pmfs from the contract: closed forms, mpmath and identities."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hartley as ht
from hartley.reference import pmf as reference

EPS = float(np.finfo(np.float64).eps)
LOG2 = math.log(2)
DTYPES = [np.float64, np.float32]
SIZES = [1, 2, 7, 8, 9, 63, 64, 65, 1000, 1023, 1024, 1025, 100003]
ORDERS = [1e-9, 0.5, 0.9, 0.999, 1 - 1e-5, 1 - 1e-9, math.nextafter(1, 0), math.nextafter(1, 2), 1 + 1e-9, 1 + 1e-5]
ORDERS += [1.001, 1.1, 2.0, 3.0, 200.0, 1e4]


def dyadic(rng, shape, dtype=np.float64, zeros=0.0):
    """Rows of multiples of 2^-20, which sum to exactly 1 in both dtypes: equal forms of a definition have one value."""
    weights = rng.exponential(size=shape)
    weights[..., 1:][rng.random(weights[..., 1:].shape) < zeros] = 0.0
    n = weights.shape[-1]
    counts = np.floor(weights / weights.sum(-1, keepdims=True) * (2**20 - n)) + (weights > 0)
    counts[..., 0] += 2**20 - counts.sum(-1)
    return (counts / 2**20).astype(dtype)


def joint(rng, shape, dtype=np.float64, zeros=0.1):
    return dyadic(rng, math.prod(shape), dtype, zeros).reshape(shape)


def bound(dtype, n):
    # a term is off by at most 8 ulp of its type (argument, log, exp, products, store), n eps covers any order of a
    # float64 sum, and |log p| <= 20 log 2 < 14 for multiples of 2^-20
    return (8 * float(np.finfo(dtype).eps) + n * EPS) * 14


def within(expected, rel):
    return pytest.approx(expected, rel=rel, abs=0)  # without abs=0 pytest adds its own 1e-12


def over(a, b):
    """a / b, with 0 / 0 = 0 and a / 0 = inf."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a == 0, 0.0, a / b)


def overlap(p, q, alpha):
    return (p**alpha * q ** (1 - alpha)).sum(-1)


def kl(p, q):
    return reference.kl_divergence(p, q)


def js(p, q):
    return np.maximum(reference.js_divergence(p, q), 0.0)


def hellinger2(p, q):
    return ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(-1) / 2


def gan(t):
    return t * np.log(t) - (t + 1) * np.log((t + 1) / 2)


F = {  # name: value of D_f, generator, f(0), lim f(t) / t
    "kl": (kl, lambda t: t * np.log(t), 0.0, math.inf),
    "reverse_kl": (lambda p, q: kl(q, p), lambda t: -np.log(t), math.inf, 0.0),
    "total_variation": (lambda p, q: np.abs(p - q).sum(-1) / 2, lambda t: np.abs(t - 1) / 2, 0.5, 0.5),
    "chi2": (lambda p, q: over((p - q) ** 2, q).sum(-1), lambda t: (t - 1) ** 2, 1.0, math.inf),
    "jensen_shannon": (js, lambda t: gan(t) / 2, LOG2 / 2, LOG2 / 2),
    "hellinger2": (hellinger2, lambda t: (np.sqrt(t) - 1) ** 2 / 2, 0.5, 0.5),
    "jeffreys": (lambda p, q: kl(p, q) + kl(q, p), lambda t: (t - 1) * np.log(t), math.inf, math.inf),
    "le_cam": (lambda p, q: over((p - q) ** 2, p + q).sum(-1) / 2, lambda t: (t - 1) ** 2 / (t + 1) / 2, 0.5, 0.5),
    "gan": (lambda p, q: 2 * js(p, q), gan, LOG2, LOG2),
    ("alpha", 0.5): (lambda p, q: 4 * hellinger2(p, q), lambda t: 4 * (1 - np.sqrt(t)), 4.0, 0.0),
}


def call(name, *order, **fixed):
    return lambda *pmfs, **options: getattr(ht, name)(*pmfs, *order, **fixed, **options)


ONE = {
    "renyi_entropy": (call("renyi_entropy", 0.7), lambda p: np.log((p**0.7).sum(-1)) / 0.3),
    "tsallis_entropy": (call("tsallis_entropy", 2), lambda p: 1 - (p**2).sum(-1)),
    "perplexity": (call("perplexity"), lambda p: np.exp(reference.entropy(p))),
}
PAIRS = {f"f_divergence {name}": (call("f_divergence", name), row[0]) for name, row in F.items()} | {
    "js_distance": (lambda p, q, **o: ht.js_distance(p, q, **o) ** 2, js),  # squared: the root of a rounding is large
    "total_variation": (call("total_variation"), F["total_variation"][0]),
    "chi2_divergence": (call("chi2_divergence"), F["chi2"][0]),
    "hellinger_distance": (call("hellinger_distance"), lambda p, q: np.sqrt(hellinger2(p, q))),
    "renyi_divergence": (call("renyi_divergence", 0.7), lambda p, q: np.log(overlap(p, q, 0.7)) / -0.3),
    "bhattacharyya_distance": (call("bhattacharyya_distance"), lambda p, q: -np.log(overlap(p, q, 0.5))),
    "jeffreys_divergence": (call("jeffreys_divergence"), F["jeffreys"][0]),
}


def h(p, *axes):
    """Entropy of the marginal of these variables."""
    rest = tuple(k for k in range(p.ndim) if k not in axes)
    return float(reference.entropy(p.astype(np.float64).sum(axis=rest).ravel()))


def co_information(p):
    subsets = (s for r in range(1, p.ndim + 1) for s in itertools.combinations(range(p.ndim), r))
    return -sum((-1) ** len(s) * h(p, *s) for s in subsets)


def total_correlation(p):
    return sum(h(p, k) for k in range(p.ndim)) - h(p, *range(p.ndim))


def dual_total_correlation(p):
    everything = range(p.ndim)
    without = [h(p, *(j for j in everything if j != k)) for k in everything]
    return h(p, *everything) - sum(h(p, *everything) - w for w in without)


def information(p):
    return h(p, 0) + h(p, 1) - h(p, 0, 1)


def conditional_information(p):
    return h(p, 0, 2) + h(p, 1, 2) - h(p, 0, 1, 2) - h(p, 2)


def steps(p):
    return np.diff([h(p, *range(k)) for k in range(p.ndim + 1)])


JOINT = {  # name: first argument, rank, call, value
    "joint_entropy": ("pxy", 3, call("joint_entropy"), lambda p: h(p, 0, 1, 2)),
    "conditional_entropy": ("pxy", 3, call("conditional_entropy", given=1), lambda p: h(p, 0, 1, 2) - h(p, 1)),
    "mutual_information": ("pxy", 3, call("mutual_information"), information),
    "conditional_mutual_information": (
        "pxyz", 3, call("conditional_mutual_information", x=0, y=1, given=2), conditional_information,
    ),
    "variation_of_information": (
        "pxy", 2, call("variation_of_information"), lambda p: 2 * h(p, 0, 1) - h(p, 0) - h(p, 1),
    ),
    "normalized_mutual_information": (
        "pxy", 2, call("normalized_mutual_information"), lambda p: information(p) / (h(p, 0) + h(p, 1)) * 2,
    ),
    "total_correlation": ("p", 3, call("total_correlation"), total_correlation),
    "dual_total_correlation": ("p", 3, call("dual_total_correlation"), dual_total_correlation),
    "interaction_information": ("p", 3, call("interaction_information"), co_information),
    "o_information": ("p", 3, call("o_information"), lambda p: total_correlation(p) - dual_total_correlation(p)),
    "chain_rule": ("p", 3, call("chain_rule"), steps),
}  # fmt: skip
SIGNED = {"interaction_information", "o_information"}


def assert_never_negative(values):
    assert np.all(np.isfinite(values))
    assert np.all(np.asarray(values) >= 0)
    assert not np.any(np.signbit(values))  # nor -0.0


# One pmf ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", ONE)
def test_functionals_of_one_pmf_equal_their_formula_on_all_sizes(level, name, n, dtype, rng):
    p = dyadic(rng, n, dtype, zeros=0.2)
    function, expected = ONE[name]
    assert function(p) == pytest.approx(expected(p.astype(float)), rel=bound(dtype, n), abs=bound(dtype, n))


def exact_binary_entropy(p):
    with mpmath.workdps(50):
        return float(-p * mpmath.log(p) - (1 - mpmath.mpf(p)) * mpmath.log1p(-mpmath.mpf(p)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_entropy_is_relatively_accurate_near_0_and_1(level, dtype):
    tiny = {np.float64: [1e-307, 1e-300, 1 - 1e-16], np.float32: [1e-37]}[dtype]
    p = np.array([*tiny, 1e-16, 1e-8, 1e-3, 0.11, 0.3, 0.5, 0.75, 0.999, 1 - 1e-7], dtype)
    exact = [exact_binary_entropy(v) for v in p.tolist()]
    rtol = 4 * float(np.finfo(dtype).eps)  # 2 ulp a logarithm, 1/2 each for 1 - p, product and sum
    np.testing.assert_allclose(ht.binary_entropy(p), exact, rtol=rtol)
    np.testing.assert_allclose(ht.binary_entropy(np.tile(p, (5, 1))), [exact] * 5, rtol=rtol)
    np.testing.assert_allclose([ht.binary_entropy(v) for v in p], exact, rtol=rtol)


def test_binary_entropy_of_closed_forms():
    np.testing.assert_array_equal(ht.binary_entropy([0.0, 1.0]), [0.0, 0.0])
    assert_never_negative(ht.binary_entropy([0.0, 1.0]))
    assert ht.binary_entropy(0.5, base="bits") == within(1, 2 * EPS)
    assert ht.binary_entropy(0.25, base=2) == within(2 - 0.75 * math.log2(3), 8 * EPS)  # 2 and 1.2 cancel
    assert ht.binary_entropy(0.11, base=2) == pytest.approx(0.4999, abs=5e-5)  # four published digits: half a bit
    p = dyadic(np.random.default_rng(1), 50)
    np.testing.assert_allclose(ht.binary_entropy(p), ht.binary_entropy(1 - p), rtol=8 * EPS)  # 1 - p is exact
    np.testing.assert_allclose(ht.binary_entropy(p), ht.entropy(np.stack([p, 1 - p], -1)), rtol=8 * EPS)


def power_sum(p, alpha, q=None):
    """Σ p^alpha q^(1 - alpha) (q = 1 without q) in mpmath's current precision."""
    q = np.ones_like(p) if q is None else q
    alpha, rows = mpmath.mpf(alpha), zip(p.tolist(), q.tolist(), strict=True)
    return mpmath.fsum(mpmath.mpf(a) ** alpha * mpmath.mpf(b) ** (1 - alpha) for a, b in rows if a > 0 and b > 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", ORDERS)
def test_renyi_and_tsallis_entropy_equal_mpmath_at_every_order(level, alpha, dtype, rng):
    p = dyadic(rng, 64, dtype, zeros=0.2)
    with mpmath.workdps(50):
        total, rest = power_sum(p, alpha), 1 - mpmath.mpf(alpha)
        renyi, tsallis = float(mpmath.log(total) / rest), float((total - 1) / rest)
    assert ht.renyi_entropy(p, alpha) == pytest.approx(renyi, abs=bound(dtype, 64))
    assert ht.tsallis_entropy(p, alpha) == within(tsallis, bound(dtype, 64))


@pytest.mark.parametrize("dtype", DTYPES)
def test_limit_orders_of_entropy_are_support_shannon_and_largest_probability(level, dtype):
    p = np.array([0.5, 0.25, 0.125, 0.125, 0.0], dtype)
    rel = 4 * float(np.finfo(dtype).eps)  # a log and a few roundings, all numbers powers of 2
    assert ht.renyi_entropy(p, 0) == within(math.log(4), rel)
    assert ht.renyi_entropy(p, 1) == within(1.75 * LOG2, rel)
    assert ht.renyi_entropy(p, math.inf) == within(LOG2, rel)
    assert ht.tsallis_entropy(p, 0) == within(3, rel)
    assert ht.tsallis_entropy(p, 1) == within(1.75 * LOG2, rel)
    assert ht.tsallis_entropy(p, 2) == within(1 - 0.25 - 0.0625 - 0.03125, rel)
    assert ht.tsallis_entropy(p, math.inf) == 0


@pytest.mark.parametrize("alpha", [0, 1, math.inf, *ORDERS])
def test_uniform_pmfs_have_the_same_renyi_entropy_at_every_order(level, alpha):
    n = 1024  # n^-200 underflows, 1/n and the sums are exact
    tolerance = bound(np.float64, n)
    assert ht.renyi_entropy(np.full(n, 1 / n), alpha, base="bits") == within(10, tolerance)
    assert ht.perplexity(np.full(n, 1 / n)) == within(n, tolerance)
    if math.isfinite(alpha):
        expected = math.log(n) if alpha == 1 else math.expm1((1 - alpha) * math.log(n)) / (1 - alpha)
        assert ht.tsallis_entropy(np.full(n, 1 / n), alpha) == within(expected, tolerance)


@pytest.mark.parametrize("alpha", [0, 1, math.inf, *ORDERS])
def test_entropies_of_a_certain_outcome_are_zero_and_its_perplexity_is_one(alpha):
    for p in ([1.0], [0.0, 1.0, 0.0]):
        assert_never_negative([ht.renyi_entropy(p, alpha), ht.tsallis_entropy(p, alpha)])
        assert ht.renyi_entropy(p, alpha) == ht.tsallis_entropy(p, alpha) == 0
        assert ht.perplexity(p) == 1


# Two pmfs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", PAIRS)
def test_divergences_equal_their_formula_on_all_sizes_and_zeros(level, name, n, dtype, rng):
    p = np.concatenate([dyadic(rng, (1, n), dtype, z) for z in (0, 0.3, 0, 0.3)])
    q = np.concatenate([dyadic(rng, (1, n), dtype, z) for z in (0, 0, 0.3, 0.3)])
    function, formula = PAIRS[name]
    expected = formula(p.astype(float), q.astype(float))
    np.testing.assert_allclose(function(p, q), expected, rtol=bound(dtype, n), atol=bound(dtype, n))
    np.testing.assert_allclose(function(p[1], q[1]), expected[1], rtol=bound(dtype, n), atol=bound(dtype, n))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", F, ids=str)
def test_callable_generators_equal_the_named_divergence_at_zeros_too(level, name, dtype, rng):
    p = np.concatenate([dyadic(rng, (2, 65), dtype, z) for z in (0, 0.3, 0, 0.3)])
    q = np.concatenate([dyadic(rng, (2, 65), dtype, z) for z in (0, 0, 0.3, 0.3)])
    _, f, f0, slope = F[name]
    got, expected = ht.f_divergence(p, q, f, f0=f0, f_inf_slope=slope), ht.f_divergence(p, q, name)
    # |f(t)| q is at most (p + q) |log| or the positive value itself; both sides are off by that much
    np.testing.assert_allclose(got, expected, rtol=2 * bound(dtype, 65), atol=2 * bound(dtype, 65))


def test_limits_of_a_callable_are_asked_for_only_where_a_zero_needs_them():
    half, first, second = [0.5, 0.5, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]
    f = F["kl"][1]
    both = ht.f_divergence(half, [0.25, 0.75, 0.0], f)  # 0 f(0 / 0) = 0
    assert both == pytest.approx(ht.kl_divergence(half, [0.25, 0.75, 0.0]), abs=8 * EPS)  # two terms below 1
    finite_at_0 = F["total_variation"][1]
    assert ht.f_divergence(half, first, finite_at_0) == within(0.25, 2 * EPS)  # f(0) = 1/2
    assert ht.f_divergence(half, second, f, f_inf_slope=math.inf) == math.inf
    with pytest.raises(ValueError, match=r"\bf0\b"):
        ht.f_divergence(half, first, f)  # 0 log 0 is NaN
    with pytest.raises(ValueError, match=r"\bf0\b"):
        ht.f_divergence(half, first, lambda t: -np.log(t))
    with pytest.raises(ValueError, match=r"\bf_inf_slope\b"):
        ht.f_divergence(half, second, f)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("a", [-1.0, -1e-5, -1e-9, 1e-9, 0.001, 0.5, 1 - 1e-9, 1 + 1e-9, 1 + 1e-5, 1.001, 2.0, 3.0])
def test_alpha_divergence_equals_mpmath_at_and_near_its_limits(level, a, dtype, rng):
    p, q = dyadic(rng, 64, dtype), dyadic(rng, 64, dtype)
    with mpmath.workdps(50):
        exact = float((power_sum(p, a, q) - 1) / (mpmath.mpf(a) * (mpmath.mpf(a) - 1)))
    assert ht.f_divergence(p, q, ("alpha", a)) == pytest.approx(exact, rel=bound(dtype, 64), abs=bound(dtype, 64))


@pytest.mark.parametrize(
    ("p", "q", "a", "expected"),
    [
        ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5], 0.5, 2.0),
        ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5], 2, math.inf),
        ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5], -1, math.inf),
        ([0.5, 0.5, 0.0], [0.5, 0.25, 0.25], 2, 0.25),
        ([0.5, 0.25, 0.25], [0.5, 0.5, 0.0], -1, 0.25),
        ([0.5, 0.5, 0.0], [0.5, 0.25, 0.25], 1, LOG2 / 2),
        ([0.5, 0.25, 0.25], [0.5, 0.5, 0.0], 1, math.inf),
        ([0.5, 0.25, 0.25], [0.5, 0.5, 0.0], 0, LOG2 / 2),
        ([0.5, 0.5, 0.0], [0.5, 0.25, 0.25], 0, math.inf),
    ],
)
def test_alpha_divergence_at_zeros_takes_the_limits_of_its_generator(level, p, q, a, expected):
    # (Σ p^a q^(1 - a) - 1) / (a (a - 1)) by hand; three terms of at most 4, each off by 2 ulp
    assert ht.f_divergence(p, q, ("alpha", a)) == pytest.approx(expected, abs=24 * EPS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", ORDERS)
def test_renyi_divergence_equals_mpmath_at_every_order(level, alpha, dtype, rng):
    p, q = dyadic(rng, 64, dtype, zeros=0.2), dyadic(rng, 64, dtype)
    with mpmath.workdps(50):
        exact = float(mpmath.log(power_sum(p, alpha, q)) / (mpmath.mpf(alpha) - 1))
    assert ht.renyi_divergence(p, q, alpha) == pytest.approx(exact, abs=2 * bound(dtype, 64))  # log p and log q


@pytest.mark.parametrize("dtype", DTYPES)
def test_limit_orders_of_renyi_divergence(level, dtype):
    p, q = np.array([0.5, 0.5, 0.0], dtype), np.array([0.25, 0.125, 0.625], dtype)
    rel = 4 * float(np.finfo(dtype).eps)  # a log and a few roundings
    assert ht.renyi_divergence(p, q, 0) == within(-math.log(0.375), rel)
    assert ht.renyi_divergence(p, q, 1) == within(1.5 * LOG2, rel)
    assert ht.renyi_divergence(p, q, math.inf) == within(2 * LOG2, rel)
    assert ht.renyi_divergence(q, p, 0.5) == within(2 * ht.bhattacharyya_distance(p, q), 2 * rel)
    assert ht.renyi_divergence(q, p, 0) == 0  # p is 0 where q is not, but positive nowhere else
    assert [ht.renyi_divergence(q, p, a) for a in (1, 1 + 1e-9, 2, 200, math.inf)] == [math.inf] * 5
    disjoint = np.array([[1, 0], [0, 1]], dtype)
    assert [ht.renyi_divergence(*disjoint, a) for a in (0, 0.5, 1, 2, math.inf)] == [math.inf] * 5


def test_divergences_of_disjoint_and_of_published_pairs():
    p, q = [1.0, 0.0], [0.0, 1.0]
    assert ht.total_variation(p, q) == ht.hellinger_distance(p, q) == ht.f_divergence(p, q, "le_cam") == 1
    assert ht.js_distance(p, q, base=2) == within(1, 2 * EPS)  # log 2 / log 2
    assert ht.chi2_divergence(p, q) == ht.bhattacharyya_distance(p, q) == ht.jeffreys_divergence(p, q) == math.inf
    # Cover & Thomas (2006), example 2.3.1 with r = 1/2, s = 1/4: 0.2075 and 0.1887 bits, log 3 / 4 in sum
    p, q = [0.5, 0.5], [0.75, 0.25]
    assert ht.f_divergence(p, q, "kl", base=2) == pytest.approx(1 - math.log2(3) / 2, abs=8 * EPS)  # 4 numbers below 2
    assert ht.f_divergence(p, q, "reverse_kl", base=2) == pytest.approx(0.75 * math.log2(3) - 1, abs=8 * EPS)
    assert ht.jeffreys_divergence(p, q, base=2) == pytest.approx(math.log2(3) / 4, abs=8 * EPS)
    assert ht.chi2_divergence(p, q) == within(1 / 3, 4 * EPS)  # 1/12 + 1/4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PAIRS)
def test_divergences_vanish_on_equal_and_never_go_below_zero_on_nearly_equal_pmfs(level, name, dtype, rng):
    p = dyadic(rng, (200, 50), dtype, zeros=0.1)
    function, _ = PAIRS[name]
    same = function(p, p)
    assert_never_negative(same)
    exact_terms = not any(word in name for word in ("renyi", "bhattacharyya", "alpha"))  # each term is itself 0
    assert np.all(same <= (0 if exact_terms else bound(dtype, 50)))
    near = np.where(p > 0, np.nextafter(p, np.where(rng.random(p.shape) < 0.5, 0, 1).astype(dtype)), p)
    assert_never_negative(function(p, near))


@pytest.mark.parametrize("m", [2, 3, 7])
@pytest.mark.parametrize("dtype", DTYPES)
def test_js_divergence_of_m_distributions_is_entropy_of_the_mixture_less_mean_entropy(level, m, dtype, rng):
    stack, weights = dyadic(rng, (m, 4, 65), dtype, zeros=0.3), dyadic(rng, m)
    for w, options in ((weights, {"weights": weights}), (np.full(m, 1 / m), {})):
        mixture = np.tensordot(w, stack.astype(float), 1)
        expected = reference.entropy(mixture) - np.tensordot(w, reference.entropy(stack.astype(float)), 1)
        got = ht.js_divergence(stack, **options)
        assert got.shape == (4,)
        np.testing.assert_allclose(got, expected, atol=2 * bound(dtype, 65), rtol=0)  # two entropies
        assert ht.js_divergence(stack[:, 0], base=2, **options) == pytest.approx(
            got[0] / LOG2, abs=3 * bound(dtype, 65)
        )  # two entropies in bits
    disjoint = np.eye(m, dtype=dtype)
    assert ht.js_divergence(disjoint) == pytest.approx(math.log(m), abs=bound(dtype, m))
    assert ht.js_divergence(disjoint, weights=weights) == pytest.approx(ht.entropy(weights), abs=bound(dtype, m))
    assert_never_negative(ht.js_divergence(np.stack([stack[0]] * m), weights=weights))


def test_js_divergence_of_a_weighted_pair_equals_that_of_the_stack(level, rng):
    p, q = dyadic(rng, (5, 33)), dyadic(rng, (5, 33), zeros=0.3)
    tolerance = bound(np.float64, 33)
    for w in ((0.25, 0.75), (1.0, 0.0), (0.5, 0.5)):
        stacked = ht.js_divergence(np.stack([p, q]), weights=w)
        np.testing.assert_allclose(ht.js_divergence(p, q, weights=w), stacked, atol=tolerance, rtol=0)
        np.testing.assert_allclose(ht.js_divergence(q, p, weights=w[::-1]), stacked, atol=tolerance, rtol=0)
    np.testing.assert_allclose(ht.js_divergence(p, q), ht.js_divergence(np.stack([p, q])), atol=tolerance, rtol=0)
    assert_never_negative(ht.js_divergence(p, q, weights=(1.0, 0.0)))


@pytest.mark.parametrize("name", [name for name in F if isinstance(name, str)])
def test_merging_and_blurring_symbols_never_increases_an_f_divergence(name, rng):
    p, q = dyadic(rng, (200, 9)), dyadic(rng, (200, 9))
    for channel in (dyadic(rng, (9, 4)), np.repeat(np.eye(3), 3, axis=0)):
        before, after = ht.f_divergence(p, q, name), ht.f_divergence(p @ channel, q @ channel, name)
        tolerance = 2 * bound(np.float64, 9)  # both sides
        assert np.all(after <= before * (1 + tolerance) + tolerance)


def normalized(n, low):
    weights = hnp.arrays(np.float64, n, elements=st.floats(low, 1)).filter(lambda p: p.sum() > 1e-3)
    return weights.map(lambda p: p / p.sum())


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_identities_and_inequalities_between_divergences(data):
    n = data.draw(st.integers(2, 60))
    p, q, r = data.draw(normalized(n, 0)), data.draw(normalized(n, 1e-6)), data.draw(normalized(n, 0))
    eps = (8 + 60) * EPS * 18  # 60 terms off by 8 ulp and summed in any order; log(p / q) <= log 6e7 < 18
    d, v = ht.kl_divergence(p, q), ht.total_variation(p, q)
    h2, js_pq = ht.hellinger_distance(p, q) ** 2, ht.js_divergence(p, q)
    assert ht.cross_entropy(p, q) == pytest.approx(ht.entropy(p) + d, abs=eps)
    assert js_pq == pytest.approx(ht.entropy((p + q) / 2) - ht.entropy(p) / 2 - ht.entropy(q) / 2, abs=eps)
    assert ht.f_divergence(p, q, "gan") == pytest.approx(2 * js_pq, abs=eps)
    assert ht.f_divergence(q, p, "reverse_kl") == pytest.approx(d, abs=eps)
    assert ht.f_divergence(p, q, ("alpha", 1)) == pytest.approx(d, abs=eps)
    assert ht.jeffreys_divergence(p, q) == pytest.approx(d + ht.kl_divergence(q, p), rel=eps, abs=eps)
    assert ht.bhattacharyya_distance(p, q) == pytest.approx(ht.renyi_divergence(p, q, 0.5) / 2, abs=eps)
    assert math.exp(-ht.bhattacharyya_distance(p, q)) == pytest.approx(1 - h2, abs=eps)
    assert 2 * v**2 <= d + eps  # Pinsker
    assert v**2 <= -math.expm1(-d) + eps  # Bretagnolle & Huber
    assert d <= math.log1p(ht.chi2_divergence(p, q)) + eps
    assert h2 - eps <= v <= math.sqrt(max(h2 * (2 - h2), 0)) + math.sqrt(eps)  # Le Cam; a root turns eps into its root
    assert v**2 - eps <= ht.f_divergence(p, q, "le_cam") <= v + eps
    assert js_pq <= LOG2 * v + eps
    for distance in (ht.js_distance, ht.hellinger_distance, ht.total_variation):
        assert distance(p, r) <= distance(p, q) + distance(q, r) + math.sqrt(eps)  # roots again
        assert 0 <= distance(p, r) <= 1


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_renyi_quantities_are_monotone_in_their_order(data):
    n = data.draw(st.integers(2, 60))
    p, q = data.draw(normalized(n, 0)), data.draw(normalized(n, 1e-6))
    eps = 2 * (8 + 60) * EPS * 18  # as above, two values
    orders = [0, 0.25, 0.5, 1, 2, 7, math.inf]
    entropies = [ht.renyi_entropy(p, a) for a in orders]
    divergences = [ht.renyi_divergence(p, q, a) for a in orders]
    assert all(b <= a + eps for a, b in itertools.pairwise(entropies))
    assert all(a <= b + eps for a, b in itertools.pairwise(divergences))
    assert_never_negative(entropies + divergences)
    uniform = [ht.renyi_divergence(p, np.full(n, 1 / n), a) for a in orders]
    np.testing.assert_allclose(uniform, math.log(n) - np.array(entropies), rtol=0, atol=eps)
    skew = 0.75 * ht.renyi_divergence(p, q, 0.25)  # (1 - a) D_a(p‖q) = a D_(1 - a)(q‖p)
    assert skew == pytest.approx(0.25 * ht.renyi_divergence(q, p, 0.75), abs=eps)


# Units, axes, batches, types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4, 9), (30, 100, 2), (2, 3, 1100)])
@pytest.mark.parametrize("name", [*ONE, *PAIRS])
def test_rows_may_lie_along_any_axis_and_broadcast(level, name, shape, rng):
    p, q = dyadic(rng, shape), dyadic(rng, shape[1:])
    function, formula = ONE[name] if name in ONE else PAIRS[name]
    arguments = (p,) if name in ONE else (p, q)
    expected = formula(*arguments)
    options = {"rtol": bound(np.float64, shape[-1]), "atol": bound(np.float64, shape[-1])}
    np.testing.assert_allclose(function(*arguments), expected, **options)
    turned = [np.moveaxis(np.broadcast_to(a, p.shape), -1, 1) for a in arguments]
    np.testing.assert_allclose(function(*turned, axis=1), expected, **options)
    np.testing.assert_allclose(function(*turned, axis=-2, keepdims=True), expected[:, None, :], **options)
    assert function(*(a[:0] for a in turned), axis=1).shape == (0, shape[1])
    assert type(function(*(a[(0,) * (a.ndim - 1)] for a in arguments))) is float
    if name not in ONE:
        np.testing.assert_allclose(function(q[0], q), formula(q[:1], q), **options)


@pytest.mark.parametrize("name", [*ONE, *PAIRS])
def test_normalize_divides_by_the_sum_and_inputs_are_never_written_to(name, rng):
    counts = rng.integers(1, 50, (2, 6, 40))
    pmfs = counts / counts.sum(-1, keepdims=True)
    function, formula = ONE[name] if name in ONE else PAIRS[name]
    k = 1 if name in ONE else 2
    weights = counts.astype(float)
    np.testing.assert_allclose(function(*counts[:k], normalize=True), formula(*pmfs[:k]), rtol=bound(np.float64, 40))
    function(*weights[:k], normalize=True)
    function(*pmfs[:k])
    np.testing.assert_array_equal(weights, counts)
    np.testing.assert_array_equal(pmfs, counts / counts.sum(-1, keepdims=True))


@pytest.mark.parametrize("base", [2, "bits", 10, "hartleys", 3.5, "nats", None])
def test_base_sets_the_unit(base, rng):
    unit = math.log({"bits": 2, "hartleys": 10, "nats": math.e, None: math.e}.get(base, base))
    p, q, pxyz = dyadic(rng, 30), dyadic(rng, 30), joint(rng, (2, 3, 4), zeros=0)
    calls = [(call("binary_entropy"), 0.2), (call("renyi_entropy", 2), p), (call("js_divergence"), p, q)]
    calls += [(call("f_divergence", f), p, q) for f in ("kl", "reverse_kl", "jensen_shannon", "gan", "jeffreys")]
    calls += [(call("renyi_divergence", 2), p, q), (call("bhattacharyya_distance"), p, q)]
    calls += [(call("jeffreys_divergence"), p, q), (call("pointwise_mutual_information"), pxyz.sum(-1))]
    joints = {name: row for name, row in JOINT.items() if name != "normalized_mutual_information"}
    calls += [(function, pxyz if rank == 3 else pxyz.sum(-1)) for _, rank, function, _ in joints.values()]
    for function, *pmfs in calls:
        # one factor; an information may be a sum of up to eight entropies below 4 after it
        np.testing.assert_allclose(
            function(*pmfs, base=base), np.asarray(function(*pmfs)) / unit, rtol=4 * EPS, atol=32 * EPS
        )
    assert ht.js_distance(p, q, base=base) == within(math.sqrt(ht.js_divergence(p, q) / unit), 4 * EPS)


def test_results_are_the_same_bits_for_every_number_of_threads(level, rng):
    pairs = [(dyadic(rng, 100003), dyadic(rng, 100003)), (dyadic(rng, (3000, 40)), dyadic(rng, (3000, 40)))]
    cube = joint(rng, (40, 50, 50))

    def everything():
        values = [function(p, q) for function, _ in PAIRS.values() for p, q in pairs]
        values += [function(p) for function, _ in ONE.values() for p, _ in pairs]
        values += [ht.binary_entropy(pairs[0][0]), ht.js_divergence(np.stack(pairs[1]), weights=(0.25, 0.75))]
        values += [function(cube if rank == 3 else cube[0], normalize=True) for _, rank, function, _ in JOINT.values()]
        return [np.asarray(v).tobytes() for v in values]

    with ht.threads(1):
        expected = everything()
    for n_threads in (2, 3, 8):
        with ht.threads(n_threads):
            assert everything() == expected


# Joint pmfs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 2, 2), (1, 3, 1), (3, 4, 5), (17, 2, 9), (5, 64, 65)])
@pytest.mark.parametrize("name", JOINT)
def test_functionals_of_joint_pmfs_equal_sums_of_marginal_entropies(level, name, shape, dtype, rng):
    _, rank, function, formula = JOINT[name]
    p = joint(rng, shape if rank == 3 else (shape[0] * shape[2] + 1, shape[1]), dtype)
    tolerance = 8 * bound(dtype, p.size)  # at most eight entropies
    got = function(p)
    np.testing.assert_allclose(got, formula(p), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(function(p * 2**20, normalize=True), got, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(function(np.asfortranarray(p)), got, rtol=tolerance, atol=tolerance)
    if name == "chain_rule":
        assert np.shape(got) == (3,)
    else:
        assert type(got) is float


@pytest.mark.parametrize("shape", [(6,), (3, 4), (2, 3, 2, 2), (2, 3, 2, 1, 2, 3)])
def test_joint_functionals_take_pmfs_of_any_rank(level, shape, rng):
    p = joint(rng, shape)
    axes = range(p.ndim)
    tolerance = 2**p.ndim * bound(np.float64, p.size)  # an entropy for every subset
    assert ht.joint_entropy(p) == pytest.approx(h(p, *axes), abs=tolerance)
    assert ht.total_correlation(p) == pytest.approx(total_correlation(p), abs=tolerance)
    assert ht.dual_total_correlation(p) == pytest.approx(dual_total_correlation(p), abs=tolerance)
    assert ht.interaction_information(p) == pytest.approx(co_information(p), abs=tolerance)
    omega = total_correlation(p) - dual_total_correlation(p)
    assert ht.o_information(p) == pytest.approx(omega, abs=tolerance)
    if p.ndim == 2:
        for function in (ht.total_correlation, ht.dual_total_correlation, ht.interaction_information):
            assert function(p) == pytest.approx(ht.mutual_information(p), abs=tolerance)
        assert ht.o_information(p) == pytest.approx(0, abs=tolerance)


def test_variables_are_axes_or_tuples_of_axes_and_the_rest_is_summed_out(level, rng):
    p = joint(rng, (2, 3, 4, 5))
    tolerance = 4 * bound(np.float64, p.size)  # four entropies
    for x, y in [((0,), (1,)), ((2,), (0,)), ((0, 2), (3,)), ((3, 1), (2, 0)), ((1,), (0, 2, 3))]:
        expected = h(p, *x) + h(p, *y) - h(p, *x, *y)
        assert ht.mutual_information(p, x=x, y=y) == pytest.approx(expected, abs=tolerance)
        assert ht.mutual_information(p, x=y, y=x) == pytest.approx(expected, abs=tolerance)
    assert ht.mutual_information(p, x=2, y=0) == ht.mutual_information(p, x=(2,), y=(0,))
    assert ht.mutual_information(p, x=-2, y=-4) == ht.mutual_information(p, x=2, y=0)
    for x, y, z in [((0,), (1,), (2,)), ((3,), (0, 1), (2,)), ((1,), (2,), (3, 0)), ((0,), (3,), (1, 2))]:
        expected = h(p, *x, *z) + h(p, *y, *z) - h(p, *x, *y, *z) - h(p, *z)
        got = ht.conditional_mutual_information(p, x=x, y=y, given=z)
        assert got == pytest.approx(expected, abs=tolerance)
    assert ht.conditional_mutual_information(p, x=0, y=-1, given=1) == ht.conditional_mutual_information(
        p, x=(0,), y=(3,), given=(1,)
    )
    for given_axes in (0, 3, -1, (0,), (1, 3), (3, 0, 2)):
        axes = {a % 4 for a in np.atleast_1d(given_axes).tolist()}
        got = ht.conditional_entropy(p, given=given_axes)
        assert got == pytest.approx(h(p, 0, 1, 2, 3) - h(p, *axes), abs=tolerance)


def test_chain_rule_holds_in_any_order(level, rng):
    p = joint(rng, (2, 3, 2, 4))
    tolerance = 8 * bound(np.float64, p.size)  # two entropies a step, four steps
    for order in itertools.permutations(range(4)):
        terms = ht.chain_rule(p, order=order)
        expected = np.diff([h(p, *order[:k]) for k in range(5)])
        np.testing.assert_allclose(terms, expected, atol=tolerance, rtol=0)
        assert np.sum(terms) == pytest.approx(ht.joint_entropy(p), abs=tolerance)
    np.testing.assert_array_equal(ht.chain_rule(p), ht.chain_rule(p, order=(0, 1, 2, 3)))


@given(p=hnp.arrays(np.float64, (2, 3, 2), elements=st.floats(0, 1)).filter(lambda p: p.sum() > 1e-3))
@settings(max_examples=150, deadline=None)
def test_identities_and_inequalities_of_joint_pmfs(p):
    p = p / p.sum()
    eps = 8 * (8 + 12) * EPS * 3  # eight entropies of at most log 12 < 3, 12 terms off by 8 ulp
    hxyz, mi, cmi = ht.joint_entropy(p), ht.mutual_information, ht.conditional_mutual_information
    terms = ht.chain_rule(p, order=(2, 0, 1))
    assert np.sum(terms) == pytest.approx(hxyz, abs=eps)
    for k in range(3):
        marginal = p.sum(axis=tuple({0, 1, 2} - {k}))
        assert ht.entropy(marginal) + ht.conditional_entropy(p, given=k) == pytest.approx(hxyz, abs=eps)
    assert mi(p, x=(0, 1), y=2) == pytest.approx(mi(p, x=0, y=2) + cmi(p, x=1, y=2, given=0), abs=eps)
    assert ht.interaction_information(p) == pytest.approx(mi(p) - cmi(p, x=0, y=1, given=2), abs=eps)
    tc, dtc = ht.total_correlation(p), ht.dual_total_correlation(p)
    assert ht.o_information(p) == pytest.approx(tc - dtc, abs=eps)
    pxy, pxz, pyz = p.sum(2), p.sum(1), p.sum(0)
    product = np.outer(pxy.sum(1), pxy.sum(0))
    if product[pxy > 0].all():  # not underflowed
        assert mi(pxy) == pytest.approx(ht.kl_divergence(pxy.ravel(), product.ravel(), normalize=True), abs=eps)
    vi = ht.variation_of_information
    assert vi(pxz) <= vi(pxy) + vi(pyz) + eps  # a metric on variables
    assert vi(pxy) == pytest.approx(ht.joint_entropy(pxy) - mi(pxy), abs=eps)
    assert_never_negative([hxyz, mi(p), mi(p, x=(0, 2), y=1), cmi(p, x=0, y=2, given=1), tc, dtc, vi(pxy), *terms])
    norms = [ht.normalized_mutual_information(pxy, norm=n) for n in ("joint", "max", "arithmetic", "geometric", "min")]
    assert_never_negative(norms)
    assert max(norms) <= 1


def test_processing_a_variable_never_increases_mutual_information(level, rng):
    for _ in range(20):
        px, first, second = dyadic(rng, 4), dyadic(rng, (4, 5)), dyadic(rng, (5, 3))
        p = px[:, None, None] * first[:, :, None] * second  # X -> Y -> Z
        tolerance = 8 * bound(np.float64, p.size)  # eight entropies
        leak = ht.conditional_mutual_information(p, x=0, y=2, given=1)
        assert_never_negative(leak)
        assert leak <= tolerance
        assert ht.mutual_information(p, x=0, y=2) <= ht.mutual_information(p, x=0, y=1) + tolerance


@pytest.mark.parametrize("dtype", DTYPES)
def test_independent_and_deterministic_variables_never_give_negative_results(level, dtype, rng):
    for _ in range(50):
        a, b, c = dyadic(rng, 5), dyadic(rng, 7), dyadic(rng, 3)
        p = np.einsum("i,j,k->ijk", a, b, c).astype(dtype)
        copy = np.zeros((7, 7, 7), dtype)
        copy[range(7), range(7), rng.permutation(7)] = b
        for pmf in (p, copy):
            for name, (_, rank, function, _) in JOINT.items():
                if name not in SIGNED:
                    assert_never_negative(function(pmf if rank == 3 else pmf.sum(-1)))
        tolerance = 8 * bound(dtype, p.size)  # eight entropies
        assert ht.mutual_information(p) <= tolerance
        assert ht.total_correlation(p) <= tolerance
        assert ht.dual_total_correlation(p) <= tolerance
        assert ht.conditional_entropy(copy, given=0) <= tolerance
        assert ht.variation_of_information(copy.sum(-1)) <= tolerance


@pytest.mark.parametrize("n", [3, 4, 5])
def test_copies_are_redundant_and_parity_is_synergistic(level, n):
    copies, parity = np.zeros((2,) * n), np.zeros((2,) * n)
    copies[(0,) * n] = copies[(1,) * n] = 0.5
    for bits in itertools.product((0, 1), repeat=n):
        parity[bits] = (sum(bits) % 2 == 0) / 2 ** (n - 1)
    tolerance = 2**n * n * 4 * EPS  # 2^n entropies of at most n bits, powers of 2 throughout: log and unit, 4 eps
    for p, tc, dtc, interaction in ((copies, n - 1, 1, 1), (parity, 1, n - 1, (-1) ** n)):
        assert ht.total_correlation(p, base="bits") == pytest.approx(tc, abs=tolerance)
        assert ht.dual_total_correlation(p, base="bits") == pytest.approx(dtc, abs=tolerance)
        assert ht.o_information(p, base="bits") == pytest.approx(tc - dtc, abs=tolerance)
        assert ht.interaction_information(p, base="bits") == pytest.approx(interaction, abs=tolerance)


def test_the_joint_pmf_of_cover_and_thomas_has_its_published_information():
    # Cover & Thomas (2006), example 2.2.1: rows Y, columns X
    p = np.array([[4, 2, 1, 1], [2, 4, 1, 1], [2, 2, 2, 2], [8, 0, 0, 0]]) / 32
    eps = 16 * EPS * 4  # 16 dyadic terms of at most 4 bits in sum
    assert ht.joint_entropy(p, base=2) == pytest.approx(27 / 8, abs=eps)
    assert ht.conditional_entropy(p, given=0, base=2) == pytest.approx(11 / 8, abs=eps)
    assert ht.conditional_entropy(p, given=1, base=2) == pytest.approx(13 / 8, abs=eps)
    assert ht.mutual_information(p, base=2) == pytest.approx(3 / 8, abs=eps)
    assert ht.variation_of_information(p, base=2) == pytest.approx(3, abs=eps)
    np.testing.assert_allclose(ht.chain_rule(p, base=2), [2, 11 / 8], atol=eps)
    norms = {"arithmetic": 1 / 5, "geometric": 0.375 / math.sqrt(3.5), "min": 3 / 14, "max": 3 / 16, "joint": 1 / 9}
    for norm, expected in norms.items():
        assert ht.normalized_mutual_information(p, norm=norm) == pytest.approx(expected, abs=eps)
    assert ht.normalized_mutual_information(p) == ht.normalized_mutual_information(p, norm="arithmetic")


@pytest.mark.parametrize("norm", ["arithmetic", "geometric", "min", "max", "joint"])
def test_normalized_mutual_information_of_a_relabelling_is_1_and_of_a_constant_no_nan(norm, rng):
    relabelling = np.zeros((5, 5))
    relabelling[range(5), rng.permutation(5)] = dyadic(rng, 5)
    assert ht.normalized_mutual_information(relabelling, norm=norm) == pytest.approx(1, abs=bound(np.float64, 25))
    for constant in ([[0.5, 0.5]], [[1.0]], [[0.5], [0.5]]):
        assert 0 <= ht.normalized_mutual_information(constant, norm=norm) <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_pointwise_mutual_information_is_the_log_ratio_and_averages_to_mutual_information(level, dtype, rng):
    p = joint(rng, (9, 13), dtype, zeros=0)
    p64 = p.astype(float)
    expected = np.log(p64 / np.outer(p64.sum(1), p64.sum(0)))
    tolerance = bound(dtype, p.size)
    pmi, npmi = ht.pointwise_mutual_information(p), ht.pointwise_mutual_information(p, normalized=True)
    np.testing.assert_allclose(pmi, expected, atol=tolerance, rtol=0)
    np.testing.assert_allclose(npmi, expected / -np.log(p64), atol=tolerance, rtol=0)
    assert np.sum(p64 * pmi) == pytest.approx(ht.mutual_information(p), abs=2 * tolerance)  # both sides
    assert np.all(np.abs(npmi) <= 1 + tolerance)


def test_pointwise_mutual_information_at_zeros_takes_its_limits():
    p = [[0.5, 0.0], [0.0, 0.5]]
    pmi = ht.pointwise_mutual_information(p, base=2)
    np.testing.assert_allclose(pmi, [[1, -math.inf], [-math.inf, 1]], rtol=4 * EPS)  # a log and the unit
    # Bouma (2009): 1 for complete co-occurrence, -1 for none
    np.testing.assert_allclose(ht.pointwise_mutual_information(p, normalized=True), [[1, -1], [-1, 1]], rtol=4 * EPS)
    np.testing.assert_array_equal(ht.pointwise_mutual_information([[0.25, 0.25], [0.25, 0.25]]), np.zeros((2, 2)))
    for flat in ([[0.5, 0.0], [0.5, 0.0]], [[1.0, 0.0], [0.0, 0.0]]):  # a symbol without mass: no silent NaN
        for normalized_too in (False, True):
            assert not np.any(np.isnan(ht.pointwise_mutual_information(flat, normalized=normalized_too)))


# Bad input -------------------------------------------------------------------------------------------------------

BAD = [
    ([1.5, -0.5], ValueError),
    ([math.nan, 1.0], ValueError),
    ([math.inf, 0.0], ValueError),
    ([0.5, 0.6], ValueError),
    ([0.5 + 0j, 0.5], TypeError),
    (["a", "b"], TypeError),
    ([], ValueError),
]


@pytest.mark.parametrize(("bad", "error"), BAD)
@pytest.mark.parametrize("name", [*ONE, *PAIRS])
def test_bad_pmfs_are_named(name, bad, error):
    good = [0.5, 0.5]
    if name in ONE:
        with pytest.raises(error, match=r"\bp\b"):
            ONE[name][0](bad)
    else:
        with pytest.raises(error, match=r"\bp\b"):
            PAIRS[name][0](bad, good)
        with pytest.raises(error, match=r"\bq\b"):
            PAIRS[name][0](good, bad)


@pytest.mark.parametrize("name", [*ONE, *PAIRS])
def test_bad_axes_lengths_and_units_are_named(name):
    p, q = [0.5, 0.5], [0.25, 0.75]
    function = ONE[name][0] if name in ONE else PAIRS[name][0]
    arguments = (p,) if name in ONE else (p, q)
    for axis, error in ((1, ValueError), (-2, ValueError), (0.5, TypeError)):
        with pytest.raises(error, match=r"\baxis\b"):
            function(*arguments, axis=axis)
    with pytest.raises(ValueError, match="sum"):
        function(*([[0.5, 0.5], [0.5, 0.7]] for _ in arguments))
    with pytest.raises(ValueError, match=r"\bp\b"):
        function(*([0.0, 0.0] for _ in arguments), normalize=True)
    if name not in ONE:
        with pytest.raises(ValueError, match=r"\bq\b"):
            function(p, [1.0])
        with pytest.raises(ValueError, match=r"\bq\b|broadcast"):
            function(np.full((2, 2), 0.5), np.full((3, 2), 0.5))


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([[1.5, -0.5], [0.0, 0.0]], ValueError),
        ([[0.5, math.nan], [0.25, 0.25]], ValueError),
        ([[0.5, 0.25], [0.25, math.inf]], ValueError),
        ([[0.25, 0.25], [0.25, 0.35]], ValueError),
        ([[0.5 + 0j, 0.5], [0.0, 0.0]], TypeError),
        (np.zeros((0, 2)), ValueError),
        ([["a", "b"], ["c", "d"]], TypeError),
    ],
)
@pytest.mark.parametrize("name", [*JOINT, "pointwise_mutual_information"])
def test_bad_joint_pmfs_are_named(name, rows, error):
    argument, rank, function, _ = JOINT.get(name, ("pxy", 2, call("pointwise_mutual_information"), None))
    bad = np.asarray(rows)
    with pytest.raises(error, match=rf"\b{argument}\b"):
        function(bad[..., None] if rank == 3 else bad)


P2, P3 = np.full((2, 2), 0.25), np.full((2, 2, 2), 0.125)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ht.binary_entropy(1.1), ValueError, r"\bp\b"),
        (lambda: ht.binary_entropy([0.5, -0.1]), ValueError, r"\bp\b"),
        (lambda: ht.binary_entropy([0.5, math.nan]), ValueError, r"\bp\b"),
        (lambda: ht.binary_entropy(0.5 + 0j), TypeError, r"\bp\b"),
        (lambda: ht.binary_entropy("half"), TypeError, r"\bp\b"),
        (lambda: ht.binary_entropy(0.5, base=1), ValueError, r"\bbase\b"),
        (lambda: ht.renyi_entropy([0.5, 0.5], -1), ValueError, r"\balpha\b.*-1"),
        (lambda: ht.renyi_entropy([0.5, 0.5], math.nan), ValueError, r"\balpha\b"),
        (lambda: ht.renyi_entropy([0.5, 0.5], "two"), TypeError, r"\balpha\b"),
        (lambda: ht.renyi_entropy([0.5, 0.5], 2, base=-2), ValueError, r"\bbase\b"),
        (lambda: ht.tsallis_entropy([0.5, 0.5], math.nan), ValueError, r"\bq\b"),
        (lambda: ht.tsallis_entropy([0.5, 0.5], "two"), TypeError, r"\bq\b"),
        (lambda: ht.renyi_divergence([0.5, 0.5], [0.5, 0.5], -0.5), ValueError, r"\balpha\b.*-0\.5"),
        (lambda: ht.renyi_divergence([0.5, 0.5], [0.5, 0.5], math.nan), ValueError, r"\balpha\b"),
        (lambda: ht.f_divergence([0.5, 0.5], [0.5, 0.5], "wasserstein"), ValueError, r"\bf\b.*wasserstein"),
        (lambda: ht.f_divergence([0.5, 0.5], [0.5, 0.5], ("beta", 1)), ValueError, r"\bf\b.*beta"),
        (lambda: ht.f_divergence([0.5, 0.5], [0.5, 0.5], ("alpha", math.nan)), ValueError, r"\bf\b|\balpha\b"),
        (lambda: ht.f_divergence([0.5, 0.5], [0.5, 0.5], ("alpha",)), (ValueError, TypeError), r"\bf\b"),
        (lambda: ht.f_divergence([0.5, 0.5], [0.5, 0.5], 3), (ValueError, TypeError), r"\bf\b"),
        (lambda: ht.js_divergence(P2 * 2, weights=(1.5, -0.5)), ValueError, r"\bweights\b"),
        (lambda: ht.js_divergence(P2 * 2, weights=(0.5, math.nan)), ValueError, r"\bweights\b"),
        (lambda: ht.js_divergence(P2 * 2, weights=(0.5, 0.25, 0.25)), ValueError, r"\bweights\b"),
        (lambda: ht.js_divergence([0.5, 0.5], [0.5, 0.5], weights=(1.0,)), ValueError, r"\bweights\b"),
        (lambda: ht.js_divergence([0.5, 0.5], [0.5, 0.5], weights=(0.0, 0.0)), ValueError, r"\bweights\b"),
        (lambda: ht.js_divergence([0.5, 0.5], [0.5, 0.5], weights=(0.5j, 0.5)), TypeError, r"\bweights\b"),
        (lambda: ht.mutual_information([0.5, 0.5]), ValueError, r"\b(y|pxy)\b"),
        (lambda: ht.mutual_information(P2, x=2), ValueError, r"\bx\b"),
        (lambda: ht.mutual_information(P2, y=(1, -3)), ValueError, r"\by\b"),
        (lambda: ht.mutual_information(P2, x=0, y=0), ValueError, r"\b[xy]\b"),
        (lambda: ht.mutual_information(P2, x=0, y=-2), ValueError, r"\b[xy]\b"),
        (lambda: ht.mutual_information(P3, x=(0, 2), y=(1, 2)), ValueError, r"\b[xy]\b"),
        (lambda: ht.mutual_information(P3, x=(0, 0), y=1), ValueError, r"\bx\b"),
        (lambda: ht.mutual_information(P2, x=0.5), TypeError, r"\bx\b"),
        (lambda: ht.mutual_information(P2, x="rows"), TypeError, r"\bx\b"),
        (lambda: ht.mutual_information(P2, base=0), ValueError, r"\bbase\b"),
        (lambda: ht.conditional_mutual_information(P3, x=0, y=1, given=3), ValueError, r"\bgiven\b"),
        (lambda: ht.conditional_mutual_information(P3, x=0, y=1, given=1), ValueError, r"\b(y|given)\b"),
        (lambda: ht.conditional_mutual_information(P3, x=0, y=0, given=1), ValueError, r"\b[xy]\b"),
        (lambda: ht.conditional_entropy(P2, given=2), ValueError, r"\bgiven\b"),
        (lambda: ht.conditional_entropy(P3, given=(1, 1)), ValueError, r"\bgiven\b"),
        (lambda: ht.conditional_entropy(P3, given=1.5), TypeError, r"\bgiven\b"),
        (lambda: ht.chain_rule(P3, order=(0, 1, 1)), ValueError, r"\border\b"),
        (lambda: ht.chain_rule(P3, order=(0, 1, 3)), ValueError, r"\border\b"),
        (lambda: ht.normalized_mutual_information(P2, norm="mean"), ValueError, r"\bnorm\b.*mean"),
        (lambda: ht.joint_entropy(np.zeros((2, 2)), normalize=True), ValueError, r"\bpxy\b"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_names_are_those_of_the_pmf_module():
    names = [name for name in [*ONE, *PAIRS, *JOINT] if " " not in name]
    for name in [*names, "binary_entropy", "js_divergence", "f_divergence", "pointwise_mutual_information"]:
        assert getattr(ht, name) is getattr(ht.pmf, name)
