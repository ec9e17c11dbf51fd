"""One limit for many processes: what a user says of it, and the door to what needs Redis."""

from collections.abc import Callable

from attrs import Attribute, field, frozen

from agencia_async._limits.rate_limit import Limit, Reservations, positive, slack
from agencia_async.errors import ConfigurationError

_MISSING = 'a limit in Redis needs redis: pip install "agencia-async[redis]"'
_WRONG = (
    "url is the address of a Redis, such as redis://127.0.0.1:6379/0, with redis://, rediss:// or unix://; "
    "the one that was given is not shown, for it may hold a password"
)


class Address(str):
    """An address that does not show itself: it may hold a password."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def _shown(address: str) -> tuple[str, str | None]:
    """An address without what may be a secret, and why it is none, if so."""
    try:
        from agencia_async._limits.redis_store import shown  # noqa: PLC0415 - loaded by those who use it

        return shown(address), None
    except ImportError:
        return "***", _MISSING
    except Exception:  # noqa: BLE001 - of whatever class, its text may hold the password
        return "***", _WRONG


def _represented(address: str) -> str:
    return repr(_shown(address)[0])


def _is_address(_limit: object, _attribute: "Attribute[str]", value: str) -> None:
    if (fault := _shown(value)[1]) is not None:
        raise ConfigurationError(fault)


@frozen(init=False)
class RedisRateLimit(Limit):
    """A known limit that all clients of an account share, in whatever process and on whatever machine.

    `RedisRateLimit("redis://127.0.0.1:6379/0", 60, per=60)` is 60 requests a minute for all of them
    together, evenly spaced. It needs the extra `redis`, and Redis 5 or newer. While Redis does not answer,
    each client keeps to its share.

    Attributes:
        url: the address of the Redis: `redis://`, `rediss://` or `unix://`. `repr` shows no password.
        requests: how many requests.
        per: in how many seconds.

    Raises:
        ConfigurationError: one of these is out of range, or the extra is missing.
    """

    url: str = field(validator=_is_address, repr=_represented)
    requests: float = field(validator=positive)
    per: float = field(validator=positive)

    def __init__(self, url: str, requests: float, per: float) -> None:
        address = Address(url)
        del url  # a traceback may be captured with its local variables
        self.__attrs_init__(address, requests, per)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - made by attrs

    def open(self, clock: Callable[[], float], account: str) -> Reservations:
        """The places of one client of an account."""
        from agencia_async._limits.redis_store import RedisStore  # noqa: PLC0415 - loaded by those who use it
        from agencia_async._limits.shared import SharedReservations  # noqa: PLC0415 - goes with it

        interval = (self.per + slack(self.per)) / self.requests
        board = RedisStore(self.url, account, interval)
        return SharedReservations(board, _shown(self.url)[0], interval, clock)
