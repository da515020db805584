"""Fisher information and the geometry that it gives to families of distributions.

The information is the curvature of the Kullback-Leibler divergence: estimated from scores or numerically, inverted for
natural gradients and for the least variance of an estimator, integrated along paths for distances.
"""

from __future__ import annotations

from ._cramer_rao import Efficiency, cramer_rao_bound, efficiency
from ._fisher_information import FisherEstimate, fisher_information
from ._fisher_numerical import fisher_information_from_log_prob, kl_hessian
from ._fisher_rao import fisher_rao_distance, fisher_rao_geodesic
from ._natural_gradient import natural_gradient

__all__ = [
    "Efficiency",
    "FisherEstimate",
    "cramer_rao_bound",
    "efficiency",
    "fisher_information",
    "fisher_information_from_log_prob",
    "fisher_rao_distance",
    "fisher_rao_geodesic",
    "kl_hessian",
    "natural_gradient",
]
