import json
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import msgspec
import pytest

from agencia_async import (
    AgenciaError,
    Balance,
    BulkItem,
    BulkResult,
    Cancellation,
    Change,
    CustomCommentsOrder,
    DefaultOrder,
    InvalidInputError,
    NotFoundError,
    OrderState,
    OrderStatus,
    OutcomeUnknownError,
    RateLimitedError,
    RefillStatus,
    ReplyError,
    Service,
    SubscriptionsOrder,
    TransportError,
    WatchStats,
)
from agencia_async._plain.plain import plain
from agencia_async.journal import Finding, JournalEntry, JournalState, Refusal
from agencia_async.models import Extra

LINK = "https://example.com/p/1"
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUS = OrderStatus(
    charge=Decimal("0E-7"), status="Partial", orders=(1, "a"), extra=Extra({"x": [{"y": 1}]})
)
ORDER = DefaultOrder(service=1, link=LINK, quantity=10)


class Number:
    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+3"), "1000"),
        (date(2030, 1, 2), "2030-01-02"),
        (NOW, "2030-01-02T03:04:05+00:00"),
        (OrderState.PARTIAL, "Partial"),
        ({1: (2, {3})}, {"1": [2, [3]]}),
        (Number(), 7),
        (ValueError("why"), "why"),
        (Balance(balance=Decimal(1)), {"balance": "1", "currency": "", "extra": {}}),
    ],
)
def test_a_value_as_plain_data(value: object, expected: object) -> None:
    told = plain(value)
    assert (told, type(told)) == (expected, type(expected))


def test_a_status_as_plain_data() -> None:
    assert STATUS.to_dict() == {
        "charge": "0.0000000",
        "start_count": None,
        "status": "Partial",
        "remains": None,
        "currency": None,
        "orders": [1, "a"],
        "runs": None,
        "posts": None,
        "expiry": None,
        "state": "Partial",
        "is_final": True,
        "extra": {"x": [{"y": 1}]},
    }


ENTRY = JournalEntry(
    reference="a",
    state=JournalState.PLACED,
    order=ORDER,
    order_id=5,
    order_ids=(5, "x"),
    panel="https://panel.example",
    history=(Refusal(order=ORDER, panel="https://panel.example", error="no", updated=NOW),),
    created=NOW,
    updated=NOW,
)
EVERYTHING = [
    STATUS,
    Service(service=1, rate=Decimal("0.90"), refill=None),
    RefillStatus(status="Completed"),
    Cancellation(request=None),
    Balance(balance=Decimal(1)),
    BulkItem(1, STATUS),
    BulkItem[OrderStatus]("x", error=NotFoundError("unknown")),
    Change(1, RefillStatus(status="Pending"), previous=RefillStatus(status="Awaiting"), number=2),
    Change[OrderStatus](1, error=NotFoundError("unknown"), number=1),
    WatchStats(watched=1, untold=0, states={"Pending": 1}, requests=3, away=1.5, error=TransportError("x")),
    ENTRY,
    Finding(entry=ENTRY, advice="look", status=STATUS),
    Finding(entry=ENTRY, advice="look", kind="unknown", balance=Decimal(1), balance_before_at=NOW),
    ORDER,
    CustomCommentsOrder(service=1, link=LINK, comments="a\nb"),
    OutcomeUnknownError("who knows", cause=TransportError("reset")),
]


@pytest.mark.parametrize("thing", EVERYTHING, ids=lambda thing: type(thing).__name__)
def test_everything_leaves_as_json(thing: OrderStatus) -> None:
    told = thing.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert msgspec.json.decode(msgspec.json.encode(told)) == told


def test_what_is_in_an_entry_is_plain_too() -> None:
    told = ENTRY.to_dict()
    assert (told["state"], told["created"]) == ("placed", NOW.isoformat())
    assert told["order"] == ORDER.to_dict()
    assert told["history"][0]["order"]["type"] == "DefaultOrder"


def test_a_result_gives_a_list_of_rows() -> None:
    error = NotFoundError("Incorrect order ID", http_status=200)
    result = BulkResult([BulkItem(1, 5), BulkItem("2", error=error)])
    assert result.to_dicts() == [
        {"id": 1, "ok": True, "value": 5, "error": None},
        {"id": "2", "ok": False, "value": None, "error": error.to_dict()},
    ]


def test_the_further_fields_are_plain_under_asdict() -> None:
    told = json.loads(json.dumps(attrs.asdict(STATUS), default=str))
    assert told["extra"] == {"x": [{"y": 1}]}


@pytest.mark.parametrize(
    "error",
    [
        RateLimitedError("slower", http_status=429, retry_after=1.5),
        InvalidInputError("too few", field="quantity"),
        OutcomeUnknownError("who knows", cause=ReplyError("not JSON", http_status=502)),
        NotFoundError("x" * 500),
        TransportError("late", sent="maybe"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_made_again_of_its_plain_data(error: AgenciaError) -> None:
    error.action, error.attempts, error.id = "refill", 2, "x1"
    again = AgenciaError.from_dict(json.loads(json.dumps(error.to_dict())))
    assert type(again) is type(error)
    assert again.to_dict() == error.to_dict()
    assert again.notes == ("order x1",)
    assert isinstance(again.__cause__, ReplyError) == isinstance(error, OutcomeUnknownError)


def test_an_error_of_a_later_version_is_still_one() -> None:
    error = AgenciaError.from_dict({"type": "NovelError", "message": "what"})
    assert (type(error), error.message, error.id, error.sent) == (AgenciaError, "what", None, "no")


def test_an_order_of_dates_and_lines_is_plain() -> None:
    order = SubscriptionsOrder(service=1, username="a", min=1, max=2, delay=0, expiry=date(2030, 1, 2))
    assert order.to_dict()["expiry"] == "2030-01-02"
    assert CustomCommentsOrder(service=1, link=LINK, comments=["a", "b"]).to_dict()["comments"] == ["a", "b"]
