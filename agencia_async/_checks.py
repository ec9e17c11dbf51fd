"""What a caller may give: the checks that orders, policies and the client share."""

import math
from decimal import Decimal

from agencia_async.errors import ConfigurationError


def check_whole(name: str, value: object, *, most: int | None = None) -> None:
    """Refuse what is no whole number of at least 1 (and at most `most`)."""
    if type(value) is not int or value < 1 or (most is not None and value > most):
        bounds = "of at least 1" if most is None else f"from 1 to {most}"
        raise ConfigurationError(f"{name} is a whole number {bounds}, not {value!r}")


def check_number(name: str, value: object, unit: str = "number", *, zero: bool = False) -> None:
    """Refuse what is no finite number above 0 (or of at least 0)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value < 0 or (value == 0 and not zero):  # type: ignore[operator]
        raise ConfigurationError(f"{name} is a {unit} {'of at least' if zero else 'above'} 0, not {value!r}")


def check_seconds(name: str, value: object, *, zero: bool = False) -> None:
    """Refuse what is no number of seconds."""
    check_number(name, value, "number of seconds", zero=zero)


def check_header(name: str, value: object) -> None:
    """Refuse what cannot stand in a header."""
    if value is not None and not (isinstance(value, str) and value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name} is a line of ASCII text, not {value!r}")


def check_policy(name: str, value: object, kind: type, *, none: bool = False) -> None:
    """Refuse what is no value of its class (or None, where that may be)."""
    if not isinstance(value, kind) and not (none and value is None):
        raise ConfigurationError(f"{name} is a {kind.__name__}, not {value!r}")


def check_money(name: str, value: object) -> None:
    """Refuse what is no exact amount of at least 0."""
    if not (type(value) is int or (isinstance(value, Decimal) and value.is_finite())) or value < 0:
        raise ConfigurationError(f"{name} is a Decimal of at least 0, not {value!r}")
