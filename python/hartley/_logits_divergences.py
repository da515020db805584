"""Entropy of softmax logits, and divergences between two models' logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._logits_rows import (
    as_logits,
    as_reduction,
    as_temperature,
    call_rows,
    reduce_rows,
    require_valid_rows,
)
from ._progress import Progress
from ._units import Base, nats_per_unit


def entropy(
    logits: Any,
    *,
    temperature: float = 1.0,
    reduction: str = "none",
    base: Base = None,
    progress: Progress = False,
) -> Any:
    """Entropy of the softmax of every row: how undecided the model is.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        float64, float32, float16 or bfloat16; ``-inf`` masks a class. As in :func:`cross_entropy`.
    temperature : float, default 1
        Logits are divided by this number, from 1e-30 to 1e30.
    reduction : {"none", "mean", "sum"}, default "none"
        One value a row, or their mean or sum.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    float or ndarray of float64, shape (...)
        From 0 to log n_classes, in units of ``base``.

    Raises
    ------
    ValueError
        NaN or +inf among the logits (the first is named); a row of -inf alone; an option out of its range.
    TypeError
        Logits that are no real numbers.

    Notes
    -----
    log Σ e^x - Σ x e^x / Σ e^x with x relative to a logit near the largest, both sums in one pass over memory. Off by
    less than 1e-6 (1 + entropy), typically 2e-7, for float32 and 16-bit logits, 1e-15 for float64.
    O(rows * n_classes).

    References
    ----------
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal 27, section 6.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import logits
    >>> logits.entropy([[0.0, 0.0, 0.0, 0.0], [0.0, -np.inf, -np.inf, 0.0]], base="bits").round(12)
    array([2., 1.])
    """
    unit, reduction = nats_per_unit(base), as_reduction(reduction)
    array = as_logits(logits, "logits")
    sums = call_rows("logits_entropy", array, 1.0 / as_temperature(temperature), progress=progress, label="entropy")
    require_valid_rows(sums[0], array, "logits")
    return reduce_rows(sums[1] / unit, reduction, array.shape[:-1])


def _divergence(
    kernel: str, p_logits: Any, q_logits: Any, temperature: float, reduction: str, base: Base, progress: Progress
) -> Any:
    unit, reduction = nats_per_unit(base), as_reduction(reduction)
    p, q = as_logits(p_logits, "p_logits"), as_logits(q_logits, "q_logits")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"p_logits and q_logits must have equally many classes, got {p.shape[-1]} and {q.shape[-1]}")
    try:
        shape = np.broadcast_shapes(p.shape, q.shape)
    except ValueError:
        raise ValueError(f"p_logits and q_logits must broadcast, got shapes {p.shape} and {q.shape}") from None
    p, q = np.broadcast_to(p, shape), np.broadcast_to(q, shape)  # views
    inverse_temperature = 1.0 / as_temperature(temperature)
    sums = call_rows(f"logits_{kernel}", p, q, inverse_temperature, progress=progress, label=kernel.replace("_", " "))
    require_valid_rows(sums[0], p, "p_logits")
    require_valid_rows(sums[1], q, "q_logits")
    return reduce_rows(sums[2] / unit, reduction, shape[:-1])


def kl_divergence(
    p_logits: Any,
    q_logits: Any,
    *,
    temperature: float = 1.0,
    reduction: str = "none",
    base: Base = None,
    progress: Progress = False,
) -> Any:
    """Kullback-Leibler divergence Σ p log(p/q) of two models' softmax distributions, row by row.

    Parameters
    ----------
    p_logits, q_logits : array of float, shape (..., n_classes)
        Logits of the distribution that averages, p, and of the one compared with it, q; they broadcast, and may be of
        different dtypes (a model against its quantised self).
    temperature : float, default 1
        Both are divided by this number, from 1e-30 to 1e30.
    reduction : {"none", "mean", "sum"}, default "none"
        One value a row, or their mean or sum.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, and exactly 0 for equal rows; ``inf`` where q masks a class (-inf) that p does not.

    Raises
    ------
    ValueError
        NaN or +inf among the logits (the first is named); a row of -inf alone; shapes that do not broadcast.
    TypeError
        Logits that are no real numbers.

    Notes
    -----
    Summed as Σ (p log(p/q) - p + q), whose terms are all at least 0: small divergences keep their relative accuracy
    instead of being the difference of two log-sums. ``"mean"`` is over rows (PyTorch's "batchmean", and p comes first).
    Computed in float64 where either is float64, else in float32 with float64 sums (the log-sum of each in
    its own dtype). Each row is read from memory once and from the cache once more: O(rows * n_classes).

    References
    ----------
    Kullback, S. & Leibler, R. A. (1951). On information and sufficiency. Annals of Mathematical Statistics 22, eq. 2.4.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.kl_divergence([1.0, 0.0], [0.0, 0.0]), 6)
    0.110944
    """
    return _divergence("kl_divergence", p_logits, q_logits, temperature, reduction, base, progress)


def js_divergence(
    p_logits: Any,
    q_logits: Any,
    *,
    temperature: float = 1.0,
    reduction: str = "none",
    base: Base = None,
    progress: Progress = False,
) -> Any:
    """Jensen-Shannon divergence ½ D(p‖m) + ½ D(q‖m), m = (p + q)/2, of two models' softmax distributions, row by row.

    Parameters
    ----------
    p_logits, q_logits : array of float, shape (..., n_classes)
        Logits of the two distributions; they broadcast.
    temperature, reduction, base, progress
        As in :func:`kl_divergence`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        From 0 to log 2, in units of ``base``.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    Classes where p and q are within a factor e^½ are summed by a series without cancellation. Cost as
    :func:`kl_divergence`, with two logarithms a class: O(rows * n_classes).

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Information Theory 37, eq. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import logits
    >>> round(logits.js_divergence([0.0, -np.inf], [-np.inf, 0.0], base="bits"), 12)
    1.0
    """
    return _divergence("js_divergence", p_logits, q_logits, temperature, reduction, base, progress)
