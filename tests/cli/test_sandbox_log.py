from decimal import Decimal

import pytest

from agencia_async.cli.commands.sandbox_log import LoggedPanel, balance_line
from agencia_async.sandbox import Panel


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(panel: Panel, action: str, **fields: object) -> None:
    panel.answer({"key": panel.key, "action": action} | {name: str(value) for name, value in fields.items()})


def test_each_write_and_refund_is_a_line_with_the_balance(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    panel = LoggedPanel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0))
    ask(panel, "add", service=1, link="https://a.b/1", quantity=1000)
    ask(panel, "add", service=2, link="https://a.b/\x1b[2J")
    ask(panel, "add", service=1, link="https://a.b/1", quantity=1)
    ask(panel, "status", order=23501)
    ask(panel, "cancel", orders="23501,1")
    clock.now = 30.0
    ask(panel, "refill", order=23501)
    panel.set_state(23502, "Canceled")
    ask(panel, "balance")
    assert capsys.readouterr().err == (
        "add     order 23501: service 1, quantity 1000, https://a.b/1: -0.90000, balance 999.10000 USD\n"
        "add     order 23502: service 2, https://a.b/?[2J: -4.50, balance 994.60000 USD\n"
        "cancel  order 23501\n"
        "refund  order 23501: +0.90000, balance 995.50000 USD\n"
        "refund  order 23502: +4.50, balance 1000.00000 USD\n"
    )
    assert balance_line(panel) == (
        "balance 1000.00000 USD: 1000 in the beginning, 5.40000 spent on 2 orders, 5.40000 refunded for 2"
    )


def test_an_order_for_a_user_or_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    panel = LoggedPanel(clock=Clock())
    ask(panel, "add", service=16, username="somebody", min=20, max=30, delay=0)
    ask(panel, "add", service=1, link="https://a.b/" + "x" * 500, quantity=1000)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("add     order 23501: service 16, somebody: ")
    assert len(second) < 300


def test_a_refill_and_an_order_that_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    panel = LoggedPanel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0))
    panel.change_price(1, Decimal(0))
    ask(panel, "add", service=1, link="https://a.b/1", quantity=1000)
    panel.set_state(23501, "Completed")
    ask(panel, "refill", order=23501)
    assert capsys.readouterr().err == (
        "add     order 23501: service 1, quantity 1000, https://a.b/1: free\nrefill  order 23501: refill 1\n"
    )
    assert panel.statement == []


def test_refunds_of_the_orders_that_were_there_explain_the_balance() -> None:
    clock = Clock()
    panel = LoggedPanel(clock=clock)
    panel.seed_orders(500)
    clock.now = 1000.0
    assert panel.statement == []
    ask(panel, "balance")
    refunded = [change.amount for change in panel.statement]
    assert len(refunded) > 10
    assert panel.balance == 1000 + sum(refunded) == panel.statement[-1].balance
    assert balance_line(panel).endswith(f"{sum(refunded):f} refunded for {len(refunded)}")
