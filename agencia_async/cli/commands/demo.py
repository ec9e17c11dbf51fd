"""The command demo: the main job on a panel of its own, and the proof that nothing was lost."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from random import Random
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from agencia_async import AsyncClient, BulkItem, NotFoundError, OrderStatus, RetryPolicy
from agencia_async.cli.commands.local_panel import KINDS, served, spread_faults
from agencia_async.cli.exit import Code, run
from agencia_async.cli.output.progress import Bar
from agencia_async.cli.output.summary import Tally, print_summary
from agencia_async.cli.text import cell, several
from agencia_async.sandbox import Panel

Items = list[BulkItem[OrderStatus]]
Check = tuple[bool, str]

_SEED: Final = 54  # with 5,000 orders, three requests go wrong, each in another way
_UNKNOWN_SHARE: Final = 0.01
_FAULTY: Final = 0.03
_RETRY: Final = RetryPolicy(attempts=10, first_wait=0.05, max_wait=0.5, deadline=30.0)


def demo(
    orders: Annotated[
        int, typer.Option(min=1, help="Orders on the panel; 1 % more ids are unknown to it.")
    ] = 5000,
) -> None:
    """Poll 5,000 orders of a panel on this machine, and prove that none is lost. Needs no key, no network."""
    run(_demo(orders))


async def _demo(count: int) -> Code:
    console = Console(highlight=False)
    panel, ids, unknown = _stocked(count)
    async with served(panel) as url, AsyncClient(panel.key, base_url=url, retry=_RETRY) as client:
        console.print(_opening(url, count, len(unknown)), soft_wrap=True)
        began = time.perf_counter()
        items, tally = await _poll(client, ids)
        seconds = time.perf_counter() - began
        requests = client.requests_sent
    console.print()
    print_summary(tally, console, requests=requests, seconds=seconds)
    checks = [*_checks(panel, ids, unknown, items)]
    _print_proof(console, checks, _faults_met(panel))
    return Code.OK if all(is_so for is_so, _ in checks) else Code.SOME_FAILED


def _stocked(count: int) -> tuple[Panel, list[int], set[int]]:
    """A panel whose clock stands still, the ids to ask it for, and those of them that it does not know."""
    panel = Panel(seed=_SEED, clock=lambda: 0.0)
    spread_faults(panel, _FAULTY)
    panel.faults.retry_after = 0.2
    panel.faults.latency = (0.1, 0.4)
    known = panel.stock(count)
    unknown = range(max(known) + 1, max(known) + 1 + max(1, round(count * _UNKNOWN_SHARE)))
    ids = [*known, *unknown]
    Random(_SEED).shuffle(ids)  # noqa: S311 - guards nothing
    return panel, ids, set(unknown)


async def _poll(client: AsyncClient, ids: Sequence[int]) -> tuple[Items, Tally]:
    items: Items = []
    tally = Tally()
    with Bar(len(ids), terminal=None, show=True) as bar:
        async with aclosing(client.status_iter(ids)) as answers:
            async for item in answers:
                items.append(item)
                if item.error is None:
                    tally.succeed(item.unwrap().state.value)
                else:
                    tally.fail(item.error)
                bar.step(failed=not item.ok)
    return items, tally


def _checks(panel: Panel, ids: Sequence[int], unknown: set[int], items: Items) -> Iterator[Check]:
    """What must hold: one answer for each id, each equal to what the panel itself knows."""
    once = Counter(item.id for item in items) == Counter(ids)
    yield once, f"{len(ids):,} ids asked for, {len(items):,} answers: exactly one for each"
    right = sum(item.value is not None and _tells(item.value) == panel.truth(item.id) for item in items)
    known = len(ids) - len(unknown)
    yield right == known, f"{right:,} of {known:,} answers equal the panel's own books, to the last digit"
    failed = {item.id for item in items if isinstance(item.error, NotFoundError)}
    is_so = failed == unknown and len(items) - len(failed) == known
    yield is_so, f"{several(len(failed), 'id')} failed: exactly those that the panel does not know"


def _tells(value: OrderStatus) -> dict[str, object]:
    """A status in the panel's own words."""
    told = {name: cell(getattr(value, name)) for name in ("charge", "start_count", "remains", "currency")}
    return {"status": value.status, **told}


def _faults_met(panel: Panel) -> str:
    met = Counter(KINDS[request.fault] for request in panel.requests if request.fault)
    requests = several(panel.received, "request")
    if not met:
        return f"  none of {requests} went wrong, this time"
    kinds = ", ".join(f"{count} x {kind}" for kind, count in met.most_common())
    return f"  {met.total()} of {requests} went wrong and were sent again:\n    {kinds}"


def _opening(url: str, count: int, unknown: int) -> str:
    return (
        f"A panel on this machine: {url}\n"
        f"It holds {several(count, 'order')}; {_FAULTY:.0%} of its answers go wrong: a 429, a 5xx, a\n"
        "gateway page, a connection reset or dropped, a reply cut short or empty.\n"
        f"Asking for all of them, and for {several(unknown, 'id')} that it does not know."
    )


def _print_proof(console: Console, checks: Sequence[Check], faults: str) -> None:
    good, bad = ("✓", "✗") if console.encoding.startswith("utf") else ("ok", "NOT TRUE")
    console.print(
        f"\n[bold]{'Nothing was lost' if all(is_so for is_so, _ in checks) else 'Something was lost'}:[/]"
    )
    for is_so, text in checks:
        mark = (good, "green") if is_so else (bad, "bold red")
        console.print(Text.assemble("  ", mark, f" {text}"), soft_wrap=True)
    console.print(Text(faults), soft_wrap=True)
    console.print(
        "\nThe same on a real panel, with its key in one file and your ids in another:\n"
        "  agencia status --base-url https://PANEL/api/v2 --key-file KEY --file IDS\n"
        "A panel to try all commands on:\n"
        "  agencia sandbox",
        soft_wrap=True,
    )
