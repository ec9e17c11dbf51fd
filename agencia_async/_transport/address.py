"""The panel's address."""

from ipaddress import ip_address

import httpx

from agencia_async.errors import (
    ConfigurationError,
)

_PORTS = 2**16


def checked_url(url: str, *, allow_http: bool) -> httpx.URL:
    """The panel's address.

    Raises:
        ConfigurationError: it is no address, carries credentials, or would send the key in the clear. The
            message does not show it: it could be the key, in the wrong place.
    """
    parsed = _parsed(url)
    if parsed is None:
        raise ConfigurationError("base_url is not a valid URL, such as https://panel.example/api/v2")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigurationError("base_url must be a URL that begins with https://")
    if parsed.port is not None and not 0 < parsed.port < _PORTS:
        raise ConfigurationError(
            f"base_url has the port {parsed.port}, which is not between 1 and {_PORTS - 1}"
        )
    if parsed.userinfo:
        raise ConfigurationError("base_url must not contain a user name or a password")
    if parsed.scheme == "http" and not allow_http and not _is_loopback(parsed.host):
        raise ConfigurationError(
            "base_url would send the key unencrypted: use https, or allow_http=True (insecure)"
        )
    return parsed.copy_with(fragment=None)


def _parsed(url: str) -> httpx.URL | None:
    """The address, if it is one."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
