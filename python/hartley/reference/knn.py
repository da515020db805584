"""Nearest-neighbour estimates by brute force, O(n²), in nats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def digamma_of_integers(n: int) -> Array:
    """ψ(0), ψ(1), …, ψ(n) with ψ(m) = -γ + Σ 1/j over j < m; ψ(0) is set to NaN."""
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, max(n, 1)))])
    return np.concatenate([[np.nan], harmonic - np.euler_gamma])


def distances(x: Array, metric: str = "chebyshev", box: Array | None = None, y: Array | None = None) -> Array:
    """All distances between the rows of x (and those of y), in the dtype of x; coordinates repeat beyond their box."""
    difference = np.abs(x[:, None, :] - (x if y is None else y)[None, :, :])
    if box is not None:
        wrapped = np.mod(difference, np.where(box > 0, box, np.inf))
        difference = np.minimum(wrapped, np.where(box > 0, box, np.inf) - wrapped)
    norm: Array = difference.max(axis=-1) if metric == "chebyshev" else np.sqrt((difference**2).sum(axis=-1))
    return norm


def kth_distance(x: Array, k: int, metric: str = "chebyshev") -> Array:
    """Distance from each row to its k-th nearest other row."""
    others = distances(x, metric)
    np.fill_diagonal(others, np.inf)
    return np.sort(others, axis=1)[:, k - 1]


def log_ball_volume(d: int, metric: str) -> float:
    """log of the volume of the unit ball."""
    if metric == "chebyshev":
        return d * math.log(2.0)
    return d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)


def entropy_terms(x: Array, k: int, metric: str = "chebyshev") -> Array:
    """ψ(n) - ψ(k) + log c_d + d log ε_i."""
    n, d = x.shape
    psi = digamma_of_integers(n)
    epsilon = kth_distance(x, k, metric).astype(np.float64)
    with np.errstate(divide="ignore"):
        terms: Array = psi[n] - psi[k] + log_ball_volume(d, metric) + d * np.log(epsilon)
    return terms


def mutual_information_terms(x: Array, y: Array, k: int) -> Array:
    """ψ(k) + ψ(n) - ψ(n_x + 1) - ψ(n_y + 1), n_x and n_y counted strictly inside ε_i; closed balls as in ksg_terms."""
    return ksg_terms([distances(x), distances(y)], k, other_rows(len(x)))


# Every pair of rows at once: D[s] are the distances within side s of the variables, (n, n); `others` says which rows
# may be neighbours of which.


def other_rows(n: int, theiler: int = 0) -> NDArray[np.bool_]:
    """All rows but the row itself and those up to theiler steps away."""
    row = np.arange(n)
    far: NDArray[np.bool_] = np.abs(row[:, None] - row) > theiler
    return far


def sorted_neighbours(joint: Array, others: NDArray[np.bool_]) -> tuple[Array, NDArray[np.int64]]:
    """Distances to the others and their rows, nearest first."""
    hidden = np.where(others, joint, np.inf)
    order = np.argsort(hidden, axis=1, kind="stable")
    return np.take_along_axis(hidden, order, axis=1), order


def _counted(side: Array, others: NDArray[np.bool_], radius: Array, strict: bool) -> NDArray[np.int64]:
    inside = side < radius[:, None] if strict else side <= radius[:, None]
    counts: NDArray[np.int64] = (inside & others).sum(axis=1)
    return counts


def closed_balls(sorted_distances: Array, k: int) -> NDArray[np.bool_]:
    """Where ε is 0 or the next one is as far; everywhere when that is more than one row in a hundred."""
    epsilon = sorted_distances[:, k - 1]
    following = sorted_distances[:, k] if sorted_distances.shape[1] > k else np.full(len(epsilon), np.inf)
    closed = (epsilon == 0) | (following == epsilon)
    everywhere: NDArray[np.bool_] = closed | (closed.sum() > len(closed) // 100)
    return everywhere


def _closed_terms(joint: Array, sides: list[Array], others: NDArray[np.bool_], epsilon: Array) -> Array:
    """ψ(k~) + (m - 1) ψ(n) - Σ ψ(n_s), all counted at most ε away."""
    psi = digamma_of_integers(len(joint))
    terms: Array = psi[_counted(joint, others, epsilon, False)] + (len(sides) - 1) * psi[others.sum(axis=1) + 1]
    for side in sides:
        terms = terms - psi[_counted(side, others, epsilon, False)]
    return terms


def ksg_terms(sides: list[Array], k: int, others: NDArray[np.bool_]) -> Array:
    """ψ(k) + (m - 1) ψ(n) - Σ ψ(n_s + 1), n_s strictly inside ε."""
    joint, n = np.maximum.reduce(sides), others.sum(axis=1) + 1
    psi = digamma_of_integers(len(joint))
    nearest = sorted_neighbours(joint, others)[0]
    epsilon = nearest[:, k - 1]
    regular = psi[k] + (len(sides) - 1) * psi[n]
    for side in sides:
        regular = regular - psi[_counted(side, others, epsilon, True) + 1]
    return np.where(closed_balls(nearest, k), _closed_terms(joint, sides, others, epsilon), regular)


def ksg2_terms(sides: list[Array], k: int, others: NDArray[np.bool_]) -> Array:
    """ψ(k) - (m - 1)/k + (m - 1) ψ(n) - Σ ψ(n_s), n_s within the extent of the k nearest in side s."""
    joint, n = np.maximum.reduce(sides), others.sum(axis=1) + 1
    psi = digamma_of_integers(len(joint))
    epsilon, rows = sorted_neighbours(joint, others)
    regular = psi[k] - (len(sides) - 1) / k + (len(sides) - 1) * psi[n]
    for side in sides:
        extent = np.take_along_axis(side, rows[:, :k], axis=1).max(axis=1)
        regular = regular - psi[_counted(side, others, extent, False)]
    return np.where(closed_balls(epsilon, k), _closed_terms(joint, sides, others, epsilon[:, k - 1]), regular)


def mixture_terms(sides: list[Array], k: int, others: NDArray[np.bool_]) -> Array:
    """ψ(k~) + log n - Σ log(n_s + 1), n_s at most ε away."""
    joint, n = np.maximum.reduce(sides), others.sum(axis=1) + 1
    psi = digamma_of_integers(len(joint))
    epsilon = sorted_neighbours(joint, others)[0][:, k - 1]
    k_used = np.where(epsilon > 0, k, _counted(joint, others, epsilon, False))
    terms: Array = psi[k_used] + np.log(n)
    for side in sides:
        terms = terms - np.log(_counted(side, others, epsilon, False) + 1)
    return terms


def conditional_terms(x: Array, y: Array, z: Array, k: int, others: NDArray[np.bool_], mixture: bool) -> Array:
    """ψ(k) - ψ(n_xz + 1) - ψ(n_yz + 1) + ψ(n_z + 1) strictly inside ε; with ε included and without + 1 for mixtures."""
    joint = np.maximum(np.maximum(x, y), z)
    psi = digamma_of_integers(len(joint))
    nearest = sorted_neighbours(joint, others)[0]
    epsilon = nearest[:, k - 1]
    closed = epsilon == 0 if mixture else closed_balls(nearest, k)
    sides = (np.maximum(x, z), np.maximum(y, z), z)
    strict = [psi[_counted(side, others, epsilon, True) + 1] for side in sides]
    within = [psi[np.maximum(_counted(side, others, epsilon, False), 1)] for side in sides]
    k_used = np.where(closed, _counted(joint, others, epsilon, False), k)
    regular, mixed = psi[k] - strict[0] - strict[1] + strict[2], psi[k_used] - within[0] - within[1] + within[2]
    return np.where(closed | mixture, mixed, regular)


def dual_total_correlation_terms(sides: list[Array], k: int) -> Array:
    """ψ(n) + (m - 1) ψ(k) - Σ ψ(n_{-i} + 1), strictly inside ε in all sides but i."""
    joint, others = np.maximum.reduce(sides), other_rows(len(sides[0]))
    psi = digamma_of_integers(len(joint))
    epsilon = sorted_neighbours(joint, others)[0][:, k - 1]
    terms: Array = np.full(len(joint), psi[len(joint)] + (len(sides) - 1) * psi[k])
    for i in range(len(sides)):
        rest = np.maximum.reduce(sides[:i] + sides[i + 1 :])
        terms = terms - psi[_counted(rest, others, epsilon, True) + 1]
    return terms


def labelled_terms(x: Array, labels: NDArray[Any], k: int) -> Array:
    """ψ(n) - ψ(n_c) + ψ(k_i) - ψ(m + 1) over the samples that are not alone with their label; ties as Gao et al."""
    kept = np.array([(labels == label).sum() > 1 for label in labels])
    side = distances(x[kept])
    n = kept.sum()
    psi, terms = digamma_of_integers(n), np.empty(n)
    kept_labels, others = labels[kept], other_rows(n)
    for label in np.unique(kept_labels):
        rows = np.flatnonzero(kept_labels == label)
        nearest = np.sort(np.where(others[np.ix_(rows, rows)], side[np.ix_(rows, rows)], np.inf), axis=1)
        k_i = min(k, len(rows) - 1)
        closed = closed_balls(nearest, k_i)
        for i, row in enumerate(rows):
            epsilon = nearest[i, k_i - 1]
            if closed[i]:
                m = ((side[row] <= epsilon) & others[row]).sum()
                terms[row] = psi[n] - psi[len(rows) - 1] + psi[(nearest[i] <= epsilon).sum()] - psi[m]
            else:
                m = ((side[row] < epsilon) & others[row]).sum()
                terms[row] = psi[n] - psi[len(rows)] + psi[k_i] - psi[m + 1]
    return terms


def bias_improved_terms(x: Array, y: Array, k: int) -> Array:
    """ψ(k) + log n + log(c_x c_y / c_xy) - log n_x - log n_y, at most ε away in Euclidean norm."""
    joint, others = np.hstack([x, y]), other_rows(len(x))
    epsilon = sorted_neighbours(distances(joint, "euclidean"), others)[0][:, k - 1]
    volumes = sum(log_ball_volume(v.shape[1], "euclidean") for v in (x, y))
    volumes -= log_ball_volume(joint.shape[1], "euclidean")
    counts = [_counted(distances(v, "euclidean"), others, epsilon, False) for v in (x, y)]
    psi = digamma_of_integers(len(x))
    terms: Array = psi[k] + math.log(len(x)) + volumes - np.log(counts[0]) - np.log(counts[1])
    return terms


def kl_divergence_terms(x: Array, y: Array, k: int, metric: str) -> Array:
    """d log(ν / ρ) + log(m / (n - 1))."""
    rho = kth_distance(x, k, metric)
    nu = np.sort(distances(x, metric, y=y), axis=1)[:, k - 1]
    terms: Array = x.shape[1] * np.log(nu / rho) + math.log(len(y) / (len(x) - 1))
    return terms


def power_integral(x: Array, order: float, k: int, metric: str) -> float:
    """mean ((n - 1) C c_d ε^d)^(1 - order), C^(1 - order) = Γ(k) / Γ(k + 1 - order)."""
    n, d = x.shape
    volume = math.exp(log_ball_volume(d, metric)) * kth_distance(x, k, metric) ** d
    mean = float((((n - 1) * volume) ** (1 - order)).mean())
    return mean * math.gamma(k) / math.gamma(k + 1 - order)
