"""``python -m hartley.bench``, and ``python bench`` in a checkout whose modules were built in place."""

import sys
from pathlib import Path

if not __package__:
    import hartley

    sys.path.pop(0)  # this folder: its modules are imported as hartley.bench
    hartley.__path__.append(str(Path(__file__).resolve().parents[1]))

from hartley.bench.command import bench_command

if __name__ == "__main__":
    bench_command()
