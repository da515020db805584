"""Arguments and results that the nearest-neighbour estimates have in common."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from . import _dispatch
from ._arrays import RealArray, as_samples, missing_rows, require_finite
from ._neighbourhoods import F64, Search
from ._ranks import mean_ranks, normal_scores
from ._symbol_counts import whole_number
from ._warnings import TiesWarning

Seed: TypeAlias = "int | np.random.Generator | None"  # a string: NumPy's random module is loaded when it is used
METRICS = ("chebyshev", "euclidean")
SEARCHES = ("auto", "tree", "brute")
TIES = ("exact", "jitter", "raise")
TRANSFORMS = (None, "rank", "copula", "standardize")
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
    return mean_ranks(x) if transform == "rank" else normal_scores(x)


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
