"""Ranks of the values of each variable, and their normal scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._threads import get_num_threads


def mean_ranks(x: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 1 to n along the last axis but one; equal values share the mean of their ranks."""
    ranks = np.empty(x.shape)
    columns, out = np.swapaxes(x, -1, -2), np.swapaxes(ranks, -1, -2)
    for index in np.ndindex(*columns.shape[:-1]):
        _, inverse, counts = np.unique(columns[index], return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        out[index] = (last - (counts - 1) / 2.0)[inverse]  # whole and half numbers: their differences do not round
    return ranks


def normal_scores(x: NDArray[Any]) -> NDArray[np.float64]:
    """Standard normal quantiles at rank / (n + 1) along the last axis but one: reversed values change sign exactly."""
    n = x.shape[-2]
    ranks = mean_ranks(x)
    lower = np.minimum(ranks, n + 1 - ranks)
    distinct, places = np.unique(lower, return_inverse=True)
    scores = _dispatch.kernels.gaussian_normal_quantile(distinct / (n + 1.0), get_num_threads())[places]
    return np.where(ranks == lower, scores.reshape(x.shape), -scores.reshape(x.shape))
