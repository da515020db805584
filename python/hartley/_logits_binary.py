"""Cross-entropy of independent yes-or-no targets given the logits of their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, count_and_first, to_numpy
from ._logits_rows import arithmetic_dtype, as_floats, as_reduction, call_rows, shaped, values_of
from ._progress import Progress
from ._units import Base, nats_per_unit


def _as_soft_targets(targets: Any) -> NDArray[Any]:
    """Probabilities in a float format, or yes and no in one byte."""
    array = to_numpy(targets, "targets")
    if array.dtype.kind not in "biu":
        return as_floats(targets, "targets")
    if array.dtype.kind != "b" and array.size and not (array.min() >= 0 and array.max() <= 1):
        _raise_outside(array)
    return np.require(array, np.uint8, ["C"]) if array.dtype.itemsize == 1 else array.astype(np.uint8, order="C")


def _raise_outside(targets: NDArray[Any]) -> None:
    values = values_of(targets) if targets.dtype == np.uint16 else targets
    n_bad, first = count_and_first(~((values >= 0) & (values <= 1)))
    raise ValueError(f"targets must be from 0 to 1, got {n_bad} that are not, first targets[{first}]")


def _as_positive_weights(pos_weight: Any, n_columns: int, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    if pos_weight is None:
        return None
    weights = as_real(pos_weight, "pos_weight")
    if weights.shape not in ((), (1,), (n_columns,)):
        raise ValueError(f"pos_weight must be one number or have shape ({n_columns},), got {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("pos_weight must be finite and at least 0")
    return np.ascontiguousarray(np.broadcast_to(weights, (n_columns,)), dtype)


def binary_cross_entropy(
    logits: Any,
    targets: Any,
    *,
    pos_weight: Any = None,
    reduction: str = "mean",
    base: Base = None,
    return_grad: bool = False,
    progress: Progress = False,
) -> Any:
    """Cross-entropy of yes-or-no targets: -y log σ(z) - (1 - y) log(1 - σ(z)), entry by entry.

    Parameters
    ----------
    logits : array of float, any shape
        Log-odds z, finite; float64, float32, float16 or bfloat16.
    targets : array of float, int or bool, shape of logits
        Probabilities y from 0 to 1, or 0 and 1.
    pos_weight : float or array of float, shape (n_columns,), optional
        Weight at least 0 of the positive part, one number or one for each entry of the last axis; 1 by default.
    reduction : {"mean", "sum", "none"}, default "mean"
        Over all entries.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    return_grad : bool, default False
        Also return the derivative of the result with respect to the logits (with ``"none"``: of each entry's loss).
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    float, or ndarray with the shape of logits for ``reduction="none"``
        At least 0. Arrays are float64 where logits or targets are, else float32.
    gradient : ndarray, shape of logits
        With ``return_grad``, likewise.

    Raises
    ------
    ValueError
        NaN or infinite logits (the first is named); targets outside 0 to 1; shapes that do not match; no entries, for a
        mean.
    TypeError
        Logits or targets that are no real numbers.

    Notes
    -----
    Computed as w y log(1 + e^-z) + (1 - y) log(1 + e^z), both logarithms as max(∓z, 0) + log1p(e^-|z|): no z overflows,
    and as all terms are positive the relative error stays below 6 eps of the dtype. The derivative is
    (1 - y) σ(z) - w y σ(-z). Sums are in float64. O(n), nothing of the size of the logits is allocated but what is
    returned.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, eq. 4.90.

    Examples
    --------
    >>> from hartley import logits
    >>> logits.binary_cross_entropy([0.0, 0.0], [1, 0], base="bits")
    1.0
    >>> logits.binary_cross_entropy(-800.0, 1)
    800.0
    """
    unit, reduction = nats_per_unit(base), as_reduction(reduction)
    z, y = as_floats(logits, "logits"), _as_soft_targets(targets)
    shape = z.shape
    if y.shape != shape:
        raise ValueError(f"targets must have the shape {shape} of logits, got {y.shape}")
    if z.size == 0 and reduction == "mean":
        raise ValueError(f"logits must have entries for a mean, got shape {shape}")
    rows = shape if z.size and z.ndim else (z.size, 1)  # a kernel's row has entries
    z, y = z.reshape(rows), y.reshape(rows)
    divisor = z.size if reduction == "mean" else 1
    total, least, largest, finite, losses, gradient = call_rows(
        "logits_binary_cross_entropy",
        z,
        y,
        _as_positive_weights(pos_weight, rows[-1], arithmetic_dtype(z, y)),
        reduction == "none",
        1.0 / (divisor * unit) if return_grad else None,
        progress=progress,
        label="binary cross-entropy",
    )
    if not finite:
        n_bad, first = count_and_first(~np.isfinite(values_of(z)))
        raise ValueError(f"logits must be finite, got {n_bad} NaN or infinite of {z.size}, first logits[{first}]")
    if not (least >= 0.0 and largest <= 1.0):
        _raise_outside(y)
    if reduction == "none":
        if unit != 1.0:
            losses /= unit
        value = shaped(losses, shape)
    else:
        value = total / divisor / unit
    return (value, gradient.reshape(shape)) if return_grad else value
