"""Exponential families of shares: beta and Dirichlet."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from . import _special
from ._exponential_family import ExponentialFamily
from ._gamma_means import dirichlet_concentrations
from ._parameters import Array, Numbers, require_components, stack, sums_to_one
from ._ranges import POSITIVE, Range


class _DirichletFamily(ExponentialFamily):
    """What beta and Dirichlet share: concentrations α along a last axis, A = Σ log Γ(α_i) - log Γ(Σ α)."""

    is_vector = True

    @abstractmethod
    def _concentrations(self) -> Numbers: ...

    @staticmethod
    def _parts(x: Array) -> Numbers:
        return x

    def _natural(self) -> Numbers:
        return self._concentrations()

    def _log_partition(self, eta: Array) -> Numbers:
        total = np.sum(eta, axis=-1)
        return np.sum(_special.log_gamma(eta), axis=-1) - _special.log_gamma(total)

    def _mean(self) -> Numbers:
        alpha = self._concentrations()
        return _special.digamma(alpha) - _special.digamma(np.sum(alpha, axis=-1, keepdims=True))

    def _log_prob(self, x: Array) -> Numbers:
        alpha, parts = self._concentrations(), self._parts(x)
        total = np.sum(alpha, axis=-1, keepdims=True)
        mean = total * parts
        terms = (
            np.log(alpha / parts) - _special.log_factorial_rest(alpha) - _special.deviance(alpha, mean, mean - alpha)
        )
        return np.sum(terms, axis=-1) + (_special.log_factorial_rest(total) - np.log(total))[..., 0]

    def _entropy(self) -> Numbers:
        alpha = self._concentrations()
        total = np.sum(alpha, axis=-1)
        rest = _special.gamma_entropy(total) + (alpha.shape[-1] - 1) * _special.digamma(total)
        return np.sum(_special.gamma_entropy(alpha), axis=-1) - rest

    def _kl_divergence(self, other: Any) -> Numbers:
        a, b = self._concentrations(), other._concentrations()
        if a.shape[-1] != b.shape[-1]:
            raise ValueError(f"alpha must have equally many components in both, got {a.shape[-1]} and {b.shape[-1]}")
        a_total, b_total = np.sum(a, axis=-1, keepdims=True), np.sum(b, axis=-1, keepdims=True)
        # Stirling's first terms make b_total times the divergence of the means of both; the rest is small
        shares = a / a_total
        step = shares * np.sum(b - a, axis=-1, keepdims=True) - (b - a)
        terms = _special.deviance(b, shares * b_total, step) + _special.log_gamma_bregman_rest(a, b)
        return np.sum(terms, axis=-1) - _special.log_gamma_bregman_rest(a_total, b_total)[..., 0]

    def _fisher(self) -> Numbers:
        alpha = self._concentrations()
        total = _special.trigamma(np.sum(alpha, axis=-1))
        return _special.trigamma(alpha)[..., None] * np.eye(alpha.shape[-1]) - total[..., None, None]

    def _fisher_natural(self) -> Numbers:
        return self._fisher()  # the usual parameters are natural


class Beta(_DirichletFamily):
    """Beta distributions of density x^(alpha - 1) (1 - x)^(beta - 1) / B(alpha, beta), 0 < x < 1.

    Parameters
    ----------
    alpha, beta : float or array of float
        Positive.

    Notes
    -----
    T(x) = (log x, log(1 - x)), η = (alpha, beta), A = log B(η₁, η₂), h = 1 / (x (1 - x)); mean parameters
    (ψ(alpha) - ψ(alpha + beta), ψ(beta) - ψ(alpha + beta)). Entropy and divergence keep their accuracy for large
    parameters, where all but logarithms cancels. Mean parameters hold large concentrations by small differences alone.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Beta(1.0, 1.0).entropy()
    0.0
    """

    name = "beta"
    ranges = {"alpha": POSITIVE, "beta": POSITIVE}  # noqa: RUF012
    support = Range("more than 0 and less than 1", lambda x: (x > 0) & (x < 1))
    anywhere = 0.5
    n_components = 2

    alpha: Any
    beta: Any

    def __init__(self, alpha: Any, beta: Any) -> None:
        super().__init__(alpha=alpha, beta=beta)

    def _concentrations(self) -> Numbers:
        return stack(self.alpha, self.beta)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"alpha": eta[..., 0], "beta": eta[..., 1]}

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return cls._from_natural(dirichlet_concentrations(mean))

    @staticmethod
    def _parts(x: Array) -> Numbers:
        return stack(x, 1.0 - x)

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return stack(np.log(x), np.log1p(-x))

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        # rounding may reach 0 and 1, which have no density
        return np.clip(rng.beta(self.alpha, self.beta, shape), np.finfo(float).tiny, 1.0 - np.finfo(float).epsneg)


class Dirichlet(_DirichletFamily):
    """Dirichlet distributions over the simplex of k shares.

    Parameters
    ----------
    alpha : array of float, shape (..., k)
        Positive concentrations along the last axis.

    Notes
    -----
    T(x) = (log x_1, …, log x_k), η = alpha, A = Σ log Γ(η_i) - log Γ(Σ η), h = 1 / Π x_i; the density is over the first
    k - 1 shares; mean parameters ψ(alpha_i) - ψ(Σ alpha). Accuracy as of :class:`Beta`.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.families.Dirichlet([1.0, 1.0, 1.0]).entropy(), 12)  # log of the area 1/2
    -0.69314718056
    """

    name = "Dirichlet"
    ranges = {"alpha": POSITIVE}  # noqa: RUF012
    own_axes = {"alpha": 1}  # noqa: RUF012
    support = Range("positive shares that sum to 1", lambda x: np.all(x > 0, axis=-1) & sums_to_one(x))
    anywhere = 0.5
    event_axes = 1

    alpha: Any

    def __init__(self, alpha: Any) -> None:
        super().__init__(alpha=alpha)
        require_components(self.alpha, "alpha")

    def _concentrations(self) -> Numbers:
        return self.alpha

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        return {"alpha": eta}

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"alpha": dirichlet_concentrations(mean)}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return np.log(x)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        # by logarithms: gamma variables of small shape underflow; G(a) = G(a + 1) U^(1/a)
        alpha = self.alpha
        full = (*shape, alpha.shape[-1])
        logs = np.log(rng.standard_gamma(alpha + 1.0, full)) - rng.standard_exponential(full) / alpha
        weights = np.exp(logs - np.max(logs, axis=-1, keepdims=True))
        return weights / np.sum(weights, axis=-1, keepdims=True)
