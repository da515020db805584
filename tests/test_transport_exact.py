"""Exact optimal transport, against linear programs, assignment, POT, brute force, closed forms and its own duals."""

from __future__ import annotations

import math
import warnings

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

import hartley as ht
from hartley import _dispatch
from hartley._exact_transport import plan_exists
from hartley.reference import _transport_exact as reference
from hartley.reference.transport import cost_matrix
from hartley.transport import ExactTransportResult, emd, wasserstein, wasserstein_1d

pytestmark = pytest.mark.usefixtures("level")

EPS = 2.0**-52
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 3), (7, 8), (15, 17), (31, 63), (63, 64), (64, 64), (65, 130), (257, 100)]


def masses(rng: np.random.Generator, n: int) -> np.ndarray:
    w = rng.random(n) + 0.01
    return w / w.sum()


def whole_masses(rng: np.random.Generator, n: int, m: int, most: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Small whole numbers, many of them 0, of equal sums."""
    a, b = rng.integers(0, most, n).astype(float), rng.integers(0, most, m).astype(float)
    a[rng.integers(n)] += 1 + max(b.sum() - a.sum(), 0)
    b[rng.integers(m)] += a.sum() - b.sum()
    return a, b


def linear_program(a: np.ndarray, b: np.ndarray, cost: np.ndarray) -> float:
    n, m = cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    allowed = np.isfinite(cost).ravel()
    program = linprog(
        cost.ravel()[allowed], A_eq=np.vstack([rows, columns])[:, allowed], b_eq=np.concatenate([a, b]), method="highs"
    )
    return float(program.fun) if program.status == 0 else math.inf


def assert_certified(result: ExactTransportResult, a: np.ndarray, b: np.ndarray, cost: np.ndarray) -> None:
    """Primal feasible, dual feasible, complementary: optimal by duality, whoever says so."""
    n, m = cost.shape
    mass = a.sum()
    assert len(result.rows) <= n + m - 1
    assert (result.mass > 0).all()
    order = result.rows * m + result.columns
    assert (np.diff(order) > 0).all()
    # masses are rounded to 2^-60 of their sum, those of the plan to eps / 2 once more
    np.testing.assert_allclose(np.bincount(result.rows, result.mass, n), a / mass * mass, rtol=0, atol=8 * EPS * mass)
    np.testing.assert_allclose(
        np.bincount(result.columns, result.mass, m), b * (mass / b.sum()), rtol=0, atol=8 * EPS * mass
    )
    f, g = result.potentials
    assert np.isfinite(f).all()
    assert np.isfinite(g).all()
    size = np.maximum(np.abs(f)[:, None], np.abs(g)[None, :])
    assert (f[:, None] + g[None, :] - cost <= 2 * EPS * size).all()
    # potentials are sums of at most n + m costs along the tree, each rounded to half an ulp of the largest
    rounding = (16 + 4 * math.sqrt(n + m)) * EPS
    pairs = result.rows, result.columns
    slackness = np.abs(f[result.rows] + g[result.columns] - cost[pairs])
    largest = max(np.abs(f).max(), np.abs(g).max())
    assert (slackness <= rounding * largest).all()
    size_of_sums = a @ np.abs(f) + b @ np.abs(g) + result.mass @ np.abs(cost[pairs])
    assert result.cost == pytest.approx(result.mass @ cost[pairs], abs=8 * EPS * size_of_sums)
    assert result.dual_value == pytest.approx(a @ f + b @ g, abs=(8 + math.log2(n + m)) * EPS * size_of_sums)
    assert abs(result.gap) <= rounding * size_of_sums
    assert result.gap == pytest.approx(result.cost - result.dual_value, abs=2 * EPS * size_of_sums)


class TestEmd:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("kind", ["equal", "real", "whole"])
    def test_value_is_that_of_a_linear_program(
        self, rng: np.random.Generator, shape: tuple[int, int], dtype: type, kind: str
    ) -> None:
        n, m = shape
        if kind == "equal":
            a, b = np.full(n, 1 / n), np.full(m, 1 / m)
        elif kind == "real":
            a, b = masses(rng, n), masses(rng, m)
        else:
            a, b = whole_masses(rng, n, m)
        cost = rng.normal(size=shape).astype(dtype)
        result = emd(a, b, cost)
        exact = cost.astype(float)
        assert_certified(result, a, b, exact)
        if n * m <= 2000:
            # HiGHS is feasible and optimal to 1e-7
            assert result.value == pytest.approx(linear_program(a, b, exact), rel=1e-6, abs=1e-6)
        # POT's masses and reduced costs are float64 sums with a tolerance of 1e-8 at most
        assert result.value == pytest.approx(ot.emd2(a, b, exact), rel=1e-7, abs=1e-7)

    def test_assignment_is_that_of_scipy(self, rng: np.random.Generator) -> None:
        for n in (2, 10, 100, 400):
            cost = cost_matrix(rng.normal(size=(n, 2)), rng.normal(size=(n, 2)))
            rows, columns = linear_sum_assignment(cost)
            result = emd(np.ones(n), np.ones(n), cost)
            np.testing.assert_array_equal(result.columns, columns)  # no ties: the optimum is unique
            np.testing.assert_array_equal(result.mass, 1.0)
            assert result.value == pytest.approx(cost[rows, columns].sum(), rel=n * EPS)

    @pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
    def test_brute_force_over_permutations(self, rng: np.random.Generator, n: int) -> None:
        for cost in (rng.normal(size=(n, n)), rng.integers(-2, 3, (n, n)).astype(float)):
            assert float(emd(None, None, cost)) == pytest.approx(reference.assignment_cost(cost), abs=4 * n * EPS)

    def test_brute_force_over_units_of_mass(self, rng: np.random.Generator) -> None:
        for a, b in (([3, 1, 2], [2, 4]), ([1, 0, 5], [1, 2, 3, 0]), ([6], [1, 2, 3]), ([2, 2, 2], [3, 3])):
            cost = rng.normal(size=(len(a), len(b)))
            expected = reference.split_cost(np.array(a), np.array(b), cost)
            assert float(emd(a, b, cost)) == pytest.approx(expected, abs=50 * EPS)

    @pytest.mark.parametrize("n", [500, 1100])
    def test_larger_problems_are_certified(self, rng: np.random.Generator, n: int) -> None:
        x, y = rng.normal(size=(n, 2)), 0.7 * rng.normal(size=(n - 37, 2)) + 0.5
        a, b = masses(rng, n), masses(rng, n - 37)
        for cost in (cost_matrix(x, y), cost_matrix(x, y, "euclidean"), rng.random((n, n - 37))):
            for weights in ((a, b), (np.full(n, 1 / n), np.full(n - 37, 1 / (n - 37)))):
                result = emd(*weights, cost)
                assert_certified(result, *weights, cost)

    def test_images_with_ties_are_certified(self, rng: np.random.Generator) -> None:
        side = 20
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2).astype(float)
        a, b = whole_masses(rng, side**2, side**2, 20)
        for cost in (cost_matrix(grid, grid), cost_matrix(grid, grid, ("minkowski", 1))):
            result = emd(a, b, cost)
            assert_certified(result, a, b, cost)
            assert result.value == round(result.value)  # whole masses and costs: whole values, exactly
            assert result.gap == 0

    @pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
    def test_equal_costs_cost_the_mass(self, rng: np.random.Generator, value: float) -> None:
        for n, m in ((50, 70), (300, 300)):
            a, b = masses(rng, n), masses(rng, m)
            result = emd(a, b, np.full((n, m), value))
            assert result.value == pytest.approx(value, rel=1e-14)
            assert_certified(result, a, b, np.full((n, m), value))

    def test_few_different_costs(self, rng: np.random.Generator) -> None:
        for most in (2, 5):
            cost = rng.integers(0, most, (200, 300)).astype(float)
            a, b = whole_masses(rng, 200, 300)
            result = emd(a, b, cost)
            assert_certified(result, a, b, cost)
            assert result.value == pytest.approx(ot.emd2(a, b, cost), rel=1e-9)

    def test_points_without_mass_ship_nothing_and_have_feasible_potentials(self, rng: np.random.Generator) -> None:
        a, b = np.zeros(200), np.zeros(150)
        a[::7], b[::5] = masses(rng, 29), masses(rng, 30)
        cost = rng.normal(size=(200, 150))
        result = emd(a, b, cost)
        assert_certified(result, a, b, cost)
        assert set(result.rows) <= set(range(0, 200, 7))
        others = emd(a[::7], b[::5], cost[::7, ::5])
        assert result.value == pytest.approx(others.value, abs=1e-14)

    def test_transport_to_itself_costs_nothing(self, rng: np.random.Generator) -> None:
        x, a = rng.normal(size=(300, 2)), masses(rng, 300)
        result = emd(a, a, cost_matrix(x, x))
        assert result.value == 0
        np.testing.assert_array_equal(result.rows, result.columns)
        assert float(wasserstein(x, x, a=a, b=a, p=2)) == 0

    def test_transposed_and_permuted_costs(self, rng: np.random.Generator) -> None:
        cost, a, b = rng.normal(size=(80, 130)), masses(rng, 80), masses(rng, 130)
        result = emd(a, b, cost)
        back = emd(b, a, cost.T)
        np.testing.assert_allclose(back.plan.T, result.plan, rtol=0, atol=4 * EPS)
        order = rng.permutation(80)
        moved = emd(a[order], b, cost[order])
        np.testing.assert_allclose(moved.plan, result.plan[order], rtol=0, atol=4 * EPS)

    def test_potentials_added_to_costs_keep_the_plan(self, rng: np.random.Generator) -> None:
        cost, a, b = rng.normal(size=(80, 90)), masses(rng, 80), masses(rng, 90)
        f, g = rng.normal(size=80), rng.normal(size=90)
        result, shifted = emd(a, b, cost), emd(a, b, cost + f[:, None] + g)
        np.testing.assert_allclose(shifted.plan, result.plan, rtol=0, atol=4 * EPS)
        assert shifted.value == pytest.approx(result.value + a @ f + b @ g, abs=1e-13)

    def test_layouts_and_dtypes_give_the_same(self, rng: np.random.Generator) -> None:
        cost = rng.integers(0, 100, (60, 50))
        expected = emd(np.full(60, 5), np.full(50, 6), cost.astype(float))
        for other in (
            np.asfortranarray(cost),
            np.repeat(cost, 2, axis=1)[:, ::2],
            cost[::-1][::-1],
            cost.astype(np.float32),
            cost.tolist(),
        ):
            result = emd([5] * 60, np.full(100, 6.0)[::2], other)
            assert result.value == expected.value
            np.testing.assert_array_equal(result.plan, expected.plan)

    def test_arguments_are_not_written_to(self, rng: np.random.Generator) -> None:
        cost, a, b = rng.normal(size=(20, 30)), masses(rng, 20), masses(rng, 30)
        for array in (cost, a, b):
            array.flags.writeable = False
        emd(a, b, cost)

    def test_one_thread_and_many_give_the_same_bits(self, rng: np.random.Generator) -> None:
        cost = cost_matrix(rng.normal(size=(700, 2)), rng.normal(size=(650, 2)))
        a, b = masses(rng, 700), masses(rng, 650)
        results = []
        for n_threads in (1, 2, 3, 8):
            with ht.threads(n_threads):
                results.append(emd(a, b, cost))
        for other in results[1:]:
            assert (other.value, other.gap, other.n_pivots) == (
                results[0].value,
                results[0].gap,
                results[0].n_pivots,
            )
            np.testing.assert_array_equal(other.mass, results[0].mass)
            np.testing.assert_array_equal(other.columns, results[0].columns)
            for potential, first in zip(other.potentials, results[0].potentials, strict=True):
                np.testing.assert_array_equal(potential, first)

    @pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e279])
    def test_costs_of_any_size(self, rng: np.random.Generator, scale: float) -> None:
        cost, a, b = rng.normal(size=(90, 80)), masses(rng, 90), masses(rng, 80)
        power = 2.0 ** round(math.log2(scale))
        result, scaled = emd(a, b, cost), emd(a, b, cost * power)
        assert scaled.value == pytest.approx(result.value * power, rel=1e-14, abs=0)
        np.testing.assert_array_equal(scaled.plan, result.plan)

    @pytest.mark.parametrize("scale", [1e-300, 1e-20, 7.0, 1e300])
    def test_masses_of_any_size(self, rng: np.random.Generator, scale: float) -> None:
        cost, a, b = rng.normal(size=(90, 80)), masses(rng, 90), masses(rng, 80)
        result, scaled = emd(a, b, cost), emd(a * scale, b * scale, cost)
        assert scaled.value == pytest.approx(result.value * scale, rel=1e-13, abs=0)
        np.testing.assert_allclose(scaled.plan, result.plan * scale, rtol=1e-12, atol=8 * EPS * scale)

    def test_masses_of_very_different_size(self, rng: np.random.Generator) -> None:
        a, b = 10.0 ** rng.uniform(-25, 0, 100), 10.0 ** rng.uniform(-25, 0, 120)
        a, b = a / a.sum(), b / b.sum()
        cost = rng.normal(size=(100, 120))
        result = emd(a, b, cost)
        assert_certified(result, a, b, cost)
        assert result.value == pytest.approx(linear_program(a, b, cost), abs=1e-7)

    def test_costs_of_very_different_size(self, rng: np.random.Generator) -> None:
        cost = 10.0 ** rng.uniform(-40, 40, (60, 60))
        result = emd(None, None, cost)
        rows, columns = linear_sum_assignment(cost)
        # assignments may differ where float64 cannot tell sums with the largest apart
        assert result.value == pytest.approx(cost[rows, columns].sum() / 60, rel=1e-12)

    def test_sums_that_differ_within_the_tolerance(self, rng: np.random.Generator) -> None:
        cost, a, b = rng.random((40, 30)), masses(rng, 40), masses(rng, 30)
        result = emd(a, b * (1 + 5e-7), cost)
        np.testing.assert_allclose(result.plan.sum(0), b, atol=8 * EPS)
        assert result.value == pytest.approx(emd(a, b, cost).value, rel=1e-13)


class TestForbiddenPairs:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
    def test_plans_avoid_them(self, rng: np.random.Generator, share: float) -> None:
        n_feasible = 0
        for n, m in ((4, 5), (10, 8), (30, 30), (40, 25)):
            for whole in (False, True):
                a, b = whole_masses(rng, n, m) if whole else (masses(rng, n), masses(rng, m))
                cost = rng.normal(size=(n, m))
                cost[rng.random((n, m)) < share] = math.inf
                expected = linear_program(a, b, cost)
                assert plan_exists(a, b, cost) == math.isfinite(expected)
                if math.isinf(expected):
                    with pytest.raises(ValueError, match="no plan avoids the forbidden pairs"):
                        emd(a, b, cost)
                    continue
                n_feasible += 1
                result = emd(a, b, cost)
                assert_certified(result, a, b, cost)
                assert result.value == pytest.approx(expected, rel=1e-7, abs=1e-7)
        assert n_feasible > 0

    @pytest.mark.parametrize("n", [2, 9, 100, 500])
    def test_triangular_support_has_one_plan(self, rng: np.random.Generator, n: int) -> None:
        cost = rng.normal(size=(n, n))
        cost[np.triu_indices(n, 1)] = math.inf
        result = emd(None, None, cost)
        assert_certified(result, np.full(n, 1 / n), np.full(n, 1 / n), cost)
        np.testing.assert_array_equal(result.rows, result.columns)
        # one allowed pair less, and there is none
        cost[0, 0] = math.inf
        assert not plan_exists(np.ones(n), np.ones(n), cost)

    def test_a_chain_of_detours_is_found_whatever_it_costs(self) -> None:
        # the only plan without the forbidden corner goes over every dear pair
        n = 200
        cost = np.full((n, n), math.inf)
        cost[np.arange(n), np.arange(n)] = 0.0
        cost[np.arange(n - 1), np.arange(1, n)] = 1.0
        a, b = np.full(n, 2.0), np.full(n, 2.0)
        a[0] += 1
        b[-1] += 1
        result = emd(a, b, cost)
        assert result.value == n - 1
        assert_certified(result, a, b, cost)

    def test_all_pairs_forbidden_or_all_of_a_row(self) -> None:
        cost = np.full((3, 4), math.inf)
        with pytest.raises(ValueError, match="no plan avoids"):
            emd(None, None, cost)
        cost[1:] = 1.0
        with pytest.raises(ValueError, match="no plan avoids"):
            emd(None, None, cost)
        result = emd([0, 2, 2], [1, 1, 1, 1], cost)  # the row has no mass
        assert result.value == 4.0
        assert np.isfinite(result.potentials[0]).all()

    def test_float32_costs(self, rng: np.random.Generator) -> None:
        cost = rng.random((50, 60)).astype(np.float32)
        cost[rng.random((50, 60)) < 0.5] = np.inf
        a, b = masses(rng, 50), masses(rng, 60)
        assert plan_exists(a, b, cost)
        assert_certified(emd(a, b, cost), a, b, cost.astype(float))


class TestWasserstein:
    @pytest.mark.parametrize("p", [1, 1.5, 2, 3, 7.3])
    @pytest.mark.parametrize("d", [1, 2, 3, 8, 17])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_value_is_that_of_the_cost_matrix(self, rng: np.random.Generator, p: float, d: int, dtype: type) -> None:
        x, y = rng.normal(size=(90, d)).astype(dtype), (0.7 * rng.normal(size=(75, d)) + 0.5).astype(dtype)
        a, b = masses(rng, 90), masses(rng, 75)
        cost = cost_matrix(x.astype(float), y.astype(float), "euclidean") ** p
        result = wasserstein(x, y, p=p, a=a, b=b)
        expected = emd(a, b, cost)
        assert result.cost == pytest.approx(expected.value, rel=1e-12)
        assert result.value == pytest.approx(expected.value ** (1 / p), rel=1e-12)
        assert result.dual_value == pytest.approx(expected.value, rel=1e-12)
        if (p, d) != (1, 1):  # where |x - y| on the line ties, plans differ
            np.testing.assert_allclose(result.plan, expected.plan, atol=4 * EPS)
        f, g = result.potentials
        assert (f[:, None] + g - cost <= 1e-13 * np.maximum(cost, 1)).all()

    @pytest.mark.parametrize("p", [1, 2, 3.5])
    def test_on_the_line_it_is_wasserstein_1d(self, rng: np.random.Generator, p: float) -> None:
        for n, m in ((1, 1), (1, 5), (40, 40), (100, 73)):
            x, y = rng.normal(size=n), rng.normal(size=m)
            assert float(wasserstein(x, y, p=p)) == pytest.approx(wasserstein_1d(x, y, p=p), rel=1e-12)
            a, b = masses(rng, n), masses(rng, m)
            exact = wasserstein_1d(x, y, p=p, x_weights=a, y_weights=b)
            result = wasserstein(x, y, p=p, a=a, b=b)
            assert float(result) == pytest.approx(exact, rel=1e-12)
            assert result.n_pivots == 0  # the start is optimal

    def test_ties_on_the_line(self, rng: np.random.Generator) -> None:
        x, y = rng.integers(0, 5, 60).astype(float), rng.integers(0, 5, 40).astype(float)
        result = wasserstein(x, y)
        assert_certified(result, np.full(60, 1 / 60), np.full(40, 1 / 40), np.abs(x[:, None] - y))
        assert float(result) == pytest.approx(wasserstein_1d(x, y), rel=1e-13)

    @pytest.mark.parametrize("p", [1, 2, 4])
    def test_distance_to_a_translated_cloud_is_the_shift(self, rng: np.random.Generator, p: float) -> None:
        x, shift = rng.normal(size=(200, 3)), np.array([3.0, -1.0, 2.0])
        assert float(wasserstein(x, x + shift, p=p)) == pytest.approx(np.linalg.norm(shift), rel=1e-13)

    def test_distance_from_one_point_is_the_mean(self, rng: np.random.Generator) -> None:
        x, a = rng.normal(size=(200, 2)), masses(rng, 200)
        for p in (1, 2):
            mean = (a @ np.linalg.norm(x, axis=1) ** p) ** (1 / p)
            assert float(wasserstein(x, np.zeros((1, 2)), p=p, a=a)) == pytest.approx(mean, rel=1e-13)
            assert float(wasserstein(np.zeros((1, 2)), x, p=p, b=a)) == pytest.approx(mean, rel=1e-13)

    def test_euclidean_motions_change_nothing(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(100, 3)), rng.normal(size=(90, 3)) + 1
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        expected = float(wasserstein(x, y, p=2))
        assert float(wasserstein(x @ rotation + 5, y @ rotation + 5, p=2)) == pytest.approx(expected, rel=1e-12)
        assert float(wasserstein(y, x, p=2)) == pytest.approx(expected, rel=1e-13)
        assert float(wasserstein(3 * x, 3 * y, p=2)) == pytest.approx(3 * expected, rel=1e-13)

    def test_triangle_inequality_and_order_of_orders(self, rng: np.random.Generator) -> None:
        x, y, z = (rng.normal(size=(60, 2)) * s for s in (1, 2, 3))
        for p in (1, 2):
            xy, yz, xz = (float(wasserstein(u, v, p=p)) for u, v in ((x, y), (y, z), (x, z)))
            assert xz <= (xy + yz) * (1 + 1e-13)
        assert float(wasserstein(x, y, p=1)) <= float(wasserstein(x, y, p=2)) <= float(wasserstein(x, y, p=3))

    def test_duplicate_points(self, rng: np.random.Generator) -> None:
        x, y = np.repeat(rng.normal(size=(10, 2)), 20, axis=0), np.repeat(rng.normal(size=(15, 2)), 10, axis=0)
        few = wasserstein(x[::20], y[::10], p=2)
        assert float(wasserstein(x, y, p=2)) == pytest.approx(float(few), rel=1e-13)
        assert float(wasserstein(np.ones((50, 2)), np.ones((30, 2)))) == 0

    @pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e299])
    @pytest.mark.parametrize("p", [1, 2, 50])
    def test_points_of_any_size(self, rng: np.random.Generator, scale: float, p: float) -> None:
        power = 2.0 ** round(math.log2(scale))
        x, y = rng.random((50, 2)), rng.random((40, 2)) + 1
        expected = float(wasserstein(x, y, p=p))
        assert float(wasserstein(x * power, y * power, p=p)) == pytest.approx(expected * power, rel=1e-13, abs=0)

    def test_large_orders_come_near_the_largest_displacement(self, rng: np.random.Generator) -> None:
        x, y = rng.random((30, 2)), rng.random((30, 2)) + 0.3
        costs = cost_matrix(x, y, "euclidean")
        bottleneck = min(
            limit
            for limit in np.unique(costs)
            if plan_exists(np.ones(30), np.ones(30), np.where(costs <= limit, 0.0, math.inf))
        )
        distance = float(wasserstein(x, y, p=60))
        # at most the bottleneck, and at least its 1/30-th part to the power 1/60
        assert bottleneck * 30 ** (-1 / 60) <= distance <= bottleneck * (1 + 1e-12)

    def test_masses_other_than_one_scale_the_plan(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(30, 2)), rng.normal(size=(40, 2))
        a, b = masses(rng, 30), masses(rng, 40)
        one, eight = wasserstein(x, y, p=3, a=a, b=b), wasserstein(x, y, p=3, a=8 * a, b=8 * b)
        np.testing.assert_allclose(eight.plan, 8 * one.plan, rtol=1e-12)
        assert eight.value == pytest.approx(2 * one.value, rel=1e-13)

    def test_one_thread_and_many_give_the_same_bits(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(600, 3)), rng.normal(size=(500, 3))
        results = []
        for n_threads in (1, 2, 3, 8):
            with ht.threads(n_threads):
                results.append(wasserstein(x, y, p=2))
        assert len({(r.value, r.gap, r.n_pivots) for r in results}) == 1


class TestResult:
    def test_plan_apply_and_sparse_form_agree(self, rng: np.random.Generator) -> None:
        cost, a, b = rng.random((30, 20)), masses(rng, 30), masses(rng, 20)
        result = emd(a, b, cost)
        dense = np.zeros((30, 20))
        dense[result.rows, result.columns] = result.mass
        np.testing.assert_array_equal(result.plan, dense)
        for v in (rng.normal(size=20), rng.normal(size=(20, 3))):
            np.testing.assert_allclose(result.apply(v), dense @ v, atol=1e-15)
        with pytest.raises(ValueError, match=r"v must have shape \(20,\) or \(20, k\), got \(30,\)"):
            result.apply(np.ones(30))
        assert float(result) == result.value
        assert repr(result).startswith("ExactTransportResult(value=")

    def test_large_plans_are_refused_with_their_size(self, rng: np.random.Generator) -> None:
        result = emd(None, None, rng.random((30, 20)), memory_limit=4799)
        with pytest.raises(MemoryError, match=r"30 x 20 points takes 4800 bytes, over memory_limit = 4799"):
            _ = result.plan
        assert len(result.apply(np.ones(20))) == 30
        x = rng.normal(size=(30, 2))
        assert wasserstein(x, x[:20], memory_limit=4800).plan.shape == (30, 20)

    def test_a_gap_that_does_not_close_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        solve = _dispatch.kernels.transport_exact

        def spoilt(*args: object) -> object:
            return solve(*args) | {"dual_value": 0.5}

        monkeypatch.setattr(_dispatch.kernels, "transport_exact", spoilt)
        with pytest.warns(ht.ConvergenceWarning, match=r"differ by 0\.5 of the mass, more than the .* of rounding"):
            emd([1.0], [1.0], [[1.0]])


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([1, 1], [1, 1], [1.0, 2.0]), r"cost must have shape \(n, m\), got \(2,\)"),
            (([1, 1], [1, 1], np.empty((0, 3))), r"cost has no entries: shape \(0, 3\)"),
            (([1], [1, 1], np.ones((2, 2))), r"a must have one weight for each of the 2 points of cost's rows, got 1"),
            (([1, 1], [2], np.ones((2, 2))), r"b must have one weight for each of the 2 points of cost's columns"),
            (([1, -1], [1, 1], np.ones((2, 2))), r"a must not be negative, got a\[1\] = -1"),
            (([1, 1], [0, 0], np.ones((2, 2))), r"b must have a positive sum"),
            (([1, math.nan], [1, 1], np.ones((2, 2))), r"a must be finite, got 1 NaN"),
            (([1, 1], [1, 2], np.ones((2, 2))), r"equal sums \(within 1e-6\), got 2 and 3"),
            (([1, 1], [1, 1], [[1, math.nan], [1, 1]]), r"cost must not be NaN, got 1 NaN of 4 .* first cost\[0, 1\]"),
            (([1, 1], [1, 1], [[1, 1], [-math.inf, 1]]), r"cost must not be -inf, got cost\[1, 0\] = -inf"),
            (([1, 1], [1, 1], [[1, 1], [-1e281, 1]]), r"finite costs must stay below 1e\+280 in size, got -1e\+281"),
        ],
    )
    def test_emd_names_what_is_wrong(self, arguments: tuple[object, ...], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            emd(*arguments)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"p": 0.5}, "p must be at least 1 and finite, got 0.5"),
            ({"p": math.inf}, "p must be at least 1 and finite, got inf"),
            ({"p": math.nan}, "p must be at least 1 and finite, got nan"),
            ({"a": [1.0]}, "a must have one weight for each of the 2 points of x, got 1"),
            ({"b": [1.0, 2.0]}, "equal sums"),
            ({"memory_limit": -1}, "memory_limit must be at least 0 bytes, got -1"),
        ],
    )
    def test_wasserstein_names_what_is_wrong(self, options: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            wasserstein([0.0, 1.0], [2.0, 3.0], **options)  # type: ignore[arg-type]

    def test_points_are_checked(self) -> None:
        with pytest.raises(ValueError, match="x and y must have equally many features, got 2 and 3"):
            wasserstein(np.ones((4, 2)), np.ones((4, 3)))
        with pytest.raises(ValueError, match=r"y must be finite, got 1 .* first y\[1, 0\]"):
            wasserstein([0.0, 1.0], [2.0, math.inf])
        with pytest.raises(ValueError, match=r"x must stay below 1e\+300 in size, got 1e\+301"):
            wasserstein([0.0, 1e301], [2.0, 1.0])
        with pytest.raises(TypeError, match="cost must hold real numbers"):
            emd([1.0], [1.0], [["a"]])


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    kind = draw(st.sampled_from(["whole", "real", "equal"]))
    if kind == "whole":
        a, b = whole_masses(rng, n, m, draw(st.integers(1, 5)))
    elif kind == "real":
        a, b = masses(rng, n), masses(rng, m)
    else:
        a, b = np.full(n, 1 / n), np.full(m, 1 / m)
    most = draw(st.sampled_from([0, 1, 2, 5, 1000]))
    cost = rng.integers(-most, most + 1, (n, m)).astype(float)
    return a, b, cost if draw(st.booleans()) else cost * rng.random((n, m))


class TestDuality:
    @given(problem=problems())
    @settings(deadline=None, max_examples=150)
    def test_every_plan_is_certified_and_no_other_dual_is_better(
        self, problem: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> None:
        a, b, cost = problem
        result = emd(a, b, cost)
        assert_certified(result, a, b, cost)
        scale = max(1.0, np.abs(cost).max()) * a.sum()
        assert reference.dual_value(a, b, cost, result.potentials[0]) == pytest.approx(result.value, abs=1e-13 * scale)
        other = np.random.default_rng(1).normal(size=len(a)) * np.abs(cost).max()
        assert reference.dual_value(a, b, cost, other) <= result.value + 1e-13 * scale

    @given(problem=problems(), share=st.floats(0, 1))
    @settings(deadline=None, max_examples=100)
    def test_forbidding_unused_pairs_changes_nothing(
        self, problem: tuple[np.ndarray, np.ndarray, np.ndarray], share: float
    ) -> None:
        a, b, cost = problem
        result = emd(a, b, cost)
        unused = np.random.default_rng(2).random(cost.shape) < share
        unused[result.rows, result.columns] = False
        again = emd(a, b, np.where(unused, math.inf, cost))
        assert again.value == pytest.approx(result.value, abs=1e-13 * max(1.0, np.abs(cost).max()) * a.sum())
        assert plan_exists(a, b, np.where(unused, math.inf, cost))


def test_the_reference_auction_is_within_its_tolerance(rng: np.random.Generator) -> None:
    cost = rng.random((60, 60))
    rows, columns = linear_sum_assignment(cost)
    exact = cost[rows, columns].mean()
    assert exact <= reference.auction(cost, 1e-4) <= exact + 1e-4


def test_no_warning_is_given(rng: np.random.Generator) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        emd(None, None, rng.random((100, 100)))
