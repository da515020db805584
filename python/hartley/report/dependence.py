"""How the columns depend on each other: all pairs of coded columns, tested against independence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from .. import _dispatch
from .._threads import get_num_threads
from ..significance import benjamini_hochberg
from .encoding import Codes

_BITS = 1.0 / math.log(2.0)
_ROWS = 1 << 20  # rows counted at a time: 8 MiB of cell indices
_SHUFFLES = 5  # of a column against another, to see the bias of a sparse table
DETERMINED = 0.01  # a column is redundant where less than this share of its entropy is left

Matrix = NDArray[np.float64]


@dataclass
class Dependence:
    """All pairs of k columns, (k, k) each; information in bits.

    ``mi`` is the plug-in value with the cells' entropy on the diagonal, ``corrected`` Miller and Madow's,
    ``normalized`` the corrected value over the mean of the two corrected entropies, ``p`` and ``q`` of the G-test of
    independence.
    Row i of ``occupied`` and ``entropies`` is about column i among the ``n`` rows where the other one is present, too.
    """

    names: list[str]
    mi: Matrix
    corrected: Matrix
    normalized: Matrix
    n: NDArray[np.int64]
    occupied: NDArray[np.int64]
    cells: NDArray[np.int64]
    entropies: Matrix
    p: Matrix
    q: Matrix

    @property
    def entropy(self) -> Matrix:
        """Entropy of each column's cells in bits."""
        return np.diagonal(self.mi).copy()


@dataclass
class Pair:
    """One pair of columns; x and y are positions in ``Dependence.names``."""

    x: int
    y: int
    names: tuple[str, str]
    mi: float
    corrected: float
    normalized: float
    n: int
    g: float
    dof: int
    p: float
    q: float
    sparse: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class Redundancy:
    """``determined`` follows from ``by``; ``left`` is H(determined | by) / H(determined)."""

    by: str
    determined: str
    left: float
    both_ways: bool = False
    left_back: float = math.nan


def all_pairs(
    codes: Codes, n_cells: NDArray[np.int64], names: list[str], progress: Callable[[float], None] | None = None
) -> Dependence:
    """Mutual information of all pairs from one call of the counting kernel, with its corrections and tests."""
    mi, n, occupied, cells, entropy = _dispatch.kernels.histogram_pairs(codes, n_cells, get_num_threads(), progress)
    twice_n = 2.0 * np.maximum(n, 1)
    # H(X) + H(Y) - H(X,Y), each with Miller and Madow's (K - 1) / (2 n)
    corrected = np.where(n > 0, mi + (occupied + occupied.T - cells - 1) / twice_n, 0.0)
    corrected_entropy = np.where(n > 0, entropy + (occupied - 1) / twice_n, 0.0)
    mean_entropy = (corrected_entropy + corrected_entropy.T) / 2.0
    normalized = np.divide(corrected, mean_entropy, out=np.zeros_like(mi), where=mean_entropy > 0)
    upper = np.triu_indices(len(names), 1)
    p, q = np.zeros_like(mi), np.zeros_like(mi)
    p_upper = _g_test(2.0 * n[upper] * mi[upper], ((occupied - 1) * (occupied.T - 1))[upper])
    p[upper] = p_upper
    q[upper] = benjamini_hochberg(p_upper)
    return Dependence(
        names, mi * _BITS, corrected * _BITS, normalized, n, occupied, cells, entropy * _BITS, p + p.T, q + q.T
    )


def _g_test(statistic: Matrix, dof: NDArray[np.int64]) -> Matrix:
    """p-values of 2 n I against chi-square; 1 where nothing can vary."""
    p = np.ones(len(statistic))
    testable = dof > 0
    if testable.any():
        p[testable] = _dispatch.kernels.chi2_survival(
            np.ascontiguousarray(np.maximum(statistic[testable], 0.0)),
            dof[testable].astype(np.float64),
            get_num_threads(),
        )
    return p


def make_pair(d: Dependence, x: int, y: int) -> Pair:
    """The numbers of one pair side by side."""
    n, dof = int(d.n[x, y]), int((d.occupied[x, y] - 1) * (d.occupied[y, x] - 1))
    pair = Pair(
        x,
        y,
        (d.names[x], d.names[y]),
        float(d.mi[x, y]),
        float(d.corrected[x, y]),
        float(d.normalized[x, y]),
        n,
        float(2.0 * n * d.mi[x, y] / _BITS),
        max(dof, 0),
        float(d.p[x, y]),
        float(d.q[x, y]),
    )
    if n == 0:
        pair.notes.append("no row has both")
    elif _is_sparse(pair, int(d.occupied[x, y] * d.occupied[y, x])):
        pair.sparse = True
        pair.notes.append(f"G-test unreliable: {n / (d.occupied[x, y] * d.occupied[y, x]):.2g} rows a cell")
    return pair


def _is_sparse(pair: Pair, n_cells: int) -> bool:
    """Fewer rows than cells, or chi-square misses G's mean by more than half its standard deviation.

    Under independence the mean of G is dof (1 + cells / (6 n)) for even marginals: Williams (1976), Biometrika 63.
    """
    return pair.dof > 0 and (pair.n < n_cells or pair.dof * n_cells / (6.0 * pair.n) > 0.5 * math.sqrt(2.0 * pair.dof))


def strongest(
    d: Dependence, codes: Codes, n_cells: NDArray[np.int64], eligible: NDArray[np.bool_], alpha: float, limit: int
) -> list[Pair]:
    """The significant pairs of eligible columns, by falling normalized information.

    Pairs whose table is too sparse for the G-test must exceed shuffled columns clearly, and are corrected by these.
    """
    x, y = np.triu_indices(len(d.names), 1)
    keep = eligible[x] & eligible[y] & (d.q[x, y] <= alpha) & (d.corrected[x, y] > 0)
    x, y = x[keep], y[keep]
    order = np.lexsort((-d.corrected[x, y], -d.normalized[x, y]))[: 2 * limit]
    pairs = []
    for i in order:
        pair = make_pair(d, int(x[i]), int(y[i]))
        if not pair.sparse or _exceeds_shuffles(pair, d, codes, n_cells):
            pairs.append(pair)
    return sorted(pairs, key=lambda pair: -pair.normalized)[:limit]


def _exceeds_shuffles(pair: Pair, d: Dependence, codes: Codes, n_cells: NDArray[np.int64]) -> bool:
    """Whether the information is above that of shuffled columns by three times their spread; it is put less their mean.

    The mean is the plug-in's bias under independence, so for dependent columns the corrected value errs low.
    """
    x, y = codes[pair.x], codes[pair.y]
    both = (x < n_cells[pair.x]) & (y < n_cells[pair.y])
    rng = np.random.default_rng(0)
    x, y = x[both], y[both]
    cells = n_cells[[pair.x, pair.y]]
    shuffled = np.empty(_SHUFFLES)
    for i in range(_SHUFFLES):
        stacked = cast(Codes, np.stack([x, rng.permutation(y)]))
        shuffled[i] = _dispatch.kernels.histogram_pairs(stacked, cells, get_num_threads(), None)[0][0, 1] * _BITS
    mean_entropy = (d.entropies[pair.x, pair.y] + d.entropies[pair.y, pair.x]) / 2.0
    pair.corrected = pair.mi - float(shuffled.mean())
    pair.normalized = pair.corrected / float(mean_entropy)
    pair.notes.append(f"corrected by shuffling ({shuffled.mean():.4f} bits)")
    return bool(pair.mi > shuffled.max() + 3.0 * np.ptp(shuffled))


def redundant(d: Dependence, eligible: NDArray[np.bool_], limit: int) -> list[Redundancy]:
    """Columns that another one determines: less than 1 % of their entropy is left, Miller-Madow corrected."""
    # H(X,Y) - H(X), with (cells - 1) / (2 n) and (occupied - 1) / (2 n) added to them: row x, column y
    conditional = d.entropies.T - d.mi + (d.cells - d.occupied) / (2.0 * np.maximum(d.n, 1)) * _BITS
    left = np.divide(
        np.maximum(conditional, 0.0), d.entropies.T, out=np.full(d.mi.shape, np.inf), where=d.entropies.T > 0
    )
    left[~(eligible[:, None] & eligible[None, :])] = np.inf
    np.fill_diagonal(left, np.inf)
    found = []
    for x, y in np.argwhere(left < DETERMINED):
        both = bool(left[y, x] < DETERMINED)
        if not (both and x > y):
            back = float(left[y, x]) if both else math.nan
            found.append(Redundancy(d.names[x], d.names[y], float(left[x, y]), both, back))
    found.sort(key=lambda r: (not r.both_ways, r.left))
    return found[:limit]


def joint_table(
    codes: Codes, x: int, y: int, n_cells: NDArray[np.int64], largest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(counts, x_cells, y_cells) of a pair; of each column at most ``largest`` cells, the most frequent ones."""
    shown = [_frequent(codes, c, int(n_cells[c]), largest) for c in (x, y)]
    lookup = []
    for c, cells in zip((x, y), shown, strict=True):
        places = np.full(int(n_cells[c]) + 1, len(cells), np.int64)
        places[cells] = np.arange(len(cells))
        lookup.append(places)
    width = len(shown[1]) + 1
    counts = np.zeros((len(shown[0]) + 1) * width, np.int64)
    for start in range(0, codes.shape[1], _ROWS):
        rows = slice(start, start + _ROWS)
        counts += np.bincount(lookup[0][codes[x, rows]] * width + lookup[1][codes[y, rows]], minlength=len(counts))
    return counts.reshape(-1, width)[:-1, :-1], shown[0], shown[1]


def _frequent(codes: Codes, column: int, n_cells: int, largest: int) -> NDArray[np.int64]:
    counts = np.zeros(n_cells + 1, np.int64)
    for start in range(0, codes.shape[1], _ROWS):
        counts += np.bincount(codes[column, start : start + _ROWS], minlength=n_cells + 1)
    cells = np.flatnonzero(counts[:-1])
    return np.sort(cells[np.argsort(-counts[cells], kind="stable")[:largest]])
