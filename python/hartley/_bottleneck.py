"""The information bottleneck: compressions of X that tell of Y."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._bottleneck_result import BottleneckResult
from ._bottleneck_solver import (
    as_encoder,
    as_problem,
    best_partition,
    best_run,
    tell,
    warn_if_open,
)
from ._clouds import as_whole, positive
from ._progress import Progress, progress_callback
from ._units import Base, nats_per_unit


def information_bottleneck(
    pxy: Any,
    *,
    beta: float,
    n_clusters: int | None = None,
    n_restarts: int = 4,
    encoder_init: Any = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    seed: Any = None,
    base: Base = None,
    normalize: bool = False,
    progress: Progress = False,
) -> BottleneckResult:
    """Information bottleneck: the encoder p(t|x) that minimises I(T;X) - β I(T;Y).

    Parameters
    ----------
    pxy : array of float, shape (n_x, n_y)
        Joint probabilities of X and Y, summing to 1.
    beta : float
        Price β > 0 of relevance: nats of complexity that a nat of relevance may cost. Up to 1 nothing is worth its
        price; the larger, the more of I(X;Y) is kept.
    n_clusters : int, optional
        Values of T, at least 1; n_x by default, which is always enough. Fewer are faster.
    n_restarts : int, default 4
        Runs from different encoders, of which the best is kept: one annealed, then in turn from good partitions (the
        first the finest, where ``n_clusters`` allows it) and from random encoders.
    encoder_init : array of float, shape (n_x, n_clusters), optional
        Where to begin, rows summing to 1; then there is one run and neither annealing nor restarts.
    tol : float, default 1e-8
        Where to stop: mean over x of the total variation by which p(t|x) moves in one iteration.
    max_iter : int, default 10000
        Iterations at most, in each run.
    seed : int or numpy.random.Generator, optional
        Of perturbations and random encoders.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of all information; nats by default. β has no unit.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction of the runs done.

    Returns
    -------
    BottleneckResult
        Complexity I(T;X), relevance I(T;Y), encoder, decoder and cluster probabilities.

    Warns
    -----
    ConvergenceWarning
        Where the best run did not reach ``tol`` in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        ``pxy`` is no joint distribution of two variables; ``beta`` is not finite and > 0; numbers that are no whole
        numbers or out of range; an ``encoder_init`` of another shape or whose rows are no distributions.

    Notes
    -----
    The self-consistent equations log p(t|x) = log p(t) - β KL(p(y|x) ‖ p(y|t)) - log Z(x) are iterated, which never
    raises the objective. It is not convex: the solution is the best of the runs, not proven to be global. Annealing
    raises β from its critical value (:func:`bottleneck_critical_beta`) in factors of 1.25; a little noise lets clusters
    part where they may. All starts are tried for up to 300 iterations, the best two are run to the end. Near a critical
    β convergence is slow. With the other convention, maximal I(T;Y) - β' I(T;X) as in variational bottlenecks, β = 1 /
    β'. O(n_x n_y n_clusters) an iteration, on threads, and O((n_x + n_y) n_clusters) memory; some hundred iterations
    a run.

    References
    ----------
    Tishby, N., Pereira, F. C. & Bialek, W. (1999). The information bottleneck method. Proc. 37th Allerton Conf., eqs.
    16 and 28.
    Rose, K. (1998). Deterministic annealing for clustering, compression, classification, regression, and related
    optimization problems. Proc. IEEE 86.

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> pxy = [[0.3, 0.0, 0.1], [0.3, 0.0, 0.1], [0.0, 0.1, 0.1]]
    >>> result = rate_distortion.information_bottleneck(pxy, beta=5.0, seed=0, base="bits")
    >>> result.effective_clusters, round(result.complexity, 3), round(result.relevance, 3), round(result.information, 3)
    (2, 0.722, 0.446, 0.446)
    """
    problem = as_problem(pxy, normalize, n_clusters, tol, max_iter)
    price, count, _ = positive(beta, "beta"), _as_restarts(n_restarts), nats_per_unit(base)
    show = progress_callback(progress, "information_bottleneck")
    if encoder_init is not None:
        best = problem.run(as_encoder(encoder_init, problem), price)
    elif price <= 1.0:  # I(T;Y) <= I(T;X): nothing beats T that tells nothing
        best = problem.trivial()
    else:
        best = best_run(problem, price, count, np.random.default_rng(seed), show)
    tell(show, 1, 1)
    warn_if_open([best], problem, "information_bottleneck")
    return problem.result(best, price, base)


def deterministic_information_bottleneck(
    pxy: Any,
    *,
    beta: float,
    n_clusters: int | None = None,
    n_restarts: int = 10,
    max_iter: int = 10_000,
    seed: Any = None,
    base: Base = None,
    normalize: bool = False,
    progress: Progress = False,
) -> BottleneckResult:
    """Deterministic information bottleneck: the partition t(x) that minimises H(T) - β I(T;Y).

    Parameters
    ----------
    pxy : array of float, shape (n_x, n_y)
        Joint probabilities of X and Y, summing to 1.
    beta : float
        Price β > 0 of relevance: nats of H(T) that a nat of I(T;Y) may cost.
    n_clusters : int, optional
        Clusters at most, at least 1; n_x by default.
    n_restarts : int, default 10
        Runs from different partitions, of which the best is kept: the annealed bottleneck's, the finest, and random
        ones.
    max_iter : int, default 10000
        Iterations and sweeps at most, in each run.
    seed : int or numpy.random.Generator, optional
        Of perturbations and random partitions.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of all information; nats by default. β has no unit.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction of the runs done.

    Returns
    -------
    BottleneckResult
        With an encoder of zeros and ones, the same partition as ``labels``; ``complexity`` is H(T) = I(T;X).

    Warns
    -----
    ConvergenceWarning
        Where the best run did not settle in ``max_iter`` iterations and sweeps.

    Raises
    ------
    ValueError, TypeError
        ``pxy`` is no joint distribution of two variables; ``beta`` is not finite and > 0; numbers that are no whole
        numbers or out of range.

    Notes
    -----
    Every x goes to the t with the largest log p(t) - β KL(p(y|x) ‖ p(y|t)), all at once, until nothing moves; then each
    x in turn goes where the objective becomes least (a stronger condition); and so on until neither helps. The problem
    is a search among partitions: the solution is the best of the runs, not proven to be global. A pass over all x costs
    O(n_x n_y n_clusters), multiply-adds all at once, logarithms in turn.

    References
    ----------
    Strouse, D. J. & Schwab, D. J. (2017). The deterministic information bottleneck. Neural Computation 29, eq. 15.
    Slonim, N., Friedman, N. & Tishby, N. (2002). Unsupervised document classification using sequential information
    maximization. Proc. 25th SIGIR (moves in turn).

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> pxy = [[0.3, 0.0, 0.1], [0.3, 0.0, 0.1], [0.0, 0.1, 0.1]]
    >>> result = rate_distortion.deterministic_information_bottleneck(pxy, beta=5.0, seed=0, base="bits")
    >>> bool(result.labels[0] == result.labels[1] != result.labels[2]), round(result.complexity, 3)
    (True, 0.722)
    """
    problem = as_problem(pxy, normalize, n_clusters, 0.0, max_iter)
    price, count, _ = positive(beta, "beta"), _as_restarts(n_restarts), nats_per_unit(base)
    show = progress_callback(progress, "deterministic_information_bottleneck")
    if price <= 1.0:  # I(T;Y) <= H(T)
        best = problem.trivial()
    else:
        best = best_partition(problem, price, count, np.random.default_rng(seed), show)
    tell(show, 1, 1)
    warn_if_open([best], problem, "deterministic_information_bottleneck")
    return problem.result(best, price, base)


def _as_restarts(n_restarts: Any) -> int:
    count = as_whole(n_restarts, "n_restarts")
    if count < 1:
        raise ValueError(f"n_restarts must be at least 1, got {n_restarts!r}")
    return count
