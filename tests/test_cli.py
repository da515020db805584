"""The command line: output, exit status, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from hartley import cli
from hartley.report import command

TABLE = "a,b,kind\n" + "".join(f"{i % 40},{(i % 40) * 2 + i % 3},{'odd' if i % 2 else 'even'}\n" for i in range(400))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "[table].csv"  # brackets would be markup to a careless terminal
    path.write_text(TABLE)
    return path


def run(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """A real process; ``code`` runs before the command line."""
    program = f"{code}\nimport sys\nfrom hartley.cli import main\nsys.exit(main())"
    python_path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": python_path, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def fails(capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, message: str) -> None:
    assert cli.main(arguments) == status
    error = capsys.readouterr().err.strip()  # click ends the terminal's line that shows ^C
    assert error.startswith("hartley")
    assert "\n" not in error
    assert message in error


def test_report_through_click(table: Path) -> None:
    result = CliRunner().invoke(command.report_command, [str(table), "--bins", "8"])
    assert result.exit_code == 0
    assert "400 rows × 3 columns, 0 missing cells" in result.output
    assert "Strongest pairs" in result.output
    assert "[table].csv" in result.output


def test_report_in_a_process_of_its_own(table: Path, tmp_path: Path) -> None:
    page, document = tmp_path / "report.html", tmp_path / "numbers.json"
    done = run("report", str(table), "--output", str(page), "--json", str(document), "--threads", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"page written to {page}" in done.stdout
    assert json.loads(document.read_text(encoding="utf-8"))["options"]["threads"] == 1
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


class _Page(HTMLParser):
    """Collects what a page would load, and how often each element comes."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.elements: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = self.elements.get(tag, 0) + 1
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


def test_the_page_is_self_contained_and_escapes_names(tmp_path: Path) -> None:
    path, output = tmp_path / "x.csv", tmp_path / "x.html"
    path.write_text(TABLE.replace("kind", "<script>$alert$"))
    assert cli.main(["report", str(path), "--output", str(output)]) == 0
    content = output.read_text(encoding="utf-8")
    page = _Page()
    page.feed(content)
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert "<script>$" not in content
    assert "url(" not in content
    assert "http" not in content
    assert page.elements["img"] == 1 + 2  # the heatmap and two pairs
    assert page.elements["script"] == 1


def test_a_page_for_a_table_without_pairs(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n1\n")
    assert cli.main(["report", str(tmp_path / "x.csv"), "--output", str(tmp_path / "x.html")]) == 0
    (tmp_path / "y.csv").write_text("a,b\n")
    assert cli.main(["report", str(tmp_path / "y.csv"), "--output", str(tmp_path / "y.html")]) == 0
    assert "a header and no rows" in (tmp_path / "y.html").read_text(encoding="utf-8")


def test_json_on_standard_output_is_json_alone(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", str(table), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "hartley-report/1"


def test_info_prints_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    output = capsys.readouterr().out
    assert "level in use" in output
    assert "threads" in output


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    output = capsys.readouterr().out
    assert "report" in output
    assert "info" in output
    assert cli.main(["--version"]) == 0


def test_usage_errors_are_one_line_and_status_2(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in (
        (["reprot"], "reprot"),
        (["report"], "FILE"),
        (["report", str(table), "--bins", "many"], "many"),
        (["report", str(table), "--bins", "1"], "bins must be from 2 to 4096, got 1"),
        (["report", str(table), "--what"], "--what"),
        (["report", str(table), "--output", str(table)], "would overwrite the data"),
        (["report", str(table), "--output", str(tmp_path)], "is a directory"),
        (["report", str(table), "--json", str(tmp_path / "no" / "x.json")], "there is no directory"),
    ):
        fails(capsys, arguments, 2, message)


def test_no_command_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "Usage: hartley" in capsys.readouterr().err


def test_bad_data_is_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2,3\n")
    (tmp_path / "hartley.xyz").write_text("")
    fails(capsys, ["report", str(tmp_path / "a.csv")], 1, "line 2 has 3 columns, the header has 2")
    fails(capsys, ["report", str(tmp_path / "hartley.xyz")], 1, "unknown extension '.xyz'")
    fails(capsys, ["report", str(tmp_path / "none.csv")], 1, "no such file")


def test_a_file_without_permission_is_one_line(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the superuser may read everything
    fails(capsys, ["report", str(table)], 1, "cannot be opened: Permission denied")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("12 bytes"), 1, "out of memory: 12 bytes"),
        (OSError(28, "No space left on device"), 1, "No space left"),
        (ZeroDivisionError("1 / 0\nand more"), 1, "internal error: ZeroDivisionError: 1 / 0 and more"),
    ],
)
def test_whatever_goes_wrong_is_one_line(
    error: BaseException,
    status: int,
    message: str,
    table: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.delenv("HARTLEY_TRACEBACK", raising=False)
    monkeypatch.setattr(command, "analyse", fail)
    fails(capsys, ["report", str(table)], status, message)


@pytest.mark.parametrize("package", ["pyarrow", "rich", "matplotlib", "jinja2"])
def test_a_missing_package_names_its_extra(package: str, table: Path, tmp_path: Path) -> None:
    done = run(
        "report", str(table), "--output", str(tmp_path / "x.html"), code=f"import sys; sys.modules['{package}'] = None"
    )
    assert done.returncode == 1
    assert done.stderr == f"hartley report needs {package}: pip install 'hartley[report]'\n"


def test_without_click_the_extra_is_named() -> None:
    done = run("info", code="import sys; sys.modules['click'] = None")
    assert done.returncode == 1
    assert done.stderr == "hartley: the command line needs click: pip install 'hartley[report]'\n"
    assert "hartley[bench]" in run("bench", code="import sys; sys.modules['click'] = None").stderr


def test_a_reader_that_goes_away_is_no_error(table: Path) -> None:
    code = "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    done = run("report", str(table), code=code)
    assert (done.returncode, done.stderr) == (1, "")


def test_the_progress_bar_runs_on_a_terminal(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert cli.main(["report", str(table)]) == 0
    assert "reading columns" in capsys.readouterr().err
    assert cli.main(["report", str(table), "--no-progress"]) == 0
    assert capsys.readouterr().err == ""
