"""What a panel with an idempotency field remembers: the order that each value of the field stands for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agencia_async.sandbox.dialect import Form
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import RULES

_TAKEN: Final = frozenset({"", "key", "action", "service"}).union(
    *((*rule.required, *rule.optional) for rule in RULES.values())
)


@dataclass(slots=True)
class Repeats:
    """The orders by the value of the field `name` that they came with; without a name, none.

    A name that means something else already is a `ValueError`.
    """

    name: str | None = None
    _placed: dict[str, tuple[Form, int]] = field(default_factory=dict[str, tuple[Form, int]])

    def __post_init__(self) -> None:
        if self.name in _TAKEN:
            raise ValueError(f"idempotency_field is one that the protocol lacks, not {self.name!r}")

    def once(self, form: Form, buy: Callable[[], int]) -> int:
        """The order that this form has made before, or the one that `buy` makes now.

        What `buy` raises leaves the value free. A value that stands for another form is a `RefusedError`.
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
