"""The bulk commands: status, refill, refill-status and cancel."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from rich.console import Console

from agencia_async import AsyncClient, BulkItem, Cancellation, Id, OrderStatus, RefillId, RefillStatus
from agencia_async.cli.exit import Code, Interrupted, UsageError, run
from agencia_async.cli.input.ids import IdOptions, Ids, open_ids
from agencia_async.cli.options import OutputOptions, PanelOptions
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.rows import Column, Layout, Row, terminal, writer
from agencia_async.cli.output.summary import STYLES, Tally, print_summary
from agencia_async.cli.text import one_line

T = TypeVar("T")

_ORDERS: Final = ("order", "order_id", "id")
_REFILLS: Final = ("refill", "refill_id", "id")


@dataclass(frozen=True, kw_only=True)
class BulkCommand(Generic[T]):
    """What distinguishes these commands.

    Attributes:
        ask: the client's method.
        values: a value as the columns of a row.
        state: the state of a value in the summary.
        layout: the columns of the output.
        columns: the possible names of the input column with the ids.
        acts: it is a write, so if interrupted it may have been executed.
    """

    ask: Callable[[AsyncClient, AsyncIterable[Id]], AsyncGenerator[BulkItem[T], None]]
    values: Callable[[T], Mapping[str, object]]
    state: Callable[[T], str]
    layout: Layout
    columns: tuple[str, ...] = _ORDERS
    acts: bool = False


def status(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
    """Show the status of any number of orders, as the replies arrive.

    CSV columns: id, ok, status, state, charge, start_count, remains,
    currency, error, error_type. JSON has the same names, amounts as strings,
    and all other fields under "extra".
    """
    run(_bulk(_STATUS, ids, connection, output))


def refill(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
    """Request refills of any number of orders.

    CSV columns: id, ok, refill, error, error_type. The refill column is the
    id for refill-status.
    """
    run(_bulk(_REFILL, ids, connection, output))


def refill_status(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
    """Show the status of any number of refills.

    CSV columns: id, ok, status, state, error, error_type.
    """
    run(_bulk(_REFILL_STATUS, ids, connection, output))


def cancel(ids: IdOptions, connection: PanelOptions, output: OutputOptions) -> None:
    """Request the cancellation of any number of orders.

    Whether an order was cancelled shows later in its status.

    CSV columns: id, ok, request, error, error_type.
    """
    run(_bulk(_CANCEL, ids, connection, output))


async def _bulk(
    action: BulkCommand[T], given: IdOptions, connection: PanelOptions, output: OutputOptions
) -> Code:
    ids = open_ids(given, action.columns)
    output.keep_off(given.file, "ids")
    tally = Tally()
    invalid = None
    began = time.perf_counter()
    try:
        async with connection.client() as client:
            try:
                await _rows(action, client, ids, tally, output, show_bar=not connection.verbose)
            except UsageError as error:  # the ids before the invalid one are done
                invalid = error
            requests = client.requests_sent
    except asyncio.CancelledError:
        raise Interrupted(_how_far(tally, ids, action)) from None
    if tally.done and not output.quiet:
        seconds = time.perf_counter() - began
        print_summary(tally, Console(stderr=True), requests=requests, seconds=seconds)
    if invalid is not None:
        raise invalid
    if tally.refused:
        return Code.REFUSED
    return Code.SOME_FAILED if tally.failed else Code.OK


async def _rows(  # noqa: PLR0913 - all parts of a bulk command
    action: BulkCommand[T],
    client: AsyncClient,
    ids: Ids,
    tally: Tally,
    output: OutputOptions,
    *,
    show_bar: bool,
) -> None:
    """Write a row for each outcome, and count it."""
    screen = terminal(output.output)
    with (
        writer(
            output.format, action.layout, file=output.output, terminal=screen, widths={"id": ids.width}
        ) as rows,
        Bar(ids.total, terminal=screen, show=show_bar and not output.quiet) as bar,
    ):
        async with aclosing(action.ask(client, ids.stream())) as items:
            async for item in items:
                rows.row(_row(action, item))
                if item.error is not None:
                    tally.fail(item.error)
                else:
                    tally.succeed(action.state(item.unwrap()))
                bar.step(failed=not item.ok)
        ids.check()


def _row(action: BulkCommand[T], item: BulkItem[T]) -> Row:
    """An item as a row; each has all columns, whatever its outcome."""
    row: dict[str, object] = {**dict.fromkeys(action.layout.columns), "id": item.id, "ok": item.ok}
    if item.error is None:
        return row | dict(action.values(item.unwrap()))
    name = type(item.error).__name__
    return row | {"error": one_line(str(item.error)) or name, "error_type": name}


def _how_far(tally: Tally, ids: Ids, action: BulkCommand[T]) -> str:
    of = "" if ids.total is None else f" of {ids.total:,}"
    rest = "; the panel may have acted on some of the others" if action.acts else ""
    return f"{tally.done:,}{of} ids done{rest}"


def _state_style(row: Row) -> str:
    return STYLES.get(str(row["state"]), "")


def _order_values(value: OrderStatus) -> Mapping[str, object]:
    return value.to_dict()


def _refill_values(value: RefillStatus) -> Mapping[str, object]:
    return value.to_dict()


_ID: Final = Column("id", "id", 8)
_STATE: Final = Column("status", "status", 12, style=_state_style)
_FAILURE: Final = ("error", "error_type")
_SERIES: Final = ("orders", "runs", "posts", "expiry")
"""What only drip-feeds and subscriptions have; it is in JSON."""

_STATUS: Final = BulkCommand[OrderStatus](
    ask=AsyncClient.status_iter,
    values=_order_values,
    state=lambda value: value.state.value,
    layout=Layout(
        ("id", "ok", "status", "state", "charge", "start_count", "remains", "currency", *_FAILURE),
        (
            _ID,
            _STATE,
            Column("charge", "charge", 12, right=True),
            Column("currency", "", 3),
            Column("start_count", "start count", right=True),
            Column("remains", "remains", right=True),
        ),
        ("is_final", *_SERIES, "extra"),
    ),
)
_REFILL: Final = BulkCommand[RefillId | None](
    ask=AsyncClient.refill_iter,
    values=lambda value: {"refill": value},
    state=lambda _: "Requested",
    layout=Layout(("id", "ok", "refill", *_FAILURE), (_ID, Column("refill", "refill"))),
    acts=True,
)
_REFILL_STATUS: Final = BulkCommand[RefillStatus](
    ask=AsyncClient.refill_status_iter,
    values=_refill_values,
    state=lambda value: value.state.value,
    layout=Layout(("id", "ok", "status", "state", *_FAILURE), (_ID, _STATE), ("is_final", "extra")),
    columns=_REFILLS,
)
_CANCEL: Final = BulkCommand[Cancellation](
    ask=AsyncClient.cancel_iter,
    values=Cancellation.to_dict,
    state=lambda _: "Requested",
    layout=Layout(
        ("id", "ok", "request", *_FAILURE), (_ID, Column("ok", "accepted"), Column("request", "request"))
    ),
    acts=True,
)
