"""Which divergence sees a lost mode: docs/mode_collapse.md and its figure.

python -m hartley.bench.mode_collapse docs
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from hartley import evaluation, transport

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Array = NDArray[Any]

N_MODES = 8
RADIUS, STD = 2.0, 0.15
N_SAMPLES = 1000
SEED = 20240601
SHOWN = 3  # lost modes of the generator that is drawn

DIVERGENCES = ("KL(data‖generator)", "KL(generator‖data)", "Jensen-Shannon", "W1", "sliced W2", "Fréchet")
SHARES = ("precision", "recall", "density", "coverage", "effective modes / 8")


def centres() -> Array:
    """Of the modes, equally spaced on a ring."""
    angles = 2 * np.pi * np.arange(N_MODES) / N_MODES
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def sample(n_modes: int, n: int, rng: np.random.Generator) -> Array:
    """n samples of the first n_modes modes."""
    points: Array = centres()[rng.integers(n_modes, size=n)] + STD * rng.normal(size=(n, 2))
    return points


def log_density(points: Array, n_modes: int) -> Array:
    """Of the first n_modes modes in equal shares."""
    squares = ((points[:, None] - centres()[:n_modes]) ** 2).sum(axis=2)
    logs: Array = np.logaddexp.reduce(-squares / (2 * STD**2), axis=1) - math.log(n_modes * 2 * math.pi * STD**2)
    return logs


def divergences(n_modes: int, n_cells: int = 200) -> dict[str, float]:
    """Of the densities, in nats, by sums over a grid of n_cells² points: exact to many digits, as the tails vanish."""
    edge = RADIUS + 6 * STD
    line = np.linspace(-edge, edge, n_cells)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    cell = (line[1] - line[0]) ** 2
    p, q = log_density(grid, N_MODES), log_density(grid, n_modes)
    middle = np.logaddexp(p, q) - math.log(2)

    def kl(a: Array, b: Array) -> float:
        return float((np.exp(a) * (a - b)).sum() * cell)

    return dict(zip(DIVERGENCES, (kl(p, q), kl(q, p), 0.5 * (kl(p, middle) + kl(q, middle))), strict=False))


def measure(n: int, n_modes: int, rng: np.random.Generator) -> dict[str, float]:
    """Everything about a generator of the first n_modes modes, from n samples of it and of the data."""
    real, generated = sample(N_MODES, n, rng), sample(n_modes, n, rng)
    labels = ((generated[:, None] - centres()) ** 2).sum(axis=2).argmin(axis=1)
    four = evaluation.prdc(real, generated)
    return divergences(n_modes) | {
        "W1": transport.wasserstein(real, generated, p=1).value,
        "sliced W2": float(transport.sliced_wasserstein(real, generated, seed=0)),
        "Fréchet": evaluation.frechet_distance(real, generated),
        "precision": four.precision,
        "recall": four.recall,
        "density": four.density,
        "coverage": four.coverage,
        "effective modes / 8": evaluation.mode_coverage(labels, N_MODES).effective_modes / N_MODES,
    }


def table(measured: Sequence[dict[str, float]], names: Sequence[str]) -> str:
    """A row for each number of lost modes."""
    lines = ["| lost modes | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for lost, values in enumerate(measured):
        lines.append(f"| {lost} | " + " | ".join(f"{values[name]:.3f}" for name in names) + " |")
    return "\n".join(lines)


def draw(measured: Sequence[dict[str, float]], n: int, file: Path) -> None:
    """Samples; divergences; shares."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    rng = np.random.default_rng(SEED)
    axes[0].plot(*sample(N_MODES, n, rng).T, ".", markersize=3, color="0.7", label="data")
    axes[0].plot(*sample(N_MODES - SHOWN, n, rng).T, ".", markersize=3, label=f"generator, {SHOWN} modes lost")
    axes[0].set(aspect="equal", title=f"{N_MODES} modes on a ring")
    lost = np.arange(len(measured))
    for axis, names in ((axes[1], DIVERGENCES), (axes[2], SHARES)):
        for name in names:
            axis.plot(lost, [values[name] for values in measured], "o-", markersize=4, label=name)
        axis.set(xlabel="lost modes")
    axes[1].set(yscale="symlog", title="divergences (nats) and distances")
    axes[1].set_yscale("symlog", linthresh=0.1)
    axes[1].set_ylim(bottom=0)
    axes[2].set(ylim=(0, 1.2), title="shares")
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.savefig(file, dpi=90, metadata={"Software": None})
    plt.close(figure)


PAGE = """# Which divergence saw the mode collapse

The data are {modes} normal modes of standard deviation {std:g} on a ring of radius {radius:g}. A generator loses one
mode after the other, side by side, and is perfect on those that are left. Divergences are those of the two densities,
in nats; distances and shares come from {n:,} samples of each: `transport.wasserstein`, `transport.sliced_wasserstein`,
`evaluation.frechet_distance`, `evaluation.prdc`, `evaluation.mode_coverage`.

![samples, divergences and shares](mode_collapse.png)

Made by `python -m hartley.bench.mode_collapse docs`.

## Divergences and distances

{divergences}

## Shares

{shares}

## What it teaches

- **KL(data‖generator) explodes with the first mode**: it is the mean of log p/q over the data, and q is next to
  nothing where a mode is missing. It is what maximum likelihood minimises: such models cover every mode, if need be
  with samples between them. Estimates from samples cannot be that large, and over bins it is infinite.
- **KL(generator‖data) hardly sees it**: log({modes}/m) for m modes left, at most log {modes} = {most:.2f}. What
  minimises it, as variational inference does, may choose a mode and stay there.
- **Jensen-Shannon sees it, but stays below log 2 = 0.69**, however far away what was lost is: little gradient says
  where to go.
- **Wasserstein distances grow with the mass that is missing and with the way it has to go**, and ask for no density.
  For equal distributions they are not 0 but what {n:,} samples leave (first row).
- **The Fréchet distance compares mean and covariance alone**: it rises here because what is lost lies on one side.
  Every other mode lost would leave both as they are.
- **Precision and density stay near 1**: every sample is a good one. Scores of quality cannot see collapse.
- **Recall, coverage and the effective number of modes fall with every mode**, by its share: with m modes left they are
  about m/{modes}. `evaluation.mode_coverage` names the lost ones where modes have labels.

Look at one score of quality and one of diversity, never at one number.
"""


def write(folder: Path, n: int = N_SAMPLES) -> list[dict[str, float]]:
    """Write mode_collapse.md and mode_collapse.png into the folder; what was measured for 0, 1, … lost modes."""
    rng = np.random.default_rng(SEED)
    measured = [measure(n, n_modes, rng) for n_modes in range(N_MODES, 0, -1)]
    page = PAGE.format(
        modes=N_MODES,
        std=STD,
        radius=RADIUS,
        n=n,
        most=math.log(N_MODES),
        divergences=table(measured, DIVERGENCES),
        shares=table(measured, SHARES),
    )
    (folder / "mode_collapse.md").write_text(page, encoding="utf-8")
    draw(measured, n, folder / "mode_collapse.png")
    return measured


if __name__ == "__main__":
    write(Path(sys.argv[1]))
