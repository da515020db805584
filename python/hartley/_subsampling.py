"""Errors of estimates from parts of the sample, and from resampling where that is sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, read_only, require_equal_lengths
from ._progress import Progress, progress_callback
from ._symbol_counts import whole_number

F64: TypeAlias = NDArray[np.float64]

_PARTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)


@dataclass(frozen=True, eq=False)
class SubsampleError:
    """An estimate, its standard error, and how it drifts as the sample shrinks.

    Arrays have a row for each k where several were given, and a column for each number of parts.
    """

    value: Any  # of the whole sample
    std: Any  # its standard error by the fitted law variance = b / n
    sizes: NDArray[np.int64] = field(repr=False)  # samples in a part
    means: F64 = field(repr=False)  # over the parts of each size
    stds: F64 = field(repr=False)  # standard errors of these means
    k: list[int] | None = None

    @property
    def drifts(self) -> Any:
        """Whether the means of smaller parts leave the value by more than twice both errors together."""
        gap = np.abs(self.means - np.asarray(self.value)[..., None])
        allowed = 2.0 * np.hypot(self.stds, np.asarray(self.std)[..., None])
        found = (gap > allowed)[..., self.sizes * 4 >= self.sizes.max()].any(axis=-1)
        return found if self.k is not None else bool(found)

    @property
    def best_k(self) -> int:
        """The least k whose estimate does not drift down to a quarter of the sample, else that which drifts least."""
        if self.k is None:
            raise ValueError("best_k needs an error of several k: pass k=[...]")
        steady = [number for number, drifts in zip(self.k, self.drifts, strict=True) if not drifts]
        if steady:
            return min(steady)
        used = self.sizes * 4 >= self.sizes.max()
        drift = np.abs(self.means - np.asarray(self.value)[:, None])[:, used].max(axis=1)
        return self.k[int(np.argmin(drift))]


def _fitted_scale(parts: Sequence[int], variances: F64, n: int) -> Any:
    """b of the law variance(n) = b / n, each sample variance weighted by its degrees of freedom."""
    degrees = np.array(parts, dtype=np.float64) - 1.0
    of_whole = variances * (n / np.array(parts, dtype=np.float64))
    return (of_whole * degrees).sum(axis=-1) / degrees.sum()


def subsample_error(
    statistic: Callable[..., Any],
    x: Any,
    y: Any,
    *,
    k: Sequence[int] | None = None,
    n_parts: Sequence[int] = _PARTS,
    seed: Any = None,
    progress: Progress = False,
    **options: Any,
) -> SubsampleError:
    """Standard error of an estimate, and its drift with sample size and k, from parts without replacement.

    Parameters
    ----------
    statistic : callable
        ``statistic(x, y, **options)``, such as :func:`hartley.knn.mutual_information`; with ``k`` it gets a sequence of
        numbers and returns as many values.
    x, y : array, shape (n_samples, n_features) or (n_samples,)
        Paired samples.
    k : sequence of int, optional
        Numbers of neighbours to compare.
    n_parts : sequence of int, default 1 to 10
        Into how many parts the shuffled sample is cut, one after the other; 1 and two more at least.
    seed : int or numpy.random.Generator, optional
        Of the shuffle.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    **options
        Passed on to ``statistic``.

    Returns
    -------
    SubsampleError
        ``value`` and ``std`` in the statistic's unit, ``sizes``, ``means`` and ``stds`` of the parts, ``drifts`` and
        ``best_k``; :func:`hartley.plot.subsample_drift_plot` draws it.

    Raises
    ------
    ValueError
        Unequal lengths, parts of fewer than two samples, too few numbers of parts.

    Notes
    -----
    The variance of an estimate from n samples is b / n; b is fitted to the variances among the parts, each weighted by
    its degrees of freedom. An estimate that drifts as the parts shrink is biased at this n. Resampling with replacement
    would put copies at distance 0 and is wrong here. The cost is that of ``statistic`` on the whole sample, once for
    every number of parts.

    References
    ----------
    Holmes, C. M. & Nemenman, I. (2019). Estimation of mutual information for real-valued data with error bars and
    controlled bias. Physical Review E 100, 022404, eqs. 6-9.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn, significance
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 2000))
    >>> error = significance.subsample_error(knn.mutual_information, x, x + noise, seed=1)
    >>> bool(abs(error.value - 0.5 * np.log(2)) < 3 * error.std < 0.15)
    True
    """
    first, second = read_only(x, "x"), read_only(y, "y")
    require_equal_lengths(first, second, "x", "y")
    parts = sorted({whole_number(p, "n_parts", 1) for p in n_parts})
    if parts[0] != 1 or len(parts) < 3:
        raise ValueError(f"n_parts must hold 1 and at least two more numbers, got {list(n_parts)!r}")
    if len(first) // parts[-1] < 2:
        raise ValueError(f"n_parts of up to {parts[-1]} leaves parts of fewer than 2 of {len(first)} samples")
    if k is not None:
        options = options | {"k": list(k)}
    report = progress_callback(progress, "subsamples")
    order = np.random.default_rng(seed).permutation(len(first))
    means, variances = [], []
    for done, p in enumerate(parts):
        rows = [np.sort(part) for part in np.array_split(order, p)]
        found = np.stack([np.asarray(statistic(first[r], second[r], **options), dtype=np.float64) for r in rows])
        if not np.isfinite(found).all():
            raise ValueError(f"statistic must give finite numbers, got {found} for {p} parts")
        if found.shape[1:] != (() if k is None else (len(k),)):
            wanted = "one number" if k is None else f"a value for each of the {len(k)} k"
            raise ValueError(f"statistic must give {wanted}, got shape {found.shape[1:]}")
        means.append(found.mean(axis=0))
        variances.append(found.var(axis=0, ddof=1) if p > 1 else np.zeros_like(found[0]))
        if report is not None:
            report((done + 1) / len(parts))
    scale = _fitted_scale(parts[1:], np.stack(variances[1:], axis=-1), len(first))
    std = np.sqrt(scale / len(first))
    sizes = np.array([len(first) // p for p in parts], dtype=np.int64)
    # p parts of n / p samples: their mean has the variance of one estimate over p, b / n again
    stds = np.broadcast_to(np.asarray(std)[..., None], (*np.shape(std), len(parts))).copy()
    value = means[0] if k is not None else float(means[0])
    error = std if k is not None else float(std)
    return SubsampleError(value, error, sizes, np.stack(means, axis=-1), stds, None if k is None else list(k))


def _is_nearest_neighbour(statistic: Any) -> bool:
    """One of hartley.knn, also behind functools.partial or a wrapper."""
    for inner in ("func", "__wrapped__"):
        if hasattr(statistic, inner):
            return _is_nearest_neighbour(getattr(statistic, inner))
    return str(getattr(statistic, "__module__", "")).startswith("hartley._knn")


def bootstrap_interval(
    statistic: Callable[..., Any],
    x: Any,
    y: Any,
    *,
    level: float = 0.95,
    n_resamples: int = 999,
    seed: Any = None,
    progress: Progress = False,
    **options: Any,
) -> tuple[float, float]:
    """Interval of an estimate from counts by resampling rows with replacement; not for nearest neighbours.

    Parameters
    ----------
    statistic : callable
        ``statistic(x, y, **options)`` of :mod:`hartley.discrete` or :mod:`hartley.histogram`, or your own.
    x, y : array, shape (n_samples,) or (n_samples, n_features)
        Paired samples.
    level : float, default 0.95
        Share of samples whose interval should hold the statistic's expectation; between 0 and 1.
    n_resamples : int, default 999
        Resamples.
    seed : int or numpy.random.Generator, optional
        Of the resamples.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.
    **options
        Passed on to ``statistic``.

    Returns
    -------
    (float, float)
        Lower and upper end, in the statistic's unit.

    Raises
    ------
    ValueError
        Unequal lengths, a level out of range, a nearest-neighbour statistic.

    Notes
    -----
    The basic interval 2 I - q: resamples of a plug-in estimate are biased upward by about as much as the estimate
    itself, and reflecting their quantiles takes that off. A copy of a sample is its own nearest neighbour: resampled,
    a nearest-neighbour estimate finds 0.7 nat between independent variables, and is refused. Use
    :func:`subsample_error` for those.

    References
    ----------
    Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application, eq. 5.6. Cambridge.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import discrete, significance
    >>> x, y = np.random.default_rng(0).integers(0, 3, size=(2, 900))
    >>> low, high = significance.bootstrap_interval(discrete.mutual_information, x, np.where(y > 0, x, y), seed=1)
    >>> bool(low < discrete.mutual_information(x, np.where(y > 0, x, y)) < high)
    True
    """
    if _is_nearest_neighbour(statistic):
        raise ValueError(
            "bootstrap_interval resamples with replacement, and a copy is its own nearest neighbour: the interval of a "
            "nearest-neighbour estimate would be wrong. Use subsample_error"
        )
    share = as_number(level, "level")
    if not 0 < share < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    count = whole_number(n_resamples, "n_resamples", 2)
    first, second = read_only(x, "x"), read_only(y, "y")
    require_equal_lengths(first, second, "x", "y")
    report = progress_callback(progress, "bootstrap")
    rng = np.random.default_rng(seed)
    value, resampled = float(statistic(first, second, **options)), np.empty(count)
    for i in range(count):
        rows = rng.integers(len(first), size=len(first))
        resampled[i] = float(statistic(first[rows], second[rows], **options))
        if report is not None:
            report((i + 1) / count)
    n_bad = int(np.count_nonzero(~np.isfinite(np.append(resampled, value))))
    if n_bad:
        raise ValueError(f"statistic must give finite numbers, got {n_bad} of {count + 1} that are not")
    low, high = np.quantile(resampled, [(1 - share) / 2, (1 + share) / 2])
    return 2 * value - float(high), 2 * value - float(low)
