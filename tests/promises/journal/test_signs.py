"""Signs of life, by which others tell that a session has died."""

from collections.abc import Callable

import httpx
import pytest

from agencia_async._journal import store
from agencia_async.journal import Journal

from .conftest import SILENCE
from .scene import all_of, check, client_of, place, rich_panel


async def test_a_session_whose_sign_was_rolled_back_is_not_forgotten(
    database: str, change: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = rich_panel()
    inner = httpx.ASGITransport(panel.asgi)
    seen: list[str | None] = []

    async def bury() -> None:
        change(SILENCE)
        async with Journal(database) as later:
            entry = await later.get("r")
            seen.append(None if entry is None else entry.state.value)

    async def answer(request: httpx.Request) -> httpx.Response:
        await bury()
        return await inner.handle_async_request(request)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no claim can be written")

    client = client_of(panel, transport=httpx.MockTransport(answer))
    async with client, Journal(database) as journal:
        await bury()  # the sign that it gave when it was opened
        with monkeypatch.context() as patch:
            patch.setattr(store, "claim_all", fail)
            assert await place(journal, client, "r") == "nothing sent"
        assert await place(journal, client, "r") == "placed"
        entries = await all_of(journal.entries())
    assert seen == [None, "unknown"]  # else what it left would be new for ever
    check(panel, entries)
    assert [entry.state for entry in entries] == ["placed"]
