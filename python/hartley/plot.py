"""Pictures of what the estimates say, by matplotlib (extra ``plot``), in given axes or new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_column, as_real, column_labels, require_equal_lengths, require_finite
from ._binning import BinRule, column_edges, reject_nan
from ._clustering import cluster_order
from ._pyplot import pyplot
from ._rate_plots import information_plane, rate_distortion_plot
from ._threads import get_num_threads
from ._units import Base, nats_per_unit, unit_name
from ._vae_plots import elbo_decomposition_plot

__all__ = [
    "elbo_decomposition_plot",
    "information_plane",
    "mutual_information_heatmap",
    "pointwise_mutual_information_plot",
    "rate_distortion_plot",
    "subsample_drift_plot",
]

_LARGEST_CLUSTERED = 2000  # columns: clustering takes their third power
_MOST_CELLS = 1000  # a side of a joint histogram
_LABELLED = 60  # columns up to which each has its name


def _checked_matrix(information: Any) -> NDArray[np.float64]:
    matrix = as_real(information, "information").astype(np.float64, copy=False)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"information must be a matrix with at least one entry, got shape {matrix.shape}")
    if matrix.shape[0] == matrix.shape[1]:
        matrix = matrix.copy()
        np.fill_diagonal(matrix, 0.0)  # not drawn; hartley.knn leaves it NaN
    require_finite(matrix, "information")
    return matrix


def _names(given: Sequence[Any] | None, labels: Any, n: int) -> list[str]:
    names = [str(name) for name in (given if given is not None else labels if labels is not None else range(n))]
    if len(names) != n:
        raise ValueError(f"labels must have one entry for each of the {n} columns of information, got {len(names)}")
    return [name.replace("$", r"\$") for name in names]  # a dollar sign would start mathematics


def mutual_information_heatmap(
    information: Any, *, labels: Sequence[Any] | None = None, order: str = "clustered", label: str = "", ax: Any = None
) -> Any:
    """A matrix of mutual information as colours, columns that tell of each other side by side.

    Parameters
    ----------
    information : array of float, shape (d, d) or (n_features, n_targets), or a frame
        As of :func:`hartley.histogram.mutual_information_matrix`. The diagonal of a square matrix (entropies) is not
        drawn.
    labels : sequence, length d, optional
        Names of the columns; a frame's own by default, else their numbers.
    order : {"clustered", "given"}, default "clustered"
        Order of a symmetric matrix: by average-linkage clustering, or as it is. Others stay as they are.
    label : str, optional
        What the colours are, beside the colour bar: "mutual information" by default.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        With the image, in units of ``information``.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        Not a finite matrix; an unknown order; labels of another length; clustering more than 2000 columns.

    Notes
    -----
    Clustering takes O(d³) steps. Names are written for up to 60 columns.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import histogram, plot
    >>> x = np.random.default_rng(0).normal(size=(500, 4))
    >>> x[:, 3] = x[:, 0] + 0.1 * x[:, 3]
    >>> axes = plot.mutual_information_heatmap(histogram.mutual_information_matrix(x, bins=4))
    >>> names = "".join(text.get_text() for text in axes.get_xticklabels())
    >>> "03" in names or "30" in names
    True
    """
    matrix = _checked_matrix(information)
    if order not in ("clustered", "given"):
        raise ValueError(f'order must be "clustered" or "given", got {order!r}')
    rows = _names(labels, None if column_labels(information) is None else information.index, matrix.shape[0])
    columns = (
        _names(labels, column_labels(information), matrix.shape[1]) if matrix.shape[0] == matrix.shape[1] else None
    )
    symmetric = columns is not None and np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12)
    if symmetric:
        matrix = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
        if order == "clustered":
            if len(matrix) > _LARGEST_CLUSTERED:
                raise ValueError(f'order="clustered" takes at most {_LARGEST_CLUSTERED} columns, got {len(matrix)}')
            places = cluster_order(np.nan_to_num(matrix))
            matrix = matrix[np.ix_(places, places)]
            rows = columns = [rows[i] for i in places]
    if columns is None:
        columns = _names(None, column_labels(information), matrix.shape[1])
    ax = pyplot().subplots(layout="constrained")[1] if ax is None else ax
    image = ax.imshow(matrix, vmin=0.0, interpolation="nearest", aspect="equal" if symmetric else "auto")
    for names, place, rotation in ((columns, ax.set_xticks, 90), (rows, ax.set_yticks, 0)):
        place(range(len(names)), names, rotation=rotation) if len(names) <= _LABELLED else place([])
    ax.figure.colorbar(image, ax=ax, label=label or "mutual information")
    return ax


def pointwise_mutual_information_plot(
    x: Any,
    y: Any,
    *,
    bins: BinRule | tuple[BinRule, BinRule] = 32,
    binning: str = "uniform",
    range: tuple[float, float] | None = None,
    base: Base = "bits",
    axes: Any = None,
) -> Any:
    """Joint histogram of two variables, and the pointwise mutual information of its cells.

    Parameters
    ----------
    x, y : array of float, shape (n_samples,)
        Paired samples.
    bins : int, rule, edges, or a tuple of two of these for x and y, default 32
        As in :func:`hartley.histogram.bin_edges`.
    binning : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or equally filled ones.
    range : (float, float), optional
        First and last edge of uniform bins of both variables; samples outside are not drawn.
    base : float or {"nats", "bits", "hartleys"}, default "bits"
        Unit of the pointwise information.
    axes : sequence of two matplotlib.axes.Axes, optional
        Where to draw the histogram and the pointwise information; new ones by default.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        The samples in each cell; log p(x, y) / (p(x) p(y)) in units of ``base``, blue where the cell holds more samples
        than independent variables would give, red where fewer; empty cells stay blank.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        Unequal lengths; NaN or infinite samples; bad bins.

    Notes
    -----
    The mean of the second picture, weighted by the first, is the mutual information of the cells, its title. O(n).

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import plot
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> counts, pointwise = plot.pointwise_mutual_information_plot(x, -x, bins=2, binning="quantile")
    >>> pointwise.get_title()
    'I = 1.000 bits'
    """
    first, second = as_column(x, "x"), as_column(y, "y")
    require_equal_lengths(first, second, "x", "y")
    each: tuple[Any, Any] = bins if isinstance(bins, tuple) and len(bins) == 2 else (bins, bins)
    edges = []
    for column, own, name in zip((first, second), each, ("x", "y"), strict=True):
        reject_nan(column, name)
        edges.append(column_edges(column.reshape(-1, 1), own, binning, name, range)[0].values)
        if len(edges[-1]) - 1 > _MOST_CELLS:
            raise ValueError(f"bins must be at most {_MOST_CELLS} a side to be seen, got {len(edges[-1]) - 1}")
    unit = nats_per_unit(base)
    counts = _cell_counts(first, second, edges)
    p = counts / counts.sum()
    independent = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    pointwise = np.full_like(p, np.nan)
    pointwise[p > 0] = np.log(p[p > 0] / independent[p > 0])
    if axes is None:
        axes = pyplot().subplots(1, 2, figsize=(10, 4), layout="constrained")[1]
    names = [str(getattr(v, "name", None) or default) for v, default in ((x, "x"), (y, "y"))]
    largest = max(float(np.nanmax(np.abs(pointwise))) / unit, 1e-12)
    for ax, values, style, label in (
        (axes[0], np.where(counts > 0, counts, np.nan), {"vmin": 0}, "samples"),
        (axes[1], pointwise / unit, {"cmap": "RdBu", "vmin": -largest, "vmax": largest}, unit_name(base)),
    ):
        mesh = ax.pcolormesh(edges[0], edges[1], values.T, **style)
        ax.figure.colorbar(mesh, ax=ax, label=label)
        ax.set_xlabel(names[0])
        ax.set_ylabel(names[1])
    axes[0].set_title(f"n = {int(counts.sum()):,}")
    axes[1].set_title(f"I = {float(np.nansum(p * pointwise)) / unit:.3f} {unit_name(base)}")
    return np.asarray(axes)


def _cell_counts(x: Any, y: Any, edges: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Samples in each cell; those outside of the edges are in none."""
    inside = (x >= edges[0][0]) & (x <= edges[0][-1]) & (y >= edges[1][0]) & (y <= edges[1][-1])
    if not inside.any():
        raise ValueError("x and y have no row in which both lie inside of the edges")
    if not inside.all():
        x, y = np.ascontiguousarray(x[inside]), np.ascontiguousarray(y[inside])
    x, y = (v.astype(np.float64, copy=False) for v in (x, y))
    counts, _, _ = _dispatch.kernels.histogram_joint_counts(x, y, edges[0], False, edges[1], False, get_num_threads())
    return counts.astype(np.float64)


def subsample_drift_plot(error: Any, *, ax: Any = None) -> Any:
    """How an estimate drifts as the sample shrinks: flat lines may be trusted.

    Parameters
    ----------
    error : SubsampleError
        Of :func:`hartley.significance.subsample_error`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        The mean over the parts of each size with its standard error, a line for each k, over 1 / samples in a part.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Notes
    -----
    The line of ``best_k`` is drawn thick. O(number of parts).

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn, plot, significance
    >>> x, y = np.random.default_rng(0).normal(size=(2, 400))
    >>> error = significance.subsample_error(knn.mutual_information, x, y, k=[3, 6], seed=1)
    >>> [text.get_text() for text in plot.subsample_drift_plot(error).get_legend().get_texts()]
    ['k = 3', 'k = 6']
    """
    ax = pyplot().subplots(layout="constrained")[1] if ax is None else ax
    lines = [(None, error.means, error.stds)]
    if error.k is not None:
        lines = list(zip(error.k, error.means, error.stds, strict=True))
    for k, means, stds in lines:
        width = 2.5 if k is not None and k == error.best_k else 1.0
        label = None if k is None else f"k = {k}"
        ax.errorbar(1.0 / error.sizes, means, stds, marker=".", linewidth=width, capsize=2, label=label)
    if error.k is not None:
        ax.legend()
    ax.set_xlabel("1 / samples in a part")
    ax.set_ylabel("estimate")
    return ax
