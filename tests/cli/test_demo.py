import pytest

from agencia_async import Id
from agencia_async.sandbox import Panel

from .conftest import Agencia


def test_it_proves_that_nothing_was_lost(agencia: Agencia) -> None:
    done = agencia("demo", "--orders", 200)
    assert (done.code, done.err) == (0, "")
    assert "It has 200 orders, and injects faults into 3% of the requests" in done.out
    assert "202 ids in 3 requests" in done.out
    assert "2 x NotFoundError: Incorrect order ID" in done.out
    assert "Nothing was lost:" in done.out
    assert "✓ 202 ids, 202 results: exactly one for each" in done.out
    assert "✓ 200 of 200 statuses match the panel's ledger" in done.out
    assert "✓ 2 ids failed: exactly those that are unknown to the panel" in done.out
    assert "none of 3 requests failed this time" in done.out
    assert "agencia status --base-url" in done.out
    assert max(map(len, done.rows)) <= 80


def test_it_tells_what_went_wrong(agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_orders = Panel.seed_orders

    def seed_and_fail(panel: Panel, count: int) -> list[Id]:
        panel.faults.script("empty_reply", "server_error")
        return seed_orders(panel, count)

    monkeypatch.setattr(Panel, "seed_orders", seed_and_fail)
    done = agencia("demo", "--orders", 10)
    assert done.code == 0
    assert "2 of 3 requests failed and were retried:" in done.out
    assert "1 x empty reply, 1 x 5xx" in done.out


def test_it_fails_where_something_was_lost(agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "expected_status", lambda _, order: {"status": order})
    done = agencia("demo", "--orders", 10, charset="ascii")
    assert done.code == 1
    assert "Something was lost:" in done.out
    assert "  FAILED 0 of 10 statuses match" in done.out
    assert "  ok 11 ids, " in done.out
