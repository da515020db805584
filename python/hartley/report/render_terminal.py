"""The report for the terminal."""

from __future__ import annotations

import os
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import text
from .analysis import Report

_PIPE_WIDTH = 150  # columns of text where there is no terminal to ask


def _summary(report: Report) -> Text:
    cells = report.n_rows * len(report.columns)
    line = Text()
    line.append(text.printable(os.path.basename(report.path)), style="bold")
    line.append(f"  {report.format}, {text.size(report.n_bytes)}\n", style="dim")
    line.append(
        f"{report.n_rows:,} rows × {len(report.columns):,} columns, {report.n_missing:,} missing cells "
        f"({text.share(report.n_missing, cells)}), {report.n_pairs:,} pairs in {text.seconds(report.seconds['total'])}"
    )
    return line


def _columns(report: Report) -> Table:
    table = Table(title="Columns", box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.add_column("column", style="cyan", overflow="fold")
    table.add_column("type")
    for name in ("missing", "distinct", "H (bits)", "corrected", "coverage", "in pairs as"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("notes", style="yellow", overflow="fold")
    for c in report.columns:
        table.add_row(
            Text(text.printable(c.name)),
            c.kind,
            text.share(c.n_missing, c.n_rows),
            text.distinct(c),
            text.bits(c.entropy),
            text.bits(c.entropy_corrected),
            "–" if c.coverage is None else f"{c.coverage:.3f}",
            text.coding(c),
            Text("; ".join(c.notes)),
        )
    return table


def _pairs(report: Report) -> Table:
    table = Table(
        title=f"Strongest pairs (q <= {report.options.alpha:g}, by normalized information)",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
    )
    table.add_column("x", style="cyan", overflow="fold")
    table.add_column("y", style="cyan", overflow="fold")
    for name in ("I (bits)", "plug-in", "normalized", "rows", "p", "q"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("notes", style="yellow", overflow="fold")
    for pair in report.pairs:
        table.add_row(
            Text(text.printable(pair.names[0])),
            Text(text.printable(pair.names[1])),
            text.bits(pair.corrected),
            text.bits(pair.mi),
            f"{pair.normalized:.3f}",
            f"{pair.n:,}",
            text.probability(pair.p),
            text.probability(pair.q),
            Text("; ".join(pair.notes)),
        )
    return table


def render_terminal(report: Report) -> None:
    """Write the report to standard output; in colour where that is a terminal."""
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    console.print(_summary(report))
    console.print(_columns(report))
    if report.pairs:
        console.print(_pairs(report))
    for title, lines in (
        ("Redundant columns", [text.redundancy(r) for r in report.redundant]),
        ("Notes", report.notes),
    ):
        if lines:
            console.print(Text(title, style="bold"))
            for line in lines:
                console.print(Text(f"  {line}"))
            console.print()
    console.print(
        Text(
            "Units: bits. I is Miller-Madow corrected, normalized is I over the mean of the two entropies; "
            "p and q: G-test of independence, adjusted over all pairs.",
            style="dim",
        )
    )
