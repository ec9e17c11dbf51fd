import asyncio
import importlib
import sqlite3
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

import agencia_async._journal
from agencia_async import (
    AsyncClient,
    AuthenticationError,
    ConfigurationError,
    InsufficientFundsError,
    InvalidInputError,
    JournalError,
    OutcomeUnknownError,
    RawOrder,
    RetryPolicy,
    TransportError,
)
from agencia_async._journal.database import _Asynchronous, _write_ahead
from agencia_async._journal.process import has_died, this_process
from agencia_async.journal import Journal, JournalState
from tests.journal.scene import (
    BAD_KEY,
    BUSY,
    FUNDS,
    LINK,
    LOST,
    ORDER,
    OTHER,
    UP,
    Panel,
    all_of,
    raising,
    silence,
    states,
)
from tests.support.until import take, until

if TYPE_CHECKING:
    from collections.abc import Callable

# --- placing ------------------------------------------------------------------------------------------


async def test_an_order_is_placed_once_under_its_reference(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        before = datetime.now(UTC)
        entry = await journal.place(client, "invoice-42", ORDER)
        assert entry.reference == "invoice-42"
        assert entry.state == "placed"
        assert entry.order == ORDER
        assert entry.order_id == 1
        assert entry.error is None
        assert entry.panel == "https://panel.example/"
        assert before <= entry.created <= entry.updated <= datetime.now(UTC)
        assert await journal.place(client, "invoice-42", ORDER) == entry
        assert (
            await journal.place(client, "invoice-42", RawOrder(1, {"link": LINK, "quantity": "1000"}))
            == entry
        )
        assert len(panel.forms) == 1


async def test_the_intent_is_on_disk_before_the_request_leaves_and_the_outcome_before_it_is_told(
    journal: Journal, path: Path
) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        assert states(path) == {"a": "new"}
        panel.go.set()
        await placing
        assert states(path) == {"a": "placed"}


async def test_the_same_reference_for_another_order_is_refused(journal: Journal) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        for _ in range(2):  # while the first is in flight, and after it
            with pytest.raises(
                InvalidInputError, match="'a' is already used for a different order; nothing was sent"
            ):
                await journal.place(client, "a", OTHER)
            panel.go.set()
            await placing
    assert len(panel.forms) == 1


async def test_a_refused_order_was_not_bought_and_is_sent_again(journal: Journal) -> None:
    panel = Panel(FUNDS)
    async with panel.client() as client:
        with pytest.raises(InsufficientFundsError):
            await journal.place(client, "a", ORDER)
        [entry] = await all_of(journal)
        assert (entry.state, entry.order_id, entry.error) == ("refused", None, "Not enough funds on balance")
        placed = await journal.place(client, "a", ORDER)
        assert (placed.state, placed.order_id, placed.error) == ("placed", 2, None)
        assert placed.created == entry.created
        assert await all_of(journal) == [placed]


async def test_an_unknown_order_is_never_sent_again(journal: Journal, path: Path) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        with pytest.raises(OutcomeUnknownError, match="late"):
            await journal.place(client, "a", ORDER)
        with pytest.raises(
            OutcomeUnknownError, match=r"the outcome of 'a' is unknown .*late.*resolve it"
        ) as it:
            await journal.place(client, "a", ORDER)
        assert str(it.value).endswith(
            "): check the panel, then resolve it with journal.resolve('a', ...) or: agencia journal resolve"
            f" --journal {path} --order-id ID a"
        )
        [entry] = await all_of(journal, "unknown")
        assert "late" in str(entry.error)
    assert len(panel.forms) == 1


async def test_what_never_left_is_refused_and_tried_again(journal: Journal) -> None:
    panel = Panel()
    nobody = "http://127.0.0.1:1/"
    async with AsyncClient("KEY", base_url=nobody, retry=RetryPolicy(2, first_wait=0)) as client:
        with pytest.raises(TransportError) as caught:
            await journal.place(client, "a", ORDER)
        assert (caught.value.sent, caught.value.attempts) == ("no", 2)
    [entry] = await all_of(journal)
    assert (entry.state, entry.panel) == ("refused", nobody)
    async with panel.client() as client:
        assert (await journal.place(client, "a", ORDER)).panel == "https://panel.example/"


async def test_a_pause_between_two_attempts_leaves_nothing_open(path: Path) -> None:
    panel = Panel(BUSY)
    async with (
        Journal(path) as journal,
        panel.client(retry=RetryPolicy(first_wait=60, max_wait=60)) as client,
    ):
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms and states(path).get("a") == "refused")
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
    assert states(path) == {"a": "refused"}


async def test_concurrent_calls_of_one_reference_are_one_order(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        entries = await asyncio.gather(*(journal.place(client, "a", ORDER) for _ in range(20)))
    assert len({entry.order_id for entry in entries}) == len(panel.forms) == 1


async def test_no_more_orders_are_open_than_may_be_in_flight(journal: Journal, path: Path) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client(max_concurrency=3) as client:
        callers = [asyncio.create_task(journal.place(client, f"r{number}", ORDER)) for number in range(20)]
        await until(lambda: len(panel.forms) == 3)
        assert len(states(path)) == 3
        panel.go.set()
        await asyncio.gather(*callers)
    assert len(panel.forms) == 20


async def test_what_is_placed_at_the_same_time_is_committed_in_groups(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, run = Panel(), journal._store._database.run  # noqa: SLF001
    commits = 0

    async def counted(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        nonlocal commits
        commits += 1
        return await run(*given, **named)

    monkeypatch.setattr(journal._store._database, "run", counted)  # noqa: SLF001
    async with panel.client(max_concurrency=50) as client:
        await client.balance()
        await asyncio.gather(*(journal.place(client, f"r{number}", ORDER) for number in range(50)))
    assert commits < 30  # of 150 alone


@pytest.mark.parametrize("reference", ["", " ", "a\nb", 5, None, "x" * 201, " a", "a ", "\u00a0a", "\ud800"])
async def test_a_reference_is_a_line_of_text(journal: Journal, reference: Any) -> None:  # noqa: ANN401
    panel = Panel()
    async with panel.client() as client:
        with pytest.raises(ConfigurationError, match="reference must"):
            await journal.place(client, reference, ORDER)
        with pytest.raises(ConfigurationError, match="order must be an Order"):
            await journal.place(client, "a", {})  # type: ignore[arg-type]
    assert panel.forms == []


async def test_the_price_is_checked_first_but_not_of_what_is_placed(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        with pytest.raises(ConfigurationError, match=r"costs 0\.90, which exceeds"):
            await journal.place(client, "a", ORDER, max_charge=Decimal("0.5"))
        assert await all_of(journal) == []
        assert (await journal.place(client, "a", ORDER, max_charge=Decimal("0.9"))).order_id == 1
        assert (await journal.place(client, "a", ORDER, max_charge=Decimal("0.5"))).order_id == 1
        with pytest.raises(ConfigurationError, match="max_charge"):
            await journal.place(client, "a", ORDER, max_charge=0.5)  # type: ignore[arg-type]
    assert len(panel.added) == 1


async def test_the_price_of_each_order_of_many_is_checked(journal: Journal) -> None:
    panel = Panel()
    pairs = [("a", ORDER), ("b", OTHER), ("c", ORDER)]
    async with panel.client() as client:
        assert (await journal.place(client, "c", ORDER)).order_id == 1
        for limit, refused in [("0.9", ["b"]), ("0.5", ["b"]), ("0.901", [])]:
            found = [item async for item in journal.place_iter(client, pairs, max_charge=Decimal(limit))]
            failed = [(item.id, type(item.error)) for item in found if item.error is not None]
            assert failed == [(reference, InvalidInputError) for reference in refused]
            assert {str(item.id) for item in found} == {"a", "b", "c"}
        with pytest.raises(InvalidInputError, match="max_charge"):
            _ = [item async for item in journal.place_iter(client, pairs, max_charge=0.5)]  # type: ignore[arg-type]
    assert [form["quantity"] for form in panel.added] == ["1000", "1000", "1001"]
    assert len([form for form in panel.forms if form["action"] == "services"]) == 1


@pytest.mark.parametrize("status", [200, 400, 408, 422, 499])
async def test_the_words_of_a_failing_server_leave_an_order_unknown(journal: Journal, status: int) -> None:
    panel = Panel(httpx.Response(status, json={"error": "An error occurred while placing your order."}))
    async with panel.client() as client:
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError, match="An error occurred while placing your order"):
                await journal.place(client, "a", ORDER)
    assert len(panel.added) == 1
    assert [entry.state for entry in await all_of(journal)] == [JournalState.UNKNOWN]


async def test_the_reference_is_what_the_panel_recognises(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client(idempotency_field="request_id") as client:
        entry = await journal.place(client, "invoice-42", ORDER)
    assert [form["request_id"] for form in panel.forms] == ["invoice-42", "invoice-42"]
    assert entry.state is JournalState.PLACED


async def test_an_id_keeps_its_form(path: Path) -> None:
    for number, (sent, kept) in enumerate({"23": 23, "007": "007", "ord_01HX5": "ord_01HX5"}.items()):
        async with (
            Journal(path) as journal,
            Panel(httpx.Response(200, json={"order": sent})).client() as client,
        ):
            await journal.place(client, f"r{number}", ORDER)
            assert (await all_of(journal))[-1].order_id == kept


async def test_two_spellings_of_one_reference_are_one(journal: Journal) -> None:
    panel = Panel(UP, LOST)
    async with panel.client() as client:
        entry = await journal.place(client, "cafe\u0301", ORDER)
        assert entry.reference == "caf\u00e9"
        assert await journal.place(client, "caf\u00e9", ORDER) == entry
        assert await journal.get("cafe\u0301") == entry
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "e\u0301", ORDER)
        assert (await journal.resolve("e\u0301", order_id=7)).reference == "\u00e9"
    assert len(panel.added) == 2


async def test_an_order_that_became_several_keeps_all_numbers(journal: Journal) -> None:
    panel = Panel(
        httpx.Response(200, json={"order": [5, 6, "x7", 6]}), httpx.Response(200, json={"orders": "8"})
    )
    async with panel.client() as client:
        entry = await journal.place(client, "a", ORDER)
        assert (entry.order_id, entry.order_ids) == (5, (5, 6, "x7"))
        assert await journal.get("a") == entry
        assert (await journal.place(client, "b", ORDER)).order_ids == (8,)
        panel.answers = [httpx.Response(200, json={"success": True, "data": {"id": 9}})]
        assert (await journal.place(client, "c", ORDER)).order_ids == (9,)


async def test_another_panel_while_the_first_one_answers(journal: Journal) -> None:
    panel = Panel()
    panel.go.clear()
    async with (
        panel.client() as client,
        AsyncClient("K", base_url="https://b.example/", transport=panel) as other,
    ):
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        with pytest.raises(
            ConfigurationError, match=r"at https://b\.example/, not at https://panel\.example/"
        ):
            await journal.place(other, "a", ORDER)
        panel.go.set()
        await placing
        assert journal.panel_of(other) == "https://b.example/"
    assert len(panel.added) == 1


async def test_only_what_changed_lately_is_listed(path: Path) -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    async with Journal(path, now=lambda: moment[0]) as journal, Panel().client() as client:
        await journal.place(client, "a", ORDER)
        moment[0] += timedelta(minutes=1)
        await journal.place(client, "b", RawOrder(1, {"quantity": "5"}))
        assert [entry.reference async for entry in journal.entries(since=moment[0])] == ["b"]


# --- cancelling and closing ---------------------------------------------------------------------------


async def test_a_request_that_has_left_runs_on_without_its_caller(journal: Journal, path: Path) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        placing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await placing
        panel.go.set()
    assert states(path) == {"a": "placed"}


async def test_a_closing_journal_waits_for_what_has_left(path: Path) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client() as client:
        journal = Journal(path)
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        closing = asyncio.create_task(journal.aclose())
        await asyncio.sleep(0)
        with pytest.raises(ConfigurationError, match="the journal is closed"):
            await journal.place(client, "b", ORDER)
        panel.go.set()
        await closing
        assert (await placing).order_id == 1
        await journal.aclose()
    assert states(path) == {"a": "placed"}


@pytest.mark.parametrize("what", ["caller", "client", "journal"])
async def test_what_has_not_left_is_called_off(path: Path, what: str) -> None:
    panel = Panel()
    panel.go.clear()
    journal, client = Journal(path), panel.client(max_concurrency=1)
    first = asyncio.create_task(journal.place(client, "a", ORDER))
    await until(lambda: panel.forms)
    second = asyncio.create_task(journal.place(client, "b", ORDER))
    await until(lambda: "b" in journal._running)  # noqa: SLF001
    ends: dict[str, Callable[[], Any]] = {
        "caller": second.cancel,
        "client": lambda: asyncio.create_task(client.aclose()),
        "journal": lambda: asyncio.create_task(journal.aclose()),
    }
    ending = ends[what]()
    await asyncio.sleep(0)
    panel.go.set()
    assert (await first).order_id == 1
    expected = asyncio.CancelledError if what == "caller" else ConfigurationError
    with pytest.raises(expected):
        await second
    if what != "caller":
        await ending
    await client.aclose()
    await journal.aclose()
    assert states(path) == {"a": "placed"}
    assert len(panel.forms) == 1


async def test_a_claim_whose_caller_is_cancelled_meanwhile_is_free_again(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, claim, claimed = Panel(), journal._store.claim, asyncio.Event()  # noqa: SLF001

    async def slowly(wanted: Any) -> Any:  # noqa: ANN401
        await claim(wanted)
        claimed.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(journal._store, "claim", slowly)  # noqa: SLF001
    async with panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await claimed.wait()
        placing.cancel()
        await asyncio.sleep(0)
        monkeypatch.undo()
        entry = await journal.place(client, "a", ORDER)  # waits for the end of the first
    assert entry.order_id == len(panel.forms) == 1
    assert states(path) == {"a": "placed"}


async def test_a_client_that_is_closed_while_the_intent_is_written_sends_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, claim = Panel(), journal._store.claim  # noqa: SLF001
    client = panel.client()

    async def closing(wanted: Any) -> Any:  # noqa: ANN401
        client._sender.channel.closed = True  # noqa: SLF001
        return await claim(wanted)

    monkeypatch.setattr(journal._store, "claim", closing)  # noqa: SLF001
    with pytest.raises(ConfigurationError, match="closed"):
        await journal.place(client, "a", ORDER)
    await client.aclose()
    [entry] = await all_of(journal)
    assert (entry.state, panel.forms) == ("new", [])
    async with panel.client() as another:
        assert (await journal.place(another, "a", ORDER)).order_id == 1


async def test_an_outcome_that_cannot_be_written_is_unknown(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    panel, waits = Panel(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    full = raising(JournalError("the disk is full"))

    async with Journal(path, sleep=sleep) as journal, panel.client() as client:
        monkeypatch.setattr(journal._store, "settle", full)  # noqa: SLF001
        with pytest.raises(OutcomeUnknownError, match=r"'a' is placed \(order 1\), but recording it failed"):
            await journal.place(client, "a", ORDER)
        assert [wait for wait in waits if wait < 20] == [0.1, 0.5, 2.0, 5.0]
        with monkeypatch.context() as patch:
            patch.setattr(journal._store._database, "run", full)  # noqa: SLF001
            with pytest.raises(JournalError, match="the disk is full"):
                await all_of(journal)
        assert [entry.reference for entry in await all_of(journal, "unknown")] == ["a"]
    assert "order 1" in caplog.text
    assert states(path) == {"a": "unknown"}


async def test_an_outcome_is_written_again_after_a_while(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel()
    full = raising(JournalError("the database is away"))

    async def sleep(_: float) -> None:
        monkeypatch.undo()

    async with Journal(path, sleep=sleep) as journal, panel.client() as client:
        await journal.get("a")
        monkeypatch.setattr(journal._store, "settle", full)  # noqa: SLF001
        assert (await journal.place(client, "a", ORDER)).order_id == 1
    assert states(path) == {"a": "placed"}


# --- many ---------------------------------------------------------------------------------------------


async def test_many_orders_end_in_one_item_each(journal: Journal) -> None:
    panel = Panel(UP, FUNDS, LOST)
    pairs = [(f"r{number}", ORDER) for number in range(10)] + [("r0", OTHER)]
    async with panel.client(max_concurrency=1) as client:
        items = [item async for item in journal.place_iter(client, pairs)]
    assert [item.id for item in items] == [reference for reference, _ in pairs]
    errors = {item.id: type(item.error) for item in items[:10] if item.error}
    assert errors == {"r1": InsufficientFundsError, "r2": OutcomeUnknownError}
    assert isinstance(items[10].error, ConfigurationError)
    assert items[0].unwrap().order_id == 1


async def test_a_refused_account_stops_it_all(journal: Journal) -> None:
    panel = Panel(BAD_KEY)
    async with panel.client() as client:
        with pytest.raises(AuthenticationError):
            [item async for item in journal.place_iter(client, ((f"r{n}", ORDER) for n in range(50)))]
    assert len(panel.forms) == 1


async def test_an_account_refused_later_fails_what_is_left(journal: Journal) -> None:
    panel = Panel(UP, BAD_KEY)
    async with panel.client(max_concurrency=1) as client:
        items = [item async for item in journal.place_iter(client, ((f"r{n}", ORDER) for n in range(5)))]
    assert [type(item.error) for item in items] == [type(None)] + [AuthenticationError] * 4
    assert len(panel.forms) == 2


async def test_leaving_early_calls_off_what_has_not_left(journal: Journal, path: Path) -> None:
    panel = Panel()
    async with panel.client(max_concurrency=2) as client:
        async with aclosing(journal.place_iter(client, ((f"r{n}", ORDER) for n in range(50)))) as items:
            await take(items, 3)
        sent = len(panel.forms)
        assert sent <= 6
    assert len(panel.forms) == sent
    assert set(states(path).values()) <= {"placed", "new"}


@pytest.mark.parametrize("pair", [("a",), ("a", {}), (5, ORDER), "ab", None])
async def test_a_pair_is_a_reference_and_an_order(journal: Journal, pair: Any) -> None:  # noqa: ANN401
    async with Panel().client() as client:
        with pytest.raises(ConfigurationError, match=r"pairs must contain \(reference, order\) tuples"):
            [item async for item in journal.place_iter(client, [pair])]


# --- looking and resolving ----------------------------------------------------------------------------


async def test_entries_come_in_the_order_of_their_recording(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agencia_async._journal.store._PAGE", 5)
    panel = Panel(UP, FUNDS, LOST)
    async with panel.client(max_concurrency=1) as client:
        async for _ in journal.place_iter(client, ((f"r{n}", ORDER) for n in range(23))):
            pass
    assert [entry.reference for entry in await all_of(journal)] == [f"r{n}" for n in range(23)]
    assert len(await all_of(journal, "placed")) == 21
    assert [entry.reference for entry in await all_of(journal, JournalState.REFUSED)] == ["r1"]
    assert [entry.reference for entry in await all_of(journal, "unknown")] == ["r2"]
    assert (await journal.get("r2")) == (await all_of(journal, "unknown"))[0]
    assert await journal.get("nothing") is None
    with pytest.raises(ConfigurationError, match="new, placed, refused, unknown"):
        await all_of(journal, "lost")


async def test_what_is_found_at_the_panel_is_placed(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", ORDER)
        resolved = await journal.resolve("a", order_id=7)
        assert (resolved.state, resolved.order_id, resolved.resolved_manually) == ("placed", 7, True)
        assert await journal.place(client, "a", ORDER) == resolved
        assert (await journal.resolve("a", order_id=8)).order_id == 8  # not verified so far
    assert len(panel.forms) == 1


async def test_what_is_not_found_may_be_placed_again(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", ORDER)
        resolved = await journal.resolve("a", placed=False)
        assert (resolved.state, resolved.error) == ("refused", "resolved manually as not placed")
        assert (await journal.place(client, "a", ORDER)).order_id == 2


async def test_only_what_is_unknown_can_be_resolved(journal: Journal) -> None:
    async with Panel(UP, LOST).client() as client:
        await journal.place(client, "a", ORDER)
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "b", ORDER)
    with pytest.raises(ConfigurationError, match="'a' is placed, only unknown"):
        await journal.resolve("a", order_id=7)
    with pytest.raises(ConfigurationError, match="no order 'c'"):
        await journal.resolve("c", placed=False)
    wrong: list[dict[str, Any]] = [
        {},
        {"placed": True},
        {"order_id": 7, "placed": False},
        {"order_id": "a b"},
    ]
    for given in wrong:
        with pytest.raises(ConfigurationError):
            await journal.resolve("b", **given)
    assert (await journal.resolve("b", order_id="7", placed=True)).order_id == 7


async def test_a_late_unknown_does_not_undo_what_a_person_found(path: Path) -> None:
    panel = Panel(LOST)
    panel.go.clear()
    async with Journal(path) as journal, panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        silence(path)
        async with Journal(path) as other:
            [entry] = await all_of(other, "unknown")
            assert entry.error == "the process that sent it ended before its outcome was recorded"
            await other.resolve("a", order_id=7)
        panel.go.set()
        with pytest.raises(OutcomeUnknownError):
            await placing
        [entry] = await all_of(journal)
        assert (entry.state, entry.order_id) == ("placed", 7)


async def test_an_outcome_whose_place_was_taken_is_told(path: Path) -> None:
    panel = Panel()
    panel.go.clear()
    async with Journal(path, sleep=lambda _: asyncio.sleep(0)) as journal, panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        with sqlite3.connect(path) as database:
            database.execute("UPDATE agencia_orders SET token = 'another'")
        panel.go.set()
        with pytest.raises(OutcomeUnknownError, match=r"order 1.*the reference was claimed again"):
            await placing


# --- several processes --------------------------------------------------------------------------------


async def test_two_journals_send_one_reference_once(path: Path) -> None:
    panel, looks = Panel(), list[float]()
    panel.go.clear()

    async def look(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 9:
            panel.go.set()
        await asyncio.sleep(0 if seconds < 20 else 3600)

    async with Journal(path) as one, Journal(path, sleep=look) as two, panel.client() as client:
        first = asyncio.create_task(one.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        second = await two.place(client, "a", ORDER)
        assert second == await first
    assert [wait for wait in looks if wait < 20][:8] == [0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 1.0, 1.0]
    assert len(panel.forms) == 1


async def test_a_claim_lost_to_another_journal_sends_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel()
    async with Journal(path) as one, Journal(path) as two, panel.client() as client:
        claim = two._store.claim  # noqa: SLF001

        async def late(wanted: Any) -> Any:  # noqa: ANN401
            await one.place(client, "a", ORDER)
            return await claim(wanted)

        monkeypatch.setattr(two._store, "claim", late)  # noqa: SLF001
        assert (await two.place(client, "a", ORDER)).order_id == 1
    assert len(panel.forms) == 1


async def test_another_order_recorded_by_another_journal_meanwhile_is_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel()
    async with Journal(path) as one, Journal(path) as two, panel.client() as client:
        claim = two._store.claim  # noqa: SLF001

        async def late(wanted: Any) -> Any:  # noqa: ANN401
            await one.place(client, "a", OTHER)
            monkeypatch.undo()
            return await claim(wanted)

        monkeypatch.setattr(two._store, "claim", late)  # noqa: SLF001
        with pytest.raises(ConfigurationError, match="a different order"):
            await two.place(client, "a", ORDER)
    assert len(panel.forms) == 1


def orphan(path: Path) -> None:
    """The order `a` is in flight in a process that has died."""
    with sqlite3.connect(path) as database:
        world = this_process().rpartition("/")[0].rpartition("/")[0]
        database.execute(
            "INSERT INTO agencia_sessions VALUES ('dead', ?, '9999', 1e9)", (f"{world}/{2**22 + 1}/5",)
        )
        database.execute(
            "INSERT INTO agencia_orders (reference, state, kind, form, panel, by_hand, session, token,"
            " created, updated) VALUES ('a', 'new', 'DefaultOrder', ?, ?, 0, 'dead', 't', ?, ?)",
            (
                '{"service": "1", "link": "https://example.com/p/1", "quantity": "1000"}',
                "https://panel.example",
                *["2026-01-01T00:00:00+00:00"] * 2,
            ),
        )


async def test_what_a_dead_process_left_is_unknown_at_the_next_opening(path: Path) -> None:
    async with Journal(path):
        pass
    orphan(path)
    panel = Panel()
    async with Journal(path) as journal, panel.client() as client:
        [entry] = await all_of(journal)
        assert (entry.state, entry.order) == ("unknown", ORDER)
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", ORDER)
    assert panel.forms == []


async def test_what_a_dead_process_left_can_be_resolved_while_the_journal_is_open(
    journal: Journal, path: Path
) -> None:
    orphan(path)
    assert (await journal.resolve("a", order_id=7)).state == "placed"


async def test_what_a_dead_process_left_is_found_while_the_journal_is_open(
    journal: Journal, path: Path
) -> None:
    orphan(path)
    async with Panel().client() as client:
        [finding] = await journal.reconcile(client)
    assert (finding.kind, finding.entry.reference) == ("unknown", "a")


async def test_a_session_shows_that_it_lives_while_it_sends(path: Path) -> None:
    panel, beats = Panel(), 0
    panel.go.clear()

    async def sleep(_: float) -> None:
        nonlocal beats
        beats += 1
        if beats == 5:
            panel.go.set()
        await asyncio.sleep(0)

    def beat() -> float:
        with sqlite3.connect(path) as database:
            [(last,)] = database.execute("SELECT beat FROM agencia_sessions").fetchall()
        return float(last)

    async with Journal(path, sleep=sleep) as journal, panel.client() as client:
        first = beat()
        await journal.place(client, "a", ORDER)
        await until(lambda: journal._heartbeat is not None and journal._heartbeat.done())  # noqa: SLF001
        assert beat() > first
    assert await asyncio.to_thread(states, path) == {"a": "placed"}


def test_a_process_is_known_by_more_than_its_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = this_process()
    world, number, began = name.rsplit("/", 2)
    assert not has_died(name)
    assert has_died(f"{world}/{number}/1")
    assert has_died(f"{world}/{2**22 + 1}/{began}")
    assert not has_died(f"another world/{number}/1")
    assert not has_died("")
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text(f"7 (a) b)) Z {' '.join(map(str, range(30)))}")
    monkeypatch.setattr("agencia_async._journal.process._host", lambda: "w")
    monkeypatch.setattr("agencia_async._journal.process._PROC", tmp_path)
    assert has_died("w/7/18")
    (tmp_path / "7/stat").write_text(f"7 (a) b)) S {' '.join(map(str, range(30)))}")
    assert not has_died("w/7/18")


@pytest.mark.parametrize("error", [None, PermissionError])
def test_a_process_that_proc_hides_lives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: type[OSError] | None
) -> None:
    def kill(_number: int, _signal: int) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr("agencia_async._journal.process._host", lambda: "w")
    monkeypatch.setattr("agencia_async._journal.process._PROC", tmp_path)
    monkeypatch.setattr("os.kill", kill)
    assert not has_died("w/7/18")


def test_where_processes_have_no_names_nothing_is_known_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("agencia_async._journal.process._PROC", tmp_path)
    assert this_process() == ""


def test_a_proc_of_another_namespace_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("1")
    monkeypatch.setattr("agencia_async._journal.process._PROC", tmp_path)
    assert this_process() == ""


# --- reconciling --------------------------------------------------------------------------------------


async def unknown(journal: Journal, client: AsyncClient, reference: str = "a") -> None:
    with pytest.raises(OutcomeUnknownError):
        await journal.place(client, reference, ORDER)


async def advice(journal: Journal, client: AsyncClient) -> list[str]:
    return [finding.advice for finding in await journal.reconcile(client)]


async def test_nothing_to_reconcile_asks_nothing(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await journal.place(client, "a", ORDER)
        assert await journal.reconcile(client) == []
    assert len(panel.forms) == 1


async def test_an_id_given_manually_is_verified(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await unknown(journal, client)
        entry = await journal.resolve("a", order_id=8)
        assert entry.by_hand is entry.resolved_manually is True
        [finding] = await journal.reconcile(client)
        assert "order 8, but the panel does not know that id" in finding.advice
        assert finding.status is None
        await journal.resolve("a", order_id=7)
        [finding] = await journal.reconcile(client)
        assert "the panel has an order with that id: Pending, charge 0.9 USD" in finding.advice
        assert finding.status is not None
        assert finding.status.status == "Pending"
        assert await journal.reconcile(client) == []
        with pytest.raises(ConfigurationError, match="the panel has confirmed its id, 7"):
            await journal.resolve("a", placed=False)


async def test_an_id_that_cannot_be_checked_stays_open(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await unknown(journal, client)
        await journal.resolve("a", order_id=7)
    down = httpx.MockTransport(lambda _: httpx.Response(502))
    async with AsyncClient(
        "KEY", base_url="https://panel.example/", transport=down, retry=RetryPolicy(1)
    ) as client:
        [finding] = await journal.reconcile(client)
    assert "could not be verified" in finding.advice
    assert (await all_of(journal))[0].resolved_manually


async def test_the_balance_is_told_where_nothing_else_was_spent(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await journal.note_balance(client)
        await unknown(journal, client)
        panel.balance = "99.10"
        [told] = await advice(journal, client)
    assert "The outcome of 'a' is unknown since" in told
    assert "By the current catalogue it costs 0.90." in told
    assert "was 100.00 USD at " in told
    assert "and is 99.10 USD now, and this journal placed nothing else in between" in told
    assert f"order for service 1, {LINK}" in told
    assert "placed=False" in told


async def test_a_finding_has_the_evidence_as_fields(journal: Journal) -> None:
    panel = Panel(httpx.ReadTimeout("It ended."))
    async with panel.client() as client:
        noted = await journal.note_balance(client)
        await unknown(journal, client)
        panel.balance = "99.10"
        [finding] = await journal.reconcile(client)
        assert ".." not in finding.advice
        assert (finding.kind, finding.needs_decision, finding.error) == ("unknown", True, None)
        assert (finding.cost, finding.currency) == (Decimal("0.90"), "USD")
        assert (finding.balance_before, finding.balance) == (noted.balance, Decimal("99.10"))
        assert finding.balance_before_at is not None
        assert finding.balance_before_at <= finding.entry.created
        assert finding.other_orders == 0
        await journal.resolve("a", order_id=8)
        [finding] = await journal.reconcile(client)
        assert (finding.kind, finding.error, finding.balance) == ("not_found", "Incorrect order ID", None)
        await journal.resolve("a", order_id=7)
        [finding] = await journal.reconcile(client)
        assert (finding.kind, finding.needs_decision) == ("confirmed", False)


async def test_a_balance_proves_nothing_where_other_orders_were_placed(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await journal.note_balance(client)
        await unknown(journal, client)
        await journal.place(client, "b", ORDER)
        [told] = await advice(journal, client)
        assert "which proves nothing: 1 other order of this journal may" in told
        await journal.place(client, "c", ORDER)
        [told] = await advice(journal, client)
    assert "2 other orders" in told


async def test_what_is_not_known_is_not_told(journal: Journal) -> None:
    subscription = RawOrder(2, {"username": "bob"})
    panel = Panel(LOST)
    async with panel.client() as client:
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", subscription)
        [told] = await advice(journal, client)
    assert "The balance is 100.00 USD now; there is no snapshot from before." in told
    assert "costs" not in told
    assert "service 2, bob" in told


async def test_a_catalogue_that_fails_costs_only_the_price(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await unknown(journal, client)
        client.catalogue = raising(TransportError("down"))  # type: ignore[method-assign]
        [told] = await advice(journal, client)
    assert "costs" not in told


async def test_orders_of_another_panel_are_left_to_its_client(journal: Journal) -> None:
    panel = Panel(LOST)
    async with panel.client() as client:
        await unknown(journal, client)
    async with AsyncClient("KEY", base_url="https://other.example/?x=1", transport=Panel()) as other:
        [told] = await advice(journal, other)
    assert told == "'a' was sent to https://panel.example/: reconcile it with a client for that panel."


# --- opening ------------------------------------------------------------------------------------------


async def test_a_journal_of_memory_alone() -> None:
    async with Panel().client() as client, Journal(":memory:") as journal:
        assert (await journal.place(client, "a", ORDER)).order_id == 1
        assert (await journal.place(client, "a", ORDER)).order_id == 1
        assert repr(journal) == "<Journal :memory:>"


async def test_a_url_names_a_file_too(path: Path) -> None:
    async with Journal(f"sqlite:///{path}") as journal:
        assert await all_of(journal) == []
    async with Journal(f"sqlite+aiosqlite:///{path}") as journal:
        assert await all_of(journal) == []
    assert states(path) == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing://here", "not a valid database path or URL"),
        ("mysql+aiomysql://user:secret@127.0.0.1/x", "mysql is not supported, use SQLite or PostgreSQL"),
        ("postgresql://user:secret@127.0.0.1/x", r"write postgresql\+asyncpg://"),
        ("postgres://user:secret@127.0.0.1/x", r"write postgresql\+asyncpg://"),
        ("postgresql+psycopg2://user:secret@127.0.0.1/x", r"write postgresql\+asyncpg://"),
        ("postgresql+psycopg://user:secret@127.0.0.1/x", "No module named 'psycopg'"),
        ("postgresql+asyncpg://user:secret:secret@127.0.0.1:x/x", "not a valid database path or URL"),
        ("sqlite://a:b", "not a valid database path or URL"),
    ],
)
def test_a_database_that_nobody_knows(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Journal(name)
    assert "secret" not in str(caught.value)


async def test_a_file_that_is_no_journal_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (number INTEGER)")
    panel = Panel()
    async with panel.client() as client:
        journal = Journal(path)
        for _ in range(2):
            with pytest.raises(
                ConfigurationError, match=r"orders\.db is not a journal, but the database of another"
            ):
                await journal.place(client, "a", ORDER)
        await journal.aclose()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    assert panel.forms == []


async def test_a_journal_of_a_later_version_is_left_alone(path: Path) -> None:
    async with Journal(path):
        pass
    with sqlite3.connect(path) as database:
        database.execute("UPDATE agencia_journal SET version = 5")
    with pytest.raises(
        ConfigurationError, match="a journal of version 5; this release supports version 4 and earlier"
    ):
        await Journal(path).__aenter__()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be one", b"\x00" * 200])
async def test_a_file_that_is_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)  # noqa: ASYNC240
    with pytest.raises(ConfigurationError, match="cannot be used: file is not a database"):
        await Journal(path).__aenter__()
    assert path.read_bytes() == content  # noqa: ASYNC240


async def test_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unable to open database file"):
        await Journal(path.parent / "nowhere" / "orders.db").__aenter__()


async def test_a_journal_opens_by_itself_once(path: Path) -> None:
    journal = Journal(path)
    first, second = await asyncio.gather(journal.get("a"), journal.get("b"))
    assert first is second is None
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM agencia_sessions").fetchall() == [(1,)]
    await journal.aclose()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM agencia_sessions").fetchall() == [(0,)]


class Busy:
    """A cursor that is refused so often, with a code of SQLite's; each look at the clock takes 0.4 s."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int, code: int) -> None:
        self.times = times
        self.code = code
        self.statements: list[str] = []
        self.slept: list[float] = []
        clock = count()
        monkeypatch.setattr("time.monotonic", lambda: 0.4 * next(clock))
        monkeypatch.setattr("time.sleep", self.slept.append)

    def execute(self, statement: str) -> None:
        self.statements.append(statement)
        if len(self.statements) <= self.times:
            error = sqlite3.OperationalError("not now")
            error.sqlite_errorcode = self.code
            raise error


def test_the_switch_to_a_log_waits_for_those_who_switch_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = Busy(monkeypatch, 2, sqlite3.SQLITE_BUSY)
    _write_ahead(cursor)
    assert cursor.statements == ["PRAGMA journal_mode = WAL"] * 3
    assert cursor.slept == [0.01] * 2


@pytest.mark.parametrize(("code", "tries"), [(sqlite3.SQLITE_BUSY, 3), (sqlite3.SQLITE_READONLY, 1)])
def test_it_does_not_wait_for_long_nor_for_anything_else(
    monkeypatch: pytest.MonkeyPatch, code: int, tries: int
) -> None:
    cursor = Busy(monkeypatch, 99, code)
    with pytest.raises(sqlite3.OperationalError):
        _write_ahead(cursor)
    assert len(cursor.statements) == tries


async def test_a_database_that_is_locked_by_another_program_sends_nothing(path: Path) -> None:
    panel = Panel()
    async with Journal(f"sqlite:///{path}?timeout=0") as journal, panel.client() as client:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="database is locked"):
            await journal.place(client, "a", ORDER)
        other.execute("ROLLBACK")
        other.close()
        assert not panel.forms
        assert (await journal.place(client, "a", ORDER)).order_id == 1


def test_what_the_journal_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "\.\[journal\]"'):
        importlib.reload(agencia_async._journal)  # noqa: SLF001


async def test_what_is_in_the_way_again_and_again_is_told(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def run(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise IntegrityError("", {}, sqlite3.IntegrityError("not unique"))

    with monkeypatch.context() as patch:
        patch.setattr(journal._store._database._backend, "run", run)  # noqa: SLF001
        with pytest.raises(JournalError, match="cannot be used: not unique"):
            await journal.get("a")
    assert tries == 20


async def test_a_database_with_an_asynchronous_driver() -> None:
    engine = _Asynchronous(make_url("sqlite+aiosqlite:///:memory:"))
    assert (
        await engine.run(lambda connection: connection.scalar(text("SELECT 7")), reads=False, claims=False)
        == 7
    )
    await engine.aclose()


async def test_any_other_backend_is_reached_by_its_asynchronous_driver() -> None:
    journal = Journal("postgresql+asyncpg://user:secret@127.0.0.1:1/none")
    assert repr(journal) == "<Journal postgresql+asyncpg://user:***@127.0.0.1:1/none>"
    with pytest.raises(JournalError, match="cannot be used") as caught:
        await journal.get("a")
    assert "secret" not in str(caught.value)
    await journal.aclose()


async def test_an_intent_whose_confirmation_was_lost_is_withdrawn_as_soon_as_possible(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not sent for certain: nobody has to look, and no other journal waits for it for ever."""
    panel, journal = Panel(), Journal(path)
    claim = journal._store.claim  # noqa: SLF001
    gone = raising(ConfigurationError("the connection is gone"))

    async def unconfirmed(wanted: Any) -> Any:  # noqa: ANN401
        await claim(wanted)
        monkeypatch.setattr(journal._store._database, "run", gone)  # noqa: SLF001
        return await gone()

    async with panel.client() as client:
        for reference in ("a", "b"):
            monkeypatch.setattr(journal._store, "claim", unconfirmed)  # noqa: SLF001
            with pytest.raises(ConfigurationError, match="the connection is gone"):
                await journal.place(client, reference, ORDER)
            with pytest.raises(ConfigurationError, match="the connection is gone"):
                await journal.get(reference)
            monkeypatch.undo()
            assert states(path)[reference] == "new"
            if reference == "a":
                assert await journal.get("nothing") is None
                async with Journal(path) as other, asyncio.timeout(20):
                    assert (await other.place(client, reference, ORDER)).order_id == 1
        await journal.aclose()
        async with Journal(path) as other:
            assert (await other.place(client, "b", ORDER)).order_id == 2
    assert len(panel.forms) == 2


async def test_a_repetition_that_cannot_be_claimed_leaves_the_order_unknown(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent the second time, which says nothing of the first."""
    panel, claim, claims = Panel(LOST), journal._store.claim, 0  # noqa: SLF001
    gone = raising(ConfigurationError("the connection is gone"))

    async def unconfirmed(wanted: Any) -> Any:  # noqa: ANN401
        nonlocal claims
        claims += 1
        entry = await claim(wanted)
        if claims == 1:
            return entry
        monkeypatch.setattr(journal._store._database, "run", gone)  # noqa: SLF001
        return await gone()

    monkeypatch.setattr(journal._store, "claim", unconfirmed)  # noqa: SLF001
    async with panel.client(idempotency_field="request_id") as client:
        with pytest.raises(OutcomeUnknownError, match="the connection is gone"):
            await journal.place(client, "a", ORDER)
    monkeypatch.undo()
    assert (states(path), len(panel.forms)) == ({"a": "new"}, 1)
    assert [entry.reference for entry in await all_of(journal, "unknown")] == ["a"]


async def test_an_intent_that_was_neither_sent_nor_withdrawn_is_not_guessed_about(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, claim = Panel(), journal._store.claim  # noqa: SLF001

    async def unconfirmed(wanted: Any) -> Any:  # noqa: ANN401
        await claim(wanted)
        raise ConfigurationError("the connection is gone")

    async with panel.client() as client:
        with monkeypatch.context() as patch:
            patch.setattr(journal._store, "claim", unconfirmed)  # noqa: SLF001
            patch.setattr(journal._store, "withdraw", raising(ConfigurationError("still gone")))  # noqa: SLF001
            with pytest.raises(ConfigurationError, match="the connection is gone"):
                await journal.place(client, "a", ORDER)
        assert states(path) == {"a": "new"}
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", ORDER)
    assert panel.forms == []


async def test_an_intent_whose_confirmation_was_lost_is_withdrawn_where_that_is_possible(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, claim = Panel(), journal._store.claim  # noqa: SLF001

    async def unconfirmed(wanted: Any) -> Any:  # noqa: ANN401
        monkeypatch.undo()
        await claim(wanted)
        raise ConfigurationError("the connection is gone")

    monkeypatch.setattr(journal._store, "claim", unconfirmed)  # noqa: SLF001
    async with panel.client() as client:
        with pytest.raises(ConfigurationError, match="the connection is gone"):
            await journal.place(client, "a", ORDER)
        assert (await journal.place(client, "a", ORDER)).order_id == 1
