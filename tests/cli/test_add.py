import os
from pathlib import Path
from typing import IO

import pytest

from .conftest import Agencia, Outcome, WatchedPanel, interrupt, invoke

LINK = ("--link", "https://example.org/post/1")


def sent(panel: WatchedPanel) -> dict[str, str]:
    """What the panel's last order was made of."""
    fields = dict(panel.ledger[-1].fields)
    del fields["action"]
    return fields


@pytest.mark.parametrize(
    ("args", "fields"),
    [
        (["1", *LINK, "--quantity", "100"], {"service": "1", "link": LINK[1], "quantity": "100"}),
        (
            ["1", *LINK, "--quantity", "50", "--runs", "2", "--interval", "5"],
            {"service": "1", "link": LINK[1], "quantity": "50", "runs": "2", "interval": "5"},
        ),
        (["2", *LINK], {"service": "2", "link": LINK[1]}),
        (["3", *LINK, "--comments-file", "c"], {"service": "3", "link": LINK[1], "comments": "nice\nü, yes"}),
        (
            ["14", *LINK, "--quantity", "25", "--field", "answer_number=3"],
            {"service": "14", "link": LINK[1], "quantity": "25", "answer_number": "3"},
        ),
        (
            ["16", *(f"--field={one}" for one in ("username=u", "min=20", "max=50", "delay=0"))],
            {"service": "16", "username": "u", "min": "20", "max": "50", "delay": "0"},
        ),
    ],
)
def test_what_is_ordered(
    panel: WatchedPanel,
    agencia: Agencia,
    here: Path,
    args: list[str],
    fields: dict[str, str],
) -> None:
    (here / "c").write_text("\ufeffnice\n\nü, yes\n", encoding="utf-8")
    done = agencia("add", *args, "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{panel.ledger[-1].order}\n"
    assert len(panel.ledger) == panel.received == 1
    assert sent(panel) == fields


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["1"], "missing option: --link"),
        (["1", "--quantity", "5", "--field", "a=b"], "missing option: --link"),
        (["1", *LINK, "--runs", "2"], "--runs and --interval require --link and --quantity"),
        (["1", *LINK, "--quantity", "50", "--runs", "2"], "drip-feed requires both runs and interval"),
        (["1", *LINK, "--quantity", "0"], "quantity must be an integer >= 1, got 0"),
        (["1", *LINK, "--field", "novalue"], "--field must be NAME=VALUE, got 'novalue'"),
        (["1", *LINK, "--field", "a=1", "--field", "a=2"], "field 'a' is given more than once"),
        (["1", *LINK, "--field", "a=1", "--field", "a=1"], "field 'a' is given more than once"),
        (["1", *LINK, "--field", "link=x"], "extra must not contain 'link'"),
        (["1", *LINK, "--field", " quantity=5"], "field ' quantity' must have no blanks around its name"),
        (["1", *LINK, "--field", "key=x"], "reserved field: key"),
        (["3", *LINK, "--comments-file", "missing"], "cannot read missing: No such file or directory"),
        (["3", *LINK, "--comments-file", "binary"], "cannot read binary: not UTF-8 text"),
        (["3", *LINK, "--comments-file", "empty"], "no comments in empty"),
    ],
)
def test_nothing_is_sent_when_the_order_is_wrong(
    panel: WatchedPanel,
    agencia: Agencia,
    here: Path,
    args: list[str],
    fault: str,
) -> None:
    (here / "binary").write_bytes(b"\xff\xfe")
    (here / "empty").write_text("\n")
    done = agencia("add", *args, "--yes")
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err.startswith(f"agencia: {fault}")


def test_without_a_terminal_it_must_be_told_yes(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("add", 1, *LINK, "--quantity", 100, input="y\n")
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err == ("agencia: an order spends money: pass --yes to confirm, as stdin is not a terminal\n")


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize(("answer", "orders"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_on_a_terminal_it_asks(panel: WatchedPanel, agencia: Agencia, answer: str, orders: int) -> None:
    done = agencia("add", 1, *LINK, "--quantity", 100, input=answer)
    assert (done.code, len(panel.ledger)) == (1 - orders, orders)
    assert panel.seen == ["services", "balance", *["add"] * orders]
    host = str(panel.url).split("/")[2]
    assert done.err.startswith(
        f"Order at {host}; this spends money:\n"
        "  service: 1 (Followers)\n"
        "  link: https://example.org/post/1\n"
        "  quantity: 100\n"
        "  price: 0.09 USD; balance: 1000 USD\n"
        f"Place it at {host} for 0.09 USD? [y/N]: "
    )
    assert ("nothing was ordered" in done.err) is (orders == 0)


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_asks_although_the_price_is_unknown(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.refuse("services", "This method is not available")
    done = agencia("add", 1, *LINK, "--quantity", 100, input="y\n")
    assert (done.code, len(panel.ledger)) == (0, 1)
    assert "  service: 1 (not in the catalogue)\n" in done.err
    assert "  price: unknown; balance: 1000 USD\n" in done.err
    assert " at an unknown price? [y/N]: " in done.err


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_does_not_ask_where_the_key_is_wrong(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.key = "another"
    done = agencia("add", 1, *LINK, "--quantity", 100, input="y\n")
    assert (done.code, panel.ledger) == (3, [])
    assert "[y/N]" not in done.err


def test_what_the_panel_refuses(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("add", 1, *LINK, "--quantity", 10, "--yes")
    assert (done.code, done.out, panel.ledger) == (3, "", [])
    assert done.err == "agencia: error from the panel: Quantity less than minimal 50\n"


def test_an_unknown_outcome_has_a_code_of_its_own(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.script("drop_after")
    done = agencia("add", 1, *LINK, "--quantity", 100, "--yes")
    assert (done.code, done.out, len(panel.ledger), panel.received) == (4, "", 1, 1)
    assert done.err.startswith("agencia: outcome unknown: ")
    assert "hint: check the panel before you send this again" in done.err


def test_ctrl_c_while_it_is_on_its_way(panel: WatchedPanel) -> None:
    panel.faults.latency = 30.0
    panel.at_request(1, interrupt)
    warning = "the order may have been placed; check the panel before you place it again"
    wanted = Outcome(130, "", f"agencia: interrupted: {warning}\n")
    assert invoke("add", 1, *LINK, "--quantity", 100, "--yes") == wanted


@pytest.mark.usefixtures("_on_a_terminal")
def test_ctrl_c_at_the_question(panel: WatchedPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as silent:

        def answers() -> IO[str]:
            interrupt()  # here the question has been asked, and the loop is about to wait for its answer
            return silent

        monkeypatch.setattr("agencia_async.cli.input.confirm.standard_input", answers)
        done = invoke("add", 1, *LINK, "--quantity", 100)
        os.close(writing)
    assert (done.code, done.out, panel.ledger) == (130, "", [])
    assert done.err.endswith(" for 0.09 USD? [y/N]: \nagencia: interrupted: nothing was sent\n")


@pytest.mark.parametrize(
    ("args", "fields"),
    [
        (["1", *LINK, "--quantity", "100"], {"service": "1", "link": LINK[1], "quantity": "100"}),
        (
            ["3", *LINK, "--comments-file", "c", "--field", "note=x"],
            {"service": "3", "link": LINK[1], "comments": "nice\ngreat", "note": "x"},
        ),
        (
            ["14", *LINK, "--quantity", "25", "--field", "answer_number=3"],
            {"service": "14", "link": LINK[1], "quantity": "25", "answer_number": "3"},
        ),
    ],
)
def test_with_a_highest_price_the_catalogue_is_asked_first(
    panel: WatchedPanel, agencia: Agencia, here: Path, args: list[str], fields: dict[str, str]
) -> None:
    (here / "c").write_text("nice\ngreat\n", encoding="utf-8")
    done = agencia("add", *args, "--yes", "--max-charge", "0.09")
    assert (done.code, done.err, panel.seen) == (0, "", ["services", "add"])
    assert done.out == f"{panel.ledger[-1].order}\n"
    assert sent(panel) == fields


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["1", *LINK, "--quantity", "101"], "the order costs 0.0909, which exceeds max_charge (0.09)"),
        (["1", *LINK, "--quantity", "10"], "the quantity for service 1 must be >= 50, got 10"),
        (
            ["1", *LINK, "--quantity", "50", "--field", "hashtag=x"],
            "service 1 has type 'Default': unexpected field: hash",
        ),
        (["99", *LINK], "service 99 is not in the catalogue; see: agencia services"),
    ],
)
def test_nothing_is_sent_when_the_catalogue_speaks_against_it(
    panel: WatchedPanel, agencia: Agencia, args: list[str], fault: str
) -> None:
    done = agencia("add", *args, "--yes", "--max-charge", "0.09")
    assert (done.code, done.out, panel.ledger) == (2, "", [])
    assert done.err.startswith(f"agencia: {fault}")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("limit", [(), ("--max-charge", "1")])
def test_with_a_reference_it_is_placed_once(
    panel: WatchedPanel, agencia: Agencia, limit: tuple[str, ...]
) -> None:
    args = ("add", 1, *LINK, "--quantity", 100, "--yes", "--journal", "j.db", "--reference", "A-1", *limit)
    first, second = agencia(*args), agencia(*args)
    assert (first.code, second.code, first.out) == (0, 0, second.out)
    assert len(panel.ledger) == 1


@pytest.mark.usefixtures("here")
def test_an_unknown_outcome_stays_unknown_under_its_reference(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.script("drop_after")
    args = ("add", 1, *LINK, "--quantity", 100, "--yes", "--journal", "j.db", "--reference", "A-1")
    assert (agencia(*args).code, agencia(*args).code, len(panel.ledger), panel.received) == (4, 4, 1, 1)


def test_a_journal_and_a_reference_go_together(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agencia("add", 1, *LINK, "--quantity", 100, "--yes", "--journal", "j.db")
    assert (done.code, done.err) == (
        2,
        "agencia: --journal requires --reference\n",
    )
    done = agencia("add", 1, *LINK, "--quantity", 100, "--yes", "--reference", "A-1")
    assert done.err.startswith("agencia: no journal: pass --journal FILE")
    assert panel.received == 0
    monkeypatch.setenv("AGENCIA_JOURNAL", "is not used")
    assert agencia("add", 1, *LINK, "--quantity", 100, "--yes").code == 0


def test_after_ctrl_c_its_reference_tells_what_became_of_it(panel: WatchedPanel, here: Path) -> None:
    panel.faults.latency = 0.5
    panel.at_request(1, interrupt)
    args = ("add", 1, *LINK, "--quantity", 100, "--yes", "--journal", here / "j.db", "--reference", "A-1")

    def check(interrupted: Outcome, again: Outcome) -> None:
        note = "the order may have been placed; run the command again: nothing is placed twice"
        assert interrupted == Outcome(130, "", f"agencia: interrupted: {note}\n")
        assert again == Outcome(0, f"{panel.ledger[0].order}\n", "")
        assert len(panel.ledger) == panel.received == 1

    check(invoke(*args), invoke(*args))
