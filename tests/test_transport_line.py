"""Distances on grids, circles and along projections, against NumPy, SciPy, POT, brute force and closed forms."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

import hartley as ht
from hartley import _dispatch
from hartley._warnings import ConvergenceWarning
from hartley.reference import transport as reference
from hartley.transport import (
    kantorovich_rubinstein_bound,
    max_sliced_wasserstein,
    sliced_wasserstein,
    wasserstein_1d,
    wasserstein_1d_grid,
    wasserstein_circle,
)

pytestmark = pytest.mark.usefixtures("level")

EPS = 2.0**-52
ORDERS = [1, 1.5, 2, 7, math.inf]


def same_for_all_threads(call: Callable[[], object]) -> bool:
    results = []
    for n_threads in (1, 2, 3, 8):
        with ht.threads(n_threads):
            results.append(np.asarray(call()))
    return all(np.array_equal(result, results[0]) for result in results)


class TestSort:
    """The sort that all of these rest on, by the pairs it makes: from 16384 numbers on it cuts them into buckets."""

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize(
        "name", ["normal", "cauchy", "lognormal", "clusters", "ties", "constant", "two", "zeros", "tiny", "sorted"]
    )
    def test_any_distribution_is_sorted(self, rng: np.random.Generator, name: str, dtype: type) -> None:
        n = 70_001
        x = {
            "normal": lambda: rng.normal(size=n),
            "cauchy": lambda: rng.standard_cauchy(size=n),  # nearly all in one cell: by the tree
            "lognormal": lambda: rng.lognormal(sigma=3, size=n),
            "clusters": lambda: np.where(rng.random(n) < 0.1, 1e6 + 1e-3 * rng.normal(size=n), rng.normal(size=n)),
            "ties": lambda: rng.integers(-40, 40, size=n),
            "constant": lambda: np.full(n, 3.0),
            "two": lambda: rng.integers(0, 2, size=n),
            "zeros": lambda: rng.choice([-0.0, 0.0, 1e-30, -1e-30], size=n),
            "tiny": lambda: rng.normal(size=n) * 1e-42,
            "sorted": lambda: np.linspace(-1, 1, n),
        }[name]().astype(dtype)
        ranks = np.linspace(-1, 1, n).astype(dtype)
        expected = np.abs(np.sort(x).astype(float) - ranks).mean()
        assert wasserstein_1d(x, ranks) == pytest.approx(expected, rel=1e-13)  # pairwise sums
        # with indices: equal weights written out take the other path and the same steps
        assert wasserstein_1d(x, ranks, x_weights=np.full(n, 2.0)) == pytest.approx(expected, rel=1e-11)
        # where the values lie
        along = sliced_wasserstein(x, ranks, p=1, projections=[[1.0]])
        assert float(along) == pytest.approx(expected, rel=1e-13)
        assert same_for_all_threads(lambda: wasserstein_1d(x, ranks))

    @pytest.mark.parametrize("n", [16383, 16384, 16385, 32767, 32768, 32769, 65537])
    def test_sizes_around_the_blocks_are_sorted(self, rng: np.random.Generator, n: int) -> None:
        x, ranks = rng.normal(size=n), np.linspace(-1, 1, n)
        assert wasserstein_1d(x, ranks) == pytest.approx(np.abs(np.sort(x) - ranks).mean(), rel=1e-13)


class TestGrid:
    @pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 127, 128, 129, 130, 1000])
    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_pairs_are_those_of_the_samples_with_weights(
        self, rng: np.random.Generator, n: int, order: float, dtype: type
    ) -> None:
        p, q, z = rng.random(n).astype(dtype), rng.random(n).astype(dtype), rng.normal(size=n)
        p[rng.random(n) < 0.3] = 0
        p[0] = 1
        p, q = p / p.sum(), q / q.sum()
        # ends of steps are off by n eps in NumPy's cumulative sums; W_p takes the root of that times the range
        tolerance = 1e-12 if math.isinf(order) else 10 * (n * EPS) ** (1 / order)
        expected = reference.wasserstein_1d_grid(p, q, z, order)
        assert wasserstein_1d_grid(p, q, z, order=order) == pytest.approx(expected, rel=tolerance, abs=tolerance)
        exact = wasserstein_1d(z, z, p=order, x_weights=p, y_weights=q)
        assert wasserstein_1d_grid(p, q, z, order=order) == pytest.approx(exact, rel=1e-13, abs=4 * EPS)

    def test_first_order_is_that_of_scipy(self, rng: np.random.Generator) -> None:
        p, q, z = rng.dirichlet(np.ones(300)), rng.dirichlet(np.ones(300)), rng.normal(size=300)
        # SciPy's own cumulative sums err by n eps
        assert wasserstein_1d_grid(p, q, z) == pytest.approx(wasserstein_distance(z, z, p, q), rel=1e-11)

    @pytest.mark.parametrize("order", [1, 2])
    def test_leading_axes_broadcast(self, rng: np.random.Generator, order: float) -> None:
        p, q, z = rng.dirichlet(np.ones(6), size=(4, 1, 3)), rng.dirichlet(np.ones(6), size=(5, 1)), np.arange(6.0)
        result = wasserstein_1d_grid(p, q, z, order=order)
        assert result.shape == (4, 5, 3)
        for i, j, k in np.ndindex(4, 5, 3):
            assert result[i, j, k] == wasserstein_1d_grid(p[i, 0, k], q[j, 0], z, order=order)
        assert isinstance(wasserstein_1d_grid(p[0, 0, 0], q[0, 0], z), float)
        assert wasserstein_1d_grid(np.empty((0, 6)), q[0, 0], z).shape == (0,)

    @pytest.mark.parametrize("order", [1, 2, math.inf])
    def test_equal_histograms_are_0_apart_and_unit_masses_their_distance(self, order: float) -> None:
        z = np.array([-1.0, 0.5, 4.0])
        assert wasserstein_1d_grid([0.1, 0.2, 0.7], [0.1, 0.2, 0.7], z, order=order) == 0
        np.testing.assert_array_equal(
            wasserstein_1d_grid(np.eye(3)[:, None], np.eye(3), z, order=order), np.abs(z[:, None] - z)
        )

    def test_sums_within_the_tolerance_are_divided_out(self) -> None:
        assert wasserstein_1d_grid([2.0, 2.0], [2.0, 2.0 + 2e-6], [0.0, 1.0]) == pytest.approx(2.5e-7, rel=1e-6)

    @pytest.mark.parametrize("order", [1, 2, 3, math.inf])
    def test_order_of_the_positions_does_not_matter(self, rng: np.random.Generator, order: float) -> None:
        p, q, z = rng.dirichlet(np.ones(50)), rng.dirichlet(np.ones(50)), np.sort(rng.normal(size=50))
        shuffle = rng.permutation(50)
        shuffled = wasserstein_1d_grid(p[shuffle], q[shuffle], z[shuffle], order=order)
        # the sums of the histograms are added in another order
        assert shuffled == pytest.approx(wasserstein_1d_grid(p, q, z, order=order), rel=1e-7 if order == 3 else 1e-13)

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    @pytest.mark.parametrize("order", [1, 2, 5, math.inf])
    def test_extreme_positions_and_masses_neither_overflow_nor_vanish(self, scale: float, order: float) -> None:
        assert wasserstein_1d_grid([1.0, 0.0], [0.0, 1.0], [0.0, scale], order=order) == pytest.approx(scale, abs=0)
        assert wasserstein_1d_grid([scale, 0.0], [0.0, scale], [0.0, 3.0], order=order) == pytest.approx(3.0)

    def test_layouts_and_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        p, q, z = rng.dirichlet(np.ones(40), size=5000), rng.dirichlet(np.ones(40), size=5000), np.arange(40.0)
        for order in (1, 2):
            assert same_for_all_threads(lambda order=order: wasserstein_1d_grid(p, q, z, order=order))
        expected = wasserstein_1d_grid(p, q, z)
        np.testing.assert_array_equal(wasserstein_1d_grid(np.asfortranarray(p), q[::-1][::-1], z), expected)

    @pytest.mark.parametrize(
        ("p", "q", "message"),
        [
            (
                [[0.5, 0.5], [0.5, 0.6]],
                [0.5, 0.5],
                r"p\[1\] and q must have equal sums \(within 1e-06\), got 1.1 and 1$",
            ),
            ([0.5, -0.5], [0.5, 0.5], r"p must not be negative, got -0.5 at position 1"),
            ([0.5, 0.5], [0.5, math.nan], r"q must be finite, got 1 NaN or infinite of 2 entries, first q\[1\]"),
            ([0.5, 0.5], [0.0, 0.0], r"q must have a positive finite sum, got 0"),
            ([1e308, 1e308], [0.5, 0.5], r"p must have a positive finite sum, got inf"),
            ([0.5, 0.5, 0.0], [0.5, 0.5], r"p must have one mass for each of the 2 positions, got shape \(3,\)"),
            (np.ones((2, 2)), np.ones((3, 2)), r"p and q must broadcast, got shapes \(2, 2\) and \(3, 2\)"),
            (1.0, [0.5, 0.5], r"p must have masses along its last axis"),
        ],
    )
    def test_bad_histograms_are_named(self, p: object, q: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            wasserstein_1d_grid(p, q, [0.0, 1.0])

    def test_bad_positions_and_orders_are_named(self) -> None:
        with pytest.raises(ValueError, match="positions must be finite"):
            wasserstein_1d_grid([1.0, 1.0], [1.0, 1.0], [0.0, math.inf])
        with pytest.raises(ValueError, match=r"positions must be at most 8e\+307 in size, got 1e\+308"):
            wasserstein_1d_grid([1.0, 1.0], [1.0, 1.0], [0.0, 1e308])
        with pytest.raises(ValueError, match=r"order must be at least 1, got 0.5"):
            wasserstein_1d_grid([1.0, 1.0], [1.0, 1.0], [0.0, 1.0], order=0.5)


def cheapest_rotation(x: np.ndarray, y: np.ndarray, p: float, period: float) -> float:
    """W_p of equally many points: the best of all rotations of one sorted sample against the other."""
    x, y, n = np.sort(x % period), np.sort(y % period), len(x)
    costs = []
    for k in range(-n, n + 1):
        j = np.arange(n) + k
        difference = np.abs(x - (y[j % n] + period * (j // n)))
        costs.append(difference.max() if math.isinf(p) else (difference**p).mean() ** (1 / p))
    return min(costs)


def linear_program(x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray, p: float, period: float) -> float:
    """W_p as the linear program that defines it, the cost being the shorter arc to the power p."""
    arc = np.abs(x[:, None] - y) % period
    arc = np.minimum(arc, period - arc) ** p
    n, m = arc.shape
    marginals = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    solution = linprog(arc.ravel(), A_eq=marginals, b_eq=np.concatenate([u / u.sum(), v / v.sum()]), method="highs")
    return float(solution.fun ** (1 / p))


class TestCircle:
    @pytest.mark.parametrize("n", [1, 2, 3, 8, 50])
    @pytest.mark.parametrize("p", [1, 1.5, 2, 3, 10, 100, math.inf])
    @pytest.mark.parametrize("period", [1, 2 * math.pi, 24])
    def test_equal_samples_take_the_cheapest_rotation(
        self, rng: np.random.Generator, n: int, p: float, period: float
    ) -> None:
        x, y = rng.normal(size=n) * period, rng.random(n) * period / 3
        expected = cheapest_rotation(x, y, p, period)
        assert wasserstein_circle(x, y, p=p, period=period) == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("p", ORDERS)
    @pytest.mark.parametrize(("n", "m"), [(1, 6), (5, 7), (9, 6), (12, 12)])
    def test_every_order_is_that_of_the_reference(self, rng: np.random.Generator, p: float, n: int, m: int) -> None:
        x, y, u, v = rng.random(n), 2 * rng.random(m), rng.random(n), rng.random(m)
        for weights in ({}, {"x_weights": u}, {"x_weights": u, "y_weights": v}):
            expected = reference.wasserstein_circle(x, y, p, 3.0, **weights)
            assert wasserstein_circle(x, y, p=p, period=3.0, **weights) == pytest.approx(expected, rel=1e-10)

    @pytest.mark.parametrize("p", [1, 2, 3])
    @pytest.mark.parametrize(("n", "m"), [(1, 9), (5, 7), (12, 13)])
    def test_weighted_samples_solve_the_linear_program(
        self, rng: np.random.Generator, p: float, n: int, m: int
    ) -> None:
        x, y, u, v = rng.random(n), rng.random(m), rng.random(n), rng.random(m)
        u[0] = 0.0 if n > 1 else 1.0
        expected = linear_program(x, y, u, v, p, 1.0)
        # the solver's own feasibility tolerance is 1e-7, its vertices are exact to rounding
        assert wasserstein_circle(x, y, p=p, period=1, x_weights=u, y_weights=v) == pytest.approx(expected, rel=1e-10)

    @pytest.mark.parametrize("p", [1, 2, 4])
    def test_powers_are_those_of_pot(self, rng: np.random.Generator, p: float) -> None:
        x, y = rng.random(400), rng.random(300) ** 2
        expected = float(np.squeeze(ot.wasserstein_circle(x, y, p=p)))
        # POT stops its own search at 1e-6
        assert wasserstein_circle(x, y, p=p, period=1) ** p == pytest.approx(expected, rel=1e-5)

    @given(
        x=hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)),
        y=hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)),
        turn=st.floats(-50, 50),
        p=st.sampled_from([1, 2, 3.5, math.inf]),
    )
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_rotation_and_exchange_change_nothing(self, x: np.ndarray, y: np.ndarray, turn: float, p: float) -> None:
        distance = wasserstein_circle(x, y, p=p, period=1)
        assert distance <= 0.5 + 1e-15
        # positions up to 51 are rounded to 2^-47 = 7e-15, twice
        assert wasserstein_circle(x + turn, y + turn, p=p, period=1) == pytest.approx(distance, abs=2e-14)
        assert wasserstein_circle(y, x, p=p, period=1) == pytest.approx(distance, abs=1e-15)
        assert distance <= wasserstein_1d(x, y, p=p) + 1e-15

    @pytest.mark.parametrize("p", ORDERS)
    def test_far_from_the_cut_it_is_the_distance_on_the_line(self, rng: np.random.Generator, p: float) -> None:
        x, y = 0.4 + 0.1 * rng.random(300), 0.45 + 0.1 * rng.random(200)
        assert wasserstein_circle(x, y, p=p, period=1) == pytest.approx(wasserstein_1d(x, y, p=p), rel=1e-12)
        # the same across the cut: 0.425 is subtracted exactly enough
        assert wasserstein_circle(x - 0.425, y - 0.425, p=p, period=1) == pytest.approx(
            wasserstein_1d(x, y, p=p), rel=1e-12
        )

    @pytest.mark.parametrize("p", ORDERS)
    def test_a_small_rotation_is_its_own_distance(self, rng: np.random.Generator, p: float) -> None:
        x, u = rng.random(1000), rng.random(1000)
        for weights in ({}, {"x_weights": u, "y_weights": u * 0.1}):
            # a rotation by 2^-20 moves neighbours past each other, never farther: W_p <= 2^-20, and W_1 is the mean
            turned = wasserstein_circle(x, (x + 2.0**-20) % 1, p=p, period=1, **weights)
            assert turned == pytest.approx(2.0**-20, rel=1e-9)  # 1.2e-16 on either side
        shuffle = rng.permutation(1000)
        assert wasserstein_circle(x, x[shuffle] + 3, p=p, period=1, x_weights=u, y_weights=u[shuffle] * 0.3) <= 4 * EPS

    @pytest.mark.parametrize("p", [1, 2, 20, math.inf])
    @pytest.mark.parametrize("scale", [1e-300, 1e-10, 1e10, 1e299])
    def test_extreme_periods_neither_overflow_nor_vanish(
        self, rng: np.random.Generator, p: float, scale: float
    ) -> None:
        x, y = rng.random(30), rng.random(20)
        expected = wasserstein_circle(x, y, p=p, period=1) * scale
        assert wasserstein_circle(x * scale, y * scale, p=p, period=scale) == pytest.approx(expected, rel=1e-12, abs=0)

    @pytest.mark.parametrize("p", ORDERS)
    def test_tiny_distances_across_the_origin_are_exact(self, p: float) -> None:
        assert wasserstein_circle([1e-200], [-1e-200], p=p) == pytest.approx(2e-200, rel=1e-15, abs=0)

    def test_opposite_points_are_half_a_turn_apart(self) -> None:
        for p in ORDERS:
            assert wasserstein_circle([1.0, 1.0], [13.0], p=p, period=24) == 12.0
            assert wasserstein_circle([-0.5], [0.5], p=p, period=1) == 0.0
            assert wasserstein_circle([0.25, 0.25, 0.25], [0.25], p=p, period=1) == 0.0

    @pytest.mark.parametrize(
        "n", [49152, 60001]
    )  # with 16384: above the least size that is shared, and in blocks of 16384 steps
    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator, n: int) -> None:
        x, y, u = rng.random(n), rng.random(16384) ** 2, rng.random(n)
        for p in (1, 2, math.inf):
            assert same_for_all_threads(lambda p=p: wasserstein_circle(x, y, p=p, period=1))
            assert same_for_all_threads(lambda p=p: wasserstein_circle(x, y, p=p, period=1, x_weights=u))

    def test_float32_and_strided_samples_are_those_of_their_values(self, rng: np.random.Generator) -> None:
        x, y = rng.random(501).astype(np.float32), rng.random(400).astype(np.float32)
        expected = wasserstein_circle(x.astype(float), y.astype(float), p=2, period=1)
        assert wasserstein_circle(x, y, p=2, period=1) == expected
        assert wasserstein_circle(np.repeat(x, 2)[::2], y[::-1], p=2, period=1) == expected

    def test_bad_arguments_are_named(self) -> None:
        with pytest.raises(ValueError, match="period must be a finite number > 0, got 0"):
            wasserstein_circle([1.0], [2.0], period=0)
        with pytest.raises(ValueError, match=r"period must be at most 1e\+300, got 1e\+301"):
            wasserstein_circle([1.0], [2.0], period=1e301)
        with pytest.raises(ValueError, match=r"p must be at least 1, got 0.5"):
            wasserstein_circle([1.0], [2.0], p=0.5)
        with pytest.raises(ValueError, match=r"x must be finite, got 1 .* first x\[0\]"):
            wasserstein_circle([math.nan], [2.0])
        with pytest.raises(ValueError, match=r"y_weights must not be negative, got y_weights\[0\] = -1"):
            wasserstein_circle([1.0], [2.0], y_weights=[-1.0])


class TestSliced:
    @pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 63, 64, 65, 1000, 1025])
    @pytest.mark.parametrize("d", [1, 2, 7, 33])
    def test_distances_are_those_of_the_projections(self, rng: np.random.Generator, n: int, d: int) -> None:
        x, y = rng.normal(size=(n, d)), 2 * rng.normal(size=(n + 1, d)) + 1
        u, v = rng.random(n), rng.random(n + 1)
        for p, options in ((1, {}), (2, {}), (3.5, {"x_weights": u, "y_weights": v}), (2, {"y_weights": v})):
            result = sliced_wasserstein(x, y, p=p, n_projections=37, seed=1, **options)
            # d products and a sum each, and the root of what NumPy's cumulative weights are off by
            expected = reference.sliced_distances(x, y, result.projections, p, **options)
            np.testing.assert_allclose(result.distances, expected, rtol=1e-11)
            assert float(result) == pytest.approx((expected**p).mean() ** (1 / p), rel=1e-11)
            np.testing.assert_allclose(np.linalg.norm(result.projections, axis=1), 1.0, rtol=4 * EPS)

    @pytest.mark.parametrize("p", [1, 2, 3])
    def test_value_is_that_of_pot(self, rng: np.random.Generator, p: float) -> None:
        x, y = rng.normal(size=(300, 6)), rng.normal(size=(300, 6)) + 0.3
        result = sliced_wasserstein(x, y, p=p, n_projections=150, seed=3)
        expected = ot.sliced_wasserstein_distance(x, y, projections=result.projections.T, p=p)
        assert float(result) == pytest.approx(expected, rel=1e-11)

    def test_projections_are_taken_as_given(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(100, 3)), rng.normal(size=(80, 3))
        result = sliced_wasserstein(x, y, p=1, projections=[[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
        expected = [2 * wasserstein_1d(x[:, 1], y[:, 1]), wasserstein_1d(x[:, 2], y[:, 2])]
        np.testing.assert_allclose(result.distances, expected, rtol=1e-13)
        assert float(result) == pytest.approx(np.mean(expected), rel=1e-13)

    def test_one_feature_has_one_distance(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=1000), rng.normal(size=800)
        result = sliced_wasserstein(x, y, n_projections=10, seed=0)
        assert float(result) == pytest.approx(wasserstein_1d(x, y, p=2), rel=1e-13)
        assert result.standard_error <= 1e-14

    def test_translation_of_a_cloud(self, rng: np.random.Generator) -> None:
        x, shift = rng.normal(size=(500, 3)), np.array([1.0, -2.0, 0.5])
        result = sliced_wasserstein(x, x + shift, n_projections=5000, seed=0)
        np.testing.assert_allclose(result.distances, np.abs(result.projections @ shift), rtol=1e-10, atol=1e-13)
        # the mean of <θ, v>² over the sphere is |v|² / d
        assert abs(float(result) - np.linalg.norm(shift) / 3**0.5) < 4 * result.standard_error

    def test_gaussians_come_near_their_closed_form(self, rng: np.random.Generator) -> None:
        # along every direction W_2² = (σ - 1)² for centred isotropic Gaussians
        x, y = rng.normal(size=(20_000, 4)), 3 * rng.normal(size=(20_000, 4))
        assert float(sliced_wasserstein(x, y, seed=0)) == pytest.approx(2.0, abs=0.05)  # 3 σ / √n twice

    def test_standard_error_is_the_spread_of_the_value(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(50, 4)), rng.normal(size=(60, 4)) * [1, 2, 3, 4]
        for p in (1, 2, 3):
            values = [sliced_wasserstein(x, y, p=p, n_projections=200, seed=seed) for seed in range(200)]
            # 200 values tell their spread to 5 percent
            assert np.std(values) == pytest.approx(np.mean([value.standard_error for value in values]), rel=0.2)
        assert math.isnan(sliced_wasserstein(x, y, n_projections=1, seed=0).standard_error)

    @pytest.mark.parametrize("p", [1, 2, 3.5])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("m", [12, 17])
    def test_gradient_is_that_of_finite_differences(
        self, rng: np.random.Generator, p: float, weighted: bool, m: int
    ) -> None:
        x, y = rng.normal(size=(12, 3)), rng.normal(size=(m, 3)) + 0.3
        options = {"x_weights": rng.random(12), "y_weights": rng.random(m)} if weighted else {}
        result = sliced_wasserstein(x, y, p=p, n_projections=20, seed=5, **options)
        gradient = result.gradient()
        step = 1e-6

        def value(x: np.ndarray, y: np.ndarray) -> float:
            return sliced_wasserstein(x, y, p=p, projections=result.projections, **options)

        for points, of_points, which in ((x, gradient.x, 0), (y, gradient.y, 1)):
            assert of_points.shape == points.shape
            for i, k in np.ndindex(*points.shape):
                moved = np.zeros_like(points)
                moved[i, k] = step
                pair = [[x, y], [x, y]]
                pair[0][which], pair[1][which] = points + moved, points - moved
                slope = (value(*pair[0]) - value(*pair[1])) / (2 * step)
                assert of_points[i, k] == pytest.approx(slope, abs=1e-8)  # step² and eps / step
        # a common translation changes nothing
        np.testing.assert_allclose(gradient.x.sum(0) + gradient.y.sum(0), 0, atol=1e-14)

    def test_descent_along_the_gradient_brings_the_clouds_together(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 3
        before = sliced_wasserstein(x, y, seed=0)
        for seed in range(60):
            value = sliced_wasserstein(x, y, n_projections=50, seed=seed)
            x = x - 200 * float(value) * value.gradient().x  # half the gradient of n W²: its minimum in one dimension
        assert float(sliced_wasserstein(x, y, seed=0)) < 0.05 * before

    def test_equal_clouds_are_0_apart_with_gradient_0(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(300, 5))
        result = sliced_wasserstein(x, x[::-1], seed=0)
        # the same products in the same order: equal to the bit
        assert float(result) == 0.0
        assert result.standard_error == 0.0
        assert not result.gradient().x.any()

    @pytest.mark.parametrize("p", [1, 2, 3])
    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_extreme_magnitudes_neither_overflow_nor_vanish(
        self, rng: np.random.Generator, p: float, scale: float
    ) -> None:
        x, y = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
        plain = sliced_wasserstein(x, y, p=p, seed=0)
        scaled = sliced_wasserstein(x * scale, y * scale, p=p, seed=0)
        assert float(scaled) == pytest.approx(float(plain) * scale, rel=1e-12, abs=0)
        assert scaled.standard_error == pytest.approx(plain.standard_error * scale, rel=1e-12, abs=0)
        np.testing.assert_allclose(scaled.gradient().x, plain.gradient().x, rtol=1e-10, atol=1e-15)

    def test_float32_clouds_stay_in_float32(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(3000, 40)).astype(np.float32), rng.normal(size=(3000, 40)).astype(np.float32)
        single = sliced_wasserstein(x, y, seed=0)
        double = sliced_wasserstein(x.astype(float), y.astype(float), seed=0)
        # projected coordinates: 40 products of Σ |θ x| < 40, in 2^-24
        np.testing.assert_allclose(single.distances, double.distances, atol=40 * 40 * 2.0**-24)
        np.testing.assert_allclose(single.gradient().x, double.gradient().x, atol=1e-4)
        mixed = sliced_wasserstein(x, y.astype(float), seed=0)
        np.testing.assert_array_equal(mixed.distances, double.distances)

    def test_layouts_of_the_clouds_do_not_matter(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(100, 4)), rng.normal(size=(90, 4))
        expected = sliced_wasserstein(x, y, seed=2)
        other = sliced_wasserstein(np.asfortranarray(x), np.repeat(y, 2, axis=0)[::2], seed=np.random.default_rng(2))
        assert float(other) == float(expected)

    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        x, y, u = rng.normal(size=(20_000, 3)), rng.normal(size=(18_000, 3)), rng.random(20_000)
        for options in ({}, {"x_weights": u}):

            def everything(options: dict = options) -> np.ndarray:
                result = sliced_wasserstein(x, y, n_projections=9, seed=0, **options)
                gradient = result.gradient()
                return np.concatenate([result.distances, gradient.x.ravel(), gradient.y.ravel()])

            assert same_for_all_threads(everything)

    def test_large_clouds_share_the_threads_of_one_direction(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(2**20 + 5, 2)), rng.normal(size=(5, 2))
        result = sliced_wasserstein(x, y, n_projections=2, seed=0)
        expected = [wasserstein_1d(x @ theta, y @ theta, p=2) for theta in result.projections]
        np.testing.assert_allclose(result.distances, expected, rtol=1e-12)
        assert same_for_all_threads(lambda: sliced_wasserstein(x, y, n_projections=2, seed=0).gradient().y)

    def test_progress_is_told_to_the_end(self, rng: np.random.Generator) -> None:
        told: list[float] = []
        sliced_wasserstein(rng.normal(size=(30_000, 2)), rng.normal(size=(30_000, 2)), progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1.0

    def test_a_result_pickles(self, rng: np.random.Generator) -> None:
        result = sliced_wasserstein(rng.normal(size=(20, 2)), rng.normal(size=(20, 2)), seed=0)
        other = pickle.loads(pickle.dumps(result))
        assert float(other) == float(result)
        assert other.standard_error == result.standard_error
        np.testing.assert_array_equal(other.gradient().x, result.gradient().x)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"p": 0.5}, r"p must be at least 1 and finite, got 0.5"),
            ({"p": math.inf}, r"p must be at least 1 and finite, got inf"),
            ({"n_projections": 0}, r"n_projections must be at least 1, got 0"),
            ({"projections": [[1.0]]}, r"projections must have shape \(n_projections, n_features = 2\), got \(1, 1\)"),
            ({"projections": [[1.0, 0.0], [0.0, 0.0]]}, r"projections\[1\] is 0"),
            ({"projections": [[1.0, math.nan]]}, r"projections must be finite"),
            ({"projections": [[1e308, 0.0]]}, r"x and y must have projections below"),
            ({"x_weights": [1.0]}, r"x_weights must have one weight for each of the 2 points of x, got 1"),
            ({"y_weights": [1.0, -1.0]}, r"y_weights must not be negative, got y_weights\[1\] = -1"),
        ],
    )
    def test_bad_options_are_named(self, options: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            sliced_wasserstein([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [5.0, 2.0]], **options)

    def test_bad_clouds_are_named(self) -> None:
        with pytest.raises(ValueError, match=r"x and y must have equally many features, got 2 and 1"):
            sliced_wasserstein([[1.0, 2.0]], [1.0])
        with pytest.raises(ValueError, match=r"y must be finite, got 1 .* first y\[0, 1\]"):
            sliced_wasserstein([[1.0, 2.0]], [[1.0, math.inf]])
        with pytest.raises(ValueError, match=r"x has no samples"):
            sliced_wasserstein(np.empty((0, 2)), [[1.0, 1.0]])

    def test_native_functions_check_representation(self) -> None:
        kernels, one, nothing = _dispatch.kernels, np.ones((1, 2)), np.empty(0)
        with pytest.raises(ValueError, match="x, y and directions must have equally many features"):
            kernels.transport_sliced(one, np.ones((1, 3)), one, nothing, nothing, 2.0, None, 1)
        with pytest.raises(ValueError, match="factors must have one number for every direction"):
            kernels.transport_sliced_gradient(one, one, one, nothing, nothing, 2.0, np.ones(2), 1)
        rows = np.array([1])
        with pytest.raises(ValueError, match=r"p_rows must lie in \[0, 1\), got 1"):
            kernels.transport_wasserstein_1d_grid(one, one, rows, rows, np.ones(2), np.empty(0, np.int64), 1.0, 1)


class TestMaxSliced:
    @pytest.mark.parametrize("p", [1, 2, 3])
    @pytest.mark.parametrize("n", [5, 30, 500])
    def test_in_the_plane_it_is_the_maximum_over_all_angles(self, rng: np.random.Generator, p: float, n: int) -> None:
        x, y = rng.normal(size=(n, 2)) * [3, 1], rng.normal(size=(n + 3, 2)) + 0.5
        angles = np.linspace(0, np.pi, 20_001)
        directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        largest = sliced_wasserstein(x, y, p=p, projections=directions).distances.max()
        result = max_sliced_wasserstein(x, y, p=p, seed=0)
        assert result.converged
        # the grid is 8e-5 from the best angle, where the slope may be that of a crease
        assert result == pytest.approx(largest, rel=1e-4)
        assert result >= largest * (1 - 1e-6)

    def test_value_is_the_distance_along_its_direction(self, rng: np.random.Generator) -> None:
        x, y, u = rng.normal(size=(200, 5)), rng.normal(size=(150, 5)) * [1, 2, 1, 1, 1], rng.random(200)
        for options in ({}, {"x_weights": u}):
            result = max_sliced_wasserstein(x, y, seed=0, **options)
            assert np.linalg.norm(result.projection) == pytest.approx(1.0, rel=4 * EPS)
            along = sliced_wasserstein(x, y, projections=[result.projection], **options)
            assert float(result) == pytest.approx(float(along), rel=1e-13)
            assert result >= sliced_wasserstein(x, y, n_projections=100, seed=0, **options).distances.max()

    def test_a_translation_is_found_whatever_the_dimension(self, rng: np.random.Generator) -> None:
        x, shift = rng.normal(size=(300, 30)), np.zeros(30)
        shift[7] = 0.5
        result = max_sliced_wasserstein(x, x + shift, seed=0)
        assert float(result) == pytest.approx(0.5, rel=1e-12)
        assert abs(result.projection[7]) == pytest.approx(1.0, rel=1e-9)

    def test_the_axis_of_another_variance_is_found(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(4000, 6)), rng.normal(size=(4000, 6)) * [1, 1, 1, 4, 1, 1]
        result = max_sliced_wasserstein(x, y, seed=0)
        assert float(result) == pytest.approx(3.0, abs=0.2)
        assert abs(result.projection[3]) > 0.99

    def test_one_feature_is_exact(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=100), rng.normal(size=90)
        result = max_sliced_wasserstein(x, y, p=3)
        assert float(result) == wasserstein_1d(x, y, p=3)
        assert result.converged
        assert result.n_iter == 0

    def test_equal_clouds_are_0_apart(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(50, 3))
        result = max_sliced_wasserstein(x, x, seed=0)
        assert float(result) == 0.0
        assert result.converged

    def test_too_few_steps_warn(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(100, 8)), rng.normal(size=(100, 8)) * 2
        with pytest.warns(ConvergenceWarning, match="stopped after 2 steps, before its ascent had ended"):
            result = max_sliced_wasserstein(x, y, seed=0, max_iter=2)
        assert not result.converged
        assert result.n_iter == 2

    def test_slopes_by_direction_are_those_of_finite_differences(self, rng: np.random.Generator) -> None:
        x, y, theta = rng.normal(size=(20, 3)), rng.normal(size=(30, 3)), rng.normal(size=(1, 3))
        u, v, step = rng.random(20), rng.random(30), 1e-6
        for p in (1.0, 2.0, 3.5):
            value, gradient = _dispatch.kernels.transport_sliced_slopes(x, y, theta, u, v, p, 1)
            assert gradient[0] @ theta[0] == pytest.approx(value[0], rel=1e-12)  # homogeneous of degree 1
            for k, moved in enumerate(step * np.eye(3)):
                ahead, behind = (reference.sliced_distances(x, y, theta + s * moved, p, u, v)[0] for s in (1, -1))
                assert gradient[0, k] == pytest.approx((ahead - behind) / (2 * step), abs=1e-7)

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_extreme_magnitudes_neither_overflow_nor_vanish(self, rng: np.random.Generator, scale: float) -> None:
        x, y = rng.normal(size=(30, 3)), rng.normal(size=(20, 3)) * 2
        plain, scaled = (max_sliced_wasserstein(x * s, y * s, seed=0) for s in (1.0, scale))
        assert float(scaled) == pytest.approx(float(plain) * scale, rel=1e-9, abs=0)

    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(5000, 4)), rng.normal(size=(4000, 4)) * 2
        assert same_for_all_threads(lambda: max_sliced_wasserstein(x, y, seed=0).projection)

    def test_bad_limits_are_named(self) -> None:
        for options, message in (
            ({"max_iter": -1}, "max_iter must be at least 0, got -1"),
            ({"tol": 0}, "tol must be a finite number > 0, got 0"),
            ({"n_projections": 0}, "n_projections must be at least 1, got 0"),
        ):
            with pytest.raises(ValueError, match=message):
                max_sliced_wasserstein([[1.0, 2.0]], [[3.0, 4.0]], **options)


class TestKantorovichRubinstein:
    def test_bound_is_the_difference_of_the_means_over_the_constant(self, rng: np.random.Generator) -> None:
        f_x, f_y = rng.normal(size=1000) + 1, rng.normal(size=800)
        bound = kantorovich_rubinstein_bound(f_x, f_y, lipschitz=2.0)
        assert float(bound) == pytest.approx((f_x.mean() - f_y.mean()) / 2, rel=1e-13)
        expected = math.sqrt(f_x.var(ddof=1) / 1000 + f_y.var(ddof=1) / 800) / 2
        assert bound.standard_error == pytest.approx(expected, rel=1e-12)

    def test_it_never_exceeds_the_distance_and_reaches_it_on_a_translation(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=500), rng.normal(size=400) * 2 + 1
        for f, lipschitz in ((np.sin, 1.0), (lambda t: np.abs(t - 1) * 3, 3.0), (np.negative, 1.0)):
            assert kantorovich_rubinstein_bound(f(x), f(y), lipschitz) <= wasserstein_1d(x, y) * (1 + 1e-14)
        assert kantorovich_rubinstein_bound(-x, -(x + 2)) == pytest.approx(2.0, rel=1e-13)

    def test_whole_weights_are_repetitions(self, rng: np.random.Generator) -> None:
        f_x, f_y, times = rng.normal(size=50), rng.normal(size=40), rng.integers(0, 4, size=50)
        weighted = kantorovich_rubinstein_bound(f_x, f_y, x_weights=times)
        assert weighted == pytest.approx(kantorovich_rubinstein_bound(np.repeat(f_x, times), f_y), rel=1e-12)
        equal = kantorovich_rubinstein_bound(f_x, f_y, x_weights=np.full(50, 7.0))
        assert equal.standard_error == pytest.approx(kantorovich_rubinstein_bound(f_x, f_y).standard_error, rel=1e-12)

    @pytest.mark.parametrize("scale", [1e-300, 1e307])
    def test_extreme_values_neither_overflow_nor_vanish(self, scale: float) -> None:
        f_x, f_y = np.array([1.0, 3.0, 8.0]), np.array([1.0, 2.0])
        plain, scaled = (kantorovich_rubinstein_bound(s * f_x, s * f_y) for s in (1.0, scale))
        assert float(scaled) == pytest.approx(float(plain) * scale, rel=1e-14, abs=0)
        assert scaled.standard_error == pytest.approx(plain.standard_error * scale, rel=1e-14, abs=0)

    def test_one_value_has_no_standard_error(self) -> None:
        assert math.isnan(kantorovich_rubinstein_bound([1.0], [2.0, 3.0]).standard_error)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([], [1.0]), "f_x has no samples"),
            (([1.0], [math.nan]), "f_y must be finite"),
            (([1.0], [1.0], 0.0), r"lipschitz must be a finite number > 0, got 0.0"),
            (([1.0], [1.0], math.inf), r"lipschitz must be a finite number > 0, got inf"),
        ],
    )
    def test_bad_arguments_are_named(self, arguments: tuple[object, ...], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            kantorovich_rubinstein_bound(*arguments)
