"""The one mechanism behind all exponential families: what a family states, and what follows from it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_result, count_and_first
from ._family_hooks import FamilyHooks
from ._parameters import Array, as_numbers, as_parameter, common_shape
from ._units import Base, nats_per_unit

Family = TypeVar("Family", bound="ExponentialFamily")


class ExponentialFamily(FamilyHooks):
    """Distributions p(x) = h(x) exp(η·T(x) - A(η)), one or an array of them.

    A family states its parameters with their ranges and the hooks ``_natural``, ``_from_natural``, ``_log_partition``,
    ``_mean``, ``_from_mean``, ``_statistic``, ``_log_base``, ``_mean_log_base``, ``_fisher``, ``_fisher_natural`` and
    ``_sample``; everything else follows. It may also state ``_entropy``, ``_kl_divergence``, ``_log_prob`` and ``_fit``
    in forms that lose no digits where the general ones would. Quantities are in nats unless ``base`` says otherwise;
    distributions broadcast against each other, against points and against constants.
    """

    def __init__(self, **parameters: Any) -> None:
        arrays = {name: as_parameter(value, name, self.ranges[name]) for name, value in parameters.items()}
        batches = {}
        for name, array in arrays.items():
            own = self.own_axes.get(name, 0)
            if array.ndim < own:
                raise ValueError(f"{name} must have at least {own} axes, got shape {array.shape}")
            batches[name] = array.shape[: array.ndim - own]
        self.batch_shape = common_shape(**batches)
        for name, array in arrays.items():
            setattr(self, name, as_result(array))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.ranges)})"

    def entropy(self, *, base: Base = None) -> float | Array:
        """Shannon entropy (of a density: differential entropy) -E log p(X).

        Parameters
        ----------
        base : float or {"nats", "bits", "hartleys"}, optional
            Unit of the result; nats by default.

        Returns
        -------
        float or ndarray of float64, batch shape
            Of a discrete family at least 0, of a density any sign.
        """
        unit = nats_per_unit(base)
        with np.errstate(all="ignore"):
            return as_result(np.broadcast_to(self._entropy(), self.batch_shape) / unit)

    def cross_entropy(self, other: Any, *, base: Base = None) -> float | Array:
        """Cross-entropy -E log q(X) = H(p) + KL(p || q) of q = ``other`` under this distribution p.

        Parameters, errors and shapes as in :meth:`kl_divergence`.
        """
        unit = nats_per_unit(base)
        with np.errstate(all="ignore"):
            return as_result((self._entropy() + self._checked_divergence(other)) / unit)

    def kl_divergence(self, other: Any, *, base: Base = None) -> float | Array:
        """Kullback-Leibler divergence E log(p(X) / q(X)) from this distribution p to q = ``other``.

        Parameters
        ----------
        other : distribution of the same class
            Its batch shape broadcasts with this one's; known constants must be equal.
        base : float or {"nats", "bits", "hartleys"}, optional
            Unit of the result; nats by default.

        Returns
        -------
        float or ndarray of float64
            At least 0, ``inf`` where q has no mass on some of p's. It is the Bregman divergence
            A(η_q) - A(η_p) - (η_q - η_p)·∇A(η_p) of the log-partition, in a form whose relative accuracy does not
            suffer where p and q are close or their parameters large.

        Raises
        ------
        TypeError
            ``other`` is of another class.
        ValueError
            Known constants differ, or shapes do not broadcast.
        """
        unit = nats_per_unit(base)
        with np.errstate(all="ignore"):
            return as_result(self._checked_divergence(other) / unit)

    def natural_parameters(self) -> float | Array:
        """Natural parameters η: batch shape for families with one, else with a last axis for them."""
        with np.errstate(all="ignore"):
            return as_result(self._natural())

    def mean_parameters(self) -> float | Array:
        """Mean parameters E T(X) = ∇A(η), in the shape of the natural ones."""
        with np.errstate(all="ignore"):
            return as_result(self._mean())

    @classmethod
    def from_natural(cls: type[Family], eta: Any, **constants: Any) -> Family:
        """The distribution with natural parameters ``eta``; known constants are keywords.

        Raises
        ------
        ValueError
            No member of the family has them: the parameter that they lead to is named, with its range.
        """
        return cls._build(cls._from_natural, cls._components(eta, "eta"), "eta", constants)

    @classmethod
    def from_mean(cls: type[Family], mean: Any, **constants: Any) -> Family:
        """The distribution with mean parameters ``mean``; known constants are keywords. Errors as from_natural."""
        return cls._build(cls._from_mean, cls._components(mean, "mean"), "mean", constants)

    @classmethod
    def fit(cls: type[Family], x: Any, **constants: Any) -> Family:
        """Maximum likelihood: the member whose mean parameters are the mean of the sufficient statistic.

        Parameters
        ----------
        x : array of float, shape (n_samples, ...)
            Samples along the first axis, further axes are a batch (the last one is the sample's own for vectors).
        **constants
            Known constants of the family: ``n``, ``r``, ``loc`` or ``shape``.

        Raises
        ------
        ValueError
            Samples outside the support, none at all, or samples whose likelihood has no maximum.
        """
        samples = as_numbers(x, "x")
        if samples.ndim < 1 + cls.event_axes or samples.shape[0] == 0:
            raise ValueError(f"x must have at least one sample along its first axis, got shape {samples.shape}")
        known = cls._known(constants)
        cls._require_support(cls._inside(samples, **known), cls.support.words)
        return cls._build(cls._fit, samples, "x", constants)

    def log_partition(self, eta: Any = None) -> float | Array:
        """Log-partition A(η), at the distribution's own natural parameters by default.

        Parameters
        ----------
        eta : array of float, optional
            Natural parameters of this family; known constants are this distribution's.

        Raises
        ------
        ValueError
            No member of the family has them.
        """
        with np.errstate(all="ignore"):
            if eta is None:
                return as_result(self._log_partition(self._natural()))
            self.from_natural(eta, **self._own_constants())  # raises where A is infinite
            return as_result(self._log_partition(as_numbers(eta, "eta")))

    def sufficient_statistic(self, x: Any) -> float | Array:
        """Sufficient statistic T(x), along a last axis where it has several components."""
        with np.errstate(all="ignore"):
            return as_result(self._statistic(self._points(x), **self._own_constants()))

    def log_prob(self, x: Any, *, base: Base = None) -> float | Array:
        """Log-probability or log-density at ``x``, -inf outside the support.

        Parameters
        ----------
        x : float or array of float
            Points; they broadcast with the batch shape (vectors lie along the last axis).
        base : float or {"nats", "bits", "hartleys"}, optional
            Unit of the result; nats by default.
        """
        unit = nats_per_unit(base)
        points = self._points(x)
        common_shape(x=points.shape[: points.ndim - self.event_axes], self=self.batch_shape)
        inside = self._inside(points, **self._own_constants())
        mask = inside.reshape(inside.shape + (1,) * self.event_axes)
        with np.errstate(all="ignore"):
            log_p = self._log_prob(np.where(mask, points, self.anywhere))
            return as_result(np.where(inside, log_p, -np.inf) / unit)

    def fisher_information(self, *, natural: bool = False) -> float | Array:
        """Fisher information of one sample: a number for one parameter, else matrices in the last two axes.

        Parameters
        ----------
        natural : bool, default False
            In the natural parameters, where it is the Hessian of A; else in the usual ones, without the constants.
        """
        with np.errstate(all="ignore"):
            return as_result(self._fisher_natural() if natural else self._fisher())

    def sample(self, n: int, seed: Any = None) -> NDArray[Any]:
        """``n`` independent samples of each distribution.

        Parameters
        ----------
        n : int
            At least 0.
        seed : int, numpy.random.Generator or None
            The same seed gives the same samples.

        Returns
        -------
        ndarray, shape (n, *batch) or (n, *batch, d)
            int64 for counts and symbols, else float64.
        """
        try:
            count = operator.index(n)
        except TypeError:
            raise TypeError(f"n must be a whole number, got {n!r}") from None
        if count < 0:
            raise ValueError(f"n must be at least 0, got {n}")
        return np.asarray(self._sample(np.random.default_rng(seed), (count, *self.batch_shape)))

    @classmethod
    def _known(cls, constants: dict[str, Any]) -> dict[str, Any]:
        if set(constants) != set(cls.constants):
            wanted = f"the keywords {', '.join(cls.constants)}" if cls.constants else "no keywords"
            raise TypeError(f"{cls.__name__} takes {wanted} for its known constants, got {sorted(constants)}")
        return {name: as_result(as_parameter(value, name, cls.ranges[name])) for name, value in constants.items()}

    def _points(self, x: Any) -> Array:
        points = as_numbers(x, "x")
        if self.event_axes:
            length = getattr(self, next(iter(self.ranges))).shape[-1]
            if points.ndim == 0 or points.shape[-1] != length:
                raise ValueError(f"x must have {length} components along its last axis, got shape {points.shape}")
        return points

    @classmethod
    def _components(cls, values: Any, name: str) -> Array:
        array = as_numbers(values, name)
        if cls.is_vector and (array.ndim == 0 or cls.n_components not in (None, array.shape[-1])):
            wanted = cls.n_components or "all"
            raise ValueError(f"{name} must have {wanted} components along its last axis, got shape {array.shape}")
        return array

    @staticmethod
    def _require_support(inside: NDArray[np.bool_], words: str) -> None:
        if not inside.all():
            n_bad, first = count_and_first(~inside)
            raise ValueError(f"x must be {words}, which x[{first}] is not ({n_bad} of {inside.size} samples)")

    @classmethod
    def _build(
        cls: type[Family], rule: Callable[..., dict[str, Any]], values: Array, name: str, constants: dict[str, Any]
    ) -> Family:
        known = cls._known(constants)
        with np.errstate(all="ignore"):
            parameters = rule(values, **known)
        try:
            return cls(**parameters, **known)
        except ValueError as error:
            raise ValueError(f"{name} leads to no {cls.name} distribution: {error}") from None

    def _checked_divergence(self, other: Any) -> Array:
        if type(other) is not type(self):
            raise TypeError(f"other must be of class {type(self).__name__}, got {type(other).__name__}")
        common_shape(self=self.batch_shape, other=other.batch_shape)
        for name in self.constants:
            own, its = getattr(self, name), getattr(other, name)
            if not np.all(np.equal(own, its)):
                raise ValueError(f"{name} must be the same in both distributions, got {own} and {its}")
        shape = np.broadcast_shapes(self.batch_shape, other.batch_shape)
        return np.broadcast_to(np.maximum(self._kl_divergence(other), 0.0), shape)  # rounding errors below 0 become 0
