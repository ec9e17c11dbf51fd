import pytest

from agencia_async import (
    AuthenticationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    InvalidServiceError,
    NotAllowedError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
)
from agencia_async._refusals import recognise

TEXTS = {
    AuthenticationError: [
        "Invalid API key",
        "API key is required",
        "API is disabled for this user or user not found",
        "Account suspended",
        "invalid_key",
    ],
    InsufficientFundsError: [
        "Not enough funds on balance",
        "Insufficient balance",
        "neworder.error.not_enough_funds",
    ],
    NotFoundError: ["Incorrect order ID", "Order not found", "Incorrect refill ID", "Refill not found"],
    InvalidServiceError: [
        "Incorrect service ID",
        "Service not found",
        "Service is disabled",
        "service inactive",
    ],
    InvalidOrderError: [
        "Quantity less than minimal 50",
        "Quantity more than maximum 10000",
        "Incorrect quantity",
        "Bad link",
        "neworder.error.link",
        "The comments field is required",
        "Runs or interval is missing",
    ],
    DuplicateOrderError: [
        "You have active order with this link. Please wait until order being completed.",
        "neworder.error.link_duplicate",
        "An identical order was just placed",
    ],
    NotAllowedError: [
        "Refill is disabled for this service",
        "Cancel is not available",
        "Order is not completed",
        "Refill already requested",
        "Order completed less than 24 hours ago",
        "Order cannot be canceled",
    ],
    RateLimitedError: ["Too many requests", "Rate limit exceeded"],
    UnavailableError: [
        "Under maintenance",
        "Ordering is disabled",
        "API is disabled",
        "Action not supported",
        "Incorrect request",
    ],
    PanelError: ["No luck today", ""],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TEXTS.items() for text in texts])
def test_a_refusal_is_recognised_by_its_words(kind: type[PanelError], text: str) -> None:
    assert recognise(text) is kind
    assert recognise(text.upper()) is kind
