"""Symmetric positive definite matrices, in batches: checks, Cholesky factors, triangular solves."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real, require_finite

F64: TypeAlias = NDArray[np.float64]

_ASYMMETRY = {8: 1e-8, 4: 1e-4}  # of √|x_ii x_jj|, by bytes of the dtype: what sums in another order leave
_BLOCK = 64  # rows: NumPy has no triangular solve, and a general one of a block costs less than a loop over its rows


def as_symmetric(x: Any, name: str) -> F64:
    """x in float64 as (..., d, d), finite and symmetric; a single number is (1, 1)."""
    array = as_real(x, name)
    tolerance = _ASYMMETRY[array.dtype.itemsize]
    if np.ndim(x) == 0:
        array = array.reshape(1, 1)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        raise ValueError(f"{name} must be a square matrix or a batch of them, shape (..., d, d), got {array.shape}")
    require_finite(array, name)
    matrix: F64 = array.astype(np.float64, copy=False)
    turned = np.swapaxes(matrix, -1, -2)
    scale = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    difference = np.abs(matrix - turned) - tolerance * scale[..., :, None] * scale[..., None, :]
    if (difference > 0).any():
        index = np.unravel_index(int(np.argmax(difference)), difference.shape)
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(
            f"{name} must be symmetric, but {name}[{where}] = {matrix[index]:.9g} differs from {turned[index]:.9g} "
            "across the diagonal"
        )
    return matrix


def cholesky(matrix: F64, name: str, advice: str) -> F64:
    """L with L Lᵀ = matrix, shape (..., d, d).

    L_ii² / matrix_ii is the share of row i that the rows before it do not explain. Where no digit of it is left the
    matrix is singular, however its rows are scaled.
    """
    d = matrix.shape[-1]
    try:
        factor = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        pass
    else:
        squares = np.diagonal(factor, axis1=-2, axis2=-1) ** 2
        if (squares > d * np.finfo(np.float64).eps * np.diagonal(matrix, axis1=-2, axis2=-1)).all():
            return factor
    least = np.linalg.eigvalsh(matrix)[..., 0]
    which = f", matrix {int(np.argmin(least))} of {least.size}" if least.ndim else ""
    raise ValueError(
        f"{name} must be positive definite, but its least eigenvalue is {least.min():.3g} to rounding{which}; {advice}"
    )


def solve_lower(factor: F64, b: F64) -> F64:
    """L⁻¹ b of columns b, shape (..., d, m): forward substitution, a block of rows at a time."""
    b = np.broadcast_to(b, np.broadcast_shapes(factor.shape[:-2], b.shape[:-2]) + b.shape[-2:])
    x: F64 = np.empty(b.shape)
    for start in range(0, factor.shape[-1], _BLOCK):
        rows = slice(start, start + _BLOCK)
        rest = b[..., rows, :] - factor[..., rows, :start] @ x[..., :start, :]
        x[..., rows, :] = np.linalg.solve(factor[..., rows, rows], rest)
    return x


def solve_upper(factor: F64, b: F64) -> F64:
    """L⁻ᵀ b: the same, rows and columns counted from the end."""
    turned = np.swapaxes(factor, -1, -2)[..., ::-1, ::-1]
    return solve_lower(turned, b[..., ::-1, :])[..., ::-1, :]
