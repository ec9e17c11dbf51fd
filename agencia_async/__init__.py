"""The asyncio client for the SMM panel API v2: bulk, typed, and safe with money."""

from agencia_async._pace import RateLimit
from agencia_async._retry import RetryPolicy
from agencia_async.client import AsyncClient
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    InvalidServiceError,
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
)
from agencia_async.orders import CustomCommentsOrder, DefaultOrder, Order, PackageOrder, RawOrder
from agencia_async.states import OrderState, RefillState

__all__ = [
    "AgenciaError",
    "AsyncClient",
    "AuthenticationError",
    "Balance",
    "BulkItem",
    "BulkResult",
    "Cancellation",
    "ConfigurationError",
    "CustomCommentsOrder",
    "DefaultOrder",
    "DuplicateOrderError",
    "Id",
    "InsufficientFundsError",
    "InvalidOrderError",
    "InvalidServiceError",
    "NotAllowedError",
    "NotAnsweredError",
    "NotFoundError",
    "Order",
    "OrderState",
    "OrderStatus",
    "OutcomeUnknownError",
    "PackageOrder",
    "PanelError",
    "RateLimit",
    "RateLimitedError",
    "RawOrder",
    "RefillId",
    "RefillState",
    "RefillStatus",
    "ReplyError",
    "RetryPolicy",
    "Service",
    "TransportError",
    "UnavailableError",
]
