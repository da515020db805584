"""Means and covariances of normal distributions: coerced, broadcast, and what is wrong with one told."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, require_finite
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]

# largest difference of S_ij and S_ji over √(S_ii S_jj): what a sum of products taken in another order leaves
_ASYMMETRY = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-4}


def as_ridge(ridge: Any) -> float:
    """What is added to the diagonal, at least 0."""
    value = as_number(ridge, "ridge")
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"ridge must be a finite number of at least 0, got {ridge!r}")
    return value


@dataclass(frozen=True)
class Covariances:
    """A batch of covariances, float64, its last two axes the variables."""

    values: F64
    name: str
    asymmetry: float
    ridge: float
    variables: tuple[int, ...] | None = None  # which of a larger covariance's these are

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape of the batch."""
        return self.values.shape[:-2]

    @property
    def d(self) -> int:
        """Number of variables."""
        return int(self.values.shape[-1])

    def select(self, variables: list[int]) -> Covariances:
        """The covariance of some of the variables, in the order given."""
        if variables == list(range(self.d)):
            return self
        rows = np.array(variables)
        chosen = np.ascontiguousarray(self.values[..., rows[:, None], rows])
        return replace(self, values=chosen, variables=tuple(variables))

    def refuse(self, index: int, batch: tuple[int, ...], semidefinite: bool = False) -> NoReturn:
        """ValueError that says what is wrong with the matrix of this index of the batch."""
        own = np.unravel_index(index, batch)[len(batch) - len(self.batch) :] if batch else ()
        where = tuple(0 if n == 1 else int(i) for i, n in zip(own, self.batch, strict=True))
        name = self.name + (f"[{', '.join(map(str, where))}]" if where else "")
        matrix = self.values[where]
        names = self.variables or tuple(range(self.d))
        _require_finite_entries(matrix, name, names)
        _require_symmetric(matrix, name, names, self.asymmetry)
        eigenvalues = np.linalg.eigvalsh((matrix + matrix.T) / 2 + self.ridge * np.eye(self.d))
        of = "" if self.variables is None else f" of the variables {list(self.variables)}"
        wanted = "semidefinite" if semidefinite else "definite"
        singular = "" if eigenvalues[0] <= 0 else "to working precision, "
        raise ValueError(
            f"{name}{of} must be positive {wanted}, {singular}got the eigenvalue {eigenvalues[0]:.6g} (the least of "
            f"{self.d}, the largest is {eigenvalues[-1]:.6g}): pass ridge= to add to the diagonal"
        )


def _require_finite_entries(matrix: F64, name: str, variables: tuple[int, ...]) -> None:
    bad = ~np.isfinite(matrix)
    if bad.any():
        i, j = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise ValueError(
            f"{name} must be finite, got {np.count_nonzero(bad)} NaN or infinite of {matrix.size} entries, first "
            f"{float(matrix[i, j])!r} at [{variables[i]}, {variables[j]}]"
        )


def _require_symmetric(matrix: F64, name: str, variables: tuple[int, ...], asymmetry: float) -> None:
    scale = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    bad = np.abs(matrix - matrix.T) > asymmetry * scale[:, None] * scale
    if bad.any():
        i, j = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise ValueError(
            f"{name} must be symmetric, got {float(matrix[i, j])!r} at [{variables[i]}, {variables[j]}] and "
            f"{float(matrix[j, i])!r} at [{variables[j]}, {variables[i]}]"
        )


def flat(values: F64, batch: tuple[int, ...], n_axes: int) -> F64:
    """The leading axes as one in the order of a batch, before n_axes of variables; of length 1 where it is for all."""
    tail = values.shape[values.ndim - n_axes :]
    if values.size == math.prod(tail):
        return values.reshape(1, *tail)
    return np.ascontiguousarray(np.broadcast_to(values, batch + tail)).reshape(math.prod(batch), *tail)


def as_covariances(covariance: Any, name: str, ridge: Any = 0.0) -> Covariances:
    """Square matrices; a number is the variance of one variable."""
    array = as_real(covariance, name)
    asymmetry = _ASYMMETRY[array.dtype]
    if array.ndim == 0:
        array = array.reshape(1, 1)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise ValueError(f"{name} must have shape (..., d, d), or be one variance, got {np.shape(covariance)}")
    if array.shape[-1] == 0:
        raise ValueError(f"{name} has no variables: shape {array.shape}")
    return Covariances(array.astype(np.float64, copy=False), name, asymmetry, as_ridge(ridge))


def as_means(mean: Any, name: str, d: int) -> F64:
    """(..., d), finite; a number is the mean of one variable."""
    array = as_real(mean, name).astype(np.float64, copy=False)
    if array.ndim == 0 and d == 1:
        array = array.reshape(1)
    if array.ndim == 0 or array.shape[-1] != d:
        raise ValueError(f"{name} must have shape (..., {d}) beside its covariance of {d} variables, got {array.shape}")
    require_finite(array, name)
    return array


def common_batch(**arrays: tuple[tuple[int, ...], int]) -> tuple[int, ...]:
    """The shape that the leading axes of the arrays broadcast to; by name: shape, and axes of the variables."""
    try:
        return np.broadcast_shapes(*(shape[: len(shape) - n] for shape, n in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {shape}" for name, (shape, _) in arrays.items())
        raise ValueError(f"the leading axes must broadcast, got shapes {shapes}") from None


@dataclass(frozen=True)
class Pair:
    """Two normal distributions, or batches of them."""

    p_mean: F64
    p: Covariances
    q_mean: F64
    q: Covariances
    batch: tuple[int, ...]

    @classmethod
    def checked(cls, mean_p: Any, cov_p: Any, mean_q: Any, cov_q: Any, ridge: Any = 0.0) -> Pair:
        """From the arguments of a public function."""
        p, q = as_covariances(cov_p, "cov_p", ridge), as_covariances(cov_q, "cov_q", ridge)
        if p.d != q.d:
            raise ValueError(f"cov_p and cov_q must have equally many variables, got {p.d} and {q.d}")
        p_mean, q_mean = as_means(mean_p, "mean_p", p.d), as_means(mean_q, "mean_q", p.d)
        batch = common_batch(
            mean_p=(p_mean.shape, 1), cov_p=(p.values.shape, 2), mean_q=(q_mean.shape, 1), cov_q=(q.values.shape, 2)
        )
        return cls(p_mean, p, q_mean, q, batch)

    def call(self, kernel: str) -> list[F64]:
        """Results of a kernel of pairs."""
        if math.prod(self.batch) == 0:
            d = self.p.d
            return [np.empty((0, d, d)), np.empty((0, d))] if kernel == "gaussian_whiten" else [np.empty(0)]
        means = [flat(mean, self.batch, 1) for mean in (self.p_mean, self.q_mean)]
        covariances = [flat(side.values, self.batch, 2) for side in (self.p, self.q)]
        asymmetry = max(self.p.asymmetry, self.q.asymmetry)
        results: list[F64]
        *results, p_failure, q_failure = getattr(_dispatch.kernels, kernel)(
            means[0], covariances[0], means[1], covariances[1], self.p.ridge, asymmetry, get_num_threads()
        )
        if p_failure >= 0:
            self.p.refuse(p_failure, self.batch)
        if q_failure >= 0:
            self.q.refuse(q_failure, self.batch)
        return results


def finish(nats: F64, unit: float, batch: tuple[int, ...]) -> Any:
    """One number as a float, a batch in its own shape."""
    values = nats / unit if unit != 1.0 else nats
    return values.reshape(batch) if batch else float(values[0])
