"""Sending the orders of a plan: their rows, the progress bar and the summary."""

import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from rich.console import Console

from agencia_async import (
    AgenciaError,
    AsyncClient,
    AuthenticationError,
    Balance,
    BulkItem,
    ConfigurationError,
    JournalError,
    Order,
    OutcomeUnknownError,
)
from agencia_async.cli.commands.place_plan import Plan
from agencia_async.cli.commands.place_preview import cost_of
from agencia_async.cli.commands.place_waiting import HeldOrders, LinkWait, PlacedForLinks, Write
from agencia_async.cli.exit import Code, let_go_of_stdout, tell_failure
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.rows import DOCUMENT, Column, Layout, Row, Writer, terminal
from agencia_async.cli.output.summary import STYLES, Tally, print_summary
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import cell, one_line, several
from agencia_async.hooks import CallInfo, Hook

if TYPE_CHECKING:
    from agencia_async.journal import Journal, JournalEntry

_LAYOUT: Final = Layout(
    ("reference", "state", "order", "error", "error_type"),
    (
        Column("reference", "reference"),
        Column("state", "state", 7, style=lambda row: STYLES.get(str(row["state"]), "")),
        Column("order", "order"),
    ),
)


class _Accepted(Hook):
    """Counts the orders that the panel accepted from this process: another one may place the same file."""

    def __init__(self) -> None:
        self.count = 0

    def call_ended(self, call: CallInfo) -> None:
        """Count it."""
        self.count += call.action == "add" and call.outcome == "ok"


class Sending:
    """Sends the orders of a plan, writes a row for each order of the file, and counts them.

    `hooks` are those of the client.
    """

    def __init__(
        self,
        output: OutputOptions,
        *,
        show_bar: bool,
        wait: LinkWait | None = None,
        hooks: Sequence[Hook] = (),
    ) -> None:
        self.failure: OSError | None = None
        self.unknown: list[str] = []
        self.warned: list[str] = []
        self._output = output
        self._wait = wait
        self._show_bar = show_bar and not output.quiet
        self._tally = Tally()
        self._total = 0
        self._plan = Plan()
        self._account: Balance | None = None
        self._bought: list[str] = []
        self._in_doubt: list[str] = []
        self._accepted = _Accepted()
        self._hooks = [*hooks, self._accepted]
        self._began = time.perf_counter()

    async def send(
        self, client: AsyncClient, journal: "Journal", plan: Plan, account: Balance | None = None
    ) -> None:
        """Send the orders of the plan; the account is that before, of which the currency is."""
        self._began = time.perf_counter()
        self._total, self._plan, self._account = plan.count, plan, account
        client = client.with_options(hooks=self._hooks)
        output, screen = self._output, terminal(self._output.output)
        widths = {"reference": max(map(len, plan.orders), default=0)}
        bar = Bar(len(plan.orders), terminal=screen, show=self._show_bar, doing="placing", stats=client.stats)
        with output.writer(_LAYOUT, screen, widths) as rows, bar:
            self._write_settled(plan, rows)

            def settle(item: "BulkItem[JournalEntry]") -> None:
                self._write(rows, item)
                bar.step(failed=not item.ok)

            placed = PlacedForLinks(client, journal, plan.orders.values())
            waiting = HeldOrders(self._wait, plan.orders, placed, settle, lambda: self.failure is None)
            async with aclosing(waiting) as held:
                await self._send_all(client, journal, plan, held, settle)
                self._print_held(held.count)
                await held.place()

    async def _send_all(
        self, client: AsyncClient, journal: "Journal", plan: Plan, held: HeldOrders, settle: Write
    ) -> None:
        """Send each order once; those that are held back are not settled."""
        left = dict.fromkeys(plan.orders)
        try:
            async with aclosing(journal.place_iter(client, self._while_written(plan))) as items:
                async for item in items:
                    del left[str(item.id)]
                    if not held.take(item):
                        settle(item)
        except AuthenticationError as error:  # the account was rejected before anything succeeded
            for reference in left:
                settle(BulkItem(reference, error=error))

    def _print_held(self, count: int) -> None:
        if count and self._wait is not None and not self._output.quiet:
            refused = f"{several(count, 'order')} refused, as another one runs for the link"
            tell(f"{refused}: waiting for those of the journal, at most {self._wait.most:,.0f} s")

    def _while_written(self, plan: Plan) -> Iterator[tuple[str, Order]]:
        """The orders of the plan, as long as their outcomes can be written."""
        for pair in plan.orders.items():
            if self.failure is not None:
                return
            yield pair

    def _put(self, rows: Writer, row: Row) -> None:
        """Write the row of an order that was sent; to stderr if the output fails."""
        if self.failure is None:
            try:
                rows.row(row)
            except OSError as error:
                self.failure = error
                tell(f"agencia: cannot write the output: {error.strerror or error}; it goes on here:")
        if self.failure is not None:
            texts = [one_line(cell(row[name])) for name in ("reference", "state", "order", "error")]
            tell("  ".join(filter(None, texts)))

    def _write_settled(self, plan: Plan, rows: Writer) -> None:
        """Write the rows of the orders that are not sent."""
        for entry in plan.placed:
            rows.row(_row(entry.reference, "placed", entry))
            self._tally.succeed("already placed")
        for entry in plan.unknown:
            rows.row(_row(entry.reference, "unknown", entry, OutcomeUnknownError(entry.error or "")))
            self._tally.succeed("still unknown")
            self.unknown.append(entry.reference)
        skipped = [*plan.duplicates.items(), *((row.reference, row.reason) for row in plan.invalid)]
        for reference, reason in skipped:
            rows.row(_row(reference, "skipped", error=ConfigurationError(reason)))
            self._tally.succeed("skipped")

    def _write(self, rows: Writer, item: "BulkItem[JournalEntry]") -> None:
        """Write the row of an order that was sent."""
        reference = str(item.id)
        if item.error is None:
            entry = item.unwrap()
            self._bought.append(reference)
            self._put(rows, _row(reference, "placed", entry))
            if entry.warning:
                self.warned.append(one_line(f"{reference}: {entry.warning}"))
            self._tally.succeed("placed")
            return
        state = _state(item.error)
        self._put(rows, _row(reference, state, error=item.error, sent=self._plan.orders[reference]))
        self._tally.fail(item.error, state)
        if state == "unknown":
            self.unknown.append(reference)
            self._in_doubt.append(reference)

    @property
    def _elsewhere(self) -> int:
        """How many orders another process placed meanwhile."""
        return len(self._bought) - self._accepted.count

    def _cost(self) -> str:
        """The cost of what was placed in this run, by the catalogue."""
        account, plan = self._account, self._plan
        is_any = self._accepted.count or self._in_doubt
        if account is None or not is_any:
            return "cost of this run: none"
        most = "at most " if self._elsewhere else ""  # it is not known which of them
        spent = most + cost_of(plan, self._bought, account)
        doubt = f", perhaps {cost_of(plan, self._in_doubt, account)} more" if self._in_doubt else ""
        return f"cost of this run: {spent}{doubt}"

    def sum_up(self, *, requests: int) -> None:
        """Print the summary."""
        self._tally.move("placed", "already placed", self._elsewhere)
        if not self._output.quiet:
            seconds = time.perf_counter() - self._began
            print_summary(
                self._tally,
                Console(stderr=True),
                requests=requests,
                seconds=seconds,
                what="order",
                end=self._cost(),
            )
        elif self.code is not Code.OK and self.failure is None:
            tell_failure(self._failed(), self.code)
        if self.failure is not None:
            let_go_of_stdout()
            tell(f"agencia: the output failed, so no more was sent: {self.how_far()}")

    def _failed(self) -> str:
        """How many orders are not placed, and why the first of them is not."""
        well = ("placed", "already placed")
        failed = {state: count for state, count in self._tally.states.items() if state not in well}
        states = ", ".join(f"{count:,} {state}" for state, count in failed.items())
        first = f"; the first error: {self._tally.first}" if self._tally.first else ""
        return f"{sum(failed.values()):,} of {self._tally.done:,} orders not placed: {states}{first}"

    def how_far(self) -> str:
        """How far it got, for the message after an interruption."""
        if not self._total:
            return "nothing was ordered"
        done = f"{self._tally.done:,} of {self._total:,} orders done"
        return f"{done}; run the command again to resume, nothing is placed twice"

    @property
    def code(self) -> Code:
        """The exit code."""
        if self.failure is not None and self._bought:
            return Code.UNWRITTEN
        if self.unknown:
            return Code.UNKNOWN
        if self._tally.refused:
            return Code.REFUSED
        if self.failure is not None:
            return Code.USAGE
        states = self._tally.states
        is_well = states["placed"] + states["already placed"] == self._tally.done
        return Code.OK if is_well else Code.SOME_FAILED


def _state(error: AgenciaError) -> str:
    """The state of an order after an error."""
    if isinstance(error, OutcomeUnknownError):
        return "unknown"
    return "skipped" if isinstance(error, ConfigurationError | JournalError) else "refused"


def _row(
    reference: str,
    state: str,
    entry: "JournalEntry | None" = None,
    error: AgenciaError | None = None,
    sent: Order | None = None,
) -> Row:
    """The row of an order; in JSON it is the journal's entry, if there is one, with the whole error."""
    name = None if error is None else type(error).__name__
    own = {"reference": reference, "state": state, "order": sent and sent.to_dict(), "order_id": None}
    whole = {"error": error and error.to_dict(), "error_type": name}
    return {
        "reference": reference,
        "state": state,
        "order": entry and entry.order_id,
        "error": None if error is None else one_line(str(error)) or name,
        "error_type": name,
        DOCUMENT: (own if entry is None else entry.to_dict()) | whole,
    }
