"""hartley: information theory at the speed of the hardware.

Quantities are in nats unless ``base`` asks for another unit.
"""

from . import discrete, histogram, knn, pmf, significance, transport
from ._config import show_config
from ._cpu import version as __version__
from ._threads import get_num_threads, set_num_threads, threads
from ._warnings import ConvergenceWarning, HartleyWarning, TiesWarning
from .pmf import cross_entropy, entropy, js_divergence, kl_divergence

__all__ = [
    "ConvergenceWarning",
    "HartleyWarning",
    "TiesWarning",
    "__version__",
    "cross_entropy",
    "discrete",
    "entropy",
    "get_num_threads",
    "histogram",
    "js_divergence",
    "kl_divergence",
    "knn",
    "pmf",
    "set_num_threads",
    "show_config",
    "significance",
    "threads",
    "transport",
]
