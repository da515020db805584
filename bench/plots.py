"""Pictures of a result: how many times faster each row is, and where it stands under the machine's roofline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from .table import _best_setting

matplotlib.use("Agg")
from matplotlib import pyplot as plt

MARKERS = "osD^vP*X<>"


def draw_ratios(document: dict[str, Any], axes: Any) -> None:
    """A line a row, a mark a contender: time over hartley's, logarithmic."""
    rows = [(r, s) for r in document["results"] if (s := _best_setting(r))]
    names = list(dict.fromkeys(name for _, s in rows for name in s["times_faster_than"]))
    for i, name in enumerate(names):
        points = [
            (s["times_faster_than"][name], y) for y, (_, s) in enumerate(rows) if s["times_faster_than"].get(name)
        ]
        if points:
            x, y = zip(*points, strict=True)
            axes.scatter(x, y, marker=MARKERS[i % len(MARKERS)], label=name, s=40)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [r["row"] for r, _ in rows])
    axes.invert_yaxis()
    axes.grid(axis="x", which="both", alpha=0.3)
    axes.set_xlabel("time over hartley's time (all threads, highest level)")
    axes.legend(fontsize="small")


def draw_roofline(document: dict[str, Any], axes: Any) -> None:
    """Operations a second against operations a byte, float64 rows and float32 rows under their own roofs."""
    machine = document["machine"]
    threads = max(machine["read"], key=int)
    intensity = np.logspace(-2, 3, 200)
    rates = machine["read"][threads]
    for size, color in ((min(rates, key=int), "C1"), (max(rates, key=int), "C0")):
        for dtype, style in (("float64", "-"), ("float32", "--")):
            peak = machine["flops"][machine["level"]][dtype][threads]
            label = f"{int(size) / 2**20:.3g} MiB, {dtype}"
            axes.plot(intensity, np.minimum(peak, intensity * rates[size]) / 1e9, style, color=color, label=label)
    for result in document["results"]:
        setting = _best_setting(result)
        if not setting or not result["flops"] or not result["bytes_moved"]:
            continue
        seconds = setting["nanoseconds_per_element"] * result["elements"] * 1e-9
        point = (result["flops"] / result["bytes_moved"], result["flops"] / seconds / 1e9)
        axes.plot(*point, "k.")
        axes.annotate(result["row"], point, fontsize="small", xytext=(3, 3), textcoords="offset points")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(which="both", alpha=0.3)
    axes.set_xlabel("operations a byte")
    axes.set_ylabel("GFLOP/s")
    axes.legend(fontsize="small", title=f"roof, {threads} threads")


def draw(document: dict[str, Any], file: Path) -> None:
    """Both pictures in one file; its suffix says the format (.png, .svg, .pdf)."""
    height = max(5.0, 0.3 * len(document["results"]) + 1.5)
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, height), layout="constrained")
    draw_ratios(document, left)
    draw_roofline(document, right)
    environment = document["environment"]
    figure.suptitle(
        f"hartley {environment['commit'][:12]}, {document['machine']['processor']}, {environment['date'][:10]}"
    )
    figure.savefig(file, dpi=120)
    plt.close(figure)
