"""The command `watch`: orders to their end, as a live screen or as JSON lines."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from agencia_async.cli.commands.on_final import OnFinal, command_of
from agencia_async.cli.commands.watch_feeds import Feed, ManyPanels, open_feeds
from agencia_async.cli.commands.watch_run import Sink, WatchRun
from agencia_async.cli.exit import Code, Interrupted, run, tell_failure
from agencia_async.cli.input.ids import IdOptions
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.output.rows import terminal
from agencia_async.cli.output.watch_screen import ending
from agencia_async.cli.stderr import tell

ALL: Final = 0


def parse_until(text: str) -> int:
    """Parse how many orders must have ended: "all", "any" or a number."""
    count = {"all": ALL, "any": 1}.get(text, int(text) if text.isascii() and text.isdecimal() else -1)
    if count < 0 or text.strip("0") == "":
        raise typer.BadParameter(f"{text!r} is not all, any or a number of orders")
    return count


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """How it watches, and what it does when an order has ended."""

    until: Annotated[
        int | None,
        typer.Option(
            parser=parse_until,
            metavar="all|any|N",
            help="End when all orders have ended, when one has, or when N have (default: all).",
            show_default=False,
        ),
    ] = None
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Keep watching for orders that are placed later (requires a journal)."),
    ] = False
    on_final: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Run this command for each order that has ended, with its fields in AGENCIA_ID, "
            "AGENCIA_STATE, ... and as JSON on stdin. It runs without a shell; for redirections, pipes and "
            "variables: 'sh -c \"...\"'.",
            show_default=False,
        ),
    ] = None
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Maximum commands of --on-final to run concurrently.")
    ] = 4
    min_interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Minimum time between two requests for an order (default: 5).",
            show_default=False,
        ),
    ] = None
    max_interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Maximum time between two requests for an order (default: 3600).",
            show_default=False,
        ),
    ] = None
    unknown_for: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time after which an order that the panel does not know counts as failed (default: 600).",
            show_default=False,
        ),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No screen and no summary; only errors.")] = (
        False
    )

    @property
    def intervals(self) -> Mapping[str, Any]:
        """Those that were given."""
        given = {
            "min_interval": self.min_interval,
            "max_interval": self.max_interval,
            "unknown_for": self.unknown_for,
        }
        return {name: value for name, value in given.items() if value is not None}


def watch(ids: IdOptions, journal: JournalOption, connection: ManyPanels, options: WatchOptions) -> None:
    """Watch orders until they have ended, with few requests, also during outages.

    Without ids, it watches the placed orders of a journal: of --journal, of AGENCIA_JOURNAL, or of each
    profile. The changes that were shown are recorded there, so it can be stopped and restarted at any time.

    On a terminal it shows a screen (press q to quit); otherwise it writes a line of JSON for each change. The
    exit code is 0 if all orders that ended were completed and no --on-final command failed, otherwise 1.

    Examples:
      agencia watch --journal orders.db --on-final 'python tell_customer.py'
      agencia watch -j orders.db --on-final 'sh -c "echo $AGENCIA_ID >> ended"'
      agencia watch --profile north --profile south --until any
    """
    run(_watch(ids, journal, connection, options))


async def _watch(
    ids: IdOptions, journal: JournalOption, connection: ManyPanels, options: WatchOptions
) -> Code:
    command = None if options.on_final is None else command_of(options.on_final)
    async with open_feeds(
        ids, journal, connection, intervals=options.intervals, follow=options.follow
    ) as feeds:
        commands = None if command is None else OnFinal(command, options.jobs)
        return await _watched(feeds, commands, options)


async def _watched(feeds: list[Feed], commands: OnFinal | None, options: WatchOptions) -> Code:
    running = WatchRun(feeds, commands, options.until or ALL)
    screen = terminal(None)
    sink = Sink(None if options.quiet else screen, is_terminal=screen is not None, began=time.monotonic())
    try:
        await running.run(sink)
    except asyncio.CancelledError:
        raise Interrupted(running.how_far) from None
    finally:
        if not options.quiet:
            _print_ending(running, sink)
    if options.quiet and running.code is not Code.OK:
        tell_failure(running.failures, running.code)
    return running.code


def _print_ending(running: WatchRun, sink: Sink) -> None:
    console = Console(stderr=True, highlight=False)
    for line in ending(running.view(sink.elapsed), console):
        console.print(line, overflow="ellipsis", no_wrap=True)
    if running.commands is not None:
        tell(running.commands.summary)
