"""Optimal transport between samples and between histograms: entropic (Sinkhorn), exact, sliced, on lines and circles.

``reg`` is ε in the units of the cost, with no factor ½ anywhere: for costs |x - y|² the ``blur`` of libraries that use
|x - y|² / 2 and ε = blur² corresponds to ``reg = 2 * blur**2`` and their values are half of these. Every W_p is the
distance, the p-th root taken.
"""

from __future__ import annotations

from ._barycenter import Barycenter, barycenter
from ._exact_result import ExactTransportResult
from ._exact_transport import emd, wasserstein
from ._kantorovich import LowerBound, kantorovich_rubinstein_bound
from ._max_sliced import MaxSlicedDistance, max_sliced_wasserstein
from ._sinkhorn import sinkhorn, sinkhorn_from_cost
from ._sinkhorn_divergence import SinkhornDivergence, sinkhorn_divergence
from ._sliced import SlicedDistance, SlicedGradient, sliced_wasserstein
from ._transport_result import TransportBatch, TransportGradient, TransportResult
from ._two_sample import two_sample_test
from ._unbalanced import unbalanced_sinkhorn, unbalanced_sinkhorn_from_cost
from ._wasserstein_line import wasserstein_1d, wasserstein_1d_grid, wasserstein_circle

__all__ = [
    "Barycenter",
    "ExactTransportResult",
    "LowerBound",
    "MaxSlicedDistance",
    "SinkhornDivergence",
    "SlicedDistance",
    "SlicedGradient",
    "TransportBatch",
    "TransportGradient",
    "TransportResult",
    "barycenter",
    "emd",
    "kantorovich_rubinstein_bound",
    "max_sliced_wasserstein",
    "sinkhorn",
    "sinkhorn_divergence",
    "sinkhorn_from_cost",
    "sliced_wasserstein",
    "two_sample_test",
    "unbalanced_sinkhorn",
    "unbalanced_sinkhorn_from_cost",
    "wasserstein",
    "wasserstein_1d",
    "wasserstein_1d_grid",
    "wasserstein_circle",
]
