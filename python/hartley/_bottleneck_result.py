"""What the information bottleneck returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._joint_tables import F64
from ._units import Base, unit_name

# p(y|t) and p(y|t') this close (total variation) are one cluster: iterations that converge slowly, near a critical β,
# stop while copies of a cluster still differ by that much
_SAME_CLUSTER = 1e-4


@dataclass(frozen=True)
class BottleneckResult:
    """A compression T of X that tells of Y; see :func:`hartley.rate_distortion.information_bottleneck`.

    Attributes
    ----------
    beta : float
        The price of relevance that it was made for.
    complexity : float
        I(T;X), in units of ``base``; of a deterministic encoder this is H(T).
    relevance : float
        I(T;Y), in units of ``base``: from 0 to the lesser of ``complexity`` and ``information``.
    information : float
        I(X;Y), the most that any T can tell of Y, in units of ``base``.
    objective : float
        ``complexity - beta * relevance``, at most 0, in units of ``base``.
    encoder : ndarray of float64, shape (n_x, n_clusters)
        p(t|x). An x of probability 0 has the row p(t).
    decoder : ndarray of float64, shape (n_clusters, n_y)
        p(y|t). A cluster of probability 0 has the row p(y).
    cluster_probabilities : ndarray of float64, shape (n_clusters,)
        p(t).
    n_iter : int
        Iterations of the run that was best.
    converged : bool
        Whether that run reached ``tol``.
    base : float, str or None
        The unit.
    """

    beta: float
    complexity: float
    relevance: float
    information: float
    objective: float
    encoder: F64 = field(repr=False)
    decoder: F64 = field(repr=False)
    cluster_probabilities: F64 = field(repr=False)
    n_iter: int
    converged: bool
    base: Base

    @cached_property
    def effective_clusters(self) -> int:
        """Clusters of positive probability whose p(y|t) differ: merging the others would change nothing."""
        kept: list[F64] = []
        for row in self.decoder[self.cluster_probabilities > _SAME_CLUSTER * self.cluster_probabilities.max()]:
            if not any(0.5 * float(np.abs(row - other).sum()) <= _SAME_CLUSTER for other in kept):
                kept.append(row)
        return len(kept)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The likeliest cluster of each x, shape (n_x,)."""
        labels: NDArray[np.int64] = self.encoder.argmax(axis=1)
        return labels


@dataclass(frozen=True)
class BottleneckCurve:
    """Solutions for several β; see :func:`hartley.rate_distortion.information_bottleneck_curve`.

    A sequence of :class:`BottleneckResult`, in the order of ``betas``.

    Attributes
    ----------
    results : tuple of BottleneckResult
        One for each β.
    information : float
        I(X;Y), in units of ``base``.
    base : float, str or None
        The unit.
    """

    results: tuple[BottleneckResult, ...] = field(repr=False)
    information: float
    base: Base

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, i: int) -> BottleneckResult:
        return self.results[i]

    def __iter__(self) -> Iterator[BottleneckResult]:
        return iter(self.results)

    @property
    def betas(self) -> F64:
        """β of each solution."""
        return np.array([result.beta for result in self.results])

    @property
    def complexity(self) -> F64:
        """I(T;X) of each solution, in units of ``base``."""
        return np.array([result.complexity for result in self.results])

    @property
    def relevance(self) -> F64:
        """I(T;Y) of each solution, in units of ``base``."""
        return np.array([result.relevance for result in self.results])

    @property
    def objective(self) -> F64:
        """I(T;X) - β I(T;Y) of each solution, in units of ``base``."""
        return np.array([result.objective for result in self.results])

    @property
    def effective_clusters(self) -> NDArray[np.int64]:
        """Distinct clusters of each solution."""
        return np.array([result.effective_clusters for result in self.results])

    @property
    def converged(self) -> bool:
        """Whether all solutions converged."""
        return all(result.converged for result in self.results)

    @property
    def unit(self) -> str:
        """Name of the unit."""
        return unit_name(self.base)
