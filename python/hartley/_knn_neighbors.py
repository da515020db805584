"""A cloud of points that is asked for neighbours more than once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_column, as_samples
from ._knn_options import METRICS, complete, neighbour_number, require_choice
from ._neighbourhoods import U32, square_safe_scale
from ._threads import get_num_threads


class Neighbors:
    """Points in a k-d tree, for questions about their neighbours.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features) or (n_samples,)
        Finite. float32 is searched in float32, everything else in float64. A copy is kept.
    metric : {"euclidean", "chebyshev"}
        Norm of the distances.

    Attributes
    ----------
    n_samples, n_features : int
        Shape of the points.
    metric : str
        The norm.

    Raises
    ------
    ValueError
        NaN or infinite coordinates, no samples, an unknown metric.

    Notes
    -----
    Building takes O(n log n), a question O(log n) a point for few features. Distances are the differences as rounded in
    the type of the points; squares of differences below 2^-400 of the largest coordinate (2^-50 in float32) may vanish.
    It pickles: the points travel, the tree is built again.

    Examples
    --------
    >>> from hartley import knn
    >>> points = knn.Neighbors([[0.0], [1.0], [3.0]])
    >>> points.kth_distance(1)
    array([1., 1., 2.])
    >>> points.query([[2.5]], 2)
    (array([[0.5, 1.5]]), array([[2, 1]], dtype=uint32))
    """

    def __init__(self, x: Any, *, metric: str = "euclidean") -> None:
        require_choice(metric, "metric", METRICS)
        points = as_samples(x, "x")
        (points,) = complete([points], ["x"], "raise")
        self.metric = metric
        self._points: RealArray = points.copy()
        self._build()

    def _build(self) -> None:
        self.n_samples, self.n_features = self._points.shape
        self._scale = square_safe_scale(self._points) if self.metric == "euclidean" else 1.0
        self._tree = _dispatch.kernels.knn_tree(self._points, self.metric, self._scale, get_num_threads())

    def __getstate__(self) -> dict[str, Any]:
        return {"points": self._points, "metric": self.metric}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._points, self.metric = state["points"], state["metric"]
        self._build()

    def __repr__(self) -> str:
        shape = f"{self.n_samples} x {self.n_features}"
        return f"Neighbors({shape}, {self._points.dtype}, metric={self.metric!r})"

    def query(self, y: Any, k: int) -> tuple[RealArray, U32]:
        """Distances to and rows of the k points nearest to each row of y, nearest first, equally near ones by row.

        Parameters
        ----------
        y : array of float, shape (m, n_features), or (m,) where there is one feature
            Finite; brought to the type of the points.
        k : int
            1 <= k <= n_samples.

        Returns
        -------
        distances : ndarray of the points' type, shape (m, k)
        indices : ndarray of uint32, shape (m, k)
        """
        number = neighbour_number(k, self.n_samples + 1, "n_samples + 1")
        asking: Any = np.ascontiguousarray(as_samples(y, "y"), dtype=self._points.dtype)
        (asking,) = complete([asking], ["y"], "raise")
        if asking.shape[1] != self.n_features:
            raise ValueError(f"y must have {self.n_features} features as the points have, got {asking.shape[1]}")
        threads = get_num_threads()
        scale = square_safe_scale(self._points, asking) if self.metric == "euclidean" else 1.0
        tree = self._tree
        if scale != self._scale:  # questions from so far away need a scale that both stand
            tree = _dispatch.kernels.knn_tree(self._points, self.metric, scale, threads)
        own = _dispatch.kernels.knn_tree(asking, self.metric, scale, threads)
        return _dispatch.kernels.knn_tree_nearest(own, tree, number, None, threads)

    def kth_distance(self, k: int) -> RealArray:
        """Distance of each point to its k-th nearest other point, 1 <= k < n_samples; shape (n_samples,)."""
        number = neighbour_number(k, self.n_samples)
        found: RealArray = _dispatch.kernels.knn_tree_kth_distance(self._tree, self._tree, number, get_num_threads())
        return found

    def count_within(self, radii: Any, *, strict: bool = False) -> NDArray[np.int64]:
        """Other points at most so far (nearer, where strict) from each point.

        Parameters
        ----------
        radii : float or array of float, shape (n_samples,)
            A radius for all points or for each; brought to the type of the points.
        strict : bool, default False
            Leave out the points exactly so far.

        Returns
        -------
        ndarray of int64, shape (n_samples,)
        """
        if np.ndim(radii) == 0:
            radii = np.full(self.n_samples, radii)
        limits: Any = as_column(radii, "radii").astype(self._points.dtype)
        if len(limits) != self.n_samples:
            raise ValueError(f"radii must be one number, or one for each of {self.n_samples} points, got {len(limits)}")
        if np.isnan(limits).any():
            raise ValueError(f"radii must be numbers, got {int(np.isnan(limits).sum())} NaN entries")
        asked = limits > 0 if strict else limits >= 0
        if not strict:
            limits = np.nextafter(limits, np.asarray(np.inf, limits.dtype))
        largest = np.finfo(limits.dtype).max
        limits = np.where(asked, np.minimum(limits, largest), -1).astype(self._points.dtype)
        counts = _dispatch.kernels.knn_tree_count_within(self._tree, self._tree, limits, get_num_threads())
        others: NDArray[np.int64] = counts.astype(np.int64) - asked
        return others
