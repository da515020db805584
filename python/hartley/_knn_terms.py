"""The terms of the nearest-neighbour estimates of information: one number a sample, whose mean is the estimate.

Every function takes complete float arrays (n, d) and returns (terms for each k, samples whose k-th distance is 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray
from ._neighbourhoods import F64, U32, Search, closed_radii, digamma_of
from ._threads import get_num_threads

Box: TypeAlias = "F64 | None"
Found: TypeAlias = tuple[list[F64], list[int]]


def join(*sides: RealArray) -> RealArray:
    """Columns of all sides."""
    return np.ascontiguousarray(np.hstack(sides))


def join_boxes(sides: Sequence[RealArray], boxes: Sequence[Box]) -> Box:
    """Box lengths of all sides' columns."""
    if all(box is None for box in boxes):
        return None
    return np.concatenate([np.zeros(x.shape[1]) if b is None else b for x, b in zip(sides, boxes, strict=True)])


def shared_terms(
    sides: Sequence[RealArray], boxes: Sequence[Box], ks: Sequence[int], search: Search, progress: Any = None
) -> tuple[list[F64], list[int], list[float]]:
    """KSG 1 for m variables: ψ(k) + (m - 1) ψ(n) - Σ ψ(n_s + 1), n_s others strictly nearer than ε_i in side s.

    Kraskov et al. (2004), eq. 8 and its generalisation, eq. 23. Where the ball is closed (Search.radii): ψ(k~) +
    (m - 1) ψ(n) - Σ ψ(n_s) with the others at most ε_i away, in all sides and in each. The third result is the mean of
    the least ψ(n_s + 1), less ψ(k): near 0 where what is near in one side is near in all.
    """
    box, m = join_boxes(sides, boxes), len(sides)
    if m == 2 and len(ks) == 1 and search.is_plain(box):  # in one kernel: 1.3x (bench_knn, K8)
        x, y = sides
        _, found, n_ties, closeness = _dispatch.kernels.knn_mutual_information(x, y, ks[0], progress, get_num_threads())
        return [found], [n_ties], [closeness]
    joint = join(*sides)
    n = search.n_eligible(len(joint))
    terms, ties, excess = [], [], []
    for k, (radius, closed) in zip(ks, search.radii(joint, ks, box, progress), strict=True):
        reach = np.where(closed, np.nextafter(radius, np.asarray(np.inf, radius.dtype)), radius)
        counts = [search.count(x, reach, b) for x, b in zip(sides, boxes, strict=True)]
        k_used = np.full(len(joint), k, dtype=np.uint32)
        if closed.any():
            k_used = np.where(closed, search.count(joint, reach, box), k_used)
        psi = [digamma_of(count + np.where(closed, 0, 1)) for count in counts]
        regular: F64 = digamma_of(k_used) + (m - 1) * digamma_of(n)
        for one in psi:  # one after the other, as the kernel does
            regular = regular - one
        excess.append(float(np.minimum.reduce(psi).mean() - digamma_of(k)[0]))
        ties.append(search.n_told(radius, closed))
        terms.append(regular)
    return terms, ties, excess


def rectangle_terms(
    sides: Sequence[RealArray], boxes: Sequence[Box], ks: Sequence[int], search: Search, progress: Any = None
) -> Found:
    """KSG 2 for m variables: ψ(k) - (m - 1)/k + (m - 1) ψ(n) - Σ ψ(n_s), n_s others at most ε_s away in side s.

    Kraskov et al. (2004), eqs. 9 and 30: ε_s is the extent in side s of the k nearest in the joint space, a radius of
    its own for every side. Closed balls as in shared_terms.
    """
    joint, box, m = join(*sides), join_boxes(sides, boxes), len(sides)
    n = search.n_eligible(len(joint))
    distances, rows = search.nearest_and_next(joint, max(ks), box, progress)
    terms, ties = [], []
    for k, (radius, closed) in zip(ks, closed_radii(distances, ks), strict=True):
        regular = digamma_of(k) - (m - 1) / k + (m - 1) * digamma_of(n)
        for x, b in zip(sides, boxes, strict=True):
            regular = regular - digamma_of(search.count(x, _extent(x, rows[:, :k], b), b, strict=False))
        ties.append(search.n_told(radius, closed))
        if closed.any():  # which of equally far samples span the rectangle is chance
            tied = digamma_of(search.count(joint, radius, box, strict=False)) + (m - 1) * digamma_of(n)
            for x, b in zip(sides, boxes, strict=True):
                tied = tied - digamma_of(search.count(x, radius, b, strict=False))
            regular = np.where(closed, tied, regular)
        terms.append(regular)
    return terms, ties


def _extent(x: RealArray, rows: U32, box: Box) -> RealArray:
    """Largest distance in x from each sample to those of its rows."""
    extent = np.zeros(len(x), dtype=x.dtype)
    for neighbours in rows.T:
        for c, column in enumerate(x.T):
            apart = np.abs(column[neighbours] - column)
            if box is not None and box[c] > 0:  # coordinates lie inside of it
                apart = np.minimum(apart, box[c] - apart)
            np.maximum(extent, apart, out=extent)
    return extent


def bias_improved_terms(
    sides: Sequence[RealArray], boxes: Sequence[Box], ks: Sequence[int], search: Search, progress: Any = None
) -> Found:
    """ψ(k) + log n + log(c_x c_y / c_xy) - log n_x - log n_y in the Euclidean norm, others at most ε_i away.

    Gao, Oh & Viswanath (2018), eq. 24; c are the volumes of unit balls. Where ε_i = 0: ψ(k~) + log n - Σ log(n_s + 1).
    """
    euclidean = Search("euclidean", search.method, search.theiler)
    joint, box = join(*sides), join_boxes(sides, boxes)
    n = euclidean.n_eligible(len(joint))
    volumes = sum(log_ball_volume(x.shape[1]) for x in sides) - log_ball_volume(joint.shape[1])
    terms, ties = [], []
    for k, radius in zip(ks, euclidean.distances(joint, ks, box, progress), strict=True):
        counts = [euclidean.count(s, radius, b, strict=False) for s, b in zip(sides, boxes, strict=True)]
        regular = digamma_of(k) + np.log(n) + volumes - np.sum([np.log(np.maximum(c, 1)) for c in counts], axis=0)
        ties.append(int(np.count_nonzero(radius == 0)))
        if ties[-1]:
            equal = euclidean.count(joint, np.zeros_like(radius), box, strict=False)
            tied = digamma_of(np.maximum(equal, 1)) + np.log(n) - np.sum([np.log(c + 1.0) for c in counts], axis=0)
            regular = np.where(radius > 0, regular, tied)
        terms.append(regular)
    return terms, ties


def log_ball_volume(d: int, metric: str = "euclidean") -> float:
    """Log of the volume of the unit ball."""
    from math import lgamma, log, pi

    return d * log(2.0) if metric == "chebyshev" else 0.5 * d * log(pi) - lgamma(0.5 * d + 1.0)


def mixture_terms(
    sides: Sequence[RealArray], boxes: Sequence[Box], ks: Sequence[int], search: Search, progress: Any = None
) -> Found:
    """ψ(k~) + log n - log(n_x + 1) - log(n_y + 1), n_x others at most ε_i away; k~ the equal samples where ε_i = 0.

    Gao, Kannan, Oh & Viswanath (2017), algorithm 1.
    """
    joint, box = join(*sides), join_boxes(sides, boxes)
    n = search.n_eligible(len(joint))
    terms, ties = [], []
    for k, radius in zip(ks, search.distances(joint, ks, box, progress), strict=True):
        n_x, n_y = (search.count(s, radius, b, strict=False) for s, b in zip(sides, boxes, strict=True))
        terms.append(
            _closed_k(joint, box, radius, radius == 0, k, search) + np.log(n) - np.log(n_x + 1.0) - np.log(n_y + 1.0)
        )
        ties.append(int(np.count_nonzero(radius == 0)))
    return terms, ties


def _closed_k(joint: RealArray, box: Box, radius: Any, closed: NDArray[np.bool_], k: int, search: Search) -> F64:
    """ψ of the number of neighbours: k, or all samples at most so far where the ball is closed."""
    if not closed.any():
        return digamma_of(k)
    within = search.count(joint, radius, box, strict=False)
    return digamma_of(np.where(closed, within, k).astype(np.uint32))


def conditional_terms(
    x: RealArray, y: RealArray, z: RealArray, ks: Sequence[int], search: Search, mixture: bool, progress: Any = None
) -> Found:
    """ψ(k) - ψ(n_xz + 1) - ψ(n_yz + 1) + ψ(n_z + 1), others strictly nearer (Frenzel & Pompe 2007, eq. 9).

    With mixture, and where the ball is closed: ψ(k~) - ψ(n_xz) - ψ(n_yz) + ψ(n_z), others at most ε_i away (Mesner &
    Shalizi 2021, algorithm 1).
    """
    joint, sides = join(x, y, z), (join(x, z), join(y, z), z)
    terms, ties = [], []
    for k, (radius, closed) in zip(ks, search.radii(joint, ks, progress=progress), strict=True):
        closed = radius == 0 if mixture else closed
        ties.append(search.n_told(radius, closed))
        found = np.zeros(len(x))
        if not mixture:
            xz, yz, only_z = (digamma_of(search.count(side, radius) + 1) for side in sides)
            found = digamma_of(k) - xz - yz + only_z
        if mixture or closed.any():
            xz, yz, only_z = (digamma_of(np.maximum(search.count(side, radius, strict=False), 1)) for side in sides)
            within = _closed_k(joint, None, radius, closed, k, search) - xz - yz + only_z
            found = within if mixture else np.where(closed, within, found)
        terms.append(found)
    return terms, ties


def labelled_terms(x: RealArray, labels: NDArray[Any], box: Box, ks: Sequence[int], search: Search) -> Found:
    """ψ(n) - ψ(n_c) + ψ(k_i) - ψ(m + 1), m others strictly nearer than the k_i-th neighbour of the same label.

    Ross (2014), eq. 2; k_i = min(k, n_c - 1), and samples alone with their label are left out. Where the ball is
    closed: ψ(n) - ψ(n_c - 1) + ψ(k~) - ψ(m) with the others at most so far, of the same label and of any.
    """
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    codes = codes.reshape(-1)
    kept = sizes[codes] > 1
    if not kept.any():
        raise ValueError("every label occurs once: no sample has a neighbour with its own label")
    x, codes = cast(RealArray, np.ascontiguousarray(x[kept])), codes[kept]
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    n = len(x)
    own = sizes[codes].astype(np.uint32)
    terms, ties = [], []
    for k in ks:
        radius, closed, k_used = np.empty(n, dtype=x.dtype), np.zeros(n, dtype=bool), np.minimum(k, own - 1)
        for rows in groups:
            cloud = cast(RealArray, np.ascontiguousarray(x[rows]))
            radius[rows], closed[rows] = search.radii(cloud, [min(k, len(rows) - 1)], box)[0]
            if closed[rows].any():
                within = search.count(cloud, radius[rows], box, strict=False)
                k_used[rows] = np.where(closed[rows], within, k_used[rows])
        reach = np.where(closed, np.nextafter(radius, np.asarray(np.inf, radius.dtype)), radius)
        nearer = search.count(x, reach, box) + np.where(closed, 0, 1)
        found = digamma_of(n) + digamma_of(k_used) - digamma_of(own - closed) - digamma_of(nearer)
        ties.append(search.n_told(radius, closed))
        terms.append(found)
    return terms, ties


def nonuniformity_corrections(sides: Sequence[RealArray], ks: Sequence[int], alpha: float, search: Search) -> list[F64]:
    """-log of the volume of a turned rectangle around the k nearest over that of the upright one, where below alpha.

    Gao, Ver Steeg & Galstyan (2015), eqs. 13-15: the turned one has the axes of the neighbours' principal components.
    """
    joint = join(*sides).astype(np.float64, copy=False)
    n, d = joint.shape
    rows = search.nearest(joint, max(ks))[1]
    corrections = []
    for k in ks:
        found = np.zeros(n)
        step = max(1, (1 << 18) // ((k + 1) * d))  # 2 MiB of neighbours at a time: Ctrl-C waits for them
        for begin in range(0, n, step):
            own = joint[begin : begin + step]
            apart = joint[rows[begin : begin + step, :k]] - own[:, None, :]
            around = np.concatenate([np.zeros_like(own)[:, None, :], apart], axis=1)
            around -= around.mean(axis=1, keepdims=True)
            axes = np.linalg.svd(around, full_matrices=False)[2]
            upright = np.abs(apart).max(axis=1)
            turned = np.abs(np.einsum("nkd,ncd->nkc", apart, axes)).max(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = (np.log(turned) - np.log(upright)).sum(axis=1)
            flat = np.isfinite(ratio) & (ratio < np.log(alpha))
            found[begin : begin + step][flat] = -ratio[flat]
        corrections.append(found)
    return corrections
