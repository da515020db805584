"""The report as one page that needs nothing but itself."""

from __future__ import annotations

import datetime
import os

import jinja2

from . import figures, text
from .analysis import Report


def render_html(report: Report) -> str:
    """The page: styles inline, pictures embedded, no address outside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hartley.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    d = report.dependence
    return environment.get_template("report.html.j2").render(
        report=report,
        file_name=os.path.basename(report.path),
        made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        n_cells=report.n_rows * len(report.columns),
        heatmap=figures.heatmap(d) if d is not None else None,
        n_left_out=max(0, len(d.names) - figures.LARGEST_HEATMAP) if d is not None else 0,
        histograms=[(h, figures.joint_histogram(h)) for h in report.histograms],
        text=text,
    )
