"""Orders that wait until another one for the same link has ended."""

import asyncio
import csv
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from agencia_async import AsyncClient, DefaultOrder
from agencia_async.cli.commands.place_waiting import PlacedForLinks
from agencia_async.sandbox.faults import Answer

from .conftest import Agencia, Outcome, Start, WatchedPanel, interrupt, invoke
from .placing import rows

TEXT = "You have active order with this link. Please wait until order being completed."
OPTIONS = ("--journal", "j.db", "--yes", "--allow-duplicates", "--concurrency", 1)
WAITING = ("--wait-for-link", "--wait-at-most", "10m")
RUNS = {"Pending", "In progress"}

pytestmark = pytest.mark.usefixtures("here")


class OnePerLink:
    """The rule of a panel that takes one order for a link at a time; each ends after so many looks at it."""

    def __init__(self, panel: WatchedPanel, monkeypatch: pytest.MonkeyPatch, looks: int = 1) -> None:
        self.panel = panel
        self._answer = panel.answer
        self._looks: dict[str, int] = {}
        self.looks = looks
        self.lasting: set[str] = set()
        """Links whose orders do not end."""
        monkeypatch.setattr(panel, "answer", self.answer)

    def answer(self, form: Mapping[str, str]) -> Answer:
        if form["action"] == "add" and form["link"] in self.running:
            self.panel.refuse("add", TEXT)
        answer = self._answer(form)
        if form["action"] == "status" and form["key"] == self.panel.key:
            for order in (form.get("orders") or form["order"]).split(","):
                self._seen(order)
        return answer

    def _seen(self, order: str) -> None:
        self._looks[order] = self._looks.get(order, 0) + 1
        link = next(sold.fields["link"] for sold in self.panel.ledger if str(sold.order) == order)
        if self._looks[order] >= self.looks and link not in self.lasting:
            self.panel.set_state(order, "Completed")

    @property
    def running(self) -> set[str]:
        return {
            sold.fields["link"]
            for sold in self.panel.ledger
            if self.panel.expected_status(str(sold.order))["status"] in RUNS
        }


@pytest.fixture
def one_per_link(panel: WatchedPanel, monkeypatch: pytest.MonkeyPatch) -> OnePerLink:
    return OnePerLink(panel, monkeypatch)


def write(here: Path, *orders: str) -> str:
    """A file of orders, each "reference,service,link"."""
    (here / "o.csv").write_text(
        "reference,service,link,quantity\n" + "".join(f"{row},100\n" for row in orders)
    )
    return "o.csv"


def sold(panel: WatchedPanel) -> list[str]:
    """The links of the orders, as they were bought."""
    return [entry.fields["link"] for entry in panel.ledger]


def adds(panel: WatchedPanel) -> list[str]:
    """The links of the orders that were sent, bought or not."""
    return [request.form["link"] for request in panel.requests if request.action == "add"]


def test_an_order_is_placed_once_the_one_for_its_link_has_ended(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    assert one_per_link.running == {"x"}
    done = agencia("place", write(here, "B,1,x", "C,1,y"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), adds(panel)) == (0, ["x", "y", "x"], ["x", "x", "y", "x"])
    assert {reference: state for reference, (state, _) in rows(done).items()} == {
        "B": "placed",
        "C": "placed",
    }
    waits = (
        "1 order refused, as another one runs for the link: waiting for those of the journal, at most 600 s"
    )
    assert waits in done.err
    again = agencia("place", "o.csv", *OPTIONS, *WAITING)
    assert (again.code, len(panel.ledger)) == (0, 3)


def test_without_the_option_it_is_refused(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    done = agencia("place", write(here, "A,1,x", "B,1,x"), *OPTIONS)
    assert (done.code, sold(panel), rows(done)["B"]) == (1, ["x"], ("refused", ""))
    assert one_per_link.running == {"x"}


def test_orders_of_one_file_for_one_link_go_one_after_another(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    file = write(here, "A,1,x", "B,1,x", "C,1,x", "D,1,y", "E,1,y")
    done = agencia("place", file, *OPTIONS, *WAITING, "--quiet")
    assert (done.code, sorted(sold(panel)), done.err) == (0, ["x", "x", "x", "y", "y"], "")
    assert adds(panel).count("x") == 1 + 2 + 2  # B and C are refused at first, C once more after B
    assert one_per_link.running == {"x", "y"}


def test_the_one_for_its_link_may_end_while_the_rest_is_sent(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    one_per_link.lasting = {"x"}
    file = write(here, "A,1,x", "B,1,x", *(f"C{number},1,y{number}" for number in range(9)))
    panel.at_request(8, lambda: panel.set_state(str(panel.ledger[0].order), "Completed"))
    done = agencia("place", file, *OPTIONS, *WAITING)
    assert (done.code, sold(panel)[-1], adds(panel).count("x")) == (0, "x", 3)
    assert one_per_link.running >= {"x"}


def test_what_runs_and_is_not_in_the_journal_is_not_waited_for(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    file = write(here, "A,1,x")
    assert agencia("place", file, "--journal", "other.db", "--yes").code == 0
    done = agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), adds(panel)) == (1, ["x"], ["x", "x"])
    (row,) = csv.DictReader(done.out.splitlines())
    assert (row["state"], row["error"], row["error_type"]) == ("refused", TEXT, "DuplicateOrderError")
    assert "status" not in panel.seen
    assert one_per_link.running == {"x"}


def test_what_has_ended_is_not_what_runs(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    panel.set_state(str(panel.ledger[0].order), "Completed")
    panel.refuse("add", TEXT, times=9)
    done = agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), adds(panel)) == (1, ["x"], ["x", "x"])


def test_an_order_whose_answer_was_lost_is_not_sent_again(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after")
    done = agencia("place", write(here, "A,1,x", "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), adds(panel)) == (4, ["x"], ["x", "x"])
    assert rows(done) == {"A": ("unknown", ""), "B": ("refused", "")}
    assert one_per_link.running == {"x"}


def test_the_time_is_up(panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink) -> None:
    one_per_link.lasting = {"x"}
    file = write(here, "A,1,x", "B,1,x", "C,1,x")
    done = agencia("place", file, *OPTIONS, "--wait-for-link", "--wait-at-most", "0")
    assert (done.code, sold(panel), len(adds(panel))) == (1, ["x"], 3)
    assert {reference: state for reference, (state, _) in rows(done).items()} == {
        "A": "placed",
        "B": "refused",
        "C": "refused",
    }
    assert "at most 0 s" in done.err
    one_per_link.lasting = set()
    assert agencia("place", file, *OPTIONS, *WAITING).code == 0
    assert sold(panel) == ["x", "x", "x"]


def test_an_hour_if_nothing_else_is_said(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    done = agencia("place", write(here, "A,1,x", "B,1,x"), *OPTIONS, "--wait-for-link")
    assert (done.code, sold(panel)) == (0, ["x", "x"])
    assert "at most 3,600 s" in done.err
    assert one_per_link.running == {"x"}


def test_the_one_of_the_same_service_is_waited_for(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "reference,service,link\nA,2,x\n"
    assert agencia("place", "-", *OPTIONS, input=other).code == 0
    assert agencia("place", write(here, "B,1,x"), *OPTIONS).code == 0
    first, second = (str(entry.order) for entry in panel.ledger)
    OnePerLink(panel, monkeypatch).lasting = {"x"}
    panel.at_request(panel.received + 4, lambda: panel.set_state(second, "Completed"))
    monkeypatch.setattr(OnePerLink, "running", frozenset[str]())
    panel.refuse("add", TEXT)
    done = agencia("place", write(here, "C,1,x"), *OPTIONS, *WAITING)
    assert (done.code, len(panel.ledger)) == (0, 3)
    assert panel.expected_status(first)["status"] in RUNS


def test_an_order_of_another_service_is_waited_for_if_it_is_the_only_one(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    assert agencia("place", "-", *OPTIONS, input="reference,service,link\nA,2,x\n").code == 0
    assert agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING).code == 0
    assert sold(panel) == ["x", "x"]
    assert one_per_link.running == {"x"}


def test_an_order_at_another_panel_is_not_the_one_that_runs(
    panel: WatchedPanel, agencia: Agencia, here: Path
) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    panel.refuse("add", TEXT, times=9)
    same = str(panel.url).replace("127.0.0.1", "localhost")
    done = agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING, "--base-url", same)
    assert (done.code, adds(panel), sold(panel)) == (1, ["x", "x"], ["x"])


def test_an_account_that_is_rejected_while_it_waits(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    panel.at_request(4, lambda: setattr(panel, "key", "another"))
    done = agencia("place", write(here, "A,1,x", "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), rows(done)["B"]) == (1, ["x"], ("refused", ""))
    assert one_per_link.running == {"x"}


def test_an_account_that_is_rejected_when_it_has_waited(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    panel.at_request(panel.received + 5, lambda: setattr(panel, "key", "another"))
    done = agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, sold(panel), rows(done)) == (3, ["x"], {"B": ("refused", "")})
    assert one_per_link.running == set()


def test_an_output_that_fails_ends_the_waiting(
    panel: WatchedPanel, agencia: Agencia, here: Path, one_per_link: OnePerLink
) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    done = agencia("place", write(here, "B,1,x", "C,1,x"), *OPTIONS, *WAITING, "-o", "/dev/full")
    assert (done.code, sold(panel), adds(panel)) == (5, ["x", "x"], ["x", "x", "x", "x"])
    assert f"B  placed  {panel.ledger[1].order}\nC  refused  {TEXT}\n" in done.err
    assert one_per_link.running == {"x"}


@pytest.mark.parametrize(("moment", "state"), [(5, "placed"), (6, "placed"), (7, "unknown")])
@pytest.mark.usefixtures("one_per_link")
def test_a_kill_while_it_waits_buys_nothing_twice(  # noqa: PLR0913, PLR0917 - fixtures and a table
    panel: WatchedPanel, start: Start, agencia: Agencia, here: Path, moment: int, state: str
) -> None:
    file = write(here, "A,1,x", "B,1,x")
    process = start("place", file, *OPTIONS, *WAITING)
    panel.at_request(moment, process.kill)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = agencia("place", file, *OPTIONS, *WAITING)
    assert {reference: state for reference, (state, _) in rows(done).items()} == {"A": "placed", "B": state}
    assert sold(panel) == ["x", "x"]


def test_ctrl_c_ends_the_waiting(panel: WatchedPanel, here: Path, one_per_link: OnePerLink) -> None:
    one_per_link.lasting = {"x"}
    panel.at_request(6, interrupt)

    def check(done: Outcome) -> None:
        assert (done.code, sold(panel)) == (130, ["x"])
        assert "1 of 2 orders done; run the command again to resume, nothing is placed twice" in done.err

    check(invoke("place", write(here, "A,1,x", "B,1,x"), *OPTIONS, *WAITING))


@pytest.mark.parametrize("text", ["Duplicate order", "An identical order was just placed"])
def test_an_order_that_the_panel_has_already_is_not_sent_again(
    panel: WatchedPanel, agencia: Agencia, here: Path, text: str
) -> None:
    assert agencia("place", write(here, "A,1,x"), *OPTIONS).code == 0
    panel.refuse("add", text)
    done = agencia("place", write(here, "B,1,x"), *OPTIONS, *WAITING)
    assert (done.code, adds(panel), sold(panel)) == (1, ["x", "x"], ["x"])


def test_a_time_without_a_wait(agencia: Agencia, here: Path) -> None:
    done = agencia("place", write(here, "A,1,x"), *OPTIONS, "--wait-at-most", "1h")
    assert (done.code, done.err) == (2, "agencia: --wait-at-most requires --wait-for-link\n")


class CountingJournal:
    """Has no orders, and counts how often they are read."""

    def __init__(self) -> None:
        self.reads = 0

    async def entries(self, *_: object, **__: object) -> AsyncIterator[None]:
        self.reads += 1
        await asyncio.sleep(0)
        for _ in ():
            yield None


async def test_orders_that_are_refused_together_share_a_look_at_the_journal(panel: WatchedPanel) -> None:
    orders = [DefaultOrder(service=1, link=f"https://example.com/p/{one}", quantity=100) for one in range(9)]
    journal = CountingJournal()
    async with AsyncClient(panel.key, base_url=str(panel.url)) as client:
        placed = PlacedForLinks(client, journal, orders)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        found = await asyncio.gather(*(placed.running(order.link, order) for order in orders))
    assert found == [[]] * 9
    assert journal.reads == 2
