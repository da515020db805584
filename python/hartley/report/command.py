"""``hartley report``: options in, terminal, page and numbers out."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from .analysis import Options, Progress, Report, analyse
from .numbers import to_json
from .render_terminal import render_terminal
from .source import DataError


@contextlib.contextmanager
def _shown_progress(wanted: bool) -> Iterator[Progress]:
    """A bar on standard error for each stage, where that is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda stage, fraction: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    titles = {"reading": "reading columns", "coding": "coding values", "pairs": "counting pairs"}
    tasks: dict[str, TaskID] = {}
    layout = (TextColumn("{task.description:<16}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bars(*layout, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bars:

        def show(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(titles[stage], total=1.0)
            bars.update(tasks[stage], completed=fraction)

        yield show


def _check_target(option: str, target: Path | None, file: Path) -> None:
    """Before the work: can the result be written, and is it not the data?"""
    if target is None or str(target) == "-":
        return
    if target.exists() and file.exists() and target.samefile(file):
        raise click.UsageError(f"{option} {target} would overwrite the data")
    if target.is_dir():
        raise click.UsageError(f"{option} {target} is a directory")
    folder = target.parent
    if not folder.is_dir():
        raise click.UsageError(f"{option} {target}: there is no directory {folder}")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise click.UsageError(f"{option} {target}: no permission to write there")


def _write(target: Path, content: str) -> None:
    try:
        target.write_text(content, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error.strerror}") from None


def _page_renderer() -> Callable[[Report], str]:
    """Imported only for a page (matplotlib takes its time), and before the work, to fail early."""
    from .render_html import render_html

    return render_html


def _deliver(
    report: Report, output: Path | None, json_target: Path | None, page: Callable[[Report], str] | None
) -> None:
    if json_target is not None:
        if str(json_target) == "-":
            click.echo(to_json(report))
        else:
            _write(json_target, to_json(report))
    if output is not None and page is not None:
        _write(output, page(report))
    if json_target is None or str(json_target) != "-":
        render_terminal(report)
        for target, what in ((output, "page"), (json_target, "numbers")):
            if target is not None:
                click.echo(f"{what} written to {target}")


@click.command("report")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Write a page: one self-contained HTML file.")
@click.option("--json", "json_target", type=click.Path(path_type=Path), help="Write all numbers; - is standard output.")
@click.option("--bins", default=16, show_default=True, help="Quantile bins of a numeric column.")
@click.option("--alpha", default=0.05, show_default=True, help="False-discovery rate of the pairs listed.")
@click.option("--max-pairs", default=20, show_default=True, help="Strongest pairs listed.")
@click.option("--max-columns", default=2000, show_default=True, help="Columns in the matrix of pairs.")
@click.option("--threads", type=int, help="Threads of the kernels.  [default: all]")
@click.option("--no-progress", is_flag=True, help="Show no progress bar.")
def report_command(
    file: Path,
    output: Path | None,
    json_target: Path | None,
    bins: int,
    alpha: float,
    max_pairs: int,
    max_columns: int,
    threads: int | None,
    no_progress: bool,
) -> None:
    """What the columns of FILE hold and how they depend on each other, in bits.

    FILE is CSV or TSV (plain or .gz), Parquet, Arrow, NPY or NPZ; it may be larger than memory.
    """
    try:
        options = Options(bins=bins, alpha=alpha, max_pairs=max_pairs, max_columns=max_columns, threads=threads)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    _check_target("--output", output, file)
    _check_target("--json", json_target, file)
    page = _page_renderer() if output is not None else None
    with _shown_progress(not no_progress) as progress:
        report = analyse(file, options, progress)
    _deliver(report, output, json_target, page)
