"""Brings the tables of a journal of an earlier version up to date, in the transaction that opens it.

Version 1 has no identity, history or digests, version 2 no watched orders, version 3 no ids that were
confirmed and replaced. Their columns keep their meaning,
so a program of that version that has the journal open goes on with it.
"""

from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, Table, bindparam, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateColumn

from agencia_async._journal.entry import JournalState, bare
from agencia_async._journal.schema import VERSION, indexes, orders, sessions, tables, versions, watched
from agencia_async._journal.storable import digest

NOT_PLACED = "resolved manually as not placed"
"""The error of an order that a person resolved so; the panel did not refuse it."""


def migrate(connection: Connection, version: int) -> None:
    """From an earlier version to this one."""
    for table in (versions, sessions, orders):
        _add_columns(connection, table)
    if version == 1:
        _from_1(connection)
    watched.create(connection, checkfirst=True)
    for index in indexes:
        index.create(connection, checkfirst=True)
    connection.execute(versions.update().values(version=VERSION))


def _from_1(connection: Connection) -> None:
    panel_refused = (orders.c.state == JournalState.REFUSED) & (orders.c.error != NOT_PLACED)
    connection.execute(orders.update().where(panel_refused).values(refusals=1))
    _compose(connection)
    _add_digests(connection)


def _add_columns(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in tables.tables[table.name].columns:
        if column.name not in there:
            words = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")


def _compose(connection: Connection) -> None:
    """References in NFC, as they are looked up now; one that would be that of another order then stays."""
    for row in connection.execute(select(orders.c.number, orders.c.reference)).all():
        composed = normalize("NFC", row.reference)
        if composed != row.reference:
            change = orders.update().where(orders.c.number == row.number).values(reference=composed)
            try:
                with connection.begin_nested():
                    connection.execute(change)
            except IntegrityError:
                continue


def _add_digests(connection: Connection) -> None:
    """Digests of the numbers, by which a number that comes twice is noticed."""
    placed = select(orders.c.number, orders.c.panel, orders.c.order_id).where(orders.c.order_id.is_not(None))
    rows: list[dict[str, Any]] = [
        {"its": row.number, "bought": digest(bare(row.panel), row.order_id)}
        for row in connection.execute(placed)
    ]
    if rows:
        connection.execute(orders.update().where(orders.c.number == bindparam("its")), rows)
