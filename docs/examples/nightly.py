"""Poll all open orders of a shop's database once a night: python nightly.py shop.db."""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

from agencia_async import AgenciaError, AsyncClient, BulkItem, OrderStatus

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


async def poll(path: str) -> tuple[int, str]:
    """Poll all open orders; how many of them failed, and why the first one did."""
    failed, first = 0, ""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")  # what is read does not block what is written
        db.execute("PRAGMA synchronous = NORMAL")  # with WAL: no wait for the disk at each commit
        db.execute(TABLE)
        async with AsyncClient.from_env() as client:
            async for item in client.status_iter(open_orders(path)):
                with db:
                    save(db, item)
                if not item.ok:
                    failed += 1
                    first = first or f"{item.id}: {item.error}"
    return failed, first


def main() -> int:
    """Poll, and print only what failed, as cron mails whatever is printed; the exit code."""
    try:
        failed, first = asyncio.run(poll(sys.argv[1]))
    except AgenciaError as error:  # the account was rejected, or the set-up is wrong
        print(f"nightly: {error}", file=sys.stderr)
        return 1
    if failed:
        print(f"nightly: failed orders: {failed}; the first: {first}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
