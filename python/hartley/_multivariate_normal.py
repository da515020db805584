"""The multivariate normal family."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._exponential_family import ExponentialFamily
from ._parameters import Array, Numbers
from ._positive_definite import as_symmetric, cholesky, solve_lower
from ._ranges import FINITE, Range

_LOG_2PI = 1.8378770664093454836


def _dimension(n_components: int) -> int:
    """The d with d + d (d + 1) / 2 components, 0 where there is none."""
    d = int((np.sqrt(8.0 * n_components + 9.0) - 3.0) / 2.0 + 0.5)
    return d if d >= 1 and d + d * (d + 1) // 2 == n_components else 0


def _join(vectors: Array, matrices: Array) -> Array:
    """Vectors, then the lower triangles row by row, along the last axis."""
    rows, columns = np.tril_indices(matrices.shape[-1])
    lower = matrices[..., rows, columns]
    shape = np.broadcast_shapes(vectors.shape[:-1], lower.shape[:-1])
    pair = [np.broadcast_to(part, (*shape, part.shape[-1])) for part in (vectors, lower)]
    return np.concatenate(pair, axis=-1)


def _split(values: Array, name: str) -> tuple[Array, Array]:
    """Vectors and symmetric matrices from what _join makes."""
    n_components = values.shape[-1] if values.ndim else 0
    d = _dimension(n_components)
    if d == 0:
        raise ValueError(f"{name} must have d + d (d + 1) / 2 components along its last axis, got shape {values.shape}")
    rows, columns = np.tril_indices(d)
    matrices = np.empty((*values.shape[:-1], d, d))
    matrices[..., rows, columns] = values[..., d:]
    matrices[..., columns, rows] = values[..., d:]
    return values[..., :d], matrices


def _outer(x: Array) -> Array:
    return x[..., :, None] * x[..., None, :]


def _transposed(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


class MultivariateNormal(ExponentialFamily):
    """Multivariate normal distributions.

    Parameters
    ----------
    mean : array of float, shape (..., d)
        Finite.
    cov : array of float, shape (..., d, d)
        Covariance matrices, symmetric and positive definite.

    Notes
    -----
    T(x) = (x, x_i x_j for i >= j row by row), η = (P mean, -P_ij for i > j and -½ P_ii) with the precision P = cov^-1;
    d + d (d + 1) / 2 components along the last axis. Mean parameters (mean, cov_ij + mean_i mean_j for i >= j).
    Fisher information in mean and the lower triangle of cov: P, and ½ tr(P E P E') for the symmetric unit matrices E.
    The divergence of near distributions is a sum of positive terms over the eigenvalues of one covariance relative to
    the other.
    O(d³) for each distribution, O(d⁴) for Fisher informations.

    Examples
    --------
    >>> import hartley as ht
    >>> p = ht.families.MultivariateNormal([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    >>> p.kl_divergence(ht.families.MultivariateNormal([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """

    name = "multivariate normal"
    ranges = {"mean": FINITE, "cov": FINITE}  # noqa: RUF012
    support = Range("finite", lambda x: np.all(np.isfinite(x), axis=-1))
    anywhere = 0.0
    own_axes = {"mean": 1, "cov": 2}  # noqa: RUF012
    is_vector = True
    event_axes = 1

    mean: Any
    cov: Any

    def __init__(self, mean: Any, cov: Any) -> None:
        super().__init__(mean=mean, cov=cov)
        d = self.mean.shape[-1]
        if d == 0 or self.cov.shape[-2:] != (d, d):
            raise ValueError(
                f"mean and cov must have shapes (..., d) and (..., d, d), got {self.mean.shape} and {self.cov.shape}"
            )
        self._factor = cholesky(as_symmetric(self.cov, "cov"), "cov", "a distribution in a plane has no density")

    def _whiten(self, vectors: Array) -> Numbers:
        """L^-1 v for the Cholesky factors L of cov; vectors lie along the last axis."""
        return solve_lower(self._factor, vectors[..., None])[..., 0]

    def _precision(self) -> Numbers:
        inverse = solve_lower(self._factor, np.eye(self._factor.shape[-1]))
        return _transposed(inverse) @ inverse

    def _log_root_det(self) -> Numbers:
        return np.sum(np.log(np.diagonal(self._factor, axis1=-2, axis2=-1)), axis=-1)

    def _natural(self) -> Numbers:
        precision = self._precision()
        halved = precision * (1.0 - 0.5 * np.eye(precision.shape[-1]))
        return _join(np.asarray((precision @ self.mean[..., None])[..., 0]), -halved)

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        vectors, halved = _split(eta, "eta")
        precision = MultivariateNormal(np.zeros(vectors.shape[-1]), -halved * (1.0 + np.eye(vectors.shape[-1])))
        cov = precision._precision()  # the inverse, exactly symmetric
        return {"mean": (cov @ vectors[..., None])[..., 0], "cov": cov}

    def _log_partition(self, eta: Array) -> Numbers:
        vectors, halved = _split(eta, "eta")
        precision = MultivariateNormal(np.zeros(vectors.shape[-1]), -halved * (1.0 + np.eye(vectors.shape[-1])))
        return 0.5 * np.sum(np.square(precision._whiten(vectors)), axis=-1) - precision._log_root_det()

    def _mean(self) -> Numbers:
        return _join(self.mean, self.cov + _outer(self.mean))

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        vectors, second = _split(mean, "mean")
        return {"mean": vectors, "cov": second - _outer(vectors)}

    @staticmethod
    def _statistic(x: Array, **constants: Any) -> Numbers:
        return _join(x, _outer(x))

    @classmethod
    def _fit(cls, x: Array, **constants: Any) -> dict[str, Any]:
        mean = np.mean(x, axis=0)
        centred = np.moveaxis(x - mean, 0, -1)  # (..., d, n)
        return {"mean": mean, "cov": centred @ _transposed(centred) / x.shape[0]}

    def _log_prob(self, x: Array) -> Numbers:
        d = self.mean.shape[-1]
        return -0.5 * (np.sum(np.square(self._whiten(x - self.mean)), axis=-1) + d * _LOG_2PI) - self._log_root_det()

    def _entropy(self) -> Numbers:
        return 0.5 * self.mean.shape[-1] * (_LOG_2PI + 1.0) + self._log_root_det()

    def _kl_divergence(self, other: Any) -> Numbers:
        if self.mean.shape[-1] != other.mean.shape[-1]:
            raise ValueError(f"mean must have one length in both, got {self.mean.shape[-1]} and {other.mean.shape[-1]}")
        # eigenvalues of cov relative to the other's, less 1, from the difference of both: accurate where they are close
        half = np.linalg.solve(other._factor, self.cov - other.cov)
        excess = np.linalg.eigvalsh(np.linalg.solve(other._factor, _transposed(half)))
        near = np.sum(_special.log1p_excess(np.clip(excess, -0.5, 0.5)), axis=-1)
        trace = np.sum(np.square(np.linalg.solve(other._factor, self._factor)), axis=(-2, -1))
        far = trace - self.mean.shape[-1] + 2.0 * (other._log_root_det() - self._log_root_det())
        distance = np.sum(np.square(other._whiten(self.mean - other.mean)), axis=-1)
        return 0.5 * (np.where(np.max(np.abs(excess), axis=-1) < 0.5, near, far) + distance)

    def _fisher(self) -> Numbers:
        precision = self._precision()
        d = precision.shape[-1]
        rows, columns = np.tril_indices(d)
        # ½ tr(P E P E') with E = w (e_i e_jᵀ + e_j e_iᵀ), w = ½ on the diagonal, else 1
        i, j, k, m = rows[:, None], columns[:, None], rows[None, :], columns[None, :]
        products = precision[..., j, k] * precision[..., i, m] + precision[..., j, m] * precision[..., i, k]
        weights = np.where(rows == columns, 0.5, 1.0)
        return self._blocks(precision, np.zeros((d, len(rows))), products * _outer(weights))

    def _fisher_natural(self) -> Numbers:
        d = self.mean.shape[-1]
        rows, columns = np.tril_indices(d)
        i, j, k, m = rows[:, None], columns[:, None], rows[None, :], columns[None, :]
        cov = np.broadcast_to(self.cov, (*self.batch_shape, d, d))
        square = _outer(self.mean)
        # fourth and third central moments of x_i x_j (Isserlis)
        pairs = cov[..., i, k] * cov[..., j, m] + cov[..., i, m] * cov[..., j, k]
        pairs = pairs + square[..., i, k] * cov[..., j, m] + square[..., i, m] * cov[..., j, k]
        pairs = pairs + square[..., j, k] * cov[..., i, m] + square[..., j, m] * cov[..., i, k]
        by_rows, by_columns = self.mean[..., None, rows], self.mean[..., None, columns]
        mixed = by_rows * cov[..., :, columns] + by_columns * cov[..., :, rows]
        return self._blocks(cov, mixed, pairs)

    def _blocks(self, first: Array, mixed: Array, second: Array) -> Numbers:
        d, size = first.shape[-1], first.shape[-1] + second.shape[-1]
        result = np.empty((*self.batch_shape, size, size))
        result[..., :d, :d], result[..., d:, d:] = first, second
        result[..., :d, d:], result[..., d:, :d] = mixed, _transposed(mixed)
        return result

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        noise = rng.standard_normal((*shape, self.mean.shape[-1]))
        return self.mean + (self._factor @ noise[..., None])[..., 0]
