"""Divergences between two samples, from neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import RealArray, as_samples
from ._knn_entropy import refuse_ties
from ._knn_options import (
    METRICS,
    Options,
    Seed,
    complete,
    finish,
    jittered,
    neighbour_number,
    neighbour_numbers,
    report_ties,
    require_choice,
)
from ._knn_terms import labelled_terms
from ._neighbourhoods import Search, digamma_of, square_safe_scale
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

_WEIGHTS = ("sizes", "equal")


def _clouds(x: Any, y: Any, options: Options) -> tuple[RealArray, RealArray]:
    """Two samples of one distribution each: complete, of one type and with as many features."""
    clouds = []
    for values, name in ((x, "x"), (y, "y")):
        (one,) = complete([as_samples(values, name)], [name], options.nan_policy)
        clouds.append(one)
    first, second = clouds
    if options.rng is not None:  # noise of 1e-10 is lost beside a large mean
        centre = first.mean(axis=0, dtype=np.float64)
        first, second = (jittered_around(x - centre, options) for x in (first, second))
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    if first.dtype != second.dtype:
        first, second = first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)
    return first, second


def jittered_around(x: RealArray, options: Options) -> RealArray:
    """With noise, at its place."""
    moved: RealArray = jittered(x, options.rng) + x.mean(axis=0, dtype=np.float64)
    return moved


def _numbers(k: Any, x: RealArray, y: RealArray) -> tuple[list[int], bool]:
    ks, is_sequence = neighbour_numbers(k, len(x))
    for one in ks:
        neighbour_number(one, len(y) + 1, "n_samples of y + 1")
    return ks, is_sequence


def kl_divergence(
    x: Any,
    y: Any,
    *,
    k: int | Sequence[int] = 3,
    metric: str = "euclidean",
    base: Base = None,
    local: bool = False,
    clip: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Kullback-Leibler divergence of the distribution of x from that of y.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Samples of p.
    y : array of float, shape (m_samples, n_features) or (m_samples,)
        Samples of q.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples, k <= m_samples.
    metric : {"euclidean", "chebyshev"}
        Norm of the distances.
    base : number, str or None
        Unit of the result: nats by default.
    local : bool, default False
        Return the term of each sample of x instead of their mean.
    clip : bool, default False
        Replace a negative estimate by 0.
    ties : {"exact", "jitter", "raise"}
        Only "jitter" accepts samples equal to their k-th neighbour.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN.
    seed : int, numpy.random.Generator or None
        Source of the noise of ``ties="jitter"``.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        D(p‖q) in units of ``base``; noise may bring a small one below 0. With several k a leading axis for them.

    Raises
    ------
    ValueError
        k out of range, different numbers of features, NaN or infinite samples, a k-th distance of 0.

    Notes
    -----
    d <log(ν_i / ρ_i)> + log(m / (n - 1)), ρ_i the distance from x_i to its k-th neighbour in x, ν_i to that in y.
    Biased where p has mass that the sample of q hardly reaches. O((n + m) log(n + m)) for few features.

    References
    ----------
    Wang, Q., Kulkarni, S. R. & Verdú, S. (2009). Divergence estimation for multidimensional densities via k-nearest-
    neighbor distances. IEEE Transactions on Information Theory 55, eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> rng = np.random.default_rng(0)
    >>> round(knn.kl_divergence(rng.normal(size=20_000), 1 + rng.normal(size=20_000), k=5), 1)  # ½
    0.5
    """
    require_choice(metric, "metric", METRICS)
    options = Options.checked("auto", 0, ties, nan_policy, None, seed, metric)
    unit = nats_per_unit(base)
    first, second = _clouds(x, y, options)
    ks, is_sequence = _numbers(k, first, second)
    threads = get_num_threads()
    # neighbours in x at the scale of x, those in y at the scale of both
    scales = [square_safe_scale(*clouds) if metric == "euclidean" else 1.0 for clouds in ((first,), (first, second))]
    own, asking = (_dispatch.kernels.knn_tree(first, metric, scale, threads) for scale in scales)
    other = _dispatch.kernels.knn_tree(second, metric, scales[1], threads)
    d, n, m = first.shape[1], len(first), len(second)
    terms = []
    for number in ks:
        rho = _dispatch.kernels.knn_tree_kth_distance(own, own, number, threads)
        nu = _dispatch.kernels.knn_tree_kth_distance(asking, other, number, threads)
        refuse_ties(rho, number, "x")
        n_equal = int(np.count_nonzero(nu == 0))
        if n_equal:
            raise ValueError(
                f'{n_equal} samples of x are equal to {number} samples of y: pass ties="jitter" to break the ties '
                "with noise, a larger k, or use hartley.discrete.kl_divergence"
            )
        logs = np.log(nu.astype(np.float64)) - np.log(rho.astype(np.float64))
        terms.append(d * logs + np.log(m / (n - 1)))
    return finish(terms, is_sequence, local, clip, unit)


def js_divergence(
    x: Any,
    y: Any,
    *,
    k: int | Sequence[int] = 3,
    weights: str = "sizes",
    base: Base = None,
    clip: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Jensen-Shannon divergence of two samples: the mutual information of value and sample.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Samples of p.
    y : array of float, shape (m_samples, n_features) or (m_samples,)
        Samples of q.
    k : int or sequence of int, default 3
        Neighbour of the same sample whose distance is used, 1 <= k < n_samples, k < m_samples.
    weights : {"sizes", "equal"}
        Weights of p and q in their mixture: n and m by their sum, or a half each.
    base : number, str or None
        Unit of the result: nats by default.
    clip : bool, default False
        Replace a negative estimate by 0.
    ties : {"exact", "jitter", "raise"}
        As in :func:`mutual_information`; with equal weights only "jitter" accepts samples equal to their k-th
        neighbour.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN.
    seed : int, numpy.random.Generator or None
        Source of the noise of ``ties="jitter"``.

    Returns
    -------
    float, or array of float64, shape of k
        From 0 to the entropy of the weights, in units of ``base``; noise may bring a small one below 0.

    Raises
    ------
    ValueError
        k out of range, different numbers of features, NaN or infinite samples.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0.

    Notes
    -----
    Ross's estimate of the information between a value and the sample it is from. With equal weights the number of all
    others nearer than the k-th neighbour is replaced by ½ (m_x / n + m_y / m) n_all. O((n + m) log(n + m)).

    References
    ----------
    Ross, B. C. (2014). Mutual information between discrete and continuous data sets. PLoS ONE 9, e87357, eq. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> rng = np.random.default_rng(0)
    >>> round(knn.js_divergence(rng.normal(size=5000), 9 + rng.normal(size=5000), base="bits"), 2)
    1.0
    """
    require_choice(weights, "weights", _WEIGHTS)
    options = Options.checked("auto", 0, ties, nan_policy, None, seed)
    unit = nats_per_unit(base)
    first, second = _clouds(x, y, options)
    ks, is_sequence = _numbers(k, first, second)
    for one in ks:
        neighbour_number(one, len(second), "n_samples of y")
    both = np.concatenate([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    if weights == "sizes":
        terms, n_ties = labelled_terms(both, labels, None, ks, Search())
        for one, tied in zip(ks, n_ties, strict=True):
            report_ties(tied, len(both), one, ties, "x or y")
        return finish(terms, is_sequence, False, clip, unit)
    values = [max(v, 0.0) if clip else v for v in (_equally_weighted(first, second, one) / unit for one in ks)]
    return np.array(values) if is_sequence else values[0]


def _equally_weighted(x: RealArray, y: RealArray, k: int) -> float:
    """The mean of two means, x's terms and y's, under the mixture with halves."""
    threads, n, m = get_num_threads(), len(x), len(y)
    trees = [_dispatch.kernels.knn_tree(cloud, "chebyshev", 1.0, threads) for cloud in (x, y)]
    means = []
    for own, other, n_own, n_other in ((*trees, n, m), (*trees[::-1], m, n)):
        radius = _dispatch.kernels.knn_tree_kth_distance(own, own, k, threads)
        refuse_ties(radius, k, "x or y")
        m_own = _dispatch.kernels.knn_tree_count_within(own, own, radius, threads).astype(np.float64)
        m_other = _dispatch.kernels.knn_tree_count_within(own, other, radius, threads).astype(np.float64)
        total = m_own + m_other  # the sample itself counted
        # ψ instead of log where the two agree: with n = m this is ψ(n + m) - ψ(total)
        correction = np.log(total) - digamma_of(total.astype(np.uint32)) + digamma_of(n + m) - np.log(n + m)
        share = 0.5 * (m_own / n_own + m_other / n_other)
        means.append(float((digamma_of(k) - digamma_of(n_own) - np.log(share) + correction).mean()))
    return 0.5 * (means[0] + means[1])
