"""The commands `status` and `refill-status`: what they ask for, and their columns."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final

import typer

from agencia_async import AsyncClient, OrderState, OrderStatus, RefillStatus
from agencia_async.cli.commands.bulk_run import FAILURE, ID, BulkCommand, run_bulk
from agencia_async.cli.input.ids import IdOptions
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import Column, Layout, Row
from agencia_async.cli.output.summary import STYLES
from agencia_async.cli.output.view import ViewOptions
from agencia_async.cli.panel_options import PanelOptions


def read_state(text: str) -> OrderState:
    """Parse a state: "In progress", in-progress."""
    states = {_bare(state): state for state in OrderState}
    try:
        return states[_bare(text)]
    except KeyError:
        raise typer.BadParameter(
            f"{text!r} is not a state; the states are {', '.join(states.values())}"
        ) from None


def _bare(text: str) -> str:
    return text.casefold().replace("-", " ").replace("_", " ")


@dataclass(frozen=True, kw_only=True)
class OrderChoice:
    """The options for which orders are asked for, and which of them are shown."""

    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            "-j",
            metavar="FILE",
            help="Take the ids of all orders that were placed at this panel from a journal.",
            show_default=False,
        ),
    ] = None
    open: Annotated[
        bool,
        typer.Option(
            "--open",
            help="Only show orders that are not final, and ids with an error.",
            rich_help_panel="Rows",
        ),
    ] = False
    state: Annotated[
        list[OrderState] | None,
        typer.Option(
            "--state",
            parser=read_state,
            metavar="STATE",
            help="Only show orders in this state; can be repeated.",
            rich_help_panel="Rows",
            show_default=False,
        ),
    ] = None
    errors: Annotated[
        bool,
        typer.Option(
            "--errors",
            help="Only show ids with an error; with --state, show these as well.",
            rich_help_panel="Rows",
        ),
    ] = False

    def wants(self, row: Row) -> bool:
        """Whether the row of an order is shown; one with an error is in no state, and may be open."""
        is_open = not row.get("is_final", False)
        is_chosen = (self.errors and not row["ok"]) or row["state"] in (self.state or ())
        return (is_open or not self.open) and (is_chosen or not (self.state or self.errors))


def status(
    ids: IdOptions, chosen: OrderChoice, view: ViewOptions, connection: PanelOptions, output: OutputOptions
) -> None:
    """Show the status of any number of orders, as the replies arrive.

    CSV columns: id, ok, status, state, charge, start_count, remains,
    currency, error, error_type. JSON has the same names, amounts as strings,
    and all other fields under "extra".

    Examples:
      agencia status 23501 23502
      agencia status --file orders.csv --state partial --output partial.csv
      agencia status --journal orders.db --open --sort remains --limit 20
    """
    view.check(_STATUS.layout.columns)
    journal = JournalOption(journal=chosen.journal) if chosen.journal else None
    action = replace(_STATUS, view=partial(view.over, wanted=chosen.wants), journal=journal)
    run_bulk(action, ids, connection, output)


@dataclass(frozen=True, kw_only=True)
class RefillIds(IdOptions):
    """The options for the ids of refills."""

    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="CSV column of the ids (default: refill, refill_id or id).",
            show_default=False,
        ),
    ] = None


def refill_status(ids: RefillIds, connection: PanelOptions, output: OutputOptions) -> None:
    """Show the status of any number of refills.

    CSV columns: id, ok, status, state, error, error_type.

    Examples:
      agencia refill-status 1 2
      agencia refill-status --file refills.csv
    """
    run_bulk(_REFILL_STATUS, ids, connection, output)


def _state_style(row: Row) -> str:
    return STYLES.get(str(row["state"]), "")


_STATE: Final = Column("status", "status", 12, style=_state_style)
_SERIES: Final = ("orders", "runs", "posts", "expiry")
"""What only drip-feeds and subscriptions have; it is in JSON."""

_STATUS: Final = BulkCommand[OrderStatus](
    ask=AsyncClient.status_iter,
    values=OrderStatus.to_dict,
    state=lambda value: value.state.value,
    layout=Layout(
        ("id", "ok", "status", "state", "charge", "start_count", "remains", "currency", *FAILURE),
        (
            ID,
            _STATE,
            Column("charge", "charge", 12, right=True),
            Column("currency", "", 3, spare=True),
            Column("start_count", "start count", right=True, spare=True),
            Column("remains", "remains", right=True, spare=True),
        ),
        ("is_final", *_SERIES, "extra"),
    ),
)
_REFILL_STATUS: Final = BulkCommand[RefillStatus](
    ask=AsyncClient.refill_status_iter,
    values=RefillStatus.to_dict,
    state=lambda value: value.state.value,
    layout=Layout(("id", "ok", "status", "state", *FAILURE), (ID, _STATE), ("is_final", "extra")),
    columns=("refill", "refill_id", "id"),
)
