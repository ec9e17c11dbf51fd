import pytest

from agencia_async.sandbox import Panel

from .conftest import Agencia


def test_it_proves_that_nothing_was_lost(agencia: Agencia) -> None:
    done = agencia("demo", "--orders", 200)
    assert (done.code, done.err) == (0, "")
    assert "It holds 200 orders; 3% of its answers go wrong" in done.out
    assert "202 ids in 3 requests" in done.out
    assert "2 x NotFoundError: Incorrect order ID" in done.out
    assert "Nothing was lost:" in done.out
    assert "✓ 202 ids asked for, 202 answers: exactly one for each" in done.out
    assert "✓ 200 of 200 answers equal the panel's own books" in done.out
    assert "✓ 2 ids failed: exactly those that the panel does not know" in done.out
    assert "none of 3 requests went wrong, this time" in done.out
    assert "agencia status --base-url" in done.out
    assert max(map(len, done.rows)) <= 80


def test_it_tells_what_went_wrong(agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = Panel.stock

    def stock_and_fail(panel: Panel, count: int) -> list[int]:
        panel.faults.script("empty_reply", "server_error")
        return stock(panel, count)

    monkeypatch.setattr(Panel, "stock", stock_and_fail)
    done = agencia("demo", "--orders", 10)
    assert done.code == 0
    assert "2 of 3 requests went wrong and were sent again:" in done.out
    assert "1 x empty reply, 1 x 5xx" in done.out


def test_it_fails_where_something_was_lost(agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "truth", lambda _, order: {"status": order})
    done = agencia("demo", "--orders", 10, charset="ascii")
    assert done.code == 1
    assert "Something was lost:" in done.out
    assert "  NOT TRUE 0 of 10 answers equal" in done.out
    assert "  ok 11 ids asked for" in done.out
