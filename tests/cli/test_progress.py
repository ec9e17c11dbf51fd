import io
import sys

import pytest
from rich.console import Console

from agencia_async.cli.output.progress import Bar


def shown(total: int | None, *, failed: bool, show: bool = True) -> str:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Bar(total, terminal=screen, show=show) as bar:
        bar.step(failed=failed)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_shows_how_many_are_done_and_how_many_failed() -> None:
    assert "1/5,000 " in shown(5000, failed=False)
    text = shown(5000, failed=True)
    assert "1/5,000" in text
    assert "1 failed" in text


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_total_that_is_not_known() -> None:
    text = shown(None, failed=False)
    assert "polling" in text
    assert "/" not in text.split("polling")[-1]


@pytest.mark.usefixtures("_on_a_terminal")
def test_it_shows_nothing_where_it_is_not_wanted() -> None:
    assert shown(5, failed=True, show=False) == ""


def test_it_shows_nothing_in_a_pipe() -> None:
    assert shown(5, failed=True) == ""
