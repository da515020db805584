"""Rate-distortion functions and channel capacities, with certificates.

``beta`` and ``slope`` are derivatives in nats whatever ``base`` is. Every value comes with a bound of how far it can be
from the optimum, which holds at any iteration.
"""

from __future__ import annotations

from ._channel_capacity import ChannelCapacity, channel_capacity
from ._rate_closed_forms import GaussianRateDistortion, bernoulli_rate_distortion, gaussian_rate_distortion
from ._rate_curve import RateDistortionCurve, rate_distortion_curve
from ._rate_distortion import RateDistortion, rate_distortion

__all__ = [
    "ChannelCapacity",
    "GaussianRateDistortion",
    "RateDistortion",
    "RateDistortionCurve",
    "bernoulli_rate_distortion",
    "channel_capacity",
    "gaussian_rate_distortion",
    "rate_distortion",
    "rate_distortion_curve",
]
