"""Comma-, tab- or semicolon-separated text, plain or gzip-compressed, read block by block.

Types come from the first block. Where a later block does not fit them, one more pass over the text widens the types of
the columns that need it (integer → number → string), and the report starts again.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from .source import Batches, DataError, Source, TypesChangedError, batch_rows, unique_names

_FIRST_BLOCK = 1 << 23  # bytes: some 10^5 lines to find types from
_LARGEST_BLOCK = 1 << 30  # a single line longer than this is not a table
_DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon"}
_INSTANTS = [pa.timestamp("s"), pa.timestamp("ns")]
_TEXT = [pa.string(), pa.binary()]
_WIDER: dict[pa.DataType, list[pa.DataType]] = {
    pa.null(): [pa.int64(), pa.float64(), pa.bool_(), pa.date32(), *_INSTANTS, *_TEXT],
    pa.int64(): [pa.float64(), *_TEXT],
    pa.date32(): [*_INSTANTS, *_TEXT],
    pa.timestamp("s"): [pa.timestamp("ns"), *_TEXT],
    pa.string(): [pa.binary()],
}


@dataclass(frozen=True)
class _Text:
    """How the bytes of the file are to be read."""

    path: Path
    compressed: bool
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    block: int

    @contextmanager
    def stream(self) -> Iterator[tuple[pa.NativeFile, pa.NativeFile]]:
        """(what to parse, what its position on disk is asked of)."""
        with pa.OSFile(str(self.path)) as raw:
            yield (pa.CompressedInputStream(raw, "gzip") if self.compressed else raw), raw

    def lines(self) -> IO[str]:
        opener = gzip.open if self.compressed else open
        return io.TextIOWrapper(opener(self.path, "rb"), self.encoding, errors="replace", newline="")

    def open(self, stream: pa.NativeFile, types: dict[str, pa.DataType]) -> pacsv.CSVStreamingReader:
        """A streaming reader; rows with the header's number of fields, types as given or found in the first block."""
        return pacsv.open_csv(
            stream,
            read_options=pacsv.ReadOptions(
                block_size=self.block, column_names=self.names, skip_rows=1, encoding=self.encoding
            ),
            parse_options=pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(column_types=types, strings_can_be_null=True),
        )


def _sniff(header: str, default: str) -> str:
    """The delimiter of the header line: the default unless the line has none of it, but another of the three."""
    bare = re.sub(r'"[^"]*"', "", header)
    if default in bare:
        return default
    return max(_DELIMITERS, key=lambda delimiter: (bare.count(delimiter), delimiter == default))


def _describe(path: Path, compressed: bool) -> _Text:
    """Encoding, delimiter and column names, from the beginning of the text."""
    opener = gzip.open if compressed else open
    try:
        with opener(path, "rb") as file:
            mark = file.read(3)
            encoding = "utf-16" if mark[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf8"
            file.seek(0)
            text = io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf8" else encoding, errors="replace", newline="")
            first = text.readline()
            if not first.strip("\r\n"):
                raise DataError(
                    f"{path}: the file is empty" if not first else f"{path}: line 1 is empty, expected names"
                )
            tab_by_name = path.name.lower().endswith((".tsv", ".tsv.gz"))
            delimiter = _sniff(first, "\t" if tab_by_name else ",")
            names = next(csv.reader([first, *text.readlines(1 << 16)], delimiter=delimiter))
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be decompressed: {error}") from None
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path}: line 1 cannot be read: {error}") from None
    return _Text(path, compressed, encoding, delimiter, tuple(unique_names(names)), _FIRST_BLOCK)


def _broken_line(text: _Text, message: str) -> DataError:
    """The first record whose number of fields differs from the header's, by its line in the file."""
    expected = len(text.names)
    try:
        with text.lines() as lines:
            reader = csv.reader(lines, delimiter=text.delimiter)
            previous = 0
            for record in reader:
                if record and len(record) != expected:
                    return DataError(
                        f"{text.path}: line {previous + 1} has {len(record)} columns, the header has {expected} "
                        f"({_DELIMITERS[text.delimiter]}-separated)"
                    )
                previous = reader.line_num
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        return DataError(f"{text.path}: line {reader.line_num}: {error}")
    return DataError(f"{text.path}: {message}")


def _check_last_quote(text: _Text, batch: pa.RecordBatch) -> None:
    """DataError where the last field runs over several lines because its quote was never closed."""
    last = batch.slice(batch.num_rows - 1)
    if not any(pa.types.is_string(c.type) and "\n" in (c[0].as_py() or "") for c in last.columns):
        return
    with text.lines() as lines:
        reader = csv.reader(lines, delimiter=text.delimiter, strict=True)
        previous = 0
        try:
            for _ in reader:
                previous = reader.line_num
        except csv.Error:
            raise DataError(f"{text.path}: line {previous + 1} opens a quote that is never closed") from None


def _explain(text: _Text, error: Exception) -> Exception:
    """The error for the user, or TypesChangedError where other types would help."""
    message = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "CSV conversion error" in message:
        return TypesChangedError(message)
    if "Expected" in message and "columns, got" in message:
        return _broken_line(text, message)
    if isinstance(error, (OSError, EOFError)) and text.compressed:
        return DataError(f"{text.path}: cannot be decompressed: {message}")
    return DataError(f"{text.path}: cannot be read as {_DELIMITERS[text.delimiter]}-separated text: {message}")


def _batches(text: _Text, types: dict[str, pa.DataType]) -> Batches:
    size = max(1, text.path.stat().st_size)
    rows = batch_rows(len(text.names))
    last: pa.RecordBatch | None = None
    try:
        with text.stream() as (stream, raw):
            for batch in text.open(stream, types):
                fraction = min(1.0, raw.tell() / size)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows).columns, fraction
                last = batch if batch.num_rows else last
        if last is not None:
            _check_last_quote(text, last)
    except DataError:
        raise
    except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
        raise _explain(text, error) from None


def _fits(column: pa.Array, wanted: pa.DataType) -> bool:
    if pa.types.is_binary(wanted) or pa.types.is_null(wanted):
        return bool(pa.types.is_binary(wanted))
    try:
        strings = column.cast(pa.string())
        pc.utf8_trim_whitespace(strings).cast(wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _widened(text: _Text, types: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Types that every block fits: one pass over the text, each column going up its ladder as far as it must."""
    found = dict(types)
    ladders = {name: list(_WIDER.get(t, _TEXT)) for name, t in types.items()}
    for columns, _ in _batches(text, dict.fromkeys(types, pa.binary())):
        for name, column in zip(text.names, columns, strict=True):
            if column.null_count == len(column):
                continue
            while not _fits(column, found[name]):
                found[name] = ladders[name].pop(0)
    if found == types:  # the two ways of reading a value disagree somewhere: text fits all
        return {
            name: t if pa.types.is_binary(t) else (pa.binary() if pa.types.is_string(t) else pa.string())
            for name, t in types.items()
        }
    return found


def _kind(text: _Text) -> str:
    return f"{_DELIMITERS[text.delimiter]}-separated text" + (", gzip" if text.compressed else "")


def _source(text: _Text, types: dict[str, pa.DataType], notes: list[str]) -> Source:
    def retype() -> Source:
        wider = _widened(text, types)
        changed = [name for name in types if wider[name] != types[name]]
        shown = ", ".join(f"{name} ({types[name]} → {wider[name]})" for name in changed[:5])
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        return _source(text, wider, [*notes, f"types widened after the first block: {shown}{more}"])

    return Source(
        str(text.path),
        _kind(text),
        list(text.names),
        list(types.values()),
        lambda: _batches(text, types),
        notes,
        retype,
    )


def open_text(path: Path, *, compressed: bool) -> Source:
    """Delimited text with a header line as a Source."""
    text = _describe(path, compressed)
    while True:
        try:
            with text.stream() as (stream, _):
                schema = text.open(stream, {}).schema
        except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
            message = str(error)
            if "Empty CSV file" in message or "Could not skip initial" in message:
                return Source(str(path), _kind(text), list(text.names), [pa.null()] * len(text.names), lambda: iter(()))
            if "straddl" in message and text.block < _LARGEST_BLOCK:
                text = _Text(path, compressed, text.encoding, text.delimiter, text.names, text.block * 8)
                continue
            explained = _explain(text, error)
            raise DataError(f"{path}: {explained}") if isinstance(explained, TypesChangedError) else explained from None
        return _source(text, dict(zip(text.names, schema.types, strict=True)), [])
