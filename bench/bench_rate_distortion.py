"""Rate-distortion: row R1, and the information bottleneck."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley.bench.harness import Agreement, Case, Peer
from hartley.rate_distortion import RateDistortion, channel_capacity, information_bottleneck, rate_distortion
from hartley.reference import rate_distortion as reference

Array = NDArray[Any]

N_ITER = 200
GAP = 1e-6  # of the rows that race to a certificate
BETA = 20.0
N_UPDATES, N_CLUSTERS = 20, 20  # of a bottleneck


def random_distortions(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array, float]:
    """A random source and uniform distortions."""
    return rng.dirichlet(np.ones(size[0])), rng.random(size), BETA


def squared_errors(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array, float]:
    """A quantised normal source under squared error: most outputs die out, plain iterations never get there."""
    x, y = np.linspace(-4, 4, size[0]), np.linspace(-4, 4, size[1])
    p = np.exp(-(x**2) / 2)
    return p / p.sum(), (x[:, None] - y[None, :]) ** 2, 2.0


def random_channel(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array]:
    """Rows of Dirichlet weights."""
    return (rng.dirichlet(np.full(size[1], 0.3), size=size[0]),)


def random_joint(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """A joint distribution with rows far apart, and an encoder of clusters far apart to begin at."""
    rows = rng.dirichlet(np.full(size[1], 0.1), size=size[0])
    return rows / size[0], rng.dirichlet(np.full(N_CLUSTERS, 0.03), size=size[0])


def lagrangian(result: RateDistortion) -> float:
    """What is minimised: rates and distortions alone move along the tangent."""
    return result.rate + result.beta * result.distortion


def plain(p: Array, distortion: Array, beta: float) -> float:
    """N_ITER iterations of Blahut's, without the warning that a fixed number earns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lagrangian(rate_distortion(p, distortion, beta=beta, tol=0, max_iter=N_ITER + 1, accelerate=False))


def numpy_iterations(p: Array, distortion: Array, beta: float) -> float:
    """Two matrix-vector products an iteration, in the linear domain."""
    rate, cost, _ = reference.blahut(p, distortion, beta, N_ITER)
    return rate + beta * cost


def numpy_log_iterations() -> Callable[..., float]:
    def run(p: Array, distortion: Array, beta: float) -> float:
        rate, cost, _ = reference.log_blahut(p, distortion, beta, N_ITER)
        return rate + beta * cost

    return run


def accelerated(p: Array, distortion: Array, beta: float) -> float:
    return lagrangian(rate_distortion(p, distortion, beta=beta, tol=GAP))


def numpy_to_gap(p: Array, distortion: Array, beta: float) -> float:
    """Plain iterations until the certificate says GAP."""
    kernel = np.exp(-beta * distortion)
    q = np.full(distortion.shape[1], 1 / distortion.shape[1])
    while True:
        sums = kernel @ q
        gains = kernel.T @ (p / sums)
        if np.log(gains.max()) <= GAP:
            return float(-(p @ np.log(sums)))
        q *= gains


def numpy_capacity(W: Array) -> float:  # noqa: N803
    """Arimoto's iterations until the bounds meet."""
    p = np.full(len(W), 1 / len(W))
    negative_entropies = np.sum(W * np.log(np.where(W > 0, W, 1.0)), axis=1)
    while True:
        divergences = negative_entropies - W @ np.log(p @ W)
        lower = float(p @ divergences)
        if divergences.max() - lower <= GAP:
            return lower
        p *= np.exp(divergences - divergences.max())
        p /= p.sum()


def bottleneck(pxy: Array, encoder: Array) -> float:
    """N_UPDATES self-consistent updates from one start, without the warning that a fixed number earns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = information_bottleneck(
            pxy, beta=BETA, n_clusters=N_CLUSTERS, encoder_init=encoder, tol=0.0, max_iter=N_UPDATES
        )
    return found.complexity


def numpy_bottleneck(pxy: Array, encoder: Array) -> float:
    """The same by matrix products; the entropy of p(y|x) cancels in each row."""
    p_x = pxy.sum(axis=1, keepdims=True)
    y_given_x = pxy / p_x
    for _ in range(N_UPDATES):
        joint = encoder.T @ pxy
        p_t = joint.sum(axis=1)
        scores = np.log(p_t) + BETA * (y_given_x @ np.log(joint / p_t[:, None]).T)
        encoder = np.exp(scores - scores.max(axis=1, keepdims=True))
        encoder /= encoder.sum(axis=1, keepdims=True)
    p_t = (encoder * p_x).sum(axis=0)
    return float((p_x * encoder * np.log(np.where(encoder > 0, encoder / p_t, 1.0))).sum())


WITHIN_GAPS = Agreement(rtol=0.0, atol=2 * GAP, reason="each within its certified gap of 1e-6 nats of the optimum")

CASES = [
    Case(
        row="R1",
        description=f"rate_distortion, 1000 x 1000, {N_ITER} plain iterations at one slope",
        make=random_distortions,
        run=plain,
        reference=numpy_iterations,
        full=(1000, 1000),
        smoke=(60, 60),
        agreement=Agreement(rtol=1e-11, reason="200 iterations of sums of 1000 terms"),
        peers={"NumPy, log domain": Peer(numpy_log_iterations)},
        bytes_per_element=8.0 * N_ITER,
        flops_per_element=4.0 * N_ITER,
        reference_threaded=True,
    ),
    Case(
        row="R1 gap 1e-6",
        description="rate_distortion, 1000 x 1000, to a gap of 1e-6 nats",
        make=random_distortions,
        run=accelerated,
        reference=numpy_to_gap,
        full=(1000, 1000),
        smoke=(60, 60),
        agreement=WITHIN_GAPS,
        bytes_per_element=8.0 * 20,
        flops_per_element=4.0 * 20,
        reference_threaded=True,
    ),
    Case(
        row="R1 squared error",
        description="rate_distortion, normal source on 200 x 200 points, to a gap of 1e-6 nats",
        make=squared_errors,
        run=accelerated,
        reference=numpy_to_gap,
        full=(200, 200),
        smoke=(15, 15),
        agreement=WITHIN_GAPS,
        bytes_per_element=8.0 * 20,
        flops_per_element=4.0 * 20,
        reference_threaded=True,
    ),
    Case(
        row="R1 capacity",
        description="channel_capacity, 1000 x 1000, to a gap of 1e-6 nats",
        make=random_channel,
        run=lambda W: channel_capacity(W, tol=GAP).capacity,  # noqa: N803
        reference=numpy_capacity,
        full=(1000, 1000),
        smoke=(30, 30),
        agreement=WITHIN_GAPS,
        bytes_per_element=8.0 * 20,
        flops_per_element=4.0 * 20,
        reference_threaded=True,
    ),
    Case(
        row="R1 bottleneck",
        description=f"information_bottleneck, 1000 x 1000, {N_CLUSTERS} clusters, {N_UPDATES} updates from one start",
        make=random_joint,
        run=bottleneck,
        reference=numpy_bottleneck,
        full=(1000, 1000),
        smoke=(40, 40),
        agreement=Agreement(rtol=1e-9, reason="20 updates, each of which multiplies rounding by at most 2 or so"),
        bytes_per_element=16.0 * N_UPDATES,
        flops_per_element=4.0 * N_CLUSTERS * N_UPDATES,
        reference_threaded=True,
    ),
]
