"""The command ``hartley bench``."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

import hartley as ht
from hartley import _dispatch

from . import report, table
from .harness import Case, run_case

REMOVED = "HARTLEY_BENCH_REMOVED"  # carries the names of the removed variables over the restart


def discover() -> dict[str, list[Case]]:
    """The cases of every module bench_<concept>.py, by concept."""
    package = importlib.import_module("hartley.bench")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("bench_"):
            cases = importlib.import_module(f"hartley.bench.{module.name}").CASES
            found[module.name.removeprefix("bench_")] = list(cases)
    return found


def choose(found: dict[str, list[Case]], concepts: tuple[str, ...], rows: str) -> list[tuple[str, Case]]:
    """The cases asked for; a row's name stands for its variants, too."""
    for concept in concepts:
        if concept not in found:
            raise click.BadParameter(f"no concept {concept!r}; there are: {', '.join(found)}", param_hint="--concept")
    pairs = [
        (concept, case) for concept, cases in found.items() for case in cases if not concepts or concept in concepts
    ]
    wanted = [row.strip() for row in rows.split(",") if row.strip()]
    for row in wanted:
        if not any(row in (case.row, case.row.split()[0]) for _, case in pairs):
            raise click.BadParameter(f"no row {row!r}; --list shows the rows", param_hint="--rows")
    return [(c, case) for c, case in pairs if not wanted or {case.row, case.row.split()[0]} & set(wanted)]


def _restart_without_openblas_variables() -> list[str]:
    """Variables that hobble NumPy's matrix products are read when NumPy loads: start again without them, and say so."""
    variables = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("OPENBLAS_")]
    if variables:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept | {REMOVED: ",".join(variables)})
    return [name for name in os.environ.get(REMOVED, "").split(",") if name]


def _parse_levels(levels: str) -> list[str]:
    available = _dispatch.available_levels()
    wanted = [level.strip() for level in levels.split(",") if level.strip()] or available
    for level in wanted:
        if level not in available:
            raise click.BadParameter(f"no level {level!r}; there are: {', '.join(available)}", param_hint="--levels")
    return wanted


def _parse_threads(threads: str) -> list[int]:
    words = [word.strip() for word in threads.split(",") if word.strip()]
    if any(not word.isdecimal() or int(word) < 1 for word in words):
        raise click.BadParameter(f"expected whole numbers of at least 1, got {threads!r}", param_hint="--threads")
    return sorted({int(word) for word in words} or {1, ht.get_num_threads()})


def _measure(
    chosen: list[tuple[str, Case]],
    levels: list[str],
    thread_counts: list[int],
    repeats: int,
    smoke: bool,
    removed: list[str],
) -> dict[str, Any]:
    """Run the cases, print each as it is done; the whole result."""
    try:
        from rich.console import Console
    except ImportError as error:
        raise click.ClickException(f"{error}: pip install 'hartley[bench]'") from error
    from . import roofline

    console = Console()
    machine = roofline.measure(levels, thread_counts, rounds=2 if smoke else 8)
    environment = report.environment(removed)
    report.print_machine(machine, environment, console)
    options = {"smoke": smoke, "levels": levels, "thread_counts": thread_counts, "repeats": repeats, "machine": machine}
    results = []
    for concept, case in chosen:
        results.append(run_case(case, concept=concept, **options))
        (report.print_smoke if smoke else report.print_result)(results[-1], console)
    if not smoke:
        roofline.measure(levels, thread_counts, machine=machine)
    for result in results:
        result.set_floors(machine)
    # as a reader of the file sees it: every key is text
    return json.loads(json.dumps(report.as_dict(results, machine, environment)))


def _write(
    document: dict[str, Any], json_file: Path | None, plot_file: Path | None, table_files: tuple[Path, ...]
) -> None:
    for file in (json_file, plot_file):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
    if json_file:
        json_file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if plot_file:
        try:
            from . import plots
        except ImportError as error:
            raise click.ClickException(f"{error}: pip install 'hartley[bench]'") from error
        plots.draw(document, plot_file)
    for file in table_files:
        try:
            table.insert(document, file)
        except ValueError as error:
            raise click.ClickException(str(error)) from error


@click.command("bench")
@click.option("--rows", default="", help="Rows by name, for example P1,H1; a name stands for its variants, too.")
@click.option("--concept", "concepts", multiple=True, help="Rows of one concept, for example pmf; may be repeated.")
@click.option("--smoke/--full", default=False, help="Tiny inputs, agreement asserted, one run (default: full size).")
@click.option("--threads", default="", help="Thread counts, for example 1,4 (default: 1 and all).")
@click.option("--levels", default="", help="Instruction-set levels, for example v3,v4 (default: all of this machine).")
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(min=1), help="Timings of each contender.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results here.")
@click.option("--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.option(
    "--table",
    "table_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write the table between the bench markers of this Markdown file; may be repeated.",
)
@click.option(
    "--from",
    "from_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing: make plot and tables from this JSON result; repeated: a later file's rows replace the same.",
)
@click.option("--list", "list_only", is_flag=True, help="List the rows and stop.")
def bench_command(
    rows: str,
    concepts: tuple[str, ...],
    smoke: bool,
    threads: str,
    levels: str,
    repeats: int,
    json_file: Path | None,
    plot_file: Path | None,
    table_files: tuple[Path, ...],
    from_files: tuple[Path, ...],
    list_only: bool,
) -> None:
    """Compare hartley's speed with its NumPy reference, installed peers and this machine's limits.

    Every contender must agree with the reference before anything is timed. Exit status 1 when one does not.
    """
    if from_files:
        documents = [json.loads(file.read_text(encoding="utf-8")) for file in from_files]
        _write(report.merged(documents), json_file, plot_file, table_files)
        return
    chosen = choose(discover(), concepts, rows)
    wanted_levels, thread_counts = _parse_levels(levels), _parse_threads(threads)
    if list_only:
        for concept, case in chosen:
            click.echo(f"{case.row:<12} {concept:<10} {case.description}")
        return
    removed = _restart_without_openblas_variables()
    document = _measure(chosen, wanted_levels, thread_counts, repeats, smoke, removed)
    _write(document, json_file, plot_file, table_files)
    failed = [result["row"] for result in document["results"] if result["failure"]]
    if failed:
        raise click.ClickException(f"failed: {', '.join(failed)}")
