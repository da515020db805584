"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hartley import _dispatch


@pytest.fixture(params=_dispatch.available_levels())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test once with the kernels of every instruction-set level of this machine."""
    with _dispatch.use_level(request.param):
        yield request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240601)
