"""Docstrings: examples run, and every public function says shapes, units, errors, cost and source."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import hartley

ROOT = Path(__file__).parents[1]
OPTIONAL = ("hartley.report", "hartley.bench", "hartley.cli")  # they need extras; their own tests cover them
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(hartley.__path__, "hartley.")
    if not name.startswith(OPTIONAL) and "_kernels" not in name and name != "hartley._cpu"
]
CONCEPTS = [name for name in MODULES if name.count(".") == 1 and not name.split(".")[1].startswith("_")]


def public_functions():
    for name in CONCEPTS:
        module = importlib.import_module(name)
        for attribute in getattr(module, "__all__", []):
            value = getattr(module, attribute)
            if inspect.isfunction(value) and value.__module__.startswith("hartley."):
                yield pytest.param(value, id=f"{name}.{attribute}")


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert failures == 0


def test_examples_of_the_readme_run():
    failures, n = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert n > 10
    assert failures == 0


@pytest.mark.parametrize("page", ["vae_information", "perplexity", "mode_collapse"])
def test_pages_run_and_draw_their_picture(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failures, n = doctest.testfile(str(ROOT / "docs" / f"{page}.md"), module_relative=False)
    assert n > 20
    assert failures == 0
    assert (tmp_path / f"{page}.png").stat().st_size > 10_000


@pytest.mark.parametrize("function", list(public_functions()))
def test_public_functions_document_what_a_user_needs(function):
    text = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, f"{function.__name__} lacks {section}"
    for parameter in inspect.signature(function).parameters:
        assert parameter in text, f"{function.__name__} does not document {parameter}"
