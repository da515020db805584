"""The one harness of all benchmarks: agreement first, then interleaved timing of every contender in one process.

A module ``bench_<concept>.py`` lists its rows in ``CASES``::

    Case(
        row="P1",  # the row of performance.md; variants add words: "P1 float32"
        description="entropy(p), n = 10^7",
        make=make_pmf,  # make(size, rng) -> tuple of inputs
        run=ht.entropy,  # run(*inputs), reference(*inputs) -> number, array, or tuple of arrays
        reference=numpy_entropy,
        full=10**7,  # any object that make() and elements() understand: a number, a tuple of numbers
        smoke=1000,
        agreement=Agreement(rtol=1e-12, reason="NumPy sums in blocks of 128: error log2(n) eps"),
        peers={"scipy.stats.entropy": Peer(load_scipy)},  # load() imports and returns the callable
        bytes_per_element=8,  # what has to move between memory and processor, not what one implementation moves
        flops_per_element=2,  # what the definition asks for; a logarithm or exponential as the polynomial it is
    )

Rules of a fair race: the harness sets the threads of hartley, BLAS, numba and torch; a peer with an argument for
threads passes ``hartley.get_num_threads()`` and says ``threaded=True``, any other is timed once. A peer that is not
installed is skipped by name. What is slower than a few seconds is run less often. What cannot run at the full size
(beyond ``largest``, ``reference_largest`` elements) is skipped there by name; agreement with the reference is then
asserted at the size ``check``, and at the full size with hartley's own result of the lowest level. Ratios compare the
fastest run of each.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import hartley as ht
from hartley import _dispatch

SHORTEST_RUN = 2e-3  # seconds: a shorter call is repeated inside one timing, or the clock would be measured
SLOW_CALL = 5.0  # seconds: slower calls are timed twice at most,
VERY_SLOW_CALL = 20.0  # and above this the call that proved agreement is the timing


class DisagreementError(AssertionError):
    """A contender's result is not the reference's: nothing is timed."""


def product(size: Any) -> float:
    """Elements of a size that is a number or a tuple of numbers."""
    return float(math.prod(size)) if isinstance(size, tuple) else float(size)


@dataclass(frozen=True)
class Agreement:
    """How far a result may be from the reference, and why that far."""

    rtol: float
    reason: str
    atol: float = 0.0


@dataclass(frozen=True)
class Peer:
    """Somebody else's way to the same result."""

    load: Callable[[], Callable[..., Any]]  # imports what it needs; ImportError: skipped by name
    threaded: bool = False  # its time depends on the number of threads the harness sets
    agreement: Agreement | None = None  # where it differs from the case's
    largest: float = math.inf  # elements past which it takes too long or too much memory


@dataclass(frozen=True)
class Case:
    """One row of the table: a task, hartley's call for it, the reference and the peers."""

    row: str
    description: str
    make: Callable[[Any, np.random.Generator], tuple[Any, ...]]
    run: Callable[..., Any]
    reference: Callable[..., Any]
    full: Any
    smoke: Any
    agreement: Agreement
    bytes_per_element: float
    flops_per_element: float
    peers: Mapping[str, Peer] = field(default_factory=dict)
    elements: Callable[[Any], float] = product
    dtype: str = "float64"  # whose peak FLOP/s bounds the time
    reference_threaded: bool = False
    reference_largest: float = math.inf
    check: Any = None  # size for agreement where the reference cannot run at the full size; smoke by default
    seed: int = 20240601


@dataclass(frozen=True)
class Contender:
    """One callable under one setting."""

    name: str  # "hartley", "reference" or the peer's
    call: Callable[..., Any]
    threads: int
    level: str | None = None  # hartley's alone
    agreement: Agreement | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.level}, {self.threads}T)" if self.level else f"{self.name} ({self.threads}T)"


@dataclass
class Timing:
    """Seconds a call, for one contender."""

    name: str
    level: str | None
    threads: int
    seconds: list[float]

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Result:
    """What came of one case; ``failure`` says why there are no timings."""

    concept: str
    row: str
    description: str
    size: Any
    elements: float
    bytes_moved: float
    flops: float
    dtype: str
    agreement: Agreement
    timings: list[Timing] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    floors: dict[tuple[str, int], float] = field(default_factory=dict)  # seconds, by (level, threads)
    failure: str | None = None

    def timing(self, name: str, level: str | None = None, threads: int | None = None) -> Timing | None:
        """The contender's timing; one that is timed at a single thread count stands for all."""
        found = [t for t in self.timings if t.name == name and t.level == level]
        exact = [t for t in found if t.threads == threads]
        return (exact or found or [None])[0]

    def ratio(self, other: str, level: str, threads: int) -> float | None:
        """How many times slower the other contender is than hartley at this level and thread count."""
        ours, theirs = self.timing("hartley", level, threads), self.timing(other, None, threads)
        return theirs.best / ours.best if ours and theirs else None

    def over_floor(self, level: str, threads: int) -> float | None:
        """Hartley's time over the least that the machine allows."""
        ours, floor = self.timing("hartley", level, threads), self.floors.get((level, threads))
        return ours.best / floor if ours and floor else None

    def set_floors(self, machine: Any) -> None:
        """The least that the machine allows, for every setting of hartley's timings."""
        for timing in self.timings:
            if timing.level:
                self.floors[timing.level, timing.threads] = machine.floor(
                    self.bytes_moved, self.flops, timing.level, timing.threads, self.dtype
                )

    @property
    def others(self) -> list[str]:
        """Names of the contenders besides hartley, the reference first."""
        return list(dict.fromkeys(t.name for t in self.timings if t.name != "hartley"))


@contextmanager
def threads_everywhere(n: int) -> Iterator[None]:
    """n threads for hartley, BLAS, numba and torch (those that are loaded)."""
    with ExitStack() as stack:
        stack.enter_context(ht.threads(n))
        try:
            from threadpoolctl import threadpool_limits  # comes with scikit-learn
        except ImportError:
            pass
        else:
            stack.enter_context(threadpool_limits(n, user_api="blas"))
        if "numba" in sys.modules:
            numba = sys.modules["numba"]
            stack.callback(numba.set_num_threads, numba.get_num_threads())
            numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
        if "torch" in sys.modules:
            torch = sys.modules["torch"]
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(n)
        yield


@contextmanager
def setting(contender: Contender) -> Iterator[None]:
    """The contender's level and threads."""
    with ExitStack() as stack:
        stack.enter_context(threads_everywhere(contender.threads))
        if contender.level:
            stack.enter_context(_dispatch.use_level(contender.level))
        yield


def contenders(
    case: Case, size: Any, levels: Sequence[str], thread_counts: Sequence[int]
) -> tuple[list[Contender], dict[str, str]]:
    """Everyone who can run at this size (the reference first), and who cannot with the reason."""
    field_: list[Contender] = []
    skipped: dict[str, str] = {}
    n_elements = case.elements(size)
    all_threads = max(thread_counts)
    if n_elements <= case.reference_largest:
        counts = thread_counts if case.reference_threaded else [all_threads]
        field_ += [Contender("reference", case.reference, n) for n in counts]
    else:
        skipped["reference"] = f"too slow or too large beyond {case.reference_largest:g} elements"
    field_ += [Contender("hartley", case.run, n, level) for level in levels for n in thread_counts]
    for name, peer in case.peers.items():
        if n_elements > peer.largest:
            skipped[name] = f"too slow or too large beyond {peer.largest:g} elements"
            continue
        try:
            call = peer.load()
        except ImportError as error:
            skipped[name] = f"not installed ({error})"
            continue
        counts = thread_counts if peer.threaded else [all_threads]
        field_ += [Contender(name, call, n, agreement=peer.agreement) for n in counts]
    return field_, skipped


def assert_agreement(contender: Contender, actual: Any, expected: Any, agreement: Agreement) -> None:
    """DisagreementError unless the result is the expected one within the tolerance."""
    actual, expected = (x if isinstance(x, tuple) else (x,) for x in (actual, expected))
    if len(actual) != len(expected):
        raise DisagreementError(f"{contender} returns {len(actual)} results, expected {len(expected)}")
    for one, other in zip(actual, expected, strict=True):
        if np.array_equal(one, other):
            continue
        try:
            np.testing.assert_allclose(one, other, rtol=agreement.rtol, atol=agreement.atol)
        except (AssertionError, TypeError) as error:
            raise DisagreementError(
                f"{contender} disagrees (tolerance: rtol {agreement.rtol:g}, atol {agreement.atol:g}; "
                f"{agreement.reason}): {error}"
            ) from error


def _check(case: Case, field_: Sequence[Contender], inputs: tuple[Any, ...]) -> list[float]:
    """Run everyone once, compare with the first; the seconds each call took."""
    seconds = []
    expected = None
    for contender in field_:
        with setting(contender):
            begin = time.perf_counter()
            actual = contender.call(*inputs)
            seconds.append(time.perf_counter() - begin)
        if expected is None:
            expected = actual
        assert_agreement(contender, actual, expected, contender.agreement or case.agreement)
    return seconds


def _time_once(contender: Contender, inputs: tuple[Any, ...], n_calls: int) -> float:
    call = contender.call
    with setting(contender):
        begin = time.perf_counter()
        for _ in range(n_calls):
            call(*inputs)
        return (time.perf_counter() - begin) / n_calls


def _race(
    field_: Sequence[Contender], inputs: tuple[Any, ...], first_seconds: Sequence[float], repeats: int
) -> list[Timing]:
    """Rounds in which everyone runs once, each round started by another contender."""
    timings = [Timing(c.name, c.level, c.threads, []) for c in field_]
    n_calls, rounds = [1] * len(field_), [repeats] * len(field_)
    for i, (contender, first) in enumerate(zip(field_, first_seconds, strict=True)):
        if first > VERY_SLOW_CALL:
            timings[i].seconds.append(first)
            rounds[i] = 0
        elif first > SLOW_CALL:
            rounds[i] = min(repeats, 2)
        elif repeats > 1:
            warm = _time_once(contender, inputs, 1)  # the first call may have compiled, or touched new pages
            n_calls[i] = max(1, math.ceil(SHORTEST_RUN / max(warm, 1e-7)))
    for round_ in range(repeats):
        for j in range(len(field_)):
            i = (j + round_) % len(field_)
            if round_ < rounds[i]:
                timings[i].seconds.append(_time_once(field_[i], inputs, n_calls[i]))
    return timings


def run_case(
    case: Case,
    *,
    concept: str = "",
    smoke: bool = False,
    levels: Sequence[str] | None = None,
    thread_counts: Sequence[int] | None = None,
    repeats: int = 5,
    machine: Any = None,
) -> Result:
    """Assert agreement, then time; a contender that disagrees leaves a result with ``failure`` and no timing.

    ``machine`` is a :class:`hartley.bench.roofline.Machine`; without one there are no floors.
    """
    levels = list(levels or _dispatch.available_levels())
    thread_counts = sorted(set(thread_counts or (1, ht.get_num_threads())))
    size = case.smoke if smoke else case.full
    n_elements = case.elements(size)
    result = Result(
        concept=concept,
        row=case.row,
        description=case.description,
        size=size,
        elements=n_elements,
        bytes_moved=case.bytes_per_element * n_elements,
        flops=case.flops_per_element * n_elements,
        dtype=case.dtype,
        agreement=case.agreement,
    )
    try:
        if n_elements > case.reference_largest:
            small = case.smoke if case.check is None else case.check
            small_field, _ = contenders(case, small, levels, thread_counts)
            _check(case, small_field, case.make(small, np.random.default_rng(case.seed)))
        field_, result.skipped = contenders(case, size, levels, thread_counts)
        inputs = case.make(size, np.random.default_rng(case.seed))
        first_seconds = _check(case, field_, inputs)
        result.timings = _race(field_, inputs, first_seconds, 1 if smoke else repeats)
    except DisagreementError as error:
        result.failure = str(error)
    except Exception as error:  # a contender that crashes fails its row, the other rows still run
        result.failure = f"{type(error).__name__}: {error}"
    if machine is not None:
        result.set_floors(machine)
    return result
