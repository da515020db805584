"""Entropies, informations and divergences from samples of jointly normal variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._gaussian_information import LOG_TWO_PI_E, block_information, log_determinants
from ._gaussian_inputs import Pair, common_batch, finish
from ._gaussian_samples import Moments, joined
from ._units import Base, nats_per_unit


def _information(
    named: dict[str, Any], given: Any, base: Base, bias_correction: bool, copula: bool, ridge: Any, nan_policy: str,
    clip: bool, each: bool = False,
) -> Any:  # fmt: skip
    """Information of blocks of columns (of every column with ``each``), given others."""
    unit = nats_per_unit(base)
    known = {} if given is None else {"given": given}
    joint, columns = joined(named | known, nan_policy, copula)
    name = " and ".join(named | known)
    blocks, others = (columns[:-1], columns[-1]) if known else (columns, [])
    if each:
        blocks = [[column] for column in blocks[0]]
    moments = Moments.of(joint, name, ridge)
    d = joint.shape[-1]
    if bias_correction:
        moments.require_more_samples(name, d + 1, "or bias_correction=False and a ridge")
    nats = block_information(moments.covariances, blocks, others)
    if bias_correction:
        # ½ (Σ log |S_kz| - (m - 1) log |S_z| - log |S|): its bias is that combination of the determinants' biases
        bias = moments.log_determinant_bias
        of_blocks = sum(bias(len(block) + len(others)) for block in blocks)
        nats = nats - 0.5 * (of_blocks - (len(blocks) - 1) * bias(len(others)) - bias(d))
    return finish(np.maximum(nats, 0.0) if clip else nats, unit, joint.shape[:-2])


def estimate_entropy(
    x: Any, *, base: Base = None, bias_correction: bool = True, ridge: float = 0.0, nan_policy: str = "raise"
) -> Any:
    """Differential entropy of normal variables, from samples.

    Parameters
    ----------
    x : array of float, shape (..., n_samples, n_features) or (n_samples,)
        Finite; leading axes are a batch of sets of samples.
    base : number, str or None
        Unit of the result: None (nats), a number > 0 other than 1, "nats", "bits" or "hartleys".
    bias_correction : bool, default True
        Subtract the bias of log |S|, exact for independent normal samples of any number (n_samples > n_features).
    ridge : float, default 0
        Added to the diagonal of the sample covariance, at least 0; the correction is not exact then.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN (of one set of samples, not in batches).

    Returns
    -------
    float or ndarray of float64, shape (...)
        Of any sign. For other distributions an upper bound but for the sampling error: the normal one has the largest
        entropy among those of its covariance.

    Raises
    ------
    ValueError
        Too few samples, entries that are not finite, or a covariance that is singular: a constant variable, or one that
        follows from others.
    TypeError
        ``x`` is no array of numbers.

    Notes
    -----
    ½ (d log 2πe + log |S| - Σ_(i<d) ψ((n - 1 - i)/2) + d log((n - 1)/2)), S the sample covariance with divisor n - 1,
    ν S being Wishart with ν = n - 1 degrees of freedom: unbiased. O(n d² + d³).

    References
    ----------
    Ahmed, N. A. & Gokhale, D. V. (1989). Entropy expressions and their estimators for multivariate distributions. IEEE
    Trans. Inf. Theory 35, 688-692.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import gaussian
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> round(gaussian.estimate_entropy(x), 1), round(gaussian.entropy(np.eye(2)), 1)
    (2.8, 2.8)
    """
    unit = nats_per_unit(base)
    joint, _ = joined({"x": x}, nan_policy, False)
    moments, d = Moments.of(joint, "x", ridge), joint.shape[-1]
    if bias_correction:
        moments.require_more_samples("x", d + 1, "or bias_correction=False and a ridge")
    log_determinant = log_determinants(moments.covariances)
    bias = moments.log_determinant_bias(d) if bias_correction else 0.0
    return finish(0.5 * (d * LOG_TWO_PI_E + log_determinant - bias), unit, joint.shape[:-2])


def estimate_mutual_information(
    x: Any, y: Any, *, base: Base = None, bias_correction: bool = True, copula: bool = False, ridge: float = 0.0,
    nan_policy: str = "raise", clip: bool = False,
) -> Any:  # fmt: skip
    """Mutual information of jointly normal variables, from samples.

    Parameters
    ----------
    x, y : array of float, shape (..., n_samples, n_features) or (n_samples,)
        Finite, rows paired; leading axes are a batch of sets of samples.
    base : number, str or None
        Unit of the result: nats by default.
    bias_correction : bool, default True
        Subtract the bias, exact for independent normal samples of any number (more than there are variables).
    copula : bool, default False
        Replace every variable by the normal scores of its ranks first: what is assumed normal is then only the
        dependence, not the variables, and monotone maps of them change nothing. The correction is approximate then.
    ridge : float, default 0
        Added to the diagonal of the sample covariance, at least 0; the correction is not exact then.
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN in x or y (of one set of samples, not in batches).
    clip : bool, default False
        Cut at 0.

    Returns
    -------
    float or ndarray of float64, shape (...)
        May be below 0 with ``bias_correction``. With ``copula`` a lower bound of the information but for the sampling
        error.

    Raises
    ------
    ValueError
        Too few samples, entries that are not finite, unequal numbers of samples, or a covariance that is singular.
    TypeError
        An argument is no array of numbers.

    Notes
    -----
    :func:`mutual_information` of the sample covariance, minus ½ (b(d_x) + b(d_y) - b(d_x + d_y)) with the bias b(d) =
    Σ_(i<d) ψ((n - 1 - i)/2) - d log((n - 1)/2) of log |S|. Scores are quantiles at rank / (n + 1), ties share their
    mean rank. O(n d² + d³), and n log n a variable for the ranks.

    References
    ----------
    Ince, R. A. A. et al. (2017). A statistical framework for neuroimaging data analysis based on mutual information
    estimated via a Gaussian copula. Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import gaussian
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=10_000)
    >>> y = 0.6 * x + 0.8 * rng.normal(size=10_000)
    >>> round(gaussian.estimate_mutual_information(x, y), 2)
    0.22
    >>> round(gaussian.estimate_mutual_information(np.exp(x), y**3, copula=True), 2)
    0.22
    """
    return _information({"x": x, "y": y}, None, base, bias_correction, copula, ridge, nan_policy, clip)


def estimate_conditional_mutual_information(
    x: Any, y: Any, given: Any, *, base: Base = None, bias_correction: bool = True, copula: bool = False,
    ridge: float = 0.0, nan_policy: str = "raise", clip: bool = False,
) -> Any:  # fmt: skip
    """Conditional mutual information I(X; Y | Z) of jointly normal variables, from samples.

    Parameters
    ----------
    x, y, given : array of float, shape (..., n_samples, n_features) or (n_samples,)
        Finite, rows paired; leading axes are a batch of sets of samples.
    base, bias_correction, copula, ridge, nan_policy, clip
        As in :func:`estimate_mutual_information`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        May be below 0 with ``bias_correction``.

    Raises
    ------
    ValueError, TypeError
        As :func:`estimate_mutual_information`.

    Notes
    -----
    As :func:`estimate_mutual_information`: exact correction, O(n d² + d³).

    References
    ----------
    Ince, R. A. A. et al. (2017). Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import gaussian
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 10_000))
    >>> abs(round(gaussian.estimate_conditional_mutual_information(z + e, z + f, z), 2))
    0.0
    """
    return _information({"x": x, "y": y}, given, base, bias_correction, copula, ridge, nan_policy, clip)


def estimate_total_correlation(
    x: Any, *, base: Base = None, bias_correction: bool = True, copula: bool = False, ridge: float = 0.0,
    nan_policy: str = "raise", clip: bool = False,
) -> Any:  # fmt: skip
    """Total correlation Σ H(X_i) - H(X) of jointly normal variables, from samples.

    Parameters
    ----------
    x : array of float, shape (..., n_samples, n_features)
        Finite; leading axes are a batch of sets of samples.
    base, bias_correction, copula, ridge, nan_policy, clip
        As in :func:`estimate_mutual_information`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        May be below 0 with ``bias_correction``.

    Raises
    ------
    ValueError, TypeError
        As :func:`estimate_mutual_information`.

    Notes
    -----
    As :func:`estimate_mutual_information`: exact correction, O(n d² + d³).

    References
    ----------
    Watanabe, S. (1960). IBM Journal 4, 66-82; Ince, R. A. A. et al. (2017). Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import gaussian
    >>> x = np.random.default_rng(0).normal(size=(10_000, 3))
    >>> abs(round(gaussian.estimate_total_correlation(x), 2))
    0.0
    """
    return _information({"x": x}, None, base, bias_correction, copula, ridge, nan_policy, clip, each=True)


def estimate_kl_divergence(
    x: Any, y: Any, *, base: Base = None, bias_correction: bool = True, ridge: float = 0.0, nan_policy: str = "raise",
    clip: bool = False,
) -> Any:  # fmt: skip
    """Kullback-Leibler divergence of two normal distributions, from a sample of either.

    Parameters
    ----------
    x, y : array of float, shape (..., n_samples, n_features) or (n_samples,)
        Finite, the samples of x and y independent, their numbers may differ; leading axes are a batch.
    base, ridge, clip
        As in :func:`estimate_mutual_information`.
    bias_correction : bool, default True
        Subtract the bias, exact for independent normal samples (more than n_features of x, than n_features + 2 of y).
    nan_policy : {"raise", "omit"}
        "omit" drops the rows with a NaN, in x and in y.

    Returns
    -------
    float or ndarray of float64, shape (...)
        D(x‖y), may be below 0 with ``bias_correction``.

    Raises
    ------
    ValueError, TypeError
        As :func:`estimate_mutual_information`; unequal numbers of features.

    Notes
    -----
    The plug-in of means and covariances (divisors n - 1 and m - 1) overestimates: E S_y⁻¹ = c Σ_y⁻¹, c = (m - 1) / (m -
    d - 2), the difference of the means has covariance Σ_x/n + Σ_y/m, and the log-determinants have the biases b_n(d),
    b_m(d). Hence ½ (T + M - d + log |S_y|/|S_x| - b_m + b_n) with T = tr(S_y⁻¹ S_x)/c and M = Δᵀ S_y⁻¹ Δ/c - T/n - d/m,
    unbiased. O((n + m) d² + d³).

    References
    ----------
    Muirhead, R. J. (1982). Aspects of Multivariate Statistical Theory, theorems 3.2.12 and 3.2.15.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import gaussian
    >>> x, y = np.random.default_rng(0).normal(size=(2, 10_000))
    >>> round(gaussian.estimate_kl_divergence(x, y + 1), 1)
    0.5
    """
    unit = nats_per_unit(base)
    sides = [Moments.of(joined({name: side}, nan_policy, False)[0], name, ridge) for name, side in (("x", x), ("y", y))]
    p, q = sides
    d = p.covariances.d
    if q.covariances.d != d:
        raise ValueError(f"x and y must have equally many features, got {d} and {q.covariances.d}")
    batch = common_batch(x=(p.covariances.values.shape, 2), y=(q.covariances.values.shape, 2))
    pair = Pair(p.means, p.covariances, q.means, q.covariances, batch)
    if not bias_correction:
        return finish(pair.call("gaussian_kl_divergence")[0], unit, batch)
    p.require_more_samples("x", d + 1, "or bias_correction=False and a ridge")
    q.require_more_samples("y", d + 3, "or bias_correction=False")
    plain = pair.call("gaussian_kl_divergence")[0]
    factor, shift = pair.call("gaussian_whiten")
    trace, mahalanobis = (factor**2).sum(axis=(1, 2)), (shift**2).sum(axis=1)
    c = (q.n - 1) / (q.n - d - 2)
    corrected = trace / c * (1.0 - 1.0 / p.n) + mahalanobis / c - d / q.n
    bias = trace + mahalanobis - corrected + q.log_determinant_bias(d) - p.log_determinant_bias(d)
    nats = plain - 0.5 * bias
    return finish(np.maximum(nats, 0.0) if clip else nats, unit, batch)
