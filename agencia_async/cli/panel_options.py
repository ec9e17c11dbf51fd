"""The options for the panel: its address, key, profile, and how requests are sent."""

import logging
import os
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from agencia_async import (
    AgenciaError,
    AsyncClient,
    ConfigurationError,
    RateLimit,
    ReplyError,
    RetryPolicy,
    TransportError,
    fast_transport,
)
from agencia_async.cli.exit import Source, UsageError, is_of
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.panel_profiles import (
    Profile,
    host_of,
    key_from_environment,
    profile_names,
    used_profile,
)
from agencia_async.cli.request_log import RequestLog
from agencia_async.cli.shell import shell_word, whole
from agencia_async.cli.stderr import at_level

DEFAULT_URL: Final = "https://agenciapopular.com/api/v2"
"""The URL of the panel where none is named."""

_PANEL: Final = "Panel options"

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
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=r"Profile of the configuration file: a panel, its key and options. \[env: AGENCIA_PROFILE]",
            rich_help_panel=_PANEL,
            show_default=False,
            autocompletion=profile_names,
        ),
    ] = None
    concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Maximum requests in flight (default: 10).",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Timeout of each request (default: 30).",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    rate_limit: Annotated[
        RateLimit | None,
        typer.Option(
            metavar="N/PER",
            parser=parse_rate_limit,
            help="Maximum rate of requests: 60/min, 2/s, 100/hour.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    rate: Annotated[
        RateLimit | None,
        typer.Option("--rate", parser=parse_rate_limit, help="The old name of --rate-limit.", hidden=True),
    ] = None
    attempts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Maximum attempts per request, where retries are safe (default: 5).",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    proxy: Annotated[
        str | None,
        typer.Option(metavar="URL", help="HTTP proxy.", rich_help_panel=_PANEL, show_default=False),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Trusted certificates (PEM file), instead of the default ones.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    fast: Annotated[
        bool,
        typer.Option(
            "--fast", help="Send requests with aiohttp, which uses less CPU time.", rich_help_panel=_PANEL
        ),
    ] = False
    allow_http: Annotated[
        bool,
        typer.Option(
            "--allow-http",
            help="Allow plain HTTP, without encryption. For localhost it is always allowed.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            help="Log each request to stderr; -vv also what was sent and received, without the API key.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = 0

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[AsyncClient]:
        """A client for the block.

        Raises:
            UsageError: there is no key, its file cannot be read, or the fast engine is not installed.
            ConfigurationError: an option is out of range.
        """
        level = logging.INFO if self.verbose == 1 else logging.DEBUG
        with at_level(level) if self.verbose else nullcontext(), self.naming():
            async with self._client() as client:
                yield client

    @contextmanager
    def naming(self) -> Generator[None]:
        """Errors of the network name the host, and hints the key and the URL, for the block."""
        source, host = self._source, host_of(self.url)
        try:
            yield
        except AgenciaError as error:
            is_of(error, source)
            if isinstance(error, TransportError | ReplyError) and host not in error.message:
                error.message = f"{error.message} ({host})"
                error.args = (error.message,)
            raise

    @property
    def _source(self) -> Source:
        """Where the key and the URL come from."""
        profile = self.named
        if profile is None:
            return Source()
        key = profile.key_path or f"the environment variable {profile.values.get('key_env')}"
        return Source(str(key), f"base_url of profile {profile.name!r}")

    @cached_property
    def named(self) -> Profile | None:
        """The profile that is used, if one is: by its name, or the default one where nothing else is set.

        Raises:
            UsageError: it is named together with a URL or a key.
            ConfigurationError: there is no such profile, or it is not valid.
        """
        name = self.profile or os.environ.get("AGENCIA_PROFILE")
        own = self.base_url or self.key_file
        if name and own:
            raise UsageError(f"profile {name!r} has its own panel and key: omit --base-url and --key-file")
        return None if own else used_profile(name)

    @property
    def url(self) -> str:
        """The URL of the panel's API."""
        if profile := self.named:
            return str(profile.values.get("base_url") or DEFAULT_URL)
        return self.base_url or os.environ.get("AGENCIA_BASE_URL") or DEFAULT_URL

    @property
    def panel_name(self) -> str:
        """The panel as it is named in questions: its host, after the name of its profile."""
        host = host_of(self.url)
        return f"{self.named.name} ({host})" if self.named else host

    def journal_of(self, option: JournalOption) -> JournalOption:
        """The journal that an option names, or else that of the profile."""
        profile = self.named
        journal = profile.journal if profile and not option.journal else None
        return JournalOption(journal=journal) if journal else option

    @property
    def words(self) -> str:
        """The options for panel and key to repeat in a suggested command; no URL that may hold a password."""
        url = None if "@" in (self.base_url or "") else self.base_url
        given = {"--profile": self.profile, "--base-url": url, "--key-file": self.key_file}
        return "".join(f" {name} {shell_word(str(value))}" for name, value in given.items() if value)

    def journal_words(self, given: JournalOption) -> str:
        """The option that names the journal that is used, in a printed command: it leads to no other one."""
        profile = self.named
        if profile is not None and profile.journal and not given.journal:
            return f" --profile {shell_word(profile.name)}"
        return given.words

    def reconcile_command(self, given: JournalOption) -> str:
        """The command that reconciles the orders of the journal at this panel."""
        words = self.journal_words(given)
        return whole(f"agencia journal reconcile{words}{self.words if self.words != words else ''}")

    @property
    def key_path(self) -> Path | None:
        """The file with the API key, if it is in one."""
        if profile := self.named:
            return profile.key_path
        if self.key_file is not None:
            return self.key_file
        file = os.environ.get("AGENCIA_API_KEY_FILE")
        return Path(file) if file and not os.environ.get("AGENCIA_API_KEY") else None

    def api_key(self) -> str:
        """The API key.

        Raises:
            UsageError: there is none, or its file cannot be read.
            ConfigurationError: the same, of a profile or the environment.
        """
        if profile := self.named:
            return profile.key()
        if self.key_file is not None:
            return _key_in(self.key_file)
        if not any(map(os.environ.get, ("AGENCIA_API_KEY", "AGENCIA_API_KEY_FILE"))):
            raise UsageError(_NO_KEY)
        return key_from_environment()

    def trusted(self) -> ssl.SSLContext:
        """What a connection to the panel trusts.

        Raises:
            UsageError: the file of certificates cannot be read.
            ConfigurationError: the same, of a profile.
        """
        profile = self.named
        of_profile = None if profile is None or self.ca_file else profile.options({}).get("ssl_context")
        return _trusted(self.ca_file) or of_profile or httpx.create_ssl_context(trust_env=False)

    def _client(self) -> AsyncClient:
        profile = self.named
        if profile is not None:
            return AsyncClient.from_profile(profile.name, **self._settings())
        return AsyncClient(self.api_key(), base_url=self.url, **self._settings())

    def _settings(self) -> dict[str, Any]:
        """The options of the client that were given."""
        given: dict[str, Any] = {
            "max_concurrency": self.concurrency,
            "timeout": self.timeout,
            "rate_limit": self.rate_limit or self.rate,
            "retry": None if self.attempts is None else RetryPolicy(attempts=self.attempts),
            "allow_http": self.allow_http or None,
            "hooks": [RequestLog()] if self.verbose else None,
        }
        own = {"proxy": self.proxy, "ssl_context": _trusted(self.ca_file)}
        given |= {"transport": _fast_transport(**own)} if self.fast else own
        return {name: value for name, value in given.items() if value is not None}


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
