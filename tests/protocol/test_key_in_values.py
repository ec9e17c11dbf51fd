"""A key that a panel echoes shows in no value; an id, which may equal it, stays what it is."""

import json
from typing import Any

import pytest

from agencia_async import DefaultOrder
from agencia_async._protocol import actions, calls
from agencia_async._protocol.calls import Call
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from agencia_async._transport.api_key import ApiKey

KEY = "c4n4ry/k3y+1"
ECHOES = [KEY, f"for {KEY}!", KEY[:9], "c4n4ry%2Fk3y%2B1"]


def read(call: Call[Any], content: object, key: str = KEY) -> Any:  # noqa: ANN401 - of any call
    secret, body = ApiKey(key), json.dumps(content).encode()
    return decipher(call.reader, Reply(200, {}, body, secret.redact, secret.is_in(body)), Refusals())


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize(
    ("call", "content"),
    [
        (
            actions.STATUS.batch(["1", "2"]),
            {"1": {"status": "Pending", "currency": "ECHO"}, "2": {"status": "ECHO"}},
        ),
        (
            actions.STATUS.batch(["1"]),
            {"1": {"status": "Pending", "charge": "1", "note": {"deep": ["ECHO"]}}},
        ),
        (actions.STATUS.batch(["1"]), {"1": {"status": "Pending", "charge": "1", "ECHO": 1}}),
        (actions.STATUS.single("1"), {"status": "Pending", "charge": "1", "key": "ECHO"}),
        (actions.CANCEL.batch(["1"]), [{"order": 1, "cancel": {"status": "ok", "by": "ECHO"}}]),
        (calls.BALANCE, {"balance": "1.5", "currency": "ECHO", "user": "ECHO"}),
        (calls.SERVICES, [{"service": 1, "rate": "1", "name": "ECHO", "category": "ECHO", "type": "ECHO"}]),
    ],
)
def test_an_echo_shows_nowhere(call: Call[Any], content: object, echo: str) -> None:
    text = json.dumps(content).replace("ECHO", echo)
    found = repr(read(call, json.loads(text)))
    assert "***" in found
    assert echo[:8] not in found


def test_an_id_and_a_number_stay() -> None:
    key = "12345678"
    assert (
        read(actions.STATUS.batch([key]), {key: {"status": "Pending", "charge": key}}, key)[key].charge
        == 12345678
    )
    order = calls.add(DefaultOrder(service=1, link="https://example.com/", quantity=100))
    assert read(order, {"order": key, "note": f"key {key}"}, key) == 12345678
    assert read(order, {"order": "c4n4ry-k3y"}, "c4n4ry-k3y") == "c4n4ry-k3y"
    assert read(calls.SERVICES, [{"service": key, "rate": "1", "name": key}], key)[0].service == 12345678


@pytest.mark.parametrize(
    ("key", "body", "is_in"),
    [
        ("s3cret-k3y", b"... s3cret-k3y", True),
        ("s3cret-k3y", b"... s3cret-k", True),
        ("s3cret-k3y", b"... s3cret-", False),
        ("a/b/c/d/e", rb"a\/b\/c\/d\/e", True),
        ("short", b"short", False),
        ("", b"", False),
    ],
)
def test_a_body_is_looked_through_for_the_key(key: str, body: bytes, is_in: bool) -> None:  # noqa: FBT001
    assert ApiKey(key).is_in(body) is is_in


def test_an_echo_in_a_reply_exactly_as_documented() -> None:
    row = {"charge": "1", "start_count": "0", "status": "Completed", "remains": "0", "currency": KEY}
    found = read(actions.STATUS.batch(["1", "2"]), {"1": row, "2": row})
    assert [status.currency for status in found.values()] == ["***", "***"]
