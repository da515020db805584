"""What this machine can do at most, measured in the run that the other figures come from."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import _dispatch, _threads

MEMORY_SETS = (16 << 20, 64 << 20, 256 << 20)  # bytes: last-level cache, its edge, memory (on most machines)
TRIAD_LENGTH = 1 << 23  # numbers an array: three streams of 64 MiB
READ_BLOCK = 1 << 15  # numbers a task of one pass over memory
PASSES_BYTES = 64 << 20  # bytes read by the passes over one small block
FMA_STEPS = 500_000
VECTOR_BYTES = 64


@dataclass
class Machine:
    """Processor, caches, and the measured limits by thread count (and level)."""

    processor: str
    cores: int
    quota: float  # processors that the control group grants
    caches: dict[str, int]  # bytes
    level: str  # whose loads measured the bandwidth
    read: dict[int, dict[int, float]] = field(default_factory=dict)  # threads -> bytes a thread set -> bytes a second
    triad: dict[int, float] = field(default_factory=dict)  # threads -> bytes a second, three streams
    flops: dict[tuple[str, str, int], float] = field(default_factory=dict)  # level, dtype, threads -> a second

    def bandwidth(self, n_bytes: float, threads: int) -> float:
        """Reading rate of the largest measured working set that is not larger than this one: never too low a limit."""
        rates = self.read[threads]
        fitting = [size for size in rates if size <= n_bytes]
        return rates[max(fitting) if fitting else min(rates)]

    def floor(self, n_bytes: float, flops: float, level: str, threads: int, dtype: str) -> float:
        """Least seconds: the larger of moving the bytes and doing the operations."""
        return max(n_bytes / self.bandwidth(n_bytes, threads), flops / self.flops[level, dtype, threads])


def processor_name() -> str:
    """As the system calls it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cache_sizes() -> dict[str, int]:
    """Bytes of the data caches that processor 0 sees; empty where the system does not say."""
    sizes = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1], 1)
            sizes[f"L{level}"] = int(size.rstrip("KM")) * unit
    return sizes


def _aligned(n: int) -> NDArray[np.float64]:
    """Ones that start on a vector boundary, as the fastest loads want it."""
    raw = np.ones(n + VECTOR_BYTES // 8)
    offset = -raw.ctypes.data % VECTOR_BYTES // 8
    return raw[offset : offset + n]


def _fastest(call: Callable[[], Any], repeats: int) -> float:
    best = math.inf
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best


def _measure_reading(machine: Machine, kernels: Any, threads: int, repeats: int) -> None:
    rates = machine.read[threads] = {}
    for name, fallback in (("L1", 32 << 10), ("L2", 512 << 10)):
        n = machine.caches.get(name, fallback) // 2 // 8 // 64 * 64
        x, passes = _aligned(n * threads), max(1, PASSES_BYTES // (8 * n))
        seconds = _fastest(lambda x=x, n=n, passes=passes: kernels.machine_read_sum(x, n, passes, threads), repeats)
        rates[x.nbytes] = x.nbytes * passes / seconds
    for n_bytes in MEMORY_SETS:
        x = _aligned(n_bytes // 8)
        seconds = _fastest(lambda x=x: kernels.machine_read_sum(x, READ_BLOCK, 1, threads), repeats)
        rates[n_bytes] = n_bytes / seconds


def _measure_arithmetic(machine: Machine, level: str, threads: int, repeats: int) -> None:
    kernels = _dispatch.load(level)
    for dtype in ("float64", "float32"):
        x = np.full(getattr(kernels, f"machine_group_{dtype}") * threads, 0.5, dtype)
        seconds = _fastest(lambda x=x: kernels.machine_multiply_add(x, FMA_STEPS, threads), repeats)
        machine.flops[level, dtype, threads] = 2 * FMA_STEPS * x.size / seconds


def measure(
    levels: Sequence[str] | None = None, thread_counts: Sequence[int] | None = None, repeats: int = 8
) -> Machine:
    """Measure the machine (about two seconds): bandwidth with the best level's loads, arithmetic with every level's."""
    levels = list(levels or _dispatch.available_levels())
    thread_counts = sorted(set(thread_counts or (1, _threads.get_num_threads())))
    best = _dispatch.available_levels()[-1]
    kernels = _dispatch.load(best)
    machine = Machine(processor_name(), os.cpu_count() or 1, _threads._cgroup_quota(), cache_sizes(), best)
    out, b, c = (_aligned(TRIAD_LENGTH) for _ in range(3))
    for threads in thread_counts:
        _measure_reading(machine, kernels, threads, repeats)
        seconds = _fastest(lambda n=threads: kernels.machine_triad(out, b, c, 0.5, n), repeats)
        machine.triad[threads] = 3 * out.nbytes / seconds
        for level in levels:
            _measure_arithmetic(machine, level, threads, repeats)
    return machine
