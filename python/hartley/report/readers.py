"""From a file name to a Source: the format by extension, and a look at the first bytes whether it is that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .read_csv import open_text
from .read_numpy import open_npy, open_npz
from .source import Batches, DataError, Source, batch_rows, unique_names

_MAGIC = {
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (or a spreadsheet)",
    b"\x1f\x8b": "gzip-compressed data",
    b"BZh": "bzip2-compressed data",
    b"\xfd7zXZ\x00": "xz-compressed data",
    b"\x28\xb5\x2f\xfd": "zstd-compressed data",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"FEA1": "a Feather version 1 file",
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"\x89HDF\r\n": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}


def _contents(head: bytes) -> str | None:
    """What the first bytes say the file is; None for text or something unknown."""
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            return what
    return None


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _seems(head: bytes) -> str:
    return _contents(head) or ("text" if _is_text(head) else "binary data")


def _open_csv(path: Path, head: bytes) -> Source:
    if _contents(head) or not _is_text(head):
        raise DataError(f"{path}: named {path.suffix} but is {_seems(head)}")
    return open_text(path, compressed=False)


def _open_csv_gz(path: Path, head: bytes) -> Source:
    if not head.startswith(b"\x1f\x8b"):
        raise DataError(f"{path}: named .gz but is {_seems(head)}")
    return open_text(path, compressed=True)


def _fixed(path: Path, kind: str, schema: pa.Schema, batches: Callable[[], Batches]) -> Source:
    if len(schema.names) == 0:
        raise DataError(f"{path}: has no columns")

    def guarded() -> Batches:
        try:
            yield from batches()
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: cannot be read as {kind}: {first_line(error)}") from None

    return Source(str(path), kind, unique_names(list(schema.names)), list(schema.types), guarded)


def _open_parquet(path: Path, head: bytes) -> Source:
    if not head.startswith(b"PAR1"):
        raise DataError(f"{path}: named {path.suffix} but is {_seems(head)}")
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {first_line(error)}") from None

    def batches() -> Batches:
        with pq.ParquetFile(path, memory_map=True) as file:
            total, done = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=batch_rows(len(schema.names))):
                done += batch.num_rows
                yield batch.columns, done / total

    return _fixed(path, "Parquet", schema, batches)


def _open_arrow(path: Path, head: bytes) -> Source:
    if head.startswith(b"FEA1"):
        raise DataError(f"{path}: Feather version 1 is not supported; write it again as version 2 (Arrow IPC)")
    if (_contents(head) and not head.startswith(b"ARROW1")) or (_is_text(head) and not head.startswith(b"ARROW1")):
        raise DataError(f"{path}: named {path.suffix} but is {_seems(head)}")
    is_file = head.startswith(b"ARROW1")
    try:
        with pa.memory_map(str(path)) as mapped:
            schema = (pa.ipc.open_file(mapped) if is_file else pa.ipc.open_stream(mapped)).schema
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Arrow IPC: {first_line(error)}") from None

    def record_batches(mapped: pa.MemoryMappedFile) -> Iterator[tuple[pa.RecordBatch, float]]:
        if is_file:
            reader = pa.ipc.open_file(mapped)
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i), (i + 1) / reader.num_record_batches
        else:
            size = max(1, mapped.size())
            for batch in pa.ipc.open_stream(mapped):
                yield batch, mapped.tell() / size

    def batches() -> Batches:
        rows = batch_rows(len(schema.names))
        with pa.memory_map(str(path)) as mapped:
            for batch, fraction in record_batches(mapped):
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows).columns, fraction

    return _fixed(path, "Arrow IPC" + (" file" if is_file else " stream"), schema, batches)


def _open_npy(path: Path, head: bytes) -> Source:
    if not head.startswith(b"\x93NUMPY"):
        raise DataError(f"{path}: named {path.suffix} but is {_seems(head)}")
    return open_npy(path)


def _open_npz(path: Path, head: bytes) -> Source:
    if not head.startswith(b"PK"):
        raise DataError(f"{path}: named {path.suffix} but is {_seems(head)}")
    return open_npz(path)


_READERS: dict[str, Callable[[Path, bytes], Source]] = {
    ".csv": _open_csv,
    ".tsv": _open_csv,
    ".csv.gz": _open_csv_gz,
    ".tsv.gz": _open_csv_gz,
    ".parquet": _open_parquet,
    ".arrow": _open_arrow,
    ".feather": _open_arrow,
    ".npy": _open_npy,
    ".npz": _open_npz,
}

KNOWN_EXTENSIONS = tuple(_READERS)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def open_source(path: str | Path) -> Source:
    """The file as a Source; DataError in one line where that cannot be."""
    path = Path(path)
    reader = next((reader for extension, reader in _READERS.items() if path.name.lower().endswith(extension)), None)
    if path.is_dir():
        raise DataError(f"{path}: is a directory, not a file")
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: is not a regular file (it has to be read twice)")
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be opened: {error.strerror}") from None
    if reader is None:
        raise DataError(f"{path}: unknown extension {path.suffix!r}; known are {', '.join(KNOWN_EXTENSIONS)}")
    if not head:
        raise DataError(f"{path}: the file is empty")
    return reader(path, head)
