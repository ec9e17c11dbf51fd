"""The way to the panel: its address, DNS, a connection, and its certificate."""

import asyncio
import ipaddress
import os
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import SOCK_STREAM, gaierror
from typing import Any
from urllib.parse import urlsplit

from agencia_async import AgenciaError, AsyncClient
from agencia_async.cli.checks.result import CheckResult, failed, ok, skipped, warned

_PORTS = {"http": 80, "https": 443}
_SOON = 14
"""Days: a certificate that ends within them may have been forgotten."""
_DAY = 86_400


@dataclass(frozen=True)
class Way:
    """How the panel is reached.

    Attributes:
        url: the URL of its API.
        proxy: the URL of the proxy; None without one.
        is_of_environment: the environment may name a proxy, so that nobody else knows the way.
        allow_http: plain HTTP is allowed.
        trusted: makes the TLS context.
        timeout: seconds for each step.
    """

    url: str
    proxy: str | None
    is_of_environment: bool
    allow_http: bool
    trusted: Callable[[], ssl.SSLContext]
    timeout: float

    @property
    def where(self) -> tuple[str, int]:
        """Host and port to which a connection is made: those of the proxy, if there is one."""
        return _host_and_port(self.proxy or self.url)


async def check_way(way: Way, now: Callable[[], float]) -> AsyncGenerator[CheckResult]:
    """The results for the way to the panel; they end with the first step that fails."""
    if way.is_of_environment:
        for check in ("dns", "connect", "tls"):
            yield skipped(check, "trust_env: the environment may name a proxy")
        return
    for step in (check_dns, check_connect):
        result = await step(way)
        yield result
        if result.is_failure:
            return
    yield await check_tls(way, now)


def check_address(way: Way) -> CheckResult:
    """The result for the URL: is it one, and is what is sent there encrypted?"""
    try:
        AsyncClient("doctor", base_url=way.url, allow_http=way.allow_http)  # checks the URL
    except AgenciaError as error:
        return failed(
            "address", str(error), "correct --base-url, AGENCIA_BASE_URL, or base_url of the profile"
        )
    host, port = _host_and_port(way.url)
    if urlsplit(way.url).scheme == "https":
        return ok("address", f"https, {host}:{port}")
    if _is_loopback(host):
        return ok("address", f"http, {host}:{port}, on this machine")
    return warned("address", f"http, {host}:{port}: the key travels unencrypted", "use https")


async def check_dns(way: Way) -> CheckResult:
    """The result for the name of the host."""
    host, port = way.where
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(way.timeout):
            found = await loop.getaddrinfo(host, port, type=SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return _unreachable("dns", f"{host}: {_reason(error, way)}", "is the name of the host correct?")
    return ok("dns", f"{host} is {', '.join(dict.fromkeys(str(address[4][0]) for address in found))}")


async def check_connect(way: Way) -> CheckResult:
    """The result for a connection."""
    host, port = way.where
    what = f"the proxy {host}:{port}" if way.proxy else f"{host}:{port}"
    began = time.perf_counter()
    try:
        async with asyncio.timeout(way.timeout):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        advice = (
            "is the proxy up, and its port correct?" if way.proxy else "is the panel up? is there a firewall?"
        )
        return _unreachable("connect", f"{what}: {_reason(error, way)}", advice)
    seconds = time.perf_counter() - began
    await _closed(writer)
    return ok("connect", f"{what} in {seconds:.3f} s")


async def check_tls(way: Way, now: Callable[[], float]) -> CheckResult:
    """The result for the certificate of the panel."""
    host, port = way.where
    if way.proxy or urlsplit(way.url).scheme != "https":
        return skipped("tls", "behind the proxy" if way.proxy else "plain HTTP")
    try:
        async with asyncio.timeout(way.timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=way.trusted())
    except ssl.SSLCertVerificationError as error:
        detail = f"{host}:{port}: the certificate is not trusted: {error.verify_message}"
        advice = "if the authority is your own, pass its certificate with --ca-file; else ask the panel"
        return _unreachable("tls", detail, advice)
    except OSError as error:
        return _unreachable("tls", f"{host}:{port}: {_reason(error, way)}", "does the panel speak TLS here?")
    certificate = writer.get_extra_info("peercert")
    version = writer.get_extra_info("ssl_object").version()
    await _closed(writer)
    return told(certificate, version, now())


def told(certificate: Mapping[str, Any], version: str, now: float) -> CheckResult:
    """The result for a certificate that is trusted."""
    end = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = int((end - now) // _DAY)
    date = datetime.fromtimestamp(end, UTC).date()
    detail = (
        f"{version}, {_subject(certificate)}, issued by {_named(certificate['issuer'])}, {days} days left"
    )
    if days < _SOON:
        return warned("tls", f"{detail} (until {date})", "ask the panel to renew its certificate")
    return ok("tls", detail)


def _subject(certificate: Mapping[str, Any]) -> str:
    """Whom it is for."""
    names = [str(name) for _, name in certificate.get("subjectAltName", ())]
    return names[0] if names else _named(certificate["subject"])


def _named(parts: Any) -> str:  # noqa: ANN401 - as the standard library has it
    """The name of a subject or issuer."""
    fields = {key: str(value) for ((key, value),) in parts}
    known = (fields.get(key) for key in ("commonName", "organizationName"))
    return next(filter(None, known), "nobody")


def _reason(error: Exception, way: Way) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {way.timeout:g} s"
    if isinstance(error, OSError) and error.errno and not isinstance(error, gaierror):
        return os.strerror(error.errno)  # asyncio's own text repeats the address
    return getattr(error, "strerror", None) or str(error)


def _unreachable(check: str, detail: str, advice: str) -> CheckResult:
    return failed(check, detail, advice, is_unavailable=True)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
