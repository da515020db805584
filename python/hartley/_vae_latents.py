"""Which latents of a variational autoencoder carry information, and which collapsed to the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_number, as_real, require_finite
from ._normals import F64, as_normals, kl_sums
from ._units import Base, nats_per_unit, unit_name

Flags: TypeAlias = NDArray[np.bool_]

_PIECE = 1 << 20  # numbers that are widened to float64 at a time


class ActiveUnits(NamedTuple):
    """How many latents are active, which, and the variance of each one's posterior mean over the rows."""

    n_active: int
    active: Flags
    variances: F64


def _non_negative(value: Any, name: str) -> float:
    number = as_number(value, name)
    if not number >= 0:
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return number


def _column_variances(x: RealArray) -> F64:
    """Variance of every column in float64, a piece of the rows at a time."""
    rows = max(1, _PIECE // x.shape[1])
    pieces = [slice(begin, begin + rows) for begin in range(0, len(x), rows)]
    mean = sum(x[piece].sum(axis=0, dtype=np.float64) for piece in pieces) / len(x)
    squares: F64 = sum(((x[piece] - mean) ** 2).sum(axis=0) for piece in pieces)
    return squares / len(x)


def active_units(mean: Any, *, threshold: float = 1e-2) -> ActiveUnits:
    """Latents whose posterior mean varies over the data: Var_x(E[z_d|x]) > threshold.

    Parameters
    ----------
    mean : array of float, shape (..., n_latents)
        Posterior means of at least two rows, finite; all axes but the last are rows.
    threshold : float, default 1e-2
        Variance above which a latent is active, at least 0.

    Returns
    -------
    ActiveUnits
        ``.n_active``, ``.active`` (bool, shape (n_latents,)) and ``.variances`` (divided by the number of rows).

    Raises
    ------
    ValueError
        Fewer than two rows or two axes; NaN or inf; a negative threshold.
    TypeError
        Not real numbers.

    Notes
    -----
    The posteriors' own variances are not looked at: see :func:`posterior_collapse`, which does. O(n n_latents).

    References
    ----------
    Burda, Y., Grosse, R. & Salakhutdinov, R. (2016). Importance weighted autoencoders. ICLR, section 5.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.active_units([[1.0, 0.01], [-1.0, -0.01]]).active
    array([ True, False])
    """
    least = _non_negative(threshold, "threshold")
    means = as_real(mean, "mean")
    if means.ndim < 2 or means.shape[-1] == 0 or means.size < 2 * means.shape[-1]:
        raise ValueError(f"mean must have shape (..., n_latents) with at least two rows, got {means.shape}")
    require_finite(means, "mean")
    variances = _column_variances(means.reshape(-1, means.shape[-1]))
    active = variances > least
    return ActiveUnits(int(active.sum()), active, variances)


@dataclass(frozen=True)
class PosteriorCollapse:
    """Which latents' posteriors are the prior; ``str()`` is a report.

    Attributes
    ----------
    collapsed : ndarray of bool, shape (n_latents,)
        KL below ``epsilon`` for at least a share 1 - ``delta`` of the rows.
    kl : ndarray of float64, shape (n_latents,)
        KL of each latent from the prior, the mean over rows, in units of ``base``.
    fraction_below : ndarray of float64, shape (n_latents,)
        Share of the rows with a KL below ``epsilon``.
    fraction : float
        Share of the latents that collapsed.
    active : ndarray of bool, shape (n_latents,)
        Whether the posterior mean varies: :func:`active_units` at its default threshold.
    variances : ndarray of float64, shape (n_latents,)
        Variance of the posterior mean over rows.
    delta, epsilon : float
        As they were given.
    base : float, str or None
        Unit of ``kl`` and ``epsilon``.
    """

    collapsed: Flags
    kl: F64
    fraction_below: F64
    fraction: float
    active: Flags
    variances: F64
    delta: float
    epsilon: float
    base: Base

    def __str__(self) -> str:
        n, unit = len(self.kl), unit_name(self.base)
        lines = [
            f"{int(self.collapsed.sum())} of {n} latents collapsed (KL < {self.epsilon:g} {unit} for at least "
            f"{1 - self.delta:.4g} of the rows), {int(self.active.sum())} active; KL = {self.kl.sum():.4g} {unit}",
            f"{'latent':>6} {'KL':>10} {'rows below':>10} {'var of mean':>11}",
        ]
        for d in np.argsort(-self.kl, kind="stable"):
            state = "collapsed" if self.collapsed[d] else "" if self.active[d] else "inactive"
            share = f"{self.fraction_below[d]:.4f}"
            lines.append(f"{d:>6} {self.kl[d]:>10.4g} {share:>10} {self.variances[d]:>11.4g} {state}".rstrip())
        return "\n".join(lines)


def posterior_collapse(
    mean: Any, log_variance: Any, *, delta: float = 0.01, epsilon: float = 0.01, base: Base = None
) -> PosteriorCollapse:
    """Latents whose posterior is the prior, whatever the data: (ε, δ)-collapse.

    Parameters
    ----------
    mean, log_variance : array of float, shape (..., n_latents)
        Means and log-variances log σ² of the posteriors; all axes but the last are rows. At least two axes, finite.
    delta : float, default 0.01
        Share of the rows that may have a larger KL, in [0, 1].
    epsilon : float, default 0.01
        KL below which a posterior counts as the prior, at least 0, in units of ``base``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of ``.kl`` and of ``epsilon``; nats by default.

    Returns
    -------
    PosteriorCollapse
        ``.collapsed`` (bool, shape (n_latents,)), ``.kl``, ``.fraction_below``, ``.fraction``, ``.active``,
        ``.variances``; print it for a table of the latents, the most informative first.

    Raises
    ------
    ValueError
        Shapes that do not fit; NaN or inf; ``delta`` outside [0, 1]; a negative ``epsilon``.
    TypeError
        Not real numbers.

    Notes
    -----
    Latent d is (ε, δ)-collapsed where P_x[KL(q(z_d|x) ‖ N(0, 1)) < ε] >= 1 - δ, the probability being the share of the
    rows. A latent that is neither collapsed nor active has posteriors that differ from the prior, but hardly from each
    other: it pays KL and tells nothing. O(n n_latents).

    References
    ----------
    Lucas, J., Tucker, G., Grosse, R. & Norouzi, M. (2019). Don't blame the ELBO! A linear VAE perspective on posterior
    collapse. NeurIPS, definition 1.

    Examples
    --------
    >>> import hartley as ht
    >>> report = ht.vae.posterior_collapse([[2.0, 0.0], [-2.0, 0.0]], [[-4.0, 0.0], [-4.0, 0.0]])
    >>> print(report)
    1 of 2 latents collapsed (KL < 0.01 nats for at least 0.99 of the rows), 1 active; KL = 3.509 nats
    latent         KL rows below var of mean
         0      3.509     0.0000           4
         1          0     1.0000           0 collapsed
    """
    share, limit = as_number(delta, "delta"), _non_negative(epsilon, "epsilon")
    if not 0 <= share <= 1:
        raise ValueError(f"delta must be in [0, 1], got {delta!r}")
    unit = nats_per_unit(base)
    p = as_normals(mean, log_variance, ("mean", "log_variance"))
    sums = kl_sums(p, None, "rows", epsilon=limit * unit)
    means = p.in_rows[0]
    assert sums.below is not None
    collapsed = sums.below >= (1 - share) * len(means) * (1 - 1e-12)  # 0.99 of 100 rows is 99, whatever rounding says
    variances = _column_variances(means)
    return PosteriorCollapse(
        collapsed=collapsed,
        kl=sums.values / len(means) / unit,
        fraction_below=sums.below / len(means),
        fraction=float(collapsed.mean()),
        active=variances > 1e-2,
        variances=variances,
        delta=share,
        epsilon=limit,
        base=base,
    )
