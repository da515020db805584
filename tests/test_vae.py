"""Variational autoencoders: KL and gradients, bounds, the decomposition of the ELBO, collapse, disentanglement."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

import hartley as ht
from hartley import _dispatch, vae
from hartley.reference import vae as reference

F32, F64 = np.float32, np.float64
SHAPES = [
    (1, 1),
    (2, 1),
    (3, 2),
    (5, 7),
    (9, 8),
    (15, 9),
    (64, 16),
    (65, 17),
    (4097, 1),
    (1000, 3),
    (70, 1025),
    (600, 65),
]


def normals(rng, shape, dtype=F64, count=1):
    """Means and log-variances in the dtype, and as float64."""
    arrays = [rng.normal(size=shape).astype(dtype) for _ in range(2 * count)]
    return arrays, [a.astype(F64) for a in arrays]


def kl_tolerance(dtype):
    # an entry is off by at most 9 eps (vae.hpp), sums of at most 16 of one sign add 15 eps in the worst case
    return 24 * float(np.finfo(dtype).eps)


# ---------------------------------------------------------------------------------------------- KL divergences


@pytest.mark.parametrize("dtype", [F64, F32])
@pytest.mark.parametrize("shape", SHAPES)
def test_kl_equals_the_reference_in_every_reduction(level, shape, dtype, rng):
    (mean, lv, mean_q, lv_q), wide = normals(rng, shape, dtype, 2)
    tolerance = kl_tolerance(dtype)
    for function, arguments, terms in (
        (vae.kl_standard_normal, (mean, lv), reference.kl_standard_normal(*wide[:2])),
        (vae.kl_diagonal_normal, (mean, lv, mean_q, lv_q), reference.kl_diagonal_normal(*wide)),
        (
            vae.kl_diagonal_normal,
            (mean, lv, mean_q[0], lv_q[0]),
            reference.kl_diagonal_normal(*wide[:2], wide[2][0], wide[3][0]),
        ),
    ):
        # the reference cancels: 4 terms of up to e^4 in float64, beside a KL that may be small
        atol = 1e-13 * shape[1]
        rows, latents = function(*arguments, reduction="none"), function(*arguments, reduction="dimensions")
        np.testing.assert_allclose(rows, terms.sum(axis=1), rtol=tolerance, atol=atol)
        np.testing.assert_allclose(latents, terms.mean(axis=0), rtol=tolerance, atol=atol)
        total = function(*arguments, reduction="sum")
        assert isinstance(total, float)
        assert total == pytest.approx(terms.sum(), rel=tolerance, abs=atol * shape[0])
        assert function(*arguments) == pytest.approx(total / shape[0], rel=1e-15, abs=0)


def test_mean_is_summed_over_latents_and_averaged_over_rows():
    mean = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
    zero = np.zeros_like(mean)
    assert vae.kl_standard_normal(mean, zero) == pytest.approx(0.5 * (1 + 4 + 9) / 3, rel=1e-15, abs=0)
    cube = mean.reshape(1, 3, 2)
    assert vae.kl_standard_normal(cube, zero.reshape(1, 3, 2)) == vae.kl_standard_normal(mean, zero)
    assert vae.kl_standard_normal(cube, zero.reshape(1, 3, 2), reduction="none").shape == (1, 3)
    bits = vae.kl_standard_normal(mean, zero, base="bits")
    assert bits == pytest.approx(vae.kl_standard_normal(mean, zero) / math.log(2), rel=1e-15, abs=0)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_kl_keeps_its_digits_where_the_posterior_is_the_prior(level, dtype, rng):
    edge = 0.5 * math.log(2)  # where the exponent's range reduction steps: the worst cancellation
    values = [0.0, 1e-30, 1e-12, -1e-12, 1e-8, -1e-5, 1e-3, -0.3, edge, -edge, 0.3466, -0.3466, 0.35, -0.35, 1, -1, 20]
    values += [-86.9, -87.5, -200.0, 87.9, *rng.uniform(-2, 2, 2000)]
    lv = np.array(values, dtype=dtype).reshape(-1, 1)
    with mpmath.workdps(60):
        exact = [mpmath.expm1(mpmath.mpf(float(x))) - mpmath.mpf(float(x)) for x in lv[:, 0]]
        expected = np.array([float(x / 2) for x in exact])
        slope = np.array([float(mpmath.expm1(mpmath.mpf(float(x))) / 2) for x in lv[:, 0]])
    rows, gradient = vae.kl_standard_normal(np.zeros_like(lv), lv, reduction="none", return_grad=True)
    eps = float(np.finfo(dtype).eps)
    # squares below the smallest normal number underflow
    np.testing.assert_allclose(rows, expected, rtol=9 * eps, atol=float(np.finfo(dtype).tiny))
    np.testing.assert_allclose(gradient.log_variance[:, 0], slope, rtol=3 * eps, atol=float(np.finfo(dtype).tiny))
    shifted = vae.kl_diagonal_normal(np.zeros_like(lv), lv, np.zeros((1, 1), dtype), np.zeros((1, 1), dtype))
    assert shifted == pytest.approx(expected.mean(), rel=9 * eps, abs=0)


def differences(value, x, step):
    """Central differences of value() by every entry of x."""
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = value()
        x[index] = kept - step
        result[index] = (above - value()) / (2 * step)
        x[index] = kept
    return result


@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "dimensions"])
@pytest.mark.parametrize("q_shape", [None, (5, 3), (3,), (1, 3)])
def test_gradients_equal_finite_differences(level, reduction, q_shape, rng):
    parameters = [rng.normal(size=(5, 3)) for _ in range(2)]
    if q_shape is not None:
        parameters += [rng.normal(size=q_shape) for _ in range(2)]
    function = vae.kl_standard_normal if q_shape is None else vae.kl_diagonal_normal

    def total():
        return float(np.sum(function(*parameters, reduction=reduction, base="bits")))

    value, gradient = function(*parameters, reduction=reduction, base="bits", return_grad=True)
    np.testing.assert_array_equal(value, function(*parameters, reduction=reduction, base="bits"))
    assert len(gradient) == len(parameters)
    for derivative, parameter in zip(gradient, parameters, strict=True):
        assert derivative.shape == parameter.shape
        # step² times a third derivative of up to 1e2, and 1e-15 · 1e2 / step of rounding
        np.testing.assert_allclose(derivative, differences(total, parameter, 1e-5), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("shape", [(3, 5), (33, 17), (2, 8)])
def test_float32_gradients_keep_their_dtype(level, shape, rng):
    (mean, lv, mean_q, lv_q), wide = normals(rng, shape, F32, 2)
    _, narrow = vae.kl_diagonal_normal(mean, lv, mean_q, lv_q, return_grad=True)
    _, exact = vae.kl_diagonal_normal(*wide, return_grad=True)
    for a, b in zip(narrow, exact, strict=True):
        assert a.dtype == F32
        # differences of means and log-variances are rounded once: relative to e^x of up to e^6
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 / shape[0])


@pytest.mark.parametrize("dtype", [F64, F32])
def test_kl_is_the_same_bits_for_every_number_of_threads(dtype, rng):
    (mean, lv), _ = normals(rng, (30000, 9), dtype)
    found = []
    for n in (1, 2, 3, 8):
        with ht.threads(n):
            value, gradient = vae.kl_standard_normal(mean, lv, return_grad=True)
            latents = vae.kl_standard_normal(mean, lv, reduction="dimensions")
            found.append((value, *latents, *gradient.log_variance[::1000, 0], vae.posterior_collapse(mean, lv).kl[0]))
    assert all(f == found[0] for f in found)


def test_inputs_of_any_layout_type_and_container(tmp_path, rng):
    (mean, lv), _ = normals(rng, (40, 6))
    expected = vae.kl_standard_normal(mean, lv)
    np.save(tmp_path / "mean.npy", mean)
    mapped = np.load(tmp_path / "mean.npy", mmap_mode="r")
    doubled = np.repeat(mean, 2, axis=1)[:, ::2]
    read_only = mean.copy()
    read_only.flags.writeable = False

    class Tensor:  # as a torch tensor on the CPU: DLPack and no more
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    kept = mean.copy()
    others = (np.asfortranarray(mean), mapped, doubled, read_only, mean.tolist(), mean.astype(">f8"), Tensor(mean))
    for other in others:
        assert vae.kl_standard_normal(other, lv) == expected
    np.testing.assert_array_equal(mean, kept)
    narrow = [x.astype(np.float16) for x in (mean, lv)]
    value, gradient = vae.kl_standard_normal(*narrow, return_grad=True)
    assert value == vae.kl_standard_normal(*(x.astype(F32) for x in narrow))
    assert gradient.mean.dtype == F32
    assert vae.kl_standard_normal(mean.astype(F32), lv) == vae.kl_standard_normal(mean.astype(F32).astype(F64), lv)


def test_means_whose_squares_float32_cannot_hold_are_squared_in_float64():
    mean, lv = np.full((2, 1), 1e25, F32), np.zeros((2, 1), F32)
    value, gradient = vae.kl_standard_normal(mean, lv, return_grad=True)
    assert value == pytest.approx(0.5e50, rel=1e-6, abs=0)
    assert gradient.mean.dtype == F32
    assert vae.kl_standard_normal(np.full((1, 1), 1e200), np.zeros((1, 1))) == math.inf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0, 0.0]], [[0.0]]), r"mean and log_variance must have equal shapes, got \(1, 2\) and \(1, 1\)"),
        (([0.0, 0.0], [0.0, 0.0]), r"mean must have shape \(..., n_latents\) with at least two axes, got \(2,\)"),
        ((np.zeros((0, 3)), np.zeros((0, 3))), "at least one row and one latent"),
        (
            ([[0.0, np.nan]], [[0.0, 0.0]]),
            r"mean must be finite, got 1 NaN or infinite of 2 entries, first mean\[0, 1\]",
        ),
        (([[0.0], [0.0]], [[0.0], [np.nan]]), r"log_variance must be finite, got 1 .* first log_variance\[1, 0\]"),
        (([[np.inf]], [[0.0]]), "mean must be finite"),
        (([[0.0]], [[-np.inf]]), "log_variance must be finite"),
        (([[0.0, 0.0]], [[0.0, 710.0]]), r"log_variance must be at most 709 in float64.* first \[0, 1\] = 710"),
        ((np.zeros((1, 1), F32), np.full((1, 1), 89, F32)), "log_variance must be at most 88 in float32"),
    ],
)
def test_kl_says_what_is_wrong(arguments, message):
    for reduction in ("mean", "none", "dimensions"):
        with pytest.raises(ValueError, match=message):
            vae.kl_standard_normal(*arguments, reduction=reduction)


def test_kl_of_two_normals_says_what_is_wrong():
    zero = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"mean_q must have the shape of mean_p, \(2, 3\), or \(3,\), got \(3, 3\)"):
        vae.kl_diagonal_normal(zero, zero, np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="-log_variance_q must be at most 709"):
        vae.kl_diagonal_normal(zero, zero, zero, zero - 800)
    with pytest.raises(ValueError, match="log_variance_p - log_variance_q must be at most 709"):
        vae.kl_diagonal_normal(zero, zero + 400, zero, zero - 400)
    with pytest.raises(ValueError, match=r"log_variance_q must be finite, got 1 .* first log_variance_q\[0, 2\]"):
        vae.kl_diagonal_normal(zero, zero, np.zeros(3), [0.0, 0.0, np.nan])
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, dimensions, got 'batchmean'"):
        vae.kl_standard_normal(zero, zero, reduction="batchmean")
    with pytest.raises(TypeError, match="mean must hold real numbers"):
        vae.kl_standard_normal([["a"]], [[0.0]])


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.floats(-3, 3), st.integers(0, 2**32 - 1))
def test_kl_is_invariant_under_affine_maps_and_zero_on_itself(n, d, shift, seed):
    rng = np.random.default_rng(seed)
    mean_p, lv_p, mean_q, lv_q = rng.normal(size=(4, n, d))
    value = vae.kl_diagonal_normal(mean_p, lv_p, mean_q, lv_q)
    scale = math.exp(shift / 2)
    mapped = vae.kl_diagonal_normal(scale * mean_p + 1, lv_p + shift, scale * mean_q + 1, lv_q + shift)
    assert mapped == pytest.approx(value, rel=1e-10, abs=1e-13)
    assert value >= 0
    assert vae.kl_diagonal_normal(mean_p, lv_p, mean_p, lv_p) == 0
    zero = np.zeros(d)
    standard = vae.kl_standard_normal(mean_p, lv_p)
    assert vae.kl_diagonal_normal(mean_p, lv_p, zero, zero) == pytest.approx(standard, rel=1e-14, abs=0)


# ---------------------------------------------------------------------------------------------- bounds


def test_elbo_of_numbers_and_of_rows():
    assert vae.elbo(-3.0, 1.0, beta=2, base="bits") == pytest.approx(-5 / math.log(2), rel=1e-15, abs=0)
    np.testing.assert_array_equal(vae.elbo([-3.0, -4.0], [1.0, 2.0], beta=0.5), [-3.5, -5.0])
    for arguments, message in (
        ({"beta": -1}, "beta must be at least 0"),
        ({"kl": [1.0, 2.0, 3.0]}, "must have shapes that fit"),
        ({"kl": math.nan}, "kl must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            vae.elbo(**{"log_likelihood": [-1.0, -2.0], "kl": 1.0} | arguments)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_importance_weighted_bound_is_a_log_mean_exp(axis, rng):
    log_weights = 300 * rng.normal(size=(4, 6, 5))
    expected = logsumexp(log_weights, axis=axis) - math.log(log_weights.shape[axis])
    rows = vae.importance_weighted_bound(log_weights, axis=axis, reduction="none")
    np.testing.assert_allclose(rows, expected, rtol=1e-14)
    np.testing.assert_allclose(rows, reference.importance_weighted_bound(log_weights, axis), rtol=1e-14)
    mean = vae.importance_weighted_bound(log_weights, axis=axis)
    assert mean == pytest.approx(expected.mean(), rel=1e-13, abs=0)
    assert vae.importance_weighted_bound(log_weights, axis=axis, reduction="sum") == pytest.approx(expected.sum())


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient_of_the_importance_weighted_bound_is_the_normalized_weights(reduction, rng):
    log_weights = rng.normal(size=(3, 4))

    def total():
        return float(np.sum(vae.importance_weighted_bound(log_weights, reduction=reduction, base="bits")))

    _, gradient = vae.importance_weighted_bound(log_weights, reduction=reduction, base="bits", return_grad=True)
    np.testing.assert_allclose(gradient, differences(total, log_weights, 1e-5), rtol=1e-7, atol=1e-9)


def test_importance_weights_of_zero_and_their_effective_number():
    log_weights = [[0.0, -np.inf], [-np.inf, -np.inf]]
    np.testing.assert_array_equal(vae.importance_weighted_bound(log_weights, reduction="none"), [-math.log(2), -np.inf])
    np.testing.assert_array_equal(vae.effective_sample_size(log_weights), [1.0, 2.0])
    assert vae.effective_sample_size(np.log([1.0, 2.0, 3.0])) == pytest.approx(36 / 14)
    for bad, message in (
        ([0.0, np.inf], r"log_weights must be numbers or -inf, got 1 .* first log_weights\[1\]"),
        ([np.nan], "numbers or -inf"),
        (np.zeros((3, 0)), "samples along axis -1"),
        (np.zeros((0, 3)), "at least one row"),
        (0.0, "samples along axis"),
    ):
        with pytest.raises(ValueError, match=message):
            vae.importance_weighted_bound(bad)
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none"):
        vae.importance_weighted_bound([0.0], reduction="dimensions")


def test_the_bound_grows_with_the_samples_up_to_the_evidence(rng):
    # x|z ~ N(z, 1), z ~ N(0, 1), q(z|x) = N(x/2, 1): log p(x) is that of N(0, 2)
    x = 1.3
    z = x / 2 + rng.normal(size=(20000, 64))
    log_weights = -0.5 * (x - z) ** 2 - 0.5 * z**2 + 0.5 * (z - x / 2) ** 2 - 0.5 * math.log(2 * math.pi)
    evidence = -0.25 * x**2 - 0.5 * math.log(4 * math.pi)
    bounds = [vae.importance_weighted_bound(log_weights[:, :k]) for k in (1, 4, 16, 64)]
    assert all(a < b for a, b in itertools.pairwise(bounds))
    assert bounds[-1] < evidence
    assert evidence - bounds[-1] < 0.01


def test_rate_distortion_points_and_sweeps():
    point = vae.rate_distortion_point([-80.0, -100.0], 10.0, base="bits")
    assert point == pytest.approx((10 / math.log(2), 90 / math.log(2), -100 / math.log(2)), rel=1e-15, abs=0)
    points = [(20.0, 75.0), (5.0, 100.0), (21.0, 80.0), (5.0, 101.0), (20.0, 75.0)]
    sweep = vae.rate_distortion_sweep(points)
    np.testing.assert_array_equal(sweep.rates, [5, 5, 20, 20, 21])
    np.testing.assert_array_equal(sweep.distortions, [100, 101, 75, 75, 80])
    np.testing.assert_array_equal(sweep.efficient, [True, False, True, True, False])
    np.testing.assert_array_equal(np.array(points)[sweep.order][:, 0], sweep.rates)
    assert (len(sweep), sweep.best, sweep.elbos[sweep.best]) == (5, 2, -95)
    assert len(vae.rate_distortion_sweep([point])) == 1
    with pytest.raises(ValueError, match="points must be at least one pair"):
        vae.rate_distortion_sweep([])
    with pytest.raises(ValueError, match="points must be finite"):
        vae.rate_distortion_sweep([(1.0, math.nan)])
    with pytest.raises(ValueError, match="at least one row"):
        vae.rate_distortion_point([], [])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_efficient_models_are_those_that_no_other_beats(points):
    sweep = vae.rate_distortion_sweep(points)
    here = list(zip(sweep.rates, sweep.distortions, strict=True))
    beaten = [any(a <= r and b <= d and (a, b) != (r, d) for a, b in here) for r, d in here]
    np.testing.assert_array_equal(sweep.efficient, ~np.array(beaten))


# ---------------------------------------------------------------------------------------------- decomposition

METHODS = ["full", "minibatch_weighted", "stratified"]


def posteriors(rng, n, d, dtype=F64, spread=1.0):
    """Samples of n posteriors, and their parameters."""
    mean, lv = spread * rng.normal(size=(n, d)), rng.normal(size=(n, d)) - 1
    z = mean + np.exp(lv / 2) * rng.normal(size=(n, d))
    return [x.astype(dtype) for x in (z, mean, lv)]


def parts(found):
    return np.array([found.mutual_information, found.total_correlation, *found.dimension_wise])


@pytest.mark.parametrize("dtype", [F64, F32])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("n", "d"), [(1, 1), (2, 1), (3, 2), (7, 3), (8, 1), (15, 2), (16, 5), (17, 1), (33, 2), (63, 3), (64, 2), (65, 7),
                 (129, 2), (200, 33)]
)  # fmt: skip
def test_decomposition_equals_the_reference(level, n, d, method, dtype, rng):
    if n == 1 and method == "stratified":
        n = 2
    size = n if method == "full" else 10 * n
    samples = posteriors(rng, n, d, dtype)
    found = vae.elbo_decomposition(*samples, method=method, dataset_size=size)
    weights = reference.importance_weights(n, method, size)
    information, correlation, latents = reference.elbo_decomposition(*(x.astype(F64) for x in samples), weights)
    # exponents that decide a sum are below 2^6 in size, their roundings of half a unit each add up at random
    atol = 2**6 * float(np.finfo(dtype).eps) * math.sqrt(d)
    np.testing.assert_allclose(parts(found), [information, correlation, *latents], rtol=0, atol=atol)
    assert found.dimension_wise_kl == pytest.approx(found.dimension_wise.sum(), rel=1e-12, abs=1e-12)
    total = found.mutual_information + found.total_correlation + found.dimension_wise_kl
    assert total == pytest.approx(found.kl, rel=1e-12, abs=1e-12)
    in_bits = parts(vae.elbo_decomposition(*samples, method=method, dataset_size=size, base="bits"))
    np.testing.assert_allclose(in_bits * math.log(2), parts(found), rtol=1e-14, atol=1e-14)


def test_the_parts_add_up_to_the_kl(rng):
    z, mean, lv = posteriors(rng, 20000, 2)
    with ht.threads(2):
        found = vae.elbo_decomposition(z[:2000], mean[:2000], lv[:2000], method="full")
    by_hand = reference.log_normal(z, mean, lv) - reference.log_normal(z, 0.0, 0.0)
    assert found.kl == pytest.approx(by_hand[:2000].sum(axis=1).mean(), rel=1e-12, abs=0)
    exact = vae.kl_standard_normal(mean, lv, reduction="none")
    error = (by_hand.sum(axis=1) - exact).std() / math.sqrt(len(z))
    assert by_hand.sum(axis=1).mean() == pytest.approx(exact.mean(), abs=5 * error)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_decomposition_of_posteriors_that_are_all_one(dtype, rng):
    mean, lv = np.tile(rng.normal(size=4), (50, 1)), np.tile(rng.normal(size=4), (50, 1))
    z = mean + np.exp(lv / 2) * rng.normal(size=(50, 4))
    found = vae.elbo_decomposition(*(x.astype(dtype) for x in (z, mean, lv)), method="full")
    eps = float(np.finfo(dtype).eps)  # densities relative to the own one are 1 but for the rounding of an exponent
    assert found.mutual_information == pytest.approx(0, abs=20 * eps)
    assert found.total_correlation == pytest.approx(0, abs=20 * eps)


@pytest.mark.parametrize("dtype", [F64, F32])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_decomposition_of_posteriors_far_apart(dtype, d):
    n = 40
    mean = np.repeat(np.arange(n, dtype=dtype)[:, None], d, axis=1)
    lv = np.full((n, d), -12, dtype=dtype)  # σ = 0.0025: no overlap
    found = vae.elbo_decomposition(mean, mean, lv, method="full")
    # every density is 1/n of the own posterior's, jointly and in each latent
    assert found.mutual_information == pytest.approx(math.log(n), rel=1e-6, abs=0)
    assert found.total_correlation == pytest.approx((d - 1) * math.log(n), rel=1e-6, abs=1e-6)
    weighted = vae.elbo_decomposition(mean, mean, lv, dataset_size=1000)
    assert weighted.mutual_information == pytest.approx(math.log(n * 1000), rel=1e-6, abs=0)
    stratified = vae.elbo_decomposition(mean, mean, lv, dataset_size=1000, method="stratified")
    assert stratified.mutual_information == pytest.approx(math.log(1000), rel=1e-6, abs=0)


def test_minibatch_weights_shift_the_full_decomposition_of_the_batch(rng):
    samples = posteriors(rng, 30, 4)
    full = vae.elbo_decomposition(*samples, method="full")
    weighted = vae.elbo_decomposition(*samples, dataset_size=500)
    shift = math.log(500)
    np.testing.assert_allclose(parts(weighted) - parts(full), [shift, 3 * shift, *[-shift] * 4], rtol=1e-12)


def density_ratio(samples, rows, own, other):
    """Estimated q(z) over q(z|x) of the first of some rows, by the kernel."""
    batch = [np.ascontiguousarray(x[list(rows)]) for x in samples]
    return math.exp(_dispatch.kernels.vae_mixture(*batch, own, other, 1)[0][0])


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_the_stratified_estimate_of_the_density_is_unbiased_over_all_batches(n, rng):
    size = 6
    samples = posteriors(rng, size, 2, spread=0.5)
    own, other = 1 / size, (size - 1) / (size * (n - 1))
    exact = np.exp(_dispatch.kernels.vae_mixture(*samples, 1 / size, 1 / size, 1)[0])
    for i in range(size):
        rest = [j for j in range(size) if j != i]
        estimates = [density_ratio(samples, (i, *b), own, other) for b in itertools.combinations(rest, n - 1)]
        assert np.mean(estimates) == pytest.approx(exact[i], rel=1e-12, abs=0)
    found = vae.elbo_decomposition(*samples, method="stratified", dataset_size=size)
    np.testing.assert_allclose(parts(found), parts(vae.elbo_decomposition(*samples, method="full")), rtol=1e-12)


def test_the_stratified_estimate_is_the_published_one_averaged_over_the_row_that_takes_the_rest(rng):
    size, n = 9, 4
    m = n - 1
    samples = posteriors(rng, n, 2)
    log_density = reference.log_normal(samples[0][:1, None], samples[1][None], samples[2][None])[0].sum(axis=1)
    q = np.exp(log_density - log_density[0])
    published = []
    for last in range(1, n):
        weights = np.full(n, 1 / m)
        weights[0], weights[last] = 1 / size, (size - m) / (size * m)
        published.append(weights @ q)
    own, other = 1 / size, (size - 1) / (size * m)
    assert density_ratio(samples, range(n), own, other) == pytest.approx(np.mean(published), rel=1e-12, abs=0)


def test_the_expected_minibatch_weighted_density_is_the_documented_one_over_all_batches(rng):
    size, n = 4, 3
    samples = posteriors(rng, size, 2, spread=0.5)
    weight = 1 / (n * size)
    exact = np.exp(_dispatch.kernels.vae_mixture(*samples, 1 / size, 1 / size, 1)[0])
    for i in range(size):
        estimates = [
            density_ratio(samples, (i, *b), weight, weight) for b in itertools.product(range(size), repeat=n - 1)
        ]
        assert np.mean(estimates) == pytest.approx((1 + (n - 1) * exact[i]) / (n * size), rel=1e-12, abs=0)
        assert np.mean(estimates) < exact[i]


@pytest.mark.parametrize("dtype", [F64, F32])
def test_decomposition_of_posteriors_of_very_different_scales_and_of_outliers(level, dtype, rng):
    z, mean, lv = posteriors(rng, 150, 3)
    lv[:50] -= 25  # σ down to 1e-6
    lv[50:100] += 20
    z = mean + np.exp(lv / 2) * rng.normal(size=z.shape)
    z[3] += 40 * np.exp(lv[3] / 2)  # e^-800 under its own posterior, far more under wide ones
    samples = [x.astype(dtype) for x in (z, mean, lv)]
    found = vae.elbo_decomposition(*samples, method="full")
    weights = reference.importance_weights(150, "full", 150)
    expected = reference.elbo_decomposition(*(x.astype(F64) for x in samples), weights)
    # exponents relative to the outlier's own -2400 · log2 e, others below 2^7; a mean over 150 rows
    rtol = 64 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(parts(found), [*expected[:2], *expected[2]], rtol=rtol, atol=rtol * 2**7)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_decomposition_is_the_same_bits_for_every_number_of_threads(dtype, rng):
    samples = posteriors(rng, 500, 5, dtype)
    found = []
    for n in (1, 2, 3, 8):
        with ht.threads(n):
            found.append(parts(vae.elbo_decomposition(*samples, method="full")).tolist())
    assert all(f == found[0] for f in found)


def test_decomposition_takes_mixed_types(rng):
    samples = posteriors(rng, 20, 2)
    expected = parts(vae.elbo_decomposition(*samples, method="full"))
    narrow = [samples[0].astype(F32), *samples[1:]]
    np.testing.assert_allclose(parts(vae.elbo_decomposition(*narrow, method="full")), expected, atol=1e-4)
    half = parts(vae.elbo_decomposition(*(x.astype(np.float16) for x in samples), method="full"))
    np.testing.assert_allclose(half, expected, atol=0.05)  # samples are rounded to 11 bits


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset_size": None}, 'dataset_size must be given for method="minibatch_weighted"'),
        ({"dataset_size": 2}, "dataset_size must be at least the number of rows, 3, got 2"),
        ({"method": "exact"}, "method must be one of minibatch_weighted, stratified, full, got 'exact'"),
        ({"method": "full"}, "dataset_size must be the number of rows, 3"),
        ({"z": np.zeros((3, 1))}, r"must have one shape \(n, n_latents\), got \(3, 1\) and \(3, 2\)"),
        ({"z": np.full((3, 2), np.nan)}, r"z must be finite, got 6 NaN .* first z\[0, 0\]"),
        ({"mean": np.full((3, 2), np.inf)}, "mean must be finite"),
        ({"log_variance": np.full((3, 2), -709.0)}, "log_variance must be within ±708 in float64"),
        ({"z": np.full((3, 2), 1e200)}, "z must be a sample of its row's posterior"),
    ],
)
def test_decomposition_says_what_is_wrong(arguments, message):
    zero = np.zeros((3, 2))
    with pytest.raises(ValueError, match=message):
        vae.elbo_decomposition(**{"z": zero, "mean": zero, "log_variance": zero, "dataset_size": 9} | arguments)


def test_one_row_cannot_be_stratified():
    one = np.zeros((1, 2))
    with pytest.raises(ValueError, match="needs at least two rows"):
        vae.elbo_decomposition(one, one, one, dataset_size=5, method="stratified")
    assert vae.elbo_decomposition(one, one, one, method="full").mutual_information == 0


# ---------------------------------------------------------------------------------------------- latents


@pytest.mark.parametrize("dtype", [F64, F32])
def test_active_units_are_those_whose_means_vary(dtype, rng):
    mean = (1000 + rng.normal(size=(3000, 5)) * [0.0, 0.05, 0.2, 1.0, 3.0]).astype(dtype)
    units = vae.active_units(mean)
    assert (units.n_active, units.active.tolist()) == (3, [False, False, True, True, True])
    np.testing.assert_allclose(units.variances, mean.astype(F64).var(axis=0), rtol=1e-12)
    assert vae.active_units(mean, threshold=0.5).n_active == 2
    np.testing.assert_array_equal(vae.active_units(mean.reshape(3, 1000, 5)).variances, units.variances)
    for bad, message in ((mean[0], "at least two rows"), (mean[:1], "at least two rows"), (mean * np.nan, "finite")):
        with pytest.raises(ValueError, match=message):
            vae.active_units(bad)
    with pytest.raises(ValueError, match="threshold must be at least 0"):
        vae.active_units(mean, threshold=-1)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_variances_of_many_rows_are_taken_piece_by_piece(dtype, rng):
    mean = rng.normal(size=(1 << 19, 3)).astype(dtype)
    np.testing.assert_allclose(vae.active_units(mean).variances, mean.astype(F64).var(axis=0), rtol=1e-12)


@pytest.mark.parametrize("dtype", [F64, F32])
def test_collapse_counts_the_rows_below_epsilon(level, dtype, rng):
    mean = (0.1 * rng.normal(size=(999, 11)) * np.arange(11)).astype(dtype)
    lv = np.zeros_like(mean)
    report = vae.posterior_collapse(mean, lv, epsilon=0.02, delta=0.3)
    terms = 0.5 * mean.astype(F64) ** 2
    np.testing.assert_array_equal(report.fraction_below, (terms < 0.02).mean(axis=0))
    np.testing.assert_array_equal(report.collapsed, (terms < 0.02).mean(axis=0) >= 0.7)
    assert 0 < report.fraction == report.collapsed.mean() < 1
    np.testing.assert_allclose(report.kl, terms.mean(axis=0), rtol=kl_tolerance(dtype))
    np.testing.assert_array_equal(report.active, vae.active_units(mean).active)
    in_bits = vae.posterior_collapse(mean, lv, epsilon=0.02 / math.log(2), delta=0.3, base="bits")
    np.testing.assert_array_equal(in_bits.collapsed, report.collapsed)
    np.testing.assert_allclose(in_bits.kl * math.log(2), report.kl, rtol=1e-14)


def test_collapse_at_its_limits_and_as_text():
    mean = np.zeros((100, 3))
    mean[0, 1] = 5.0  # one row in a hundred
    mean[:2, 2] = 5.0
    lv = np.zeros_like(mean)
    report = vae.posterior_collapse(mean, lv)
    assert report.collapsed.tolist() == [True, True, False]
    assert vae.posterior_collapse(mean, lv, delta=0).collapsed.tolist() == [True, False, False]
    assert not vae.posterior_collapse(mean, lv, epsilon=0).collapsed.any()  # KL < 0 never
    lines = str(report).splitlines()
    assert lines[0].startswith("2 of 3 latents collapsed (KL < 0.01 nats for at least 0.99 of the rows), 2 active")
    assert [int(line.split()[0]) for line in lines[2:]] == [2, 1, 0]
    assert lines[-1].endswith("collapsed")
    wide = vae.posterior_collapse(mean, lv + 2.0)
    assert "inactive" in str(wide)
    for options, message in (
        ({"delta": 2}, r"delta must be in \[0, 1\]"),
        ({"epsilon": -1}, "epsilon must be at least"),
    ):
        with pytest.raises(ValueError, match=message):
            vae.posterior_collapse(mean, lv, **options)


# ---------------------------------------------------------------------------------------------- disentanglement


def factors_and_codes(rng, n=2000):
    factors = np.column_stack([rng.integers(0, k, n) for k in (3, 5, 2)])
    mixed = factors @ np.array([[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.5, 0.0], [0.0, 0.3, 0.0, 0.0]])
    return mixed + 0.1 * rng.normal(size=mixed.shape), factors


@pytest.mark.parametrize("dtype", [F64, F32])
def test_mutual_information_gap_equals_the_reference(level, dtype, rng):
    codes, factors = factors_and_codes(rng)
    codes = codes.astype(dtype)
    gap = vae.mutual_information_gap(codes, factors)
    np.testing.assert_allclose(gap.gaps, reference.mutual_information_gap(codes.astype(F64), factors), atol=1e-12)
    assert float(gap) == gap.value == pytest.approx(gap.gaps.mean(), rel=1e-15, abs=0)
    assert gap.best_codes.tolist() == [0, 1, 1]
    share = np.bincount(factors[:, 1]) / len(factors)
    assert gap.factor_entropies[1] == pytest.approx(-(share * np.log(share)).sum(), rel=1e-12, abs=0)
    in_bits = vae.mutual_information_gap(codes, factors, base="bits")
    np.testing.assert_allclose(in_bits.information * math.log(2), gap.information, rtol=1e-14)
    np.testing.assert_array_equal(in_bits.gaps, gap.gaps)


def test_the_discretiser_is_the_documented_one(rng):
    codes, factors = factors_and_codes(rng)
    for bins in (2, 20, 300):
        # the convention of the field: digitize by the left edges of numpy.histogram
        cells = np.stack([np.digitize(c, np.histogram(c, bins)[1][:-1]) for c in codes.T], axis=1)
        found = vae.mutual_information_gap(codes, factors, bins=bins)
        for i, j in np.ndindex(found.information.shape):
            expected = ht.discrete.mutual_information(cells[:, i], factors[:, j])
            assert found.information[i, j] == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_gap_of_perfect_shared_and_constant_codes():
    a, b = np.divmod(np.arange(20), 4)
    perfect = vae.mutual_information_gap(np.column_stack([a, b, 0 * a]), np.column_stack([a, b]))
    np.testing.assert_allclose(perfect.gaps, 1.0, atol=1e-12)
    shared = vae.mutual_information_gap(np.column_stack([a, -a]), a)
    np.testing.assert_allclose(shared.gaps, 0.0, atol=1e-12)
    words = np.array(["x", "y"])[a % 2]
    assert vae.mutual_information_gap(np.column_stack([a % 2, b]), words).value == pytest.approx(1.0)
    far = np.array([0, 10**6, -(10**9), 7] * 5)
    assert vae.mutual_information_gap(np.column_stack([b, a]), far).value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros((4, 1)), [0, 1, 0, 1], "codes must have at least two columns"),
        (np.zeros((4, 2)), [0, 1, 0], "equally many samples, got 4 and 3"),
        (np.zeros((4, 2)), [[0, 1], [1, 1], [0, 1], [1, 1]], "at least two values each, column 1 has one"),
        (np.full((4, 2), np.nan), [0, 1, 0, 1], "codes must be finite"),
        (np.zeros((70000, 2)), np.arange(70000), "factors must be discrete, at most 65534 symbols a column, got 70000"),
    ],
)
def test_gap_says_what_is_wrong(codes, factors, message):
    with pytest.raises(ValueError, match=message):
        vae.mutual_information_gap(codes, factors)
    with pytest.raises(ValueError, match="bins must be from 1"):
        vae.mutual_information_gap(codes, factors, bins=0)
