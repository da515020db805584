"""Numbers as the reader sees them, the same in the terminal and on the page."""

from __future__ import annotations

from .columns import Profile
from .dependence import Redundancy

READING = (
    "H is the entropy of a column's values in bits: log2 of the number of equally likely values that would be as "
    "uncertain. 'corrected' adds Miller and Madow's (K - 1) / (2 n) for the values never seen; coverage is Good and "
    "Turing's estimate of the chance that the next value has been seen before: where it is low, H is limited by the "
    "sample size.",
    "I(X;Y) is the information in bits that one column gives about the other, Miller-Madow corrected: numbers of many "
    "values are cut at their quantiles, everything else counts as symbols. 'normalized' divides it by the mean of the "
    "two entropies: 0 is independent, 1 is one-to-one. Pairs are ranked by it because bits alone favour columns of "
    "many values.",
    "p is the G-test's chance of at least this much information (2 n I, chi-square) if the columns were independent; "
    "q is p adjusted for testing all pairs (Benjamini-Hochberg): of the pairs with q <= 0.05, about 5 % at most are "
    "false. Where a table has too few rows for its cells the test is unreliable: such a pair is listed only if it "
    "exceeds shuffled columns clearly, and is corrected by them. With many rows the faintest dependence is "
    "significant: read p together with I.",
    "A column is redundant where another leaves less than 1 % of its entropy: H(Y|X) / H(Y) < 0.01, numbers after "
    "their cut into bins.",
)


def printable(name: str) -> str:
    """A name from the data as a terminal may show it: control characters escaped, very long ones cut."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
    return text if len(text) <= 60 else text[:59] + "…"


def bits(value: float | None) -> str:
    """Bits to four digits after the point; an en dash where unknown."""
    return "–" if value is None else f"{value:.4f}"


def share(part: float, whole: float) -> str:
    """Percent: never 0 or 100 where something is there, or missing."""
    if not whole or not part:
        return "0 %"
    percent = 100.0 * part / whole
    if percent < 0.05:
        return "< 0.1 %"
    if part != whole and percent > 99.9:
        return "> 99.9 %"
    return f"{percent:.1f} %" if part != whole else "100 %"


def probability(value: float) -> str:
    """p- and q-values: two digits, tiny ones as a bound."""
    if value < 1e-300:
        return "< 1e-300"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def distinct(column: Profile) -> str:
    """Distinct values, "> cap" where they were not counted to the end."""
    return f"{'' if column.distinct_exact else '> '}{column.n_distinct:,}"


def coding(column: Profile) -> str:
    """How the column enters the pairs."""
    return f"{column.n_cells:,} {column.coding}" if column.coding != "none" else "–"


def redundancy(r: Redundancy) -> str:
    """One line on one redundant column."""
    if r.both_ways:
        return (
            f"{r.by} and {r.determined} determine each other ({_left(max(r.left, r.left_back))} of the entropy is left)"
        )
    return f"{r.determined} follows from {r.by} ({_left(r.left)} of its entropy is left)"


def _left(left: float) -> str:
    return "nothing" if left < 1e-6 else f"{100 * left:.2g} %"


def seconds(value: float) -> str:
    """A duration."""
    return f"{value:.2f} s" if value < 100 else f"{value / 60:.1f} min"


def size(n_bytes: int) -> str:
    """A number of bytes."""
    value = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
