"""What the commands over many ids share: ids in, a row and a count for each outcome, the summary."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from rich.console import Console

from agencia_async import AsyncClient, BulkItem, Id
from agencia_async.cli.exit import Code, Interrupted, UsageError, run
from agencia_async.cli.input.ids import IdOptions, Ids, open_ids
from agencia_async.cli.options import OutputOptions, PanelOptions
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.rows import Column, Layout, Row, terminal, writer
from agencia_async.cli.output.summary import Tally, print_summary
from agencia_async.cli.text import one_line

T = TypeVar("T")

ORDER_COLUMNS: Final = ("order", "order_id", "id")
FAILURE: Final = ("error", "error_type")
ID: Final = Column("id", "id", 8)


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
    columns: tuple[str, ...] = ORDER_COLUMNS
    acts: bool = False


def run_bulk(
    action: BulkCommand[T], given: IdOptions, connection: PanelOptions, output: OutputOptions
) -> None:
    """Run the command to its exit code."""
    run(_bulk(action, given, connection, output))


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
