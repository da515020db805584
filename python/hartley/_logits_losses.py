"""Cross-entropy of targets under softmax logits, token by token or reduced, with its gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real, count_and_first
from ._logits_rows import (
    F64,
    I64,
    arithmetic_dtype,
    as_logits,
    as_reduction,
    as_targets,
    as_temperature,
    call_rows,
    require_targets,
    require_valid_rows,
    shaped,
)
from ._progress import Progress
from ._units import Base, nats_per_unit


def _as_class_weights(class_weights: Any, n_classes: int) -> F64:
    weights = as_real(class_weights, "class_weights").astype(np.float64, copy=False)
    if weights.shape != (n_classes,):
        raise ValueError(f"class_weights must have shape ({n_classes},), one a class, got {weights.shape}")
    n_bad, first = count_and_first(~((weights >= 0) & np.isfinite(weights)))
    if n_bad:
        raise ValueError(f"class_weights must be finite and at least 0, got {n_bad} not so, first [{first}]")
    return weights


@dataclass(frozen=True)
class _Task:
    """What is asked of the rows: loss_i = (1 - s) w_y nll_i + s / K Σ_k w_k (-log p_ik), over the temperature."""

    logits: NDArray[Any]
    targets: I64
    temperature: float
    smoothing: float
    weights: F64 | None  # of the classes; None: 1

    @property
    def counted(self) -> NDArray[np.bool_]:
        return self.targets >= 0

    def target_weights(self) -> F64:
        """w_y of each row, 0 where the target is ignored."""
        if self.weights is None:
            return self.counted.astype(float)
        weights: F64 = np.where(self.counted, self.weights[self.targets], 0.0)
        return weights

    def kernel_arguments(self) -> tuple[Any, ...]:
        weights = None
        if self.smoothing:
            weights = np.ones(self.logits.shape[-1]) if self.weights is None else self.weights
        return self.logits, self.targets, 1.0 / self.temperature, weights

    def gradient_scales(self, scale: float) -> tuple[F64, F64, NDArray[Any] | None]:
        """Of the softmax and of the target in each row, and what is taken off each class; scale times the loss."""
        n_classes = self.logits.shape[-1]
        scale /= self.temperature
        of_target = scale * (1.0 - self.smoothing) * self.target_weights()
        if not self.smoothing:
            return of_target, of_target, None
        weights = np.ones(n_classes) if self.weights is None else self.weights
        share = scale * self.smoothing / n_classes
        of_softmax = of_target + np.where(self.counted, share * weights.sum(), 0.0)
        return of_softmax, of_target, (share * weights).astype(arithmetic_dtype(self.logits))

    def losses(self, sums: F64) -> F64:
        """One a row, in nats, from the kernel's sums."""
        require_valid_rows(sums[0], self.logits, "logits")
        weights, nll = self.target_weights(), sums[1] + sums[2]
        # a class without weight costs nothing, also where its probability is 0
        shares = weights * (1.0 - self.smoothing)
        losses: F64 = np.multiply(shares, nll, out=np.zeros_like(nll), where=shares > 0)
        if self.smoothing:
            losses += self.smoothing * sums[3]
        return losses


def cross_entropy(
    logits: Any,
    targets: Any,
    *,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
    class_weights: Any = None,
    reduction: str = "mean",
    base: Base = None,
    return_grad: bool = False,
    progress: Progress = False,
) -> Any:
    """Cross-entropy -log p(target) of softmax logits: the loss of classifiers and language models.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        Unnormalised log-probabilities in float64, float32, float16 or bfloat16; every leading axis is a batch axis.
        ``-inf`` masks a class. NumPy, memory-mapped and torch CPU arrays whose last axis lies densely in memory are
        read where they are; other layouts and types are copied.
    targets : array of int, shape (...)
        Class numbers from 0 to n_classes - 1, or ``ignore_index``.
    ignore_index : int or None, default -100
        Targets of this value do not count, and their rows of logits are not read.
    label_smoothing : float, default 0
        Share s, from 0 to 1, of the target that goes to all classes alike.
    temperature : float, default 1
        Logits are divided by this number, from 1e-30 to 1e30.
    class_weights : array of float, shape (n_classes,), optional
        Non-negative weights w of the classes; 1 by default.
    reduction : {"mean", "sum", "none"}, default "mean"
        ``"mean"`` divides the sum by the sum of w over the targets that count.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    return_grad : bool, default False
        Also return the derivative of the result with respect to the logits (with ``"none"``: of each row's own loss).
    progress : bool or callable, default False
        Show progress on standard error, or call a function with the fraction done.

    Returns
    -------
    float, or ndarray of float64 with shape (...) for ``reduction="none"``
        At least 0, ``inf`` where a target is masked; 0 for ignored targets.
    gradient : ndarray, shape of logits
        With ``return_grad``: float64 for float64 logits, else float32 (gradients of a mean over many tokens vanish in
        16 bits); 0 in ignored rows and for masked classes (but for smoothing's share).

    Raises
    ------
    ValueError
        A target out of range (index and value are named); NaN or +inf among the logits; a row of -inf alone; no target
        that counts, for a mean; shapes that do not match; an option out of its range.
    TypeError
        Logits that are no real numbers, targets that are no integers.

    Notes
    -----
    With p = softmax(logits / temperature), the loss of a row is (1 - s) w_y (-log p_y) + (s / K) Σ_k w_k (-log p_k),
    the convention of PyTorch; with smoothing a masked class of positive weight makes it ``inf``, as the formula says.
    The derivative is ((1 - s) w_y + (s / K) Σ w) p - (1 - s) w_y [k = y] - (s / K) w_k, over the temperature and the
    divisor of the mean.

    The softmax is never stored: each row is read from memory once, with a running reference close to its maximum;
    for the gradient a second time from the cache. Beside the gradient nothing grows with n_classes. float32 and 16-bit
    logits are computed in float32 with float64 sums: a loss is off by less than 1e-6, typically 5e-8; in float64 by
    1e-15 (1 + loss). O(rows * n_classes).

    References
    ----------
    Szegedy, C., Vanhoucke, V., Ioffe, S., Shlens, J. & Wojna, Z. (2016). Rethinking the Inception architecture. CVPR,
    section 7 (label smoothing). Milakov, M. & Gimelshein, N. (2018). Online normalizer calculation for softmax,
    arXiv:1805.02867, algorithm 3.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.cross_entropy([[2.0, 0.0], [0.0, 0.0]], [0, 1], base="bits"), 4)
    0.5916
    >>> value, gradient = logits.cross_entropy([[0.0, 0.0]], [1], return_grad=True)
    >>> gradient
    array([[ 0.5, -0.5]])
    """
    unit, reduction = nats_per_unit(base), as_reduction(reduction)
    array = as_logits(logits, "logits")
    smoothing = as_number(label_smoothing, "label_smoothing")
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be from 0 to 1, got {label_smoothing!r}")
    weights = None if class_weights is None else _as_class_weights(class_weights, array.shape[-1])
    task = _Task(array, as_targets(targets, array, ignore_index), as_temperature(temperature), smoothing, weights)
    divisor = 1.0
    if reduction == "mean":
        require_targets(task.targets)
        divisor = float(task.target_weights().sum())
        if divisor == 0.0:
            raise ValueError("class_weights must be positive for one of the targets, for a mean")

    arguments = task.kernel_arguments()
    gradient = None
    if return_grad:
        scales = task.gradient_scales(1.0 / (divisor * unit))
        name = "logits_cross_entropy_gradient"
        sums, gradient = call_rows(name, *arguments, *scales, progress=progress, label="cross-entropy")
    else:
        sums = call_rows("logits_cross_entropy", *arguments, progress=progress, label="cross-entropy")
    losses = task.losses(sums) / unit
    value = shaped(losses, array.shape[:-1]) if reduction == "none" else float(losses.sum()) / divisor
    return (value, gradient) if return_grad else value


def surprisal(
    logits: Any,
    targets: Any,
    *,
    ignore_index: int | None = -100,
    temperature: float = 1.0,
    base: Base = None,
    progress: Progress = False,
) -> Any:
    """Surprisal -log p(target) of every token.

    Parameters
    ----------
    logits : array of float, shape (..., n_classes)
        As in :func:`cross_entropy`.
    targets : array of int, shape (...)
        Class numbers.
    ignore_index, temperature, base, progress
        As in :func:`cross_entropy`.

    Returns
    -------
    float or ndarray of float64, shape (...)
        At least 0, in units of ``base``; ``inf`` where the target is masked, 0 where it is ignored.

    Raises
    ------
    ValueError, TypeError
        As :func:`cross_entropy`, of which this is ``reduction="none"``.

    Notes
    -----
    O(rows * n_classes), each logit read once.

    References
    ----------
    Levy, R. (2008). Expectation-based syntactic comprehension. Cognition 106, eq. 1.

    Examples
    --------
    >>> from hartley import logits
    >>> logits.surprisal([[0.0, 0.0], [3.0, 0.0]], [1, 0], base="bits").round(4)
    array([1.    , 0.0701])
    """
    return cross_entropy(
        logits,
        targets,
        ignore_index=ignore_index,
        temperature=temperature,
        reduction="none",
        base=base,
        progress=progress,
    )


def total_and_count(
    logits: Any, targets: Any, ignore_index: int | None, temperature: float, progress: Progress
) -> tuple[float, int]:
    """The summed loss in nats and the number of targets that count, at least one."""
    array = as_logits(logits, "logits")
    numbers = as_targets(targets, array, ignore_index)
    require_targets(numbers)
    task = _Task(array, numbers, as_temperature(temperature), 0.0, None)
    sums = call_rows("logits_cross_entropy", *task.kernel_arguments(), progress=progress, label="cross-entropy")
    return math.fsum(task.losses(sums)), int(np.count_nonzero(task.counted))
