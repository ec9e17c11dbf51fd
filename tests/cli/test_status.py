import csv
import json
import signal
from pathlib import Path

import pytest

from .conftest import Agencia, Outcome, Start, WatchedPanel, interrupt, invoke


def sizes(panel: WatchedPanel) -> list[int]:
    return [len(request.ids) for request in panel.requests]


def test_status_of_a_file(panel: WatchedPanel, agencia: Agencia, tmp_path: Path) -> None:
    ids = panel.seed_orders(250)
    file = tmp_path / "ids.csv"
    file.write_text("order,name\n" + "".join(f"{one},x\n" for one in ids))
    done = agencia("status", "--file", file)
    assert done.code == 0
    assert sorted(sizes(panel), reverse=True) == [100, 100, 50]
    rows = list(csv.DictReader(done.rows))
    assert list(rows[0]) == [
        "id", "ok", "status", "state", "charge", "start_count", "remains", "currency", "error", "error_type",
    ]  # fmt: skip
    for row in rows:
        truth = panel.expected_status(row["id"])
        assert {name: row[name] for name in truth} == truth
    assert {row["id"] for row in rows} == set(map(str, ids))
    assert done.err.splitlines()[-1].startswith("250 ids in 3 requests, ")
    assert "Completed    █" in done.err


def test_some_ids_fail(panel: WatchedPanel, agencia: Agencia) -> None:
    known = panel.seed_orders(1)[0]
    done = agencia("status", known, "x-1", "--format", "jsonl")
    assert done.code == 1
    good, bad = map(json.loads, done.rows)
    assert (good["id"], good["ok"], good["charge"]) == (known, True, panel.expected_status(known)["charge"])
    assert (bad["id"], bad["ok"], bad["error_type"]) == ("x-1", False, "NotFoundError")
    assert bad["error"] == {
        "type": "NotFoundError",
        "message": "Incorrect order ID",
        "sent": "no",
        "id": "x-1",
        "action": "status",
        "attempts": 1,
        "http_status": 200,
        "retry_after": None,
        "field": None,
        "cause": None,
    }
    assert (good["error"], good["error_type"]) == (None, None)
    assert "1 x NotFoundError: Incorrect order ID" in done.err


def test_in_csv_an_error_is_its_text(panel: WatchedPanel, agencia: Agencia) -> None:
    del panel
    done = agencia("status", "x-1", "--format", "csv")
    assert done.rows[1] == "x-1,false,,,,,,,Incorrect order ID,NotFoundError"


def test_fields_that_have_no_column_are_in_json(panel: WatchedPanel, agencia: Agencia) -> None:
    placed = agencia(
        "add", 1, "--link", "https://a.b", "--quantity", 50, "--runs", 2, "--interval", 5, "--yes"
    )
    done = agencia("status", placed.out.strip(), "--format", "json")
    [row] = json.loads(done.out)
    assert (row["runs"], row["posts"], row["is_final"]) == (2, None, False)
    assert panel.seen == ["add", "status"]


def test_quiet_says_nothing(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("status", *panel.seed_orders(2), "--quiet", "--format", "table")
    assert (done.code, done.err) == (0, "")
    assert done.rows[0].split() == ["id", "status", "charge", "start", "count", "remains"]


def test_quiet_still_says_what_failed(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("status", *panel.seed_orders(2), 99998, "x-1", "--quiet", "--any-id")
    assert done.code == 1
    assert done.err == (
        "agencia: 2 of 4 ids failed; the first: NotFoundError: Incorrect order ID "
        "(exit code 1: some ids or orders failed)\n"
    )
    done = agencia("status", 1, "--quiet", "--base-url", "http://127.0.0.1:9/", "--attempts", 1)
    assert done.code == 3
    assert done.err.splitlines()[-1].startswith("agencia: 1 of 1 ids failed; the first: TransportError: ")
    assert done.err.endswith(" (exit code 3: account rejected or panel unavailable)\n")


AWAY = ("--base-url", "http://127.0.0.1:9/", "--attempts", 1)


@pytest.mark.parametrize("more", [(), ("--sort", "charge"), ("--state", "partial"), ("-F", "json", "-q")])
def test_when_the_panel_is_away_the_old_results_are_kept(
    panel: WatchedPanel, agencia: Agencia, here: Path, more: tuple[str, ...]
) -> None:
    (here / "out").write_text("of last night")
    done = agencia("status", *panel.seed_orders(2), *AWAY, "--output", "out", *more)
    assert (done.code, (here / "out").read_text()) == (3, "of last night")
    assert "agencia: out was not replaced: no id has a result\n" in done.err
    done = agencia("status", 1, *AWAY, "--output", "new")
    assert (done.code, len((here / "new").read_text().splitlines())) == (3, 2)
    assert "not replaced" not in done.err


@pytest.mark.parametrize("more", [(), ("--sort", "charge"), ("-F", "json", "-q")])
def test_a_signal_before_the_first_result_keeps_the_old_ones(
    panel: WatchedPanel, start: Start, here: Path, more: tuple[str, ...]
) -> None:
    (here / "out").write_text("of last night")
    panel.faults.latency = 3600
    process = start("status", *panel.seed_orders(2), "--output", "out", *more)
    panel.at_request(1, lambda: process.send_signal(signal.SIGTERM))
    _, err = process.communicate(timeout=60)
    assert (process.returncode, (here / "out").read_text()) == (143, "of last night")
    assert err.splitlines() == [
        "agencia: out was not replaced: no id has a result",
        "agencia: terminated: 0 of 2 ids done",
    ]


def test_results_replace_the_old_ones_even_if_some_fail(
    panel: WatchedPanel, agencia: Agencia, here: Path
) -> None:
    (here / "out").write_text("of last night")
    assert agencia("status", 99998, "--output", "out").code == 1
    assert (here / "out").read_text().splitlines()[1].startswith("99998,false")
    ids = panel.seed_orders(200)
    panel.at_request(panel.received + 1, lambda: setattr(panel, "key", "another"))
    done = agencia("status", *ids, "--concurrency", 1, "--output", "out")
    assert (done.code, len((here / "out").read_text().splitlines())) == (3, 201)
    (here / "out").write_text("of last night")
    done = agencia("status", *ids, "--output", "out")
    assert (done.code, (here / "out").read_text()) == (3, "of last night")
    assert "agencia: out was not replaced: no id has a result\n" in done.err


def test_refill_and_its_status(panel: WatchedPanel, agencia: Agencia) -> None:
    asked = agencia("refill", *panel.seed_orders(40), "--yes")
    rows = list(csv.DictReader(asked.rows))
    refills = [row["refill"] for row in rows if row["ok"] == "true"]
    assert asked.code == 1
    assert [str(entry.result) for entry in panel.ledger] == refills
    assert "Requested  " in asked.err
    done = agencia("refill-status", "-", input="refill\n" + "\n".join(refills))
    assert done.code == 0
    assert done.rows[0] == "id,ok,status,state,error,error_type"
    assert done.rows[1] == f"{refills[0]},true,Pending,Pending,,"


def test_cancel(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("cancel", *panel.seed_orders(40), "-y")
    accepted = [row["id"] for row in csv.DictReader(done.rows) if row["ok"] == "true"]
    assert [str(entry.order) for entry in panel.ledger] == accepted
    assert "NotAllowedError" in done.err


def test_a_bad_key_stops_at_the_first_request(panel: WatchedPanel, agencia: Agencia, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text("\n".join(map(str, panel.seed_orders(500))))
    panel.key = "another"
    done = agencia("status", "--file", file)
    assert (done.code, done.out, sizes(panel)) == (3, "", [100])
    assert done.err.splitlines() == [
        "agencia: the panel rejected the account: Invalid API key",
        "  hint: is this the key for this panel? see --key-file and --base-url",
    ]


def test_a_key_that_is_refused_later(panel: WatchedPanel, agencia: Agencia, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text("\n".join(map(str, panel.seed_orders(300))))
    panel.at_request(1, lambda: setattr(panel, "key", "another"))
    done = agencia("status", "--file", file, "--concurrency", 1)
    assert done.code == 3
    assert len(done.rows) == 301
    assert "200 x AuthenticationError: Invalid API key" in done.err
    assert sizes(panel) == [100, 100]


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["1", "2,,3"], "argument 2: empty id"),
        (["1", "-"], "argument 2: id '-' is an empty value; --any-id takes ids as they are"),
        (["1.2E+05"], "argument 1: id '1.2E+05' is a number in scientific notation"),
        (["1 2"], "argument 1: id '1 2' contains a comma, whitespace or a control character"),
        ([], "pass ids in exactly one way: as arguments, with --file FILE, or - for stdin"),
        (["-"], "no ids in stdin"),
        (["--file", "missing"], "cannot read missing: No such file or directory"),
        (["--file", "bad"], "bad, line 150: id 'a b' contains a comma, whitespace or a"),
        (["--file", "bad", "--output", "bad"], "bad, line 150: id 'a b' contains"),
        (["--file", "good", "-o", "good"], "--output would overwrite the ids: good"),
        (["--file", "good", "-o", "no/such"], "cannot write no/such: No such file or directory"),
    ],
)
def test_nothing_is_sent_when_the_input_is_wrong(
    panel: WatchedPanel, agencia: Agencia, here: Path, args: list[str], fault: str
) -> None:
    (here / "bad").write_text("1\n" * 149 + "a b\n")
    (here / "good").write_text("1\n")
    done = agencia("status", *args)
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err.startswith(f"agencia: {fault}")
    assert len(done.err.splitlines()) == 1
    assert (here / "good").read_text() == "1\n"


def test_ids_before_a_bad_one_of_a_stream_are_answered(panel: WatchedPanel, agencia: Agencia) -> None:
    ids = panel.seed_orders(150)
    done = agencia("status", "-", input="".join(f"{one}\n" for one in ids) + "a b\n")
    assert done.code == 2
    assert len(done.rows) == 151
    assert done.err.splitlines()[-1].startswith("agencia: stdin, line 151: id 'a b'")
    assert "150 ids in 2 requests" in done.err


def test_ids_with_commas_and_signs_as_arguments(panel: WatchedPanel, agencia: Agencia) -> None:
    agencia("status", "1,2", "#3", "x-1")
    agencia("status", "#4", "1.0", "--any-id")
    assert [[str(one) for one in request.ids] for request in panel.requests] == [
        ["1", "2", "3", "x-1"],
        ["#4", "1.0"],
    ]


@pytest.fixture
def interrupted(panel: WatchedPanel, here: Path) -> Path:
    """A file of 300 ids, of which the second hundred is interrupted."""
    panel.faults.script(None, "rate_limit")
    panel.faults.retry_after = 30
    panel.at_request(2, interrupt)
    file = here / "ids"
    file.write_text("\n".join(map(str, panel.seed_orders(300))))
    return file


def test_ctrl_c_leaves_whole_rows(interrupted: Path, here: Path) -> None:
    def check(done: Outcome) -> None:
        assert done == Outcome(130, "", "agencia: interrupted: 100 of 300 ids done\n")
        assert len((here / "out").read_text().splitlines()) == 101

    check(invoke("status", "--file", interrupted, "-o", here / "out", "--concurrency", 1))


def test_ctrl_c_leaves_a_whole_array(interrupted: Path) -> None:
    def check(done: Outcome) -> None:
        assert done.code == 130
        assert len(json.loads(done.out)) == 100

    check(invoke("status", "--file", interrupted, "--format", "json", "--concurrency", 1))


def test_ctrl_c_during_what_the_panel_acts_on(panel: WatchedPanel) -> None:
    panel.at_request(1, interrupt)
    panel.faults.latency = 30.0
    ids = "\n".join(map(str, panel.seed_orders(10)))
    warning = "0 of 10 ids done; the panel may have acted on some of the others"
    wanted = Outcome(130, "", f"agencia: interrupted: {warning}\n")
    assert invoke("cancel", "-", "--yes", input=ids) == wanted
