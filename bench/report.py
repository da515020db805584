"""Results as a table on the terminal and as JSON that says where and with what they were measured."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from hartley._config import configuration

from .harness import Result
from .roofline import Machine

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "POT",
    "numba",
    "torch",
    "fast-histogram",
    "boost-histogram",
    "pykdtree",
    "ennemi",
    "threadpoolctl",
)


def versions() -> dict[str, str]:
    """Version of every package that may take part; "not installed" for the missing."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _source_folder() -> Path | None:
    """The checkout that this package runs from, or was installed from; None for a package from an index."""
    here = Path(__file__).resolve().parents[1]
    if (here / "CMakeLists.txt").is_file():
        return here
    try:
        text = importlib.metadata.distribution("hartley").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        text = None
    url = urlparse(json.loads(text)["url"]) if text else None
    return Path(url2pathname(url.path)) if url and url.scheme == "file" else None


def commit() -> str:
    """The commit that was measured, with "+changes" where the checkout has any; "unknown" without a checkout."""
    folder = _source_folder()
    if folder is None or not (folder / ".git").exists():
        return "unknown"
    try:
        name, changes = (
            subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+changes" if changes else "")


def _blas() -> list[str]:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'unknown kernels')})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]


def environment(removed_variables: Sequence[str] = ()) -> dict[str, Any]:
    """Date, commit, build, versions, and the variables that change the speed of peers."""
    prefixes = ("OPENBLAS_", "OMP_", "MKL_", "NPY_DISABLE", "NUMBA_", "HARTLEY_")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(),
        "build": configuration(),
        "versions": versions(),
        "blas": _blas(),
        "variables": {
            k: v for k, v in sorted(os.environ.items()) if k.startswith(prefixes) and "HARTLEY_BENCH" not in k
        },
        "variables removed for this run": list(removed_variables),
    }


def machine_as_dict(machine: Machine) -> dict[str, Any]:
    """JSON has no tuples as keys and no infinity."""
    flops: dict[str, Any] = {}
    for (level, dtype, threads), rate in machine.flops.items():
        flops.setdefault(level, {}).setdefault(dtype, {})[str(threads)] = rate
    facts = asdict(machine)
    quota = "none" if machine.quota == float("inf") else machine.quota
    return facts | {"flops": flops, "quota": quota, "units": "bytes, bytes/s, operations/s"}


def result_as_dict(result: Result) -> dict[str, Any]:
    """One row: timings, and hartley's ratios at every level and thread count."""
    facts = asdict(result)
    facts["floors"] = {f"{level} {threads}T": seconds for (level, threads), seconds in result.floors.items()}
    for timing, original in zip(facts["timings"], result.timings, strict=True):
        timing |= {"min": original.best, "median": original.median, "runs": len(original.seconds)}
    facts["ratios"] = [
        {
            "level": ours.level,
            "threads": ours.threads,
            "nanoseconds_per_element": 1e9 * ours.best / result.elements,
            "over_floor": result.over_floor(ours.level, ours.threads),
            "times_faster_than": {name: result.ratio(name, ours.level, ours.threads) for name in result.others},
        }
        for ours in result.timings
        if ours.name == "hartley" and ours.level is not None
    ]
    return facts


def as_dict(results: Sequence[Result], machine: Machine, environment_: dict[str, Any]) -> dict[str, Any]:
    """Everything, ready for json.dump."""
    return {
        "environment": environment_,
        "machine": machine_as_dict(machine),
        "results": [result_as_dict(result) for result in results],
    }


def seconds_text(seconds: float) -> str:
    """Three digits and a unit."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def print_machine(machine: Machine, environment_: dict[str, Any], console: Any) -> None:
    """The limits that the last column refers to."""
    caches = ", ".join(f"{name} {size >> 10} KiB" for name, size in machine.caches.items())
    console.print(f"{machine.processor}, {machine.cores} processors; {caches}")
    for threads, rates in machine.read.items():
        reading = ", ".join(f"{rate / 1e9:.3g} ({size / (1 << 20):.3g} MiB)" for size, rate in rates.items())
        console.print(f"{threads}T: read {reading} GB/s; triad {machine.triad[threads] / 1e9:.3g} GB/s")
    for dtype in ("float64", "float32"):
        flops = {key: rate for key, rate in machine.flops.items() if key[1] == dtype}
        text = ", ".join(f"{level} {threads}T {rate / 1e9:.3g}" for (level, _, threads), rate in flops.items())
        console.print(f"{dtype} GFLOP/s: {text}")
    for variable in environment_["variables removed for this run"]:
        console.print(f"removed for this run: {variable}")
    console.print(f"commit {environment_['commit']}, {environment_['date']}")


def print_smoke(result: Result, console: Any) -> None:
    """One line a row: who agreed, who was not there."""
    if result.failure:
        console.print(f"{result.row}: FAILED: {result.failure}", markup=False, style="red")
        return
    skipped = f"; skipped: {', '.join(result.skipped)}" if result.skipped else ""
    console.print(f"{result.row}: {len(result.timings)} contenders agree{skipped}", markup=False)


def print_result(result: Result, console: Any) -> None:
    """One row: a column a level, a section a thread count; beside the others stand their times over hartley's."""
    from rich.box import SIMPLE
    from rich.table import Table

    levels = list(dict.fromkeys(t.level for t in result.timings if t.level))
    thread_counts = sorted({t.threads for t in result.timings if t.level})
    table = Table(title=f"{result.row}: {result.description}", title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("min", "median", *levels):
        table.add_column(heading, justify="right", no_wrap=True, min_width=7)
    for threads in thread_counts:
        ours = [result.timing("hartley", level, threads) for level in levels]
        table.add_row(f"hartley, {threads}T, min", "", "", *(seconds_text(t.best) for t in ours if t))
        table.add_row("hartley, median", "", "", *(seconds_text(t.median) for t in ours if t))
        over = [result.over_floor(level, threads) for level in levels]
        table.add_row("over the floor", "", "", *(f"{x:.3g}" if x else "-" for x in over))
        for name in result.others:
            timing = result.timing(name, None, threads)
            if timing is None:
                continue
            ratios = [result.ratio(name, level, threads) for level in levels]
            ratio_texts = (f"{x:.3g}x" if x else "-" for x in ratios)
            table.add_row(name, seconds_text(timing.best), seconds_text(timing.median), *ratio_texts)
        table.add_section()
    if levels:
        console.print(table)
    if result.failure:
        console.print(f"{result.row}: FAILED: {result.failure}", markup=False, style="red")
    for name, reason in result.skipped.items():
        console.print(f"  skipped: {name}: {reason}", markup=False)


def merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Results of several runs on one machine as one: rows of a later run replace those of an earlier one.

    Every row says at which commit it was measured; machine, versions and date are those of the last run.
    """
    rows: dict[str, dict[str, Any]] = {}
    for document in documents:
        for result in document["results"]:
            rows[result["row"]] = {"commit": document["environment"]["commit"]} | result
    order = sorted(rows, key=lambda row: rows[row]["concept"])
    return dict(documents[-1]) | {"results": [rows[row] for row in order]}
