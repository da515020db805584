"""Sinkhorn between point clouds and Wasserstein distances on the line, against NumPy, SciPy, POT and closed forms."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance

import hartley as ht
from hartley import _dispatch
from hartley._warnings import ConvergenceWarning
from hartley.reference import transport as reference
from hartley.transport import TransportResult, sinkhorn, sinkhorn_divergence, wasserstein_1d

pytestmark = pytest.mark.usefixtures("level")

COSTS = ["sqeuclidean", "euclidean", "cosine", ("minkowski", 1), ("minkowski", 3.5), ("minkowski", math.inf)]
TIGHT = 1e-10  # marginal error to which results are compared with the reference
STREAM = 0  # memory_limit under which no kernel is stored


def clouds(rng: np.random.Generator, n: int, m: int, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(n, d)), 0.7 * rng.normal(size=(m, d)) + 0.5


def weights(rng: np.random.Generator, n: int) -> np.ndarray:
    w = rng.random(n) + 0.1
    return w / w.sum()


def quietly(*args: object, **options: object) -> TransportResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return sinkhorn(*args, **options)  # type: ignore[arg-type]


class TestSinkhorn:
    @pytest.mark.parametrize("cost", COSTS, ids=str)
    def test_plan_and_values_are_those_of_the_reference(self, rng: np.random.Generator, cost: object) -> None:
        x, y = clouds(rng, 45, 61)
        a, b = weights(rng, 45), weights(rng, 61)
        costs = reference.cost_matrix(x, y, cost)
        reg = 0.1 * costs.mean()
        plan, *_ = reference.sinkhorn(a, b, costs, reg, 500)
        result = sinkhorn(x, y, reg=reg, cost=cost, a=a, b=b, tol=TIGHT)
        assert result.converged
        # marginals off by 1e-10 move the plan and ⟨P, C⟩ by as much times the condition of the problem, here < 100
        np.testing.assert_allclose(result.plan, plan, atol=100 * TIGHT)
        assert result.value == pytest.approx(reference.primal_value(plan, a, b, costs, reg), abs=100 * TIGHT)
        assert result.value_linear == pytest.approx((plan * costs).sum(), abs=100 * TIGHT)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 8), (8, 7), (9, 16), (15, 17), (64, 65), (130, 33)])
    @pytest.mark.parametrize("d", [1, 3, 8, 9, 20])
    def test_block_boundaries_agree_with_the_reference(
        self, rng: np.random.Generator, shape: tuple[int, int], d: int
    ) -> None:
        x, y = clouds(rng, *shape, d)
        costs = reference.cost_matrix(x, y)
        reg = 0.2 * costs.mean()
        plan, *_ = reference.sinkhorn(np.full(shape[0], 1 / shape[0]), np.full(shape[1], 1 / shape[1]), costs, reg, 300)
        for limit in (STREAM, 2**30):
            result = sinkhorn(x, y, reg=reg, tol=TIGHT, memory_limit=2**30 if limit else STREAM)
            if limit:
                np.testing.assert_allclose(result.plan, plan, atol=100 * TIGHT)
            else:
                np.testing.assert_allclose(result.apply(np.eye(shape[1])), plan, atol=100 * TIGHT)

    def test_plan_is_that_of_pot_in_the_log_domain(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 80, 90)
        costs = ot.dist(x, y)
        reg = 0.05 * costs.mean()
        a, b = np.full(80, 1 / 80), np.full(90, 1 / 90)
        plan = ot.sinkhorn(a, b, costs, reg, method="sinkhorn_log", stopThr=1e-12, numItermax=10000)
        np.testing.assert_allclose(sinkhorn(x, y, reg=reg, tol=TIGHT).plan, plan, atol=100 * TIGHT)

    @pytest.mark.parametrize("share", [1.0, 0.05, 0.005])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_reported_numbers_are_those_of_the_plan(self, rng: np.random.Generator, share: float, dtype: type) -> None:
        x, y = (points.astype(dtype) for points in clouds(rng, 300, 250))
        a, b = weights(rng, 300), weights(rng, 250)
        costs = reference.cost_matrix(x.astype(float), y.astype(float))
        reg = share * costs.mean()
        result = sinkhorn(x, y, reg=reg, a=a, b=b)
        f, g = result.potentials
        plan = a[:, None] * b[None, :] * np.exp((f[:, None] + g[None, :] - costs) / reg)
        # exponents of size |f| / reg < 1e4 carry a rounding error of 1e4 * 2^-52 < 1e-11
        np.testing.assert_allclose(result.plan, plan, rtol=1e-10, atol=1e-270)  # entries below 2^-899 are 0
        error = np.abs(plan.sum(1) - a).sum() + np.abs(plan.sum(0) - b).sum()
        assert result.marginal_error == pytest.approx(error, abs=1e-11)
        assert result.marginal_error <= 1e-6
        assert result.value == pytest.approx(reference.primal_value(plan, a, b, costs, reg), rel=1e-10)
        assert result.value_linear == pytest.approx((plan * costs).sum(), rel=1e-10)
        assert result.dual_value == pytest.approx(a @ f + b @ g - reg * (plan.sum() - 1), rel=1e-10)

    @pytest.mark.parametrize("max_iter", [1, 2, 5, 20, 1000])
    def test_optimum_lies_between_dual_value_and_dual_value_plus_gap(
        self, rng: np.random.Generator, max_iter: int
    ) -> None:
        x, y = clouds(rng, 70, 60)
        optimum = sinkhorn(x, y, reg=0.02, tol=1e-11).value
        result = quietly(x, y, reg=0.02, max_iter=max_iter)
        assert result.gap >= 0
        assert result.n_iter <= max_iter
        assert result.dual_value - 1e-10 <= optimum <= result.dual_value + result.gap + 1e-10

    def test_stored_and_streamed_kernels_agree(self, rng: np.random.Generator) -> None:
        for d in (2, 12):
            x, y = clouds(rng, 400, 333, d)
            stored = sinkhorn(x, y, reg=0.1, tol=1e-9)
            streamed = sinkhorn(x, y, reg=0.1, tol=1e-9, memory_limit=STREAM)
            assert stored.value == pytest.approx(streamed.value, abs=1e-7)  # tol times potentials and condition

    def test_one_thread_and_many_give_the_same_bits(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 700, 650)
        for limit in (STREAM, 2**30):
            results = []
            for n_threads in (1, 2, 3, 8):
                with ht.threads(n_threads):
                    results.append(sinkhorn(x, y, reg=0.05, memory_limit=limit))
            for other in results[1:]:
                assert other.value == results[0].value
                assert other.n_iter == results[0].n_iter
                np.testing.assert_array_equal(other.potentials[0], results[0].potentials[0])
                np.testing.assert_array_equal(other.potentials[1], results[0].potentials[1])

    @pytest.mark.parametrize("reg", [1e300, 1e3, 1e-3, 1e-4, 1e-6, 1e-12, 1e-100, 1e-320])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_any_reg_gives_finite_numbers(self, rng: np.random.Generator, reg: float, dtype: type) -> None:
        x, y = (points.astype(dtype) for points in clouds(rng, 60, 50))
        for limit in (STREAM, 2**30):
            result = quietly(x, y, reg=reg, max_iter=60, memory_limit=limit)
            numbers = [result.value, result.value_linear, result.dual_value, result.gap, result.marginal_error]
            assert np.isfinite(numbers).all()
            assert result.marginal_error <= 2.0 + 1e-9
            assert all(np.isfinite(potential).all() for potential in result.potentials)

    def test_outliers_far_away_neither_overflow_nor_lose_mass(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 50, 50)
        x[0], y[3] = 1e4, -1e4
        result = sinkhorn(x, y, reg=1.0, tol=1e-8)
        np.testing.assert_allclose(result.plan.sum(1), 1 / 50, atol=1e-8)

    def test_large_reg_gives_the_product_plan(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 30, 40)
        a, b = weights(rng, 30), weights(rng, 40)
        np.testing.assert_allclose(sinkhorn(x, y, reg=1e9, a=a, b=b).plan, np.outer(a, b), rtol=1e-6)

    def test_small_reg_gives_the_exact_assignment(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 25, 25)
        costs = reference.cost_matrix(x, y)
        rows, columns = linear_sum_assignment(costs)
        result = quietly(x, y, reg=1e-3 * costs.mean(), tol=1e-5, max_iter=3000)
        # entropy of a plan is at most log n over that of the product: reg log n away
        assert result.value_linear == pytest.approx(costs[rows, columns].mean(), abs=1e-3 * costs.mean() * math.log(25))

    def test_points_without_mass_get_none_and_finite_potentials(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 40, 50)
        a, b = weights(rng, 40), weights(rng, 50)
        x[5], y[7], a[5], b[7] = 100.0, -90.0, 0.0, 0.0
        a, b = a / a.sum(), b / b.sum()
        result = sinkhorn(x, y, reg=0.1, a=a, b=b, tol=TIGHT)
        others = sinkhorn(
            np.delete(x, 5, 0), np.delete(y, 7, 0), reg=0.1, a=np.delete(a, 5), b=np.delete(b, 7), tol=TIGHT
        )
        assert all(np.isfinite(potential).all() for potential in result.potentials)
        assert not result.plan[5].any()
        assert not result.plan[:, 7].any()
        assert result.value == pytest.approx(others.value, abs=1e-8)
        costs = reference.cost_matrix(x, y)
        f, g = result.potentials
        # every f is the soft minimum of C - g, with or without mass
        softmin = -0.1 * reference.log_sum_exp((g[None, :] - costs) / 0.1, b[None, :], axis=1)
        np.testing.assert_allclose(f, softmin, rtol=1e-9)

    def test_masses_other_than_one_scale_the_plan(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 20, 30)
        a, b = 3 * weights(rng, 20), 3 * weights(rng, 30)
        costs = reference.cost_matrix(x, y)
        result = sinkhorn(x, y, reg=0.3, a=a, b=b, tol=TIGHT)
        plan, *_ = reference.sinkhorn(a, b, costs, 0.3, 500)
        np.testing.assert_allclose(result.plan, plan, atol=100 * TIGHT)
        f, g = result.potentials
        np.testing.assert_allclose(a[:, None] * b * np.exp((f[:, None] + g - costs) / 0.3), plan, atol=100 * TIGHT)
        assert result.value == pytest.approx(reference.primal_value(plan, a, b, costs, 0.3), abs=1e-8)
        assert result.dual_value == pytest.approx(a @ f + b @ g - 0.3 * (3 - 9), abs=1e-8)

    def test_exchanging_the_clouds_transposes_the_plan(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 33, 47)
        there, back = sinkhorn(x, y, reg=0.1, tol=TIGHT), sinkhorn(y, x, reg=0.1, tol=TIGHT)
        np.testing.assert_allclose(there.plan, back.plan.T, atol=100 * TIGHT)

    def test_translation_and_permutation_change_nothing(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 40, 50, 10)
        order = rng.permutation(40)
        result = sinkhorn(x, y, reg=0.5, tol=TIGHT)
        moved = sinkhorn(x[order] + 1000, y + 1000, reg=0.5, tol=TIGHT)
        # coordinates near 1000 are rounded to 1e-13
        np.testing.assert_allclose(moved.plan, result.plan[order], atol=1e-8)

    def test_one_point_clouds_have_the_cost_between_them_as_value(self) -> None:
        result = sinkhorn([[0.0, 0.0]], [[3.0, 4.0]], reg=0.1)
        assert result.value == pytest.approx(25.0)
        assert result.value_linear == pytest.approx(25.0)
        assert result.gap == pytest.approx(0.0, abs=1e-12)

    def test_normal_samples_come_near_the_closed_form_of_entropic_transport(self) -> None:
        # Janati, Muzellec, Peyré & Cuturi (2020), theorem 1 with σ² = reg / 2, on a grid that carries N(0, 1), N(2, 4)
        grid = np.linspace(-10, 12, 600)
        a, b = np.exp(-(grid**2) / 2), np.exp(-((grid - 2) ** 2) / 8)
        reg = 0.5
        root = math.sqrt(16 * 1.0 * 4.0 + reg**2) / 2  # sqrt(4 s² t² + ε² / 4) with variances s² = 1, t² = 4
        plan_covariance = root / 2 - reg / 4
        linear = 4.0 + 1.0 + 4.0 - 2 * plan_covariance
        a, b = a / a.sum(), b / b.sum()
        # tails cut at 1e-6 of the mass, whose squares are of the order 100
        assert sinkhorn(grid, grid, reg=reg, a=a, b=b).value_linear == pytest.approx(linear, rel=1e-3)

    def test_potentials_are_a_start_that_needs_no_iterations(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 100, 100)
        first = sinkhorn(x, y, reg=0.05, a=np.full(100, 0.03), b=np.full(100, 0.03))
        again = sinkhorn(x, y, reg=0.05, a=np.full(100, 0.03), b=np.full(100, 0.03), potentials_init=first.potentials)
        assert again.n_iter <= 2
        assert again.value == pytest.approx(first.value, abs=1e-6)

    def test_a_useless_start_is_recovered_from(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 50, 40)
        wild = (1e3 * rng.normal(size=50), 1e3 * rng.normal(size=40))
        result = sinkhorn(x, y, reg=0.1, potentials_init=wild)
        assert result.value == pytest.approx(sinkhorn(x, y, reg=0.1).value, abs=1e-5)

    def test_apply_is_the_product_with_the_plan(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 37, 52)
        result = sinkhorn(x, y, reg=0.2)
        vectors = rng.normal(size=(52, 3))
        np.testing.assert_allclose(result.apply(vectors), result.plan @ vectors, atol=1e-14)
        np.testing.assert_allclose(result.apply(vectors[:, 0]), result.plan @ vectors[:, 0], atol=1e-14)

    def test_plan_over_the_memory_limit_is_refused_with_its_bytes(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 30, 20)
        result = sinkhorn(x, y, reg=0.2, memory_limit=4799)
        with pytest.raises(MemoryError, match="4800 bytes"):
            _ = result.plan

    def test_not_converged_warns_what_to_change(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 60, 60)
        with pytest.warns(ConvergenceWarning, match="raise max_iter, tol or reg"):
            result = sinkhorn(x, y, reg=1e-3, max_iter=3)
        assert not result.converged
        assert result.n_iter == 3

    def test_progress_is_told_and_errors_in_it_come_out(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 3000, 3000)
        told: list[float] = []
        quietly(x, y, reg=1e-2, tol=1e-8, max_iter=60, progress=told.append)
        assert told[-1] == 1.0
        assert all(0 <= fraction <= 1 for fraction in told)
        assert any(0 < fraction < 1 for fraction in told)  # the kernel's own, not the call's last word

        def fail(fraction: float) -> None:
            raise RuntimeError("no more")

        with pytest.raises(RuntimeError, match="no more"):
            quietly(x, y, reg=1e-2, tol=1e-8, max_iter=60, progress=fail)

    def test_inputs_of_every_layout_give_the_same_result(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 40, 30)
        expected = sinkhorn(x, y, reg=0.2).value
        read_only = x.copy()
        read_only.setflags(write=False)
        for variant in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x.tolist(), read_only, x.astype(">f8")):
            assert sinkhorn(variant, y, reg=0.2).value == expected

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"reg": 0.0}, "reg must be a finite number > 0, got 0.0"),
            ({"reg": math.nan}, "reg must be a finite number > 0, got nan"),
            ({"cost": "taxi"}, "cost must be"),
            ({"cost": ("minkowski", 0.5)}, "must be at least 1, got 0.5"),
            ({"a": [1.0, 1.0]}, "a must have one weight for each of the 3 points of x, got 2"),
            ({"a": [1.0, 2.0, -1.0]}, r"a must not be negative, got a\[2\] = -1"),
            ({"a": [0.0, 0.0, 0.0]}, "a must have a positive sum"),
            ({"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0]}, "a and b must have equal sums .*, got 3 and 2"),
            ({"x": [[0.0, math.nan], [1.0, 1.0], [0.0, 2.0]]}, r"x must be finite, got 1 .* first x\[0, 1\]"),
            ({"y": [[0.0], [1.0]]}, "equally many features, got 2 and 1"),
            ({"x": [[0.0, 0.0], [1.0, 1.0], [0.0, 2.0]], "cost": "cosine"}, r"x\[0\] is 0"),
            ({"x": [[1e200, 0.0], [1.0, 1.0], [0.0, 2.0]]}, "below 1e100"),
            ({"tol": -1.0}, "tol must be at least 0"),
            ({"max_iter": 0}, "max_iter must be at least 1"),
            ({"memory_limit": -1}, "memory_limit must be at least 0 bytes"),
            ({"a": [1e308, 1e308, 0.0]}, r"a must have a finite sum, got weights up to 1e\+308"),
            ({"potentials_init": ([0.0], [0.0, 0.0])}, r"f of potentials_init must have shape \(3,\), got \(1,\)"),
        ],
    )
    def test_bad_arguments_are_named(self, change: dict[str, object], message: str) -> None:
        arguments: dict[str, object] = {
            "x": [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]],
            "y": [[0.0, 1.0], [1.0, 0.0]],
            "reg": 0.1,
        }
        arguments |= change
        with pytest.raises(ValueError, match=message):
            sinkhorn(arguments.pop("x"), arguments.pop("y"), **arguments)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"max_iter": 10.5}, "max_iter must be a whole number, got 10.5"),
            ({"max_iter": None}, "max_iter must be a number, got None"),
            ({"memory_limit": math.nan}, "memory_limit must be a whole number, got nan"),
            ({"reg": "a"}, "reg must be a number, got 'a'"),
            ({"reg": None}, "reg must be a number, got None"),
            ({"tol": None}, "tol must be a number, got None"),
            ({"cost": ("minkowski", "2")}, r"the order p of cost=\('minkowski', p\) must be a number, got '2'"),
        ],
    )
    def test_arguments_of_a_wrong_type_are_named(self, change: dict[str, object], message: str) -> None:
        for function in (sinkhorn, sinkhorn_divergence):
            with pytest.raises(TypeError, match=message):
                function([0.0, 1.0], [1.0, 2.0], **({"reg": 0.1} | change))  # type: ignore[operator]

    def test_whole_numbers_may_be_floats_and_of_any_size(self) -> None:
        expected = sinkhorn([0.0, 1.0], [1.0, 2.0], reg=0.1).value
        for limit in (2.5e9, math.inf, 10**30):
            assert sinkhorn([0.0, 1.0], [1.0, 2.0], reg=0.1, memory_limit=limit, max_iter=1e3).value == expected

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_apply_refuses_what_is_not_finite(self, bad: float) -> None:
        result = sinkhorn([0.0, 1.0], [1.0, 2.0], reg=0.1)
        with pytest.raises(ValueError, match=r"v must be finite, got 1 .* first v\[1\]"):
            result.apply([0.0, bad])

    def test_costs_of_a_large_order_do_not_overflow(self, rng: np.random.Generator) -> None:
        x, y = (100 * points for points in clouds(rng, 30, 40))
        # for orders this large the cost is the largest difference but for a factor between 1 and 2^(1/200)
        sinkhorn_value, chebyshev = (
            sinkhorn(x, y, reg=5.0, cost=("minkowski", p), tol=TIGHT).value_linear for p in (200, math.inf)
        )
        assert sinkhorn_value == pytest.approx(chebyshev, rel=1e-2)


class TestDivergence:
    @pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean"])
    @pytest.mark.parametrize("limit", [STREAM, 2**30])
    def test_it_is_that_of_the_reference(self, rng: np.random.Generator, cost: str, limit: int) -> None:
        x, y = clouds(rng, 50, 61)
        value = sinkhorn_divergence(x, y, reg=0.3, cost=cost, tol=1e-9, memory_limit=limit)
        assert value == pytest.approx(reference.sinkhorn_divergence(x, y, 0.3, 1000, cost), abs=1e-9)

    def test_it_is_zero_between_equal_clouds_and_positive_between_others(self, rng: np.random.Generator) -> None:
        x, _ = clouds(rng, 80, 1)
        assert sinkhorn_divergence(x, x, reg=0.1) == 0.0
        # the same cloud in another order: nothing is compared bit by bit, the duals cancel to tol²
        assert 0.0 <= sinkhorn_divergence(x, x[::-1], reg=0.1, tol=1e-8) < 1e-7
        assert sinkhorn_divergence(x, x + 0.01, reg=0.1, tol=1e-8) > 0

    def test_it_is_symmetric(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 64, 80)
        there, back = (sinkhorn_divergence(*pair, reg=0.1, tol=1e-9) for pair in ((x, y), (y, x)))
        assert there == pytest.approx(back, abs=1e-8)

    def test_a_translation_costs_its_square(self, rng: np.random.Generator) -> None:
        x, _ = clouds(rng, 90, 1)
        assert sinkhorn_divergence(x, x + np.array([3.0, 4.0]), reg=0.5, tol=1e-9) == pytest.approx(25.0, abs=1e-6)

    def test_weights_of_any_mass_scale_it(self, rng: np.random.Generator) -> None:
        x, y = clouds(rng, 20, 30)
        a, b = weights(rng, 20), weights(rng, 30)
        unit = sinkhorn_divergence(x, y, reg=0.2, a=a, b=b)
        assert sinkhorn_divergence(x, y, reg=0.2, a=5 * a, b=5 * b) == pytest.approx(5 * unit, rel=1e-6)


class TestWasserstein1d:
    @pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 1000, 16384, 16385, 100003])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_equal_samples_pair_their_sorted_values(self, rng: np.random.Generator, n: int, dtype: type) -> None:
        x, y = rng.normal(size=n).astype(dtype), (rng.normal(size=n) * 2).astype(dtype)
        difference = np.abs(np.sort(x).astype(float) - np.sort(y).astype(float))
        for p in (1, 2, 3.5):
            # pairwise sums err by a few ulp times log n
            assert wasserstein_1d(x, y, p=p) == pytest.approx((difference**p).mean() ** (1 / p), rel=1e-13)
        assert wasserstein_1d(x, y, p=math.inf) == difference.max()

    @pytest.mark.parametrize(("n", "m"), [(1, 5), (10, 9), (100, 1), (1000, 777), (40000, 16385), (16385, 40001)])
    def test_unequal_samples_and_weights_agree_with_scipy(self, rng: np.random.Generator, n: int, m: int) -> None:
        x, y = rng.normal(size=n), rng.normal(size=m) + 1
        u, v = rng.random(n), rng.random(m)
        u[: n // 3] = 0
        u[-1] = 1
        # SciPy's own cumulative sums err by n eps
        assert wasserstein_1d(x, y) == pytest.approx(wasserstein_distance(x, y), rel=1e-11)
        for x_weights, y_weights in ((u, v), (u, None), (None, v)):
            assert wasserstein_1d(x, y, x_weights=x_weights, y_weights=y_weights) == pytest.approx(
                wasserstein_distance(x, y, x_weights, y_weights), rel=1e-11
            )

    @pytest.mark.parametrize("p", [1, 1.5, 2, 7, math.inf])
    def test_every_order_is_that_of_the_reference(self, rng: np.random.Generator, p: float) -> None:
        x, y = rng.normal(size=300), rng.normal(size=211) * 3
        u = rng.random(300)
        assert wasserstein_1d(x, y, p=p) == pytest.approx(reference.wasserstein_1d(x, y, p), rel=1e-12)
        assert wasserstein_1d(x, y, p=p, x_weights=u) == pytest.approx(reference.wasserstein_1d(x, y, p, u), rel=1e-12)

    @given(
        x=hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(-100, 100)),
        shift=st.floats(-1000, 1000),
        p=st.floats(1, 200),
    )
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_a_translation_is_its_own_distance(self, x: np.ndarray, shift: float, p: float) -> None:
        # x + shift is rounded to 2^-42 in size 1100
        assert wasserstein_1d(x, x + shift, p=p) == pytest.approx(abs(shift), abs=1e-11)

    def test_large_orders_and_values_neither_overflow_nor_vanish(self) -> None:
        assert wasserstein_1d([0.0, 0.0], [1e200, 1e200], p=500) == pytest.approx(1e200)
        assert wasserstein_1d([0.0, 0.0], [1e-200, 1e-200], p=50) == pytest.approx(1e-200)

    def test_replication_and_integer_weights_are_the_same(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=50), rng.normal(size=70)
        times = rng.integers(0, 5, size=50)
        times[0] = 1
        assert wasserstein_1d(np.repeat(x, times), y, p=2) == pytest.approx(
            wasserstein_1d(x, y, p=2, x_weights=times), rel=1e-12
        )

    @pytest.mark.parametrize("p", [1, 2, 2.5, math.inf])
    def test_equal_weights_written_differently_leave_no_mass(self, p: float) -> None:
        x = [0.0, 1.0, 2.0]
        assert wasserstein_1d(x, x, p=p, x_weights=[0.1, 0.2, 0.7], y_weights=[1, 2, 7]) == 0
        assert wasserstein_1d(x, x, p=p, x_weights=[1, 2, 7], y_weights=[0.1, 0.2, 0.7]) == 0

    def test_rounded_weights_of_long_samples_leave_no_mass(self, rng: np.random.Generator) -> None:
        x, u = rng.normal(size=100_001), rng.random(100_001)
        for y_weights in (u * 0.1, u / u.sum(), u * 3):
            assert wasserstein_1d(x, x, p=math.inf, x_weights=u, y_weights=y_weights) == 0
        assert wasserstein_1d(x, x, p=2, x_weights=np.full(len(x), 0.1)) == 0

    def test_weights_above_rounding_count(self) -> None:
        y_weights = [1 - 1e-14, 1 + 1e-14]
        assert wasserstein_1d([0.0, 1.0], [0.0, 1.0], p=math.inf, x_weights=[1, 1], y_weights=y_weights) == 1.0
        # the mass is 1e-14 / 2 up to the rounding of the weights, eps / 2 each
        assert wasserstein_1d([0.0, 1.0], [0.0, 1.0], y_weights=y_weights) == pytest.approx(0.5e-14, abs=2e-16)

    def test_samples_that_no_index_reaches_are_refused(self, tmp_path: Path) -> None:
        too_many = np.memmap(tmp_path / "sparse", np.float32, "w+", shape=(2**32,))  # takes no room: never read
        one, nothing = np.zeros(1, np.float32), np.empty(0)
        for pair, name in (((too_many, one), "x"), ((one, too_many), "y")):
            with pytest.raises(ValueError, match=f"{name} must have fewer than 2\\^32 samples, got 4294967296"):
                _dispatch.kernels.transport_wasserstein_1d(*pair, nothing, nothing, 1.0, 1)

    def test_exchanging_the_samples_changes_nothing(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=5000), rng.normal(size=4000)
        assert wasserstein_1d(x, y, p=3) == wasserstein_1d(y, x, p=3)

    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        x, y, u = rng.normal(size=200_000), rng.normal(size=150_000), rng.random(200_000)
        for p in (1, 2, 2.5):
            results = set()
            for n_threads in (1, 2, 3, 8):
                with ht.threads(n_threads):
                    results.add(
                        (
                            wasserstein_1d(x, y, p=p),
                            wasserstein_1d(x, x[::-1] ** 3, p=p),
                            wasserstein_1d(x, y, x_weights=u),
                        )
                    )
            assert len(results) == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([], [1.0]), "x has no samples"),
            (([1.0, math.nan], [1.0]), r"x must be finite, got 1 .* first x\[1\]"),
            (([1.0], [math.inf]), "y must be finite"),
        ],
    )
    def test_bad_samples_are_named(self, arguments: tuple[object, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            wasserstein_1d(*arguments)

    def test_bad_orders_and_weights_are_named(self) -> None:
        with pytest.raises(TypeError, match="p must be a number, got '2'"):
            wasserstein_1d([1.0], [2.0], p="2")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"x_weights must have a finite sum, got weights up to 1e\+308"):
            wasserstein_1d([1.0, 2.0], [2.0], x_weights=[1e308, 1e308])
        with pytest.raises(ValueError, match=r"p must be at least 1, got 0.5"):
            wasserstein_1d([1.0], [2.0], p=0.5)
        with pytest.raises(ValueError, match=r"y_weights must have one weight for each of the 1 points of y, got 2"):
            wasserstein_1d([1.0], [2.0], y_weights=[1.0, 1.0])
