"""The changes of orders and refills that a watcher yields, and its counters."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, get_args

from attrs import define, field, frozen

from agencia_async._models.bulk import BulkItem
from agencia_async._plain.record import REQUIRED, Hints, Record
from agencia_async.errors import AgenciaError

T = TypeVar("T")


@define(unsafe_hash=True)
class Change(BulkItem[T], Generic[T]):
    """A change of a watched order or refill: its new status, or the error that it ended with.

    Attributes:
        id: the id as the caller gave it.
        value: the status, or None if it ended with an error.
        error: the error that it ended with, or None.
        previous: the status in the change before, or None.
        number: numbers the changes of this id, from 1. A gap means that changes were merged into this one.
    """

    previous: T | None = None
    number: int = 0
    _derived: ClassVar[Mapping[str, Any]] = {"ok": bool, "is_final": bool}

    @property
    def is_final(self) -> bool:
        """Whether it is the last change of this id."""
        return self.error is not None or bool(getattr(self.value, "is_final", False))

    @classmethod
    def _plain_hints(cls, source: object = None) -> Hints:
        (kind,) = get_args(source) or (Any,)
        return {
            **BulkItem._plain_hints(source),  # noqa: SLF001 - its own base
            "previous": (kind if kind is Any else kind | None, not REQUIRED),
            "number": (int, not REQUIRED),
            "is_final": (bool, not REQUIRED),
        }


@frozen(kw_only=True)
class WatchStats(Record):
    """The counters and the current state of a watcher.

    Attributes:
        watched: how many ids have not ended.
        untold: how many changes have not been read yet.
        states: how many ids were last seen in each state, by the state's text.
        unseen: how many ids have had no status yet.
        requests: how many batches were requested.
        next_look: seconds until the next id is polled, 0 if one is due now; None if there is none.
        away: seconds for which the panel has not answered; None if it answers.
        error: why it does not answer, or None.
    """

    watched: int
    untold: int
    states: Mapping[str, int] = field(hash=False)
    requests: int
    unseen: int = 0
    next_look: float | None = None
    away: float | None = None
    error: AgenciaError | None = None
