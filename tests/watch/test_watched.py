"""What an answer means for one id."""

import math
from decimal import Decimal

import pytest

from agencia_async import (
    AgenciaError,
    InvalidOrderError,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    PanelError,
    RateLimitedError,
    RefillStatus,
    TransportError,
    UnavailableError,
)
from agencia_async._watch.schedule import Intervals
from agencia_async._watch.watched import Known, Watched

INTERVALS = Intervals(5, 3600)
NEW: Known[OrderStatus] = Known(0)


def status(word: str = "In progress", remains: int | None = 100, charge: str = "1.5") -> OrderStatus:
    return OrderStatus(status=word, remains=remains, charge=Decimal(charge))


def fresh() -> Watched[OrderStatus]:
    return Watched(7, "7", NEW)


def test_the_first_status_is_a_change() -> None:
    order = fresh()
    assert order.answered(status(), 1)
    assert order.has_news
    change = order.take()
    assert (change.id, change.value, change.previous, change.number) == (7, status(), None, 1)
    assert not order.has_news


@pytest.mark.parametrize("other", [status("Pending"), status(remains=99), status(charge="1.6")])
def test_another_status_charge_or_remains_is_a_change(other: OrderStatus) -> None:
    order = fresh()
    order.answered(status(), 1)
    order.take()
    assert not order.answered(status(), 2)
    assert not order.has_news
    assert order.answered(other, 3)
    change = order.take()
    assert (change.value, change.previous, change.number) == (other, status(), 2)


def test_the_start_count_alone_is_none() -> None:
    order = fresh()
    order.answered(status(), 1)
    assert not order.answered(
        OrderStatus(status="In progress", remains=100, charge=Decimal("1.5"), start_count=3), 2
    )


def test_changes_that_nobody_took_are_one() -> None:
    order = fresh()
    order.answered(status(), 1)
    order.take()
    for remains in (80, 60, 40):
        order.answered(status(remains=remains), 2)
    change = order.take()
    assert (change.value, change.previous, change.number) == (status(remains=40), status(), 4)


def test_what_is_again_as_it_was_told_is_no_news() -> None:
    order = fresh()
    order.answered(status(), 1)
    order.take()
    order.answered(status(remains=80), 2)
    order.answered(status(), 3)
    assert not order.has_news


def test_a_final_status_ends_it() -> None:
    order = fresh()
    order.answered(status("Completed", 0), 1)
    assert order.is_ended
    assert order.take().is_final


def test_the_age_counts_from_the_last_change_of_state() -> None:
    order = fresh()
    order.answered(status(), 1000)
    assert order.due(1000, INTERVALS, 600) == 1000 + 150
    order.answered(status(remains=50), 2000)
    assert order.due(2000, INTERVALS, 600) == 2000 + 300
    order.answered(status("Pending"), 3000)
    assert order.due(3000, INTERVALS, 600) == 3000 + 5


def test_spellings_of_one_state_are_one_state() -> None:
    order = fresh()
    order.answered(status("made up"), 1000)
    assert order.answered(status("made up as well"), 2000)
    assert order.due(10_000, INTERVALS, 600) == 10_000 + 1500
    assert order.due(10**6, INTERVALS, 600) == 10**6 + 3600


def test_an_unknown_id_ends_after_a_while() -> None:
    order = fresh()
    error = NotFoundError("Incorrect order ID")
    assert not order.failed(error, 10, 600)
    assert order.due(10, INTERVALS, 600) == 15
    assert not order.failed(error, 600, 600)
    assert order.due(600, INTERVALS, 600) == 610
    assert order.failed(error, 610, 600)
    change = order.take()
    assert (change.value, change.number, change.is_final) == (None, 1, True)
    assert isinstance(change.error, NotFoundError)
    assert change.error.id == 7
    assert order.is_ended


def test_an_id_that_appears_is_unknown_no_more() -> None:
    order = fresh()
    assert not order.failed(NotFoundError("no"), 0, 600)
    order.answered(status(), 500)
    assert not order.failed(NotFoundError("no"), 700, 600)
    assert order.due(700, INTERVALS, 600) == 705
    assert order.failed(NotFoundError("no"), 1300, 600)
    assert order.take().previous is None


@pytest.mark.parametrize(
    "error", [NotAnsweredError("left out"), InvalidOrderError("odd"), PanelError("words")]
)
def test_what_was_seen_does_not_end_because_it_is_left_out(error: AgenciaError) -> None:
    order = fresh()
    assert not order.failed(error, 0, 600)
    assert order.failed(error, 600, 600)
    seen = fresh()
    seen.answered(status(), 0)
    assert not seen.failed(error, 1, 600)
    assert not seen.failed(error, 10_000, 600)
    assert seen.due(10_000, INTERVALS, 600) == 10_000 + 1500


@pytest.mark.parametrize(
    "error", [TransportError("away"), RateLimitedError("busy"), UnavailableError("closed")]
)
def test_errors_of_the_panel_end_nothing(error: AgenciaError) -> None:
    order = fresh()
    assert not order.failed(error, 0, 600)
    assert not order.failed(error, 10_000, 600)
    assert not order.has_news


def test_the_looks_at_an_unknown_id_after_its_time() -> None:
    order = fresh()
    order.failed(NotFoundError("no"), 0, 600)
    assert order.due(math.nextafter(600, 700), INTERVALS, 600) == pytest.approx(690)


def test_what_is_known_from_before() -> None:
    known = Known(-100.0, status(), None, 4, status(), 4)
    order = Watched(7, "7", known)
    assert not order.has_news
    assert not order.answered(status(), 900)
    assert order.due(900, INTERVALS, 600) == 900 + 150
    assert order.answered(status("Completed", 0), 1000)
    change = order.take()
    assert (change.previous, change.number) == (status(), 5)


def test_what_was_recorded_and_not_told_is_news() -> None:
    order = Watched(7, "7", Known(0, status(remains=5), None, 4, status(), 3))
    assert order.has_news
    assert (order.take().previous, order.has_news) == (status(), False)


def test_refills_have_a_status_alone() -> None:
    refill: Watched[RefillStatus] = Watched(7, "7", Known(0))
    assert refill.answered(RefillStatus(status="Pending"), 1)
    assert not refill.answered(RefillStatus(status="Pending"), 2)
    assert refill.answered(RefillStatus(status="Completed"), 3)
    assert refill.is_ended
