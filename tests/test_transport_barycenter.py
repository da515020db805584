"""Entropic barycenters against their definition, POT and limits."""

from __future__ import annotations

import math
import warnings

import numpy as np
import ot
import pytest

import hartley as ht
from hartley._warnings import ConvergenceWarning
from hartley.reference import transport as reference
from hartley.transport import barycenter

pytestmark = pytest.mark.usefixtures("level")


def grid_and_bumps(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Costs of a grid of [0, 1] and three smooth histograms on it."""
    grid = np.linspace(0, 1, n)
    bumps = np.stack([np.exp(-((grid - m) ** 2) / s) for m, s in ((0.2, 0.005), (0.7, 0.02), (0.5, 0.01))])
    return (grid[:, None] - grid) ** 2, bumps / bumps.sum(axis=1, keepdims=True)


SHARES = np.array([0.2, 0.5, 0.3])


class TestBarycenter:
    @pytest.mark.parametrize("reg", [0.1, 0.01, 0.003])
    @pytest.mark.parametrize("debiased", [False, True])
    @pytest.mark.parametrize("limit", [0, 2**30])
    def test_it_is_that_of_the_reference(self, reg: float, debiased: bool, limit: int) -> None:
        costs, bumps = grid_and_bumps()
        for n_iter in (1, 2, 7, 100):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                result = barycenter(
                    bumps, costs, reg=reg, weights=SHARES, debiased=debiased, tol=0, max_iter=n_iter, memory_limit=limit
                )
            expected = reference.barycenter(bumps, costs, reg, SHARES, n_iter, debiased)
            # every iteration rounds logarithms of size 100 to 1e-14
            np.testing.assert_allclose(result.histogram, expected, atol=1e-14 * 100 * n_iter)

    @pytest.mark.parametrize("reg", [3e-3, 1e-3])
    def test_small_reg_goes_on_in_logarithms(self, reg: float) -> None:
        costs, bumps = grid_and_bumps(40)
        # a far bin makes exp(-C / reg) underflow
        costs = costs.copy()
        costs[0, 1:] += 2.0
        costs[1:, 0] += 2.0
        expected = ot.bregman.barycenter(
            bumps.T, costs, reg, weights=SHARES, method="sinkhorn_log", stopThr=1e-12, numItermax=10_000
        )
        result = barycenter(bumps, costs, reg=reg, weights=SHARES, tol=1e-10, max_iter=10_000)
        np.testing.assert_allclose(result.histogram, expected, atol=1e-7)

    def test_one_histogram_is_blurred_and_debiased_is_not(self) -> None:
        costs, bumps = grid_and_bumps()
        blurred = barycenter(bumps[:1], costs, reg=0.01, tol=1e-10)
        sharp = barycenter(bumps[:1], costs, reg=0.01, tol=1e-9, debiased=True, max_iter=20_000)
        grid = np.linspace(0, 1, 60)

        def variance(q: np.ndarray) -> float:
            return float(q @ grid**2 - (q @ grid) ** 2)

        # a plan of kernel exp(-d² / reg) adds reg / 2 to the variance, but for the ends of the grid
        assert variance(blurred.histogram) - variance(bumps[0]) == pytest.approx(0.005, rel=0.2)
        np.testing.assert_allclose(sharp.histogram, bumps[0], atol=1e-4)

    def test_two_points_meet_in_the_middle(self) -> None:
        grid = np.linspace(0, 1, 101)
        ends = np.zeros((2, 101))
        ends[0, 10], ends[1, 90] = 1.0, 3.0  # each is divided by its sum
        result = barycenter(ends, (grid[:, None] - grid) ** 2, reg=1e-3)
        assert result.histogram @ grid == pytest.approx(0.5, abs=1e-9)
        assert result.histogram.argmax() == 50

    def test_a_support_of_its_own_and_weights_of_zero(self, rng: np.random.Generator) -> None:
        costs = rng.random((20, 7))
        rows = rng.random((3, 20)) + 0.1
        some = barycenter(rows, costs, reg=0.1, weights=[1.0, 0.0, 1.0], tol=1e-10).histogram
        np.testing.assert_allclose(some, barycenter(rows[[0, 2]], costs, reg=0.1, tol=1e-10).histogram, atol=1e-9)
        assert some.shape == (7,)
        assert some.sum() == pytest.approx(1.0)

    def test_bins_without_mass_and_threads(self) -> None:
        costs, bumps = grid_and_bumps(200)
        bumps[0, :20] = 0
        results = []
        for n_threads in (1, 2, 3):
            with ht.threads(n_threads):
                results.append(np.asarray(barycenter(bumps, costs, reg=0.01)))
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])
        assert np.isfinite(results[0]).all()

    def test_not_converged_warns(self) -> None:
        costs, bumps = grid_and_bumps()
        with pytest.warns(ConvergenceWarning, match="barycenter stopped after 3 iterations"):
            assert not barycenter(bumps, costs, reg=1e-3, max_iter=3).converged

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"histograms": [1.0, 2.0]}, r"histograms must have shape \(n_histograms, n\)"),
            ({"histograms": [[1.0, -2.0]]}, r"histograms\[0\] must not be negative"),
            ({"histograms": [[1.0, 1.0], [0.0, 0.0]]}, r"histograms\[1\] must have a positive sum"),
            ({"cost": [[0.0, 1.0]]}, r"cost must have shape \(n, m\) with n = 2 bins, got \(1, 2\)"),
            ({"cost": [[0.0, math.nan], [1.0, 0.0]]}, "cost must hold numbers or inf"),
            ({"cost": [[math.inf, math.inf], [1.0, 0.0]]}, r"histograms\[0\] at bin 0: there is no plan"),
            ({"cost": [[0.0, math.inf], [1.0, math.inf]]}, r"histograms\[0\] at point of the support 1"),
            ({"cost": [[0.0, 1.0], [2.0, 0.0]], "debiased": True}, "cost must be symmetric where debiased=True"),
            ({"weights": [1.0, 1.0]}, "weights must have one weight for each of the 1 points of histograms"),
            ({"reg": -1.0}, "reg must be a finite number > 0"),
        ],
    )
    def test_bad_arguments_are_named(self, change: dict[str, object], message: str) -> None:
        arguments: dict[str, object] = {"histograms": [[0.5, 0.5]], "cost": [[0.0, 1.0], [1.0, 0.0]], "reg": 0.1}
        arguments |= change
        with pytest.raises(ValueError, match=message):
            barycenter(arguments.pop("histograms"), arguments.pop("cost"), **arguments)  # type: ignore[arg-type]
