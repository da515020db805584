"""Nearest-neighbour mutual information on the tasks of Czyż et al. (2023): docs/beyond_normal.md and its figure.

    python -m hartley.bench.beyond_normal docs

The samplers are written from the definitions in Czyż, P., Grabowski, F., Vogt, J. E., Beerenwinkel, N. & Marx, A.
(2023), Beyond Normal: On the Evaluation of Mutual Information Estimators, NeurIPS 36. Mutual information does not
change under invertible maps of either side, so every truth is a formula.
"""

from __future__ import annotations

import math
import sys
import warnings
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
Sampler = Callable[[np.random.Generator, int], tuple[Array, Array]]
Estimate = Callable[[Array, Array], float]
Map = Callable[[Array], Array]

N_SAMPLES = 10_000
N_SEEDS = 10


@dataclass(frozen=True)
class Task:
    """Two variables and their mutual information in nats."""

    name: str
    information: float
    sample: Sampler


def gaussian_information(cov: Array, m: int) -> float:
    """I between the first m coordinates of a normal and the others."""
    return 0.5 * float(sum(np.linalg.slogdet(c)[1] for c in (cov[:m, :m], cov[m:, m:])) - np.linalg.slogdet(cov)[1])


def normal(name: str, cov: Array, m: int) -> Task:
    """Multivariate normal, its first m coordinates against the rest."""
    factor = np.linalg.cholesky(cov)

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        both = rng.standard_normal((n, len(cov))) @ factor.T
        return both[:, :m], both[:, m:]

    return Task(name, gaussian_information(cov, m), sample)


def dense(m: int, n: int, rho: float = 0.5) -> Array:
    """Every correlation is rho."""
    return np.full((m + n, m + n), rho) + (1.0 - rho) * np.eye(m + n)


def sparse(m: int, n: int, pairs: int = 2, rho: float = 0.8) -> Array:
    """The first coordinates of either side correlate pair by pair, the rest are noise."""
    cov = np.eye(m + n)
    for i in range(pairs):
        cov[i, m + i] = cov[m + i, i] = rho
    return cov


def student(cov: Array, m: int, dof: int) -> Task:
    """Multivariate Student: normal over √(χ²/dof); the shared denominator adds to the normal's information."""
    base = normal("", cov, m)

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x, y = base.sample(rng, n)
        scale = np.sqrt(dof / rng.chisquare(dof, n))[:, None]
        return x * scale, y * scale

    d = len(cov)
    shared = _student_term(dof) + _student_term(dof + d) - _student_term(dof + m) - _student_term(dof + d - m)
    return Task(f"Student {m} × {d - m}, {dof} dof", base.information + shared, sample)


def _student_term(x: float) -> float:
    return math.lgamma(x / 2) - x / 2 * _digamma(x / 2)


def _digamma(x: float) -> float:
    shift = 0.0
    while x < 12:
        shift, x = shift + 1.0 / x, x + 1.0
    z = 1.0 / x**2
    return math.log(x) - 0.5 / x - z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z / 240))) - shift


def uniform_noise(epsilon: float) -> Task:
    """X uniform on (0, 1), Y = X + uniform noise on (-ε, ε)."""
    truth = epsilon - math.log(2 * epsilon) if epsilon <= 0.5 else 1.0 / (4 * epsilon)

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x = rng.random((n, 1))
        return x, x + rng.uniform(-epsilon, epsilon, (n, 1))

    return Task(f"additive noise, ε = {epsilon:g}", truth, sample)


def mapped(name: str, task: Task, x_map: Map, y_map: Map | None = None) -> Task:
    """The same information after invertible maps."""

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x, y = task.sample(rng, n)
        return x_map(x), (y_map or x_map)(y)

    return Task(f"{name} @ {task.name}", task.information, sample)


def half_cube(x: Array) -> Array:
    """sign(x) |x|^1.5: longer tails."""
    return np.sign(x) * np.abs(x) ** 1.5


def wiggly(x: Array) -> Array:
    """A rising line with waves."""
    return x + 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1.0) + 0.03 * np.sin(3.3 * x - 2.5)


def wavy(x: Array) -> Array:
    """Another one."""
    return x - 0.4 * np.sin(0.4 * x) + 0.17 * np.sin(1.3 * x + 3.5) + 0.02 * np.sin(4.3 * x - 2.5)


def swiss_roll(x: Array) -> Array:
    """A normal coordinate, as its probability along a spiral in the plane."""
    u = 0.5 * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))
    t = 1.5 * math.pi * (1.0 + 2.0 * u)
    return np.hstack([t * np.cos(t), t * np.sin(t)]) / 21.0


def spiral(x: Array) -> Array:
    """Turns the plane of the first two coordinates by an angle that grows with the squared distance."""
    angle = (x**2).sum(axis=1) / 3.0
    turned = x.copy()
    turned[:, 0] = np.cos(angle) * x[:, 0] - np.sin(angle) * x[:, 1]
    turned[:, 1] = np.sin(angle) * x[:, 0] + np.cos(angle) * x[:, 1]
    return turned


def identity(x: Array) -> Array:
    """As it is."""
    return x


def tasks() -> list[Task]:
    """One of every family, in one and several dimensions."""
    pair = normal("normal 1 × 1, ρ = 0.75", dense(1, 1, 0.75), 1)
    plane = normal("dense 2 × 2", dense(2, 2), 2)
    three, five = normal("dense 3 × 3", dense(3, 3), 3), normal("dense 5 × 5", dense(5, 5), 5)
    pairs_3, pairs_5 = normal("2-pair 3 × 3", sparse(3, 3), 3), normal("2-pair 5 × 5", sparse(5, 5), 5)
    return [
        pair,
        uniform_noise(0.1),
        uniform_noise(0.75),
        mapped("half-cube", pair, half_cube),
        mapped("wiggly", pair, wiggly, wavy),
        mapped("Swiss roll", pair, swiss_roll, identity),
        plane,
        three,
        five,
        pairs_3,
        pairs_5,
        mapped("half-cube", pairs_5, half_cube),
        mapped("spiral", three, spiral),
        mapped("spiral", pairs_3, spiral),
        student(np.eye(2), 1, 1),
        mapped("asinh", student(np.eye(2), 1, 1), np.arcsinh),
        student(sparse(2, 2), 2, 2),
        student(sparse(3, 3), 3, 2),
        mapped("asinh", student(sparse(3, 3), 3, 2), np.arcsinh),
        student(sparse(5, 5), 5, 3),
    ]


def _knn(**options: Any) -> Estimate:
    return lambda x, y: float(knn.mutual_information(x, y, **options))


def _binned(x: Array, y: Array) -> float:
    if x.shape[1] > 1 or y.shape[1] > 1:
        return math.nan
    return histogram.mutual_information(x, y, bins=16, estimator="miller_madow")


def estimates() -> dict[str, Estimate]:
    """hartley's estimates, and a peer where it is installed; NaN for tasks that one cannot do."""
    found: dict[str, Estimate] = {
        "KSG 1": _knn(k=5),
        "KSG 1, normal scores": _knn(k=5, transform="copula"),
        "KSG 2": _knn(k=5, algorithm=2),
        "bias-improved": _knn(k=5, algorithm="bias_improved"),
        "local non-uniformity": lambda x, y: float(
            knn.mutual_information(x, y, k=max(10, x.shape[1] + y.shape[1] + 2), algorithm=2, local_nonuniformity=0.1)
        ),
        "16 quantile bins": _binned,
    }
    try:
        from sklearn.feature_selection import mutual_info_regression
    except ImportError:
        return found

    def sklearn(x: Array, y: Array) -> float:
        if x.shape[1] > 1 or y.shape[1] > 1:
            return math.nan
        return float(mutual_info_regression(x, y[:, 0], n_neighbors=5, random_state=0)[0])

    return found | {"scikit-learn": sklearn}


def measure(task: Task, names: dict[str, Estimate], n: int, seeds: int) -> dict[str, tuple[float, float]]:
    """(mean, standard deviation) over the seeds of every estimate."""
    samples = [task.sample(np.random.default_rng(seed), n) for seed in range(seeds)]
    found = {}
    for name, estimate in names.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = np.array([estimate(np.ascontiguousarray(x), np.ascontiguousarray(y)) for x, y in samples])
        found[name] = (float(values.mean()), float(values.std()))
    return found


def table(measured: dict[str, dict[str, tuple[float, float]]], truths: dict[str, float]) -> str:
    """Markdown: mean ± deviation, the mean nearest to the truth in bold."""
    names = list(next(iter(measured.values())))
    lines = ["| task | truth | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for task, found in measured.items():
        best = min(abs(mean - truths[task]) for mean, _ in found.values() if not math.isnan(mean))
        cells = []
        for mean, deviation in found.values():
            text = f"{mean:.3f}"
            text = f"**{text}**" if abs(mean - truths[task]) == best else text
            cells.append("–" if math.isnan(mean) else f"{text} ± {deviation:.3f}")
        lines.append(f"| {task} | {truths[task]:.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(measured: dict[str, dict[str, tuple[float, float]]], truths: dict[str, float], file: Path) -> None:
    """Errors of every estimate, a row a task."""
    figure, ax = plt.subplots(figsize=(9, 0.42 * len(measured) + 1.5), layout="constrained")
    names = list(next(iter(measured.values())))
    for i, name in enumerate(names):
        rows = np.arange(len(measured)) + 0.1 * (i - len(names) / 2)
        errors = [found[name][0] - truths[task] for task, found in measured.items()]
        spread = [found[name][1] for found in measured.values()]
        ax.errorbar(errors, rows, xerr=spread, fmt="o", markersize=3.5, linewidth=1, label=name)
    ax.set_yticks(range(len(measured)), list(measured), fontsize=8)
    ax.invert_yaxis()
    ax.axvline(0, color="grey", linewidth=0.8)
    ax.set_xlabel("estimate less truth (nats)")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    figure.savefig(file, dpi=90, metadata={"Software": None})
    plt.close(figure)


INTRODUCTION = """# Mutual information beyond normals

hartley's estimates on the task families of Czyż et al. (2023, *Beyond Normal: On the Evaluation of Mutual Information
Estimators*): normals of one and many dimensions with dense and sparse interactions, long tails, additive noise, and
maps that bend the data without changing their information. n = {n:,} samples, {seeds} seeds, k = 5 (local
non-uniformity: 10 or more, α = 0.1); mean ± standard deviation in nats, the mean nearest to the truth bold. "m × n" are
the dimensions of either side; "f @ task" maps both sides by f.

How to read it:

- In one dimension a side, KSG 1 is within its noise nearly everywhere; long tails are better served after
  `transform="copula"` (or "rank"), which keeps the information.
- Sparse interactions in five dimensions a side are underestimated by KSG: distances are made of the coordinates that
  only add noise. More samples help slowly.
- The bias-improved estimate errs where a side lies on a curve (Swiss roll) and in many dimensions: its volumes are
  those of full balls, and what it gains on "2-pair 5 × 5" it also finds where there is less ("dense 5 × 5").
- The local non-uniformity correction is for strong dependence in two or three dimensions. With hardly more neighbours
  than dimensions the turned rectangle is always flat, and the estimate far too high (5 × 5).
- Bins are for one dimension a side.

![errors](beyond_normal.png)

Made by `python -m hartley.bench.beyond_normal docs`.

"""


def write(
    folder: Path, chosen: list[Task] | None = None, n: int = N_SAMPLES, seeds: int = N_SEEDS
) -> dict[str, dict[str, tuple[float, float]]]:
    """Measure, and write beyond_normal.md and beyond_normal.png into the folder."""
    chosen = chosen or tasks()
    names = estimates()
    truths = {task.name: task.information for task in chosen}
    measured = {task.name: measure(task, names, n, seeds) for task in chosen}
    text = INTRODUCTION.format(n=n, seeds=seeds) + table(measured, truths) + "\n"
    (folder / "beyond_normal.md").write_text(text, encoding="utf-8")
    draw(measured, truths, folder / "beyond_normal.png")
    return measured


if __name__ == "__main__":
    write(Path(sys.argv[1]))
