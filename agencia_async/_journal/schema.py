"""The tables of a journal."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    false,
)

from agencia_async._journal.storable import StorableText

VERSION = 4

tables = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_MOMENT = String(40)
_KEY = String(32)

versions = Table(
    "agencia_journal",
    tables,
    Column("version", Integer, nullable=False),
    Column("identity", StorableText),
    Column("path", StorableText),
    Column("copied", _MOMENT),
    Column("claims", BigInteger, nullable=False, server_default="0"),
)
"""One row. `identity` is that of the database it was written into: a copy has another one. `copied` is when
this backup was made. `path` is where its file was opened last. `claims` counts the claims on SQLite."""
sessions = Table(
    "agencia_sessions",
    tables,
    Column("id", _KEY, primary_key=True),
    Column("process", String(200), nullable=False),
    Column("seen", _MOMENT, nullable=False),
    Column("beat", Double),
)
"""The open journals. A dead one leaves its row, by which others find its orphaned orders. `beat` is its last
heartbeat by the clock of the database, `seen` the same by that of its machine, for a person who looks."""
orders = Table(
    "agencia_orders",
    tables,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("reference", String(200), nullable=False, unique=True),
    Column("state", String(8), nullable=False),
    Column("kind", StorableText, nullable=False),
    Column("form", StorableText, nullable=False),
    Column("order_id", StorableText),
    Column("error", StorableText),
    Column("panel", StorableText, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("session", _KEY),
    Column("token", _KEY, nullable=False),
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
    Column("order_ids", StorableText),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("history", StorableText),
    Column("warning", StorableText),
    Column("duplicate_of", String(200)),
    Column("target", _KEY),
    Column("bought", _KEY),
    Column("verified", Boolean, nullable=False, server_default=false()),
)
"""One row for each reference. `session` is sending it, `token` identifies its claim. `target` is the digest
of panel, service and link, `bought` that of panel and number. `order_ids` are all numbers where the panel
gave several, or the one that a person gave (`resolution.py`). `verified` is set where the panel had confirmed
an id that a person has replaced since."""
watched = Table(
    "agencia_watched",
    tables,
    Column("key", _KEY, primary_key=True),
    Column("panel", StorableText, nullable=False),
    Column("order_id", StorableText, nullable=False),
    Column("state", StorableText),
    Column("charge", StorableText),
    Column("remains", StorableText),
    Column("since", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", StorableText),
    Column("error", StorableText),
    Column("told_number", Integer, nullable=False),
    Column("told", StorableText),
)
"""One row for each number of an order that is or was watched. `key` is the digest of panel and number;
`since` is when the state changed last, `updated` when anything did. `number` counts the changes; `status` or
`error` is the last one, in JSON. `told` is the one that was told last, and `told_number` its number."""
balances = Table(
    "agencia_balances",
    tables,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("panel", StorableText, nullable=False),
    Column("taken", _MOMENT, nullable=False),
    Column("balance", StorableText, nullable=False),
    Column("currency", StorableText, nullable=False),
)
indexes = (
    Index("agencia_orders_by_state", orders.c.state, orders.c.number),
    Index("agencia_orders_by_target", orders.c.target, orders.c.updated),
    Index("agencia_orders_by_bought", orders.c.bought),
    Index("agencia_watched_by_final", watched.c.final),
)
