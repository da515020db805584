"""Joint distributions: an array with one axis for each variable, named by its axis number."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_real
from ._distributions import sums_of_one
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
Variables: TypeAlias = int | Sequence[int]


def as_joint(p: Any, name: str, normalize: bool) -> F64:
    """The joint probabilities, checked, in float64."""
    array = as_real(p, name)
    if array.ndim == 0:
        raise ValueError(f"{name} must have an axis for each variable, got a single number")
    sums_of_one("pmf_entropy", array.reshape(-1), -1, normalize, name=name)
    joint: F64 = array.astype(np.float64, copy=False)
    if normalize:
        scaled = joint / joint.max()
        joint = scaled / scaled.sum()
    return joint


def as_axes(variables: Variables, ndim: int, name: str) -> tuple[int, ...]:
    """The axes that a variable names, each once, ascending."""
    try:
        given = [operator.index(v) for v in (variables if isinstance(variables, Iterable) else (variables,))]
    except TypeError:
        raise TypeError(f"{name} must be an axis or a tuple of axes, got {variables!r}") from None
    if not given or any(not -ndim <= axis < ndim for axis in given):
        raise ValueError(f"{name} must name axes from 0 to {ndim - 1}, got {variables!r}")
    axes = sorted(axis % ndim for axis in given)
    if len(set(axes)) < len(axes):
        raise ValueError(f"{name} names an axis twice: {variables!r}")
    return tuple(axes)


def require_disjoint(**named: tuple[int, ...]) -> None:
    """ValueError where two variables share an axis."""
    for (name, axes), (other, others) in itertools.combinations(named.items(), 2):
        if set(axes) & set(others):
            raise ValueError(f"{name} and {other} must not share axes, got {axes} and {others}")


def marginal(p: F64, keep: Iterable[int]) -> F64:
    """p summed over the axes that are not kept, which stay with length 1."""
    dropped = tuple(set(range(p.ndim)) - set(keep))
    return p.sum(axis=dropped, keepdims=True) if dropped else p


def entropy_of(p: F64) -> float:
    """-Σ p log p in nats."""
    flat = np.ascontiguousarray(p).reshape(1, -1, 1)
    return max(0.0, -float(_dispatch.kernels.pmf_entropy(flat, get_num_threads())[0, 0]))


def ratio(numerator: F64, *denominators: F64) -> F64:
    """numerator over the product of the denominators, which is never formed: it would underflow."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # 0 / 0 where nobody reads
        for denominator in denominators:
            numerator = numerator / denominator
    return numerator


def mean_log_ratio(p: F64, numerators: Sequence[F64], denominators: Sequence[F64]) -> float:
    """Σ p log(Π numerators / Π denominators) over the cells with p > 0."""
    quotient = np.broadcast_to(ratio(numerators[0], *denominators), p.shape)
    for numerator in numerators[1:]:
        quotient = quotient * numerator
    there = p > 0
    if np.isinf(quotient[there]).any():  # a product of marginals below 1e-308: their logarithms have no such limit
        logs = (sign * np.log(np.broadcast_to(a, p.shape)[there]) for sign, a in _signed(numerators, denominators))
        return float(p[there] @ sum(logs))
    weights, arguments = (np.ascontiguousarray(a).reshape(1, -1, 1) for a in (p, quotient))
    return float(_dispatch.kernels.pmf_cross_entropy(weights, arguments, get_num_threads())[0, 0])


def _signed(numerators: Sequence[F64], denominators: Sequence[F64]) -> list[tuple[float, F64]]:
    return [(1.0, a) for a in numerators] + [(-1.0, a) for a in denominators]


def conditional_entropy_of(p: F64, given: Iterable[int]) -> float:
    """H(all | given) in nats: no difference of entropies, so nothing cancels."""
    return max(0.0, -mean_log_ratio(p, [p], [marginal(p, given)]))


def information_of(p: F64, x: Sequence[int], y: Sequence[int]) -> float:
    """I(x;y) in nats, likewise."""
    joint = marginal(p, {*x, *y})
    return max(0.0, mean_log_ratio(joint, [joint], [marginal(joint, x), marginal(joint, y)]))
