import io
import sys
from unittest.mock import Mock

import pytest
from attrs import evolve
from rich.console import Console

from agencia_async import Stats
from agencia_async.cli.output.progress import Bar, waiting_for

from .conftest import Agencia, WatchedPanel
from .screens import IDLE


def shown(
    total: int | None, *, failed: bool = False, show: bool = True, width: int = 80, stats: Stats = IDLE
) -> str:
    screen = Console(file=io.StringIO(), force_terminal=True, width=width)
    with Bar(total, terminal=screen, show=show, stats=lambda: stats) as bar:
        bar.step(failed=failed)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_shows_how_many_are_done_and_how_many_failed() -> None:
    text = shown(5000)
    assert "1/5,000 " in text
    assert "elapsed" in text
    assert "failed" not in text
    text = shown(5000, failed=True)
    assert "1/5,000" in text
    assert "1 failed" in text


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_total_that_is_not_known() -> None:
    text = shown(None)
    assert "polling" in text
    assert "/" not in text.split("polling")[-1]


@pytest.mark.parametrize(
    ("command", "doing"), [("status", "polling"), ("cancel", "cancelling"), ("refill", "requesting refills")]
)
def test_it_says_what_is_done(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, command: str, doing: str
) -> None:
    bar = Mock(wraps=Bar)
    monkeypatch.setattr("agencia_async.cli.commands.bulk_run.Bar", bar)
    agencia(command, panel.seed_orders(1)[0])
    assert [call.kwargs["doing"] for call in bar.mock_calls] == [doing]


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize("total", [0, 1])
def test_nothing_to_do_and_all_done(total: int) -> None:
    assert f"1/{total}" in shown(total)


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_shows_nothing_where_it_is_not_wanted() -> None:
    assert shown(5, failed=True, show=False) == ""


def test_it_shows_nothing_in_a_pipe() -> None:
    assert shown(5, failed=True) == ""


WAITING = evolve(IDLE, queued=3)
PACED = evolve(WAITING, pace=1.0)


@pytest.mark.parametrize(
    ("stats", "text"),
    [
        (IDLE, ""),
        (evolve(IDLE, pace=1.0), ""),
        (WAITING, ""),
        (PACED, "rate limit"),
        (evolve(WAITING, retry_in=3599.2), "rate limit, 3600 s"),
        (evolve(PACED, retry_in=0.1), "rate limit, 1 s"),
        (evolve(WAITING, away_for=12.4, retry_in=3.2), "panel away for 12 s, next try in 4 s"),
        (evolve(PACED, away_for=12.4, retry_in=0.0), "panel away for 12 s, trying now"),
    ],
)
def test_it_says_what_is_waited_for(stats: Stats, text: str) -> None:
    assert waiting_for(stats) == text


def line(width: int, *, waiting: bool = False, seconds: float = 60.0) -> list[str]:
    """The line of a bar half done after this time."""
    now = 0.0
    screen = Console(file=io.StringIO(), width=width, get_time=lambda: now)
    stats = evolve(IDLE, queued=1, pace=1.0) if waiting else IDLE
    bar = Bar(200, terminal=screen, show=True, doing="placing", stats=lambda: stats)
    for _ in range(100):
        now += seconds / 100
        bar.step(failed=False)
    screen.print(bar.renderable)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def test_the_parts_give_way_to_each_other() -> None:
    assert line(61) == ["placing  ━━━━━━━━━─────────  100/200  1:00 elapsed  1:00 left"]
    assert line(51) == ["placing  ━━━━────  100/200  1:00 elapsed  1:00 left"]
    assert line(50) == ["placing  100/200  1:00 elapsed  1:00 left"]
    assert line(40) == ["placing  ━━━━━──────  100/200  1:00 left"]
    assert line(27) == ["placing  100/200  1:00 left"]
    assert line(26) == ["placing  ━━━━────  100/200"]
    assert line(15) == ["100/200"]
    assert line(63, waiting=True) == ["placing  ━━━━────  100/200  1:00 elapsed  1:00 left  rate limit"]
    assert line(62, waiting=True) == [
        "placing  ━━━━━━━━━──────────  100/200  1:00 elapsed  1:00 left",
        "rate limit",
    ]


def test_more_than_an_hour() -> None:
    assert "1:02:30 elapsed  1:02:" in line(80, seconds=3750.0)[0]
