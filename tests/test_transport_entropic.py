"""Costs as a matrix, batches, relaxed marginals and gradients of entropic transport."""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Callable

import numpy as np
import ot
import pytest

import hartley as ht
from hartley._warnings import ConvergenceWarning
from hartley.reference import transport as reference
from hartley.transport import (
    sinkhorn,
    sinkhorn_divergence,
    sinkhorn_from_cost,
    unbalanced_sinkhorn,
    unbalanced_sinkhorn_from_cost,
)

pytestmark = pytest.mark.usefixtures("level")

COSTS = ["sqeuclidean", "euclidean", "cosine", ("minkowski", 1), ("minkowski", 3.5), ("minkowski", math.inf)]
TIGHT = 1e-10  # marginal error to which results are compared
STREAM = 0  # memory_limit under which no kernel is stored


def clouds(rng: np.random.Generator, n: int, m: int, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(n, d)), 0.7 * rng.normal(size=(m, d)) + 0.5


def weights(rng: np.random.Generator, n: int) -> np.ndarray:
    w = rng.random(n) + 0.1
    return w / w.sum()


class TestFromCost:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 8), (8, 7), (9, 16), (17, 15), (64, 65), (130, 33)])
    @pytest.mark.parametrize("limit", [STREAM, 2**30])
    def test_it_is_transport_between_the_clouds_of_that_cost(
        self, rng: np.random.Generator, shape: tuple[int, int], limit: int
    ) -> None:
        x, y = clouds(rng, *shape)
        a, b = weights(rng, shape[0]), weights(rng, shape[1])
        costs = reference.cost_matrix(x, y)
        reg = 0.1 * costs.mean()
        of_cost = sinkhorn_from_cost(a, b, costs, reg=reg, tol=TIGHT, memory_limit=limit)
        of_clouds = sinkhorn(x, y, reg=reg, a=a, b=b, tol=TIGHT)
        # marginals off by 1e-10 move values by as much times the condition of the problem, here < 100
        assert of_cost.value == pytest.approx(of_clouds.value, abs=100 * TIGHT)
        product = of_cost.apply(np.eye(shape[1]))
        np.testing.assert_allclose(product, of_clouds.plan, atol=100 * TIGHT)

    @pytest.mark.parametrize("limit", [STREAM, 2**30])
    def test_a_wild_start_goes_through_the_transposed_costs(self, rng: np.random.Generator, limit: int) -> None:
        costs = rng.random((37, 23))
        a, b = weights(rng, 37), weights(rng, 23)
        wild = (1e3 * rng.normal(size=37), 1e3 * rng.normal(size=23))
        result = sinkhorn_from_cost(a, b, costs, reg=0.05, potentials_init=wild, tol=TIGHT, memory_limit=limit)
        plan, *_ = reference.sinkhorn(a, b, costs, 0.05, 2000)
        np.testing.assert_allclose(result.apply(np.eye(23)), plan, atol=100 * TIGHT)

    def test_costs_may_be_negative_and_shift_the_value(self, rng: np.random.Generator) -> None:
        costs = rng.random((20, 30))
        a, b = weights(rng, 20), weights(rng, 30)
        plain, shifted = (sinkhorn_from_cost(a, b, costs - c, reg=0.1, tol=TIGHT) for c in (0.0, 7.0))
        assert shifted.value == pytest.approx(plain.value - 7, abs=100 * TIGHT)
        np.testing.assert_allclose(shifted.plan, plain.plan, atol=100 * TIGHT)

    def test_equal_costs_give_the_product_plan(self, rng: np.random.Generator) -> None:
        a, b = weights(rng, 12), weights(rng, 5)
        for cost in (0.0, 3.0, -3e5):
            reg = 1e-6 * max(1.0, abs(cost))  # below, exponents carry more digits than float64 has
            result = sinkhorn_from_cost(a, b, np.full((12, 5), cost), reg=reg)
            np.testing.assert_allclose(result.plan, np.outer(a, b), atol=1e-6)  # the marginal error
            assert result.value_linear == pytest.approx(cost, rel=1e-6)

    def test_float32_costs_are_taken_as_they_are(self, rng: np.random.Generator) -> None:
        costs = rng.random((40, 50)).astype(np.float32)
        a, b = weights(rng, 40), weights(rng, 50)
        single, double = (sinkhorn_from_cost(a, b, c, reg=0.1, tol=TIGHT) for c in (costs, costs.astype(np.float64)))
        np.testing.assert_array_equal(single.plan, double.plan)  # converted on the way, exactly

    def test_forbidden_pairs_get_no_mass(self, rng: np.random.Generator) -> None:
        costs = rng.random((30, 40))
        costs[rng.random((30, 40)) < 0.4] = np.inf
        a, b = weights(rng, 30), weights(rng, 40)
        high = np.where(np.isinf(costs), 1e3, costs)  # e^(-1e3 / 0.1) is 0 in float64
        for limit in (STREAM, 2**30):
            result = sinkhorn_from_cost(a, b, costs, reg=0.1, tol=TIGHT, memory_limit=limit)
            expected = sinkhorn_from_cost(a, b, high, reg=0.1, tol=TIGHT)
            plan = result.apply(np.eye(40))
            assert plan[np.isinf(costs)].max() < 1e-200
            np.testing.assert_allclose(plan, expected.plan, atol=100 * TIGHT)
            assert result.value == pytest.approx(expected.value, abs=100 * TIGHT)
            assert np.isfinite([result.dual_value, result.value_linear, *result.potentials[0]]).all()
        assert not sinkhorn_from_cost(a, b, costs, reg=0.1).plan[np.isinf(costs)].any()

    def test_forbidden_pairs_that_leave_no_plan_are_an_error(self) -> None:
        inf = math.inf
        with pytest.raises(ValueError, match="no plan"):
            sinkhorn_from_cost([0.5, 0.5], [0.5, 0.5], [[inf, inf], [0.0, 1.0]], reg=0.1)
        # rows and columns all have a pair, but the first two rows share one column that is too small
        with pytest.raises(ValueError, match="no plan"):
            sinkhorn_from_cost([1, 1, 1], [1, 1, 1], [[0, inf, inf], [0, inf, inf], [0, 0, 0]], reg=0.1)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"cost": [[0.0, math.nan], [0.0, 1.0]]},
                r"cost must hold numbers or inf .*, got 1 NaN or -inf, first cost\[0, 1\]",
            ),
            ({"cost": [[0.0, 0.0], [-math.inf, 1.0]]}, r"got 1 NaN or -inf, first cost\[1, 0\]"),
            ({"cost": [[0.0, 1.0]]}, r"cost must have shape \(len\(a\), len\(b\)\) = \(2, 2\), got \(1, 2\)"),
            ({"a": [1.0, 2.0]}, "equal sums .*, got 3 and 2; unbalanced_sinkhorn takes unequal ones"),
            ({"a": [1.0, -1.0]}, r"a must not be negative, got a\[1\] = -1"),
            ({"a": []}, r"a must have shape \(n,\) or \(n_problems, n\) and not be empty, got \(0,\)"),
            ({"reg": 0}, "reg must be a finite number > 0"),
            ({"a": np.ones((3, 2)), "b": np.ones((4, 2))}, "equally many histograms, got 3 and 4"),
            ({"a": [[1, 1], [1, 2]], "b": [[1, 1], [1, 1]]}, "got 3 and 2 in problem 1"),
            ({"a": [[1, 1], [1, -2]]}, r"a\[1\] must not be negative, got a\[1\]\[1\] = -2"),
        ],
    )
    def test_bad_arguments_are_named(self, change: dict[str, object], message: str) -> None:
        arguments: dict[str, object] = {"a": [1.0, 1.0], "b": [1.0, 1.0], "cost": [[0.0, 1.0], [1.0, 0.0]], "reg": 0.1}
        with pytest.raises(ValueError, match=message):
            sinkhorn_from_cost(**(arguments | change))  # type: ignore[arg-type]


class TestBatches:
    def test_a_batch_of_clouds_is_its_problems_one_by_one(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(7, 30, 3)), rng.normal(size=(7, 20, 3))
        a = rng.random((7, 30)) + 0.1
        a /= a.sum(axis=1, keepdims=True)
        batch = sinkhorn(x, y, reg=0.3, a=a)
        assert len(batch) == 7
        assert batch.plan.shape == (7, 30, 20)
        for i, one in enumerate(batch):
            alone = sinkhorn(x[i], y[i], reg=0.3, a=a[i])
            for name in ("value", "value_linear", "dual_value", "gap", "marginal_error", "n_iter", "converged"):
                assert getattr(one, name) == getattr(alone, name) == getattr(batch, name)[i]
            np.testing.assert_array_equal(batch.potentials[0][i], alone.potentials[0])
            np.testing.assert_array_equal(batch.gradient().x[i], alone.gradient().x)
            np.testing.assert_array_equal(one.apply(y[i]), alone.apply(y[i]))
        assert len(batch[2:4]) == 2

    def test_histograms_on_one_cost_are_a_batch_and_one_row_serves_all(self, rng: np.random.Generator) -> None:
        costs = rng.random((25, 30))
        a, b = rng.random((6, 25)) + 0.1, rng.random(30) + 0.1
        a *= b.sum() / a.sum(axis=1, keepdims=True)
        batch = sinkhorn_from_cost(a, b, costs, reg=0.1)
        for i in range(6):
            assert batch.value[i] == sinkhorn_from_cost(a[i], b, costs, reg=0.1).value

    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(5, 40, 2)), rng.normal(size=(5, 30, 2))
        results = []
        for n_threads in (1, 2, 3, 8):
            with ht.threads(n_threads):
                results.append(sinkhorn(x, y, reg=0.1).value)
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])

    def test_divergences_of_a_batch_are_an_array(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(4, 20, 2)), rng.normal(size=(4, 30, 2))
        values = sinkhorn_divergence(x, y, reg=0.2)
        assert values.shape == (4,)
        for i in range(4):
            assert values[i] == sinkhorn_divergence(x[i], y[i], reg=0.2)
        assert not sinkhorn_divergence(x, x, reg=0.2).any()

    def test_a_batch_starts_from_the_potentials_of_another(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(3, 40, 2)), rng.normal(size=(3, 30, 2))
        first = sinkhorn(x, y, reg=0.1)
        assert sinkhorn(x, y, reg=0.1, potentials_init=first.potentials).n_iter.max() <= 2

    def test_the_warning_counts_the_problems_that_failed(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(3, 40, 2))
        y = np.concatenate([x[:1] + 1e-9, rng.normal(size=(2, 40, 2))])
        with pytest.warns(ConvergenceWarning, match=r"in \d of 3 problems"):
            sinkhorn(x, y, reg=1e-3, max_iter=5)

    @pytest.mark.parametrize(
        ("x", "y", "message"),
        [
            (np.zeros((2, 3, 1)), np.zeros((3, 3, 1)), "equally many clouds, got 2 and 3"),
            (np.zeros((2, 3, 1)), np.zeros((3, 1)), "equally many clouds, got 2 and 1"),
            (np.zeros((2, 2, 3, 1)), np.zeros((3, 1)), "x must have shape"),
            (np.zeros((2, 0, 1)), np.zeros((2, 3, 1)), "not be empty"),
        ],
    )
    def test_bad_shapes_are_named(self, x: np.ndarray, y: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            sinkhorn(x, y, reg=1.0)


def unbalanced_objective(
    plan: np.ndarray, a: np.ndarray, b: np.ndarray, costs: np.ndarray, reg: float, rho: tuple[float, float]
) -> float:
    value = reference.primal_value(plan, a, b, costs, reg)
    for marginal, target, price in ((plan.sum(1), a, rho[0]), (plan.sum(0), b, rho[1])):
        if math.isfinite(price):
            value += price * (marginal * np.log(marginal / target) - marginal + target).sum()
    return float(value)


class TestUnbalanced:
    @pytest.mark.parametrize(
        "rho", [(0.01, 0.01), (0.3, 0.3), (5.0, 5.0), (0.5, 3.0), (1.0, math.inf), (math.inf, 1.0)]
    )
    @pytest.mark.parametrize("limit", [STREAM, 2**30])
    def test_plan_is_that_of_pot(self, rng: np.random.Generator, rho: tuple[float, float], limit: int) -> None:
        x, y = clouds(rng, 45, 61)
        a, b = 2 * weights(rng, 45), 0.5 * weights(rng, 61)
        costs = reference.cost_matrix(x, y)
        plan = ot.unbalanced.sinkhorn_unbalanced(
            a, b, costs, 0.1, list(rho), reg_type="kl", stopThr=1e-13, numItermax=100_000
        )
        result = unbalanced_sinkhorn(x, y, reg=0.1, rho=rho, a=a, b=b, tol=TIGHT, memory_limit=limit)
        assert result.converged
        np.testing.assert_allclose(result.apply(np.eye(61)), plan, atol=100 * TIGHT)
        expected = unbalanced_objective(plan, a, b, costs, 0.1, rho)
        assert result.value == pytest.approx(expected, abs=100 * TIGHT)
        assert result.dual_value == pytest.approx(expected, abs=100 * TIGHT)
        assert result.value_linear == pytest.approx((plan * costs).sum(), abs=100 * TIGHT)

    @pytest.mark.parametrize("rho", [(0.3, 0.3), (1.0, math.inf), (math.inf, 1.0)])
    @pytest.mark.parametrize("max_iter", [1, 2, 5, 100])
    def test_optimum_lies_between_dual_value_and_dual_value_plus_gap(
        self, rng: np.random.Generator, rho: tuple[float, float], max_iter: int
    ) -> None:
        x, y = clouds(rng, 40, 50)
        optimum = unbalanced_sinkhorn(x, y, reg=0.05, rho=rho, tol=1e-12).value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            result = unbalanced_sinkhorn(x, y, reg=0.05, rho=rho, max_iter=max_iter)
        assert result.gap >= 0
        assert result.dual_value - 1e-10 <= optimum <= result.dual_value + result.gap + 1e-10

    def test_reported_numbers_are_those_of_the_plan(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 45, 61)
        a, b = 2 * weights(rng, 45), 0.5 * weights(rng, 61)
        costs = reference.cost_matrix(x, y)
        result = unbalanced_sinkhorn(x, y, reg=0.1, rho=0.7, a=a, b=b, tol=1e-4)
        f, g = result.potentials
        plan = a[:, None] * b * np.exp((f[:, None] + g - costs) / 0.1)
        np.testing.assert_allclose(result.plan, plan, rtol=1e-11)
        error = np.abs(plan.sum(1) - a * np.exp(-f / 0.7)).sum() + np.abs(plan.sum(0) - b * np.exp(-g / 0.7)).sum()
        assert result.marginal_error == pytest.approx(error, rel=1e-6, abs=1e-12)
        assert result.value == pytest.approx(unbalanced_objective(plan, a, b, costs, 0.1, (0.7, 0.7)), rel=1e-11)

    def test_a_huge_rho_is_balanced_transport(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 30, 40)
        balanced = sinkhorn(x, y, reg=0.1, tol=TIGHT)
        assert unbalanced_sinkhorn(x, y, reg=0.1, rho=math.inf, tol=TIGHT).value == balanced.value
        # marginals give way by about f / rho
        assert unbalanced_sinkhorn(x, y, reg=0.1, rho=1e8, tol=TIGHT).value == pytest.approx(balanced.value, abs=1e-6)

    def test_two_points_have_their_closed_form(self) -> None:
        # min over p of p c + reg kl(p | ab) + rho kl(p | a) + rho kl(p | b): p^(2 rho + reg) = (a b)^(rho + reg) e^-c
        a, b, cost, reg, rho = 3.0, 0.2, 1.7, 0.3, 0.8
        expected = ((a * b) ** (rho + reg) * math.exp(-cost)) ** (1 / (2 * rho + reg))
        result = unbalanced_sinkhorn_from_cost([a], [b], [[cost]], reg=reg, rho=rho, tol=1e-12)
        assert result.plan[0, 0] == pytest.approx(expected, rel=1e-11)

    def test_mass_that_would_go_too_far_is_destroyed(self) -> None:
        result = unbalanced_sinkhorn([0.0, 100.0], [0.0, -100.0], reg=0.01, rho=1.0, tol=1e-9)
        assert result.plan[1].sum() < 1e-100
        assert result.plan[0, 0] > 0.4

    @pytest.mark.parametrize("rho", [1e-8, 1e-3, 1e3, 1e8])
    @pytest.mark.parametrize("reg", [1e-4, 1.0, 1e4])
    def test_any_price_gives_finite_numbers(self, rng: np.random.Generator, rho: float, reg: float) -> None:
        x, y = clouds(rng, 30, 20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            result = unbalanced_sinkhorn(x, y, reg=reg, rho=rho, a=np.full(30, 5.0), max_iter=100)
        numbers = [result.value, result.value_linear, result.dual_value, result.gap, result.marginal_error]
        assert np.isfinite(numbers).all()
        assert all(np.isfinite(potential).all() for potential in result.potentials)
        assert result.dual_value <= result.value * (1 + 1e-9) + 1e-9

    def test_forbidden_pairs_are_no_obstacle(self) -> None:
        result = unbalanced_sinkhorn_from_cost([1.0, 1.0], [1.0], [[0.0], [math.inf]], reg=0.01, rho=1.0)
        assert result.plan[1, 0] == 0
        assert result.plan[0, 0] == pytest.approx(1.0, abs=0.01)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"rho": 0}, "rho must be a number > 0, got 0"),
            ({"rho": (1.0, -1.0)}, r"rho\[1\] must be a number > 0, got -1.0"),
            ({"rho": (1.0, 1.0, 1.0)}, "rho must be a number or a pair of numbers"),
            ({"reg": 0}, "reg must be a finite number > 0, got 0"),
            ({"a": [1e200, 1e200]}, "a must have a sum between 1e-100 and 1e100, got 2e"),
            ({"rho": math.inf, "a": [1.0, 2.0]}, "equal sums"),
        ],
    )
    def test_bad_arguments_are_named(self, change: dict[str, object], message: str) -> None:
        arguments: dict[str, object] = {"reg": 0.1, "rho": 1.0}
        with pytest.raises(ValueError, match=message):
            unbalanced_sinkhorn([0.0, 1.0], [1.0, 2.0], **(arguments | change))  # type: ignore[arg-type]


def central_difference(value: Callable[[np.ndarray], float], at: np.ndarray, direction: np.ndarray) -> float:
    step = 1e-5
    return (value(at + step * direction) - value(at - step * direction)) / (2 * step)


class TestGradient:
    @pytest.mark.parametrize("cost", COSTS, ids=str)
    @pytest.mark.parametrize("kind", ["sinkhorn", "divergence", "unbalanced"])
    def test_it_is_that_of_finite_differences(self, rng: np.random.Generator, cost: object, kind: str) -> None:
        x, y = clouds(rng, 9, 11, 3)
        a, b = 2 * weights(rng, 9), 2 * weights(rng, 11)
        options = {"reg": 0.3, "cost": cost, "tol": 1e-12}

        def solve(x: np.ndarray = x, y: np.ndarray = y, a: np.ndarray = a, b: np.ndarray = b) -> object:
            if kind == "divergence":
                return sinkhorn_divergence(x, y, a=a, b=b, **options)  # type: ignore[arg-type]
            if kind == "unbalanced":
                return unbalanced_sinkhorn(x, y, a=a, b=b, rho=(1.0, 2.5), **options)  # type: ignore[arg-type]
            return sinkhorn(x, y, a=a, b=b, **options)  # type: ignore[arg-type]

        def value(**changed: np.ndarray) -> float:
            result = solve(**changed)
            return float(getattr(result, "value", result))  # type: ignore[arg-type]

        gradient = solve().gradient()  # type: ignore[attr-defined]
        tolerance = 1e-7  # h² times third derivatives of the order of 1 / reg², and values to 1e-12 over h
        for name, at, of in (("x", x, gradient.x), ("y", y, gradient.y)):
            direction = rng.normal(size=at.shape)
            difference = central_difference(lambda z, name=name: value(**{name: z}), at, direction)  # type: ignore[misc]
            assert difference == pytest.approx((of * direction).sum(), abs=tolerance)
        change = rng.normal(size=20)
        if kind != "unbalanced":  # sums must stay equal
            change[9] -= change[9:].sum() - change[:9].sum()
        joint = central_difference(lambda z: value(a=z[:9], b=z[9:]), np.concatenate([a, b]), change)
        assert joint == pytest.approx(gradient.a @ change[:9] + gradient.b @ change[9:], abs=tolerance)

    def test_it_has_the_shape_of_the_points(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=6), rng.normal(size=5)
        gradient = sinkhorn(x, y, reg=0.1).gradient()
        assert gradient.x.shape == (6,)
        assert gradient.y.shape == (5,)
        assert sinkhorn_divergence(x, x, reg=0.1).gradient().x.shape == (6,)

    def test_equal_points_have_a_finite_gradient(self) -> None:
        for cost in COSTS:
            points = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, -1.0]])
            gradient = sinkhorn(points, points, reg=0.2, cost=cost).gradient()
            assert np.isfinite(gradient.x).all()

    def test_a_matrix_of_costs_has_no_points(self) -> None:
        gradient = sinkhorn_from_cost([0.5, 0.5], [0.3, 0.7], [[0.0, 1.0], [1.0, 0.0]], reg=0.2).gradient()
        assert gradient.x is None
        assert gradient.y is None
        assert gradient.a.shape == gradient.b.shape == (2,)

    def test_one_step_against_the_gradient_lowers_the_divergence(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 60, 50)
        before = sinkhorn_divergence(x, y, reg=0.1)
        after = sinkhorn_divergence(x - 10 * before.gradient().x, y, reg=0.1)
        assert after < before

    def test_a_divergence_is_a_float_that_pickles(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 10, 12)
        value = sinkhorn_divergence(x, y, reg=0.1)
        again = pickle.loads(pickle.dumps(value))
        assert again == value
        np.testing.assert_array_equal(again.gradient().x, value.gradient().x)
        assert value.converged
        assert value.marginal_error <= 1e-6


class TestDivergenceIsNotNegative:
    @pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean", "cosine", ("minkowski", 1)], ids=str)
    @pytest.mark.parametrize("max_iter", [1, 2, 4, 9])
    def test_however_early_it_stops(self, rng: np.random.Generator, cost: object, max_iter: int) -> None:
        for scale in (0.0, 1e-6, 1e-3, 0.1):
            x = rng.normal(size=(40, 2)) + 3
            y = x[rng.permutation(40)] + scale * rng.normal(size=(40, 2))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                parts = sinkhorn_divergence.__globals__  # the value before it is cut at 0
                problem = parts["as_clouds"](x, y, cost, None, None)
                limits = parts["Limits"].checked(1e-6, max_iter, 2**30)
                regularisation = parts["Regularisation"](0.05)
                reports, _, _ = parts["call_sinkhorn"](problem, regularisation, limits)
                of_x, p = parts["_symmetric"](problem, 0, regularisation, limits)
                of_y, q = parts["_symmetric"](problem, 1, regularisation, limits)
                both = max(reports[0]["dual_value"], parts["_dual_value"](problem, 0.05, p[0], q[0], reports[0]))
                value = both - 0.5 * (of_x[0]["dual_value"] + of_y[0]["dual_value"])
            # duals of size 1 summed over 40 points in float64
            assert value >= -40 * np.finfo(float).eps
