"""The pictures of the page: PNG images with a transparent ground, readable on light and on dark paper."""

from __future__ import annotations

import base64
import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .._clustering import cluster_order
from .analysis import JointHistogram
from .dependence import Dependence

_INK = "#808590"  # grey that reads on white and on black
_BLUE, _RED = (0.16, 0.47, 0.86), (0.86, 0.28, 0.22)
_FROM_PAPER = LinearSegmentedColormap.from_list("from_paper", [(*_BLUE, 0.04), (*_BLUE, 1.0)])
_DPI = 144
LARGEST_HEATMAP = 300  # columns in the heatmap: those that depend most on another one
_LABELLED = 60  # columns with their names in the heatmap
_LABEL_LENGTH = 22
_PMI_FULL = 3.0  # bits of pointwise information at full colour


def _png(figure: Figure) -> str:
    """The figure as base64 text."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, transparent=True, metadata={"Software": "hartley"})
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _shorten(label: str) -> str:
    # a dollar sign would start mathematics
    label = label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"
    return label.replace("$", r"\$").replace("\n", " ")


def heatmap(d: Dependence) -> str:
    """Normalized mutual information of all pairs, similar columns side by side."""
    others = d.normalized - np.diag(np.diagonal(d.normalized))
    shown = np.sort(np.argsort(-others.max(axis=1), kind="stable")[:LARGEST_HEATMAP])
    order = [int(shown[i]) for i in cluster_order(d.normalized[np.ix_(shown, shown)])]
    k = len(order)
    side = min(11.0, max(4.5, 2.2 + 0.27 * k))
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(
        d.normalized[np.ix_(order, order)], cmap=_FROM_PAPER, vmin=0.0, vmax=1.0, interpolation="nearest"
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.02)
    bar.set_label("normalized mutual information", color=_INK, fontsize=9)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=_INK, labelsize=8)
    if k <= _LABELLED:
        names = [_shorten(d.names[i]) for i in order]
        axes.set_xticks(range(k), names, rotation=90)
        axes.set_yticks(range(k), names)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    axes.tick_params(colors=_INK, labelsize=8, length=0)
    axes.spines[:].set_visible(False)
    return _png(figure)


def _cell_colours(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """RGBA: opacity is how many rows, blue is more and red fewer than independent columns would have."""
    p = counts / max(1, counts.sum())
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        pointwise = np.where(counts > 0, np.log2(p / expected), 0.0)
    strength = np.clip(np.abs(pointwise) / _PMI_FULL, 0.0, 1.0)[..., None]
    hue = np.where((pointwise >= 0)[..., None], np.array(_BLUE), np.array(_RED))
    colour = np.full((*counts.shape, 3), 0.55) * (1.0 - strength) + hue * strength
    opacity = np.sqrt(p / p.max()) if counts.any() else p
    return np.concatenate([colour, np.where(counts > 0, np.maximum(opacity, 0.08), 0.0)[..., None]], axis=2)


def joint_histogram(histogram: JointHistogram) -> str:
    """One pair: rows in each cell by opacity, pointwise mutual information by colour."""
    counts = histogram.counts.T  # x to the right, y upwards
    rows, columns = counts.shape
    figure = Figure(figsize=(4.4, 3.9), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(_cell_colours(counts), origin="lower", aspect="auto", interpolation="nearest")
    for n, labels, place in (
        (columns, histogram.x_labels, axes.set_xticks),
        (rows, histogram.y_labels, axes.set_yticks),
    ):
        every = range(n)
        place(every, [_shorten(labels[i]) for i in every])
    axes.tick_params(axis="x", rotation=90)
    axes.set_xlabel(_shorten(histogram.pair.names[0]), color=_INK)
    axes.set_ylabel(_shorten(histogram.pair.names[1]), color=_INK)
    axes.tick_params(colors=_INK, labelsize=7, length=2)
    axes.spines[:].set_color(_INK)
    axes.spines[:].set_linewidth(0.4)
    return _png(figure)
