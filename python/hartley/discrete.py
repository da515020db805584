"""Estimates from samples of symbols: integers, text, categories, tuples of columns.

Quantities are in nats unless ``base`` asks for another unit. Symbols are compared for equality alone; several columns
of an array or a frame are one variable.
"""

from __future__ import annotations

from ._clusterings import (
    adjusted_mutual_information,
    homogeneity_completeness_v,
    normalized_mutual_information,
    variation_of_information,
)
from ._discrete_columns import mutual_information_matrix, total_correlation
from ._discrete_entropy import counts, coverage, entropy, entropy_from_counts
from ._discrete_information import (
    conditional_entropy,
    conditional_mutual_information,
    joint_entropy,
    mutual_information,
)
from ._symbol_divergences import cross_entropy, js_divergence, kl_divergence
from ._symbol_series import active_information, entropy_rate, transfer_entropy

__all__ = [
    "active_information",
    "adjusted_mutual_information",
    "conditional_entropy",
    "conditional_mutual_information",
    "counts",
    "coverage",
    "cross_entropy",
    "entropy",
    "entropy_from_counts",
    "entropy_rate",
    "homogeneity_completeness_v",
    "joint_entropy",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "mutual_information_matrix",
    "normalized_mutual_information",
    "total_correlation",
    "transfer_entropy",
    "variation_of_information",
]
