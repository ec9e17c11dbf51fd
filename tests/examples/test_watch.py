"""The example that is run for each order that has ended."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.examples.scene import run


def told(change: dict[str, Any]) -> None:
    with mock.patch("sys.stdin", io.StringIO(json.dumps(change))):
        assert run("tell_customer.py", "shop.db") == ""


def change(order: int, number: int, value: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": order, "number": number, "value": value, "error": None if value else {"message": "x"}}


def test_each_customer_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told(change(1, 2, {"state": "Completed", "remains": 0}))
    told(change(1, 2, {"state": "Completed", "remains": 0}))
    told(change(2, 1, {"state": "Partial", "remains": 40}))
    told(change(3, 1, {"state": "Canceled", "remains": None}))
    told(change(4, 1, None))
    with closing(sqlite3.connect("shop.db")) as shop:
        rows = shop.execute("SELECT order_id, text FROM outbox").fetchall()
    assert rows == [
        ("1", "Your order 1 is complete."),
        ("2", "Your order 2 ended early, with 40 left: you get that back."),
        ("3", "Your order 3 ended early, with 0 left: you get that back."),
        ("4", "We are looking into your order 4."),
    ]
