"""Variational autoencoders as points of the rate-distortion plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._normals import F64
from ._units import Base, nats_per_unit
from ._vae_bounds import as_finite, paired_rows


class RateDistortionPoint(NamedTuple):
    """A model as a code: rate KL, distortion -E log p(x|z), and elbo = -(rate + distortion), in one unit."""

    rate: float
    distortion: float
    elbo: float


def rate_distortion_point(log_likelihood: Any, kl: Any, *, base: Base = None) -> RateDistortionPoint:
    """Rate and distortion of a variational autoencoder, averaged over rows.

    Parameters
    ----------
    log_likelihood : float or array of float
        E_q[log p(x|z)] in nats, summed over the dimensions of x: a row each, or their mean; minus a distortion.
    kl : float or array of float
        KL from the prior in nats, summed over latents: a row each, or their mean.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default. The arguments are in nats.

    Returns
    -------
    RateDistortionPoint
        ``.rate``, ``.distortion`` and ``.elbo`` in units of ``base``, a row of x. The β of training plays no part.

    Raises
    ------
    ValueError
        NaN or inf; no rows; shapes that do not fit.
    TypeError
        Not real numbers.

    Notes
    -----
    The mutual information of data and code lies between H(x) - distortion and rate; a rate of 0 with any distortion is
    a decoder that ignores its code. O(n).

    References
    ----------
    Alemi, A. et al. (2018). Fixing a broken ELBO. ICML, eq. 4 to 7.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.rate_distortion_point([-80.0, -100.0], [12.0, 8.0])
    RateDistortionPoint(rate=10.0, distortion=90.0, elbo=-100.0)
    """
    likelihood, kls = paired_rows(log_likelihood, kl)
    if likelihood.size == 0 or kls.size == 0:
        raise ValueError("log_likelihood and kl must have at least one row")
    unit = nats_per_unit(base)
    rate, distortion = float(kls.mean()) / unit, -float(likelihood.mean()) / unit
    return RateDistortionPoint(rate, distortion, -(rate + distortion))


@dataclass(frozen=True)
class RateDistortionSweep:
    """Models of a β sweep, by increasing rate.

    Attributes
    ----------
    rates, distortions, elbos : ndarray of float64, shape (n_models,)
        In the points' unit.
    order : ndarray of int, shape (n_models,)
        Where each stood among the points given.
    efficient : ndarray of bool, shape (n_models,)
        Whether no other model has both a rate and a distortion as low (one of them lower): the others were not trained
        to the end, or with a β that the model cannot follow.
    best : int
        The place, here, of the largest elbo.
    """

    rates: F64
    distortions: F64
    elbos: F64
    order: NDArray[np.intp]
    efficient: NDArray[np.bool_]
    best: int

    def __len__(self) -> int:
        return len(self.rates)


def rate_distortion_sweep(points: Sequence[Any]) -> RateDistortionSweep:
    """Many models in the rate-distortion plane: sorted by rate, with those that no other beats in both.

    Parameters
    ----------
    points : sequence of RateDistortionPoint, or of (rate, distortion)
        One for each model, in one unit.

    Returns
    -------
    RateDistortionSweep
        ``.rates``, ``.distortions``, ``.elbos``, ``.order``, ``.efficient`` and ``.best``.

    Raises
    ------
    ValueError
        No points; NaN or inf; not two or three numbers a point.
    TypeError
        Not real numbers.

    Notes
    -----
    Along the efficient models -dD/dR is the β that each was trained with, where training succeeded. O(n log n).

    References
    ----------
    Alemi, A. et al. (2018). Fixing a broken ELBO. ICML, section 3.

    Examples
    --------
    >>> import hartley as ht
    >>> sweep = ht.vae.rate_distortion_sweep([(20.0, 75.0), (5.0, 100.0), (21.0, 80.0)])
    >>> sweep.rates, sweep.efficient, sweep.best
    (array([ 5., 20., 21.]), array([ True,  True, False]), 1)
    """
    table = as_finite([tuple(point)[:2] for point in points], "points")
    if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] != 2:
        raise ValueError(f"points must be at least one pair (rate, distortion), got shape {table.shape}")
    order = np.lexsort((table[:, 1], table[:, 0]))
    rates, distortions = table[order, 0], table[order, 1]
    _, first, group = np.unique(rates, return_index=True, return_inverse=True)
    least = distortions[first]  # at each rate
    earlier = np.minimum.accumulate(np.concatenate([[np.inf], least[:-1]]))
    efficient = (distortions == least[group]) & (least < earlier)[group]
    elbos = -(rates + distortions)
    return RateDistortionSweep(rates, distortions, elbos, order, efficient, int(np.argmax(elbos)))
