"""The asyncio client for the SMM panel API v2: bulk, typed, and safe with money."""

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
    Id,
    OrderStatus,
    RefillId,
    RefillStatus,
    Service,
    Settlement,
    Stats,
)
from agencia_async.states import OrderState, RefillState

__version__ = VERSION

if TYPE_CHECKING:
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
    "WebTrafficOrder",
    "fast_transport",
]

if not TYPE_CHECKING:  # pragma: no branch - a type checker would accept any name

    def __getattr__(name: str) -> object:
        """An order class, or the catalogue, imported on first use: that takes as long as all the rest."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = "catalogue" if name in {"Catalogue", "CatalogueChanges", "ServiceChange"} else "orders"
        return getattr(import_module(f"{__name__}.{module}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
