import json
import sqlite3
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async import AsyncClient, BulkItem, Order
from agencia_async.journal import Journal, JournalEntry

from .conftest import Agencia, Outcome, WatchedPanel, interrupt, invoke
from .placing import bought, check_all_placed, numbered, rows

HEAD = "reference,service,link,quantity,comments\n"
ORDERS = f'{HEAD}A-1,1,https://a.b/1,1000,\nA-2,2,https://a.b/2,,\nA-3,3,https://a.b/3,,"nice\nü, yes"\n'
JOURNAL = ("--journal", "j.db")

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def orders(here: Path) -> Path:
    file = here / "orders.csv"
    file.write_text(ORDERS, encoding="utf-8")
    return file


def test_every_order_is_placed_with_its_fields(panel: WatchedPanel, agencia: Agencia, orders: Path) -> None:
    done = agencia("place", orders, *JOURNAL, "--yes")
    assert done.code == 0
    assert done.rows[0] == "reference,state,order,error,error_type"
    placed = {str(entry.order): dict(entry.fields) for entry in panel.ledger}
    assert {
        reference: (state, placed[order] | {"action": ""}) for reference, (state, order) in rows(done).items()
    } == {
        "A-1": ("placed", {"action": "", "service": "1", "link": "https://a.b/1", "quantity": "1000"}),
        "A-2": ("placed", {"action": "", "service": "2", "link": "https://a.b/2"}),
        "A-3": (
            "placed",
            {"action": "", "service": "3", "link": "https://a.b/3", "comments": "nice\nü, yes"},
        ),
    }
    assert panel.seen == ["services", "balance", "add", "add", "add"]
    assert done.err.splitlines()[:3] == [
        f"{orders}: 3 orders",
        "  3 to send",
        "cost: 5.416 USD; balance: 1000 USD",
    ]
    assert done.err.splitlines()[-1].startswith("3 orders in 5 requests, ")


def test_the_same_again_places_nothing(panel: WatchedPanel, agencia: Agencia, orders: Path) -> None:
    first = agencia("place", orders, *JOURNAL, "--yes")
    again = agencia("place", orders, *JOURNAL)
    assert (again.code, rows(again), len(panel.ledger)) == (0, rows(first), 3)
    assert again.err.startswith(f"{orders}: 3 orders\n  3 already placed\nalready placed  ")
    assert again.err.endswith(", cost of this run: none\n")
    assert panel.seen[5:] == ["services"]


def test_what_another_process_places_meanwhile_is_not_of_this_run(
    panel: WatchedPanel, agencia: Agencia, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_iter = Journal.place_iter
    elsewhere = ["A-2"]

    async def meanwhile(
        journal: Journal, client: AsyncClient, pairs: Iterable[tuple[str, Order]]
    ) -> AsyncGenerator[BulkItem[JournalEntry], None]:
        given = dict(pairs)
        for reference in elsewhere:
            await journal.place(client.with_options(hooks=[]), reference, given[reference])
        async for item in place_iter(journal, client, given.items()):
            yield item

    monkeypatch.setattr(Journal, "place_iter", meanwhile)
    done = agencia("place", orders, *JOURNAL, "--yes", "-v")
    assert (done.code, len(panel.ledger)) == (0, 3)
    assert [state for state, _ in rows(done).values()] == ["placed"] * 3
    told = [line.split() for line in done.err.splitlines()]
    assert [line[-2] for line in told if line[:1] == ["placed"]] == ["2"]
    assert [line[-2] for line in told if line[:2] == ["already", "placed"]] == ["1"]
    assert "cost of this run: at most 5.416 USD" in done.err
    assert done.err.count("add: HTTP 200") == 2
    elsewhere[:] = ["B-1"]
    orders.write_text(f"{HEAD}B-1,1,https://a.b/9,1000,\n")
    done = agencia("place", orders, *JOURNAL, "--yes")
    assert "cost of this run: none" in done.err


@pytest.mark.parametrize(
    "text", [ORDERS.replace(",", ";").replace("ü;", "ü,"), ORDERS.replace(",", "\t").replace("ü\t", "ü,")]
)
def test_other_delimiters_and_a_mark_at_the_beginning(
    panel: WatchedPanel, agencia: Agencia, here: Path, text: str
) -> None:
    (here / "o.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert agencia("place", "o.csv", *JOURNAL, "--yes", "-q").code == 0
    assert len(panel.ledger) == 3


def test_from_standard_input(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("place", "-", *JOURNAL, input=ORDERS)
    assert (done.code, panel.received) == (2, 0)
    assert done.err.startswith("agencia: orders from stdin require --yes")
    done = agencia("place", "-", *JOURNAL, "--yes", input=f"# today's\n{ORDERS}")
    assert (done.code, len(panel.ledger)) == (0, 3)
    assert done.err.startswith("stdin: 3 orders; 1 # comment skipped\n")


def test_the_journal_from_the_environment(
    panel: WatchedPanel, agencia: Agencia, orders: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agencia("place", orders, "--yes")
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: no journal: pass --journal FILE, or set AGENCIA_JOURNAL\n"
    monkeypatch.setenv("AGENCIA_JOURNAL", f"sqlite:///{here}/env.db")
    assert agencia("place", orders, "--yes", "--quiet").err == ""
    assert (here / "env.db").exists()


@pytest.mark.parametrize(
    "name",
    [
        ":memory:",
        "sqlite://",
        "sqlite:///",
        "sqlite+pysqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_a_journal_that_in_memory(panel: WatchedPanel, agencia: Agencia, orders: Path, name: str) -> None:
    """The same command again would buy all of it again."""
    done = agencia("place", orders, "--journal", name, "--yes")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert done.err == f"agencia: the journal must be a file, got the in-memory database {name}\n"


@pytest.mark.parametrize(
    "name", ["sqlite:///u.db?timeout=5", "sqlite+pysqlite:///u.db", "sqlite:///file:u.db?uri=true"]
)
@pytest.mark.usefixtures("panel")
def test_urls_of_files(agencia: Agencia, orders: Path, name: str, here: Path) -> None:
    assert agencia("place", orders, "--journal", name, "--yes", "-q").code == 0
    assert (here / "u.db").exists()
    assert len(agencia("journal", "list", "--journal", name).rows) == 4


def test_columns_with_other_names(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    text = "Order ID,Service ID,URL,Amount,Customer,extra.Zone,extra.Age\nA,1,https://a.b/1,100,Ann,7,\n"
    (here / "shop.csv").write_text(text)
    done = agencia("place", "shop.csv", *JOURNAL, "--yes")
    assert (done.code, done.out, panel.received, len(done.err.splitlines())) == (2, "", 0, 6)
    named = [f"--column={name}" for name in ("reference=order id", "service=service id", "link=url")]
    named += ["--column", "quantity=amount", "--ignore-column", "customer"]
    done = agencia("place", "shop.csv", *JOURNAL, "--yes", *named)
    assert (done.code, bought(panel)) == (0, ["https://a.b/1"])
    assert done.err.startswith(
        "shop.csv: 1 order; ignored columns: customer\n"
        "  1 to send\n"
        "  columns extra.* that are sent to the panel: Zone\n"
    )
    assert panel.ledger[0].fields["Zone"] == "7"
    assert "Ann" not in str(panel.ledger)


WRONG = f"{HEAD}A-1,1,https://a.b/1,1000,\nA-2,1,https://a.b/2,10,\nA-3,2,https://a.b/3,10,\n"


def test_with_a_wrong_row_nothing_is_sent(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "orders.csv").write_text(WRONG)
    done = agencia("place", "orders.csv", *JOURNAL, "--yes")
    assert (done.code, done.out, panel.seen) == (2, "", ["services"])
    assert done.err.splitlines() == [
        "orders.csv, line 3, column quantity: the quantity for service 1 must be >= 50, got 10",
        "orders.csv, line 4: service 2 has type 'Package': unexpected field: quantity",
        "agencia: 2 of 3 orders invalid, so nothing was sent; --skip-invalid skips them",
    ]


def test_wrong_rows_are_left_out_when_that_is_wanted(
    panel: WatchedPanel, agencia: Agencia, here: Path
) -> None:
    (here / "orders.csv").write_text(WRONG)
    done = agencia("place", "orders.csv", *JOURNAL, "--yes", "--skip-invalid")
    assert (done.code, bought(panel)) == (1, ["https://a.b/1"])
    assert {reference: state for reference, (state, _) in rows(done).items()} == {
        "A-1": "placed",
        "A-2": "skipped",
        "A-3": "skipped",
    }
    assert "line 3, column quantity" in done.err
    assert "\n  1 to send\n  2 invalid, skipped\ncost: 0.90 USD;" in done.err
    assert "\nskipped  " in done.err


def test_only_the_first_of_many_faults_are_listed(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text(HEAD + "".join(f"A-{number},1,x,1,\n" for number in range(25)))
    done = agencia("place", "o.csv", *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (2, [])
    assert done.err.splitlines()[20:] == [
        "... and 5 more",
        "agencia: 25 of 25 orders invalid, so nothing was sent; --skip-invalid skips them",
    ]
    done = agencia("place", "o.csv", *JOURNAL, "--skip-invalid")
    assert (done.code, len(rows(done)), panel.ledger) == (1, 25, [])


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["missing.csv"], "cannot read missing.csv: No such file or directory"),
        (["."], "cannot read .: Is a directory"),
        (["bad.csv"], "bad.csv: 1 column error, so nothing was sent; only a field"),
        (["orders.csv", "-o", "orders.csv"], "--output would overwrite the orders: orders.csv"),
        (["orders.csv", "-o", "j.db"], "--output would overwrite the journal: j.db"),
        (["orders.csv", "-j", "new.db", "-o", "./new.db"], "--output would overwrite the journal: new.db"),
        (["orders.csv", "-o", "no/such"], "cannot write no/such: No such file or directory"),
        (["orders.csv", "-j", "orders.csv"], "the journal orders.csv cannot be used: file is not a database"),
        (["orders.csv", "-j", "nosuch://x:secret@y/z"], "not a valid database path or URL: "),
    ],
)
@pytest.mark.usefixtures("orders")
def test_what_cannot_be_used(
    panel: WatchedPanel, agencia: Agencia, here: Path, args: list[str], fault: str
) -> None:
    (here / "bad.csv").write_text("reference,service,lnk\nA,1,x\n")
    (here / "j.db").touch()
    done = agencia("place", *([] if "-j" in args else JOURNAL), *args, "--yes")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert done.err.splitlines()[-1].startswith(f"agencia: {fault}")
    assert "secret" not in done.err
    assert (here / "orders.csv").read_text(encoding="utf-8") == ORDERS


def test_without_a_terminal_it_must_be_told_yes(panel: WatchedPanel, agencia: Agencia, orders: Path) -> None:
    done = agencia("place", orders, *JOURNAL, "--quiet", input="y\n")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert "agencia: orders spend money: pass --yes to confirm, as stdin is not a terminal" in done.err


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize(
    ("answer", "count"), [("y\n", 3), ("Yes\n", 3), ("n\n", 0), ("\n", 0), ("", 0), ("maybe\n", 0)]
)
def test_on_a_terminal_it_asks(
    panel: WatchedPanel, agencia: Agencia, orders: Path, answer: str, count: int
) -> None:
    done = agencia("place", orders, *JOURNAL, input=answer)
    assert (done.code, len(panel.ledger)) == (0 if count else 1, count)
    host = str(panel.url).split("/")[2]
    assert f"  3 to send\npanel: {host}\n  service 1 (" in done.err
    assert "): 1 order, quantity 1,000, 0.90 USD\n  service 2 (" in done.err
    assert f"cost: 5.416 USD; balance: 1000 USD\nPlace 3 orders at {host} for 5.416 USD? [y/N]: " in done.err
    assert ("nothing was ordered" in done.err) is (count == 0)


@pytest.mark.usefixtures("_on_a_terminal")
def test_an_account_that_holds_too_little(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.change_price(1, Decimal(6000))
    many = numbered(2, here)
    done = agencia("place", many, *JOURNAL, "--concurrency", 1, input="y\n")
    host = str(panel.url).split("/")[2]
    assert "warning: the balance is 200 USD too low; some orders will be refused\n" in done.err
    assert f"The balance is too low. Place 2 orders at {host} for 1200 USD? [y/N]: " in done.err
    assert (done.code, len(panel.ledger)) == (1, 1)
    assert sorted(state for state, _ in rows(done).values()) == ["placed", "refused"]
    assert "1 x InsufficientFundsError: " in done.err
    panel.change_price(1, Decimal(3000))
    assert agencia("place", many, *JOURNAL, "--yes").code == 0
    assert bought(panel) == ["https://a.b/0", "https://a.b/1"]


def test_it_may_cost_only_so_much(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    many = numbered(2, here)
    done = agencia("place", many, *JOURNAL, "--yes", "--max-total", "0.17")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert done.err.splitlines()[-1] == (
        "agencia: --max-total is 0.17 USD, the cost is 0.18 USD: nothing was sent"
    )
    assert agencia("place", many, *JOURNAL, "--yes", "--max-total", "0.18").code == 0


SUBSCRIPTION = "reference,service,username,min,max,delay,link,quantity\nS,16,u,20,30,0,,\n"


@pytest.mark.parametrize(
    ("more", "cost"),
    [
        ("", "the unknown cost of 1 order"),
        ("A,1,,,,,x,100\n", "0.09 USD plus the unknown cost of 1 order"),
    ],
)
def test_a_cost_that_cannot_be_told(
    panel: WatchedPanel, agencia: Agencia, here: Path, more: str, cost: str
) -> None:
    (here / "o.csv").write_text(SUBSCRIPTION + more)
    done = agencia("place", "o.csv", *JOURNAL, "--yes", "--max-total", "1000")
    assert (done.code, panel.ledger) == (2, [])
    assert f"cost: {cost}; balance: 1000 USD" in done.err
    assert done.err.endswith(f"agencia: --max-total is 1000 USD, the cost is {cost}: nothing was sent\n")
    assert agencia("place", "o.csv", *JOURNAL, "--yes").code == 0


def test_what_is_unknown_is_never_sent_again(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after")
    many = numbered(2, here)
    first = agencia("place", many, *JOURNAL, "--yes", "--concurrency", 1)
    assert (first.code, len(panel.ledger)) == (4, 2)
    assert rows(first)["M-0"] == ("unknown", "")
    assert first.err.endswith(
        "The outcome of 1 order is unknown:\n"
        "  M-0\n"
        "It is never sent again automatically. Check the panel, then resolve it:\n"
        "  agencia journal resolve M-0 --journal j.db --order-id ID\n"
        "  agencia journal resolve M-0 --journal j.db --not-placed\n"
    )
    again = agencia("place", many, *JOURNAL, "--yes")
    assert (again.code, len(panel.ledger), rows(again)) == (4, 2, rows(first))
    assert ", cost of this run: 0.09 USD, perhaps 0.09 USD more\n" in first.err
    assert " a second" not in first.err + again.err
    assert "\n  1 already placed\n  1 unknown, not sent\nalready placed  █" in again.err
    assert "\nstill unknown   █" in again.err
    assert ", cost of this run: none\n" in again.err
    assert agencia("journal", "resolve", "M-0", *JOURNAL, "--not-placed").code == 0
    assert agencia("place", many, *JOURNAL, "--yes", "-q").code == 0
    assert bought(panel) == ["https://a.b/0", "https://a.b/0", "https://a.b/1"]


def test_what_is_refused_may_be_sent_again(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script("rate_limit")
    panel.faults.retry_after = 0
    many = numbered(2, here)
    done = agencia("place", many, *JOURNAL, "--yes", "--concurrency", 1, "--attempts", 1, "-F", "jsonl")
    first = json.loads(done.rows[0])
    assert (done.code, first["state"], first["error_type"]) == (1, "refused", "RateLimitedError")
    assert (first["order"]["link"], first["order_id"]) == ("https://a.b/0", None)
    assert (first["error"]["type"], first["error"]["sent"]) == ("RateLimitedError", "no")
    assert agencia("place", many, *JOURNAL, "--yes").code == 0
    assert bought(panel) == ["https://a.b/0", "https://a.b/1"]


def test_json_has_the_entries_of_the_journal(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script(None, "cut_reply")
    file = here / "some.csv"
    file.write_text("reference,service,link,quantity\nA,1,https://a.b/0,50\nB,1,https://a.b/1,50\n,1,x,50\n")
    placing = ("place", file, *JOURNAL, "--yes", "--skip-invalid", "--concurrency", 1, "-q", "-F", "json")
    invalid, placed, unknown = json.loads(agencia(*placing).out)
    listed = json.loads(agencia("journal", "list", *JOURNAL, "-F", "json").out)
    entries = {entry["reference"]: entry for entry in listed}
    assert placed == entries["A"] | {"error": None, "error_type": None}
    assert (placed["order_id"], placed["order"]["quantity"]) == (panel.ledger[0].order, 50)
    assert (unknown["state"], unknown["order"]) == ("unknown", entries["B"]["order"])
    assert (unknown["error"]["sent"], unknown["error"]["cause"]["type"]) == ("maybe", "TransportError")
    assert (invalid["state"], invalid["order"], invalid["error_type"]) == (
        "skipped",
        None,
        "ConfigurationError",
    )
    again = json.loads(agencia(*placing).out)
    assert again[0] == placed
    assert again[1] == entries["B"] | {"error": again[1]["error"], "error_type": "OutcomeUnknownError"}
    assert again[1]["error"]["message"] == entries["B"]["error"]


def test_a_table(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script(None, "cut_reply")
    many = numbered(2, here)
    done = agencia("place", many, *JOURNAL, "--yes", "--concurrency", 1, "--format", "table")
    assert done.rows[0] == "reference  state    order"
    assert done.rows[1].split() == ["M-0", "placed", str(panel.ledger[0].order)]
    assert done.rows[2].startswith("M-1        unknown: the panel may have acted on the request: ")


def test_quiet_still_says_what_failed(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    file = here / "some.csv"
    file.write_text("reference,service,link,quantity\nA,1,https://a.b/0,50\nB,1,https://a.b/1,50\nC,1,x,1\n")
    panel.faults.actions = {"add"}
    panel.faults.script("rate_limit")
    panel.faults.retry_after = 0
    options = ("--yes", "--quiet", "--skip-invalid", "--concurrency", 1, "--attempts", 1)
    done = agencia("place", file, *JOURNAL, *options)
    assert done.code == 1
    line = done.err.splitlines()[-1]
    assert line.startswith("agencia: 2 of 3 orders not placed: 1 skipped, 1 refused; the first error: RateL")
    assert line.endswith(" (exit code 1: some ids or orders failed)")
    done = agencia("place", file, *JOURNAL, *options)
    assert done.err.splitlines()[-1] == (
        "agencia: 1 of 3 orders not placed: 1 skipped (exit code 1: some ids or orders failed)"
    )
    file.write_text("reference,service,link,quantity\nA,1,https://a.b/0,50\n")
    assert agencia("place", file, *JOURNAL, *options).err == ""


def test_an_account_that_is_refused_at_once(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.at_request(2, lambda: setattr(panel, "key", "another"))
    done = agencia("place", numbered(30, here), *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (3, [])
    assert {state for state, _ in rows(done).values()} == {"refused"}
    assert len(rows(done)) == 30
    assert "30 x AuthenticationError: Invalid API key" in done.err
    assert panel.received < 15


def test_an_account_that_is_refused_later(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    panel.at_request(4, lambda: setattr(panel, "key", "another"))
    done = agencia("place", numbered(30, here), *JOURNAL, "--yes", "--concurrency", 1)
    assert (done.code, len(panel.ledger), len(rows(done)), panel.received) == (3, 2, 30, 5)
    assert panel.key not in done.out + done.err


def test_a_journal_that_fails_later(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    def spoil() -> None:
        with closing(sqlite3.connect(here / "j.db")) as journal:
            journal.execute("DROP TABLE agencia_orders")
            journal.commit()

    panel.at_request(2, spoil)
    done = agencia("place", numbered(2, here), *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (2, [])
    assert {state for state, _ in rows(done).values()} == {"skipped"}
    assert "JournalError: the journal j.db cannot be used: no such table" in done.err


def test_nothing_of_the_key_is_told(panel: WatchedPanel, agencia: Agencia, orders: Path, here: Path) -> None:
    done = agencia("place", orders, *JOURNAL, "--yes", "--verbose")
    assert done.code == 0
    held = b"".join(file.read_bytes() for file in here.glob("j.db*"))
    assert panel.key not in done.out + done.err
    assert panel.key.encode() not in held


def test_ctrl_c_ends_it_and_the_next_run_goes_on(panel: WatchedPanel, here: Path) -> None:
    panel.at_request(6, interrupt)
    panel.faults.actions = {"add"}
    panel.faults.latency = 0.1
    args = ("place", numbered(20, here), *JOURNAL, "--yes", "-q", "--concurrency", 2)

    def check(interrupted: Outcome, again: Outcome) -> None:
        lines = interrupted.err.splitlines()
        count = len(rows(interrupted))
        done = f"{count} of 20 orders done; run the command again to resume, nothing is placed twice"
        assert (interrupted.code, len(rows(interrupted)) < 20) == (130, True)
        assert lines == [
            "agencia: interrupted; waiting for the orders in flight",
            f"agencia: interrupted: {done}",
        ]
        assert {state for state, _ in rows(interrupted).values()} == {"placed"}
        check_all_placed(panel, 20, again)

    check(invoke(*args), invoke(*args))


def test_ctrl_c_before_anything_is_sent(panel: WatchedPanel, here: Path) -> None:
    panel.faults.latency = 30.0
    panel.at_request(1, interrupt)
    wanted = Outcome(130, "", "agencia: interrupted: nothing was ordered\n")
    assert invoke("place", numbered(1, here), *JOURNAL, "--yes") == wanted


def test_without_the_extra(
    panel: WatchedPanel, agencia: Agencia, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "agencia_async.journal", None)
    done = agencia("place", orders, *JOURNAL, "--yes")
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err.startswith("agencia: import of agencia_async.journal halted")


def test_each_order_may_cost_only_so_much(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x,100\nB,1,y,101\n")
    done = agencia("place", "o.csv", *JOURNAL, "--yes", "--max-charge", "0.09")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert done.err.startswith("o.csv, line 3: the order costs 0.0909, which exceeds max_charge (0.09)\n")
    done = agencia("place", "o.csv", *JOURNAL, "--yes", "--max-charge", "0.09", "--skip-invalid")
    assert (done.code, bought(panel)) == (1, ["x"])
    (here / "o.csv").write_text(SUBSCRIPTION)
    assert agencia("place", "o.csv", *JOURNAL, "--yes", "--max-charge", "1000").code == 2
    assert len(panel.ledger) == 1


def test_a_dry_run(panel: WatchedPanel, agencia: Agencia, orders: Path, here: Path) -> None:
    done = agencia("place", orders, *JOURNAL, "--dry-run")
    host = str(panel.url).split("/")[2]
    assert (done.code, done.out, panel.seen) == (0, "", ["services", "balance"])
    lines = done.err.splitlines()
    assert lines[:3] == [f"{orders}: 3 orders", "  3 to send", f"panel: {host}"]
    assert [line.partition(" (")[0] for line in lines[3:6]] == ["  service 1", "  service 2", "  service 3"]
    assert lines[6:] == ["cost: 5.416 USD; balance: 1000 USD", "dry run: nothing was sent"]
    assert not (here / "j.db").exists()
    assert agencia("place", orders, *JOURNAL, "--yes").code == 0
    done = agencia("place", orders, *JOURNAL, "--dry-run")
    assert (done.code, len(panel.ledger)) == (0, 3)
    assert done.err == f"{orders}: 3 orders\n  3 already placed\ndry run: nothing was sent\n"


def test_a_dry_run_tells_what_would_be_refused(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x,100\nB,1,x,100\nC,1,x,1\n")
    done = agencia("place", "-", *JOURNAL, "--dry-run", input=(here / "o.csv").read_text())
    assert (done.code, panel.ledger) == (2, [])
    assert "\n  2 valid\n  1 invalid\npanel: " in done.err
    assert "\ncost of the 2 valid orders: 0.18 USD; balance: 1000 USD\n" in done.err
    assert "B: same service and link as A\n1 order may be a duplicate: " in done.err
    assert "\ndry run: nothing was sent\nstdin, line 4" in done.err
    done = agencia("place", "o.csv", *JOURNAL, "--dry-run", "--skip-invalid", "--max-total", "0.1")
    assert done.err.endswith("agencia: --max-total is 0.1 USD, the cost is 0.18 USD: nothing was sent\n")
    assert "\n  2 to send\n  1 invalid, skipped\npanel: " in done.err
    assert "\ncost: 0.18 USD; balance: 1000 USD\n" in done.err
    assert (done.code, panel.ledger) == (2, [])


def test_an_output_that_fails_ends_the_sending(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    many = numbered(30, here)
    done = agencia("place", many, *JOURNAL, "--yes", "-o", "/dev/full", "--concurrency", 2)
    told = [line.split("  ") for line in done.err.splitlines() if line.startswith("M-")]
    sold = {f"M-{entry.fields['link'].rpartition('/')[2]}": str(entry.order) for entry in panel.ledger}
    assert {reference: order for reference, _, order in told} == sold
    assert (done.code, 1 <= len(sold) <= 4) == (5, True)
    assert f"so no more was sent: {len(sold)} of 30 orders done; run the command again" in done.err


@pytest.mark.parametrize(("rejected", "code"), [(True, 3), (False, 2)])
def test_an_output_that_fails_where_nothing_was_bought(
    panel: WatchedPanel, agencia: Agencia, here: Path, *, rejected: bool, code: int
) -> None:
    panel.at_request(
        2, lambda: setattr(panel, "key", "another") if rejected else panel.change_price(1, Decimal(10**9))
    )
    done = agencia("place", numbered(1, here), *JOURNAL, "--yes", "-o", "/dev/full", "-q")
    assert (done.code, panel.ledger) == (code, [])
    assert "M-0  refused  " in done.err


def test_a_row_with_a_nul(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x\0,100\n")
    done = agencia("place", "o.csv", *JOURNAL, "--yes")
    assert (done.code, panel.ledger) == (2, [])
    assert done.err.startswith("o.csv, line 2, column link: 'x\\x00' contains NUL\n")
