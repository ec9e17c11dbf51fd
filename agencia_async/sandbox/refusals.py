"""Refusals on demand: which of the next requests are refused, and in which words."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

ACTIONS: Final = ("services", "balance", "add", "status", "refill", "refill_status", "cancel")

_OK = 200
_FIRST_ERROR, _LAST_ERROR = 400, 599


@dataclass(frozen=True, slots=True)
class PreparedRefusal:
    """The text and the HTTP status of one refusal."""

    text: str
    status: int = _OK


def _queues() -> Mapping[str, deque[PreparedRefusal]]:
    return {action: deque() for action in ACTIONS}


@dataclass(slots=True)
class RefusalQueue:
    """The refusals that wait for requests of their action, the first one first."""

    _waiting: Mapping[str, deque[PreparedRefusal]] = field(default_factory=_queues)

    def add(self, action: str, text: str, times: int, status: int) -> None:
        """Refuse the next `times` requests of `action` that no other refusal waits for."""
        _check(action, text, times, status)
        self._waiting[action].extend([PreparedRefusal(text, status)] * times)

    def take(self, action: str) -> PreparedRefusal | None:
        """The refusal of a request of this action, which is used up; None if none waits."""
        waiting = self._waiting.get(action)
        return waiting.popleft() if waiting else None


def _check(action: object, text: object, times: object, status: object) -> None:
    if action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}, got {action!r}")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text must be what the panel says, a str that is not blank, got {text!r}")
    if not _is_whole(times) or times < 1:
        raise ValueError(f"times must be a number of requests >= 1, got {times!r}")
    if not _is_whole(status) or not (status == _OK or _FIRST_ERROR <= status <= _LAST_ERROR):
        raise ValueError(f"status must be 200 or an HTTP status from 400 to 599, got {status!r}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
