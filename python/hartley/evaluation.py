"""Sets of generated samples against the data: quality, diversity, coverage, copies.

Samples, or their features in some network, come in rows. Scores that count (inception score, Vendi score, effective
modes) are exponentials of entropies; the entropies themselves are in nats unless ``base`` asks for another unit.
"""

from __future__ import annotations

from ._frechet import frechet_distance, frechet_distance_from_moments
from ._inception import InceptionScore, inception_score
from ._memorization import Memorization, memorization_report
from ._mode_coverage import ModeCoverage, diversity_entropy, mode_coverage
from ._sample_balls import (
    DensityCoverage,
    PrecisionRecall,
    SampleQuality,
    density_coverage,
    prdc,
    precision_recall,
)
from ._vendi import vendi_score

__all__ = [
    "DensityCoverage",
    "InceptionScore",
    "Memorization",
    "ModeCoverage",
    "PrecisionRecall",
    "SampleQuality",
    "density_coverage",
    "diversity_entropy",
    "frechet_distance",
    "frechet_distance_from_moments",
    "inception_score",
    "memorization_report",
    "mode_coverage",
    "prdc",
    "precision_recall",
    "vendi_score",
]
