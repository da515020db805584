"""Units of information: kernels speak nats, ``base`` says what the caller wants."""

from __future__ import annotations

import math
from typing import TypeAlias

Base: TypeAlias = float | str | None

_NAMES = {"nats": 1.0, "bits": math.log(2.0), "hartleys": math.log(10.0)}


def nats_per_unit(base: Base) -> float:
    """The unit of ``base`` in nats, to divide by: None, "nats", "bits", "hartleys", or a number > 0 other than 1.

    A division by log 2 gives whole bits where a multiplication by its inverse gives 1.4999999999999998.
    """
    if base is None:
        return 1.0
    if isinstance(base, str):
        if base in _NAMES:
            return _NAMES[base]
    else:
        try:
            number = float(base)
        except OverflowError:
            raise ValueError("base must be a number that float64 can hold") from None
        except (TypeError, ValueError):
            raise TypeError(f"base must be a number, a name or None, got {base!r}") from None
        if number > 0 and number != 1 and math.isfinite(number):
            return math.log(number)
    raise ValueError(f'base must be a number > 0 other than 1, "nats", "bits", "hartleys" or None, got {base!r}')


def unit_name(base: Base) -> str:
    """How the unit is called beside a number."""
    if base is None:
        return "nats"
    return base if isinstance(base, str) else f"units of log {base:g}"
