"""The idempotency field of a panel: recognises a retried `add` by its value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agencia_async.sandbox.dialect import Form
from agencia_async.sandbox.ids import Id
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import RULES

_TAKEN: Final = frozenset({"", "key", "action", "service"}).union(
    *((*rule.required, *rule.optional) for rule in RULES.values())
)


@dataclass(slots=True)
class Repeats:
    """The orders by the value of their idempotency field `name`; None if the panel has none.

    The name of another field is a `ValueError`.
    """

    name: str | None = None
    _placed: dict[str, tuple[Form, Id]] = field(default_factory=dict[str, tuple[Form, Id]])

    def __post_init__(self) -> None:
        if self.name in _TAKEN:
            raise ValueError(f"idempotency_field must not be a field of the API, got {self.name!r}")

    def once(self, form: Form, buy: Callable[[], Id]) -> Id:
        """The order that this form has placed before, or else the one that `buy` places.

        If `buy` raises, the value is not used up. A value that was used with other fields is a
        `RefusedError`.
        """
        value = form.get(self.name, "").strip() if self.name else ""
        if not value:
            return buy()
        if value not in self._placed:
            self._placed[value] = form, buy()
        first, order = self._placed[value]
        if _stripped(first) != _stripped(form):
            raise RefusedError(f"{self.name} was used for another order")
        return order


def _stripped(form: Form) -> Form:
    return {name: value.strip() for name, value in form.items()}
