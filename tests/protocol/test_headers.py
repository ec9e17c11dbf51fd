import httpx
import pytest

from agencia_async._protocol.headers import Quota, http_date, quota, time_at

NOW = 1_767_225_600.0
"""The first second of 2026."""


@pytest.mark.parametrize(
    ("remaining", "reset", "told"),
    [
        ("59", "30", Quota(59, 30)),
        ("0", "1767225630", Quota(0, 30)),
        ("7", "1767225630000", Quota(7, 30)),
        ("7", "0.5", Quota(7, 0.5)),
        ("0", "86400", Quota(0, 86400)),
        ("0", "1767225630000000", None),
        ("0", "4102444800", None),
        ("0", "999999999", None),
        ("7", "1767225590", None),
        ("7", "0", None),
        ("-1", "30", None),
        ("many", "30", None),
        ("7", "soon", None),
        ("7", None, None),
        (None, "30", None),
    ],
)
def test_what_headers_tell(remaining: str | None, reset: str | None, told: Quota | None) -> None:
    given = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    headers = {name: value for name, value in given.items() if value is not None}
    assert quota(headers, lambda: NOW) == told


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        # One pair of headers, in its spellings.
        ({"X-Rate-Limit-Remaining": "7", "X-Rate-Limit-Reset": "1767225630"}, Quota(7, 30)),
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "7", "RateLimit-Reset": "30"}, Quota(7, 30)),
        # draft-6 of express-rate-limit, with and without a reset
        (
            {"RateLimit-Policy": "100;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "12"},
            Quota(0, 12),
        ),
        ({"RateLimit-Policy": "100;w=60", "RateLimit-Remaining": "0"}, Quota(0, 60)),
        ({"RateLimit-Policy": '10;w=1, 1000;w=3600;comment="a, b"', "RateLimit-Remaining": "3"}, Quota(3, 1)),
        ({"RateLimit-Policy": "100", "RateLimit-Remaining": "0"}, None),
        ({"RateLimit-Policy": "100;w=60", "X-RateLimit-Remaining": "0"}, None),
        # draft-7
        ({"RateLimit": "limit=100, remaining=7, reset=30"}, Quota(7, 30)),
        ({"RateLimit": "limit=100,remaining=7,reset=30", "RateLimit-Policy": "100;w=60"}, Quota(7, 30)),
        ({"RateLimit": "limit=100, remaining=7"}, None),
        # draft-8 and later: one member for each policy
        (
            {
                "RateLimit": '"100-in-1min"; r=7; t=30',
                "RateLimit-Policy": '"100-in-1min"; q=100; w=60; pk=:MTIzNDU2Nzg5YWJj:',
            },
            Quota(7, 30),
        ),
        ({"RateLimit": '"burst";r=0;t=1, "daily";r=70;t=3600'}, Quota(0, 1)),
        ({"RateLimit": '"burst";r=9;t=1, "daily";r=4;t=3600'}, Quota(4, 3600)),
        ({"RateLimit": 'burst;R=9;T=1,daily;r="4";t="3600"'}, Quota(4, 3600)),
        ({"RateLimit": '"a, b; r=1";r=7;t=30'}, Quota(7, 30)),
        ({"RateLimit": r'"a \", b";r=7;t=30'}, Quota(7, 30)),
        ({"RateLimit": '"a";r=7', "RateLimit-Policy": '"a";q=100;w=60'}, Quota(7, 60)),
        ({"RateLimit": '"a";r=7', "RateLimit-Policy": '"b";q=100;w=60'}, None),
        (
            {
                "RateLimit": '"bytes";r=1;t=5, "a";r=7;t=30',
                "RateLimit-Policy": '"bytes";q=9;qu="content-bytes"',
            },
            Quota(7, 30),
        ),
        ({"RateLimit": '"a";r=7;t=30', "RateLimit-Policy": '"a";q=9;qu="requests"'}, Quota(7, 30)),
        # Several forms: the least remaining wins, then the latest reset.
        (
            {
                "X-RateLimit-Remaining": "5",
                "X-RateLimit-Reset": "1767225660",
                "RateLimit": '"a";r=7;t=30',
                "RateLimit-Remaining": "6",
                "RateLimit-Reset": "10",
            },
            Quota(5, 60),
        ),
        (
            {"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "10", "RateLimit": '"a";r=7;t=30'},
            Quota(7, 30),
        ),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0", "RateLimit": '"a";r=7;t=30'}, Quota(7, 30)),
        # Not what it should be
        ({"RateLimit": ""}, None),
        ({"RateLimit": ";;,;,"}, None),
        ({"RateLimit": '"a'}, None),
        ({"RateLimit": '"a";r=many;t=30'}, None),
        ({"RateLimit": '"a";r=-1;t=30'}, None),
        ({"RateLimit": "100"}, None),
        ({"RateLimit": "a" * 1000 + ";r=1;t=1"}, None),
        ({"RateLimit": "a" * 992 + ";r=7;t=3"}, Quota(7, 3)),
        ({"RateLimit": r'"\"' * 100_000}, None),
    ],
)
def test_each_form_of_a_quota(headers: dict[str, str], told: Quota | None) -> None:
    assert quota(httpx.Headers(headers), lambda: NOW) == told


def test_the_same_header_twice_is_a_list() -> None:
    lines = [("RateLimit", '"a"; r=9; t=60'), ("RateLimit", '"b"; r=3; t=5')]
    assert quota(httpx.Headers(lines)) == Quota(3, 5)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu, 01 Jan 2026 00:00:01 GMT", 60),
        ("Thu, 01 Jan 2026 00:00:40 GMT", 20),
        ("Wed, 31 Dec 2025 23:00:40 GMT", 3620),
        ("yesterday", 60),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", 60),
        ("Thu, 01 Jan 2026 00:00:00 +99999999999999999999", 60),
    ],
)
def test_the_panels_clock_counts_where_it_is_another(date: str, seconds: float) -> None:
    headers = {"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(NOW) + 60), "date": date}
    assert quota(headers, lambda: NOW) == Quota(1, seconds)


def test_a_difference_of_two_seconds_is_no_other_clock() -> None:
    date = "Wed, 01 Jul 2026 12:00:00 GMT"
    theirs = http_date(date)
    assert theirs is not None
    for ours in (theirs - 2, theirs + 2):
        assert time_at({"date": date}, ours) == ours
    assert time_at({"date": date}, theirs + 2.5) == theirs
