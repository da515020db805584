"""Fixtures shared by all tests."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # tests run side by side: threads must not spin while they wait

import numpy as np
import pytest

import hartley
from hartley import _dispatch

if importlib.util.find_spec("hartley.bench") is None:  # built in place: bench/ is not in the package but beside it
    hartley.__path__.append(str(Path(__file__).resolve().parents[1]))


@pytest.fixture(params=_dispatch.available_levels())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test once with the kernels of every instruction-set level of this machine."""
    with _dispatch.use_level(request.param):
        yield request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240601)
