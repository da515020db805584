"""The β of a bottleneck's curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import as_real, require_finite
from ._clouds import as_whole
from ._joint_tables import F64

_WIDEST = 100.0  # the largest β of a curve over the critical one


def as_betas(betas: Any, n_points: Any, critical: Callable[[], float]) -> F64:
    """The prices, in the order that they were given; by default from the critical one upwards."""
    if betas is None:
        count = as_whole(n_points, "n_points")
        if count < 1:
            raise ValueError(f"n_points must be at least 1, got {n_points!r}")
        least = critical()
        least = least if math.isfinite(least) else 1.0
        return np.geomspace(least, _WIDEST * least, count)
    prices = as_real(betas, "betas").astype(np.float64, copy=False)
    if prices.ndim != 1 or prices.size == 0:
        raise ValueError(f"betas must have shape (n_points,) with at least one entry, got {prices.shape}")
    require_finite(prices, "betas")
    if prices.min() <= 0:
        first = int(np.argmax(prices <= 0))
        raise ValueError(f"betas must be > 0, got betas[{first}] = {prices[first]:.9g}")
    return prices
