"""The options that commands share: declared once, listed in the help of each command."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import typer
from rich.cells import cell_len
from rich.console import Console

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.source import is_stdin
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.output.rows import Format, Layout, Row, Writer, terminal, writer
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import cell, one_line

_OUTPUT: Final = "Output options"


def price(text: str) -> Decimal:
    """Parse an amount of money."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise typer.BadParameter(f"{text!r} is not a valid price, such as 0.90")
    return amount


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Where the rows are written, and in which format."""

    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-F",
            help="Output format (default: table on a terminal, else csv).",
            rich_help_panel=_OUTPUT,
            show_default=False,
        ),
    ] = None
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Output file (default: stdout).",
            rich_help_panel=_OUTPUT,
            show_default=False,
        ),
    ] = None
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No progress bar and no summary; only errors.", rich_help_panel=_OUTPUT
        ),
    ] = False

    safe_csv: Annotated[
        bool,
        typer.Option(
            "--safe-csv",
            help="In CSV, put an apostrophe before text that a spreadsheet would treat as a formula.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False

    def keep_off_inputs(self, connection: PanelOptions, file: Path | None = None, what: str = "") -> None:
        """Check that the output would overwrite neither a file of input nor the key, certificates or journal.

        Raises:
            UsageError: it would.
        """
        self.keep_off(file, what)
        self.keep_off(connection.key_path, "API key")
        self.keep_off(connection.ca_file, "certificates")
        self.keep_off(connection.journal_of(JournalOption()).named_file, "journal")

    def keep_off(self, file: Path | None, what: str) -> None:
        """Check that the output would not overwrite a file, even one that does not exist yet.

        Raises:
            UsageError: it would.
        """
        rows = self.output
        if not file or not rows or is_stdin(file):
            return
        both = file.exists() and rows.exists()
        is_same = file.samefile(rows) if both else file.resolve() == rows.resolve()
        if is_same:
            raise UsageError(f"--output would overwrite the {what}: {rows}")

    def write(self, layout: Layout, rows: Sequence[Row], *, keep_old: bool = False) -> bool:
        """Write a complete list of rows; the columns of a table are fitted to their contents.

        Returns:
            Whether an old file was kept, as was asked, instead of being replaced.
        """
        widths = {
            column.name: max((cell_len(one_line(cell(row[column.name]))) for row in rows), default=0)
            for column in layout.table[:-1]
        }
        with self.writer(layout, terminal(self.output), widths, hold=keep_old) as lines:
            for row in rows:
                lines.row(row)
            return lines.keep_old()

    def writer(
        self, layout: Layout, screen: Console | None, widths: Mapping[str, int], *, hold: bool = False
    ) -> AbstractContextManager[Writer]:
        """A writer of rows, to where they are wanted; with `hold` it keeps an old file at first."""
        return writer(
            self.format,
            layout,
            file=self.output,
            terminal=screen,
            widths=widths,
            safe_csv=self.safe_csv,
            hold=hold,
        )

    def tell_kept(self, reason: str) -> None:
        """Tell that the old output file was not replaced."""
        tell(f"agencia: {self.output} was not replaced: {reason}")


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each dataclass parameter replaced by its fields, for typer."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)}
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name])
        for name, parameter in inspect.signature(command).parameters.items()
        if name not in groups
    ]
    parameters = [*own, *(parameter for kind in groups.values() for parameter in _options(kind))]

    @wraps(command)
    def flattened(**values: Any) -> None:  # noqa: ANN401 - of whatever types the fields have
        for name, kind in groups.items():
            given = [field.name for field in fields(kind) if field.init]
            values[name] = kind(**{field: values.pop(field) for field in given})
        command(**values)

    vars(flattened)["__signature__"] = inspect.Signature(parameters)
    flattened.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flattened


def _options(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(kind)
        if field.init
    ]
