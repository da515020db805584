"""Fano's inequality, in both directions."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_result
from ._entropies import binary_entropy
from ._ranges import DIVERGENCE, PROBABILITY, as_numbers, as_whole_numbers, require_all
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-12  # by how much of log m an entropy may exceed log m, as sums do
_MOST_STEPS = 100  # Newton's method halves the distance where the root is double, and squares it elsewhere


def _broadcast(x: F64, m: F64, name: str) -> tuple[F64, F64]:
    try:
        first, second = np.broadcast_arrays(x, m)
    except ValueError:
        raise ValueError(f"{name} and n_symbols must broadcast, got shapes {x.shape} and {m.shape}") from None
    return first, second


def fano_entropy_bound(error: Any, n_symbols: Any, *, base: Base = None) -> float | F64:
    """Fano's upper bound of H(X|X̂) by the probability that the guess X̂ is wrong.

    Parameters
    ----------
    error : float or array of float
        P(X̂ ≠ X), from 0 to 1.
    n_symbols : int or array of int
        Number m of values of X, at least 2; broadcasts with ``error``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float or ndarray of float64
        H_b(e) + e log(m - 1), from 0 to log m (at e = 1 - 1/m), in units of ``base``.

    Raises
    ------
    ValueError
        ``error`` outside 0 to 1, ``n_symbols`` below 2 or no whole number; shapes that do not broadcast.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    Attained where the wrong values are equally probable whatever the guess. O(1) an entry.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., section 2.10.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.fano_entropy_bound([0.0, 0.75], 4, base="bits")
    array([0., 2.])
    """
    unit = nats_per_unit(base)
    e, m = _broadcast(as_numbers(error, "error", PROBABILITY), as_whole_numbers(n_symbols, "n_symbols", 2), "error")
    return as_result((np.asarray(binary_entropy(e)) + e * np.log(m - 1.0)) / unit)


def fano_error_bound(conditional_entropy: Any, n_symbols: Any, *, base: Base = None) -> float | F64:
    """Fano's lower bound of the probability of error of every guess of X, by the conditional entropy of X.

    Parameters
    ----------
    conditional_entropy : float or array of float
        H(X|Y) of what is guessed given what is known, from 0 to log m, in units of ``base``.
    n_symbols : int or array of int
        Number m of values of X, at least 2; broadcasts with ``conditional_entropy``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of ``conditional_entropy``; nats by default.

    Returns
    -------
    float or ndarray of float64
        The least e with H_b(e) + e log(m - 1) ≥ H(X|Y): a probability from 0 to 1 - 1/m.

    Raises
    ------
    ValueError
        An entropy below 0 or above log m, ``n_symbols`` below 2 or no whole number; shapes that do not broadcast.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    The inequality is solved for e to rounding, by Newton's method from below on a concave function: no step leaves the
    bound's side. Near H = log m the error goes by the root of what is missing: an ulp of H moves it by 1e-8. It is
    attained where the wrong values are equally probable. The form (H - log 2) / log m of many textbooks, which replaces
    H_b(e) by log 2, is weaker everywhere and says nothing for H below log 2. O(1) an entry, about twenty logarithms (up
    to a hundred near H = log m, where the root is double).

    References
    ----------
    Fano, R. M. (1961). Transmission of Information. MIT Press.
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., section 2.10.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.fano_error_bound([0.0, 1.0, 2.0], 4, base="bits").round(6)
    array([0.     , 0.18929, 0.75   ])
    """
    unit = nats_per_unit(base)
    given = as_numbers(conditional_entropy, "conditional_entropy", DIVERGENCE)
    h, m = _broadcast(given, as_whole_numbers(n_symbols, "n_symbols", 2), "conditional_entropy")
    most = np.log(m) / unit
    holds = h <= most * (1.0 + _ROUNDING)
    if not holds.all():
        least = float(most.flat[int(np.argmin(holds))])
        require_all(holds, h, "conditional_entropy", f"at most log n_symbols = {least:.9g}")
    return as_result(_least_error(h * unit, m))


def _least_error(h: F64, m: F64) -> F64:
    """e with H_b(e) + e log(m - 1) = h, on the rising side."""
    most = 1.0 - 1.0 / m
    result: F64 = np.where(h > 0, most, 0.0)  # h = log m or, by rounding, above
    inside = (h > 0) & (h < np.log(m))
    result[inside] = _newton(h[inside], m[inside], most[inside])
    return result


def _newton(h: F64, m: F64, most: F64) -> F64:
    """The root for one axis of entropies that lie strictly inside."""
    odds = np.log(m - 1.0)
    # the bound is at most e (1 + log((m - 1) / e)): h over that factor stays below the root, from any e below it
    e: F64 = h / (747.0 + odds)  # log(1 / e) < 746 for every float
    for _ in range(3):
        e = h / (1.0 + odds - np.log(e))
    rising = np.arange(h.size)  # where the bound at e is still too low
    for _ in range(_MOST_STEPS):
        at = e[rising]
        of_error, of_success = odds[rising] - np.log(at), np.log1p(-at)
        missing = h[rising] - (at * of_error - (1.0 - at) * of_success)
        slope = of_error + of_success
        higher = np.minimum(at + missing / np.where(slope > 0, slope, np.inf), most[rising])
        goes_on = higher > at
        rising = rising[goes_on]
        if not rising.size:
            break
        e[rising] = higher[goes_on]
    return e
