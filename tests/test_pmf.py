"""Exact functionals of probability mass functions."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hartley as ht
from hartley import _dispatch
from hartley.reference import pmf as reference

SIZES = [1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 1023, 1024, 1025, 32768, 32769, 100003]
TWO = {
    "cross_entropy": (ht.cross_entropy, reference.cross_entropy),
    "kl_divergence": (ht.kl_divergence, reference.kl_divergence),
    "js_divergence": (ht.js_divergence, reference.js_divergence),
}


def pmf(rng, shape, dtype=np.float64, zeros=0.0, axis=-1):
    p = rng.exponential(size=shape)
    p[rng.random(shape) < zeros] = 0.0
    p += (p.sum(axis=axis, keepdims=True) == 0) * 1.0
    return (p / p.sum(axis=axis, keepdims=True)).astype(dtype)


def tolerance(dtype, n):
    # a term is off by at most 4 eps of its type (log 1, product 1, ratio 1, store 1) times |log p| <= log n + 10 here;
    # the reference sums pairwise in float64 with log2(n) eps more
    eps = float(np.finfo(dtype).eps)
    return (4 * eps + math.log2(n + 1) * 2.3e-16) * (math.log(n + 1) + 10)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", SIZES)
def test_functionals_equal_the_reference_on_all_sizes(level, n, dtype, rng):
    p, q = pmf(rng, n, dtype, zeros=0.2), pmf(rng, n, dtype)
    p64, q64 = p.astype(np.float64), q.astype(np.float64)
    assert ht.entropy(p) == pytest.approx(reference.entropy(p64), abs=tolerance(dtype, n))
    for function, expected in TWO.values():
        assert function(p, q) == pytest.approx(max(expected(p64, q64), 0.0), abs=tolerance(dtype, n))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((3, 50), -1), ((50, 3), 0), ((50, 40), 0), ((2, 1100, 33), 1), ((4, 5, 6), 1), ((2, 3, 4), 0), ((600, 7), 1),
     ((3, 2, 520), 1), ((40000, 2), -1), ((2, 70000), -1), ((1, 5), 0)],
)  # fmt: skip
def test_batches_run_over_any_axis(level, shape, axis, dtype, rng):
    p, q = pmf(rng, shape, dtype, 0.1, axis), pmf(rng, shape, dtype, axis=axis)
    n = shape[axis]
    np.testing.assert_allclose(
        ht.entropy(p, axis=axis), reference.entropy(p.astype(float), axis), atol=tolerance(dtype, n), rtol=0
    )
    for function, expected in TWO.values():
        got = function(p, q, axis=axis)
        np.testing.assert_allclose(
            got, np.maximum(expected(p.astype(float), q.astype(float), axis), 0), atol=tolerance(dtype, n), rtol=0
        )
        kept = function(p, q, axis=axis, keepdims=True)
        assert kept.shape == tuple(1 if k == axis % len(shape) else m for k, m in enumerate(shape))
        np.testing.assert_array_equal(kept.reshape(got.shape), got)


@pytest.mark.parametrize(
    ("p_shape", "q_shape"), [((9,), (5, 9)), ((5, 9), (9,)), ((5, 1, 9), (4, 9)), ((1, 9), (5, 9))]
)
def test_distributions_broadcast(level, p_shape, q_shape, rng):
    p, q = pmf(rng, p_shape), pmf(rng, q_shape)
    for function, expected in TWO.values():
        full_p, full_q = np.broadcast_arrays(p, q)
        np.testing.assert_allclose(function(p, q), expected(full_p, full_q), atol=tolerance(np.float64, 9), rtol=0)


def test_broadcasting_works_when_the_axis_is_not_the_last(rng):
    p, q = pmf(rng, (6, 1), axis=0), pmf(rng, (6, 4), axis=0)
    expected = reference.kl_divergence(np.broadcast_to(p, (6, 4)), q, 0)
    np.testing.assert_allclose(ht.kl_divergence(p, q, axis=0), expected, atol=tolerance(np.float64, 6), rtol=0)


def test_entropy_of_a_uniform_pmf_is_log_n(level):
    for n in (1, 2, 3, 10, 1000, 65536, 10**6 + 3):
        # blocks of 1024 terms in at least 2 lanes, then pairwise: relative error at most (512 + 10) * 1.1e-16
        assert ht.entropy(np.full(n, 1 / n)) == pytest.approx(math.log(n), rel=5.8e-14, abs=1e-16)


def test_units_of_a_fair_coin():
    coin = [0.5, 0.5]
    assert ht.entropy(coin) == pytest.approx(math.log(2), rel=1e-15)
    assert ht.entropy(coin, base="bits") == ht.entropy(coin, base=2) == pytest.approx(1.0, rel=1e-15)
    assert ht.entropy(coin, base="hartleys") == ht.entropy(coin, base=10) == pytest.approx(math.log10(2), rel=1e-15)
    assert ht.entropy(coin, base="nats") == ht.entropy(coin)


def test_entropy_equals_mpmath_where_probabilities_span_300_decades(level):
    p = np.array([1e-300, 1e-200, 1e-100, 1e-10, 0.25, 0.75 - 1e-10, 5e-324])
    with mpmath.workdps(50):
        exact = -mpmath.fsum(mpmath.mpf(v) * mpmath.log(v) for v in p.tolist())
    assert ht.entropy(p) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_divergence_of_tiny_probabilities_does_not_overflow(level, dtype):
    tiny = float(np.finfo(dtype).smallest_subnormal) * 3
    p, q = np.array([0.5, 0.5], dtype), np.array([tiny, 1.0], dtype)
    with mpmath.workdps(30):
        exact = mpmath.mpf(0.5) * mpmath.log(0.5 / mpmath.mpf(float(q[0]))) + 0.5 * mpmath.log(0.5)
    assert ht.kl_divergence(p, q) == pytest.approx(float(exact), rel=4 * float(np.finfo(dtype).eps))


def test_zeros_follow_the_conventions():
    assert ht.entropy([1.0, 0.0, 0.0]) == 0.0
    assert math.copysign(1, ht.entropy([1.0, 0.0])) == 1.0
    assert ht.kl_divergence([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == math.inf
    assert ht.cross_entropy([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == math.inf
    assert ht.kl_divergence([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]) == pytest.approx(math.log(2), rel=1e-15)
    assert ht.js_divergence([1.0, 0.0], [0.0, 1.0]) == pytest.approx(math.log(2), rel=1e-15)
    assert ht.js_divergence([0.0, 1.0], [0.0, 1.0]) == 0.0


def test_scipy_agrees(level, rng):
    p, q = pmf(rng, (7, 300)), pmf(rng, (7, 300))
    np.testing.assert_allclose(ht.entropy(p), scipy.stats.entropy(p, axis=-1), rtol=1e-13)
    np.testing.assert_allclose(ht.kl_divergence(p, q), scipy.special.rel_entr(p, q).sum(-1), rtol=1e-12)


probabilities = hnp.arrays(np.float64, st.integers(2, 70), elements=st.floats(0, 1, allow_subnormal=True)).filter(
    lambda p: p.sum() > 1e-3
)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_identities_hold_to_rounding(data):
    p = data.draw(probabilities)
    q = data.draw(hnp.arrays(np.float64, p.shape, elements=st.floats(1e-6, 1)))
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    # probabilities add up to 1 and logarithms stay below log(70 / 1e-6) = 18: with 4 eps a term each of the three
    # functionals is off by at most 4 * 2.2e-16 * 18
    eps = 3 * 1.6e-14
    assert ht.cross_entropy(p, q) == pytest.approx(ht.entropy(p) + ht.kl_divergence(p, q), abs=eps)
    assert ht.js_divergence(p, q) == pytest.approx(ht.entropy(m) - ht.entropy(p) / 2 - ht.entropy(q) / 2, abs=eps)
    assert ht.js_divergence(p, q) == pytest.approx(ht.js_divergence(q, p), abs=1e-16)
    assert 0 <= ht.js_divergence(p, q) <= math.log(2)
    assert 0 <= ht.entropy(p) <= math.log(p.size) * (1 + 1e-15) + eps
    assert ht.kl_divergence(p, q) >= 0
    assert ht.kl_divergence(p, p) == ht.js_divergence(q, q) == 0


def test_float32_js_divergence_of_nearly_equal_distributions_is_small_and_never_nan(level, rng):
    p = pmf(rng, (200, 50), np.float32)
    q = np.nextafter(p, np.float32(1))
    js = ht.js_divergence(p, q)
    assert np.all(js >= 0)
    assert np.all(js < 1e-6)


def test_normalize_divides_by_the_sum(level, rng):
    counts, others = rng.integers(1, 50, (6, 40)), rng.integers(1, 50, (6, 40))
    p, q = counts / counts.sum(1, keepdims=True), others / others.sum(1, keepdims=True)
    np.testing.assert_allclose(ht.entropy(counts, normalize=True), reference.entropy(p), rtol=1e-14)
    for function, expected in TWO.values():
        np.testing.assert_allclose(function(counts, others, normalize=True), expected(p, q), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_normalize_takes_weights_of_any_size(level, dtype):
    weights = np.arange(1.0, 8.0)
    p, q = weights / weights.sum(), weights[::-1] / weights.sum()
    info = np.finfo(dtype)
    for scale in (float(info.smallest_subnormal), float(info.tiny), 1e-30, 1.0, 1e30, float(info.max) / 8):
        w = (weights * scale).astype(dtype)
        assert ht.entropy(w, normalize=True) == pytest.approx(reference.entropy(p), rel=1e-6)
        assert ht.entropy([w, w], normalize=True) == pytest.approx([reference.entropy(p)] * 2, rel=1e-6)
        for function, expected in TWO.values():
            assert function(w, w[::-1], normalize=True) == pytest.approx(expected(p, q), rel=1e-5)
            assert function(w, weights[::-1], normalize=True) == pytest.approx(expected(p, q), rel=1e-5)


def test_results_are_the_same_bits_for_every_number_of_threads(level, rng):
    p, q = pmf(rng, 300_000), pmf(rng, 300_000)
    rows, columns = pmf(rng, (3000, 40)), pmf(rng, (3000, 40), axis=0)
    with ht.threads(1):
        expected = [ht.kl_divergence(p, q), ht.entropy(p), ht.entropy(rows), ht.entropy(columns, axis=0)]
    for n_threads in (2, 3, 8):
        with ht.threads(n_threads):
            got = [ht.kl_divergence(p, q), ht.entropy(p), ht.entropy(rows), ht.entropy(columns, axis=0)]
        assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))


def test_levels_agree_to_rounding(rng):
    from hartley import _dispatch

    p = pmf(rng, (50, 333))
    values = []
    for level in _dispatch.available_levels():
        with _dispatch.use_level(level):
            values.append(ht.entropy(p))
    for other in values[1:]:
        np.testing.assert_allclose(other, values[0], rtol=1e-14)


def test_every_layout_and_dtype_gives_the_same_number(rng):
    p = pmf(rng, 64)
    wide = np.zeros(128)
    wide[::2] = p
    unaligned = np.frombuffer(b"x" + p.tobytes(), dtype=np.float64, offset=1)
    read_only = p.copy()
    read_only.flags.writeable = False
    for same in (wide[::2], p.astype(">f8"), unaligned, read_only, p.tolist(), p[::-1][::-1], p.astype(object)):
        assert ht.entropy(same) == ht.entropy(p)
    assert ht.entropy(p.astype(np.float16), normalize=True) == pytest.approx(ht.entropy(p), rel=1e-3)
    assert ht.entropy([True, False]) == ht.entropy(np.array([1, 0], dtype=np.uint8)) == 0.0


def test_frames_and_columns_come_in(rng):
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    p = pmf(rng, (4, 5))
    assert ht.entropy(pd.Series(p[0])) == ht.entropy(pl.Series(p[0])) == ht.entropy(pa.array(p[0])) == ht.entropy(p[0])
    np.testing.assert_array_equal(ht.entropy(pd.DataFrame(p)), ht.entropy(p))


def test_inputs_are_never_written_to(rng):
    p, q = pmf(rng, (5, 40)), pmf(rng, (5, 40))
    before = p.copy(), q.copy()
    for function, _ in TWO.values():
        function(p, q)
        function(p, q, normalize=True)
    np.testing.assert_array_equal(p, before[0])
    np.testing.assert_array_equal(q, before[1])


def test_an_empty_batch_gives_an_empty_result():
    assert ht.entropy(np.empty((0, 5))).shape == (0,)
    assert ht.kl_divergence(np.empty((0, 5)), np.full(5, 0.2)).shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ht.entropy([0.5, 0.6]), ValueError, r"p must sum to 1 along axis 0, but it sums to 1\.1"),
        (lambda: ht.entropy([[0.5, 0.5], [0.5, 0.7]]), ValueError, r"row 1 of 2 sums to 1\.2"),
        (lambda: ht.entropy([1.5, -0.5]), ValueError, r"p must hold probabilities, got 1 negative .* p\[1\]"),
        (lambda: ht.entropy([[0.5, 0.5], [np.nan, 1]]), ValueError, r"got 1 NaN or infinite entries, first p\[1, 0\]"),
        (lambda: ht.entropy([np.inf, 0]), ValueError, r"NaN or infinite"),
        (lambda: ht.entropy([0.5 + 0j, 0.5]), TypeError, r"p must hold real numbers, got dtype complex128"),
        (lambda: ht.entropy(["a", "b"]), TypeError, r"p must hold real numbers"),
        (lambda: ht.entropy([None, "b"]), TypeError, r"p must hold real numbers, got objects"),
        (lambda: ht.entropy([]), ValueError, r"p has no entries along axis 0"),
        (lambda: ht.entropy(0.5), ValueError, r"at least one axis"),
        (lambda: ht.entropy([0.5, 0.5], axis=1), ValueError, r"axis must be from -1 to 0 .* got 1"),
        (lambda: ht.entropy([0.5, 0.5], base=1), ValueError, r"base must be .* got 1"),
        (lambda: ht.entropy([0.5, 0.5], base=-2), ValueError, r"base must be"),
        (lambda: ht.entropy([0.5, 0.5], base="bit"), ValueError, r"base must be .* got 'bit'"),
        (lambda: ht.entropy([0.5, 0.5], base=[2]), TypeError, r"base must be"),
        (lambda: ht.entropy([0.0, 0.0], normalize=True), ValueError, r"cannot be normalized: row 0 sums to 0"),
        (lambda: ht.entropy([0.5, 0.5], axis=1.0), TypeError, r"axis must be a whole number, got 1\.0"),
        (lambda: ht.kl_divergence([0.5, 0.5], [1.0]), ValueError, r"equal lengths along axis 0, got 2 and 1"),
        (lambda: ht.kl_divergence([0.5, 0.5], [0.7, 0.7]), ValueError, r"q must sum to 1 along axis 0"),
        (lambda: ht.kl_divergence([1.0, 0.0], [1.1, -0.1]), ValueError, r"q must hold probabilities, got 1 negative"),
        (lambda: ht.kl_divergence([1.0, 0.0], [1.0, np.nan]), ValueError, r"q must hold .* first q\[1\]"),
        (lambda: ht.kl_divergence(np.ones((2, 1)), np.ones((3, 1))), ValueError, r"must broadcast"),
        (lambda: ht.js_divergence([1, 1], [0, 0], normalize=True), ValueError, r"q cannot be normalized"),
        (lambda: ht.entropy(np.ma.masked_array([0.5, 0.5], [0, 1])), ValueError, r"p has masked entries"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_sums_may_be_off_by_the_documented_tolerance():
    assert ht.entropy([0.5, 0.5 + 9e-7]) > 0
    with pytest.raises(ValueError, match="must sum to 1"):
        ht.entropy([0.5, 0.5 + 2e-6])
    assert ht.entropy(np.array([0.5, 0.5009], dtype=np.float32)) > 0


F_DIVERGENCES = {
    "pmf_total_variation": reference.total_variation,
    "pmf_chi2_divergence": reference.chi2_divergence,
    "pmf_squared_hellinger": reference.squared_hellinger,
    "pmf_jeffreys_divergence": reference.jeffreys_divergence,
    "pmf_le_cam_divergence": reference.le_cam_divergence,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", F_DIVERGENCES)
@pytest.mark.parametrize("n", SIZES)
def test_f_divergences_equal_the_reference_on_all_sizes(level, kernel, n, dtype, rng):
    p, q = pmf(rng, n, dtype, zeros=0.2), pmf(rng, n, dtype)
    q[p == 0] = np.where(rng.random(np.count_nonzero(p == 0)) < 0.5, 0, q[p == 0])  # both 0 in places
    p[0] = max(p[0], dtype(0.1))
    sums = getattr(_dispatch.kernels, kernel)(p.reshape(1, -1, 1), q.reshape(1, -1, 1), 2)
    p64, q64 = p.astype(np.float64), q.astype(np.float64)
    with np.errstate(divide="ignore"):
        expected = F_DIVERGENCES[kernel](p64, q64)
    # every term is at least 0: its own error of 6 eps bounds the sum's; the reference's roots cancel where p is near q,
    # which costs eps p a term
    eps = float(np.finfo(dtype).eps)
    assert sums[0, 0] == pytest.approx(expected, rel=6 * eps + 1e-13, abs=4 * eps)
    np.testing.assert_allclose(sums[1:3, 0], [p64.sum(), q64.sum()], rtol=1e-13)
    assert sums[3, 0] == 0.0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("a", "b"), [(0.0, 0.0), (0.5, 0.0), (2.0, 0.0), (7.0, 0.0), (0.5, 0.5), (2.0, -1.0), (0.0, 1.0)]
)
@pytest.mark.parametrize("n", SIZES)
def test_power_sums_equal_the_reference_on_all_sizes(level, a, b, n, dtype, rng):
    p, q = pmf(rng, n, dtype, zeros=0.2), pmf(rng, n, dtype)
    sums = _dispatch.kernels.pmf_log_power_sums(p.reshape(1, -1, 1), q.reshape(1, -1, 1), a, b, 2)[:, 0]
    p64, q64 = p.astype(np.float64), q.astype(np.float64)
    # exponents of up to 7 * 30 are off by an eps of theirs, in float64 for both types; the logarithm adds its own
    assert sums[0] == pytest.approx(math.log(reference.power_sum(p64, q64, a, b)), rel=1e-13, abs=300 * 2.3e-16)
    np.testing.assert_allclose(sums[1:3], [p64.sum(), (q64 if b else p64).sum()], rtol=1e-13)
    positive = p64 > 0
    with np.errstate(divide="ignore"):
        exponents = a * np.log(p64[positive]) + b * np.log(q64[positive])
    assert sums[4] == pytest.approx(exponents.max(), rel=1e-14, abs=1e-14)


def test_rows_of_every_short_length_have_the_bits_of_single_rows(level, rng):
    for dtype in (np.float64, np.float32):
        for n in (1, 2, 3, 5, 8, 9, 16, 31, 63, 64, 65):
            p, q = pmf(rng, (300, n), dtype, zeros=0.1), pmf(rng, (300, n), dtype)
            assert ht.entropy(p).tolist() == [ht.entropy(row) for row in p]
            assert ht.kl_divergence(p, q).tolist() == [ht.kl_divergence(a, b) for a, b in zip(p, q, strict=True)]


def test_a_hundred_million_terms_keep_their_digits(level):
    n = 2**27
    p = np.full(n, 2.0**-27, dtype=np.float32)
    # a term -p log p is off by 2 eps of float32 at most, all by the same: nothing else may come on top of it in the sum
    assert ht.entropy(p) == pytest.approx(27 * math.log(2), rel=2.4e-7)
    total = _dispatch.kernels.pmf_entropy(p.reshape(1, -1, 1), 2)[1, 0]
    assert total == 1.0  # powers of two add up exactly in any order, in float64


def test_a_million_rows_run_in_one_call(level, rng):
    p, q = pmf(rng, (10**6, 3)), pmf(rng, (10**6, 3))
    some = rng.integers(0, 10**6, 50)
    for function in (ht.renyi_divergence, ht.f_divergence):
        order = 2.0 if function is ht.renyi_divergence else "hellinger2"
        values = function(p, q, order)
        assert values.shape == (10**6,)
        np.testing.assert_allclose(values[some], [function(p[i], q[i], order) for i in some], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_close_distributions_keep_their_digits(level, dtype):
    p = np.array([0.3, 0.3, 0.4], dtype=dtype)
    for ulps in (1, 2, 50, 10_000):
        q = p.copy()
        step = ulps * np.spacing(p[0])
        q[0] += step
        q[1] -= step
        with mpmath.workdps(60):
            a, b = ([mpmath.mpf(float(v)) for v in x] for x in (p, q))
            m = [(x + y) / 2 for x, y in zip(a, b, strict=True)]
            kl = lambda u, v: sum(x * mpmath.log(x / y) for x, y in zip(u, v, strict=True))  # noqa: E731
            js, jeffreys = float((kl(a, m) + kl(b, m)) / 2), float(kl(a, b) + kl(b, a))
        eps = float(np.finfo(dtype).eps)
        assert ht.js_divergence(p, q) == pytest.approx(js, rel=8 * eps, abs=0)  # as documented
        assert ht.jeffreys_divergence(p, q) == pytest.approx(jeffreys, rel=8 * eps, abs=0)


def test_normalize_counts_the_axis_on_the_broadcast_shape(level):
    p, q = [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]]
    for function in (ht.js_divergence, ht.jeffreys_divergence, ht.total_variation, ht.bhattacharyya_distance):
        scaled = function(np.multiply(p, 4), np.multiply(q, 3), axis=1, normalize=True)
        np.testing.assert_allclose(scaled, function(p, q, axis=1), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(
        ht.renyi_divergence(p, q, 0.95, axis=1, normalize=True), ht.renyi_divergence(p, q, 0.95), rtol=1e-13
    )


def test_orders_without_end_and_denormals(level):
    assert ht.renyi_entropy([0.1] * 10, 1e308) == pytest.approx(math.log(10))
    assert ht.renyi_divergence([0.01, 0.99], [0.99, 0.01], 1e308) == pytest.approx(math.log(99))
    assert ht.f_divergence([0.25, 0.75], [0.5, 0.5], ("alpha", 1e155)) == math.inf
    for order in (0.0, 0.01, 0.5):
        assert ht.tsallis_entropy([1e-320, 1.0], order) == pytest.approx((1e-320**order) / (1 - order), rel=1e-12)
    assert ht.tsallis_entropy([3e9, 1e9, 5e8], 40, normalize=True) == pytest.approx(1 / 39, rel=1e-6)
    assert ht.tsallis_entropy([1e17, 1e17], 0, normalize=True) == 1.0
    assert ht.chi2_divergence([1e-10, 1], [1e-300, 1]) == pytest.approx(1e280)
    assert ht.normalized_mutual_information([[1e-200, 0], [0, 1.0]], norm="geometric") == pytest.approx(1.0)
    assert ht.pointwise_mutual_information([[1e-310, 0], [0, 1.0]])[0, 0] == pytest.approx(-math.log(1e-310))
    p = [0.3, 0.7 - 5e-7]
    for order in (0.5, 0.899, 0.95, 1.05, 2.0):
        assert ht.renyi_divergence(p, p, order) == pytest.approx(0.0, abs=1e-15)


def test_total_correlation_of_many_rare_variables_does_not_overflow(level):
    rare = 1e-30
    p = np.zeros((2,) * 12)
    p[(0,) * 12], p[(1,) * 12] = rare, 1 - rare
    # copies of one variable: eleven times its entropy
    assert ht.total_correlation(p) == pytest.approx(11 * -(rare * math.log(rare) - rare), rel=1e-12)
    assert ht.interaction_information(np.full((2,) * 10, 2.0**-10)) == pytest.approx(0.0, abs=1e-12)
    assert ht.o_information(np.full((2, 2, 2), 0.125002, dtype=np.float32)) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ht.js_distance([0.5, 0.5], [0.25, 0.75], base=0.5), ValueError, "base must be above 1"),
        (lambda: ht.entropy([10**400, 1]), ValueError, "p holds a number that float64 cannot"),
        (lambda: ht.renyi_entropy([1.0], 10**400), ValueError, "alpha must be a number that float64 can hold"),
        (lambda: ht.entropy([1.0], base=10**400), ValueError, "base must be a number that float64 can hold"),
        (lambda: ht.f_divergence([1.0], [1.0], ("alpha", "x")), TypeError, "a of .* must be a number"),
        (lambda: ht.f_divergence([1.0], [1.0], np.array(["kl"])), TypeError, "f must be a name"),
        (lambda: ht.f_divergence([0, 1.0], [1.0, 0], lambda t: t - 1, f0=np.nan), ValueError, "f0|f_inf_slope"),
        (lambda: ht.f_divergence([1.0], [1.0], lambda t: t * 1j), TypeError, "f must return real numbers"),
        (lambda: ht.js_divergence([[0.5, 0.5]], axis="a"), TypeError, "axis must be a whole number"),
        (lambda: ht.js_divergence([[0.5, 0.5], [0.9, 0.9]]), ValueError, "p must sum to 1"),
        (lambda: ht.js_divergence([0.5, 0.5], [1.0, 0, 0], weights=[0.5, 0.5]), ValueError, "equal lengths"),
        (lambda: ht.chain_rule([[0.5, 0.5]], order=5), TypeError, "order must be a sequence"),
        (lambda: ht.chain_rule([[0.5, 0.5]], order=[(0, 1), 1]), TypeError, "order must be"),
        (lambda: ht.kl_divergence([0.5, 0.5], [0.5, 0.5], axis=0.0), TypeError, "axis must be a whole number"),
    ],
)
def test_hostile_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_batch_without_entries_is_refused_by_the_kernels_too(level):
    for kernel in (_dispatch.kernels.pmf_entropy, lambda p, n: _dispatch.kernels.pmf_log_power_sums(p, p, 2.0, 0.0, n)):
        with pytest.raises(ValueError, match="p must have entries"):
            kernel(np.empty((1, 0, 1)), 1)
