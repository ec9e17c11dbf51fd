"""What can go wrong between a panel and its caller, drawn by rate or laid down in a script.

A new fault is a row of `FAULTS` and a rate of the same name in `Faults`.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Final, Literal, cast

from agencia_async.sandbox.reply import PanelReply, Refuse

Wire = Literal["whole", "half", "close", "reset"]

_HTML = ((b"content-type", b"text/html"),)
_PLAIN = ((b"content-type", b"text/plain"),)
_GATEWAY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_SERVER_ERRORS = (500, 502, 503)
_ROUNDING = 1e-9  # ten rates of 0.1 come to a little more than 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong: whether the panel acts all the same, how much it answers, and what instead.

    `reply` gets the panel's way to refuse, so that a fault that is a refusal comes in its dialect.
    """

    acts: bool
    wire: Wire = "whole"
    reply: Callable[["Faults", Random, Refuse], PanelReply] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller sees after `delay` seconds: `reply`, whole or half, or a connection that ends."""

    reply: PanelReply
    wire: Wire = "whole"
    delay: float = 0.0


def _rate_limit(faults: "Faults", _: Random, refuse: Refuse) -> PanelReply:
    retry_after = faults.retry_after
    headers = () if retry_after is None else ((b"retry-after", str(retry_after).encode()),)
    return refuse("Too many requests", 429, headers)


def _server_error(_: "Faults", random: Random, __: Refuse) -> PanelReply:
    return PanelReply(random.choice(_SERVER_ERRORS), _PLAIN, b"The server has failed")


def _gateway_page(_: "Faults", __: Random, ___: Refuse) -> PanelReply:
    return PanelReply(502, _HTML, _GATEWAY_PAGE)


def _empty_reply(_: "Faults", __: Random, ___: Refuse) -> PanelReply:
    return PanelReply(200, _HTML, b"")


FAULTS: Final[Mapping[str, Fault]] = {
    "rate_limit": Fault(acts=False, reply=_rate_limit),
    "server_error": Fault(acts=False, reply=_server_error),
    "gateway_page": Fault(acts=False, reply=_gateway_page),
    "reset_before": Fault(acts=False, wire="reset"),
    "drop_after": Fault(acts=True, wire="close"),
    "cut_reply": Fault(acts=True, wire="half"),
    "empty_reply": Fault(acts=True, reply=_empty_reply),
}


@dataclass(slots=True)
class Faults:
    """The faults of a panel, to be changed at any time: `panel.faults.server_error = 0.03`.

    Each fault has a rate, the share of requests that meet it, from 0 to 1 and together at most 1:

    - `rate_limit`: a 429, nothing done; `retry_after` is its header (seconds or a date), None for no header;
    - `server_error`: a 500, 502 or 503 in plain text, nothing done;
    - `gateway_page`: a 502 with an HTML page, nothing done;
    - `reset_before`: the connection is reset, nothing done;
    - `drop_after`: the request is carried out and the connection closed without an answer;
    - `cut_reply`: the request is carried out and half the body answered;
    - `empty_reply`: the request is carried out and answered with 200 and no body.

    `latency` holds every answer back, for so many seconds or for a time drawn between two: `(low, high)`.
    The request is carried out before the wait. `actions`, a set of names, keeps faults and latency to these
    actions. A value out of range is a `ValueError`.
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
    _script: deque[str | None] = field(init=False, repr=False, default_factory=deque[str | None])

    def __setattr__(self, name: str, value: object) -> None:
        if name in FAULTS:
            self._check_rate(name, value)
        elif name == "latency":
            _check_latency(value)
        elif name == "actions" and isinstance(value, str):
            raise ValueError(f"actions is a set of names, not one text: {{{value!r}}}")
        object.__setattr__(self, name, value)

    def script(self, *names: str | None) -> None:
        """Lay down what the next requests meet, one after the other: a fault's name, or None for none.

        A script goes before the rates and is used up; a second one is joined to what is left of the first.
        With `actions`, only requests of these actions use it up. An unknown name is a `ValueError`.
        """
        for name in names:
            if name is not None and name not in FAULTS:
                raise ValueError(f"no such fault: {name!r}; there are {', '.join(FAULTS)}")
        self._script.extend(names)

    def draw(self, action: str, random: Random) -> str | None:
        """The name of the fault that a request of this action meets, or None."""
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
        """How many seconds the answer to a request of this action is held back."""
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
            raise ValueError(f"{name} is a rate between 0 and 1, not {value!r}")
        total = value + sum(self._rate(other) for other in FAULTS if other != name)
        if total > 1 + _ROUNDING:
            raise ValueError(f"with {name} at {value!r} the rates come to {total:g}, more than 1")


def _check_latency(value: object) -> None:
    bounds = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value, value)
    seconds = [bound for bound in bounds if isinstance(bound, (int, float)) and 0 <= bound < inf]
    if not len(bounds) == len(seconds) == 2 or seconds != sorted(seconds):  # noqa: PLR2004, a pair
        raise ValueError(f"latency is a number of seconds, or a pair (low, high) of them, not {value!r}")
