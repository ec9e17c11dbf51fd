"""The example of cron: polls a database, and writes into it meanwhile."""

import configparser
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agencia_async.cli.app import app
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
def test_each_open_order_is_polled_and_written(
    shop: Path, agencia_panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("nightly.py", str(shop), code=1) == ""

    assert capsys.readouterr().err == "nightly: failed orders: 1; the first: 999: Incorrect order ID\n"
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

    run("nightly.py", str(shop), code=1)

    assert 1 < len(still_open) < 251
    assert {asked for request in agencia_panel.requests for asked in request.ids} == still_open


@pytest.mark.usefixtures("agencia_env")
def test_a_new_shop_has_nothing_to_poll(
    tmp_path: Path, agencia_panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db")) as db:
        db.execute("CREATE TABLE orders (order_id INTEGER PRIMARY KEY, is_final INTEGER)")

    assert run("nightly.py", str(tmp_path / "new.db")) == capsys.readouterr().err == ""
    assert agencia_panel.received == 0


@pytest.mark.usefixtures("agencia_env")
def test_success_prints_nothing_and_a_rejected_account_one_line(
    shop: Path, agencia_panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(shop)) as db, db:
        db.execute("DELETE FROM orders WHERE order_id = 999")
    assert run("nightly.py", str(shop)) == capsys.readouterr().err == ""
    agencia_panel.key = "another"
    assert run("nightly.py", str(shop), code=1) == ""
    assert capsys.readouterr().err == "nightly: Invalid API key\n"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    parser.read_string(re.sub(r"\s*\\\n\s*", " ", text))  # a line that goes on, as systemd reads it
    return parser


def test_the_units_of_systemd_run_the_program() -> None:
    service, timer = unit("nightly.service"), unit("nightly.timer")

    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"].split()[1:] == ["nightly.py", "shop.db"]
    assert timer["Timer"]["OnCalendar"] == "*-*-* 03:00"


def test_a_failure_is_mailed() -> None:
    failed = unit("nightly.service")["Unit"]["OnFailure"]

    mail = unit(failed)["Service"]["ExecStart"]
    assert mail.startswith("/bin/sh -c ' journalctl --unit=nightly.service ")
    assert " | mail -s " in mail


PAGE = (EXAMPLES.parent / "howto/nightly.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("agencia_env")
def test_the_line_for_cron_without_a_program(
    agencia_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = re.findall(r"&& \.venv/bin/agencia (.*)", PAGE)
    (tmp_path / "ids.csv").write_text("order\n" + "\n".join(map(str, agencia_panel.seed_orders(3))))

    done = CliRunner().invoke(app, found.split())
    assert (done.exit_code, done.output) == (0, "")
    assert len((tmp_path / "states.csv").read_text().splitlines()) == 4
    agencia_panel.key = "another"
    done = CliRunner().invoke(app, found.split())
    assert (done.exit_code, done.output.count("Invalid API key")) == (3, 1)
    assert len((tmp_path / "states.csv").read_text().splitlines()) == 4
