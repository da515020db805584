"""Exponential families around the normal distribution of one variable: normal and log-normal."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._exponential_family import ExponentialFamily
from ._parameters import Array, Numbers, matrix, stack
from ._ranges import FINITE, POSITIVE

_HALF_LOG_2PI = 0.91893853320467274178


class Normal(ExponentialFamily):
    """Normal distributions.

    Parameters
    ----------
    mean : float or array of float
        Finite.
    std : float or array of float
        Standard deviation, positive.

    Notes
    -----
    T(x) = (x, x²), η = (mean / std², -1 / (2 std²)), A = -η₁² / (4 η₂) - ½ log(-2 η₂), h = 1 / sqrt(2 π); mean
    parameters (mean, mean² + std²), which hold std only as well as the difference E X² - mean² does; entropy
    ½ log(2 π e std²); Fisher information diag(1, 2) / std².

    Examples
    --------
    >>> import hartley as ht
    >>> prior, posterior = ht.families.Normal(0.0, 1.0), ht.families.Normal([0.0, 1.0], 1.0)
    >>> posterior.kl_divergence(prior)
    array([0. , 0.5])
    """

    name = "normal"
    ranges = {"mean": FINITE, "std": POSITIVE}  # noqa: RUF012
    support = FINITE
    is_vector = True
    n_components = 2

    mean: Any
    std: Any

    def __init__(self, mean: Any, std: Any) -> None:
        super().__init__(mean=mean, std=std)

    def _natural(self) -> Numbers:
        precision = np.square(1.0 / self.std)
        return stack(self.mean * precision, -0.5 * precision)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        variance = -0.5 / eta[..., 1]
        return {"mean": eta[..., 0] * variance, "std": np.sqrt(variance)}

    def _log_partition(self, eta: Array) -> Numbers:
        return -0.25 * np.square(eta[..., 0]) / eta[..., 1] - 0.5 * np.log(-2.0 * eta[..., 1])

    def _mean(self) -> Numbers:
        return stack(self.mean, np.square(self.mean) + np.square(self.std))

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"mean": mean[..., 0], "std": np.sqrt(mean[..., 1] - np.square(mean[..., 0]))}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return stack(x, np.square(x))

    @classmethod
    def _fit(cls, x: Array, **constants: Any) -> dict[str, Any]:
        return {"mean": np.mean(x, axis=0), "std": np.std(x, axis=0)}  # from deviations: E x² - mean² would cancel

    def _log_prob(self, x: Array) -> Numbers:
        return -0.5 * np.square((x - self.mean) / self.std) - np.log(self.std) - _HALF_LOG_2PI

    def _entropy(self) -> Numbers:
        return _HALF_LOG_2PI + 0.5 + np.log(self.std)

    def _kl_divergence(self, other: Any) -> Numbers:
        # with d = std ratio - 1: ½ (ρ - 1 - log ρ) of the ratio ρ of variances is d²/2 + d - log(1 + d)
        d = np.subtract(self.std, other.std) / other.std
        distance = np.subtract(self.mean, other.mean) / other.std
        return 0.5 * np.square(d) + _special.ratio_excess(other.std, self.std) + 0.5 * np.square(distance)

    def _fisher(self) -> Numbers:
        precision = np.broadcast_to(np.square(1.0 / self.std), self.batch_shape)
        return matrix((precision, 0.0), (0.0, 2.0 * precision))

    def _fisher_natural(self) -> Numbers:
        variance = np.square(self.std)
        off = 2.0 * self.mean * variance
        return matrix((variance, off), (off, 2.0 * variance * (2.0 * np.square(self.mean) + variance)))

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.normal(self.mean, self.std, shape)


class LogNormal(Normal):
    """Log-normal distributions: log X is normal.

    Parameters
    ----------
    mean : float or array of float
        Mean of log X.
    std : float or array of float
        Standard deviation of log X, positive.

    Notes
    -----
    As :class:`Normal` with T(x) = (log x, log² x) and h = 1 / (x sqrt(2 π)); entropy ½ log(2 π e std²) + mean.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.LogNormal(1.0, 1.0).entropy() - ht.families.Normal(1.0, 1.0).entropy()
    1.0
    """

    name = "log-normal"
    support = POSITIVE

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return Normal._statistic(np.log(x))

    @classmethod
    def _fit(cls, x: Array, **constants: Any) -> dict[str, Any]:
        return Normal._fit(np.log(x))

    def _log_prob(self, x: Array) -> Numbers:
        return super()._log_prob(np.log(x)) - np.log(x)

    def _entropy(self) -> Numbers:
        return super()._entropy() + self.mean

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return np.exp(super()._sample(rng, shape))
