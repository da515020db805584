"""Progress of long calls: kernels tell the fraction done, a callable shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = bool | Callable[[float], None]


def progress_callback(progress: Progress, label: str) -> Callable[[float], None] | None:
    """What the kernel calls with the fraction done: nothing, the caller's own function, or a line on stderr."""
    if progress is False or progress is None:
        return None
    if progress is not True:
        if not callable(progress):
            raise TypeError(f"progress must be True, False or a function of the fraction done, got {progress!r}")
        return progress

    def show(fraction: float) -> None:
        filled = round(30 * fraction)
        end = "\n" if fraction >= 1.0 else ""
        print(f"\r{label} [{'#' * filled}{'.' * (30 - filled)}] {fraction:4.0%}", end=end, file=sys.stderr, flush=True)

    return show
