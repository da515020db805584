"""Critic scores: what comes in, blocks of rows in float64, and how value, gradient and standard error go out.

A score matrix holds T(x_i, y_j) in row i and column j: the n pairs of the diagonal are draws of the joint distribution,
the n(n - 1) others of the product of its marginals.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_number, as_real, as_result, count_and_first
from ._units import Base, nats_per_unit
from ._warnings import SaturationWarning

F64: TypeAlias = NDArray[np.float64]

_BLOCK = 1 << 15  # scores a block: 256 KiB in float64, a block and what is made of it stay in a core's L2
_LEAST_ROWS = 8  # of a transposed matrix too: what a cache line holds of a column
_NEAR = 0.9  # share of a ceiling from which a value is near it


class Saturation(NamedTuple):
    """From which value, in nats, a bound gives a warning, and the rest of the warning's sentence."""

    limit: float
    reason: str


# arrays of one bound, their gradients to be filled (zeros) or None, whether the variance is wanted (else it may be NaN)
# -> value and variance, in nats
Gradients: TypeAlias = Sequence[RealArray] | None
Estimate: TypeAlias = Callable[[Sequence[RealArray], Gradients, bool], tuple[float, float]]


def require_scores(array: RealArray, name: str) -> None:
    """ValueError for NaN and +inf; -inf is the score of a pair of probability 0."""
    if array.size == 0 or array.max() < np.inf:  # NaN is the maximum of whatever holds one
        return
    n_bad, first = count_and_first(~(array < np.inf))
    raise ValueError(
        f"{name} must be finite or -inf, got {n_bad} NaN or +inf of {array.size} entries, first {name}[{first}]"
    )


def as_score_matrix(scores: Any, name: str) -> RealArray:
    """Scores (..., n, n) with n >= 2, finite on the diagonal."""
    array = as_real(scores, name)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise ValueError(
            f"{name} must be square, shape (..., n, n) with the joint pairs on the diagonal, got {array.shape}"
        )
    if array.shape[-1] < 2:
        raise ValueError(
            f"{name} must have n >= 2 pairs, got n = {array.shape[-1]}: one pair has no other to be compared with"
        )
    require_scores(array, name)
    joint = np.diagonal(array, axis1=-2, axis2=-1)
    if joint.size and joint.min() == -np.inf:
        _, first = count_and_first(joint == -np.inf)
        last = first.split(", ")[-1]
        raise ValueError(f"{name} must be finite on the diagonal, the joint pairs, got -inf at {name}[{first}, {last}]")
    return array


def as_score_list(scores: Any, name: str, *, allow_minus_inf: bool) -> RealArray:
    """Scores (..., n) with n >= 1 of pairs from one distribution."""
    array = as_real(scores, name)
    if array.ndim < 1 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (..., n) with n >= 1, got {array.shape}")
    require_scores(array, name)
    if not allow_minus_inf and array.size and array.min() == -np.inf:
        n_bad, first = count_and_first(array == -np.inf)
        raise ValueError(f"{name} must be finite, got {n_bad} -inf of {array.size} entries, first {name}[{first}]")
    return array


def as_joint_and_marginal(scores: Any, marginal: Any, name: str) -> list[RealArray]:
    """[scores (..., n, n)], or [scores (..., n), marginal (..., m)] where the marginal's scores come separately."""
    if marginal is None:
        return [as_score_matrix(scores, name)]
    joint = as_score_list(scores, name, allow_minus_inf=False)
    others = as_score_list(marginal, "marginal", allow_minus_inf=True)
    if joint.shape[:-1] != others.shape[:-1]:
        raise ValueError(
            f"{name} (..., n) and marginal (..., m) must have equal leading axes, got {joint.shape} and {others.shape}"
        )
    return [joint, others]


def per_batch(value: Any, name: str, batch: tuple[int, ...]) -> F64:
    """Finite numbers, one for each batch."""
    numbers = as_real(value, name).astype(np.float64, copy=False)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, got {numbers[~np.isfinite(numbers)].flat[0]!s}")
    try:
        return np.broadcast_to(numbers, batch)
    except ValueError:
        raise ValueError(f"{name} must be a number or have shape {batch}, got {numbers.shape}") from None


def number_between(value: Any, name: str, low: float, high: float) -> float:
    """A number from low to high, the ends included."""
    number = as_number(value, name)
    if not low <= number <= high:
        allowed = f"from {low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return number


def row_blocks(scores: RealArray) -> Iterator[tuple[slice, F64]]:
    """Float64 copies of blocks of whole rows of a matrix, and which rows they are."""
    rows = max(_LEAST_ROWS, _BLOCK // scores.shape[1])
    for start in range(0, len(scores), rows):
        block = scores[start : start + rows].astype(np.float64, order="C")
        yield slice(start, start + len(block)), block


def diagonal_of(block: F64, rows: slice) -> F64:
    """A view of the entries of a C-contiguous block of whole rows that lie on the diagonal of its matrix."""
    n = block.shape[1]
    return block.reshape(-1)[rows.start : rows.start + len(block) * (n + 1) : n + 1]


def diagonal(scores: RealArray) -> F64:
    """The joint pairs, in float64."""
    return np.diagonal(scores).astype(np.float64)


def exponentials(block: F64) -> tuple[F64, F64, F64]:
    """In place: exp(score - shift), the shift of each row (its maximum) and the row sums."""
    shift = block.max(axis=1)
    shift[shift == -np.inf] = 0.0  # a row of -inf alone: exp of each is 0
    block -= shift[:, None]
    np.exp(block, out=block)
    return block, shift, block.sum(axis=1)


def log_sums(block: F64) -> F64:
    """log Σ exp of each row, which is overwritten; -inf where nothing is above -inf."""
    _, shift, sums = exponentials(block)
    return shift + np.log(sums)


def variance_of_mean(influence: F64) -> float:
    """Variance of the mean of independent terms: s² / n; NaN for one term, inf where they are not finite."""
    n = len(influence)
    if n < 2:
        return math.nan
    if not np.isfinite(influence).all():
        return math.inf
    return float(np.var(influence, ddof=1)) / n


def nearly(ceiling: float, text: str) -> Saturation:
    """A warning for values that come near what the estimate cannot pass."""
    return Saturation(_NEAR * ceiling, f"near its ceiling {text}: the truth may be far larger")


def beyond_log(n: int) -> Saturation:
    """A warning for values that no sample of this size can vouch for (McAllester & Stratos 2020)."""
    return Saturation(
        math.log(n),
        f"at least log n for n = {n}: the exponential moment of the scores is not seen in so small a sample",
    )


def evaluate(
    estimate: Estimate,
    arrays: Sequence[RealArray],
    batch: tuple[int, ...],
    *,
    name: str,
    base: Base,
    return_grad: bool,
    return_std: bool,
    constants: Sequence[F64] = (),
    saturation: Saturation | None = None,
) -> Any:
    """Value, or (value, gradient, standard error) of what is asked for, over the batch, in units of ``base``.

    ``constants`` have the batch axes too and follow the arrays into ``estimate``, but have no gradient.
    """
    unit = nats_per_unit(base)
    gradients = [np.zeros_like(array) for array in arrays] if return_grad else None
    inputs = (*arrays, *constants)
    # overflow is inf and log 0 is -inf as documented; in float32 gradients small weights become 0
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        if batch:
            values, variances = np.empty(batch), np.empty(batch)
            for index in np.ndindex(*batch):
                views = None if gradients is None else [gradient[index] for gradient in gradients]
                values[index], variances[index] = estimate([array[index] for array in inputs], views, return_std)
        else:
            values, variances = map(np.asarray, estimate(inputs, gradients, return_std))
    if saturation is not None and values.size and values.max() >= saturation.limit:
        warnings.warn(f"{name} is {values.max():.4g} nats, {saturation.reason}", SaturationWarning, stacklevel=3)
    result: list[Any] = [as_result(values / unit)]
    if gradients is not None:
        for gradient in gradients:
            if unit != 1:
                gradient /= unit
        result.append(gradients[0] if len(gradients) == 1 else tuple(gradients))
    if return_std:
        result.append(as_result(np.sqrt(variances) / unit))
    return result[0] if len(result) == 1 else tuple(result)
