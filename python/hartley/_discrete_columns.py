"""What the columns of one array or frame of symbols share: all together, and pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import column_labels, label_matrix
from ._codes import Coded
from ._count_estimators import Alpha, pseudocount
from ._discrete_information import joint_entropies
from ._progress import Progress, progress_callback
from ._symbol_counts import Rows, as_column_codes, as_column_rows, check_estimator, in_unit
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_PAIR_CODES = 65535  # codes that the all-pairs kernel takes, one more stands for a missing value


def total_correlation(
    X: Any,  # noqa: N803
    *,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    clip: bool = False,
) -> float:
    """Total correlation Σ H(X_i) - H(X_1, ..., X_m) of the columns of X.

    Parameters
    ----------
    X : array of symbols, shape (n_samples, n_columns), or a frame
        One variable a column.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a missing value in any variable are dropped.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        In units of ``base``: at least 0 for "mle".

    Raises
    ------
    ValueError
        Unequal numbers of samples; no samples; missing values; an unknown estimator.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of the combinations below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    Alphabets are those seen, their product for the joint entropy. O(n) a column.

    References
    ----------
    Watanabe, S. (1960). Information theoretical analysis of multivariate correlation. IBM J. Res. Development 4.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.total_correlation([[0, 0, 0], [1, 1, 1]] * 9, base="bits"), 12)
    2.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    rows = as_column_rows(X, "X", nan_policy, weights)
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    everyone = range(len(rows.variables))
    *single, joint = joint_entropies(rows, [*((i,) for i in everyone), tuple(everyone)], estimator, alpha)
    return in_unit(sum(single) - joint, estimator, clip, unit)


def mutual_information_matrix(
    X: Any,  # noqa: N803
    *,
    estimator: str = "mle",
    normalized: bool = False,
    base: Base = None,
    alpha: Alpha = None,
    nan_policy: str = "raise",
    clip: bool = False,
    progress: Progress = False,
) -> Any:
    """Mutual information of all pairs of columns.

    Parameters
    ----------
    X : array of symbols, shape (n_samples, n_columns), or a frame
        One variable a column.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    normalized : bool, default False
        Divide by the arithmetic mean of the two entropies (0 where both are 0); no unit then.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", every pair uses the rows where both columns have a value.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.
    progress : bool or callable, default False
        True shows a bar on stderr; a function is called with the fraction done.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_columns), or a pandas frame with X's columns
        Symmetric; the diagonal holds the entropies.

    Raises
    ------
    ValueError
        Unequal numbers of samples; no samples; missing values; an unknown estimator.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Notes
    -----
    All pairs are counted, and their entropies estimated, in the kernels of :mod:`hartley.histogram`. O(n n_columns²).

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.mutual_information_matrix([[0, 5], [0, 5], [1, 7], [1, 7]], base="bits")
    array([[1., 1.],
           [1., 1.]])
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    labels = column_labels(X)
    columns = as_column_codes(X, "X", nan_policy)
    callback = progress_callback(progress, "mutual information")
    small = all(v.size < _PAIR_CODES for v in columns)
    pairs = _counted_pairs if small else _estimated_pairs
    information, entropy = pairs(columns, estimator, alpha, callback)
    if callback is not None:
        callback(1.0)
    if clip or estimator == "mle":
        np.maximum(information, 0.0, out=information)
    if normalized:
        mean_entropy = (entropy + entropy.T) / 2
        matrix = np.divide(information, mean_entropy, out=np.zeros_like(information), where=mean_entropy > 0)
    else:
        matrix = information / unit
    return label_matrix(matrix, labels, labels)


def require_common_rows(n: NDArray[Any]) -> None:
    """ValueError where two columns have no row in common."""
    if not n.all():
        i, j = np.unravel_index(int(np.argmin(n)), n.shape)
        raise ValueError(f"columns {i} and {j} of X have no row in which both have a value")


def _counted_pairs(columns: Sequence[Coded], estimator: str, alpha: Alpha, callback: Any) -> tuple[F64, F64]:
    """Information of all pairs and, at (i, j), the entropy of column i over the rows that both have; in nats."""
    sizes = np.array([v.size for v in columns], dtype=np.int64)
    dtype = np.uint8 if sizes.max() < 256 else np.uint16
    codes = np.stack([v.codes.astype(dtype) for v in columns])
    rule = pseudocount(alpha, int(sizes.max()) ** 2)
    information, n, _, _, entropy = _dispatch.kernels.histogram_pairs(
        codes, sizes, get_num_threads(), callback, estimator=estimator, alpha=rule
    )
    require_common_rows(n)
    return information, entropy


def _estimated_pairs(columns: Sequence[Coded], estimator: str, alpha: Alpha, callback: Any) -> tuple[F64, F64]:
    """The same pair by pair, for alphabets too large for the kernel."""
    m = len(columns)
    present = [None if int(v.codes.max()) < v.size else v.codes < v.size for v in columns]
    information, entropy = np.zeros((m, m)), np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            both = [p for p in (present[i], present[j]) if p is not None]
            rows = Rows((columns[i], columns[j]))
            if both:
                require_common_rows(np.array([[np.logical_and.reduce(both).sum()]]))
                rows = rows.take(np.logical_and.reduce(both))
            x, y, joint = joint_entropies(rows, ((0,), (1,), (0, 1)), estimator, alpha)
            entropy[i, j], entropy[j, i] = x, y
            information[i, j] = information[j, i] = x if i == j else x + y - joint
        if callback is not None:
            callback((i + 1) / m)
    return information, entropy
