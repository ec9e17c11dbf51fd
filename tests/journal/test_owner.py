import asyncio
import os
import threading

import pytest

from agencia_async import ConfigurationError
from agencia_async._journal.owner import Owner


async def test_it_belongs_to_the_first_who_comes() -> None:
    owner = Owner()
    owner.check()
    owner.enter()
    owner.enter()
    owner.check()


async def test_a_forked_process_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner()
    owner.enter()
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    for use in (owner.enter, owner.check):
        with pytest.raises(ConfigurationError, match=f"was opened in process {parent}, before a fork"):
            use()


async def test_another_event_loop_is_told_so() -> None:
    owner, told = Owner(), list[str]()
    owner.enter()

    async def elsewhere() -> None:
        with pytest.raises(ConfigurationError) as caught:
            owner.enter()
        told.append(str(caught.value))

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert told == ["the journal belongs to another event loop or thread: open one in each event loop"]
