"""An asyncio client for the SMM panel API v2: typed, with bulk calls and idempotent orders.

Start with `help(agencia_async.AsyncClient)`. All names of `__all__` can be imported from here. Idempotent
orders are in `agencia_async.journal`, and a local mock panel for tests in `agencia_async.sandbox`. Modules
whose names begin with an underscore are private.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from agencia_async._calls.retry import RetryPolicy
from agencia_async._client.options import VERSION
from agencia_async._limits.rate_limit import RateLimit
from agencia_async._limits.redis_limit import RedisRateLimit
from agencia_async._transport.fast import fast_transport
from agencia_async.client import AsyncClient
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidInputError,
    InvalidOrderError,
    InvalidServiceError,
    JournalError,
    NotAllowedError,
    NotAnsweredError,
    NotFoundError,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
    UnavailableError,
)
from agencia_async.models import (
    Balance,
    BulkItem,
    BulkResult,
    Cancellation,
    Change,
    Id,
    OrderStatus,
    RefillId,
    RefillStatus,
    Service,
    Settlement,
    Stats,
    WatchStats,
)
from agencia_async.states import OrderState, RefillState

__version__ = VERSION

if TYPE_CHECKING:
    from agencia_async._watch.watcher import Watcher
    from agencia_async.catalogue import Catalogue, CatalogueChanges, ServiceChange
    from agencia_async.orders import (
        CommentLikesOrder,
        CommentRepliesOrder,
        CustomCommentsOrder,
        CustomCommentsPackageOrder,
        DefaultOrder,
        InvitesFromGroupsOrder,
        MentionsCustomListOrder,
        MentionsHashtagOrder,
        MentionsMediaLikersOrder,
        MentionsOrder,
        MentionsUserFollowersOrder,
        MentionsWithHashtagsOrder,
        Order,
        PackageOrder,
        PollOrder,
        RawOrder,
        SeoOrder,
        SubscriptionsOrder,
        WebTrafficOrder,
    )

__all__ = [
    "AgenciaError",
    "AsyncClient",
    "AuthenticationError",
    "Balance",
    "BulkItem",
    "BulkResult",
    "Cancellation",
    "Catalogue",
    "CatalogueChanges",
    "Change",
    "CommentLikesOrder",
    "CommentRepliesOrder",
    "ConfigurationError",
    "CustomCommentsOrder",
    "CustomCommentsPackageOrder",
    "DefaultOrder",
    "DuplicateOrderError",
    "Id",
    "InsufficientFundsError",
    "InvalidInputError",
    "InvalidOrderError",
    "InvalidServiceError",
    "InvitesFromGroupsOrder",
    "JournalError",
    "MentionsCustomListOrder",
    "MentionsHashtagOrder",
    "MentionsMediaLikersOrder",
    "MentionsOrder",
    "MentionsUserFollowersOrder",
    "MentionsWithHashtagsOrder",
    "NotAllowedError",
    "NotAnsweredError",
    "NotFoundError",
    "Order",
    "OrderState",
    "OrderStatus",
    "OutcomeUnknownError",
    "PackageOrder",
    "PanelError",
    "PollOrder",
    "RateLimit",
    "RateLimitedError",
    "RawOrder",
    "RedisRateLimit",
    "RefillId",
    "RefillState",
    "RefillStatus",
    "ReplyError",
    "RetryPolicy",
    "SeoOrder",
    "Service",
    "ServiceChange",
    "Settlement",
    "Stats",
    "SubscriptionsOrder",
    "TransportError",
    "UnavailableError",
    "WatchStats",
    "Watcher",
    "WebTrafficOrder",
    "fast_transport",
]

_LATE = {
    "Catalogue": "catalogue",
    "CatalogueChanges": "catalogue",
    "ServiceChange": "catalogue",
    "Watcher": "_watch.watcher",
}
"""The modules that are imported on first use; all other names are those of orders."""

if not TYPE_CHECKING:  # pragma: no branch - a type checker would accept any name

    def __getattr__(name: str) -> object:
        """An order class, the catalogue or the watcher, imported on first use: most programs need none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _LATE.get(name, "orders")
        return getattr(import_module(f"{__name__}.{module}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
