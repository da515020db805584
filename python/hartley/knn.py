"""Nearest-neighbour estimates from continuous samples.

Nothing is binned and no density is fitted: the distance from a sample to its k-th nearest neighbour tells how thin the
density is there. Quantities are in nats unless ``base`` asks for another unit.
"""

from __future__ import annotations

from ._knn_conditional import conditional_mutual_information, lagged_mutual_information, transfer_entropy
from ._knn_divergence import js_divergence, kl_divergence
from ._knn_entropy import entropy, renyi_entropy, tsallis_entropy
from ._knn_information import mutual_information
from ._knn_matrix import mutual_information_matrix, mutual_information_with
from ._knn_multivariate import dual_total_correlation, o_information, total_correlation
from ._knn_neighbors import Neighbors

__all__ = [
    "Neighbors",
    "conditional_mutual_information",
    "dual_total_correlation",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "lagged_mutual_information",
    "mutual_information",
    "mutual_information_matrix",
    "mutual_information_with",
    "o_information",
    "renyi_entropy",
    "total_correlation",
    "transfer_entropy",
    "tsallis_entropy",
]
