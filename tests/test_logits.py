"""Losses, entropies and divergences straight from logits."""

from __future__ import annotations

import math
import sys
import tracemalloc
import types

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hartley as ht
from hartley import _dispatch, logits
from hartley.reference import logits as reference

# around every boundary: vectors, groups of four of them, blocks of 1024 and 2048, pieces of 65536
SIZES = [1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000, 1023, 1025, 2047, 2048, 2049, 4097, 65535, 65536, 65537, 140001]
DTYPES = [np.float64, np.float32, np.float16]
# float32: x = z - reference is off by half an ulp of |x| where its weight e^x counts (6e-8 max |x| e^x < 6e-8), the
# exponential by 1 ulp, four of them are added in float32: together at most 6 * 6e-8 of the sum, thrice for an entropy
# whose terms are weighted by |x| <= 10. float64 likewise with eps 1.1e-16.
LOSS = {np.float64: 2e-15, np.float32: 1e-6, np.float16: 1e-6}


def random_logits(rng, shape, dtype=np.float64, scale=3.0):
    return (scale * rng.standard_normal(shape)).astype(dtype)


def random_targets(rng, z):
    return rng.integers(0, z.shape[-1], z.shape[:-1])


def bfloat16_bits(z):
    return (np.ascontiguousarray(z, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def as_float(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_losses_and_entropies_equal_the_reference_on_all_sizes(level, n, dtype, rng):
    z = random_logits(rng, (3, n), dtype)
    z[1] = np.sort(z[1])  # the running reference is overtaken again and again
    y = random_targets(rng, z)
    tolerance = LOSS[dtype]
    expected = reference.losses(z, y)
    np.testing.assert_allclose(logits.surprisal(z, y), expected, rtol=tolerance, atol=tolerance)
    assert logits.cross_entropy(z, y) == pytest.approx(expected.mean(), rel=tolerance, abs=tolerance)
    np.testing.assert_allclose(logits.entropy(z), reference.entropy(z), rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 9, 33, 1025, 2049, 65537])
def test_divergences_equal_the_reference_on_all_sizes(level, n, dtype, rng):
    p, q = random_logits(rng, (2, n), dtype), random_logits(rng, (2, n), dtype, 2.0)
    # log(p/q) is a difference of four numbers up to 15, each off by half an ulp of its dtype, weighted by p or q
    tolerance = 60 * float(np.finfo(np.promote_types(dtype, np.float32)).eps)
    np.testing.assert_allclose(
        logits.kl_divergence(p, q), reference.kl_divergence(p, q), rtol=tolerance, atol=tolerance
    )
    np.testing.assert_allclose(
        logits.js_divergence(p, q), reference.js_divergence(p, q), rtol=tolerance, atol=tolerance
    )


def test_losses_equal_mpmath(level, rng):
    z = random_logits(rng, 40, scale=30.0)
    with mpmath.workdps(40):
        total = mpmath.fsum(mpmath.exp(mpmath.mpf(v)) for v in z)
        exact = [float(mpmath.log(total) - mpmath.mpf(v)) for v in z]
        p = [mpmath.exp(mpmath.mpf(v)) / total for v in z]
        entropy = float(-mpmath.fsum(v * mpmath.log(v) for v in p))
    np.testing.assert_allclose(logits.surprisal(np.tile(z, (40, 1)), np.arange(40)), exact, rtol=1e-15, atol=1e-15)
    assert logits.entropy(z) == pytest.approx(entropy, rel=1e-13, abs=0)


def test_scipy_agrees(level, rng):
    z = random_logits(rng, (5, 4, 700))
    y = random_targets(rng, z)
    expected = -np.take_along_axis(scipy.special.log_softmax(z, axis=-1), y[..., None], -1)[..., 0]
    np.testing.assert_allclose(logits.surprisal(z, y), expected, rtol=1e-14)
    assert logits.cross_entropy(z, y, reduction="sum", base="bits") == pytest.approx(expected.sum() / math.log(2))


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_rows_have_log_n(level, dtype):
    z = np.full((2, 4096), 7.5, dtype)
    tolerance = LOSS[dtype]
    assert logits.cross_entropy(z, [0, 5], base=2) == pytest.approx(12.0, rel=tolerance)
    np.testing.assert_allclose(logits.entropy(z, base="bits"), 12.0, rtol=tolerance)
    np.testing.assert_array_equal(logits.kl_divergence(z, z + dtype(1)), 0.0)


def test_huge_logits_neither_overflow_nor_vanish(level):
    z = np.array([1e308, -1e308, 0.0])
    assert logits.cross_entropy(z, 0) == 0.0
    assert logits.entropy(z) == 0.0
    assert logits.cross_entropy(np.array([3e38, 0.0], np.float32), 1) == float(np.float32(3e38))
    assert logits.log_perplexity([[0.0, 1e5]], [0]) == 1e5
    assert logits.perplexity([[0.0, 1e5]], [0]) == math.inf
    assert logits.kl_divergence([0.0, -1e4], [-1e4, 0.0]) == 1e4


def test_references_far_below_later_logits_are_replaced(level):
    for dtype in (np.float64, np.float32):
        z = np.concatenate([np.full(2048, -500), np.linspace(-500, 500, 9000), np.full(3000, -700)]).astype(dtype)
        y = len(z) - 3001
        assert logits.cross_entropy(z, y) == pytest.approx(reference.losses(z, np.int64(y)), rel=2e-6)
        assert logits.entropy(z) == pytest.approx(reference.entropy(z), rel=2e-6)


def test_every_float16_is_read_exactly(level):
    bits = np.arange(1 << 16, dtype=np.uint16)
    bits = bits[np.isfinite(bits.view(np.float16))]
    rows = np.zeros((len(bits), 2), np.uint16)
    rows[:, 0] = bits
    targets = np.zeros(len(bits), np.int64)
    for array, values in ((rows.view(np.float16), rows[:, 0].view(np.float16)), (rows, None)):
        if values is None:
            array = array[np.isfinite(as_float(array)).all(axis=1)]
            values, targets = as_float(array[:, 0]), targets[: len(array)]
        largest, _, gap = _dispatch.kernels.logits_cross_entropy(array, targets, 1.0, None, 2, None)
        np.testing.assert_array_equal(largest, np.maximum(values.astype(float), 0.0))
        np.testing.assert_array_equal(largest - gap, values.astype(float))


@pytest.mark.parametrize("n", [1, 9, 33, 2049])
def test_bfloat16_gives_what_its_numbers_give_in_float32(level, n, rng):
    bits = bfloat16_bits(random_logits(rng, (3, n)))
    y = random_targets(rng, bits)
    z = as_float(bits)
    kernels = _dispatch.kernels
    for name, arguments in (("cross_entropy", (y, 1.0, None)), ("entropy", (0.5,))):
        function = getattr(kernels, f"logits_{name}")
        np.testing.assert_array_equal(function(bits, *arguments, 2, None), function(z, *arguments, 2, None))
    np.testing.assert_array_equal(
        kernels.logits_kl_divergence(bits, z[::-1], 1.0, 1, None),
        kernels.logits_kl_divergence(z, z[::-1], 1.0, 1, None),
    )
    one = np.ones(3)
    _, gradient = kernels.logits_cross_entropy_gradient(bits, y, 1.0, None, one, one, None, 2, None)
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(
        gradient, kernels.logits_cross_entropy_gradient(z, y, 1.0, None, one, one, None, 2, None)[1]
    )


class Bfloat16Tensor:
    """What a torch tensor of bfloat16 offers."""

    dtype = "torch.bfloat16"

    def __init__(self, bits):
        self.bits = bits

    def view(self, dtype):
        assert dtype == "torch.int16"
        return self.bits.view(np.int16)


class NamedBfloat16(np.ndarray):
    """What an ml_dtypes array offers: a dtype of two bytes that calls itself bfloat16."""

    dtype = types.SimpleNamespace(name="bfloat16")


def test_bfloat16_comes_from_torch_and_from_ml_dtypes(monkeypatch, rng):
    bits = bfloat16_bits(random_logits(rng, (4, 50)))
    expected = logits.entropy(as_float(bits))
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(int16="torch.int16"))
    np.testing.assert_array_equal(logits.entropy(Bfloat16Tensor(bits)), expected)
    np.testing.assert_array_equal(logits.entropy(bits.view(NamedBfloat16)), expected)


def finite_differences(function, z, step=1e-5):
    gradient = np.empty_like(z)
    for k in np.ndindex(z.shape):
        ends = []
        for sign in (1, -1):
            moved = z.copy()
            moved[k] += sign * step
            ends.append(function(moved))
        gradient[k] = (ends[0] - ends[1]) / (2 * step)
    return gradient


OPTIONS = [
    {},
    {"reduction": "sum", "base": "bits"},
    {"label_smoothing": 0.1},
    {"temperature": 0.7, "label_smoothing": 1.0},
    {"class_weights": [0.5, 2.0, 0.0, 1.0, 3.0]},
    {"class_weights": [0.5, 2.0, 0.0, 1.0, 3.0], "label_smoothing": 0.3, "temperature": 2.0, "base": 10},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_gradients_are_the_finite_differences(level, options, rng):
    z = random_logits(rng, (2, 3, 5))
    y = np.array([[0, 4, -100], [2, -100, 1]])
    value, gradient = logits.cross_entropy(z, y, return_grad=True, **options)
    assert value == logits.cross_entropy(z, y, **options)
    # central differences: step² / 6 times a third derivative below 10, and eps * value / step
    expected = finite_differences(lambda x: logits.cross_entropy(x, y, **options), z)
    np.testing.assert_allclose(gradient, expected, atol=1e-9)
    assert not gradient[0, 2].any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [2, 33, 2049, 65537, 140001])
def test_gradients_equal_the_reference_on_all_sizes(level, n, dtype, rng):
    z = random_logits(rng, (3, n), dtype)
    y = np.array([0, n - 1, -100])
    weights = rng.random(n)
    for options in ({}, {"temperature": 1.5}, {"label_smoothing": 0.2, "class_weights": weights}):
        _, gradient = logits.cross_entropy(z, y, reduction="sum", return_grad=True, **options)
        names = {"label_smoothing": "smoothing", "class_weights": "weights"}
        expected = reference.loss_gradients(z[:2], y[:2], **{names.get(k, k): v for k, v in options.items()})
        assert gradient.dtype == (np.float64 if dtype is np.float64 else np.float32)
        # a probability is off by a few eps of itself times |x| <= 30
        eps = float(np.finfo(gradient.dtype).eps)
        np.testing.assert_allclose(gradient[:2], expected, rtol=40 * eps, atol=2 * eps)
        assert not gradient[2].any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_smoothing_weights_and_ignored_targets_follow_the_formula(level, smoothing, weighted, rng):
    z = random_logits(rng, (50, 300))
    y = random_targets(rng, z)
    weights = rng.random(300) if weighted else None
    ignored = rng.random(50) < 0.3
    expected = np.where(ignored, 0.0, reference.losses(z, y, 1.3, smoothing, weights))
    options = {"label_smoothing": smoothing, "temperature": 1.3, "class_weights": weights}
    y_ignored = np.where(ignored, 7, np.where(y == 7, 8, y))
    expected = np.where(ignored, 0.0, reference.losses(z, y_ignored, 1.3, smoothing, weights))
    got = logits.cross_entropy(z, y_ignored, ignore_index=7, reduction="none", **options)
    np.testing.assert_allclose(got, expected, rtol=1e-13)
    counted = (~ignored).sum() if weights is None else weights[y_ignored[~ignored]].sum()
    mean = logits.cross_entropy(z, y_ignored, ignore_index=7, **options)
    assert mean == pytest.approx(expected.sum() / counted, rel=1e-13)


def test_rows_with_ignored_targets_are_not_read():
    z = np.array([[1.0, 2.0], [np.nan, np.inf]])
    assert logits.cross_entropy(z, [0, -100]) == logits.cross_entropy(z[0], 0)
    np.testing.assert_array_equal(logits.surprisal(z, [-100, -100]), [0.0, 0.0])
    assert logits.cross_entropy(z, [-100, -100], reduction="sum") == 0.0
    with pytest.raises(ValueError, match="targets must be from 0 to 1 "):
        logits.cross_entropy(z[:1], [-100], ignore_index=None)


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_masked_classes_have_probability_zero(level, dtype, rng):
    z = random_logits(rng, (2, 3000), np.float32)
    z[0, ::2] = z[1, :2500] = -np.inf  # the second row begins with a block of masked classes
    array = z if dtype == "bfloat16" else z.astype(dtype)
    if dtype == "bfloat16":
        array = bfloat16_bits(z)
        z = as_float(array)
        entropy = _dispatch.kernels.logits_entropy(array, 1.0, 2, None)[1]
    else:
        z = array.astype(float)
        entropy = logits.entropy(array)
        _, gradient = logits.cross_entropy(array, [1, 2999], return_grad=True)
        assert not gradient[np.isneginf(z)].any()
        assert gradient[~np.isneginf(z)].all()
        assert logits.cross_entropy(array, [0, 0]) == math.inf
        assert logits.cross_entropy(array, [1, 2999], label_smoothing=0.1) == math.inf
    for row in (0, 1):
        assert entropy[row] == pytest.approx(reference.entropy(z[row][np.isfinite(z[row])]), rel=1e-6)
    alone = np.full(70, -np.inf)
    alone[3] = 5.0
    assert logits.entropy(alone) == 0.0
    assert logits.cross_entropy(alone, 3) == 0.0


def test_smoothing_leaves_out_masked_classes_without_weight():
    z, weights = np.array([[1.0, 0.0, -np.inf]]), [1.0, 1.0, 0.0]
    got = logits.cross_entropy(z, [0], label_smoothing=0.3, class_weights=weights)
    smooth = -reference.log_softmax(z[:, :2]).sum() * 0.3 / 3
    assert got == pytest.approx(0.7 * reference.losses(z[:, :2], [0])[0] + smooth, rel=1e-14)


def test_divergences_of_masked_classes(level):
    inf = np.inf
    for dtype in (np.float64, np.float32):
        p, q = np.array([0.0, 0.0, -inf], dtype), np.array([0.0, -inf, 0.0], dtype)
        assert logits.kl_divergence(p, q) == math.inf
        assert logits.kl_divergence(p, np.zeros(3, dtype)) == pytest.approx(math.log(1.5), rel=1e-6)
        assert logits.kl_divergence(p, p) == logits.js_divergence(p, p) == 0.0
        assert logits.js_divergence(p, q) == pytest.approx(math.log(2) / 2, rel=1e-6)
        tiny = np.array([0.0, -2000.0, 0.0], dtype)  # its probability is below every number
        assert logits.kl_divergence(tiny, q) == math.inf
        assert logits.kl_divergence(tiny, q + dtype(0)) == math.inf


@pytest.mark.parametrize("distance", [1e-6, 1e-3, 0.3])
def test_small_divergences_keep_their_relative_accuracy(level, distance, rng):
    p = random_logits(rng, 300)
    q = p + distance * rng.standard_normal(300)
    with mpmath.workdps(50):
        exp_p, exp_q = ([mpmath.exp(mpmath.mpf(v)) for v in z] for z in (p, q))
        a, b = ([v / mpmath.fsum(e) for v in e] for e in (exp_p, exp_q))
        kl = mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(a, b, strict=True))
        js = mpmath.fsum(
            x * mpmath.log(2 * x / (x + y)) / 2 + y * mpmath.log(2 * y / (x + y)) / 2 for x, y in zip(a, b, strict=True)
        )
    # log(p/q) of size `distance` is off by eps times logits of up to 10
    assert logits.kl_divergence(p, q) == pytest.approx(float(kl), rel=1e-14 + 4e-15 / distance, abs=0)
    assert logits.js_divergence(p, q) == pytest.approx(float(js), rel=1e-13 + 4e-15 / distance, abs=0)


def test_divergences_broadcast_and_mix_dtypes(level, rng):
    p, q = random_logits(rng, (4, 3, 50), np.float16), random_logits(rng, (3, 50), np.float32)
    got = logits.kl_divergence(p, q)
    np.testing.assert_allclose(got, reference.kl_divergence(p, np.broadcast_to(q, p.shape)), rtol=1e-5)
    np.testing.assert_allclose(
        logits.js_divergence(q.astype(float), p, temperature=2.0),
        reference.js_divergence(np.broadcast_to(q, p.shape), p, 2.0),
        rtol=1e-6,  # the log-sum of p is in float32
    )
    assert logits.kl_divergence(p, q, reduction="mean", base=2) == pytest.approx(got.mean() / math.log(2), rel=1e-14)
    assert logits.kl_divergence(p, q, reduction="sum") == pytest.approx(got.sum(), rel=1e-14)


finite_logits = hnp.arrays(np.float64, st.integers(1, 70), elements=st.floats(-50, 50))


@given(z=finite_logits, shift=st.floats(-100, 100), data=st.data())
@settings(max_examples=60, deadline=None)
def test_identities_hold_to_rounding(z, shift, data):
    q = data.draw(hnp.arrays(np.float64, z.shape, elements=st.floats(-50, 50)))
    # logits up to 150 and their differences: rounding of 100 eps
    assert logits.entropy(z + shift) == pytest.approx(logits.entropy(z), abs=1e-13)
    p = scipy.special.softmax(z)
    cross = float(p @ logits.surprisal(np.tile(q, (len(q), 1)), np.arange(len(q))))
    kl = logits.kl_divergence(z, q)
    assert kl >= 0
    assert cross == pytest.approx(logits.entropy(z) + kl, abs=1e-12)
    js = logits.js_divergence(z, q)
    assert 0 <= js <= math.log(2) + 1e-15
    assert js == pytest.approx(logits.js_divergence(q, z), rel=1e-12, abs=1e-15)
    assert logits.entropy(z, temperature=2.0) == pytest.approx(logits.entropy(z / 2), abs=1e-13)


def test_results_are_the_same_bits_for_every_number_of_threads(level, rng):
    for shape in ((3, 140001), (400, 1000), (5000, 11)):
        z, q = random_logits(rng, shape, np.float32), random_logits(rng, shape, np.float32)
        y = random_targets(rng, z)

        def results(z=z, q=q, y=y):
            value, gradient = logits.cross_entropy(z, y, label_smoothing=0.1, return_grad=True)
            binary = logits.binary_cross_entropy(z, q > 0)
            return value, gradient, logits.entropy(z), logits.kl_divergence(z, q), binary

        with ht.threads(1):
            expected = results()
        for n_threads in (2, 3, 8):
            with ht.threads(n_threads):
                for got, one in zip(results(), expected, strict=True):
                    np.testing.assert_array_equal(got, one)


def test_a_row_has_the_same_bits_alone_and_among_many(level, rng):
    z = np.tile(random_logits(rng, (1, 70001), np.float32), (70, 1))
    options = {"label_smoothing": 0.1, "reduction": "none", "return_grad": True}
    values, gradients = logits.cross_entropy(z, np.zeros(70, int), **options)
    value, gradient = logits.cross_entropy(z[:1], [0], **options)
    np.testing.assert_array_equal(values, np.tile(value, 70))
    np.testing.assert_array_equal(gradients[[0, -1]], np.tile(gradient, (2, 1)))
    np.testing.assert_array_equal(logits.entropy(z), np.tile(logits.entropy(z[0]), 70))


def test_layouts_are_read_where_they_are_or_copied(rng):
    z = random_logits(rng, (6, 5, 40))
    y = rng.integers(0, 40, (6, 5))
    expected = logits.surprisal(z, y)
    shifted = np.zeros((6, 9, 77))
    shifted[:, 2:7, 3:43] = z
    frozen = z.copy()
    frozen.flags.writeable = False
    wide = np.repeat(z, 2, axis=-1)
    unaligned = np.frombuffer(b"x" + z.tobytes(), np.uint8)[1:].view(z.dtype).reshape(z.shape)
    for array in (
        shifted[:, 2:7, 3:43],
        np.asfortranarray(z),
        z[::-1].copy()[::-1],
        z.transpose(1, 0, 2).copy().transpose(1, 0, 2),
        frozen,
        wide[..., ::2],
        z.astype(">f8"),
        unaligned,
    ):
        np.testing.assert_array_equal(logits.surprisal(array, y), expected)
    np.testing.assert_array_equal(logits.surprisal(z[:, :-1], y[:, 1:]), logits.surprisal(z[:, :-1].copy(), y[:, 1:]))
    np.testing.assert_array_equal(logits.surprisal(z[1].tolist(), y[1].tolist()), expected[1])
    for integer in (np.uint8, np.int16, np.uint64):
        np.testing.assert_array_equal(logits.surprisal(z, y.astype(integer)), expected)
    assert logits.surprisal(z[0, 0], y[0, 0]) == expected[0, 0]
    assert logits.surprisal([[1, 2]], [0])[0] == logits.surprisal([[1.0, 2.0]], [0])[0]
    assert logits.surprisal(np.zeros((0, 3)), np.zeros(0, int)).shape == (0,)
    assert logits.entropy(np.zeros((4, 0, 3))).shape == (4, 0)


def test_memory_mapped_files_are_read_row_by_row_with_progress(tmp_path, rng):
    z = random_logits(rng, (300, 20000), np.float16)
    path = tmp_path / "logits.npy"
    np.save(path, z)
    y = random_targets(rng, z)
    expected = logits.cross_entropy(z, y)
    mapped = np.load(path, mmap_mode="r")
    seen: list[float] = []
    tracemalloc.start()
    try:
        assert logits.cross_entropy(mapped[:, :], y, progress=seen.append) == expected
        shifted = logits.cross_entropy(mapped.reshape(3, 100, 20000)[:, :-1], y.reshape(3, 100)[:, :-1])
        kl = logits.kl_divergence(mapped, mapped[:1])
        allocated = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert allocated < 300_000  # a few numbers a row; the logits are 12 MB
    assert shifted == logits.cross_entropy(z.reshape(3, 100, 20000)[:, :-1].copy(), y.reshape(3, 100)[:, :-1])
    assert kl[0] == 0.0
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_progress_shows_and_stops(capsys):
    z, y = np.zeros((20000, 1000), np.float16), np.zeros(20000, np.int64)
    logits.cross_entropy(z[:10], y[:10], progress=True)
    assert "cross-entropy" in capsys.readouterr().err

    def stop(fraction):
        raise KeyboardInterrupt

    for call in (
        lambda: logits.cross_entropy(z, y, progress=stop),
        lambda: logits.kl_divergence(z, z, progress=stop),
        lambda: logits.binary_cross_entropy(z, z > 0, progress=stop),
    ):
        with ht.threads(1), pytest.raises(KeyboardInterrupt):
            call()


def test_perplexity_by_token_byte_character_and_word(rng):
    z = random_logits(rng, (3, 20, 64))
    y = random_targets(rng, z)
    y[2, 5:] = -100
    nll = reference.losses(z, np.maximum(y, 0))[y >= 0]
    total = logits.cross_entropy(z, y, reduction="sum")
    assert total == pytest.approx(nll.sum(), rel=1e-14)
    assert logits.perplexity(z, y) == pytest.approx(math.exp(nll.mean()), rel=1e-13)
    assert logits.log_perplexity(z, y, base=10) == pytest.approx(nll.mean() / math.log(10), rel=1e-14)
    assert logits.bits_per_token(z, y) == pytest.approx(nll.mean() / math.log(2), rel=1e-14)
    assert logits.bits_per_token(z, y) == pytest.approx(math.log2(logits.perplexity(z, y)), rel=1e-14)
    assert logits.bits_per_character(total, 200) == pytest.approx(nll.sum() / 200 / math.log(2), rel=1e-14)
    assert logits.bits_per_byte(total, 250) == logits.bits_per_character(total, 250)
    assert logits.log_perplexity(z, y, n_units=250, base=2) == pytest.approx(
        logits.bits_per_byte(total, 250), rel=1e-14
    )
    assert logits.perplexity(z, y, n_units=40) == pytest.approx(logits.perplexity_per_word(total, 40), rel=1e-12)
    np.testing.assert_allclose(logits.bits_per_byte([total, 0.0], [1, 2]), [total / math.log(2), 0.0])
    np.testing.assert_array_equal(logits.perplexity_per_word([1e6, 0.0], 1), [math.inf, 1.0])
    assert logits.perplexity(z, y, temperature=3.0) == pytest.approx(
        math.exp(reference.losses(z, np.maximum(y, 0), 3.0)[y >= 0].mean()), rel=1e-13
    )


def test_bits_per_dimension_counts_the_levels():
    # a density uniform on the unit cube says nothing about 8-bit pixels: 8 bits each
    assert logits.bits_per_dimension(0.0, 3072, dequantization_levels=256) == 8.0
    # the same model on the scale 0..256 has density 256^-d
    nll = 3072 * math.log(256)
    assert logits.bits_per_dimension(nll, 3072) == pytest.approx(8.0, rel=1e-15)
    np.testing.assert_allclose(logits.bits_per_dimension([-10.0, 10.0], 10), np.array([-1, 1]) / math.log(2))


def test_calibration_error_equals_its_definition(level, rng):
    z = random_logits(rng, (2000, 10))
    y = np.where(rng.random(2000) < 0.5, z.argmax(axis=1), random_targets(rng, z))
    y[:7] = -100
    p = scipy.special.softmax(z[7:], axis=1)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y[7:]
    for n_bins in (1, 15):
        expected = 0.0
        for b in range(n_bins):
            inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
            if inside.any():
                expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
        assert logits.expected_calibration_error(z, y, n_bins=n_bins) == pytest.approx(expected, rel=1e-12)
        from_p = logits.expected_calibration_error(p, y[7:], n_bins=n_bins, probabilities=True)
        assert from_p == pytest.approx(expected, rel=1e-12)
    hot = logits.expected_calibration_error(z, y, temperature=2.0)
    assert hot == pytest.approx(logits.expected_calibration_error(z / 2, y), rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (9,), (65537,), (3, 7), (2, 3, 33), (40, 2049)])
def test_binary_losses_equal_the_reference(level, shape, dtype, rng):
    z = random_logits(rng, shape, np.float64, 10.0).astype(dtype)
    result_dtype = np.float64 if dtype is np.float64 else np.float32
    eps = float(np.finfo(result_dtype).eps)
    for y in (rng.random(shape).astype(result_dtype), rng.random(shape) < 0.5, rng.integers(0, 2, shape)):
        expected, slope = reference.binary_cross_entropy(z, y), reference.binary_gradient(z, y)
        values, gradient = logits.binary_cross_entropy(z, y, reduction="none", return_grad=True)
        np.testing.assert_allclose(values, expected, rtol=6 * eps)
        np.testing.assert_allclose(gradient, slope, rtol=6 * eps, atol=2 * eps)  # two terms of either sign
        assert np.shape(values) == gradient.shape == shape
        mean, gradient = logits.binary_cross_entropy(z, y, base=2, return_grad=True)
        assert mean == pytest.approx(expected.mean() / math.log(2), rel=6 * eps)
        np.testing.assert_allclose(gradient, slope / np.size(z) / math.log(2), rtol=8 * eps, atol=3 * eps / np.size(z))


def test_binary_losses_keep_tiny_values_and_large_logits(level):
    for dtype, tolerance in ((np.float64, 1e-15), (np.float32, 3e-7)):
        z = np.array([-80.0, 80.0, 1e30, -1e30], dtype)
        values = logits.binary_cross_entropy(z, [0, 1, 1, 1], reduction="none")
        np.testing.assert_allclose(values, [math.exp(-80), math.exp(-80), 0.0, 1e30], rtol=tolerance)


@pytest.mark.parametrize("pos_weight", [2.5, [0.5, 0.0, 3.0]])
def test_binary_weights_and_gradients(level, pos_weight, rng):
    z, y = random_logits(rng, (4, 3)), rng.random((4, 3))
    values = logits.binary_cross_entropy(z, y, pos_weight=pos_weight, reduction="none")
    np.testing.assert_allclose(values, reference.binary_cross_entropy(z, y, np.array(pos_weight)), rtol=1e-14)

    def mean(x):
        return logits.binary_cross_entropy(x, y, pos_weight=pos_weight)

    _, gradient = logits.binary_cross_entropy(z, y, pos_weight=pos_weight, return_grad=True)
    np.testing.assert_allclose(gradient, finite_differences(mean, z), atol=1e-9)


Z = np.zeros((2, 3))
BAD = np.array([[0.0, 1.0, 2.0], [0.0, np.nan, 1.0]])
MASKED = np.array([[0.0, 1.0, 2.0], [-np.inf, -np.inf, -np.inf]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logits.cross_entropy(Z, [0, 3]), r"targets must be from 0 to 2 .* got 1 .* first targets\[1\] = 3"),
        (lambda: logits.cross_entropy(Z[None], [[-1, 0]]), r"first targets\[0, 0\] = -1"),
        (lambda: logits.cross_entropy(Z[0], 3), r"first targets = 3"),
        (lambda: logits.cross_entropy(Z, np.array([2**63 + 5, 0], np.uint64)), r"targets\[0\] = 9223372036854775813"),
        (lambda: logits.cross_entropy(Z, [0]), r"targets must have shape \(2,\)"),
        (lambda: logits.cross_entropy(Z, [-100, -100]), "one that counts, got 2, all ignored"),
        (lambda: logits.perplexity(Z, [-100, -100]), "all ignored"),
        (lambda: logits.expected_calibration_error(Z, [-100, -100]), "all ignored"),
        (lambda: logits.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)), "one that counts, got 0"),
        (lambda: logits.cross_entropy(BAD, [0, 0]), r"NaN or \+inf in 1 of 2 rows, first logits\[1, 1\] = nan"),
        (lambda: logits.cross_entropy(np.array([1.0, np.inf], np.float16), 0), r"first logits\[1\] = inf"),
        (lambda: logits.entropy(BAD), r"logits\[1, 1\] = nan"),
        (lambda: logits.kl_divergence(Z, BAD), r"q_logits must be .* first q_logits\[1, 1\] = nan"),
        (lambda: logits.js_divergence(BAD, Z), r"p_logits must be"),
        (
            lambda: logits.cross_entropy(MASKED, [0, 0]),
            r"got 1 of 2 rows that are -inf throughout, first logits\[1, :\]",
        ),
        (lambda: logits.entropy(MASKED[1]), r"first logits\[:\]"),
        (lambda: logits.cross_entropy(1.0, 0), "classes along its last axis"),
        (lambda: logits.cross_entropy(np.zeros((2, 0)), [0, 0]), "classes along its last axis"),
        (lambda: logits.cross_entropy(Z, [0, 0], label_smoothing=1.5), "label_smoothing must be from 0 to 1, got 1.5"),
        (lambda: logits.cross_entropy(Z, [0, 0], temperature=0), "temperature must be from 1e-30 to 1e"),
        (lambda: logits.entropy(Z, temperature=math.nan), "temperature must be"),
        (lambda: logits.cross_entropy(Z, [0, 0], class_weights=[1, 2]), r"class_weights must have shape \(3,\)"),
        (lambda: logits.cross_entropy(Z, [0, 0], class_weights=[1, -2, 0]), r"class_weights must be .* first \[1\]"),
        (lambda: logits.cross_entropy(Z, [2, 2], class_weights=[1, 2, 0]), "positive for one of the targets"),
        (lambda: logits.cross_entropy(Z, [0, 0], reduction="batchmean"), "reduction must be one of"),
        (lambda: logits.cross_entropy(Z, [0, 0], base=1), "base must be"),
        (lambda: logits.entropy(np.zeros((0, 3)), reduction="mean"), "rows for a mean"),
        (lambda: logits.kl_divergence(Z, Z[:, :2]), "equally many classes, got 3 and 2"),
        (lambda: logits.kl_divergence(np.zeros((4, 3)), Z), "must broadcast"),
        (lambda: logits.perplexity(Z, [0, 0], n_units=0), "n_units must be positive"),
        (lambda: logits.bits_per_character(1.0, 0), "n_characters must be positive"),
        (lambda: logits.bits_per_byte([1.0, math.nan], 3), r"got 1 NaN, first nll\[1\]"),
        (lambda: logits.bits_per_byte([1.0, 2.0], [1, 2, 3]), "nll and n_bytes must broadcast"),
        (
            lambda: logits.bits_per_dimension(1.0, 3, dequantization_levels=1),
            "dequantization_levels must be at least 2",
        ),
        (lambda: logits.expected_calibration_error(Z, [0, 0], n_bins=0), "n_bins must be at least 1"),
        (lambda: logits.expected_calibration_error(Z + 1, [0, 0], probabilities=True), "row 0 sums to 3"),
        (lambda: logits.expected_calibration_error(Z - 1, [0, 0], probabilities=True), "negative or NaN"),
        (lambda: logits.binary_cross_entropy(BAD, Z), r"logits must be finite, got 1 .* first logits\[1, 1\]"),
        (lambda: logits.binary_cross_entropy(MASKED, Z), r"got 3 NaN or infinite"),
        (lambda: logits.binary_cross_entropy(Z, Z + 1.5), r"targets must be from 0 to 1, got 6 .* targets\[0, 0\]"),
        (lambda: logits.binary_cross_entropy(Z, BAD * 0), r"targets must be from 0 to 1, got 1 .* targets\[1, 1\]"),
        (lambda: logits.binary_cross_entropy([0.0, 0.0], [0, 2]), r"first targets\[1\]"),
        (lambda: logits.binary_cross_entropy(Z, Z[0]), r"targets must have the shape \(2, 3\)"),
        (lambda: logits.binary_cross_entropy(Z, Z, pos_weight=[1, 2]), "pos_weight must be one number or have shape"),
        (lambda: logits.binary_cross_entropy(Z, Z, pos_weight=-1), "pos_weight must be finite"),
        (lambda: logits.binary_cross_entropy(Z[:0], Z[:0]), "entries for a mean"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logits.cross_entropy(Z, [0.0, 1.0]), "targets must hold class numbers of an integer type"),
        (lambda: logits.cross_entropy(Z, [True, False]), "integer type, got dtype bool"),
        (lambda: logits.cross_entropy(Z + 1j, [0, 0]), "logits must hold real numbers"),
        (lambda: logits.entropy([["a"]]), "logits must hold real numbers"),
        (lambda: logits.expected_calibration_error(Z, [0, 0], n_bins=2.5), "n_bins must be a whole number"),
        (lambda: logits.cross_entropy(Z, [0, 0], temperature="hot"), "temperature must be a number"),
    ],
)
def test_wrong_types_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_empty_binary_sums_are_zero():
    value, gradient = logits.binary_cross_entropy(np.zeros((3, 0)), np.zeros((3, 0)), reduction="sum", return_grad=True)
    assert value == 0.0
    assert gradient.shape == (3, 0)


def test_inputs_are_not_written_to(rng):
    z = random_logits(rng, (4, 50))
    copy = z.copy()
    logits.cross_entropy(z, [0, 1, 2, 3], return_grad=True, label_smoothing=0.1)
    logits.binary_cross_entropy(z, z > 0, return_grad=True)
    np.testing.assert_array_equal(z, copy)
