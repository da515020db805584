"""Which modes of the data generated samples reach, and how evenly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real, count_and_first, to_numpy
from ._discrete_entropy import entropy as entropy_of_symbols
from ._distributions import divide_by_sum, sums_of_one
from ._divergences import js_divergence, kl_divergence
from ._entropies import entropy
from ._positive_definite import F64
from ._symbol_counts import whole_number
from ._units import Base, nats_per_unit, unit_name

I64 = NDArray[np.int64]
_NAMED = 10  # modes that the printed report names


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """Frequencies of the modes among generated samples beside those of the data; ``print`` it to read it."""

    n_samples: int
    counts: I64 = field(repr=False)  # (n_modes,)
    data_distribution: F64 = field(repr=False)  # (n_modes,)
    kl: float  # D(generated ‖ data), in units of base
    reverse_kl: float  # D(data ‖ generated): inf where a mode is missing
    js: float
    entropy: float  # of the generated frequencies
    effective_modes: float  # exp of the entropy in nats: from 1 to n_modes
    data_effective_modes: float  # the same of the data
    missing: I64  # modes of the data without a sample
    expected_missing: float  # how many a sample of this size from the data would miss
    collapsed: I64  # modes below `collapse_ratio` of their share, the missing ones among them
    dominant: I64  # modes above 1 / collapse_ratio of their share
    collapse_ratio: float = field(repr=False)
    unit: str = field(repr=False)

    @property
    def n_modes(self) -> int:
        """Modes with a share of the data."""
        return int(np.count_nonzero(self.data_distribution))

    @property
    def n_covered(self) -> int:
        """Modes of the data that have a sample."""
        return self.n_modes - len(self.missing)

    @property
    def frequencies(self) -> F64:
        """Shares of the generated samples, (n_modes,)."""
        shares: F64 = self.counts / self.n_samples
        return shares

    def __str__(self) -> str:
        lines = [
            f"{self.n_covered} of {self.n_modes} modes covered by {self.n_samples} samples "
            f"(by chance {self.expected_missing:.3g} would be missing)",
            f"effective number of modes: {self.effective_modes:.4g} (data: {self.data_effective_modes:.4g})",
            f"KL to the data {self.kl:.4g}, from the data {self.reverse_kl:.4g}, "
            f"Jensen-Shannon {self.js:.4g} {self.unit}",
        ]
        for modes, what in (
            (self.missing, "missing"),
            (self.collapsed, f"below {self.collapse_ratio:g} of their share"),
            (self.dominant, f"above {1 / self.collapse_ratio:g} times their share"),
        ):
            if len(modes):
                rest = f" and {len(modes) - _NAMED} more" if len(modes) > _NAMED else ""
                lines.append(f"{what}: {', '.join(str(mode) for mode in modes[:_NAMED])}{rest}")
        return "\n".join(lines)


def _mode_counts(labels: Any, n_modes: int) -> I64:
    array = to_numpy(labels, "labels")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"labels must have shape (n_samples,) and not be empty, got {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers from 0 to n_modes - 1, got dtype {array.dtype}")
    outside = (array < 0) | (array >= n_modes)
    if outside.any():
        n_bad, first = count_and_first(outside)
        raise ValueError(
            f"labels must be from 0 to n_modes - 1 = {n_modes - 1}, got {n_bad} others, "
            f"first labels[{first}] = {array[int(first)]}"
        )
    counts: I64 = np.bincount(array.astype(np.intp, copy=False), minlength=n_modes).astype(np.int64)
    return counts


def mode_coverage(
    labels: Any,
    n_modes: int,
    *,
    data_distribution: Any = None,
    collapse_ratio: float = 0.1,
    base: Base = None,
    normalize: bool = False,
) -> ModeCoverage:
    """Report on which modes of the data generated samples reach, and how evenly.

    Parameters
    ----------
    labels : array of int, shape (n_samples,)
        Mode of each generated sample, from 0 to n_modes - 1, such as a classifier's or the nearest centre's.
    n_modes : int
        Modes there are.
    data_distribution : array of float, shape (n_modes,), optional
        Shares of the modes in the data, summing to 1 (within 1e-6); equal by default.
    collapse_ratio : float, default 0.1
        A mode has collapsed below this part of its share, and dominates above its inverse; between 0 and 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of entropy and divergences; nats by default.
    normalize : bool, default False
        Divide ``data_distribution`` by its sum instead of asking for 1.

    Returns
    -------
    ModeCoverage
        ``counts``, ``frequencies``, ``kl`` (generated to data), ``reverse_kl``, ``js``, ``entropy``,
        ``effective_modes``, ``data_effective_modes``, ``n_covered``, ``n_modes``, ``missing``, ``expected_missing``,
        ``collapsed``, ``dominant``; prints as text.

    Raises
    ------
    ValueError
        Labels outside the modes, no samples, a distribution of another length or sum, a ratio outside (0, 1).
    TypeError
        Labels that are no whole numbers.

    Notes
    -----
    Frequencies q against shares p: where the modes that are left keep their proportions, KL(q ‖ p) = Σ q log(q / p) is
    only -log of their share of the data, so hardly sees that some are missing; KL(p ‖ q) is infinite as soon as one is.
    exp H(q) is the effective number of modes. Plug-in values: with N samples KL(q ‖ p) is about (n_modes - 1) / 2N too
    large. ``expected_missing`` is Σ (1 - p)^N. O(n_samples + n_modes).

    References
    ----------
    Che, T., Li, Y., Jacob, A. P., Bengio, Y. & Li, W. (2017). Mode regularized generative adversarial networks. ICLR.
    Srivastava, A. et al. (2017). VEEGAN: reducing mode collapse in GANs using implicit variational learning. NeurIPS
    30, section 4.

    Examples
    --------
    >>> from hartley import evaluation
    >>> print(evaluation.mode_coverage([0, 0, 1, 1, 2, 2, 0, 1], 4))
    3 of 4 modes covered by 8 samples (by chance 0.4 would be missing)
    effective number of modes: 2.951 (data: 4)
    KL to the data 0.3041, from the data inf, Jensen-Shannon 0.09923 nats
    missing: 3
    below 0.1 of their share: 3
    """
    number = whole_number(n_modes, "n_modes", 1)
    ratio = as_number(collapse_ratio, "collapse_ratio")
    if not 0 < ratio < 1:
        raise ValueError(f"collapse_ratio must lie between 0 and 1, got {collapse_ratio!r}")
    unit = nats_per_unit(base)
    counts = _mode_counts(labels, number)
    if data_distribution is None:
        shares = np.full(number, 1.0 / number)
    else:
        given = as_real(data_distribution, "data_distribution")
        if given.shape != (number,):
            raise ValueError(f"data_distribution must have shape (n_modes,) = ({number},), got {given.shape}")
        if not normalize:
            sums_of_one("pmf_entropy", given, -1, False, name="data_distribution")  # for its checks
        shares = divide_by_sum(given.astype(np.float64), "data_distribution", -1)
    n = int(counts.sum())
    frequencies = counts / n
    nats = float(entropy(frequencies))
    in_data = shares > 0
    return ModeCoverage(
        n_samples=n,
        counts=counts,
        data_distribution=shares,
        kl=float(kl_divergence(frequencies, shares)) / unit,
        reverse_kl=float(kl_divergence(shares, frequencies)) / unit,
        js=float(js_divergence(shares, frequencies)) / unit,
        entropy=nats / unit,
        effective_modes=math.exp(nats),
        data_effective_modes=math.exp(float(entropy(shares))),
        missing=np.flatnonzero(in_data & (counts == 0)),
        expected_missing=float(((1.0 - shares[in_data]) ** n).sum()),
        collapsed=np.flatnonzero(in_data & (frequencies < ratio * shares)),
        dominant=np.flatnonzero(frequencies * ratio > shares),
        collapse_ratio=ratio,
        unit=unit_name(base),
    )


def diversity_entropy(
    labels: Any = None, *, probs: Any = None, estimator: str = "mle", base: Base = None, normalize: bool = False
) -> float:
    """Entropy of the classes of generated samples: how many kinds of samples there are, as information.

    Parameters
    ----------
    labels : array of symbols, shape (n_samples,)
        Class of each generated sample: integers, text, whatever compares equal.
    probs : array of float, shape (n_samples, n_classes)
        In place of labels: class probabilities p(y|x) of each sample in rows.
    estimator : str, default "mle"
        Of the entropy of ``labels``, as in ``discrete.entropy``: "miller_madow", "chao_shen", … for few samples.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    normalize : bool, default False
        Divide each row of probs by its sum instead of asking for 1.

    Returns
    -------
    float
        H(Y) of the labels' frequencies, or of the mean row of probs; in units of ``base``, from 0 to log n_classes.

    Raises
    ------
    ValueError
        Neither or both of labels and probs, no samples, rows that are no distributions, another estimator for probs.

    Notes
    -----
    The first term of the inception score's logarithm H(Y) - H(Y|X). Its exponential is the effective number of classes.
    O(n_samples).

    References
    ----------
    Salimans, T. et al. (2016). Improved techniques for training GANs. NeurIPS 29, section 4.

    Examples
    --------
    >>> from hartley import evaluation
    >>> evaluation.diversity_entropy(["cat", "dog", "cat", "dog"], base="bits")
    1.0
    >>> evaluation.diversity_entropy(probs=[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], base="bits")
    1.0
    """
    if (labels is None) == (probs is None):
        raise ValueError(f"one of labels and probs must be given, got {'neither' if labels is None else 'both'}")
    if labels is not None:
        return float(entropy_of_symbols(labels, estimator=estimator, base=base))
    if estimator != "mle":
        raise ValueError(f"estimator goes with labels, got {estimator!r} and probs")
    p = as_real(probs, "probs")
    if p.ndim != 2 or p.size == 0:
        raise ValueError(f"probs must have shape (n_samples, n_classes) and not be empty, got {p.shape}")
    if normalize:
        p = divide_by_sum(p, "probs", -1)
    sums_of_one("pmf_entropy", p, -1, False, name="probs")  # for its checks
    return float(entropy(p.mean(axis=0, dtype=np.float64), base=base, normalize=True))
