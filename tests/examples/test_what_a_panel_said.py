"""The example that prints what a panel says."""

import ast
import logging
from unittest import mock

import pytest

from agencia_async.sandbox import Panel
from tests.examples.scene import run

pytestmark = pytest.mark.usefixtures("agencia_env")


def printed(order: object, *, code: int = 0) -> list[str]:
    """What it prints, where nobody else has set up the logging."""
    try:
        with mock.patch.object(logging.root, "handlers", []):
            return run("what_a_panel_said.py", str(order), code=code).splitlines()
    finally:
        logging.getLogger("agencia_async.wire").setLevel(logging.NOTSET)


def test_what_is_sent_and_what_comes_back_is_printed(agencia_panel: Panel) -> None:
    (order,) = agencia_panel.seed_orders(1)

    asked, answered, told, *headers, status = printed(order)

    assert asked.endswith(f": key=***&action=status&order={order}")
    assert answered.startswith("reply 1: HTTP 200, ")
    assert told.startswith("status: HTTP 200, ")
    assert "  content-type: application/json" in headers
    assert status.startswith("OrderStatus(")
    assert agencia_panel.key not in asked + answered


def test_an_error_is_printed_with_what_is_known_of_it(agencia_panel: Panel) -> None:
    *_, last = printed(5, code=1)

    error = ast.literal_eval(last)
    assert (error["type"], error["message"], error["sent"]) == ("NotFoundError", "Incorrect order ID", "no")
    assert agencia_panel.received == 1
