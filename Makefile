# The two commands of the README: each makes its own virtual environment and needs Python >= 3.10 and a C++20 compiler only.
PYTHON ?= python3
INSTALL = -m pip install --quiet --disable-pip-version-check

.PHONY: demo test build lint check bench table clean

# A report on 336,776 flights, and the kernels' time beside plain NumPy's on the same data.
demo: .venv-demo/bin/python
	.venv-demo/bin/python $(INSTALL) -Cbuild-dir=build/demo ".[demo]"
	.venv-demo/bin/python demo/flights.py

# Everything that has to hold: build with warnings as errors, lint, types, tests on every level, benches on tiny sizes.
test: build lint check
	.venv-test/bin/hartley bench --smoke

build: .venv-test/bin/python
	.venv-test/bin/python $(INSTALL) -Cbuild-dir=build/test -Ccmake.define.HARTLEY_WERROR=ON ".[test,lint,bench]"

lint:
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/clang-format --dry-run --Werror $$(git ls-files 'cpp/*.hpp' 'cpp/*.cpp')
	.venv-test/bin/mypy --cache-dir build/mypy

check:
	.venv-test/bin/python -m pytest -q

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
