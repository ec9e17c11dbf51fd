import re

import pytest

from .conftest import Agencia, WatchedPanel

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "


def logged(text: str) -> list[str]:
    """The lines of a log, without their times and seconds."""
    lines = [line for line in text.splitlines() if re.match(TIME, line)]
    return [re.sub(TIME, "", re.sub(r"\d\.\d\d s", "_ s", line)) for line in lines]


def test_each_request_is_a_line(panel: WatchedPanel, agencia: Agencia) -> None:
    ids = panel.seed_orders(150)
    panel.faults.script("server_error", None, None)
    done = agencia("status", *ids, "-v", "--concurrency", 1, "--rate-limit", "1000/s")
    lines = logged(done.err)
    assert done.code == 0
    failed, retried, *others = [line for line in lines if line.startswith("status")]
    assert re.match(r"status of 100 ids: HTTP 5\d\d, _ s, TransportError: ", failed)
    assert re.match(r"status: attempt 1 failed, retrying in _ s: HTTP 5\d\d", retried)
    assert others == [
        "status of 100 ids, attempt 2: HTTP 200, _ s",
        "status of 50 ids: HTTP 200, _ s",
    ]
    assert not [line for line in lines if line.startswith(("request ", "reply "))]


def test_twice_shows_the_wire_without_the_key(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("balance", "-vv")
    lines = logged(done.err)
    assert any("key=***&action=balance" in line for line in lines)
    assert any("HTTP 200" in line and '{"balance":"1000"' in line for line in lines)
    assert "balance: HTTP 200, _ s" in lines
    assert panel.key not in done.err


def test_without_a_reply(panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    del panel
    monkeypatch.setenv("AGENCIA_BASE_URL", "http://127.0.0.1:9/api/v2")
    done = agencia("balance", "-v", "--attempts", 1)
    assert done.code == 3
    assert logged(done.err)[0].startswith("balance: no reply, _ s, TransportError: ")


def test_without_it_nothing_is_logged(panel: WatchedPanel, agencia: Agencia) -> None:
    del panel
    assert agencia("balance").err == ""
