import json
import math
from collections import Counter
from random import Random

import pytest

from agencia_async.sandbox import Faults
from agencia_async.sandbox.faults import FAULTS
from agencia_async.sandbox.reply import PanelReply, error_reply


def drawn(faults: Faults, times: int, action: str = "status") -> list[str | None]:
    random = Random(1)
    return [faults.draw(action, random) for _ in range(times)]


def test_there_are_no_faults_at_first() -> None:
    assert set(drawn(Faults(), 1000)) == {None}
    assert Faults().delay("add", Random(1)) == 0


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_comes_at_its_rate(name: str) -> None:
    faults = Faults()
    setattr(faults, name, 0.25)
    counts = Counter(drawn(faults, 4000))
    assert set(counts) == {None, name}
    assert 900 < counts[name] < 1100


def test_rates_are_drawn_one_against_the_other() -> None:
    counts = Counter(drawn(Faults(rate_limit=0.5, drop_after=0.5), 4000))
    assert set(counts) == {"rate_limit", "drop_after"}


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan, "0.5", None])
def test_a_rate_is_between_0_and_1(rate: float) -> None:
    with pytest.raises(ValueError, match="rate_limit must be a rate between 0 and 1"):
        Faults(rate_limit=rate)


def test_rates_come_to_at_most_1() -> None:
    faults = Faults(rate_limit=0.6, cut_reply=0.4)
    faults.cut_reply = 0.3
    with pytest.raises(
        ValueError, match=r"the sum of the fault rates must be <= 1, got 1\.1 with drop_after=0\.2"
    ):
        faults.drop_after = 0.2
    assert faults.drop_after == 0


def test_rates_may_come_to_exactly_1() -> None:
    faults = Faults()
    for name in FAULTS:
        setattr(faults, name, 1 / len(FAULTS))
    assert None not in drawn(faults, 1000)


def test_latency_is_fixed_or_drawn() -> None:
    random = Random(1)
    assert Faults(latency=0.25).delay("add", random) == 0.25
    delays = {Faults(latency=(0.5, 1)).delay("add", random) for _ in range(100)}
    assert len(delays) > 90
    assert 0.5 <= min(delays) <= max(delays) <= 1


@pytest.mark.parametrize("latency", [-1, (2, 1), (1,), (1, 2, 3), math.inf, "1", (0, None)])
def test_latency_is_a_number_or_a_pair(latency: float) -> None:
    with pytest.raises(ValueError, match="latency must be a number of seconds"):
        Faults(latency=latency)


def test_a_script_goes_before_the_rates_and_is_used_up() -> None:
    faults = Faults(cut_reply=1.0)
    faults.script("drop_after", None)
    faults.script("rate_limit")
    assert drawn(faults, 4) == ["drop_after", None, "rate_limit", "cut_reply"]


def test_a_script_knows_its_faults() -> None:
    faults = Faults()
    with pytest.raises(ValueError, match=r"fault must be one of rate_limit, .*'flood'"):
        faults.script("rate_limit", "flood")
    assert drawn(faults, 1) == [None]


def test_faults_may_keep_to_some_actions() -> None:
    faults = Faults(actions={"add"}, latency=2.0)
    faults.script("rate_limit")
    assert drawn(faults, 2, "status") == [None, None]
    assert faults.delay("status", Random(1)) == 0
    assert drawn(faults, 2, "add") == ["rate_limit", None]
    assert faults.delay("add", Random(1)) == 2


def test_actions_are_no_text() -> None:
    with pytest.raises(ValueError, match=r"actions must be a set of names, got a str: use \{'add'\}"):
        Faults(actions="add")


@pytest.mark.parametrize(
    ("retry_after", "headers"),
    [
        (30, [b"30"]),
        ("Wed, 21 Oct 2026 07:28:00 GMT", [b"Wed, 21 Oct 2026 07:28:00 GMT"]),
        (None, []),
    ],
)
def test_a_429_says_when_to_come_again(retry_after: float | str | None, headers: list[bytes]) -> None:
    reply_of = FAULTS["rate_limit"].reply
    assert reply_of is not None
    reply = reply_of(Faults(retry_after=retry_after), Random(1), error_reply)
    assert reply.body == b'{"error":"Too many requests"}'
    assert [value for name, value in reply.headers if name == b"retry-after"] == headers


def told(name: str, random: Random | None = None) -> PanelReply:
    reply_of = FAULTS[name].reply
    assert reply_of is not None
    return reply_of(Faults(), random or Random(1), error_reply)


def test_a_gateway_page_is_html_and_an_empty_reply_is_empty() -> None:
    assert told("gateway_page").body.startswith(b"<html>")
    assert told("empty_reply").body == b""


def test_the_page_of_a_firewall_has_status_200() -> None:
    reply = told("challenge_page")
    assert (reply.status, reply.headers) == (200, ((b"content-type", b"text/html"),))
    assert b"<title>Just a moment...</title>" in reply.body


def test_the_words_of_a_server_that_failed_are_drawn() -> None:
    random = Random(1)
    replies = [told("error_after", random) for _ in range(200)]
    assert {reply.status for reply in replies} == {200}
    texts = {json.loads(reply.body)["error"] for reply in replies}
    assert len(texts) == 6
    assert "An error occurred while placing your order" in texts
    assert any(text.startswith("SQLSTATE") for text in texts)


def test_what_stands_behind_a_reply() -> None:
    behind = {name: fault.behind for name, fault in FAULTS.items() if fault.behind}
    assert behind == {
        "trailing_newline": b"\r\n",
        "trailing_reply": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n"
        b'{"order":999999999}',
    }
