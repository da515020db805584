"""Information between variables of symbols, estimated from paired samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _bias, _dispatch
from ._arrays import column_labels, label_matrix
from ._codes import Coded
from ._contingency import contingency
from ._count_estimators import Alpha
from ._progress import Progress, progress_callback
from ._symbol_counts import (
    Rows,
    as_column_codes,
    as_column_rows,
    as_rows,
    check_estimator,
    in_unit,
)
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_ASK_FOR_ALPHABET = ("shrinkage", "dirichlet", "nsb")  # those that stay within log K however large it is
_PAIR_CODES = 65535  # codes that the all-pairs kernel takes, one more stands for a missing value


def joint_entropies(rows: Rows, groups: Sequence[Sequence[int]], estimator: str, alpha: Alpha) -> list[float]:
    """Entropies in nats of groups of variables; the alphabet of a group is every combination of symbols seen."""
    if estimator not in _ASK_FOR_ALPHABET:
        return [rows.entropy(group, estimator) for group in groups]
    alphabets = [rows.table((i,)).n_seen for i in range(len(rows.variables))]
    return [rows.entropy(group, estimator, alpha, math.prod(alphabets[i] for i in group)) for group in groups]


def joint_entropy(
    *xs: Any,
    estimator: str = "mle",
    base: Base = None,
    n_symbols: int | None = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
) -> float:
    """Joint entropy of several variables.

    Parameters
    ----------
    xs : arrays of symbols, shape (n_samples,) or (n_samples, n_columns)
        Paired samples, one array a variable.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    n_symbols : int, optional
        Size of the joint alphabet where it is known; for the estimators that ask for it, the product of the numbers of
        symbols seen otherwise.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a missing value in any variable are dropped.

    Returns
    -------
    float
        Entropy in units of ``base``.

    Raises
    ------
    ValueError
        Unequal numbers of samples; no samples; missing values; an unknown estimator; no variable.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    Combinations are numbers with mixed radix, no text is built. O(n) a variable.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.joint_entropy([0, 0, 1, 1] * 9, ["a", "b", "a", "b"] * 9, base="bits")
    2.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    if not xs:
        raise ValueError("xs must be at least one variable, got none")
    rows = as_rows({f"xs[{i}]": x for i, x in enumerate(xs)}, nan_policy, weights)
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    everyone = range(len(xs))
    if n_symbols is None:
        return joint_entropies(rows, [everyone], estimator, alpha)[0] / unit
    return rows.entropy(everyone, estimator, alpha, n_symbols) / unit


def conditional_entropy(
    y: Any,
    given: Any,
    *,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    clip: bool = False,
) -> float:
    """Conditional entropy H(Y | given).

    Parameters
    ----------
    y, given : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        Paired samples.
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
        Entropy in units of ``base``: from 0 for "mle".

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
    H(Y, given) - H(given), each by the estimator; alphabets are those seen (their product for the pair). O(n).

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.conditional_entropy([0, 1, 0, 1] * 9, [0, 0, 1, 1] * 9, base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    rows = as_rows({"y": y, "given": given}, nan_policy, weights)
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    both, condition = joint_entropies(rows, ((0, 1), (1,)), estimator, alpha)
    return in_unit(both - condition, estimator, clip, unit)


def mutual_information(
    x: Any,
    y: Any,
    *,
    estimator: str = "mle",
    bias: str | None = None,
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    clip: bool = False,
    seed: Any = None,
) -> float:
    """Mutual information of two variables.

    Parameters
    ----------
    x, y : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        Paired samples; several columns are one variable.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    bias : {"panzeri_treves", "quadratic_extrapolation"}, optional
        Subtract the plug-in's bias: its first-order term with the number of reachable symbols estimated for each y, or
        by extrapolating from all, halves and quarters of the samples. For estimator "mle".
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
    seed : int or numpy.random.Generator, optional
        How "quadratic_extrapolation" parts the samples.

    Returns
    -------
    float
        Information in units of ``base``: from 0 to min(H(X), H(Y)) for "mle"; corrected ones may be negative.

    Raises
    ------
    ValueError
        Unequal numbers of samples; no samples; missing values; an unknown estimator or bias, or both corrections at
        once.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of the combinations below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    "mle" is Σ p log(p / (p_x p_y)) over the cells that occur: too high by about (K_x - 1)(K_y - 1)/(2 N). Other
    estimators give H(X) + H(Y) - H(X, Y) with alphabets as seen (their product for the pair). O(n).

    References
    ----------
    Panzeri, S. & Treves, A. (1996). Analytical estimates of limited sampling biases in different information measures.
    Network 7.
    Strong, S. P., Koberle, R., de Ruyter van Steveninck, R. R. & Bialek, W. (1998). Entropy and information in neural
    spike trains. Physical Review Letters 80.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.mutual_information(["a", "a", "b", "b"], [0, 0, 1, 1], base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    _bias.check(bias, estimator, weights)
    rows = as_rows({"x": x, "y": y}, nan_policy, weights)
    if bias is None:
        rows.warn_of_low_coverage(estimator, stacklevel=2)
    if bias == "panzeri_treves":
        nats = plug_in_information(rows) - _bias.panzeri_treves(rows)
    elif bias == "quadratic_extrapolation":
        nats = _bias.quadratic_extrapolation(plug_in_information, rows, seed)
    elif estimator == "mle":
        nats = plug_in_information(rows)
    else:
        x_entropy, y_entropy, joint = joint_entropies(rows, ((0,), (1,), (0, 1)), estimator, alpha)
        nats = x_entropy + y_entropy - joint
    return in_unit(nats, "mle" if bias is None and estimator == "mle" else "corrected", clip, unit)


def plug_in_information(rows: Rows) -> float:
    """Σ p log(p / (p_x p_y)) in nats of the first two variables."""
    return max(0.0, contingency(rows).information)


def conditional_mutual_information(
    x: Any,
    y: Any,
    given: Any,
    *,
    estimator: str = "mle",
    bias: str | None = None,
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    clip: bool = False,
    seed: Any = None,
) -> float:
    """Conditional mutual information I(X;Y | given).

    Parameters
    ----------
    x, y, given : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        Paired samples; several columns are one variable.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    bias : {"panzeri_treves", "quadratic_extrapolation"}, optional
        As in :func:`mutual_information`; the first as the difference I(X; Y, given) - I(X; given).
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
    seed : int or numpy.random.Generator, optional
        How "quadratic_extrapolation" parts the samples.

    Returns
    -------
    float
        Information in units of ``base``: at least 0 for "mle"; corrected ones may be negative.

    Raises
    ------
    ValueError
        Unequal numbers of samples; no samples; missing values; an unknown estimator or bias, or both corrections at
        once.
    TypeError
        Symbols of a type that cannot be compared, or of several types.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of the combinations below 0.5 with an estimator that takes no account of it.

    Notes
    -----
    H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z) with Z the condition, each by the estimator, alphabets as seen. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.60.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.conditional_mutual_information([0, 0, 1, 1] * 9, [0, 1, 0, 1] * 9, [0, 1, 1, 0] * 9, base="bits")
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    _bias.check(bias, estimator, weights)
    rows = as_rows({"x": x, "y": y, "given": given}, nan_policy, weights)
    if bias is None:
        rows.warn_of_low_coverage(estimator, stacklevel=2)
    if bias == "panzeri_treves":
        with_y, without = (Rows((rows.variables[0], rows.joint(*others))) for others in ((1, 2), (2,)))
        nats = conditional_information(rows) - _bias.panzeri_treves(with_y) + _bias.panzeri_treves(without)
    elif bias == "quadratic_extrapolation":
        nats = _bias.quadratic_extrapolation(conditional_information, rows, seed)
    else:
        nats = conditional_information(rows, estimator, alpha)
    return in_unit(nats, "mle" if bias is None and estimator == "mle" else "corrected", clip, unit)


def conditional_information(rows: Rows, estimator: str = "mle", alpha: Alpha = None) -> float:
    """I(first; second | third) of three variables in nats."""
    xz, yz, xyz, z = joint_entropies(rows, ((0, 2), (1, 2), (0, 1, 2), (2,)), estimator, alpha)
    return xz + yz - xyz - z


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
    "mle" and "miller_madow" count all pairs in the kernels of :mod:`hartley.histogram`; other estimators pair by pair.
    O(n n_columns²).

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
    pairs = _counted_pairs if estimator in ("mle", "miller_madow") and small else _estimated_pairs
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


def _require_common_rows(n: NDArray[Any]) -> None:
    if not n.all():
        i, j = np.unravel_index(int(np.argmin(n)), n.shape)
        raise ValueError(f"columns {i} and {j} of X have no row in which both have a value")


def _counted_pairs(columns: Sequence[Coded], estimator: str, alpha: Alpha, callback: Any) -> tuple[F64, F64]:
    """Information of all pairs and, at (i, j), the entropy of column i over the rows that both have; in nats."""
    sizes = np.array([v.size for v in columns], dtype=np.int64)
    dtype = np.uint8 if sizes.max() < 256 else np.uint16
    codes = np.stack([v.codes.astype(dtype) for v in columns])
    information, n, symbols, cells, entropy = _dispatch.kernels.histogram_pairs(
        codes, sizes, get_num_threads(), callback
    )
    _require_common_rows(n)
    if estimator == "miller_madow":
        information += (symbols + symbols.T - cells - 1) / (2 * n)
        entropy += (symbols - 1) / (2 * n)
    return information, entropy


def _estimated_pairs(columns: Sequence[Coded], estimator: str, alpha: Alpha, callback: Any) -> tuple[F64, F64]:
    m = len(columns)
    present = [None if int(v.codes.max()) < v.size else v.codes < v.size for v in columns]
    information, entropy = np.empty((m, m)), np.empty((m, m))
    for i in range(m):
        for j in range(i, m):
            both = [p for p in (present[i], present[j]) if p is not None]
            rows = Rows((columns[i], columns[j]))
            if both:
                _require_common_rows(np.array([[np.logical_and.reduce(both).sum()]]))
                rows = rows.take(np.logical_and.reduce(both))
            x, y, joint = joint_entropies(rows, ((0,), (1,), (0, 1)), estimator, alpha)
            entropy[i, j], entropy[j, i] = x, y
            information[i, j] = information[j, i] = x if i == j else x + y - joint
        if callback is not None:
            callback((i + 1) / m)
    return information, entropy
