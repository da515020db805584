"""What this machine can do at most, measured in the run that the other figures come from."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartley import _dispatch, _threads

MEMORY_SETS = (16 << 20, 64 << 20, 256 << 20)  # bytes: last-level cache, its edge, memory (on most machines)
TRIAD_LENGTH = 1 << 23  # numbers an array: three streams of 64 MiB, cut out of the largest set
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


def _tasks(
    machine: Machine, levels: Sequence[str], threads: int
) -> Iterator[tuple[dict[Any, float], Any, float, Callable[[], Any]]]:
    """Each measurement with this many threads: the table and key of its rate, its work, its call."""
    kernels = _dispatch.load(machine.level)
    rates = machine.read.setdefault(threads, {})
    for name, fallback in (("L1", 32 << 10), ("L2", 512 << 10)):
        n = machine.caches.get(name, fallback) // 2 // 8 // 64 * 64
        x, passes = _aligned(n * threads), max(1, PASSES_BYTES // (8 * n))
        yield rates, x.nbytes, x.nbytes * passes, partial(kernels.machine_read_sum, x, n, passes, threads)
    large = _aligned(MEMORY_SETS[-1] // 8)
    for n_bytes in MEMORY_SETS:
        yield rates, n_bytes, n_bytes, partial(kernels.machine_read_sum, large[: n_bytes // 8], READ_BLOCK, 1, threads)
    out, b, c = (large[i * TRIAD_LENGTH : (i + 1) * TRIAD_LENGTH] for i in range(3))
    yield machine.triad, threads, 3 * out.nbytes, partial(kernels.machine_triad, out, b, c, 0.0, threads)
    for level in levels:
        arithmetic = _dispatch.load(level)
        for dtype in ("float64", "float32"):
            x = np.full(getattr(arithmetic, f"machine_group_{dtype}") * threads, 0.5, dtype)
            call = partial(arithmetic.machine_multiply_add, x, FMA_STEPS, threads)
            yield machine.flops, (level, dtype, threads), 2 * FMA_STEPS * x.size, call


def measure(
    levels: Sequence[str] | None = None,
    thread_counts: Sequence[int] | None = None,
    rounds: int = 8,
    machine: Machine | None = None,
) -> Machine:
    """Measure the machine (a second or two): bandwidth with the best level's loads, arithmetic with every level's.

    The fastest of all rounds counts, and of the rounds of an earlier measurement that is passed as ``machine``: what
    disturbs a measurement only ever makes the limit look lower than it is.
    """
    levels = list(levels or _dispatch.available_levels())
    thread_counts = sorted(set(thread_counts or (1, _threads.get_num_threads())))
    if machine is None:
        best = _dispatch.available_levels()[-1]
        machine = Machine(processor_name(), os.cpu_count() or 1, _threads._cgroup_quota(), cache_sizes(), best)
    for threads in thread_counts:
        tasks = list(_tasks(machine, levels, threads))
        for _ in range(rounds):
            for rates, key, work, call in tasks:
                begin = time.perf_counter()
                call()
                rates[key] = max(rates.get(key, 0.0), work / (time.perf_counter() - begin))
    return machine
