"""Variational autoencoders: rows V1 and V2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import vae
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

EXP_FLOPS = 16  # an exponential: range reduction and a polynomial of degree 5 (float32) in multiply-adds
SAMPLES_A_TILE = 2  # of the tiled NumPy: 2 x 10^4 x 32 densities are 2.5 MB; 1 is as fast, 4 and 16 are slower

FLOAT32 = Agreement(rtol=2e-5, reason="the others round e^x - 1 - x after cancellation and sum in float32")
DECOMPOSITION = Agreement(
    rtol=1e-4, atol=1e-4, reason="float32 log-densities of 32 latents, about 50 in size, summed: 32 * 50 * 6e-8"
)


def parameters(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Means and log-variances in float32."""
    return tuple(rng.standard_normal(size, dtype=np.float32) for _ in range(2))  # type: ignore


def posteriors(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Samples, means and log-variances of overlapping posteriors in float32."""
    mean, log_variance = parameters(size, rng)
    log_variance -= 1
    noise = rng.standard_normal(size, dtype=np.float32)
    return mean + np.exp(log_variance / 2) * noise, mean, log_variance


def numpy_kl(mean: Array, log_variance: Array) -> Any:
    """As one would type it."""
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean()


def numpy_kl_gradient(mean: Array, log_variance: Array) -> tuple[Any, Array, Array]:
    """The same with its gradient."""
    variance = np.exp(log_variance)
    return 0.5 * (mean**2 + variance - 1 - log_variance).sum(axis=1).sum(), mean, 0.5 * (variance - 1)


def kl_gradient(mean: Array, log_variance: Array) -> tuple[Any, Array, Array]:
    value, gradient = vae.kl_standard_normal(mean, log_variance, reduction="sum", return_grad=True)
    return value, gradient.mean, gradient.log_variance


def torch_kl() -> Callable[..., Any]:
    import torch

    def kl(mean: Array, log_variance: Array) -> Any:
        mu, lv = torch.from_numpy(mean), torch.from_numpy(log_variance)
        return (0.5 * (mu.pow(2) + lv.exp() - 1 - lv).sum(dim=1).mean()).numpy()

    return kl


def numba_kl() -> Callable[..., Any]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def kl(mean, log_variance):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in numba.prange(mean.shape[0]):
            row = np.float32(0)
            for d in range(mean.shape[1]):
                lv = log_variance[i, d]
                row += mean[i, d] * mean[i, d] + np.exp(lv) - np.float32(1) - lv
            total += row
        return 0.5 * total / mean.shape[0]

    return kl


def _log_sum_exp(x: Array, axis: int) -> Array:
    largest = x.max(axis=axis, keepdims=True)
    x -= largest
    np.exp(x, out=x)
    return np.squeeze(largest, axis) + np.log(x.sum(axis=axis))


def numpy_decomposition(z: Array, mean: Array, log_variance: Array) -> Array:
    """Tiles of a few samples against all posteriors, (samples, n, d) densities at a time, in float32."""
    n = len(z)
    precision = np.exp(-log_variance)
    constant = np.float32(np.log(2 * np.pi))
    sums = np.zeros(3)
    for begin in range(0, n, SAMPLES_A_TILE):
        rows = slice(begin, begin + SAMPLES_A_TILE)
        density = z[rows, None] - mean
        np.square(density, out=density)
        density *= precision
        density += log_variance
        density += constant
        density *= np.float32(-0.5)
        own = density[np.arange(len(density)), np.arange(begin, begin + len(density))].sum(axis=1)
        joint = _log_sum_exp(density.sum(axis=2), 1) - np.log(n)
        latents = (_log_sum_exp(density, 1) - np.log(n)).sum(axis=1)
        prior = -0.5 * (z[rows] ** 2 + constant).sum(axis=1)
        sums += [(own - joint).sum(), (joint - latents).sum(), (latents - prior).sum()]
    return sums / n


def decomposition(z: Array, mean: Array, log_variance: Array) -> Array:
    parts = vae.elbo_decomposition(z, mean, log_variance, method="full")
    return np.array([parts.mutual_information, parts.total_correlation, parts.dimension_wise_kl])


def torch_decomposition() -> Callable[..., Any]:
    import torch

    def run(z: Array, mean: Array, log_variance: Array) -> Array:
        z_, mu, lv = (torch.from_numpy(x) for x in (z, mean, log_variance))
        n = len(z_)
        density = -0.5 * ((z_[:, None] - mu) ** 2 * torch.exp(-lv) + lv + float(np.log(2 * np.pi)))
        own = density.diagonal().sum(dim=0)
        joint = torch.logsumexp(density.sum(dim=2), dim=1) - float(np.log(n))
        latents = (torch.logsumexp(density, dim=1) - float(np.log(n))).sum(dim=1)
        prior = -0.5 * (z_**2 + float(np.log(2 * np.pi))).sum(dim=1)
        return np.array([float(x.mean()) for x in (own - joint, joint - latents, latents - prior)])

    return run


V1 = Case(
    row="V1",
    description="kl_standard_normal, float32, 10^6 x 64",
    make=parameters,
    run=vae.kl_standard_normal,
    reference=numpy_kl,
    full=(10**6, 64),
    smoke=(300, 64),
    agreement=FLOAT32,
    peers={"torch": Peer(torch_kl, threaded=True), "numba loop": Peer(numba_kl, threaded=True)},
    bytes_per_element=8,
    flops_per_element=EXP_FLOPS + 6,
    dtype="float32",
)

V2 = Case(
    row="V2",
    description="elbo_decomposition, full, float32, n = 10^4, d = 32",
    make=posteriors,
    run=decomposition,
    reference=numpy_decomposition,
    full=(10**4, 32),
    smoke=(100, 8),
    agreement=DECOMPOSITION,
    peers={"torch n x n x d": Peer(torch_decomposition, threaded=True, largest=10**5)},
    bytes_per_element=12,
    flops_per_element=(EXP_FLOPS + 5) * 10**4,  # of every pair of rows and latent
    dtype="float32",
)

CASES = [
    V1,
    replace(
        V1,
        row="V1 gradient",
        description="the sum with its gradient",
        run=kl_gradient,
        reference=numpy_kl_gradient,
        peers={},
        agreement=Agreement(rtol=2e-5, atol=1e-5, reason="σ² - 1 cancels in the reference: 6e-8 of σ² up to e^5"),
        bytes_per_element=16,
    ),
    replace(
        V1,
        row="V1 rows",
        description='reduction="none"',
        run=lambda mean, log_variance: vae.kl_standard_normal(mean, log_variance, reduction="none"),
        reference=lambda mean, lv: 0.5 * (mean**2 + np.exp(lv) - 1 - lv).sum(axis=1),
        peers={},
    ),
    replace(
        V1,
        row="V1 latents",
        description='reduction="dimensions"',
        run=lambda mean, log_variance: vae.kl_standard_normal(mean, log_variance, reduction="dimensions"),
        reference=lambda mean, lv: 0.5 * (mean**2 + np.exp(lv) - 1 - lv).mean(axis=0, dtype=np.float64),
        peers={},
    ),
    V2,
]
