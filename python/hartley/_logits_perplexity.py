"""Perplexity of a model on a text, its logarithm, and the same in bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import as_number
from ._logits_losses import total_and_count
from ._progress import Progress
from ._units import Base, nats_per_unit


def _as_units(n_units: Any) -> float:
    value = as_number(n_units, "n_units")
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"n_units must be positive and finite, got {n_units!r}")
    return value


def log_perplexity(
    logits: Any,
    targets: Any,
    *,
    n_units: float | None = None,
    ignore_index: int | None = -100,
    temperature: float = 1.0,
    base: Base = None,
    progress: Progress = False,
) -> float:
    """Logarithm of the perplexity: the summed surprisal of the targets over the number of units they stand for.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        As in :func:`cross_entropy`.
    targets : array of int, shape (...)
        Token numbers.
    n_units : float, optional
        Bytes, characters or words of the text that the counted targets encode: what makes models with different
        tokenizers comparable. By default the number of tokens that count.
    ignore_index, temperature, base, progress
        As in :func:`cross_entropy`.

    Returns
    -------
    float
        At least 0, in units of ``base``; it does not overflow where the perplexity does.

    Raises
    ------
    ValueError, TypeError
        As :func:`cross_entropy`; ``n_units`` is not positive; no target counts.

    Notes
    -----
    Every token weighs the same: batches of different lengths are not averaged batch by batch.
    O(rows * n_classes), each logit read once.

    References
    ----------
    Jelinek, F., Mercer, R. L., Bahl, L. R. & Baker, J. K. (1977). Perplexity: a measure of the difficulty of speech
    recognition tasks. J. Acoustical Society of America 62.

    Examples
    --------
    >>> from hartley import logits
    >>> logits.log_perplexity([[0.0, 0.0], [0.0, 0.0]], [0, 1], base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    units = None if n_units is None else _as_units(n_units)
    nll, n_tokens = total_and_count(logits, targets, ignore_index, temperature, progress)
    return nll / (n_tokens if units is None else units) / unit


def perplexity(
    logits: Any,
    targets: Any,
    *,
    n_units: float | None = None,
    ignore_index: int | None = -100,
    temperature: float = 1.0,
    progress: Progress = False,
) -> float:
    """Perplexity exp(mean surprisal) of the targets: among how many equally likely tokens the model seems to choose.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        As in :func:`cross_entropy`.
    targets : array of int, shape (...)
        Token numbers.
    n_units : float, optional
        Bytes, characters or words of the text, for the perplexity of those; by default the tokens that count.
    ignore_index, temperature, progress
        As in :func:`cross_entropy`.

    Returns
    -------
    float
        At least 1; ``inf`` beyond 1.8e308 or where a target is masked: :func:`log_perplexity` stays finite.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_perplexity`.

    Notes
    -----
    The same number in every unit of entropy: 2 to the power of the bits. O(rows * n_classes), each logit read once.

    References
    ----------
    Jelinek, F., Mercer, R. L., Bahl, L. R. & Baker, J. K. (1977). Perplexity: a measure of the difficulty of speech
    recognition tasks. J. Acoustical Society of America 62.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.perplexity([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [0, 2]), 12)
    3.0
    """
    options: dict[str, Any] = {"ignore_index": ignore_index, "temperature": temperature, "progress": progress}
    with np.errstate(over="ignore"):  # inf is the answer
        return float(np.exp(log_perplexity(logits, targets, n_units=n_units, **options)))


def bits_per_token(
    logits: Any,
    targets: Any,
    *,
    ignore_index: int | None = -100,
    temperature: float = 1.0,
    progress: Progress = False,
) -> float:
    """Mean surprisal of the targets in bits: what a perfect code by this model spends on a token.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        As in :func:`cross_entropy`.
    targets : array of int, shape (...)
        Token numbers.
    ignore_index, temperature, progress
        As in :func:`cross_entropy`.

    Returns
    -------
    float
        Bits, at least 0.

    Raises
    ------
    ValueError, TypeError
        As :func:`cross_entropy`; no target counts.

    Notes
    -----
    The base-2 logarithm of :func:`perplexity`. O(rows * n_classes), each logit read once.

    References
    ----------
    Shannon, C. E. (1951). Prediction and entropy of printed English. Bell System Technical Journal 30.

    Examples
    --------
    >>> from hartley import logits
    >>> logits.bits_per_token([[0.0, 0.0, 0.0, 0.0]], [3])
    2.0
    """
    options: dict[str, Any] = {"ignore_index": ignore_index, "temperature": temperature, "progress": progress}
    return log_perplexity(logits, targets, base="bits", **options)
