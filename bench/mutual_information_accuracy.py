"""Bias and root mean square error of mutual information by binning and by neighbours: docs/mutual_information.md.

    python -m hartley.bench.mutual_information_accuracy docs

Samples whose information is known by formula; the same ones for every estimator.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from hartley import histogram, knn

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Array = NDArray[Any]
Estimate = Callable[[Array, Array], float]
Errors = dict[str, list[tuple[float, float]]]  # (bias, root mean square error) by sample size

SIZES = (100, 300, 1000, 3000, 10_000, 30_000)
REPEATS = 40


@dataclass(frozen=True)
class Task:
    """Two variables, and their mutual information in nats."""

    name: str
    information: float
    sample: Callable[[np.random.Generator, int], tuple[Array, Array]]


def gaussian(rho: float) -> Task:
    """Bivariate normal with correlation rho: I = -½ log(1 - ρ²)."""

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x, noise = rng.standard_normal((2, n))
        return x, rho * x + math.sqrt(1.0 - rho**2) * noise

    return Task(f"normal, ρ = {rho:g}", -0.5 * math.log1p(-(rho**2)), sample)


def uniform_noise(width: float) -> Task:
    """X uniform on (0, 1), Y = X + uniform noise on (0, w), w <= 1: I = h(Y) - log w = w/2 - log w."""

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x, noise = rng.random((2, n))
        return x, x + width * noise

    return Task(f"uniform noise, w = {width:g}", width / 2.0 - math.log(width), sample)


TASKS = (gaussian(0.0), gaussian(0.5), gaussian(0.9), gaussian(0.99), uniform_noise(1.0), uniform_noise(0.1))


def _binned(bins: int, **options: Any) -> Estimate:
    return lambda x, y: histogram.mutual_information(x, y, bins=bins, **options)


ESTIMATES: dict[str, Estimate] = {
    **{f"{bins} quantile bins": _binned(bins) for bins in (4, 8, 16, 32)},
    "16 bins, Miller-Madow": _binned(16, estimator="miller_madow"),
    "16 bins, Panzeri-Treves": _binned(16, bias="panzeri_treves"),
    "16 bins, extrapolated": _binned(16, bias="quadratic_extrapolation", seed=0),
    "16 bins, Chao-Wang-Jost": _binned(16, estimator="chao_wang_jost"),
    "16 uniform bins": _binned(16, binning="uniform"),
    "uniform bins by fd": lambda x, y: histogram.mutual_information(x, y, bins="fd", binning="uniform"),
    "KSG, k = 3": lambda x, y: float(knn.mutual_information(x, y, k=3)),
}


def measure(task: Task, sizes: tuple[int, ...], repeats: int, seed: int = 20240701) -> Errors:
    """Errors of every estimate in nats."""
    rng = np.random.default_rng(seed)
    results: Errors = {name: [] for name in ESTIMATES}
    for n in sizes:
        samples = [task.sample(rng, n) for _ in range(repeats)]
        for name, estimate in ESTIMATES.items():
            errors = np.array([estimate(x, y) for x, y in samples]) - task.information
            results[name].append((float(errors.mean()), float(np.sqrt((errors**2).mean()))))
    return results


def table(task: Task, results: Errors, sizes: tuple[int, ...]) -> str:
    """Markdown: bias / RMSE, the least RMSE of each size in bold."""
    best = [min(rows[i][1] for rows in results.values()) for i in range(len(sizes))]
    lines = [f"### {task.name}: I = {task.information:.4f} nats", ""]
    lines.append("| estimate | " + " | ".join(f"n = {n:,}" for n in sizes) + " |")
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name, rows in results.items():
        cells = [f"{b:+.3f} / " + (f"**{r:.3f}**" if r == best[i] else f"{r:.3f}") for i, (b, r) in enumerate(rows)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(measured: dict[str, Errors], sizes: tuple[int, ...], file: Path) -> None:
    """Bias above, RMSE below, a column a task."""
    figure, axes = plt.subplots(2, len(measured), figsize=(3.4 * len(measured), 7), sharex=True, layout="constrained")
    for column, (task, results) in enumerate(measured.items()):
        for i, (name, rows) in enumerate(results.items()):
            style = {"color": "black"} if name.startswith("KSG") else {"color": f"C{i % 10}"}
            axes[0, column].plot(sizes, [b for b, _ in rows], marker=".", label=name, **style)
            axes[1, column].plot(sizes, [r for _, r in rows], marker=".", **style)
        axes[0, column].set_title(task, fontsize=10)
        axes[0, column].axhline(0, color="grey", linewidth=0.8)
        axes[0, column].set_yscale("symlog", linthresh=0.01)
        axes[1, column].set_yscale("log")
        axes[1, column].set_xscale("log")
        axes[1, column].set_xlabel("samples")
        for row in (0, 1):
            axes[row, column].grid(alpha=0.3)
    axes[0, 0].set_ylabel("bias (nats)")
    axes[1, 0].set_ylabel("root mean square error (nats)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(file, dpi=90, metadata={"Software": None})
    plt.close(figure)


INTRODUCTION = """# Mutual information from samples: bins or neighbours

Estimates on {repeats} samples of each size from pairs whose information is known by formula: bivariate normals
(-½ log(1 - ρ²)) and a uniform variable with uniform noise of width w (w/2 - log w). Cells are bias / root mean square
error in nats; the least error of each size is bold.

Two errors pull in opposite directions. Bins lose what happens inside of them: too low, the more so the stronger the
dependence, whatever the number of samples. Counting few samples in many cells invents information: too high, by about
(cells of x - 1)(cells of y - 1) / (2 n), which the corrections take away.

How to choose:

- Two continuous variables and up to some 10^5 samples: `hartley.knn.mutual_information`.
- Many pairs to rank, or 10^6 samples: `hartley.histogram` with 8 to 16 quantile bins and `estimator="miller_madow"`;
  fewer bins where n is below 20 bins².
- Near independence the corrected estimates are the ones to read: the plug-in's bias is all that it shows.
- Strong dependence (I over log(bins) / 2) needs more bins, or neighbours.

![bias and error](mutual_information.png)

Made by `python -m hartley.bench.mutual_information_accuracy docs`.
"""


def write(
    folder: Path, tasks: tuple[Task, ...] = TASKS, sizes: tuple[int, ...] = SIZES, repeats: int = REPEATS
) -> dict[str, Errors]:
    """Measure, and write mutual_information.md and mutual_information.png into the folder."""
    measured = {task.name: measure(task, sizes, repeats) for task in tasks}
    parts = [INTRODUCTION.format(repeats=repeats)]
    parts += [table(task, measured[task.name], sizes) + "\n" for task in tasks]
    (folder / "mutual_information.md").write_text("\n".join(parts), encoding="utf-8")
    draw(measured, sizes, folder / "mutual_information.png")
    return measured


if __name__ == "__main__":
    write(Path(sys.argv[1]))
