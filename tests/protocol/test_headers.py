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
