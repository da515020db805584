"""The report on one file: what each column holds and how the columns depend on each other.

:func:`analyse` makes a :class:`Report` of numbers; ``numbers``, ``render_terminal`` and ``render_html`` write it down.
Needs the extra ``report`` (pyarrow, rich, matplotlib, jinja2, click).
"""

from .analysis import Options, Report, analyse, code_columns
from .source import DataError

__all__ = ["DataError", "Options", "Report", "analyse", "code_columns"]
