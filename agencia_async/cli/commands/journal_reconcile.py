"""The command journal reconcile: the findings as rows, and as text with the commands that resolve them."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Final

import typer

from agencia_async.cli.commands.resolve_command import note_of, resolve_command
from agencia_async.cli.exit import Code
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import DOCUMENT, Column, Layout, Row, terminal
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import cell, printable, several

if TYPE_CHECKING:
    from decimal import Decimal

    from agencia_async.journal import Finding

_MOST: Final = 10_000
"""Characters of a line: no link is cut."""

_LAYOUT: Final = Layout(
    (
        *("reference", "kind", "state", "order", "status", "service", "link", "quantity", "updated", "error"),
        *("cost", "currency", "balance_before", "balance_before_at", "balance", "other_orders", "panel"),
    ),
    tuple(
        Column(name, name) for name in ("reference", "kind", "order", "service", "link", "updated", "error")
    ),
)

_UNKNOWN: Final = """\
They may have been bought, and are never sent again automatically. Look for each
order on the panel's website, by its link and the time. Then copy one of its two
commands: the first one if it is there, with its id for ID; the second one if it
is not, and it may be placed again."""
_NO_SNAPSHOT: Final = """\
There is no earlier balance to compare with. agencia place records one before it
sends orders, agencia add does not."""
_NOT_FOUND: Final = """\
The panel does not know the id of a manual resolution. A new order may be unknown
for a while; if it stays so, copy one of the commands: the first one with the
right id for ID, the second one if the order was not placed."""
_WAS_VERIFIED: Final = """\
An order without a second command had another id before, which the panel has
confirmed. If it was never placed, place it under a new reference."""
_CONFIRMED: Final = """\
The panel has confirmed the id of a manual resolution. Check on its website that
the id belongs to this order; if not, copy the command, with the right id for ID."""
_UNVERIFIED: Final = """\
The id of a manual resolution could not be verified. Run this command again."""


async def reconciled(given: JournalOption, connection: PanelOptions, output: OutputOptions) -> Code:
    """Print the findings; the exit code says whether any of them needs a decision."""
    option = connection.journal_of(given)
    output.keep_off_inputs(connection, option.file, "journal")
    async with connection.client() as client, option.open() as journal:
        findings = await journal.reconcile(client)
    is_shown = output.format is None and terminal(output.output) is not None
    if not is_shown:
        output.write(_LAYOUT, [_row(finding) for finding in findings])
    if is_shown or not output.quiet:
        for line in _report(findings, connection.journal_words(given)):
            typer.echo(printable(line, _MOST), err=not is_shown)
    if not findings and not output.quiet:
        tell("nothing to reconcile: no order is unknown")
    return code_of(findings)


def code_of(findings: "Sequence[Finding]") -> Code:
    """The exit code: whether any order is unknown, or anything else is left to decide."""
    if any(finding.entry.state.value == "unknown" for finding in findings):
        return Code.UNKNOWN
    return Code.SOME_FAILED if any(finding.needs_decision for finding in findings) else Code.OK


def _row(finding: "Finding") -> Row:
    entry = finding.entry
    form = entry.order.form()
    whole = finding.to_dict()
    amounts = ("cost", "currency", "balance_before", "balance_before_at", "balance", "other_orders")
    return {
        "reference": entry.reference,
        "kind": finding.kind,
        "state": entry.state.value,
        "order": entry.order_id,
        "status": None if finding.status is None else finding.status.status,
        "service": form["service"],
        "link": form.get("link") or form.get("username"),
        "quantity": form.get("quantity"),
        "updated": entry.updated.isoformat(timespec="seconds"),
        "error": finding.error or entry.error,
        **{name: whole[name] for name in amounts},
        "panel": entry.panel,
        DOCUMENT: whole,
    }


def _report(findings: "Sequence[Finding]", words: str) -> Iterator[str]:
    """The findings as lines of text: for each kind what to do, then each order with its commands."""
    of = {kind: [finding for finding in findings if finding.kind == kind] for kind in _KINDS}
    for kind, (count, explanation) in _KINDS.items():
        if not of[kind]:
            continue
        yield f"{count}: {several(len(of[kind]), 'order')}"
        yield from explanation.splitlines()
        if kind == "unknown" and all(finding.balance_before is None for finding in of[kind]):
            yield from _NO_SNAPSHOT.splitlines()
        if kind == "not_found" and any(finding.entry.was_verified for finding in of[kind]):
            yield from _WAS_VERIFIED.splitlines()
        yield ""
        for finding in of[kind]:
            yield from _about(finding, words)
            yield ""
    if (note := note_of(words)) and any(map(_commands, findings, repeat(words))):
        yield note
        yield ""
    yield from _elsewhere([finding for finding in findings if finding.kind == "other_panel"])


_KINDS: Final = {
    "unknown": ("Outcome unknown", _UNKNOWN),
    "not_found": ("Id unknown to the panel", _NOT_FOUND),
    "unverified": ("Id not verified", _UNVERIFIED),
    "confirmed": ("Id confirmed", _CONFIRMED),
}
"""Of each kind of finding at this panel the heading, and what to do."""


def _about(finding: "Finding", words: str) -> Iterator[str]:
    """One order: what is known of it, and its commands."""
    reference = finding.entry.reference
    yield reference
    facts = [(name, text) for name, text in _facts(finding) if text]
    for name, text in facts:
        yield f"  {name:<9} {' '.join(text.split())}"
    for command in _commands(finding, words):
        yield f"  {command}"


def _commands(finding: "Finding", words: str) -> list[str]:
    """The commands that resolve an order."""
    outcomes: list[str] = []
    if finding.kind in {"unknown", "not_found", "confirmed"}:
        outcomes.append("--order-id ID")
    if finding.kind in {"unknown", "not_found"} and not finding.entry.was_verified:
        outcomes.append("--not-placed")
    return [resolve_command(finding.entry.reference, words, outcome) for outcome in outcomes]


def _facts(finding: "Finding") -> Iterator[tuple[str, str]]:
    entry, status = finding.entry, finding.status
    form = entry.order.form()
    is_unknown = finding.kind == "unknown"
    yield "id", cell(entry.order_id)
    yield "service", form["service"]
    yield "link", form.get("link") or form.get("username") or ""
    yield "quantity", form.get("quantity") or ""
    yield "recorded", f"{entry.created:{_TIME}}" + (f", unknown since {entry.updated:{_TIME}}" * is_unknown)
    yield "error", finding.error or entry.error or ""
    if status is not None:
        yield "status", status.status
        yield "charge", _money(status.charge, status.currency)
    yield "price", _money(finding.cost, finding.currency)
    yield "balance", _balance(finding)


_TIME: Final = "%Y-%m-%d %H:%M:%S UTC"


def _balance(finding: "Finding") -> str:
    """The balance before and after an unknown order, and what it proves."""
    now = _money(finding.balance, finding.currency) + " now" * (finding.balance is not None)
    if finding.balance_before is None:
        return now
    before = f"{_money(finding.balance_before, finding.currency)} at {finding.balance_before_at:{_TIME}}"
    others = finding.other_orders or 0
    proof = "this journal placed nothing else in between"
    if others:
        proof = f"proves nothing: {several(others, 'other order')} may have been charged in between"
    return f"{before}, {now}; {proof}"


def _money(amount: "Decimal | None", currency: str | None) -> str:
    return "" if amount is None else f"{cell(amount)} {currency or ''}".rstrip()


def _elsewhere(findings: "Sequence[Finding]") -> Iterator[str]:
    if not findings:
        return
    yield f"At another panel: {several(len(findings), 'order')}"
    yield "Run this command with a profile, or the --base-url, of that panel."
    yield ""
    for finding in findings:
        yield f"{finding.entry.reference}, {finding.entry.state.value} at {finding.entry.panel}"
