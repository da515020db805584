"""Conditional information, transfer entropy and information at lags, from neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import RealArray, as_samples
from ._knn_information import mutual_information
from ._knn_options import Options, Seed, finish, neighbour_numbers, report_ties, require_choice
from ._knn_terms import conditional_terms
from ._progress import Progress, progress_callback
from ._symbol_counts import whole_number
from ._units import Base, nats_per_unit


def conditional_mutual_information(
    x: Any,
    y: Any,
    given: Any,
    *,
    k: int | Sequence[int] = 3,
    algorithm: int | str = 1,
    transform: str | None = None,
    theiler: int = 0,
    base: Base = None,
    local: bool = False,
    clip: bool = False,
    ties: str = "exact",
    search: str = "auto",
    nan_policy: str = "raise",
    progress: Progress = False,
    seed: Seed = None,
) -> Any:
    """Conditional mutual information I(X;Y | given) of continuous samples.

    Parameters
    ----------
    x, y, given : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite, rows paired.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    algorithm : {1, "mixture"}
        Frenzel and Pompe's estimate, or Mesner and Shalizi's for mixtures of discrete and continuous parts.
    transform, theiler, base, local, clip, ties, search, nan_policy, progress, seed
        As in :func:`mutual_information`.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        In units of ``base``; noise may bring a small one below 0. With ``local=True`` the terms whose mean it is. With
        several k a leading axis for them.

    Raises
    ------
    ValueError
        k out of range, unequal lengths, NaN or infinite samples; a k-th distance of 0 with ``ties="raise"``.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0: these terms are those of the mixture estimate.

    Notes
    -----
    ψ(k) - <ψ(n_xz + 1) + ψ(n_yz + 1) - ψ(n_z + 1)> in the maximum norm, others strictly nearer than the k-th neighbour;
    the mixture estimate counts those at most so far, without + 1. Biased towards 0 where ``given`` has several features
    and few samples. O(n log n) for few features.

    References
    ----------
    Frenzel, S. & Pompe, B. (2007). Partial mutual information for coupling analysis of multivariate time series.
    Physical Review Letters 99, eq. 9.
    Mesner, O. C. & Shalizi, C. R. (2021). Conditional mutual information estimation for mixed, discrete and continuous
    data. IEEE Transactions on Information Theory 67, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> z, *noise = np.random.default_rng(0).normal(size=(3, 5000))
    >>> x, y = z + noise[0], z + noise[1]
    >>> abs(knn.conditional_mutual_information(x, y, z)) < 0.03 < knn.mutual_information(x, y)
    True
    """
    require_choice(algorithm, "algorithm", (1, "mixture"))
    options = Options.checked(search, theiler, ties, nan_policy, transform, seed)
    unit = nats_per_unit(base)
    first, second, third = options.samples({"x": x, "y": y, "given": given})
    ks, is_sequence = neighbour_numbers(k, len(first))
    report = progress_callback(progress, "conditional information")
    terms, n_ties = conditional_terms(first, second, third, ks, options.search, algorithm == "mixture", report)
    if report is not None:
        report(1.0)
    for number, tied in zip(ks, n_ties, strict=True):
        if algorithm != "mixture" and transform != "rank":  # ranks are a grid
            report_ties(tied, len(first), number, ties, "x, y and given")
    return finish(terms, is_sequence, local, clip, unit)


def _delayed(x: RealArray, history: int, delay: int, times: Any) -> RealArray:
    """x at t - delay, t - delay - 1, …, side by side."""
    return np.ascontiguousarray(np.hstack([x[times - delay - i] for i in range(history)]))


def transfer_entropy(
    source: Any,
    target: Any,
    *,
    source_history: int = 1,
    target_history: int = 1,
    lag: int = 1,
    given: Any = None,
    theiler: int = 0,
    k: int | Sequence[int] = 3,
    algorithm: int | str = 1,
    transform: str | None = None,
    base: Base = None,
    local: bool = False,
    clip: bool = False,
    ties: str = "exact",
    search: str = "auto",
    progress: Progress = False,
    seed: Seed = None,
) -> Any:
    """Transfer entropy I(target_t ; source's past | target's past) of continuous series.

    Parameters
    ----------
    source, target : array of float, shape (n_samples, n_features) or (n_samples,)
        Two series over the same times.
    source_history, target_history : int, default 1
        How many past values are looked at: source at t - lag, t - lag - 1, …, target at t - 1, t - 2, …
    lag : int, default 1
        Steps from the source's latest value to the target's present.
    given : array of float, shape (n_samples, n_features) or (n_samples,), optional
        A third series, whose value at t - 1 is known, too.
    theiler : int, default 0
        Times up to so many steps away are no neighbours.
    k, algorithm, transform, base, local, clip, ties, search, progress, seed
        As in :func:`conditional_mutual_information`.

    Returns
    -------
    float or array of float64, shape (n_times,)
        In units of ``base``. With ``local=True`` a term for each time that has all its past. With several k a leading
        axis for them.

    Raises
    ------
    ValueError
        Unequal lengths, NaN or infinite samples, k out of range, a series shorter than its histories.

    Warns
    -----
    TiesWarning
        As :func:`conditional_mutual_information`.

    Notes
    -----
    The estimate of :func:`conditional_mutual_information` on the embedded series. O(n log n) for short histories.

    References
    ----------
    Schreiber, T. (2000). Measuring information transfer. Physical Review Letters 85, eq. 4.
    Wibral, M. et al. (2013). Measuring information-transfer delays. PLoS ONE 8, eq. 4 (the lag).

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> source, noise = np.random.default_rng(0).normal(size=(2, 4000))
    >>> target = np.roll(source, 2) + noise
    >>> forward = knn.transfer_entropy(source, target, lag=2)
    >>> bool(forward > 0.25 > 0.05 > abs(knn.transfer_entropy(target, source)))
    True
    """
    n_source, n_target = (
        whole_number(source_history, "source_history", 1),
        whole_number(target_history, "target_history", 1),
    )
    delay = whole_number(lag, "lag", 1)
    named = {"source": source, "target": target} | ({} if given is None else {"given": given})
    series = Options.checked(search, theiler, "exact", "raise", None, None).samples(named)
    first = max(delay + n_source - 1, n_target)
    if len(series[0]) <= first + 1:
        raise ValueError(f"the series must be longer than its pasts, {first + 1} samples, got {len(series[0])}")
    times = np.arange(first, len(series[0]))
    driving = _delayed(series[0], n_source, delay, times)
    past = [_delayed(series[1], n_target, 1, times)] + [_delayed(other, 1, 1, times) for other in series[2:]]
    return conditional_mutual_information(
        np.ascontiguousarray(series[1][times]),
        driving,
        np.ascontiguousarray(np.hstack(past)),
        k=k,
        algorithm=algorithm,
        transform=transform,
        theiler=theiler,
        base=base,
        local=local,
        clip=clip,
        ties=ties,
        search=search,
        progress=progress,
        seed=seed,
    )


def lagged_mutual_information(x: Any, y: Any, lags: Any, *, theiler: int = 0, **options: Any) -> Any:
    """Mutual information of x[t] with y[t + lag] for each lag.

    Parameters
    ----------
    x, y : array of float, shape (n_samples, n_features) or (n_samples,)
        Two series over the same times.
    lags : int or sequence of int
        Steps by which y is looked at later; negative ones look at earlier values.
    theiler : int, default 0
        Times up to so many steps away are no neighbours.
    **options
        Of :func:`mutual_information`, for every lag.

    Returns
    -------
    ndarray of float64, shape (n_lags,)
        In units of ``base``; a float where ``lags`` is one number. With several k a second axis for them.

    Raises
    ------
    ValueError
        A lag as long as the series; whatever :func:`mutual_information` refuses.
    TypeError
        A lag that is no whole number.

    Notes
    -----
    Every lag uses the times that it leaves, n - |lag|. O(n log n) a lag.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 3000))
    >>> y = np.roll(x, 3) + 0.5 * noise
    >>> int(np.argmax(knn.lagged_mutual_information(x, y, range(-5, 6)))) - 5
    3
    """
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if len(first) != len(second):
        raise ValueError(f"x and y must have equally many samples, got {len(first)} and {len(second)}")
    if options.get("discrete_x") or options.get("discrete_y"):
        raise ValueError("discrete_x and discrete_y do not go with lags, which take series of numbers")
    if options.get("local"):
        raise ValueError("local=True goes with one lag at a time: the lags leave different numbers of samples")
    values = []
    for lag in np.atleast_1d(np.asarray(lags)):
        step = whole_number(lag, "lag", 1 - len(first))
        if step >= len(first):
            raise ValueError(f"lag must be less than n_samples = {len(first)}, got {step}")
        n = len(first) - abs(step)
        pair = first[max(0, -step) :][:n], second[max(0, step) :][:n]
        values.append(mutual_information(*map(np.ascontiguousarray, pair), theiler=theiler, **options))
    return np.array(values) if np.ndim(lags) else values[0]
