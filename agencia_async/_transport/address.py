"""The panel's address."""

from ipaddress import ip_address

import httpx

from agencia_async.errors import (
    ConfigurationError,
)


def checked_url(url: str, *, allow_http: bool) -> httpx.URL:
    """The panel's address.

    Raises:
        ConfigurationError: it is no address, carries credentials, or would send the key in the clear.
    """
    parsed = _parsed(url)
    if isinstance(parsed, str):
        raise ConfigurationError(f"base_url is no address: {parsed}")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigurationError(f"base_url is an address that begins with https://, not {url!r}")
    if parsed.userinfo:
        raise ConfigurationError("base_url must not hold a user name or a password")
    if parsed.scheme == "http" and not allow_http and not _is_loopback(parsed.host):
        raise ConfigurationError(
            f"{url!r} would send the key unencrypted; use https, or allow_http=True if you must"
        )
    return parsed.copy_with(fragment=None)


def _parsed(url: str) -> httpx.URL | str:
    """The address, or why it is none."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        return str(error)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
