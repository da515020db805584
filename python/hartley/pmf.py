"""Exact functionals of known probability mass functions.

Every function takes one distribution or a batch of millions: the distributions lie along ``axis`` (the last by default)
and every other axis is a batch axis; joint distributions have one axis for each variable. Quantities are in nats unless
``base`` asks for another unit.
"""

from __future__ import annotations

from ._agreement import normalized_mutual_information, variation_of_information
from ._divergences import cross_entropy, js_distance, js_divergence, kl_divergence
from ._entropies import binary_entropy, entropy, perplexity, renyi_entropy, tsallis_entropy
from ._f_divergences import chi2_divergence, f_divergence, hellinger_distance, total_variation
from ._joint import (
    conditional_entropy,
    conditional_mutual_information,
    joint_entropy,
    mutual_information,
    pointwise_mutual_information,
)
from ._multivariate import (
    chain_rule,
    dual_total_correlation,
    interaction_information,
    o_information,
    total_correlation,
)
from ._renyi import bhattacharyya_distance, jeffreys_divergence, renyi_divergence

__all__ = [
    "bhattacharyya_distance",
    "binary_entropy",
    "chain_rule",
    "chi2_divergence",
    "conditional_entropy",
    "conditional_mutual_information",
    "cross_entropy",
    "dual_total_correlation",
    "entropy",
    "f_divergence",
    "hellinger_distance",
    "interaction_information",
    "jeffreys_divergence",
    "joint_entropy",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "normalized_mutual_information",
    "o_information",
    "perplexity",
    "pointwise_mutual_information",
    "renyi_divergence",
    "renyi_entropy",
    "total_correlation",
    "total_variation",
    "tsallis_entropy",
    "variation_of_information",
]
