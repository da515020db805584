"""The kernels that measure the machine compute what they say, so that their speed means something."""

from __future__ import annotations

import numpy as np
import pytest

from hartley import _dispatch

SIZES = [0, 1, 7, 63, 64, 65, 1000, 100_003]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_read_sum_is_the_sum_times_the_passes(level: str, n: int, threads: int) -> None:
    x = np.arange(n, dtype=np.float64)  # sums of whole numbers below 2^53 are exact in any order
    for block in (1, 64, 1000):
        assert _dispatch.kernels.machine_read_sum(x, block, 3, threads) == 3 * n * (n - 1) / 2


def test_read_sum_asks_for_a_block(level: str) -> None:
    with pytest.raises(ValueError, match="block must be at least 1"):
        _dispatch.kernels.machine_read_sum(np.ones(3), 0, 1, 1)


@pytest.mark.parametrize("n", [*SIZES, 32_768, 32_769])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_triad_is_b_plus_scale_c(level: str, n: int, threads: int, rng: np.random.Generator) -> None:
    b, c, out = rng.standard_normal(n), rng.standard_normal(n), np.empty(n)
    _dispatch.kernels.machine_triad(out, b, c, 0.3, threads)
    np.testing.assert_array_equal(out, b + 0.3 * c)  # no level fuses: -ffp-contract=off


def test_triad_asks_for_equal_lengths(level: str) -> None:
    with pytest.raises(ValueError, match="equal lengths"):
        _dispatch.kernels.machine_triad(np.empty(3), np.empty(3), np.empty(2), 1.0, 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_steps", [0, 1, 2, 50])
def test_multiply_add_follows_the_geometric_series(level: str, dtype: type, n_steps: int) -> None:
    group = getattr(_dispatch.kernels, f"machine_group_{np.dtype(dtype).name}")
    for n in (0, 1, group - 1, group, group + 1, 3 * group + 5):
        x = np.linspace(-2, 2, n).astype(dtype)
        expected = 1 + (x.astype(np.float64) - 1) * 0.875**n_steps
        # a step rounds a number below 2 twice at most and shrinks earlier errors: 2 * 2 * (eps / 2) / (1 - 0.875)
        tolerance = 16 * np.finfo(dtype).eps
        for threads in (1, 2, 3, 8):
            result = _dispatch.kernels.machine_multiply_add(x, n_steps, threads)
            assert result.dtype == dtype
            np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance)
