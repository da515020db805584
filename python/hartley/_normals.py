"""Means and log-variances of diagonal normal distributions: coerced, checked, and handed to the kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_real, count_and_first, require_finite
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
I64: TypeAlias = NDArray[np.int64]

_FLAT_ROW = 4096  # terms that are summed as one row where nobody asks for sums of rows


def largest_exponent(dtype: Any) -> float:
    """The largest x whose e^x the kernels take."""
    return 709.0 if dtype == np.float64 else 88.0


@dataclass(frozen=True)
class Normals:
    """Diagonal normal distributions in rows, and the names of their parameters."""

    mean: RealArray
    log_variance: RealArray
    names: tuple[str, str]

    def astype(self, dtype: Any) -> Normals:
        """In another precision."""
        return Normals(self.mean.astype(dtype, copy=False), self.log_variance.astype(dtype, copy=False), self.names)

    @property
    def in_rows(self) -> tuple[RealArray, RealArray]:
        """Parameters as (n_rows, n_latents)."""
        n_latents = self.mean.shape[-1]
        return self.mean.reshape(-1, n_latents), self.log_variance.reshape(-1, n_latents)

    def require_finite(self) -> None:
        """ValueError that names the parameter and the first entry."""
        for array, name in zip((self.mean, self.log_variance), self.names, strict=True):
            require_finite(array, name)


def as_normals(mean: Any, log_variance: Any, names: tuple[str, str], one_row: bool = False) -> Normals:
    """Both of one shape (..., n_latents) and one dtype; one_row also takes (n_latents,)."""
    first, second = (as_real(x, name) for x, name in zip((mean, log_variance), names, strict=True))
    if first.shape != second.shape:
        raise ValueError(f"{names[0]} and {names[1]} must have equal shapes, got {first.shape} and {second.shape}")
    if one_row and first.ndim == 1:
        first, second = first.reshape(1, -1), second.reshape(1, -1)
    if first.ndim < 2:
        raise ValueError(
            f"{names[0]} must have shape (..., n_latents) with at least two axes, got {first.shape}: "
            "x[None] is one row of many latents, x[:, None] many rows of one"
        )
    if first.size == 0:
        raise ValueError(f"{names[0]} must have at least one row and one latent, got shape {first.shape}")
    if first.dtype != second.dtype:
        return Normals(first.astype(np.float64, copy=False), second.astype(np.float64, copy=False), names)
    return Normals(first, second, names)


@dataclass(frozen=True)
class Sums:
    """Sums of KL terms in nats: one for every row asked for, or one for every latent."""

    values: F64
    below: I64 | None  # of every latent: rows whose KL is less than epsilon
    gradient: tuple[Any, ...]  # by mean and log-variance of p (and of q), (n_rows, n_latents) each; or empty


def kl_sums(
    p: Normals,
    q: Normals | None,
    over: str,
    *,
    wants_gradient: bool = False,
    scale: float = 1.0,
    epsilon: float = 0.0,
) -> Sums:
    """KL of p from q, or from N(0, 1), summed over "latents", "rows" or "both" (that in parts yet to be added)."""
    if q is not None and p.mean.dtype != q.mean.dtype:
        p, q = p.astype(np.float64), q.astype(np.float64)
    mean, log_variance = p.in_rows
    mean_q, log_variance_q = (None, None) if q is None else q.in_rows
    if over == "rows":
        values, below, largest, gradient = _dispatch.kernels.vae_kl_columns(
            mean, log_variance, mean_q, log_variance_q, epsilon, wants_gradient, scale, get_num_threads()
        )
    else:
        flat = over == "both" and (mean_q is None or len(mean_q) == len(mean))
        row_length = _FLAT_ROW if flat else mean.shape[1]
        values, largest, gradient = _dispatch.kernels.vae_kl_rows(
            mean, log_variance, mean_q, log_variance_q, row_length, wants_gradient, scale, get_num_threads()
        )
        below = None
    if largest <= largest_exponent(mean.dtype) and math.isfinite(float(values.sum())):
        return Sums(values, below, gradient)
    p.require_finite()
    if q is not None:
        q.require_finite()
    _reject_large(p, q)
    if mean.dtype == np.float64:
        return Sums(values, below, gradient)  # inf: a square that float64 cannot hold
    # squares of means that float32 cannot hold
    wide = kl_sums(
        p.astype(np.float64),
        None if q is None else q.astype(np.float64),
        over,
        wants_gradient=wants_gradient,
        scale=scale,
        epsilon=epsilon,
    )
    with np.errstate(over="ignore"):
        return Sums(wide.values, wide.below, tuple(array.astype(np.float32) for array in wide.gradient))


def _reject_large(p: Normals, q: Normals | None) -> None:
    """ValueError where an exponential of a log-variance, or of a difference of two, overflows."""
    limit = largest_exponent(p.mean.dtype)
    checks = [(p.log_variance, p.names[1])]
    if q is not None:
        name, name_q = p.names[1], q.names[1]
        checks = [(-q.log_variance, f"-{name_q}"), (p.log_variance - q.log_variance, f"{name} - {name_q}")]
    for exponents, name in checks:
        bad = exponents > limit
        if bad.any():
            n_bad, first = count_and_first(bad)
            raise ValueError(
                f"{name} must be at most {limit:g} in {exponents.dtype}, beyond which its exponential overflows (is it "
                f"log σ²?); got {n_bad} larger of {bad.size}, first [{first}] = {exponents[bad][0]:g}"
            )
