# The two commands of the README: each makes its own virtual environment and needs Python >= 3.10 and a C++20 compiler only.
PYTHON ?= python3
INSTALL = -m pip install --quiet --disable-pip-version-check

.PHONY: demo test build inplace lint check bench table clean

# A report on 336,776 flights, and the kernels' time beside plain NumPy's on the same data.
demo: .venv-demo/bin/python
	.venv-demo/bin/python $(INSTALL) -Cbuild-dir=build/demo ".[demo]"
	.venv-demo/bin/python demo/flights.py

# Everything that has to hold: build with warnings as errors, lint, types, tests on every level that this machine runs,
# benches on tiny sizes.
test: build lint check
	.venv-test/bin/hartley bench --smoke

# Without AVX-512, v4 is left out: nothing here could test it. `make demo` and `pip install .` build every level.
RUNNABLE = $(shell grep -qs avx512bw /proc/cpuinfo || ! grep -qs avx2 /proc/cpuinfo || \
  echo '-Ccmake.define.HARTLEY_LEVELS="v2;v3"')

build: .venv-test/bin/python
	.venv-test/bin/python $(INSTALL) -Cbuild-dir=build/test -Ccmake.define.HARTLEY_WERROR=ON $(RUNNABLE) ".[test,lint,bench]"

# The native modules beside the Python sources, rebuilt only where something changed: for work on the kernels.
LEVELS ?= v3
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
PACKAGES = $$(.venv-test/bin/python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])")
inplace:
	.venv-test/bin/cmake -S . -B build/inplace -G Ninja -DCMAKE_BUILD_TYPE=Release -DSKBUILD_PROJECT_VERSION=$(VERSION) \
	  -DHARTLEY_LEVELS="$(LEVELS)" -DHARTLEY_WERROR=ON -DPython_EXECUTABLE=$(CURDIR)/.venv-test/bin/python \
	  -DCMAKE_MAKE_PROGRAM=$(CURDIR)/.venv-test/bin/ninja -DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$(CURDIR)/python/hartley \
	  -DCMAKE_PREFIX_PATH="$(PACKAGES);$(PACKAGES)/pybind11/share/cmake/pybind11" >/dev/null
	.venv-test/bin/cmake --build build/inplace

lint:
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/clang-format --dry-run --Werror $$(git ls-files 'cpp/*.hpp' 'cpp/*.cpp')
	.venv-test/bin/mypy --cache-dir build/mypy

check:
	.venv-test/bin/python -m pytest -q -n auto --dist worksteal -m "not alone"
	.venv-test/bin/python -m pytest -q -m alone

# The measured table of README.md and docs/benchmarks.md, from a full run (about half an hour on an idle machine).
bench: build
	.venv-test/bin/hartley bench --json bench-results/full.json --plot bench-results/ratios.png

table: bench
	.venv-test/bin/hartley bench --from bench-results/full.json --table README.md --table docs/benchmarks.md

.venv-%/bin/python:
	$(PYTHON) -m venv .venv-$*
	$@ $(INSTALL) --upgrade pip

clean:
	rm -rf build .venv-demo .venv-test bench-results report.html
