"""One rate limit for many processes: its configuration; the parts that need Redis are loaded on use."""

from collections.abc import Callable

from attrs import Attribute, field, frozen

from agencia_async._checks import check_policy
from agencia_async._limits.rate_limit import Limit, Reservations, positive, slack
from agencia_async.errors import ConfigurationError

_MISSING = 'a limit in Redis needs redis: in a clone, pip install ".[redis]" brings it'
_WRONG = (
    "url must be a Redis URL such as redis://127.0.0.1:6379/0 (redis://, rediss:// or unix://); "
    "the given one is not shown, as it may contain a password"
)


class Address(str):
    """A URL whose `repr` is redacted: it may contain a password."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def _shown(address: str) -> tuple[str, str | None]:
    """The URL without secrets, and why it is not valid, if so."""
    try:
        from agencia_async._limits.redis_store import shown  # noqa: PLC0415 - loaded by those who use it

        return shown(address), None
    except ImportError:
        return "***", _MISSING
    except Exception:  # noqa: BLE001 - of whatever class, its text may contain the password
        return "***", _WRONG


def _represented(address: str) -> str:
    return repr(_shown(address)[0])


def _is_address(_limit: object, _attribute: "Attribute[str]", value: str) -> None:
    if (fault := _shown(value)[1]) is not None:
        raise ConfigurationError(fault)


def _is_choice(_limit: object, attribute: "Attribute[bool]", value: object) -> None:
    check_policy(attribute.name, value, bool)


@frozen(init=False)
class RedisRateLimit(Limit):
    """A rate limit that all clients of an account share, across processes and machines.

    `RedisRateLimit("redis://127.0.0.1:6379/0", 60, per=60)` is 60 requests per minute for all of them
    together, evenly spaced. It needs the extra `redis`, and Redis 5 or newer.

    Attributes:
        url: the URL of the Redis server: `redis://`, `rediss://` or `unix://`. `repr` hides the password.
        requests: the number of requests, > 0. A batch of ids counts as one request.
        per: in how many seconds, > 0.
        fallback: what happens while Redis does not answer. By default each client falls back to its share of
            the limit; with False its requests wait for Redis, however long, and the limit is never exceeded.

    Raises:
        ConfigurationError: an argument is invalid, or the extra is missing.
    """

    url: str = field(validator=_is_address, repr=_represented)
    requests: float = field(validator=positive)
    per: float = field(validator=positive)
    fallback: bool = field(default=True, validator=_is_choice, repr=False)

    def __init__(self, url: str, requests: float, per: float, *, fallback: bool = True) -> None:
        address = Address(url)
        del url  # a traceback may be captured with its local variables
        self.__attrs_init__(address, requests, per, fallback)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - made by attrs

    @property
    def pace(self) -> float:
        """Requests per second, of all clients together."""
        return self.requests / self.per

    def open(self, clock: Callable[[], float], account: str) -> Reservations:
        """The reservations of one client of an account."""
        from agencia_async._limits.redis_store import RedisStore  # noqa: PLC0415 - loaded by those who use it
        from agencia_async._limits.shared import PatientReservations, SharedReservations  # noqa: PLC0415 - goes with it

        interval = (self.per + slack(self.per)) / self.requests
        store = RedisStore(self.url, account, interval)
        where = _shown(self.url)[0]
        if not self.fallback:
            return PatientReservations(store, where)
        return SharedReservations(store, where, interval, clock)
