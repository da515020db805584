"""Information bottlenecks against their definition, closed forms and enumeration."""

from __future__ import annotations

import io
import itertools
import math
import warnings
from contextlib import redirect_stderr

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import hartley as ht
from hartley import plot, rate_distortion
from hartley._maximal_correlation import maximal_correlation
from hartley._warnings import ConvergenceWarning
from hartley.rate_distortion import (
    bottleneck_critical_beta,
    deterministic_information_bottleneck,
    gaussian_information_bottleneck,
    gaussian_information_bottleneck_curve,
    information_bottleneck,
    information_bottleneck_curve,
)
from hartley.reference import bottleneck as reference

mpl.use("Agg")
pytestmark = pytest.mark.usefixtures("level")

EPS = np.finfo(np.float64).eps


def joint_of(rng: np.random.Generator, n_x: int, n_y: int, zeros: float = 0.0) -> np.ndarray:
    p = rng.random((n_x, n_y)) ** 2
    p[:, 1:][rng.random((n_x, n_y - 1)) < zeros] = 0.0
    return p / p.sum()


def encoder_of(rng: np.random.Generator, n_x: int, n_clusters: int) -> np.ndarray:
    return rng.dirichlet(np.ones(n_clusters), size=n_x)


def iterated(pxy: np.ndarray, encoder: np.ndarray, beta: float, n_iter: int, **options: float) -> ht.rate_distortion:
    """n_iter iterations from an encoder on, no more and no fewer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return information_bottleneck(
            pxy, beta=beta, n_clusters=encoder.shape[1], encoder_init=encoder, tol=0, max_iter=n_iter, **options
        )


def binary_entropy(a: float) -> float:
    return -sum(q * math.log2(q) for q in (a, 1 - a) if q > 0)


class TestIteration:
    # around the panels of 4, 8 and 16 clusters, the 32 rows of a task and the 128 terms between two visits of the sums
    @pytest.mark.parametrize(
        ("n_x", "n_y", "n_clusters"),
        [(1, 1, 1), (2, 3, 2), (5, 4, 7), (31, 33, 8), (32, 32, 9), (33, 31, 16), (70, 129, 17), (130, 5, 3)],
    )
    @pytest.mark.parametrize("zeros", [0.0, 0.6])
    def test_it_is_that_of_the_reference(
        self, rng: np.random.Generator, n_x: int, n_y: int, n_clusters: int, zeros: float
    ) -> None:
        pxy = joint_of(rng, n_x, n_y, zeros if n_y > 1 else 0.0)
        start = encoder_of(rng, n_x, n_clusters)
        for n_iter in (1, 3):
            result = iterated(pxy, start, 4.0, n_iter)
            expected = reference.iterate(pxy, start, 4.0, n_iter)
            # scores of size β |log p| < 100, rounded to n_y eps of that at worst; an iteration may double an error
            np.testing.assert_allclose(result.encoder, expected, atol=100 * n_y * EPS * 2**n_iter)
            complexity, relevance = reference.plane(pxy, result.encoder)
            assert result.complexity == pytest.approx(complexity, abs=1e-13)
            assert result.relevance == pytest.approx(relevance, abs=1e-13)
            of_clusters = result.encoder.T @ pxy
            np.testing.assert_allclose(result.cluster_probabilities, of_clusters.sum(axis=1), atol=1e-14)
            np.testing.assert_allclose(result.decoder * of_clusters.sum(axis=1)[:, None], of_clusters, atol=1e-14)

    @pytest.mark.parametrize("beta", [0.5, 2.0, 7.0, 300.0])
    def test_no_iteration_raises_the_objective(self, rng: np.random.Generator, beta: float) -> None:
        pxy, encoder = joint_of(rng, 20, 15, 0.3), encoder_of(rng, 20, 6)
        complexity, relevance = reference.plane(pxy, encoder)
        last = complexity - beta * relevance
        for _ in range(60):
            result = iterated(pxy, encoder, beta, 1)
            assert result.objective <= last + 1e-14 * (1 + beta)
            encoder, last = result.encoder, result.objective

    def test_zeros_of_the_decoder_forbid_and_nothing_is_nan(self) -> None:
        pxy = np.array([[0.25, 0.25, 0.0], [0.0, 0.0, 0.3], [0.0, 0.1, 0.1]])
        start = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
        for beta in (1.5, 1e3, 1e200):
            result = iterated(pxy, start, beta, 1)
            assert result.encoder[0, 1] == 0  # p(y|t) = 0 for a y with p(y|x) > 0
            assert np.isfinite(result.encoder).all()
            np.testing.assert_allclose(result.encoder.sum(axis=1), 1.0, atol=4 * EPS)

    def test_tiny_probabilities_stay_finite(self) -> None:
        pxy = np.array([[0.5, 1e-310, 0.0], [1e-300, 0.5, 0.0], [1e-305, 0.0, 1e-320]])
        for beta in (2.0, 1e6):
            result = information_bottleneck(pxy / pxy.sum(), beta=beta, seed=0)
            for array in (result.encoder, result.decoder, result.cluster_probabilities):
                assert np.isfinite(array).all()
            assert result.relevance == pytest.approx(math.log(2), abs=1e-9)

    def test_a_dead_cluster_stays_dead(self, rng: np.random.Generator) -> None:
        pxy, start = joint_of(rng, 6, 5), encoder_of(rng, 6, 3)
        start[:, 1] = 0.0
        result = iterated(pxy, start / start.sum(axis=1, keepdims=True), 5.0, 10)
        assert (result.encoder[:, 1] == 0).all()
        np.testing.assert_allclose(result.decoder[1], pxy.sum(axis=0), atol=1e-15)

    def test_any_number_of_threads_gives_the_same_bits(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 300, 200)
        results = []
        for n in (1, 2, 3, 8):
            with ht.threads(n):
                results.append(iterated(pxy, encoder_of(np.random.default_rng(1), 300, 10), 9.0, 3))
        for result in results[1:]:
            np.testing.assert_array_equal(result.encoder, results[0].encoder)
            assert result.relevance == results[0].relevance


class TestInformationBottleneck:
    @pytest.mark.parametrize("n_clusters", [2, 3])
    @pytest.mark.parametrize("a", [0.05, 0.2])
    def test_symmetric_binary_variables_follow_mrs_gerber(self, a: float, n_clusters: int) -> None:
        pxy = np.array([[1 - a, a], [a, 1 - a]]) / 2
        critical = 1 / (1 - 2 * a) ** 2
        betas = critical * np.array([0.9, 1.05, 1.2, 1.5, 2.0])
        curve = information_bottleneck_curve(pxy, betas=betas, n_clusters=n_clusters, seed=0, base="bits")
        assert curve.complexity[0] == pytest.approx(0.0, abs=1e-9)
        for result in curve.results[1:]:
            assert 0.01 < result.complexity < 0.999
            noise = brentq(lambda q, c=result.complexity: 1 - binary_entropy(q) - c, 1e-14, 0.5, xtol=1e-15)
            expected = 1 - binary_entropy(a * (1 - noise) + (1 - a) * noise)
            assert result.relevance == pytest.approx(expected, abs=1e-9)
            # stationary: β = dI(T;X) / dI(T;Y), by the slopes of both entropies
            slope_x = math.log2((1 - noise) / noise)
            after = a * (1 - noise) + (1 - a) * noise
            slope_y = (1 - 2 * a) * math.log2((1 - after) / after)
            assert slope_x / slope_y == pytest.approx(result.beta, rel=1e-5)

    def test_all_is_told_at_a_high_price(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 7, 9)
        result = information_bottleneck(pxy, beta=1e5, seed=0)
        assert result.relevance == pytest.approx(result.information, abs=1e-9)
        assert result.information == pytest.approx(ht.mutual_information(pxy), abs=1e-14)
        assert result.effective_clusters == 7

    def test_a_function_of_x_is_told_bit_by_bit(self) -> None:
        # Y = f(X): I(T;Y) = I(T;X) up to H(Y) is possible, and optimal for every β > 1
        pxy = np.zeros((6, 3))
        pxy[np.arange(6), [0, 0, 1, 1, 1, 2]] = [0.1, 0.2, 0.1, 0.1, 0.2, 0.3]
        result = information_bottleneck(pxy, beta=3.0, seed=0)
        entropy = ht.entropy(pxy.sum(axis=0))
        assert result.relevance == pytest.approx(entropy, abs=1e-7)
        assert result.complexity == pytest.approx(entropy, abs=1e-7)
        assert result.effective_clusters == 3
        assert bottleneck_critical_beta(pxy) == pytest.approx(1.0)

    @pytest.mark.parametrize("beta", [0.1, 1.0])
    def test_nothing_is_worth_its_price_up_to_1(self, rng: np.random.Generator, beta: float) -> None:
        result = information_bottleneck(joint_of(rng, 4, 3), beta=beta)
        assert (result.complexity, result.relevance, result.objective) == (0.0, 0.0, 0.0)
        assert result.converged
        assert result.effective_clusters == 1

    def test_independent_variables_tell_nothing(self) -> None:
        pxy = np.outer([0.2, 0.3, 0.5], [0.4, 0.6])
        assert bottleneck_critical_beta(pxy) == math.inf
        assert information_bottleneck(pxy, beta=100.0, seed=0).complexity == pytest.approx(0.0, abs=1e-12)
        assert information_bottleneck_curve(pxy, n_points=3, seed=0).relevance.max() == pytest.approx(0.0, abs=1e-12)

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 10**6), n_x=st.integers(1, 6), n_y=st.integers(1, 6), beta=st.floats(1.01, 50.0))
    def test_data_processing(self, seed: int, n_x: int, n_y: int, beta: float) -> None:
        rng = np.random.default_rng(seed)
        pxy = joint_of(rng, n_x, n_y, 0.3)
        result = iterated(pxy, encoder_of(rng, n_x, 3), beta, 50)
        assert 0 <= result.relevance <= min(result.complexity, result.information)
        assert result.complexity <= ht.entropy(pxy.sum(axis=1)) + 1e-12

    def test_order_of_symbols_does_not_matter(self, rng: np.random.Generator) -> None:
        pxy, start = joint_of(rng, 8, 6), encoder_of(rng, 8, 4)
        rows, columns = rng.permutation(8), rng.permutation(6)
        one, other = iterated(pxy, start, 8.0, 200), iterated(pxy[rows][:, columns], start[rows], 8.0, 200)
        np.testing.assert_allclose(other.encoder, one.encoder[rows], atol=1e-9)
        np.testing.assert_allclose(other.decoder, one.decoder[:, columns], atol=1e-9)

    def test_equal_rows_are_as_good_as_their_sum(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 5, 6)
        split = np.concatenate([pxy[:-1], 0.3 * pxy[-1:], 0.7 * pxy[-1:]])  # sufficiency: p(y|x) alone counts
        whole = information_bottleneck(pxy, beta=12.0, n_clusters=5, seed=0)
        parts = information_bottleneck(split, beta=12.0, n_clusters=5, seed=0)
        assert parts.objective == pytest.approx(whole.objective, abs=1e-9)
        assert parts.complexity == pytest.approx(whole.complexity, abs=1e-5)
        np.testing.assert_allclose(parts.encoder[4], parts.encoder[5], atol=1e-12)

    def test_symbols_without_probability(self, rng: np.random.Generator) -> None:
        pxy = np.zeros((6, 5))
        pxy[np.ix_([0, 2, 3, 5], [0, 1, 4])] = joint_of(rng, 4, 3)
        full = information_bottleneck(pxy, beta=20.0, n_clusters=3, seed=0)
        bare = information_bottleneck(pxy[np.ix_([0, 2, 3, 5], [0, 1, 4])], beta=20.0, n_clusters=3, seed=0)
        assert full.objective == pytest.approx(bare.objective, abs=1e-9)
        np.testing.assert_allclose(full.encoder[[1, 4]], np.tile(full.cluster_probabilities, (2, 1)))
        assert (full.decoder[:, [2, 3]] == 0).all()

    def test_critical_beta_is_where_it_begins(self, rng: np.random.Generator) -> None:
        # X with three values, Y a noisy copy: second-order transition
        pxy = np.full((3, 3), 0.05) + np.diag([0.2, 0.2, 0.15])
        critical = bottleneck_critical_beta(pxy)
        assert critical == pytest.approx(reference.critical_beta(pxy), rel=1e-12)
        assert information_bottleneck(pxy, beta=1.1 * critical, seed=0).objective < -1e-5
        # the trivial encoder, disturbed, comes back below
        near = np.full((3, 2), 0.5) + 0.001 * np.array([[1, -1], [-1, 1], [0.5, -0.5]])
        assert iterated(pxy, near, 0.9 * critical, 400).complexity < 1e-12
        assert iterated(pxy, near, 1.1 * critical, 400).complexity > 1e-4

    def test_restarts_do_no_harm(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 8, 8)
        best = information_bottleneck(pxy, beta=9.0, n_clusters=4, n_restarts=8, seed=3)
        alone = [iterated(pxy, encoder_of(rng, 8, 4), 9.0, 3000) for _ in range(20)]
        assert best.objective <= min(run.objective for run in alone) + 1e-8

    def test_seed_and_threads(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 12, 10)
        results = []
        for n in (1, 2, 3, 8):
            with ht.threads(n):
                results.append(information_bottleneck(pxy, beta=15.0, n_clusters=5, seed=7))
        for result in results[1:]:
            np.testing.assert_array_equal(result.encoder, results[0].encoder)
        generator = information_bottleneck(pxy, beta=15.0, n_clusters=5, seed=np.random.default_rng(7))
        np.testing.assert_array_equal(generator.encoder, results[0].encoder)

    def test_units(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 5, 5)
        nats, bits = (information_bottleneck(pxy, beta=15.0, seed=1, base=base) for base in (None, "bits"))
        for name in ("complexity", "relevance", "information", "objective"):
            assert getattr(bits, name) == pytest.approx(getattr(nats, name) / math.log(2), rel=1e-15)

    def test_inputs_of_every_kind(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 6, 5)
        expected = information_bottleneck(pxy, beta=10.0, n_clusters=3, seed=1)
        pxy.flags.writeable = False
        for given_pxy in (pxy, np.asfortranarray(pxy), pxy.tolist(), np.repeat(pxy, 2, axis=0)[::2]):
            result = information_bottleneck(given_pxy, beta=10.0, n_clusters=3, seed=1)
            np.testing.assert_array_equal(result.encoder, expected.encoder)
        scaled = information_bottleneck(1000 * pxy, beta=10.0, n_clusters=3, seed=1, normalize=True)
        assert scaled.objective == pytest.approx(expected.objective, abs=1e-9)
        single = information_bottleneck(pxy.astype(np.float32), beta=10.0, n_clusters=3, seed=1)
        assert single.objective == pytest.approx(expected.objective, abs=1e-4)  # probabilities to 6e-8, times β log

    def test_progress(self, rng: np.random.Generator) -> None:
        pxy, told = joint_of(rng, 5, 5), []
        information_bottleneck(pxy, beta=9.0, seed=0, progress=told.append)
        assert told[-1] == 1.0
        assert all(a < b for a, b in itertools.pairwise(told))
        with redirect_stderr(io.StringIO()) as shown:
            information_bottleneck_curve(pxy, n_points=2, seed=0, progress=True)
        assert "100%" in shown.getvalue()

        def stop(fraction: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            deterministic_information_bottleneck(pxy, beta=9.0, progress=stop)

    def test_it_warns_where_it_stopped_early(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 8, 8)
        with pytest.warns(ConvergenceWarning, match="max_iter = 1 iterations before it reached tol = 1e-08"):
            result = information_bottleneck(pxy, beta=9.0, seed=0, max_iter=1)
        assert not result.converged
        with pytest.warns(ConvergenceWarning, match="for 2 of 3 values of beta"):
            information_bottleneck_curve(pxy, betas=[0.5, 9.0, 12.0], seed=0, max_iter=1)


class TestCurve:
    def test_it_rises_and_bends(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 6, 6)
        curve = information_bottleneck_curve(pxy, n_points=12, seed=0)
        assert len(curve) == 12
        assert curve.converged
        # optima: neither information falls as β rises, and each is best at its own β
        assert (np.diff(curve.complexity) > -1e-6).all()
        assert (np.diff(curve.relevance) > -1e-7).all()
        objectives = curve.complexity[None, :] - curve.betas[:, None] * curve.relevance[None, :]
        assert (np.diag(objectives) <= objectives.min(axis=1) + 1e-7).all()
        np.testing.assert_allclose(curve.objective, np.diag(objectives), atol=1e-12)
        assert (np.diff(curve.effective_clusters) >= 0).all()
        assert curve.information == pytest.approx(ht.mutual_information(pxy))

    def test_each_point_is_the_bottleneck_of_its_beta(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 5, 6)
        betas = np.array([30.0, 5.0, 9.0, 5.0])
        curve = information_bottleneck_curve(pxy, betas=betas, seed=0)
        np.testing.assert_array_equal(curve.betas, betas)
        for beta, point in zip(betas, curve, strict=True):
            alone = information_bottleneck(pxy, beta=float(beta), seed=1, n_restarts=8)
            assert point.objective == pytest.approx(alone.objective, abs=1e-7)

    def test_picture(self, rng: np.random.Generator) -> None:
        curve = information_bottleneck_curve(joint_of(rng, 4, 4), n_points=5, seed=0, base="bits")
        ax = plot.information_plane(curve, label="bottleneck")
        x, y = ax.lines[0].get_data()
        np.testing.assert_allclose(x, curve.complexity)
        np.testing.assert_allclose(y, curve.relevance)
        assert list(ax.lines[1].get_ydata()) == [curve.information] * 2
        assert ax.get_xlabel() == "complexity I(T;X) in bits"
        gaussian = gaussian_information_bottleneck_curve(np.eye(2) + 0.3, 0, 1, n_points=9)
        assert plot.information_plane(gaussian, ax=ax) is ax
        with pytest.raises(TypeError, match="curve must be a curve of information bottlenecks, got list"):
            plot.information_plane([1.0])
        mpl.pyplot.close("all")


class TestDeterministic:
    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("beta", [1.5, 3.0, 8.0, 40.0])
    def test_it_is_the_best_of_all_partitions(self, seed: int, beta: float) -> None:
        pxy = joint_of(np.random.default_rng(seed), 5, 4, 0.3)
        result = deterministic_information_bottleneck(pxy, beta=beta, n_clusters=4, seed=0)
        assert set(np.unique(result.encoder)) <= {0.0, 1.0}
        assert result.converged
        best = reference.best_partition(pxy, 4, beta)
        assert result.objective == pytest.approx(best, abs=1e-12 * (1 + beta))
        assert result.complexity == pytest.approx(ht.entropy(result.cluster_probabilities), abs=1e-13)
        np.testing.assert_array_equal(result.labels, result.encoder.argmax(axis=1))

    def test_no_single_move_improves_it(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 40, 21, 0.3)
        result = deterministic_information_bottleneck(pxy, beta=12.0, n_clusters=6, n_restarts=2, seed=0)
        for x in range(40):
            for t in range(6):
                moved = result.encoder.copy()
                moved[x] = np.eye(6)[t]
                complexity, relevance = reference.plane(pxy, moved)
                assert complexity - 12.0 * relevance >= result.objective - 1e-11

    def test_iteration_is_that_of_the_reference(self, rng: np.random.Generator) -> None:
        pxy, labels = joint_of(rng, 30, 20), rng.integers(4, size=30)
        labels[:4] = range(4)
        start = np.eye(4)[labels]
        encoder, *_ = ht._dispatch.kernels.rate_distortion_bottleneck_iterate(pxy, start, 9.0, 0.0, 1, True, 1)
        np.testing.assert_array_equal(encoder, reference.iterate(pxy, start, 9.0, 1, deterministic=True))

    def test_any_number_of_threads_gives_the_same_partition(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 30, 9000)  # 30 clusters of 9000 cells: several tasks
        labels = []
        for n in (1, 2, 3, 8):
            with ht.threads(n):
                labels.append(
                    ht._dispatch.kernels.rate_distortion_bottleneck_exchange(
                        pxy, np.arange(30, dtype=np.uint32), 30, 1.5, 5, n
                    )[0]
                )
        for other in labels[1:]:
            np.testing.assert_array_equal(other, labels[0])

    def test_it_costs_more_than_a_soft_encoder(self, rng: np.random.Generator) -> None:
        for beta, n_x, n_clusters in ((6.0, 6, 6), (15.0, 6, 6), (30.0, 40, 6)):
            pxy = joint_of(rng, n_x, 6)
            soft = information_bottleneck(pxy, beta=beta, n_clusters=n_clusters, seed=0, n_restarts=8)
            hard = deterministic_information_bottleneck(pxy, beta=beta, n_clusters=n_clusters, seed=0)
            assert soft.objective <= hard.objective + 1e-9
            assert hard.relevance <= hard.information

    def test_price_up_to_1_and_seed(self, rng: np.random.Generator) -> None:
        pxy = joint_of(rng, 6, 6)
        assert deterministic_information_bottleneck(pxy, beta=1.0).objective == 0.0
        one, other = (deterministic_information_bottleneck(pxy, beta=20.0, n_clusters=3, seed=5) for _ in range(2))
        np.testing.assert_array_equal(one.encoder, other.encoder)

    def test_it_warns_where_it_stopped_early(self, rng: np.random.Generator) -> None:
        with pytest.warns(ConvergenceWarning, match="deterministic_information_bottleneck stopped after max_iter = 1"):
            deterministic_information_bottleneck(joint_of(rng, 30, 30), beta=20.0, n_clusters=5, seed=0, max_iter=1)


class TestCriticalBeta:
    @pytest.mark.parametrize(("n_x", "n_y"), [(2, 2), (5, 9), (9, 5), (40, 40)])
    def test_it_is_that_of_the_reference(self, rng: np.random.Generator, n_x: int, n_y: int) -> None:
        pxy = joint_of(rng, n_x, n_y, 0.3)
        assert bottleneck_critical_beta(pxy) == pytest.approx(reference.critical_beta(pxy), rel=1e-10)

    def test_symmetric_binary_variables(self) -> None:
        # √(p / q) of a 2 × 2 table: correlation 1 - 2 a
        assert bottleneck_critical_beta([[0.45, 0.05], [0.05, 0.45]]) == pytest.approx(1 / 0.8**2, rel=1e-14)

    def test_large_alphabets_take_lanczos(self, rng: np.random.Generator) -> None:
        pxy = rng.random((600, 700)) ** 3
        pxy /= pxy.sum()
        p_x, p_y = pxy.sum(axis=1), pxy.sum(axis=0)
        expected = np.linalg.svd(pxy / np.sqrt(np.outer(p_x, p_y)), compute_uv=False)[1]
        # stopped at a residual of 1e-9, of whose square the value is off over the gap to the next, 1e-3 at least
        assert maximal_correlation(pxy) == pytest.approx(expected, rel=1e-9)

    def test_small_correlations_keep_their_digits(self) -> None:
        shift = 2.0**-40
        pxy = [[0.25 + shift, 0.25 - shift], [0.25 - shift, 0.25 + shift]]
        assert bottleneck_critical_beta(pxy) == pytest.approx(1 / (4 * shift) ** 2, rel=1e-3)


class TestGaussian:
    @pytest.fixture
    def cov(self, rng: np.random.Generator) -> np.ndarray:
        factor = rng.normal(size=(7, 9))
        return factor @ factor.T

    @pytest.mark.parametrize("factor", [1.2, 2.0, 50.0])
    def test_informations_are_those_of_its_projection(self, cov: np.ndarray, factor: float) -> None:
        critical = gaussian_information_bottleneck(cov, (0, 1, 2, 3), (4, 5, 6), beta=2.0).critical_betas
        beta = factor * critical[1]
        result = gaussian_information_bottleneck(cov, (0, 1, 2, 3), (4, 5, 6), beta=beta)
        assert len(result.projection) == (critical < beta).sum()
        complexity, relevance = reference.gaussian_plane(cov, 4, result.projection)
        assert result.complexity == pytest.approx(complexity, rel=1e-10)
        assert result.relevance == pytest.approx(relevance, rel=1e-10)
        assert result.objective == pytest.approx(complexity - beta * relevance, rel=1e-9)

    def test_it_is_stationary_and_no_other_projection_is_better(
        self, cov: np.ndarray, rng: np.random.Generator
    ) -> None:
        beta = 2 * gaussian_information_bottleneck(cov, (0, 1, 2, 3), (4, 5, 6), beta=2.0).critical_betas[1]
        result = gaussian_information_bottleneck(cov, (0, 1, 2, 3), (4, 5, 6), beta=beta)
        scale = np.abs(result.projection).max()

        def objective(projection: np.ndarray) -> float:
            complexity, relevance = reference.gaussian_plane(cov, 4, projection)
            return complexity - beta * relevance

        for _ in range(50):
            step = rng.normal(size=result.projection.shape) * scale
            up, down = (objective(result.projection + sign * 1e-4 * step) for sign in (1, -1))
            # a minimum: both sides are above, and the slope is that of rounding and of the third order
            assert min(up, down) >= result.objective - 1e-9 * beta
            assert abs(up - down) / 2e-4 < 1e-3 * max(1.0, beta)
            assert objective(rng.normal(size=(4, 4)) * scale) >= result.objective

    def test_one_pair_in_closed_form(self) -> None:
        rho, beta = 0.8, 4.0
        result = gaussian_information_bottleneck([[4.0, 2 * rho * 3], [2 * rho * 3, 9.0]], 0, 1, beta=beta, base="bits")
        complexity = 0.5 * math.log2((beta - 1) * rho**2 / (1 - rho**2))
        assert result.complexity == pytest.approx(complexity, rel=1e-13)
        # I(T;Y) of two Gaussian channels in line: I(X;Y) capped by what T leaves of X
        expected = -0.5 * math.log2(1 - rho**2 * (1 - 2 ** (-2 * complexity)))
        assert result.relevance == pytest.approx(expected, rel=1e-13)
        assert result.information == pytest.approx(-0.5 * math.log2(1 - rho**2), rel=1e-13)
        assert result.critical_betas == pytest.approx([1 / rho**2])
        assert result.projection[0, 0] > 0

    def test_it_is_the_limit_of_fine_grids(self) -> None:
        rho, beta = 0.8, 3.0
        grid = np.linspace(-4, 4, 41)
        x, y = np.meshgrid(grid, grid, indexing="ij")
        pxy = np.exp(-(x**2 - 2 * rho * x * y + y**2) / (2 * (1 - rho**2)))
        exact = gaussian_information_bottleneck([[1, rho], [rho, 1]], 0, 1, beta=beta)
        # T of a grid of noise levels, begun at the closed form's encoder
        t = np.linspace(-4, 4, 31)
        gain = exact.projection[0, 0]
        noise = np.exp(-((gain * grid[:, None] - t * math.hypot(gain, 1.0)) ** 2) / 2)
        start = noise / noise.sum(axis=1, keepdims=True)
        result = iterated(pxy / pxy.sum(), start, beta, 200)
        # cut at 4 standard deviations: 6e-5 of the probability
        assert result.complexity == pytest.approx(exact.complexity, abs=2e-3)
        assert result.relevance == pytest.approx(exact.relevance, abs=1e-3)
        assert bottleneck_critical_beta(pxy, normalize=True) == pytest.approx(1 / rho**2, rel=1e-3)

    def test_below_the_first_critical_beta_nothing_is_told(self, cov: np.ndarray) -> None:
        result = gaussian_information_bottleneck(cov, 0, (4, 5), beta=1.0)
        assert (result.complexity, result.relevance) == (0.0, 0.0)
        assert result.projection.shape == (0, 1)

    def test_curve(self, cov: np.ndarray) -> None:
        curve = gaussian_information_bottleneck_curve(cov, (0, 1, 2), (4, 5, 6), n_points=40, base=2)
        assert curve.complexity[0] == pytest.approx(0.0, abs=1e-12)
        assert (np.diff(curve.complexity) >= 0).all()
        assert curve.relevance.max() < curve.information
        # the slope of relevance over complexity is 1 / β
        slopes = np.diff(curve.relevance) / np.diff(curve.complexity)
        assert (slopes <= 1 / curve.betas[:-1] + 1e-9).all()
        assert (slopes >= 1 / curve.betas[1:] - 1e-9).all()
        single = gaussian_information_bottleneck(cov, (0, 1, 2), (4, 5, 6), beta=float(curve.betas[9]), base=2)
        assert (curve.complexity[9], curve.relevance[9]) == (single.complexity, single.relevance)

    def test_variables_in_any_order_and_scale(self, cov: np.ndarray) -> None:
        one = gaussian_information_bottleneck(cov, (0, 1, 2), (4, 5), beta=30.0)
        other = gaussian_information_bottleneck(cov, (2, 0, 1), (-2, 4), beta=30.0)
        np.testing.assert_allclose(np.abs(other.projection), np.abs(one.projection[:, [2, 0, 1]]), rtol=1e-8)
        scale = 10.0 ** np.arange(-60, 80, 20)
        scaled = gaussian_information_bottleneck(cov * np.outer(scale, scale), (0, 1, 2), (4, 5), beta=30.0)
        assert scaled.relevance == pytest.approx(one.relevance, rel=1e-10)

    def test_independent_variables(self) -> None:
        result = gaussian_information_bottleneck(np.eye(3), (0, 1), 2, beta=1e6)
        assert result.relevance == 0.0
        assert (result.critical_betas == math.inf).all()
        assert gaussian_information_bottleneck_curve(np.eye(3), (0, 1), 2, n_points=2).complexity.max() == 0.0


UNIFORM = np.full((2, 3), 1 / 6)


class TestErrors:
    @pytest.mark.parametrize(
        ("pxy", "options", "error", "message"),
        [
            ([0.5, 0.5], {}, ValueError, r"pxy must have 2 axes, got shape \(2,\)"),
            (np.zeros((0, 3)), {}, ValueError, "pxy has no entries"),
            (UNIFORM * 2, {}, ValueError, "pxy must sum to 1"),
            ([[1.5, -0.5]], {}, ValueError, "negative"),
            ([[np.nan, 1.0]], {}, ValueError, "NaN"),
            ([["a", "b"]], {}, TypeError, "pxy must hold real numbers"),
            (UNIFORM, {"beta": 0.0}, ValueError, "beta must be a finite number > 0, got 0.0"),
            (UNIFORM, {"beta": math.inf}, ValueError, "beta must be a finite number > 0, got inf"),
            (UNIFORM, {"beta": math.nan}, ValueError, "beta must be a finite number > 0, got nan"),
            (UNIFORM, {"beta": "2"}, TypeError, "beta must be a number"),
            (UNIFORM, {"n_clusters": 0}, ValueError, "n_clusters must be at least 1 and less than 2\\^31, got 0"),
            (UNIFORM, {"n_clusters": 1.5}, TypeError, "n_clusters must be a whole number, got 1.5"),
            (UNIFORM, {"n_restarts": 0}, ValueError, "n_restarts must be at least 1, got 0"),
            (UNIFORM, {"max_iter": 0}, ValueError, "max_iter must be at least 1, got 0"),
            (UNIFORM, {"base": 1}, ValueError, "base must be"),
            (UNIFORM, {"progress": 3}, TypeError, "progress must be True, False or a function"),
        ],
    )
    def test_of_bottlenecks(self, pxy: object, options: dict, error: type[Exception], message: str) -> None:
        for function in (information_bottleneck, deterministic_information_bottleneck):
            with pytest.raises(error, match=message):
                function(pxy, **{"beta": 2.0, **options})

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"tol": -1.0}, "tol must be at least 0 and finite, got -1.0"),
            ({"encoder_init": np.ones((2, 3))}, r"shape \(n_x, n_clusters\) = \(2, 2\), got \(2, 3\)"),
            ({"encoder_init": [[0.5, 0.5], [0.5, 0.6]]}, "got row 1, which sums to 1.1"),
            ({"encoder_init": [[1.5, -0.5], [0.5, 0.5]]}, "got row 0, which sums to 1"),
            ({"encoder_init": [[np.nan, 0.5], [0.5, 0.5]]}, r"encoder_init must be finite.*\[0, 0\]"),
        ],
    )
    def test_of_the_soft_one_alone(self, options: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            information_bottleneck(UNIFORM, beta=2.0, **options)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"betas": []}, r"betas must have shape \(n_points,\) with at least one entry, got \(0,\)"),
            ({"betas": [[1.0]]}, "betas must have shape"),
            ({"betas": [2.0, -1.0]}, r"betas must be > 0, got betas\[1\] = -1"),
            ({"betas": [2.0, np.inf]}, r"betas must be finite.*betas\[1\]"),
            ({"n_points": 0}, "n_points must be at least 1, got 0"),
        ],
    )
    def test_of_curves(self, options: dict, message: str) -> None:
        for function, arguments in (
            (information_bottleneck_curve, (UNIFORM,)),
            (gaussian_information_bottleneck_curve, (np.eye(2), 0, 1)),
        ):
            with pytest.raises(ValueError, match=message):
                function(*arguments, **options)

    @pytest.mark.parametrize(
        ("cov", "x", "y", "message"),
        [
            (np.eye(3)[:2], 0, 1, r"cov must be a square matrix .*, got \(2, 3\)"),
            ([[1.0, 0.5], [0.4, 1.0]], 0, 1, r"cov must be symmetric, but cov\[0, 1\] = 0.5 differs from 0.4"),
            ([[1.0, np.nan], [np.nan, 1.0]], 0, 1, r"cov must be finite.*cov\[0, 1\]"),
            (np.ones((3, 3)), (0, 1), 2, "cov of x must be positive definite, but its least eigenvalue"),
            (np.diag([1.0, 0.0]), 0, 1, "cov of y must be positive definite, but its least eigenvalue"),
            (np.diag([-1.0, 1.0]), 0, 1, "cov of x must be positive definite, but its least eigenvalue"),
            (np.ones((2, 2)), 0, 1, "canonical correlation 1"),
            (np.eye(3), (0, 1), 1, "x and y must not share axes"),
            (np.eye(3), 0, 3, "y must name axes from 0 to 2, got 3"),
            (np.eye(3), (0, 0), 1, "x names an axis twice"),
        ],
    )
    def test_of_gaussian_ones(self, cov: object, x: object, y: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            gaussian_information_bottleneck(cov, x, y, beta=2.0)

    def test_of_the_binding(self) -> None:
        kernels = ht._dispatch.kernels
        with pytest.raises(ValueError, match="encoder must have one row for every row of joint"):
            kernels.rate_distortion_bottleneck_iterate(UNIFORM, np.ones((3, 1)), 2.0, 0.0, 1, False, 1)
        with pytest.raises(ValueError, match="labels must be below n_clusters"):
            kernels.rate_distortion_bottleneck_exchange(UNIFORM, np.array([0, 2], dtype=np.uint32), 2, 2.0, 1, 1)
        with pytest.raises(ValueError, match="labels must have one entry"):
            kernels.rate_distortion_bottleneck_exchange(UNIFORM, np.array([0], dtype=np.uint32), 2, 2.0, 1, 1)
        assert rate_distortion.__all__
