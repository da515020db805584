"""Samples of jointly normal variables: complete rows, side by side, and their moments with what is biased in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_real, require_finite
from ._gaussian_inputs import F64, Covariances, as_ridge
from ._ranks import normal_scores
from ._threads import get_num_threads

_ASYMMETRY = 1e-8  # of computed covariances, which are symmetric but for rounding


def as_sample_batch(x: Any, name: str) -> F64:
    array = as_real(x, name).astype(np.float64, copy=False)
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"{name} must have shape (..., n_samples, n_features) or (n_samples,), got {np.shape(x)}")
    return array


def complete(named: dict[str, F64], nan_policy: str) -> list[F64]:
    """Paired samples without the rows where any has a NaN, or with nothing missing."""
    arrays = list(named.values())
    if nan_policy not in ("raise", "omit"):
        raise ValueError(f"nan_policy must be one of 'raise', 'omit', got {nan_policy!r}")
    if nan_policy == "omit":
        missing = np.zeros(arrays[0].shape[-2], dtype=bool)
        for name, array in named.items():
            nan = np.isnan(array).any(axis=-1)
            if array.ndim > 2 and nan.any():
                raise ValueError(f'{name} has NaN in a batch: nan_policy="omit" takes one set of samples at a time')
            missing = missing | (nan if array.ndim == 2 else False)
        arrays = [array[..., ~missing, :] for array in arrays]
        if arrays[0].shape[-2] == 0:
            raise ValueError(f"{' and '.join(named)} have no samples left: every row has a NaN")
    for name, array in zip(named, arrays, strict=True):
        require_finite(array, name)
    return arrays


def joined(named: dict[str, Any], nan_policy: str, copula: bool) -> tuple[F64, list[list[int]]]:
    """The samples side by side, and which columns are whose."""
    arrays = {name: as_sample_batch(x, name) for name, x in named.items()}
    lengths = {name: array.shape[-2] for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise ValueError(f"{' and '.join(named)} must have equally many samples, got {counts}")
    batches = {name: array.shape[:-2] for name, array in arrays.items()}
    if len(set(batches.values())) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"{' and '.join(named)} must have equal leading axes, got shapes {shapes}")
    found = complete(arrays, nan_policy)
    ends = np.cumsum([array.shape[-1] for array in found]).tolist()
    columns = [list(range(end - array.shape[-1], end)) for array, end in zip(found, ends, strict=True)]
    joint = np.concatenate(found, axis=-1)
    return normal_scores(joint) if copula else joint, columns


@dataclass(frozen=True)
class Moments:
    """Sample covariances (divisor n - 1) and means."""

    covariances: Covariances
    means: F64
    n: int

    @classmethod
    def of(cls, x: F64, name: str, ridge: Any) -> Moments:
        n = x.shape[-2]
        if n < 2:
            raise ValueError(f"{name} must have at least 2 samples, got {n}")
        means = x.mean(axis=-2)
        centred = x - means[..., None, :]
        values = np.swapaxes(centred, -1, -2) @ centred / (n - 1)
        return cls(Covariances(values, f"the covariance of {name}", _ASYMMETRY, as_ridge(ridge)), means, n)

    def require_more_samples(self, name: str, least: int, why: str) -> None:
        if self.n < least:
            raise ValueError(
                f"{name} must have at least {least} samples for {self.covariances.d} variables, {why}, got {self.n}"
            )

    def log_determinant_bias(self, d: int) -> float:
        """E log |S| - log |Σ| of d variables: Σ_(i<d) ψ((n - 1 - i) / 2) - d log((n - 1) / 2)."""
        nu = self.n - 1
        halves = (nu - np.arange(d)) / 2.0
        return float(_dispatch.kernels.special_digamma(halves, get_num_threads()).sum()) - d * math.log(nu / 2.0)
