"""What the commands over many ids share: ids in, a row and a count for each outcome, the summary."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Mapping
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Generic, TypeVar

import typer
from rich.console import Console

from agencia_async import AgenciaError, AsyncClient, BulkItem, Id
from agencia_async.cli.commands.journal_ids import journal_ids
from agencia_async.cli.exit import Code, Interrupted, UsageError, run, tell_failure
from agencia_async.cli.input.confirm import check_terminal, is_agreed
from agencia_async.cli.input.ids import IdOptions, Ids, open_ids
from agencia_async.cli.input.source import is_stdin
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.rows import DOCUMENT, Column, Layout, Row, Writer, terminal
from agencia_async.cli.output.summary import Tally, print_summary
from agencia_async.cli.output.view import Rows
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import several

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
        verb: what a write does to orders; empty for a read. A write reads all ids before the first request.
        doing: what the progress bar says that it does.
        view: which rows are written, and in which order; by default all, as they come.
        journal: where the ids come from instead of the options.
    """

    ask: Callable[[AsyncClient, AsyncIterable[Id]], AsyncGenerator[BulkItem[T], None]]
    values: Callable[[T], Mapping[str, object]]
    state: Callable[[T], str]
    layout: Layout
    columns: tuple[str, ...] = ORDER_COLUMNS
    verb: str = ""
    doing: str = "polling"
    view: Callable[[Rows], AbstractContextManager[Rows]] = nullcontext
    journal: JournalOption | None = None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The option that confirms a write."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt for confirmation.")] = False


def run_bulk(
    action: BulkCommand[T],
    given: IdOptions,
    connection: PanelOptions,
    output: OutputOptions,
    consent: Consent | None = None,
) -> None:
    """Run the command to its exit code; without `consent` it is a read."""
    run(_bulk(action, given, connection, output, consent))


async def _bulk(
    action: BulkCommand[T],
    given: IdOptions,
    connection: PanelOptions,
    output: OutputOptions,
    consent: Consent | None,
) -> Code:
    if action.journal is None:
        ids = open_ids(given, action.columns, whole=consent is not None)
    else:
        output.keep_off(action.journal.file, "journal")
        ids = await journal_ids(action.journal, given, connection)
    output.keep_off_inputs(connection, given.file, "ids")
    if consent is not None:
        ids = await ids.held()
        if not await _is_agreed(action, ids, given, connection, consent):
            tell("nothing was sent")
            return Code.SOME_FAILED
    return await _sent(action, ids, connection, output)


async def _is_agreed(
    action: BulkCommand[T], ids: Ids, given: IdOptions, connection: PanelOptions, consent: Consent
) -> bool:
    """Prompt for confirmation of a write to more than one order.

    Raises:
        UsageError: nobody can be asked.
    """
    count = ids.distinct()
    if consent.yes or count == 1:
        return True
    is_piped = "-" in (given.ids or []) or is_stdin(given.file)
    what = f"{action.verb} {several(count, 'order')}"
    check_terminal(what, Path("-") if is_piped else None)
    for line in ids.skipped.lines:
        tell(line)
    return await is_agreed(f"{what.capitalize()} from {ids.name} at {connection.panel_name}?")


async def _sent(action: BulkCommand[T], ids: Ids, connection: PanelOptions, output: OutputOptions) -> Code:
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
        print_summary(
            tally, Console(stderr=True), requests=requests, seconds=seconds, skipped=ids.skipped.lines
        )
    if invalid is not None:
        raise invalid
    if output.quiet and tally.failed:
        what = f"{tally.failed:,} of {tally.done:,} ids failed; the first: {tally.first}"
        tell_failure(what, tally.code)
    return tally.code


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
        output.writer(action.layout, screen, {"id": ids.width}, hold=not action.verb) as written,
        action.view(written) as rows,
        Bar(
            ids.total,
            terminal=screen,
            show=show_bar and not output.quiet,
            doing=action.doing,
            stats=client.stats,
        ) as bar,
    ):
        with _keeping_old(written, output, tally):
            async with aclosing(action.ask(client, ids.stream())) as items:
                async for item in items:
                    if item.error is not None:
                        tally.fail(item.error)
                    else:
                        tally.succeed(action.state(item.unwrap()))
                        written.release()
                    rows.row(_row(action, item))
                    bar.step(failed=not item.ok)
        ids.check()


@contextmanager
def _keeping_old(written: Writer, output: OutputOptions, tally: Tally) -> Generator[None]:
    """Keep the results of an earlier run, if the block ends without any of this one."""
    try:
        yield
    except (AgenciaError, asyncio.CancelledError):
        _keep_old(written, output)
        raise
    if tally.refused and not tally.has_values:
        _keep_old(written, output)


def _keep_old(written: Writer, output: OutputOptions) -> None:
    if written.keep_old():
        output.tell_kept("no id has a result")


def _row(action: BulkCommand[T], item: BulkItem[T]) -> Row:
    """An item as a row; each has all columns, whatever its outcome. In JSON an error is a whole one."""
    row: dict[str, object] = {**dict.fromkeys(action.layout.columns), "id": item.id, "ok": item.ok}
    if item.error is None:
        return row | dict(action.values(item.unwrap()))
    name = type(item.error).__name__
    failed = row | {"error": str(item.error) or name, "error_type": name}
    return failed | {DOCUMENT: failed | {"error": item.error.to_dict()}}


def _how_far(tally: Tally, ids: Ids, action: BulkCommand[T]) -> str:
    of = "" if ids.total is None else f" of {ids.total:,}"
    rest = "; the panel may have acted on some of the others" if action.verb else ""
    return f"{tally.done:,}{of} ids done{rest}"
