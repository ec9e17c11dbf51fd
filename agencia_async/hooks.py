"""Hooks: objects whose methods are called for each call of a client, and for each of its attempts.

```python
class Slow(Hook):
    def call_ended(self, call: CallInfo) -> None:
        if call.queued > 10:
            print(call.action, "waited for", call.queued, "seconds")


client = AsyncClient("KEY", hooks=[Slow()])
```

A *call* is one request of the client, with its retries. A bulk method makes one call for each batch of its
ids, and single calls that are batched share one. An *attempt* is one HTTP request of a call.
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
    """One call, and its state so far.

    All methods of a hook receive the same object, so it can be the key of a dict.

    Attributes:
        action: the panel's action: `"status"`, `"add"`, `"balance"` ...
        id_count: how many ids it asks for; 0 for `add`, `balance` and `services`.
        url: the panel's URL, without its query.
        callers: the contexts of the single calls that share it, in the order of the calls; empty if it was
            not batched. The call runs in a copy of the first one.
        queued: seconds for which it has waited: for a slot, for a rate limit, for the end of an outage.
        attempts: how many requests it has made.
        error: the error that it ended with, or None. An `AgenciaError`, or `asyncio.CancelledError` if the
            call was cancelled; rarely another exception, such as one of the journal. The error of a single
            id in a batch is not an error of the call.
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
        """How the call ended; `"unknown"`: a write that may or may not have been executed."""
        if self.error is None:
            return "ok"
        if isinstance(self.error, OutcomeUnknownError):
            return "unknown"
        return "cancelled" if isinstance(self.error, asyncio.CancelledError) else "error"


@define(eq=False)
class AttemptInfo:
    """One HTTP request of a call. All but `number` is set when the attempt ends.

    Attributes:
        number: 1 for the first attempt of its call.
        seconds: how long it took, from connecting to the parsed reply.
        http_status: the HTTP status of the reply; None without a complete reply.
        reply_bytes: the size of the reply in bytes, after decompression; 0 without a complete reply.
        headers: the headers of the reply by lower-case name, with the API key redacted.
        error: the error that it failed with, or None.
    """

    number: int
    seconds: float = 0.0
    http_status: int | None = None
    reply_bytes: int = 0
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    error: BaseException | None = None


class Hook:
    """The base class of hooks: override the methods that you need; the others do nothing.

    The methods are called in the event loop, in the context of the call, and must not block. If one raises,
    the call continues; the exception is logged once for each hook.
    """

    def call_started(self, call: CallInfo) -> None:
        """A call has started; it may still wait before its first attempt."""

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """A request is about to be sent."""

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """The reply was read, or the attempt failed; another attempt may follow."""

    def call_ended(self, call: CallInfo) -> None:
        """The call has ended, with a value or an error."""
