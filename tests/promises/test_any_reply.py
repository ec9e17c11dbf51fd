"""Whatever stands around and behind a reply: no id gets another's value, and no order is lost."""

import asyncio
import json
from decimal import Decimal

import httpx
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from agencia_async import (
    AgenciaError,
    AsyncClient,
    DefaultOrder,
    NotFoundError,
    OutcomeUnknownError,
    RetryPolicy,
)
from tests.support.engines import ENGINES
from tests.support.peer import Form, Request, peer
from tests.support.rounds import rounds

QUICK = RetryPolicy(first_wait=0, deadline=2)
WRONG = 7
"""An id that ends in it is unknown to the panel."""

ENVELOPES = [
    "{}",
    '{{"data": {}}}',
    '{{"status": "success", "data": {}}}',
    '{{"success": true, "time": 1700000000, "result": {}}}',
    '{{"meta": {{"total": 1, "page": 1}}, "response": {}, "currency": "EUR"}}',
]
NOTICE = "<br />\n<b>{}</b>:  Undefined variable $x in <b>/var/www/api.php</b> on line <b>{}</b><br />\n"
NOTICES = ["", NOTICE.format("Warning", 35), NOTICE.format("Notice", 7) + NOTICE.format("Deprecated", 12)]
BEHIND = [b"", b"", b"\r\n", b"\r\n\r\n", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"]
NEIGHBOUR = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"order": 6666}'


@frozen
class Dressed:
    """How a panel dresses one reply, and what it puts behind."""

    envelope: str = "{}"
    before: str = ""
    after: str = ""
    has_mark: bool = False
    behind: bytes = b""
    fails: bool = False

    def body(self, payload: object) -> bytes:
        """The body for a documented payload."""
        inner = self.envelope.format(json.dumps(payload))
        return (b"\xef\xbb\xbf" if self.has_mark else b"") + f"{self.before}{inner}{self.after}".encode()


DRESSED = st.builds(
    Dressed,
    envelope=st.sampled_from(ENVELOPES),
    before=st.sampled_from(NOTICES),
    after=st.sampled_from(NOTICES),
    has_mark=st.booleans(),
    behind=st.sampled_from([*BEHIND, NEIGHBOUR]),
)
REPLIES = st.lists(st.one_of(DRESSED, DRESSED, DRESSED, st.just(Dressed(fails=True))), min_size=1, max_size=5)


def price(number: int) -> str:
    """What tells the row of one order from all others."""
    return f"{number}.25"


def row(number: int) -> dict[str, object]:
    """The status of an order, or that there is none."""
    if number % 10 == WRONG:
        return {"error": "Incorrect order ID"}
    return {
        "charge": price(number),
        "start_count": number,
        "status": "Partial",
        "remains": 1,
        "currency": "USD",
    }


class Panel:
    """Acts on each request, and dresses each reply as the next in a list."""

    def __init__(self, replies: list[Dressed]) -> None:
        self.replies = replies
        self.sent = 0
        self.orders: list[str] = []

    async def answer(self, request: Request) -> None:
        """Act, and reply; a failing server acts as well."""
        dressed = self.replies[self.sent % len(self.replies)]
        self.sent += 1
        payload = self._act(request.form)
        if dressed.fails:
            request.writer.transport.abort()
            return
        request.reply(dressed.body(payload))
        request.writer.write(dressed.behind)

    def _act(self, form: Form) -> object:
        if form["action"] == "balance":
            return {"balance": "1", "currency": "USD"}
        if form["action"] == "add":
            self.orders.append(form["link"])
            return {"order": 1000 + len(self.orders)}
        if "orders" in form:
            return {number: row(int(number)) for number in form["orders"].split(",")}
        return row(int(form["order"]))


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=rounds(12, nightly=1000), deadline=None)
@given(replies=REPLIES, ids=st.sets(st.integers(1, 400), min_size=1, max_size=120))
def test_each_id_ends_in_its_own_value_or_error(engine: str, replies: list[Dressed], ids: set[int]) -> None:
    async def run() -> None:
        panel = Panel(replies)
        async with (
            peer(panel.answer) as server,
            AsyncClient(
                "KEY", base_url=server.url, transport=ENGINES[engine](), retry=QUICK, batch_size=40
            ) as it,
        ):
            result = await it.status_many(sorted(ids))
        assert [item.id for item in result] == sorted(ids)
        for item in result:
            number = int(item.id)
            if item.ok:
                assert number % 10 != WRONG
                assert item.unwrap().charge == Decimal(price(number))
            elif isinstance(item.error, NotFoundError):
                assert number % 10 == WRONG

    asyncio.run(run())


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=rounds(12, nightly=1000), deadline=None)
@given(replies=REPLIES, count=st.integers(1, 12), at_once=st.integers(1, 4))
def test_each_order_ends_in_its_own_number_or_is_unknown(
    engine: str, replies: list[Dressed], count: int, at_once: int
) -> None:
    async def run() -> None:
        panel = Panel(replies)
        async with (
            peer(panel.answer) as server,
            AsyncClient(
                "KEY", base_url=server.url, transport=ENGINES[engine](), retry=QUICK, max_concurrency=at_once
            ) as client,
        ):
            links = [f"https://example.com/{number}" for number in range(count)]
            orders = [DefaultOrder(service=1, link=link, quantity=10) for link in links]
            found = await asyncio.gather(*map(client.add, orders), return_exceptions=True)
        assert len(panel.orders) == len({*panel.orders})
        for link, outcome in zip(links, found, strict=True):
            if isinstance(outcome, int):
                assert panel.orders[outcome - 1001] == link
            else:
                assert isinstance(outcome, AgenciaError)
                assert (outcome.sent, type(outcome)) == (
                    "maybe",
                    OutcomeUnknownError,
                ) or link not in panel.orders

    asyncio.run(run())


async def test_two_accounts_over_one_http_client_never_see_each_others_answers() -> None:
    """Neither a value, nor a cookie, nor a pause that one of them was told to make."""

    async def answer(request: Request) -> None:
        account = request.form["key"]
        owed = {"ONE": 1, "TWO": 2}[account]
        assert b"cookie" not in server.heads[-1].lower()
        request.reply(
            json.dumps({"balance": f"{owed}.5", "currency": account}), headers={"Set-Cookie": f"a={account}"}
        )
        request.writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"balance": "9.9"}')

    async with peer(answer) as server, httpx.AsyncClient() as shared:
        one = AsyncClient("ONE", base_url=server.url, http_client=shared, max_concurrency=4)
        two = AsyncClient("TWO", base_url=server.url, http_client=shared, max_concurrency=4)
        async with one, two:
            found = await asyncio.gather(*(client.balance() for client in [one, two] * 20))
        assert [balance.currency for balance in found] == ["ONE", "TWO"] * 20
        assert {str(balance.balance) for balance in found} == {"1.5", "2.5"}
        assert len(server.forms) >= 2
