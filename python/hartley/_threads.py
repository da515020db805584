"""How many threads the kernels may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_MOST = 1024  # more threads than this are a slip of the keyboard

_scoped: ContextVar[int | None] = ContextVar("hartley_threads", default=None)


def _cgroup_quota() -> float:
    """Processors that the control group grants (inf without a quota); versions 2 and 1 of cgroups."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").read_text().strip()
            period = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return math.inf
    try:
        return float(quota) / float(period) if float(quota) > 0 else math.inf
    except ValueError:  # "max"
        return math.inf


def _processors() -> int:
    """Processors that this process may run on: affinity and cgroup quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _cgroup_quota())))


def _initial() -> int:
    for name in ("HARTLEY_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0].strip()  # OMP_NUM_THREADS may list nesting levels
        if not text:
            continue
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST):
            raise ValueError(f"{name} must be a whole number from 1 to {_MOST}, got {os.environ[name]!r}")
        return int(text)
    return _processors()


_default = _initial()


def _checked(n: int) -> int:
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"n must be an int, got {n!r}")
    if not 1 <= n <= _MOST:
        raise ValueError(f"n must be from 1 to {_MOST}, got {n}")
    return n


def get_num_threads() -> int:
    """Number of threads that kernels called from here may use.

    Returns
    -------
    int
        The innermost :func:`threads` scope, else what :func:`set_num_threads` set, else ``HARTLEY_NUM_THREADS``, else
        ``OMP_NUM_THREADS``, else the processors that affinity and cgroup quota grant. Results never depend on it.
    """
    return _scoped.get() or _default


def set_num_threads(n: int) -> None:
    """Set the number of threads for the whole process.

    Parameters
    ----------
    n : int
        At least 1. More than the processors is allowed and seldom useful.
    """
    global _default
    _default = _checked(n)


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use ``n`` threads inside a ``with`` block, in this Python thread (or task) only.

    Parameters
    ----------
    n : int
        At least 1.

    Examples
    --------
    >>> import hartley as ht
    >>> with ht.threads(1):
    ...     ht.get_num_threads()
    1
    """
    token = _scoped.set(_checked(n))
    try:
        yield
    finally:
        _scoped.reset(token)
