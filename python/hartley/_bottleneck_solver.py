"""Solving the information bottleneck: where to begin, what to try, which solution to keep."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, require_finite
from ._bottleneck_result import BottleneckResult
from ._clouds import as_whole
from ._joint_tables import F64, as_joint, information_of
from ._maximal_correlation import critical_beta_of
from ._threads import get_num_threads
from ._units import Base, nats_per_unit
from ._warnings import ConvergenceWarning

NOISE = 0.01  # relative size of the perturbation that lets clusters part
_ANNEALING_FACTOR = 1.25  # between one β and the next
_MOST_STEPS = 40  # of annealing
_LOOSE_TOLERANCE, _LOOSE_ITERATIONS = 1e-4, 60  # of the steps on the way
_TRIAL_ITERATIONS = 300  # after which starts are compared
_TRIAL_SWEEPS = 10  # of a partition to begin at
_FINALISTS = 2  # starts that are run to the end

Show: TypeAlias = Callable[[float], None] | None


@dataclass(frozen=True)
class Solution:
    """An encoder with its two informations, in nats."""

    encoder: F64
    of_clusters: F64  # p(t, y), shape (n_clusters, n_y)
    complexity: float
    relevance: float
    n_iter: int
    converged: bool

    def objective(self, beta: float) -> float:
        return self.complexity - beta * self.relevance


@dataclass(frozen=True)
class BottleneckProblem:
    """A joint distribution, of the x that have probability, and when to stop."""

    joint: F64
    there: NDArray[np.bool_]  # which x have probability
    information: float  # I(X;Y) in nats
    n_clusters: int
    tol: float
    max_iter: int

    @property
    def n_x(self) -> int:
        return len(self.joint)

    def run(
        self,
        encoder: F64,
        beta: float,
        *,
        deterministic: bool = False,
        loose: int = 0,
        max_iter: int | None = None,
    ) -> Solution:
        """Iterations from an encoder on; loose: at most so many, to a loose tolerance."""
        tol = max(self.tol, _LOOSE_TOLERANCE) if loose else self.tol
        most = self.max_iter if max_iter is None else max_iter
        most = min(most, loose) if loose else most
        last, of_clusters, _, n_iter, converged = _dispatch.kernels.rate_distortion_bottleneck_iterate(
            self.joint, np.ascontiguousarray(encoder), beta, tol, most, deterministic, get_num_threads()
        )
        clusters = np.ascontiguousarray(of_clusters.T)
        complexity = information_of(last * self.joint.sum(axis=1, keepdims=True), (0,), (1,))
        relevance = information_of(clusters, (0,), (1,))
        return Solution(last, clusters, complexity, min(relevance, complexity, self.information), n_iter, converged)

    def trivial(self) -> Solution:
        """One cluster for all: nothing told, nothing paid."""
        encoder = np.zeros((self.n_x, self.n_clusters))
        encoder[:, 0] = 1.0
        clusters = np.zeros((self.n_clusters, self.joint.shape[1]))
        clusters[0] = self.joint.sum(axis=0)
        return Solution(encoder, clusters, 0.0, 0.0, 0, True)

    def result(self, solution: Solution, beta: float, base: Base) -> BottleneckResult:
        unit = nats_per_unit(base)
        p_t = solution.of_clusters.sum(axis=1)
        alive = p_t > 0
        decoder = np.tile(self.joint.sum(axis=0), (self.n_clusters, 1))
        decoder[alive] = solution.of_clusters[alive] / p_t[alive, None]
        encoder = np.tile(p_t, (len(self.there), 1))
        encoder[self.there] = solution.encoder
        return BottleneckResult(
            beta=beta,
            complexity=solution.complexity / unit,
            relevance=solution.relevance / unit,
            information=self.information / unit,
            objective=solution.objective(beta) / unit,
            encoder=encoder,
            decoder=decoder,
            cluster_probabilities=p_t,
            n_iter=solution.n_iter,
            converged=solution.converged,
            base=base,
        )


def as_pairs(pxy: Any, normalize: bool) -> F64:
    """The joint distribution of two variables, its sum 1 but for rounding."""
    joint = as_joint(pxy, "pxy", normalize)
    if joint.ndim != 2:
        raise ValueError(f"pxy must have 2 axes, got shape {joint.shape}")
    total = float(joint.sum())
    return joint if abs(total - 1.0) < 1e-12 else joint / total


def as_problem(pxy: Any, normalize: bool, n_clusters: Any, tol: Any, max_iter: Any) -> BottleneckProblem:
    joint = as_pairs(pxy, normalize)
    limit, most = as_number(tol, "tol"), as_whole(max_iter, "max_iter")
    if not 0 <= limit < math.inf:
        raise ValueError(f"tol must be at least 0 and finite, got {tol!r}")
    if most < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter!r}")
    count = len(joint) if n_clusters is None else as_whole(n_clusters, "n_clusters")
    if not 1 <= count < 2**31:
        raise ValueError(f"n_clusters must be at least 1 and less than 2^31, got {n_clusters!r}")
    there = joint.sum(axis=1) > 0
    kept = joint if there.all() else joint[there]
    return BottleneckProblem(kept, there, information_of(kept, (0,), (1,)), count, limit, most)


def as_encoder(encoder: Any, problem: BottleneckProblem) -> F64:
    """p(t|x) to begin with, the rows of x that have probability."""
    given = as_real(encoder, "encoder_init").astype(np.float64, copy=False)
    shape = (len(problem.there), problem.n_clusters)
    if given.shape != shape:
        raise ValueError(f"encoder_init must have shape (n_x, n_clusters) = {shape}, got {given.shape}")
    require_finite(given, "encoder_init")
    sums = given.sum(axis=1)
    wrong = (given < 0).any(axis=1) | (np.abs(sums - 1.0) > 1e-6)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"encoder_init must have rows of probabilities, got row {row}, which sums to {sums[row]:.9g}")
    rows: F64 = (given / sums[:, None])[problem.there]
    return rows


def perturbed(encoder: F64, rng: np.random.Generator) -> F64:
    """A little noise, so that clusters which coincide may part."""
    noisy: F64 = encoder * (1.0 + NOISE * rng.random(encoder.shape))
    noisy /= noisy.sum(axis=1, keepdims=True)
    return noisy


def climb(problem: BottleneckProblem, encoder: F64, low: float, beta: float, rng: np.random.Generator) -> F64:
    """From an encoder for β = low to one to begin with at beta, in small factors, with noise at each step."""
    ratio = beta / low  # 0 for low = inf
    n_steps = math.ceil(min(_MOST_STEPS, math.log(ratio) / math.log(_ANNEALING_FACTOR))) if ratio > 1 else 1
    for step in range(1, n_steps):
        encoder = problem.run(perturbed(encoder, rng), low * ratio ** (step / n_steps), loose=_LOOSE_ITERATIONS).encoder
    return perturbed(encoder, rng)


def all_alike(problem: BottleneckProblem) -> F64:
    """The trivial solution with its clusters all in use."""
    return np.full((problem.n_x, problem.n_clusters), 1.0 / problem.n_clusters)


def softened(labels: NDArray[Any], n_clusters: int, softness: float) -> F64:
    """The encoder of a partition, with some of all clusters in every row."""
    encoder: F64 = np.full((len(labels), n_clusters), softness / n_clusters)
    encoder[np.arange(len(labels)), labels] += 1.0 - softness
    return encoder


def first_partition(problem: BottleneckProblem, rng: np.random.Generator) -> NDArray[np.int64]:
    """Each x a cluster of its own where there are enough, else a random partition into equally many."""
    labels = np.arange(problem.n_x) % problem.n_clusters
    return labels if problem.n_clusters >= problem.n_x else rng.permutation(labels)


def exchanged(problem: BottleneckProblem, labels: NDArray[Any], beta: float, max_sweeps: int) -> tuple[Any, int]:
    """A partition that moves of single x have improved, and the sweeps."""
    labels, sweeps = _dispatch.kernels.rate_distortion_bottleneck_exchange(
        problem.joint, labels.astype(np.uint32), problem.n_clusters, beta, max_sweeps, get_num_threads()
    )
    return labels.astype(np.int64), sweeps


def starts(problem: BottleneckProblem, beta: float, n_restarts: int, rng: np.random.Generator) -> Iterator[F64]:
    """Encoders to begin at: annealed, the finest partition, then in turn random ones and good random partitions.

    Where β is large, good partitions lead to better solutions than annealing does; where it is small, they collapse.
    """
    count = problem.n_clusters
    yield climb(problem, all_alike(problem), critical_beta_of(problem.joint), beta, rng)
    for restart in range(1, n_restarts):
        if restart == 1 and count >= problem.n_x:
            yield softened(first_partition(problem, rng), count, NOISE)
        elif restart % 2 == 1:
            labels, _ = exchanged(problem, rng.integers(count, size=problem.n_x), beta, _TRIAL_SWEEPS)
            yield softened(labels, count, NOISE)
        else:
            yield softened(rng.integers(count, size=problem.n_x), count, 0.5)


def best_of(solutions: list[Solution], beta: float) -> Solution:
    """The one of the least objective, the first where several are alike."""
    return min(solutions, key=lambda solution: solution.objective(beta))


def best_run(
    problem: BottleneckProblem, beta: float, n_restarts: int, rng: np.random.Generator, show: Show
) -> Solution:
    """All starts are tried, the most promising run to the end; or the trivial solution where it is better."""
    trials = []
    for start in starts(problem, beta, n_restarts, rng):
        trials.append(problem.run(start, beta, loose=_TRIAL_ITERATIONS))
        tell(show, len(trials), n_restarts + 1)
    trials.sort(key=lambda trial: trial.objective(beta))
    runs = [(trial, problem.run(trial.encoder, beta)) for trial in trials[:_FINALISTS]]
    finals = [replace(run, n_iter=trial.n_iter + run.n_iter) for trial, run in runs]
    return best_of([problem.trivial(), *finals], beta)


def best_partition(
    problem: BottleneckProblem, beta: float, n_restarts: int, rng: np.random.Generator, show: Show
) -> Solution:
    """The best of the partitions that the starts lead to, or the trivial one."""
    found = [problem.trivial()]
    for start in starts(problem, beta, n_restarts, rng):
        is_annealed = len(found) == 1  # it has to settle before it is cut into a partition
        encoder = problem.run(start, beta, loose=_TRIAL_ITERATIONS).encoder if is_annealed else start
        found.append(deterministic_run(problem, encoder, beta))
        tell(show, len(found) - 1, n_restarts + 1)
    return best_of(found, beta)


def deterministic_run(problem: BottleneckProblem, encoder: F64, beta: float) -> Solution:
    """From an encoder to a partition that neither the iteration nor any move of a single x improves."""
    labels, n_iter, settled = encoder.argmax(axis=1), 0, False
    while True:
        solution = problem.run(softened(labels, problem.n_clusters, 0.0), beta, deterministic=True)
        labels = solution.encoder.argmax(axis=1)
        n_iter += solution.n_iter
        if settled or n_iter >= problem.max_iter:
            return replace(solution, n_iter=n_iter, converged=solution.converged and settled)
        moved, sweeps = exchanged(problem, labels, beta, problem.max_iter - n_iter)
        n_iter += sweeps
        settled = bool((moved == labels).all())
        labels = moved


def tell(show: Show, done: int, total: int) -> None:
    if show is not None:
        show(done / total)


def warn_if_open(solutions: list[Solution], problem: BottleneckProblem, name: str) -> None:
    """One ConvergenceWarning for all, on behalf of the caller's caller."""
    n_open = sum(not solution.converged for solution in solutions)
    if n_open:
        which = f" for {n_open} of {len(solutions)} values of beta" if len(solutions) > 1 else ""
        warnings.warn(
            f"{name} stopped after max_iter = {problem.max_iter} iterations before it reached tol = "
            f"{problem.tol:.3g}{which}: raise max_iter or tol",
            ConvergenceWarning,
            stacklevel=3,
        )
