"""Conditional information and transfer entropy by binning continuous samples."""

from __future__ import annotations

from typing import Any

from ._binned_rows import binned
from ._binning import BinRule
from ._count_estimators import Alpha
from ._discrete_information import conditional_information
from ._symbol_counts import check_estimator, in_unit
from ._symbol_series import present_and_pasts
from ._units import Base, nats_per_unit


def conditional_mutual_information(
    x: Any,
    y: Any,
    given: Any,
    *,
    bins: BinRule = 8,
    binning: str = "quantile",
    range: tuple[float, float] | None = None,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    weights: Any = None,
    nan_policy: str = "raise",
    outside: str = "raise",
    clip: bool = False,
) -> float:
    """Conditional mutual information I(X;Y | given) of continuous variables by binning all.

    Parameters
    ----------
    x, y, given : array of float, shape (n_samples,) or (n_samples, n_features)
        Paired samples; the cells of several features are combined.
    bins : int, rule or edges, default 8
        As in :func:`bin_edges`, for every column.
    binning : {"uniform", "quantile"}, default "quantile"
        Bins of equal width, or equally filled ones.
    range : (float, float), optional
        First and last edge of uniform bins of all columns.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`hartley.discrete.entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    weights : array of float, shape (n_samples,), optional
        Non-negative weight of each sample, for "mle" and "dirichlet".
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", rows with a NaN in any variable are dropped.
    outside : {"raise", "ignore", "clip"}, default "raise"
        Numbers outside given edges or ``range`` are an error, their rows are left out, or they count in the nearest
        cell.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        Estimate in units of ``base``: at least 0 for "mle"; corrected ones may be negative.

    Raises
    ------
    ValueError
        NaN or infinite samples, unequal lengths, values outside given edges or ``range``; bad bins; an unknown
        estimator.
    TypeError
        Samples that are no numbers.

    Warns
    -----
    CoverageWarning
        Most combinations of cells were seen once: too many bins for the sample.

    Notes
    -----
    H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z) of the cells. The plug-in is too high by about the number of free cells over
    2 n, so keep bins³ well below n. O(n log bins).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.60.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import histogram
    >>> z = np.repeat([0.0, 1.0], 500)
    >>> x = np.tile([0.0, 1.0], 500)
    >>> round(histogram.conditional_mutual_information(x, x, z, bins=2, binning="uniform", base=2), 12)
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, weights, alpha)
    rows = binned({"x": x, "y": y, "given": given}, bins, binning, range, nan_policy, outside, weights).rows
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    return in_unit(conditional_information(rows, estimator, alpha), estimator, clip, unit)


def transfer_entropy(
    source: Any,
    target: Any,
    *,
    source_history: int = 1,
    target_history: int = 1,
    lag: int = 1,
    given: Any = None,
    bins: BinRule = 6,
    binning: str = "quantile",
    range: tuple[float, float] | None = None,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    outside: str = "raise",
    clip: bool = False,
) -> float:
    """Transfer entropy I(target_t ; source's past | target's past) by binning the series.

    Parameters
    ----------
    source, target : array of float, shape (n_samples,) or (n_samples, n_features)
        Two series over the same times.
    source_history, target_history, lag
        As in :func:`hartley.discrete.transfer_entropy`.
    given : array of float, shape (n_samples,) or (n_samples, n_features), optional
        A third series, whose value at t - 1 is known, too.
    bins : int, rule or edges, default 6
        As in :func:`bin_edges`, for every column.
    binning : {"uniform", "quantile"}, default "quantile"
        Bins of equal width, or equally filled ones.
    range : (float, float), optional
        First and last edge of uniform bins of all columns.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`hartley.discrete.entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    outside : {"raise", "clip"}, default "raise"
        Numbers outside given edges or ``range`` are an error or count in the nearest cell.
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        Estimate in units of ``base``: at least 0 for "mle"; corrected ones may be negative.

    Raises
    ------
    ValueError
        NaN or infinite samples, unequal lengths, values outside given edges or ``range``; bad bins; an unknown
        estimator; a series shorter than its histories.
    TypeError
        Samples that are no numbers.

    Warns
    -----
    CoverageWarning
        Most combinations of present and pasts were seen once: too many bins or too long histories.

    Notes
    -----
    Bias as of :func:`conditional_mutual_information`, with bins^(1 + source_history + target_history) cells. O(n).

    References
    ----------
    Schreiber, T. (2000). Measuring information transfer. Physical Review Letters 85, eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import histogram
    >>> source = np.random.default_rng(0).random(20_000)
    >>> target = np.roll(source, 1)  # repeats the source one step later
    >>> round(histogram.transfer_entropy(source, target, bins=2, base="bits"), 2)
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    if outside == "ignore":
        raise ValueError('outside must be "raise" or "clip" for a series, whose rows cannot be left out, got "ignore"')
    named = {"source": source, "target": target} | ({} if given is None else {"given": given})
    series = binned(named, bins, binning, range, "raise", outside).rows
    pasts = present_and_pasts(series, source_history, target_history, lag)
    pasts.warn_of_low_coverage(estimator, stacklevel=2)
    return in_unit(conditional_information(pasts, estimator, alpha), estimator, clip, unit)
