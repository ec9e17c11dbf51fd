"""What only a process of its own shows of placing: a kill, a pipe, a terminal, a missing extra."""

import os
import pty
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.rounds import rounds

from .conftest import COMMAND, Agencia, Start, WatchedPanel, read_terminal
from .placing import check_all_placed, numbered, rows

COUNT = 40
WITHOUT_SQLALCHEMY = """
import sys

sys.modules["sqlalchemy"] = None
from agencia_async.cli import main

for line in sys.argv[1:]:
    sys.argv[1:] = line.split()
    try:
        main()
    except SystemExit as end:
        print("ended with", end.code, flush=True)
"""
"""Runs one command after the other."""


@pytest.fixture
def many(here: Path) -> str:
    return numbered(COUNT, here)


def links(panel: WatchedPanel) -> list[str]:
    return [entry.fields["link"] for entry in panel.ledger]


def test_after_a_kill_it_goes_on_and_places_nothing_twice(
    panel: WatchedPanel, start: Start, agencia: Agencia, many: str
) -> None:
    panel.faults.actions = {"add"}
    panel.faults.latency = 0.05
    process = start("place", many, "-j", "j.db", "--yes")
    panel.at_request(20, process.kill)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(links(panel)) < COUNT
    again = agencia("place", many, "-j", "j.db", "--yes")
    states = [state for state, _ in rows(again).values()]
    unknown = states.count("unknown")
    assert again.code == 4
    assert (len(states), states.count("placed") + unknown) == (COUNT, COUNT)
    assert 1 <= unknown <= 10
    assert f"The outcome of {unknown} order" in again.err
    assert len(set(links(panel))) == len(links(panel)) >= COUNT - unknown


@pytest.mark.parametrize(
    "moment", [15, *random.Random(7).sample(range(4, COUNT - 10), rounds(0, nightly=19))]
)
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "hung up"),
    ],
)
def test_a_signal(  # noqa: PLR0913, PLR0917 - fixtures and a table
    panel: WatchedPanel,
    start: Start,
    agencia: Agencia,
    many: str,
    number: int,
    code: int,
    word: str,
    moment: int,
) -> None:
    panel.faults.actions = {"add"}
    panel.faults.latency = 0.05
    process = start("place", many, "-j", "j.db", "--yes", "--quiet")
    panel.at_request(moment, lambda: process.send_signal(number))
    out, err = process.communicate()
    assert process.returncode == code
    done = f"{max(0, len(out.splitlines()) - 1)} of {COUNT} orders done"
    assert err.splitlines() == [
        "agencia: interrupted; waiting for the orders in flight",
        f"agencia: {word}: {done}; run the command again to resume, nothing is placed twice",
    ]
    check_all_placed(panel, COUNT, agencia("place", many, "-j", "j.db", "--yes", "--quiet"))


def test_a_second_ctrl_c_does_not_wait_for_the_panel(
    panel: WatchedPanel, start: Start, agencia: Agencia, many: str
) -> None:
    panel.faults.actions = {"add"}
    panel.faults.latency = 3600
    process = start("place", many, "-j", "j.db", "--yes", "--quiet", "--concurrency", 5)
    panel.at_request(7, lambda: process.send_signal(signal.SIGINT))
    assert process.stderr
    assert process.stderr.readline() == "agencia: interrupted; waiting for the orders in flight\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    told = f"0 of {COUNT} orders done; run the command again to resume, nothing is placed twice"
    assert (process.returncode, err) == (130, f"agencia: interrupted: {told}\n")
    assert len(links(panel)) == 5
    panel.faults.latency = 0
    again = agencia("place", many, "-j", "j.db", "--yes", "--quiet")
    states = [state for state, _ in rows(again).values()]
    assert (again.code, states.count("unknown"), states.count("placed")) == (4, 5, COUNT - 5)
    assert len(set(links(panel))) == len(links(panel)) == COUNT


def test_a_broken_pipe_buys_nothing_twice(
    panel: WatchedPanel, start: Start, agencia: Agencia, many: str
) -> None:
    process = start("place", many, "-j", "j.db", "--yes", "--quiet")
    assert process.stdout
    assert process.stdout.readline().startswith("reference,state")
    process.stdout.close()
    assert process.wait() == 5
    assert process.stderr
    told = re.findall(r"^M-\d+  placed  (\d+)$", process.stderr.read(), re.MULTILINE)
    assert set(told) <= {str(entry.order) for entry in panel.ledger}
    assert told
    check_all_placed(panel, COUNT, agencia("place", many, "-j", "j.db", "--yes", "--quiet"))


def test_on_a_terminal_it_asks_and_shows_a_bar(panel: WatchedPanel, many: str) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(  # noqa: S603 - our own
        [*COMMAND, "place", many, "-j", "j.db"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while part := read_terminal(ours):
            shown += part
            if part.endswith(b"[y/N]: "):
                os.write(ours, b"yes\n")
    os.close(ours)
    text = shown.decode()
    assert (process.returncode, len(links(panel))) == (0, COUNT)
    assert "many.csv: 40 orders\r\n  40 to send\r\npanel: 127.0.0.1:" in text
    assert "\r\ncost: 3.60 USD; balance: 1000 USD\r\n" in text
    host = str(panel.url).split("/")[2]
    assert f"Place 40 orders at {host} for 3.60 USD? [y/N]: yes" in text
    assert "placing" in text
    assert "/40" in text
    assert "40 orders in 42 requests" in text


def test_two_processes_share_a_file_and_each_counts_its_own(
    panel: WatchedPanel, start: Start, many: str
) -> None:
    panel.faults.actions = {"add"}
    panel.faults.latency = 0.05
    both = [start("place", many, "-j", "j.db", "--yes", "--allow-duplicates") for _ in range(2)]
    ends = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(links(panel)) == len(set(links(panel))) == COUNT
    counts = [int(found[1]) for end in ends if (found := re.search(r"^placed .* (\d+)  ", end, re.MULTILINE))]
    assert sum(counts) == COUNT
    for end in ends:
        placed = re.search(r"^placed ", end, re.MULTILINE)
        assert ("cost of this run: none" in end) is (placed is None)


def test_an_installation_without_the_extra(panel: WatchedPanel, many: str) -> None:
    commands = [f"place {many} --yes --journal j.db", "journal list --journal j.db", "balance"]
    Path("j.db").touch()
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", WITHOUT_SQLALCHEMY, *commands], capture_output=True, text=True, check=False
    )
    missing = 'agencia: the journal needs SQLAlchemy: in a clone, pip install ".[journal]" brings it\n'
    assert (done.returncode, done.stderr) == (0, missing * 2)
    assert done.stdout == "ended with 2\nended with 2\nbalance,currency\n1000,USD\nended with 0\n"
    assert panel.seen == ["balance"]
