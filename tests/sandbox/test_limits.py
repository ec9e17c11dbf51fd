import json
import math

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.limits import CountingLimit, LeakyBucket

from .scene import LINK, Clock, followers, form

ADD = form("add", service=1, link=LINK, quantity=1000)


def statuses(panel: Panel, times: int) -> list[int]:
    return [panel.handle(form("balance")).status for _ in range(times)]


def test_a_counting_limit_counts_what_came_in_the_time_before() -> None:
    limit = CountingLimit(2, 10.0)
    assert [limit.wait(now) for now in (100.0, 104.0, 104.0, 109.0)] == [0, 0, 6, 1]
    assert [limit.wait(now) for now in (110.0, 110.0, 114.0, 119.5)] == [0, 4, 0, 0.5]


def test_what_a_counting_limit_rejects_does_not_count() -> None:
    limit = CountingLimit(1, 10.0)
    assert [limit.wait(now) for now in (0.0, 5.0, 9.0, 10.0)] == [0, 5, 1, 0]


def test_a_bucket_leaks_at_its_rate() -> None:
    bucket = LeakyBucket(2.0, 0)
    assert [bucket.admits(now) for now in (0.0, 0.4, 0.5, 0.9, 1.1, 1.2, 50.0, 50.1)] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_a_burst_passes_at_once_and_then_the_rate_holds() -> None:
    bucket = LeakyBucket(1.0, 3)
    assert [bucket.admits(0.0) for _ in range(6)] == [True, True, True, True, False, False]
    assert [bucket.admits(1.0) for _ in range(2)] == [True, False]
    assert [bucket.admits(100.0) for _ in range(5)] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("text", "requests", "seconds"),
    [
        ("3/min", 3, 60),
        ("2/s", 2, 1),
        ("1/hour", 1, 3600),
        ("4/30", 4, 30),
        ("4/30s", 4, 30),
        (" 2 / 2 Minute ", 2, 120),
        ("1/h", 1, 3600),
    ],
)
def test_a_rate_limit_is_a_number_of_requests_in_a_time(
    clock: Clock, text: str, requests: int, seconds: float
) -> None:
    panel = Panel(clock=clock, rate_limit=text)
    assert statuses(panel, requests + 2) == [*[200] * requests, 429, 429]
    clock.now += seconds - 0.5
    assert statuses(panel, 1) == [429]
    clock.now += 0.5
    assert statuses(panel, requests + 1) == [*[200] * requests, 429]
    assert panel.rate_limited == 4


@pytest.mark.parametrize(
    "text", ["", "60", "60/", "/min", "0/min", "-1/s", "1.5/s", "60/0s", "60/ms", "60 per minute", 60]
)
def test_what_is_no_rate_limit_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"^rate_limit must be such as 60/min, 2/s, 100/hour or 10/30s, got"):
        Panel(rate_limit=text)


def test_without_a_limit_nothing_is_rejected(clock: Clock) -> None:
    panel = Panel(clock=clock)
    assert statuses(panel, 500) == [200] * 500
    assert panel.rate_limited == 0


def test_a_429_is_in_the_dialect_and_says_when_to_come_again(clock: Clock) -> None:
    for dialect, payload in [
        ("document", {"error": "Too many requests"}),
        ("statuses", {"success": False, "errors": ["Too many requests"]}),
    ]:
        panel = Panel(clock=clock, rate_limit="1/min", dialect=dialect)
        followers(panel)
        clock.now += 12.5
        reply = panel.answer(ADD).reply
        assert (reply.status, json.loads(reply.body)) == (429, payload)
        assert (b"retry-after", b"48") in reply.headers
        assert len(panel.ledger) == 1
        assert (panel.received, panel.rate_limited) == (2, 1)
    assert statuses(Panel(clock=clock, rate_limit="1/min", dialect="limited"), 2) == [200, 200]


@pytest.mark.parametrize(
    ("text", "at_once", "apart"),
    [("10r/s", 1, 0.1), ("rate=2r/s burst=4", 5, 0.5), ("30r/m burst=2", 3, 2.0), ("1r/s burst=0", 1, 1.0)],
)
def test_nginx_answers_503_with_its_own_page(clock: Clock, text: str, at_once: int, apart: float) -> None:
    panel = Panel(clock=clock, limit_req=text, dialect="nested")
    assert statuses(panel, at_once + 1) == [*[200] * at_once, 503]
    clock.now += apart * 1.0001
    assert statuses(panel, 2) == [200, 503]
    reply = panel.answer(ADD).reply
    assert reply.headers == ((b"content-type", b"text/html"),)
    assert reply.body.startswith(b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>")
    assert reply.body.endswith(b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
    assert panel.ledger == []
    assert panel.rate_limited == 3


@pytest.mark.parametrize("text", ["", "10/s", "0r/s", "10r/h", "10r/s burst=", "10r/s, burst=3", 10])
def test_what_is_no_limit_req_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"^limit_req must be such as 10r/s or 30r/m burst=20, got"):
        Panel(limit_req=text)


def test_nginx_stands_before_the_panel_and_its_limit(clock: Clock) -> None:
    panel = Panel(clock=clock, limit_req="1r/s", rate_limit="1/min")
    assert statuses(panel, 2) == [200, 503]
    clock.now += 2
    assert statuses(panel, 2) == [429, 503]
    assert panel.handle({"action": "balance"}).status == 503
    assert panel.rate_limited == 4


def test_a_limit_counts_requests_with_a_wrong_key_and_refused_ones_too(clock: Clock) -> None:
    panel = Panel(clock=clock, rate_limit="2/min")
    panel.handle({"key": "other", "action": "balance"})
    panel.refuse("balance", "no")
    assert panel.handle(form("balance")).body == b'{"error":"no"}'
    panel.refuse("balance", "not used up")
    assert statuses(panel, 1) == [429]
    clock.now += 60
    assert panel.handle(form("balance")).body == b'{"error":"not used up"}'


# --- a fresh order is unknown


def test_a_fresh_order_is_unknown_for_a_while(clock: Clock) -> None:
    panel = Panel(clock=clock, unknown_for=3.0, pending=(5.0, 5.0), progress=(20.0, 20.0))
    (seeded,) = panel.seed_orders(1)
    order = followers(panel)
    unknown = {"error": "Incorrect order ID"}
    for moment, is_known in ((0.0, False), (2.9, False), (0.1, True), (100, True)):
        clock.now += moment
        told = json.loads(panel.handle(form("status", orders=f"{seeded},{order}")).body)
        expected = panel.expected_status(order) if is_known else unknown
        assert told == {str(seeded): panel.expected_status(seeded), str(order): expected}
        alone = json.loads(panel.handle(form("status", order=order)).body)
        assert alone == expected
    assert len(panel.ledger) == 1


def test_a_fresh_order_cannot_be_cancelled_yet_and_neither_a_fresh_series(clock: Clock) -> None:
    panel = Panel(clock=clock, unknown_for=3.0)
    fields = {"service": 1, "link": LINK, "quantity": 50, "runs": 2, "interval": 1}
    series = json.loads(panel.handle(form("add", **fields)).body)["order"]
    for result in ({"error": "Incorrect order ID"}, 1):
        told = json.loads(panel.handle(form("cancel", orders=series)).body)
        assert told == [{"order": series, "cancel": result}]
        clock.now += 3
    assert [entry.action for entry in panel.ledger] == ["add", "cancel"]


@pytest.mark.parametrize("seconds", [-0.1, math.nan])
def test_the_time_is_not_negative(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^unknown_for must be a number of seconds >= 0, got"):
        Panel(unknown_for=seconds)
