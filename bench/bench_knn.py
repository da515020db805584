"""Nearest neighbours and the estimates made of them: rows K1 to K10.

K1 to K7 build the structure and ask for the distance of every sample to its k-th nearest other sample, k = 4. Rows that
would keep SciPy busy for minutes run on fewer samples than performance.md names; the description says how many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hartley as ht
from hartley import _dispatch
from hartley.bench.harness import Agreement, Case, Peer
from hartley.reference import knn as reference

Array = NDArray[Any]

K = 4
BRUTE_FORCE = 3000  # samples whose distances to each other fit the memory
NORMS = {"chebyshev": np.inf, "euclidean": 2.0}

EXACT = Agreement(rtol=0.0, reason="the same differences, the same maximum")
ORDER_OF_SQUARES = Agreement(rtol=64 * 2.0**-53, reason="d <= 64 squares added in another order")
SAME_COUNTS = Agreement(rtol=1e-12, reason="digamma of the same counts", atol=1e-14)
OTHER_CONVENTIONS = Agreement(rtol=0.0, reason="noise, standardised columns or x ± eps search", atol=0.02)


def cloud(d: int, dtype: str = "float64") -> Callable[[int, np.random.Generator], tuple[Array]]:
    """Maker of n standard normal samples with d features."""
    return lambda n, rng: (rng.standard_normal((n, d)).astype(dtype),)


def pair(d: int) -> Callable[[int, np.random.Generator], tuple[Array, Array]]:
    """Maker of n paired samples, correlation ½ feature by feature."""

    def make(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        x = rng.standard_normal((n, d))
        return x, 0.5 * x + np.sqrt(0.75) * rng.standard_normal((n, d))

    return make


def hartley_distances(metric: str) -> Callable[[Array], Array]:
    return lambda x: _dispatch.kernels.knn_kth_distance(x, K, metric, ht.get_num_threads())


def ckdtree(metric: str) -> Callable[[], Callable[[Array], Array]]:
    def load() -> Callable[[Array], Array]:
        from scipy.spatial import cKDTree

        return lambda x: cKDTree(x).query(x, [K + 1], p=NORMS[metric], workers=ht.get_num_threads())[0][:, 0]

    return load


def pykdtree() -> Callable[[Array], Array]:
    from pykdtree.kdtree import KDTree

    return lambda x: KDTree(x).query(x, K + 1)[0][:, K]


def sklearn_brute(metric: str) -> Callable[[], Callable[[Array], Array]]:
    def load() -> Callable[[Array], Array]:
        from sklearn.neighbors import NearestNeighbors

        def distances(x: Array) -> Any:
            search = NearestNeighbors(n_neighbors=K, algorithm="brute", metric=metric, n_jobs=ht.get_num_threads())
            return search.fit(x).kneighbors()[0][:, K - 1]

        return distances

    return load


def neighbours(
    row: str, n: int, d: int, metric: str = "chebyshev", dtype: str = "float64", brute: bool = False
) -> Case:
    """One row of the k-th neighbour's distance."""
    agreement = EXACT if metric == "chebyshev" else ORDER_OF_SQUARES
    if dtype == "float32":
        agreement = Agreement(rtol=2e-6, atol=1e-6, reason="differences rounded to float32, SciPy's to float64")
    peers = {"SciPy cKDTree": Peer(ckdtree(metric), threaded=True)}
    if metric == "euclidean" and not brute:
        peers["pykdtree"] = Peer(pykdtree)
    if brute:
        expanded = Agreement(rtol=1e-9, reason="x² + y² - 2xy cancels")
        peers["scikit-learn brute"] = Peer(sklearn_brute(metric), threaded=True, agreement=expanded)
    return Case(
        row=row,
        description=f"distance to neighbour {K}, n = {n:,}, d = {d}, {metric}",
        make=cloud(d, dtype),
        run=hartley_distances(metric),
        reference=lambda x: reference.kth_distance(x, K, metric),
        reference_largest=BRUTE_FORCE,
        full=n,
        smoke=500,
        check=2000 if d <= 10 else 500,
        agreement=agreement,
        peers=peers,
        bytes_per_element=(d + 1) * (8 if dtype == "float64" else 4),
        flops_per_element=0.0,  # how many distances a search needs is the algorithm's affair
        dtype=dtype,
    )


def reference_information(x: Array, y: Array) -> float:
    """KSG 1 by brute force."""
    return float(reference.mutual_information_terms(x, y, 3).mean())


def ckdtree_information() -> Callable[[Array, Array], float]:
    """The usual Python recipe: joint query, then counts inside each ball; digamma of the counts."""
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    def information(x: Array, y: Array) -> float:
        workers, joint = ht.get_num_threads(), np.hstack([x, y])
        radius = cKDTree(joint).query(joint, [4], p=np.inf, workers=workers)[0][:, 0]
        inside = np.nextafter(radius, 0)
        n_x, n_y = (
            cKDTree(side).query_ball_point(side, inside, p=np.inf, workers=workers, return_length=True)
            for side in (x, y)
        )
        return float(digamma(3) + digamma(len(x)) - (digamma(n_x) + digamma(n_y)).mean())

    return information


def sklearn_information() -> Callable[[Array, Array], float]:
    from sklearn.feature_selection import mutual_info_regression

    def information(x: Array, y: Array) -> float:
        return float(mutual_info_regression(x, y[:, 0], n_neighbors=3, random_state=0)[0])

    return information


def ennemi_information() -> Callable[[Array, Array], float]:
    from ennemi import estimate_mi

    return lambda x, y: float(np.asarray(estimate_mi(y[:, 0], x[:, 0], k=3)).ravel()[0])


def ksg(row: str, n: int, d: int) -> Case:
    """One row of KSG 1."""
    rounded = Agreement(rtol=0.0, atol=0.002, reason="radii that round into the ball or out of it")
    peers = {"SciPy cKDTree, range counts": Peer(ckdtree_information, threaded=True, agreement=rounded)}
    if d == 1:
        peers["scikit-learn"] = Peer(sklearn_information, agreement=OTHER_CONVENTIONS)
        peers["ennemi"] = Peer(ennemi_information, agreement=OTHER_CONVENTIONS)
    return Case(
        row=row,
        description=f"KSG 1, k = 3, n = {n:,}, x and y with {d} feature{'s' if d > 1 else ''} each",
        make=pair(d),
        run=lambda x, y: ht.knn.mutual_information(x, y, k=3),
        reference=reference_information,
        reference_largest=BRUTE_FORCE,
        full=n,
        smoke=1000,
        check=2000,
        agreement=SAME_COUNTS,
        peers=peers,
        bytes_per_element=16.0 * d,
        flops_per_element=0.0,
    )


def fresh_estimates(x: Array, y: Array, orders: Array) -> Array:
    """KSG 1 of every order by the usual Python recipe, from scratch."""
    estimate = ckdtree_information()
    return np.array([estimate(x, y[order]) for order in orders])


def with_orders(size: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """A pair and so many orders of its rows."""
    n, count = size
    x = rng.standard_normal((n, 1))
    orders = np.stack([rng.permutation(n) for _ in range(count)]).astype(np.uint32)
    return x, 0.6 * x + 0.8 * rng.standard_normal((n, 1)), orders


def permuted_information(x: Array, y: Array, orders: Array) -> Array:
    """The null sample of permutation_test("knn", …) for given orders."""
    return _dispatch.kernels.knn_information_permuted(x, y, orders, 3, None, ht.get_num_threads())[0]


K10 = Case(
    row="K10",
    description="999 permutations of KSG 1, n = 10^4, k = 3",
    make=with_orders,
    run=permuted_information,
    reference=fresh_estimates,
    full=(10**4, 999),
    smoke=(500, 5),
    agreement=Agreement(rtol=0.0, atol=0.01, reason="radii that round into the ball or out of it"),
    bytes_per_element=8.0,
    flops_per_element=0.0,
    reference_threaded=True,
)

CASES = [
    neighbours("K1", 10**6, 1),
    neighbours("K1 10^5", 10**5, 1),
    neighbours("K2", 10**6, 2),
    neighbours("K2 10^5", 10**5, 2, "euclidean"),
    neighbours("K3", 10**6, 3),
    neighbours("K3 10^5", 10**5, 3, "euclidean"),
    neighbours("K3 float32", 10**5, 3, "chebyshev", "float32"),
    neighbours("K4", 10**5, 5),
    neighbours("K4 euclidean", 10**5, 5, "euclidean"),
    neighbours("K5", 10**5, 10),
    neighbours("K5 euclidean", 50_000, 10, "euclidean"),
    neighbours("K6", 20_000, 20, brute=True),
    neighbours("K6 euclidean", 20_000, 20, "euclidean", brute=True),
    neighbours("K7", 5_000, 64, brute=True),
    neighbours("K7 euclidean", 5_000, 64, "euclidean", brute=True),
    ksg("K8", 10**5, 1),
    ksg("K8 10^6", 10**6, 1),
    ksg("K8b", 10**5, 3),
    neighbours("K9", 10**7, 3),
    K10,
]
