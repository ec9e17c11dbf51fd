from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import Balance, OrderStatus, ReplyError, Service
from agencia_async._protocol.decoding import decode, in_turns
from agencia_async._protocol.records import reader
from agencia_async._protocol.scalars import boolean, count, identifier, number, text
from tests.support.texts import texts


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'{"a": 0.08011655652}', {"a": Decimal("0.08011655652")}),
        (b'\xef\xbb\xbf{"a": "1"}', {"a": "1"}),
        (b" [1, 2]\n", [1, 2]),
        (b"0.10", Decimal("0.10")),
        (b"[1e99999999999999999999]", ["1e99999999999999999999"]),
        (b"[1e65]", ["1e65"]),
        (
            b'["\xff", "\\ud83d", "\\ud83d\\ude00", "\\\\ud83d", "\n"]',
            ["\ufffd", "\ufffd", "\U0001f600", "\\ud83d", " "],
        ),
    ],
)
def test_json_is_decoded_digit_by_digit(body: bytes, content: object) -> None:
    assert repr(decode(body)) == repr(content)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"a": 1', b"NaN", b"[Infinity]", b"\xff", b'"\xff"', b'["\xff', b"[" * 100_000]
)
def test_what_is_no_json_is_a_reply_error_without_a_chain(body: bytes) -> None:
    with pytest.raises(ReplyError, match="not JSON") as caught:
        decode(body)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("0.27819", "0.27819"),
        ("100.84292000", "100.84292000"),
        (" 1.50 ", "1.50"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("-5", "-5"),
        (".5", "0.5"),
        ("1e3", "1E+3"),
        (157, "157"),
        (Decimal("0.1"), "0.1"),
    ],
)
def test_a_number_is_a_number_or_its_text(value: object, found: str) -> None:
    assert str(number(value)) == found


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-",
        ".",
        "e5",
        "1,23",
        "1,2345",
        "12 3",
        "NaN",
        "Infinity",
        "Unknown",
        "٣",
        "1_000",
        "1e9999",
        "1" * 65,
        None,
        True,
        1.5,
        [],
        {},
        Decimal("NaN"),
        Decimal("1e999999999"),
    ],
)
def test_anything_else_is_no_number(value: object) -> None:
    assert number(value) is None
    assert count(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("3572", 3572),
        (157, 157),
        ("1,000", 1000),
        ("0", 0),
        ("12.0", 12),
        ("12.5", None),
        (Decimal("3.0"), 3),
    ],
)
def test_a_count_is_a_whole_number(value: object, found: int | None) -> None:
    assert count(value) == found


@pytest.mark.parametrize("value", [True, 1, "1", "true", "True", " TRUE "])
def test_true_in_every_spelling(value: object) -> None:
    assert boolean(value) is True


@pytest.mark.parametrize("value", [False, 0, "0", "false", "False", "", None])
def test_false_in_every_spelling(value: object) -> None:
    assert boolean(value) is False


@pytest.mark.parametrize("value", ["maybe", 2, [], {}])
def test_what_is_neither_is_none(value: object) -> None:
    assert boolean(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        ("0", 0),
        ("007", "007"),
        ("5f", "5f"),
        ("ord_01H", "ord_01H"),
        ("9" * 65, "9" * 65),
    ],
)
def test_an_id_is_an_integer_where_its_text_is_plain(value: object, found: int | str) -> None:
    assert identifier(value) == found
    assert type(identifier(value)) is type(found)


@pytest.mark.parametrize("value", ["", " ", None, True, [], {}])
def test_what_is_no_id(value: object) -> None:
    with pytest.raises(ReplyError):
        identifier(value)


def test_a_record_is_read_whatever_its_fields_look_like() -> None:
    read = reader(Service)
    assert read(
        {
            "service": "7",
            "Name": "Followers",
            "type": "Default",
            "category": "Instagram",
            "rate": Decimal("0.90"),
            "min": "50",
            "max": "10,000",
            "refill": "false",
            "cancel": 1,
            "desc": "fast",
        }
    ) == Service(
        service=7,
        name="Followers",
        type="Default",
        category="Instagram",
        rate=Decimal("0.90"),
        min=50,
        max=10_000,
        refill=False,
        cancel=True,
        extra={"desc": "fast"},
    )


def test_extra_keeps_what_the_record_does_not_name() -> None:
    status = reader(OrderStatus)(
        {"status": "Active", "Start_Counter": 5, "Lap": "3", "Status": "second", "extra": "x"}
    )
    assert (status.status, status.start_count) == ("Active", 5)
    assert dict(status.extra) == {"Lap": "3", "Status": "second", "extra": "x"}


def test_what_cannot_be_read_is_none_where_it_may_be() -> None:
    status = reader(OrderStatus)(
        {"status": "Pending", "charge": "soon", "start_count": "Unknown", "remains": "", "currency": ""}
    )
    assert (status.charge, status.start_count, status.remains, status.currency) == (None, None, None, None)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({}, "missing field in the reply: balance"),
        ({"balance": "much"}, "'much' is not a valid amount"),
        ({"balance": None}, "None is not a valid amount"),
    ],
)
def test_what_must_be_there_is_a_reply_error(row: dict[str, object], fault: str) -> None:
    with pytest.raises(ReplyError, match=fault) as caught:
        reader(Balance)(row)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("status", [None, True, [], {}])
def test_a_text_is_text_or_a_number(status: object) -> None:
    assert reader(OrderStatus)({"status": 5}).status == "5"
    with pytest.raises(ReplyError, match="expected a string"):
        reader(OrderStatus)({"status": status})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["charge", "status", "remains", "Status", "start_counter", "x"]), json_values
    )
)
def test_any_row_is_a_record_or_a_reply_error(row: dict[str, object]) -> None:
    try:
        status = reader(OrderStatus)(row)
    except ReplyError:
        return
    assert isinstance(status.status, str)
    assert status.charge is None or status.charge.is_finite()
    assert status.remains is None or type(status.remains) is int


def test_a_long_list_is_read_row_by_row_to_the_same_effect() -> None:
    row = b'{"rate": 0.10, "name": "\xc3\xa9", "on": [true, null]}'
    content = {"rate": Decimal("0.10"), "name": "é", "on": [True, None]}
    assert decode(b" [" + b", ".join([row] * 6_000) + b"]\n") == [content] * 6_000


@pytest.mark.parametrize("bad", [b'{"a": }', b"nope", b"1 2", b""])
def test_a_long_list_with_a_fault_is_no_json(bad: bytes) -> None:
    with pytest.raises(ReplyError, match="not JSON"):
        decode(b"[" + b"1234567890," * 30_000 + bad + b",1]")


def test_a_long_list_is_mended_like_any_other() -> None:
    assert decode(b"[" + b'{"n":1234567},' * 30_000 + b'{"n":"a\nb"}]')[-1] == {"n": "a b"}  # type: ignore[index]


def test_others_get_their_turn_after_each_hundred_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr("time.sleep", lambda seconds: seen.append((seconds, len(seen))))
    for row in in_turns(range(250)):
        seen.append(row)  # noqa: PERF402 - in between, the others are noted
    assert [row for row in seen if not isinstance(row, tuple)] == list(range(250))
    assert [turn for turn in seen if isinstance(turn, tuple)] == [(0, 100), (0, 201)]


def test_what_is_too_large_for_a_number_is_a_fault() -> None:
    largest = 10**64 - 1
    assert identifier(largest) == largest
    assert text(largest) == str(largest)
    for read in (identifier, text):
        with pytest.raises(ReplyError, match="expected a string, got an integer"):
            read(largest + 1)


def test_a_count_has_as_many_digits_as_a_number() -> None:
    assert count("9" * 64) == 10**64 - 1
    assert count("9" * 65) is None


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_id_is_called_so(value: str) -> None:
    with pytest.raises(ReplyError, match=r"^an id is empty$"):
        identifier(value)
