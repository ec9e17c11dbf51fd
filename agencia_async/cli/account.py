"""The commands about the account and what the panel sells: balance and services."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

import typer

from agencia_async import Service
from agencia_async.cli.endings import Code, run
from agencia_async.cli.options import Connection, Output, price
from agencia_async.cli.output import Column, Layout, Row, terminal, writer
from agencia_async.cli.text import cell

_BALANCE: Final = Layout(("balance", "currency"), (Column("balance"), Column("currency")))
_SERVICES: Final = Layout(
    ("service", "name", "type", "category", "rate", "min", "max", "refill", "cancel", "dripfeed"),
    (
        Column("service", "service", right=True),
        Column("rate", "rate", right=True),
        Column("min", "min", right=True),
        Column("max", "max", right=True),
        Column("type", "type"),
        Column("name", "name"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which services are wanted."""

    search: Annotated[
        str | None,
        typer.Option(
            "--search", "-s", metavar="TEXT", help="Only those with this in their name or category."
        ),
    ] = None
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Only those of this type: Default, Package ...")
    ] = None
    category: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only those with this in their category.")
    ] = None
    min_rate: Annotated[
        Decimal | None, typer.Option(parser=price, metavar="PRICE", help="Only those at this rate or above.")
    ] = None
    max_rate: Annotated[
        Decimal | None, typer.Option(parser=price, metavar="PRICE", help="Only those at this rate or below.")
    ] = None

    def holds(self, service: Service) -> bool:
        """Is this service wanted?"""
        return (
            _is_in(self.search, f"{service.name}\n{service.category}")
            and _is_in(self.category, service.category)
            and (self.type is None or self.type.casefold() == service.type.casefold())
            and (self.min_rate is None or self.min_rate <= service.rate)
            and (self.max_rate is None or self.max_rate >= service.rate)
        )


def balance(connection: Connection, output: Output) -> None:
    """Show what the account holds.

    CSV columns: balance, currency.
    """
    run(_balance(connection, output))


def services(wanted: Filter, connection: Connection, output: Output) -> None:
    """Show what the panel sells. A rate is the price of 1000, or of one package.

    CSV columns: service, name, type, category, rate, min, max, refill, cancel, dripfeed.
    """
    run(_services(wanted, connection, output))


async def _balance(connection: Connection, output: Output) -> Code:
    async with connection.client() as client:
        account = await client.balance()
    _write(_BALANCE, output, [{"balance": account.balance, "currency": account.currency}])
    return Code.OK


async def _services(wanted: Filter, connection: Connection, output: Output) -> Code:
    async with connection.client() as client:
        catalogue = await client.services()
    chosen = [service for service in catalogue if wanted.holds(service)]
    _write(_SERVICES, output, [_row(service) for service in chosen])
    if not output.quiet:
        typer.echo(f"{len(chosen):,} of {len(catalogue):,} services", err=True)
    return Code.OK


def _write(layout: Layout, output: Output, rows: Sequence[Row]) -> None:
    screen = terminal(output.output)
    widths = {
        column.name: max((len(cell(row[column.name])) for row in rows), default=0)
        for column in layout.table[:-1]
    }
    with writer(output.format, layout, file=output.output, terminal=screen, widths=widths) as lines:
        for row in rows:
            lines.row(row)


def _is_in(part: str | None, text: str) -> bool:
    return part is None or part.casefold() in text.casefold()


def _row(service: Service) -> Row:
    row: dict[str, object] = {name: getattr(service, name) for name in _SERVICES.columns}
    return row | ({"extra": dict(service.extra)} if service.extra else {})
