"""Watching on the command line: what is written, what is asked for, and how it ends."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from .conftest import Agencia, Outcome, Start, WatchedPanel, interrupt, invoke

OFTEN = ("--min-interval", 0.01)


def lines(done: Outcome) -> list[dict[str, Any]]:
    return [json.loads(row) for row in done.rows]


def seeded(panel: WatchedPanel, *states: str) -> list[int]:
    """Orders that are in these states."""
    ids = panel.seed_orders(len(states))
    for one, state in zip(ids, states, strict=True):
        panel.set_state(one, state)
    return [int(one) for one in ids]


def test_a_line_for_each_change_until_all_have_ended(panel: WatchedPanel, agencia: Agencia) -> None:
    first, second = seeded(panel, "Completed", "In progress")
    panel.at_request(2, lambda: panel.set_state(second, "Completed"))
    done = agencia("watch", first, second, *OFTEN)
    assert done.code == 0
    told = [(line["id"], line["value"]["status"], line["number"], line["is_final"]) for line in lines(done)]
    assert sorted(told) == [
        (first, "Completed", 1, True),
        (second, "Completed", 2, True),
        (second, "In progress", 1, False),
    ]
    assert {len(line) for line in lines(done)} == {7}
    asked, *again = [sorted(map(str, request.ids)) for request in panel.requests]
    assert asked == [str(first), str(second)]
    assert again == [[str(second)]] * len(again) != []
    assert done.err.splitlines()[-1].startswith("2 orders, 0 not ended, ")


def test_an_order_that_ended_otherwise_fails_it(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "ids").write_text("\n".join(map(str, seeded(panel, "Completed", "Partial"))))
    done = agencia("watch", "--file", "ids", "--quiet")
    assert (done.code, len(done.rows)) == (1, 2)
    assert done.err == (
        "agencia: 1 of 2 orders ended without being completed (exit code 1: some ids or orders failed)\n"
    )
    assert "Partial" in agencia("watch", "--file", "ids").err


@pytest.mark.parametrize(("until", "count"), [("any", 1), ("2", 2), ("9", 3), ("all", 3)])
def test_it_ends_when_enough_have_ended(
    panel: WatchedPanel, agencia: Agencia, until: str, count: int
) -> None:
    ids = seeded(panel, *["Completed"] * 3)
    done = agencia("watch", *ids, "--until", until)
    assert (done.code, len(done.rows)) == (0, count)


@pytest.mark.parametrize("until", ["0", "-1", "some", "1.5", ""])
def test_a_wrong_number_of_orders(panel: WatchedPanel, agencia: Agencia, until: str) -> None:
    done = agencia("watch", 1, "--until", until)
    assert (done.code, panel.received) == (2, 0)
    assert "is not all, any or a number of" in done.err


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["1", "--journal", "x.db"], "pass ids, or watch a journal with --journal and --follow; not both"),
        (["1", "--follow"], "pass ids, or watch a journal with --journal and --follow; not both"),
        (["1", "--profile", "a", "--profile", "b"], "ids belong to one panel: pass at most one --profile"),
        ([], "no journal: pass --journal FILE, or set AGENCIA_JOURNAL"),
        (["--journal", "missing.db"], "journal not found: missing.db"),
        (["1", "--min-interval", "9", "--max-interval", "5"], "max_interval must be >= min_interval"),
    ],
)
@pytest.mark.usefixtures("here")
def test_nothing_is_asked_for_when_the_options_are_wrong(
    panel: WatchedPanel, agencia: Agencia, args: list[str], fault: str
) -> None:
    done = agencia("watch", *args)
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert f"agencia: {fault}" in done.err


def test_a_rejected_key(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.key = "another"
    done = agencia("watch", 1)
    assert (done.code, done.out, panel.received) == (3, "", 1)
    assert "agencia: the panel rejected the account: Invalid API key" in done.err


def test_ctrl_c_ends_it_with_a_summary(panel: WatchedPanel) -> None:
    ids = seeded(panel, "Completed", "Pending")
    panel.at_request(2, interrupt)

    def check(done: Outcome) -> None:
        assert (done.code, len(done.rows)) == (130, 2)
        assert "2 orders, 1 not ended, 2 requests" in done.err
        assert done.err.splitlines()[-1] == "agencia: interrupted: 1 order ended"

    check(invoke("watch", *ids, *OFTEN))


@pytest.fixture
def placed(panel: WatchedPanel, agencia: Agencia, here: Path) -> list[int]:
    """Three orders that were placed with the journal `orders.db`."""
    link = "https://example.com/p/"
    rows = "".join(f"{one},1,{link}{one},1000\n" for one in range(3))
    (here / "orders.csv").write_text(f"reference,service,link,quantity\n{rows}")
    assert agencia("place", "orders.csv", "--journal", "orders.db", "--yes").code == 0
    return [int(str(entry.result)) for entry in panel.ledger]


def test_the_orders_of_a_journal_are_told_once(
    panel: WatchedPanel, agencia: Agencia, placed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in placed:
        panel.set_state(one, "Completed")
    done = agencia("watch", "--journal", "orders.db")
    assert (done.code, sorted(line["id"] for line in lines(done))) == (0, placed)
    asked = panel.received
    monkeypatch.setenv("AGENCIA_JOURNAL", "orders.db")
    done = agencia("watch")
    assert (done.code, done.out, panel.received) == (0, "", asked)
    assert done.err.splitlines()[-1].startswith("0 orders, 0 not ended, 0 requests")


def test_a_journal_without_orders_at_this_panel(
    panel: WatchedPanel, agencia: Agencia, placed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert placed
    url, asked = panel.url, panel.received
    monkeypatch.setenv("AGENCIA_BASE_URL", "http://127.0.0.1:9/other")
    for command in ("watch", "status"):
        done = agencia(command, "--journal", "orders.db")
        assert (done.code, done.out, done.err) == (
            2,
            "",
            f"agencia: no order was placed at 127.0.0.1:9 through orders.db, only at {url}\n",
        )
    assert panel.received == asked


def test_a_journal_in_which_nothing_is_placed(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "new.db").touch()
    for command in ("watch", "status"):
        done = agencia(command, "--journal", "new.db")
        assert (done.code, done.err) == (2, "agencia: new.db has no orders\n")
    (here / "o.csv").write_text("reference,service,link,quantity\nx,1,https://a.b/x,100\n")
    panel.refuse("add", "Incorrect link")
    assert agencia("place", "o.csv", "--journal", "new.db", "--yes").code == 1
    host = str(panel.url).split("/")[2]
    for command in ("watch", "status"):
        done = agencia(command, "--journal", "new.db")
        assert (done.code, done.err) == (2, f"agencia: no order was placed at {host} through new.db\n")


def test_following_waits_for_the_first_order(
    panel: WatchedPanel, start: Start, agencia: Agencia, here: Path
) -> None:
    (here / "orders.db").touch()
    following = start("watch", "--follow", "--journal", "orders.db", "--min-interval", "0.05", "--until", 1)
    (here / "o.csv").write_text("reference,service,link,quantity\nx,1,https://a.b/x,100\n")
    assert agencia("place", "o.csv", "--journal", "orders.db", "--yes").code == 0
    panel.set_state(panel.ledger[0].result, "Completed")
    out, err = following.communicate(timeout=60)
    assert (following.returncode, json.loads(out.splitlines()[-1])["is_final"]) == (0, True), err


def test_following_ends_when_enough_have_ended(
    panel: WatchedPanel, agencia: Agencia, placed: list[int]
) -> None:
    panel.set_state(placed[0], "Completed")
    done = agencia("watch", "--follow", "--journal", "orders.db", "--until", "any", "--quiet")
    assert (done.code, done.err) == (0, "")


@pytest.fixture
def two_profiles(
    panel: WatchedPanel, placed: list[int], here: Path, monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """The orders of the first profile; the journal of the second one does not exist yet."""
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    (here / "key").write_text(panel.key)
    (here / "key").chmod(0o600)
    (here / "config.toml").write_text(
        f'[profiles.north]\nbase_url = "{panel.url}"\nkey_file = "key"\njournal = "orders.db"\n'
        f'[profiles.south]\nbase_url = "{panel.url}"\nkey_file = "key"\njournal = "new.db"\n'
    )
    monkeypatch.setenv("AGENCIA_CONFIG", str(here / "config.toml"))
    return placed


def test_a_profile_without_orders_is_named(
    panel: WatchedPanel, agencia: Agencia, two_profiles: list[int], here: Path
) -> None:
    for one in two_profiles:
        panel.set_state(one, "Completed")
    (here / "new.db").touch()
    done = agencia("watch", "--profile", "north", "--profile", "south")
    assert (done.code, len(done.rows)) == (0, 3)
    assert done.err.splitlines()[0] == f"{here / 'new.db'} has no orders"
    assert agencia("watch", "--profile", "south").code == 2


def test_following_creates_the_journal_of_a_profile(
    panel: WatchedPanel, agencia: Agencia, two_profiles: list[int], here: Path
) -> None:
    panel.set_state(two_profiles[0], "Completed")
    both = ("watch", "--profile", "north", "--profile", "south", "--until", "any", "--quiet")
    assert "journal not found: " in agencia(*both).err
    assert not (here / "new.db").exists()
    named = agencia("watch", "--profile", "south", "--journal", "x.db", "--follow")
    assert (named.code, named.err, (here / "x.db").exists()) == (
        2,
        "agencia: journal not found: x.db\n",
        False,
    )
    done = agencia(*both, "--follow")
    assert (done.code, done.err, (here / "new.db").exists()) == (0, "", True)


def test_a_kill_repeats_and_loses_no_change(
    panel: WatchedPanel, agencia: Agencia, placed: list[int], start: Start
) -> None:
    panel.set_state(placed[0], "Completed")
    first = start("watch", "--journal", "orders.db", "--min-interval", "0.05")
    assert first.stdout is not None
    told = [json.loads(first.stdout.readline()) for _ in placed]
    first.send_signal(signal.SIGKILL)
    first.wait()
    for one in placed[1:]:
        panel.set_state(one, "Partial")
    done = agencia("watch", "--journal", "orders.db")
    assert done.code == 1
    told += lines(done)
    finals = {(line["id"], line["number"]): line["value"]["status"] for line in told if line["is_final"]}
    assert finals == {(placed[0], 1): "Completed", (placed[1], 2): "Partial", (placed[2], 2): "Partial"}
    assert agencia("watch", "--journal", "orders.db").out == ""


def test_the_profiles_are_watched_side_by_side(
    panel: WatchedPanel, agencia: Agencia, placed: list[int], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AGENCIA_CONFIG", "config.toml")
    for name, key in {"north": panel.key, "wrong": "nonsense"}.items():
        (here / f"{name}.key").write_text(key)
        (here / f"{name}.key").chmod(0o600)
    profile = '[profiles.{}]\nbase_url = "{}"\nkey_file = "{}.key"\njournal = "orders.db"\n'
    names = ("north", "wrong")
    (here / "config.toml").write_text("".join(profile.format(name, panel.url, name) for name in names))
    done = agencia("watch", "--profile", "north", "--profile", "wrong")
    assert done.code == 3
    assert f"wrong ({str(panel.url).split('/')[2]}) ended the watching" in done.err.splitlines()
    assert "agencia: the panel rejected the account: Invalid API key" in done.err.splitlines()
    for one in placed:  # not before: what was told in the first run is not told again
        panel.set_state(one, "Completed")
    (here / "wrong.key").write_text(panel.key)
    done = agencia("watch", "--profile", "north", "--profile", "wrong", "--profile", "north")
    assert done.code == 0
    assert {line["profile"] for line in lines(done)} <= {"north", "wrong"}
    assert done.err.splitlines()[-1].startswith("6 orders, 0 not ended, ")


def test_an_unknown_order_ends_when_it_was_unknown_for_long_enough(
    panel: WatchedPanel, agencia: Agencia
) -> None:
    done = agencia("watch", 7, "--unknown-for", 0)
    assert (done.code, [line["error"]["type"] for line in lines(done)]) == (1, ["NotFoundError"])
    assert panel.received == 1
