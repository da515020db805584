"""The information bottleneck of jointly Gaussian variables, in closed form."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._bottleneck_betas import as_betas
from ._clouds import positive
from ._joint_tables import F64, Variables, as_axes, require_disjoint
from ._positive_definite import as_symmetric, cholesky, solve_lower
from ._units import Base, nats_per_unit, unit_name

_CERTAIN = 1e-12  # 1 - ρ² below this is rounding: a direction of X that Y determines


@dataclass(frozen=True)
class GaussianBottleneck:
    """T = A X + noise of covariance 1; see :func:`hartley.rate_distortion.gaussian_information_bottleneck`.

    Attributes
    ----------
    beta : float
        The price of relevance that it was made for.
    complexity : float
        I(T;X), in units of ``base``.
    relevance : float
        I(T;Y), in units of ``base``.
    information : float
        I(X;Y), in units of ``base``.
    projection : ndarray of float64, shape (n_components, n_x)
        A, columns in the order that ``x`` was given in, most relevant row first; no rows up to the first critical β.
    critical_betas : ndarray of float64, shape (min(n_x, n_y),)
        The β above which each further row appears, ascending: 1 / ρ² of the canonical correlations ρ.
    base : float, str or None
        The unit.
    """

    beta: float
    complexity: float
    relevance: float
    information: float
    projection: F64 = field(repr=False)
    critical_betas: F64 = field(repr=False)
    base: Base

    @property
    def objective(self) -> float:
        """I(T;X) - β I(T;Y), in units of ``base``."""
        return self.complexity - self.beta * self.relevance


@dataclass(frozen=True)
class GaussianBottleneckCurve:
    """Solutions for several β; see :func:`hartley.rate_distortion.gaussian_information_bottleneck_curve`.

    Attributes
    ----------
    betas, complexity, relevance : ndarray of float64, shape (n_points,)
        β, I(T;X) and I(T;Y), in units of ``base``.
    information : float
        I(X;Y), in units of ``base``.
    critical_betas : ndarray of float64, shape (min(n_x, n_y),)
        As of :class:`GaussianBottleneck`.
    base : float, str or None
        The unit.
    """

    betas: F64
    complexity: F64
    relevance: F64
    information: float
    critical_betas: F64
    base: Base

    @property
    def unit(self) -> str:
        """Name of the unit."""
        return unit_name(self.base)


@dataclass(frozen=True)
class _Canonical:
    """Canonical correlations of X with Y, descending, and the directions of X with variance 1 that have them."""

    correlations: F64
    directions: F64  # (min(n_x, n_y), n_x)

    @property
    def critical_betas(self) -> F64:
        with np.errstate(divide="ignore"):
            return 1.0 / self.correlations**2

    @property
    def information(self) -> float:
        return float(-0.5 * np.log1p(-(self.correlations**2)).sum())

    def squared_gains(self, beta: float) -> F64:
        """|A|² along each direction: (β ρ² - 1) / (1 - ρ²), 0 up to the critical β."""
        square = self.correlations**2
        gains: F64 = np.maximum(0.0, beta * square - 1.0) / (1.0 - square)
        return gains

    def plane(self, beta: float) -> tuple[float, float]:
        """I(T;X) and I(T;Y) in nats."""
        gains = self.squared_gains(beta)
        complexity = 0.5 * float(np.log1p(gains).sum())
        # what Y leaves of a direction has the variance 1 - ρ²
        return complexity, complexity - 0.5 * float(np.log1p(gains * (1.0 - self.correlations**2)).sum())


def _in_order(variables: Variables, ndim: int) -> list[int]:
    """The variables as they were given, from the front."""
    given = variables if isinstance(variables, Iterable) else (variables,)
    return [operator.index(v) % ndim for v in given]


def _whitening(cov: F64, name: str) -> F64:
    """L⁻¹ with cov = L Lᵀ."""
    factor = cholesky(cov, f"cov of {name}", "a variable is a function of the others")
    return solve_lower(factor, np.eye(len(cov)))


def _canonical(cov: Any, x: Variables, y: Variables) -> _Canonical:
    matrix = as_symmetric(cov, "cov")
    if matrix.ndim != 2:
        raise ValueError(f"cov must have shape (n_variables, n_variables), got {matrix.shape}")
    require_disjoint(x=as_axes(x, len(matrix), "x"), y=as_axes(y, len(matrix), "y"))
    first, second = _in_order(x, len(matrix)), _in_order(y, len(matrix))
    white_x, white_y = _whitening(matrix[np.ix_(first, first)], "x"), _whitening(matrix[np.ix_(second, second)], "y")
    left, correlations, _ = np.linalg.svd(white_x @ matrix[np.ix_(first, second)] @ white_y.T, full_matrices=False)
    if correlations[0] ** 2 > 1.0 - _CERTAIN:
        raise ValueError(
            f"cov must be positive definite, but x and y have the canonical correlation {correlations[0]:.15g}: "
            "information is infinite"
        )
    directions = left.T @ white_x
    # of either sign, the one whose largest entry is positive
    largest = np.abs(directions).argmax(axis=1)[:, None]
    return _Canonical(correlations, directions * np.sign(np.take_along_axis(directions, largest, axis=1)))


def gaussian_information_bottleneck(
    cov: Any, x: Variables, y: Variables, *, beta: float, base: Base = None
) -> GaussianBottleneck:
    """Information bottleneck of jointly Gaussian variables: T = A X + noise that minimises I(T;X) - β I(T;Y).

    Parameters
    ----------
    cov : array of float, shape (n_variables, n_variables)
        Covariance, symmetric and positive definite.
    x, y : int or tuple of int
        Which variables are X and which are Y; others are left out.
    beta : float
        Price β > 0 of relevance: nats of complexity that a nat of relevance may cost.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the information; nats by default. β has no unit.

    Returns
    -------
    GaussianBottleneck
        Projection A (noise has covariance 1), complexity, relevance and critical β.

    Raises
    ------
    ValueError, TypeError
        ``cov`` is not finite, symmetric or positive definite (of X, of Y, or of both); variables that are none, repeat
        or are both X and Y; ``beta`` is not finite and > 0.

    Notes
    -----
    With canonical correlations ρ_i and directions v_i of X (variance 1), the rows of A are √((β ρ_i² - 1) / (1 - ρ_i²))
    v_i for all i with β > 1 / ρ_i²: I(T;X) = ½ Σ log((β - 1) ρ_i² / (1 - ρ_i²)), I(T;Y) = I(T;X) - ½ Σ log(β ρ_i²)
    over these i. This is the global optimum. O(n_variables³).

    References
    ----------
    Chechik, G., Globerson, A., Tishby, N. & Weiss, Y. (2005). Information bottleneck for Gaussian variables. JMLR 6,
    theorem 3.1 and eq. 25.

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> cov = [[1.0, 0.8], [0.8, 1.0]]
    >>> result = rate_distortion.gaussian_information_bottleneck(cov, 0, 1, beta=4.0)
    >>> round(result.complexity, 3), round(result.relevance, 3), result.critical_betas
    (0.837, 0.367, array([1.5625]))
    """
    price, unit = positive(beta, "beta"), nats_per_unit(base)
    canonical = _canonical(cov, x, y)
    complexity, relevance = canonical.plane(price)
    gains = canonical.squared_gains(price)
    seen = gains > 0
    return GaussianBottleneck(
        price,
        complexity / unit,
        relevance / unit,
        canonical.information / unit,
        np.sqrt(gains[seen])[:, None] * canonical.directions[seen],
        canonical.critical_betas,
        base,
    )


def gaussian_information_bottleneck_curve(
    cov: Any, x: Variables, y: Variables, *, betas: Any = None, n_points: int = 100, base: Base = None
) -> GaussianBottleneckCurve:
    """The Gaussian information bottleneck for several β.

    Parameters
    ----------
    cov : array of float, shape (n_variables, n_variables)
        Covariance, symmetric and positive definite.
    x, y : int or tuple of int
        Which variables are X and which are Y; others are left out.
    betas : array of float, shape (n_points,), optional
        Prices β > 0, in any order; by default from the first critical one to 100 times that, in equal ratios.
    n_points : int, default 100
        How many, at least 1, where ``betas`` is not given.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the information; nats by default.

    Returns
    -------
    GaussianBottleneckCurve
        Arrays ``betas``, ``complexity`` and ``relevance``; drawn by :func:`hartley.plot.information_plane`.

    Raises
    ------
    ValueError, TypeError
        As :func:`gaussian_information_bottleneck`; no ``betas``, or some that are not finite and > 0; ``n_points``
        below 1.

    Notes
    -----
    One decomposition of O(n_variables³) for all β.

    References
    ----------
    Chechik, G., Globerson, A., Tishby, N. & Weiss, Y. (2005). Information bottleneck for Gaussian variables. JMLR 6,
    section 5.

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> cov = [[1.0, 0.8], [0.8, 1.0]]
    >>> curve = rate_distortion.gaussian_information_bottleneck_curve(cov, 0, 1, betas=[1.5, 4.0])
    >>> curve.complexity.round(4), curve.relevance.round(4), round(curve.information, 4)
    (array([0.   , 0.837]), array([0.   , 0.367]), 0.5108)
    """
    unit = nats_per_unit(base)
    canonical = _canonical(cov, x, y)
    prices = as_betas(betas, n_points, lambda: float(canonical.critical_betas[0]))
    complexity, relevance = np.array([canonical.plane(float(beta)) for beta in prices]).T / unit
    return GaussianBottleneckCurve(
        prices, complexity, relevance, canonical.information / unit, canonical.critical_betas, base
    )
