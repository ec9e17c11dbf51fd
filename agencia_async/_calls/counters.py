"""The counters of a client."""

from attrs import define


@define
class Counters:
    """What a client has done so far; `Stats` explains the names."""

    requests: int = 0
    ids: int = 0
    retries: int = 0
    rate_limited: int = 0
    unknown: int = 0
