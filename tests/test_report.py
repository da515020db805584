"""The report's numbers against pandas, SciPy and the library's own functions; every format; streaming; bad files."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.stats

import hartley as ht
from hartley._clustering import cluster_order
from hartley.report import DataError, Options, Report, analyse, columns, encoding, read_csv, source, text
from hartley.report.numbers import numbers, to_json

N = 3000


def mixed_frame(n: int = N) -> pd.DataFrame:
    """Every kind of column, missing values in most of them."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=n)
    city = rng.choice(["Oslo", "Łódź", "Rome, Lazio", 'Pa"ris'], n, p=[0.5, 0.3, 0.15, 0.05])
    frame = pd.DataFrame(
        {
            "x": x,
            "y": x + rng.normal(size=n),
            "noise": rng.random(n),
            "small": rng.integers(-2, 3, n),
            "large": rng.integers(0, 500, n),
            "flag": x > 0.3,
            "city": city,
            "country": pd.Series(city).map(
                {"Oslo": "NO", "Łódź": "PL", "Rome, Lazio": "IT", 'Pa"ris': "FR"},
            ),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 10**6, n)), unit="s"),
            "id": [f"row-{i}" for i in range(n)],
            "same": 5,
            "nothing": np.full(n, np.nan),
        }
    )
    frame.loc[rng.random(n) < 0.1, "y"] = np.nan
    frame.loc[rng.random(n) < 0.2, "city"] = None
    frame.loc[rng.random(n) < 0.05, "country"] = None
    return frame


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return mixed_frame()


@pytest.fixture(scope="module")
def parquet(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "mixed.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=700)
    return path


@pytest.fixture(scope="module")
def report(parquet: Path) -> Report:
    return analyse(parquet)


def same_numbers(first: Report, second: Report) -> None:
    """All numbers equal to the last bit; path, format and times apart."""
    a, b = numbers(first), numbers(second)
    for key in ("rows", "strongest", "redundant", "matrix", "pairs"):
        assert a[key] == b[key], key
    for one, other in zip(a["columns"], b["columns"], strict=True):
        differing = {key for key in one if one[key] != other[key]}
        assert differing <= {"storage"}, (one, other)


def cells(series: pd.Series, bins: int = 16) -> pd.Series:
    """A column's cells, made independently of the report: pandas' quantiles, or the values themselves."""
    if series.dtype.kind == "M":
        series = series.astype("int64").astype(float)
    if series.dtype.kind in "if" and series.nunique() > bins:
        edges = np.unique(np.nanquantile(series.astype(float), np.linspace(0, 1, bins + 1)))
        return pd.cut(series, edges, right=False, labels=False).fillna(
            pd.Series(np.where(series == edges[-1], len(edges) - 2, np.nan), series.index)
        )
    return series


def test_columns_have_the_counts_of_pandas(frame: pd.DataFrame, report: Report) -> None:
    assert [c.name for c in report.columns] == list(frame.columns)
    for column in report.columns:
        series = frame[column.name]
        counts = series.value_counts()
        assert column.n_missing == series.isna().sum()
        assert column.n_distinct == len(counts)
        if column.n_present:
            plug_in = scipy.stats.entropy(counts.to_numpy(), base=2)
            # sums of at most 3000 rounded terms
            assert column.entropy == pytest.approx(plug_in, rel=1e-12, abs=1e-15)
            assert column.entropy_corrected == pytest.approx(
                plug_in + (len(counts) - 1) / (2 * counts.sum() * math.log(2)), rel=1e-12, abs=1e-15
            )
            assert column.coverage == pytest.approx(1 - (counts == 1).sum() / counts.sum(), rel=1e-15)


def test_kinds_and_codings_of_columns(report: Report) -> None:
    kinds = {c.name: (c.kind, c.coding, c.n_cells) for c in report.columns}
    assert kinds == {
        "x": ("numeric", "bins", 16),
        "y": ("numeric", "bins", 16),
        "noise": ("numeric", "bins", 16),
        "small": ("integer", "symbols", 5),
        "large": ("integer", "bins", 16),
        "flag": ("boolean", "symbols", 2),
        "city": ("categorical", "symbols", 4),
        "country": ("categorical", "symbols", 4),
        "when": ("datetime", "bins", 16),
        "id": ("categorical", "symbols", N),
        "same": ("integer", "none", 0),
        "nothing": ("missing", "none", 0),
    }


def test_every_pair_is_scipys_g_test(frame: pd.DataFrame, level: str, parquet: Path) -> None:
    d = analyse(parquet).dependence
    assert d is not None
    for i, first in enumerate(d.names):
        for j, second in enumerate(d.names):
            if i >= j or "id" in (first, second):
                continue
            table = pd.crosstab(cells(frame[first]), cells(frame[second]))
            expected = scipy.stats.chi2_contingency(table, lambda_="log-likelihood", correction=False)
            n = int(table.to_numpy().sum())
            assert d.n[i, j] == n
            assert d.cells[i, j] == (table.to_numpy() > 0).sum()
            # G adds at most 256 terms of up to 2 n log n each with relative error 1e-16
            assert 2 * n * d.mi[i, j] * math.log(2) == pytest.approx(expected.statistic, rel=1e-10, abs=1e-9)
            assert d.p[i, j] == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-300)
            correction = (table.shape[0] + table.shape[1] - d.cells[i, j] - 1) / (2 * n * math.log(2))
            assert d.corrected[i, j] == pytest.approx(d.mi[i, j] + correction, abs=1e-12)


def test_q_values_are_scipys_over_all_pairs(report: Report) -> None:
    d = report.dependence
    assert d is not None
    upper = np.triu_indices(len(d.names), 1)
    np.testing.assert_allclose(d.q[upper], scipy.stats.false_discovery_control(d.p[upper]), rtol=1e-14)


def test_numeric_pairs_equal_the_librarys_matrix(frame: pd.DataFrame, report: Report) -> None:
    names = ["x", "noise", "large"]
    matrix = ht.histogram.mutual_information_matrix(frame[names].to_numpy(), base="bits", estimator="miller_madow")
    d = report.dependence
    assert d is not None
    index = [d.names.index(name) for name in names]
    np.testing.assert_allclose(d.corrected[np.ix_(index, index)], matrix, rtol=1e-12, atol=1e-13)


def test_strongest_pairs_leave_out_identifiers_and_keep_the_order(report: Report) -> None:
    assert report.pairs[0].names == ("city", "country")
    assert all("id" not in pair.names for pair in report.pairs)
    assert [p.normalized for p in report.pairs] == sorted((p.normalized for p in report.pairs), reverse=True)
    assert all(p.q <= 0.05 and p.corrected > 0 for p in report.pairs)
    assert {("x", "y"), ("x", "flag")} <= {p.names for p in report.pairs}
    assert any("id: identifiers" in note for note in report.notes)


def test_redundant_columns_determine_each_other(report: Report) -> None:
    assert [(r.by, r.determined, r.both_ways) for r in report.redundant] == [("city", "country", True)]
    assert "determine each other" in text.redundancy(report.redundant[0])


def test_redundancy_in_one_direction(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    city = rng.integers(0, 12, N)
    pd.DataFrame({"city": city.astype(str), "country": (city // 3).astype(str)}).to_csv(tmp_path / "a.csv", index=False)
    (only,) = analyse(tmp_path / "a.csv").redundant  # numbers of few values: symbols
    assert (only.by, only.determined, only.both_ways) == ("city", "country", False)
    assert only.left < 1e-14  # H(X,Y) and H(X) are the same sum, in another order
    assert text.redundancy(only) == "country follows from city (nothing of its entropy is left)"


# formats


@pytest.mark.parametrize("form", ["csv", "tsv", "csv.gz", "tsv.gz", "arrow", "stream.arrow", "feather", "dictionary"])
def test_every_format_gives_the_same_numbers(form: str, frame: pd.DataFrame, report: Report, tmp_path: Path) -> None:
    path = tmp_path / f"mixed.{form}"
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if "sv" in form:
        separator = "\t" if "tsv" in form else ","
        frame.to_csv(path, index=False, sep=separator, compression="gzip" if form.endswith("gz") else None)
    elif form == "stream.arrow":
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=500)
    elif form == "feather":
        frame.to_feather(path)
    elif form == "arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    else:
        path = tmp_path / "mixed.parquet"
        frame.astype({"city": "category", "country": "category"}).to_parquet(path)
    same_numbers(analyse(path), report)


def test_small_batches_and_blocks_give_the_same_numbers(
    parquet: Path, frame: pd.DataFrame, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_BATCH_CELLS", 12 * 256)
    monkeypatch.setattr(read_csv, "_FIRST_BLOCK", 4096)
    monkeypatch.setattr(encoding, "_IN_MEMORY", 0)  # codes in a temporary file
    same_numbers(analyse(parquet), report)
    frame.to_csv(tmp_path / "mixed.csv", index=False)
    same_numbers(analyse(tmp_path / "mixed.csv"), report)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_do_not_change_a_bit(threads: int, parquet: Path, report: Report) -> None:
    same_numbers(analyse(parquet, Options(threads=threads)), report)


def test_numpy_arrays_are_columns(tmp_path: Path, rng: np.random.Generator) -> None:
    array = rng.normal(size=(500, 3)).astype(">f4")
    array[3, 1] = np.nan
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "fortran.npy", np.asfortranarray(array))
    np.savez(tmp_path / "a.npz", x=array, label=np.array(["a", "b"] * 250))
    first = analyse(tmp_path / "a.npy")
    assert [c.name for c in first.columns] == ["x[0]", "x[1]", "x[2]"]
    assert [c.n_missing for c in first.columns] == [0, 1, 0]
    same_numbers(first, analyse(tmp_path / "fortran.npy"))
    archive = analyse(tmp_path / "a.npz")
    assert [c.name for c in archive.columns] == ["x[0]", "x[1]", "x[2]", "label"]
    assert archive.columns[3].entropy == 1.0


def test_structured_and_one_dimensional_arrays(tmp_path: Path) -> None:
    records = np.zeros(64, [("n", "i2"), ("t", "M8[D]"), ("s", "S3"), ("u", "U4"), ("c", "c16"), ("b", "?")])
    records["n"], records["s"], records["u"], records["b"] = np.arange(64), b"ab", "xyz", np.arange(64) % 2
    records["t"] = np.datetime64("2024-01-01") + np.arange(64) // 2
    np.save(tmp_path / "r.npy", records)
    kinds = {c.name: (c.kind, c.n_distinct) for c in analyse(tmp_path / "r.npy").columns}
    assert kinds["n"] == ("integer", 64)
    assert kinds["t"] == ("datetime", 32)
    assert kinds["s"] == kinds["u"] == ("categorical", 1)
    assert kinds["c"][0] == "nested"
    assert kinds["b"] == ("boolean", 2)
    np.save(tmp_path / "one.npy", np.arange(10))
    one = analyse(tmp_path / "one.npy")
    assert (one.n_rows, one.n_pairs, one.dependence) == (10, 0, None)


def test_a_complex_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.zeros((5, 2), complex))
    with pytest.raises(DataError, match=r"c\.npy: x holds complex numbers"):
        analyse(tmp_path / "c.npy")


def test_every_arrow_type_is_read_or_left_out(tmp_path: Path) -> None:
    n = 40
    values: dict[str, Any] = {f"{t}": pa.array(range(n)).cast(t) for t in ("int8", "uint64", "float16", "float")}
    values |= {
        "date32": pa.array(range(n), pa.int32()).cast(pa.date32()),
        "decimal": pa.array(range(n)).cast(pa.decimal128(21, 2)),
        "date64": pa.array(range(n), pa.int32()).cast(pa.date32()).cast(pa.date64()),
        "time32": pa.array(range(n), pa.int32()).cast(pa.time32("s")),
        "time64": pa.array(range(n)).cast(pa.time64("us")),
        "duration": pa.array(range(n)).cast(pa.duration("ns")),
        "instant": pa.array(range(n)).cast(pa.timestamp("ms", "Europe/Oslo")),
        "bytes": pa.array([bytes([200 + i]) for i in range(n)]),
        "fixed": pa.array([bytes([i]) for i in range(n)], pa.binary(1)),
        "large": pa.array([str(i % 7) for i in range(n)], pa.large_string()),
        "view": pa.array([str(i % 7) for i in range(n)], pa.string_view()),
        "codes": pa.array([i % 3 for i in range(n)]).dictionary_encode(),
        "null": pa.nulls(n),
        "list": pa.array([[i] for i in range(n)]),
        "struct": pa.array([{"a": i} for i in range(n)]),
        "uuid": pa.array([bytes([i] * 16) for i in range(n)], pa.binary(16)),
    }
    with pa.ipc.new_file(tmp_path / "all.arrow", pa.table(values).schema) as writer:
        writer.write_table(pa.table(values))
    result = analyse(tmp_path / "all.arrow")
    kinds = {c.name: c.kind for c in result.columns}
    assert {name for name, kind in kinds.items() if kind == "nested"} == {"list", "struct"}
    assert {name for name, kind in kinds.items() if kind == "datetime"} == {
        "date32", "date64", "time32", "time64", "duration", "instant",
    }  # fmt: skip
    assert {name for name, kind in kinds.items() if kind == "numeric"} == {"float16", "float", "decimal"}
    assert kinds["codes"] == "categorical"
    json.loads(to_json(result))


# columns


@pytest.mark.parametrize("bins", [2, 3, 16, 100])
def test_quantile_edges_of_a_table_are_numpys(rng: np.random.Generator, bins: int) -> None:
    sample = rng.normal(size=1001)
    values, counts = np.unique(np.round(sample, 2), return_counts=True)
    expected = np.unique(np.quantile(np.repeat(values, counts), np.linspace(0, 1, bins + 1)))
    edges = encoding.quantile_edges(values, counts, bins)
    np.testing.assert_array_equal(edges[np.isin(edges, expected)], expected)


def test_a_value_that_fills_a_bin_has_a_cell_of_its_own() -> None:
    values, counts = np.arange(5.0), np.array([970, 10, 10, 5, 5])
    edges = encoding.quantile_edges(values, counts, 4)
    assert list(edges) == [0.0, np.nextafter(0.0, 1.0), 4.0]
    edges = encoding.quantile_edges(values, counts[::-1].copy(), 4)
    assert edges[-2:].tolist() == [4.0, np.nextafter(4.0, 5.0)]
    infinite = encoding.quantile_edges(np.array([-np.inf, 0.0, np.inf]), np.array([1, 1, 1]), 2)
    assert not np.isnan(infinite).any()


def test_beyond_the_cap_distinct_values_are_a_bound_and_bins_stay_even(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(columns, "DISTINCT_CAP", 1 << 12)
    n = 200_000
    table = pa.table({"x": rng.normal(size=n), "s": [f"{i}" for i in rng.permutation(n)], "g": np.arange(n) % 3})
    pq.write_table(table, tmp_path / "a.parquet")
    result = analyse(tmp_path / "a.parquet")
    number, symbol, group = result.columns
    for column in (number, symbol):
        assert text.distinct(column) == "> 4,096"
        assert column.entropy is None
        assert any("more than 4,096 distinct" in note for note in column.notes)
    assert symbol.undersampled
    assert not number.undersampled
    assert group.n_distinct == 3
    d = result.dependence
    assert d is not None
    # ranks are right to about 1 / (2 * 2048) a batch: every cell has n / 16 rows within a percent or so
    assert d.entropy[d.names.index("x")] == pytest.approx(4.0, abs=1e-3)


def test_rare_symbols_beyond_16_bits_are_grouped(tmp_path: Path) -> None:
    n_symbols = encoding.MAX_SYMBOLS + 500
    symbols = [f"s{i}" for i in range(n_symbols) for _ in range(2 if i < 60_000 else 1)]
    pq.write_table(pa.table({"s": symbols, "g": [len(s) % 2 for s in symbols]}), tmp_path / "a.parquet")
    column = analyse(tmp_path / "a.parquet").columns[0]
    assert (column.n_distinct, column.n_cells) == (n_symbols, encoding.MAX_SYMBOLS)
    assert any("501 rare symbols beyond 65,534 grouped" in note for note in column.notes)


def test_missing_values_in_both_columns_leave_common_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\nx,1\n,1\ny,\ny,2\nx,1\nNA,\n" + "y,2\n" * 10)
    d = analyse(tmp_path / "a.csv").dependence
    assert d is not None
    assert (d.n[0, 1], d.n[0, 0], d.n[1, 1]) == (13, 14, 14)
    assert d.mi[0, 1] == pytest.approx(scipy.stats.entropy([2, 11], base=2), rel=1e-13)


def test_columns_that_are_never_present_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,\n2,\n,x\n,y\n" * 5)
    result = analyse(tmp_path / "a.csv")
    (pair,) = numbers(result)["pairs"]
    assert (pair["n"], pair["mi"], pair["p"], pair["q"], pair["notes"]) == (0, 0.0, 1.0, 1.0, ["no row has both"])
    assert result.pairs == []
    assert any("no pair of columns is dependent" in note for note in result.notes)


def test_a_sparse_table_is_noted_as_unreliable(tmp_path: Path, rng: np.random.Generator) -> None:
    table = pa.table({k: [f"{v}" for v in rng.integers(0, 40, 200)] for k in "ab"})
    pq.write_table(table, tmp_path / "a.parquet")
    assert numbers(analyse(tmp_path / "a.parquet"))["pairs"][0]["notes"] == ["G-test unreliable: 0.12 rows a cell"]


def test_sparse_tables_of_independent_columns_are_not_listed_and_dependent_ones_are(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    n = 40_000
    user = rng.integers(0, 2000, n)  # 20 rows each, in 16 cells: the bias of G is far above its standard deviation
    table = {"user": user.astype(str), "free": rng.random(n), "bound": (user % 50) + rng.normal(size=n)}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    result = analyse(tmp_path / "a.parquet")
    listed = numbers(result)["pairs"]
    assert all(p["q"] < 1e-50 for p in listed if "user" in p["names"])  # what the G-test alone would say
    (pair,) = result.pairs
    assert pair.names == ("user", "bound")
    assert any("corrected by shuffling" in note for note in pair.notes)
    assert 2.5 < pair.corrected < 4.0


def test_wide_tables_are_cut_with_a_note(tmp_path: Path, rng: np.random.Generator) -> None:
    np.save(tmp_path / "wide.npy", rng.normal(size=(50, 30)))
    result = analyse(tmp_path / "wide.npy", Options(max_columns=10))
    assert result.n_pairs == 45
    assert any("first 10 of 30 columns" in note for note in result.notes)


# text


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_csv, "_FIRST_BLOCK", 1 << 10)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [
        ("12", "x", "categorical"),
        ("12", "1.5", "numeric"),
        ("1.5", "x", "categorical"),
        ("", "7", "integer"),
        ("", "2.5", "numeric"),
        ("", "word", "categorical"),
        ("true", "maybe", "categorical"),
        ("2024-01-01", "2024-01-01 10:00:00", "datetime"),
        ("2024-01-01", "soon", "categorical"),
        ("2024-01-01 10:00:00", "2024-01-01 10:00:00.5", "datetime"),
    ],
)
def test_a_later_block_may_change_a_columns_type(first: str, later: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n" + f"1,{first},u\n" * 2000 + f"2,{later},v\n" * 3)
    result = analyse(path)
    assert (result.n_rows, result.columns[1].kind) == (2003, kind)
    assert result.columns[1].n_distinct == (2 if first else 1)
    assert any("types widened after the first block: b (" in note for note in result.notes)


@pytest.mark.usefixtures("small_blocks")
def test_text_that_stops_being_utf8_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"x,1\n" * 2000 + b"\xff\xfe,2\n")
    assert analyse(path).columns[0].n_distinct == 2


@pytest.mark.usefixtures("small_blocks")
def test_a_line_longer_than_the_block(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "x" * 20_000 + ",1\ny,2\n")
    assert analyse(tmp_path / "a.csv").n_rows == 2


@pytest.mark.parametrize(
    "content", ["a;b\n1;x\n2;y\n", "a\tb\n1\tx\n2\ty\n", 'a,b\n1,"x\nz"\n2,y\n', "a,b\r\n1,x\r\n2,y"]
)
def test_delimiters_quotes_and_line_ends(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(content, newline="")
    result = analyse(tmp_path / "a.csv")
    assert [(c.name, c.n_distinct) for c in result.columns] == [("a", 2), ("b", 2)]


@pytest.mark.parametrize("encoding_name", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding_name: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ä,b\n1,x\n2,y\n", encoding=encoding_name)
    assert [c.name for c in analyse(tmp_path / "a.csv").columns] == ["ä", "b"]


def test_repeated_and_empty_names_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,a,,a (2)\n1,2,3,4\n5,6,7,8\n")
    assert [c.name for c in analyse(tmp_path / "a.csv").columns] == ["a", "a (3)", "column 3", "a (2)"]


@pytest.mark.parametrize("content", ["a,b", "a,b\n"])
def test_a_header_alone_is_noted(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(content)
    result = analyse(tmp_path / "a.csv")
    assert (result.n_rows, len(result.columns), result.dependence) == (0, 2, None)
    assert result.notes == ["the file has a header and no rows"]
    json.loads(to_json(result))


# bad files


def _bad(tmp_path: Path) -> dict[str, tuple[str, bytes | None, str]]:
    zipped = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(20_000)))
    broken = bytearray(zipped)
    broken[len(zipped) // 2] ^= 0xFF
    return {
        "broken line": ("a.csv", b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 columns, the header has 2"),
        "broken line after quotes": ("a.csv", b'a,b\n1,"x\ny"\n3\n', "line 4 has 1 columns, the header has 2"),
        "open quote": ("a.csv", b'a,b\n1,x\n2,"y\n3,z\n', "line 3 opens a quote that is never closed"),
        "empty": ("a.csv", b"", "the file is empty"),
        "blank": ("a.csv", b"\n\n", "line 1 is empty"),
        "png": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "named .csv but is a PNG image"),
        "binary": ("a.tsv", b"ab\x00\x01", "named .tsv but is binary data"),
        "gzip without .gz": ("a.csv", zipped, "named .csv but is gzip-compressed data"),
        "plain .gz": ("a.csv.gz", b"a,b\n1,2\n", "named .gz but is text"),
        "truncated gzip": ("a.csv.gz", zipped[: len(zipped) // 2], "cannot be decompressed"),
        "short gzip": ("a.csv.gz", zipped[:12], "cannot be decompressed"),
        "broken gzip": ("a.csv.gz", bytes(broken), "a.csv.gz: "),
        "text parquet": ("a.parquet", b"hello\n", "named .parquet but is text"),
        "truncated parquet": ("a.parquet", b"PAR1" + bytes(100), "cannot be read as Parquet"),
        "text arrow": ("a.arrow", b"hello\n", "named .arrow but is text"),
        "truncated arrow": ("a.feather", b"ARROW1\0\0" + bytes(100), "cannot be read as Arrow IPC"),
        "binary arrow": ("a.arrow", bytes(range(256)), "cannot be read as Arrow IPC"),
        "text npy": ("a.npy", b"hello\n", "named .npy but is text"),
        "truncated npy": ("a.npy", b"\x93NUMPY\x01\x00", "cannot be read as NPY"),
        "text npz": ("a.npz", b"hello\n", "named .npz but is text"),
        "truncated npz": ("a.npz", b"PK\x03\x04" + bytes(30), "cannot be read as NPZ"),
        "unknown": ("a.xlsx", b"PK\x03\x04", "unknown extension '.xlsx'; known are .csv, .tsv"),
        "no file": ("none.csv", None, "no such file"),
        "directory": ("", None, "is a directory"),
    }


@pytest.mark.parametrize("case", list(_bad(Path())))
def test_bad_files_get_one_line_that_names_them(case: str, tmp_path: Path) -> None:
    name, content, message = _bad(tmp_path)[case]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        analyse(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_parquet_page_is_one_line(parquet: Path, tmp_path: Path) -> None:
    damaged = bytearray(parquet.read_bytes())
    damaged[10:3000] = b"\x07" * 2990
    (tmp_path / "a.parquet").write_bytes(damaged)
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read as Parquet"):
        analyse(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 2)), "x has 3 axes, expected 1 or 2"),
        (np.float64(1.0), "x has 0 axes"),
        (np.array([{}, 1], object), "holds Python objects"),
        (np.zeros((3, 0)), "has no columns"),
    ],
)
def test_arrays_that_are_no_tables(array: Any, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=message):
        analyse(tmp_path / "a.npy")


def test_an_array_without_rows_is_noted(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((0, 2)))
    assert analyse(tmp_path / "a.npy").n_rows == 0


def test_npz_arrays_of_different_lengths(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros(3), b=np.zeros(5))
    with pytest.raises(DataError, match="different numbers of rows, from 3 to 5"):
        analyse(tmp_path / "a.npz")


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n3,4\n" * 10)

    def grow(stage: str, fraction: float) -> None:
        if stage == "reading":
            path.write_text("a,b\n" + "1,2\n3,4\n" * 20)

    with pytest.raises(DataError, match="grew while it was read"):
        analyse(path, progress=grow)


@pytest.mark.parametrize(
    "options", [{"bins": 1}, {"alpha": 0.0}, {"alpha": 1.0}, {"max_pairs": -1}, {"max_columns": 1}, {"threads": 0}]
)
def test_options_out_of_range_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        Options(**options)


# what is written


def test_json_has_all_numbers_and_no_nan(report: Report) -> None:
    document = json.loads(to_json(report), parse_constant=lambda name: pytest.fail(name))
    assert document["rows"] == N
    assert len(document["pairs"]) == report.n_pairs == 45
    assert len(document["matrix"]["mutual_information"]) == 10
    assert document["versions"]["hartley"] == ht.__version__
    assert {c["name"]: c["n_missing"] for c in document["columns"]}["nothing"] == N


def test_the_heatmaps_order_puts_similar_columns_side_by_side(rng: np.random.Generator) -> None:
    group = rng.permutation(np.repeat(np.arange(4), 5))
    similarity = np.where(group[:, None] == group[None, :], 0.9, 0.1)
    order = cluster_order(similarity)
    assert sorted(order) == list(range(20))
    assert (np.diff(group[order]) != 0).sum() == 3


def test_shares_never_hide_a_rest() -> None:
    assert [text.share(part, 10**6) for part in (0, 1, 10**6 - 1, 10**6, 10**5)] == [
        "0 %", "< 0.1 %", "> 99.9 %", "100 %", "10.0 %",
    ]  # fmt: skip
