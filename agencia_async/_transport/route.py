"""The way to a panel: through which proxy, and whom to trust."""

import ipaddress
import ssl
from base64 import b64encode
from http import HTTPStatus
from urllib.parse import unquote
from urllib.request import getproxies

import httpx
from attrs import field, frozen

from agencia_async.errors import ConfigurationError

_PORTS = {"http": 80, "https": 443}
REFUSED = HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
"""The status with which only a proxy answers: it has passed nothing on."""


@frozen
class ProxyServer:
    """A proxy, whose password is not shown."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Its URL without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What it wants to know before it serves."""
        if not (self.user or self.password):
            return []
        credentials = b64encode(f"{self.user}:{self.password}".encode())
        return [(b"Proxy-Authorization", b"Basic " + credentials)]


@frozen
class Route:
    """The proxy, if any, and the TLS context, if the usual one is not to be used."""

    proxy: ProxyServer | None = None
    ssl_context: ssl.SSLContext | None = None

    def context(self, *, tls: bool) -> ssl.SSLContext:
        """The TLS context: the given one, or that of httpx. Without `tls` it will not be used."""
        is_needed = tls or (self.proxy is not None and self.proxy.scheme == "https")
        return self.ssl_context or httpx.create_ssl_context(verify=is_needed, trust_env=False)


def route_to(
    url: httpx.URL, *, proxy: str | None, trust_env: bool, ssl_context: ssl.SSLContext | None
) -> Route:
    """The way to a panel; the environment is only asked with `trust_env`, for what is not given.

    Raises:
        ConfigurationError: the proxy, or a file that the environment names, cannot be used.
    """
    if trust_env:
        proxy = proxy or environment_proxy(url)
        ssl_context = ssl_context or _environment_context()
    return Route(proxy_server(proxy), ssl_context)


def proxy_server(url: str | None) -> ProxyServer | None:
    """The proxy at a URL.

    Raises:
        ConfigurationError: it is none; the message does not show its credentials.
    """
    if url is None:
        return None
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        parsed = httpx.URL()
    if parsed.scheme.startswith("socks"):
        raise ConfigurationError(
            f"{parsed.scheme} proxies are not supported; use transport=httpx.AsyncHTTPTransport(proxy=...)"
        )
    if parsed.scheme not in _PORTS or not parsed.host or not 0 < (parsed.port or 1) < 2**16:
        raise ConfigurationError("proxy must be a URL such as http://user:password@proxy.example:3128")
    user, _, password = parsed.userinfo.decode().partition(":")
    port = parsed.port or _PORTS[parsed.scheme]
    return ProxyServer(parsed.scheme, parsed.host, port, unquote(user), unquote(password))


def environment_proxy(url: httpx.URL) -> str | None:
    """The proxy for a URL by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as httpx reads them."""
    found = getproxies()
    if any(_is_direct(host.strip(), url) for host in found.get("no", "").split(",")):
        return None
    proxy = found.get(url.scheme) or found.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _is_direct(entry: str, url: httpx.URL) -> bool:
    """Whether an entry of `NO_PROXY` is about a URL."""
    if entry in {"", "*"}:
        return entry == "*"
    try:
        wanted = httpx.URL(_pattern(entry))
    except httpx.InvalidURL:
        return False
    is_scheme = wanted.scheme in {"all", url.scheme}
    return is_scheme and wanted.port in {None, url.port} and _is_host(wanted.host, url.host)


def _pattern(entry: str) -> str:
    """The pattern that an entry stands for; a name is about the hosts below it, too."""
    if "://" in entry:
        return entry
    if _is_ip(entry.partition("/")[0]):
        return f"all://[{entry}]" if ":" in entry else f"all://{entry}"
    return f"all://{entry}" if entry.lower() == "localhost" else f"all://*{entry}"


def _is_host(pattern: str, host: str) -> bool:
    name = pattern.removeprefix("*")
    if not name or name == pattern:
        return not name or host == name
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _environment_context() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context(trust_env=True)
    except OSError as error:
        reason = error.strerror or str(error)
    raise ConfigurationError(f"cannot read the certificates of SSL_CERT_FILE: {reason}")


def refusal(status: int) -> str:
    """What is told of a proxy that refuses; its own words could hold anything."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"the proxy refused: {status} {phrase}".rstrip()
