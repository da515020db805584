"""Looking for neighbours: what the estimates ask of a cloud of samples, and how their arguments are checked."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_samples, missing_rows, require_finite
from ._symbol_counts import whole_number
from ._threads import get_num_threads
from ._warnings import TiesWarning

F64: TypeAlias = NDArray[np.float64]
U32: TypeAlias = NDArray[np.uint32]
Seed: TypeAlias = "int | np.random.Generator | None"  # a string: NumPy's random module is loaded when it is used

METRICS = ("chebyshev", "euclidean")
SEARCHES = ("auto", "tree", "brute")
TIES = ("exact", "jitter", "raise")
TRANSFORMS = (None, "rank", "copula", "standardize")
_GRID_SHARE = 100  # one row in so many with a tied k-th distance: the data lie on a grid (knn.hpp)
_JITTER = 1e-10  # standard deviation of the noise over that of the column


def require_choice(value: Any, name: str, choices: Sequence[Any]) -> None:
    """ValueError unless the value is one of the choices."""
    plain = value.item() if isinstance(value, np.generic) else value
    if not any(plain is c or (type(plain) is type(c) and plain == c) for c in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def neighbour_number(k: Any, n_others: int, what: str = "n_samples") -> int:
    """k as an int from 1 to n_others - 1."""
    try:
        number = operator.index(k)
    except TypeError:
        number = None
    if number is None or isinstance(k, (bool, np.bool_)):
        raise TypeError(f"k must be an int, got {k!r}")
    if not 1 <= number < n_others:
        raise ValueError(f"k must be at least 1 and less than {what} = {n_others}, got {number}")
    return number


def neighbour_numbers(k: Any, n_samples: int) -> tuple[list[int], bool]:
    """The numbers of neighbours asked for, and whether there was a sequence of them."""
    if isinstance(k, (list, tuple, range)) or (isinstance(k, np.ndarray) and k.ndim == 1):
        if len(k) == 0:
            raise ValueError("k must name at least one number of neighbours, got none")
        return [neighbour_number(one, n_samples) for one in k], True
    return [neighbour_number(k, n_samples)], False


def complete(arrays: list[RealArray], names: list[str], nan_policy: str) -> list[RealArray]:
    """The arrays without the rows where any has a NaN, or with nothing missing."""
    require_choice(nan_policy, "nan_policy", ("raise", "omit"))
    if nan_policy == "omit":
        missing = missing_rows(*arrays)
        if missing.any():
            arrays = [array[~missing] for array in arrays]
    for array, name in zip(arrays, names, strict=True):
        if len(array) == 0:
            raise ValueError(f"{name} has no samples left: every row has a NaN in {' or '.join(names)}")
        require_finite(array, name)
        largest = max(-float(array.min()), float(array.max()))
        if largest > float(np.finfo(array.dtype).max) / 8.0:  # differences have to be numbers, too
            raise ValueError(
                f"{name} must stay below an eighth of the largest {array.dtype}, got {largest:.3g}: scale it"
            )
    return arrays


def square_safe_scale(*clouds: RealArray) -> float:
    """A power of two that brings coordinates to where their squares neither overflow nor vanish; 1 where they are."""
    largest = max(max(-float(x.min()), float(x.max())) for x in clouds)
    exponent = math.frexp(largest)[1] - 1
    fine = 200 if clouds[0].dtype == np.float64 else 20
    reach = int(np.finfo(clouds[0].dtype).maxexp) - 1
    return 1.0 if largest == 0 or abs(exponent) <= fine else 2.0 ** max(-reach, min(reach, -exponent))


def jittered(x: RealArray, rng: np.random.Generator) -> F64:
    """Centred columns plus normal noise of _JITTER standard deviations (_JITTER itself for a constant column)."""
    centred, unit = _in_range(x)
    centred -= centred.mean(axis=0)
    scale = centred.std(axis=0)
    scale[scale == 0] = 1.0
    centred += _JITTER * scale * rng.standard_normal(x.shape)
    centred *= unit
    return centred


def _in_range(x: RealArray) -> tuple[F64, F64]:
    """Columns over a power of two each, so that sums of squares are numbers, and these powers."""
    values = x.astype(np.float64)
    _, exponents = np.frexp(np.abs(values).max(axis=0))
    return np.ldexp(values, -exponents), np.ldexp(1.0, exponents)


def transformed(x: RealArray, transform: str | None) -> RealArray:
    """Columns as ranks from 1 to n, as normal scores, or with mean 0 and deviation 1; ties share their mean rank."""
    if transform is None:
        return x
    if transform == "standardize":
        values, _ = _in_range(x)
        deviation = values.std(axis=0)
        return np.ascontiguousarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))
    ranks = np.empty(x.shape)
    for column, out in zip(x.T, ranks.T, strict=True):
        _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        out[:] = (last - (counts - 1) / 2.0)[inverse]  # whole and half numbers: their differences do not round
    return ranks if transform == "rank" else _normal_scores(ranks / (len(x) + 1.0))


def _normal_scores(p: F64) -> F64:
    """Standard normal quantiles of probabilities, through the standard library's inverse."""
    from statistics import NormalDist

    inverse = NormalDist().inv_cdf
    distinct, places = np.unique(p, return_inverse=True)
    return np.array([inverse(one) for one in distinct])[places].reshape(p.shape)


def boxes(periodic: Any, n_columns: int, name: str) -> F64 | None:
    """Box length of every column (0 = open), or None."""
    if periodic is None:
        return None
    lengths = np.asarray(periodic, dtype=np.float64)
    if lengths.ndim > 1 or (lengths.ndim == 1 and lengths.size != n_columns):
        raise ValueError(
            f"{name} must be one length, or one for each of {n_columns} columns, got shape {lengths.shape}"
        )
    if not (np.isfinite(lengths).all() and (lengths >= 0).all()):
        raise ValueError(f"{name} must hold finite lengths of at least 0, got {periodic!r}")
    return np.broadcast_to(lengths, (n_columns,)).copy()


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
            found = [(radius, flags.astype(bool))]
        else:
            most = min(max(ks) + 1, int(self.n_eligible(len(x)).min()) - 1)
            distances, _ = self.nearest(x, max(most, max(ks)), box, progress)
            found = [(np.ascontiguousarray(distances[:, k - 1]), closed_balls(distances, k)) for k in ks]
        for radius, closed in found:
            closed |= radius == 0
            closed |= closed.sum() > len(x) // _GRID_SHARE
        return found

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


def closed_balls(distances: Any, k: int) -> NDArray[np.bool_]:
    """Where neighbour k + 1 is as far as neighbour k; distances (n, at least k), nearest first."""
    if distances.shape[1] == k:
        return np.zeros(len(distances), dtype=bool)
    tied: NDArray[np.bool_] = distances[:, k] == distances[:, k - 1]
    return tied


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


@dataclass(frozen=True)
class Options:
    """What the estimates of information have in common, checked."""

    search: Search
    ties: str
    nan_policy: str
    transform: str | None
    rng: Any

    @classmethod
    def checked(
        cls, search: str, theiler: Any, ties: str, nan_policy: str, transform: str | None, seed: Seed,
        metric: str = "chebyshev",
    ) -> Options:  # fmt: skip
        """From the arguments of a public function."""
        require_choice(search, "search", SEARCHES)
        require_choice(ties, "ties", TIES)
        require_choice(transform, "transform", TRANSFORMS)
        window = whole_number(theiler, "theiler", 0)
        rng = np.random.default_rng(seed) if ties == "jitter" else None
        return cls(Search(metric, search, window), ties, nan_policy, transform, rng)

    def samples(self, named: dict[str, Any]) -> list[RealArray]:
        """Paired samples, complete, transformed and of one type."""
        arrays = [as_samples(x, name) for name, x in named.items()]
        lengths = {name: len(x) for name, x in zip(named, arrays, strict=True)}
        if len(set(lengths.values())) > 1:
            names, counts = " and ".join(lengths), " and ".join(map(str, lengths.values()))
            raise ValueError(f"{names} must have equally many samples, got {counts}")
        n = len(arrays[0])
        arrays = [transformed(x, self.transform) for x in complete(arrays, list(named), self.nan_policy)]
        if self.search.theiler and len(arrays[0]) < n:
            raise ValueError('theiler counts rows in time: nan_policy="omit" would close the gaps between them')
        if self.rng is not None:
            return [jittered(x, self.rng) for x in arrays]
        if len({x.dtype for x in arrays}) > 1:
            return [x.astype(np.float64, copy=False) for x in arrays]
        return arrays


def report_ties(n_ties: int, n: int, k: int, ties: str, where: str, stacklevel: int = 3) -> None:
    """Warn of, or refuse, samples that are equal to their k-th neighbour."""
    if n_ties == 0:
        return
    share = f"{n_ties} of {n} samples ({n_ties / n:.3g}) have a tied distance to neighbour number k = {k} in {where}"
    if ties == "raise":
        raise ValueError(f'{share}: pass ties="exact" to count ties or ties="jitter" to break them')
    warnings.warn(
        f"{share}: their terms count all samples so far. For data that take few values use the estimators of "
        "hartley.discrete",
        TiesWarning,
        stacklevel=stacklevel,
    )


def finish(terms: list[F64], is_sequence: bool, local: bool, clip: bool, unit: float) -> Any:
    """Means or terms, of one k or of each of several, in the unit wanted."""
    if local:
        found = [t if unit == 1.0 else t / unit for t in terms]
        return np.stack(found) if is_sequence else found[0]
    means = [_mean(t) / unit for t in terms]
    means = [max(m, 0.0) for m in means] if clip else means
    return np.array(means) if is_sequence else means[0]


def _mean(terms: F64) -> float:
    return float(_dispatch.kernels.knn_mean(terms))
