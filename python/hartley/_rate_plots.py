"""Pictures of what compression costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._pyplot import pyplot
from ._units import nats_per_unit, unit_name


def rate_distortion_plot(curve: Any, *, points: Iterable[Any] = (), label: str = "R(D)", ax: Any = None) -> Any:
    """Rate over distortion, with what is not certain as a band.

    Parameters
    ----------
    curve : RateDistortionCurve
        Of :func:`hartley.rate_distortion.rate_distortion_curve`.
    points : iterable of RateDistortion, optional
        Points to mark, such as those of codes: anything with ``.distortion`` and ``.rate``, in the curve's unit.
    label : str, default "R(D)"
        Name of the curve in a legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        Lines between the points, which time-sharing attains; the band reaches down to the curve's tangents, below which
        there is no code.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError
        ``curve`` is not a curve.

    Notes
    -----
    O(n_points²).

    Examples
    --------
    >>> from hartley import plot
    >>> from hartley.rate_distortion import rate_distortion_curve
    >>> curve = rate_distortion_curve([0.5, 0.5], [[0, 1], [1, 0]], base="bits")
    >>> plot.rate_distortion_plot(curve).get_ylabel()
    'rate in bits'
    """
    if not all(hasattr(curve, name) for name in ("distortion", "rate", "gap", "beta", "base")):
        raise TypeError(f"curve must be a RateDistortionCurve, got {type(curve).__name__}")
    ax = pyplot().subplots(layout="constrained")[1] if ax is None else ax
    finite = np.isfinite(curve.beta)
    slopes = curve.beta[finite] / nats_per_unit(curve.base)
    grid = np.unique(np.concatenate([curve.distortion, np.linspace(curve.distortion[0], curve.distortion[-1], 400)]))
    upper = np.interp(grid, curve.distortion, curve.rate)
    tangents = (curve.rate - curve.gap)[finite] - slopes * (grid[:, None] - curve.distortion[finite])
    lower = np.maximum(tangents.max(axis=1, initial=0.0), 0.0)
    (line,) = ax.plot(curve.distortion, curve.rate, label=label)
    ax.fill_between(grid, np.minimum(lower, upper), upper, color=line.get_color(), alpha=0.3, linewidth=0)
    marked = [(point.distortion, point.rate) for point in points]
    if marked:
        ax.plot(*np.array(marked).T, "o", color=line.get_color())
    ax.set_xlabel("distortion")
    ax.set_ylabel(f"rate in {unit_name(curve.base)}")
    return ax


def information_plane(curve: Any, *, label: str = "", ax: Any = None) -> Any:
    """What can be told of Y at what complexity: I(T;Y) over I(T;X), below the two bounds.

    Parameters
    ----------
    curve : BottleneckCurve or GaussianBottleneckCurve
        Of :func:`hartley.rate_distortion.information_bottleneck_curve` or
        :func:`hartley.rate_distortion.gaussian_information_bottleneck_curve`.
    label : str, optional
        Name of the curve, for a legend that you ask for.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        Its first lines are the curve, in the order of its complexity, the bound I(X;Y) and the bound I(T;X) (dashed and
        dotted), all in units of the curve's ``base``.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError
        ``curve`` is no curve.

    Notes
    -----
    No T lies above either bound (data processing), none above the curve but for a bottleneck that was missed. O(number
    of points).

    Examples
    --------
    >>> from hartley import plot, rate_distortion
    >>> pxy = [[0.4, 0.1], [0.1, 0.4]]
    >>> curve = rate_distortion.information_bottleneck_curve(pxy, n_points=5, seed=0, base="bits")
    >>> plot.information_plane(curve).get_ylabel()
    'relevance I(T;Y) in bits'
    """
    if not all(hasattr(curve, name) for name in ("complexity", "relevance", "information", "unit")):
        raise TypeError(f"curve must be a curve of information bottlenecks, got {type(curve).__name__}")
    if ax is None:
        ax = pyplot().subplots(layout="constrained")[1]
    order = np.argsort(curve.complexity, kind="stable")
    complexity, relevance = curve.complexity[order], curve.relevance[order]
    ax.plot(complexity, relevance, marker=".", label=label or None)
    ax.axhline(curve.information, linestyle="--", color="grey", linewidth=1.0)
    ax.plot([0.0, curve.information], [0.0, curve.information], linestyle=":", color="grey", linewidth=1.0)
    ax.annotate("I(X;Y)", (1.0, curve.information), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    ax.set_xlabel(f"complexity I(T;X) in {curve.unit}")
    ax.set_ylabel(f"relevance I(T;Y) in {curve.unit}")
    return ax
