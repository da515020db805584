"""Binned mutual information: rows H1 to H5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley import _dispatch
from hartley.bench.harness import Agreement, Case, Peer

Array = NDArray[Any]

PAIR_BINS = 64
SAME_COUNTS = Agreement(
    rtol=1e-7,
    atol=1e-12,
    reason="a sample within rounding of an inner edge may fall on either side: log(n) / n each; logarithms of counts",
)
SAME_CODES = Agreement(rtol=0.0, reason="codes are whole numbers")


def correlated_pair(size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    x = rng.standard_normal(size)
    return x, 0.6 * x + 0.8 * rng.standard_normal(size)


def correlated_columns(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array]:
    """Columns with one common factor."""
    return (rng.standard_normal(size) + 0.5 * rng.standard_normal((size[0], 1)),)


def information(counts: Array) -> float:
    """Plug-in mutual information of a table of counts, in nats."""
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0
    return float((joint[filled] * np.log(joint[filled] / independent[filled])).sum())


def uniform_codes(x: Array, bins: int) -> Array:
    low, high = x.min(), x.max()
    return np.minimum(((x - low) * (bins / (high - low))).astype(np.intp), bins - 1)


def quantile_codes(x: Array, bins: int) -> Array:
    """Codes, a row for each column of x, by np.quantile; a sample on an edge belongs to the bin above it."""
    codes = np.empty(x.shape[::-1], np.uint8)
    for j, column in enumerate(x.T):
        codes[j] = np.searchsorted(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]), column, side="right")
    return codes


def coded_columns(bins: int) -> Callable[[tuple[int, int], np.random.Generator], tuple[Array]]:
    """Maker of the quantile codes of correlated columns."""
    return lambda size, rng: (quantile_codes(correlated_columns(size, rng)[0], bins),)


def numpy_pair(x: Array, y: Array) -> float:
    cells = uniform_codes(x, PAIR_BINS) * PAIR_BINS + uniform_codes(y, PAIR_BINS)
    return information(np.bincount(cells, minlength=PAIR_BINS**2).reshape(PAIR_BINS, PAIR_BINS))


def numpy_matrix(bins: int) -> Callable[[Array], Array]:
    def matrix(codes: Array) -> Array:
        scaled = codes.astype(np.intp) * bins
        result = np.empty((len(codes), len(codes)))
        for i in range(len(codes)):
            for j in range(i, len(codes)):
                counts = np.bincount(scaled[i] + codes[j], minlength=bins * bins).reshape(bins, bins)
                result[i, j] = result[j, i] = information(counts)
        return result

    return matrix


def numba_pair() -> Callable[..., Any]:
    import numba

    @numba.njit(nogil=True)
    def count(x, y, bins):  # type: ignore[no-untyped-def]
        x_low, y_low = x.min(), y.min()
        x_scale, y_scale = bins / (x.max() - x_low), bins / (y.max() - y_low)
        counts = np.zeros((bins, bins), np.int64)
        for k in range(x.size):
            i = min(int((x[k] - x_low) * x_scale), bins - 1)
            j = min(int((y[k] - y_low) * y_scale), bins - 1)
            counts[i, j] += 1
        return counts

    return lambda x, y: information(count(x, y, PAIR_BINS))


def numba_matrix(bins: int) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        import numba

        @numba.njit
        def sum_count_log_count(counts):  # type: ignore[no-untyped-def]
            total = 0.0
            for count in counts.flat:
                if count > 0:
                    total += count * np.log(count)
            return total

        @numba.njit(parallel=True)
        def all_pairs(codes):  # type: ignore[no-untyped-def]
            m, n = codes.shape
            result = np.empty((m, m))
            for i in numba.prange(m):
                for j in range(i, m):
                    counts = np.zeros((bins, bins), np.int64)
                    for k in range(n):
                        counts[codes[i, k], codes[j, k]] += 1
                    marginals = sum_count_log_count(counts.sum(axis=0)) + sum_count_log_count(counts.sum(axis=1))
                    result[i, j] = np.log(n) + (sum_count_log_count(counts) - marginals) / n
                    result[j, i] = result[i, j]
            return result

        return all_pairs

    return load


def numpy_histogram2d() -> Callable[..., Any]:
    return lambda x, y: information(np.histogram2d(x, y, bins=PAIR_BINS)[0])


def _closed_range(x: Array) -> tuple[float, float]:
    """A half-open range that keeps the largest sample in the last bin."""
    low, high = float(x.min()), float(x.max())
    return low, high + 1e-13 * (high - low)


def fast_histogram2d() -> Callable[..., Any]:
    from fast_histogram import histogram2d

    def pair(x: Array, y: Array) -> float:
        return information(histogram2d(x, y, bins=PAIR_BINS, range=[_closed_range(x), _closed_range(y)]))

    return pair


def boost_histogram2d() -> Callable[..., Any]:
    import boost_histogram as bh

    def pair(x: Array, y: Array) -> float:
        axes = [bh.axis.Regular(PAIR_BINS, *_closed_range(v)) for v in (x, y)]
        histogram = bh.Histogram(*axes, storage=bh.storage.Int64())
        histogram.fill(x, y, threads=ht.get_num_threads())
        return information(histogram.view())

    return pair


def sklearn_pair() -> Callable[..., Any]:
    from sklearn.metrics import mutual_info_score

    return lambda x, y: mutual_info_score(uniform_codes(x, PAIR_BINS), uniform_codes(y, PAIR_BINS))


def sklearn_codes(bins: int) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        from sklearn.preprocessing import KBinsDiscretizer

        options = {"quantile_method": "linear"} if "quantile_method" in KBinsDiscretizer().get_params() else {}
        binner = KBinsDiscretizer(bins, encode="ordinal", strategy="quantile", subsample=None, **options)
        return lambda x: binner.fit_transform(x).T

    return load


def hartley_pairs(bins: int) -> Callable[[Array], Array]:
    """The kernel of all pairs on given codes."""

    def matrix(codes: Array) -> Array:
        n_cells = np.full(len(codes), bins, np.int64)
        return _dispatch.kernels.histogram_pairs(codes, n_cells, ht.get_num_threads(), None)[0]

    return matrix


def on_samples(matrix: Callable[[Array], Array], bins: int) -> Callable[[Array], Array]:
    """From samples to the matrix: codes first."""
    return lambda x: matrix(quantile_codes(x, bins))


def matrix_case(row: str, bins: int) -> Case:
    return Case(
        row=row,
        description=f"mutual information of all pairs, 10^5 x 200, {bins} quantile bins, codes given",
        make=coded_columns(bins),
        run=hartley_pairs(bins),
        reference=numpy_matrix(bins),
        full=(10**5, 200),
        smoke=(1000, 6),
        agreement=Agreement(
            rtol=1e-9, atol=1e-12, reason="equal counts; sums of logarithms of counts in another order"
        ),
        peers={"numba loop": Peer(numba_matrix(bins), threaded=True)},
        elements=lambda size: size[0] * size[1] * (size[1] + 1) / 2,  # rows times pairs
        bytes_per_element=2 / 200,  # the codes once: a blocked count keeps them in cache
        flops_per_element=0,
    )


H1 = Case(
    row="H1",
    description="mutual_information(x, y), n = 10^7, 64 x 64 uniform bins",
    make=correlated_pair,
    run=lambda x, y: ht.histogram.mutual_information(x, y, bins=PAIR_BINS, binning="uniform"),
    reference=numpy_pair,
    full=10**7,
    smoke=5000,
    agreement=SAME_COUNTS,
    peers={
        "np.histogram2d": Peer(numpy_histogram2d),
        "numba loop": Peer(numba_pair),
        "fast-histogram": Peer(fast_histogram2d),
        "boost-histogram": Peer(boost_histogram2d, threaded=True),
        "sklearn mutual_info_score": Peer(sklearn_pair),
    },
    bytes_per_element=16,  # once; the range of the bins asks for a second pass, which a sample could save
    flops_per_element=4,
)

H5 = Case(
    row="H5",
    description="digitize(X), 10^6 x 50, 16 quantile bins",
    make=correlated_columns,
    run=lambda x: ht.histogram.digitize(x, bins=16, binning="quantile"),
    reference=lambda x: quantile_codes(x, 16),
    full=(10**6, 50),
    smoke=(1000, 3),
    agreement=SAME_CODES,
    peers={"sklearn KBinsDiscretizer": Peer(sklearn_codes(16))},
    bytes_per_element=9,
    flops_per_element=0,
)

H2 = matrix_case("H2", 16)

CASES = [
    H1,
    replace(H1, row="H1 small", description="mutual_information(x, y), n = 1000, 64 x 64 uniform bins", full=1000),
    H2,
    replace(
        H2,
        row="H2 samples",
        description="mutual_information_matrix(X), 10^5 x 200, 16 quantile bins, from the samples",
        make=correlated_columns,
        run=lambda x: ht.histogram.mutual_information_matrix(x, bins=16, binning="quantile"),
        reference=on_samples(H2.reference, 16),
        peers={"numba loop": Peer(lambda: on_samples(numba_matrix(16)(), 16), threaded=True)},
        bytes_per_element=16 / 200,
    ),
    matrix_case("H3", 8),
    matrix_case("H3 4 bins", 4),
    replace(
        H2,
        row="H4",
        description="mutual_information_matrix(X), 10^4 x 10^4, 8 quantile bins, from the samples",
        make=correlated_columns,
        run=lambda x: ht.histogram.mutual_information_matrix(x, bins=8),
        reference=on_samples(numpy_matrix(8), 8),
        reference_largest=10**9,  # 40 minutes
        check=(2000, 30),
        full=(10**4, 10**4),
        peers={"numba loop": Peer(lambda: on_samples(numba_matrix(8)(), 8), threaded=True)},
        bytes_per_element=18 / 10**4,  # the samples once and the result
    ),
    H5,
]
