"""Fake panels in this process for batches: every kind that was seen, as switches that can be combined."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import httpx
from attrs import Factory, define

from agencia_async import AsyncClient, RetryPolicy
from tests.support.peer import Form

ONCE = RetryPolicy(attempts=1)
NOT_FOUND = "Incorrect order ID"
MANY = ("orders", "refills")
Flat = dict[str, object]


def row(wire_id: str) -> Flat:
    """The row of an order that exists; its charge tells whose it is."""
    return {
        "charge": f"{sum(wire_id.encode())}.{len(wire_id)}",
        "start_count": "1",
        "status": "Completed",
        "remains": "0",
        "currency": wire_id,
    }


@define
class Orders:
    """A panel with these orders.

    Attributes:
        known: the ids that exist; None: all.
        most: it takes up the first so many ids of a batch in silence.
        limit: it refuses a batch of more ids.
        whole: it refuses the whole batch for a wrong id.
        silent: it leaves out what it does not know.
        flat: ids that are answered without a name, which wipes out the rows before them.
        shy: ids that are left out of a batch, and answered alone.
        batches: whether it reads the field for many ids.
        missing: what it says if the field for one is missing; None: that the order was not found.
        fails: ids that make it fail with HTTP 500.
        words: what it says of a wrong id.
        refuses: what it says to everything.
        reads_digits: it reads an id up to its first character that is no digit, as PHP does.
    """

    known: frozenset[str] | None = None
    most: int = 100
    limit: int = 100
    whole: bool = False
    silent: bool = False
    flat: frozenset[str] = frozenset()
    shy: frozenset[str] = frozenset()
    batches: bool = True
    missing: str | None = None
    fails: frozenset[str] = frozenset()
    words: str = NOT_FOUND
    refuses: str | None = None
    reads_digits: bool = False
    done: list[str] = Factory(list)

    def answer(self, form: Form) -> tuple[int, object]:
        """The status and the content of a reply."""
        many = next((form[name] for name in MANY if name in form), None)
        if self.refuses is not None:
            return 200, {"error": self.refuses}
        if many is None:
            return self._one(form.get("order", form.get("refill", "")))
        if not self.batches:
            return 200, {"error": self.missing or NOT_FOUND}
        return self._many(many.split(","))

    def _one(self, wire_id: str) -> tuple[int, object]:
        if self.reads_digits:
            wire_id = self._digits(wire_id)
        if wire_id in self.fails:
            return 500, "<html>500</html>"
        if not self._exists(wire_id):
            return 200, {} if self.silent else {"error": self.words}
        self.done.append(wire_id)
        return 200, {"status": "Paused", "posts": 5} if wire_id in self.flat else row(wire_id)

    def _many(self, ids: list[str]) -> tuple[int, object]:
        if self.fails & {*ids}:
            return 500, "<html>500</html>"
        if len(ids) > self.limit:
            return 200, {"error": f"At most {self.limit} ids"}
        reply: dict[str, object] = {}
        for wire_id in ids[: self.most]:
            if wire_id in self.flat:
                reply = {"status": "Paused", "posts": 5}
            elif self._exists(wire_id):
                if wire_id not in self.shy:
                    reply[wire_id] = row(wire_id)
            elif self.whole:
                return 200, {"error": self.words}
            elif not self.silent:
                reply[wire_id] = {"error": self.words}
        return 200, reply

    def _exists(self, wire_id: str) -> bool:
        return self.known is None or wire_id in self.known

    @staticmethod
    def _digits(wire_id: str) -> str:
        return wire_id[: next((at for at, sign in enumerate(wire_id) if not sign.isdigit()), len(wire_id))]


class Arrived:
    """What arrived so far."""

    def __init__(self) -> None:
        self.forms: list[Form] = []


class _InProcess(httpx.AsyncBaseTransport):
    """The way to a panel without a socket: what is asked and answered does not depend on it."""

    def __init__(self, panel: Callable[[Form], tuple[int, object]], arrived: Arrived) -> None:
        self._panel = panel
        self._arrived = arrived

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl((await request.aread()).decode(), keep_blank_values=True))
        self._arrived.forms.append(form)
        await asyncio.sleep(0)  # another request may come before the reply
        status, content = self._panel(form)
        body = content if isinstance(content, str) else json.dumps(content)
        return httpx.Response(status, content=body)


@asynccontextmanager
async def client_of(
    panel: Callable[[Form], tuple[int, object]], **options: object
) -> AsyncIterator[tuple[Arrived, AsyncClient]]:
    """What arrives at a panel that answers each form as told, and a client of it that sends in turn."""
    it = Arrived()
    settings: dict[str, object] = {"retry": ONCE, "max_concurrency": 1, **options}
    settings |= {"base_url": "http://localhost/api/v2", "transport": _InProcess(panel, it)}
    client = AsyncClient("KEY", **settings)  # type: ignore[arg-type]
    async with client:
        yield it, client


def sizes(it: Arrived) -> list[int]:
    """How many ids each request held, in the order of their arrival."""
    return [(_field(form)[1]).count(",") + 1 for form in it.forms]


def fields(it: Arrived) -> list[str]:
    """The form field of each request's ids, in the order of their arrival."""
    return [_field(form)[0] for form in it.forms]


def _field(form: Form) -> tuple[str, str]:
    return next((name, form[name]) for name in (*MANY, "order", "refill") if name in form)


def texts(numbers: Iterable[int]) -> frozenset[str]:
    """Ids as they are sent."""
    return frozenset(map(str, numbers))
