"""Measures of all variables of a joint distribution, an array with one axis for each variable."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._joint_tables import F64, as_axes, as_joint, conditional_entropy_of, entropy_of, marginal, mean_log_ratio
from ._units import Base, nats_per_unit


def _total_correlation(joint: F64) -> float:
    return max(0.0, mean_log_ratio(joint, [joint], [marginal(joint, (axis,)) for axis in range(joint.ndim)]))


def total_correlation(p: Any, *, base: Base = None, normalize: bool = False) -> float:
    """Total correlation Σ H(X_i) - H(X_1, ..., X_m): what the variables share, counted from independence.

    Parameters
    ----------
    p : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 (independent) in units of ``base``; the mutual information for two variables.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    Σ p log(p / Π p_i): no difference of entropies. O(m cells).

    References
    ----------
    Watanabe, S. (1960). Information theoretical analysis of multivariate correlation. IBM J. Res. Development 4.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.total_correlation([[[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.5]]], base="bits"), 12)
    2.0
    """
    unit = nats_per_unit(base)
    joint = as_joint(p, "p", normalize)
    return _total_correlation(joint) / unit


def _dual_total_correlation(joint: F64) -> float:
    everyone = set(range(joint.ndim))
    if joint.ndim == 1:
        return 0.0
    return entropy_of(joint) - math.fsum(conditional_entropy_of(joint, everyone - {axis}) for axis in everyone)


def dual_total_correlation(p: Any, *, base: Base = None, normalize: bool = False) -> float:
    """Dual total correlation H(X_1, ..., X_m) - Σ H(X_i | all others).

    Parameters
    ----------
    p : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 (independent) to H(X_1, ..., X_m), in units of ``base``; the mutual information for two variables.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    What at least two variables share. O(m cells).

    References
    ----------
    Han, T. S. (1978). Nonnegative entropy measures of multivariate symmetric correlations. Information and Control 36.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.dual_total_correlation([[[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.5]]], base="bits"), 12)
    1.0
    """
    unit = nats_per_unit(base)
    return max(0.0, _dual_total_correlation(as_joint(p, "p", normalize))) / unit


def _co_information(p: F64, axis: int, sign: float) -> float:
    """-Σ (-1)^|S| H(S) over the sets S that keep or sum out each axis from ``axis`` on."""
    if axis == p.ndim:
        return sign * -entropy_of(p)
    return _co_information(p, axis + 1, -sign) + _co_information(p.sum(axis=axis, keepdims=True), axis + 1, sign)


def interaction_information(p: Any, *, base: Base = None, normalize: bool = False) -> float:
    """Interaction information, the co-information -Σ_S (-1)^|S| H(S) over all sets of variables.

    Parameters
    ----------
    p : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        In units of ``base``; positive is redundancy, negative synergy; the mutual information for two variables.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    The sign is that of the co-information; McGill's own is the opposite for an odd number of variables. Each variable
    of k symbols multiplies the cost by k + 1.

    References
    ----------
    McGill, W. J. (1954). Multivariate information transmission. Psychometrika 19.
    Bell, A. J. (2003). The co-information lattice. Proc. ICA.

    Examples
    --------
    >>> import hartley as ht
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> ht.interaction_information(xor, base="bits")
    -1.0
    """
    unit = nats_per_unit(base)
    joint = as_joint(p, "p", normalize)
    if 1 in joint.shape:
        return 0.0  # a constant shares nothing
    return _co_information(joint, 0, 1.0) / unit


def o_information(p: Any, *, base: Base = None, normalize: bool = False) -> float:
    """O-information: total correlation less dual total correlation.

    Parameters
    ----------
    p : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        In units of ``base``: positive where redundancy dominates, negative where synergy does; 0 for two variables.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    O(m cells).

    References
    ----------
    Rosas, F. E., Mediano, P. A. M., Gastpar, M. & Jensen, H. J. (2019). Quantifying high-order interdependencies via
    multivariate extensions of the mutual information. Physical Review E 100, eq. 8.

    Examples
    --------
    >>> import hartley as ht
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> ht.o_information(xor, base="bits")
    -1.0
    """
    unit = nats_per_unit(base)
    joint = as_joint(p, "p", normalize)
    return (_total_correlation(joint) - _dual_total_correlation(joint)) / unit


def _ordered_axes(order: Sequence[int], ndim: int) -> list[int]:
    if not isinstance(order, Iterable):
        raise TypeError(f"order must be a sequence of axes, got {order!r}")
    as_axes(tuple(order), ndim, "order")
    return [operator.index(axis) % ndim for axis in order]


def chain_rule(p: Any, *, order: Sequence[int] | None = None, base: Base = None, normalize: bool = False) -> F64:
    """Terms of the chain rule [H(X_1), H(X_2 | X_1), H(X_3 | X_1, X_2), ...], whose sum is the joint entropy.

    Parameters
    ----------
    p : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    order : sequence of int, optional
        Order in which the variables (axes, each once) are revealed; that of the axes by default.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    ndarray of float64, shape (m,)
        Each from 0 to the entropy of its variable, in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    Every term is computed by itself, none as a difference. O(m cells).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 2.5.1.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.chain_rule([[0.5, 0.0], [0.25, 0.25]], base="bits")
    array([1. , 0.5])
    """
    unit = nats_per_unit(base)
    joint = as_joint(p, "p", normalize)
    axes = list(range(joint.ndim)) if order is None else _ordered_axes(order, joint.ndim)
    if sorted(axes) != list(range(joint.ndim)):
        raise ValueError(f"order must name every axis from 0 to {joint.ndim - 1} once, got {order!r}")
    terms = []
    for i in range(len(axes)):
        revealed = marginal(joint, axes[: i + 1])
        terms.append(conditional_entropy_of(revealed, axes[:i]) if i else entropy_of(revealed))
    return np.array(terms) / unit
