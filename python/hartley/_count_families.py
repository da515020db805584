"""Exponential families over all counts 0, 1, …: Poisson and negative binomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._exponential_family import ExponentialFamily
from ._parameters import COUNTS, MODERATE_PROBABILITY, Array, Numbers
from ._ranges import NON_NEGATIVE, POSITIVE
from ._special import binary_divergence


class NegativeBinomial(ExponentialFamily):
    """Negative binomial distributions: failures before the r-th success, r known (as scipy.stats.nbinom).

    Parameters
    ----------
    r : float or array of float
        Number of successes, positive; need not be whole.
    p : float or array of float
        Probability of success, from 1e-150 to 1.

    Notes
    -----
    T(x) = x, η = log(1 - p), A = -r log(1 - e^η), h = Γ(x + r) / (Γ(r) x!); mean parameter r (1 - p) / p; Fisher
    information r / (p² (1 - p)). The entropy has no closed form: it is a sum of positive terms until they are below
    1e-20 of it, over every x or, for a smooth law with r (1 - p) >= 144, over every third of a standard deviation;
    small r and p, whose law spreads over many orders of magnitude, by Gregory's formula and Gauss-Legendre panels.
    Relative error below 1e-12; at most 5000 terms, and 16 for each doubling of 1 / p.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.NegativeBinomial(1, 0.5).kl_divergence(ht.families.NegativeBinomial(1, 0.25), base="bits")
    0.4150374992788438
    """

    name = "negative binomial"
    ranges = {"r": POSITIVE, "p": MODERATE_PROBABILITY}  # noqa: RUF012
    constants = ("r",)
    support = COUNTS

    r: Any
    p: Any

    def __init__(self, r: Any, p: Any) -> None:
        super().__init__(r=r, p=p)

    def _natural(self) -> Numbers:
        return np.broadcast_to(np.log1p(np.negative(self.p)), self.batch_shape)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"p": -np.expm1(eta)}

    def _log_partition(self, eta: Array) -> Numbers:
        return -self.r * np.log(-np.expm1(eta))

    def _mean(self) -> Numbers:
        return self.r * np.subtract(1.0, self.p) / self.p

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"p": constants["r"] / (constants["r"] + mean)}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _log_prob(self, x: Array) -> Numbers:
        return _special.negative_binomial_log_pmf(x, self.r, self.p)

    def _entropy(self) -> Numbers:
        return _special.negative_binomial_entropy(self.r, self.p)

    def _kl_divergence(self, other: Any) -> Numbers:
        return self.r * (binary_divergence(self.p, other.p) / self.p)

    def _fisher(self) -> Numbers:
        return self.r / (np.square(self.p) * np.subtract(1.0, self.p))

    def _fisher_natural(self) -> Numbers:
        return self.r * np.subtract(1.0, self.p) / np.square(self.p)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.negative_binomial(self.r, self.p, shape)


class Poisson(ExponentialFamily):
    """Poisson distributions.

    Parameters
    ----------
    rate : float or array of float
        At least 0; 0 is the point mass at 0, with natural parameter -inf.

    Notes
    -----
    T(x) = x, η = log rate, A = e^η, h = 1 / x!; mean parameter rate; Fisher information 1 / rate. The entropy has no
    closed form: it is a sum of positive terms until they are below 1e-20 of it, over every x below a rate of 144 and
    over every third of a standard deviation beyond, which by Poisson's summation formula changes it by less than 1e-30.
    Relative error below 1e-13 for every rate, at most some hundred terms.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.families.Poisson(1.0).entropy(), 12)
    1.304842242256
    >>> ht.families.Poisson([1.0, 2.0]).kl_divergence(ht.families.Poisson(1.0)).round(4)
    array([0.    , 0.3863])
    """

    name = "Poisson"
    ranges = {"rate": NON_NEGATIVE}  # noqa: RUF012
    support = COUNTS

    rate: Any

    def __init__(self, rate: Any) -> None:
        super().__init__(rate=rate)

    def _natural(self) -> Numbers:
        return np.log(self.rate)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"rate": np.exp(eta)}

    def _log_partition(self, eta: Array) -> Numbers:
        return np.exp(eta)

    def _mean(self) -> Numbers:
        return self.rate

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"rate": mean}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _log_prob(self, x: Array) -> Numbers:
        return _special.poisson_log_pmf(x, self.rate)

    def _entropy(self) -> Numbers:
        return _special.poisson_entropy(self.rate)

    def _kl_divergence(self, other: Any) -> Numbers:
        return _special.deviance(self.rate, other.rate, np.subtract(other.rate, self.rate))

    def _fisher(self) -> Numbers:
        return np.divide(1.0, self.rate)

    def _fisher_natural(self) -> Numbers:
        return self.rate

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.poisson(self.rate, shape)
