"""The report's numbers: pass 1 profiles the columns, pass 2 writes their codes, one kernel call makes all pairs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import _config, _threads
from .columns import Profile, Tally, distinct_cap, kind_of, profile
from .dependence import Dependence, Pair, Redundancy, all_pairs, joint_table, redundant, strongest
from .encoding import MAX_SYMBOLS, Codes, Coding, cell_labels, code_table, make_coding
from .readers import open_source
from .source import DataError, Source, TypesChangedError

Progress = Callable[[str, float], None]
_LARGEST_CELLS = 24  # cells of a column shown in a joint histogram
_REDUNDANT = 100  # redundant columns listed


@dataclass(frozen=True)
class Options:
    """What the user may choose.

    bins: cells of a numeric column (2 to 4096); alpha: false-discovery rate of the pairs listed; max_pairs: pairs
    listed; max_columns: columns in the matrix of pairs; max_figures: pairs drawn; threads: None for all.
    """

    bins: int = 16
    alpha: float = 0.05
    max_pairs: int = 20
    max_columns: int = 2000
    max_figures: int = 6
    threads: int | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 4096:
            raise ValueError(f"bins must be from 2 to 4096, got {self.bins}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must be between 0 and 1, got {self.alpha}")
        for name in ("max_pairs", "max_figures"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        if self.max_columns < 2:
            raise ValueError(f"max_columns must be at least 2, got {self.max_columns}")
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads must be at least 1, got {self.threads}")


@dataclass
class JointHistogram:
    """Counts of a pair over the cells shown, with the shares of the cells in each column."""

    pair: Pair
    counts: NDArray[np.int64]
    x_labels: list[str]
    y_labels: list[str]
    whole: bool


@dataclass
class Report:
    """Everything the report says."""

    path: str
    format: str
    n_bytes: int
    n_rows: int
    options: Options
    columns: list[Profile]
    dependence: Dependence | None = None
    pairs: list[Pair] = field(default_factory=list)
    redundant: list[Redundancy] = field(default_factory=list)
    histograms: list[JointHistogram] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)

    @property
    def n_missing(self) -> int:
        return sum(column.n_missing for column in self.columns)

    @property
    def n_pairs(self) -> int:
        k = len(self.dependence.names) if self.dependence else 0
        return k * (k - 1) // 2


def _silent(stage: str, fraction: float) -> None:
    """No progress shown."""


@contextmanager
def _side_by_side() -> Iterator[Callable[..., None]]:
    """A function that calls another on every column, several columns at once; batches and columns stay in order."""
    n_threads = _threads.get_num_threads()
    with ThreadPoolExecutor(n_threads) as pool:

        def each(function: Callable[..., None], *columns: Iterable[Any]) -> None:
            deque(pool.map(function, *columns) if n_threads > 1 else map(function, *columns), maxlen=0)

        yield each


def _tally(source: Source, progress: Progress) -> list[Tally]:
    """Pass 1."""
    cap = distinct_cap(len(source.names))
    tallies = [Tally(kind_of(type_), cap) for type_ in source.types]
    with _side_by_side() as each:
        for columns, fraction in source.batches():
            each(lambda tally, column: tally.add(column), tallies, columns)
            progress("reading", fraction)
    return tallies


def _encode(source: Source, codings: dict[int, Coding], codes: Codes, progress: Progress) -> None:
    """Pass 2: codes of the chosen columns, a row of ``codes`` each."""
    start = 0
    with _side_by_side() as each:
        for columns, fraction in source.batches():
            stop = start + len(columns[0])
            if stop > codes.shape[1]:
                raise DataError(f"{source.path}: the file grew while it was read")
            each(
                lambda coding, column, row: coding.encode(column, row),
                codings.values(),
                [columns[position] for position in codings],
                codes[:, start:stop],
            )
            start = stop
            progress("coding", fraction)
    if start != codes.shape[1]:
        raise DataError(f"{source.path}: the file changed while it was read")


def _read(path: str | Path, progress: Progress) -> tuple[Source, list[Tally]]:
    source = open_source(path)
    while True:
        try:
            return source, _tally(source, progress)
        except TypesChangedError:
            assert source.retype is not None
            source = source.retype()


def _profiles(source: Source, tallies: list[Tally], options: Options) -> tuple[list[Profile], dict[int, Coding]]:
    """Facts of every column, and codings of those that vary, up to the limit on columns."""
    profiles: list[Profile] = []
    codings: dict[int, Coding] = {}
    for position, tally in enumerate(tallies):
        values, counts = tally.table()
        facts = profile(source.names[position], source.types[position], tally, counts)
        if facts.varies and facts.kind != "nested":
            coding = make_coding(tally, values, counts, options.bins)
            facts.coding, facts.n_cells = ("bins" if coding.symbols is None else "symbols"), coding.n_cells
            if coding.grouped and tally.exact:
                facts.notes.append(f"{coding.grouped:,} rare symbols beyond {MAX_SYMBOLS:,} grouped as one")
            if len(codings) < options.max_columns:
                codings[position] = coding
        profiles.append(facts)
        tallies[position] = Tally(tally.kind, tally.cap, tally.n_rows)  # the table is no longer needed
    return profiles, codings


def _add_notes(report: Report, in_pairs: list[Profile]) -> None:
    if report.n_rows == 0:
        report.notes.append("the file has a header and no rows")
    constant = [c.name for c in report.columns if c.n_distinct == 1]
    missing = [c.name for c in report.columns if c.kind == "missing"] if report.n_rows else []
    nested = [c.name for c in report.columns if c.kind == "nested"]
    left_out = [c.name for c in in_pairs if c.undersampled]
    n_eligible = sum(c.coding != "none" for c in report.columns)
    for names, text in (
        (constant, "constant, so without information"),
        (missing, "all values missing"),
        (nested, "nested or unknown type, not analysed"),
        (left_out, "identifiers or too few repeats (coverage < 0.5): left out of the strongest pairs and redundancy"),
    ):
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            report.notes.append(f"{', '.join(names[:8])}{more}: {text}")
    if n_eligible > len(in_pairs):
        report.notes.append(
            f"pairs are made of the first {len(in_pairs):,} of {n_eligible:,} columns that vary (--max-columns)"
        )
    if report.dependence is not None and not report.pairs:
        report.notes.append(f"no pair of columns is dependent at a false-discovery rate of {report.options.alpha:g}")


def _relate(report: Report, source: Source, codings: dict[int, Coding], progress: Progress) -> None:
    """Pass 2, all pairs, and what follows from them."""
    chosen = [report.columns[position] for position in codings]
    n_cells = np.array([coding.n_cells for coding in codings.values()], np.int64)
    started = time.perf_counter()
    codes = code_table(n_cells, report.n_rows)
    _encode(source, codings, codes, progress)
    report.seconds["coding"] = time.perf_counter() - started
    started = time.perf_counter()
    d = all_pairs(codes, n_cells, [c.name for c in chosen], lambda fraction: progress("pairs", fraction))
    report.seconds["pairs"] = time.perf_counter() - started
    report.dependence = d
    eligible = np.array([not c.undersampled for c in chosen])
    report.pairs = strongest(d, codes, n_cells, eligible, report.options.alpha, report.options.max_pairs)
    report.redundant = redundant(d, eligible, _REDUNDANT)
    coding_list, type_list = list(codings.values()), [source.types[position] for position in codings]
    for pair in report.pairs[: report.options.max_figures]:
        counts, x_cells, y_cells = joint_table(codes, pair.x, pair.y, n_cells, _LARGEST_CELLS)
        x_labels = cell_labels(coding_list[pair.x], type_list[pair.x], x_cells)
        y_labels = cell_labels(coding_list[pair.y], type_list[pair.y], y_cells)
        report.histograms.append(JointHistogram(pair, counts, x_labels, y_labels, int(counts.sum()) == pair.n))


def code_columns(path: str | Path, options: Options | None = None) -> tuple[Codes, NDArray[np.int64], list[str]]:
    """The codes that the pairs are counted from: (columns, rows), the number of cells and the name of each column.

    For timing and checking the kernels on the report's own data; a code equal to its column's n_cells is missing.
    """
    source, tallies = _read(path, _silent)
    n_rows = tallies[0].n_rows
    profiles, codings = _profiles(source, tallies, options or Options())
    n_cells = np.array([coding.n_cells for coding in codings.values()], np.int64)
    codes = code_table(n_cells, n_rows)
    _encode(source, codings, codes, _silent)
    return codes, n_cells, [profiles[position].name for position in codings]


def analyse(path: str | Path, options: Options | None = None, progress: Progress = _silent) -> Report:
    """The numbers of the report on one file.

    Parameters
    ----------
    path : str or Path
        CSV or TSV (plain or .gz), Parquet, Arrow IPC, NPY or NPZ, by extension.
    options : Options, optional
        Bins, levels and limits.
    progress : callable, optional
        Called with the stage ("reading", "coding", "pairs") and the share of it done.

    Returns
    -------
    Report
        Entropies and mutual information in bits.

    Raises
    ------
    DataError
        The file cannot be read as what its name says; one line that names the file.

    Notes
    -----
    The file is read twice in batches. What is held is, per column, a table of at most 2**20 distinct values, and codes
    of one byte a cell (two with more than 255 symbols in a column), in a temporary file where they exceed 256 MiB.
    """
    options = options or Options()
    started = time.perf_counter()
    with _threads.threads(options.threads or _threads.get_num_threads()):
        source, tallies = _read(path, progress)
        n_rows = tallies[0].n_rows
        profiles, codings = _profiles(source, tallies, options)
        report = Report(
            source.path, source.format, Path(path).stat().st_size, n_rows, options, profiles, notes=list(source.notes)
        )
        report.seconds["reading"] = time.perf_counter() - started
        if len(codings) > 1:
            _relate(report, source, codings, progress)
        _add_notes(report, [profiles[position] for position in codings])
        report.seconds["total"] = time.perf_counter() - started
        report.configuration = {**_config.configuration(), "pyarrow": pa.__version__}
    return report
