"""What the command does not buy twice by mistake: duplicates, other panels, corrections, copies."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async.sandbox.faults import Answer
from agencia_async.sandbox.reply import PanelReply

from .conftest import Agencia, WatchedPanel
from .placing import bought, numbered

JOURNAL = ("--journal", "j.db")

pytestmark = pytest.mark.usefixtures("here")

SAME = "reference,service,link,quantity\nD-1,1,https://a.b/1,100\nD-2,1,https://a.b/1,200\nD-3,1,https://a.b/3,100\n"


@pytest.fixture
def same(here: Path) -> str:
    (here / "same.csv").write_text(SAME)
    return "same.csv"


def test_what_looks_like_a_duplicate_is_not_placed_by_yes(
    panel: WatchedPanel, agencia: Agencia, same: str
) -> None:
    done = agencia("place", same, *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (2, [])
    assert "D-2: same service and link as D-1" in done.err
    assert done.err.endswith(
        "agencia: 1 order may be a duplicate, so nothing was sent; --allow-duplicates places it, "
        "--skip-duplicates only the others\n"
    )
    done = agencia("place", same, *JOURNAL, "--yes", "--allow-duplicates")
    assert (done.code, len(panel.ledger)) == (0, 3)


@pytest.mark.parametrize("window", ["0", "1m"])
def test_a_duplicate_of_what_was_placed_lately(
    panel: WatchedPanel, agencia: Agencia, same: str, here: Path, window: str
) -> None:
    assert agencia("place", same, *JOURNAL, "--yes", "--allow-duplicates").code == 0
    (here / "more.csv").write_text(SAME.replace("D-", "E-"))
    done = agencia("place", "more.csv", *JOURNAL, "--yes", "--duplicate-window", window)
    assert (done.code, len(panel.ledger)) == ((2, 3) if window == "1m" else (0, 6))
    assert ("3 orders may be duplicates" in done.err) == (window == "1m")


@pytest.mark.parametrize("is_agreed", [True, False])
def test_a_duplicate_is_asked_about_on_a_terminal(
    panel: WatchedPanel, agencia: Agencia, same: str, monkeypatch: pytest.MonkeyPatch, *, is_agreed: bool
) -> None:
    asked: list[str] = []

    async def ask(question: str) -> bool:
        asked.append(question)
        return is_agreed

    monkeypatch.setattr("agencia_async.cli.commands.place_duplicates.can_ask", lambda: True)
    monkeypatch.setattr("agencia_async.cli.commands.place_duplicates.is_agreed", ask)
    done = agencia("place", same, *JOURNAL, "--yes")
    assert (done.code, len(panel.ledger)) == ((0, 3) if is_agreed else (1, 0))
    assert asked == ["1 order may be a duplicate. Place it as well?"]
    hint = "--skip-duplicates places only the other orders\nnothing was ordered"
    assert (hint in done.err) is not is_agreed


@pytest.mark.parametrize("window", ["10m", "0"])
def test_duplicates_are_skipped_where_that_is_wanted(
    panel: WatchedPanel, agencia: Agencia, same: str, window: str
) -> None:
    skipping = ("place", same, *JOURNAL, "--skip-duplicates", "--duplicate-window", window)
    dry = agencia(*skipping, "--dry-run")
    done = agencia(*skipping, "--yes")
    if window == "0":
        assert (dry.code, done.code, len(panel.ledger)) == (0, 0, 3)
        return
    assert "  2 to send\n  1 possible duplicate, skipped\n" in dry.err
    assert "\ncost: 0.18 USD;" in dry.err
    assert dry.err.endswith("D-2: same service and link as D-1\ndry run: nothing was sent\n")
    assert (dry.code, done.code, bought(panel)) == (0, 1, ["https://a.b/1", "https://a.b/3"])
    assert "D-2,skipped,,same service and link as D-1,ConfigurationError" in done.rows
    assert "D-2: same service and link as D-1\n" in done.err


def test_what_is_said_of_duplicates_in_a_dry_run(panel: WatchedPanel, agencia: Agencia, same: str) -> None:
    dry = ("place", same, *JOURNAL, "--dry-run")
    line = "D-2: same service and link as D-1\n1 order may be a duplicate"
    end = "\ndry run: nothing was sent\n"
    assert agencia(*dry).err.endswith(
        f"{line}: without --allow-duplicates or --skip-duplicates there will be a prompt, even with --yes, "
        f"and without a terminal nothing is sent{end}"
    )
    assert agencia(*dry, "--allow-duplicates").err.endswith(f"{line}; --allow-duplicates places it{end}")
    both = agencia(*dry, "--allow-duplicates", "--skip-duplicates")
    assert (both.code, both.err) == (2, "agencia: pass either --allow-duplicates or --skip-duplicates\n")
    assert panel.ledger == []


def test_many_duplicates_are_not_all_listed(agencia: Agencia, here: Path, panel: WatchedPanel) -> None:
    rows = "".join(f"D-{number},1,https://a.b/1,100\n" for number in range(30))
    (here / "many.csv").write_text("reference,service,link,quantity\n" + rows)
    done = agencia("place", "many.csv", *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (2, [])
    assert "... and 9 more" in done.err


def test_a_row_of_another_panel(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    file = numbered(2, here)
    assert agencia("place", file, *JOURNAL, "--yes").code == 0
    with closing(sqlite3.connect(here / "j.db")) as journal, journal:
        journal.execute("UPDATE agencia_orders SET panel = 'https://b.example/' WHERE reference = 'M-1'")
    done = agencia("place", file, *JOURNAL, "--yes")
    assert (done.code, len(panel.ledger)) == (2, 2)
    assert "line 3, column reference: 'M-1' is placed at https://b.example/, not at http://127" in done.err


def test_a_corrected_row(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.change_price(1, Decimal(10**9))
    (here / "one.csv").write_text("reference,service,link,quantity\nA,1,https://a.b/1,1000\n")
    assert agencia("place", "one.csv", *JOURNAL, "--yes").code == 1
    panel.change_price(1, Decimal("0.9"))
    (here / "one.csv").write_text("reference,service,link,quantity\nA,1,https://a.b/1,100\n")
    done = agencia("place", "one.csv", *JOURNAL, "--yes")
    assert (done.code, len(panel.ledger)) == (0, 1)
    shown = agencia("journal", "show", "A", *JOURNAL).out
    assert "refusals   1" in shown
    assert "'quantity': '1000'" in shown


def test_a_number_that_comes_twice_is_told(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a panel that counts its rows."""
    answer = panel.answer

    def same(form: Mapping[str, str]) -> Answer:
        told = answer(form)
        five = replace(told, reply=PanelReply(200, told.reply.headers, b'{"order": 5}'))
        return five if form["action"] == "add" else told

    monkeypatch.setattr(panel, "answer", same)
    done = agencia("place", numbered(2, here), *JOURNAL, "--yes", "--concurrency", 1)
    assert done.code == 0
    assert "warning: 1 order got an id that another order has as well:" in done.err
    assert "  M-1: 'M-0' has the same id, 5" in done.err


def test_a_copy_is_adopted(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    file = numbered(2, here)
    assert agencia("place", file, *JOURNAL, "--yes").code == 0
    done = agencia("journal", "backup", "copy.db", *JOURNAL)
    assert (done.code, done.err) == (0, "copy.db: a copy of j.db\n")
    again = agencia("journal", "backup", "copy.db", *JOURNAL)
    assert (again.code, again.err) == (2, "agencia: copy.db exists already\n")
    refused = agencia("place", file, "--journal", "copy.db", "--yes")
    assert refused.code == 2
    assert "copy.db is a backup of" in refused.err
    adopted = agencia("journal", "adopt", "copy.db")
    assert adopted.code == 0
    assert "adopted copy.db, with 2 orders\norders placed after " in adopted.err
    assert agencia("journal", "adopt", "copy.db").err == "copy.db is not a copy: there is nothing to adopt\n"
    assert agencia("place", file, "--journal", "copy.db", "--yes").code == 0
    assert len(panel.ledger) == 2


def test_a_journal_that_cannot_be_used(agencia: Agencia, here: Path) -> None:
    (here / "j.db").write_bytes(b"no database at all, but long enough to be one")
    done = agencia("journal", "list", *JOURNAL)
    assert (done.code, done.err) == (2, "agencia: the journal j.db cannot be used: file is not a database\n")
