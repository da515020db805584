"""Natural gradients: the steepest direction in the space of distributions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real, as_result, require_finite
from ._positive_definite import as_symmetric, cholesky, solve_lower, solve_upper
from ._symbol_counts import whole_number
from ._warnings import ConvergenceWarning

F64: TypeAlias = NDArray[np.float64]
Product: TypeAlias = Callable[[F64], F64]


def natural_gradient(
    grad: Any,
    fisher: Any,
    *,
    damping: float = 0.0,
    tol: float = 1e-10,
    max_iter: int | None = None,
) -> float | F64:
    """Natural gradient (F + damping · 1)⁻¹ g.

    Parameters
    ----------
    grad : float or array of float, shape (..., d)
        Gradient g of a loss by the parameters.
    fisher : float, array of float, shape (..., d, d), or callable
        Fisher information F, symmetric and positive (semi)definite; leading axes broadcast with those of ``grad``. A
        function gives F v, shape (d,), of a vector v, shape (d,); no matrix is formed then.
    damping : float, default 0
        At least 0; added to the diagonal. Needed where F is singular.
    tol : float, default 1e-10
        Of conjugate gradients (``fisher`` a function): the norm of the residual over that of ``grad``.
    max_iter : int, optional
        Most iterations of conjugate gradients; 10 d + 100 by default.

    Returns
    -------
    float or ndarray of float64, shape (..., d)
        A float where ``grad`` and ``fisher`` are numbers.

    Raises
    ------
    ValueError
        NaN or infinite entries; shapes that do not match; F + damping that is not symmetric or not positive definite;
        a negative ``damping``.
    TypeError
        Arguments that are no numbers.

    Warns
    -----
    ConvergenceWarning
        Conjugate gradients stopped at ``max_iter``.

    Notes
    -----
    A matrix goes through its Cholesky factor, O(d³ / 3). A function goes through conjugate gradients, one product F v
    an iteration, at most d of them but for rounding and fewer where eigenvalues cluster; the residual is recomputed
    before it is believed. The direction does not depend on how the distributions are parametrised, where damping is 0.

    References
    ----------
    Amari, S. (1998). Natural gradient works efficiently in learning. Neural Computation 10, 251-276.
    Martens, J. (2020). New insights and perspectives on the natural gradient method. JMLR 21(146).

    Examples
    --------
    >>> from hartley import fisher
    >>> fisher.natural_gradient([1.0, 1.0], [[0.25, 0.0], [0.0, 0.5]])
    array([4., 2.])
    >>> fisher.natural_gradient([1.0, 1.0], lambda v: v * [0.25, 0.5])
    array([4., 2.])
    """
    added = as_number(damping, "damping")
    if not 0 <= added < math.inf:
        raise ValueError(f"damping must be at least 0 and finite, got {damping!r}")
    limit = as_number(tol, "tol")
    if not 0 < limit < 1:
        raise ValueError(f"tol must be between 0 and 1, got {tol!r}")
    g: F64 = as_real(grad, "grad").astype(np.float64, copy=False)
    require_finite(g, "grad")
    if callable(fisher):
        if g.ndim != 1 or g.size == 0:
            raise ValueError(f"grad must have shape (d,) where fisher is a function, got {g.shape}")
        most = 10 * g.size + 100 if max_iter is None else whole_number(max_iter, "max_iter", 1)
        return _conjugate_gradients(_damped(fisher, g.size, added), g, limit, most)
    matrix = as_symmetric(fisher, "fisher")
    d = matrix.shape[-1]
    is_number = g.ndim == 0 and d == 1
    g = g.reshape(1) if is_number else g
    if g.ndim == 0 or g.shape[-1] != d:
        raise ValueError(f"grad must have shape (..., {d}) for fisher of shape {matrix.shape}, got {g.shape}")
    try:
        np.broadcast_shapes(g.shape[:-1], matrix.shape[:-2])
    except ValueError:
        raise ValueError(f"grad and fisher must broadcast, got shapes {g.shape} and {matrix.shape}") from None
    factor = cholesky(matrix + added * np.eye(d), "fisher + damping", "pass a larger damping")
    solution = solve_upper(factor, solve_lower(factor, g[..., None]))[..., 0]
    return as_result(solution[0] if is_number else solution)


def _damped(fisher: Callable[[F64], Any], d: int, damping: float) -> Product:
    def product(v: F64) -> F64:
        found = as_real(fisher(v.copy()), "fisher(v)")
        if found.shape != (d,):
            raise ValueError(f"fisher(v) must have shape ({d},), got {found.shape}")
        require_finite(found, "fisher(v)")
        return found.astype(np.float64, copy=False) + damping * v

    return product


def _conjugate_gradients(product: Product, b: F64, tol: float, max_iter: int) -> F64:
    """x with product(x) = b up to tol (Hestenes & Stiefel 1952)."""
    exponent = int(np.frexp(np.abs(b).max())[1])
    b = np.ldexp(b, -exponent)  # the squares of its norm neither overflow nor vanish
    x, residual = np.zeros_like(b), b
    direction, square = residual, float(residual @ residual)
    target = tol * tol * square
    n_iter = 0
    while square > target:
        if n_iter == max_iter:
            size = math.sqrt(square / float(b @ b))
            warnings.warn(
                f"natural_gradient stopped after {n_iter} iterations with a relative residual of {size:.3g} > tol = "
                f"{tol:.3g}: raise damping, max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
            break
        image = product(direction)
        curvature = float(direction @ image)
        if not curvature > 0:
            raise ValueError(
                "fisher + damping must be positive definite, but vᵀ (F + damping) v = "
                f"{curvature / float(direction @ direction):.3g} vᵀ v for a direction v; pass a larger damping"
            )
        length = square / curvature
        x = x + length * direction
        residual = residual - length * image
        previous, square = square, float(residual @ residual)
        direction = residual + (square / previous) * direction
        n_iter += 1
        if square <= target:  # the recursion drifts from the residual itself: start again where that is too large
            residual = b - product(x)
            direction, square = residual, float(residual @ residual)
    return np.ldexp(x, exponent)
