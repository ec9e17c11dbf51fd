"""The journal commands: list, show, resolve, export, reconcile, backup and adopt."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from agencia_async.cli.commands.journal_reconcile import reconciled
from agencia_async.cli.commands.local_journal import LocalJournal
from agencia_async.cli.exit import CODES, Code, UsageError, run
from agencia_async.cli.help import Command, Group, JournalCommand, documented
from agencia_async.cli.input.id_check import argument
from agencia_async.cli.input.order_file import cells_of, columns_of
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions, flat
from agencia_async.cli.output.rows import DOCUMENT, Column, Format, Layout, Row
from agencia_async.cli.output.summary import STYLES
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import at_level, tell
from agencia_async.cli.text import one_line, several

if TYPE_CHECKING:
    from agencia_async.journal import JournalEntry

Reference = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="Your own name for the order.", show_default=False)
]

_RECORDED: Final = ("state", "order", "error", "panel", "created", "updated")
_AS_SHOWN: Final = "write the id as the panel shows it"
_LIST: Final = Layout(
    ("reference", "state", "order", "service", "link", "error", "updated"),
    (
        Column("reference", "reference"),
        Column("state", "state", style=lambda row: STYLES.get(str(row["state"]), "")),
        Column("order", "order"),
        Column("service", "service"),
        Column("link", "link"),
        Column("updated", "updated"),
        Column("error", "error"),
    ),
)


State = Literal["new", "placed", "refused", "unknown"]
Wanted = Annotated[
    State | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help="Only orders in this state: new, placed, refused or unknown.",
        show_default=False,
    ),
]


def list_orders(option: LocalJournal, output: OutputOptions, state: Wanted = None) -> None:
    """List the orders of a journal, in the order in which they were recorded.

    CSV columns: reference, state, order, service, link, error, updated.
    JSON has the whole entries, each with its order as an object.

    Examples:
      agencia journal list --journal orders.db
      agencia journal list --journal orders.db --state unknown
    """
    run(_list(option, output, state))


def show(reference: Reference, option: LocalJournal) -> None:
    """Show all fields of one order in a journal.

    Prints one line for each field.

    Examples:
      agencia journal show A-1001 --journal orders.db
    """
    run(_show(reference, option))


def resolve(
    reference: Reference,
    option: LocalJournal,
    order_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The order was placed, with this id.", show_default=False),
    ] = None,
    not_placed: Annotated[
        bool, typer.Option("--not-placed", help="The order was not placed, and may be placed again.")
    ] = False,
) -> None:
    """Resolve an unknown order manually, without a request to the panel.

    Check at the panel first whether the order was placed. A mistake can be
    corrected: resolve the order again, until it is sent again. Once the
    panel has confirmed its id (agencia journal reconcile), only the id can
    be changed.

    Examples:
      agencia journal resolve A-1001 --journal orders.db --order-id 23501
      agencia journal resolve A-1001 --journal orders.db --not-placed
    """
    run(_resolve(reference, option, order_id, not_placed=not_placed))


def export(option: LocalJournal, output: OutputOptions, state: Wanted = None) -> None:
    """Export the orders of a journal, in the format that agencia place reads.

    CSV columns: reference, service, one for each field of the orders, state,
    order, error, panel, created, updated.
    JSON has the whole entries.

    Examples:
      agencia journal export --journal orders.db --output all.csv
      agencia journal export --journal orders.db --state refused -o again.csv
    """
    run(_export(option, output, state))


def reconcile(option: JournalOption, connection: PanelOptions, output: OutputOptions) -> None:
    """Look up unknown and manually resolved orders at the panel.

    Prints the evidence for each order, and the commands that record your
    decision: on a terminal as text, otherwise rows on stdout and the text on
    stderr. Exits with 4 if any order is unknown, and with 1 if anything else
    is left to decide, such as an id that the panel does not know.

    CSV columns: reference, kind, state, order, status, service, link,
    quantity, updated, error, cost, currency, balance_before,
    balance_before_at, balance, other_orders, panel. JSON has the whole entry.

    Examples:
      agencia journal reconcile --journal orders.db
      agencia journal reconcile --profile north --format json
    """
    run(reconciled(option, connection, output))


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="A new file for the copy.", show_default=False)
    ],
    option: LocalJournal,
) -> None:
    """Copy a journal (SQLite) into a new file, even while it is in use.

    Only you can read the file (mode 0600). To use the copy: agencia journal adopt

    Examples:
      agencia journal backup monday.db --journal orders.db
    """
    run(_backup(target, option))


def adopt(
    database: Annotated[
        str, typer.Argument(metavar="FILE", help="The copy, or its database URL.", show_default=False)
    ],
) -> None:
    """Use a copy or a restored backup of a journal from now on.

    Orders placed after the copy was taken are not in it, and would be
    bought again: check them at the panel before you place any of them.
    Orders that were in flight when it was taken are unknown.

    Examples:
      agencia journal adopt monday.db
    """
    run(_adopt(JournalOption(journal=database)))


journal: typer.Typer = typer.Typer(
    cls=Group,
    help="Inspect a journal of orders, and resolve unknown ones.",
    no_args_is_help=True,
    epilog=CODES,
)
journal.command("list", cls=JournalCommand, help=documented(list_orders), epilog=CODES)(flat(list_orders))
for _command in (show, resolve, export, reconcile, backup):
    journal.command(cls=JournalCommand, help=documented(_command), epilog=CODES)(flat(_command))
journal.command(cls=Command, help=documented(adopt), epilog=CODES)(flat(adopt))


async def _list(option: LocalJournal, output: OutputOptions, state: State | None) -> Code:
    entries = await _entries(option, output, state)
    rows = [_listed(entry) for entry in entries]
    output.write(_LIST, rows)
    if not output.quiet:
        tell(several(len(rows), "order"))
    return Code.OK


async def _show(reference: str, option: LocalJournal) -> Code:
    async with option.chosen.open() as journal:
        entry = await journal.get(reference)
    if entry is None:
        raise UsageError(f"no order {reference!r} in this journal")
    facts = {"reference": reference, **cells_of(entry.order), **_recorded(entry), **_remarks(entry)}
    width = max(map(len, facts))
    for name, value in facts.items():
        lines = str("" if value is None else value).splitlines() or [""]
        for number, line in enumerate(lines):
            typer.echo(f"{'' if number else name:<{width}}  {one_line(line)}".rstrip())
    return Code.OK


async def _resolve(reference: str, option: LocalJournal, order_id: str | None, *, not_placed: bool) -> Code:
    if (order_id is not None) == not_placed:
        raise UsageError("exactly one of --order-id and --not-placed must be given")
    if order_id == "ID":
        raise UsageError("--order-id ID: replace ID with the id of the order at the panel")
    number = None if order_id is None else argument(order_id, "--order-id", advice=_AS_SHOWN)
    async with option.chosen.open() as journal:
        entry = await journal.resolve(
            reference, order_id=number, placed=None if number is not None else False
        )
    what = f", order {number}" if number is not None else "; it may be placed again"
    typer.echo(f"{one_line(reference)}: {entry.state.value}{what}")
    return Code.OK


async def _export(option: LocalJournal, output: OutputOptions, state: State | None) -> Code:
    entries = await _entries(option, output, state)
    columns = ("reference", *columns_of(entry.order for entry in entries), *_RECORDED)
    layout = Layout(columns, tuple(Column(name, name) for name in columns))
    blank = dict.fromkeys(columns)
    rows = [
        {**blank, "reference": entry.reference, **cells_of(entry.order), **_recorded(entry)}
        | {DOCUMENT: entry.to_dict()}
        for entry in entries
    ]
    replace(output, format=output.format or Format.CSV).write(layout, rows)
    return Code.OK


async def _backup(target: Path, option: LocalJournal) -> Code:
    chosen = option.chosen
    async with chosen.open() as journal:
        await journal.backup(target)
    tell(f"{target}: a copy of {one_line(chosen.shown)}")
    return Code.OK


async def _adopt(option: JournalOption) -> Code:
    with at_level(logging.ERROR):  # the log would tell the same
        return await _adopted(option)


async def _adopted(option: JournalOption) -> Code:
    async with option.open(adopt=True) as journal:
        end = journal.memory_ends
        count = len([entry async for entry in journal.entries()])
    name = one_line(option.shown)
    if end is None:
        tell(f"{name} is not a copy: there is nothing to adopt")
        return Code.OK
    tell(f"adopted {name}, with {several(count, 'order')}")
    since = f"orders placed after {end:%Y-%m-%d %H:%M:%S} UTC may be missing" if count else "it has no orders"
    tell(f"{since}: check at the panel before you place any again")
    return Code.OK


async def _entries(option: LocalJournal, output: OutputOptions, state: State | None) -> "list[JournalEntry]":
    option.keep_off(output)
    async with option.chosen.open() as journal:
        return [entry async for entry in journal.entries(state)]


def _listed(entry: "JournalEntry") -> Row:
    form = entry.order.form()
    about = form.get("link") or form.get("username")
    row = {"reference": entry.reference, "service": form["service"], "link": about, **_recorded(entry)}
    return row | {DOCUMENT: entry.to_dict()}


def _recorded(entry: "JournalEntry") -> dict[str, object]:
    """What the journal has recorded about an order, besides its fields."""
    return {
        "state": entry.state.value,
        "order": entry.order_id,
        "error": entry.error,
        "panel": entry.panel,
        "created": entry.created.isoformat(timespec="seconds"),
        "updated": entry.updated.isoformat(timespec="seconds"),
    }


def _remarks(entry: "JournalEntry") -> dict[str, object]:
    """What is only shown of orders that have it."""
    earlier = [
        f"{refusal.updated.isoformat(timespec='seconds')} {refusal.panel} {cells_of(refusal.order)}:"
        f" {refusal.error}"
        for refusal in entry.history
    ]
    remarks = {
        "orders": ", ".join(map(str, entry.order_ids[1:] and entry.order_ids)),
        "refusals": entry.refusals,
        "corrected": "\n".join(earlier),
        "duplicate of": entry.duplicate_of,
        "warning": entry.warning,
    }
    return {name: value for name, value in remarks.items() if value}
