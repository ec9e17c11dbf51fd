"""Usual mistakes are told when the client is made, with what to do, and without a key in the wrong place."""

import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError, RateLimit, RetryPolicy, fast_transport
from agencia_async._client import mistakes
from agencia_async._client.options import Options
from tests.support.loopback import NO_TLS

KEY = "s3cret/k3y-0f the+account".replace(" ", "")


class Another:
    """What a client or transport of another library looks like."""

    async def handle_async_request(self, request: object) -> None: ...


class AnotherClient:
    def build_request(self) -> None: ...


def closed() -> httpx.AsyncClient:
    client = httpx.AsyncClient(verify=NO_TLS)
    client._state = client._state.__class__.CLOSED  # noqa: SLF001 - what `aclose` does, without a loop
    return client


MISTAKES: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "a synchronous client": (
        lambda: {"http_client": httpx.Client(verify=NO_TLS)},
        r"^http_client must be an httpx\.AsyncClient, got httpx\.Client, which is synchronous: use the async",
    ),
    "a class of clients": (
        lambda: {"http_client": httpx.AsyncClient},
        r"got the class AsyncClient: create an instance of it, AsyncClient\(\.\.\.\)$",
    ),
    "a closed client": (lambda: {"http_client": closed()}, "http_client is closed: keep it open"),
    "a transport for a client": (
        lambda: {"http_client": httpx.MockTransport(lambda _: httpx.Response(200))},
        "got httpx.MockTransport: give it as transport$",
    ),
    "a client for a transport": (
        lambda: {"transport": httpx.AsyncClient(verify=NO_TLS)},
        r"^transport must be an httpx\.AsyncBaseTransport, got httpx\.AsyncClient: give it as http_client$",
    ),
    "a synchronous transport": (
        lambda: {"transport": httpx.HTTPTransport(verify=NO_TLS)},
        r"got httpx\.HTTPTransport, which is synchronous",
    ),
    "a class of transports": (
        lambda: {"transport": httpx.AsyncHTTPTransport},
        "class AsyncHTTPTransport:",
    ),
    "a function": (lambda: {"transport": fast_transport}, r"got a function: call it, fast_transport\(\)$"),
    "a transport of another library": (
        lambda: {"transport": Another()},
        "tests.Another, which is of an",
    ),
    "a client of another library": (lambda: {"http_client": AnotherClient()}, "which is of another library"),
    "a text": (lambda: {"transport": KEY}, r"got builtins\.str$"),
    "a class of policies": (lambda: {"retry": RetryPolicy}, "a RetryPolicy, got <class"),
    "a class of limits": (
        lambda: {"rate_limit": RateLimit},
        r"a RateLimit, a RedisRateLimit or None, got the class RateLimit: create an instance of it, .*$",
    ),
    "a limit as a profile has it": (
        lambda: {"rate_limit": "60/min"},
        r"^rate_limit must be a RateLimit, .*, got '60/min': write RateLimit\.parse\('60/min'\)$",
    ),
    "the key for a limit": (
        lambda: {"rate_limit": KEY},
        "got text that is not a rate, such as 60/min$",
    ),
    "the address of a limit": (
        lambda: {"rate_limit": f"redis://:{KEY}@redis.example/0"},
        "got text that is not a rate, such as 60/min$",
    ),
    "the arguments of a limit": (
        lambda: {"rate_limit": (f"redis://:{KEY}@redis.example/0", 60, 60)},
        r"or None, got builtins\.tuple$",
    ),
    "a number for a limit": (lambda: {"rate_limit": 60}, "or None, got 60$"),
    "a word for a boolean": (lambda: {"allow_http": "no"}, "allow_http must be a bool, got 'no'$"),
    "a port": (lambda: {"base_url": "https://panel.example:99999"}, "base_url has the port 99999"),
    "the key for a number": (lambda: {"timeout": KEY}, r"timeout must be a number .*, got '\*\*\*'$"),
    "the key for a header": (
        lambda: {"user_agent": f"{KEY}\n"},
        "user_agent must be a line of",
    ),
    "the key for an address": (
        lambda: {"base_url": KEY},
        "URL that begins with https://$",
    ),
    "the key in an address": (
        lambda: {"base_url": f"https://panel.example/api/v2?key={KEY}"},
        "^base_url contains the API key; remove it, the client sends it itself$",
    ),
    "the key in an address, quoted": (
        lambda: {"base_url": f"https://panel.example/api/v2?key={quote(KEY, safe='')}"},
        "^base_url contains the API key",
    ),
    "the key in plain text": (
        lambda: {"base_url": f"http://panel.example/{KEY}"},
        "key unencrypted",
    ),
}


@pytest.mark.parametrize(("options", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_what_to_do(options: Callable[[], dict[str, Any]], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        AsyncClient(KEY, **options())
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None


def test_key_and_address_that_changed_places_are_told_without_the_key() -> None:
    with pytest.raises(ConfigurationError, match="the API key is a URL: pass the key as the first") as caught:
        AsyncClient("https://panel.example/api/v2", base_url=KEY)
    assert KEY not in str(caught.value)


def test_a_short_key_may_be_a_word_of_the_address() -> None:
    assert repr(AsyncClient("api", base_url="https://panel.example/api/v2"))


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("ca_file", ": it is a key of a profile; pass ssl_context=ssl.create_default_context(cafile=...)"),
        ("max_retries", ": pass retry=RetryPolicy(attempts=...)"),
        ("time_out", ": did you mean 'timeout'?"),
        ("colour", ""),
    ],
)
def test_an_option_that_there_is_not_is_told_with_what_was_meant(option: str, hint: str) -> None:
    with pytest.raises(TypeError) as caught:
        AsyncClient(KEY, **{option: KEY})  # type: ignore[arg-type]
    assert str(caught.value) == f"AsyncClient() got an unexpected keyword argument {option!r}{hint}"


def test_what_is_told_of_options_that_there_are_not_is_of_none_that_there_is() -> None:
    assert mistakes._INSTEAD.keys() & Options.__annotations__.keys() == set()  # noqa: SLF001
