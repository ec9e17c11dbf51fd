"""Which orders and services are shown, and in which order."""

import csv
import json
import os
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from attrs import evolve
from rich.console import Console

from agencia_async import Catalogue, Id, Service
from agencia_async.cli.commands.catalogue_changes import change_rows
from agencia_async.cli.input.catalogue_file import read_catalogue
from agencia_async.cli.output.rows import Row
from agencia_async.cli.output.view import ViewOptions
from agencia_async.journal import Journal, JournalEntry

from .conftest import Agencia, Outcome, WatchedPanel, interrupt, invoke
from .placing import numbered

pytestmark = pytest.mark.usefixtures("here")


def charge_of(panel: WatchedPanel, order: Id) -> Decimal:
    return Decimal(str(panel.expected_status(order)["charge"]))


def ids(done: Outcome) -> list[str]:
    return [row["id"] for row in csv.DictReader(done.rows)]


# --- sorting --------------------------------------------------------------------------------------------


def ordered(sort: str | None, *values: object, limit: int | None = None) -> list[object]:
    rows = [{"x": value} for value in values]
    return [row["x"] for row in ViewOptions(sort=sort, limit=limit).of(rows)]


def test_numbers_are_sorted_as_numbers_and_what_is_missing_comes_last() -> None:
    mixed = ("10", None, "b", Decimal("9.5"), "", 2, "A", "nan")
    assert ordered("x", *mixed) == [2, Decimal("9.5"), "10", "A", "b", "nan", None, ""]
    assert ordered("-x", *mixed) == ["nan", "b", "A", "10", Decimal("9.5"), 2, None, ""]
    assert ordered("-x", *mixed, limit=2) == ["nan", "b"]
    assert ordered(None, *mixed, limit=2) == ["10", None]
    assert ordered("x", True, False) == [False, True]


class Kept:
    def __init__(self) -> None:
        self.rows: list[object] = []

    def row(self, row: Row) -> None:
        self.rows.append(row["x"])


def test_rows_are_passed_on_at_once_unless_they_are_sorted() -> None:
    kept = Kept()
    with ViewOptions(limit=2).over(kept, lambda row: row["x"] != 3) as view:
        for value in (3, 2, 1):
            view.row({"x": value})
        assert kept.rows == [2, 1]
        view.row({"x": 0})
        assert kept.rows == [2, 1]
    with ViewOptions(sort="x", limit=2).over(kept, lambda _: True) as view:
        for value in (9, 8, 7):
            view.row({"x": value})
        assert kept.rows == [2, 1]
    assert kept.rows == [2, 1, 7, 8]


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("command", [("status", "1"), ("services",), ("services", "--since", "x.csv")])
def test_a_column_that_there_is_not(panel: WatchedPanel, agencia: Agencia, command: tuple[str, ...]) -> None:
    done = agencia(*command, "--sort", "-nothing")
    assert (done.code, panel.received) == (2, 0)
    assert "cannot sort by '-nothing'" in done.err


# --- status ---------------------------------------------------------------------------------------------


@pytest.fixture
def orders(panel: WatchedPanel) -> list[str]:
    """Five orders: completed, partial, in progress, pending, and one in a state that nobody knows."""
    found = [str(order) for order in panel.seed_orders(5)]
    states = ("Completed", "Partial", "In progress", "Pending", "Vanished")
    for order, state in zip(found, states, strict=True):
        panel.set_state(order, state)
    return found


def test_only_open_orders(orders: list[str], agencia: Agencia) -> None:
    done = agencia("status", *orders, "none-1", "--any-id", "--open")
    assert set(ids(done)) == {*orders[2:], "none-1"}  # what failed may be open
    assert done.code == 1
    assert "6 ids in " in done.err


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (["completed"], [0]),
        (["in-progress", "--state", "PENDING"], [2, 3]),
        (["in_progress", "--open"], [2]),
        (["partial", "--open"], []),
        (["unknown"], [4]),
    ],
)
def test_orders_in_a_state(orders: list[str], agencia: Agencia, states: list[str], wanted: list[int]) -> None:
    done = agencia("status", *orders, "none-1", "--any-id", "--state", *states)
    assert ids(done) == [orders[place] for place in wanted]
    assert done.code == 1  # of the order that is not shown


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--errors"], [5]),
        (["--errors", "--state", "partial"], [1, 5]),
        (["--errors", "--open"], [5]),
        (["--errors", "--open", "--state", "partial", "--state", "pending"], [3, 5]),
    ],
)
def test_only_ids_with_an_error(
    orders: list[str], agencia: Agencia, options: list[str], wanted: list[int]
) -> None:
    every = [*orders, "none-1"]
    done = agencia("status", *every, "--any-id", *options)
    assert sorted(ids(done)) == sorted(every[place] for place in wanted)
    assert (done.code, "\nerror " in done.err) == (1, True)


def test_a_state_that_there_is_not(orders: list[str], panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("status", *orders, "--state", "finished")
    assert (done.code, panel.received) == (2, 0)
    assert "'finished' is not a state; the states are Pending," in " ".join(done.err.replace("│", "").split())


def test_sorted_and_limited(panel: WatchedPanel, agencia: Agencia) -> None:
    orders = panel.seed_orders(30)
    dearest = sorted(orders, key=lambda order: -charge_of(panel, order))
    done = agencia("status", *orders, "--sort", "-charge", "--limit", 3)
    charges = [Decimal(row["charge"]) for row in csv.DictReader(done.rows)]
    assert charges == [charge_of(panel, order) for order in dearest[:3]]
    assert (done.code, done.err.splitlines()[-1].split(" in ")[0]) == (0, "30 ids")
    assert len(ids(agencia("status", *orders, "--limit", 3))) == 3
    by_id = agencia("status", *reversed(orders), "--sort", "id", "--format", "json")
    assert [row["id"] for row in json.loads(by_id.out)] == orders


def test_an_interruption_loses_no_row_that_waits_to_be_sorted(panel: WatchedPanel, here: Path) -> None:
    orders = panel.seed_orders(1500)
    (here / "ids.txt").write_text("".join(f"{order}\n" for order in orders))
    panel.at_request(12, interrupt)
    done = invoke("status", "--file", "ids.txt", "--sort", "-id", "--concurrency", 1)
    found = [int(row) for row in ids(done)]
    assert done.code == 130
    assert len(found) >= 1000
    assert found == sorted(found, reverse=True)


# --- the ids of a journal -------------------------------------------------------------------------------


def test_the_orders_of_a_journal(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agencia("place", numbered(3, here), "--journal", "orders.db", "--yes").code == 0
    placed = [str(entry.order) for entry in panel.ledger]
    panel.refuse("add", "Incorrect link", times=1)
    (here / "more.csv").write_text("reference,service,link,quantity\nx,1,https://a.b/x,100\n")
    assert agencia("place", "more.csv", "--journal", "orders.db", "--yes").code == 1
    before = panel.received
    done = agencia("status", "--journal", "orders.db", "--sort", "id")
    assert (ids(done), done.code) == (sorted(placed), 0)
    assert (panel.received, len(panel.requests[-1].ids)) == (before + 1, 3)
    panel.set_state(placed[0], "Completed")
    assert set(ids(agencia("status", "--journal", "orders.db", "--open"))) == set(placed[1:])
    url = os.environ["AGENCIA_BASE_URL"]
    monkeypatch.setenv("AGENCIA_BASE_URL", "http://127.0.0.1:9/other")
    done = agencia("status", "--journal", "orders.db")
    assert (done.code, done.err) == (
        2,
        f"agencia: no order was placed at 127.0.0.1:9 through orders.db, only at {url}\n",
    )


def test_an_order_that_became_several_at_the_panel(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agencia("place", numbered(1, here), "--journal", "orders.db", "--yes").code == 0
    others = tuple(panel.seed_orders(2))
    entries = Journal.entries

    async def of_several(journal: Journal, state: Literal["placed"]) -> AsyncGenerator[JournalEntry]:
        async for entry in entries(journal, state):
            yield evolve(entry, order_ids=others)
            yield evolve(entry, order_ids=(), order_id=None)

    monkeypatch.setattr(Journal, "entries", of_several)
    assert set(ids(agencia("status", "--journal", "orders.db"))) == set(map(str, others))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["1"], "pass ids in exactly one way"),
        (["--file", "many.csv"], "pass ids in exactly one way"),
        (["--output", "orders.db"], "--output would overwrite the journal: orders.db"),
    ],
)
def test_a_journal_and_other_ids(
    panel: WatchedPanel, agencia: Agencia, here: Path, more: list[str], reason: str
) -> None:
    assert agencia("place", numbered(1, here), "--journal", "orders.db", "--yes").code == 0
    sent = panel.received
    done = agencia("status", "--journal", "orders.db", *more)
    assert (done.code, panel.received, reason in done.err) == (2, sent, True)


def test_a_journal_that_is_not_there(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    done = agencia("status", "--journal", "orders.db")
    assert (done.code, done.err, panel.received) == (2, "agencia: journal not found: orders.db\n", 0)
    assert not (here / "orders.db").exists()


# --- services -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("panel")
def test_services_sorted_and_limited(agencia: Agencia) -> None:
    done = agencia("services", "--sort", "-rate", "--limit", 2)
    rates = [Decimal(row["rate"]) for row in csv.DictReader(done.rows)]
    everything = [Decimal(row["rate"]) for row in csv.DictReader(agencia("services").rows)]
    assert rates == sorted(everything, reverse=True)[:2]
    assert done.err == "2 of 40 services\n"


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (40, "service rate min max type name"),
        (56, "service rate min max type name"),
        (57, "service rate min max refill type name"),
        (65, "service rate min max refill cancel type name"),
        (80, "service rate min max refill cancel type name"),
        (81, "service rate min max refill cancel type category name"),
        (200, "service rate min max refill cancel type category name"),
    ],
)
def test_columns_where_there_is_room(
    agencia: Agencia, width: int, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def screen(_: Path | None) -> Console:
        return Console(force_terminal=True, color_system=None, width=width, highlight=False)

    for module in ("options", "commands.services"):
        monkeypatch.setattr(f"agencia_async.cli.{module}.terminal", screen)
    done = agencia("services", "--type", "package", "--max-rate", "4.50")
    assert done.rows[0].split() == columns.split()


# --- what changed ---------------------------------------------------------------------------------------


@pytest.fixture(params=["csv", "json", "jsonl"])
def saved(request: pytest.FixtureRequest, panel: WatchedPanel, agencia: Agencia) -> str:
    """A file with the catalogue as it was; since then a price has changed, and a service is gone."""
    file = f"services.{request.param}"
    assert agencia("services", "--format", request.param, "--output", file).code == 0
    panel.change_price(1, Decimal("1.10"))
    panel.disable_service(2)
    return file


def test_what_changed_since_a_file(saved: str, agencia: Agencia) -> None:
    done = agencia("services", "--since", saved)
    assert done.rows == [
        "change,service,name,field,old,new",
        "gone,2,Starter package,rate,4.50,",
        "price,1,Followers,rate,0.90,1.10",
    ]
    assert (done.code, done.err) == (0, f"2 changes since {saved}\n")
    assert agencia("services", "--since", saved, "--limit", 1).rows[1:] == done.rows[1:2]
    assert agencia("services", "--since", saved, "--search", "starter").rows[1:] == done.rows[1:2]
    assert agencia("services", "--since", saved, "--search", "followers", "--quiet").err == ""
    table = agencia("services", "--since", saved, "--format", "table").rows
    assert table[0].split() == ["change", "service", "field", "old", "new", "name"]


def test_the_file_is_not_overwritten(saved: str, panel: WatchedPanel, agencia: Agencia) -> None:
    sent = panel.received
    done = agencia("services", "--since", saved, "--output", saved)
    assert (done.code, panel.received) == (2, sent)
    assert done.err == f"agencia: --output would overwrite the catalogue: {saved}\n"


def service(number: int, **fields: object) -> Service:
    return Service(**{"service": number, "name": f"S{number}", "rate": Decimal(1), **fields})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_each_field_that_changed_is_a_row() -> None:
    old = Catalogue([service(1), service(2, min=1, max=5, refill=True, cancel=False)])
    new = Catalogue([service(3), service(2, min=2, max=6, refill=False, cancel=None, category="New")])
    rows = change_rows(new, old, [1, "2", 3])
    assert [tuple(row.values()) for row in rows] == [
        ("added", 3, "S3", "rate", "", "1"),
        ("gone", 1, "S1", "rate", "1", ""),
        ("limits", 2, "S2", "min", "1", "2"),
        ("limits", 2, "S2", "max", "5", "6"),
        ("flags", 2, "S2", "refill", "true", "false"),
        ("flags", 2, "S2", "cancel", "false", ""),
        ("details", 2, "S2", "category", "", "New"),
    ]
    assert change_rows(new, old, [2]) == rows[2:]


def test_a_catalogue_as_the_panel_sends_it(here: Path) -> None:
    (here / "raw.json").write_text('\ufeff [{"service": 7, "rate": 0.90, "min": 1, "refill": true, "x": {}}]')
    (one,) = read_catalogue(here / "raw.json")
    assert one == Service(service="7", rate=Decimal("0.90"), min=1, refill=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "missing column: service or rate, as in the output of agencia services"),
        ("service;name\n1;x\n", "missing column: service or rate, as in the output of agencia services"),
        ("service,rate\n", "contains no services"),
        ("service,rate\n1,x\n", "service 1: not in the format of agencia services"),
        ("service,rate,min\n1,1,\n2,1,x\n", "service 2: not in the format of agencia services"),
        ("service,rate,name\n1\n", "service 1: not in the format of agencia services"),
        ("[]", "contains no services"),
        ("[1]", "service 1: not in the format of agencia services"),
        ('[{"service": 1}]', "service 1: not in the format of agencia services"),
        ("[", "not valid JSON"),
        ('{"service": 1', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_no_catalogue(
    panel: WatchedPanel, agencia: Agencia, here: Path, content: str, reason: str
) -> None:
    (here / "some.csv").write_text(content)
    done = agencia("services", "--since", "some.csv")
    assert (done.code, panel.received) == (2, 0)
    assert done.err.startswith("agencia: some.csv")
    assert done.err.endswith(f"{reason}\n")


@pytest.mark.usefixtures("panel")
def test_a_file_that_cannot_be_read(agencia: Agencia) -> None:
    assert agencia("services", "--since", "none.csv").err == (
        "agencia: cannot read none.csv: No such file or directory\n"
    )
