"""What the tests of the journal share: orders that tell their reference, and an audit of what was bought."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Mapping
from decimal import Decimal

import httpx

from agencia_async import (
    AgenciaError,
    AsyncClient,
    ConfigurationError,
    DefaultOrder,
    JournalError,
    OutcomeUnknownError,
    PanelError,
    RetryPolicy,
)
from agencia_async.journal import Journal, JournalEntry
from agencia_async.sandbox import LedgerEntry, Panel
from agencia_async.sandbox.faults import Answer

FAST = RetryPolicy(attempts=5, first_wait=0.0)
FIELD = "request_id"

_LINK = "https://example.com/"


def order(reference: str, quantity: int = 100) -> DefaultOrder:
    """An order whose link tells its reference."""
    return DefaultOrder(service=1, link=_LINK + reference, quantity=quantity)


def rich_panel(idempotency_field: str | None = None) -> Panel:
    """A panel that never runs out of money, and whose clock stands still."""
    return Panel(balance=Decimal(10**9), clock=lambda: 0.0, idempotency_field=idempotency_field)


def client_of(  # noqa: PLR0913 - one for each option
    panel: Panel,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    retry: RetryPolicy = FAST,
    idempotency_field: str | None = None,
    max_concurrency: int = 10,
    url: str = "http://localhost/api/v2",
) -> AsyncClient:
    """A client of a panel: over its socket where it is served, else in this process."""
    return AsyncClient(
        panel.key,
        base_url=panel.url or url,
        transport=transport or (None if panel.url else httpx.ASGITransport(panel.asgi)),
        retry=retry,
        idempotency_field=idempotency_field,
        max_concurrency=max_concurrency,
    )


async def no_wait(seconds: float) -> None:
    """Waits for nothing but the next beat of a journal's heart."""
    await asyncio.sleep(seconds if seconds >= 20 else 0)


def bought(panel: Panel) -> dict[str, LedgerEntry]:
    """What the panel has really sold, by reference: nothing twice."""
    sold = [(entry.fields["link"].removeprefix(_LINK), entry) for entry in panel.ledger]
    twice = {name: times for name, times in Counter(name for name, _ in sold).items() if times > 1}
    assert twice == {}
    return dict(sold)


def check(panel: Panel, entries: Iterable[JournalEntry], in_flight: frozenset[str] = frozenset()) -> None:
    """Hold the journal against the panel's own ledger."""
    ledger = bought(panel)
    for entry in entries:
        sold = ledger.pop(entry.reference, None)
        match entry.state:
            case "placed":
                assert sold is not None, entry
                assert sold.result == entry.order_id
                assert form_of(sold.fields) == entry.order.form()
            case "refused":
                assert sold is None, entry
            case "new":
                assert sold is None or entry.reference in in_flight, entry
            case _:
                assert entry.state == "unknown"
    assert ledger.keys() <= in_flight, "sold, and the journal does not know it"


def form_of(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of the order alone."""
    return {name: text for name, text in fields.items() if name not in {"action", FIELD}}


def told(error: AgenciaError | None) -> str:
    """The state that a caller is told."""
    match error:
        case None:
            return "placed"
        case OutcomeUnknownError():
            return "unknown"
        case PanelError():
            return "refused"
        case _:
            raise error


async def all_of(entries: AsyncIterable[JournalEntry]) -> list[JournalEntry]:
    """All entries of a journal."""
    return [entry async for entry in entries]


async def place(journal: Journal, client: AsyncClient, reference: str, **changes: int) -> str:
    """What the caller of `place` is told: a state, or that nothing was sent."""
    try:
        return (await journal.place(client, reference, order(reference, **changes))).state
    except (ConfigurationError, JournalError):
        return "nothing sent"
    except AgenciaError as error:
        return told(error)


class Watched(Panel):
    """A panel that calls somebody when an `add` has been carried out and before it is answered."""

    def __init__(self) -> None:
        super().__init__(balance=Decimal(10**9), clock=lambda: 0.0)

    def came(self, reference: str) -> None:
        """An `add` has come, and was carried out."""

    def answer(self, form: Mapping[str, str]) -> Answer:
        answer = super().answer(form)
        if "link" in form:
            self.came(form["link"].removeprefix(_LINK))
        return answer
