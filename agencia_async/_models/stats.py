"""The counters and the current state of a client."""

from typing import Literal

from attrs import frozen

from agencia_async._plain.record import Record

Circuit = Literal["closed", "open", "half_open"]


@frozen(kw_only=True)
class Stats(Record):
    """The counters of a client since it was created, and its current state.

    Attributes:
        requests: the requests sent, including retries and failed ones.
        ids: the ids that these requests asked for; a retry does not count its ids again.
        retries: the requests that were retries.
        rate_limited: the requests that were rate limited.
        unknown: the orders, refills and cancellations whose outcome is unknown.
        in_flight: the requests in flight.
        queued: the requests that wait for a slot, for a rate limit, or for the end of an outage.
        pace: requests per second that the rate limit allows (the configured or the discovered one, whichever
            is lower); None if neither is known.
        circuit: the state of the circuit breaker: `"closed"`; `"open"` during an outage of the panel;
            `"half_open"` while a probe is in flight.
        away_for: seconds since the panel stopped answering; None while the circuit is closed.
        retry_in: seconds until the next request may be sent: during an outage, until the next probe (0 while
            one is in flight); after a 429, until the end of the cooldown; otherwise None.
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
