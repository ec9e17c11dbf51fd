import pytest

from agencia_async import (
    AuthenticationError,
    ConfigurationError,
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
from agencia_async._protocol.refusals import Refusals

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
        "Incorrect min",
        "Incorrect old posts",
        "Incorrect type of traffic",
        "Incorrect media",
        "Drip-feed is disabled",
        "request_id was used for another order",
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
    assert Refusals().recognise(text) is kind
    assert Refusals().recognise(text.upper()) is kind


def test_own_patterns_come_first_and_in_any_case() -> None:
    refusals = Refusals(
        {"conta (bloqueada|inativa)": AuthenticationError, r"^incorrect order id$": UnavailableError}
    )
    assert refusals.recognise("CONTA BLOQUEADA") is AuthenticationError
    assert refusals.recognise("Incorrect order ID") is UnavailableError
    assert refusals.recognise("Order not found") is NotFoundError


@pytest.mark.parametrize(
    "pattern",
    [
        "conta_da_loja",
        "CONTA_DA_LOJA",
        "conta da loja",
        "(?-i:conta da loja)",
        "hatali musteri",
        "hatalı müşteri",
    ],
)
def test_own_patterns_see_the_text_as_it_is_and_as_it_is_normalized(pattern: str) -> None:
    refusals = Refusals({pattern: UnavailableError})
    assert UnavailableError in map(refusals.recognise, ("conta_da_loja", "Hatalı Müşteri"))


def test_own_patterns_say_what_is_no_failure() -> None:
    text = "An error occurred while placing your order"
    assert Refusals().is_failure(text)
    assert not Refusals({"an error occurred": PanelError}).is_failure(text)
    assert Refusals({"an error occurred": PanelError}).for_action("add").recognise(text) is PanelError


@pytest.mark.parametrize(
    ("action", "text", "kind"),
    [
        ("add", "Order not found", InvalidOrderError),
        ("status", "Order not found", NotFoundError),
        (None, "Order not found", NotFoundError),
        ("add", "Not found", PanelError),
        ("refill", "Not found", NotFoundError),
        ("balance", "Not found", PanelError),
        ("add", "User not found", InvalidOrderError),
        ("services", "User not found", AuthenticationError),
        ("refill", "Already requested", NotAllowedError),
        ("add", "Already requested", DuplicateOrderError),
        ("cancel", "The same order is in progress", NotAllowedError),
        ("services", "This service can be listed once an hour", RateLimitedError),
    ],
)
def test_words_mean_what_they_can_in_reply_to_an_action(
    action: str | None, text: str, kind: type[PanelError]
) -> None:
    assert Refusals().recognise(text, action=action) is kind
    assert Refusals().for_action(action).recognise(text) is kind
    assert type(Refusals().for_action(action).error(text)) is kind


@pytest.mark.parametrize("status", [404, 405, 410])
def test_an_address_that_is_not_there_is_no_order_that_is_not_there(status: int) -> None:
    assert Refusals().recognise("Not found", status, "status") is PanelError
    assert Refusals().recognise("Order not found", status, "status") is NotFoundError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (402, InsufficientFundsError),
        (422, InvalidOrderError),
        (429, RateLimitedError),
        (400, PanelError),
        (None, PanelError),
    ],
)
def test_the_status_speaks_where_the_words_do_not(status: int | None, kind: type[PanelError]) -> None:
    assert Refusals().recognise("No luck today", status) is kind
    always = status in {401, 429}
    assert Refusals().recognise("Order not found", status) is (kind if always else NotFoundError)


@pytest.mark.parametrize("own", [{"(": PanelError}, {"x": ValueError}])
def test_patterns_that_will_not_do_are_named(own: dict[str, type[PanelError]]) -> None:
    with pytest.raises(ConfigurationError, match="refusals"):
        Refusals(own)


@pytest.mark.parametrize("text", ["cancel " * 10_000, "user " * 10_000, "order " * 10_000, "x" * 1_000_000])
def test_a_long_text_is_recognised_by_its_beginning(text: str) -> None:
    assert issubclass(Refusals().recognise(text), PanelError)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Instagram user not found", InvalidOrderError),
        ("Accurate limits", PanelError),
        ("This user is blocked", PanelError),
        ("Account is private", InvalidOrderError),
    ],
)
def test_words_about_something_else_are_not_the_accounts(text: str, kind: type[PanelError]) -> None:
    assert Refusals().recognise(text) is kind


OTHERS = {
    NotAllowedError: [
        "La recarga ya fue solicitada",
        "El pedido no está completado",
        "Sipariş henüz tamamlanmadı",
        "refill.error.disabled",
        "refill.error.already_requested",
        "refill.error.order_not_completed",
    ],
    UnavailableError: ["Solicitud incorrecta", "Geçersiz istek", "api.error.incorrect_request"],
    InvalidOrderError: [
        "Geçersiz bağlantı",
        "Se aceptan como máximo 7 pedidos",
        "Tek seferde en fazla 7 sipariş",
        "api.error.too_many_orders",
    ],
    InvalidServiceError: ["api.error.service_not_found"],
    RateLimitedError: ["api.error.too_many_requests"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in OTHERS.items() for text in texts])
def test_other_languages_and_keys_say_the_same(kind: type[PanelError], text: str) -> None:
    assert Refusals().recognise(text) is kind


SAME = {
    AuthenticationError: [
        "API is disable for this user or user not found",
        "Incorrect key",
        "Chave inválida",
        "Geçersiz anahtar",
        "Access denied",
        "Your account has been suspended",
        "api_key is required",
    ],
    RateLimitedError: [
        "You are sending requests too fast",
        "API rate exceeded",
        "Requests limit exceeded",
        "Limit exceeded: 60 requests per minute",
        "Max 100 requests per minute",
        "Too many request",
        "Slow down",
        "Límite de solicitudes excedido",
        "İstek limiti aşıldı",
        "Vượt quá giới hạn yêu cầu",
        "Your API key has exceeded the number of requests",
    ],
    InsufficientFundsError: [
        "You don't have enough balance",
        "You do not have enough funds",
        "Balance too low",
        "Você não tem saldo suficiente",
    ],
    DuplicateOrderError: [
        "There is already an active order for this link",
        "Order with this link already in progress",
    ],
    NotAllowedError: [
        "Service does not support refill",
        "Order is not eligible for refill",
        "Refill period expired",
    ],
    InvalidServiceError: ["Service ID is required", "neworder.error.service"],
    InvalidOrderError: ["Max 50 IDs per request", "Too many order IDs", "Batch too large", "Maximum 10000"],
    UnavailableError: ["Service temporarily unavailable"],
}
NOT_THE_ACCOUNT = [
    "Invalid keyword",
    "Missing keywords",
    "Service disabled for this user",
    "Comments are disabled for this user",
    "Instagram account is banned",
    "Target account suspended or private",
    "Twitter account has been suspended, change the link",
    "La cuenta de Instagram está suspendida",
    "Unauthorized link",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SAME.items() for text in texts])
def test_there_are_many_ways_to_say_it(kind: type[PanelError], text: str) -> None:
    assert Refusals().recognise(text) is kind


@pytest.mark.parametrize("text", NOT_THE_ACCOUNT)
def test_a_bulk_call_is_not_stopped_for_words_about_something_else(text: str) -> None:
    assert Refusals().recognise(text) is not AuthenticationError


PROVIDERS = ["Provider: Invalid API key", "Supplier account suspended", "Поставщик: неверный ключ"]


@pytest.mark.parametrize("text", PROVIDERS)
@pytest.mark.parametrize("status", [None, 200, 403, 500, 503])
def test_what_the_panels_own_provider_says_is_not_of_our_account(text: str, status: int | None) -> None:
    assert Refusals().recognise(text, status) is PanelError
