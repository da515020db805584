"""Whether generated samples repeat each other or the training data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_number
from ._knn_neighbors import Neighbors
from ._positive_definite import F64
from ._sample_balls import as_clouds

_SUSPICIOUS = -3.0  # standard deviations of the data-copying test


@dataclass(frozen=True, eq=False)
class Memorization:
    """Distances of generated samples to the training samples; ``print`` it to read it."""

    n_generated: int
    n_train: int
    n_duplicates: int  # generated samples equal to an earlier one
    n_copies: int  # equal to a training sample
    n_near_copies: int  # distance_ratio below near_copy_ratio, the copies among them
    distances: Any = field(repr=False)  # (n_generated,), to the nearest training sample
    nearest: NDArray[np.uint32] = field(repr=False)  # (n_generated,), its row
    distance_ratio: F64 = field(repr=False)  # (n_generated,), nearest over second nearest training sample
    median_distance: float
    train_median_distance: float  # from a training sample to the nearest other one
    near_copy_ratio: float = field(repr=False)
    z_score: float | None = None  # data-copying test, negative where generated samples are too near; None: no held_out
    p_value: float | None = None  # of a z-score as low as that by chance

    def __str__(self) -> str:
        def share(n: int) -> str:
            return f"{n} of {self.n_generated} ({n / self.n_generated:.2%})"

        lines = [
            f"duplicates among generated samples: {share(self.n_duplicates)}",
            f"exact copies of training samples: {share(self.n_copies)}",
            f"near copies (nearest below {self.near_copy_ratio:.3g} of second nearest): {share(self.n_near_copies)}",
            f"median distance to the training samples: {self.median_distance:.6g} "
            f"(among them: {self.train_median_distance:.6g})",
        ]
        if self.z_score is not None:
            verdict = ": nearer than held-out samples are, copying" if self.z_score < _SUSPICIOUS else ""
            lines.append(f"data-copying test: z = {self.z_score:.3g}, p = {self.p_value:.3g}{verdict}")
        return "\n".join(lines)


def _count_duplicates(x: RealArray) -> int:
    """Rows equal to an earlier one."""
    plain = np.ascontiguousarray(x + x.dtype.type(0))  # -0 becomes 0: equal rows have equal bytes
    return len(x) - len(np.unique(plain.view(np.dtype((np.void, plain.itemsize * plain.shape[1]))).ravel()))


def _rank_z_score(generated: Any, held_out: Any) -> float:
    """Mann and Whitney's U of generated distances above held-out ones, standardised with the variance of ties."""
    n, m = len(generated), len(held_out)
    ordered = np.sort(held_out)
    below = np.searchsorted(ordered, generated, "left") + np.searchsorted(ordered, generated, "right")
    u = 0.5 * float(below.sum())
    _, ties = np.unique(np.concatenate([generated, held_out]), return_counts=True)
    total, sizes = float(n + m), ties.astype(np.float64)
    variance = n * m / 12.0 * (total + 1.0 - float((sizes**3 - sizes).sum()) / (total * (total - 1.0)))
    return (u - n * m / 2.0) / math.sqrt(variance) if variance > 1e-9 * n * m else 0.0


def memorization_report(
    generated: Any, train: Any, held_out: Any = None, *, near_copy_ratio: float = 1.0 / 3.0
) -> Memorization:
    """Report on generated samples that repeat each other or the training data.

    Parameters
    ----------
    generated : array of float, shape (n_generated, n_features)
        Samples of the model, or their features; one axis means one feature.
    train : array of float, shape (n_train, n_features)
        What the model was fitted to; at least two samples.
    held_out : array of float, shape (n_held_out, n_features), optional
        Samples of the data that the model has not seen, for the data-copying test.
    near_copy_ratio : float, default 1/3
        A generated sample is a near copy where its nearest training sample is nearer than this part of the distance to
        the second nearest; between 0 and 1.

    Returns
    -------
    Memorization
        ``n_duplicates``, ``n_copies``, ``n_near_copies``; ``distances`` to and row ``nearest`` of the nearest training
        sample, ``distance_ratio`` to the second nearest, each (n_generated,); ``median_distance`` and that among the
        training samples, ``train_median_distance``; ``z_score`` and one-sided ``p_value`` where held_out is given.
        Prints as text.

    Raises
    ------
    ValueError
        NaN or infinite entries, unequal numbers of features, fewer than two training samples, a ratio outside (0, 1).

    Notes
    -----
    Euclidean distances; float32 where all samples are, and copies are equal to the last bit: after lossy storage look
    at near copies. A copy of a training sample that occurs twice has ratio 1 (0 / 0), and counts as copy and near copy
    all the same. The test ranks the distances to the training set of generated and held-out samples (Mann-Whitney):
    z below -3 means that the generated ones are nearer than new data would be, z above 3 that they are farther, as of a
    poor fit. It is the test of Meehan et al. with one cell, the whole space: copying of one mode may hide behind a poor
    fit of another; run it mode by mode. Trees: O((n_generated + n_train) log n_train) for few features, all pairs for
    many.

    References
    ----------
    Meehan, C., Chaudhuri, K. & Dasgupta, S. (2020). A non-parametric test to detect data-copying in generative models.
    AISTATS, section 3.
    Yoon, T., Choi, J. Y., Kwon, S. & Ryu, E. K. (2023). Diffusion probabilistic models generalize when they fail to
    memorize. ICML workshop on structured probabilistic inference.

    Examples
    --------
    >>> from hartley import evaluation
    >>> print(evaluation.memorization_report([1.0, 1.0, 2.5, 4.1], [0.0, 1.0, 2.0, 4.0]))
    duplicates among generated samples: 1 of 4 (25.00%)
    exact copies of training samples: 2 of 4 (50.00%)
    near copies (nearest below 0.333 of second nearest): 3 of 4 (75.00%)
    median distance to the training samples: 0.05 (among them: 1)
    """
    ratio = as_number(near_copy_ratio, "near_copy_ratio")
    if not 0 < ratio < 1:
        raise ValueError(f"near_copy_ratio must lie between 0 and 1, got {near_copy_ratio!r}")
    clouds = as_clouds(train, generated, "train", "generated")
    if len(clouds.real) < 2:
        raise ValueError(f"train must have at least 2 samples, got {len(clouds.real)}")
    points = Neighbors(clouds.real)
    two, rows = points.query(clouds.generated, 2)
    first, second = two[:, 0].astype(np.float64), two[:, 1].astype(np.float64)
    distance_ratio = np.divide(first, second, out=np.ones_like(first), where=second > 0)
    copies = first == 0
    z_score = p_value = None
    if held_out is not None:
        unseen = as_clouds(train, held_out, "train", "held_out").generated
        held_out_distances = points.query(unseen, 1)[0][:, 0].astype(np.float64)
        z_score = _rank_z_score(first, held_out_distances)
        p_value = 0.5 * math.erfc(-z_score / math.sqrt(2.0))
    return Memorization(
        n_generated=len(first),
        n_train=len(clouds.real),
        n_duplicates=_count_duplicates(clouds.generated),
        n_copies=int(np.count_nonzero(copies)),
        n_near_copies=int(np.count_nonzero(copies | (distance_ratio < ratio))),
        distances=two[:, 0],
        nearest=rows[:, 0],
        distance_ratio=distance_ratio,
        median_distance=float(np.median(first)),
        train_median_distance=float(np.median(points.kth_distance(1))),
        near_copy_ratio=ratio,
        z_score=z_score,
        p_value=p_value,
    )
