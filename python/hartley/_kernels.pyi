"""Types of the native modules ``_kernels_<level>``; all levels have the same functions.

Arrays are C-contiguous and of exactly the dtype given: nothing is converted on the way in. Quantities are in nats.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]
I64: TypeAlias = NDArray[np.int64]
U64: TypeAlias = NDArray[np.uint64]
Unsigned: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32] | NDArray[np.uint64]
Codes: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
Real: TypeAlias = NDArray[np.float64] | NDArray[np.float32]
Progress: TypeAlias = Callable[[float], None] | None

level: str

# elementwise, x is (n,); for measuring their errors
def vector_log(x: Real) -> Real: ...
def vector_exp(x: Real) -> Real: ...
def vector_exp_or_zero(x: Real) -> Real: ...
def vector_expm1(x: Real) -> Real: ...

# elementwise, all arguments are (n,); ranges and accuracy are stated in cpp/support
def special_digamma(x: F64, n_threads: int) -> F64: ...
def special_trigamma(x: F64, n_threads: int) -> F64: ...
def special_log_gamma(x: F64, n_threads: int) -> F64: ...
def special_log_rising(x: F64, y: F64, n_threads: int) -> F64: ...  # log of gamma(x + y) / gamma(x)
def special_log1p_excess(x: F64, n_threads: int) -> F64: ...  # x - log(1 + x)
def special_ratio_excess(x: F64, y: F64, z: F64, n_threads: int) -> F64: ...  # y / x - 1 - log(y / x), z = y - x
def special_deviance(x: F64, y: F64, z: F64, n_threads: int) -> F64: ...  # x log(x / y) - x + y, z = y - x
def special_log_factorial_rest(x: F64, n_threads: int) -> F64: ...  # log gamma(x + 1) - x log x + x
def special_gamma_entropy(x: F64, n_threads: int) -> F64: ...
def special_digamma_gap(x: F64, n_threads: int) -> F64: ...  # log x - digamma
def special_trigamma_gap(x: F64, n_threads: int) -> F64: ...  # trigamma - 1 / x
def special_log_gamma_bregman_rest(x: F64, y: F64, n_threads: int) -> F64: ...
def special_log_bessel0_scaled(x: F64, n_threads: int) -> F64: ...  # log I0(x) - x
def special_bessel_ratio(x: F64, n_threads: int) -> F64: ...  # I1(x) / I0(x)
def special_bessel_ratio_gap(x: F64, n_threads: int) -> F64: ...  # 1 - I1(x) / I0(x)
def special_bessel_ratio_slope(x: F64, n_threads: int) -> F64: ...
def special_log_bessel0_bregman(x: F64, y: F64, n_threads: int) -> F64: ...
def special_poisson_log_pmf(x: F64, y: F64, n_threads: int) -> F64: ...  # y is the rate
def special_binomial_log_pmf(x: F64, y: F64, z: F64, n_threads: int) -> F64: ...  # y is n, z is p
def special_negative_binomial_log_pmf(x: F64, y: F64, z: F64, n_threads: int) -> F64: ...  # y is r, z is p
def special_poisson_entropy(x: F64, n_threads: int) -> F64: ...
def special_binomial_entropy(x: F64, y: F64, n_threads: int) -> F64: ...
def special_negative_binomial_entropy(x: F64, y: F64, n_threads: int) -> F64: ...

# pmf: p and q are (outer, n, inner); result (4, outer * inner): functional, sum p, sum q, least entry
def pmf_entropy(p: Real, n_threads: int) -> F64: ...
def pmf_cross_entropy(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_kl_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_js_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_total_variation(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_chi2_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_squared_hellinger(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_jeffreys_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_le_cam_divergence(p: Real, q: Real, n_threads: int) -> F64: ...
def pmf_power(p: Real, delta: float, n_threads: int) -> F64: ...  # sum p (p^delta - 1)
def pmf_power_ratio(p: Real, q: Real, delta: float, n_threads: int) -> F64: ...  # sum p ((p / q)^delta - 1)

# inner is 1; result (5, outer): log sum p^a q^b, sum p, sum q, least entry, largest exponent a log p + b log q
def pmf_log_power_sums(p: Real, q: Real, a: float, b: float, n_threads: int) -> F64: ...
def pmf_binary_entropy(p: F64, n_threads: int) -> tuple[F64, bool]: ...  # p is (n,); whether all were in [0, 1]

# discrete: x is (n,), n at least 1
def discrete_count(x: Unsigned, is_signed: bool, n_threads: int) -> tuple[Unsigned, I64]: ...  # symbols, counts
def discrete_multiplicities(x: Unsigned, is_signed: bool, n_threads: int) -> tuple[I64, I64]: ...  # of distinct counts
def discrete_range(x: Unsigned, is_signed: bool, n_threads: int) -> tuple[int, int]: ...
def discrete_encode_ids(ids: U64, symbols: U64, n_threads: int) -> NDArray[np.uint32]: ...
def discrete_first_equal_rows(rows: NDArray[np.uint8], n_threads: int) -> NDArray[np.uint32]: ...
def discrete_expected_mutual_information(
    x_sizes: I64, x_counts: I64, y_sizes: I64, y_counts: I64, n: int, n_threads: int
) -> float: ...

# distinct positive counts and how many symbols have each, size of the alphabet; entropy, its posterior deviation
def discrete_entropy(
    counts: F64, multiplicity: F64, n_symbols: float, estimator: str, alpha: float | str | None
) -> tuple[float, float]: ...

# positive counts of condition k end at ends[k]; sum of (symbols that a condition can produce - 1)
def discrete_reachable_symbols(counts: I64, ends: I64, n_symbols: int) -> float: ...

# histogram: x is (n_rows, n_columns) unless it says (n,); edges are those of all columns one after the other
def histogram_ranges(x: Real, n_threads: int) -> tuple[F64, F64, I64]: ...  # least, largest, number of NaN
def histogram_order_statistics(x: Real, ranks: I64, n_threads: int) -> F64: ...
def histogram_digitize(
    x: Real,
    edges: F64,
    offsets: I64,
    uniform: NDArray[np.uint8],
    outside_is_missing: bool,
    codes: Codes,
    n_threads: int,
) -> tuple[I64, I64]: ...  # fills codes (n_columns, n_rows); numbers outside the edges and NaN, by column

# x and y are (n,); result: counts, entries outside of x, of y
def histogram_joint_counts(
    x: Real, y: Real, x_edges: F64, x_uniform: bool, y_edges: F64, y_uniform: bool, n_threads: int
) -> tuple[I64, int, int]: ...

# mutual information, entropy of x, of y, n, occupied symbols of x, of y, occupied cells
def histogram_table_statistics(counts: I64) -> tuple[float, float, float, int, int, int, int]: ...

# codes (d, n), the code n_cells[c] is a missing value; results (d, d): mutual information (diagonal: entropy), rows
# used, occupied symbols of i among them, occupied cells, entropy of i among them (the last four only with details)
def histogram_pairs(
    codes: Codes,
    n_cells: I64,
    n_threads: int,
    progress: Progress,
    *,
    estimator: str = "mle",
    alpha: float | str | None = None,
    whole_alphabet: bool = False,  # every cell is a symbol, not only those seen
    panzeri_treves: bool = False,
    details: bool = True,
) -> tuple[F64, I64, I64, I64, F64]: ...

# the columns of first, (d1, n), with those of second, (d2, n); results (d1, d2), then also symbols and entropy of j
def histogram_cross_pairs(
    first: Codes,
    first_cells: I64,
    second: Codes,
    second_cells: I64,
    n_threads: int,
    progress: Progress,
    *,
    estimator: str = "mle",
    alpha: float | str | None = None,
    whole_alphabet: bool = False,
    panzeri_treves: bool = False,
    details: bool = True,
) -> tuple[F64, I64, I64, I64, F64, I64, F64]: ...
def chi2_survival(statistic: F64, dof: F64, n_threads: int) -> F64: ...
def machine_read_sum(x: F64, block: int, n_passes: int, n_threads: int) -> float: ...
def machine_triad(out: F64, b: F64, c: F64, scale: float, n_threads: int) -> None: ...
def machine_multiply_add(x: Real, n_steps: int, n_threads: int) -> Real: ...

# knn: x and y are (n, d); metric is "chebyshev" or "euclidean". kth_distance leaves the row itself out, count_within
# counts it.
def knn_kth_distance(x: Real, k: int, metric: str, n_threads: int, progress: Progress = None) -> Real: ...
def knn_kth_distance_and_ties(
    x: Real, k: int, metric: str, n_threads: int, progress: Progress
) -> tuple[Any, NDArray[np.uint8]]: ...  # 1 where the next neighbour is as far
def knn_count_within(x: Real, radius: Real, n_threads: int) -> NDArray[np.uint32]: ...
def knn_mutual_information(
    x: Real, y: Real, k: int, progress: Progress, n_threads: int
) -> tuple[float, F64, int, float]: ...  # mean, terms, samples with a k-th distance of 0, excess (knn.hpp)
def knn_local_order(neighbours: NDArray[np.uint32], seed: int) -> NDArray[np.uint32]: ...  # (n, k) -> (n,)
def knn_mean(terms: F64) -> float: ...
def knn_digamma(counts: NDArray[np.uint32]) -> F64: ...  # counts of at least 1
def knn_square_safe_scale(x: Real, n_threads: int) -> float: ...  # a power of two

# a tree is opaque; scale: a power of two that the coordinates are multiplied by, one for trees that ask each other
def knn_tree(x: Real, metric: str, scale: float, n_threads: int) -> Any: ...
def knn_tree_nearest(
    asking: Any, tree: Any, k: int, progress: Progress, n_threads: int
) -> tuple[Any, NDArray[np.uint32]]: ...  # (n_asking, k) each; the point itself is left out where both are one tree
def knn_tree_kth_distance(asking: Any, tree: Any, k: int, n_threads: int) -> Any: ...
def knn_tree_count_within(asking: Any, tree: Any, radius: Real, n_threads: int) -> NDArray[np.uint32]: ...

# window: rows up to so far apart do not count where is_own; box: (0,) or a length for each column, 0 for open ones
def knn_brute_nearest(
    asking: Real,
    points: Real,
    is_own: bool,
    window: int,
    metric: str,
    box: Real,
    k: int,
    progress: Progress,
    n_threads: int,
) -> tuple[Any, NDArray[np.uint32]]: ...
def knn_brute_count_within(
    asking: Real, points: Real, is_own: bool, window: int, metric: str, box: Real, radius: Real, n_threads: int
) -> NDArray[np.uint32]: ...

# columns (d, n), pairs (p, 2); orders (p, n): the row of y beside each row of x. Mean terms, samples with distance 0
def knn_information_of_pairs(
    columns: Real, pairs: NDArray[np.uint32], k: int, progress: Progress, n_threads: int
) -> tuple[F64, I64]: ...
def knn_information_permuted(
    x: Real, y: Real, orders: NDArray[np.uint32], k: int, progress: Progress, n_threads: int
) -> tuple[F64, I64]: ...

# transport: clouds are (n, n_features), weights sum to 1; report: value, value_linear, dual_value, gap, marginal_error,
# n_iter, converged; f and g in units of the cost
def transport_sinkhorn(
    ground: tuple[Any, ...],
    a: F64,
    b: F64,
    options: dict[str, Any],
    start: tuple[F64, F64] | None,
    progress: Callable[[float], None] | None,
    n_threads: int,
) -> tuple[list[dict[str, Any]], F64, F64]: ...
def transport_sinkhorn_symmetric(
    ground: tuple[Any, ...], a: F64, options: dict[str, Any], n_threads: int
) -> tuple[list[dict[str, Any]], F64]: ...
def transport_plan(ground: tuple[Any, ...], reg: float, a: F64, b: F64, f: F64, g: F64, n_threads: int) -> F64: ...
def transport_apply(
    ground: tuple[Any, ...], reg: float, a: F64, b: F64, f: F64, g: F64, vectors: F64, n_threads: int
) -> F64: ...
def transport_gradient(
    ground: tuple[Any, ...], reg: float, a: F64, b: F64, f: F64, g: F64, n_threads: int
) -> tuple[F64, F64]: ...
def transport_barycenter(
    ground: tuple[Any, ...],
    histograms: F64,
    weights: F64,
    reg: float,
    tolerance: float,
    max_iter: int,
    memory_limit: int,
    debiased: bool,
    n_threads: int,
) -> tuple[F64, float, int, bool]: ...
def transport_wasserstein_1d(x: Real, y: Real, x_weights: F64, y_weights: F64, p: float, n_threads: int) -> float: ...
def transport_wasserstein_circle(
    x: Real, y: Real, x_weights: F64, y_weights: F64, p: float, period: float, n_threads: int
) -> float: ...
def transport_wasserstein_1d_grid(
    p: Real, q: Real, p_rows: I64, q_rows: I64, positions: F64, order: I64, exponent: float, n_threads: int
) -> F64: ...

# directions (n_directions, n_features): distances by direction; Σ factors ∂W by points; distances and ∂W by directions
def transport_sliced(
    x: Real, y: Real, directions: F64, x_weights: F64, y_weights: F64, p: float, progress: Progress, n_threads: int
) -> F64: ...
def transport_sliced_gradient(
    x: Real, y: Real, directions: F64, x_weights: F64, y_weights: F64, p: float, factors: F64, n_threads: int
) -> tuple[F64, F64]: ...
def transport_sliced_slopes(
    x: Real, y: Real, directions: F64, x_weights: F64, y_weights: F64, p: float, n_threads: int
) -> tuple[F64, F64]: ...
def transport_permuted_lines(
    points: Real, directions: F64, labels: NDArray[np.uint8], p: float, n_threads: int
) -> F64: ...

# exact transport: masses and values in whole units of mass, `total` in all; None where no plan avoids costs of inf
def transport_cost_range(cost: Real, n_threads: int) -> tuple[float, float, bool, bool, bool]: ...
def transport_exact(
    a: F64, b: F64, cost: Real, least: float, largest: float, has_infinity: bool, n_threads: int
) -> dict[str, Any] | None: ...
def transport_exact_clouds(
    x: Real, y: Real, a: F64, b: F64, scale: float, p: float, n_threads: int
) -> dict[str, Any] | None: ...
def transport_is_feasible(a: F64, b: F64, cost: Real, n_threads: int) -> bool: ...

# normal distributions: index of the first covariance that failed, -1 for none; a batch of one is repeated
def gaussian_log_determinant(covariance: F64, ridge: float, asymmetry: float, n_threads: int) -> tuple[F64, int]: ...
def gaussian_kl_divergence(
    p_mean: F64, p_covariance: F64, q_mean: F64, q_covariance: F64, ridge: float, asymmetry: float, n_threads: int
) -> tuple[F64, int, int]: ...
def gaussian_whiten(  # factor of p's covariance and difference of the means where q is the standard normal
    p_mean: F64, p_covariance: F64, q_mean: F64, q_covariance: F64, ridge: float, asymmetry: float, n_threads: int
) -> tuple[F64, F64, int, int]: ...
def gaussian_information(
    covariance: F64, ends: I64, first_is_given: bool, ridge: float, asymmetry: float, n_threads: int
) -> tuple[F64, int]: ...
def gaussian_normal_quantile(p: F64, n_threads: int) -> F64: ...

# rate_distortion: options tolerance, max_iter, accelerate; start is (n,) weights or None
def rate_distortion_point(
    p: F64,
    distortion: F64,
    beta: float,
    start: F64 | None,
    options: dict[str, Any],
    progress: Progress,
    n_threads: int,
) -> tuple[dict[str, Any], F64, F64]: ...  # report; weights of the outputs, and their distribution
def rate_distortion_capacity(
    W: F64,  # noqa: N803
    offsets: F64,
    start: F64 | None,
    options: dict[str, Any],
    progress: Progress,
    n_threads: int,
) -> tuple[dict[str, Any], F64]: ...  # report; distribution of the inputs

# information bottleneck: joint (n_x, n_y) without rows of zeros, encoder (n_x, n_clusters). Encoder, p(t, y) as
# (n_y, n_clusters), change of the last iteration, iterations, whether converged
def rate_distortion_bottleneck_iterate(
    joint: F64, encoder: F64, beta: float, tolerance: float, max_iter: int, deterministic: bool, n_threads: int
) -> tuple[F64, F64, float, int, bool]: ...
def rate_distortion_bottleneck_exchange(
    joint: F64, labels: NDArray[np.uint32], n_clusters: int, beta: float, max_sweeps: int, n_threads: int
) -> tuple[NDArray[np.uint32], int]: ...  # labels, sweeps

# vae: parameters are (n, d); those of q are None for N(0, 1), or (n, d) or (1, d). The gradient is of scale times the
# KL, by mean, log_variance (mean_q, log_variance_q), or empty
def vae_kl_rows(  # KL summed over rows of row_length numbers, the largest exponent, gradient
    mean: Real,
    log_variance: Real,
    mean_q: Real | None,
    log_variance_q: Real | None,
    row_length: int,
    wants_gradient: bool,
    scale: float,
    n_threads: int,
) -> tuple[F64, float, tuple[Real, ...]]: ...
def vae_kl_columns(  # KL summed over each column, its entries below epsilon, the largest exponent, gradient
    mean: Real,
    log_variance: Real,
    mean_q: Real | None,
    log_variance_q: Real | None,
    epsilon: float,
    wants_gradient: bool,
    scale: float,
    n_threads: int,
) -> tuple[F64, I64, float, tuple[Real, ...]]: ...

# own and other: weights of the row's own posterior and of each other one; result log of mixture over own density, (n,),
# and the same of each latent's factors, summed over rows
def vae_mixture(
    z: Real, mean: Real, log_variance: Real, own: float, other: float, n_threads: int
) -> tuple[F64, F64]: ...

# logits: (..., n_classes), dense along the last axis, float64, float32, float16, or bfloat16 as uint16. targets are
# (n_rows,), -1: the row is not read. Result (3, n_rows): largest logit (NaN: bad row), log-sum relative to it, gap of
# the target; with class weights a fourth row, the cross-entropy from the uniform distribution
def logits_cross_entropy(
    logits: NDArray[Any],
    targets: I64,
    inverse_temperature: float,
    class_weights: F64 | None,
    n_threads: int,
    progress: Progress,
) -> F64: ...
def logits_cross_entropy_gradient(
    logits: NDArray[Any],
    targets: I64,
    inverse_temperature: float,
    class_weights: F64 | None,
    softmax_scale: F64,
    target_scale: F64,
    class_offsets: Real | None,
    n_threads: int,
    progress: Progress,
) -> tuple[F64, Real]: ...

# (2, n_rows): largest logit, entropy
def logits_entropy(logits: NDArray[Any], inverse_temperature: float, n_threads: int, progress: Progress) -> F64: ...

# (3, n_rows): largest logits of p and of q, divergence
def logits_kl_divergence(
    p_logits: NDArray[Any], q_logits: NDArray[Any], inverse_temperature: float, n_threads: int, progress: Progress
) -> F64: ...
def logits_js_divergence(
    p_logits: NDArray[Any], q_logits: NDArray[Any], inverse_temperature: float, n_threads: int, progress: Progress
) -> F64: ...

# targets are of the shape of logits, uint8 being 0 and 1. Sum, least and largest target, whether all logits are finite,
# losses, gradient
def logits_binary_cross_entropy(
    logits: NDArray[Any],
    targets: NDArray[Any],
    positive_weights: Real | None,
    with_values: bool,
    gradient_scale: float | None,
    n_threads: int,
    progress: Progress,
) -> tuple[float, float, float, bool, Any, Any]: ...

# x (n, d), centre (d): squared distances to the k-th nearest other row, times scale²
def evaluation_ball_radii(
    x: Real, k: int, centre: F64, scale: float, progress: Progress, n_threads: int
) -> F64: ...  # (n,)

# balls of such squared radii, negative ones empty: real balls around each generated row; whether the ball of each real
# row holds a generated one; whether it lies in a generated one's
def evaluation_ball_members(
    real: Real,
    real_radius: F64,
    generated: Real,
    generated_radius: F64,
    centre: F64,
    scale: float,
    progress: Progress,
    n_threads: int,
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.uint8]]: ...
