"""Proxies and private authorities, with each engine; no test leaves loopback."""

import ssl
from pathlib import Path

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    ConfigurationError,
    DefaultOrder,
    OutcomeUnknownError,
    RetryPolicy,
    TransportError,
    fast_transport,
)
from agencia_async._client.options import Options
from agencia_async._client.settings import Settings
from agencia_async._transport.api_key import ApiKey
from agencia_async._transport.route import environment_proxy, proxy_server
from tests.support import engines
from tests.support.authority import authority, serving, trusting
from tests.support.engines import by_each_engine
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer
from tests.support.proxy import proxying

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)
ONCE = RetryPolicy(attempts=1)
CREDENTIALS = "us%40er:pa55word"
AUTHORIZATION = b"Proxy-Authorization: Basic dXNAZXI6cGE1NXdvcmQ=\r\n"

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def client_of(
    url: str, *, proxy: str | None = None, ssl_context: ssl.SSLContext | None = None
) -> AsyncClient:
    """A client over the chosen engine, each with its way to say the same."""
    if engines.chosen == "fast":
        transport = fast_transport(proxy=proxy, ssl_context=ssl_context)
        return AsyncClient("SECRET-KEY", base_url=url, transport=transport, retry=ONCE)
    return AsyncClient("SECRET-KEY", base_url=url, proxy=proxy, ssl_context=ssl_context, retry=ONCE)


async def balance(request: Request) -> None:
    request.reply('{"balance": "1", "currency": "USD"}')


async def fails(client: AsyncClient) -> TransportError:
    """The error of an order, in whose whole chain no credentials are shown."""
    async with client:
        with pytest.raises(TransportError) as caught:
            await client.add(ORDER)
    assert "pa55word" not in repr([caught.value, caught.value.__cause__, caught.value.__context__, client])
    return caught.value


@by_each_engine
async def test_a_private_authority_is_trusted_by_the_context_alone() -> None:
    async with peer(balance, context=serving()) as panel:
        async with client_of(panel.url, ssl_context=trusting()) as client:
            await client.balance()
        error = await fails(client_of(panel.url))
    assert error.sent == "no"
    assert len(panel.forms) == 1


@by_each_engine
async def test_a_panel_is_reached_through_a_tunnel_that_is_kept() -> None:
    async with peer(balance, context=serving()) as panel, proxying() as proxy:
        given = f"http://{CREDENTIALS}@127.0.0.1:{proxy.port}"
        async with client_of(panel.url, proxy=given, ssl_context=trusting()) as client:
            await client.balance()
            await client.balance()
    host = panel.url.split("/")[2]
    assert proxy.asked == [f"CONNECT {host} HTTP/1.1"]
    assert AUTHORIZATION in proxy.heads[0]
    assert f"Host: {host}".encode() in proxy.heads[0]
    assert b"SECRET-KEY" not in proxy.heads[0]
    assert [form["action"] for form in panel.forms] == ["balance", "balance"]
    assert b"Proxy-Authorization" not in panel.heads[0]


@by_each_engine
async def test_a_proxy_may_be_encrypted_itself() -> None:
    async with peer(balance, context=serving()) as panel, proxying(context=serving()) as proxy:
        given = f"https://127.0.0.1:{proxy.port}"
        async with client_of(panel.url, proxy=given, ssl_context=trusting()) as client:
            await client.balance()
            await client.balance()
    assert len(panel.forms) == 2
    assert b"Proxy-Authorization" not in proxy.heads[0]


@by_each_engine
@pytest.mark.parametrize("context", [None, serving()], ids=["http", "https"])
async def test_what_is_not_encrypted_is_asked_of_the_proxy_itself(context: ssl.SSLContext | None) -> None:
    async with peer(balance) as panel, proxying(context=context) as proxy:
        given = f"{'https' if context else 'http'}://{CREDENTIALS}@127.0.0.1:{proxy.port}"
        async with client_of(panel.url, proxy=given, ssl_context=context and trusting()) as client:
            await client.balance()
            await client.balance()
    assert proxy.asked == [f"POST {panel.url} HTTP/1.1"]
    assert AUTHORIZATION in proxy.heads[0]
    assert f"Host: {panel.url.split('/')[2]}\r\n".encode() in proxy.heads[0]
    assert len(panel.forms) == 2


REFUSALS = {
    "password": (b"HTTP/1.1 407 pa55word\r\nContent-Length: 0\r\n\r\n", "407 Proxy Authentication Required"),
    "forbidden": (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "403 Forbidden"),
    "unreachable": (b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", "502 Bad Gateway"),
    "unheard of": (b"HTTP/1.1 599 No\r\nContent-Length: 0\r\n\r\n", "599"),
    "closes": (b"", ""),
    "no proxy": (b"220 mail ready\r\n", ""),
    "cut short": (b"HTTP/1.1 200 OK\r\nX-", ""),
}


@by_each_engine
@pytest.mark.parametrize(("answer", "told"), REFUSALS.values(), ids=REFUSALS)
async def test_a_proxy_that_refuses_a_tunnel_has_sent_nothing(answer: bytes, told: str) -> None:
    async with peer(balance, context=serving()) as panel, proxying(answer) as proxy:
        given = f"http://{CREDENTIALS}@127.0.0.1:{proxy.port}"
        error = await fails(client_of(panel.url, proxy=given, ssl_context=trusting()))
    assert (error.sent, panel.connections) == ("no", 0)
    assert error.message.endswith(told and f"the proxy refused: {told}")
    assert len(proxy.asked) == 1


@by_each_engine
async def test_a_proxy_that_is_not_there_has_sent_nothing() -> None:
    async with proxying() as proxy:
        pass
    given = f"http://{CREDENTIALS}@127.0.0.1:{proxy.port}"
    for url in ("https://127.0.0.1:1/", "http://127.0.0.1:1/", f"https://panel.example:{proxy.port}/"):
        error = await fails(client_of(url, proxy=given))
        assert error.sent == "no"
        assert not error.message.startswith("connection refused (")  # as if the panel had


@by_each_engine
async def test_a_proxy_that_is_not_trusted_is_told_nothing() -> None:
    async with proxying(context=serving()) as proxy:
        given = f"https://{CREDENTIALS}@127.0.0.1:{proxy.port}"
        error = await fails(client_of("https://127.0.0.1:1/", proxy=given))
    assert (error.sent, proxy.asked) == ("no", [])


@by_each_engine
async def test_a_proxy_that_wants_a_password_has_passed_on_no_plain_request() -> None:
    wants = b"HTTP/1.1 407 pa55word\r\nContent-Length: 0\r\n\r\n"
    async with peer(balance) as panel, proxying(wants) as proxy:
        error = await fails(client_of(panel.url, proxy=f"http://127.0.0.1:{proxy.port}"))
    assert (error.sent, panel.forms) == ("no", [])
    assert error.message.endswith("the proxy refused: 407 Proxy Authentication Required")


@by_each_engine
async def test_a_panel_that_answers_as_a_proxy_would_has_been_reached() -> None:
    async def odd(request: Request) -> None:
        request.reply("", 407)

    async with peer(odd, context=serving()) as panel, proxying() as proxy:
        given = f"http://127.0.0.1:{proxy.port}"
        async with client_of(panel.url, proxy=given, ssl_context=trusting()) as client:
            with pytest.raises(OutcomeUnknownError):
                await client.add(ORDER)
    assert len(panel.forms) == 1


# --- what is given ------------------------------------------------------------------------------------


BAD = {
    "proxy.example:3128": "must be a URL",
    "ftp://proxy.example": "must be a URL",
    "http://": "must be a URL",
    "http://user:pa55word@proxy.example:99999": "must be a URL",
    "http://\n": "must be a URL",
    "socks5://user:pa55word@proxy.example": r"socks5 proxies.*httpx\.AsyncHTTPTransport\(proxy=",
}


@pytest.mark.parametrize(("proxy", "told"), BAD.items())
def test_what_is_no_proxy_is_refused_without_its_password(proxy: str, told: str) -> None:
    for make in (lambda: AsyncClient("KEY", proxy=proxy), lambda: fast_transport(proxy=proxy)):
        with pytest.raises(ConfigurationError, match=told) as caught:
            make()
        assert "pa55word" not in repr([caught.value, caught.value.__cause__])
        assert caught.value.__context__ is None


def test_a_proxy_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="must be a URL"):
        AsyncClient("KEY", proxy=3128)  # type: ignore[arg-type]


def test_a_proxy_has_the_port_of_its_scheme_and_shows_no_password() -> None:
    shown = [proxy_server(f"{scheme}://{CREDENTIALS}@[::1]") for scheme in ("http", "https")]
    assert [proxy and proxy.url for proxy in shown] == ["http://[::1]:80", "https://[::1]:443"]
    assert "pa55word" not in repr([shown, Settings(proxy=f"http://{CREDENTIALS}@proxy.example")])


GIVEN: list[Options] = [{"proxy": "http://127.0.0.1:1"}, {"trust_env": True}, {"ssl_context": NO_TLS}]


@pytest.mark.parametrize("option", GIVEN, ids=lambda option: next(iter(option)))
async def test_they_are_for_the_clients_own_connections(option: Options) -> None:
    http_client = httpx.AsyncClient(verify=NO_TLS)
    ways: list[Options] = [{"transport": fast_transport()}, {"http_client": http_client}]
    for way in ways:
        with pytest.raises(ConfigurationError, match=f"^{next(iter(option))} is only for the client's own"):
            Settings.of(ApiKey("KEY"), {**way, **option})
    await http_client.aclose()


def test_a_path_is_no_context() -> None:
    with pytest.raises(ConfigurationError, match=r"must be a SSLContext or None, got 'ca\.pem'$"):
        AsyncClient("KEY", ssl_context="ca.pem")  # type: ignore[arg-type]


# --- the environment ----------------------------------------------------------------------------------


async def test_the_environment_counts_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with peer(balance, context=serving()) as panel, proxying() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with AsyncClient("KEY", base_url=panel.url, trust_env=True) as client:
            await client.balance()
        assert len(proxy.asked) == 1
        error = await fails(AsyncClient("KEY", base_url=panel.url, retry=ONCE))
        assert (error.sent, len(proxy.asked)) == ("no", 1)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with AsyncClient("KEY", base_url=panel.url, trust_env=True) as client:
            await client.balance()
        assert len(proxy.asked) == 1
        given = f"http://127.0.0.1:{proxy.port}"
        async with AsyncClient(
            "KEY", base_url=panel.url, trust_env=True, proxy=given, ssl_context=trusting()
        ) as client:
            await client.balance()
        assert len(proxy.asked) == 2


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "broken.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    told = r"^cannot read the certificates of SSL_CERT_FILE: ."
    with pytest.raises(ConfigurationError, match=told) as caught:
        AsyncClient("KEY", trust_env=True)
    assert caught.value.__context__ is None


PROXIES = [
    {"HTTP_PROXY": "http://plain.example:1", "HTTPS_PROXY": "http://tls.example:2"},
    {"ALL_PROXY": "all.example:3"},
    {"ALL_PROXY": "http://all.example:3", "HTTPS_PROXY": "http://tls.example:2"},
    {"HTTPS_PROXY": ""},
]
ENTRIES = [
    *("", "*", "panel.example", ".panel.example", "*.panel.example", "example", "anel.example"),
    *("api.panel.example", " , PANEL.example ", "panel.example:8443", "https://panel.example"),
    *("http://panel.example", "all://*panel.example", "all://*.panel.example", "localhost", ".localhost"),
    *("127.0.0.1", "127.0.0.0/8", "0.0.1", "::1", "10.0.0.1,example.org,panel.example", "https://"),
]
ADDRESSES = [
    *("https://panel.example/api/v2", "https://panel.example:8443/", "https://api.panel.example/"),
    *("http://panel.example/", "http://localhost/", "http://127.0.0.1:8000/", "http://[::1]/"),
    *("https://panel.example.org/", "http://a.localhost/"),
]


@pytest.mark.parametrize("proxies", PROXIES, ids=str)
@pytest.mark.parametrize("entry", ENTRIES)
async def test_the_environment_means_what_it_means_to_httpx(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], entry: str
) -> None:
    for name, value in (proxies | {"NO_PROXY": entry}).items():
        monkeypatch.setenv(name, value)
    async with httpx.AsyncClient(verify=NO_TLS) as theirs:
        for address in map(httpx.URL, ADDRESSES):
            transport = theirs._transport_for_url(address)  # noqa: SLF001
            proxy = environment_proxy(address)
            assert isinstance(transport, httpx.AsyncHTTPTransport)
            expected = getattr(transport._pool, "_proxy_url", None)  # noqa: SLF001
            assert (proxy and httpx.URL(proxy).host) == (expected and expected.host.decode()), address


def test_what_httpx_cannot_read_of_no_proxy_is_about_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://tls.example:2")
    monkeypatch.setenv("NO_PROXY", "[::1]:x, http://[")
    assert environment_proxy(httpx.URL("https://panel.example/")) == "http://tls.example:2"
