"""Which error texts say that a form field is missing."""

import pytest

from agencia_async._protocol.missing_field import says_missing

SAY_IT = [
    "order parameter is required",
    "The order field is required.",
    "The order field is required when orders is not present.",
    "order_id is required",
    "ORDER REQUIRED",
    "Order ID is required",
    "Order id not specified",
    "order id cannot be empty",
    "order should not be empty",
    "order can't be blank",
    "order: This field is required.",
    '"order" is required',
    "validation.required: order",
    "Parameter order missing",
    "Missing parameter: order",
    "Missing required parameter 'order'",
    "missing_order_id",
    "Invalid request: missing order parameter",
    "the field `order` must be specified",
    "You must specify the order parameter",
    "Please provide order id",
    "No order id",
    "No order specified",
    "El campo order es obligatorio",
    "Falta el parámetro order",
    "O campo order é obrigatório.",
    "Parâmetro order não informado",
    "order alanı zorunludur",
    "order parametresi eksik",
    "Trường order là bắt buộc",
    "Thiếu tham số order",
    "Bạn phải nhập order id",
    "Parameter order wajib diisi",
    "order harus diisi",
    "Поле order обязательно для заполнения",
    "Не указан параметр order",
    "Le champ order est obligatoire",
    "Das Feld order ist erforderlich",
    "Parametro order mancante",
]
SAY_SOMETHING_ELSE = [
    "",
    "Incorrect order ID",
    "Order id invalid",
    "Order not found",
    "Order missing",
    "No order",
    "Sipariş bulunamadı",
    "orders parameter is required",
    "The link field is required",
    "key is required",
    "minimum order quantity is required 100",
    "order is required to be completed",
    "This order is not required to be refilled",
    "Refill is not required for order 5",
    "Refill is not available for this order",
    "Order is not set to refill",
    "Order not completed",
    "Please provide a valid link for your order",
    "Please specify the service",
]


@pytest.mark.parametrize("text", SAY_IT)
def test_a_field_is_missing_in_any_language(text: str) -> None:
    assert says_missing(text, "order")
    assert not says_missing(text.casefold().replace("order", "reorder"), "order")


@pytest.mark.parametrize("text", SAY_SOMETHING_ELSE)
def test_other_words_say_something_else(text: str) -> None:
    assert not says_missing(text, "order")


def test_the_field_has_the_name_that_is_asked_for() -> None:
    assert says_missing("orders parameter is required", "orders")
    assert says_missing("The refill field is required", "refill")
    assert not says_missing("order parameter is required", "orders")


def test_only_the_beginning_is_read() -> None:
    assert not says_missing("x" * 10**6 + " order is required", "order")
