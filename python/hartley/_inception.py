"""Inception score: the information between a generated sample and its class, as a number of classes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import as_real
from ._distributions import divide_by_sum, sums_of_one
from ._symbol_counts import whole_number


class InceptionScore(NamedTuple):
    """Mean and standard deviation over the splits."""

    value: float
    std: float


def inception_score(probs: Any, *, n_splits: int = 1, normalize: bool = False, return_std: bool = False) -> Any:
    """Inception score exp(E KL(p(y|x) ‖ p(y))) of class probabilities of generated samples.

    Parameters
    ----------
    probs : array of float, shape (n_samples, n_classes)
        p(y|x) of each sample in rows, non-negative, summing to 1 within 1e-6 (1e-3 for float32).
    n_splits : int, default 1
        Parts of consecutive samples, each scored by its own p(y), whose mean is the result; from 1 to n_samples.
        Publications use 10 parts of 5000.
    normalize : bool, default False
        Divide each row by its sum instead of asking for 1.
    return_std : bool, default False
        Also return the standard deviation over the splits (0 for one).

    Returns
    -------
    float or InceptionScore
        From 1 (every sample has the same probabilities) to n_classes (all classes equally often, each sample certain of
        its own). With ``return_std`` a named tuple ``(value, std)``.

    Raises
    ------
    ValueError
        Rows that are no distributions (the worst is named), no samples, more splits than samples.
    TypeError
        ``probs`` does not hold real numbers, ``n_splits`` no whole number.

    Notes
    -----
    The logarithm is the mutual information I(X; Y) = H(Y) - H(Y|X) of sample and class. It grows with the number of
    samples, is blind to how samples differ within a class, and says nothing about the data: an ideal generator has the
    data's own score, not the largest one. O(n_samples n_classes), one logarithm an entry.

    References
    ----------
    Salimans, T. et al. (2016). Improved techniques for training GANs. NeurIPS 29, section 4.
    Barratt, S. & Sharma, R. (2018). A note on the inception score. arXiv:1801.01973.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.inception_score([[0.5, 0.5], [0.5, 0.5]])
    1.0
    >>> round(evaluation.inception_score([[1.0, 0.0], [0.0, 1.0]]), 12)
    2.0
    """
    p = as_real(probs, "probs")
    if p.ndim != 2 or p.size == 0:
        raise ValueError(f"probs must have shape (n_samples, n_classes) and not be empty, got {p.shape}")
    n, n_classes = p.shape
    parts = whole_number(n_splits, "n_splits", 1)
    if parts > n:
        raise ValueError(f"n_splits must be at most n_samples = {n}, got {parts}")
    if normalize:
        p = divide_by_sum(p, "probs", -1)
    sums, _, _ = sums_of_one("pmf_entropy", p, -1, False, name="probs")
    scores = []
    for part in range(parts):
        rows = slice(part * n // parts, (part + 1) * n // parts)
        marginal = p[rows].mean(axis=0, dtype=np.float64)
        marginal = marginal[marginal > 0]
        information = float(sums[0, rows].mean()) - float((marginal * np.log(marginal)).sum())
        scores.append(min(max(1.0, math.exp(information)), float(n_classes)))
    value = math.fsum(scores) / parts
    return InceptionScore(value, float(np.std(scores))) if return_std else value
