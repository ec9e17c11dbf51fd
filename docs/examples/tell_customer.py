"""Tell the customer that an order has ended: agencia watch --on-final "python tell_customer.py shop.db"."""

import json
import sqlite3
import sys
from contextlib import closing
from typing import Any


def message(change: dict[str, Any]) -> str:
    """What the customer reads."""
    if change["error"] is not None:
        return f"We are looking into your order {change['id']}."
    status = change["value"]
    if status["state"] == "Completed":
        return f"Your order {change['id']} is complete."
    return f"Your order {change['id']} ended early, with {status['remains'] or 0} left: you get that back."


def tell(shop: sqlite3.Connection, change: dict[str, Any]) -> None:
    """Put it into the outbox, from which the shop sends its mails; one that is there already stays."""
    shop.execute("CREATE TABLE IF NOT EXISTS outbox (order_id, number, text, UNIQUE (order_id, number))")
    row = (str(change["id"]), change["number"], message(change))
    shop.execute("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?)", row)


if __name__ == "__main__":
    with closing(sqlite3.connect(sys.argv[1])) as database, database:
        tell(database, json.load(sys.stdin))
