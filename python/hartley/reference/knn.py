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
    """ψ(k) + ψ(n) - ψ(n_x + 1) - ψ(n_y + 1), n_x and n_y counted strictly inside ε_i.

    Where ε_i = 0: ψ(k~) + log n - log(m_x + 1) - log(m_y + 1), all counted at distance 0.
    """
    n = len(x)
    psi = digamma_of_integers(n)
    in_x, in_y = distances(x), distances(y)
    epsilon = kth_distance(np.hstack([x, y]), k)[:, None]

    def others(inside: NDArray[np.bool_]) -> Any:
        return inside.sum(axis=1) - 1

    regular = (epsilon > 0).ravel()
    n_x, n_y = (np.where(regular, others(distance < epsilon), 0) for distance in (in_x, in_y))
    k_tied, m_x, m_y = others(np.maximum(in_x, in_y) == 0), others(in_x == 0), others(in_y == 0)
    untied = psi[k] + psi[n] - psi[n_x + 1] - psi[n_y + 1]
    tied: Array = psi[np.maximum(k_tied, 1)] + np.log(n) - np.log(m_x + 1) - np.log(m_y + 1)
    return np.where(regular, untied, tied)


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


def _tied(joint: Array, sides: list[Array], others: NDArray[np.bool_], n: Array, psi: Array) -> Array:
    """ψ(k~) + (m - 1) log n - Σ log(n_s + 1), all counted at distance 0."""
    zero = np.zeros(len(joint))
    terms: Array = psi[np.maximum(_counted(joint, others, zero, False), 1)] + (len(sides) - 1) * np.log(n)
    for side in sides:
        terms = terms - np.log(_counted(side, others, zero, False) + 1)
    return terms


def ksg_terms(sides: list[Array], k: int, others: NDArray[np.bool_]) -> Array:
    """ψ(k) + (m - 1) ψ(n) - Σ ψ(n_s + 1), n_s strictly inside ε."""
    joint, n = np.maximum.reduce(sides), others.sum(axis=1) + 1
    psi = digamma_of_integers(len(joint))
    epsilon = sorted_neighbours(joint, others)[0][:, k - 1]
    regular = psi[k] + (len(sides) - 1) * psi[n]
    for side in sides:
        regular = regular - psi[_counted(side, others, epsilon, True) + 1]
    return np.where(epsilon > 0, regular, _tied(joint, sides, others, n, psi))


def ksg2_terms(sides: list[Array], k: int, others: NDArray[np.bool_]) -> Array:
    """ψ(k) - (m - 1)/k + (m - 1) ψ(n) - Σ ψ(n_s), n_s within the extent of the k nearest in side s."""
    joint, n = np.maximum.reduce(sides), others.sum(axis=1) + 1
    psi = digamma_of_integers(len(joint))
    epsilon, rows = sorted_neighbours(joint, others)
    regular = psi[k] - (len(sides) - 1) / k + (len(sides) - 1) * psi[n]
    for side in sides:
        extent = np.take_along_axis(side, rows[:, :k], axis=1).max(axis=1)
        regular = regular - psi[_counted(side, others, extent, False)]
    return np.where(epsilon[:, k - 1] > 0, regular, _tied(joint, sides, others, n, psi))


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
    epsilon = sorted_neighbours(joint, others)[0][:, k - 1]
    sides = (np.maximum(x, z), np.maximum(y, z), z)
    strict = [psi[_counted(side, others, epsilon, True) + 1] for side in sides]
    within = [psi[np.maximum(_counted(side, others, epsilon, False), 1)] for side in sides]
    k_used = np.where(epsilon > 0, k, _counted(joint, others, epsilon, False))
    regular, mixed = psi[k] - strict[0] - strict[1] + strict[2], psi[k_used] - within[0] - within[1] + within[2]
    return np.where((epsilon > 0) & (not mixture), regular, mixed)


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
    side, same = distances(x[kept]), labels[kept][:, None] == labels[kept]
    n = kept.sum()
    psi, others, terms = digamma_of_integers(n), other_rows(n), np.empty(n)
    for i in range(n):
        mates = np.sort(side[i, same[i] & others[i]])
        k_i = min(k, len(mates))
        epsilon = mates[k_i - 1]
        if epsilon > 0:
            m = ((side[i] < epsilon) & others[i]).sum()
            terms[i] = psi[n] - psi[len(mates) + 1] + psi[k_i] - psi[m + 1]
        else:
            m = ((side[i] == 0) & others[i]).sum()
            terms[i] = psi[(mates == 0).sum()] + math.log(n) - math.log(m + 1) - math.log(len(mates) + 1)
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
