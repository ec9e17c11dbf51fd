"""The example of cron: polls a database, and writes into it meanwhile."""

import configparser
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agencia_async.sandbox import Panel
from tests.examples.scene import EXAMPLES, run


@pytest.fixture
def shop(agencia_panel: Panel, tmp_path: Path) -> Path:
    """A database with 250 orders that the panel has, and one that it does not."""
    path = tmp_path / "shop.db"
    orders = [*agencia_panel.seed_orders(250), 999]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, state TEXT, charge TEXT, remains INTEGER,"
            " is_final INTEGER NOT NULL DEFAULT 0, error TEXT)"
        )
        db.executemany("INSERT INTO orders (order_id) VALUES (?)", [(order,) for order in orders])
    return path


def rows(path: Path, select: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(select).fetchall()


@pytest.mark.agencia_panel(clock=lambda: 0.0)
@pytest.mark.usefixtures("agencia_env")
def test_each_open_order_is_polled_and_written(shop: Path, agencia_panel: Panel) -> None:
    printed = run("nightly.py", str(shop), code=1)

    assert printed == "251 orders polled, 1 failed\n"
    sizes = [len(request.ids) for request in agencia_panel.requests]
    assert sorted(sizes)[-2:] == [100, 100]
    assert rows(shop, "SELECT error FROM orders WHERE order_id = 999") == [("Incorrect order ID",)]
    for order, state, charge in rows(shop, "SELECT order_id, state, charge FROM orders WHERE error IS NULL"):
        expected = agencia_panel.expected_status(int(str(order)))
        assert (state, charge) == (expected["status"], expected["charge"])  # to the last digit


@pytest.mark.usefixtures("agencia_env")
def test_a_final_order_is_not_polled_again(shop: Path, agencia_panel: Panel) -> None:
    run("nightly.py", str(shop), code=1)
    still_open = {str(order) for (order,) in rows(shop, "SELECT order_id FROM orders WHERE NOT is_final")}
    agencia_panel.requests.clear()

    printed = run("nightly.py", str(shop), code=1)

    assert 1 < len(still_open) < 251
    assert printed == f"{len(still_open)} orders polled, 1 failed\n"
    assert {asked for request in agencia_panel.requests for asked in request.ids} == still_open


@pytest.mark.usefixtures("agencia_env")
def test_a_new_shop_has_nothing_to_poll(tmp_path: Path, agencia_panel: Panel) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db")) as db:
        db.execute("CREATE TABLE orders (order_id INTEGER PRIMARY KEY, is_final INTEGER)")

    assert run("nightly.py", str(tmp_path / "new.db")) == "0 orders polled, 0 failed\n"
    assert agencia_panel.received == 0


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(EXAMPLES / name)
    return parser


def test_the_units_of_systemd_run_the_program() -> None:
    service, timer = unit("nightly.service"), unit("nightly.timer")

    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"].split()[1:] == ["nightly.py", "shop.db"]
    assert timer["Timer"]["OnCalendar"] == "*-*-* 03:00"
