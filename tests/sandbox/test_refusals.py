import json
from typing import Any

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.refusals import ACTIONS, PreparedRefusal, RefusalQueue

from .scene import KEY, LINK, ask, followers, form

TEXT = "Your account is on hold, write to us"
ADD = {"service": 1, "link": LINK, "quantity": 1000}


def told(panel: Panel, action: str, **fields: object) -> tuple[int, object]:
    reply = panel.handle(form(action, **fields))
    return reply.status, json.loads(reply.body)


def test_a_refusal_executes_nothing_and_is_used_up(panel: Panel) -> None:
    panel.refuse("add", TEXT)
    assert told(panel, "add", **ADD) == (200, {"error": TEXT})
    assert panel.ledger == []
    assert panel.balance == 1000
    assert told(panel, "add", **ADD) == (200, {"order": 23501})
    assert [entry.action for entry in panel.ledger] == ["add"]
    assert panel.received == 2


def test_only_requests_of_its_action_are_refused(panel: Panel) -> None:
    panel.refuse("cancel", TEXT)
    assert followers(panel) == 23501
    assert "error" not in ask(panel, "balance")
    assert ask(panel, "cancel", orders=23501) == {"error": TEXT}
    assert told(panel, "cancel", orders=23501) == (200, [{"order": 23501, "cancel": 1}])


def test_refusals_come_as_often_and_in_the_order_in_which_they_were_set(panel: Panel) -> None:
    panel.refuse("balance", "first", times=2)
    panel.refuse("status", "other")
    panel.refuse("balance", "second", status=403)
    assert [told(panel, "balance") for _ in range(3)] == [
        (200, {"error": "first"}),
        (200, {"error": "first"}),
        (403, {"error": "second"}),
    ]
    assert "balance" in ask(panel, "balance")


def test_a_wrong_key_is_refused_before_and_uses_nothing_up(panel: Panel) -> None:
    panel.refuse("balance", TEXT)
    assert panel.handle({"key": "other", "action": "balance"}).body == b'{"error":"Invalid API key"}'
    assert ask(panel, "balance") == {"error": TEXT}


@pytest.mark.parametrize(
    ("dialect", "status", "payload"),
    [
        ("nested", 503, {"status": "error", "message": TEXT}),
        ("statuses", 503, {"success": False, "errors": [TEXT]}),
        ("limited", 503, {"error": TEXT}),
        ("noisy", 503, {"provider": "north", "Error": TEXT, "tags": []}),
    ],
)
def test_a_refusal_is_in_the_dialect(dialect: str, status: int, payload: dict[str, Any]) -> None:
    panel = Panel(dialect=dialect)
    panel.refuse("balance", TEXT, status=status)
    assert told(panel, "balance") == (status, payload)


def test_a_refusal_without_a_status_of_its_own_has_that_of_the_dialect() -> None:
    panel = Panel(dialect="statuses")
    panel.refuse("balance", "Not enough funds")
    assert told(panel, "balance")[0] == 402


def test_a_fault_that_executes_nothing_uses_no_refusal_up(panel: Panel) -> None:
    panel.refuse("balance", TEXT)
    panel.faults.script("gateway_page", "drop_after")
    assert panel.answer(form("balance")).reply.status == 502
    assert panel.answer(form("balance")).wire == "close"  # it is the refusal that is lost
    assert "balance" in ask(panel, "balance")


@pytest.mark.parametrize("action", ["refunds", "", "ADD", None])
def test_an_unknown_action_is_an_error_that_lists_them(panel: Panel, action: str) -> None:
    with pytest.raises(ValueError, match=r"^action must be one of services, balance, add, .*, cancel, got"):
        panel.refuse(action, TEXT)


@pytest.mark.parametrize("text", ["", " \n", None, b"x"])
def test_a_refusal_says_something(panel: Panel, text: str) -> None:
    with pytest.raises(ValueError, match=r"^text must be what the panel says, .*, got"):
        panel.refuse("add", text)


@pytest.mark.parametrize("times", [0, -1, 1.5, True, None, "2"])
def test_a_refusal_comes_at_least_once(panel: Panel, times: int) -> None:
    with pytest.raises(ValueError, match=rf"^times must be a number of requests >= 1, got {times!r}$"):
        panel.refuse("add", TEXT, times=times)


@pytest.mark.parametrize("status", [0, 199, 201, 204, 302, 399, 600, True, "200", None])
def test_a_refusal_has_the_status_of_a_reply_that_has_a_body(panel: Panel, status: int) -> None:
    with pytest.raises(ValueError, match=rf"^status must be 200 or .* 400 to 599, got {status!r}$"):
        panel.refuse("add", TEXT, status=status)
    assert "order" in ask(panel, "add", **ADD)


@pytest.mark.parametrize("status", [200, 400, 599])
def test_the_ends_of_what_a_status_may_be(status: int) -> None:
    queue = RefusalQueue()
    queue.add("add", TEXT, 1, status)
    assert queue.take("status") is queue.take("refunds") is None
    assert queue.take("add") == PreparedRefusal(TEXT, status)
    assert queue.take("add") is None


def test_every_action_can_be_refused(panel: Panel) -> None:
    for action in ACTIONS:
        panel.refuse(action, TEXT)
        assert (
            panel.handle({"key": KEY, "action": action}).body
            == json.dumps({"error": TEXT}).replace(": ", ":").encode()
        )
