"""Bregman divergences of convex functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import as_real, as_result, require_finite
from ._parameters import Array, common_shape


def bregman_divergence(
    F: Callable[[Array], Any],  # noqa: N803
    grad_F: Callable[[Array], Any],  # noqa: N803
    x: Any,
    y: Any,
) -> float | Array:
    """Bregman divergence F(x) - F(y) - <∇F(y), x - y> of a convex function.

    Parameters
    ----------
    F : callable
        Convex function of an array of points: numbers, or vectors along the last axis. It returns one value for each.
    grad_F : callable
        Its gradient, of the points' shape.
    x, y : float or array of float
        Points; they broadcast.

    Returns
    -------
    float or ndarray of float64
        At least 0 up to rounding errors, 0 for x = y; in the shape of F's values.

    Raises
    ------
    ValueError
        NaN or infinite points, shapes that do not broadcast, values or a gradient of another shape.
    TypeError
        ``x`` or ``y`` does not hold real numbers.

    Notes
    -----
    Whether points are numbers or vectors is told by the shape of F's values. The divergence of a log-partition A is the
    Kullback-Leibler divergence: KL(p || q) = B_A(η_q, η_p), which the families compute in forms that do not cancel as
    this difference does. Cost: F twice, its gradient once.

    References
    ----------
    Banerjee, A., Merugu, S., Dhillon, I. S. & Ghosh, J. (2005). Clustering with Bregman divergences. JMLR 6,
    definition 1.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley.families as hf
    >>> hf.bregman_divergence(np.square, lambda y: 2 * y, 3.0, 1.0)
    4.0
    >>> hf.bregman_divergence(np.exp, np.exp, np.log(2.0), np.log(3.0)).__round__(12)  # KL of Poisson laws 3 and 2
    0.216395324324
    """
    points = []
    for value, name in ((x, "x"), (y, "y")):
        array: Array = as_real(value, name).astype(np.float64, copy=False)
        require_finite(array, name)
        points.append(array)
    first, second = points
    shape = common_shape(x=first.shape, y=second.shape)
    at_x, at_y = (np.asarray(F(np.broadcast_to(point, shape)), dtype=np.float64) for point in points)
    gradient = np.asarray(grad_F(np.broadcast_to(second, shape)), dtype=np.float64)
    if gradient.shape != shape:
        raise ValueError(f"grad_F must return the shape {shape} of its points, got {gradient.shape}")
    if at_x.shape != shape[: at_x.ndim] or len(shape) - at_x.ndim > 1 or at_y.shape != at_x.shape:
        raise ValueError(f"F must return one value for each point of {shape}, got shape {at_x.shape}")
    inner = gradient * (first - second)
    if inner.ndim > at_x.ndim:
        inner = np.sum(inner, axis=-1)
    return as_result(at_x - at_y - inner)
