"""The house: which room may use which, and one word for one concept in every room."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import hartley

ROOT = Path(__file__).parent.parent
CPP = ROOT / "cpp"
PYTHON = ROOT / "python" / "hartley"

ALLOWED_INCLUDES = {
    "support": {"support"},
    "kernels": {"support", "kernels", "Eigen"},
    "bind": {"support", "kernels", "bind", "pybind11"},
    "cpu": {"pybind11"},
}


def cpp_files(room):
    return sorted((CPP / room).glob("*.[ch]pp"))


@pytest.mark.parametrize("room", sorted(ALLOWED_INCLUDES))
def test_includes_run_one_way(room):
    for path in cpp_files(room):
        for included in re.findall(r'#include [<"]([^>"]+)[>"]', path.read_text()):
            if "/" in included and not included.startswith("sys/"):
                assert included.split("/")[0] in ALLOWED_INCLUDES[room], f"{path.name} includes {included}"


def test_intrinsics_and_openmp_have_one_file_each():
    for room in ALLOWED_INCLUDES:
        for path in cpp_files(room):
            text = path.read_text()
            if path.name != "simd.hpp":
                assert not re.search(r"immintrin|\b_mm\d*_|\b__m(128|256|512)", text), path
            if path.name != "parallel.hpp":
                assert "#pragma omp" not in text, path


def headers_behind(path, seen):
    """Every header of ours that a file includes, through others too."""
    for included in re.findall(r'#include "([^"]+)"', path.read_text()):
        if included not in seen:
            seen.add(included)
            headers_behind(CPP / included, seen)
    return seen


def test_bindings_hold_no_vectors_and_so_can_be_compiled_once_for_all_levels():
    per_level = {"module.cpp", "vector_math.cpp"}  # what CMakeLists.txt compiles at each level
    for path in sorted((CPP / "bind").glob("*.cpp")):
        if path.name not in per_level:
            reached = headers_behind(path, set())
            assert "support/simd.hpp" not in reached, path.name
            assert not any("Eigen" in (CPP / header).read_text() for header in reached), path.name


def test_reference_and_kernels_do_not_know_each_other():
    allowed = {"__future__", "collections", "numpy", "typing", "math"}
    for path in (PYTHON / "reference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} reaches out of its room"
                assert node.level == 1 or node.module.split(".")[0] in allowed, path
            if isinstance(node, ast.Import):
                assert {a.name.split(".")[0] for a in node.names} <= {"numpy", "math"}, path


def test_concept_modules_reach_the_kernels_through_dispatch_only():
    for path in PYTHON.rglob("*.py"):
        if path.name == "_dispatch.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                named = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                assert not any("_kernels" in name for name in named), path
                in_reference = path.parent.name == "reference"
                assert in_reference or not any("reference" in name.split(".") for name in named), path


def test_helpers_know_no_concept_and_concepts_know_none_but_the_one_below():
    allowed: dict[str, set[str]] = {}
    concepts = {p.stem for p in PYTHON.glob("*.py") if not p.stem.startswith("_") and p.stem != "cli"}
    for path in PYTHON.glob("*.py"):
        if path.stem in {"__init__", "cli"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                named = {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
                assert named & concepts <= allowed.get(path.stem, set()) | {path.stem}, path  # a function of its name


def test_every_concept_is_an_attribute_of_the_package():
    concepts = {p.stem for p in PYTHON.glob("*.py") if not p.stem.startswith("_")} - {"cli"}
    assert {name for name in concepts if hasattr(hartley, name)} == concepts
    assert concepts <= set(dir(hartley))
    with pytest.raises(AttributeError, match="'hartley' has no attribute 'nothing'"):
        hartley.nothing  # noqa: B018


def test_every_bound_concept_has_its_word_in_every_room():
    concepts = set(re.findall(r"void register_(\w+)\(", (CPP / "bind" / "register.hpp").read_text()))
    for concept in concepts - {"vector_math", "machine", "special"}:
        for place in (
            CPP / "kernels" / f"{concept}.cpp",
            CPP / "kernels" / f"{concept}.hpp",
            CPP / "bind" / f"{concept}.cpp",
            PYTHON / f"{concept}.py",
            PYTHON / "reference" / f"{concept}.py",
            ROOT / "tests" / f"test_{concept}.py",
            ROOT / "bench" / f"bench_{concept}.py",
        ):
            assert place.exists(), place.relative_to(ROOT)


def test_the_stub_names_every_bound_function():
    stub = (PYTHON / "_kernels.pyi").read_text()
    named = set(re.findall(r"^def (\w+)", stub, re.M))
    from hartley import _dispatch

    bound = {n for n in dir(_dispatch.kernels) if callable(getattr(_dispatch.kernels, n)) and not n.startswith("_")}
    assert bound == named


def test_forbidden_flags_are_not_used():
    text = (ROOT / "CMakeLists.txt").read_text()
    for flag in ("-ffast-math", "-march=native", "-flto", "-Ofast"):
        assert flag not in text
