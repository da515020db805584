"""Which of the built kernels modules this process uses.

One native module was built for each instruction-set level; the best one that the processor and the operating system can
run is loaded at import. ``HARTLEY_LEVEL`` asks for one by name and fails where it is not there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

try:
    from . import _cpu
except ImportError as error:
    raise ImportError(
        f"hartley's native module _cpu cannot be loaded ({error}); the package was not built: run 'pip install .'"
    ) from error

if TYPE_CHECKING:
    from types import ModuleType

    from . import _kernels as kernels


__all__ = ["available_levels", "built_levels", "kernels", "level_in_use", "load", "use_level"]


def built_levels() -> list[str]:
    """Levels that this build has, lowest first."""
    return [level for level in _cpu.built_levels.split(",") if level]


def available_levels() -> list[str]:
    """Levels that are built and that this machine can run, lowest first."""
    supported = _cpu.supported_levels()
    return [level for level in built_levels() if level in supported]


def _explain(wanted: str) -> ImportError:
    built, supported = built_levels(), _cpu.supported_levels()
    missing = [level for level in built if importlib.util.find_spec(f"hartley._kernels_{level}") is None]
    return ImportError(
        f"hartley: no kernels for {wanted}. Built: {', '.join(built) or 'none'}; "
        f"this machine runs: {', '.join(supported) or 'none'}; missing files: {', '.join(missing) or 'none'}"
    )


def load(level: str) -> ModuleType:
    """The kernels module of one level; ImportError says which levels there are when it cannot be had."""
    if level not in available_levels():
        raise _explain(f"level {level!r}")
    try:
        return importlib.import_module(f"hartley._kernels_{level}")
    except ImportError as error:
        raise _explain(f"level {level!r} ({error})") from error


def _choose() -> ModuleType:
    asked = os.environ.get("HARTLEY_LEVEL")
    if asked:
        return load(asked)
    levels = available_levels()
    if not levels:
        raise _explain("this machine")
    return load(levels[-1])


if not TYPE_CHECKING:
    # Looked up as an attribute of this module at every call, so that use_level() reaches all concepts at once.
    kernels = _choose()


def level_in_use() -> str:
    """The level of the loaded kernels."""
    return kernels.level


@contextmanager
def use_level(level: str) -> Iterator[None]:
    """Run with another level's kernels; for tests and benchmarks (it changes the whole process)."""
    global kernels
    previous = kernels
    kernels = load(level)
    try:
        yield
    finally:
        kernels = previous
