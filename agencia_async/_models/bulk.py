"""The results of bulk calls: one item for each id."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import starmap
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, get_args, overload

from attrs import define

from agencia_async._models.ids import Id, id_lookup
from agencia_async._plain.record import REQUIRED, Hints, Record
from agencia_async.errors import AgenciaError

T = TypeVar("T")
D = TypeVar("D")


@define(unsafe_hash=True)  # one is made for every id, and a frozen one takes three times as long to make
class BulkItem(Record, Generic[T]):
    """The outcome of one id of a bulk call: a value or an error, never both.

    Attributes:
        id: the id as the caller gave it.
        value: the value, or None if it failed.
        error: the error, or None if it succeeded.
    """

    id: Id
    value: T | None = None
    error: AgenciaError | None = None
    _derived: ClassVar[Mapping[str, Any]] = {"ok": bool}

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.error is None

    def unwrap(self) -> T:
        """The value.

        Raises:
            AgenciaError: this id's error, if it failed.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # pyright: ignore[reportReturnType] - it succeeded

    @classmethod
    def _plain_hints(cls, source: object = None) -> Hints:
        (kind,) = get_args(source) or (Any,)
        return {
            "id": (Id, REQUIRED),
            "ok": (bool, not REQUIRED),
            "value": (kind if kind is Any else kind | None, not REQUIRED),
            "error": (AgenciaError | None, not REQUIRED),
        }


def bulk_item(id: Id, answer: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    """The item of an id and its outcome."""
    return BulkItem(id, error=answer) if isinstance(answer, AgenciaError) else BulkItem(id, answer)


class BulkResult(Generic[T]):
    """The outcomes of all ids of a bulk call, in the order of the input.

    Iterates as `BulkItem`s, one for each given id (two for an id that was given twice).
    """

    __slots__ = ("_answers", "_by_id", "_failed", "_ids", "_ok")

    def __init__(self, items: Iterable[BulkItem[T]]) -> None:
        given = list(items)
        self._ids: list[Id] = [item.id for item in given]
        self._answers: list[T | AgenciaError] = [
            cast("T", item.value) if item.error is None else item.error for item in given
        ]
        self._by_id: dict[str, T | AgenciaError] | None = None
        self._ok: dict[Id, T] | None = None
        self._failed: dict[Id, AgenciaError] | None = None

    @classmethod
    def of(cls, ids: list[Id], answers: list[T | AgenciaError]) -> Self:
        """The result of ids and their outcomes, in the same order; items are created lazily."""
        result = cls(())
        result._ids, result._answers = ids, answers
        return result

    def _pairs(self) -> Iterator[tuple[Id, T | AgenciaError]]:
        return zip(self._ids, self._answers, strict=True)

    def __iter__(self) -> Iterator[BulkItem[T]]:
        return starmap(bulk_item, self._pairs())

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, id: Id) -> T:  # noqa: A002 - the protocol's own word
        """The value of an id, which may be given as an int or as a str.

        Raises:
            AgenciaError: that id's error, if it failed.
            KeyError: the id was not in the input.
        """
        found = self._answer(id)
        if found is None:
            raise KeyError(id)
        return bulk_item(id, found[0]).unwrap()

    def __contains__(self, id: object) -> bool:  # noqa: A002
        """Whether the id was in the input, as an int or as a str, whether it succeeded or failed."""
        return self._answer(id) is not None

    @overload
    def get(self, id: Id) -> T | None: ...
    @overload
    def get(self, id: Id, default: D) -> T | D: ...
    def get(self, id: Id, default: object = None) -> object:  # noqa: A002
        """The value of an id (an int or a str); `default` if it failed or was not in the input."""
        found = self._answer(id)
        return default if found is None or isinstance(found[0], AgenciaError) else found[0]

    def _answer(self, id: object) -> tuple[T | AgenciaError] | None:  # noqa: A002
        """The outcome of an id, in a tuple of its own as it may be None; None without one."""
        if self._by_id is None:
            self._by_id = {str(id_lookup(given)): answer for given, answer in self._pairs()}
        key = id_lookup(id)
        return (self._by_id[key],) if key is not None and key in self._by_id else None

    def __repr__(self) -> str:
        failed = sum(isinstance(answer, AgenciaError) for answer in self._answers)
        return f"<BulkResult: {len(self) - failed} ok, {failed} failed>"

    @property
    def ok(self) -> dict[Id, T]:
        """The values of all ids that succeeded, by id as the caller gave it."""
        if self._ok is None:
            self._ok = {
                id: answer
                for id, answer in self._pairs()  # noqa: A001
                if not isinstance(answer, AgenciaError)
            }
        return self._ok

    @property
    def failed(self) -> dict[Id, AgenciaError]:
        """The errors of all ids that failed, by id as the caller gave it."""
        if self._failed is None:
            self._failed = {id: answer for id, answer in self._pairs() if isinstance(answer, AgenciaError)}  # noqa: A001
        return self._failed

    def to_dicts(self) -> list[dict[str, Any]]:
        """All items as plain data, as `BulkItem.to_dict` returns it: for JSON, pandas, polars."""
        return [item.to_dict() for item in self]

    def raise_for_failures(self) -> None:
        """Raise if any id failed.

        Raises:
            ExceptionGroup: the errors of all ids that failed.
        """
        errors = list(self.failed.values())
        if errors:
            raise ExceptionGroup(f"{len(errors)} of {len(self)} ids failed", errors)
