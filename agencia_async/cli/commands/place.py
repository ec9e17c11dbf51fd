"""The command place: places the orders of a file, each exactly once."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

import typer

from agencia_async import AsyncClient, Balance, Catalogue
from agencia_async.cli.commands import place_preview as preview
from agencia_async.cli.commands.place_duplicates import (
    Duplicate,
    DuplicateOptions,
    are_wanted,
    duplicates,
    duration,
    leave_out,
    outlook,
)
from agencia_async.cli.commands.place_plan import Plan, vetted
from agencia_async.cli.commands.place_sending import Sending
from agencia_async.cli.commands.place_waiting import link_wait
from agencia_async.cli.commands.resolve_command import note_of, resolve_command
from agencia_async.cli.exit import Code, Interrupted, UsageError, run
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.confirm import check_terminal, is_agreed
from agencia_async.cli.input.order_columns import ColumnOptions
from agencia_async.cli.input.order_file import OrderList, read_orders
from agencia_async.cli.input.source import is_stdin, lines_of, name_of
from agencia_async.cli.journal_option import JournalOption, journal_class
from agencia_async.cli.options import OutputOptions, price
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.request_log import RequestLog
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import one_line, several

if TYPE_CHECKING:
    from agencia_async.journal import Journal, JournalEntry


@dataclass(frozen=True, kw_only=True)
class OrderBatch:
    """The options for the orders."""

    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV file with headings (reference, service, link, quantity ...), or - for stdin.",
            show_default=False,
        ),
    ]
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt for confirmation.")] = False
    any_id: Annotated[
        bool,
        typer.Option(
            "--any-id", help="Accept references and services that a spreadsheet seems to have changed."
        ),
    ] = False
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Skip invalid rows, and place the others.")
    ] = False
    max_charge: Annotated[
        Decimal | None,
        typer.Option(
            parser=price,
            metavar="PRICE",
            help="Maximum cost of each order, according to the catalogue; a row that costs more is invalid.",
            show_default=False,
        ),
    ] = None
    max_total: Annotated[
        Decimal | None,
        typer.Option(
            parser=price,
            metavar="PRICE",
            help="Place nothing if the total cost, according to the catalogue, is higher.",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be placed and the cost, without placing anything."),
    ] = False
    wait_for_link: Annotated[
        bool,
        typer.Option(
            "--wait-for-link",
            help="If an order is refused because another one for its link is running, place it after that "
            "one has ended, if that one is in the journal.",
        ),
    ] = False
    wait_at_most: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration,
            metavar="TIME",
            help=r"Maximum time to wait with --wait-for-link: 600, 10m, 2h, 1d. \[default: 1h]",
            show_default=False,
        ),
    ] = None


def place(  # noqa: PLR0913, PLR0917 - all groups of options
    batch: OrderBatch,
    columns: ColumnOptions,
    doubles: DuplicateOptions,
    journal: JournalOption,
    connection: PanelOptions,
    output: OutputOptions,
) -> None:
    """Place the orders of a file, each at most once under its reference.

    Checks the whole file first. Prompts for confirmation; pass --yes when
    stdin is not a terminal. If run again, it resumes: orders that are placed,
    or may have been placed, are never sent again. For two orders for the
    same service and link within --duplicate-window, it prompts even with
    --yes, unless --allow-duplicates or --skip-duplicates is given.

    CSV columns: reference, state, order, error, error_type.

    Examples:
      agencia place orders.csv --journal orders.db --dry-run
      agencia place orders.csv --journal orders.db --yes --max-total 50
      agencia place a.csv -j a.db --column quantity=Amount --ignore-column Name
    """
    run(_place(batch, columns, doubles, journal, connection, output))


async def _place(  # noqa: PLR0913, PLR0917 - all groups of options
    batch: OrderBatch,
    columns: ColumnOptions,
    doubles: DuplicateOptions,
    option: JournalOption,
    connection: PanelOptions,
    output: OutputOptions,
) -> Code:
    if is_stdin(batch.file) and not (batch.yes or batch.dry_run):
        raise UsageError("orders from stdin require --yes, as stdin cannot answer a prompt as well")
    doubles.check()
    sending = _sending(batch, connection, output)
    given, option = option, connection.journal_of(option)
    output.keep_off_inputs(connection, batch.file, "orders")
    output.keep_off(option.file, "journal")
    orders = await _read(batch.file, columns)
    if batch.dry_run:
        return await _dry_run(batch, orders, doubles, option, connection)
    try:
        async with connection.client() as client, option.open(make=True) as journal:
            checked = await _checked(batch, orders, client, journal, doubles)
            _check(checked.plan, batch)
            wanted = await are_wanted(checked.duplicates, doubles, can_answer=not is_stdin(batch.file))
            account = await journal.note_balance(client) if wanted and checked.plan.orders else None
            if not (wanted and await _is_confirmed(batch, checked, connection, account, output)):
                tell("nothing was ordered")
                return Code.SOME_FAILED
            await _send(sending, client, journal, checked.plan, account)
            sending.sum_up(requests=client.requests_sent)
            _print_unknown(sending.unknown, given, connection)
            _print_warnings(sending.warned)
    except asyncio.CancelledError:
        raise Interrupted(sending.how_far()) from None
    return sending.code


def _sending(batch: OrderBatch, connection: PanelOptions, output: OutputOptions) -> Sending:
    """What sends the orders, once they are checked and confirmed."""
    return Sending(
        output,
        show_bar=not connection.verbose,
        wait=link_wait(batch.wait_at_most, is_on=batch.wait_for_link),
        hooks=[RequestLog()] if connection.verbose else [],
    )


async def _dry_run(
    batch: OrderBatch,
    orders: OrderList,
    doubles: DuplicateOptions,
    option: JournalOption,
    connection: PanelOptions,
) -> Code:
    """Show all that would be sent, without sending it or creating a journal."""
    has_journal = option.file is None or option.file.exists()
    async with (
        connection.client() as client,
        option.open() if has_journal else nullcontext() as journal,
    ):
        checked = await _checked(batch, orders, client, journal, doubles)
        account = await client.balance()
    lines = [*preview.counts(orders, checked.plan, skip_invalid=batch.skip_invalid)]
    if checked.plan.orders:
        lines += preview.services(checked.plan, checked.catalogue, account, connection.panel_name)
        lines += preview.costs(checked.plan, account, skip_invalid=batch.skip_invalid)
    for line in (*lines, *outlook(checked.duplicates, doubles), "dry run: nothing was sent"):
        tell(line)
    _check(checked.plan, batch)
    preview.check_total(checked.plan, batch.max_total, account)
    return Code.OK


@dataclass(frozen=True)
class _Checked:
    """A plan with what it was made from."""

    orders: OrderList
    plan: Plan
    catalogue: Catalogue
    duplicates: list[Duplicate]


async def _checked(
    batch: OrderBatch,
    orders: OrderList,
    client: AsyncClient,
    journal: "Journal | None",
    doubles: DuplicateOptions,
) -> _Checked:
    """The plan for the orders, by the catalogue and the journal; without a journal nothing was placed yet."""
    panel = journal_class().panel_of(client)
    entries = {} if journal is None else await _entries(journal, orders)
    catalogue = await client.catalogue()
    plan = vetted(orders, catalogue, entries, panel, any_id=batch.any_id, max_charge=batch.max_charge)
    found = await _duplicates(plan, journal, panel, doubles)
    if doubles.skip_duplicates:
        leave_out(plan, found)
    return _Checked(orders, plan, catalogue, found)


async def _read(file: Path, columns: ColumnOptions) -> OrderList:
    def read() -> Iterator[OrderList]:
        yield read_orders(lines_of(file), name_of(file), columns)

    async with aclosing(in_background(read())) as lists:
        return await anext(lists)


async def _entries(journal: "Journal", orders: OrderList) -> "dict[str, JournalEntry]":
    """The journal's entries for the references of a file."""
    references = dict.fromkeys(normalize("NFC", row.reference) for row in orders.rows)
    entries = await asyncio.gather(*map(journal.get, references))
    return {entry.reference: entry for entry in entries if entry is not None}


async def _duplicates(
    plan: Plan, journal: "Journal | None", panel: str, options: DuplicateOptions
) -> list[Duplicate]:
    """The orders to send that look like duplicates of others within the window."""
    if not options.duplicate_window:
        return []
    since = datetime.now(UTC) - options.duplicate_window
    recent = [] if journal is None else [entry async for entry in journal.entries(since=since)]
    return duplicates(plan, recent, panel)


async def _is_confirmed(
    batch: OrderBatch,
    checked: _Checked,
    connection: PanelOptions,
    account: Balance | None,
    output: OutputOptions,
) -> bool:
    """Print the plan and its cost, and prompt for confirmation."""
    plan, panel = checked.plan, connection.panel_name
    lines = [*preview.counts(checked.orders, plan, skip_invalid=batch.skip_invalid)]
    if account is not None:
        lines += [] if batch.yes else preview.services(plan, checked.catalogue, account, panel)
        lines += preview.costs(plan, account, skip_invalid=batch.skip_invalid)
    if not (output.quiet and batch.yes):
        for line in lines:
            tell(line)
    if account is None:
        return True
    preview.check_total(plan, batch.max_total, account)
    if batch.yes:
        return True
    check_terminal("orders spend money")
    return await is_agreed(preview.question(plan, account, panel))


def _check(plan: Plan, batch: OrderBatch) -> None:
    """List the invalid rows, and check that they may be skipped.

    Raises:
        UsageError: they may not.
    """
    for invalid in plan.invalid[: preview.SHOWN]:
        tell(f"{invalid.where}: {one_line(invalid.reason)}")
    _print_more(len(plan.invalid))
    if plan.invalid and not batch.skip_invalid:
        raise UsageError(
            f"{len(plan.invalid):,} of {plan.count:,} orders invalid, so nothing was sent; "
            "--skip-invalid skips them"
        )


async def _send(
    sending: Sending, client: AsyncClient, journal: "Journal", plan: Plan, account: Balance | None
) -> None:
    try:
        await sending.send(client, journal, plan, account)
    except asyncio.CancelledError:
        tell("agencia: interrupted; waiting for the orders in flight")
        raise


def _print_unknown(unknown: list[str], given: JournalOption, connection: PanelOptions) -> None:
    """List the orders whose outcome is unknown, and how to resolve them."""
    if not unknown:
        return
    tell(f"The outcome of {several(len(unknown), 'order')} is unknown:")
    for reference in unknown[: preview.SHOWN]:
        tell(f"  {reference}")
    _print_more(len(unknown))
    they, them = ("It is", "it") if len(unknown) == 1 else ("They are", "them")
    tell(f"{they} never sent again automatically. Check the panel, then resolve {them}:")
    words = connection.journal_words(given)
    tell(f"  {resolve_command(unknown[0], words, '--order-id ID')}")
    tell(f"  {resolve_command(unknown[0], words, '--not-placed')}")
    if len(unknown) > 1:
        tell("The commands for each of them, and what is known of it:")
        tell(f"  {connection.reconcile_command(given)}")
    if note := note_of(words):
        tell(note)


def _print_warnings(warned: list[str]) -> None:
    """List the orders whose id another order has as well."""
    if not warned:
        return
    tell(f"warning: {several(len(warned), 'order')} got an id that another order has as well:")
    for warning in warned[: preview.SHOWN]:
        tell(f"  {warning}")
    _print_more(len(warned))


def _print_more(count: int) -> None:
    if count > preview.SHOWN:
        tell(f"... and {count - preview.SHOWN:,} more")
