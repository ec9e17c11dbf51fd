"""The caller's own words for states, which come before the known ones."""

from collections.abc import Mapping
from typing import TypeVar, cast

from attrs import evolve

from agencia_async.models import OrderStatus, RefillStatus
from agencia_async.states import OrderState, OwnWord, normalized, spelt

T = TypeVar("T")


class OwnStates:
    """What the caller's own words mean, ignoring case, blanks, `_` and `-`."""

    def __init__(self, own: Mapping[str, OrderState] | None = None) -> None:
        self._own = {normalized(word): state for word, state in (own or {}).items()}

    def word(self, text: str) -> str:
        """A status: with the state that it means, if it is one of these words."""
        state = spelt(text, self._own) if self._own else None
        return text if state is None else OwnWord(text, state)

    def told(self, value: T) -> T:
        """The outcomes of a request, with the states that these words mean."""
        if self._own:
            self._tell(value)
        return value

    def _tell(self, value: object) -> None:
        outcomes = cast("dict[str, object]", value if isinstance(value, dict) else {})
        for wire_id, record in outcomes.items():
            if isinstance(record, OrderStatus | RefillStatus):
                word = self.word(record.status)
                outcomes[wire_id] = record if word is record.status else evolve(record, status=word)
