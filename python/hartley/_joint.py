"""Measures of two or three variables of a joint distribution, an array with one axis for each variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._joint_tables import (
    F64,
    Variables,
    as_axes,
    as_joint,
    conditional_entropy_of,
    entropy_of,
    information_of,
    marginal,
    mean_log_ratio,
    ratio,
    require_disjoint,
)
from ._units import Base, nats_per_unit


def joint_entropy(pxy: Any, *, base: Base = None, normalize: bool = False) -> float:
    """Joint entropy -Σ p log p of all variables of an array.

    Parameters
    ----------
    pxy : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 to the log of the number of cells, in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    O(cells), one logarithm a cell.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.8.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.joint_entropy([[0.25, 0.25], [0.25, 0.25]], base="bits")
    2.0
    """
    unit = nats_per_unit(base)
    return entropy_of(as_joint(pxy, "pxy", normalize)) / unit


def conditional_entropy(pxy: Any, *, given: Variables, base: Base = None, normalize: bool = False) -> float:
    """Conditional entropy H(rest | given).

    Parameters
    ----------
    pxy : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    given : int or tuple of int
        Axes of the variables that are known; the rest are those whose entropy is asked for.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 to H(rest), in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    -Σ p log(p / p_given): no difference of entropies. O(cells), one logarithm a cell.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.10.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.conditional_entropy([[0.5, 0.0], [0.25, 0.25]], given=0, base="bits")
    0.5
    """
    unit = nats_per_unit(base)
    p = as_joint(pxy, "pxy", normalize)
    return conditional_entropy_of(p, as_axes(given, p.ndim, "given")) / unit


def mutual_information(
    pxy: Any, *, x: Variables = 0, y: Variables = 1, base: Base = None, normalize: bool = False
) -> float:
    """Mutual information I(X;Y) of two variables or groups of variables of a joint distribution.

    Parameters
    ----------
    pxy : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    x, y : int or tuple of int, default 0 and 1
        Axes of the two; all other axes are summed out.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 to min(H(X), H(Y)), in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    Σ p log(p / (p_x p_y)): no difference of entropies. O(cells), one logarithm a cell.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.28.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.mutual_information([[0.5, 0.0], [0.0, 0.5]], base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    p = as_joint(pxy, "pxy", normalize)
    x_axes, y_axes = as_axes(x, p.ndim, "x"), as_axes(y, p.ndim, "y")
    require_disjoint(x=x_axes, y=y_axes)
    return information_of(p, x_axes, y_axes) / unit


def conditional_mutual_information(
    pxyz: Any, *, x: Variables, y: Variables, given: Variables, base: Base = None, normalize: bool = False
) -> float:
    """Conditional mutual information I(X;Y|Z) of a joint distribution.

    Parameters
    ----------
    pxyz : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    x, y, given : int or tuple of int
        Axes of the two and of the condition; all other axes are summed out.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 to min(H(X|Z), H(Y|Z)), in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    Σ p log(p p_z / (p_xz p_yz)): no difference of entropies. O(cells), one logarithm a cell.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.60.

    Examples
    --------
    >>> import hartley as ht
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> ht.conditional_mutual_information(xor, x=0, y=1, given=2, base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    p = as_joint(pxyz, "pxyz", normalize)
    x_axes, y_axes, z_axes = as_axes(x, p.ndim, "x"), as_axes(y, p.ndim, "y"), as_axes(given, p.ndim, "given")
    require_disjoint(x=x_axes, y=y_axes, given=z_axes)
    joint = marginal(p, {*x_axes, *y_axes, *z_axes})
    with_x, with_y = marginal(joint, {*x_axes, *z_axes}), marginal(joint, {*y_axes, *z_axes})
    return max(0.0, mean_log_ratio(joint, [joint, marginal(joint, z_axes)], [with_x, with_y])) / unit


def pointwise_mutual_information(
    pxy: Any, *, normalized: bool = False, base: Base = None, normalize: bool = False
) -> F64:
    """Pointwise mutual information log(p(x, y) / (p(x) p(y))) of every pair of outcomes.

    Parameters
    ----------
    pxy : array of float, shape (n_x, n_y)
        Joint probabilities, summing to 1.
    normalized : bool, default False
        Divide by -log p(x, y): from -1 (never together) over 0 (independent) to 1 (only together); no unit then.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    ndarray of float64, shape (n_x, n_y)
        In units of ``base``; -inf (normalized: -1) where p(x, y) = 0.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32); no entries.
    TypeError
        The array does not hold real numbers; ``base`` is of a wrong type.

    Notes
    -----
    Its mean under p is the mutual information. A pair that is certain has 0 (normalized: 1). O(cells).

    References
    ----------
    Bouma, G. (2009). Normalized (pointwise) mutual information in collocation extraction. Proc. GSCL.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.pointwise_mutual_information([[0.5, 0.0], [0.0, 0.5]], base="bits")
    array([[  1., -inf],
           [-inf,   1.]])
    """
    unit = nats_per_unit(base)
    p = as_joint(pxy, "pxy", normalize)
    if p.ndim != 2:
        raise ValueError(f"pxy must have 2 axes, got shape {p.shape}")
    there = p > 0
    information: F64 = np.full(p.shape, -np.inf)
    x, y = np.broadcast_arrays(p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True))
    quotient = ratio(p, x, y)
    np.log(quotient, out=information, where=there)
    huge = there & (quotient >= np.finfo(np.float64).max)  # the logarithms do not overflow where the ratio does
    information[huge] = np.log(p[huge]) - np.log(x[huge]) - np.log(y[huge])
    if not normalized:
        return information / unit
    surprise = -np.log(p, out=np.zeros_like(p), where=there)
    certain = there & (surprise <= 0)
    result = np.where(there, 1.0, -1.0)
    np.divide(information, surprise, out=result, where=there & ~certain)
    return np.clip(result, -1.0, 1.0)
