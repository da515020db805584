"""Points of a decreasing convex curve y(x) that is known through its tangents alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MOST_SLOPES = 100  # each halves the bracket or cuts its uncertainty by four: 60 bring any bracket to rounding


@dataclass(frozen=True)
class CurvePoint:
    """A point on or above the curve, and a line that the curve is nowhere below."""

    x: float
    y: float
    slope: float  # the line is intercept - slope x; inf: it says y >= intercept at x alone
    intercept: float
    weights: Any  # what attains the point
    n_iter: int = 0
    converged: bool = True

    def bound(self, x: float) -> float:
        """The least y that the line admits at x."""
        if math.isinf(self.slope):
            return self.intercept if x <= self.x else -math.inf
        return self.intercept - self.slope * x


@dataclass(frozen=True)
class SharedPoint:
    """The point (x, y) of time-sharing: ``share`` of the time at ``low``, the rest at ``high``."""

    x: float
    y: float
    low: CurvePoint
    high: CurvePoint
    share: float
    gap: float  # y(x) >= y - gap
    slope: float


# What a search asks: the point where the curve has a slope up to a tolerance, begun from the weights of another point.
Tangent = Callable[[float, CurvePoint, float], CurvePoint]
_LOOSE = 1e-3  # of the gap at hand is tolerance enough for the next tangent


def chord_slope(low: CurvePoint, high: CurvePoint) -> float:
    """Of the line from low to high, positive where the curve falls."""
    return (low.y - high.y) / (high.x - low.x) if high.x > low.x else math.inf


def uncertainty(low: CurvePoint, high: CurvePoint) -> float:
    """The most that the chord can be above the curve."""
    if not high.x > low.x:
        return 0.0
    if math.isinf(low.slope):
        return low.y - high.bound(low.x)
    x = low.x
    if low.slope > high.slope:
        x = min(max((low.intercept - high.intercept) / (low.slope - high.slope), low.x), high.x)
    share = (high.x - x) / (high.x - low.x)
    return share * low.y + (1 - share) * high.y - max(low.bound(x), high.bound(x))


def _share(low: CurvePoint, high: CurvePoint, target: float, by_y: bool) -> SharedPoint:
    begin, end = (low.y, high.y) if by_y else (low.x, high.x)
    share = 1.0 if begin == end else min(max((end - target) / (end - begin), 0.0), 1.0)
    x = share * low.x + (1 - share) * high.x if 0 < share < 1 else (low.x if share else high.x)
    y = share * low.y + (1 - share) * high.y if 0 < share < 1 else (low.y if share else high.y)
    best = max((low, high), key=lambda point: point.bound(x))
    slope = low.slope if share == 1 else high.slope if share == 0 else best.slope
    return SharedPoint(x, y, low, high, share, max(y - best.bound(x), 0.0), slope)


def find_point(
    low: CurvePoint, high: CurvePoint, target: float, tol: float, tangent: Tangent, *, by_y: bool
) -> SharedPoint:
    """The point of the curve at x = target, or y = target, up to ``tol`` in y.

    The bracket [low, high] shrinks by tangents: at the slope of its chord, which lies between those of its ends and
    settles the matter where the curve is straight, or where log slope as a linear function of the target variable says,
    which is close where the curve is smooth. In between, time is shared.
    """
    interpolate, loose = False, _LOOSE
    width = math.inf
    for _ in range(_MOST_SLOPES):
        shared = _share(low, high, target, by_y)
        if shared.gap <= tol or not low.x < high.x:
            break
        slope = chord_slope(low, high)
        if interpolate and 0 < high.slope < low.slope < math.inf:
            slope = low.slope**shared.share * high.slope ** (1 - shared.share)
        if not 0 < slope < math.inf:
            break
        near = low if shared.share > 0.5 and math.isfinite(low.slope) else high
        point = tangent(slope, near, max(0.5 * tol, loose * shared.gap))
        before = (low, high)
        if (point.y >= target) if by_y else (point.x <= target):
            low = point if point.x >= low.x else low
        else:
            high = point if point.x <= high.x else high
        if before == (low, high):
            if not interpolate and not loose:
                break
            interpolate, loose = False, 0.0
            continue
        shrunk, width = high.x - low.x < 0.5 * width, high.x - low.x
        interpolate = shrunk or not interpolate
    return _share(low, high, target, by_y)
