"""Poll all open orders of a shop's database once a night: python nightly.py shop.db."""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

from agencia_async import AsyncClient, BulkItem, OrderStatus

TABLE = """
    CREATE TABLE IF NOT EXISTS orders (
        order_id INTEGER PRIMARY KEY,
        state TEXT,
        charge TEXT,
        remains INTEGER,
        is_final INTEGER NOT NULL DEFAULT 0,
        error TEXT
    )
"""
UPDATE = "UPDATE orders SET state = ?, charge = ?, remains = ?, is_final = ?, error = NULL WHERE order_id = ?"


def open_orders(path: str) -> Iterator[int]:
    """The ids of the open orders, read lazily, over a connection of their own."""
    with closing(sqlite3.connect(path)) as reader:
        for (order_id,) in reader.execute("SELECT order_id FROM orders WHERE NOT is_final"):
            yield order_id


def save(db: sqlite3.Connection, item: BulkItem[OrderStatus]) -> None:
    """Write what is known of one order; money as exact text."""
    if not item.ok:
        db.execute("UPDATE orders SET error = ? WHERE order_id = ?", (str(item.error), item.id))
        return
    status = item.unwrap()
    charge = None if status.charge is None else f"{status.charge:f}"
    db.execute(UPDATE, (status.state, charge, status.remains, status.is_final, item.id))


async def poll(path: str) -> int:
    """Poll all open orders; how many of them failed."""
    polled = failed = 0
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")  # what is read does not block what is written
        db.execute("PRAGMA synchronous = NORMAL")  # with WAL: no wait for the disk at each commit
        db.execute(TABLE)
        async with AsyncClient.from_env() as client:
            async for item in client.status_iter(open_orders(path)):
                with db:
                    save(db, item)
                polled += 1
                failed += not item.ok
    print(f"{polled} orders polled, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(poll(sys.argv[1])) > 0)
