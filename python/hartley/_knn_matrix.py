"""The information of many pairs of columns, from neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_column, as_samples, column_labels, label_matrix, require_equal_lengths
from ._codes import code
from ._knn_information import mutual_information
from ._knn_options import complete, neighbour_number, report_ties, require_choice
from ._neighbourhoods import F64
from ._progress import Progress, progress_callback
from ._symbols import as_symbols
from ._threads import get_num_threads
from ._units import Base, nats_per_unit


def mutual_information_matrix(
    X: Any,  # noqa: N803  the field's and scikit-learn's name
    *,
    Y: Any = None,  # noqa: N803
    k: int = 3,
    base: Base = None,
    clip: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    progress: Progress = False,
) -> Any:
    """Mutual information of all pairs of columns, KSG 1.

    Parameters
    ----------
    X : array of float, shape (n_samples, n_features), or a frame of numbers
        Samples in rows.
    Y : array of float, shape (n_samples, n_targets), or a frame of numbers, optional
        Pair the columns of X with these instead of with each other.
    k : int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    base, clip
        As in :func:`mutual_information`.
    ties : {"exact", "raise"}
        As in :func:`mutual_information`.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN in any column.
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    ndarray of float64, shape (n_features, n_features) or (n_features, n_targets), or a pandas frame with their labels
        In units of ``base``. Without Y symmetric, and NaN on the diagonal: a continuous variable tells infinitely much
        of itself.

    Raises
    ------
    ValueError
        k out of range, unequal lengths, NaN or infinite samples; a k-th distance of 0 with ``ties="raise"``.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0 in some pair.

    Notes
    -----
    Every column is sorted once; pairs are searched at the same time on different threads. O(n log n) a pair.

    References
    ----------
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 8.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> x = np.random.default_rng(0).normal(size=(2000, 3))
    >>> x[:, 2] += x[:, 0]
    >>> knn.mutual_information_matrix(x, clip=True).round(1)[0]
    array([nan, 0. , 0.4])
    """
    require_choice(ties, "ties", ("exact", "raise"))
    unit = nats_per_unit(base)
    first = as_samples(X, "X")
    both = [first] if Y is None else [first, as_samples(Y, "Y")]
    if Y is not None:
        require_equal_lengths(both[0], both[1], "X", "Y")
    both = complete(both, ["X", "Y"][: len(both)], nan_policy)
    number = neighbour_number(k, len(both[0]))
    d = both[0].shape[1]
    columns = np.ascontiguousarray(np.hstack(both).T)
    if Y is None:
        i, j = np.triu_indices(d, 1)
    else:
        i, j = (index.ravel() for index in np.indices((d, both[1].shape[1])))
    pairs = np.stack([i, j if Y is None else j + d], axis=1).astype(np.uint32)
    report = progress_callback(progress, "mutual information")
    means, n_ties = _dispatch.kernels.knn_information_of_pairs(columns, pairs, number, report, get_num_threads())
    if report is not None:
        report(1.0)
    if n_ties.size:
        report_ties(int(n_ties.max()), len(both[0]), number, ties, "one pair of columns (the most of any)")
    values = (np.maximum(means, 0.0) if clip else means) / unit
    matrix = np.full((d, d if Y is None else both[1].shape[1]), np.nan)
    matrix[i, j] = values
    if Y is None:
        matrix[j, i] = values
    return label_matrix(matrix, column_labels(X), column_labels(X if Y is None else Y))


def mutual_information_with(
    X: Any,  # noqa: N803
    y: Any,
    *,
    k: int = 3,
    discrete_y: bool = False,
    base: Base = None,
    clip: bool = False,
    ties: str = "exact",
    nan_policy: str = "raise",
    progress: Progress = False,
) -> F64:
    """Mutual information of every column of X with one target: scores for choosing features.

    Parameters
    ----------
    X : array of float, shape (n_samples, n_features), or a frame of numbers
        Features in columns.
    y : array, shape (n_samples,)
        Target: numbers, or with ``discrete_y`` labels of any kind.
    k : int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    discrete_y : bool, default False
        y holds labels: Ross's estimate.
    base, clip, ties, nan_policy, progress
        As in :func:`mutual_information_matrix`.

    Returns
    -------
    ndarray of float64, shape (n_features,)
        In units of ``base``.

    Raises
    ------
    ValueError
        As :func:`mutual_information_matrix`.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0 in some pair.

    Notes
    -----
    The target and every column are sorted once. O(n log n) a feature.

    References
    ----------
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 8.
    Ross, B. C. (2014), PLoS ONE 9, e87357, eq. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> x = np.random.default_rng(0).normal(size=(2000, 3))
    >>> int(np.argmax(knn.mutual_information_with(x, x[:, 1] ** 2 + x[:, 0] / 9)))
    1
    """
    options: dict[str, Any] = {"base": base, "clip": clip, "ties": ties, "nan_policy": nan_policy}
    if not discrete_y:
        row = mutual_information_matrix(X, Y=as_column(y, "y").reshape(-1, 1), k=k, progress=progress, **options)
        return np.asarray(row)[:, 0]
    samples = as_samples(X, "X")
    if nan_policy == "omit":
        symbols = as_symbols(y, "y")
        if len(symbols.ids) != len(samples):
            raise ValueError(f"X and y must have equally many samples, got {len(samples)} and {len(symbols.ids)}")
        present = ~np.isnan(samples).any(axis=1)
        if symbols.missing is not None:
            present = np.logical_and(present, ~symbols.missing)
        samples, y = samples[present], code(symbols.take(np.asarray(present))).codes
    report = progress_callback(progress, "mutual information")
    scores = np.empty(samples.shape[1])
    for c, column in enumerate(samples.T):
        scores[c] = mutual_information(
            np.ascontiguousarray(column),
            y,
            k=k,
            discrete_y=True,
            base=base,
            clip=clip,
            ties=ties,
            nan_policy=nan_policy,
        )
        if report is not None:
            report((c + 1) / len(scores))
    return scores
