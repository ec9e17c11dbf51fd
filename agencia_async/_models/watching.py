"""What a watcher tells: the changes of orders and refills, and how it goes."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, get_args

from attrs import define, field, frozen

from agencia_async._models.bulk import BulkItem
from agencia_async._plain.record import REQUIRED, Hints, Record
from agencia_async.errors import AgenciaError

T = TypeVar("T")


@define(unsafe_hash=True)
class Change(BulkItem[T], Generic[T]):
    """A change of an order or refill that is watched: its status now, or the error that it ended with.

    Attributes:
        id: the id as the caller gave it.
        value: the status, or None if it ended with an error.
        error: the error that it ended with, or None.
        previous: the status that was told before, or None.
        number: counts the changes of this id, from 1; where one is left out, it was told with a later one.
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
    """How a watcher is doing.

    Attributes:
        watched: how many ids have not ended.
        untold: how many changes nobody has taken yet.
        states: how many ids were last seen in each state, by its text.
        unseen: how many the panel has told nothing of yet.
        requests: how many batches it has asked for.
        next_look: seconds until the next id is due, 0 if one is; None if none is.
        away: for how many seconds the panel has answered nothing; None if it answers.
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
