"""Bias and root mean square error of every discrete entropy estimator: docs/estimators.md and its figure.

    python -m hartley.bench.estimator_accuracy docs

Peers (infomeasure, ndd) take part where they are installed and are left out by name where they are not.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley import discrete

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Array = NDArray[Any]
Estimate = Callable[[Array, int], float]  # (samples as symbols 0..K-1, K) -> nats

SIZES = (10, 30, 100, 300, 1000, 3000, 10_000)
REPEATS = 200
N_SYMBOLS = 200
KNOW_THE_ALPHABET = ("shrinkage", "dirichlet", "nsb")  # given n_symbols here
ESTIMATORS = (
    "mle", "miller_madow", "grassberger", "zhang", "jackknife", "chao_shen", "chao_wang_jost", "bonachela", "shrinkage",
    "dirichlet", "nsb",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A distribution that samples are drawn from."""

    name: str
    p: Array

    @property
    def entropy(self) -> float:
        """Nats."""
        return float(ht.entropy(self.p))


def sources(n_symbols: int = N_SYMBOLS) -> list[Source]:
    """Uniform; Zipf's law p ~ 1/rank; and one symbol with probability ½, the others alike."""
    ranks = np.arange(1, n_symbols + 1)
    zipf = 1.0 / ranks
    peaked = np.full(n_symbols, 0.5 / (n_symbols - 1))
    peaked[0] = 0.5
    return [
        Source("uniform", np.full(n_symbols, 1.0 / n_symbols)),
        Source("Zipf", zipf / zipf.sum()),
        Source("peaked", peaked),
    ]


def _of_hartley(estimator: str) -> Estimate:
    def estimate(x: Array, n_symbols: int) -> float:
        known = n_symbols if estimator in KNOW_THE_ALPHABET else None
        return float(discrete.entropy(x, estimator=estimator, n_symbols=known))

    return estimate


def _peers() -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    try:
        import infomeasure
    except ImportError:
        pass
    else:
        for approach in ("grassberger", "chao_shen", "chao_wang_jost", "zhang", "bonachela", "shrink"):

            def estimate(x: Array, _: int, approach: str = approach) -> float:
                return float(infomeasure.entropy(x, approach=approach, base="e"))

            found[f"infomeasure {approach}"] = estimate
    try:
        import ndd
    except ImportError:
        pass
    else:
        found["ndd (NSB)"] = lambda x, k: float(ndd.entropy(np.bincount(x, minlength=k), k=k))
    return found


def measure(
    estimates: dict[str, Estimate], source: Source, sizes: tuple[int, ...], repeats: int, seed: int = 20240601
) -> dict[str, list[tuple[float, float]]]:
    """(bias, root mean square error) in nats of each estimate at each sample size, all on the same samples."""
    rng = np.random.default_rng(seed)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in estimates}
    for n in sizes:
        samples = [rng.choice(len(source.p), size=n, p=source.p) for _ in range(repeats)]
        for name, estimate in estimates.items():
            with warnings.catch_warnings():  # low coverage is what is being shown
                warnings.simplefilter("ignore")
                logging.disable(logging.WARNING)
                errors = np.array([estimate(x, len(source.p)) for x in samples]) - source.entropy
            logging.disable(logging.NOTSET)
            results[name].append((float(errors.mean()), float(np.sqrt((errors**2).mean()))))
    return results


def table(source: Source, results: dict[str, list[tuple[float, float]]], sizes: tuple[int, ...]) -> str:
    """Markdown: bias / RMSE, the least RMSE of each size in bold."""
    best = [min(rows[i][1] for rows in results.values()) for i in range(len(sizes))]
    lines = [f"### {source.name}: H = {source.entropy:.4f} nats", ""]
    lines.append("| estimator | " + " | ".join(f"N = {n:,}" for n in sizes) + " |")
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name, rows in results.items():
        cells = [f"{b:+.3f} / " + (f"**{r:.3f}**" if r == best[i] else f"{r:.3f}") for i, (b, r) in enumerate(rows)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(measured: dict[str, dict[str, list[tuple[float, float]]]], sizes: tuple[int, ...], file: Path) -> None:
    """Bias above, RMSE below, a column a source."""
    figure, axes = plt.subplots(2, len(measured), figsize=(5 * len(measured), 8), sharex=True, layout="constrained")
    for column, (source, results) in enumerate(measured.items()):
        for i, (name, rows) in enumerate(results.items()):
            style = {"color": f"C{i % 10}", "linestyle": "-" if i < 10 else "--", "marker": "."}
            if name not in ESTIMATORS:  # a peer
                style = {"color": "black", "linestyle": ":", "linewidth": 0.8, "marker": "x+1234"[i % 6]}
            axes[0, column].plot(sizes, [b for b, _ in rows], label=name, **style)
            axes[1, column].plot(sizes, [r for _, r in rows], **style)
        axes[0, column].set_title(source)
        axes[0, column].axhline(0, color="black", linewidth=0.8)
        axes[0, column].set_yscale("symlog", linthresh=0.01)
        axes[1, column].set_yscale("log")
        axes[1, column].set_xscale("log")
        axes[1, column].set_xlabel("samples")
        for row in (0, 1):
            axes[row, column].grid(alpha=0.3)
    axes[0, 0].set_ylabel("bias (nats)")
    axes[1, 0].set_ylabel("root mean square error (nats)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    figure.savefig(file, dpi=90, metadata={"Software": None})
    plt.close(figure)


INTRODUCTION = """# Entropy estimators: bias and error

Every estimator of `hartley.discrete.entropy` on {repeats} samples of each size from three sources of {n_symbols}
symbols: uniform, Zipf (p ~ 1/rank), peaked (one symbol has probability ½). Cells are bias / root mean square error in
nats; the least error of each size is bold. "shrinkage", "dirichlet" (Jeffreys) and "nsb" know the size of the
alphabet, the others do not.

How to choose:

- N over 100 K: any; `"mle"` is good enough.
- N from K/2 to 100 K: `"grassberger"`, `"zhang"` or `"chao_wang_jost"` (no knowledge of the alphabet needed).
- N below K/2: `"nsb"` with `n_symbols` where the alphabet is known, else `"chao_wang_jost"`. `"shrinkage"` wins where
  the source is nearly uniform, because that is what it shrinks to, and `"dirichlet"` where its prior happens to fit.

![bias and error](estimators.png)

Made by `python -m hartley.bench.estimator_accuracy docs`{peers}.
"""


def write(
    folder: Path, sizes: tuple[int, ...] = SIZES, repeats: int = REPEATS, n_symbols: int = N_SYMBOLS
) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Measure, and write estimators.md and estimators.png into the folder."""
    peers = _peers()
    estimates = {name: _of_hartley(name) for name in ESTIMATORS} | peers
    measured = {}
    told = f"; peers: {', '.join(peers)}" if peers else "; no peer (infomeasure, ndd) was installed"
    parts = [INTRODUCTION.format(repeats=repeats, n_symbols=n_symbols, peers=told)]
    for source in sources(n_symbols):
        measured[source.name] = measure(estimates, source, sizes, repeats)
        parts.append(table(source, measured[source.name], sizes) + "\n")
    (folder / "estimators.md").write_text("\n".join(parts), encoding="utf-8")
    draw(measured, sizes, folder / "estimators.png")
    return measured


if __name__ == "__main__":
    write(Path(sys.argv[1]))
