"""How much two variables of a joint distribution agree: information over entropy, and the distance between them."""

from __future__ import annotations

import math
from typing import Any

from ._joint_tables import (
    Variables,
    as_axes,
    as_joint,
    conditional_entropy_of,
    entropy_of,
    information_of,
    marginal,
    require_disjoint,
)
from ._units import Base, nats_per_unit

NORMS = ("arithmetic", "geometric", "min", "max", "joint")


def mean_entropy(x_entropy: float, y_entropy: float, joint: float, norm: str) -> float:
    """What ``norm`` divides an information by."""
    return {
        "arithmetic": (x_entropy + y_entropy) / 2,
        "geometric": math.sqrt(x_entropy) * math.sqrt(y_entropy),
        "min": min(x_entropy, y_entropy),
        "max": max(x_entropy, y_entropy),
        "joint": joint,
    }[norm]


def normalized_information(information: float, x_entropy: float, y_entropy: float, joint: float, norm: str) -> float:
    """Information over the mean that ``norm`` names; 1 where both variables are constant, 0 where one is."""
    if x_entropy == 0.0 and y_entropy == 0.0:
        return 1.0
    scale = mean_entropy(x_entropy, y_entropy, joint, norm)
    return min(information / scale, 1.0) if scale > 0 else 0.0


def normalized_mutual_information(
    pxy: Any, *, norm: str = "arithmetic", x: Variables = 0, y: Variables = 1, normalize: bool = False
) -> float:
    """Mutual information over a mean of the entropies.

    Parameters
    ----------
    pxy : array of float, shape (n_1, ..., n_m)
        Joint probabilities, one axis for each variable, summing to 1.
    norm : {"arithmetic", "geometric", "min", "max", "joint"}, default "arithmetic"
        What to divide by: a mean of H(X) and H(Y), the smaller, the larger, or H(X, Y).
    x, y : int or tuple of int, default 0 and 1
        Axes of the two; all other axes are summed out.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        From 0 (independent) to 1; no unit. 1 where both variables are constant.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    O(cells), one logarithm a cell.

    References
    ----------
    Vinh, N. X., Epps, J. & Bailey, J. (2010). Information theoretic measures for clusterings comparison. JMLR 11.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.normalized_mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    """
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    p = as_joint(pxy, "pxy", normalize)
    x_axes, y_axes = as_axes(x, p.ndim, "x"), as_axes(y, p.ndim, "y")
    require_disjoint(x=x_axes, y=y_axes)
    joint = marginal(p, {*x_axes, *y_axes})
    entropies = entropy_of(marginal(joint, x_axes)), entropy_of(marginal(joint, y_axes))
    return normalized_information(information_of(p, x_axes, y_axes), *entropies, entropy_of(joint), norm)


def variation_of_information(
    pxy: Any, *, x: Variables = 0, y: Variables = 1, base: Base = None, normalize: bool = False
) -> float:
    """Variation of information H(X|Y) + H(Y|X), a metric between variables.

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
        From 0 (each tells the other) to H(X, Y), in units of ``base``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; an array that does not sum to 1 (1e-6; 1e-3 in float32);
        variables that are no axes, repeat or overlap.
    TypeError
        The array does not hold real numbers; a variable is no whole number.

    Notes
    -----
    O(cells), two logarithms a cell.

    References
    ----------
    Meilă, M. (2007). Comparing clusterings - an information based distance. J. Multivariate Analysis 98, eq. 16.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.variation_of_information([[0.25, 0.25], [0.25, 0.25]], base="bits")
    2.0
    """
    unit = nats_per_unit(base)
    p = as_joint(pxy, "pxy", normalize)
    x_axes, y_axes = as_axes(x, p.ndim, "x"), as_axes(y, p.ndim, "y")
    require_disjoint(x=x_axes, y=y_axes)
    joint = marginal(p, {*x_axes, *y_axes})
    return (conditional_entropy_of(joint, x_axes) + conditional_entropy_of(joint, y_axes)) / unit
