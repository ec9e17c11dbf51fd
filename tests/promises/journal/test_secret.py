"""The key is nowhere but in the request."""

import logging
import pickle
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from agencia_async import AgenciaError, AsyncClient
from agencia_async.journal import Journal

from .scene import all_of, no_wait, order, told

if TYPE_CHECKING:
    from .cluster import Cluster

KEY = "c4n4ry-0f-the-j0urnal"
LOGGERS = ("", "agencia_async", "asyncio", "asyncpg", "httpx", "httpcore", "sqlalchemy", "sqlalchemy.engine")
ANSWERS = {
    "placed": (200, f'{{"order": 23501, "note": "{KEY}"}}'),
    "refused": (200, f'{{"error": "Link is not valid for the key {KEY}"}}'),
    "unknown": (500, f'{{"error": "Oops, {KEY}"}}'),
    "unreadable": (200, f'{{"order": ["{KEY}"'),
    "page": (502, f"<html>{KEY}</html>"),
}
STATES = {name: name if name in {"placed", "refused"} else "unknown" for name in ANSWERS}


def answer(request: httpx.Request) -> httpx.Response:
    """By the order's link; the client's own question for the balance is answered."""
    assert KEY in request.content.decode()
    if "action=balance" in request.content.decode():
        return httpx.Response(200, json={"balance": "1", "currency": "USD"})
    name = next(name for name in ANSWERS if name in request.content.decode())
    status, body = ANSWERS[name]
    return httpx.Response(status, text=body)


async def test_the_key_is_shown_nowhere(
    database: str, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, name)
    client = AsyncClient(KEY, base_url="http://localhost/", transport=httpx.MockTransport(answer))
    shown = ""
    async with client, Journal(database, sleep=no_wait) as journal:
        for name, state in STATES.items():
            error: AgenciaError | None = None
            try:
                shown += repr(await journal.place(client, name, order(name)))
            except AgenciaError as caught:
                error = caught
                shown += whole(caught)
            assert told(error) == state
        entries = await all_of(journal.entries())
        shown += repr(entries) + repr(journal) + kept(database, request)
    shown += kept(database, request)
    assert {entry.reference: entry.state.value for entry in entries} == STATES
    assert "Link is not valid" in shown
    assert {record.name.partition(".")[0] for record in caplog.records} >= {"sqlalchemy"}
    assert KEY not in shown
    assert KEY not in caplog.text


def whole(error: BaseException) -> str:
    """Whatever anybody can see of an error."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format()) + repr(pickle.dumps(error)) + repr(vars(error))


def kept(database: str, request: pytest.FixtureRequest) -> str:
    """All that a database holds on disk."""
    if "://" in database:
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.dump(database)
    file = Path(database)
    return "".join(one.read_bytes().decode("latin-1") for one in file.parent.glob(f"{file.name}*"))
