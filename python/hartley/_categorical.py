"""The categorical family."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._entropies import entropy as entropy_of_pmf
from ._exponential_family import ExponentialFamily
from ._parameters import COUNT, COUNTS, Array, Numbers, as_numbers, as_parameter, require_components, sums_to_one
from ._ranges import PROBABILITY, Range


class Categorical(ExponentialFamily):
    """Categorical distributions over the symbols 0, 1, …, k - 1.

    Parameters
    ----------
    p : array of float, shape (..., k)
        Probabilities along the last axis, summing to 1 within 1e-6.

    Notes
    -----
    T(x) = (1[x = 0], …, 1[x = k - 2]), η_i = log(p_i / p_k), A = log(1 + Σ e^η_i), h = 1: the k - 1 free parameters, of
    which the last probability is what is left. Mean parameters (p_1, …, p_{k-1}); Fisher information in them
    1[i = j] / p_i + 1 / p_k. A probability of 0 has η = -inf; where the last one is 0 there are no natural parameters
    (inf - inf), while everything else holds.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.families.Categorical([0.5, 0.25, 0.25]).entropy(base="bits")
    1.5
    >>> ht.families.Categorical([0.5, 0.25, 0.25]).mean_parameters()
    array([0.5 , 0.25])
    """

    name = "categorical"
    ranges = {"p": PROBABILITY}  # noqa: RUF012
    own_axes = {"p": 1}  # noqa: RUF012
    support = COUNTS
    is_vector = True

    p: Any

    def __init__(self, p: Any) -> None:
        super().__init__(p=p)
        require_components(self.p, "p")
        wrong = ~np.atleast_1d(sums_to_one(self.p))
        if wrong.any():
            row = int(np.argmax(wrong.reshape(-1)))
            total = float(np.sum(self.p, axis=-1).reshape(-1)[row])
            raise ValueError(f"p must sum to 1 along its last axis, but row {row} of {wrong.size} sums to {total:.9g}")

    def _natural(self) -> Numbers:
        return np.log(self.p[..., :-1]) - np.log(self.p[..., -1:])

    @classmethod
    def _from_natural(cls, eta: Array, **constants: Any) -> dict[str, Any]:
        logits = np.concatenate([eta, np.zeros_like(eta[..., :1])], axis=-1)
        weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
        return {"p": weights / np.sum(weights, axis=-1, keepdims=True)}

    def _log_partition(self, eta: Array) -> Numbers:
        largest = np.maximum(np.max(eta, axis=-1), 0.0)
        return largest + np.log(np.exp(-largest) + np.sum(np.exp(eta - largest[..., None]), axis=-1))

    def _mean(self) -> Numbers:
        return self.p[..., :-1]

    @classmethod
    def _from_mean(cls, mean: Array, **constants: Any) -> dict[str, Any]:
        return {"p": np.concatenate([mean, 1.0 - np.sum(mean, axis=-1, keepdims=True)], axis=-1)}

    def _statistic(self, x: Array, **constants: Any) -> Numbers:  # type: ignore[override]  # k comes from p
        return np.asarray(x[..., None] == np.arange(self.p.shape[-1] - 1), dtype=np.float64)

    @classmethod
    def fit(cls, x: Any, **constants: Any) -> Categorical:
        """Maximum likelihood: the frequencies of the symbols.

        Parameters
        ----------
        x : array of int, shape (n_samples, ...)
            Symbols 0, 1, …; samples along the first axis, further axes are a batch.
        **constants
            ``n_symbols``, at least 2: one more than the largest symbol unless given.
        """
        n_symbols = constants.pop("n_symbols", None)
        samples = as_numbers(x, "x")
        if samples.ndim == 0 or samples.shape[0] == 0:
            raise ValueError(f"x must have at least one sample along its first axis, got shape {samples.shape}")
        if n_symbols is not None:
            k = int(as_parameter(n_symbols, "n_symbols", COUNT))
        else:
            k = max(2, int(samples.max()) + 1) if COUNTS.holds(samples).all() else 2
        symbols = Range(f"whole numbers from 0 to {k - 1}", lambda v: COUNTS.holds(v) & (v < k))
        cls._require_support(symbols.holds(samples), symbols.words)
        cls._known(constants)
        batch = samples.shape[1:]
        columns = samples.reshape(samples.shape[0], -1).astype(np.int64)
        rows = columns.shape[1]
        counts = np.bincount((columns + k * np.arange(rows)).reshape(-1), minlength=k * rows)
        return cls(counts.reshape(*batch, k) / samples.shape[0])

    def _log_prob(self, x: Array) -> Numbers:
        k = self.p.shape[-1]
        shape = np.broadcast_shapes(x.shape, self.batch_shape)
        log_p = np.broadcast_to(np.log(self.p), (*shape, k))
        index = np.broadcast_to(np.minimum(x, k - 1).astype(np.int64), shape)[..., None]
        return np.where(x < k, np.take_along_axis(log_p, index, axis=-1)[..., 0], -np.inf)

    def _entropy(self) -> Numbers:
        return entropy_of_pmf(self.p)

    def _kl_divergence(self, other: Any) -> Numbers:
        if self.p.shape[-1] != other.p.shape[-1]:
            raise ValueError(
                f"p must have equally many symbols in both, got {self.p.shape[-1]} and {other.p.shape[-1]}"
            )
        return np.sum(_special.deviance(self.p, other.p, other.p - self.p), axis=-1)

    def _fisher(self) -> Numbers:
        rows = 1.0 / self.p[..., :-1]
        return rows[..., None] * np.eye(rows.shape[-1]) + 1.0 / self.p[..., -1:, None]

    def _fisher_natural(self) -> Numbers:
        mean = self._mean()
        return mean[..., None] * np.eye(mean.shape[-1]) - mean[..., :, None] * mean[..., None, :]

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        k = self.p.shape[-1]
        steps = np.cumsum(self.p.reshape(-1, k), axis=-1)
        draws = rng.random((shape[0], len(steps))) * steps[:, -1]
        if len(steps) > k:
            symbols = sum((draws >= steps[:, i] for i in range(k - 1)), np.zeros(draws.shape, dtype=np.int64))
        else:
            symbols = np.empty(draws.shape, dtype=np.int64)
            for row, edges in enumerate(steps):
                symbols[:, row] = np.searchsorted(edges[:-1], draws[:, row], side="right")
        return symbols.reshape(shape)
