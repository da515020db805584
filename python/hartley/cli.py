"""The command ``hartley``: report, bench, info. Errors are one line, never a traceback.

Exit status: 0 done, 1 the data (or a missing package), 2 usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

# command → (module, name in it, extra that its packages come with); imported when asked for
_LAZY = {
    "bench": ("hartley.bench.command", "bench_command", "bench"),
    "report": ("hartley.report.command", "report_command", "report"),
}


class _MissingExtraError(Exception):
    """A package that an extra would have brought is not installed."""

    def __init__(self, command: str, error: ModuleNotFoundError) -> None:
        module = error.name or str(error)
        package = module if module.startswith("hartley") else module.split(".")[0]
        super().__init__(f"hartley {command} needs {package}: pip install 'hartley[{_LAZY[command][2]}]'")


def _load(command: str) -> click.Command:
    """A command that lives in a module of its own."""
    module_name, attribute, _ = _LAZY[command]
    try:
        loaded: click.Command = getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        raise _MissingExtraError(command, error) from None
    return loaded


def command_group() -> click.Group:
    """The command ``hartley`` with its subcommands; needs click."""
    import click

    class LazyGroup(click.Group):
        def list_commands(self, context: click.Context) -> list[str]:
            here = [name for name, (module, _, _) in _LAZY.items() if _is_there(module)]
            return sorted({*super().list_commands(context), *here})

        def get_command(self, context: click.Context, name: str) -> click.Command | None:
            return super().get_command(context, name) or (_load(name) if name in _LAZY else None)

        def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
            """The list in --help; a command whose packages are missing is still listed."""
            rows = []
            for name in self.list_commands(context):
                try:
                    command = self.get_command(context, name)
                    rows.append((name, command.get_short_help_str() if command else ""))
                except _MissingExtraError as error:
                    rows.append((name, f"({error})"))
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    @click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(_version(), prog_name="hartley")
    def hartley() -> None:
        """Information theory at the speed of the hardware."""

    @hartley.command()
    def info() -> None:
        """Version, compiler, instruction-set levels and threads."""
        from ._config import show_config

        show_config()

    return hartley


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package, or something that the package needs
        return False


def _version() -> str:
    from ._cpu import version

    return str(version)


def _fail(message: object, status: int) -> int:
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(str(message).split()))
    print("hartley:", text, file=sys.stderr)
    return status


def _command_in(arguments: Sequence[str]) -> str:
    return next((argument for argument in arguments if argument in _LAZY), "report")


def _run(arguments: Sequence[str]) -> int:
    try:
        import click
    except ModuleNotFoundError:
        extra = _LAZY[_command_in(arguments)][2]
        return _fail(f"the command line needs click: pip install 'hartley[{extra}]'", 1)
    try:
        result = command_group().main(args=list(arguments), prog_name="hartley", standalone_mode=False)
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        raise _MissingExtraError(_command_in(arguments), error) from None
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    except click.UsageError as error:
        return _fail(f"{error.format_message()} (see hartley --help)", 2)
    except click.ClickException as error:
        return _fail(error.format_message(), 1)
    except click.Abort:
        return _fail("interrupted", 130)
    return result if isinstance(result, int) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is returned."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        if sys.stdout is None:
            raise OSError("standard output is closed")
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:  # the reader (head, less) has gone; nothing more to say, at exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError as error:
        return _fail(f"out of memory: {error}" if str(error) else "out of memory", 1)
    except _MissingExtraError as error:
        print(error, file=sys.stderr)
        return 1
    except (ImportError, ValueError, OSError) as error:
        return _fail(error, 1)
    except Exception as error:
        if os.environ.get("HARTLEY_TRACEBACK"):
            raise
        return _fail(f"internal error: {type(error).__name__}: {error} (HARTLEY_TRACEBACK=1 shows where)", 1)


if __name__ == "__main__":
    sys.exit(main())
