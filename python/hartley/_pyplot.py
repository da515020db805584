"""matplotlib, an extra, imported where a picture is asked for."""

from __future__ import annotations

from typing import Any


def pyplot() -> Any:
    """matplotlib.pyplot; ImportError that names the extra where it is not installed."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("hartley.plot needs matplotlib: pip install 'hartley[plot]'") from error
    return pyplot
