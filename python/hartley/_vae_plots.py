"""Pictures of variational autoencoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._pyplot import pyplot
from ._units import Base, nats_per_unit, unit_name

_PARTS = (
    ("mutual_information", "index-code information"),
    ("total_correlation", "total correlation"),
    ("dimension_wise_kl", "dimension-wise KL"),
)


def elbo_decomposition_plot(
    results: Any, *, labels: Sequence[Any] | None = None, base: Base = None, ax: Any = None
) -> Any:
    """The three parts of the KL as stacked bars, a bar for each model.

    Parameters
    ----------
    results : ElboDecomposition, or a sequence of them
        Of :func:`hartley.vae.elbo_decomposition`: models, epochs or values of β in the order of the bars.
    labels : sequence, as long as results, optional
        Names of the bars; their numbers by default.
    base : float or {"nats", "bits", "hartleys"}, optional
        The unit that the results are in, written beside the axis; nothing is converted.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        With one bar container for each part; negative parts (estimates from batches) hang below 0, a dot marks the KL.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        No results; labels of another number; an unknown unit.

    Notes
    -----
    O(number of results).

    Examples
    --------
    >>> from hartley import plot, vae
    >>> mean = [[5.0, 0.0], [-5.0, 0.0]]
    >>> parts = vae.elbo_decomposition(mean, mean, [[-4.0, 0.0], [-4.0, 0.0]], method="full")
    >>> [text.get_text() for text in plot.elbo_decomposition_plot(parts).get_legend().get_texts()][0]
    'KL'
    """
    models = list(results) if isinstance(results, Sequence) else [results]
    if not models:
        raise ValueError("results must hold at least one decomposition")
    names = [str(name).replace("$", r"\$") for name in (range(len(models)) if labels is None else labels)]
    if len(names) != len(models):
        raise ValueError(f"labels must have one entry for each of the {len(models)} results, got {len(names)}")
    nats_per_unit(base)  # raises for what is no unit
    ax = pyplot().subplots(layout="constrained")[1] if ax is None else ax
    places = np.arange(len(models))
    above, below = np.zeros(len(models)), np.zeros(len(models))
    for part, label in _PARTS:
        heights = np.array([getattr(model, part) for model in models])
        ax.bar(places, heights, bottom=np.where(heights >= 0, above, below), label=label)
        above, below = above + np.maximum(heights, 0.0), below + np.minimum(heights, 0.0)
    ax.plot(places, [model.kl for model in models], "ko", label="KL")
    ax.set_xticks(places, names)
    ax.set_ylabel(unit_name(base))
    ax.legend()
    return ax
