"""Values as `json.dumps` takes them: money as exact text, states as text, times in ISO 8601."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, SupportsIndex, cast

_FORMS: tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], object]], ...] = (
    ((bool, type(None)), lambda value: value),
    (str, str.__str__),  # of a StrEnum as well
    (float, lambda value: float(value) if math.isfinite(value) else str(value)),
    (Decimal, lambda value: format(value, "f")),
    (date, lambda value: value.isoformat()),  # and of a datetime, which is one
    (Mapping, lambda value: {str(name): plain(held) for name, held in value.items()}),
    ((list, tuple, set, frozenset), lambda value: [plain(held) for held in value]),
)


def plain(value: object) -> object:
    """A value as JSON has it; what has a `to_dict` is asked for it, anything unknown is its text."""
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    to_dict = cast("Callable[[], object] | None", getattr(value, "to_dict", None))
    if to_dict is not None:
        return to_dict()
    return int(value) if isinstance(value, SupportsIndex) else str(value)
