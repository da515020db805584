"""Information between variables of symbols, estimated from paired samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import _bias
from ._contingency import contingency
from ._count_estimators import Alpha
from ._symbol_counts import (
    Rows,
    as_rows,
    check_estimator,
    in_unit,
)
from ._units import Base, nats_per_unit

_ASK_FOR_ALPHABET = ("shrinkage", "dirichlet", "nsb")  # those that stay within log K however large it is


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
