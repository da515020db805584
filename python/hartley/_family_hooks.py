"""What an exponential family states about itself, and how the rest follows where it knows nothing more accurate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._parameters import Array, Numbers
from ._ranges import Range


class FamilyHooks(ABC):
    """The hooks of :class:`ExponentialFamily`, which calls them with checked arrays and with NumPy's warnings off."""

    name: ClassVar[str]
    ranges: ClassVar[dict[str, Range]]  # of every parameter
    constants: ClassVar[tuple[str, ...]] = ()  # parameters that are known: the same for all members of one family
    support: ClassVar[Range]
    anywhere: ClassVar[float] = 1.0  # a point of the support
    is_vector: ClassVar[bool] = False  # natural parameters lie along a last axis
    n_components: ClassVar[int | None] = None  # how many, where the family fixes it
    event_axes: ClassVar[int] = 0  # axes of one sample
    own_axes: ClassVar[dict[str, int]] = {}  # last axes of a parameter that belong to one distribution

    batch_shape: tuple[int, ...]

    # What a family states.

    @abstractmethod
    def _natural(self) -> Numbers: ...

    @classmethod
    @abstractmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]: ...

    @abstractmethod
    def _log_partition(self, eta: Array) -> Numbers: ...

    @abstractmethod
    def _mean(self) -> Numbers: ...

    @classmethod
    @abstractmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]: ...

    @staticmethod
    @abstractmethod
    def _statistic(x: Array, **constants: Any) -> Numbers: ...

    @abstractmethod
    def _fisher(self) -> Numbers: ...

    @abstractmethod
    def _fisher_natural(self) -> Numbers: ...

    @abstractmethod
    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any: ...

    # What follows from the rest unless a family knows a more accurate form.

    @classmethod
    def _inner(cls, a: Array, b: Array) -> Numbers:
        return np.sum(a * b, axis=-1) if cls.is_vector else np.asarray(a * b)

    @classmethod
    def _inside(cls, x: Array, **constants: Any) -> NDArray[np.bool_]:
        return cls.support.holds(x)

    def _log_base(self, x: Array) -> Numbers:
        return 0.0

    def _mean_log_base(self) -> Numbers:
        return 0.0

    def _log_prob(self, x: Array) -> Numbers:
        eta = self._natural()
        statistic = self._statistic(x, **self._own_constants())
        return self._log_base(x) + self._inner(eta, statistic) - self._log_partition(eta)

    def _entropy(self) -> Numbers:
        eta = self._natural()
        return self._log_partition(eta) - self._inner(eta, self._mean()) - self._mean_log_base()

    def _kl_divergence(self, other: Any) -> Numbers:
        p, q = self._natural(), other._natural()
        return self._log_partition(q) - self._log_partition(p) - self._inner(q - p, self._mean())

    @classmethod
    def _fit(cls, x: Array, **constants: Any) -> dict[str, Any]:
        return cls._from_mean(np.mean(cls._statistic(x, **constants), axis=0), **constants)

    def _own_constants(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.constants}
