"""The command journal reconcile: what it prints, where, and how it exits."""

import asyncio
import csv
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from agencia_async import AsyncClient
from agencia_async.journal import Journal

from .conftest import Agencia, Outcome, WatchedPanel

JOURNAL = ("--journal", "j.db")
LINK = "https://example.com/p/" + 600 * "x"

pytestmark = pytest.mark.usefixtures("here")


def place(
    panel: WatchedPanel, agencia: Agencia, *references: str, faults: tuple[str, ...] = ("drop_after",)
) -> Outcome:
    """Place orders, each of which meets the next fault."""
    rows = "".join(f"{reference},1,{LINK}{one},1000\n" for one, reference in enumerate(references))
    Path("orders.csv").write_text(f"reference,service,link,quantity\n{rows}")
    panel.faults.actions = {"add"}
    panel.faults.script(*(faults * len(references)))
    args = ("--yes", "--concurrency", 1, "--attempts", 1, "-q", "--allow-duplicates")
    done = agencia("place", "orders.csv", *JOURNAL, *args)
    panel.faults.actions = None
    return done


def untimed(text: str) -> list[str]:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text).splitlines()


EXPLANATION = [
    "They may have been bought, and are never sent again automatically. Look for each",
    "order on the panel's website, by its link and the time. Then copy one of its two",
    "commands: the first one if it is there, with its id for ID; the second one if it",
    "is not, and it may be placed again.",
]


def test_an_unknown_order(panel: WatchedPanel, agencia: Agencia) -> None:
    place(panel, agencia, "A-1")
    done = agencia("journal", "reconcile", *JOURNAL)
    assert done.code == 4
    address = str(panel.url).split("/")[2]
    assert untimed(done.err) == [
        "Outcome unknown: 1 order",
        *EXPLANATION,
        "",
        "A-1",
        "  service   1",
        f"  link      {LINK}0",
        "  quantity  1000",
        "  recorded  TIME, unknown since TIME",
        f"  error     RemoteProtocolError ({address}): Server disconnected without sending a response.",
        "  price     0.90 USD",
        "  balance   1000 USD at TIME, 999.10000 USD now; this journal placed nothing else in between",
        "  agencia journal resolve A-1 --journal j.db --order-id ID",
        "  agencia journal resolve A-1 --journal j.db --not-placed",
        "",
    ]
    (row,) = csv.DictReader(done.rows)
    assert {row[name] for name in ("kind", "state")} == {"unknown"}
    assert (row["link"], row["quantity"], row["cost"]) == (f"{LINK}0", "1000", "0.90")
    assert (row["balance_before"], row["balance"], row["other_orders"]) == ("1000", "999.10000", "0")
    assert agencia("journal", "reconcile", *JOURNAL, "--quiet").err == ""


def test_many_unknown_orders_are_explained_once(panel: WatchedPanel, agencia: Agencia) -> None:
    names = [f"A-{number}" for number in range(6)] + ["it's  two", "-x"]
    place(panel, agencia, *names)
    done = agencia("journal", "reconcile", *JOURNAL)
    lines = untimed(done.err)
    assert (lines[0], [lines.count(line) for line in EXPLANATION]) == ("Outcome unknown: 8 orders", [1] * 4)
    assert sum("7 other orders may have been charged in between" in line for line in lines) == 8
    commands = [shlex.split(line) for line in lines if line.startswith("  agencia journal")]
    assert len(commands) == 16
    for _, *command in commands[1::2]:
        assert agencia(*command).code == 0
    done = agencia("journal", "reconcile", *JOURNAL)
    assert (done.code, done.err) == (0, "nothing to reconcile: no order is unknown\n")
    assert agencia("journal", "list", *JOURNAL, "--state", "refused", "-q").out.count("\n") == 9


def test_place_says_where_the_commands_for_each_are(panel: WatchedPanel, agencia: Agencia) -> None:
    lines = place(panel, agencia, "A-1", "A-2").err.splitlines()
    assert lines[-1] == "  agencia journal reconcile --journal j.db"
    assert agencia(*shlex.split(lines[-1])[1:]).code == 4


def test_on_a_terminal_it_is_text(panel: WatchedPanel, agencia: Agencia, on_a_screen: None) -> None:
    del on_a_screen
    place(panel, agencia, "A-1")
    done = agencia("journal", "reconcile", *JOURNAL)
    assert (done.code, done.rows[0], done.err) == (4, "Outcome unknown: 1 order", "")
    assert f"  link      {LINK}0" in done.rows
    done = agencia("journal", "reconcile", *JOURNAL, "-q", "-F", "jsonl")
    assert (json.loads(done.out)["kind"], done.err) == ("unknown", "")


def test_the_json_is_that_of_the_findings(panel: WatchedPanel, agencia: Agencia) -> None:
    place(panel, agencia, "A-1")

    async def findings() -> list[dict[str, Any]]:
        async with AsyncClient(panel.key, base_url=str(panel.url)) as client, Journal("j.db") as journal:
            return [finding.to_dict() for finding in await journal.reconcile(client)]

    told = json.loads(agencia("journal", "reconcile", *JOURNAL, "--format", "json", "-q").out)
    assert told == asyncio.run(findings())
    assert told[0]["needs_decision"] is True


def test_an_id_that_the_panel_does_not_know_is_left_to_decide(panel: WatchedPanel, agencia: Agencia) -> None:
    place(panel, agencia, "A-1")
    agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", 999)
    done = agencia("journal", "reconcile", *JOURNAL)
    assert done.code == 1
    assert done.err.startswith("Id unknown to the panel: 1 order\nThe panel does not know the id")
    assert "  id        999\n" in done.err
    assert done.err.endswith(
        "A-1 --journal j.db --order-id ID\n  agencia journal resolve A-1 --journal j.db --not-placed\n\n"
    )
    agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", panel.ledger[0].result)
    done = agencia("journal", "reconcile", *JOURNAL)
    assert done.code == 0
    assert done.err.startswith("Id confirmed: 1 order\n")
    assert "  status    Pending\n  charge    0.90000 USD\n" in done.err
    assert done.err.endswith("  agencia journal resolve A-1 --journal j.db --order-id ID\n\n")


def test_what_was_confirmed_once_is_not_said_to_be_not_placed(panel: WatchedPanel, agencia: Agencia) -> None:
    place(panel, agencia, "A-1")
    agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", panel.ledger[0].result)
    assert agencia("journal", "reconcile", *JOURNAL).code == 0
    agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", 999)
    done = agencia("journal", "reconcile", *JOURNAL)
    assert done.code == 1
    assert "confirmed. If it was never placed, place it under a new reference.\n\nA-1\n" in done.err
    assert done.err.endswith("  agencia journal resolve A-1 --journal j.db --order-id ID\n\n")
    assert agencia("journal", "resolve", "A-1", *JOURNAL, "--not-placed").code == 2


def test_an_id_that_cannot_be_verified(panel: WatchedPanel, agencia: Agencia) -> None:
    place(panel, agencia, "A-1")
    agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", 999)
    panel.faults.script("reset_before")
    done = agencia("journal", "reconcile", *JOURNAL, "--attempts", 1)
    assert (done.code, done.err.splitlines()[0]) == (1, "Id not verified: 1 order")
    assert "agencia journal resolve" not in done.err


@pytest.mark.parametrize(("resolved", "code"), [(False, 4), (True, 1)])
def test_the_orders_of_another_panel(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, *, resolved: bool, code: int
) -> None:
    place(panel, agencia, "A-1")
    if resolved:
        agencia("journal", "resolve", "A-1", *JOURNAL, "--order-id", 7)
    monkeypatch.setenv("AGENCIA_BASE_URL", "http://127.0.0.1:9/api/v2")
    done = agencia("journal", "reconcile", *JOURNAL)
    state = "placed" if resolved else "unknown"
    assert (done.code, done.err.splitlines()) == (
        code,
        [
            "At another panel: 1 order",
            "Run this command with a profile, or the --base-url, of that panel.",
            "",
            f"A-1, {state} at {panel.url}",
        ],
    )


def test_without_an_earlier_balance(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after")
    args = ("--link", LINK, "--quantity", 100, "--yes", "--reference", "A-1", *JOURNAL)
    assert agencia("add", 1, *args).code == 4
    panel.faults.actions = None
    done = agencia("journal", "reconcile", *JOURNAL)
    assert "There is no earlier balance to compare with. agencia place records one before it\n" in done.err
    assert "  balance   999.91000 USD now\n" in done.err


def test_the_commands_name_the_journal_as_it_was_given(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(panel, agencia, "A-1")
    (here / "key").write_text(panel.key)
    (here / "config.toml").write_text(
        f'[profiles.north]\nbase_url = "{panel.url}"\nkey_file = "key"\njournal = "j.db"\n'
    )
    monkeypatch.setenv("AGENCIA_CONFIG", str(here / "config.toml"))
    done = agencia("journal", "reconcile", "--profile", "north")
    assert (done.code, done.err.splitlines()[-2]) == (
        4,
        "  agencia journal resolve A-1 --profile north --not-placed",
    )
    monkeypatch.setenv("AGENCIA_PROFILE", "north")
    done = agencia("journal", "reconcile")
    assert done.err.splitlines()[-2] == "  agencia journal resolve A-1 --profile north --not-placed"
    monkeypatch.delenv("AGENCIA_PROFILE")
    assert agencia("journal", "resolve", "A-1", "--profile", "north", "--not-placed").code == 0


def test_a_profile_without_a_journal_is_not_named_for_it(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "key").write_text(panel.key)
    (here / "config.toml").write_text(
        f'[profiles.north]\nbase_url = "{panel.url}"\nkey_file = "key"\n'
        '[profiles.south]\nkey_file = "key"\njournal = "south.db"\n'
    )
    place(panel, agencia, "A-1", "A-2")
    monkeypatch.setenv("AGENCIA_CONFIG", str(here / "config.toml"))
    monkeypatch.setenv("AGENCIA_JOURNAL", "j.db")
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    done = agencia("place", "orders.csv", "--yes", "--allow-duplicates", "--profile", "north")
    *_, order, not_placed, _, again = done.err.splitlines()
    assert order == "  agencia journal resolve A-1 --journal j.db --order-id ID"
    assert not_placed == "  agencia journal resolve A-1 --journal j.db --not-placed"
    assert again == "  agencia journal reconcile --journal j.db --profile north"
    (here / "config.toml").write_text(
        f'default = "north"\n[profiles.north]\nbase_url = "{panel.url}"\nkey_file = "key"\njournal = "j.db"\n'
    )
    monkeypatch.setenv("AGENCIA_JOURNAL", "other.db")
    done = agencia("place", "orders.csv", "--yes", "--allow-duplicates")
    assert done.err.splitlines()[-1] == "  agencia journal reconcile --profile north"
    done = agencia("place", "orders.csv", "--yes", "--allow-duplicates", "--profile", "north")
    assert done.err.splitlines()[-1] == "  agencia journal reconcile --profile north"
    assert agencia("doctor", "--format", "csv").out.splitlines()[-1].endswith("reconcile --profile north")


def test_the_url_of_a_journal_is_not_printed(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"sqlite:///file:{Path.cwd()}/j.db?uri=true"
    monkeypatch.setenv("AGENCIA_JOURNAL", name)
    place(panel, agencia, "A-1")
    done = agencia("place", "orders.csv", "--yes", "--journal", name)
    note = "URL stands for the database URL of the journal, which may contain a password."
    assert done.err.splitlines()[-2:] == ["  agencia journal resolve A-1 --journal URL --not-placed", note]
    done = agencia("journal", "reconcile")
    assert done.err.splitlines()[-4:] == [
        "  agencia journal resolve A-1 --journal URL --not-placed",
        "",
        note,
        "",
    ]
    assert agencia("journal", "resolve", "A-1", "--journal", "URL", "--not-placed").code == 2
