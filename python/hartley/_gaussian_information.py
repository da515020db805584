"""Entropies and informations of normal distributions, from their covariances."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from . import _dispatch
from ._gaussian_inputs import F64, Covariances, as_covariances, finish, flat
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

Variables: TypeAlias = "int | Sequence[int]"
LOG_TWO_PI_E = math.log(2.0 * math.pi) + 1.0


def log_determinants(covariances: Covariances) -> F64:
    """Log-determinant of every matrix of the batch, in one axis."""
    if math.prod(covariances.batch) == 0:
        return np.empty(0)
    values, failure = _dispatch.kernels.gaussian_log_determinant(
        flat(covariances.values, covariances.batch, 2), covariances.ridge, covariances.asymmetry, get_num_threads()
    )
    if failure >= 0:
        covariances.refuse(failure, covariances.batch)
    return values


def block_information(covariances: Covariances, blocks: list[list[int]], given: list[int]) -> F64:
    """½ (Σ log |S_kk| - log |S|) over blocks of variables, of S given other variables, in one axis."""
    if math.prod(covariances.batch) == 0:
        return np.empty(0)
    parts = [given, *blocks] if given else blocks
    chosen = covariances.select([variable for part in parts for variable in part])
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    values, failure = _dispatch.kernels.gaussian_information(
        flat(chosen.values, chosen.batch, 2), ends, bool(given), chosen.ridge, chosen.asymmetry, get_num_threads()
    )
    if failure >= 0:
        chosen.refuse(failure, chosen.batch)
    return values


def _as_variables(d: int, **named: Any) -> list[list[int]]:
    """Indices from 0 to d - 1 for every name, no variable twice."""
    owner: dict[int, str] = {}
    found = []
    for name, variables in named.items():
        many = isinstance(variables, (list, tuple, range)) or np.ndim(variables) == 1
        if many and len(variables) == 0:
            raise ValueError(f"{name} must name at least one variable, got none")
        own = [_as_variable(one, d, name) for one in (variables if many else [variables])]
        for variable in own:
            if variable in owner:
                raise ValueError(f"{' and '.join(named)} must not share variables, got {variable} in {owner[variable]} "
                                 f"and {name}: their information is infinite")  # fmt: skip
            owner[variable] = name
        found.append(own)
    return found


def _as_variable(variable: Any, d: int, name: str) -> int:
    if isinstance(variable, (bool, np.bool_)):
        raise TypeError(f"{name} must hold indices of variables, got {variable!r}")
    try:
        index = operator.index(variable)
    except TypeError:
        raise TypeError(f"{name} must be an index of a variable or a sequence of them, got {variable!r}") from None
    if not -d <= index < d:
        raise ValueError(f"{name} must hold indices of the {d} variables, got {index}")
    return index % d


def entropy(cov: Any, *, base: Base = None, ridge: float = 0.0) -> Any:
    """Differential entropy ½ log((2πe)^d |Σ|) of a normal distribution.

    Parameters
    ----------
    cov : array of float, shape (..., d, d), or float
        Covariances, symmetric and positive definite; a number is one variance.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    ridge : float, default 0
        Added to the diagonal, at least 0.

    Returns
    -------
    float or ndarray of float64, shape (...)
        Of any sign: it depends on the units of the variables.

    Raises
    ------
    ValueError
        A covariance that is not square, not finite, not symmetric (beyond 1e-8 of √(Σ_ii Σ_jj), 1e-4 in float32), or
        not positive definite to working precision: which one of the batch, and its least eigenvalue.
    TypeError
        ``cov`` is no array of numbers.

    Notes
    -----
    From a Cholesky factor: the error is at most about d eps times the condition of the correlation matrix, whatever the
    units. O(d³) each; batches of small matrices are factorized several at a time in the lanes of vectors.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, theorem 8.4.1.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.entropy([[1.0, 0.0], [0.0, 1.0]]), 12)
    2.837877066409
    """
    unit = nats_per_unit(base)
    covariances = as_covariances(cov, "cov", ridge)
    nats = 0.5 * (covariances.d * LOG_TWO_PI_E + log_determinants(covariances))
    return finish(nats, unit, covariances.batch)


def mutual_information(cov: Any, x: Variables, y: Variables, *, base: Base = None, ridge: float = 0.0) -> Any:
    """Mutual information ½ log(|Σ_x| |Σ_y| / |Σ_xy|) of two groups of jointly normal variables.

    Parameters
    ----------
    cov : array of float, shape (..., d, d)
        Joint covariances.
    x, y : int or sequence of int
        Indices of the variables of either group, from -d to d - 1, none twice; the others are ignored.
    base, ridge
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0.

    Raises
    ------
    ValueError
        A variable that does not exist or is named twice; a covariance of x and y as in :func:`entropy`.
    TypeError
        x or y holds no indices; ``cov`` is no array of numbers.

    Notes
    -----
    -½ Σ log1p(-s), s sums of squares from the factor of the covariance after either group was whitened: nothing
    cancels, so that informations near 0 keep their digits. O(d³) each.

    References
    ----------
    Gelfand, I. M. & Yaglom, A. M. (1957). Calculation of the amount of information about a random function contained in
    another such function. Uspekhi Mat. Nauk 12, eq. 2.5.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.mutual_information([[1.0, 0.6], [0.6, 1.0]], 0, 1), 12)
    0.223143551314
    """
    unit = nats_per_unit(base)
    covariances = as_covariances(cov, "cov", ridge)
    return finish(block_information(covariances, _as_variables(covariances.d, x=x, y=y), []), unit, covariances.batch)


def conditional_mutual_information(
    cov: Any, x: Variables, y: Variables, given: Variables, *, base: Base = None, ridge: float = 0.0
) -> Any:
    """Conditional mutual information I(X; Y | Z) of groups of jointly normal variables.

    Parameters
    ----------
    cov : array of float, shape (..., d, d)
        Joint covariances.
    x, y, given : int or sequence of int
        Indices of the variables of each group, from -d to d - 1, none twice; the others are ignored.
    base, ridge
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0.

    Raises
    ------
    ValueError, TypeError
        As :func:`mutual_information`.

    Notes
    -----
    The mutual information of x and y under the covariance that is left when ``given`` is known. O(d³) each.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, eq. 2.60, theorem 8.4.1.

    Examples
    --------
    >>> from hartley import gaussian
    >>> chain = [[1.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.0]]  # 0 - 1 - 2
    >>> round(gaussian.mutual_information(chain, 0, 2), 6)
    0.032269
    >>> gaussian.conditional_mutual_information(chain, 0, 2, given=1)
    0.0
    """
    unit = nats_per_unit(base)
    covariances = as_covariances(cov, "cov", ridge)
    first, second, third = _as_variables(covariances.d, x=x, y=y, given=given)
    return finish(block_information(covariances, [first, second], third), unit, covariances.batch)


def total_correlation(cov: Any, *, base: Base = None, ridge: float = 0.0) -> Any:
    """Total correlation Σ H(X_i) - H(X) of jointly normal variables: -½ log of the determinant of their correlations.

    Parameters
    ----------
    cov : array of float, shape (..., d, d)
        Joint covariances.
    base, ridge
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, and 0 for independent variables.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy`.

    Notes
    -----
    Computed as :func:`mutual_information`, without cancellation. O(d³) each.

    References
    ----------
    Watanabe, S. (1960). Information theoretical analysis of multivariate correlation. IBM Journal 4, 66-82.

    Examples
    --------
    >>> from hartley import gaussian
    >>> round(gaussian.total_correlation([[1.0, 0.6], [0.6, 1.0]]), 12)
    0.223143551314
    """
    unit = nats_per_unit(base)
    covariances = as_covariances(cov, "cov", ridge)
    return finish(block_information(covariances, [[i] for i in range(covariances.d)], []), unit, covariances.batch)
