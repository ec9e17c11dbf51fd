"""The tables of a journal, and their creation."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)

from agencia_async.errors import ConfigurationError

VERSION = 1

_tables = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_MOMENT = String(40)

versions = Table("agencia_journal", _tables, Column("version", Integer, nullable=False))
sessions = Table(
    "agencia_sessions",
    _tables,
    Column("id", String(32), primary_key=True),
    Column("process", String(200), nullable=False),
    Column("seen", _MOMENT, nullable=False),
)
"""The open journals. A dead one leaves its row, by which others find its orphaned orders."""
orders = Table(
    "agencia_orders",
    _tables,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("reference", String(200), nullable=False, unique=True),
    Column("state", String(8), nullable=False),
    Column("kind", String(200), nullable=False),
    Column("form", Text, nullable=False),
    Column("order_id", Text),
    Column("error", Text),
    Column("panel", Text, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("session", String(32)),
    Column("token", String(32), nullable=False),
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
)
"""One row for each reference. `session` is sending it, `token` identifies its claim."""
balances = Table(
    "agencia_balances",
    _tables,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("panel", Text, nullable=False),
    Column("taken", _MOMENT, nullable=False),
    Column("balance", Text, nullable=False),
    Column("currency", Text, nullable=False),
)
Index("agencia_orders_by_state", orders.c.state, orders.c.number)


def prepare(connection: Connection, name: str) -> None:
    """Create the tables if there are none.

    Raises:
        ConfigurationError: the database belongs to another program, or to a later version.
    """
    there: set[str] = set(inspect(connection).get_table_names())
    if versions.name not in there:
        if there and connection.dialect.name == "sqlite":
            raise ConfigurationError(f"{name} is not a journal, but the database of another program")
        _tables.create_all(connection)
        connection.execute(versions.insert().values(version=VERSION))
        return
    version: Any = connection.scalar(select(versions.c.version))
    if version != VERSION:
        raise ConfigurationError(
            f"{name} is a journal of version {version}; this release supports version {VERSION} only"
        )
