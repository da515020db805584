"""Inequalities of information theory: what no estimator, test or processing can beat.

Every function takes numbers or arrays, which broadcast. Quantities of information are in nats unless ``base`` says
otherwise.
"""

from __future__ import annotations

from ._fano import fano_entropy_bound, fano_error_bound
from ._information_gaps import DataProcessingGap, conditioning_gap, data_processing_gap
from ._maximum_entropy import maximum_entropy
from ._variation_bounds import bretagnolle_huber, kl_lower_bound, le_cam_bound, pinsker, reverse_pinsker

__all__ = [
    "DataProcessingGap",
    "bretagnolle_huber",
    "conditioning_gap",
    "data_processing_gap",
    "fano_entropy_bound",
    "fano_error_bound",
    "kl_lower_bound",
    "le_cam_bound",
    "maximum_entropy",
    "pinsker",
    "reverse_pinsker",
]
