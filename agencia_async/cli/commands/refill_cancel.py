"""The commands `refill` and `cancel`: what they ask for, and their columns."""

from typing import Final

from agencia_async import AsyncClient, Cancellation, RefillId
from agencia_async.cli.commands.bulk_run import FAILURE, ID, BulkCommand, Consent, run_bulk
from agencia_async.cli.input.ids import IdOptions
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import Column, Layout
from agencia_async.cli.panel_options import PanelOptions


def refill(ids: IdOptions, consent: Consent, connection: PanelOptions, output: OutputOptions) -> None:
    """Request refills of any number of orders.

    More than one order needs confirmation: a prompt, or --yes when stdin is
    not a terminal.

    CSV columns: id, ok, refill, error, error_type. The refill column is the
    id for refill-status.

    Examples:
      agencia refill 23501
      agencia refill --file ids.txt --yes --output refills.csv
    """
    run_bulk(_REFILL, ids, connection, output, consent)


def cancel(ids: IdOptions, consent: Consent, connection: PanelOptions, output: OutputOptions) -> None:
    """Request the cancellation of any number of orders.

    More than one order needs confirmation: a prompt, or --yes when stdin is
    not a terminal. Whether an order was cancelled shows later in its status.

    CSV columns: id, ok, request, error, error_type.

    Examples:
      agencia cancel 23502
      agencia cancel --file ids.txt
      agencia cancel --file ids.txt --yes
    """
    run_bulk(_CANCEL, ids, connection, output, consent)


_REFILL: Final = BulkCommand[RefillId | None](
    ask=AsyncClient.refill_iter,
    values=lambda value: {"refill": value},
    state=lambda _: "Requested",
    layout=Layout(("id", "ok", "refill", *FAILURE), (ID, Column("refill", "refill"))),
    verb="refill",
    doing="requesting refills",
)
_CANCEL: Final = BulkCommand[Cancellation](
    ask=AsyncClient.cancel_iter,
    values=Cancellation.to_dict,
    state=lambda _: "Requested",
    layout=Layout(
        ("id", "ok", "request", *FAILURE), (ID, Column("ok", "accepted"), Column("request", "request"))
    ),
    verb="cancel",
    doing="cancelling",
)
