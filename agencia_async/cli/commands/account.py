"""The commands balance and services."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

import typer

from agencia_async import Catalogue, Service
from agencia_async.cli.exit import Code, run
from agencia_async.cli.options import OutputOptions, price
from agencia_async.cli.output.rows import Column, Layout
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell

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
    """The options that select services."""

    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            "-s",
            metavar="TEXT",
            help="Services with all of these words in their name or category.",
        ),
    ] = None
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Services of this type: Default, Package ...")
    ] = None
    category: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Services with this text in their category.")
    ] = None
    min_rate: Annotated[
        Decimal | None, typer.Option(parser=price, metavar="PRICE", help="Minimum price per 1000.")
    ] = None
    max_rate: Annotated[
        Decimal | None, typer.Option(parser=price, metavar="PRICE", help="Maximum price per 1000.")
    ] = None

    def among(self, catalogue: Catalogue) -> list[Service]:
        """The selected services."""
        return catalogue.search(
            self.search or "",
            type=self.type or "",
            category=self.category or "",
            min_rate=self.min_rate,
            max_rate=self.max_rate,
        )


def balance(connection: PanelOptions, output: OutputOptions) -> None:
    """Show the balance of the account.

    CSV columns: balance, currency.

    Examples:
      agencia balance
      agencia balance --format json --key-file north.key
    """
    run(_balance(connection, output))


def services(wanted: Filter, connection: PanelOptions, output: OutputOptions) -> None:
    """List the services of the panel.

    The rate is the price per 1000, or of one package.

    CSV columns: service, name, type, category, rate, min, max, refill,
    cancel, dripfeed.

    Examples:
      agencia services --search followers --max-rate 1.50
      agencia services --type Package --output services.csv
    """
    run(_services(wanted, connection, output))


async def _balance(connection: PanelOptions, output: OutputOptions) -> Code:
    output.keep_off_inputs(connection)
    async with connection.client() as client:
        account = await client.balance()
    output.write(_BALANCE, [account.to_dict()])
    return Code.OK


async def _services(wanted: Filter, connection: PanelOptions, output: OutputOptions) -> Code:
    output.keep_off_inputs(connection)
    async with connection.client() as client:
        catalogue = await client.catalogue()
    chosen = wanted.among(catalogue)
    output.write(_SERVICES, [service.to_dict() for service in chosen])
    if not output.quiet:
        tell(f"{len(chosen):,} of {len(catalogue):,} services")
    return Code.OK
