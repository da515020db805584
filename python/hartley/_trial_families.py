"""Exponential families of trials: Bernoulli, binomial, geometric."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._entropies import binary_entropy
from ._exponential_family import ExponentialFamily
from ._parameters import COUNT, COUNTS, Array, Numbers
from ._ranges import POSITIVE_PROBABILITY, PROBABILITY, Range
from ._special import binary_divergence


def _expit(eta: Array) -> Array:
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1.0, small) / (1.0 + small)


class Bernoulli(ExponentialFamily):
    """Bernoulli distributions: 1 with probability p, else 0.

    Parameters
    ----------
    p : float or array of float
        From 0 to 1; 0 and 1 have entropy 0 and natural parameters -inf and inf.

    Notes
    -----
    T(x) = x, η = log(p / (1 - p)), A = log(1 + e^η), h = 1; mean parameter p; Fisher information 1 / (p (1 - p)).

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Bernoulli(0.5).entropy(base="bits")
    1.0
    >>> ht.families.Bernoulli(0.5).fisher_information()
    4.0
    """

    name = "Bernoulli"
    ranges = {"p": PROBABILITY}  # noqa: RUF012
    support = Range("0 or 1", lambda x: (x == 0) | (x == 1))

    p: Any

    def __init__(self, p: Any) -> None:
        super().__init__(p=p)

    def _natural(self) -> Numbers:
        return np.log(self.p) - np.log1p(np.negative(self.p))

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"p": _expit(eta)}

    def _log_partition(self, eta: Array) -> Numbers:
        return np.logaddexp(0.0, eta)

    def _mean(self) -> Numbers:
        return self.p

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"p": mean}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _log_prob(self, x: Array) -> Numbers:
        return np.where(x == 1, np.log(self.p), np.log1p(np.negative(self.p)))

    def _entropy(self) -> Numbers:
        return binary_entropy(self.p)

    def _kl_divergence(self, other: Any) -> Numbers:
        return binary_divergence(self.p, other.p)

    def _fisher(self) -> Numbers:
        return 1.0 / self._fisher_natural()

    def _fisher_natural(self) -> Numbers:
        return self.p * np.subtract(1.0, self.p)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return (rng.random(shape) < self.p).astype(np.int64)


class Binomial(ExponentialFamily):
    """Binomial distributions: successes among n trials, n known.

    Parameters
    ----------
    n : int or array of int
        Number of trials, from 1 to 2**53.
    p : float or array of float
        Probability of success, from 0 to 1.

    Notes
    -----
    T(x) = x, η = log(p / (1 - p)), A = n log(1 + e^η), h = n! / (x! (n - x)!); mean parameter n p; Fisher information
    n / (p (1 - p)). The entropy has no closed form: it is a sum of positive terms until they are below 1e-20 of it,
    over every x below a standard deviation of 12 and over every third of one beyond, which by Poisson's summation
    formula changes it by less than 1e-30; relative error below 1e-13 for every n, at most some hundred terms.

    References
    ----------
    Loader, C. (2000). Fast and accurate computation of binomial probabilities.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Binomial(2, 0.5).entropy(base="bits")
    1.5
    """

    name = "binomial"
    ranges = {"n": COUNT, "p": PROBABILITY}  # noqa: RUF012
    constants = ("n",)
    support = Range("a whole number from 0 to n", COUNTS.holds)

    n: Any
    p: Any

    def __init__(self, n: Any, p: Any) -> None:
        super().__init__(n=n, p=p)

    @classmethod
    def _inside(cls, x: Array, **constants: Any) -> Any:
        return cls.support.holds(x) & (x <= constants["n"])

    def _natural(self) -> Numbers:
        return np.broadcast_to(np.log(self.p) - np.log1p(np.negative(self.p)), self.batch_shape)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"p": _expit(eta)}

    def _log_partition(self, eta: Array) -> Numbers:
        return self.n * np.logaddexp(0.0, eta)

    def _mean(self) -> Numbers:
        return self.n * self.p

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"p": mean / constants["n"]}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _log_prob(self, x: Array) -> Numbers:
        return _special.binomial_log_pmf(np.minimum(x, self.n), self.n, self.p)

    def _entropy(self) -> Numbers:
        return _special.binomial_entropy(self.n, self.p)

    def _kl_divergence(self, other: Any) -> Numbers:
        return self.n * binary_divergence(self.p, other.p)

    def _fisher(self) -> Numbers:
        return self.n / (self.p * np.subtract(1.0, self.p))

    def _fisher_natural(self) -> Numbers:
        return self.n * self.p * np.subtract(1.0, self.p)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.binomial(np.asarray(self.n, dtype=np.int64), self.p, shape)


class Geometric(ExponentialFamily):
    """Geometric distributions: trials up to and including the first success, x = 1, 2, … (as scipy.stats.geom).

    Parameters
    ----------
    p : float or array of float
        Probability of success, more than 0 and at most 1.

    Notes
    -----
    T(x) = x, η = log(1 - p), A = η - log(1 - e^η), h = 1; mean parameter 1 / p; entropy H_b(p) / p; Fisher information
    1 / (p² (1 - p)). p below 1e-16 is lost in η.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Geometric(0.5).entropy(base="bits")
    2.0
    """

    name = "geometric"
    ranges = {"p": POSITIVE_PROBABILITY}  # noqa: RUF012
    support = Range("a whole number of at least 1", lambda x: (x >= 1) & (x < np.inf) & (x == np.floor(x)))

    p: Any

    def __init__(self, p: Any) -> None:
        super().__init__(p=p)

    def _natural(self) -> Numbers:
        return np.log1p(np.negative(self.p))

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"p": -np.expm1(eta)}

    def _log_partition(self, eta: Array) -> Numbers:
        return eta - np.log(-np.expm1(eta))

    def _mean(self) -> Numbers:
        return np.divide(1.0, self.p)

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"p": 1.0 / mean}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return x

    def _log_prob(self, x: Array) -> Numbers:
        return np.log(self.p) + np.where(x == 1, 0.0, (x - 1) * np.log1p(np.negative(self.p)))

    def _entropy(self) -> Numbers:
        return binary_entropy(self.p) / self.p

    def _kl_divergence(self, other: Any) -> Numbers:
        return binary_divergence(self.p, other.p) / self.p

    def _fisher(self) -> Numbers:
        return 1.0 / (np.square(self.p) * np.subtract(1.0, self.p))

    def _fisher_natural(self) -> Numbers:
        return np.subtract(1.0, self.p) / np.square(self.p)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.geometric(self.p, shape)
