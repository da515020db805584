"""Normal distributions: entropies, informations, divergences and distances, from parameters or from samples.

Everything is batched over leading axes, in float64, through Cholesky factors and symmetric eigendecompositions, never
through an inverse. Information is in nats unless ``base`` asks for another unit.
"""

from __future__ import annotations

from ._gaussian_divergences import (
    bhattacharyya_distance,
    hellinger_distance,
    kl_divergence,
    kl_divergence_diagonal,
    renyi_divergence,
)
from ._gaussian_estimates import (
    estimate_conditional_mutual_information,
    estimate_entropy,
    estimate_kl_divergence,
    estimate_mutual_information,
    estimate_total_correlation,
)
from ._gaussian_geometry import fisher_rao_distance, wasserstein2
from ._gaussian_information import conditional_mutual_information, entropy, mutual_information, total_correlation

__all__ = [
    "bhattacharyya_distance",
    "conditional_mutual_information",
    "entropy",
    "estimate_conditional_mutual_information",
    "estimate_entropy",
    "estimate_kl_divergence",
    "estimate_mutual_information",
    "estimate_total_correlation",
    "fisher_rao_distance",
    "hellinger_distance",
    "kl_divergence",
    "kl_divergence_diagonal",
    "mutual_information",
    "renyi_divergence",
    "total_correlation",
    "wasserstein2",
]
