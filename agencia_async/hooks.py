"""Hooks: objects that are told of each call of a client, and of each of its attempts.

```python
class Slow(Hook):
    def call_ended(self, call: CallInfo) -> None:
        if call.queued > 10:
            print(call.action, "waited for", call.queued, "seconds")


client = AsyncClient("KEY", hooks=[Slow()])
```

A *call* is one request that the client has to make, with its retries: a bulk call makes one for each batch of
its ids, and single calls that are batched share one. An *attempt* is one HTTP request of a call.
"""

import asyncio
from collections.abc import Mapping
from contextvars import Context
from typing import Literal

from attrs import define, field

from agencia_async.errors import OutcomeUnknownError

__all__ = ["AttemptInfo", "CallInfo", "Hook"]


@define(eq=False)
class CallInfo:
    """One call, as far as it has come.

    The same object is given to all methods of a hook, so it can be the key of a dict.

    Attributes:
        action: the panel's action: `"status"`, `"add"`, `"balance"` ...
        id_count: how many ids it asks for; 0 of `add`, `balance` and `services`.
        url: the panel's URL, without its query.
        callers: the contexts of the single calls that share it, in the order in which they came; empty if it
            was not batched. It runs in a copy of the first one.
        queued: seconds for which it has waited: for a slot, for a rate limit, for a panel that is away.
        attempts: how many requests it has made.
        error: what it ended with; None if it has a value. An `AgenciaError`, or the
            `asyncio.CancelledError` of a call that was cancelled; rarely another exception, such as that of
            a journal whose order another process sends. An error of one id of a batch is not the call's.
    """

    action: str
    id_count: int
    url: str
    callers: tuple[Context, ...] = ()
    queued: float = 0.0
    attempts: int = 0
    error: BaseException | None = None

    @property
    def outcome(self) -> Literal["ok", "error", "unknown", "cancelled"]:
        """What it ended in; `"unknown"` is a write of which nobody knows whether it was executed."""
        if self.error is None:
            return "ok"
        if isinstance(self.error, OutcomeUnknownError):
            return "unknown"
        return "cancelled" if isinstance(self.error, asyncio.CancelledError) else "error"


@define(eq=False)
class AttemptInfo:
    """One HTTP request of a call; what is known once it has ended.

    Attributes:
        number: 1 for the first attempt of its call.
        seconds: how long it took, from connecting to the last byte and its parsing.
        http_status: the HTTP status of the reply; None if there was no whole one.
        reply_bytes: the size of the reply, decompressed; 0 if there was no whole one.
        headers: the headers of the reply by lower-case name, without the API key should the panel echo it.
        error: why it failed; None if the reply was a value.
    """

    number: int
    seconds: float = 0.0
    http_status: int | None = None
    reply_bytes: int = 0
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    error: BaseException | None = None


class Hook:
    """Is told what a client does; override what you need, as these methods do nothing.

    They are called in the event loop, in the context of the call, and should be quick. One that raises
    disturbs no call: it is logged, once for each hook.
    """

    def call_started(self, call: CallInfo) -> None:
        """A call begins; it may have to wait before its first attempt."""

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """A request is sent."""

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """Its reply was read, or it failed; there may be another attempt."""

    def call_ended(self, call: CallInfo) -> None:
        """The call has its value, or its error."""
