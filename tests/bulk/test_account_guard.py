from collections.abc import Sequence

import httpx
import pytest

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    NotFoundError,
    OutcomeUnknownError,
    ReplyError,
    RetryPolicy,
    TransportError,
)
from agencia_async._bulk.account_guard import AccountGuard
from tests.calls.scene import BROKEN, Notes, client
from tests.support.virtual import virtual_time

REFUSED = AuthenticationError("Invalid API key")
Answer = str | AgenciaError


class Account:
    """Answers one request after the other as told, behind a guard."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent = 0
        self.guard = AccountGuard()

    async def ask(self) -> Answer:
        async def answer() -> Answer:
            self.sent += 1
            told = self.answers.pop(0)
            if isinstance(told, AgenciaError):
                raise told
            return told

        return await self.guard.run(answer, lambda error: error)

    async def ask_all(self) -> list[Answer]:
        return [await self.ask() for _ in range(len(self.answers))]


@pytest.mark.parametrize(
    "earlier",
    [
        ["value"],
        [TransportError("reset", sent="maybe")],
        [ReplyError("no JSON")],
        [OutcomeUnknownError("who knows")],
        ["value", TransportError("refused", sent="no")],
        [TransportError("reset", sent="maybe"), NotFoundError("Incorrect order ID")],
    ],
)
async def test_an_account_refused_after_something_may_have_happened_fails_the_rest_unasked(
    earlier: Sequence[Answer],
) -> None:
    account = Account(*earlier, REFUSED, "not asked for", "not asked for")
    assert await account.ask_all() == [*earlier, REFUSED, REFUSED, REFUSED]
    assert account.sent == len(earlier) + 1


@pytest.mark.parametrize(
    "earlier",
    [
        [],
        [TransportError("refused", sent="no")],
        [NotFoundError("Incorrect order ID")],
        [TransportError("refused", sent="no"), NotFoundError("Incorrect order ID")],
    ],
)
async def test_an_account_refused_before_anything_can_have_happened_is_raised(
    earlier: Sequence[Answer],
) -> None:
    account = Account(*earlier, REFUSED)
    assert [await account.ask() for _ in earlier] == [*earlier]
    with pytest.raises(AuthenticationError) as caught:
        await account.ask()
    assert caught.value is REFUSED
    assert account.sent == len(earlier) + 1


BAD_KEY = httpx.Response(200, json={"error": "Invalid API key"})
BAD_IDS = httpx.Response(200, json={"error": "Incorrect order ID"})
ONCE = RetryPolicy(attempts=1)


def orders(panel: Notes) -> list[str]:
    return [form["orders"] for form in panel.forms if form["action"] != "balance"]


@virtual_time
async def test_writes_whose_outcome_is_unknown_are_told_although_the_account_is_refused_then() -> None:
    panel = Notes(BROKEN, BAD_KEY)
    async with client(panel, retry=ONCE, batch_size=2) as it:
        result = await it.cancel_many(range(6))
    assert orders(panel) == ["0,1", "2,3", "4,5"]  # the last one was waiting at the gate
    assert [type(error) for error in result.failed.values()] == [
        *[OutcomeUnknownError] * 2,
        *[AuthenticationError] * 4,
    ]


@virtual_time
async def test_an_account_refused_after_writes_that_were_refused_is_raised() -> None:
    rejected = httpx.Response(200, json={"error": "Not enough funds on balance"})
    panel = Notes(rejected, BAD_KEY)
    async with client(panel, retry=ONCE, batch_size=2, max_concurrency=1) as it:
        with pytest.raises(AuthenticationError):
            await it.cancel_many(range(6))
    assert orders(panel) == ["0,1", "2,3"]
