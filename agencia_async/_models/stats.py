"""What a client has done so far, and what it is doing."""

from typing import Literal

from attrs import frozen

from agencia_async._plain.record import Record

Circuit = Literal["closed", "open", "half_open"]


@frozen(kw_only=True)
class Stats(Record):
    """What a client has done since it was made, and what it is doing at this moment.

    Attributes:
        requests: the requests sent, including retries and failed ones.
        ids: the ids that they asked for; those of a retry do not count again.
        retries: the requests that were retries.
        rate_limited: the requests that the panel rejected for its rate limit.
        unknown: the orders, refills and cancellations whose outcome is unknown.
        in_flight: the requests in flight.
        queued: the requests that wait for a slot, for a rate limit, or for a panel that is away.
        pace: the requests per second that the rate limit allows, the configured or the discovered one,
            whichever is lower; None if neither is known.
        circuit: of the circuit breaker: `"closed"`; `"open"` while the panel is away; `"half_open"` while a
            probe looks whether it is back.
        away_for: seconds since the panel stopped answering; None while the circuit is closed.
        retry_in: seconds until the next request may be sent, while the panel is away (its next probe; 0 while
            that is in flight) or asked to wait (the end of the cooldown after a 429); otherwise None.
    """

    requests: int
    ids: int
    retries: int
    rate_limited: int
    unknown: int
    in_flight: int
    queued: int
    pace: float | None
    circuit: Circuit
    away_for: float | None = None
    retry_in: float | None = None
