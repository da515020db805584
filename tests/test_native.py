"""The native modules: levels, instructions, errors at the border, forks, Ctrl-C and threads."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import hartley as ht
from hartley import _cpu, _dispatch, histogram

PACKAGE = Path(_cpu.__file__).parent


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env={**os.environ, **environment}
    )


def test_every_built_level_that_the_machine_has_can_be_forced():
    for level in _dispatch.available_levels():
        done = run_python("from hartley import _dispatch; print(_dispatch.level_in_use())", HARTLEY_LEVEL=level)
        assert done.stdout.strip() == level, done.stderr


def test_a_level_that_is_not_there_is_an_error_that_lists_the_levels():
    done = run_python("import hartley", HARTLEY_LEVEL="v9")
    assert done.returncode != 0
    assert f"no kernels for level 'v9'. Built: {', '.join(_dispatch.built_levels())}" in done.stderr


def test_the_best_level_is_the_default():
    environment = {k: v for k, v in os.environ.items() if k != "HARTLEY_LEVEL"}
    code = "from hartley import _dispatch; print(_dispatch.level_in_use())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.strip() == _dispatch.available_levels()[-1]


def test_show_config_names_versions_levels_and_threads(capsys):
    ht.show_config()
    shown = capsys.readouterr().out
    for word in (ht.__version__, _cpu.compiler, "level in use", "OpenMP", "threads", *_dispatch.built_levels()):
        assert word in shown


@pytest.mark.parametrize(
    ("module", "foreign"),
    [("_cpu", r"%[yz]mm"), ("_kernels_v2", r"%[yz]mm"), ("_kernels_v3", r"%zmm")],
)
def test_no_module_holds_instructions_of_a_higher_level(module, foreign):
    if module.split("_")[-1] not in {"cpu", *_dispatch.built_levels()}:
        return  # this build has one level only: nothing could be mixed
    objdump = shutil.which("objdump")
    assert objdump is not None, "objdump (binutils) is needed to look at the instructions"
    (path,) = PACKAGE.glob(f"{module}.*so")
    listing = subprocess.run([objdump, "-d", str(path)], capture_output=True, text=True, check=True).stdout
    found = re.search(rf".*{foreign}.*", listing)
    assert found is None, f"{module}: {found and found.group(0)}"


@pytest.mark.parametrize(("level", "register"), [("v3", "%ymm"), ("v4", "%zmm")])
def test_higher_levels_use_their_registers(level, register):
    if level not in _dispatch.built_levels():
        return  # nothing to look at
    (path,) = PACKAGE.glob(f"_kernels_{level}.*so")
    listing = subprocess.run(["objdump", "-d", str(path)], capture_output=True, text=True, check=True).stdout
    assert listing.count(register) > 1000


@pytest.mark.alone
def test_importing_adds_less_than_a_tenth_of_a_second_to_numpy():
    code = "import numpy, time; t = time.perf_counter(); import hartley; print(time.perf_counter() - t)"
    assert min(float(run_python(code).stdout) for _ in range(5)) < 0.1


def test_the_core_imports_numpy_and_nothing_else():
    code = (
        "import sys, numpy; before = set(sys.modules); import hartley; "
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names) - {'numpy'}))"
    )
    assert run_python(code).stdout.strip() == "['hartley']"


def test_the_border_converts_nothing(level):
    kernels = _dispatch.kernels
    with pytest.raises(TypeError):
        kernels.pmf_entropy(np.ones((1, 2, 1), dtype=np.int64), 1)
    with pytest.raises(TypeError):
        kernels.pmf_entropy(np.ones((1, 4, 2))[:, ::2], 1)
    with pytest.raises(ValueError, match="p must have 3 axes, got 1"):
        kernels.pmf_entropy(np.ones(3), 1)


FORK = """
import os, sys, warnings
import numpy as np
import hartley as ht
from hartley import histogram
warnings.simplefilter("ignore")  # Python 3.12+ warns that threads were used before the fork: that is the point
p = np.full(400_000, 1 / 400_000)
x = np.random.default_rng(0).normal(size=(5000, 12))
def work():
    return ht.entropy(p), histogram.mutual_information_matrix(x).tobytes()
ht.set_num_threads(2)
before = work()
child = os.fork()
if child == 0:
    os._exit(0 if work() == before else 1)
_, status = os.waitpid(child, 0)
again = work()
sys.exit(os.waitstatus_to_exitcode(status) or again != before)
"""


def test_a_forked_child_computes_the_same_after_its_parent_used_threads():
    for level in _dispatch.available_levels():
        done = run_python(FORK, HARTLEY_LEVEL=level)
        assert done.returncode == 0, done.stderr


@functools.cache
def long_calls():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(30_000, 700))
    codes = rng.integers(0, 60_000, (8, 400_000)).astype(np.uint16)
    cells = np.full(8, 60_000)
    line = rng.normal(size=(2, 4_000_000))
    timestamps = 1.6e9 + rng.random((3_000_000, 24)) * 3e7
    return {
        "all pairs by tables": lambda: histogram.mutual_information_matrix(wide, bins=40),
        "all pairs without tables": lambda: _dispatch.kernels.histogram_pairs(codes, cells, 2, None),
        "quantile codes": lambda: histogram.digitize(timestamps, 32, "quantile"),
        "nearest neighbours": lambda: ht.knn.entropy(wide[:, :50]),
        "counts of nearest neighbours": lambda: ht.knn.mutual_information(wide[:, :3], wide[:, 3:6]),
        "Sinkhorn, kernel stored": lambda: ht.transport.sinkhorn(wide[:4000, :2], wide[4000:8000, :2], reg=1e-3),
        "Sinkhorn, kernel recomputed": lambda: ht.transport.sinkhorn(
            wide[:8000, :50], wide[8000:16000, :50], reg=1.0, memory_limit=0
        ),
        "sorting for a distance on the line": lambda: ht.transport.wasserstein_1d(line[0], line[1]),
        "passes of Blahut and Arimoto": lambda: ht.rate_distortion.rate_distortion(
            np.full(700, 1 / 700), np.abs(wide[:700]), beta=9.0, tol=0, max_iter=10**6, accelerate=False
        ),
        "information bottleneck": lambda: ht.rate_distortion.information_bottleneck(
            np.exp(wide[:700]), beta=5.0, n_clusters=20, seed=0, normalize=True
        ),
        "rows of logits": lambda: ht.logits.cross_entropy(wide, np.zeros(len(wide), dtype=np.int64), return_grad=True),
        "balls around samples": lambda: ht.evaluation.prdc(wide[:10_000, :64], wide[10_000:20_000, :64]),
        "aggregate posterior": lambda: ht.vae.elbo_decomposition(
            wide[:8000, :32], wide[:8000, 32:64], wide[:8000, 64:96], method="full"
        ),
    }


def repeat(call, times):
    for _ in range(times):
        call()


LONG_CALLS = [
    "all pairs by tables",
    "all pairs without tables",
    "quantile codes",
    "nearest neighbours",
    "counts of nearest neighbours",
    "Sinkhorn, kernel stored",
    "Sinkhorn, kernel recomputed",
    "sorting for a distance on the line",
    "passes of Blahut and Arimoto",
    "information bottleneck",
    "rows of logits",
    "balls around samples",
    "aggregate posterior",
]


@pytest.mark.alone
@pytest.mark.parametrize("name", LONG_CALLS)
def test_ctrl_c_stops_a_long_call_within_a_tenth_of_a_second(name):
    call = long_calls()[name]
    sent = []

    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, interrupt)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins without one
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            repeat(call, 100)  # however fast the machine, the signal comes during a call
        elapsed = time.perf_counter() - sent[0]
        timer.join()
    finally:
        signal.signal(signal.SIGINT, handler)
    # polled every 10 ms between blocks of at most 50 ms, and Python hands over the GIL within 5 ms
    assert elapsed < 0.1


def megabytes_grown(prepare, call):
    """How much the peak of a fresh process's memory grows in the call."""
    code = f"""
import resource
import numpy as np
import hartley as ht
from hartley import histogram
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
{prepare}
ht.entropy([1.0])
before = peak()
{call}
print(peak() - before)
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "call",
    [
        "ht.entropy(x[0], normalize=True)",
        "ht.entropy(x, axis=1, normalize=True)",
        "ht.kl_divergence(x[0], x[1], normalize=True)",
        'histogram.mutual_information(x[0], x[1], bins=8, range=(0.0, 1.0), binning="uniform")',
    ],
)
def test_contiguous_inputs_are_not_copied(dtype, call):
    # two rows of 80 or 40 MB each; a copy of one would show as that much
    assert megabytes_grown(f"x = np.full((2, 10**7), 1e-7, dtype=np.{dtype})", call) < 20


def test_tables_of_many_columns_stay_small_in_memory():
    # 64 MiB of tables at a time, 8 MiB a thread; 120 tables of 900 x 900 cells at once would take 750 MB
    prepare = "x = np.random.default_rng(0).normal(size=(20_000, 16))"
    assert megabytes_grown(prepare, "histogram.mutual_information_matrix(x, bins=900)") < 250


def test_several_python_threads_may_call_at_once(level, rng):
    x = rng.normal(size=(4000, 10))
    expected = histogram.mutual_information_matrix(x)
    results = [None] * 6

    def work(k):
        with ht.threads(1 + k % 3):
            results[k] = histogram.mutual_information_matrix(x)

    team = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for member in team:
        member.start()
    for member in team:
        member.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_numbers_of_threads_are_checked_and_scoped():
    outside = ht.get_num_threads()
    with ht.threads(3):
        assert ht.get_num_threads() == 3
        with ht.threads(1):
            assert ht.get_num_threads() == 1
        assert ht.get_num_threads() == 3
    assert ht.get_num_threads() == outside
    with pytest.raises(ValueError, match="n must be from 1 to 1024, got 0"):
        ht.set_num_threads(0)
    with pytest.raises(TypeError, match="n must be an int"):
        ht.set_num_threads(1.5)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HARTLEY_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, "3"),
        ({"HARTLEY_NUM_THREADS": "", "OMP_NUM_THREADS": "5,2"}, "5"),
    ],
)
def test_the_environment_sets_the_number_of_threads(environment, expected):
    assert run_python("import hartley as ht; print(ht.get_num_threads())", **environment).stdout.strip() == expected


def test_a_wrong_number_of_threads_in_the_environment_is_named():
    done = run_python("import hartley", HARTLEY_NUM_THREADS="many")
    assert "HARTLEY_NUM_THREADS must be a whole number from 1 to 1024, got 'many'" in done.stderr


def test_affinity_is_respected():
    if not hasattr(os, "sched_setaffinity"):
        return  # no affinity on this system
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "import hartley as ht; print(ht.get_num_threads())"
    )
    assert run_python(code, HARTLEY_NUM_THREADS="", OMP_NUM_THREADS="").stdout.strip() == "1"
