"""Fisher information from scores, and its errors."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_samples, require_finite

F64: TypeAlias = NDArray[np.float64]


class FisherEstimate(NamedTuple):
    """A Fisher information and its errors: floats for one parameter, else shape (d, d)."""

    value: Any
    standard_error: Any  # Monte-Carlo, of the sample; 0 where none was drawn, NaN of a single one
    numerical_error: Any  # of the finite differences; 0 where there are none


def estimate(
    value: F64, standard_error: F64, numerical_error: F64, is_scalar: bool, return_error: bool
) -> float | F64 | FisherEstimate:
    """What a function returns: the value, or all three; floats for a single parameter."""
    if is_scalar:
        numbers = FisherEstimate(float(value[0, 0]), float(standard_error[0, 0]), float(numerical_error[0, 0]))
        return numbers if return_error else float(numbers.value)
    return FisherEstimate(value, standard_error, numerical_error) if return_error else value


def outer_products(scores: F64) -> tuple[F64, F64]:
    """Mean of s sᵀ over the samples and its standard error."""
    n = len(scores)
    exponents = np.frexp(np.abs(scores).max(axis=0))[1]
    scaled = np.ldexp(scores, -exponents)  # a power of two: fourth powers neither overflow nor round differently
    scaled_value, squares = scaled.T @ scaled / n, scaled * scaled
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        variance = np.maximum(squares.T @ squares / n - scaled_value**2, 0.0) / (np.float64(n) - 1.0)
        both = exponents[:, None] + exponents
        value, error = np.ldexp(scaled_value, both), np.ldexp(np.sqrt(variance), both)
    if not np.isfinite(value).all():
        raise ValueError(f"scores of up to {np.abs(scores).max():.3g} are too large: their squares overflow")
    return value, error


def fisher_information(scores: Any, *, return_error: bool = False) -> float | F64 | FisherEstimate:
    """Empirical Fisher information: the mean outer product of score vectors.

    Parameters
    ----------
    scores : array of float, shape (n_samples, d) or (n_samples,)
        ∂ log p(x | θ) / ∂θ of each sample; one axis means one parameter.
    return_error : bool, default False
        Also return the errors.

    Returns
    -------
    float or ndarray of float64, shape (d, d), or FisherEstimate
        Symmetric, positive semidefinite, in units of 1 / θ² whatever the unit of information; a float for scores with
        one axis. With ``return_error`` the named tuple ``(value, standard_error, numerical_error)`` of such values:
        ``standard_error`` is that of the mean over the samples (NaN of one sample), ``numerical_error`` 0.

    Raises
    ------
    ValueError
        No samples; NaN or infinite scores; squares beyond float64.
    TypeError
        ``scores`` does not hold real numbers.

    Notes
    -----
    Estimates E[s sᵀ], without bias where the samples come from p(x | θ) itself. With samples of another distribution (a
    data set, a model not yet fitted) it is what the literature calls the empirical Fisher matrix, which is not the
    Fisher information. Scores are not centred: their expectation is 0. O(n d²), in float64.

    References
    ----------
    Fisher, R. A. (1925). Theory of statistical estimation. Proc. Cambridge Philosophical Society 22, 700-725.
    Kunstner, F., Balles, L. & Hennig, P. (2019). Limitations of the empirical Fisher approximation for natural gradient
    descent. NeurIPS 32.

    Examples
    --------
    A coin with θ = ¼: the scores are 1/θ of heads and -1/(1 - θ) of tails, the information is 1 / (θ (1 - θ)) = 16/3.

    >>> from hartley import fisher
    >>> round(fisher.fisher_information([4.0, -4 / 3, -4 / 3, -4 / 3]), 12)
    5.333333333333
    """
    array = as_samples(scores, "scores")
    require_finite(array, "scores")
    value, error = outer_products(array.astype(np.float64, copy=False))
    return estimate(value, error, np.zeros_like(value), np.ndim(scores) == 1, return_error)
