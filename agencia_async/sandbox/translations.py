# ruff: noqa: RUF001, Turkish has a letter of its own that is like an i
"""The panel's error messages in other languages, and as untranslated message keys."""

import re
from typing import Final

SPANISH: Final = 0
TURKISH: Final = 1
KEYS: Final = 2

# {} is replaced by the matched group of the English text.
_TABLE: Final[tuple[tuple[str, tuple[str, str, str]], ...]] = (
    (r"Invalid API key", ("API key inválida", "API key hatalı", "invalid_key")),
    (r"Incorrect request", ("Solicitud incorrecta", "Geçersiz istek", "api.error.incorrect_request")),
    (r"Too many requests", ("Demasiadas solicitudes", "Çok fazla istek", "api.error.too_many_requests")),
    (
        r"At most (\d+) ids are accepted at once",
        (
            "Se aceptan como máximo {} pedidos a la vez",
            "Tek seferde en fazla {} sipariş kabul edilir",
            "api.error.too_many_orders",
        ),
    ),
    (r"Incorrect order ID", ("Orden no encontrada", "Sipariş bulunamadı", "api.error.order_not_found")),
    (
        r"(.+) parameter is required",
        ("Falta el parámetro {}", "{} parametresi zorunludur", "api.error.{}_parameter_required"),
    ),
    (
        r"Refill not found",
        ("Recarga no encontrada", "Telafi bulunamadı", "api.error.refill_not_found"),
    ),
    (r"(.+) not found", ("No se encontró: {}", "Bulunamadı: {}", "api.error.{}_missing")),
    (
        r"Incorrect service ID",
        ("Servicio no encontrado", "Servis bulunamadı", "api.error.service_not_found"),
    ),
    (
        r"Not enough funds on balance",
        ("Saldo insuficiente", "Bakiyeniz yetersiz", "neworder.error.not_enough_funds"),
    ),
    (
        r"Refill is disabled for this service",
        (
            "La recarga está desactivada para este servicio",
            "Bu servis için telafi devre dışı",
            "refill.error.disabled",
        ),
    ),
    (
        r"Order is not completed",
        ("El pedido no está completado", "Sipariş henüz tamamlanmadı", "refill.error.order_not_completed"),
    ),
    (
        r"Refill already requested",
        ("La recarga ya fue solicitada", "Telafi zaten talep edildi", "refill.error.already_requested"),
    ),
    (
        r"Cancel is disabled for this service",
        (
            "La cancelación está desactivada para este servicio",
            "Bu servis için iptal devre dışı",
            "cancel.error.disabled",
        ),
    ),
    (
        r"Cancellation already requested",
        ("La cancelación ya fue solicitada", "İptal zaten talep edildi", "cancel.error.already_requested"),
    ),
    (
        r"Order cannot be canceled",
        ("No se puede cancelar el pedido", "Sipariş iptal edilemez", "cancel.error.cannot_be_canceled"),
    ),
    (
        r"Quantity less than minimal (\d+)",
        ("Cantidad menor que el mínimo {}", "Miktar en az {} olmalı", "neworder.error.min_quantity"),
    ),
    (
        r"Quantity more than maximum (\d+)",
        ("Cantidad mayor que el máximo {}", "Miktar en fazla {} olmalı", "neworder.error.max_quantity"),
    ),
    (
        r"Incorrect quantity: min is more than max",
        (
            "Cantidad incorrecta: el mínimo supera el máximo",
            "Geçersiz miktar: en az, en fazladan büyük",
            "neworder.error.min_max",
        ),
    ),
    (
        r"Incorrect runs or interval: both or neither",
        (
            "Runs o interval incorrecto: ambos o ninguno",
            "Geçersiz runs veya interval: ikisi ya da hiçbiri",
            "neworder.error.runs_interval",
        ),
    ),
    (
        r"Drip-feed is disabled for this service",
        (
            "Drip-feed está desactivado para este servicio",
            "Bu servis için drip-feed devre dışı",
            "neworder.error.dripfeed",
        ),
    ),
    (
        r"(.+) was used for another order",
        (
            "{} ya se usó para otro pedido",
            "{} başka bir sipariş için kullanıldı",
            "neworder.error.{}_reused",
        ),
    ),
    (r"Bad link", ("Enlace incorrecto", "Geçersiz bağlantı", "neworder.error.link")),
    (
        r"(.+) field is required",
        ("El campo {} es obligatorio", "{} alanı zorunludur", "neworder.error.{}_required"),
    ),
    (r"Incorrect (.+)", ("Campo incorrecto: {}", "Geçersiz alan: {}", "neworder.error.{}")),
)
_COMPILED: Final = tuple((re.compile(text), into) for text, into in _TABLE)


def translated(text: str, language: int) -> str:
    """An error message in `SPANISH`, `TURKISH` or as one of the `KEYS`; unchanged without a translation."""
    for pattern, into in _COMPILED:
        found = pattern.fullmatch(text)
        if found is not None:
            translation = into[language].format(*found.groups())
            return translation.lower().replace(" ", "_") if language == KEYS else translation
    return text
