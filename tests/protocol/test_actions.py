import json
import time
from collections.abc import Mapping
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    Balance,
    Cancellation,
    CustomCommentsOrder,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    RefillStatus,
    ReplyError,
    Service,
    TransportError,
)
from agencia_async._protocol import actions, calls
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async._protocol.outcomes import Wiped, errors_in
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reader, Reply, decipher


def read(
    call: Call[Any], content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Any:  # noqa: ANN401 - of any call
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return decipher(call.reader, Reply(status, headers or {}, body), Refusals())


def failure(
    call: Call[Any], content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> AgenciaError:
    with pytest.raises(AgenciaError) as caught:
        read(call, content, status, headers)
    assert caught.value.__context__ is None or isinstance(caught.value.__context__, AgenciaError)
    return caught.value


ADD = calls.add(CustomCommentsOrder(service=3, link="https://example.com/?a=b&c", comments=["é", "b"]))


@pytest.mark.parametrize(
    ("call", "form", "retry_mode"),
    [
        (calls.SERVICES, "action=services", RetryMode.ALWAYS),
        (calls.BALANCE, "action=balance", RetryMode.ALWAYS),
        (
            ADD,
            "action=add&service=3&link=https%3A%2F%2Fexample.com%2F%3Fa%3Db%26c&comments=%C3%A9%0Ab",
            RetryMode.NEVER,
        ),
        (actions.STATUS.single("5"), "action=status&order=5", RetryMode.ALWAYS),
        (actions.STATUS.batch(["5", "a"]), "action=status&orders=5%2Ca", RetryMode.ALWAYS),
        (actions.REFILL.single("5"), "action=refill&order=5", RetryMode.OPT_IN),
        (actions.REFILL.batch(["5", "6"]), "action=refill&orders=5%2C6", RetryMode.OPT_IN),
        (actions.REFILL_STATUS.single("5"), "action=refill_status&refill=5", RetryMode.ALWAYS),
        (actions.REFILL_STATUS.batch(["5", "6"]), "action=refill_status&refills=5%2C6", RetryMode.ALWAYS),
        (actions.CANCEL.single("5"), "action=cancel&orders=5", RetryMode.OPT_IN),
        (actions.CANCEL.batch(["5", "6"]), "action=cancel&orders=5%2C6", RetryMode.OPT_IN),
    ],
)
def test_each_action_sends_its_form_and_knows_whether_it_may_be_retried(
    call: Call[Any], form: str, retry_mode: RetryMode
) -> None:
    assert (call.form, call.retry_mode) == (form, retry_mode)
    assert call.action == call.reader.action == form.removeprefix("action=").partition("&")[0]


PARTIAL = {
    "charge": "0.27819",
    "start_count": "3572",
    "status": "Partial",
    "remains": "157",
    "currency": "USD",
}
PARTIAL_RECORD = OrderStatus(
    charge=Decimal("0.27819"), start_count=3572, status="Partial", remains=157, currency="USD"
)


@pytest.mark.parametrize(
    ("call", "content", "value"),
    [
        (
            calls.BALANCE,
            {"balance": "100.84292", "currency": "USD"},
            Balance(balance=Decimal("100.84292"), currency="USD"),
        ),
        (
            calls.SERVICES,
            [
                {
                    "service": 1,
                    "name": "F",
                    "type": "Default",
                    "category": "C",
                    "rate": "0.90",
                    "min": "50",
                    "max": "10000",
                    "refill": True,
                    "cancel": True,
                }
            ],
            [
                Service(
                    service=1,
                    name="F",
                    type="Default",
                    category="C",
                    rate=Decimal("0.90"),
                    min=50,
                    max=10000,
                    refill=True,
                    cancel=True,
                )
            ],
        ),
        (ADD, {"order": 23501}, 23501),
        (ADD, {"order": "ord_01H"}, "ord_01H"),
        (actions.STATUS.single("1"), PARTIAL, {"1": PARTIAL_RECORD}),
        (actions.STATUS.batch(["1"]), {"1": PARTIAL}, {"1": PARTIAL_RECORD}),
        (actions.STATUS.batch(["1"]), PARTIAL, {"1": PARTIAL_RECORD}),
        (
            actions.STATUS.batch(["2", "1"]),
            {"1": PARTIAL, "2": PARTIAL, "9": PARTIAL},
            {"2": PARTIAL_RECORD, "1": PARTIAL_RECORD},
        ),
        (actions.REFILL.single("1"), {"refill": "1"}, {"1": 1}),
        (
            actions.REFILL.batch(["1", "2"]),
            [{"order": 1, "refill": 1}, {"order": "2", "refill": "x9"}],
            {"1": 1, "2": "x9"},
        ),
        (
            actions.REFILL_STATUS.single("1"),
            {"status": "Completed"},
            {"1": RefillStatus(status="Completed")},
        ),
        (
            actions.REFILL_STATUS.batch(["1", "2"]),
            [{"refill": 1, "status": "Completed"}, {"refill": 2, "status": "Rejected", "note": "x"}],
            {
                "1": RefillStatus(status="Completed"),
                "2": RefillStatus(status="Rejected", extra={"note": "x"}),
            },
        ),
        (
            actions.CANCEL.batch(["1", "2", "3", "4"]),
            [
                {"order": 1, "cancel": 1},
                {"order": 2, "cancel": "1"},
                {"order": 3, "cancel": 88, "a": 1},
                {"order": 4, "cancel": {"status": "ok"}},
            ],
            {
                "1": Cancellation(),
                "2": Cancellation(),
                "3": Cancellation(request=88, extra={"a": 1}),
                "4": Cancellation(extra={"status": "ok"}),
            },
        ),
    ],
)
def test_each_reply_of_the_document_is_read(call: Call[Any], content: object, value: object) -> None:
    assert read(call, content) == value


@pytest.mark.parametrize(
    ("call", "content"),
    [
        (actions.STATUS.batch(["1", "2"]), {"1": PARTIAL, "2": {"error": "Incorrect order ID"}}),
        (actions.STATUS.batch(["1", "2"]), {"1": PARTIAL, "2": "Incorrect order ID"}),
        (
            actions.REFILL.batch(["1", "2"]),
            [{"order": 1, "refill": 1}, {"order": 2, "refill": {"error": "Incorrect order ID"}}],
        ),
        (
            actions.REFILL_STATUS.batch(["1", "2"]),
            [{"refill": 1, "status": "Completed"}, {"refill": 2, "status": {"error": "Refill not found"}}],
        ),
        (
            actions.CANCEL.batch(["1", "2"]),
            [{"order": 1, "cancel": 1}, {"order": 2, "cancel": {"error": "Incorrect order ID"}}],
        ),
        (
            actions.CANCEL.batch(["1", "2"]),
            [{"order": 1, "cancel": 1}, {"order": 2, "error": "Incorrect order ID"}],
        ),
    ],
)
def test_an_error_in_a_batch_is_that_ids_alone(call: Call[Any], content: object) -> None:
    answers = read(call, content)
    assert not isinstance(answers["1"], AgenciaError)
    assert type(answers["2"]) is NotFoundError
    assert answers["2"].sent == "no"
    assert errors_in(answers) == [answers["2"]]
    assert errors_in([answers]) == []


def test_an_id_that_the_reply_leaves_out_is_not_answered() -> None:
    answers = read(actions.STATUS.batch(["1", "2"]), {"1": PARTIAL, "3": PARTIAL})
    assert answers["1"] == PARTIAL_RECORD
    assert type(answers["2"]) is NotAnsweredError


@pytest.mark.parametrize(
    ("call", "row"),
    [
        (actions.REFILL.batch(["1"]), [{"order": 1}]),
        (actions.CANCEL.batch(["1"]), [{"order": 1}]),
    ],
)
def test_a_write_whose_row_cannot_be_read_has_an_unknown_outcome(call: Call[Any], row: object) -> None:
    answer = read(call, row)["1"]
    assert type(answer) is OutcomeUnknownError
    assert type(answer.cause) is ReplyError


def test_a_read_whose_row_cannot_be_read_is_a_reply_error() -> None:
    assert (
        type(read(actions.STATUS.batch(["1", "2"]), {"1": {"charge": "1"}, "2": PARTIAL})["1"]) is ReplyError
    )


@pytest.mark.parametrize(
    "content",
    [
        {"error": "Invalid API key"},
        {"Error": "Invalid API key"} | {"error": "Invalid API key"},
        {"status": "fail", "message": "Invalid API key"},
        {"status": False, "msg": "Invalid API key"},
        {"status": "error", "data": "Invalid API key"},
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_refusal_is_one_under_any_status(content: object, status: int) -> None:
    error = failure(calls.BALANCE, content, status)
    assert type(error) is AuthenticationError
    assert (error.message, error.http_status, error.sent) == ("Invalid API key", status, "no")


def test_a_refusal_that_is_no_text_keeps_its_words() -> None:
    error = failure(calls.BALANCE, {"error": {"code": 7}})
    assert type(error) is PanelError
    assert "7" in error.message
    assert not isinstance(read(actions.STATUS.single("1"), {**PARTIAL, "error": None})["1"], AgenciaError)


def test_a_failing_servers_unknown_words_prove_nothing() -> None:
    error = failure(ADD, {"error": "Something broke"}, 500)
    assert type(error) is TransportError
    assert (error.sent, error.http_status) == ("maybe", 500)
    assert type(failure(ADD, {"error": "Something broke"}, 400)) is PanelError


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("", None),
        ("soon", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        (formatdate(0, usegmt=True), 0.0),
    ],
)
def test_a_rate_limit_tells_when_to_come_again(header: str, seconds: float | None) -> None:
    error = failure(calls.BALANCE, b"slow down", 429, {"retry-after": header})
    assert isinstance(error, RateLimitedError)
    assert (error.retry_after, error.sent, error.message) == (seconds, "no", "slow down")


@pytest.mark.parametrize("set_wrong", [-3600, 3600])
def test_a_date_to_come_again_is_one_of_the_panels_clock(set_wrong: int) -> None:
    theirs = time.time() + set_wrong
    headers = {"date": formatdate(theirs, usegmt=True), "retry-after": formatdate(theirs + 5, usegmt=True)}
    error = failure(calls.BALANCE, b"slow down", 429, headers)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 5


def test_a_rate_limit_may_give_a_date_and_may_come_as_200() -> None:
    error = failure(
        calls.BALANCE, {"error": "Too many requests"}, 200, {"retry-after": formatdate(4e9, usegmt=True)}
    )
    assert isinstance(error, RateLimitedError)
    assert error.retry_after is not None
    assert error.retry_after > 1e9


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>502</html>", 502),
        (b"", 503),
        (b"{}", 500),
        (b"<html>Just a moment...</html>", 200),
        (b"[]", 520),
        (b" <p>", 403),
    ],
)
def test_a_gateways_page_is_no_usable_reply(body: bytes, status: int) -> None:
    error = failure(calls.BALANCE, body, status)
    assert type(error) is TransportError
    assert (error.sent, error.http_status) == ("maybe", status)
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize("body", [b"moved", b"{}"])
def test_a_redirect_says_where_to(body: bytes) -> None:
    error = failure(calls.BALANCE, body, 301, {"location": "https://www.example.com/"})
    assert type(error) is TransportError
    assert "https://www.example.com/; check base_url" in error.message


@pytest.mark.parametrize(
    "body", [b"", b"null", b"17", b"[]", b"[5]", b"true", b'"text"', b"OK", b'{"balance": "1', b"{}"]
)
@pytest.mark.parametrize("call", [calls.BALANCE, ADD], ids=["balance", "add"])
def test_a_body_that_is_no_answer_is_a_reply_error(call: Call[Any], body: bytes) -> None:
    error = failure(call, body)
    assert type(error) is ReplyError
    assert (error.sent, error.http_status) == ("yes", 200)


@pytest.mark.parametrize("body", [b"null", b"17", b"[5]", b'[{"name": "x"}]'])
def test_a_catalogue_is_a_list_of_services(body: bytes) -> None:
    assert type(failure(calls.SERVICES, body)) is ReplyError


@pytest.mark.parametrize("body", [b"null", b"17", b'"x"', b"[5]"])
def test_a_batch_is_an_object_or_a_list_of_objects(body: bytes) -> None:
    assert type(failure(actions.STATUS.batch(["1", "2"]), body)) is ReplyError


def test_a_long_body_is_shown_shortened() -> None:
    error = failure(calls.BALANCE, b"<html>\n" + b"x" * 5000, 502)
    assert len(error.message) < 230
    assert error.message.endswith("...")


@given(
    st.dictionaries(
        st.sampled_from("123456"), st.sampled_from([PARTIAL, {"error": "Incorrect order ID"}, "?"])
    )
)
def test_every_id_asked_for_has_exactly_one_answer(content: dict[str, object]) -> None:
    wire_ids = ["1", "2", "3"]
    answers = read(actions.STATUS.batch(wire_ids), content)
    assert list(answers) == wire_ids
    for wire_id, answer in answers.items():
        assert (answer == PARTIAL_RECORD) == (content.get(wire_id) == PARTIAL)
        assert (type(answer) is NotAnsweredError) == (wire_id not in content)


def test_whatever_goes_wrong_in_reading_is_a_reply_error() -> None:
    def broken(_content: object, _refusals: Refusals) -> object:
        raise ZeroDivisionError("oops")

    for code in (200, 500):
        with pytest.raises(AgenciaError) as caught:
            decipher(
                Reader(lambda content: content, broken, "add"), Reply(code, {}, b'{"order": 5}'), Refusals()
            )
        assert caught.value.sent != "no"


@pytest.mark.parametrize("content", [5, "order", {"total": 7}])
def test_a_reply_without_any_of_the_ids_says_so(content: object) -> None:
    error = failure(actions.STATUS.batch(["1", "2"]), content)
    assert type(error) is ReplyError
    assert str(error).startswith("the reply contains none of the requested ids: ")


@pytest.mark.parametrize("name", ["posts", "status", "error"])
def test_ids_that_are_called_as_the_fields_of_a_row(name: str) -> None:
    row = {"status": "Pending", "charge": "1"}
    found = read(actions.STATUS.batch([name, "x1"]), {name: row, "x1": row})
    assert not isinstance(found, Wiped)
    assert found["x1"].status == "Pending"


@pytest.mark.parametrize("call", [actions.REFILL.batch(["1", "2"]), actions.CANCEL.batch(["1", "2"])])
def test_a_flat_reply_to_a_batch_of_writes_leaves_none_out(call: Call[Any]) -> None:
    """To ask for the others again would be to write twice."""
    error = failure(call, {"status": "queued", "charge": "1"})
    assert "none of the requested ids" in str(error)


def test_a_flat_reply_without_a_state_is_not_that_of_the_only_id() -> None:
    assert type(failure(actions.STATUS.single("1"), {"charge": "1", "remains": "5"})) is ReplyError


@pytest.mark.parametrize("row", ["", [], {}, None])
def test_an_empty_row_is_no_answer(row: object) -> None:
    found = read(actions.STATUS.batch(["1", "2"]), {"1": row, "2": {"status": "Pending", "charge": "1"}})
    assert type(found["1"]) is NotAnsweredError


def test_a_failing_servers_words_about_one_id_may_hide_anything() -> None:
    found = read(
        actions.STATUS.batch(["1", "2"]),
        {"1": {"error": "Internal server error"}, "2": {"status": "Pending"}},
    )
    assert (type(found["1"]), found["1"].sent) == (TransportError, "maybe")


@pytest.mark.parametrize(
    "inner",
    [
        {"message": "Refill not found"},
        {"error": "Refill not found"},
        {"status": "error", "message": "Refill not found"},
    ],
)
def test_an_error_in_the_place_of_the_state_of_a_refill(inner: dict[str, str]) -> None:
    found = read(
        actions.REFILL_STATUS.batch(["3", "4"]),
        [{"refill": 3, "status": inner}, {"refill": 4, "status": "Completed"}],
    )
    assert type(found["3"]) is NotFoundError
    assert "Refill not found" in str(found["3"])
