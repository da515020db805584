"""Mutual information of continuous samples, or of a label and a continuous variable, from neighbours."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import RealArray, as_number, as_samples
from ._codes import code_with_missing
from ._knn_options import Options, Seed, boxes, finish, neighbour_numbers, report_ties, require_choice
from ._knn_terms import (
    bias_improved_terms,
    labelled_terms,
    mixture_terms,
    nonuniformity_corrections,
    rectangle_terms,
    shared_terms,
)
from ._neighbourhoods import Search, digamma_of, wrapped
from ._progress import Progress, progress_callback
from ._symbols import as_symbols, complete_rows
from ._units import Base, nats_per_unit
from ._warnings import SaturationWarning

ALGORITHMS = (1, 2, "bias_improved", "mixture")
_DETERMINED = 0.1  # mean ψ(n_s + 1) - ψ(k) of a scalar below which it seems to determine the other
_ENOUGH = 20  # samples a neighbour from which on that says something


def mutual_information(
    x: Any,
    y: Any,
    *,
    k: int | Sequence[int] = 3,
    algorithm: int | str = 1,
    discrete_x: bool = False,
    discrete_y: bool = False,
    local_nonuniformity: float | None = None,
    transform: str | None = None,
    periodic: Any = None,
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
    """Mutual information of continuous samples (Kraskov-Stögbauer-Grassberger), or of one discrete and one continuous.

    Parameters
    ----------
    x, y : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite, rows paired. x and y may have different numbers of features. Two float32 arrays are searched in float32,
        everything else in float64.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples. A larger k has less variance and more bias. A sequence
        gives an estimate for each from one search.
    algorithm : {1, 2, "bias_improved", "mixture"}
        KSG 1 with one radius a sample; KSG 2 with one for each of x and y, as published; bias-improved KSG (Euclidean
        norm); the estimator for mixtures of discrete and continuous parts.
    discrete_x, discrete_y : bool, default False
        One side holds labels (numbers, text or objects, one column): Ross's estimate.
    local_nonuniformity : float, optional
        Correct for densities that are thin across and long along a direction where the turned rectangle's volume is
        below this share (0 to 1) of the upright one's: for strong dependence, with ``algorithm=2``.
    transform : {None, "rank", "copula", "standardize"}
        Replace each column by its ranks, by normal scores, or bring it to mean 0 and deviation 1. The information stays
        the same, its estimate changes.
    periodic : float or array of float, shape (n_features of x and y,), optional
        Length of a box beyond which a column repeats itself, one for all or one for each, x before y (0 = open); O(n²).
    theiler : int, default 0
        Samples up to so many rows away are no neighbours: for series.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    local : bool, default False
        Return the contribution of each sample instead of their mean.
    clip : bool, default False
        Replace a negative estimate by 0. Local contributions are never clipped.
    ties : {"exact", "jitter", "raise"}
        What to do where a k-th distance is 0, or data on a grid tie them. "exact" counts all samples so far (see Notes)
        and warns; "jitter" adds normal noise of 1e-10 of each column's standard deviation to the data first; "raise"
        raises.
    search : {"auto", "tree", "brute"}
        How neighbours are found: "auto" and "tree" use a k-d tree, "brute" looks at all pairs. The result is the same.
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
        mean it is. With several k a leading axis for them.

    Raises
    ------
    ValueError
        If k is out of range, x and y differ in length, or have NaN or infinite entries; with ``ties="raise"`` where a
        k-th distance is 0 or the data lie on a grid.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where k-th distances are 0 or tied; the message gives the share of such samples.
    SaturationWarning
        Two scalars of which one seems to determine the other: their information is infinite, the estimate only grows
        with the sample.

    Notes
    -----
    ψ(k) + ψ(n) - <ψ(n_x + 1) + ψ(n_y + 1)> in the maximum norm, with n_x the number of other samples strictly nearer in
    x than the k-th neighbour in (x, y). Where that neighbour is at distance 0, or the next one is as far, the term is
    ψ(k~) + ψ(n) - ψ(m_x) - ψ(m_y), with k~, m_x and m_y the numbers of other samples at most so far in (x, y), in x and
    in y; where that is more than one sample in a hundred the data lie on a grid, and all terms are such (on coarse
    grids within about 0.05 nat). For independent x and y the estimate is otherwise unbiased to within its noise; strong
    dependence (above about log n / 2 nats) is underestimated. O(n log n) for few features. The other algorithms:
    ψ(k) - 1/k + ψ(n) - <ψ(n_x) + ψ(n_y)> with the extents of the k nearest in x and in y; ψ(k) + log n +
    log(c_x c_y / c_xy) - <log n_x + log n_y> in Euclidean balls; ψ(k~) + log n - <log(n_x + 1) + log(n_y + 1)>; ψ(n) +
    ψ(k) - <ψ(n_label) + ψ(m)>, where samples alone with their label are left out. "mixture" is consistent as k grows:
    at small k it errs low by up to log(k + 1) - ψ(k), about 1.5 / k.

    References
    ----------
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 8.
    Gao, W., Kannan, S., Oh, S. & Viswanath, P. (2017), Advances in Neural Information Processing Systems 30,
    algorithm 1.
    Gao, W., Oh, S. & Viswanath, P. (2018), IEEE Transactions on Information Theory 64, 5629-5661 (bias-improved).
    Gao, S., Ver Steeg, G. & Galstyan, A. (2015), AISTATS 18 (local non-uniformity).
    Ross, B. C. (2014), PLoS ONE 9, e87357, eq. 2 (one discrete side).

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
    options = Options.checked(search, theiler, ties, nan_policy, transform, seed)
    unit = nats_per_unit(base)
    require_choice(algorithm, "algorithm", ALGORITHMS)
    _check_sides(algorithm, discrete_x, discrete_y, local_nonuniformity, periodic)
    report = progress_callback(progress, "mutual information")
    if discrete_x or discrete_y:
        terms, n_ties, ks, is_sequence, n = _with_labels(x, y, discrete_x, k, periodic, options)
    else:
        first, second = options.samples({"x": x, "y": y})
        n, (ks, is_sequence) = len(first), neighbour_numbers(k, len(first))
        own = _side_boxes(periodic, first, second)
        sides = [wrapped(x, box) for x, box in zip((first, second), own, strict=True)]
        if len({x.dtype for x in sides}) > 1:
            sides = [x.astype(np.float64) for x in sides]
        terms, n_ties = _terms(algorithm, sides, own, ks, options.search, report)
        if local_nonuniformity is not None:
            _require_enough_neighbours(ks, first.shape[1] + second.shape[1])
            corrections = nonuniformity_corrections(sides, ks, float(local_nonuniformity), options.search)
            terms = [t + c for t, c in zip(terms, corrections, strict=True)]
    if report is not None:
        report(1.0)
    for number, tied in zip(ks, n_ties, strict=True):
        if transform != "rank":  # ranks are a grid
            report_ties(tied, n, number, ties, "x and y")
    return finish(terms, is_sequence, local, clip, unit)


def _check_sides(
    algorithm: int | str, discrete_x: bool, discrete_y: bool, local_nonuniformity: float | None, periodic: Any
) -> None:
    if discrete_x and discrete_y:
        raise ValueError("discrete_x and discrete_y: use hartley.discrete.mutual_information for two discrete sides")
    if (discrete_x or discrete_y) and algorithm != 1:
        raise ValueError(f"algorithm must be 1 with a discrete side, got {algorithm!r}")
    if local_nonuniformity is None:
        return
    alpha = as_number(local_nonuniformity, "local_nonuniformity")
    if not 0 < alpha <= 1:
        raise ValueError(f"local_nonuniformity must be above 0 and at most 1, got {local_nonuniformity!r}")
    if periodic is not None:
        raise ValueError("local_nonuniformity does not go with periodic: its rectangles are turned")
    if algorithm != 2:
        raise ValueError(f"local_nonuniformity corrects the rectangles of algorithm=2, got algorithm={algorithm!r}")


def _require_enough_neighbours(ks: list[int], d: int) -> None:
    if min(ks) < d:
        raise ValueError(f"local_nonuniformity needs k of at least the {d} features of x and y, got {min(ks)}")


def _side_boxes(periodic: Any, *sides: RealArray) -> list[Any]:
    """The boxes of every side's columns."""
    whole = boxes(periodic, sum(x.shape[1] for x in sides), "periodic")
    if whole is None:
        return [None] * len(sides)
    return np.split(whole, np.cumsum([x.shape[1] for x in sides])[:-1])


def _terms(
    algorithm: int | str, sides: list[RealArray], own: list[Any], ks: list[int], search: Search, report: Any
) -> tuple[list[Any], list[int]]:
    if algorithm == 2:
        return rectangle_terms(sides, own, ks, search, report)
    if algorithm == "bias_improved":
        return bias_improved_terms(sides, own, ks, search, report)
    if algorithm == "mixture":
        return mixture_terms(sides, own, ks, search, report)
    terms, n_ties, excess = shared_terms(sides, own, ks, search, report)
    n, are_scalars = len(sides[0]), all(x.shape[1] == 1 for x in sides)
    for k, found, tied, more in zip(ks, terms, n_ties, excess, strict=True):
        # far more samples are near in the other side where only its scale is small
        half = 0.5 * float((digamma_of(n) - digamma_of(k))[0])
        if are_scalars and more < _DETERMINED and n >= _ENOUGH * k and tied == 0 and found.mean() > half:
            warnings.warn(
                f"samples near in one of x and y are near in both (k = {k}): one may determine the other, and their "
                "mutual information is infinite then. The estimate says only that it is at least so large",
                SaturationWarning,
                stacklevel=3,
            )
    return terms, n_ties


def _with_labels(
    x: Any, y: Any, x_is_discrete: bool, k: Any, periodic: Any, options: Options
) -> tuple[list[Any], list[int], list[int], bool, int]:
    """Ross's terms; the labelled side may hold anything that can be compared."""
    if options.search.theiler:
        raise ValueError("theiler does not go with a discrete side, whose neighbours are those of its label")
    name, label_name = ("y", "x") if x_is_discrete else ("x", "y")
    symbols = as_symbols(x if x_is_discrete else y, label_name)
    complete_rows({label_name: [symbols]}, options.nan_policy)
    labels = code_with_missing(symbols)
    values, codes = as_samples(y if x_is_discrete else x, name), labels.codes
    if len(values) != len(codes):
        lengths = (len(codes), len(values)) if x_is_discrete else (len(values), len(codes))
        raise ValueError(f"x and y must have equally many samples, got {lengths[0]} and {lengths[1]}")
    if options.nan_policy == "omit":
        present = ~np.isnan(values).any(axis=1) & (codes < labels.size)
        codes, values = codes[present], values[present]
    (samples,) = options.samples({name: values})
    ks, is_sequence = neighbour_numbers(k, len(samples))
    box = boxes(periodic, samples.shape[1], "periodic")
    samples = wrapped(samples, box)
    terms, n_ties = labelled_terms(samples, codes, box, ks, options.search)
    return terms, n_ties, ks, is_sequence, len(samples)
