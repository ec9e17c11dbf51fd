"""The argument checks that orders, policies and the client share. Each raises `ConfigurationError`."""

import math
from decimal import Decimal

from agencia_async.errors import ConfigurationError, InvalidInputError


def check_whole(name: str, value: object, *, most: int | None = None) -> None:
    """Check for an integer >= 1 (and <= `most`)."""
    fault = whole_fault(name, value, most)
    if fault is not None:
        raise ConfigurationError(fault)


def whole_fault(name: str, value: object, most: int | None = None) -> str | None:
    """Why it is no integer >= 1 (and <= `most`), or None."""
    if type(value) is int and value >= 1 and (most is None or value <= most):
        return None
    bounds = ">= 1" if most is None else f"from 1 to {most}"
    return f"{name} must be an integer {bounds}, got {value!r}"


def check_number(name: str, value: object, unit: str = "number", *, zero: bool = False) -> None:
    """Check for a finite number > 0 (or >= 0)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value < 0 or (value == 0 and not zero):  # type: ignore[operator]
        raise ConfigurationError(f"{name} must be a {unit} {'>=' if zero else '>'} 0, got {value!r}")


def check_seconds(name: str, value: object, *, zero: bool = False) -> None:
    """Check for a number of seconds > 0 (or >= 0)."""
    check_number(name, value, "number of seconds", zero=zero)


def check_header(name: str, value: object) -> None:
    """Check for a valid header value, or None."""
    if value is not None and not (isinstance(value, str) and value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name} must be a line of printable ASCII, got {value!r}")


def check_policy(name: str, value: object, kind: type, *, none: bool = False) -> None:
    """Check for an instance of a class (or None, if allowed)."""
    if not isinstance(value, kind) and not (none and value is None):
        raise ConfigurationError(f"{name} must be a {kind.__name__}{' or None' * none}, got {value!r}")


def check_money(name: str, value: object, *, none: bool = False) -> None:
    """Check for an exact amount >= 0: a Decimal or an int (or None, if allowed)."""
    if none and value is None:
        return
    if not (type(value) is int or (isinstance(value, Decimal) and value.is_finite())) or value < 0:
        raise InvalidInputError(f"{name} must be a Decimal >= 0, got {value!r}", field=name)
