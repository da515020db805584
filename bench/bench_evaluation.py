"""Precision, recall, density and coverage of generated samples: row E1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import evaluation
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]
Four = tuple[float, float, float, float]

K = 5
FEATURES = 64

SAME_DECISIONS = Agreement(rtol=1e-12, reason="the same balls; no distance is within rounding of a radius")


def samples(dtype: str) -> Callable[[int, np.random.Generator], tuple[Array, Array]]:
    """Maker of n real and n generated standard normal samples."""

    def make(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        return rng.standard_normal((n, FEATURES)).astype(dtype), rng.standard_normal((n, FEATURES)).astype(dtype)

    return make


def squared_distances(x: Array, y: Array) -> Array:
    """|x|² + |y|² - 2 x·y, (n, m), by one matrix product."""
    distances: Array = x @ y.T
    distances *= -2
    distances += (x**2).sum(axis=1)[:, None]
    distances += (y**2).sum(axis=1)
    return distances


def squared_radii(x: Array) -> Array:
    """Squared distance of each row to its k-th nearest other row."""
    distances = squared_distances(x, x)
    np.fill_diagonal(distances, np.inf)
    distances.partition(K - 1, axis=1)
    return distances[:, K - 1].copy()


def numpy_prdc(real: Array, generated: Array) -> Four:
    """All four from n × n matrices of distances."""
    real, generated = real.astype(np.float64, copy=False), generated.astype(np.float64, copy=False)
    real_radii, generated_radii = squared_radii(real), squared_radii(generated)
    distances = squared_distances(real, generated)
    in_real = distances <= real_radii[:, None]
    precision, coverage = in_real.any(axis=0).mean(), in_real.any(axis=1).mean()
    density = in_real.sum() / (K * len(generated))
    return float(precision), float((distances <= generated_radii).any(axis=1).mean()), float(density), float(coverage)


def load_prdc() -> Callable[[Array, Array], Four]:
    from prdc import compute_prdc

    def four(real: Array, generated: Array) -> Four:
        found = compute_prdc(real_features=real, fake_features=generated, nearest_k=K)
        return found["precision"], found["recall"], found["density"], found["coverage"]

    return four


def row(name: str, dtype: str) -> Case:
    return Case(
        row=name,
        description=f"precision, recall, density, coverage, 10^4 + 10^4 samples, d = {FEATURES}, k = {K}",
        make=samples(dtype),
        run=lambda real, generated: tuple(evaluation.prdc(real, generated, K)),
        reference=numpy_prdc,
        full=10**4,
        smoke=300,
        agreement=SAME_DECISIONS,
        peers={"prdc": Peer(load_prdc)},
        elements=lambda n: 3.0 * n * n,  # pairs
        bytes_per_element=0.04,  # the samples alone, 2 n d numbers
        flops_per_element=2.0 * FEATURES,
        dtype="float32",  # what decides all but near ties
        reference_threaded=True,
    )


CASES = [row("E1", "float64"), row("E1 float32", "float32")]
