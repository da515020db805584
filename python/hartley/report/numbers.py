"""The numbers of a report as JSON: no NaN, information in bits."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from .analysis import Report
from .dependence import make_pair

FORMAT = "hartley-report/1"
_ALL_PAIRS = 20_000  # pairs listed one by one; of more, the matrices and the strongest


def _clean(value: Any) -> Any:
    """Plain Python numbers, None for NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist() if np.isfinite(value).all() else _clean(value.tolist())
    if isinstance(value, np.generic):
        return _clean(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def numbers(report: Report) -> dict[str, Any]:
    """Everything the report says, as dictionaries, lists and numbers."""
    d = report.dependence
    result: dict[str, Any] = {
        "format": FORMAT,
        "unit": "bits",
        "file": {"path": report.path, "format": report.format, "bytes": report.n_bytes},
        "rows": report.n_rows,
        "options": asdict(report.options),
        "versions": report.configuration,
        "columns": [
            {**asdict(c), "missing_share": c.n_missing / c.n_rows if c.n_rows else None} for c in report.columns
        ],
        "strongest": [asdict(pair) for pair in report.pairs],
        "redundant": [asdict(r) for r in report.redundant],
        "notes": report.notes,
        "seconds": report.seconds,
    }
    if d is not None:
        k = len(d.names)
        result["matrix"] = {
            "columns": d.names,
            "entropy": d.entropy,
            "mutual_information": d.mi,
            "mutual_information_corrected": d.corrected,
            "normalized": d.normalized,
            "q": d.q,
            "n": d.n,
        }
        if report.n_pairs <= _ALL_PAIRS:
            result["pairs"] = [asdict(make_pair(d, x, y)) for x in range(k) for y in range(x + 1, k)]
    return dict(_clean(result))


def to_json(report: Report) -> str:
    """The numbers as one JSON document, a line for each part."""
    parts = (
        f"{json.dumps(key)}: {json.dumps(part, allow_nan=False, ensure_ascii=False)}"
        for key, part in numbers(report).items()
    )
    return "{\n" + ",\n".join(parts) + "\n}"
