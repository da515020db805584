"""Exponential families of scale: exponential, Laplace, Weibull."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._exponential_family import ExponentialFamily
from ._parameters import Array, Numbers
from ._ranges import FINITE, NON_NEGATIVE, POSITIVE

_EULER = 0.57721566490153286061


class Exponential(ExponentialFamily):
    """Exponential distributions of density rate e^(-rate x), x >= 0.

    Parameters
    ----------
    rate : float or array of float
        Positive.

    Notes
    -----
    T(x) = x, η = -rate, A = -log(-η), h = 1; mean parameter 1 / rate; entropy 1 - log rate; Fisher information
    1 / rate².

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Exponential(1.0).entropy()
    1.0
    """

    name = "exponential"
    ranges = {"rate": POSITIVE}  # noqa: RUF012
    support = NON_NEGATIVE

    rate: Any

    def __init__(self, rate: Any) -> None:
        super().__init__(rate=rate)

    def _natural(self) -> Numbers:
        return np.negative(self.rate)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"rate": -eta}

    def _log_partition(self, eta: Array) -> Numbers:
        return -np.log(-eta)

    def _mean(self) -> Numbers:
        return np.divide(1.0, self.rate)

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"rate": 1.0 / mean}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _kl_divergence(self, other: Any) -> Numbers:
        return _special.ratio_excess(self.rate, other.rate)

    def _fisher(self) -> Numbers:
        return np.square(1.0 / self.rate)

    def _fisher_natural(self) -> Numbers:
        return np.square(1.0 / self.rate)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.standard_exponential(shape) / self.rate


class Laplace(ExponentialFamily):
    """Laplace distributions of density e^(-|x - loc| / scale) / (2 scale), loc known.

    Parameters
    ----------
    loc : float or array of float
        Location.
    scale : float or array of float
        Positive.

    Notes
    -----
    T(x) = |x - loc|, η = -1 / scale, A = log(-2 / η), h = 1; mean parameter scale; entropy 1 + log(2 scale); Fisher
    information 1 / scale².

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Laplace(0.0, 0.5).entropy()
    1.0
    """

    name = "Laplace"
    ranges = {"loc": FINITE, "scale": POSITIVE}  # noqa: RUF012
    constants = ("loc",)
    support = FINITE

    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any) -> None:
        super().__init__(loc=loc, scale=scale)

    def _natural(self) -> Numbers:
        return np.broadcast_to(np.divide(-1.0, self.scale), self.batch_shape)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"scale": -1.0 / eta}

    def _log_partition(self, eta: Array) -> Numbers:
        return np.log(-2.0 / eta)

    def _mean(self) -> Numbers:
        return np.broadcast_to(self.scale, self.batch_shape)

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"scale": mean}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return np.abs(x - constants["loc"])

    def _kl_divergence(self, other: Any) -> Numbers:
        return _special.ratio_excess(other.scale, self.scale)

    def _fisher(self) -> Numbers:
        return np.broadcast_to(np.square(1.0 / self.scale), self.batch_shape)

    def _fisher_natural(self) -> Numbers:
        return np.broadcast_to(np.square(self.scale), self.batch_shape)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.laplace(self.loc, self.scale, shape)


class Weibull(ExponentialFamily):
    """Weibull distributions: (x / scale)^shape is standard exponential, shape known.

    Parameters
    ----------
    shape : float or array of float
        Positive.
    scale : float or array of float
        Positive.

    Notes
    -----
    T(x) = x^shape, η = -scale^(-shape), A = -log(-η), h = shape x^(shape - 1); mean parameter scale^shape; entropy
    log(scale / shape) + 1 + γ (1 - 1 / shape) with Euler's γ; Fisher information (shape / scale)².

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Weibull(1.0, 1.0).entropy()
    1.0
    """

    name = "Weibull"
    ranges = {"shape": POSITIVE, "scale": POSITIVE}  # noqa: RUF012
    constants = ("shape",)
    support = NON_NEGATIVE

    shape: Any
    scale: Any

    def __init__(self, shape: Any, scale: Any) -> None:
        super().__init__(shape=shape, scale=scale)

    def _natural(self) -> Numbers:
        return -np.power(self.scale, np.negative(self.shape))

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"scale": (-eta) ** (-1.0 / constants["shape"])}

    def _log_partition(self, eta: Array) -> Numbers:
        return -np.log(-eta)

    def _mean(self) -> Numbers:
        return np.power(self.scale, self.shape)

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"scale": mean ** (1.0 / constants["shape"])}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x ** constants["shape"]

    def _log_prob(self, x: Array) -> Numbers:
        ratio = x / self.scale
        power = np.where(self.shape == 1, 0.0, np.subtract(self.shape, 1.0) * np.log(ratio))  # 0 log 0 = 0
        return np.log(self.shape / self.scale) + power - ratio**self.shape

    def _entropy(self) -> Numbers:
        return np.log(self.scale / self.shape) + 1.0 + _EULER * (1.0 - 1.0 / self.shape)

    def _kl_divergence(self, other: Any) -> Numbers:
        step = np.subtract(self.scale, other.scale) / other.scale
        log_ratio = self.shape * np.where(step > -0.5, np.log1p(step), np.log(self.scale / other.scale))
        excess = np.expm1(log_ratio)  # of the ratio of the mean parameters over 1
        return np.where(excess > -0.5, _special.log1p_excess(np.maximum(excess, -0.5)), excess - log_ratio)

    def _fisher(self) -> Numbers:
        return np.square(self.shape / self.scale)

    def _fisher_natural(self) -> Numbers:
        return np.square(self._mean())

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return self.scale * rng.weibull(self.shape, shape)
