"""What this build is and what it uses."""

from __future__ import annotations

import platform

import numpy as np

from . import _cpu, _dispatch
from ._threads import get_num_threads


def configuration() -> dict[str, str]:
    """The facts that :func:`show_config` prints."""
    return {
        "hartley": _cpu.version,
        "compiler": _cpu.compiler,
        "level in use": _dispatch.level_in_use(),
        "levels built": ", ".join(_dispatch.built_levels()),
        "levels this machine runs": ", ".join(_cpu.supported_levels()),
        "OpenMP": str(_cpu.openmp) if _cpu.openmp else "none (plain threads)",
        "threads": str(get_num_threads()),
        "Eigen": _cpu.eigen,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def show_config() -> None:
    """Print version, compiler, instruction-set levels (in use, built, runnable), OpenMP and threads."""
    facts = configuration()
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")
