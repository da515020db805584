"""Normal distributions: rows G1 and G2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import gaussian
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

# condition of a sample covariance of 2 d samples of d variables: about ((1 + √½) / (1 - √½))² = 34, at most thousands
CONDITIONED = Agreement(
    rtol=1e-9, reason="d eps times condition numbers up to 10^4, terms of both signs in the formula"
)


def covariances(size: tuple[int, int], rng: np.random.Generator) -> Array:
    """Sample covariances of 2 d samples each."""
    n, d = size
    x = rng.standard_normal((n, 2 * d, d))
    return np.swapaxes(x, 1, 2) @ x / (2 * d)


def one(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array]:
    return (covariances(size, rng),)


def two(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, ...]:
    return rng.standard_normal(size), covariances(size, rng), rng.standard_normal(size), covariances(size, rng)


def numpy_entropy(cov: Array) -> Array:
    """Batched Cholesky factors."""
    diagonal = np.diagonal(np.linalg.cholesky(cov), axis1=1, axis2=2)
    return 0.5 * cov.shape[-1] * np.log(2 * np.pi * np.e) + np.log(diagonal).sum(axis=1)


def numpy_kl(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array) -> Array:
    """Batched Cholesky factors, one batched solve."""
    p, q = np.linalg.cholesky(cov_p), np.linalg.cholesky(cov_q)
    whitened = np.linalg.solve(q, np.concatenate([p, (mean_p - mean_q)[:, :, None]], axis=2))
    logs = np.log(np.diagonal(q, axis1=1, axis2=2)) - np.log(np.diagonal(p, axis1=1, axis2=2))
    return 0.5 * ((whitened**2).sum(axis=(1, 2)) - p.shape[-1]) + logs.sum(axis=1)


def torch_kl() -> Any:
    import torch

    def kl(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array) -> Array:
        normal = torch.distributions.MultivariateNormal
        p = normal(torch.from_numpy(mean_p), torch.from_numpy(cov_p), validate_args=False)
        q = normal(torch.from_numpy(mean_q), torch.from_numpy(cov_q), validate_args=False)
        return torch.distributions.kl_divergence(p, q).numpy()  # type: ignore[no-any-return]

    return kl


def kl(row: str, n: int, d: int) -> Case:
    return Case(
        row=row,
        description=f"kl_divergence, {n:,} pairs, d = {d}",
        make=two,
        run=gaussian.kl_divergence,
        reference=numpy_kl,
        full=(n, d),
        smoke=(min(n, 50), min(d, 80)),
        agreement=CONDITIONED,
        peers={"torch": Peer(torch_kl, threaded=True)},
        elements=lambda size: float(size[0]),
        bytes_per_element=16.0 * d * d + 16.0 * d,
        flops_per_element=1.0 * d**3,  # two factors and a triangular solve of a triangle, d³ / 3 each
        reference_threaded=True,
    )


def entropies(row: str, n: int, d: int) -> Case:
    return Case(
        row=row,
        description=f"entropy, {n:,} covariances, d = {d}",
        make=one,
        run=gaussian.entropy,
        reference=numpy_entropy,
        full=(n, d),
        smoke=(min(n, 50), min(d, 80)),
        agreement=CONDITIONED,
        elements=lambda size: float(size[0]),
        bytes_per_element=8.0 * d * d,
        flops_per_element=d**3 / 3.0,
        reference_threaded=True,
    )


CASES = [
    kl("G1", 10**5, 16),
    kl("G1 d=4", 10**6, 4),
    kl("G1 d=1000", 1, 1000),
    entropies("G2", 10**5, 16),
    entropies("G2 d=1000", 1, 1000),
]
