"""Edges of bins and codes of columns, shared by everything that bins continuous data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_real, count_and_first, to_numpy
from ._threads import get_num_threads

BinRule: TypeAlias = int | str | Sequence[float] | NDArray[Any]
Codes: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

RULES = ("fd", "sturges", "scott", "doane", "sqrt")
BINNINGS = ("uniform", "quantile")
_MAX_CELLS = 65535  # one code is kept for missing values


@dataclass(frozen=True, slots=True)
class Edges:
    """Increasing edges of one variable; uniform ones are those of numpy.linspace."""

    values: NDArray[np.float64]
    uniform: bool

    @property
    def n_cells(self) -> int:
        return len(self.values) - 1


def check_binning(binning: str) -> None:
    if binning not in BINNINGS:
        raise ValueError(f'binning must be "uniform" or "quantile", got {binning!r}')


def given_edges(bins: Any) -> Edges | None:
    """Edges that the caller gave as an array, checked; None where bins is a number or a rule."""
    if isinstance(bins, (str, int, np.integer)):
        return None
    given = to_numpy(bins, "bins")
    if given.ndim == 0 or given.dtype.kind not in "biufO":
        raise TypeError(f"bins must be a whole number, one of {RULES} or edges, got {bins!r}")
    values = as_real(given, "bins").astype(np.float64, copy=False)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"bins must be a number, a rule or at least 2 edges, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"edges must be finite, got edges[{int(np.argmax(~np.isfinite(values)))}] not finite")
    falls = np.flatnonzero(np.diff(values) <= 0)
    if falls.size:
        k = int(falls[0]) + 1
        raise ValueError(f"edges must increase; edges[{k}] = {values[k]} follows {values[k - 1]}")
    return _checked_size(Edges(values, uniform=False))


def _checked_size(edges: Edges) -> Edges:
    if edges.n_cells > _MAX_CELLS:
        raise ValueError(f"bins must be at most {_MAX_CELLS}, got {edges.n_cells}")
    return edges


def bin_count(bins: Any) -> int:
    """bins as a number of bins."""
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)):
        raise TypeError(f"bins must be a whole number, one of {RULES} or edges, got {bins!r}")
    if not 1 <= bins <= _MAX_CELLS:
        raise ValueError(f"bins must be from 1 to {_MAX_CELLS}, got {bins}")
    return int(bins)


def _uniform(first: float, last: float, bins: int) -> Edges:
    if first == last:
        return Edges(np.array([first, last]), uniform=False)  # a constant has one cell
    width = last - first
    values = np.linspace(first, last, bins + 1)
    wide_steps = width / bins > 4 * math.ulp(max(abs(first), abs(last)))  # rounding cannot join two edges
    if (wide_steps or np.all(values[1:] > values[:-1])) and bins / width < math.inf:
        return Edges(values, uniform=True)
    return Edges(np.unique(values), uniform=False)  # a range of a few units in the last place has fewer cells


def uniform_edges(x: RealArray, bins: int, name: str) -> list[Edges]:
    """Edges of equal width over each column's own range; x is (n_samples, n_columns)."""
    least, largest, _ = _dispatch.kernels.histogram_ranges(x, get_num_threads())
    _require_numbers(x, least, largest, name)
    return [_uniform(float(a), float(b), bins) for a, b in zip(least, largest, strict=True)]


def quantile_edges(x: RealArray, bins: int, name: str) -> list[Edges]:
    """The distinct ones of the bins + 1 quantiles of each column, interpolated as numpy.quantile does."""
    least, largest, n_nan = _dispatch.kernels.histogram_ranges(x, get_num_threads())
    _require_numbers(x, least, largest, name)
    position = np.linspace(0.0, 1.0, bins + 1) * (len(x) - n_nan[:, None] - 1)
    lower = np.floor(position).astype(np.int64)
    upper = np.minimum(lower + 1, (len(x) - n_nan - 1)[:, None])
    # ranks go up within a column: lower and upper ones alternate and never cross
    ranks = np.ascontiguousarray(np.stack([lower, upper], axis=2).reshape(len(lower), -1))
    order = np.argsort(ranks, axis=1, kind="stable")
    found = _dispatch.kernels.histogram_order_statistics(
        x, np.ascontiguousarray(np.take_along_axis(ranks, order, axis=1)), get_num_threads()
    )
    values = np.empty_like(found)
    np.put_along_axis(values, order, found, axis=1)
    below, above = values[:, 0::2], values[:, 1::2]
    share = position - lower
    # from the nearer end, as NumPy does, so that the edges are its quantiles to the last bit
    step = above - below
    quantiles = np.where(share >= 0.5, above - step * (1.0 - share), below + step * share)
    return [_distinct(column) for column in quantiles]


def _distinct(values: NDArray[np.float64]) -> Edges:
    edges = np.unique(values)
    return Edges(np.repeat(edges, 2) if edges.size == 1 else edges, uniform=False)


def _require_numbers(x: RealArray, least: NDArray[np.float64], largest: NDArray[np.float64], name: str) -> None:
    """Every column has a number, none is infinite, and no range is wider than float64."""
    if len(least) == 1 and 0.0 <= float(largest[0]) - float(least[0]) < math.inf:
        return  # NumPy's functions cost more than the binning of a few samples
    empty = np.flatnonzero(least > largest)
    if empty.size:
        raise ValueError(f"{name} has no number in column {int(empty[0])}: all its entries are NaN")
    if np.isinf(least).any() or np.isinf(largest).any():
        n_bad, first = count_and_first(np.isinf(x))
        raise ValueError(f"{name} must be finite, got {n_bad} infinite entries, first {name}[{first}]")
    with np.errstate(over="ignore"):
        wide = np.flatnonzero(np.isinf(largest - least))
    if wide.size:
        c = int(wide[0])
        raise ValueError(f"{name} ranges from {least[c]} to {largest[c]}, wider than float64 can say: scale the data")


def bins_by_column(bins: Any, n_columns: int, name: str) -> list[Any] | None:
    """A list or tuple that holds edges or rules is one entry a column (a list of numbers is edges); else None."""
    if not isinstance(bins, (list, tuple)) or not any(isinstance(b, str) or np.ndim(b) > 0 for b in bins):
        return None
    if len(bins) != n_columns:
        raise ValueError(f"bins by column must be as many as columns of {name}, {n_columns}, got {len(bins)}")
    return list(bins)


def check_outside(outside: str) -> None:
    """ValueError unless it is one of the three."""
    if outside not in ("raise", "ignore", "clip"):
        raise ValueError(f'outside must be "raise", "ignore" or "clip", got {outside!r}')


def column_edges(
    x: RealArray, bins: BinRule, binning: str, name: str, limits: tuple[float, float] | None = None
) -> list[Edges]:
    """Edges of every column of x, (n_samples, n_columns), from a number, a rule or given edges."""
    check_binning(binning)
    by_column = bins_by_column(bins, x.shape[1], name)
    if by_column is not None:
        own = [as_real(x[:, c : c + 1], name) for c in range(x.shape[1])]
        return [column_edges(column, b, binning, name, limits)[0] for column, b in zip(own, by_column, strict=True)]
    edges = given_edges(bins)
    if edges is not None:
        return [edges] * x.shape[1]
    if limits is not None:
        if binning != "uniform":
            raise ValueError("range goes with uniform bins only")
        _check_limits(limits)
    if isinstance(bins, str):
        if bins not in RULES:
            raise ValueError(f"bins must be a whole number, one of {RULES} or edges, got {bins!r}")
        return [_rule_edges(x[:, c], bins, binning, name, limits) for c in range(x.shape[1])]
    count = bin_count(bins)
    if limits is not None:
        return [_uniform(float(limits[0]), float(limits[1]), count)] * x.shape[1]
    return uniform_edges(x, count, name) if binning == "uniform" else quantile_edges(x, count, name)


def _check_limits(limits: tuple[float, float]) -> None:
    first, last = limits
    if not (first < last and np.isfinite(float(last) - float(first))):
        raise ValueError(f"range must be (first, last), increasing and of finite width, got {limits!r}")


def _rule_width(x: NDArray[np.float64], rule: str) -> float:
    """Width of a bin by a rule; 0 where the rule has none for these numbers. The rules are NumPy's."""
    n, extent = x.size, float(x.max() - x.min())
    if rule == "sqrt":
        return extent / math.sqrt(n)
    if rule == "sturges":
        return extent / (math.log2(n) + 1.0)
    if rule == "scott":
        return float((24.0 * math.pi**0.5 / n) ** (1.0 / 3.0) * np.std(x))
    if rule == "fd":
        return float(2.0 * np.subtract(*np.percentile(x, [75, 25])) * n ** (-1.0 / 3.0))
    spread = float(np.std(x))  # doane: sturges, widened by the skewness
    if n <= 2 or spread <= 0.0:
        return 0.0
    skewness = float(np.mean(((x - np.mean(x)) / spread) ** 3))
    deviation = math.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3)))
    return extent / (1.0 + math.log2(n) + math.log2(1.0 + abs(skewness) / deviation))


def _rule_edges(column: NDArray[Any], rule: str, binning: str, name: str, limits: tuple[float, float] | None) -> Edges:
    """As many bins as NumPy's rule asks for on the numbers of the column."""
    numbers = column[~np.isnan(column)].astype(np.float64)
    one = np.ascontiguousarray(numbers.reshape(-1, 1))
    _require_numbers(one, *_dispatch.kernels.histogram_ranges(one, get_num_threads())[:2], name)
    first, last = limits if limits is not None else (float(numbers.min()), float(numbers.max()))
    inside = numbers[(numbers >= first) & (numbers <= last)]
    with np.errstate(over="ignore", invalid="ignore"):  # squares of huge numbers: no finite width, one bin
        width = _rule_width(inside, rule) if inside.size else 0.0
    count = math.ceil(min((last - first) / width, 1e18)) if 0.0 < width < math.inf else 1
    if count > _MAX_CELLS:
        raise ValueError(f"bins={rule!r} asks for {count:.3g} bins of {name}, more than {_MAX_CELLS}: give a number")
    if limits is not None:
        return _uniform(float(first), float(last), max(count, 1))
    return (uniform_edges if binning == "uniform" else quantile_edges)(one, max(count, 1), name)[0]


def encode(
    x: RealArray, edges: list[Edges], name: str, nan_policy: str, outside: str = "raise"
) -> tuple[Codes, NDArray[np.int64]]:
    """Codes (n_columns, n_samples) in the smallest width, and each column's number of cells: the code of a NaN.

    Numbers outside the edges raise, are missing like a NaN ("ignore") or fall into the nearest cell ("clip").
    """
    n_cells = np.array([e.n_cells for e in edges], dtype=np.int64)
    dtype = np.uint8 if n_cells.max() < 256 else np.uint16
    codes = np.empty((x.shape[1], x.shape[0]), dtype=dtype)
    offsets = np.concatenate([[0], np.cumsum(n_cells + 1)])
    uniform = np.array([e.uniform for e in edges], dtype=np.uint8)
    values = np.concatenate([e.values for e in edges])
    n_outside, n_nan = _dispatch.kernels.histogram_digitize(
        x, values, offsets, uniform, outside == "ignore", codes, get_num_threads()
    )
    if nan_policy == "raise" and n_nan.any():
        reject_nan(x, name)
    if outside == "raise" and n_outside.any():
        column = int(np.argmax(n_outside > 0))
        what = f"column {column} of {name}" if len(edges) > 1 else name
        raise outside_error(what, int(n_outside[column]), edges[column])
    return codes, n_cells


def reject_nan(x: RealArray, name: str) -> None:
    """ValueError with the number of NaN entries and the first index, where there are any."""
    n_bad, first = count_and_first(np.isnan(x))
    if n_bad:
        raise ValueError(f'{name} has {n_bad} NaN entries, first {name}[{first}]; nan_policy="omit" leaves them out')


def outside_error(what: str, n_outside: int, edges: Edges) -> ValueError:
    first, last = edges.values[0], edges.values[-1]
    return ValueError(
        f'{what} has {n_outside} values outside the edges from {first} to {last}; outside="ignore" leaves them out, '
        'outside="clip" counts them in the nearest cell'
    )
