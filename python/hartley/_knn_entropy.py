"""Entropies of continuous samples from the distances to their neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import as_number
from ._knn_options import METRICS, Options, Seed, boxes, finish, neighbour_numbers, require_choice
from ._knn_terms import log_ball_volume
from ._neighbourhoods import F64, digamma_of, wrapped
from ._progress import Progress, progress_callback
from ._units import Base, nats_per_unit


def refuse_ties(distance: Any, k: int, name: str) -> None:
    """ValueError where a k-th distance is 0: the density is infinite there."""
    n_ties = int(np.count_nonzero(distance == 0))
    if n_ties:
        raise ValueError(
            f"{name} has {n_ties} of {len(distance)} samples whose neighbour number k = {k} is equal to them, so their "
            'entropy is -inf: pass ties="jitter" to break the ties with noise, a larger k, or, for data that take few '
            "values, use the estimators of hartley.discrete"
        )


def entropy(
    x: Any,
    *,
    k: int | Sequence[int] = 3,
    metric: str = "chebyshev",
    base: Base = None,
    local: bool = False,
    ties: str = "exact",
    theiler: int = 0,
    periodic: Any = None,
    search: str = "auto",
    nan_policy: str = "raise",
    progress: Progress = False,
    seed: Seed = None,
) -> Any:
    """Differential entropy of continuous samples, the Kozachenko-Leonenko estimate.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite. float32 is searched in float32, everything else in float64.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples. A larger k has less variance and more bias. A sequence
        gives an estimate for each from one search.
    metric : {"chebyshev", "euclidean"}
        Norm of the distances. Both estimate the same number.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    local : bool, default False
        Return the contribution of each sample instead of their mean.
    ties : {"exact", "jitter", "raise"}
        What to do where more than k samples are equal, so that a k-th distance is 0 and the estimate -inf. "exact" and
        "raise" raise; "jitter" adds normal noise of 1e-10 of each column's standard deviation to the data first.
    theiler : int, default 0
        Samples up to so many rows away are no neighbours: for series, whose neighbours in time are near by themselves.
    periodic : float or array of float, shape (n_features,), optional
        Length of a box beyond which a feature repeats itself, one for all or one for each (0 = open); O(n²).
    search : {"auto", "tree", "brute"}
        How neighbours are found: "auto" and "tree" use a k-d tree, "brute" looks at all pairs. The result is the same.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    seed : int, numpy.random.Generator or None
        Source of the noise of ``ties="jitter"``.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        Differential entropy, of any sign; with ``local=True`` the terms whose mean it is. With several k a leading axis
        for them.

    Raises
    ------
    ValueError
        If k is out of range, x has NaN or infinite entries, or a k-th distance is 0 (see ``ties``).

    Notes
    -----
    ψ(n) - ψ(k) + log c_d + d <log ε>, with ε the distance to the k-th neighbour, c_d the volume of the unit ball in d
    features. Its bias falls like n^(-2/d) for smooth densities and is positive for most; features of very different
    scales add to it. The cost is O(n log n) for few features and tends to n² beyond twenty.

    References
    ----------
    Kozachenko, L. F. & Leonenko, N. N. (1987), Problems of Information Transmission 23, 95-101.
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 20.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> round(entropy(x), 1), round(0.5 * math.log(2 * math.pi * math.e), 1)
    (1.4, 1.4)
    """
    require_choice(metric, "metric", METRICS)
    options = Options.checked(search, theiler, ties, nan_policy, None, seed, metric)
    unit = nats_per_unit(base)
    (samples,) = options.samples({"x": x})
    ks, is_sequence = neighbour_numbers(k, len(samples))
    box = boxes(periodic, samples.shape[1], "periodic")
    samples = wrapped(samples, box)
    report = progress_callback(progress, "entropy")
    distances = options.search.distances(samples, ks, box, report)
    if report is not None:
        report(1.0)
    n, d = samples.shape
    terms = []
    for number, distance in zip(ks, distances, strict=True):
        refuse_ties(distance, number, "x")
        offset = digamma_of(options.search.n_eligible(n)) - digamma_of(number) + log_ball_volume(d, metric)
        terms.append(offset + d * np.log(distance.astype(np.float64)))
    return finish(terms, is_sequence, local, False, unit)


def renyi_entropy(
    x: Any,
    alpha: float,
    *,
    k: int | Sequence[int] = 3,
    metric: str = "chebyshev",
    base: Base = None,
    ties: str = "exact",
    search: str = "auto",
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Rényi entropy of continuous samples, the Leonenko-Pronzato-Savani estimate.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite.
    alpha : float
        Order, at least 0; 1 is :func:`entropy`.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, alpha - 1 < k < n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm of the distances.
    base : number, str or None
        Unit of the result: nats by default.
    ties : {"exact", "jitter", "raise"}
        As in :func:`entropy`: only "jitter" accepts samples equal to their k-th neighbour.
    search, nan_policy, seed
        As in :func:`entropy`.

    Returns
    -------
    float, or array of float64, shape of k
        log ∫ f^alpha / (1 - alpha) in units of ``base``, of any sign.

    Raises
    ------
    ValueError
        k or alpha out of range; NaN or infinite samples; a k-th distance of 0.

    Notes
    -----
    log(mean ζ^(1 - alpha)) / (1 - alpha), ζ_i = (n - 1) C c_d ε_i^d, C^(1 - alpha) = Γ(k) / Γ(k + 1 - alpha). Orders
    above 1 look at where the samples are dense, orders below 1 at the thin parts, which few samples show. O(n log n).

    References
    ----------
    Leonenko, N., Pronzato, L. & Savani, V. (2008). A class of Rényi information estimators for multidimensional
    densities. Annals of Statistics 36, eqs. 2.3-2.6.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from hartley import knn
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> round(knn.renyi_entropy(x, 2), 1), round(math.log(2 * math.sqrt(math.pi)), 1)
    (1.3, 1.3)
    """
    unit = nats_per_unit(base)
    if as_number(alpha, "alpha") == 1.0:
        return entropy(x, k=k, metric=metric, base=base, ties=ties, search=search, nan_policy=nan_policy, seed=seed)
    logs, is_sequence = _log_power_integrals(x, alpha, "alpha", k, metric, ties, search, nan_policy, seed)
    values = logs / (1.0 - float(alpha)) / unit
    return values if is_sequence else float(values[0])


def tsallis_entropy(
    x: Any,
    q: float,
    *,
    k: int | Sequence[int] = 3,
    metric: str = "chebyshev",
    ties: str = "exact",
    search: str = "auto",
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Tsallis entropy of continuous samples, the Leonenko-Pronzato-Savani estimate.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite.
    q : float
        Order, at least 0; 1 is :func:`entropy` in nats.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, q - 1 < k < n_samples.
    metric : {"chebyshev", "euclidean"}
        Norm of the distances.
    ties : {"exact", "jitter", "raise"}
        As in :func:`entropy`: only "jitter" accepts samples equal to their k-th neighbour.
    search, nan_policy, seed
        As in :func:`entropy`.

    Returns
    -------
    float, or array of float64, shape of k
        (1 - ∫ f^q) / (q - 1); no unit of information.

    Raises
    ------
    ValueError
        k or q out of range; NaN or infinite samples; a k-th distance of 0.

    Notes
    -----
    (1 - mean ζ^(1 - q)) / (q - 1) with ζ as in :func:`renyi_entropy`. O(n log n).

    References
    ----------
    Leonenko, N., Pronzato, L. & Savani, V. (2008). A class of Rényi information estimators for multidimensional
    densities. Annals of Statistics 36, eqs. 2.3-2.6.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from hartley import knn
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> round(knn.tsallis_entropy(x, 2), 1), round(1 - 1 / (2 * math.sqrt(math.pi)), 1)
    (0.7, 0.7)
    """
    if as_number(q, "q") == 1.0:
        return entropy(x, k=k, metric=metric, ties=ties, search=search, nan_policy=nan_policy, seed=seed)
    logs, is_sequence = _log_power_integrals(x, q, "q", k, metric, ties, search, nan_policy, seed)
    values = -np.expm1(logs) / (float(q) - 1.0)
    return values if is_sequence else float(values[0])


def _log_gamma_ratio(k: int, step: float) -> float:
    """log Γ(k) - log Γ(k + step), by the derivative in the middle where the two agree to most digits."""
    if abs(step) < 1e-4:  # third-order term: step³ / 24 ψ''(k) < 1e-13
        trigamma = math.pi**2 / 6.0 - sum(1.0 / j**2 for j in range(1, k))
        return -step * (float(digamma_of(k)[0]) + 0.5 * step * trigamma)
    return math.lgamma(k) - math.lgamma(k + step)


def _log_power_integrals(
    x: Any, order: float, name: str, k: Any, metric: str, ties: str, search: str, nan_policy: str, seed: Seed
) -> tuple[F64, bool]:
    """log of the estimate of ∫ f^order for each k."""
    power = as_number(order, name)
    if not 0 <= power < math.inf:
        raise ValueError(f"{name} must be finite and at least 0, got {order!r}")
    require_choice(metric, "metric", METRICS)
    options = Options.checked(search, 0, ties, nan_policy, None, seed, metric)
    (samples,) = options.samples({"x": x})
    n, d = samples.shape
    ks, is_sequence = neighbour_numbers(k, n)
    if min(ks) <= power - 1:
        raise ValueError(f"k must be above {name} - 1 = {power - 1:g}, got {min(ks)}")
    logs = []
    for number, distance in zip(ks, options.search.distances(samples, ks), strict=True):
        refuse_ties(distance, number, "x")
        log_zeta = math.log(n - 1) + log_ball_volume(d, metric) + d * np.log(distance.astype(np.float64))
        terms = (1.0 - power) * log_zeta
        largest = float(terms.max())
        # log1p and expm1 keep the digits near order 1, where every term is near 0
        mean = math.log1p(float(np.expm1(terms - largest).mean())) + largest
        logs.append(mean + _log_gamma_ratio(number, 1.0 - power))
    return np.array(logs), is_sequence
