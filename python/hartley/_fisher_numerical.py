"""Fisher information by numerical derivatives: of a log-density, and as the curvature of a divergence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real, read_only, require_finite, to_numpy
from ._differences import first_derivatives, first_step, root_mean_square, second_derivatives
from ._fisher_information import FisherEstimate, estimate, outer_products
from ._ranges import POSITIVE, as_numbers

F64: TypeAlias = NDArray[np.float64]


def _as_theta(theta: Any) -> tuple[F64, bool]:
    array = as_real(theta, "theta")
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"theta must be a number or have shape (d,), got shape {array.shape}")
    require_finite(array, "theta")
    return array.astype(np.float64).reshape(-1), array.ndim == 0


class _Parameters:
    """theta as a function of the user gets it: a float, or an array that it may do with as it likes."""

    def __init__(self, theta: Any) -> None:
        self.values, self.is_scalar = _as_theta(theta)

    def __call__(self, theta: F64) -> Any:
        return float(theta[0]) if self.is_scalar else theta.copy()


def _steps(step: Any, theta: F64, search: Callable[[int], float]) -> list[float]:
    """First steps, powers of two: searched for, or the largest that are at most those given."""
    if step is None:
        return [search(i) for i in range(len(theta))]
    given = as_numbers(step, "step", POSITIVE)
    if given.ndim and given.shape != theta.shape:
        raise ValueError(f"step must be a number or one for each of the {len(theta)} parameters, got {given.shape}")
    return [2.0 ** np.floor(np.log2(s)) for s in np.broadcast_to(given, theta.shape).tolist()]


def _require_derivatives(errors: F64, name: str) -> None:
    if not np.isfinite(errors).all():
        i = int(np.argmax(~np.isfinite(errors).reshape(len(errors), -1).all(axis=1)))
        raise ValueError(f"{name} must be finite around theta[{i}] at steps of all sizes: pass a smaller step")


def fisher_information_from_log_prob(
    log_prob: Callable[..., Any],
    theta: Any,
    samples: Any,
    *,
    method: str = "score",
    step: Any = None,
    return_error: bool = False,
) -> float | F64 | FisherEstimate:
    """Fisher information at θ from a log-density and samples of it, by numerical derivatives.

    Parameters
    ----------
    log_prob : callable
        ``log_prob(theta, samples)`` gives log p(x | θ) of every sample in nats, shape (n_samples,). It gets a float
        where ``theta`` is a number, else an array (d,); it may return NaN or infinity beyond the parameters' range.
    theta : float or array of float, shape (d,)
        The parameters, inside their range.
    samples : array, shape (n_samples, ...)
        Drawn from p(x | θ); passed on as they are, read-only.
    method : {"score", "hessian"}, default "score"
        ``"score"`` is E[∂ log p / ∂θ_i · ∂ log p / ∂θ_j], ``"hessian"`` is -E[∂² log p / ∂θ_i ∂θ_j].
    step : float or array of float, shape (d,), optional
        First step of the differences, rounded down to a power of two; by default found by the change of the
        log-density.
    return_error : bool, default False
        Also return the errors.

    Returns
    -------
    float or ndarray of float64, shape (d, d), or FisherEstimate
        In units of 1 / θ²; a float where ``theta`` is a number. With ``return_error`` the named tuple
        ``(value, standard_error, numerical_error)``: the standard error of the mean over the samples (NaN of one
        sample), and a bound, as estimated, of what the differences are off.

    Raises
    ------
    ValueError
        A log-density that is not finite at ``theta`` or has another shape; a ``theta`` at the edge of its range; an
        unknown ``method``.
    TypeError
        ``theta`` or the log-densities are no real numbers.

    Notes
    -----
    Central differences with the steps h, h/2, ..., h/64, extrapolated to 0; the entry of Romberg's table with the least
    estimated error is taken. h changes the log-density by about ¼ (root mean square over the samples), the natural unit
    of the problem, and is narrowed until the density is finite on both sides. The two methods agree for regular
    families; ``"score"`` is positive semidefinite, ``"hessian"`` often has the smaller standard error (0 for the mean
    of a normal). Cost: about 20 d (score) or 14 d + 28 d (d - 1) / 2 (hessian) evaluations of ``log_prob``, memory
    O(n d) or O(n d²).

    References
    ----------
    Fisher, R. A. (1925). Theory of statistical estimation. Proc. Cambridge Philosophical Society 22, 700-725.
    Ridders, C. J. F. (1982). Accurate computation of F'(x) and F'(x)F''(x). Advances in Engineering Software 4, 75-76.

    Examples
    --------
    A Poisson rate of 2: the information is 1/2.

    >>> import numpy as np
    >>> from hartley import fisher
    >>> x = np.random.default_rng(0).poisson(2.0, size=10_000)
    >>> log_prob = lambda rate, x: x * np.log(rate) - rate  # what does not depend on the rate may be left out
    >>> found = fisher.fisher_information_from_log_prob(log_prob, 2.0, x, return_error=True)
    >>> abs(found.value - 0.5) < 3 * found.standard_error < 0.05
    True
    """
    if method not in ("score", "hessian"):
        raise ValueError(f'method must be "score" or "hessian", got {method!r}')
    parameters, x = _Parameters(theta), read_only(samples, "samples")
    if len(x) == 0:
        raise ValueError("samples has no samples")

    def f(values: F64) -> F64:
        found = to_numpy(log_prob(parameters(values), x), "log_prob(theta, samples)")
        if found.shape != (len(x),):
            raise ValueError(f"log_prob(theta, samples) must have shape ({len(x)},), got {found.shape}")
        return as_real(found, "log_prob(theta, samples)").astype(np.float64, copy=False)

    at, n = parameters.values, len(x)
    with np.errstate(all="ignore"):  # steps may leave the range of the parameters
        require_finite(f(at), "log_prob(theta, samples)")
        steps = _steps(step, at, lambda i: first_step(f, at, i, root_mean_square, "log_prob"))
        if method == "score":
            scores, of_scores = first_derivatives(f, at, steps)
            _require_derivatives(of_scores, "log_prob")
            value, error = outer_products(scores)
            # |s s' - t t'| <= |s| |s' - t'| + |s - t| |s'| + |s - t| |s' - t'|, then Cauchy-Schwarz over the samples
            size = np.sqrt(np.diagonal(value))
            numerical = np.outer(size, of_scores) + np.outer(of_scores, size) + np.outer(of_scores, of_scores)
        else:
            hessians, numerical = second_derivatives(f, at, steps)
            _require_derivatives(numerical, "log_prob")
            value = -hessians.mean(axis=0)
            error = np.sqrt(((hessians + value) ** 2).mean(axis=0) / (np.float64(n) - 1.0))
    return estimate(value, error, numerical, parameters.is_scalar, return_error)


def kl_hessian(
    kl: Callable[[Any, Any], float], theta: Any, *, step: Any = None, return_error: bool = False
) -> float | F64 | FisherEstimate:
    """Hessian of δ → KL(θ‖θ + δ) at δ = 0, which is the Fisher information at θ.

    Parameters
    ----------
    kl : callable
        ``kl(theta, moved)`` gives KL(p_theta‖p_moved) in nats, a number. It gets floats where ``theta`` is a number,
        else arrays (d,); it may return NaN or infinity beyond the parameters' range.
    theta : float or array of float, shape (d,)
        The parameters, inside their range.
    step : float or array of float, shape (d,), optional
        First step of the differences, rounded down to a power of two; by default found by the divergence.
    return_error : bool, default False
        Also return the error.

    Returns
    -------
    float or ndarray of float64, shape (d, d), or FisherEstimate
        In units of 1 / θ²; a float where ``theta`` is a number. With ``return_error`` the named tuple
        ``(value, standard_error, numerical_error)``, whose ``standard_error`` is 0: nothing is drawn.

    Raises
    ------
    ValueError
        A divergence of ``theta`` from itself that is not 0 up to rounding; a ``theta`` at the edge of its range.
    TypeError
        ``theta`` or the divergences are no real numbers.

    Notes
    -----
    KL(θ‖θ + δ) = ½ δᵀ I(θ) δ + O(δ³). Differences as in :func:`fisher_information_from_log_prob`; the first step is
    where the divergence is about 1/32. About 11 digits: second differences divide the rounding error of ``kl`` by the
    square of the step, and the error estimate says so. 14 d + 28 d (d - 1) / 2 evaluations of ``kl`` after the
    search for the step.

    References
    ----------
    Kullback, S. & Leibler, R. A. (1951). On information and sufficiency. Annals of Mathematical Statistics 22,
    79-86.

    Examples
    --------
    A normal of mean 0 and standard deviation 2: diag(1/σ², 2/σ²).

    >>> import numpy as np
    >>> from hartley import fisher
    >>> def kl(p, q):
    ...     return np.log(q[1] / p[1]) + (p[1] ** 2 + (p[0] - q[0]) ** 2) / (2 * q[1] ** 2) - 0.5
    >>> (fisher.kl_hessian(kl, [0.0, 2.0]).round(8) + 0.0).tolist()
    [[0.25, 0.0], [0.0, 0.5]]
    """
    parameters = _Parameters(theta)
    at = parameters.values

    def f(values: F64) -> F64:
        found = kl(parameters(at), parameters(values))
        return np.array([as_number(found, "kl(theta, moved)")])

    with np.errstate(all="ignore"):
        itself = float(f(at)[0])
        if not abs(itself) <= 1e-6:
            raise ValueError(f"kl(theta, theta) must be 0, got {itself:.9g}")
        steps = _steps(step, at, lambda i: first_step(f, at, i, _root_of_twice, "kl"))
        hessian, numerical = second_derivatives(f, at, steps)
    _require_derivatives(numerical, "kl")
    value = hessian[0]
    return estimate(value, np.zeros_like(value), numerical, parameters.is_scalar, return_error)


def _root_of_twice(divergence: F64) -> float:
    """√(2 KL), which grows as the step does."""
    return float(np.sqrt(2.0 * np.abs(divergence[0])))
