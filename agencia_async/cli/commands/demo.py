"""The command demo: a bulk status poll on a local mock panel, verified against its ledger."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from random import Random
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from agencia_async import AsyncClient, BulkItem, Id, NotFoundError, OrderStatus, RetryPolicy
from agencia_async.cli.commands.local_panel import KINDS, program, served, spread_faults
from agencia_async.cli.exit import Code, run
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.summary import Tally, print_summary
from agencia_async.cli.text import cell, several
from agencia_async.sandbox import Panel

Items = list[BulkItem[OrderStatus]]
Check = tuple[bool, str]

_SEED: Final = 54  # with 5,000 orders, three requests fail, each with a different fault
_UNKNOWN_SHARE: Final = 0.01
_FAULTY: Final = 0.03
_RETRY: Final = RetryPolicy(attempts=10, first_wait=0.05, max_wait=0.5, deadline=30.0)


def demo(
    orders: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Number of orders to poll, plus 1 % of unknown ids.",
        ),
    ] = 5000,
) -> None:
    """Poll 5,000 orders on a local mock panel, and verify every answer.

    Needs no API key and no network.

    Examples:
      agencia demo
      agencia demo --orders 20000
    """
    run(_demo(orders))


async def _demo(count: int) -> Code:
    console = Console(highlight=False)
    panel, ids, unknown = _seeded(count)
    async with served(panel) as url, AsyncClient(panel.key, base_url=url, retry=_RETRY) as client:
        console.print(_opening(url, count, len(unknown)), soft_wrap=True)
        began = time.perf_counter()
        items, tally = await _poll(client, ids)
        seconds = time.perf_counter() - began
        requests = client.requests_sent
    console.print()
    print_summary(tally, console, requests=requests, seconds=seconds)
    checks = [*_checks(panel, ids, unknown, items)]
    _print_checks(console, checks, _faults_met(panel))
    return Code.OK if all(passed for passed, _ in checks) else Code.SOME_FAILED


def _seeded(count: int) -> tuple[Panel, list[Id], set[Id]]:
    """A panel whose clock stands still, the ids to poll, and those of them that are unknown to it."""
    panel = Panel(seed=_SEED, clock=lambda: 0.0)
    spread_faults(panel, _FAULTY)
    panel.faults.retry_after = 0.2
    panel.faults.latency = (0.1, 0.4)
    known = panel.seed_orders(count)
    first_unknown = int(known[-1]) + 1
    unknown = range(first_unknown, first_unknown + max(1, round(count * _UNKNOWN_SHARE)))
    ids: list[Id] = [*known, *unknown]
    Random(_SEED).shuffle(ids)  # noqa: S311 - guards nothing
    return panel, ids, set(unknown)


async def _poll(client: AsyncClient, ids: Sequence[Id]) -> tuple[Items, Tally]:
    items: Items = []
    tally = Tally()
    with Bar(len(ids), terminal=None, show=True, stats=client.stats) as bar:
        async with aclosing(client.status_iter(ids)) as answers:
            async for item in answers:
                items.append(item)
                if item.error is None:
                    tally.succeed(item.unwrap().state.value)
                else:
                    tally.fail(item.error)
                bar.step(failed=not item.ok)
    return items, tally


def _checks(panel: Panel, ids: Sequence[Id], unknown: set[Id], items: Items) -> Iterator[Check]:
    """One outcome for each id, and each equal to the status that the panel expects."""
    once = Counter(item.id for item in items) == Counter(ids)
    yield once, f"{len(ids):,} ids, {len(items):,} results: exactly one for each"
    right = sum(
        item.value is not None and _as_sent(item.value) == panel.expected_status(item.id) for item in items
    )
    known = len(ids) - len(unknown)
    yield right == known, f"{right:,} of {known:,} statuses match the panel's ledger, to the last digit"
    failed = {item.id for item in items if isinstance(item.error, NotFoundError)}
    passed = failed == unknown and len(items) - len(failed) == known
    yield passed, f"{several(len(failed), 'id')} failed: exactly those that are unknown to the panel"


def _as_sent(value: OrderStatus) -> dict[str, object]:
    """A status as the panel sends it."""
    fields = {name: cell(getattr(value, name)) for name in ("charge", "start_count", "remains", "currency")}
    return {"status": value.status, **fields}


def _faults_met(panel: Panel) -> str:
    met = Counter(KINDS[request.fault] for request in panel.requests if request.fault)
    requests = several(panel.received, "request")
    if not met:
        return f"  none of {requests} failed this time"
    kinds = ", ".join(f"{count} x {kind}" for kind, count in met.most_common())
    return f"  {met.total()} of {requests} failed and were retried:\n    {kinds}"


def _opening(url: str, count: int, unknown: int) -> str:
    return (
        f"Local mock panel: {url}\n"
        f"It has {several(count, 'order')}, and injects faults into {_FAULTY:.0%} of the requests: 429,\n"
        "5xx, pages of gateways and firewalls, texts of a server that failed, connections\n"
        "reset or dropped, replies cut short or empty.\n"
        f"Polling all orders, and {several(unknown, 'id')} unknown to the panel."
    )


def _print_checks(console: Console, checks: Sequence[Check], faults: str) -> None:
    good, bad = ("✓", "✗") if console.encoding.startswith("utf") else ("ok", "FAILED")
    is_well = all(passed for passed, _ in checks)
    verdict = Text("Nothing was lost:", "bold green") if is_well else Text("Something was lost:", "bold red")
    console.print()
    console.print(verdict)
    for passed, text in checks:
        mark = (good, "green") if passed else (bad, "bold red")
        console.print(Text.assemble("  ", mark, f" {text}"), soft_wrap=True)
    console.print(Text(faults), soft_wrap=True)
    console.print(
        "\nThe same on a real panel, with its API key in one file and your ids in another:\n"
        f"  {program()} status --base-url https://PANEL/api/v2 --key-file KEY --file IDS\n"
        "A local mock panel for all commands:\n"
        f"  {program()} sandbox --write-profile --ids-file ids.txt",
        soft_wrap=True,
    )
