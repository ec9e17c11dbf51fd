import httpx
import pytest

from agencia_async import ConfigurationError
from agencia_async._transport.address import checked_url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "begins with https://"),
        ("panel.example/api", "begins with https://"),
        ("ftp://panel.example", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://user:pw@panel.example", "user name"),
        ("http://panel.example/api", "unencrypted"),
        ("http://127.0.0.1.example", "unencrypted"),
        ("https://panel.example:port", "not a valid URL"),
        ("https://panel.example:99999", "port 99999, which is not between 1 and 65535"),
        ("https://panel.example:0", "port 0,"),
        (None, "not a valid URL"),
    ],
)
def test_an_address_that_will_not_do(url: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault) as caught:
        checked_url(url, allow_http=False)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "allow_http"),
    [
        ("https://panel.example/api/v2", False),
        ("http://127.0.0.1:80/", False),
        ("http://[::1]/", False),
        ("http://localhost/x?y=z", False),
        ("http://panel.localhost/", False),
        ("http://panel.example/", True),
    ],
)
def test_an_address_that_will_do(url: str, allow_http: bool) -> None:  # noqa: FBT001
    assert checked_url(f"{url}#part", allow_http=allow_http) == httpx.URL(url)
