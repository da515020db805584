"""Nearest-neighbour estimates from continuous samples.

Nothing is binned and no density is fitted: the distance from a sample to its k-th nearest neighbour tells how thin the
density is there. Quantities are in nats unless ``base`` asks for another unit.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_samples, missing_rows, require_equal_lengths, require_finite
from ._progress import Progress, progress_callback
from ._threads import get_num_threads
from ._units import Base, nats_per_unit
from ._warnings import TiesWarning

__all__ = ["entropy", "mutual_information"]

Seed: TypeAlias = "int | np.random.Generator | None"  # a string: NumPy's random module is loaded when it is used

_METRICS = ("chebyshev", "euclidean")
_TIES = ("exact", "jitter", "raise")
_JITTER = 1e-10  # standard deviation of the noise over that of the column


def _require_choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def _neighbour_number(k: Any, n_samples: int) -> int:
    try:
        number = operator.index(k)
    except TypeError:
        raise TypeError(f"k must be an int, got {k!r}") from None
    if not 1 <= number < n_samples:
        raise ValueError(f"k must be at least 1 and less than n_samples = {n_samples}, got {number}")
    return number


def _complete(arrays: list[RealArray], names: list[str], nan_policy: str) -> list[RealArray]:
    """The arrays without the rows where any has a NaN, or with nothing missing."""
    _require_choice(nan_policy, "nan_policy", ("raise", "omit"))
    if nan_policy == "omit":
        missing = missing_rows(*arrays)
        if missing.any():
            arrays = [array[~missing] for array in arrays]
    for array, name in zip(arrays, names, strict=True):
        if len(array) == 0:
            raise ValueError(f"{name} has no samples left: every row has a NaN in {' or '.join(names)}")
        require_finite(array, name)
    return arrays


def _jittered(x: RealArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Centred columns plus normal noise of _JITTER standard deviations (_JITTER itself for a constant column)."""
    centred: NDArray[np.float64] = x.astype(np.float64)
    centred -= centred.mean(axis=0)
    scale = centred.std(axis=0)
    scale[scale == 0] = 1.0
    centred += _JITTER * scale * rng.standard_normal(x.shape)
    return centred


def _finish(mean: float, terms: NDArray[np.float64], local: bool, unit: float) -> Any:
    if local:
        return terms if unit == 1.0 else terms / unit
    return mean / unit


def entropy(
    x: Any,
    *,
    k: int = 3,
    metric: str = "chebyshev",
    base: Base = None,
    local: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    progress: Progress = False,
    seed: Seed = None,
) -> Any:
    """Differential entropy of continuous samples, the Kozachenko-Leonenko estimate.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite. float32 is searched in float32, everything else in float64.
    k : int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples. A larger k has less variance and more bias.
    metric : {"chebyshev", "euclidean"}
        Norm of the distances. Both estimate the same number.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    local : bool, default False
        Return the contribution of each sample instead of their mean.
    ties : {"exact", "jitter", "raise"}
        What to do where more than k samples are equal, so that a k-th distance is 0 and the estimate -inf. "exact" and
        "raise" raise; "jitter" adds normal noise of 1e-10 of each column's standard deviation to the data first.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    seed : int, numpy.random.Generator or None
        Source of the noise of ``ties="jitter"``.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        Differential entropy, of any sign; with ``local=True`` the terms whose mean it is.

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
    _require_choice(metric, "metric", _METRICS)
    _require_choice(ties, "ties", _TIES)
    unit = nats_per_unit(base)
    samples = as_samples(x, "x")
    (samples,) = _complete([samples], ["x"], nan_policy)
    number = _neighbour_number(k, len(samples))
    if ties == "jitter":
        samples = _jittered(samples, np.random.default_rng(seed))
    report = progress_callback(progress, "entropy")
    mean, terms, n_ties = _dispatch.kernels.knn_entropy(samples, number, metric, report, get_num_threads())
    if report is not None:
        report(1.0)
    if n_ties:
        raise ValueError(
            f"x has {n_ties} of {len(samples)} samples whose neighbour number k = {number} is equal to them, so their "
            'entropy is -inf: pass ties="jitter" to break the ties with noise, a larger k, or, for data that take few '
            "values, use the estimators of hartley.discrete"
        )
    return _finish(mean, terms, local, unit)


def mutual_information(
    x: Any,
    y: Any,
    *,
    k: int = 3,
    algorithm: int = 1,
    base: Base = None,
    local: bool = False,
    clip: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    progress: Progress = False,
    seed: Seed = None,
) -> Any:
    """Mutual information of continuous samples, the Kraskov-Stögbauer-Grassberger estimate.

    Parameters
    ----------
    x, y : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite, rows paired. x and y may have different numbers of features. Two float32 arrays are searched in float32,
        everything else in float64.
    k : int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples. A larger k has less variance and more bias.
    algorithm : {1}
        KSG 1: one radius a sample.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    local : bool, default False
        Return the contribution of each sample instead of their mean.
    clip : bool, default False
        Replace a negative estimate by 0. Local contributions are never clipped.
    ties : {"exact", "jitter", "raise"}
        What to do where more than k samples are equal in x and y, so that a k-th distance is 0. "exact" counts the
        equal samples (see Notes) and warns; "jitter" adds normal noise of 1e-10 of each column's standard deviation to
        the data first; "raise" raises.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN in x or y.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    seed : int, numpy.random.Generator or None
        Source of the noise of ``ties="jitter"``.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        Mutual information; noise may bring the estimate of a small one below 0. With ``local=True`` the terms whose
        mean it is.

    Raises
    ------
    ValueError
        If k is out of range, x and y differ in length, or have NaN or infinite entries; with ``ties="raise"`` where a
        k-th distance is 0.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0; the message gives the share of such samples.

    Notes
    -----
    ψ(k) + ψ(n) - <ψ(n_x + 1) + ψ(n_y + 1)> in the maximum norm, with n_x the number of other samples strictly nearer in
    x than the k-th neighbour in (x, y). Where that neighbour is at distance 0 the sample's term is that of the mixture
    estimator, ψ(k~) + log n - log(m_x + 1) - log(m_y + 1), with k~, m_x and m_y the numbers of other samples equal in
    (x, y), in x and in y. For independent x and y the estimate is unbiased to within its noise; strong dependence
    (above about log n / 2 nats) is underestimated. The cost is O(n log n) for few features.

    References
    ----------
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 8.
    Gao, W., Kannan, S., Oh, S. & Viswanath, P. (2017), Advances in Neural Information Processing Systems 30,
    algorithm 1.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=10_000)
    >>> y = 0.8 * x + 0.6 * rng.normal(size=10_000)
    >>> round(mutual_information(x, y), 1), round(-0.5 * math.log(1 - 0.8**2), 1)
    (0.5, 0.5)
    """
    if algorithm != 1:
        raise ValueError(f"algorithm must be 1, got {algorithm!r}")
    _require_choice(ties, "ties", _TIES)
    unit = nats_per_unit(base)
    first, second = as_samples(x, "x"), as_samples(y, "y")
    require_equal_lengths(first, second, "x", "y")
    first, second = _complete([first, second], ["x", "y"], nan_policy)
    number = _neighbour_number(k, len(first))
    if ties == "jitter":
        rng = np.random.default_rng(seed)
        first, second = _jittered(first, rng), _jittered(second, rng)
    elif first.dtype != second.dtype:
        first, second = first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)
    report = progress_callback(progress, "mutual information")
    mean, terms, n_ties = _dispatch.kernels.knn_mutual_information(first, second, number, report, get_num_threads())
    if report is not None:
        report(1.0)
    if n_ties:
        part = f"{n_ties} of {len(first)} samples ({n_ties / len(first):.3g})"
        share = f"{part} are equal to their neighbour number k = {number}"
        if ties == "raise":
            raise ValueError(f'{share} in x and y: pass ties="exact" to count ties or ties="jitter" to break them')
        warnings.warn(
            f"{share} in x and y: their terms count the equal samples (Gao et al. 2017). For data that take few values "
            "use the estimators of hartley.discrete",
            TiesWarning,
            stacklevel=2,
        )
    if clip and not local:
        mean = max(mean, 0.0)
    return _finish(mean, terms, local, unit)
