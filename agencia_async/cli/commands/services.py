"""The command services: the catalogue of a panel, or what changed in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.cells import cell_len

from agencia_async import Catalogue, Service
from agencia_async.cli.commands.catalogue_changes import CHANGES, change_rows
from agencia_async.cli.exit import Code, run
from agencia_async.cli.input.catalogue_file import read_catalogue
from agencia_async.cli.input.source import name_of
from agencia_async.cli.options import OutputOptions, price
from agencia_async.cli.output.rows import Column, Layout, Row, terminal
from agencia_async.cli.output.view import ViewOptions
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import cell, one_line, several

_REFILL: Final = Column("refills", "refill")
_CANCEL: Final = Column("cancels", "cancel")
_CATEGORY: Final = Column("category", "category")
_SERVICES: Final = Layout(
    ("service", "name", "type", "category", "rate", "min", "max", "refill", "cancel", "dripfeed"),
    (
        Column("service", "service", right=True),
        Column("rate", "rate", right=True),
        Column("min", "min", right=True),
        Column("max", "max", right=True),
        _REFILL,
        _CANCEL,
        Column("type", "type"),
        _CATEGORY,
        Column("name", "name"),
    ),
)
_ROOM: Final = (_CATEGORY, _CANCEL, _REFILL)
"""The columns that give way in a narrow terminal, the first one first."""
_WORDS: Final = {True: "yes", False: "no", None: ""}


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


def services(
    wanted: Filter,
    view: ViewOptions,
    connection: PanelOptions,
    output: OutputOptions,
    since: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Show what changed since this file was saved by: agencia services --output FILE",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List the services of the panel.

    The rate is the price per 1000, or of one package.

    CSV columns: service, name, type, category, rate, min, max, refill,
    cancel, dripfeed; with --since: change, service, name, field, old, new.

    Examples:
      agencia services --search followers --sort rate --limit 10
      agencia services --output monday.csv
      agencia services --since monday.csv
    """
    view.check((_SERVICES if since is None else CHANGES).columns)
    run(_services(wanted, view, since, connection, output))


async def _services(
    wanted: Filter, view: ViewOptions, since: Path | None, connection: PanelOptions, output: OutputOptions
) -> Code:
    output.keep_off_inputs(connection, since, "catalogue")
    old = read_catalogue(since) if since else None
    async with connection.client() as client:
        catalogue = await client.catalogue()
    chosen = wanted.among(catalogue)
    if old is None:
        rows = view.of([_row(service) for service in chosen])
        output.write(_fitted(rows, output), rows)
        told = f"{len(rows):,} of {len(catalogue):,} services"
    else:
        ids = [service.service for service in (*chosen, *wanted.among(old))]
        rows = view.of(change_rows(catalogue, old, ids))
        output.write(CHANGES, rows)
        told = f"{several(len(rows), 'change')} since {name_of(since or Path())}"
    if not output.quiet:
        if old is None and wanted.type and not catalogue.search(type=wanted.type):
            tell(_no_such_type(wanted.type, catalogue))
        tell(told)
    return Code.OK


def _no_such_type(wanted: str, catalogue: Catalogue) -> str:
    """What types there are, as the panel spells them."""
    types = sorted({service.type for service in catalogue})
    return one_line(f"no service has the type {wanted!r}; the types are {', '.join(types)}")


def _row(service: Service) -> Row:
    words = {"refills": _WORDS[service.refill], "cancels": _WORDS[service.cancel]}
    return {**service.to_dict(), **words}


def _fitted(rows: Sequence[Row], output: OutputOptions) -> Layout:
    """The layout with the columns for which there is room; in a file and a pipe there always is."""
    screen, columns = terminal(output.output), [*_SERVICES.table]
    if screen is None:
        return _SERVICES
    widths = {column.name: _width(column, rows) for column in columns}
    for column in _ROOM:
        if sum(widths[shown.name] + 2 for shown in columns) - 2 > screen.width:
            columns.remove(column)
    return replace(_SERVICES, table=tuple(columns))


def _width(column: Column, rows: Sequence[Row]) -> int:
    return max([len(column.heading), *(cell_len(one_line(cell(row[column.name]))) for row in rows)])
