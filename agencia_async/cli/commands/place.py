"""The command place: places the orders of a file, each exactly once."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final
from unicodedata import normalize

import typer

from agencia_async import (
    AsyncClient,
)
from agencia_async.cli.commands.place_duplicates import (
    Duplicate,
    DuplicateOptions,
    are_wanted,
    duplicates,
)
from agencia_async.cli.commands.place_plan import Plan, vetted
from agencia_async.cli.commands.place_sending import Sending
from agencia_async.cli.exit import Code, Interrupted, UsageError, run
from agencia_async.cli.input.background import in_background
from agencia_async.cli.input.confirm import check_terminal, is_agreed
from agencia_async.cli.input.order_file import OrderList, read_orders
from agencia_async.cli.input.source import is_stdin, lines_of, name_of
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions, PanelOptions, price
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import one_line, several

if TYPE_CHECKING:
    from agencia_async.journal import Journal, JournalEntry

_SHOWN: Final = 20


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
            "--any-id", help="Take references and services even if a spreadsheet seems to have changed them."
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
            help="Place nothing if the total cost, by the catalogue, is higher.",
            show_default=False,
        ),
    ] = None


def place(
    batch: OrderBatch,
    doubles: DuplicateOptions,
    journal: JournalOption,
    connection: PanelOptions,
    output: OutputOptions,
) -> None:
    """Place the orders of a file, each once under its reference.

    Checks the whole file first. Prompts for confirmation; pass --yes when
    stdin is not a terminal. If run again, it resumes: orders that are placed,
    or may have been placed, are never sent again. Two orders for the same
    service and link within --duplicate-window are prompted for, whatever
    --yes says, unless --allow-duplicates is given.

    CSV columns: reference, state, order, error, error_type.
    """
    run(_place(batch, doubles, journal, connection, output))


async def _place(
    batch: OrderBatch,
    doubles: DuplicateOptions,
    option: JournalOption,
    connection: PanelOptions,
    output: OutputOptions,
) -> Code:
    if is_stdin(batch.file) and not batch.yes:
        raise UsageError("orders from stdin require --yes, as it cannot be prompted as well")
    output.keep_off_inputs(connection, batch.file, "orders")
    output.keep_off(option.file, "journal")
    sending = Sending(output, show_bar=not connection.verbose)
    try:
        orders = await _read(batch.file)
        async with connection.client() as client, option.open(make=True) as journal:
            panel = journal.panel_of(client)
            entries = await _entries(journal, orders)
            plan = vetted(orders, await client.catalogue(), entries, panel, any_id=batch.any_id)
            _check(plan, batch)
            found = await _duplicates(plan, journal, panel, doubles)
            if not (
                await are_wanted(found, doubles, can_answer=not is_stdin(batch.file))
                and await _is_confirmed(batch, orders, plan, client, journal, quiet=output.quiet)
            ):
                tell("nothing was ordered")
                return Code.SOME_FAILED
            await _send(sending, client, journal, plan)
            sending.sum_up(requests=client.requests_sent)
            _print_unknown(sending.unknown, option)
            _print_warnings(sending.warned)
    except asyncio.CancelledError:
        raise Interrupted(sending.how_far()) from None
    return sending.code


async def _read(file: Path) -> OrderList:
    def read() -> Iterator[OrderList]:
        yield read_orders(lines_of(file), name_of(file))

    async with aclosing(in_background(read())) as lists:
        return await anext(lists)


async def _entries(journal: "Journal", orders: OrderList) -> "dict[str, JournalEntry]":
    """The journal's entries for the references of a file."""
    references = dict.fromkeys(normalize("NFC", row.reference) for row in orders.rows)
    entries = await asyncio.gather(*map(journal.get, references))
    return {entry.reference: entry for entry in entries if entry is not None}


async def _duplicates(
    plan: Plan, journal: "Journal", panel: str, options: DuplicateOptions
) -> list[Duplicate]:
    """The orders to send that look like duplicates of others within the window."""
    if not options.duplicate_window:
        return []
    since = datetime.now(UTC) - options.duplicate_window
    recent = [entry async for entry in journal.entries(since=since)]
    return duplicates(plan, recent, panel)


async def _is_confirmed(  # noqa: PLR0913 - all that is shown before the prompt
    batch: OrderBatch, orders: OrderList, plan: Plan, client: AsyncClient, journal: "Journal", *, quiet: bool
) -> bool:
    """Print the plan and its cost, and prompt for confirmation."""
    skipped = f"; {several(orders.comments, '# comment')} skipped" if orders.comments else ""
    lines = [f"{orders.name}: {several(plan.count, 'order')}{skipped}", *_counts(plan)]
    currency, question = "", ""
    if plan.orders:
        account = await journal.note_balance(client)
        currency = f" {account.currency}".rstrip()
        cost = _cost(plan, currency)
        question = f"Place {several(len(plan.orders), 'order')} for {cost}?"
        lines.append(f"cost: {cost}; balance: {account.balance:f}{currency}")
        if plan.total > account.balance:
            missing = f"{plan.total - account.balance:f}{currency}"
            lines.append(f"warning: the balance is {missing} too low; some orders will be refused")
            question = f"The balance is too low. {question}"
    if not (quiet and batch.yes):
        for line in lines:
            tell(line)
    if not plan.orders:
        return True
    _check_charge(plan, batch.max_charge, currency)
    if batch.yes:
        return True
    check_terminal("orders spend money")
    return await is_agreed(question)


def _counts(plan: Plan) -> Iterator[str]:
    counts = {
        "to send": len(plan.orders),
        "already placed": len(plan.placed),
        "unknown, not sent": len(plan.unknown),
        "invalid, skipped": len(plan.invalid),
    }
    width = max(len(f"{count:,}") for count in counts.values())
    for what, count in counts.items():
        if count:
            yield f"  {count:>{width},} {what}"


def _cost(plan: Plan, currency: str) -> str:
    """The total cost of the orders to send."""
    known = f"{plan.total:f}{currency}"
    if not plan.unpriced:
        return known
    unpriced = f"the unknown cost of {several(plan.unpriced, 'order')}"
    return unpriced if plan.unpriced == len(plan.orders) else f"{known} plus {unpriced}"


def _check_charge(plan: Plan, most: Decimal | None, currency: str) -> None:
    """Check the total cost against the maximum.

    Raises:
        UsageError: it is higher, or unknown.
    """
    if most is not None and (plan.unpriced or plan.total > most):
        cost = _cost(plan, currency)
        raise UsageError(f"--max-charge is {most:f}{currency}, the cost is {cost}: nothing was sent")


def _check(plan: Plan, batch: OrderBatch) -> None:
    """List the invalid rows, and check that they may be skipped.

    Raises:
        UsageError: they may not.
    """
    for invalid in plan.invalid[:_SHOWN]:
        tell(f"{invalid.where}: {one_line(invalid.reason)}")
    _print_more(len(plan.invalid))
    if plan.invalid and not batch.skip_invalid:
        raise UsageError(
            f"{len(plan.invalid):,} of {several(plan.count, 'order')} invalid, so nothing was sent; "
            "--skip-invalid skips them"
        )


async def _send(sending: Sending, client: AsyncClient, journal: "Journal", plan: Plan) -> None:
    try:
        await sending.send(client, journal, plan)
    except asyncio.CancelledError:
        tell("agencia: interrupted; waiting for the orders in flight")
        raise


def _print_unknown(unknown: list[str], option: JournalOption) -> None:
    """List the orders whose outcome is unknown, and how to resolve them."""
    if not unknown:
        return
    tell(f"The outcome of {several(len(unknown), 'order')} is unknown:")
    for reference in unknown[:_SHOWN]:
        tell(f"  {reference}")
    _print_more(len(unknown))
    resolve = f"  agencia journal resolve {quote(unknown[0])}{option.words}"
    tell("They are never sent again automatically. Check the panel, then resolve them:")
    tell(f"{resolve} --order-id ID")
    tell(f"{resolve} --not-placed")


def _print_warnings(warned: list[str]) -> None:
    """List the orders whose id another order has as well."""
    if not warned:
        return
    tell(f"warning: {several(len(warned), 'order')} got an id that another order has as well:")
    for warning in warned[:_SHOWN]:
        tell(f"  {warning}")
    _print_more(len(warned))


def _print_more(count: int) -> None:
    if count > _SHOWN:
        tell(f"... and {count - _SHOWN:,} more")
