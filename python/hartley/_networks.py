"""From a matrix of mutual information to a network: which dependences stand out, and which are direct."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real, column_labels, label_matrix, require_finite

F64: TypeAlias = NDArray[np.float64]


def _checked(information: Any) -> F64:
    matrix = as_real(information, "information").astype(np.float64, copy=False)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"information must be a square matrix, got shape {matrix.shape}")
    matrix = matrix.copy()
    np.fill_diagonal(matrix, 0.0)  # not read; hartley.knn leaves it NaN
    require_finite(matrix, "information")
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12):
        raise ValueError("information must be symmetric")
    return matrix


def clr(information: Any) -> Any:
    """Context likelihood of relatedness: how far each pair stands out among the pairs of either variable.

    Parameters
    ----------
    information : array of float, shape (d, d), or a frame
        Symmetric matrix of mutual information, as of :func:`mutual_information_matrix`; the diagonal is not read.

    Returns
    -------
    ndarray of float64, shape (d, d), or a pandas frame with the same labels
        √(max(0, z_i)² + max(0, z_j)²) with the z-scores of the pair among those of i and of j; symmetric, 0 on the
        diagonal. No unit.

    Raises
    ------
    ValueError
        A matrix that is not square, symmetric and finite.
    TypeError
        Entries that are no numbers.

    Notes
    -----
    O(d²). A variable all of whose pairs are alike has z-scores of 0.

    References
    ----------
    Faith, J. J. et al. (2007). Large-scale mapping and validation of Escherichia coli transcriptional regulation from a
    compendium of expression profiles. PLoS Biology 5, eq. 1.

    Examples
    --------
    >>> from hartley import histogram
    >>> histogram.clr([[9.0, 1.0, 0.0], [1.0, 9.0, 0.0], [0.0, 0.0, 9.0]]).round(3)
    array([[0.   , 1.414, 0.   ],
           [1.414, 0.   , 0.   ],
           [0.   , 0.   , 0.   ]])
    """
    matrix = _checked(information)
    others = ~np.eye(len(matrix), dtype=bool)
    n_others = max(len(matrix) - 1, 1)
    mean = np.where(others, matrix, 0.0).sum(axis=1) / n_others
    deviation = np.sqrt(np.where(others, (matrix - mean[:, None]) ** 2, 0.0).sum(axis=1) / n_others)
    z = np.zeros_like(matrix)
    np.divide(matrix - mean[:, None], deviation[:, None], out=z, where=others & (deviation[:, None] > 0))
    z = np.maximum(z, 0.0)
    labels = column_labels(information)
    return label_matrix(np.hypot(z, z.T), labels, labels)


def aracne(information: Any, *, tolerance: float = 0.0) -> Any:
    """Direct dependences: a pair goes where a third variable is more informative about both (data processing).

    Parameters
    ----------
    information : array of float, shape (d, d), or a frame
        Symmetric matrix of mutual information; the diagonal is not read.
    tolerance : float, default 0
        A pair goes only where it is below (1 - tolerance) times the weaker of the other two; from 0 to 1 (keeps all).

    Returns
    -------
    ndarray of float64, shape (d, d), or a pandas frame with the same labels
        The matrix with indirect pairs and the diagonal set to 0, in its own unit.

    Raises
    ------
    ValueError
        A matrix that is not square, symmetric and finite; a tolerance outside 0 to 1.
    TypeError
        Entries that are no numbers.

    Notes
    -----
    Every triangle is judged on the matrix as given, so the order of the variables does not matter. O(d³) in d steps of
    d² each.

    References
    ----------
    Margolin, A. A. et al. (2006). ARACNE: an algorithm for the reconstruction of gene regulatory networks in a
    mammalian cellular context. BMC Bioinformatics 7.

    Examples
    --------
    >>> from hartley import histogram
    >>> histogram.aracne([[0.0, 0.9, 0.5], [0.9, 0.0, 0.8], [0.5, 0.8, 0.0]])
    array([[0. , 0.9, 0. ],
           [0.9, 0. , 0.8],
           [0. , 0.8, 0. ]])
    """
    matrix = _checked(information)
    share = as_number(tolerance, "tolerance")
    if not 0 <= share <= 1:
        raise ValueError(f"tolerance must be from 0 to 1, got {tolerance!r}")
    paths = matrix.copy()
    np.fill_diagonal(paths, -np.inf)  # no variable lies between itself and another
    indirect = np.zeros(matrix.shape, dtype=bool)
    for column in paths:
        indirect |= matrix < (1.0 - share) * np.minimum(column[:, None], column[None, :])
    direct = np.where(indirect, 0.0, matrix)
    np.fill_diagonal(direct, 0.0)
    labels = column_labels(information)
    return label_matrix(direct, labels, labels)
