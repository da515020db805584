"""Losses and entropies straight from logits: rows L1 to L4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley import _dispatch, logits
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

EXP_FLOPS_FLOAT32 = 14  # an exponential to 1 ulp: reduction, six multiply-adds
BLOCK = 64  # rows that NumPy handles at a time: temporaries of 13 MB, not of the size of the logits

FLOAT32 = Agreement(rtol=1e-6, atol=1e-6, reason="exponentials and sums in float32 on one side at least")
GRADIENT = Agreement(rtol=1e-5, atol=1e-9, reason="probabilities in float32: 1e-6 of themselves, their sum likewise")
HALF = Agreement(rtol=1e-3, atol=1e-3, reason="a peer that rounds its result to 16 bits")


def make_logits(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Logits like a language model's: standard deviation 3, a target a row."""
    z = rng.standard_normal(size, dtype=np.float32)
    z *= 3
    return z, rng.integers(0, size[1], size[0])


def make_float16(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    z, targets = make_logits(size, rng)
    return z.astype(np.float16), targets


def make_bfloat16(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
    """Bit patterns: the upper halves of float32."""
    z, targets = make_logits(size, rng)
    return (z.view(np.uint32) >> 16).astype(np.uint16), targets


def as_float32(z: Array) -> Array:
    return (z.astype(np.uint32) << 16).view(np.float32) if z.dtype == np.uint16 else z.astype(np.float32, copy=False)


def numpy_cross_entropy(z: Array, targets: Array) -> Any:
    """Mean loss, block by block of rows."""
    total = 0.0
    for begin in range(0, len(z), BLOCK):
        block = as_float32(z[begin : begin + BLOCK])
        largest = block.max(axis=1)
        log_sum = np.log(np.exp(block - largest[:, None]).sum(axis=1))
        at_target = block[np.arange(len(block)), targets[begin : begin + BLOCK]]
        total += float((largest + log_sum - at_target).sum(dtype=np.float64))
    return total / len(z)


def numpy_entropy(z: Array, targets: Array) -> Any:
    """Entropy of every row, block by block."""
    result = np.empty(len(z))
    for begin in range(0, len(z), BLOCK):
        x = z[begin : begin + BLOCK]
        x = x - x.max(axis=1, keepdims=True)
        e = np.exp(x)
        total = e.sum(axis=1)
        result[begin : begin + BLOCK] = np.log(total) - (x * e).sum(axis=1) / total
    return result


def numpy_gradient(z: Array, targets: Array) -> Any:
    """Mean loss and its gradient, block by block."""
    gradient = np.empty_like(z)
    total = 0.0
    for begin in range(0, len(z), BLOCK):
        part = gradient[begin : begin + BLOCK]
        block, rows, y = z[begin : begin + BLOCK], np.arange(len(part)), targets[begin : begin + BLOCK]
        largest = block.max(axis=1)
        np.exp(block - largest[:, None], out=part)
        sums = part.sum(axis=1)
        total += float((largest + np.log(sums) - block[rows, y]).sum(dtype=np.float64))
        part /= sums[:, None]
        part[rows, y] -= 1
        part /= len(z)
    return total / len(z), gradient


def bfloat16_cross_entropy(bits: Array, targets: Array) -> float:
    """What logits.cross_entropy does with a bfloat16 array, which NumPy alone cannot make."""
    sums = _dispatch.kernels.logits_cross_entropy(bits, targets, 1.0, None, ht.get_num_threads(), None)
    return float((sums[1] + sums[2]).mean())


def scipy_log_softmax() -> Callable[..., Any]:
    from scipy.special import log_softmax

    return lambda z, targets: -log_softmax(z, axis=1)[np.arange(len(z)), targets].mean(dtype=np.float64)


def torch_cross_entropy() -> Callable[..., Any]:
    import torch

    def loss(z: Array, targets: Array) -> Any:
        with torch.no_grad():
            return float(torch.nn.functional.cross_entropy(torch.from_numpy(z), torch.from_numpy(targets)))

    return loss


def torch_entropy() -> Callable[..., Any]:
    import torch

    def entropy(z: Array, targets: Array) -> Any:
        with torch.no_grad():
            log_p = torch.log_softmax(torch.from_numpy(z), dim=1)
            return -(log_p.exp() * log_p).sum(dim=1).numpy()

    return entropy


def torch_gradient() -> Callable[..., Any]:
    import torch

    def gradient(z: Array, targets: Array) -> Any:
        tensor = torch.from_numpy(z).requires_grad_()
        loss = torch.nn.functional.cross_entropy(tensor, torch.from_numpy(targets))
        (derivative,) = torch.autograd.grad(loss, tensor)
        return float(loss), derivative.numpy()

    return gradient


L1 = Case(
    row="L1",
    description="logits.cross_entropy, float32 8192 x 50257, mean",
    make=make_logits,
    run=logits.cross_entropy,
    reference=numpy_cross_entropy,
    full=(8192, 50257),
    smoke=(7, 501),
    agreement=FLOAT32,
    peers={
        "scipy log_softmax": Peer(scipy_log_softmax),
        "torch": Peer(torch_cross_entropy, threaded=True),
    },
    bytes_per_element=4,
    flops_per_element=EXP_FLOPS_FLOAT32 + 3,
    dtype="float32",
)

L4 = replace(
    L1,
    row="L4 float16",
    description="logits.cross_entropy, float16 8192 x 50257, mean",
    make=make_float16,
    peers={"torch": Peer(torch_cross_entropy, threaded=True, agreement=HALF)},
    bytes_per_element=2,
)

CASES = [
    L1,
    replace(
        L1,
        row="L1 short",
        description="logits.cross_entropy, float32 10^6 x 10, mean",
        full=(10**6, 10),
        smoke=(300, 10),
    ),
    replace(
        L1,
        row="L2",
        description="logits.entropy, float32 8192 x 50257",
        run=lambda z, targets: logits.entropy(z),
        reference=numpy_entropy,
        peers={"torch": Peer(torch_entropy, threaded=True)},
        flops_per_element=EXP_FLOPS_FLOAT32 + 5,
    ),
    replace(
        L1,
        row="L3",
        description="logits.cross_entropy with its gradient, float32 2048 x 50257",
        run=lambda z, targets: logits.cross_entropy(z, targets, return_grad=True),
        reference=numpy_gradient,
        full=(2048, 50257),
        agreement=GRADIENT,
        peers={"torch": Peer(torch_gradient, threaded=True)},
        bytes_per_element=8,
        flops_per_element=2 * EXP_FLOPS_FLOAT32 + 5,
    ),
    L4,
    replace(
        L4,
        row="L4 bfloat16",
        description="logits.cross_entropy, bfloat16 8192 x 50257, mean",
        make=make_bfloat16,
        run=bfloat16_cross_entropy,
        peers={},
    ),
]
