"""Types of the native modules ``_kernels_<level>``; all levels have the same functions.

Arrays are C-contiguous and of exactly the dtype given: nothing is converted on the way in. Quantities are in nats.
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]
Real = TypeVar("Real", NDArray[np.float64], NDArray[np.float32])
Progress: TypeAlias = Callable[[float], None] | None

level: str

# pmf: p and q are (outer, n, inner); result (4, outer * inner): functional, sum p, sum q, least entry
def pmf_entropy(p: Real, n_threads: int) -> F64: ...
def pmf_cross_entropy(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_kl_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_js_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
