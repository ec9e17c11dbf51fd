import asyncio
import csv
import json
from pathlib import Path

import pytest

from agencia_async import Order
from agencia_async.journal import Journal

from .conftest import Agencia, WatchedPanel

JOURNAL = ("--journal", "j.db")
ORDERS = (
    "reference,service,link,quantity,comments,extra.Zone\n"
    "A-1,1,https://a.b/1,1000,,\n"
    '#B,1,x,100,,\n"#2",3,https://a.b/2,,"nice\ngreat",7\n'
    "A-3,1,https://a.b/3,100,,\n"
)

pytestmark = pytest.mark.usefixtures("here")


async def entries(database: Path) -> list[dict[str, object]]:
    async with Journal(database) as journal:
        return [entry.to_dict() async for entry in journal.entries()]


@pytest.fixture
def _placed(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    """A journal of an order that is placed, one that is unknown, and one that is refused."""
    (here / "orders.csv").write_text(ORDERS)
    panel.faults.actions = {"add"}
    panel.faults.script(None, "drop_after", "rate_limit")
    args = ("--yes", "--concurrency", 1, "--attempts", 1)
    assert agencia("place", "orders.csv", *JOURNAL, *args).code == 4
    panel.faults.actions = None


COMMANDS: list[tuple[str, ...]] = [
    ("list",),
    ("show", "A-1"),
    ("resolve", "A-1", "--not-placed"),
    ("export",),
    ("reconcile",),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_journal_that_is_not_there_is_not_made(
    panel: WatchedPanel, agencia: Agencia, here: Path, command: tuple[str, ...]
) -> None:
    done = agencia("journal", *command, *JOURNAL)
    assert (done.code, done.out, done.err) == (2, "", "agencia: journal not found: j.db\n")
    assert (list(here.iterdir()), panel.received) == ([], 0)


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_journal(agencia: Agencia, here: Path, command: tuple[str, ...]) -> None:
    (here / "j.db").write_text("something else, that is no database at all")
    done = agencia("journal", *command, *JOURNAL)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert done.err.startswith("agencia: the journal j.db cannot be used: file is not a database")


@pytest.mark.usefixtures("_placed")
def test_the_list(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("journal", "list", *JOURNAL)
    found = list(csv.DictReader(done.rows))
    order = str(panel.ledger[0].order)
    assert done.rows[0] == "reference,state,order,service,link,error,updated"
    assert [(row["reference"], row["state"], row["order"]) for row in found] == [
        ("A-1", "placed", order),
        ("#2", "unknown", ""),
        ("A-3", "refused", ""),
    ]
    assert (done.code, done.err, found[2]["error"]) == (0, "3 orders\n", "Too many requests")
    assert found[0]["updated"].endswith("+00:00")
    some = agencia("journal", "list", *JOURNAL, "--state", "refused", "--format", "jsonl", "--quiet")
    entry = json.loads(some.out)
    assert (entry["reference"], entry["state"], entry["order_id"], some.err) == ("A-3", "refused", None, "")
    assert Order.from_dict(entry["order"]).service == entry["order"]["service"]
    table = agencia("journal", "list", *JOURNAL, "--format", "table").rows
    assert table[0].split() == ["reference", "state", "order", "service", "link", "updated", "error"]
    assert table[3].endswith("Too many requests")
    assert agencia("journal", "list", *JOURNAL, "--state", "lost").code == 2


@pytest.mark.usefixtures("_placed")
def test_one_order(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("journal", "show", "#2", *JOURNAL)
    lines = done.rows
    assert (done.code, done.err) == (0, "")
    assert lines[:6] == [
        "reference   #2",
        "service     3",
        "link        https://a.b/2",
        "comments    nice",
        "            great",
        "extra.Zone  7",
    ]
    assert lines[6:8] == ["state       unknown", "order"]
    assert lines[9] == f"panel       {panel.url}"
    missing = agencia("journal", "show", "A-9", *JOURNAL)
    assert (missing.code, missing.err) == (2, "agencia: no order 'A-9' in this journal\n")


@pytest.mark.usefixtures("_placed")
def test_resolving(panel: WatchedPanel, agencia: Agencia) -> None:
    for args in [(), ("--order-id", "7", "--not-placed")]:
        done = agencia("journal", "resolve", "#2", *JOURNAL, *args)
        assert done.code == 2
        assert done.err == "agencia: exactly one of --order-id and --not-placed must be given\n"
    done = agencia("journal", "resolve", "#2", *JOURNAL, "--order-id", "a b")
    assert done.err.startswith("agencia: --order-id: id 'a b' contains")
    done = agencia("journal", "resolve", "#2", *JOURNAL, "--order-id", "108.0")
    assert (done.code, done.err[:34]) == (2, "agencia: --order-id: id '108.0' is")
    assert done.err.endswith("; write the id as the panel shows it\n")
    number = panel.ledger[1].order
    done = agencia("journal", "resolve", "#2", *JOURNAL, "--order-id", number)
    assert (done.code, done.out) == (0, f"#2: placed, order {number}\n")
    done = agencia("journal", "resolve", "#2", *JOURNAL, "--not-placed")
    assert (done.code, done.out) == (0, "#2: refused; it may be placed again\n")
    done = agencia("journal", "resolve", "A-1", *JOURNAL, "--not-placed")
    assert (done.code, done.err) == (
        2,
        "agencia: order 'A-1' is placed, only unknown and manually resolved orders can be resolved\n",
    )


@pytest.mark.usefixtures("_placed")
def test_an_export_can_be_placed_again(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    done = agencia("journal", "export", *JOURNAL, "--output", "export.csv")
    assert (done.code, done.out, done.err) == (0, "", "")
    text = (here / "export.csv").read_text()
    told = "state,order,error,panel,created,updated"
    assert text.splitlines()[0] == f"reference,service,link,quantity,comments,extra.Zone,{told}"
    assert agencia("journal", "resolve", "#2", *JOURNAL, "--not-placed").code == 0
    assert agencia("place", "export.csv", *JOURNAL, "--yes").code == 0
    before = len(panel.ledger)
    assert agencia("place", "export.csv", "--journal", "another.db", "--yes").code == 0
    assert len(panel.ledger) == before + 3
    again = {entry.fields["link"]: dict(entry.fields) for entry in panel.ledger[before:]}
    assert again == {entry.fields["link"]: dict(entry.fields) for entry in panel.ledger[:before]}
    assert agencia("status", "--file", "export.csv").code == 0


@pytest.mark.usefixtures("_placed")
def test_an_export_in_other_forms(agencia: Agencia, here: Path) -> None:
    found = json.loads(agencia("journal", "export", *JOURNAL, "--format", "json").out)
    assert found == asyncio.run(entries(here / "j.db"))
    assert [row["order"].get("comments") for row in found] == [None, ["nice", "great"], None]
    assert len(agencia("journal", "export", *JOURNAL, "-F", "table", "--state", "new").rows) == 1
    before = (here / "j.db").read_bytes()
    for command in ("export", "list"):
        done = agencia("journal", command, *JOURNAL, "-o", "j.db")
        assert done.err == "agencia: --output would overwrite the journal: j.db\n"
    assert (here / "j.db").read_bytes() == before


@pytest.mark.usefixtures("_placed")
def test_reconciling(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("journal", "reconcile", *JOURNAL)
    assert (done.code, len(done.rows)) == (4, 2)
    assert "  agencia journal resolve '#2' --journal j.db --order-id ID\n" in done.err
    number = panel.ledger[1].order
    agencia("journal", "resolve", "#2", *JOURNAL, "--order-id", number)
    done = agencia("journal", "reconcile", *JOURNAL)
    assert (done.code, done.err.splitlines()[0]) == (0, "Id confirmed: 1 order")
    assert f"  id        {number}\n" in done.err
    done = agencia("journal", "reconcile", *JOURNAL)
    assert (done.code, len(done.rows)) == (0, 1)
    assert done.err == "nothing to reconcile: no order is unknown\n"


@pytest.mark.usefixtures("_placed")
def test_the_journal_of_the_environment_is_named(agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_JOURNAL", "j.db")
    assert "agencia journal resolve '#2' --journal j.db --order-id ID" in agencia("journal", "reconcile").err


@pytest.mark.usefixtures("_placed")
def test_a_command_that_was_copied_as_it_is_resolves_nothing(agencia: Agencia) -> None:
    done = agencia("journal", "resolve", "#2", *JOURNAL, "--order-id", "ID")
    assert done.code == 2
    assert done.err == "agencia: --order-id ID: replace ID with the id of the order at the panel\n"


def test_a_journal_without_orders(agencia: Agencia, here: Path) -> None:
    (here / "j.db").touch()
    assert agencia("journal", "list", *JOURNAL).err == "0 orders\n"
    done = agencia("journal", "export", *JOURNAL)
    assert done.out == "reference,service,state,order,error,panel,created,updated\n"


def test_help(agencia: Agencia) -> None:
    done = agencia("journal", "-h")
    for command, *_ in COMMANDS:
        assert f" {command} " in done.out
