from datetime import UTC, datetime, timedelta

import pytest
import typer

from agencia_async import DefaultOrder, Order, RawOrder, SubscriptionsOrder
from agencia_async.cli.commands.place_duplicates import duplicates, duration
from agencia_async.cli.commands.place_plan import Plan
from agencia_async.journal import JournalEntry, JournalState

from .test_place_plan import ORDER


def entry(reference: str, state: str, order: Order, panel: str = "p") -> JournalEntry:
    now = datetime.now(UTC)
    return JournalEntry(
        reference=reference, state=JournalState(state), order=order, panel=panel, created=now, updated=now
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("600", 600), ("90s", 90), ("10m", 600), ("10 min", 600), ("2h", 7200)]
)
def test_a_time(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "-1", "1.5h", "10 weeks", "9999999999"])
def test_no_time(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="expected seconds, or for example 10m"):
        duration(text)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (entry("B", "placed", ORDER), [("A", "B")]),
        (entry("B", "unknown", ORDER), [("A", "B")]),
        (entry("B", "new", ORDER), [("A", "B")]),
        (entry("B", "refused", ORDER), []),
        (entry("B", "placed", ORDER, "q"), []),
        (entry("B", "placed", DefaultOrder(service=2, link="x", quantity=5)), []),
        (entry("B", "placed", DefaultOrder(service=1, link="y", quantity=5)), []),
        (entry("A", "new", ORDER), []),
    ],
)
def test_what_looks_like_a_duplicate(other: JournalEntry, expected: list[tuple[str, str]]) -> None:
    found = duplicates(Plan(orders={"A": ORDER}), [other], "p")
    assert [(one.reference, one.other) for one in found] == expected


def test_the_entry_of_an_order_hides_no_other_one() -> None:
    recent = [entry("A", "new", ORDER), entry("B", "placed", ORDER)]
    found = duplicates(Plan(orders={"A": ORDER, "C": ORDER}), recent, "p")
    assert [(one.reference, one.other) for one in found] == [("A", "B"), ("C", "A")]


def test_duplicates_in_one_file() -> None:
    about = SubscriptionsOrder(service=1, username="u", min=1, max=2, posts=1, delay=0)
    nothing = RawOrder(1, {"quantity": "5"})
    orders = {"A": ORDER, "B": about, "C": nothing, "D": nothing, "E": about, "F": ORDER}
    found = duplicates(Plan(orders=orders), [], "p")
    assert [(one.reference, one.other) for one in found] == [("E", "B"), ("F", "A")]
