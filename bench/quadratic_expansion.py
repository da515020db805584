"""The Kullback-Leibler divergence against its quadratic expansion: docs/quadratic_expansion.md and its figure.

python -m hartley.bench.quadratic_expansion docs
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

from hartley import fisher

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Array = NDArray[Any]

N_SAMPLES = 100_000
STEPS = 10.0 ** -np.arange(1, 5)  # δ of the table, over the scale of the family
SHARE_LEFT = 1e-6  # of the loss that a fit starts with: there it counts as done


@dataclass(frozen=True)
class Family:
    """A family of one parameter at θ; its information and the third derivative of KL(θ‖θ + δ) at δ = 0."""

    name: str
    theta: float
    kl: Callable[[Any, Any], Any]
    log_prob: Callable[[Any, Array], Array]
    sample: Callable[[np.random.Generator, int], Array]
    information: float
    third: float

    def quadratic(self, delta: Any) -> Any:
        return 0.5 * self.information * delta**2

    def error(self, delta: Any) -> Any:
        return self.kl(self.theta, self.theta + delta) - self.quadratic(delta)


def families() -> list[Family]:
    """A coin, a count, and the standard deviation of a normal (for its mean the expansion is exact)."""
    p, rate, std = 0.3, 2.0, 1.0
    return [
        Family(
            f"Bernoulli, θ = {p:g}",
            p,
            lambda a, b: a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b)),
            lambda t, x: x * np.log(t) + (1 - x) * np.log1p(-t),
            lambda rng, n: (rng.random(n) < p).astype(float),
            1 / (p * (1 - p)),
            2 / (1 - p) ** 2 - 2 / p**2,
        ),
        Family(
            f"Poisson, λ = {rate:g}",
            rate,
            lambda a, b: a * np.log(a / b) + b - a,
            lambda t, x: x * np.log(t) - t,
            lambda rng, n: rng.poisson(rate, size=n).astype(float),
            1 / rate,
            -2 / rate**2,
        ),
        Family(
            f"normal, σ = {std:g}",
            std,
            lambda a, b: np.log(b / a) + 0.5 * (a / b) ** 2 - 0.5,
            lambda t, x: -np.log(t) - 0.5 * (x / t) ** 2,
            lambda rng, n: rng.normal(0, std, size=n),
            2 / std**2,
            -10 / std**3,
        ),
    ]


def slope_of_error(family: Family, low: float = 1e-3, high: float = 1e-2) -> float:
    """Of log |error| over log δ: 3 where the next term is cubic."""
    return math.log(abs(family.error(high) / family.error(low))) / math.log(high / low)


@dataclass(frozen=True)
class Descent:
    """A minimisation: the parameters and what is left of the loss above its least, step by step."""

    parameters: Array
    excess: Array

    @property
    def n_steps(self) -> int:
        """Steps until SHARE_LEFT of the first excess is left."""
        return int(np.argmax(self.excess <= SHARE_LEFT * self.excess[0]))


Loss = Callable[[Array], tuple[float, Array, Array]]  # of the parameters: value, gradient, Fisher information


def descend(loss: Loss, start: Array, least: float, rate: float, natural: bool, n_most: int = 2000) -> Descent:
    """Steps of a fixed length along the gradient, or the natural one."""
    theta, path, excess = start, [], []
    while True:
        value, gradient, information = loss(theta)
        path.append(theta)
        excess.append(value - least)
        if excess[-1] <= SHARE_LEFT * excess[0] or len(path) > n_most or not math.isfinite(excess[-1]):
            return Descent(np.array(path), np.array(excess))
        theta = theta - rate * (fisher.natural_gradient(gradient, information) if natural else gradient)


def normal_loss(mean: float, std: float) -> Loss:
    """Mean negative log-density of (μ, σ) over a sample of this mean and deviation, without the constant."""

    def loss(theta: Array) -> tuple[float, Array, Array]:
        mu, sigma = theta
        spread = std**2 + (mean - mu) ** 2
        gradient = np.array([(mu - mean) / sigma**2, 1 / sigma - spread / sigma**3])
        return math.log(sigma) + spread / (2 * sigma**2), gradient, np.diag([1, 2]) / sigma**2

    return loss


def logistic_loss(x: Array, y: Array) -> Loss:
    """Mean negative log-likelihood of a logistic regression."""

    def loss(theta: Array) -> tuple[float, Array, Array]:
        score = x @ theta
        probability = 1 / (1 + np.exp(-score))
        information = (x * (probability * (1 - probability))[:, None]).T @ x / len(x)
        return float(np.mean(np.logaddexp(0, score) - y * score)), x.T @ (probability - y) / len(x), information

    return loss


def fits(n: int = 1000) -> dict[str, dict[str, Descent]]:
    """Both gradients on a normal and on a logistic regression; the plain one with the best of seven fixed steps."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3)) * [1.0, 3.0, 0.5]
    y = (rng.random(n) < 1 / (1 + np.exp(-x @ [1.0, -0.3, 2.0]))).astype(float)
    logistic = logistic_loss(x, y)
    best = np.zeros(3)
    for _ in range(30):  # Newton's method to rounding
        _, gradient, information = logistic(best)
        best = best - fisher.natural_gradient(gradient, information)
    problems = {
        "normal": (normal_loss(2.0, 0.2), np.array([0.0, 2.0]), math.log(0.2) + 0.5, 0.5),
        "logistic": (logistic, np.zeros(3), logistic(best)[0], 1.0),
    }
    found = {}
    for name, (loss, start, least, natural_rate) in problems.items():
        with np.errstate(all="ignore"):
            plain = [descend(loss, start, least, rate, natural=False) for rate in _RATES[name]]
        finished = [d for d in plain if d.excess[-1] <= SHARE_LEFT * d.excess[0]]
        natural = descend(loss, start, least, natural_rate, natural=True)
        found[name] = {"gradient": min(finished, key=lambda d: d.n_steps), "natural gradient": natural}
    return found


_RATES = {"normal": np.geomspace(0.005, 0.08, 7), "logistic": np.geomspace(0.4, 3.2, 7)}


def table(family: Family) -> str:
    """Markdown: divergence, expansion and error over δ."""
    lines = ["| δ | KL(θ‖θ + δ) | ½ I δ² | difference | difference / δ³ |", "|---|---|---|---|---|"]
    for delta in STEPS:
        kl, square = family.kl(family.theta, family.theta + delta), family.quadratic(delta)
        lines.append(f"| {delta:g} | {kl:.6e} | {square:.6e} | {kl - square:+.3e} | {(kl - square) / delta**3:+.4f} |")
    return "\n".join(lines)


def informations(n: int) -> str:
    """Markdown: the information of every family, by formula and by every numerical way."""
    rng = np.random.default_rng(0)
    lines = ["| family | formula | `kl_hessian` | by scores | by Hessians |", "|---|---|---|---|---|"]
    for family in families():
        curvature = fisher.kl_hessian(family.kl, family.theta, return_error=True)
        x = family.sample(rng, n)
        cells = [f"{curvature.value:.10f} ± {curvature.numerical_error:.0e}"]
        for method in ("score", "hessian"):
            found = fisher.fisher_information_from_log_prob(
                family.log_prob, family.theta, x, method=method, return_error=True
            )
            cells.append(f"{found.value:.4f} ± {found.standard_error:.4f}")
        lines.append(f"| {family.name} | {family.information:.10f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(found: dict[str, dict[str, Descent]], file: Path) -> None:
    """The divergences above; their errors and the two fits below."""
    figure, axes = plt.subplots(2, 3, figsize=(14, 8), layout="constrained")
    lengths = np.geomspace(1e-4, 0.25, 60)
    for i, family in enumerate(families()):
        delta = np.linspace(-0.25, 0.4, 200) * (2 if i == 1 else 1)
        axes[0, i].plot(delta, family.kl(family.theta, family.theta + delta), label="KL(θ‖θ + δ)")
        axes[0, i].plot(delta, family.quadratic(delta), "--", label="½ I(θ) δ²")
        axes[0, i].set(title=family.name, xlabel="δ", ylabel="nats" if i == 0 else None)
        axes[1, 0].plot(lengths, np.abs(family.error(lengths)), label=family.name)
    axes[0, 0].legend()
    axes[1, 0].plot(lengths, lengths**3, ":", color="black", label="δ³")
    axes[1, 0].set(xscale="log", yscale="log", ylim=(1e-15, 1), xlabel="δ", title="|KL(θ‖θ + δ) - ½ I(θ) δ²|")
    for name, descent in found["normal"].items():
        axes[1, 1].plot(*descent.parameters.T, ".-", label=f"{name}: {descent.n_steps} steps")
    axes[1, 1].plot(2.0, 0.2, "k*", markersize=12)
    axes[1, 1].set(xlabel="μ", ylabel="σ", title="fit of a normal")
    for name, descent in found["logistic"].items():
        axes[1, 2].plot(np.maximum(descent.excess, 1e-17), ".-", label=f"{name}: {descent.n_steps} steps")
    axes[1, 2].set(
        xscale="symlog", yscale="log", xlabel="step", title="logistic regression: loss above its least (nats)"
    )
    for axis in axes.flat:
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.legend()
    figure.savefig(file, dpi=90, metadata={"Software": None})
    plt.close(figure)


PAGE = """# Fisher information: the divergence's own curvature

For a smooth family the Kullback-Leibler divergence to a near distribution is a quadratic form,

KL(θ‖θ + δ) = ½ δᵀ I(θ) δ + O(δ³),

whose matrix is the Fisher information. So the information can be had from the divergence (`fisher.kl_hessian`), from
samples and their log-density (`fisher.fisher_information_from_log_prob`, by the two expressions E[s sᵀ] and
-E[∂² log p]), or from score vectors (`fisher.fisher_information`); and a step that is steepest for its length in
divergence is the natural gradient I⁻¹ ∇L (`fisher.natural_gradient`).

![divergence, expansion, error; two fits](quadratic_expansion.png)

Made by `python -m hartley.bench.quadratic_expansion docs`.

## The error falls as δ³

The last column goes to a sixth of the third derivative of KL(θ‖θ + δ) at δ = 0, which stands in the headings. For the
mean of a normal it is 0, and so is the error.

{tables}

## The information, four ways

{n:,} samples for the last two columns; ± is the estimated error: of the differences in the third column, the standard
error of the sample in the last two.

{informations}

## Natural gradients

Steps until a millionth of the loss above its least is left. The plain gradient has the best of seven fixed step
lengths, the natural gradient one that needs no search (½ for the normal, 1 for the logistic regression, where it is
Newton's method). The normal starts at μ = 0, σ = 2 and ends at μ = 2, σ = 0.2; the regression has three features of
scales 1, 3 and ½.

| fit | gradient | natural gradient |
|---|---|---|
{fits}

The length of a plain step must suit the steepest direction, and is too short for the others; the natural gradient does
not see how the parameters are scaled.
"""


def write(folder: Path, n: int = N_SAMPLES) -> dict[str, dict[str, Descent]]:
    """Write quadratic_expansion.md and quadratic_expansion.png into the folder."""
    found = fits()
    rows = [f"| {name} | {f['gradient'].n_steps} | {f['natural gradient'].n_steps} |" for name, f in found.items()]
    tables = "\n\n".join(f"### {f.name}: {f.third / 6:+.4f}\n\n{table(f)}" for f in families())
    page = PAGE.format(tables=tables, n=n, informations=informations(n), fits="\n".join(rows))
    (folder / "quadratic_expansion.md").write_text(page, encoding="utf-8")
    draw(found, folder / "quadratic_expansion.png")
    return found


if __name__ == "__main__":
    write(Path(sys.argv[1]))
