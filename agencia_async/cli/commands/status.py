"""The commands `status` and `refill-status`: what they ask for, and their columns."""

from typing import Final

from agencia_async import AsyncClient, OrderStatus, RefillStatus
from agencia_async.cli.commands.bulk_run import FAILURE, ID, BulkCommand, run_bulk
from agencia_async.cli.input.ids import IdOptions
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import Column, Layout, Row
from agencia_async.cli.output.summary import STYLES
from agencia_async.cli.panel_options import PanelOptions


def status(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
    """Show the status of any number of orders, as the replies arrive.

    CSV columns: id, ok, status, state, charge, start_count, remains,
    currency, error, error_type. JSON has the same names, amounts as strings,
    and all other fields under "extra".

    Examples:
      agencia status 23501 23502
      agencia status --file orders.csv --column order_id --output states.csv
      agencia status - --format jsonl < ids.txt
    """
    run_bulk(_STATUS, ids, connection, output)


def refill_status(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
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
