"""Fisher information, natural gradients, Fisher-Rao geometry, Cramér-Rao bound."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import hartley as ht
from hartley import fisher

EPS = np.finfo(np.float64).eps


def normal_log_prob(theta, x):
    return -0.5 * ((x - theta[0]) / theta[1]) ** 2 - np.log(theta[1]) - 0.5 * np.log(2 * np.pi)


def normal_kl(p, q):
    return np.log(q[1] / p[1]) + (p[1] ** 2 + (p[0] - q[0]) ** 2) / (2 * q[1] ** 2) - 0.5


def bernoulli_log_prob(theta, x):
    return np.where(x > 0, np.log(theta), np.log1p(-theta))


def spd(rng, d, batch=()):
    half = rng.normal(size=(*batch, d, 2 * d))
    return half @ np.swapaxes(half, -1, -2)


# ------------------------------------------------------------------------------------------- scores


def test_the_information_of_a_coin_is_one_over_theta_times_one_minus_theta():
    scores = np.array([4.0] * 25 + [-4 / 3] * 75)  # θ = ¼, in exact proportion
    assert fisher.fisher_information(scores) == pytest.approx(16 / 3, rel=4 * EPS)


def test_scores_of_a_normal_give_its_diagonal_matrix(rng):
    std = 0.5
    z = rng.normal(size=40_000)
    found = fisher.fisher_information(np.stack([z / std, (z * z - 1) / std], axis=1), return_error=True)
    assert (np.abs(found.value - np.diag([1 / std**2, 2 / std**2])) < 5 * found.standard_error).all()
    assert (found.standard_error < 0.3).all()
    assert (found.numerical_error == 0).all()


def test_the_information_and_its_error_are_mean_and_standard_error_of_outer_products(rng):
    scores = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4))
    products = scores[:, :, None] * scores[:, None, :]
    found = fisher.fisher_information(scores, return_error=True)
    np.testing.assert_allclose(found.value, products.mean(axis=0), rtol=0, atol=300 * EPS * np.abs(products).max())
    # the variance is a difference of numbers of the size of its own
    np.testing.assert_allclose(found.standard_error, products.std(axis=0, ddof=1) / np.sqrt(300), rtol=1e-10)
    assert isinstance(fisher.fisher_information(scores[:, 0]), float)
    assert np.array_equal(fisher.fisher_information(scores), found.value)
    assert np.array_equal(found.value, found.value.T)


def test_the_standard_error_is_the_scatter_of_repeated_estimates(rng):
    repeats = [fisher.fisher_information(rng.normal(size=200), return_error=True) for _ in range(2000)]
    values, errors = (np.array([getattr(r, name) for r in repeats]) for name in ("value", "standard_error"))
    # var(z²) = 2: exactly √(2 / 200); the scatter of 2000 repeats is known to 1.6 % (one standard deviation)
    assert values.std() == pytest.approx(0.1, rel=0.08)
    assert errors.mean() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_scores_of_any_size_have_an_error(rng, scale):
    scores = rng.normal(size=50)
    small, large = (fisher.fisher_information(scores * s, return_error=True) for s in (1.0, scale))
    assert large.value == pytest.approx(small.value * scale**2, rel=1e-14, abs=0)
    assert large.standard_error == pytest.approx(small.standard_error * scale**2, rel=1e-12, abs=0)


def test_scores_come_as_anything_numpy_can_view(rng):
    scores = rng.integers(-5, 6, size=(40, 3))
    want = fisher.fisher_information(scores.astype(np.float64))
    fixed = scores.astype(np.float64)
    fixed.flags.writeable = False
    for same in (scores, scores.tolist(), scores.astype(np.float32), np.asfortranarray(fixed), fixed, fixed[::1]):
        np.testing.assert_array_equal(fisher.fisher_information(same), want)


def test_one_sample_has_an_information_but_no_error():
    found = fisher.fisher_information([[2.0, 1.0]], return_error=True)
    np.testing.assert_array_equal(found.value, [[4.0, 2.0], [2.0, 1.0]])
    assert np.isnan(found.standard_error).all()


# --------------------------------------------------------------------------- numerical derivatives


@pytest.mark.parametrize("method", ["score", "hessian"])
@pytest.mark.parametrize("theta", [(0.0, 1.0), (3.0, 1e-6), (1e-9, 2.0), (1e6, 1e-3), (0.0, 1e8)])
def test_derivatives_of_a_normal_at_every_scale(rng, method, theta):
    mean, std = theta
    x = rng.normal(mean, std, size=500)
    z = (x - mean) / std
    if method == "score":
        scores = np.stack([z, z * z - 1], axis=1)
        exact = scores.T @ scores / len(x) / std**2
    else:
        exact = np.array([[1.0, 2 * z.mean()], [2 * z.mean(), (3 * z * z - 1).mean()]]) / std**2
    found = fisher.fisher_information_from_log_prob(normal_log_prob, theta, x, method=method, return_error=True)
    assert (np.abs(found.value - exact) <= found.numerical_error).all()
    assert (found.numerical_error < 1e-8 / std**2).all()
    truth = np.diag([1.0, 2.0]) / std**2
    assert (np.abs(found.value - truth) <= 5 * found.standard_error + found.numerical_error).all()


@pytest.mark.parametrize("method", ["score", "hessian"])
@pytest.mark.parametrize("theta", [0.5, 0.1, 1e-3, 1e-9, 1 - 1e-6])
def test_derivatives_of_a_coin_up_to_the_edge_of_its_range(method, theta):
    x = np.arange(1000) < max(1, round(1000 * theta))
    x[-1] = False
    squares = np.where(x, theta**-2.0, (1 - theta) ** -2.0)  # of scores, and second derivatives with the other sign
    exact = squares.mean()
    found = fisher.fisher_information_from_log_prob(bernoulli_log_prob, theta, x, method=method, return_error=True)
    assert abs(found.value - exact) <= found.numerical_error <= 1e-6 * exact
    assert abs(found.value - exact) <= 1e-10 * exact
    # differences of scores' squares of one size are rounding alone
    assert found.standard_error == pytest.approx(squares.std(ddof=1) / np.sqrt(1000), rel=1e-6, abs=1e-6 * exact)
    if theta in (0.5, 0.1, 1e-3):  # outcomes in exact proportion
        assert found.value == pytest.approx(1 / (theta * (1 - theta)), rel=1e-9)


@pytest.mark.parametrize("shape", [0.3, 1.0, 20.0])
def test_the_hessian_of_a_gamma_shape_is_the_trigamma_function_for_every_sample(rng, shape):
    x = rng.gamma(shape, size=50)
    log_prob = lambda k, x: (k - 1) * np.log(x) - x - scipy.special.gammaln(k)  # noqa: E731
    found = fisher.fisher_information_from_log_prob(log_prob, shape, x, method="hessian", return_error=True)
    assert abs(found.value - scipy.special.polygamma(1, shape)) <= found.numerical_error < 1e-7 * found.value
    assert found.standard_error < 1e-7 * found.value  # does not depend on the sample


def test_an_error_estimate_is_not_too_small_for_a_function_of_high_curvature(rng):
    x = rng.normal(size=20)
    log_prob = lambda t, x: np.cos(40 * t * x)  # noqa: E731  a smooth function, no density
    exact = np.mean((40 * x * np.sin(40 * 0.3 * x)) ** 2)
    found = fisher.fisher_information_from_log_prob(log_prob, 0.3, x, return_error=True)
    assert abs(found.value - exact) <= found.numerical_error < 1e-8 * exact


def test_the_users_function_gets_its_own_parameters_and_a_read_only_view(rng):
    x, theta = rng.normal(size=20), np.array([0.5, 1.5])

    def log_prob(parameters, samples):
        assert not samples.flags.writeable
        value = normal_log_prob(parameters, samples)
        parameters[:] = np.nan
        return value

    found = fisher.fisher_information_from_log_prob(log_prob, theta, x)
    np.testing.assert_array_equal(theta, [0.5, 1.5])
    np.testing.assert_array_equal(found, fisher.fisher_information_from_log_prob(normal_log_prob, theta, x))


def test_samples_may_be_vectors_and_a_step_may_be_given(rng):
    precision = np.linalg.inv(spd(rng, 3))
    x = rng.multivariate_normal(np.zeros(3), np.linalg.inv(precision), size=100)

    def log_prob(mean, x):
        return -0.5 * np.einsum("ni,ij,nj->n", x - mean, precision, x - mean)

    for step in (None, 0.3, [0.5, 0.25, 0.125]):
        found = fisher.fisher_information_from_log_prob(log_prob, np.zeros(3), x, method="hessian", step=step)
        np.testing.assert_allclose(found, precision, rtol=0, atol=1e-8 * np.abs(precision).max())
    scores = x @ precision
    found = fisher.fisher_information_from_log_prob(log_prob, np.zeros(3), x, step=0.1)
    np.testing.assert_allclose(found, scores.T @ scores / 100, rtol=1e-9, atol=1e-10 * np.abs(found).max())


@pytest.mark.parametrize("theta", [0.5, 0.1, 1e-3])
def test_the_curvature_of_the_divergence_of_coins_is_their_information(theta):
    kl = lambda a, b: a * np.log(a / b) + (1 - a) * (np.log1p(-a) - np.log1p(-b))  # noqa: E731
    found = fisher.kl_hessian(kl, theta, return_error=True)
    exact = 1 / (theta * (1 - theta))
    assert abs(found.value - exact) <= found.numerical_error < 1e-7 * exact
    assert found.value == pytest.approx(exact, rel=1e-10)
    assert found.standard_error == 0


@pytest.mark.parametrize("theta", [(0.0, 1.0), (5.0, 0.01), (-2.0, 300.0)])
def test_the_curvature_of_the_divergence_of_normals_is_their_information(theta):
    found = fisher.kl_hessian(normal_kl, theta, return_error=True)
    exact = np.diag([1.0, 2.0]) / theta[1] ** 2
    assert (np.abs(found.value - exact) <= found.numerical_error).all()
    assert (found.numerical_error < 1e-7 / theta[1] ** 2).all()


def test_the_curvature_of_the_divergence_of_softmaxes_has_its_off_diagonal_entries(rng):
    def softmax(z):
        powers = np.exp(z - z.max())
        return powers / powers.sum()

    logits = rng.normal(size=4)
    p = softmax(logits)
    found = fisher.kl_hessian(lambda a, b: ht.kl_divergence(softmax(a), softmax(b)), logits)
    np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fisher.fisher_information([]), "scores has no samples"),
        (lambda: fisher.fisher_information(np.zeros((2, 2, 2))), "scores must have shape"),
        (lambda: fisher.fisher_information([1.0, np.nan]), "scores must be finite"),
        (lambda: fisher.fisher_information([1e200]), "squares overflow"),
        (lambda: from_log_prob(theta=[[1.0]]), "theta must be a number or have shape"),
        (lambda: from_log_prob(theta=[]), "theta must be a number or have shape"),
        (lambda: from_log_prob(theta=np.inf), "theta must be finite"),
        (lambda: from_log_prob(samples=[]), "samples has no samples"),
        (lambda: from_log_prob(method="scores"), 'method must be "score" or "hessian", got \'scores\''),
        (lambda: from_log_prob(log_prob=lambda t, x: t), r"must have shape \(2,\), got \(\)"),
        (lambda: from_log_prob(theta=0.0), r"log_prob\(theta, samples\) must be finite, got 2"),
        (lambda: from_log_prob(log_prob=lambda t, x: np.sqrt(1 - t) + x), "finite and vary smoothly on both sides"),
        (lambda: from_log_prob(log_prob=lambda t, x: np.where(t == 1, x, np.nan), step=1), "pass a smaller step"),
        (lambda: from_log_prob(step=0.0), "step must be positive and finite, got 0"),
        (lambda: from_log_prob(step=[1.0, 1.0]), "one for each of the 1 parameters"),
        (lambda: fisher.kl_hessian(lambda a, b: 1.0, 1.0), r"kl\(theta, theta\) must be 0, got 1"),
        (lambda: fisher.kl_hessian(lambda a, b: np.nan, 1.0), r"kl\(theta, theta\) must be 0, got nan"),
        (lambda: fisher.kl_hessian(lambda a, b: 0.0 if b <= 1 else np.inf, 1.0), "on both sides of theta"),
    ],
)
def test_what_cannot_give_an_information_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def from_log_prob(log_prob=lambda t, x: x * np.log(t) - t, theta=1.0, samples=(0.0, 2.0), **options):
    return fisher.fisher_information_from_log_prob(log_prob, theta, np.array(samples), **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fisher.fisher_information(["a"]), "scores must hold real numbers"),
        (lambda: from_log_prob(theta="a"), "theta must hold real numbers"),
        (lambda: from_log_prob(log_prob=lambda t, x: np.array(["a", "b"])), "must hold real numbers"),
        (lambda: fisher.kl_hessian(lambda a, b: "a", 1.0), "must be a number"),
    ],
)
def test_what_is_no_number_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


# ------------------------------------------------------------------------------- natural gradients


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-3, 10.0]))
def test_the_natural_gradient_solves_its_equation(d, seed, damping):
    rng = np.random.default_rng(seed)
    matrix, grad = spd(rng, d), rng.normal(size=d)
    found = fisher.natural_gradient(grad, matrix, damping=damping)
    size = np.linalg.norm(matrix + damping * np.eye(d), 2) * np.linalg.norm(found)
    # backward stable: Higham (2002), theorem 10.4, with room for the blocks' own solves
    assert np.linalg.norm(matrix @ found + damping * found - grad) <= 10 * d * EPS * size
    by_products = fisher.natural_gradient(grad, lambda v: matrix @ v, damping=damping, tol=1e-9)
    assert np.linalg.norm(matrix @ by_products + damping * by_products - grad) <= 2e-9 * np.linalg.norm(grad)


def test_batches_are_solved_one_by_one(rng):
    matrices, grads = spd(rng, 3, (4, 5)), rng.normal(size=(5, 3))
    found = fisher.natural_gradient(grads, matrices)
    assert found.shape == (4, 5, 3)
    for i in range(4):
        for j in range(5):
            np.testing.assert_allclose(matrices[i, j] @ found[i, j], grads[j], rtol=0, atol=1e-12)
    many = fisher.natural_gradient(grads, matrices[0, 0])
    np.testing.assert_allclose(many @ matrices[0, 0], grads, rtol=0, atol=1e-12)


def test_a_single_parameter_gives_a_float():
    assert fisher.natural_gradient(3.0, 16 / 3) == pytest.approx(9 / 16)
    assert isinstance(fisher.natural_gradient(3, 4, damping=2), float)
    assert fisher.natural_gradient(3, 4, damping=2) == pytest.approx(0.5, rel=4 * EPS)


def test_the_direction_does_not_depend_on_the_parametrisation(rng):
    matrix, grad, jacobian = spd(rng, 4), rng.normal(size=4), rng.normal(size=(4, 4))  # θ = J η
    in_eta = fisher.natural_gradient(jacobian.T @ grad, jacobian.T @ matrix @ jacobian)
    np.testing.assert_allclose(jacobian @ in_eta, fisher.natural_gradient(grad, matrix), rtol=1e-8)


def test_parameters_of_very_different_scales_are_not_taken_for_singular(rng):
    scales = np.array([1e-90, 1.0, 1e90])
    matrix = spd(rng, 3)
    found = fisher.natural_gradient(scales, matrix * scales * scales[:, None])
    np.testing.assert_allclose(found * scales, np.linalg.solve(matrix, np.ones(3)), rtol=1e-10)


def test_conjugate_gradients_take_an_iteration_for_every_distinct_eigenvalue(rng):
    rotation = np.linalg.qr(rng.normal(size=(200, 200)))[0]
    matrix = rotation * np.repeat([1.0, 3.0, 10.0, 100.0], 50) @ rotation.T
    calls = []
    fisher.natural_gradient(rng.normal(size=200), lambda v: (calls.append(1), matrix @ v)[1])
    assert len(calls) == 5  # four, and one to look at the residual itself


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_conjugate_gradients_stand_gradients_of_any_size(rng, scale):
    matrix, grad = spd(rng, 5), rng.normal(size=5)
    found = fisher.natural_gradient(grad * scale, lambda v: matrix @ v) / scale
    np.testing.assert_allclose(matrix @ found, grad, rtol=0, atol=1e-9)


def test_a_gradient_of_zero_stays():
    np.testing.assert_array_equal(fisher.natural_gradient(np.zeros(3), lambda v: 2 * v), np.zeros(3))


def test_conjugate_gradients_that_stop_early_warn(rng):
    matrix = np.diag(np.logspace(0, 8, 60))
    with pytest.warns(ht.ConvergenceWarning, match="stopped after 5 iterations with a relative residual"):
        fisher.natural_gradient(rng.normal(size=60), lambda v: matrix @ v, max_iter=5)


def test_damping_makes_a_singular_information_usable(rng):
    score = rng.normal(size=6)
    singular = np.outer(score, score)
    for form in (singular, lambda v: singular @ v):
        found = fisher.natural_gradient(np.ones(6), form, damping=0.5)
        np.testing.assert_allclose(singular @ found + 0.5 * found, np.ones(6), rtol=1e-9)
    with pytest.raises(ValueError, match="positive definite"):
        fisher.natural_gradient(np.ones(6), singular)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fisher.natural_gradient([1, 1], [[1, 0], [0, -2]]), "least eigenvalue is -2 .* pass a larger damping"),
        (lambda: fisher.natural_gradient([1, 1], [[1, 1], [1, 1 + EPS]]), "positive definite"),
        (lambda: fisher.natural_gradient([1, 1], [[[1, 0], [0, 1]], [[1, 2], [2, 1]]]), "matrix 1 of 2"),
        (
            lambda: fisher.natural_gradient([1, 1], [[1, 1], [0, 1]]),
            r"symmetric, but fisher\[0, 1\] = 1 differs from 0",
        ),
        (lambda: fisher.natural_gradient([1, 1], [1, 1]), "fisher must be a square matrix"),
        (lambda: fisher.natural_gradient([1, 1], [[np.inf, 0], [0, 1]]), "fisher must be finite"),
        (lambda: fisher.natural_gradient([1, np.nan], np.eye(2)), "grad must be finite"),
        (lambda: fisher.natural_gradient([1, 1, 1], np.eye(2)), r"grad must have shape \(..., 2\)"),
        (lambda: fisher.natural_gradient(np.ones((3, 2)), np.stack([np.eye(2)] * 2)), "must broadcast"),
        (lambda: fisher.natural_gradient([1, 1], np.eye(2), damping=-1), "damping must be at least 0 and finite"),
        (lambda: fisher.natural_gradient([1, 1], np.eye(2), tol=0), "tol must be between 0 and 1, got 0"),
        (lambda: fisher.natural_gradient([1, 1], lambda v: v, max_iter=0), "max_iter must be at least 1, got 0"),
        (lambda: fisher.natural_gradient(1.0, lambda v: v), r"grad must have shape \(d,\)"),
        (lambda: fisher.natural_gradient([1, 1], lambda v: v[:1]), r"fisher\(v\) must have shape \(2,\), got \(1,\)"),
        (lambda: fisher.natural_gradient([1, 1], lambda v: v * np.nan), r"fisher\(v\) must be finite"),
        (lambda: fisher.natural_gradient([1, 1], lambda v: -v), "vᵀ .* = -1 vᵀ v"),
    ],
)
def test_what_cannot_be_solved_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ----------------------------------------------------------------------------- Fisher-Rao geometry

POINTS = {
    "categorical": [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.0, 0.9, 0.1]],
    "normal": [[0.0, 1.0], [3.0, 0.5], [-1.0, 4.0]],
    "exponential": [0.3, 2.0, 70.0],
    "poisson": [0.0, 2.5, 40.0],
}
FAMILIES = sorted(POINTS)


def speed(family, points, step):
    """Of points in the metric, by central differences; and the points between."""
    change = (points[2:] - points[:-2]) / (2 * step)
    at = points[1:-1]
    if family == "categorical":
        return np.sqrt(np.where(at > 0, change**2 / np.where(at > 0, at, 1), 0).sum(axis=-1))
    if family == "normal":
        return np.sqrt(change[:, 0] ** 2 + 2 * change[:, 1] ** 2) / at[:, 1]
    scale = at if family == "exponential" else np.sqrt(at)
    return np.abs(change) / np.where(scale > 0, scale, 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_geodesics_run_at_the_speed_of_the_distance(family):
    t = np.linspace(0, 1, 4001)
    for p in POINTS[family]:
        for q in POINTS[family]:
            points = fisher.fisher_rao_geodesic(p, q, t, family=family)
            np.testing.assert_array_equal(points[0], p)
            np.testing.assert_array_equal(points[-1], q)
            distance = fisher.fisher_rao_distance(p, q, family=family)
            # the differences err by a multiple of step² = 6e-8 where the path is smooth; at the edge of the simplex and
            # at rate 0 the roots are, not the points: 1 / t² more, hence inside only
            inside = slice(400, -400)
            np.testing.assert_allclose(speed(family, points, t[1])[inside], distance, rtol=1e-5, atol=1e-9)
            sofar = fisher.fisher_rao_distance(p, points, family=family)
            # near distances err by a few ulp of the coordinates, divided by their scale
            np.testing.assert_allclose(sofar, t * distance, rtol=1e-12, atol=2e-7 if family == "categorical" else 1e-13)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_bent_path_is_shorter(rng, family):
    t = np.linspace(0, 1, 301)
    p, q = POINTS[family][1:]
    straight = fisher.fisher_rao_geodesic(p, q, t, family=family)
    distance = fisher.fisher_rao_distance(p, q, family=family)
    hump = np.sin(np.pi * t).reshape(-1, *[1] * (straight.ndim - 1))
    for _ in range(10):
        bent = straight * np.exp(0.3 * rng.normal(size=straight.shape[1:]) * hump)
        if family == "categorical":
            bent = bent / bent.sum(axis=1, keepdims=True)
        steps = fisher.fisher_rao_distance(bent[1:], bent[:-1], family=family)
        assert steps.sum() >= distance * (1 - 1e-12)  # the triangle inequality, 300 times


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FAMILIES))
def test_distances_are_symmetric_and_triangles_hold(seed, family):
    rng = np.random.default_rng(seed)
    if family == "categorical":
        p, q, r = rng.dirichlet(np.full(4, 0.3), size=(3, 1000))
    elif family == "normal":
        p, q, r = np.stack([rng.normal(size=(3, 1000)) * 5, np.exp(rng.normal(size=(3, 1000)))], axis=-1)
    else:
        p, q, r = np.exp(3 * rng.normal(size=(3, 1000)))
    pq, qr, pr = (fisher.fisher_rao_distance(a, b, family=family) for a, b in ((p, q), (q, r), (p, r)))
    np.testing.assert_array_equal(pq, fisher.fisher_rao_distance(q, p, family=family))
    assert (pr <= (pq + qr) * (1 + 8 * EPS)).all()
    assert (fisher.fisher_rao_distance(p, p, family=family) == 0).all()
    assert (pq > 0).all()


def test_categorical_distances_are_those_of_mpmath_near_and_far(rng):
    with mpmath.workdps(60):
        for change in (1e-12, 1e-6, 0.1, 1.0):
            p = rng.dirichlet(np.ones(5))
            q = p * (1 + change * rng.uniform(-0.9, 0.9, size=5))
            q /= q.sum()
            a, b = ([mpmath.mpf(x) for x in v] for v in (p, q))
            chord = mpmath.sqrt(sum((mpmath.sqrt(x) - mpmath.sqrt(y)) ** 2 for x, y in zip(a, b, strict=True)))
            exact = float(4 * mpmath.asin(chord / 2))
            assert fisher.fisher_rao_distance(p, q) == pytest.approx(exact, rel=16 * EPS, abs=0)
            # the textbook's form agrees up to the sums of p and q, which are 1 but for rounding
            cosine = sum(mpmath.sqrt(x * y) for x, y in zip(a, b, strict=True)) / mpmath.sqrt(sum(a) * sum(b))
            assert float(2 * mpmath.acos(cosine)) == pytest.approx(exact, rel=1e-14 / change, abs=0)


def test_distributions_without_a_common_outcome_are_pi_apart(rng):
    assert fisher.fisher_rao_distance([1.0, 0.0], [0.0, 1.0]) == pytest.approx(math.pi, rel=2 * EPS)
    p, q = rng.dirichlet(np.ones(3), size=(2, 100))
    apart = fisher.fisher_rao_distance(np.pad(p, ((0, 0), (0, 3))), np.pad(q, ((0, 0), (3, 0))))
    np.testing.assert_allclose(apart, math.pi, rtol=8 * EPS)


def test_normal_distances_are_those_of_mpmath_near_and_far():
    pairs = [
        ((0, 1), (1e-9, 1)), ((0, 1), (0, 1 + 1e-9)), ((5, 2), (-3, 0.1)), ((1e8, 1e-8), (-1e8, 1e-8)),
        ((0, 1e-300), (1, 1e300)), ((1e308, 1e-308), (0, 1e-308)), ((2, 3), (2 + 1e-7, 3 - 1e-7)),
    ]  # fmt: skip
    with mpmath.workdps(700):
        for p, q in pairs:
            (m, s), (n, u) = ([mpmath.mpf(x) for x in v] for v in (p, q))
            exact = mpmath.sqrt(2) * mpmath.acosh(1 + ((m - n) ** 2 / 2 + (s - u) ** 2) / (2 * s * u))
            found = fisher.fisher_rao_distance(p, q, family="normal")
            assert found == pytest.approx(float(exact), rel=8 * EPS, abs=0)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1 + 1e-12), (1e-300, 1e300), (3.0, 3.5), (5e-324, 1.7e308), (7.0, 7.0)])
def test_distances_of_rates_are_those_of_mpmath(a, b):
    with mpmath.workdps(50):
        x, y = mpmath.mpf(a), mpmath.mpf(b)
        exponential, poisson = abs(mpmath.log(x / y)), 2 * abs(mpmath.sqrt(x) - mpmath.sqrt(y))
    assert fisher.fisher_rao_distance(a, b, family="exponential") == pytest.approx(
        float(exponential), rel=8 * EPS, abs=0
    )
    assert fisher.fisher_rao_distance(a, b, family="poisson") == pytest.approx(float(poisson), rel=8 * EPS, abs=0)


def test_distances_do_not_depend_on_the_parametrisation(rng):
    normals = np.stack([rng.normal(size=6), np.exp(rng.normal(size=6))], axis=-1)
    p, q = normals[:3], normals[3:]
    moved = [v * [-2.5, 2.5] + [7.0, 0.0] for v in (p, q)]  # the variable in other units
    np.testing.assert_allclose(
        fisher.fisher_rao_distance(*moved, family="normal"),
        fisher.fisher_rao_distance(p, q, family="normal"),
        rtol=1e-13,
    )
    rates = np.exp(rng.normal(size=(2, 5)))
    np.testing.assert_allclose(
        fisher.fisher_rao_distance(*rates, family="exponential"),
        fisher.fisher_rao_distance(*(1 / rates), family="exponential"),
        rtol=1e-13,
    )
    # Chentsov: splitting an outcome by a coin that both share says nothing new
    a, b = rng.dirichlet(np.ones(3), size=2)
    split = [np.array([v[0] * 0.3, v[0] * 0.7, v[1], v[2]]) for v in (a, b)]
    assert fisher.fisher_rao_distance(*split) == pytest.approx(fisher.fisher_rao_distance(a, b), rel=1e-14)


def test_half_the_squared_distance_is_the_divergence_of_near_distributions():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.2 + 1e-5, 0.3 - 3e-5, 0.5 + 2e-5])
    assert ht.kl_divergence(p, q) == pytest.approx(0.5 * fisher.fisher_rao_distance(p, q) ** 2, rel=1e-4)
    near = [1.0, 2.0 + 1e-5]
    assert normal_kl([1.0, 2.0], near) == pytest.approx(
        0.5 * fisher.fisher_rao_distance([1.0, 2.0], near, family="normal") ** 2, rel=1e-4
    )


def test_batches_and_fractions_broadcast(rng):
    p, q = rng.dirichlet(np.ones(3), size=(4, 1)), rng.dirichlet(np.ones(3), size=5)
    assert fisher.fisher_rao_distance(p, q).shape == (4, 5)
    points = fisher.fisher_rao_geodesic(p, q, [[0.0, 0.5, 1.0]])
    assert points.shape == (1, 3, 4, 5, 3)
    np.testing.assert_allclose(points.sum(axis=-1), 1, rtol=4 * EPS)
    np.testing.assert_array_equal(points[0, 0], np.broadcast_to(p, (4, 5, 3)))
    np.testing.assert_array_equal(points[0, 1, 2, 3], fisher.fisher_rao_geodesic(p[2, 0], q[3], 0.5))
    assert isinstance(fisher.fisher_rao_distance([0.5, 0.5], [0.1, 0.9]), float)
    assert isinstance(fisher.fisher_rao_geodesic(1, 2, 0.5, family="exponential"), float)
    assert fisher.fisher_rao_geodesic([0, 1], [2, 1], 0.5, family="normal").shape == (2,)
    single = fisher.fisher_rao_distance(np.float32([0.5, 0.5]), np.float32([0.25, 0.75]))
    assert single == pytest.approx(fisher.fisher_rao_distance([0.5, 0.5], [0.25, 0.75]), rel=1e-6)


def test_the_path_between_equal_deviations_rises_on_half_a_circle():
    mean, std = fisher.fisher_rao_geodesic([-1, 1], [1, 1], 0.5, family="normal")
    assert mean == pytest.approx(0, abs=EPS)
    assert std == pytest.approx(math.sqrt(1.5), rel=4 * EPS)  # (μ / √2)² + σ² = 3/2


def test_far_ends_do_not_overflow():
    mean, std = fisher.fisher_rao_geodesic([0, 1e-100], [1e100, 1e-100], 0.5, family="normal")
    assert mean == pytest.approx(5e99, rel=1e-10)
    assert std == pytest.approx(1e100 / math.sqrt(8), rel=1e-10)
    with pytest.raises(ValueError, match="p and q are too far apart"):
        fisher.fisher_rao_geodesic([-1e304, 1e-300], [1e304, 1e-300], 0.5, family="normal")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f([0.5, 0.6], [0.5, 0.5]), "p must sum to 1"),
        (lambda f: f([0.5, 0.5], [1.5, -0.5]), "q must hold probabilities, got 1 negative"),
        (lambda f: f([0.5, 0.5], [0.2, 0.3, 0.5]), "equal lengths"),
        (lambda f: f([0, 1], [0, 0], family="normal"), "standard deviation of q must be greater than 0, got 0"),
        (
            lambda f: f([np.nan, 1], [0, 1], family="normal"),
            r"p must be finite, got 1 wrong of 2 entries, first p\[0\]",
        ),
        (lambda f: f([0, 1, 2], [0, 1], family="normal"), r"p must hold \(mean, standard deviation\)"),
        (lambda f: f(1.0, 0.0, family="exponential"), "q must be positive and finite, got 0"),
        (lambda f: f(-1.0, 1.0, family="poisson"), "p must be at least 0 and finite, got -1"),
        (lambda f: f([1.0, 2.0], [1.0, 2.0, 3.0], family="poisson"), "p and q must broadcast"),
        (lambda f: f(1.0, 1.0, family="gamma"), "family must be one of .* got 'gamma'"),
    ],
)
@pytest.mark.parametrize(
    "function", [fisher.fisher_rao_distance, lambda p, q, **options: fisher.fisher_rao_geodesic(p, q, 0.5, **options)]
)
def test_parameters_outside_their_range_are_named(function, call, message):
    with pytest.raises(ValueError, match=message):
        call(function)


def test_fractions_outside_the_path_are_named():
    with pytest.raises(ValueError, match=r"t must be from 0 to 1, got 1 wrong of 2 entries, first t\[1\] = 1.5"):
        fisher.fisher_rao_geodesic([0.5, 0.5], [0.5, 0.5], [0.5, 1.5])
    with pytest.raises(TypeError, match="t must hold real numbers"):
        fisher.fisher_rao_geodesic([0.5, 0.5], [0.5, 0.5], "a")


# ----------------------------------------------------------------------------- Cramér-Rao, efficiency


def test_the_bound_of_a_normal_and_of_functions_of_its_parameters():
    std, n = 3.0, 50
    matrix = np.diag([1 / std**2, 2 / std**2])
    np.testing.assert_allclose(fisher.cramer_rao_bound(matrix, n=n), np.diag([std**2, std**2 / 2]) / n, rtol=4 * EPS)
    variance = fisher.cramer_rao_bound(matrix, n=n, jacobian=[[0.0, 2 * std]])
    assert variance.shape == (1, 1)
    assert variance[0, 0] == pytest.approx(2 * std**4 / n, rel=4 * EPS)
    assert fisher.cramer_rao_bound(4.0, n=2, jacobian=3.0) == 9 / 8
    assert isinstance(fisher.cramer_rao_bound(4, n=2), float)


def test_the_bound_is_the_inverse_of_mpmath(rng):
    matrix = spd(rng, 6)
    with mpmath.workdps(40):
        exact = np.array((mpmath.matrix(matrix.tolist()) ** -1).tolist(), dtype=float)
    found = fisher.cramer_rao_bound(matrix)
    np.testing.assert_allclose(found, exact, rtol=0, atol=100 * EPS * np.linalg.cond(matrix) * np.abs(exact).max())
    np.testing.assert_array_equal(found, found.T)


def test_bounds_come_in_batches_and_past_a_block(rng):
    matrices, jacobian = spd(rng, 3, (2, 4)), rng.normal(size=(4, 2, 3))
    found = fisher.cramer_rao_bound(matrices, n=7, jacobian=jacobian)
    assert found.shape == (2, 4, 2, 2)
    np.testing.assert_allclose(found, jacobian @ np.linalg.inv(7 * matrices) @ jacobian.swapaxes(-1, -2), rtol=1e-9)
    large = spd(rng, 150)
    np.testing.assert_allclose(fisher.cramer_rao_bound(large) @ large, np.eye(150), atol=1e-11)


def test_efficiencies_are_ratios_of_bound_and_covariance(rng):
    matrix, estimates = spd(rng, 3), rng.normal(size=(40, 3))
    bound, covariance = np.linalg.inv(5 * matrix), np.cov(estimates.T)
    by = {
        name: fisher.efficiency(estimates, matrix, 5, criterion=name) for name in ("parameter", "trace", "determinant")
    }
    np.testing.assert_allclose(by["parameter"], np.diag(bound) / np.diag(covariance), rtol=1e-11)
    assert by["trace"] == pytest.approx(np.trace(bound) / np.trace(covariance), rel=1e-11)
    want = (np.linalg.det(bound) / np.linalg.det(covariance)) ** (1 / 3)
    assert by["determinant"] == pytest.approx(want, rel=1e-11)
    mixing = rng.normal(size=(3, 3))  # other coordinates: φ = M θ, F = Mᵀ F_φ M
    turned = fisher.efficiency(
        estimates @ mixing.T, np.linalg.inv(mixing).T @ matrix @ np.linalg.inv(mixing), 5, criterion="determinant"
    )
    assert turned == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("criterion", ["parameter", "trace", "determinant"])
def test_the_standard_error_of_an_efficiency_is_the_scatter_of_repeats(rng, criterion):
    found = [
        fisher.efficiency(rng.normal(size=(100, 2)) * [1.0, 3.0], np.eye(2), 1, criterion=criterion, return_error=True)
        for _ in range(800)
    ]
    values, errors = (np.array([getattr(f, name) for f in found]) for name in ("value", "standard_error"))
    # 800 repeats know a scatter to 2.5 %; the linear formula is short by a few per cent of 100 repeats
    np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0), rtol=0.15)


def test_the_mean_of_a_normal_is_efficient_and_its_median_is_not(rng):
    x = rng.normal(size=(3000, 201))
    mean = fisher.efficiency(x.mean(axis=1), 1.0, 201, return_error=True)
    median = fisher.efficiency(np.median(x, axis=1), 1.0, 201, return_error=True)
    assert abs(mean.value - 1) < 4 * mean.standard_error
    assert abs(median.value - 2 / math.pi) < 4 * median.standard_error + 0.01  # 2/π is the limit of large n
    assert mean.standard_error == pytest.approx(math.sqrt(2 / 3000), rel=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fisher.cramer_rao_bound([[1, 1], [1, 1]]), "positive definite, but its least eigenvalue"),
        (lambda: fisher.cramer_rao_bound(0.0), "cannot be estimated at all"),
        (lambda: fisher.cramer_rao_bound(1.0, n=0), "n must be at least 1, got 0"),
        (lambda: fisher.cramer_rao_bound(np.ones((2, 3))), "square matrix"),
        (lambda: fisher.cramer_rao_bound(np.eye(2), jacobian=[1.0, 2.0]), r"jacobian must have shape \(..., m, 2\)"),
        (lambda: fisher.cramer_rao_bound(np.eye(2), jacobian=[[np.nan, 1]]), "jacobian must be finite"),
        (lambda: fisher.cramer_rao_bound(np.stack([np.eye(2)] * 2), jacobian=np.ones((3, 1, 2))), "must broadcast"),
        (lambda: fisher.efficiency([1.0, 1.0], 1.0, 3), "must vary, but those of parameter 0 are all equal"),
        (lambda: fisher.efficiency([1.0], 1.0, 3), "at least 2 repeats, got 1"),
        (lambda: fisher.efficiency(np.eye(2), np.eye(2), 3, criterion="determinant"), "at least 3 repeats, got 2"),
        (lambda: fisher.efficiency([[0, 0], [1, 1], [2, 2]], np.eye(2), 3, criterion="determinant"), "does not vary"),
        (lambda: fisher.efficiency(np.eye(2), 1.0, 3), r"fisher must have shape \(2, 2\)"),
        (lambda: fisher.efficiency([1.0, np.inf], 1.0, 3), "estimates must be finite"),
        (lambda: fisher.efficiency([1.0, 2.0], 1.0, 0), "n must be at least 1, got 0"),
        (lambda: fisher.efficiency([1.0, 2.0], 1.0, 3, criterion="det"), "criterion must be .* got 'det'"),
    ],
)
def test_what_has_no_bound_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
