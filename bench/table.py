"""The measured table of the README and the docs, made from a JSON result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .report import seconds_text

BEGIN, BEGIN_ALL, END = "<!-- bench:begin -->", "<!-- bench:begin all -->", "<!-- bench:end -->"


def _best_setting(result: dict[str, Any]) -> dict[str, Any] | None:
    """Ratios with the most threads, at the level that a user gets (the highest)."""
    return max(result["ratios"], key=lambda r: (r["threads"], r["level"]), default=None)


def _times(ratio: float | None) -> str:
    return f"{ratio:.2g}×" if ratio and ratio < 10 else f"{ratio:.0f}×" if ratio else "–"


def _peers(ratios: dict[str, Any]) -> list[tuple[str, float]]:
    """Peers, the fastest first."""
    found = [(name, x) for name, x in ratios["times_faster_than"].items() if name != "reference" and x]
    return sorted(found, key=lambda pair: pair[1])


def _line(result: dict[str, Any], every_peer: bool) -> str | None:
    ratios = _best_setting(result)
    if ratios is None:
        return None
    seconds = ratios["nanoseconds_per_element"] * result["elements"] * 1e-9
    peers = _peers(ratios)[: None if every_peer else 1]
    cells = [
        result["row"],
        result["description"],
        seconds_text(seconds),
        _times(ratios["times_faster_than"].get("reference")),
        ", ".join(f"{name} {_times(x)}" for name, x in peers) or "–",
        _times(ratios["over_floor"]),
    ]
    return "| " + " | ".join(cells) + " |"


def _caption(document: dict[str, Any]) -> str:
    machine, environment = document["machine"], document["environment"]
    threads = max(machine["read"], key=int)
    reading = ", ".join(
        f"{x / 1e9:.0f} GB/s from {int(n) / 2**20:.3g} MiB" for n, x in machine["read"][threads].items()
    )
    level = machine["level"]
    rate = machine["flops"][level]["float64"][threads] / 1e9
    versions = ", ".join(f"{k} {v}" for k, v in environment["versions"].items() if v != "not installed")
    commits = dict.fromkeys(r.get("commit", environment["commit"])[:12] for r in document["results"])
    return (
        f"Measured on {environment['date'][:10]}, commit {' and '.join(commits)}, {machine['processor']}, "
        f"{threads} threads, level {level}. Limits of this machine in the same run: reading {reading}; "
        f"{rate:.0f} GFLOP/s in float64. Versions: {versions}."
    )


def markdown(document: dict[str, Any], every_peer: bool = False) -> str:
    """Hartley's time with all threads, how many times longer the others take, how far it is from the floor."""
    others = "peers" if every_peer else "fastest peer"
    lines = [_caption(document), "", f"| row | task | hartley | NumPy reference | {others} | hartley over floor |"]
    lines.append("|---|---|---|---|---|---|")
    lines += [line for result in document["results"] if (line := _line(result, every_peer))]
    lines.append("")
    lines.append("The columns of the reference and the peers say how many times longer they take than hartley.")
    return "\n".join(lines)


def insert(document: dict[str, Any], file: Path) -> None:
    """Replace what stands between the markers ("all": with every peer) of a Markdown file."""
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(f"({re.escape(BEGIN)}|{re.escape(BEGIN_ALL)}).*?{re.escape(END)}", re.DOTALL)

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{markdown(document, every_peer=match[1] == BEGIN_ALL)}\n{END}"

    text, n_replaced = pattern.subn(table, text)
    if not n_replaced:
        raise ValueError(f"{file} has no lines {BEGIN} and {END} to put the table between")
    file.write_text(text, encoding="utf-8")
