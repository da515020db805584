"""Bounds that compare a mean over joint pairs with a mean over pairs of the product distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ._arrays import RealArray
from ._critic_scores import F64, Gradients, diagonal, diagonal_of, row_blocks, variance_of_mean


class PairTerms(NamedTuple):
    """What mean(joint(T)) - sum(product(T)) adds up; ``product`` is divided by the number of its pairs already."""

    joint: Callable[[F64], F64]
    joint_slope: Callable[[F64], F64]
    product: Callable[[F64], F64]
    product_slope: Callable[[F64, F64], F64]  # of scores and their terms


def n_product_pairs(arrays: Sequence[RealArray]) -> int:
    """How many pairs of the product distribution there are: all off the diagonal, or those that came separately."""
    n = int(arrays[-1].shape[-1])
    return n * (n - 1) if len(arrays) == 1 else n


def n_samples(arrays: Sequence[RealArray]) -> int:
    """Sample size of the smaller side."""
    return min(int(array.shape[-1]) for array in arrays)


def batch_of(arrays: Sequence[RealArray]) -> tuple[int, ...]:
    """Leading axes: one bound each."""
    return arrays[0].shape[:-2] if len(arrays) == 1 else arrays[0].shape[:-1]


def joint_scores(arrays: Sequence[RealArray]) -> F64:
    """Scores of the joint pairs."""
    return diagonal(arrays[0]) if len(arrays) == 1 else arrays[0].astype(np.float64)


def bound_from_pairs(
    arrays: Sequence[RealArray], gradients: Gradients, with_error: bool, terms: PairTerms
) -> tuple[float, float]:
    """Value and variance; fills the gradients."""
    if len(arrays) == 1:
        return _from_matrix(arrays[0], None if gradients is None else gradients[0], with_error, terms)
    joint, marginal = (array.astype(np.float64) for array in arrays)
    own, product = terms.joint(joint), terms.product(marginal)
    if gradients is not None:
        gradients[0][...] = terms.joint_slope(joint) / len(joint)
        gradients[1][...] = -terms.product_slope(marginal, product)
    value = float(own.mean() - product.sum())
    if not with_error:
        return value, math.nan
    return value, variance_of_mean(own) + variance_of_mean(len(marginal) * product)


def _from_matrix(
    scores: RealArray, gradient: RealArray | None, with_error: bool, terms: PairTerms
) -> tuple[float, float]:
    joint = diagonal(scores)
    own, n = terms.joint(joint), len(joint)
    row_sums, column_sums = np.empty(n), np.zeros(n)
    for rows, block in row_blocks(scores):
        product = terms.product(block)
        diagonal_of(product, rows)[...] = 0.0
        row_sums[rows] = product.sum(axis=1)
        if with_error:
            column_sums += product.sum(axis=0)
        if gradient is not None:
            share = -terms.product_slope(block, product)
            diagonal_of(share, rows)[...] = terms.joint_slope(joint[rows]) / n
            gradient[rows] = share
    value = float(own.mean() - row_sums.sum())
    if not with_error:
        return value, math.nan
    # each pair (x_k, y_k) is in row k and in column k: its influence on the U-statistic is the mean of both, twice
    return value, variance_of_mean(own - n * (row_sums + column_sums))
