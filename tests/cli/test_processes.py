"""What only a process of its own shows: signals, pipes, a terminal."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from .conftest import COMMAND, Start, WatchedPanel, read_terminal
from .placing import numbered


@pytest.fixture
def ids(panel: WatchedPanel, tmp_path: Path) -> Path:
    file = tmp_path / "ids"
    file.write_text("".join(f"{one}\n" for one in panel.seed_orders(5000)))
    return file


def test_5000_ids(panel: WatchedPanel, start: Start, ids: Path) -> None:
    process = start("status", "--file", ids)
    out, err = process.communicate()
    assert (process.returncode, len(out.splitlines())) == (0, 5001)
    assert err.splitlines()[-1].startswith("5,000 ids in 50 requests, ")
    assert "\x1b" not in out + err
    assert panel.received == 50


def test_ctrl_c(panel: WatchedPanel, start: Start, ids: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    process = start("status", "--file", ids, "--output", out)
    panel.at_request(20, lambda: process.send_signal(signal.SIGINT))
    _, err = process.communicate()
    rows = out.read_text().splitlines(keepends=True)
    assert process.returncode == 130
    assert err == f"agencia: interrupted: {len(rows) - 1:,} of 5,000 ids done\n"
    assert all(row.endswith("\n") and row.count(",") == 9 for row in rows)
    assert panel.received < 50


def test_ctrl_c_while_standard_input_is_silent(panel: WatchedPanel, start: Start) -> None:
    process = start("status", "-", stdin=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    process.stdin.write("".join(f"{one}\n" for one in panel.seed_orders(200)))
    process.stdin.flush()
    assert len([process.stdout.readline() for _ in range(201)]) == 201
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert process.stderr
    assert process.stderr.read() == "agencia: interrupted: 200 ids done\n"


def test_a_broken_pipe(panel: WatchedPanel, start: Start, ids: Path) -> None:
    process = start("status", "--file", ids)
    assert process.stdout
    assert process.stdout.readline().startswith("id,ok,status")
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr
    assert process.stderr.read() == ""
    assert panel.received <= 50


def test_a_full_disk(start: Start, ids: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = start("status", "--file", ids, stdout=full)
        _, err = process.communicate()
    assert (process.returncode, err) == (
        2,
        "agencia: cannot write the output: No space left on device\n",
    )


def test_the_sandbox_from_another_process(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ids"
    sandbox = start("sandbox", "--orders", 300, "--ids-file", file)
    assert sandbox.stdout
    told = list(
        takewhile(lambda line: not line.startswith("Press Ctrl-C"), iter(sandbox.stdout.readline, ""))
    )
    for name, value in re.findall(r"export (\w+)=(\S+)", "".join(told)):
        monkeypatch.setenv(name, value)
    client = start("status", "--file", file)
    out, _ = client.communicate()
    assert (client.returncode, len(out.splitlines())) == (0, 301)
    sandbox.send_signal(signal.SIGINT)
    _, err = sandbox.communicate()
    assert (sandbox.returncode, err) == (0, "stopped; received 3 requests\n")


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_an_installation_without_its_extra(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from agencia_async.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'agencia: {missing} is not installed: in a clone, pip install ".[cli]" brings it\n'


def test_the_demo(start: Start) -> None:
    process = start("demo")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "5,050 ids in 54 requests" in out
    assert "Nothing was lost:" in out
    assert "3 of 54 requests failed and were retried:" in out
    assert max(map(len, out.splitlines())) <= 80


def test_on_a_terminal_there_are_a_table_a_bar_and_colours(panel: WatchedPanel, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.write_text("".join(f"{one}\n" for one in panel.stock(500)))
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(  # noqa: S603 - our own
        [*COMMAND, "status", "--file", str(ids)], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while part := read_terminal(ours):
            shown += part
    os.close(ours)
    text = shown.decode()
    assert process.returncode == 0
    assert "/500" in text
    assert "start count" in text
    assert text.count(" USD ") == 500
    assert "\x1b[32mCompleted" in text
    assert "500 ids in 5 requests" in text


ADD = ("add", 1, "--link", "https://a.b/1", "--quantity", 100, "--yes")


def in_shell(redirected: str, *args: object) -> tuple[int, str]:
    """The exit code and stderr of a command whose stdout is redirected so."""
    words = shlex.join([*COMMAND, *map(str, args)])
    done = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", f"{words} {redirected}"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("redirected", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"), ("| true", "Broken pipe")],
)
def test_an_id_that_was_bought_is_told_if_stdout_fails(
    panel: WatchedPanel, redirected: str, reason: str
) -> None:
    panel.faults.latency = 0.3
    code, err = in_shell(redirected, *ADD)
    assert err == f"agencia: order {panel.ledger[0].order} was placed, but stdout failed: {reason}\n"
    assert code == (0 if "|" in redirected else 5)  # that of the pipe's end


@pytest.mark.parametrize("redirected", [">/dev/full", ">&-", "--output /dev/full"])
def test_orders_that_were_bought_are_told_if_the_output_fails(
    panel: WatchedPanel, here: Path, redirected: str
) -> None:
    file = numbered(30, here)
    code, err = in_shell(redirected, "place", file, "--journal", "j.db", "--yes", "--concurrency", 2)
    told = dict(re.findall(r"^(M-\d+)  placed  (\d+)$", err, re.MULTILINE))
    sold = {f"M-{entry.fields['link'].rpartition('/')[2]}": str(entry.order) for entry in panel.ledger}
    assert (code, told) == (5, sold)
    assert 1 <= len(sold) <= 4
    assert f"the output failed, so no more was sent: {len(sold)} of 30 orders done; " in err
    code, _ = in_shell(">out.csv", "place", file, "--journal", "j.db", "--yes")
    assert (code, len(panel.ledger)) == (0, 30)


def test_all_streams_closed(panel: WatchedPanel) -> None:
    code, err = in_shell(">&- 2>&-", *ADD)
    assert (code, err, len(panel.ledger)) == (5, "", 1)
    assert in_shell(">&- 2>&-", "status", 1, 2)[0] == 2


def test_the_package_as_a_module(panel: WatchedPanel) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agencia_async", "balance"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, panel.received) == ("balance,currency\n1000,USD\n", 1)
