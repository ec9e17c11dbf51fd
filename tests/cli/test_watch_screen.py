"""The live screen: what it shows at which width, and how it is drawn and ended."""

import asyncio
import errno
import fcntl
import io
import logging
import os
import pty
import subprocess
import termios
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from agencia_async import Change, NotFoundError, OrderStatus
from agencia_async.cli.commands import watch, watch_run
from agencia_async.cli.commands.on_final import OnFinal
from agencia_async.cli.input.keys import on_key
from agencia_async.cli.output.watch_screen import PanelView, Screen, SeenChange, View, ending, frame
from agencia_async.cli.stderr import logged, tell

from .conftest import COMMAND, Agencia, WatchedPanel, read_terminal
from .test_watch import seeded

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def status(text: str, remains: int | None = None) -> OrderStatus:
    return OrderStatus(status=text, charge=Decimal("0.90"), currency="USD", remains=remains)


def view(count: int = 10_000) -> View:
    """A view of 10,000 orders at two panels, of which one is away."""
    pending = status("Pending")
    changes: list[Change[OrderStatus]] = [
        Change(23501, status("Completed", 0), None, previous=pending, number=2),
        Change(23502, status("listo\x1b[2J"), None, number=1),
        Change("x-1", None, NotFoundError("Incorrect order ID"), number=1),
    ]
    return View(
        panels=[
            PanelView(
                name="north (north.example)",
                open=1_500,
                states={"Completed": count - 2_500, "In progress": 1_300, "error": 1},
                unseen=200,
                requests=312,
                pace=1.0,
                next_look=12.4,
            ),
            PanelView(
                name="south (south.example)",
                open=999,
                states={"Pending": 999},
                requests=8,
                next_look=0.0,
                away=95.0,
                why="ConnectError: \x07refused",
                retry_in=7.5,
            ),
        ],
        recent=[SeenChange(NOON + timedelta(seconds=n), one, None) for n, one in enumerate(changes)],
        elapsed=725.0,
        commands="7 commands run, 1 failed, 1 with exit code 3",
    )


def shown(seen: View, width: int, height: int = 40, encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width, height=height, force_terminal=True, color_system=None)
    console.print(frame(seen, console))
    file.seek(0)
    return [line.rstrip() for line in file.read().splitlines()]


AT_60 = """\
10,000 orders, 2,499 not ended, watched for 12:05 min
Completed     ██████████████████████          7,500   75.0%
In progress   ████                            1,300   13.0%
Pending       ███                               999   10.0%
not seen yet  █                                 200    2.0%
error         █                                   1    0.0%

south (south.example): 999 not ended, 8 requests, 1/min
  away for 1:35 min, next try in 7 s: ConnectError: ?refused
north (north.example): 1,500 not ended, next poll in 12 s, …
7 commands run, 1 failed, 1 with exit code 3

12:00:02  x-1           Incorrect order ID
12:00:01  23502         listo?[2J  charge 0.90 USD
12:00:00  23501         Pending → Completed  charge 0.90 US…
q ends
"""


def test_it_is_right_at_60_columns() -> None:
    assert "\n".join(shown(view(), 60)) + "\n" == AT_60


@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width: int) -> None:
    lines = shown(view(), width)
    assert len(lines) == len(AT_60.splitlines())
    assert max(map(len, lines)) <= width
    assert (max(map(len, lines[1:6])) > width - 5) == (width < 150)


def test_a_wide_terminal_shows_all_of_a_panel_and_a_change() -> None:
    lines = shown(view(), 100)
    assert lines[9] == (
        "north (north.example): 1,500 not ended, next poll in 12 s, 312 requests, 26/min, limit 60/min"
    )
    assert lines[-2] == "12:00:00  23501         Pending → Completed  charge 0.90 USD  remains 0"


def test_a_low_terminal_has_fewer_changes_and_an_ascii_one_other_signs() -> None:
    lines = shown(view(), 100, height=18, encoding="ascii")
    assert [line for line in lines if line.startswith("12:")] == [
        "12:00:02  x-1           Incorrect order ID",
        "12:00:01  23502         listo?[2J  charge 0.90 USD",
    ]
    assert "####" in lines[1]
    assert "Pending -> Completed" in shown(view(), 100, encoding="ascii")[-2]


def test_many_panels_and_what_is_soon() -> None:
    panels = [PanelView(name=f"p{n}", open=0, states={}, next_look=0.2) for n in range(10)]
    panels.append(PanelView(name="gone", open=1, states={}, away=3_700.0))
    lines = shown(View(panels=panels, recent=(), elapsed=0.0), 80)
    assert lines == [
        "0 orders, 1 not ended, watched for 0 s",
        "",
        "gone: 1 not ended, 0 requests",
        "  away for 1:01 h, trying now",
        *(f"p{n}: 0 not ended, polling now, 0 requests" for n in range(7)),
        "and 3 more panels",
        "",
        "no changes yet",
        "q ends",
    ]


def test_requests_a_minute_are_told_after_a_minute() -> None:
    panels = [PanelView(name="p", open=2, states={}, requests=3, next_look=4.0)]
    assert "p: 2 not ended, next poll in 4 s, 3 requests" in shown(View(panels=panels, elapsed=59.9), 80)
    assert "p: 2 not ended, next poll in 4 s, 3 requests, 3/min" in shown(View(panels=panels, elapsed=60), 80)


def test_a_profile_and_long_times() -> None:
    change = SeenChange(NOON, Change(1, status("Partial"), None), "north")
    seen = View(panels=[], recent=[change], elapsed=3 * 86_400 + 4 * 3_600)
    lines = shown(seen, 80)
    assert lines[0] == "0 orders, 0 not ended, watched for 3 d 4 h"
    assert lines[-2].startswith("12:00:00  north 1       Partial  charge 0.90 USD")


def test_the_summary() -> None:
    lines = [line.plain for line in ending(view(), Console(width=60))]
    assert lines[-1] == "10,000 orders, 2,499 not ended, 320 requests, 12:05 min"
    assert len(lines) == 6


def test_a_frame_takes_less_than_two_percent_of_a_core() -> None:
    console = Console(file=io.StringIO(), width=200, height=60, force_terminal=True)
    with Screen(console) as screen:
        screen.show(view())
        began = time.process_time()
        for _ in range(20):
            screen.show(view())
        assert (time.process_time() - began) / 20 < 0.02  # there is one a second
    assert isinstance(console.file, io.StringIO)
    assert "Completed" in console.file.getvalue()


async def test_a_key_is_read_from_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pressed, hung_up = list[str](), asyncio.Event()
    keys = iter([b"x", b"xq", b""])

    def read(_file: int, _most: int) -> bytes:
        key = next(keys)
        if not key:
            hung_up.set()
        return key

    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with open(theirs, encoding="utf-8") as terminal, monkeypatch.context() as patch:  # noqa: ASYNC230, PTH123
        patch.setattr("sys.stdin", terminal)
        patch.setattr("os.tcgetpgrp", _in_front)
        with on_key("q", lambda: pressed.append("q")):
            assert termios.tcgetattr(theirs) != before
            os.write(ours, b"x")  # there is something to read
            patch.setattr("os.read", read)
            await hung_up.wait()
        assert pressed == ["q"]
        assert termios.tcgetattr(theirs) == before
        patch.setattr("os.tcgetpgrp", _in_the_background)
        with on_key("q", pressed.clear):
            assert termios.tcgetattr(theirs) == before
        patch.setattr("os.tcgetpgrp", _not_ours)
        with on_key("q", lambda: pressed.append("q")):
            assert termios.tcgetattr(theirs) != before
        patch.setattr("sys.stdin", None)
        with on_key("q", pressed.clear):
            assert termios.tcgetattr(theirs) == before
    os.close(ours)


def _not_ours(_file: int) -> int:
    raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")


def _in_front(_file: int) -> int:
    return os.getpgrp()


def _in_the_background(_file: int) -> int:
    return 0


def _given(console: Console, _file: Path | None) -> Console:
    return console


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is written to stdout, which is a terminal; each screen stands for a moment only."""
    file = io.StringIO()
    console = Console(file=file, width=100, height=40, force_terminal=True, color_system=None)
    monkeypatch.setattr(watch, "terminal", partial(_given, console))
    monkeypatch.setattr(watch_run, "_REFRESH", 0.01)
    return file


def test_on_a_terminal_there_are_no_lines(panel: WatchedPanel, agencia: Agencia, screen: io.StringIO) -> None:
    first, second = seeded(panel, "Completed", "Pending")
    panel.at_request(4, lambda: panel.set_state(second, "Completed"))
    done = agencia("watch", first, second, "--min-interval", 0.05)
    assert (done.code, done.out) == (0, "")
    assert "2 orders, 1 not ended" in screen.getvalue()
    assert "not seen yet" in screen.getvalue()
    assert f"{first}         Completed" in screen.getvalue()
    assert done.err.splitlines()[-1].startswith("2 orders, 0 not ended, ")


def test_quiet_on_a_terminal(panel: WatchedPanel, agencia: Agencia, screen: io.StringIO) -> None:
    done = agencia("watch", *seeded(panel, "Completed"), "--quiet")
    assert (done.code, done.out, done.err, screen.getvalue()) == (0, "", "", "")


def test_log_records_go_to_what_stderr_is_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    above, log = io.StringIO(), logging.getLogger("agencia_async")
    with logged(), monkeypatch.context() as patch:
        patch.setattr("sys.stderr", above)
        log.warning("away\x1b[2J")
        patch.setattr("sys.stderr", None)  # closed
        log.warning("lost")
    assert above.getvalue() == "away?[2J\n"


class InItsPlace(io.StringIO):
    """What a live screen puts in place of stderr, which has the attributes of stderr itself."""

    buffer = io.BytesIO()


def test_messages_go_to_what_stderr_is_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    above = InItsPlace()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", above)
        tell("exit code 3\x1b[2J")
        patch.setattr("sys.stderr", None)  # closed
        tell("lost")
    assert above.getvalue() == "exit code 3?[2J\n"


class Ended:
    """The changes of a panel of which each order has ended; all of them come at once."""

    def __init__(self, *ids: int) -> None:
        self.name = self.profile = "north"
        self.taken: list[object] = []
        self.watcher = self._changes(ids)

    async def _changes(self, ids: tuple[int, ...]) -> AsyncIterator[Change[OrderStatus]]:
        for one in ids:  # pragma: no branch - it is left before its end
            yield Change(one, status("Completed"), None, number=1)
            await asyncio.sleep(0)

    def told(self, change: Change[OrderStatus]) -> None:
        self.taken.append(change.id)


@pytest.mark.parametrize("jobs", [1, 9])
@pytest.mark.parametrize("until", [1, 2, 3])
async def test_no_more_than_asked_for_are_told_whatever_panels_they_are_of(
    until: int, jobs: int, tmp_path: Path
) -> None:
    feeds = [Ended(*range(10 * start, 10 * start + 9)) for start in range(3)]
    commands = OnFinal(["sh", "-c", f"cat >> {tmp_path / 'told'}"], jobs)
    running = watch_run.WatchRun(feeds, commands, until)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await running.run(watch_run.Sink(None, is_terminal=True, began=0.0))
    assert sum(len(feed.taken) for feed in feeds) == until
    assert len((tmp_path / "told").read_text().splitlines()) == until
    assert running.how_far == ("1 order ended" if until == 1 else f"{until} orders ended")


def test_q_ends_the_screen_with_a_summary(panel: WatchedPanel) -> None:
    ids = seeded(panel, "Completed", "Pending")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "30"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "watch", *map(str, ids), "--min-interval", "60"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: _take(theirs),  # noqa: PLW1509
    )
    os.close(theirs)
    screen = b""
    while b"q ends" not in screen or b"1 not ended" not in screen:
        screen += read_terminal(ours)
    os.write(ours, b"q")
    while more := read_terminal(ours):
        screen += more
    os.close(ours)
    assert process.wait() == 0
    assert b"Completed" in screen
    assert b"2 orders, 1 not ended, 1 request, " in screen.split(b"q ends")[-1]
    assert b'"value"' not in screen


def _take(terminal: int) -> None:  # pragma: no cover - in the child process
    """Make it the terminal of this process, as a shell does."""
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
