"""Two-sample tests: their level, their power, and that partitions of a pool are what they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hartley as ht
from hartley import _dispatch
from hartley.transport import sinkhorn_divergence, sliced_wasserstein, two_sample_test, wasserstein, wasserstein_1d

pytestmark = pytest.mark.usefixtures("level")


class TestPermutedLines:
    @pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (8, 9), (64, 64), (300, 211)])
    @pytest.mark.parametrize("p", [1.0, 2.0, 2.5, math.inf])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_every_partition_has_the_distances_of_its_parts(
        self, rng: np.random.Generator, n: int, m: int, p: float, dtype: type
    ) -> None:
        points = rng.normal(size=(n + m, 3)).astype(dtype)
        points[: (n + m) // 2] = points[(n + m + 1) // 2 :]  # ties
        directions = rng.normal(size=(5, 3))
        labels = np.stack([rng.permutation(np.repeat([1, 0], [n, m])) for _ in range(4)]).astype(np.uint8)
        found = _dispatch.kernels.transport_permuted_lines(points, directions, labels, p, 2)
        assert found.shape == (4, 5)
        for partition in range(4):
            for line in range(5):
                values = points.astype(np.float64) @ directions[line]
                parts = values[labels[partition] == 1], values[labels[partition] == 0]
                # three products in the points' precision, of values of size 3
                eps = float(np.finfo(dtype).eps)
                assert found[partition, line] == pytest.approx(wasserstein_1d(*parts, p=p), rel=20 * eps, abs=40 * eps)

    def test_threads_do_not_change_the_bits(self, rng: np.random.Generator) -> None:
        points, directions = rng.normal(size=(500, 2)), rng.normal(size=(3, 2))
        labels = (rng.random((10, 500)) < 0.4).astype(np.uint8)
        results = [
            _dispatch.kernels.transport_permuted_lines(points, directions, labels, 2.0, n_threads)
            for n_threads in (1, 2, 3, 8)
        ]
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])

    @pytest.mark.parametrize(
        ("labels", "message"),
        [(np.full((1, 4), 2, np.uint8), "labels must be 0 or 1"), (np.ones((1, 3), np.uint8), "labels must have one")],
    )
    def test_labels_are_checked(self, labels: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            _dispatch.kernels.transport_permuted_lines(np.zeros((4, 1)), np.ones((1, 1)), labels, 1.0, 1)


class TestTwoSampleTest:
    def test_the_statistic_is_the_distance_of_the_samples(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(20, 2)), rng.normal(size=(30, 2))
        few = {"n_permutations": 3, "seed": 1}
        assert two_sample_test(x[:, 0], y[:, 0], **few).statistic == pytest.approx(
            wasserstein_1d(x[:, 0], y[:, 0]), rel=1e-14
        )
        assert two_sample_test(x, y, **few).statistic == pytest.approx(float(wasserstein(x, y)), rel=1e-14)
        assert two_sample_test(x, y, p=2, **few).statistic == pytest.approx(float(wasserstein(x, y, p=2)), rel=1e-14)
        assert two_sample_test(x, y, statistic="sinkhorn", reg=0.3, **few).statistic == sinkhorn_divergence(
            x, y, reg=0.3
        )
        # other directions of the same number: both are near their mean
        sliced = two_sample_test(x, y, statistic="sliced", n_projections=2000, **few).statistic
        reference = sliced_wasserstein(x, y, n_projections=2000, seed=3)
        assert sliced == pytest.approx(float(reference), abs=6 * reference.standard_error)

    @pytest.mark.parametrize("statistic", ["wasserstein", "sliced", "sinkhorn"])
    def test_a_shift_is_seen_and_the_p_value_is_least(self, rng: np.random.Generator, statistic: str) -> None:
        x, y = rng.normal(size=(40, 2)), rng.normal(size=(30, 2)) + 2
        result = two_sample_test(x, y, statistic=statistic, n_permutations=99, seed=0)
        assert result.p_value == 0.01
        assert result.z_score > 3
        assert result.null.shape == (99,)

    @pytest.mark.parametrize("statistic", ["wasserstein", "sliced"])
    def test_p_values_are_uniform_under_the_null_hypothesis(self, rng: np.random.Generator, statistic: str) -> None:
        d = 1 if statistic == "wasserstein" else 3
        p_values = [
            two_sample_test(
                rng.normal(size=(25, d)),
                rng.normal(size=(35, d)),
                statistic=statistic,
                n_permutations=19,
                n_projections=10,
                seed=i,
            ).p_value
            for i in range(400)
        ]
        # p <= 0.2 has probability 0.2: a binomial of 400 stays within 4 standard deviations (0.02 each)
        assert np.mean(np.array(p_values) <= 0.2) == pytest.approx(0.2, abs=0.08)
        assert np.mean(p_values) == pytest.approx(0.525, abs=4 * 0.29 / 20)

    def test_a_function_of_two_samples_is_a_statistic(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=50), rng.normal(size=40) * 3
        spread = two_sample_test(x, y, statistic=lambda u, v: abs(u.std() - v.std()), n_permutations=99, seed=0)
        assert spread.p_value == 0.01

    def test_equal_samples_are_no_evidence(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(30, 2))
        for statistic in ("wasserstein", "sliced", "sinkhorn"):
            result = two_sample_test(x, x, statistic=statistic, n_permutations=19, seed=0)
            assert result.statistic == 0
            assert result.p_value == 1.0
        assert two_sample_test(np.ones(9), np.ones(8), statistic="sinkhorn", n_permutations=9).p_value == 1.0

    def test_a_seed_repeats_it_and_threads_do_not_change_it(self, rng: np.random.Generator) -> None:
        x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
        nulls = []
        for n_threads in (1, 2, 3):
            with ht.threads(n_threads):
                nulls.append(two_sample_test(x, y, statistic="sliced", n_permutations=30, seed=5).null)
        for other in nulls[1:]:
            np.testing.assert_array_equal(other, nulls[0])
        assert not np.array_equal(two_sample_test(x, y, statistic="sliced", n_permutations=30, seed=6).null, nulls[0])

    def test_progress_is_told(self, rng: np.random.Generator) -> None:
        told: list[float] = []
        two_sample_test(rng.normal(size=20), rng.normal(size=20), n_permutations=200, progress=told.append)
        assert told[-1] == 1.0
        assert told == sorted(told)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"statistic": "energy"}, "statistic must be 'wasserstein', 'sliced', 'sinkhorn' or a function"),
            ({"n_permutations": 0}, "n_permutations must be"),
            ({"p": 0.5}, "p must be at least 1"),
            ({"statistic": "sinkhorn", "reg": 0.0}, "reg must be a finite number > 0"),
            ({"statistic": "sliced", "n_projections": 0}, "n_projections must be at least 1"),
            ({"statistic": lambda x, y: math.nan}, "statistic must give finite numbers"),
        ],
    )
    def test_bad_options_are_named(self, options: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            two_sample_test([0.0, 1.0], [1.0, 2.0], **options)  # type: ignore[arg-type]

    def test_bad_samples_are_named(self) -> None:
        with pytest.raises(ValueError, match="x must be finite"):
            two_sample_test([0.0, math.nan], [1.0])
        with pytest.raises(ValueError, match="equally many features"):
            two_sample_test(np.zeros((3, 2)), np.zeros((3, 1)))
