"""Balance snapshots, which a reconciliation compares with later balances."""

from datetime import datetime
from decimal import Decimal

from attrs import frozen
from sqlalchemy import Connection, func, select

from agencia_async._journal.entry import JournalState, bare, written
from agencia_async._journal.schema import balances, orders
from agencia_async.models import Balance


@frozen
class Snapshot:
    """A balance at some time, and how many orders were sent or resolved since then."""

    taken: datetime
    balance: Decimal
    currency: str
    orders_since: int


def record_balance(connection: Connection, *, panel: str, balance: Balance, now: datetime) -> None:
    """Record a balance snapshot."""
    row = {
        "panel": bare(panel),
        "taken": written(now),
        "balance": f"{balance.balance:f}",
        "currency": balance.currency,
    }
    connection.execute(balances.insert().values(row))


def balance_before(connection: Connection, *, panel: str, moment: datetime) -> Snapshot | None:
    """The last balance snapshot before a time, and how many orders were in flight since then."""
    earlier = balances.c.panel.in_(_spellings(panel)) & (balances.c.taken <= written(moment))
    last = select(balances).where(earlier).order_by(balances.c.number.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    if row is None:
        return None
    since = orders.c.panel.in_(_spellings(panel)) & (orders.c.updated >= row.taken)
    placed = orders.c.state != JournalState.REFUSED
    count = connection.scalar(select(func.count()).select_from(orders).where(since, placed)) or 0
    return Snapshot(datetime.fromisoformat(row.taken), Decimal(row.balance), row.currency, count)


def _spellings(panel: str) -> tuple[str, ...]:
    """A panel as this version writes it, and as earlier ones did."""
    return panel, bare(panel), f"{bare(panel)}/"
