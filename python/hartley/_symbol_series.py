"""Information in series of symbols: what the past tells of the present."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._codes import Coded, dense, join
from ._count_estimators import Alpha
from ._discrete_information import conditional_information, joint_entropies, plug_in_information
from ._symbol_counts import Rows, as_rows, check_estimator, in_unit, whole_number
from ._units import Base, nats_per_unit


def _shifted(series: Coded, begin: int, n: int) -> Coded:
    return Coded(np.ascontiguousarray(series.codes[begin : begin + n]), series.size)


def _past(series: Coded, present: int, n: int, history: int, lag: int) -> Coded:
    """Symbols from ``lag`` to ``lag + history - 1`` steps before each of the n moments from ``present`` on, as one."""
    return dense(join([_shifted(series, present - lag - i, n) for i in range(history)]))


def _require_longer(n: int, first: int) -> None:
    if n <= first:
        raise ValueError(f"history and lag reach {first} steps back, but the series has only {n} samples")


def present_and_pasts(series: Rows, source_history: int, target_history: int, lag: int) -> Rows:
    """The target's present, the source's past, and the target's past with what else is given, from their series."""
    steps = whole_number(source_history, "source_history", 1), whole_number(target_history, "target_history", 1)
    delay = whole_number(lag, "lag", 1)
    first = max(delay + steps[0] - 1, steps[1])
    _require_longer(series.n, first)
    n = series.n - first
    drive, response = series.variables[:2]
    known = [_past(response, first, n, steps[1], 1)] + [_past(v, first, n, 1, 1) for v in series.variables[2:]]
    return Rows((_shifted(response, first, n), _past(drive, first, n, steps[0], delay), dense(join(known))))


def transfer_entropy(
    source: Any,
    target: Any,
    *,
    source_history: int = 1,
    target_history: int = 1,
    lag: int = 1,
    given: Any = None,
    estimator: str = "mle",
    base: Base = None,
    alpha: Alpha = None,
    clip: bool = False,
) -> float:
    """Transfer entropy I(target_t ; source's past | target's past).

    Parameters
    ----------
    source, target : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        Two series over the same times.
    source_history, target_history : int, default 1
        Steps of each past, at least 1.
    lag : int, default 1
        The source's past ends at t - lag, at least 1; the target's at t - 1.
    given : array of symbols, shape (n_samples,) or (n_samples, n_columns), optional
        A third series, whose symbol at t - 1 is known, too (conditional transfer entropy).
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        Information in units of ``base``, at least 0 for "mle".

    Raises
    ------
    ValueError
        A series shorter than its history; unequal lengths; missing values; an unknown estimator.
    TypeError
        Symbols of a type that cannot be compared; a history that is no whole number.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of present and pasts together below 0.5: the histories are too long for the series.

    Notes
    -----
    The plug-in is too high by about the number of free parameters over 2 N. O(n).

    References
    ----------
    Schreiber, T. (2000). Measuring information transfer. Physical Review Letters 85, eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import discrete
    >>> source = np.random.default_rng(0).integers(0, 2, 10_000)
    >>> target = np.roll(source, 1)  # repeats the source one step later
    >>> round(discrete.transfer_entropy(source, target, base="bits"), 2)
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    named = {"source": source, "target": target} | ({} if given is None else {"given": given})
    pasts = present_and_pasts(as_rows(named, "raise", keeps_order=True), source_history, target_history, lag)
    pasts.warn_of_low_coverage(estimator, stacklevel=2)
    return in_unit(conditional_information(pasts, estimator, alpha), estimator, clip, unit)


def active_information(
    x: Any, history: int, *, estimator: str = "mle", base: Base = None, alpha: Alpha = None, clip: bool = False
) -> float:
    """Active information storage I(x_t ; the last ``history`` symbols).

    Parameters
    ----------
    x : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        A series.
    history : int
        Steps of the past, at least 1.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        Information in units of ``base``, at least 0 for "mle".

    Raises
    ------
    ValueError
        A series shorter than its history; missing values; an unknown estimator.
    TypeError
        Symbols of a type that cannot be compared; a history that is no whole number.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of present and pasts together below 0.5: the histories are too long for the series.

    Notes
    -----
    Together with the entropy rate it is the entropy of a symbol. O(n).

    References
    ----------
    Lizier, J. T., Prokopenko, M. & Zomaya, A. Y. (2012). Local measures of information storage in complex distributed
    computation. Information Sciences 208, eq. 6.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.active_information([0, 1] * 1000, 1, base="bits"), 5)
    1.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    rows = _present_and_past(x, history)
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    if estimator == "mle":
        return plug_in_information(rows) / unit
    present, past, both = joint_entropies(rows, ((0,), (1,), (0, 1)), estimator, alpha)
    return in_unit(present + past - both, estimator, clip, unit)


def _present_and_past(x: Any, history: int) -> Rows:
    steps = whole_number(history, "history", 1)
    rows = as_rows({"x": x}, "raise", keeps_order=True)
    _require_longer(rows.n, steps)
    n, series = rows.n - steps, rows.variables[0]
    return Rows((_shifted(series, steps, n), _past(series, steps, n, steps, 1)))


def entropy_rate(
    x: Any, history: int, *, estimator: str = "mle", base: Base = None, alpha: Alpha = None, clip: bool = False
) -> float:
    """Entropy rate H(x_t | the last ``history`` symbols) of a series.

    Parameters
    ----------
    x : array of symbols, shape (n_samples,) or (n_samples, n_columns)
        A series.
    history : int
        Steps of the past, at least 1; the true rate is the limit of long histories.
    estimator : str, default "mle"
        Estimator of each entropy, as in :func:`entropy_from_counts`.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    alpha : float or str, optional
        Pseudocount of "dirichlet".
    clip : bool, default False
        Return 0 for a corrected estimate below 0.

    Returns
    -------
    float
        Entropy a step in units of ``base``, at least 0 for "mle".

    Raises
    ------
    ValueError
        A series shorter than its history; missing values; an unknown estimator.
    TypeError
        Symbols of a type that cannot be compared; a history that is no whole number.

    Warns
    -----
    CoverageWarning
        Good-Turing coverage of present and pasts together below 0.5: the histories are too long for the series.

    Notes
    -----
    Exact in the limit of many samples for Markov chains of order ``history``; the plug-in is too low where pasts are
    seen few times. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 4.10.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.entropy_rate([0, 1] * 1000, 1)
    0.0
    """
    unit = nats_per_unit(base)
    check_estimator(estimator, alpha=alpha)
    rows = _present_and_past(x, history)
    rows.warn_of_low_coverage(estimator, stacklevel=2)
    both, past = joint_entropies(rows, ((0, 1), (1,)), estimator, alpha)
    return in_unit(both - past, estimator, clip, unit)
