"""The examples that place orders: a spreadsheet, several panels, a backup of the journal."""

import asyncio
import io
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel, serve_in_thread
from tests.examples.scene import run

LINK = "https://example.com/p/1"
HEADER = ["reference", "service", "link", "quantity", "comments"]
ROWS = [
    ["A-1", 1, LINK, 1000, None],
    ["A-2", 2, LINK, None, None],
    ["A-3", 3, LINK, None, "Nice\nGreat"],
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- a spreadsheet --------------------------------------------------------------------------------------


def write(*rows: list[object]) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (HEADER, *rows):
        sheet.append(row)
    book.save("orders.xlsx")


def answered(answer: str, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> list[str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{answer}\n"))
    return run("spreadsheet.py", "orders.xlsx", code=code).splitlines()


@pytest.mark.usefixtures("agencia_env")
def test_a_spreadsheet_is_placed_once_however_often_it_runs(
    agencia_panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(*ROWS)

    first = answered("y", monkeypatch)
    again = answered("y", monkeypatch)

    placed = {entry.fields["service"]: entry for entry in agencia_panel.ledger}
    assert first[0] == "3 orders for 5.416 of 1000 USD"
    assert first[1].startswith("Place them? [y/N] ")
    assert sorted(" ".join(first[1:]).removeprefix("Place them? [y/N] ").split()) == sorted(
        ["A-1", str(placed["1"].order), "A-2", str(placed["2"].order), "A-3", str(placed["3"].order)]
    )
    assert again == [f"0 orders for 0 of {agencia_panel.balance:f} USD"]
    assert sum((entry.charge for entry in agencia_panel.ledger), Decimal(0)) == Decimal("5.416")
    assert placed["3"].fields["comments"] == "Nice\nGreat"


@pytest.mark.usefixtures("agencia_env")
def test_nothing_is_placed_without_a_yes(agencia_panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    write(*ROWS)

    assert answered("", monkeypatch)[0] == "3 orders for 5.416 of 1000 USD"
    assert agencia_panel.ledger == []


@pytest.mark.usefixtures("agencia_env")
def test_a_wrong_row_stops_all_rows(agencia_panel: Panel) -> None:
    wrong: list[list[object]] = [
        ["A-1", 1, LINK, 1000, None],
        ["A-1", 1, LINK, 1000, None],
        ["A-4", 999, LINK, 1000, None],
        ["A-5", 1, LINK, 10, None],
        [None, 1, LINK, 1000, None],
    ]
    write(*wrong)

    with pytest.raises(AssertionError, match="row 3") as caught:
        run("spreadsheet.py", "orders.xlsx")

    assert str(caught.value).splitlines()[:4] == [
        "row 3: reference 'A-1' is missing, or stands twice",
        "row 4: no service '999'",
        "row 5: the quantity for service 1 must be >= 50, got 10",
        "row 6: reference '' is missing, or stands twice",
    ]
    assert agencia_panel.ledger == []


@pytest.mark.agencia_faults("drop_after", actions={"add"})
@pytest.mark.usefixtures("agencia_env")
def test_an_unknown_order_is_not_placed_by_the_next_run(
    agencia_panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ROWS[0])

    assert "A-1\t" in answered("y", monkeypatch, code=1)[1]
    assert "A-1\t" in answered("y", monkeypatch, code=1)[1]
    agencia_panel.assert_placed_once(link=LINK)


# --- several panels -------------------------------------------------------------------------------------


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Panel, Panel]]:
    """Two running panels, and the configuration file that names them."""
    north, south = Panel(key="north-key"), Panel(key="south-key", balance=Decimal(20))
    with serve_in_thread(north) as north_url, serve_in_thread(south) as south_url:
        Path("config.toml").write_text(
            f'[profiles.north]\nbase_url = "{north_url}"\nkey_env = "NORTH_KEY"\n'
            f'[profiles.south]\nbase_url = "{south_url}"\nkey_env = "SOUTH_KEY"\n',
            encoding="utf-8",
        )
        for name, value in {
            "AGENCIA_CONFIG": "config.toml",
            "NORTH_KEY": north.key,
            "SOUTH_KEY": south.key,
        }.items():
            monkeypatch.setenv(name, value)
        yield north, south


def bought(link: str = LINK, *, code: int = 0) -> list[str]:
    return run("several_panels.py", "invoice-1", link, "1000", code=code).splitlines()


def test_the_second_panel_is_asked_where_the_first_refused(panels: tuple[Panel, Panel]) -> None:
    north, south = panels
    north.refuse("add", "Not enough funds on balance")

    printed = bought()
    again = bought()

    placed = south.assert_placed_once(link=LINK)
    assert north.ledger == []
    assert printed == [
        "north: 1000 USD",
        "south: 20 USD",
        "north: Not enough funds on balance",
        f"order {placed.order} at {south.url}",
    ]
    assert again[2:] == printed[3:]
    assert "different order" in bought("https://example.com/p/2", code=1)[2]
    south.assert_placed_once()


def test_an_unknown_order_goes_to_no_second_panel(panels: tuple[Panel, Panel]) -> None:
    north, south = panels
    north.faults.actions = {"add"}
    north.faults.script("drop_after")

    for _ in range(2):
        with pytest.raises(OutcomeUnknownError):
            bought()

    north.assert_placed_once(link=LINK)
    assert south.ledger == []


def test_no_panel_takes_it(panels: tuple[Panel, Panel]) -> None:
    panels[0].refuse("balance", "Ordering is disabled")
    for panel in panels:
        panel.refuse("add", "Bad link")

    assert bought(code=1) == [
        "north: Ordering is disabled",
        "south: 20 USD",
        "north: Bad link",
        "south: Bad link",
        "not placed",
    ]


# --- a backup -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("agencia_env")
def test_a_backup_holds_the_orders_and_the_oldest_ones_go(tmp_path: Path) -> None:
    async def place() -> None:
        order = DefaultOrder(service=1, link=LINK, quantity=1000)
        async with AsyncClient.from_env() as client, Journal("orders.db") as journal:
            await journal.place(client, "invoice-1", order)

    async def recorded(path: Path) -> list[str]:
        async with Journal(path, adopt=True) as journal:
            return [entry.reference async for entry in journal.entries(state="placed")]

    asyncio.run(place())
    folder = tmp_path / "backups"
    folder.mkdir()
    for _ in range(15):
        run("backup_journal.py", "orders.db", "backups")

    copies = sorted(folder.iterdir())
    assert len(copies) == 14
    assert asyncio.run(recorded(copies[-1])) == ["invoice-1"]
