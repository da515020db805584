"""How far each factor of variation is held by one latent alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_samples, require_finite
from ._binning import Codes, bin_count, encode, uniform_edges
from ._codes import positions
from ._pair_counts import Block, Method, count_pairs
from ._symbol_counts import as_column_codes
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]

_MOST_SYMBOLS = 65534  # of a factor, in two bytes


@dataclass(frozen=True)
class MutualInformationGap:
    """The gap of every factor, and the information that it comes from.

    Attributes
    ----------
    value : float
        The mean of ``gaps``, in [0, 1]; ``float()`` of the result.
    gaps : ndarray of float64, shape (n_factors,)
        (I_1 - I_2) / H of each factor.
    information : ndarray of float64, shape (n_codes, n_factors)
        Mutual information of each binned code with each factor, in units of ``base``.
    factor_entropies : ndarray of float64, shape (n_factors,)
        In units of ``base``.
    best_codes : ndarray of int, shape (n_factors,)
        The code that knows most about each factor.
    """

    value: float
    gaps: F64
    information: F64
    factor_entropies: F64
    best_codes: NDArray[np.intp]

    def __float__(self) -> float:
        return self.value


def _factor_block(factors: Any, n: int) -> Block:
    columns = list(as_column_codes(factors, "factors", "raise"))
    if len(columns[0].codes) != n:
        raise ValueError(f"codes and factors must have equally many samples, got {n} and {len(columns[0].codes)}")
    for k, column in enumerate(columns):
        if column.size > _MOST_SYMBOLS:
            columns[k] = column = positions(column.codes)
        if column.size > _MOST_SYMBOLS:
            raise ValueError(
                f"factors must be discrete, at most {_MOST_SYMBOLS} symbols a column, got {column.size} in column {k}"
            )
    dtype = np.uint8 if max(column.size for column in columns) < 256 else np.uint16
    stacked = cast(Codes, np.stack([column.codes.astype(dtype) for column in columns]))
    return Block(stacked, np.array([column.size for column in columns], dtype=np.int64))


def mutual_information_gap(codes: Any, factors: Any, *, bins: int = 20, base: Base = None) -> MutualInformationGap:
    """Mutual-information gap (MIG): how much more the best code knows about a factor than the second best.

    Parameters
    ----------
    codes : array of float, shape (n_samples, n_codes)
        Latent codes (posterior means, as a rule), at least two columns, finite.
    factors : array of symbols, shape (n_samples, n_factors) or (n_samples,), or a frame
        The discrete factors that the samples were made from, each with at least two values among them.
    bins : int, default 20
        Bins of equal width that each code's range, from its smallest to its largest value, is cut into.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of ``.information`` and ``.factor_entropies``; nats by default. Gaps have no unit.

    Returns
    -------
    MutualInformationGap
        ``.value`` (the mean gap; also ``float()`` of the result), ``.gaps``, ``.information``, ``.factor_entropies``,
        ``.best_codes``.

    Raises
    ------
    ValueError
        Fewer than two codes; unequal numbers of samples; NaN or inf; a factor with one value only, whose gap is 0/0.
    TypeError
        Codes that are not real numbers; factors of several types.

    Notes
    -----
    Mean over factors v of (I(z_1; v) - I(z_2; v)) / H(v), z_1 and z_2 the codes that know most of v, by the plug-in
    estimate on the cells. The discretiser is part of the score: a bin holds its lower edge, the last one both, constant
    codes have one bin. Scores of different ``bins`` do not compare, and one outlier widens all bins of its code. The
    plug-in is too high by about (bins - 1) (values - 1) / (2 n) nats, for both codes alike: most of it leaves the
    difference. O(n n_codes n_factors).

    References
    ----------
    Chen, R. T. Q., Li, X., Grosse, R. & Duvenaud, D. (2018). Isolating sources of disentanglement in variational
    autoencoders. NeurIPS, eq. 6.
    Locatello, F. et al. (2019). Challenging common assumptions in the unsupervised learning of disentangled
    representations. ICML (20 bins of equal width).

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> shape, size = np.divmod(np.arange(12), 4)
    >>> gap = ht.vae.mutual_information_gap(np.column_stack([shape, size, 0 * size]), np.column_stack([shape, size]))
    >>> round(gap.value, 12), gap.best_codes
    (1.0, array([0, 1]))
    """
    unit = nats_per_unit(base)
    count = bin_count(bins)
    x = as_samples(codes, "codes")
    if x.shape[1] < 2:
        raise ValueError(f"codes must have at least two columns, the best and the second, got shape {x.shape}")
    require_finite(x, "codes")
    y = _factor_block(factors, len(x))
    counts = count_pairs(
        Block(*encode(x, uniform_edges(x, count, "codes"), "codes", "raise")), y, None, Method(details=True)
    )
    entropies = np.asarray(counts.y_entropy)[0]
    constant = np.flatnonzero(np.asarray(counts.y_free)[0] == 0)
    if constant.size:
        raise ValueError(f"factors must take at least two values each, column {int(constant[0])} has one")
    information = np.maximum(counts.information, 0.0)
    second, first = np.sort(information, axis=0)[-2:]
    gaps = (first - second) / entropies
    return MutualInformationGap(
        value=float(gaps.mean()),
        gaps=gaps,
        information=information / unit,
        factor_entropies=entropies / unit,
        best_codes=np.argmax(information, axis=0),
    )
