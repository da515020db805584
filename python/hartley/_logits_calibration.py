"""How far a classifier's confidence is from how often it is right."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import count_and_first
from ._logits_rows import (
    F64,
    I64,
    as_logits,
    as_targets,
    as_temperature,
    call_rows,
    require_targets,
    require_valid_rows,
    values_of,
)
from ._progress import Progress

_ROWS_AT_ONCE = 1 << 20  # probabilities converted at a time: a few MB
_TOLERANCE = {8: 1e-6, 4: 1e-3, 2: 1e-2}  # how far a row's sum may be from 1, by bytes of its dtype


def _of_logits(
    logits: NDArray[Any], targets: I64, temperature: float, progress: Progress
) -> tuple[F64, NDArray[np.bool_]]:
    """Largest probability of each row, and whether the target has it."""
    arguments = (logits, targets, 1.0 / temperature, None)
    sums = call_rows("logits_cross_entropy", *arguments, progress=progress, label="calibration")
    require_valid_rows(sums[0], logits, "logits")
    return np.exp(-sums[1]), sums[2] == 0.0


def _of_probabilities(rows: NDArray[Any], targets: I64) -> tuple[F64, NDArray[np.bool_]]:
    """The same where the probabilities themselves are given, block by block."""
    n_rows, n_classes = len(targets), rows.shape[-1]
    rows = rows.reshape(n_rows, n_classes)
    confidence, is_right = np.empty(n_rows), np.empty(n_rows, bool)
    step = max(1, _ROWS_AT_ONCE // n_classes)
    for begin in range(0, n_rows, step):
        part = slice(begin, begin + step)
        block = values_of(rows[part]).astype(np.float64)
        n_bad, first = count_and_first(~(block >= 0))
        sums = block.sum(axis=1)
        worst = int(np.argmax(np.abs(sums - 1.0)))
        if n_bad:
            raise ValueError(
                f"logits must hold probabilities, got {n_bad} negative or NaN, first in row {begin}+[{first}]"
            )
        if abs(sums[worst] - 1.0) > _TOLERANCE[rows.itemsize]:
            raise ValueError(f"logits must hold probabilities, but row {begin + worst} sums to {sums[worst]:.9g}")
        confidence[part] = block.max(axis=1)
        at_target = block[np.arange(len(block)), np.maximum(targets[part], 0)]
        is_right[part] = at_target == confidence[part]
    return confidence, is_right


def expected_calibration_error(
    logits: Any,
    targets: Any,
    *,
    n_bins: int = 15,
    ignore_index: int | None = -100,
    temperature: float = 1.0,
    probabilities: bool = False,
    progress: Progress = False,
) -> float:
    """Expected calibration error: mean distance between confidence and accuracy, over bins of equal width.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        As in :func:`cross_entropy`; probabilities that sum to 1 with ``probabilities=True``.
    targets : array of int, shape (...)
        Class numbers.
    n_bins : int, default 15
        Bins of confidence between 0 and 1, each open below and closed above.
    ignore_index : int or None, default -100
        Targets of this value do not count.
    temperature : float, default 1
        Logits are divided by this number, from 1e-30 to 1e30.
    probabilities : bool, default False
        ``logits`` holds probabilities.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    float
        Σ_b (n_b / n) |accuracy_b - mean confidence_b|, from 0 to 1.

    Raises
    ------
    ValueError
        As :func:`cross_entropy`; ``n_bins`` below 1; no target counts; rows that are no probabilities.
    TypeError
        As :func:`cross_entropy`.

    Notes
    -----
    Confidence is the largest probability of a row; a target that ties for it counts as right. The estimate is biased
    upwards, by about √(n_bins / n) for a calibrated model, and depends on ``n_bins``. O(rows * n_classes).

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. & Weinberger, K. Q. (2017). On calibration of modern neural networks. ICML, eq. 3.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.expected_calibration_error([[0.75, 0.25]] * 4, [0, 0, 0, 0], probabilities=True), 12)
    0.25
    """
    try:
        bins = operator.index(n_bins)
    except TypeError:
        raise TypeError(f"n_bins must be a whole number, got {n_bins!r}") from None
    if bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    array = as_logits(logits, "logits")
    numbers = as_targets(targets, array, ignore_index)
    require_targets(numbers)
    if probabilities:
        confidence, is_right = _of_probabilities(array, numbers)
    else:
        confidence, is_right = _of_logits(array, numbers, as_temperature(temperature), progress)
    counted = numbers >= 0
    confidence, is_right = confidence[counted], is_right[counted]
    edges = np.linspace(0.0, 1.0, bins + 1)
    which = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    differences = np.bincount(which, weights=is_right - confidence, minlength=bins)
    return float(np.abs(differences).sum()) / len(confidence)
