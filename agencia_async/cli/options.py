"""The options that commands share: declared once, listed in the help of each command."""

import inspect
import logging
import os
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints
from urllib.parse import urlsplit

import httpx
import typer
from rich.cells import cell_len
from rich.console import Console

from agencia_async import AsyncClient, ConfigurationError, RateLimit, RetryPolicy, fast_transport
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.source import is_stdin
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.output.rows import Format, Layout, Row, Writer, terminal, writer
from agencia_async.cli.stderr import at_level
from agencia_async.cli.text import cell, one_line

DEFAULT_URL: Final = "https://agenciapopular.com/api/v2"
"""The URL of the panel where none is named."""

_PANEL: Final = "Panel options"
_OUTPUT: Final = "Output options"

_NO_KEY: Final = (
    "no API key: set AGENCIA_API_KEY, or AGENCIA_API_KEY_FILE (or --key-file) to a file that contains it; "
    "without an account, try: agencia demo"
)


def parse_rate_limit(text: str) -> RateLimit:
    """Parse a rate limit: "60/min", "2/s", "100/hour", "60/60"."""
    try:
        return RateLimit.parse(text)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from None


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
class PanelOptions:
    """The options for the panel and the client."""

    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=rf"URL of the panel's API (default: {DEFAULT_URL}). \[env: AGENCIA_BASE_URL]",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=r"File with the API key; the key itself is never an argument. \[env: AGENCIA_API_KEY, "
            "or AGENCIA_API_KEY_FILE for a file]",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, help="Maximum requests in flight.", rich_help_panel=_PANEL)
    ] = 10
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="Timeout of each request.", rich_help_panel=_PANEL)
    ] = 30.0
    rate_limit: Annotated[
        RateLimit | None,
        typer.Option(
            metavar="N/PER",
            parser=parse_rate_limit,
            help="Limit the requests: 60/min, 2/s, 100/hour.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    rate: Annotated[
        RateLimit | None,
        typer.Option("--rate", parser=parse_rate_limit, help="The old name of --rate-limit.", hidden=True),
    ] = None
    attempts: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Attempts per request, where retries are safe.",
            rich_help_panel=_PANEL,
        ),
    ] = 5
    proxy: Annotated[
        str | None,
        typer.Option(metavar="URL", help="HTTP proxy.", rich_help_panel=_PANEL, show_default=False),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Certificates to trust (PEM), instead of the usual ones.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Use aiohttp, which takes less CPU.", rich_help_panel=_PANEL),
    ] = False
    allow_http: Annotated[
        bool,
        typer.Option("--allow-http", help="Allow plain HTTP (insecure).", rich_help_panel=_PANEL),
    ] = False
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Log requests to stderr.", rich_help_panel=_PANEL),
    ] = False

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[AsyncClient]:
        """A client for the block.

        Raises:
            UsageError: there is no key, its file cannot be read, or the fast engine is not installed.
            ConfigurationError: an option is out of range.
        """
        with at_level(logging.DEBUG) if self.verbose else nullcontext():
            async with self._client() as client:
                yield client

    @property
    def url(self) -> str:
        """The URL of the panel's API."""
        return self.base_url or os.environ.get("AGENCIA_BASE_URL") or DEFAULT_URL

    @property
    def panel_name(self) -> str:
        """The panel as it is named in questions: its host."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or self.url

    @property
    def key_path(self) -> Path | None:
        """The file with the API key, if it is in one."""
        if self.key_file is not None:
            return self.key_file
        file = os.environ.get("AGENCIA_API_KEY_FILE")
        return Path(file) if file and not os.environ.get("AGENCIA_API_KEY") else None

    def _client(self) -> AsyncClient:
        names = ("AGENCIA_API_KEY", "AGENCIA_API_KEY_FILE")
        if self.key_file is None and not any(map(os.environ.get, names)):
            raise UsageError(_NO_KEY)
        settings: dict[str, Any] = {
            "max_concurrency": self.concurrency,
            "timeout": self.timeout,
            "rate_limit": self.rate_limit or self.rate,
            "retry": RetryPolicy(attempts=self.attempts),
            "allow_http": self.allow_http,
            "base_url": self.url,
        }
        own = {"proxy": self.proxy, "ssl_context": _trusted(self.ca_file)}
        settings |= {"transport": _fast_transport(**own)} if self.fast else own
        if self.key_file is None:
            return AsyncClient.from_env(**settings)
        return AsyncClient(_key_in(self.key_file), **settings)


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
        bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.", rich_help_panel=_OUTPUT)
    ] = False

    safe_csv: Annotated[
        bool,
        typer.Option(
            "--safe-csv",
            help="In CSV, put an apostrophe before text that a spreadsheet would take for a formula.",
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
        self.keep_off(JournalOption().file_of_environment, "journal")

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

    def write(self, layout: Layout, rows: Sequence[Row]) -> None:
        """Write a complete list of rows; the columns of a table are fitted to their contents."""
        widths = {
            column.name: max((cell_len(one_line(cell(row[column.name]))) for row in rows), default=0)
            for column in layout.table[:-1]
        }
        with self.writer(layout, terminal(self.output), widths) as lines:
            for row in rows:
                lines.row(row)

    def writer(
        self, layout: Layout, screen: Console | None, widths: Mapping[str, int]
    ) -> AbstractContextManager[Writer]:
        """A writer of rows, to where they are wanted."""
        return writer(
            self.format, layout, file=self.output, terminal=screen, widths=widths, safe_csv=self.safe_csv
        )


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
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
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
    ]


def _fast_transport(**options: Any) -> httpx.AsyncBaseTransport:  # noqa: ANN401 - those of the function
    try:
        return fast_transport(**options)
    except ImportError as error:
        raise UsageError(str(error)) from None


def _trusted(file: Path | None) -> ssl.SSLContext | None:
    """What to trust: the certificates in a file."""
    try:
        return None if file is None else ssl.create_default_context(cafile=str(file))
    except OSError as error:
        reason = "no certificates in PEM format" if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(f"cannot read the certificates from {str(file)!r}: {reason}") from None


def _key_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
    raise UsageError(f"cannot read the API key from {str(file)!r}: {reason}")
