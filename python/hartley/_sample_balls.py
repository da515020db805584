"""Precision, recall, density and coverage of generated samples: who lies in whose nearest-neighbour ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import _dispatch
from ._arrays import RealArray, as_samples
from ._knn_options import complete, neighbour_number
from ._positive_definite import F64
from ._progress import Progress, progress_callback
from ._threads import get_num_threads

_MOST_FEATURES = 1 << 20  # as in cpp/kernels/evaluation.hpp
_FOR_THE_CENTRE = 1000  # rows whose median is the centre: any point amid the samples will do


class PrecisionRecall(NamedTuple):
    """Shares between 0 and 1."""

    precision: float  # of the generated samples that are near real ones
    recall: float  # of the real samples that are near generated ones


class DensityCoverage(NamedTuple):
    """Density is about 1 for equal distributions and can exceed it; coverage is a share."""

    density: float  # real balls around a generated sample, over k
    coverage: float  # share of the real balls that hold a generated sample


class SampleQuality(NamedTuple):
    """All four."""

    precision: float
    recall: float
    density: float
    coverage: float


@dataclass(frozen=True)
class _Clouds:
    """Real and generated samples of one type, and how the kernels count and scale their coordinates."""

    real: RealArray
    generated: RealArray
    centre: F64
    scale: float

    def radii(self, x: RealArray, k: int, show: Any) -> F64:
        radii: F64 = _dispatch.kernels.evaluation_ball_radii(x, k, self.centre, self.scale, show, get_num_threads())
        return radii

    def members(self, real_radii: F64, generated_radii: F64, show: Any) -> tuple[Any, Any, Any]:
        found: tuple[Any, Any, Any] = _dispatch.kernels.evaluation_ball_members(
            self.real, real_radii, self.generated, generated_radii, self.centre, self.scale, show, get_num_threads()
        )
        return found


def as_clouds(real: Any, generated: Any, real_name: str = "real", generated_name: str = "generated") -> _Clouds:
    """Checked samples of one type: float32 where both are, else float64."""
    x, y = as_samples(real, real_name), as_samples(generated, generated_name)
    if x.dtype != y.dtype:
        x, y = x.astype(np.float64, copy=False), y.astype(np.float64, copy=False)
    (x,), (y,) = complete([x], [real_name], "raise"), complete([y], [generated_name], "raise")
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"{real_name} and {generated_name} must have equally many features, got {x.shape[1]} and {y.shape[1]}"
        )
    if x.shape[1] > _MOST_FEATURES:
        raise ValueError(f"{real_name} must have at most 2^20 features, got {x.shape[1]}")
    largest = max(float(np.abs(bound)) for z in (x, y) for bound in (z.min(), z.max()))
    centre = np.median(x[:: max(1, len(x) // _FOR_THE_CENTRE)].astype(np.float64), axis=0)
    # a power of two: nothing is rounded; subnormal data are scaled as far as float64 goes
    scale = float(np.ldexp(1.0, min(1000, -int(np.frexp(largest)[1])))) if largest > 0 else 1.0
    return _Clouds(x, y, centre, scale)


def _stage(show: Any, begin: float, end: float) -> Any:
    return None if show is None else lambda fraction: show(begin + fraction * (end - begin))


def _quality(real: Any, generated: Any, k: int, progress: Progress, label: str, needs_recall: bool) -> SampleQuality:
    clouds = as_clouds(real, generated)
    number = neighbour_number(k, len(clouds.real), "the number of real samples")
    if needs_recall:
        neighbour_number(k, len(clouds.generated), "the number of generated samples")
    show = progress_callback(progress, label)
    n, m = len(clouds.real), len(clouds.generated)
    whole = n * n + m * (m if needs_recall else 0) + n * m
    first, second = n * n / whole, (whole - n * m) / whole
    real_radii = clouds.radii(clouds.real, number, _stage(show, 0.0, first))
    generated_radii = (
        clouds.radii(clouds.generated, number, _stage(show, first, second)) if needs_recall else np.full(m, -1.0)
    )
    n_around, is_covered, is_reached = clouds.members(real_radii, generated_radii, _stage(show, second, 1.0))
    return SampleQuality(
        precision=float(np.count_nonzero(n_around) / m),
        recall=float(np.count_nonzero(is_reached) / n),
        density=float(n_around.sum(dtype=np.uint64) / (number * m)),
        coverage=float(np.count_nonzero(is_covered) / n),
    )


def precision_recall(real: Any, generated: Any, k: int = 3, *, progress: Progress = False) -> PrecisionRecall:
    """Improved precision and recall: shares of samples on the other set's nearest-neighbour manifold.

    Parameters
    ----------
    real : array of float, shape (n, n_features)
        Samples of the data, or their features in some network; one axis means one feature.
    generated : array of float, shape (m, n_features)
        Samples of the model.
    k : int, default 3
        A ball reaches to its centre's k-th nearest other point of the same set: 1 <= k < min(n, m).
    progress : bool or callable, default False
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    PrecisionRecall
        ``precision``, the share of generated samples in a real sample's ball, and ``recall``, the share of real samples
        in a generated sample's ball, from 0 to 1; a named tuple.

    Raises
    ------
    ValueError
        NaN or infinite entries, unequal numbers of features, k not below the number of samples of either set.
    TypeError
        k is no whole number.

    Notes
    -----
    Euclidean balls, their surface included. Precision falls with samples of poor quality, recall with modes that are
    missing; an outlier has a large ball, which flatters the other set (`density_coverage` is robust to it). Sets of
    different sizes have balls of different radii: compare models at equal n, m and k.
    O((n² + m² + nm) n_features) time as float32 matrix products, near ties decided by float64 distances added in the
    order of the features; no n × n matrix, memory O((n + m) n_features). Clusters a thousand times farther apart than
    they are wide leave float32 nothing to decide and take ten times as long. Differences of 2^-500 of the largest entry
    or less count as 0.

    References
    ----------
    Kynkäänniemi, T. et al. (2019). Improved precision and recall metric for assessing generative models. NeurIPS 32,
    eq. 1 and 2.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.precision_recall([0.0, 1.0, 2.0, 10.0], [0.5, 1.5, 1.75], k=1)
    PrecisionRecall(precision=1.0, recall=0.75)
    """
    found = _quality(real, generated, k, progress, "precision_recall", needs_recall=True)
    return PrecisionRecall(found.precision, found.recall)


def density_coverage(real: Any, generated: Any, k: int = 5, *, progress: Progress = False) -> DensityCoverage:
    """Density and coverage: how many real balls hold a generated sample, and what share of them hold any.

    Parameters
    ----------
    real : array of float, shape (n, n_features)
        Samples of the data, or their features in some network; one axis means one feature.
    generated : array of float, shape (m, n_features)
        Samples of the model.
    k : int, default 5
        A ball reaches to its centre's k-th nearest other real sample: 1 <= k < n.
    progress : bool or callable, default False
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    DensityCoverage
        ``density``, real balls around a generated sample over k, at least 0 and about 1 for equal distributions;
        ``coverage``, the share of real balls that hold a generated sample, from 0 to 1. A named tuple.

    Raises
    ------
    ValueError
        NaN or infinite entries, unequal numbers of features, k not below the number of real samples.
    TypeError
        k is no whole number.

    Notes
    -----
    Euclidean balls, their surface included: identical sets have coverage 1. For equal distributions the expected
    coverage is 1 - (n - 1)…(n - k) / ((n + m - 1)…(n + m - k)), about 1 - 2^-k for n = m. Radii are made of real
    samples alone, among which outliers are fewer than among generated ones.
    O((n² + nm) n_features) time, as in `precision_recall`.

    References
    ----------
    Naeem, M. F., Oh, S. J., Uh, Y., Choi, Y. & Yoo, J. (2020). Reliable fidelity and diversity metrics for generative
    models. ICML, eq. 3 to 5.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.density_coverage([0.0, 1.0, 2.0, 10.0], [0.5, 1.5, 1.75], k=1)
    DensityCoverage(density=2.0, coverage=0.75)
    """
    found = _quality(real, generated, k, progress, "density_coverage", needs_recall=False)
    return DensityCoverage(found.density, found.coverage)


def prdc(real: Any, generated: Any, k: int = 5, *, progress: Progress = False) -> SampleQuality:
    """Precision, recall, density and coverage in one go, for the same k: radii and distances are shared.

    Parameters
    ----------
    real : array of float, shape (n, n_features)
        Samples of the data.
    generated : array of float, shape (m, n_features)
        Samples of the model.
    k : int, default 5
        A ball reaches to its centre's k-th nearest other point of the same set: 1 <= k < min(n, m).
    progress : bool or callable, default False
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    SampleQuality
        ``precision``, ``recall``, ``density``, ``coverage``; a named tuple.

    Raises
    ------
    ValueError
        NaN or infinite entries, unequal numbers of features, k not below the number of samples of either set.
    TypeError
        k is no whole number.

    Notes
    -----
    As `precision_recall` and `density_coverage`, at the cost of the former.

    References
    ----------
    Naeem, M. F., Oh, S. J., Uh, Y., Choi, Y. & Yoo, J. (2020). Reliable fidelity and diversity metrics for generative
    models. ICML.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.prdc([0.0, 1.0, 2.0, 10.0], [0.5, 1.5, 1.75], k=1)
    SampleQuality(precision=1.0, recall=0.75, density=2.0, coverage=0.75)
    """
    return _quality(real, generated, k, progress, "prdc", needs_recall=True)
