"""Rate-distortion functions and channel capacities, with certificates; information bottlenecks.

``beta`` and ``slope`` are derivatives in nats whatever ``base`` is. Every rate and capacity comes with a bound of how
far it can be from the optimum, which holds at any iteration; bottlenecks are local optima, the best of several starts.
"""

from __future__ import annotations

from ._bottleneck import deterministic_information_bottleneck, information_bottleneck
from ._bottleneck_curve import bottleneck_critical_beta, information_bottleneck_curve
from ._bottleneck_result import BottleneckCurve, BottleneckResult
from ._channel_capacity import ChannelCapacity, channel_capacity
from ._gaussian_bottleneck import (
    GaussianBottleneck,
    GaussianBottleneckCurve,
    gaussian_information_bottleneck,
    gaussian_information_bottleneck_curve,
)
from ._rate_closed_forms import GaussianRateDistortion, bernoulli_rate_distortion, gaussian_rate_distortion
from ._rate_curve import RateDistortionCurve, rate_distortion_curve
from ._rate_distortion import RateDistortion, rate_distortion

__all__ = [
    "BottleneckCurve",
    "BottleneckResult",
    "ChannelCapacity",
    "GaussianBottleneck",
    "GaussianBottleneckCurve",
    "GaussianRateDistortion",
    "RateDistortion",
    "RateDistortionCurve",
    "bernoulli_rate_distortion",
    "bottleneck_critical_beta",
    "channel_capacity",
    "deterministic_information_bottleneck",
    "gaussian_information_bottleneck",
    "gaussian_information_bottleneck_curve",
    "gaussian_rate_distortion",
    "information_bottleneck",
    "information_bottleneck_curve",
    "rate_distortion",
    "rate_distortion_curve",
]
