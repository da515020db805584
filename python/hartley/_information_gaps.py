"""What processing and conditioning cost: inequalities of joint distributions, as the gaps of their two sides."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, as_result
from ._distributions import sums_of_one
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_SMALLEST, _LARGEST = 5e-324, float(np.finfo(np.float64).max)


class DataProcessingGap(NamedTuple):
    """Two sides of the data-processing inequality; floats, or arrays of the batch's shape."""

    gap: Any  # I(X;Y) - I(X;Z)
    departure: Any  # I(X;Z|Y), 0 for a Markov chain X → Y → Z


def _as_joints(p: Any, n_variables: int, name: str, normalize: bool) -> tuple[F64, tuple[int, ...]]:
    """Joint distributions, checked, in float64 with the batch as one last axis; and the shape of the batch.

    NumPy runs along the last axis, and a variable has few values where a batch is long.
    """
    array = as_real(p, name)
    if array.ndim < n_variables:
        raise ValueError(f"{name} must have at least {n_variables} axes, one a variable, got shape {array.shape}")
    batch, cells = array.shape[:-n_variables], array.shape[-n_variables:]
    sums_of_one("pmf_entropy", array.reshape(*batch, math.prod(cells)), -1, normalize, name=name)
    flat = array.astype(np.float64, copy=False).reshape(math.prod(batch), math.prod(cells))
    joint: F64 = np.ascontiguousarray(flat.T).reshape(*cells, -1)
    if normalize:
        axes = tuple(range(n_variables))
        scaled = joint / joint.max(axis=axes)
        joint = scaled / scaled.sum(axis=axes)
    return joint, batch


def _conditional_information(p: F64, x: int, y: int) -> F64:
    """I(x;y|rest) in nats of the first three axes, of which x and y are two.

    The divergence of p from q = p(x, rest) p(y, rest) / p(rest), as Σ p (q / p - 1 - log(q / p)), in which no term is
    negative, plus the q of cells without p: near 0 it keeps its digits.
    """
    of_x, of_y = p.sum(axis=y, keepdims=True), p.sum(axis=x, keepdims=True)
    of_rest = of_x.sum(axis=x, keepdims=True)
    given_rest = of_x / np.where(of_rest > 0, of_rest, 1.0)
    q, there = given_rest * of_y, p > 0
    with np.errstate(over="ignore"):  # p below the normal numbers
        ratio = np.divide(of_y, p, out=np.ones_like(p), where=there) * given_rest  # q may vanish where this does not
    logs = np.log(np.clip(ratio, _SMALLEST, _LARGEST, out=ratio), out=np.zeros_like(p), where=there)
    terms = np.where(np.abs(ratio - 1.0) < 0.5, p * (ratio - 1.0 - logs), q - p - p * logs)
    total: F64 = np.maximum(np.where(there, terms, q), 0.0).sum(axis=(0, 1, 2))
    return total


def _shaped(nats: F64, unit: float, batch: tuple[int, ...]) -> float | F64:
    return as_result((nats / unit).reshape(batch))


def data_processing_gap(pxyz: Any, *, base: Base = None, normalize: bool = False) -> DataProcessingGap:
    """Gap I(X;Y) - I(X;Z) of the data-processing inequality, and how far X → Y → Z is from a Markov chain.

    Parameters
    ----------
    pxyz : array of float, shape (..., n_x, n_y, n_z)
        Joint probabilities along the last three axes, summing to 1; other axes are batch axes.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the results; nats by default.
    normalize : bool, default False
        Divide each array by its sum instead of asking for 1.

    Returns
    -------
    DataProcessingGap
        The named tuple ``(gap, departure)`` in units of ``base``, floats for one distribution. ``departure`` is
        I(X;Z|Y), at least 0, and 0 for a Markov chain; ``gap`` is at least -``departure``, so at least 0 for one.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); fewer than three
        axes.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    By the chain rule I(X;Y) + I(X;Z|Y) = I(X;Z) + I(X;Y|Z), so the gap is I(X;Y|Z) - I(X;Z|Y), which is how it is
    computed: for a Markov chain nothing cancels. It is 0 where Z tells as much about X as Y does. O(cells).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 2.8.1.

    Examples
    --------
    A fair bit sent twice over a line that flips one bit of four:

    >>> import numpy as np
    >>> from hartley import inequalities
    >>> line = np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> found = inequalities.data_processing_gap(0.5 * line[:, :, None] * line, base="bits")
    >>> round(found.gap, 6), round(found.departure, 12)
    (0.143156, 0.0)
    """
    unit = nats_per_unit(base)
    p, batch = _as_joints(pxyz, 3, "pxyz", normalize)
    departure = _conditional_information(p, 0, 2)
    gap = _conditional_information(p, 0, 1) - departure
    return DataProcessingGap(_shaped(gap, unit, batch), _shaped(departure, unit, batch))


def conditioning_gap(pxy: Any, *, base: Base = None, normalize: bool = False) -> float | F64:
    """By how much knowing X lowers the entropy of Y: H(Y) - H(Y|X), never negative.

    Parameters
    ----------
    pxy : array of float, shape (..., n_x, n_y)
        Joint probabilities along the last two axes, summing to 1; other axes are batch axes.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide each array by its sum instead of asking for 1.

    Returns
    -------
    float or ndarray of float64
        From 0 (independent) to H(Y) (X determines Y), in units of ``base``; a float for one distribution.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); fewer than two axes.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    The mutual information, by terms that cannot be negative: no difference of entropies. It holds on average over X; a
    single x may raise the entropy of Y. O(cells).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 2.6.5.

    Examples
    --------
    >>> from hartley import inequalities
    >>> round(inequalities.conditioning_gap([[0.5, 0.0], [0.0, 0.5]], base="bits"), 12)
    1.0
    """
    unit = nats_per_unit(base)
    p, batch = _as_joints(pxy, 2, "pxy", normalize)
    return _shaped(_conditional_information(p[:, :, None], 0, 1), unit, batch)
