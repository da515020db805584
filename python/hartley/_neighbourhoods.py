"""Looking for neighbours: what the estimates ask of a cloud of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray
from ._threads import get_num_threads

F64: TypeAlias = NDArray[np.float64]
U32: TypeAlias = NDArray[np.uint32]
_GRID_SHARE = 100  # one row in so many with a tied k-th distance: the data lie on a grid (knn.hpp)


def square_safe_scale(*clouds: RealArray) -> float:
    """A power of two that brings coordinates to where their squares neither overflow nor vanish; 1 where they are."""
    # the largest coordinate of all asks for the least scale; a cloud of zeros asks for none
    scales = [_dispatch.kernels.knn_square_safe_scale(x, get_num_threads()) for x in clouds if x.any()]
    return min(scales, default=1.0)


def digamma_of(counts: U32 | int) -> F64:
    """ψ of positive whole numbers."""
    return _dispatch.kernels.knn_digamma(np.atleast_1d(np.asarray(counts, dtype=np.uint32)))


@dataclass(frozen=True)
class Search:
    """How neighbours are looked for: the norm, the way, and which pairs of rows do not count."""

    metric: str = "chebyshev"
    method: str = "auto"
    theiler: int = 0  # rows up to so many steps away do not count

    def _is_brute(self, box: F64 | None) -> bool:
        return self.method == "brute" or (box is not None and bool(box.any()))

    def is_plain(self, box: F64 | None) -> bool:
        """A tree, and no pairs of rows left out."""
        return self.theiler == 0 and not self._is_brute(box)

    def nearest(self, x: RealArray, k: int, box: F64 | None = None, progress: Any = None) -> tuple[F64, U32]:
        """Distances to and rows of the k nearest others, nearest first, (n, k) each."""
        threads = get_num_threads()
        if self._is_brute(box):
            self._require_neighbours(len(x), k)
            scale = self._scale(x)
            scaled, lengths = x * x.dtype.type(scale), _lengths(x, box, scale)
            distances, rows = _dispatch.kernels.knn_brute_nearest(
                scaled, scaled, True, self.theiler, self.metric, lengths, k, progress, threads
            )
            return distances / x.dtype.type(scale), rows
        tree = _dispatch.kernels.knn_tree(x, self.metric, self._scale(x), threads)
        if self.theiler == 0:
            return _dispatch.kernels.knn_tree_nearest(tree, tree, k, progress, threads)
        # at most 2 theiler of the nearest do not count
        self._require_neighbours(len(x), k)
        many = min(k + 2 * self.theiler, len(x) - 1)
        distances, rows = _dispatch.kernels.knn_tree_nearest(tree, tree, many, progress, threads)
        apart = np.abs(rows.astype(np.int64) - np.arange(len(x))[:, None]) > self.theiler
        order = np.argsort(~apart, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(rows, order, axis=1)

    def distances(self, x: RealArray, ks: Sequence[int], box: F64 | None = None, progress: Any = None) -> list[Any]:
        """Distance of every row to its k-th nearest other, for each k of ks."""
        if len(ks) == 1 and self.is_plain(box):
            return [_dispatch.kernels.knn_kth_distance(x, ks[0], self.metric, get_num_threads(), progress)]
        found, _ = self.nearest(x, max(ks), box, progress)
        return [np.ascontiguousarray(found[:, k - 1]) for k in ks]

    def radii(
        self, x: RealArray, ks: Sequence[int], box: F64 | None = None, progress: Any = None
    ) -> list[tuple[Any, NDArray[np.bool_]]]:
        """The same, and where the ball has to be closed: the distance is 0 or the next row is as far.

        Where that holds for more than one row in a hundred the data lie on a grid, and all balls are closed.
        """
        if len(ks) == 1 and self.is_plain(box):
            threads = get_num_threads()
            radius, flags = _dispatch.kernels.knn_kth_distance_and_ties(x, ks[0], self.metric, threads, progress)
            return [(radius, _closed(radius, flags.astype(bool)))]
        return closed_radii(self.nearest_and_next(x, max(ks), box, progress)[0], ks)

    def nearest_and_next(self, x: RealArray, k: int, box: F64 | None = None, progress: Any = None) -> tuple[F64, U32]:
        """nearest, and one more neighbour where every row has it: whether it is as far decides on closed balls."""
        n_others = int(self.n_eligible(len(x)).min()) - 1
        return self.nearest(x, max(k, min(k + 1, n_others)), box, progress)

    @staticmethod
    def n_told(radius: Any, closed: NDArray[np.bool_]) -> int:
        """Closed balls worth a word: where some samples are equal, or on a grid; few tied distances are chance."""
        n_closed = int(closed.sum())
        return n_closed if n_closed > len(radius) // _GRID_SHARE or not radius.all() else 0

    def count(self, x: RealArray, radius: Any, box: F64 | None = None, strict: bool = True) -> U32:
        """Others at distance < radius (<= radius where not strict) from every row."""
        radius = np.ascontiguousarray(radius, dtype=x.dtype)
        if not strict:
            radius = np.nextafter(radius, np.asarray(np.inf, x.dtype))
        threads = get_num_threads()
        if self._is_brute(box):
            scale = x.dtype.type(self._scale(x))
            reach = radius * scale
            reach[(radius > 0) & (reach == 0)] = np.finfo(x.dtype).smallest_subnormal
            scaled, lengths = x * scale, _lengths(x, box, float(scale))
            return _dispatch.kernels.knn_brute_count_within(
                scaled, scaled, True, self.theiler, self.metric, lengths, reach, threads
            )
        if self.metric == "chebyshev" or x.shape[1] == 1:
            counts = _dispatch.kernels.knn_count_within(x, radius, threads)
        else:
            tree = _dispatch.kernels.knn_tree(x, self.metric, self._scale(x), threads)
            counts = _dispatch.kernels.knn_tree_count_within(tree, tree, radius, threads)
        counts -= radius > 0  # the row itself
        for lag in range(1, self.theiler + 1):
            near = _norm(x[lag:] - x[:-lag], self.metric, self._scale(x))
            counts[lag:] -= near < radius[lag:]
            counts[:-lag] -= near < radius[:-lag]
        return counts

    def _scale(self, x: RealArray) -> float:
        return square_safe_scale(x) if self.metric == "euclidean" else 1.0

    def _require_neighbours(self, n: int, k: int) -> None:
        if int(self.n_eligible(n).min()) <= k:
            raise ValueError(f"theiler={self.theiler} leaves fewer than k = {k} neighbours to some samples")

    def n_eligible(self, n: int) -> U32:
        """How many rows may be neighbours of each row, itself counted."""
        row = np.arange(n)
        excluded = np.minimum(row, self.theiler) + np.minimum(n - 1 - row, self.theiler)
        eligible: U32 = (n - excluded).astype(np.uint32)
        return eligible


def _next_as_far(distances: Any, k: int) -> NDArray[np.bool_]:
    """Where neighbour k + 1 is as far as neighbour k; distances (n, at least k), nearest first."""
    if distances.shape[1] == k:
        return np.zeros(len(distances), dtype=bool)
    tied: NDArray[np.bool_] = distances[:, k] == distances[:, k - 1]
    return tied


def _closed(radius: Any, tied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    closed = tied | (radius == 0)
    everywhere: NDArray[np.bool_] = closed | (closed.sum() > len(closed) // _GRID_SHARE)
    return everywhere


def closed_radii(distances: Any, ks: Sequence[int]) -> list[tuple[Any, NDArray[np.bool_]]]:
    """Search.radii from distances that are there already, nearest first."""
    found = [(np.ascontiguousarray(distances[:, k - 1]), _next_as_far(distances, k)) for k in ks]
    return [(radius, _closed(radius, tied)) for radius, tied in found]


def _norm(difference: RealArray, metric: str, scale: float) -> Any:
    if metric == "chebyshev":
        return np.abs(difference).max(axis=1)
    total = np.zeros(len(difference), dtype=difference.dtype)
    for column in difference.T * difference.dtype.type(scale):  # in the order of the kernels
        total += column * column
    return np.sqrt(total) / difference.dtype.type(scale)


def _lengths(x: RealArray, box: F64 | None, scale: float) -> Any:
    """Box lengths as the kernels take them."""
    return np.empty(0, dtype=x.dtype) if box is None or not box.any() else (box * scale).astype(x.dtype)


def wrapped(x: RealArray, box: F64 | None) -> RealArray:
    """Coordinates inside of their boxes; float32 loses too much at the border and becomes float64.

    Boxes of more than twice what their column spans are opened (set to 0).
    """
    if box is None:
        return x
    box[np.ptp(x, axis=0) <= 0.5 * box] = 0.0  # no way around is shorter: the column is open
    if not box.any():
        return x
    values = x.astype(np.float64)
    for c in np.flatnonzero(box):
        values[:, c] = np.mod(values[:, c], box[c])
        values[values[:, c] >= box[c], c] = 0.0  # a tiny negative number rounds to the length itself
    return values
