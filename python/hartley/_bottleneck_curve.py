"""The information bottleneck for many β, and the β where it begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._bottleneck_betas import as_betas
from ._bottleneck_result import BottleneckCurve
from ._bottleneck_solver import (
    NOISE,
    BottleneckProblem,
    Show,
    Solution,
    all_alike,
    as_pairs,
    as_problem,
    best_of,
    climb,
    first_partition,
    softened,
    tell,
    warn_if_open,
)
from ._maximal_correlation import critical_beta_of
from ._progress import Progress, progress_callback
from ._units import Base, nats_per_unit


def information_bottleneck_curve(
    pxy: Any,
    *,
    betas: Any = None,
    n_points: int = 25,
    n_clusters: int | None = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    seed: Any = None,
    base: Base = None,
    normalize: bool = False,
    progress: Progress = False,
) -> BottleneckCurve:
    """The information bottleneck for several β: what relevance can be had at what complexity.

    Parameters
    ----------
    pxy : array of float, shape (n_x, n_y)
        Joint probabilities of X and Y, summing to 1.
    betas : array of float, shape (n_points,), optional
        Prices β > 0, in any order; by default from the critical one to 100 times that, in equal ratios.
    n_points : int, default 25
        How many, at least 1, where ``betas`` is not given.
    n_clusters : int, optional
        Values of T, at least 1; n_x by default.
    tol, max_iter
        As in :func:`information_bottleneck`.
    seed : int or numpy.random.Generator, optional
        Of perturbations and random encoders.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of all information; nats by default.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction of the runs done.

    Returns
    -------
    BottleneckCurve
        A sequence of :class:`BottleneckResult` with arrays ``betas``, ``complexity`` and ``relevance``; drawn by
        :func:`hartley.plot.information_plane`.

    Warns
    -----
    ConvergenceWarning
        Where solutions did not reach ``tol`` in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        ``pxy`` is no joint distribution of two variables; ``betas`` that are not finite and > 0, or none; numbers that
        are no whole numbers or out of range.

    Notes
    -----
    Two runs for each β, each begun at its neighbour's solution: with β rising from the annealed solution of the least,
    and falling from the finest partition; the better is kept. Two passes of O(n_points) runs.

    References
    ----------
    Tishby, N., Pereira, F. C. & Bialek, W. (1999). The information bottleneck method. Proc. 37th Allerton Conf.

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> pxy = [[0.4, 0.1], [0.1, 0.4]]
    >>> curve = rate_distortion.information_bottleneck_curve(pxy, betas=[2.0, 4.0, 100.0], seed=0, base="bits")
    >>> curve.relevance.round(3), curve.complexity.round(3)
    (array([0.   , 0.218, 0.278]), array([0.   , 0.698, 1.   ]))
    """
    problem = as_problem(pxy, normalize, n_clusters, tol, max_iter)
    prices = as_betas(betas, n_points, lambda: critical_beta_of(problem.joint))
    nats_per_unit(base)
    show = progress_callback(progress, "information_bottleneck_curve")
    rng = np.random.default_rng(seed)
    ascending = np.sort(prices)
    best = _both_ways(problem, [float(beta) for beta in ascending], rng, show)
    tell(show, 1, 1)
    warn_if_open(best, problem, "information_bottleneck_curve")
    places = np.searchsorted(ascending, prices)
    results = tuple(problem.result(best[i], float(ascending[i]), base) for i in places)
    return BottleneckCurve(results, problem.information / nats_per_unit(base), base)


def _both_ways(problem: BottleneckProblem, betas: list[float], rng: np.random.Generator, show: Show) -> list[Solution]:
    """The better of two passes over ascending β, one up and one down; or the trivial solution."""
    encoder, critical = all_alike(problem), critical_beta_of(problem.joint)
    found: list[list[Solution]] = [[problem.trivial()] for _ in betas]
    order = [*enumerate(betas), *reversed([*enumerate(betas)])]
    for step, (i, beta) in enumerate(order):
        if step < len(betas):
            encoder = climb(problem, encoder, max(critical, betas[i - 1]) if i > 0 else critical, beta, rng)
        elif step == len(betas):
            encoder = softened(first_partition(problem, rng), problem.n_clusters, NOISE)
        if beta > 1.0:
            solution = problem.run(encoder, beta)
            encoder = solution.encoder
            found[i].append(solution)
        tell(show, step + 1, len(order) + 1)
    return [best_of(solutions, beta) for solutions, beta in zip(found, betas, strict=True)]


def bottleneck_critical_beta(pxy: Any, *, normalize: bool = False) -> float:
    """The β up to which T that tells nothing is a local minimum of I(T;X) - β I(T;Y), and above which it is none.

    Parameters
    ----------
    pxy : array of float, shape (n_x, n_y)
        Joint probabilities of X and Y, summing to 1.
    normalize : bool, default False
        Divide the array by its sum instead of asking for 1.

    Returns
    -------
    float
        1 / ρ², at least 1, with ρ the maximal correlation of X and Y; inf where they are independent.

    Raises
    ------
    ValueError, TypeError
        ``pxy`` is no joint distribution of two variables.

    Notes
    -----
    ρ is the second singular value of p(x, y) / √(p(x) p(y)). Above 1 / ρ² the bottleneck tells something. Below, a
    solution far from the trivial one may still be better: the β from which on one is lies between 1 and this, and is
    1 / sup KL(q_Y ‖ p_Y) / KL(q_X ‖ p_X) over all q_X (Anantharam et al. 2013); for symmetric binary variables and for
    Gaussian ones both are equal. O(n_x n_y min(n_x, n_y)) up to alphabets of 512, O(n_x n_y) a step of Lanczos' method
    beyond.

    References
    ----------
    Wu, T., Fischer, I., Chuang, I. L. & Tegmark, M. (2019). Learnability for the information bottleneck. Entropy 21.
    Anantharam, V., Gohari, A., Kamath, S. & Nair, C. (2013). On maximal correlation, hypercontractivity, and the data
    processing inequality studied by Erkip and Cover. arXiv:1304.6133.

    Examples
    --------
    >>> from hartley import rate_distortion
    >>> round(rate_distortion.bottleneck_critical_beta([[0.4, 0.1], [0.1, 0.4]]), 9)
    2.777777778
    """
    return critical_beta_of(as_pairs(pxy, normalize))
