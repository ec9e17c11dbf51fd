"""Signs of life, by which others tell that a session has died."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from agencia_async._journal import store
from agencia_async.journal import Journal

from .scene import all_of, check, client_of, place, rich_panel


async def test_a_sign_that_was_rolled_back_is_given_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC)
    panel = rich_panel()
    inner = httpx.ASGITransport(panel.asgi)
    seen: list[str | None] = []

    async def bury() -> None:
        async with Journal(database, now=lambda: today + timedelta(days=1)) as tomorrow:
            entry = await tomorrow.get("r")
            seen.append(None if entry is None else entry.state.value)

    async def answer(request: httpx.Request) -> httpx.Response:
        await bury()
        return await inner.handle_async_request(request)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no claim can be written")

    client = client_of(panel, transport=httpx.MockTransport(answer))
    async with client, Journal(database, now=lambda: today) as journal:
        await bury()  # the sign that it gave when it was opened
        with monkeypatch.context() as patch:
            patch.setattr(store, "claim_all", fail)
            assert await place(journal, client, "r") == "nothing sent"
        assert await place(journal, client, "r") == "placed"
        entries = await all_of(journal.entries())
    assert seen == [None, "unknown"]  # without a sign of it, what it left would be new for ever
    check(panel, entries)
    assert [entry.state for entry in entries] == ["placed"]
