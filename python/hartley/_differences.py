"""Derivatives by central differences, extrapolated to step 0 (Richardson), with an estimate of their error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]
Function: TypeAlias = Callable[[F64], F64]  # of the parameters, shape (d,); gives shape (m,)

_LEVELS = 7  # steps h, h/2, ..., h/64: the error of the best extrapolation goes to rounding long before the last
_CHANGE = 0.25  # what the first step should change, in units in which the Fisher information is 1
_NARROWINGS = 200  # divisions of the first step by 4 until the function is finite on both sides
_WIDENINGS = 20
_EPS = float(np.finfo(np.float64).eps)
# Rounding of a difference: values, or what they were summed from, of size 1 at least and off by 2 ulp; two or four of
# them, and Romberg's weights, whose absolute values add up to less than 2
_FIRST_NOISE, _SECOND_NOISE = 2 * 2 * 2 * _EPS / 2, 2 * 4 * 2 * _EPS


def root_mean_square(x: F64) -> float:
    return math.sqrt(float(np.mean(x * x)))


def moved(theta: F64, *moves: tuple[int, float]) -> F64:
    """theta with steps added to some of its entries."""
    result = theta.copy()
    for i, step in moves:
        result[i] += step
    return result


def first_step(f: Function, theta: F64, i: int, size_of: Callable[[F64], float], name: str) -> float:
    """A step of parameter i, a power of two (theta ± step is exact), that changes f by about _CHANGE.

    ``size_of`` maps the difference of two values of f to a number that grows in proportion to small steps.
    """
    at_zero, scale = f(theta), abs(float(theta[i]))
    step = 2.0 ** math.floor(math.log2(0.1 * scale)) if scale > 0 else 0.125
    narrowed, widened = 0, 0
    while True:
        if step <= 64 * _EPS * scale or narrowed > _NARROWINGS:
            raise ValueError(f"{name} must be finite and vary smoothly on both sides of theta[{i}] = {theta[i]:.9g}")
        changes = [size_of(f(moved(theta, (i, s))) - at_zero) for s in (step, -step)]
        if not all(change <= 2 * _CHANGE for change in changes):  # NaN, too: outside of the parameters' range
            step, narrowed = step / 4, narrowed + 1
        elif max(changes) < _CHANGE / 8 and not narrowed and widened < _WIDENINGS:
            step, widened = step * 4, widened + 1
        else:
            return step


def extrapolate(differences: Sequence[F64], noise: Sequence[float]) -> tuple[F64, float]:
    """The derivative from differences with steps h, h/2, h/4, ... whose errors are series in h², and its error.

    Of Romberg's table the entry of least estimated error: the larger of its root mean square distances from the two
    entries that it was made of (Ridders 1982), plus the rounding noise of its last step. Steps where the function is
    not finite take no part; the error is infinite where none is left.
    """
    best, best_error = differences[0], math.inf
    above = [differences[0]]
    for difference, rounding in zip(differences[1:], noise[1:], strict=True):
        row = [difference]
        for j, coarser in enumerate(above):
            row.append(row[j] + (row[j] - coarser) / (4.0 ** (j + 1) - 1.0))
            error = max(root_mean_square(row[-1] - row[-2]), root_mean_square(row[-1] - coarser)) + rounding
            if error < best_error:
                best, best_error = row[-1], error
        above = row
    return best, best_error


def first_derivatives(f: Function, theta: F64, steps: Sequence[float]) -> tuple[F64, F64]:
    """∂f/∂theta, shape (m, d), and the root mean square error of each column."""
    columns, errors = [], []
    size = max(1.0, root_mean_square(f(theta)))
    for i, first in enumerate(steps):
        halved = [first / 2**k for k in range(_LEVELS)]
        differences = [(f(moved(theta, (i, h))) - f(moved(theta, (i, -h)))) / (2.0 * h) for h in halved]
        column, error = extrapolate(differences, [_FIRST_NOISE * size / h for h in halved])
        columns.append(column)
        errors.append(error)
    return np.stack(columns, axis=1), np.array(errors)


def second_derivatives(f: Function, theta: F64, steps: Sequence[float]) -> tuple[F64, F64]:
    """∂²f/∂theta², shape (m, d, d), and the root mean square errors, shape (d, d)."""
    d, at_zero = len(theta), f(theta)
    values: F64 = np.empty((len(at_zero), d, d))
    errors: F64 = np.empty((d, d))
    size = max(1.0, root_mean_square(at_zero))
    for i in range(d):
        for j in range(i + 1):
            differences, noise = [], []
            for k in range(_LEVELS):
                g, h = steps[i] / 2**k, steps[j] / 2**k
                if i == j:
                    difference = f(moved(theta, (i, h))) - at_zero + (f(moved(theta, (i, -h))) - at_zero)
                else:
                    same = f(moved(theta, (i, g), (j, h))) + f(moved(theta, (i, -g), (j, -h)))
                    difference = (same - f(moved(theta, (i, g), (j, -h))) - f(moved(theta, (i, -g), (j, h)))) / 4.0
                differences.append(difference / (g * h))
                noise.append(_SECOND_NOISE * size / (g * h))
            values[:, i, j], errors[i, j] = extrapolate(differences, noise)
            values[:, j, i], errors[j, i] = values[:, i, j], errors[i, j]
    return values, errors
