"""Optimal transport between samples and histograms: entropic (Sinkhorn) and exact.

``reg`` is ε in the units of the cost, with no factor ½ anywhere: for costs |x - y|² the ``blur`` of libraries that use
|x - y|² / 2 and ε = blur² corresponds to ``reg = 2 * blur**2`` and their values are half of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_column, as_number, as_pair, require_finite
from ._barycenter import Barycenter, barycenter
from ._clouds import F64, as_weights
from ._sinkhorn import sinkhorn, sinkhorn_from_cost
from ._sinkhorn_divergence import SinkhornDivergence, sinkhorn_divergence
from ._threads import get_num_threads
from ._transport_result import TransportBatch, TransportGradient, TransportResult
from ._unbalanced import unbalanced_sinkhorn, unbalanced_sinkhorn_from_cost

__all__ = [
    "Barycenter",
    "SinkhornDivergence",
    "TransportBatch",
    "TransportGradient",
    "TransportResult",
    "barycenter",
    "sinkhorn",
    "sinkhorn_divergence",
    "sinkhorn_from_cost",
    "unbalanced_sinkhorn",
    "unbalanced_sinkhorn_from_cost",
    "wasserstein_1d",
]

_NO_WEIGHTS: F64 = np.empty(0)


def wasserstein_1d(x: Any, y: Any, *, p: float = 1, x_weights: Any = None, y_weights: Any = None) -> float:
    """Wasserstein distance W_p between two samples of the line, exact.

    Parameters
    ----------
    x, y : array of float, shape (n,) and (m,)
        Samples, float64 or float32.
    p : float
        Order, at least 1; ``math.inf`` is the largest displacement.
    x_weights, y_weights : array of float, shape (n,) and (m,), optional
        Weights, non-negative with a positive sum, by which each is divided; equal by default.

    Returns
    -------
    float
        (∫ |F⁻¹ - G⁻¹|^p du)^(1/p), in units of x. This is the distance, the p-th root taken; POT's function of this
        name returns the p-th power.

    Raises
    ------
    ValueError, TypeError
        Empty samples, NaN or inf, p < 1, weights that are negative, all 0 or not as many as samples.

    Notes
    -----
    Two sorts, O(n log n) at most, and one merge of the quantile functions. No binning, no interpolation.

    References
    ----------
    Villani, C. (2003). Topics in Optimal Transportation, theorem 2.18.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.transport.wasserstein_1d([0.0, 1.0, 3.0], [5.0, 6.0, 8.0])
    5.0
    >>> ht.transport.wasserstein_1d([0.0, 1.0], [0.0, 1.0], x_weights=[3.0, 1.0], y_weights=[1.0, 1.0])
    0.25
    """
    first, second = as_pair(as_column(x, "x"), as_column(y, "y"), "x", "y")
    require_finite(first, "x")
    require_finite(second, "y")
    order = as_number(p, "p")
    if not order >= 1:
        raise ValueError(f"p must be at least 1, got {p!r}")
    weights = [
        _NO_WEIGHTS if given is None else as_weights(given, len(points), name, points_name)
        for given, points, name, points_name in (
            (x_weights, first, "x_weights", "x"),
            (y_weights, second, "y_weights", "y"),
        )
    ]
    return _dispatch.kernels.transport_wasserstein_1d(first, second, weights[0], weights[1], order, get_num_threads())
