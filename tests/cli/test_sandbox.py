import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import httpx
import pytest

from agencia_async import AsyncClient, DefaultOrder, Id
from agencia_async.cli.commands.local_panel import KINDS, program, spread_faults
from agencia_async.sandbox import Panel
from agencia_async.sandbox.faults import FAULTS

from .conftest import Agencia, Outcome, interrupt, invoke

T = TypeVar("T")


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def balance_of(client: AsyncClient) -> Decimal:
    return (await client.balance()).balance


def wait_for(port: int) -> None:
    """Until somebody listens there; a client that is refused for a while would send a probe of its own."""
    pause = Event()
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        pause.wait(0.02)


def ended_by_a_user(port: int, answer: Future[T], ask: Callable[[AsyncClient], Awaitable[T]]) -> Thread:
    """A user who waits until the panel is there, asks it for something, and ends it."""

    async def asked() -> T:
        async with AsyncClient("k", base_url=f"http://127.0.0.1:{port}/api/v2") as client:
            return await ask(client)

    def use() -> None:
        with ExitStack() as end:
            end.callback(interrupt)
            wait_for(port)
            answer.set_result(asyncio.run(asked()))

    return Thread(target=use)


def test_it_serves_until_ctrl_c(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tmp_path / "ids"
    balance: Future[Decimal] = Future()

    def check(done: Outcome) -> None:
        assert balance.result() == 1000
        assert (done.code, done.err) == (0, "stopped; received 1 request\n")
        assert ids.read_text().split() == list(map(str, range(23501, 23621)))
        assert done.rows == [
            f"Local mock panel: http://127.0.0.1:{port}/api/v2",
            "It has 120 orders, 23501 to 23620, and a balance of 1000 USD.",
            "When an order ends as partial or canceled, the part that was not delivered is refunded.",
            "",
            "In another terminal:",
            f"  export AGENCIA_BASE_URL=http://127.0.0.1:{port}/api/v2",
            "  export AGENCIA_API_KEY=k",
            f"  cd {Path.cwd()}",
            f"  agencia status --file {ids}",
            "  agencia services",
            "  agencia add 1 --link https://example.com/p/1 --quantity 1000",
            "",
            "Press Ctrl-C to stop.",
        ]

    ended_by_a_user(port, balance, balance_of).start()
    monkeypatch.setattr(sys, "argv", ["agencia"])
    check(invoke("sandbox", "--port", port, "--orders", 120, "--key", "k", "--ids-file", ids))


def test_it_writes_a_profile_and_a_log(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    monkeypatch.setenv("AGENCIA_CONFIG", str(config))
    balance: Future[Decimal] = Future()

    async def buy(first: AsyncClient) -> Decimal:
        await first.balance()
        async with AsyncClient.from_profile("sandbox") as client:
            await client.add(DefaultOrder(service=1, link="https://a.b/1", quantity=1000))
            return await balance_of(client)

    def check(done: Outcome) -> None:
        assert balance.result() == Decimal("999.1")
        assert done.rows[2:] == [
            f"The profile 'sandbox' in {config} is for this panel.",
            "",
            "In another terminal:",
            "  agencia services --profile sandbox",
            "  agencia add 1 --link https://example.com/p/1 --quantity 1000 --profile sandbox",
            "",
            "Press Ctrl-C to stop.",
        ]
        assert done.err == (
            "add     order 23501: service 1, quantity 1000, https://a.b/1: -0.90000, balance 999.10000 USD\n"
            "stopped; received 3 requests\n"
            "balance 999.10000 USD: 1000 in the beginning, 0.90000 spent on 1 order, 0 refunded for 0\n"
        )

    ended_by_a_user(port, balance, buy).start()
    monkeypatch.setattr(sys, "argv", ["agencia"])
    check(invoke("sandbox", "--port", port, "--orders", 0, "--key", "k", "--write-profile", "--log"))


def test_a_panel_without_orders(port: int) -> None:
    def check(done: Outcome) -> None:
        assert done.code == 0
        assert done.rows[1] == "It has 0 orders, and a balance of 1000 USD."
        assert "  agencia services" in done.rows

    ended_by_a_user(port, Future(), balance_of).start()
    check(invoke("sandbox", "--port", port, "--orders", 0, "--key", "k", "--latency", 0.001))


def test_a_panel_that_recognises_a_repeated_order(port: int) -> None:
    placed: Future[list[Id]] = Future()

    async def add_twice(client: AsyncClient) -> list[Id]:
        await client.balance()
        link, mark = "https://example.com/p/1", {"request_id": "a"}
        order = DefaultOrder(service=1, link=link, quantity=50, extra=mark)
        return [await client.add(order), await client.add(order)]

    def check(done: Outcome) -> None:
        assert done.code == 0
        assert placed.result() == [23501, 23501]

    ended_by_a_user(port, placed, add_twice).start()
    check(invoke("sandbox", "--port", port, "--orders", 0, "--key", "k", "--idempotency-field", "request_id"))


def test_a_panel_that_counts_requests(port: int) -> None:
    limited: Future[tuple[int, str]] = Future()

    async def ask_too_often(client: AsyncClient) -> tuple[int, str]:
        await client.balance()
        async with httpx.AsyncClient() as http:
            form = {"key": "k", "action": "balance"}
            replies = [await http.post(f"http://127.0.0.1:{port}/api/v2", data=form) for _ in range(3)]
        return replies[-1].status_code, replies[-1].text

    def check(done: Outcome) -> None:
        assert (done.code, done.err) == (0, "stopped; received 4 requests, 1 of them over the limit\n")
        assert limited.result() == (429, '{"error":"Too many requests"}')
        assert "agencia status 23501 23502 23503" in done.out

    ended_by_a_user(port, limited, ask_too_often).start()
    check(invoke("sandbox", "--port", port, "--orders", 4, "--key", "k", "--rate-limit", "3/hour"))


def test_ids_that_cannot_be_written(agencia: Agencia, tmp_path: Path) -> None:
    done = agencia("sandbox", "--ids-file", tmp_path, "--orders", 1)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"agencia: cannot write {tmp_path}: Is a directory\n"


def test_an_address_that_cannot_be_had(agencia: Agencia) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = agencia("sandbox", "--port", port)
    assert done.code == 2
    assert done.err.startswith(
        f"agencia: cannot serve the panel on 127.0.0.1, port {port}: Address already in use"
    )


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_without_uvicorn(agencia: Agencia, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name in ("uvicorn", "uvicorn.protocols.http.auto"):
        monkeypatch.setitem(sys.modules, name, None)
    done = agencia(command, "--orders", 1)
    assert (done.code, done.out) == (2, "")
    assert 'in a clone, pip install ".[sandbox]" brings it' in done.err


@pytest.mark.parametrize(
    ("started", "found", "shown"),
    [
        ("/venv/bin/agencia", "/venv/bin/agencia", "agencia"),
        (".venv/bin/agencia", None, ".venv/bin/agencia"),
        ("/my venv/bin/agencia", None, "'/my venv/bin/agencia'"),
        ("/usr/bin/pytest", None, "agencia"),
        ("/lib/agencia_async/__main__.py", None, f"{sys.executable} -m agencia_async"),
    ],
)
def test_hints_name_a_command_that_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, started: str, found: str | None, shown: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    monkeypatch.setattr("shutil.which", lambda _: found)
    assert program() == shown


def test_all_kinds_of_faults_have_a_name_and_a_share() -> None:
    assert KINDS.keys() == FAULTS.keys()
    panel = Panel()
    spread_faults(panel, 0.9)
    assert {name: getattr(panel.faults, name) for name in FAULTS if not FAULTS[name].behind} == dict.fromkeys(
        [name for name in FAULTS if not name.startswith("trailing_")], pytest.approx(0.1)
    )
    assert (panel.faults.trailing_newline, panel.faults.trailing_reply) == (0, 0)


def test_an_unknown_dialect_is_named() -> None:
    done = invoke("sandbox", "--dialect", "klingon")
    assert done.code == 2
    assert "dialect must be one of document, numbers" in done.err


def test_a_limit_that_is_none() -> None:
    done = invoke("sandbox", "--rate-limit", "fast")
    assert done.code == 2
    assert "rate_limit must be such as 60/min, 2/s, 100/hour or 10/30s, got 'fast'" in done.err


@pytest.mark.parametrize("name", ["", "link"])
def test_a_field_that_can_tell_no_repeat(name: str) -> None:
    done = invoke("sandbox", "--idempotency-field", name)
    assert done.code == 2
    assert f"idempotency_field must not be a field of the API, got {name!r}" in done.err
