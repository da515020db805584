"""What the kernels of ``hartley.evaluation`` must compute: all distances, in plain NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def squared_distances(x: F64, y: F64) -> F64:
    """Σ (x_c - y_c)², (n, m), added in the order of the coordinates."""
    total = np.zeros((len(x), len(y)))
    for c in range(x.shape[1]):
        total += np.subtract.outer(x[:, c].astype(np.float64), y[:, c].astype(np.float64)) ** 2
    return total


def squared_radii(x: F64, k: int) -> F64:
    """Squared distance of each row to its k-th nearest other row."""
    distances = squared_distances(x, x)
    np.fill_diagonal(distances, np.inf)
    radii: F64 = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return radii


def prdc(real: F64, generated: F64, k: int) -> tuple[float, float, float, float]:
    """Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020)."""
    distances = squared_distances(real, generated)
    in_real = distances <= squared_radii(real, k)[:, None]
    in_generated = distances <= squared_radii(generated, k)
    density = in_real.sum() / (k * len(generated))
    return in_real.any(axis=0).mean(), in_generated.any(axis=1).mean(), density, in_real.any(axis=1).mean()


def frechet_distance(x: F64, y: F64) -> float:
    """|μx - μy|² + tr(Σx + Σy - 2 (Σx^½ Σy Σx^½)^½), roots by symmetric eigendecompositions (Heusel et al. 2017)."""

    def root(matrix: F64) -> F64:
        values, vectors = np.linalg.eigh(matrix)
        half: F64 = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        return half

    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    cross = root(root(cov_x) @ cov_y @ root(cov_x))
    return float(((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * cross))


def inception_score(p: F64) -> float:
    """exp of the mean divergence of the rows from their mean (Salimans et al. 2016)."""
    ratio = np.divide(p, p.mean(axis=0), out=np.ones_like(p), where=p > 0)
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))


def vendi_score(kernel: F64) -> float:
    """exp of the entropy of the eigenvalues of K / n (Friedman & Dieng 2023)."""
    values = np.linalg.eigvalsh(kernel / len(kernel))
    values = values[values > 0]
    return float(np.exp(-(values * np.log(values)).sum()))
