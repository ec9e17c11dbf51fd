import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from agencia_async import (
    ConfigurationError,
    InsufficientFundsError,
    JournalError,
    OutcomeUnknownError,
    ReplyError,
    RetryPolicy,
)
from agencia_async._journal.placing import _or_command  # pyright: ignore[reportPrivateUsage]
from agencia_async.journal import Journal
from tests.journal.scene import BUSY, FUNDS, LOST, ORDER, Answer, Panel, all_of, raising, states
from tests.support.until import until


@pytest.mark.parametrize("caller_first", [True, False])
async def test_to_withdraw_a_claim_is_not_called_off_whoever_else_leaves(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch, *, caller_first: bool
) -> None:
    """Else nobody could tell that the order was not sent."""
    panel, store = Panel(), journal._store  # noqa: SLF001
    claim, withdraw = store.claim, store.withdraw
    claimed, withdrawing, go = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slowly(wanted: Any) -> None:  # noqa: ANN401
        await claim(wanted)
        claimed.set()
        await asyncio.Event().wait()

    async def later(token: str) -> None:
        withdrawing.set()
        await go.wait()
        await withdraw(token)

    monkeypatch.setattr(store, "claim", slowly)
    monkeypatch.setattr(store, "withdraw", later)
    client = panel.client()
    placing = asyncio.create_task(journal.place(client, "a", ORDER))
    await claimed.wait()
    if caller_first:
        placing.cancel()
        await withdrawing.wait()
        closing = asyncio.create_task(client.aclose())
    else:
        closing = asyncio.create_task(client.aclose())
        await withdrawing.wait()
        placing.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert states(path) == {"a": "new"}
    go.set()
    await closing
    with pytest.raises((asyncio.CancelledError, ConfigurationError)):
        await placing
    monkeypatch.undo()
    assert panel.forms == []
    async with panel.client() as another:
        assert (await journal.place(another, "a", ORDER)).order_id == len(panel.forms) == 1
    assert states(path) == {"a": "placed"}


UNREADABLE = httpx.Response(200, text="{}")


@pytest.mark.parametrize("answers", [[LOST], [UNREADABLE], [LOST, FUNDS], [UNREADABLE, FUNDS], [LOST, LOST]])
async def test_what_an_attempt_may_have_bought_stays_unknown_whatever_the_last_one_finds(
    journal: Journal, path: Path, answers: list[Answer]
) -> None:
    panel = Panel(*answers)
    policy = RetryPolicy(first_wait=0, attempts=len(answers))
    async with panel.client(idempotency_field="request_id", retry=policy) as client:
        for _ in range(2):  # the second time nothing is sent
            with pytest.raises(OutcomeUnknownError):
                await journal.place(client, "a", ORDER)
            assert states(path) == {"a": "unknown"}
            assert [form["request_id"] for form in panel.added] == ["a"] * len(answers)


async def test_what_never_left_and_was_refused_then_is_refused(journal: Journal, path: Path) -> None:
    panel = Panel(BUSY, FUNDS)
    async with panel.client() as client:
        with pytest.raises(InsufficientFundsError):
            await journal.place(client, "a", ORDER)
    assert (states(path), len(panel.added)) == ({"a": "refused"}, 2)


async def test_an_order_whose_program_ends_while_it_is_sent_is_unknown(journal: Journal, path: Path) -> None:
    panel = Panel()
    panel.go.clear()
    async with panel.client() as client:
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: panel.forms)
        [(_, flight)] = journal._running.values()  # noqa: SLF001
        flight._task.cancel()  # noqa: SLF001 - as an event loop does at its end
        with pytest.raises(asyncio.CancelledError):
            await placing
        assert states(path) == {"a": "unknown"}
        [entry] = await all_of(journal)
        assert entry.error == "the program was terminated"
    assert len(panel.forms) == 1


async def test_an_error_without_words_is_recorded_by_its_name(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel()
    async with panel.client() as client:
        monkeypatch.setattr(client._sender.channel, "exchange", raising(ReplyError()))  # noqa: SLF001
        with pytest.raises(OutcomeUnknownError):
            await journal.place(client, "a", ORDER)
    [entry] = await all_of(journal)
    assert (entry.state, entry.error) == ("unknown", "ReplyError")


async def test_a_refusal_that_cannot_be_written_is_told_by_what_is_unknown_then(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    panel = Panel(FUNDS)

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with Journal(path, sleep=at_once) as journal, panel.client() as client:
        full = raising(JournalError("the disk is full"))
        monkeypatch.setattr(journal._store, "settle", full)  # noqa: SLF001
        told = r"'a' is refused \(Not enough funds on balance\), but recording it failed: the disk is full"
        with pytest.raises(OutcomeUnknownError, match=told) as caught:
            await journal.place(client, "a", ORDER)
        assert isinstance(caught.value.cause, InsufficientFundsError)
    again = [f"{caught.value}; retrying in {pause:.1f} s" for pause in (0.1, 0.5, 2.0, 5.0)]
    assert caplog.messages == [*again, str(caught.value)]
    assert (states(path), len(panel.added)) == ({"a": "unknown"}, 1)


async def test_a_further_attempt_that_is_not_made_leaves_unknown_what_the_first_may_have_bought(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, claim, claims = Panel(LOST), journal._store.claim, 0  # noqa: SLF001

    async def unconfirmed(wanted: Any) -> Any:  # noqa: ANN401
        nonlocal claims
        claims += 1
        entry = await claim(wanted)
        if claims > 1:
            raise JournalError("the connection is gone")
        return entry

    monkeypatch.setattr(journal._store, "claim", unconfirmed)  # noqa: SLF001
    async with panel.client(idempotency_field="request_id") as client:
        with pytest.raises(OutcomeUnknownError, match="the connection is gone"):
            await journal.place(client, "a", ORDER)
    assert (states(path), len(panel.forms), claims) == ({"a": "unknown"}, 1, 2)
    [entry] = await all_of(journal)
    assert entry.error == "it was not retried"


@pytest.mark.parametrize(
    ("reference", "journal", "command"),
    [
        ("A-1", "j.db", "agencia journal resolve --journal j.db --order-id ID A-1"),
        ("-a b", "my j.db", "agencia journal resolve --journal 'my j.db' --order-id ID -- '-a b'"),
        (
            "A-1",
            "postgresql+asyncpg://u:***@host/x",
            "agencia journal resolve --journal URL --order-id ID A-1",
        ),
        ("A-1", ":memory:", ""),
        ("two  blanks", "j.db", ""),
        ("a\ufe0f", "j.db", ""),
        ("x" * 99, "j.db", ""),
    ],
)
def test_the_command_of_a_message_can_be_copied(reference: str, journal: str, command: str) -> None:
    assert _or_command(reference, journal, 99) == (command and f" or: {command}")


@pytest.mark.parametrize("length", range(1, 200, 9))
async def test_the_command_of_a_message_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.chdir(tmp_path)
    panel = Panel(httpx.ReadTimeout("late " * 50))
    async with panel.client() as client, Journal("j.db") as journal:
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError) as it:
                await journal.place(client, "x" * length, ORDER)
    message, reference = str(it.value), "x" * length
    is_there = message.endswith(f" or: agencia journal resolve --journal j.db --order-id ID {reference}")
    assert is_there == (" or: agencia" in message) == (length < 50)
