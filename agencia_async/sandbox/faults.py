"""Fault injection: network and server faults, at random by rate or from a script.

To add a fault, add a row to `FAULTS` and a rate of the same name to `Faults`.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Final, Literal, cast

from agencia_async.sandbox.reply import ErrorReply, PanelReply

Wire = Literal["whole", "half", "close", "reset"]

_HTML = ((b"content-type", b"text/html"),)
_PLAIN = ((b"content-type", b"text/plain"),)
_GATEWAY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_CHALLENGE_PAGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    b"<h1>Checking your browser before accessing the site</h1></body></html>"
)
_FAILING_WORDS = (
    "An error occurred while placing your order",
    "There was an error processing your request",
    "SQLSTATE[HY000]: General error: 2006 MySQL server has gone away",
    "Internal Server Error",
    "Operation timed out",
    "Siparişiniz verilirken hata oluştu",
)
_SECOND_BODY = b'{"order":999999999}'
_SECOND_REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(_SECOND_BODY),
    _SECOND_BODY,
)
_SERVER_ERRORS = (500, 502, 503)
_ROUNDING = 1e-9  # the sum of ten rates of 0.1 is a little more than 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: whether the panel executes the request, how much of the reply is sent, and which reply.

    `reply` gets the panel's error function, so that an error response is in its dialect. `behind` is sent on
    the same connection right behind the reply.
    """

    acts: bool
    wire: Wire = "whole"
    reply: Callable[["Faults", Random, ErrorReply], PanelReply] | None = None
    behind: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client sees after `delay` seconds: `reply`, whole or half, or a closed connection.

    A whole one is followed by the bytes `behind`.
    """

    reply: PanelReply
    wire: Wire = "whole"
    delay: float = 0.0
    behind: bytes = b""


def _rate_limit(faults: "Faults", _: Random, error_reply: ErrorReply) -> PanelReply:
    retry_after = faults.retry_after
    headers = () if retry_after is None else ((b"retry-after", str(retry_after).encode()),)
    return error_reply("Too many requests", 429, headers)


def _server_error(_: "Faults", random: Random, __: ErrorReply) -> PanelReply:
    return PanelReply(random.choice(_SERVER_ERRORS), _PLAIN, b"The server has failed")


def _gateway_page(_: "Faults", __: Random, ___: ErrorReply) -> PanelReply:
    return PanelReply(502, _HTML, _GATEWAY_PAGE)


def _empty_reply(_: "Faults", __: Random, ___: ErrorReply) -> PanelReply:
    return PanelReply(200, _HTML, b"")


def _challenge_page(_: "Faults", __: Random, ___: ErrorReply) -> PanelReply:
    return PanelReply(200, _HTML, _CHALLENGE_PAGE)


def _error_after(_: "Faults", random: Random, error_reply: ErrorReply) -> PanelReply:
    return error_reply(random.choice(_FAILING_WORDS), 200, ())


FAULTS: Final[Mapping[str, Fault]] = {
    "rate_limit": Fault(acts=False, reply=_rate_limit),
    "server_error": Fault(acts=False, reply=_server_error),
    "gateway_page": Fault(acts=False, reply=_gateway_page),
    "reset_before": Fault(acts=False, wire="reset"),
    "drop_after": Fault(acts=True, wire="close"),
    "cut_reply": Fault(acts=True, wire="half"),
    "empty_reply": Fault(acts=True, reply=_empty_reply),
    "challenge_page": Fault(acts=False, reply=_challenge_page),
    "error_after": Fault(acts=True, reply=_error_after),
    "trailing_newline": Fault(acts=True, behind=b"\r\n"),
    "trailing_reply": Fault(acts=True, behind=_SECOND_REPLY),
}


@dataclass(slots=True)
class Faults:
    """The faults of a panel. They can be changed at any time: `panel.faults.server_error = 0.03`.

    Each fault has a rate, the share of requests that it affects, from 0 to 1; their sum is at most 1:

    - `rate_limit`: a 429, not executed; `retry_after` is its `Retry-After` header (seconds or a date), None
      for no header;
    - `server_error`: a 500, 502 or 503 in plain text, not executed;
    - `gateway_page`: a 502 with an HTML page, not executed;
    - `reset_before`: the connection is reset, not executed;
    - `drop_after`: the request is executed, and the connection is closed without a reply;
    - `cut_reply`: the request is executed, and half of the body is sent;
    - `empty_reply`: the request is executed and answered with 200 and an empty body;
    - `challenge_page`: a 200 with the HTML page of a firewall, not executed;
    - `error_after`: the request is executed and answered with 200 and the error text of a failed server, such
      as "An error occurred while placing your order", in the format of the dialect;
    - `trailing_newline`: the request is executed and answered, and the reply is followed by a line break;
    - `trailing_reply`: the same, but followed by a second, unrequested reply with the order id 999999999.

    The last two work with `serve`, not with other servers or in-process transports.

    `latency` delays every reply, by a number of seconds or by a random time between two: `(low, high)`. The
    request is executed before the delay. `actions`, a set of names, limits faults and latency to these
    actions. A value out of range raises `ValueError`.
    """

    latency: float | tuple[float, float] = 0.0
    retry_after: float | str | None = 1
    actions: Collection[str] | None = None
    rate_limit: float = 0.0
    server_error: float = 0.0
    gateway_page: float = 0.0
    reset_before: float = 0.0
    drop_after: float = 0.0
    cut_reply: float = 0.0
    empty_reply: float = 0.0
    challenge_page: float = 0.0
    error_after: float = 0.0
    trailing_newline: float = 0.0
    trailing_reply: float = 0.0
    _script: deque[str | None] = field(init=False, repr=False, default_factory=deque[str | None])

    def __setattr__(self, name: str, value: object) -> None:
        if name in FAULTS:
            self._check_rate(name, value)
        elif name == "latency":
            _check_latency(value)
        elif name == "actions" and isinstance(value, str):
            raise ValueError(f"actions must be a set of names, got a str: use {{{value!r}}}")
        object.__setattr__(self, name, value)

    def script(self, *names: str | None) -> None:
        """Set the faults of the next requests, in order: the name of a fault, or None for no fault.

        A script takes precedence over the rates until it is used up; a second one is appended to the first.
        With `actions`, only requests of these actions use it up. An unknown name raises `ValueError`.
        """
        for name in names:
            if name is not None and name not in FAULTS:
                raise ValueError(f"fault must be one of {', '.join(FAULTS)}, got {name!r}")
        self._script.extend(names)

    def draw(self, action: str, random: Random) -> str | None:
        """The name of the fault for a request of this action, or None."""
        if not self._concern(action):
            return None
        if self._script:
            return self._script.popleft()
        point = random.random()
        for name in FAULTS:
            point -= self._rate(name)
            if point < 0:
                return name
        return None

    def delay(self, action: str, random: Random) -> float:
        """The latency of a request of this action, in seconds."""
        if not self._concern(action):
            return 0.0
        return random.uniform(*self.latency) if isinstance(self.latency, tuple) else self.latency

    def _concern(self, action: str) -> bool:
        return self.actions is None or action in self.actions

    def _rate(self, name: str) -> float:
        rate: float = getattr(self, name, 0.0)
        return rate

    def _check_rate(self, name: str, value: object) -> None:
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ValueError(f"{name} must be a rate between 0 and 1, got {value!r}")
        total = value + sum(self._rate(other) for other in FAULTS if other != name)
        if total > 1 + _ROUNDING:
            raise ValueError(f"the sum of the fault rates must be <= 1, got {total:g} with {name}={value!r}")


def _check_latency(value: object) -> None:
    bounds = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value, value)
    seconds = [bound for bound in bounds if isinstance(bound, (int, float)) and 0 <= bound < inf]
    if not len(bounds) == len(seconds) == 2 or seconds != sorted(seconds):  # noqa: PLR2004, a pair
        raise ValueError(f"latency must be a number of seconds or a pair (low, high), got {value!r}")
