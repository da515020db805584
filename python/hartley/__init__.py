"""hartley: information theory at the speed of the hardware.

Quantities are in nats unless ``base`` asks for another unit.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from . import pmf
from ._config import show_config
from ._cpu import version as __version__
from ._threads import get_num_threads, set_num_threads, threads
from ._warnings import ConvergenceWarning, CoverageWarning, HartleyWarning, SaturationWarning, TiesWarning
from .pmf import (
    bhattacharyya_distance,
    binary_entropy,
    chain_rule,
    chi2_divergence,
    conditional_entropy,
    conditional_mutual_information,
    cross_entropy,
    dual_total_correlation,
    entropy,
    f_divergence,
    hellinger_distance,
    interaction_information,
    jeffreys_divergence,
    joint_entropy,
    js_distance,
    js_divergence,
    kl_divergence,
    mutual_information,
    normalized_mutual_information,
    o_information,
    perplexity,
    pointwise_mutual_information,
    renyi_divergence,
    renyi_entropy,
    total_correlation,
    total_variation,
    tsallis_entropy,
    variation_of_information,
)

if TYPE_CHECKING:
    from types import ModuleType

    from . import (
        discrete,
        evaluation,
        families,
        fisher,
        gaussian,
        histogram,
        inequalities,
        knn,
        logits,
        plot,
        rate_distortion,
        significance,
        transport,
        vae,
        variational,
    )

__all__ = [
    "ConvergenceWarning",
    "CoverageWarning",
    "HartleyWarning",
    "SaturationWarning",
    "TiesWarning",
    "__version__",
    "bhattacharyya_distance",
    "binary_entropy",
    "chain_rule",
    "chi2_divergence",
    "conditional_entropy",
    "conditional_mutual_information",
    "cross_entropy",
    "discrete",
    "dual_total_correlation",
    "entropy",
    "evaluation",
    "f_divergence",
    "families",
    "fisher",
    "gaussian",
    "get_num_threads",
    "hellinger_distance",
    "histogram",
    "inequalities",
    "interaction_information",
    "jeffreys_divergence",
    "joint_entropy",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "knn",
    "logits",
    "mutual_information",
    "normalized_mutual_information",
    "o_information",
    "perplexity",
    "plot",
    "pmf",
    "pointwise_mutual_information",
    "rate_distortion",
    "renyi_divergence",
    "renyi_entropy",
    "set_num_threads",
    "show_config",
    "significance",
    "threads",
    "total_correlation",
    "total_variation",
    "transport",
    "tsallis_entropy",
    "vae",
    "variation_of_information",
    "variational",
]

_ON_FIRST_USE = frozenset(
    {
        "discrete",
        "evaluation",
        "families",
        "fisher",
        "gaussian",
        "histogram",
        "inequalities",
        "knn",
        "logits",
        "plot",
        "rate_distortion",
        "significance",
        "transport",
        "vae",
        "variational",
    }
)


def __getattr__(name: str) -> ModuleType:
    """The modules beside ``pmf`` are imported where they are first named: importing hartley stays fast."""
    if name in _ON_FIRST_USE:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
