"""What several variables share, from neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._knn_options import Options, Seed, finish, neighbour_numbers, report_ties
from ._knn_terms import join, shared_terms
from ._neighbourhoods import F64, digamma_of
from ._units import Base, nats_per_unit


def _variables(xs: tuple[Any, ...], options: Options) -> list[Any]:
    if len(xs) < 2:
        raise ValueError(f"at least 2 variables are needed, got {len(xs)}")
    return options.samples({f"xs[{i}]": x for i, x in enumerate(xs)})


def total_correlation(
    *xs: Any,
    k: int | Sequence[int] = 3,
    base: Base = None,
    local: bool = False,
    clip: bool = False,
    ties: str = "exact",
    theiler: int = 0,
    search: str = "auto",
    transform: str | None = None,
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Total correlation Σ H(X_i) - H(X_1, ..., X_m) of continuous variables, the KSG estimate for m variables.

    Parameters
    ----------
    xs : arrays of float, shape (n_samples, n_features) or (n_samples,)
        Two or more variables, rows paired.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    base, local, clip, ties, theiler, search, transform, nan_policy, seed
        As in :func:`mutual_information`.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        In units of ``base``; for two variables their mutual information. With several k a leading axis for them.

    Raises
    ------
    ValueError
        Fewer than two variables, unequal lengths, NaN or infinite samples, k out of range.

    Warns
    -----
    TiesWarning
        With ``ties="exact"`` where a k-th distance is 0.

    Notes
    -----
    ψ(k) + (m - 1) ψ(n) - Σ <ψ(n_i + 1)> in the maximum norm. O(m n log n).

    References
    ----------
    Kraskov, A., Stögbauer, H. & Grassberger, P. (2004), Physical Review E 69, 066138, eq. 23.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> x, y, z = np.random.default_rng(0).normal(size=(3, 4000))
    >>> round(knn.total_correlation(x, y, z + x), 1)  # ½ log 2
    0.3
    """
    options = Options.checked(search, theiler, ties, nan_policy, transform, seed)
    unit = nats_per_unit(base)
    variables = _variables(xs, options)
    ks, is_sequence = neighbour_numbers(k, len(variables[0]))
    terms, n_ties, _ = shared_terms(variables, [None] * len(variables), ks, options.search)
    for number, tied in zip(ks, n_ties, strict=True):
        if transform != "rank":  # ranks are a grid
            report_ties(tied, len(variables[0]), number, ties, "all variables")
    return finish(terms, is_sequence, local, clip, unit)


def _without_each(variables: list[Any], ks: Sequence[int], options: Options) -> list[F64]:
    """Terms of the dual total correlation: ψ(n) + (m - 1) ψ(k) - Σ ψ(n_{-i} + 1)."""
    joint, m = join(*variables), len(variables)
    others = [join(*variables[:i], *variables[i + 1 :]) for i in range(m)]
    n = options.search.n_eligible(len(joint))
    terms = []
    for k, radius in zip(ks, options.search.distances(joint, ks), strict=True):
        if not radius.all():
            raise ValueError(
                f"{int(np.count_nonzero(radius == 0))} of {len(joint)} samples are equal to their neighbour number "
                f'k = {k}: pass ties="jitter" to break the ties with noise, or a larger k'
            )
        counts = [digamma_of(options.search.count(x, radius) + 1) for x in others]
        terms.append(digamma_of(n) + (m - 1) * digamma_of(k) - sum(counts))
    return terms


def dual_total_correlation(
    *xs: Any,
    k: int | Sequence[int] = 3,
    base: Base = None,
    local: bool = False,
    ties: str = "exact",
    theiler: int = 0,
    search: str = "auto",
    transform: str | None = None,
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """Dual total correlation H(X_1, ..., X_m) - Σ H(X_i | the others) of continuous variables.

    Parameters
    ----------
    xs : arrays of float, shape (n_samples, n_features) or (n_samples,)
        Two or more variables, rows paired.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    base, local, theiler, search, transform, nan_policy, seed
        As in :func:`mutual_information`.
    ties : {"exact", "jitter", "raise"}
        Only "jitter" accepts samples equal to their k-th neighbour.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        In units of ``base``; for two variables their mutual information. With several k a leading axis for them.

    Raises
    ------
    ValueError
        Fewer than two variables, unequal lengths, NaN or infinite samples, k out of range, a k-th distance of 0.

    Notes
    -----
    ψ(n) + (m - 1) ψ(k) - Σ <ψ(n_{-i} + 1)>, others strictly nearer in all variables but one than the k-th neighbour in
    all: every entropy at the same radius, whose logarithms cancel (as in the estimate of Kraskov et al. 2004). O(m n
    log n) for few features.

    References
    ----------
    Han, T. S. (1975). Linear dependence structure of the entropy space. Information and Control 29.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> x, y, z = np.random.default_rng(0).normal(size=(3, 4000))
    >>> round(knn.dual_total_correlation(x, y, z + x), 1)  # ½ log 2
    0.3
    """
    options = Options.checked(search, theiler, ties, nan_policy, transform, seed)
    unit = nats_per_unit(base)
    variables = _variables(xs, options)
    ks, is_sequence = neighbour_numbers(k, len(variables[0]))
    return finish(_without_each(variables, ks, options), is_sequence, local, False, unit)


def o_information(
    *xs: Any,
    k: int | Sequence[int] = 3,
    base: Base = None,
    local: bool = False,
    ties: str = "exact",
    theiler: int = 0,
    search: str = "auto",
    transform: str | None = None,
    nan_policy: str = "raise",
    seed: Seed = None,
) -> Any:
    """O-information of continuous variables: total less dual total correlation; positive where redundancy prevails.

    Parameters
    ----------
    xs : arrays of float, shape (n_samples, n_features) or (n_samples,)
        Three or more variables (0 for two), rows paired.
    k : int or sequence of int, default 3
        Neighbour whose distance is used, 1 <= k < n_samples.
    base, local, theiler, search, transform, nan_policy, seed
        As in :func:`mutual_information`.
    ties : {"exact", "jitter", "raise"}
        Only "jitter" accepts samples equal to their k-th neighbour.

    Returns
    -------
    float or array of float64, shape (n_samples,)
        In units of ``base``, of either sign. With several k a leading axis for them.

    Raises
    ------
    ValueError
        Fewer than two variables, unequal lengths, NaN or infinite samples, k out of range, a k-th distance of 0.

    Notes
    -----
    Both parts share the radii of the neighbours in the joint space. O(m n log n) for few features.

    References
    ----------
    Rosas, F. E. et al. (2019). Quantifying high-order interdependencies via multivariate extensions of the mutual
    information. Physical Review E 100, eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import knn
    >>> z, *noise = np.random.default_rng(0).normal(size=(4, 4000))
    >>> knn.o_information(*(z + 0.5 * e for e in noise)) > 0.3  # three copies of one signal
    True
    """
    options = Options.checked(search, theiler, ties, nan_policy, transform, seed)
    unit = nats_per_unit(base)
    variables = _variables(xs, options)
    ks, is_sequence = neighbour_numbers(k, len(variables[0]))
    dual = _without_each(variables, ks, options)
    total = shared_terms(variables, [None] * len(variables), ks, options.search)[0]
    return finish([t - d for t, d in zip(total, dual, strict=True)], is_sequence, local, False, unit)
