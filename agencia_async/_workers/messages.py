"""What travels between the program that asks and a worker, as plain data; pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from agencia_async._models.bulk import bulk_item
from agencia_async._models.row_errors import is_of_row, mark_as_row
from agencia_async._protocol.plain_records import FAULTS, status_of
from agencia_async.errors import AgenciaError, ConfigurationError, NotAnsweredError, ReplyError, of_id, twin
from agencia_async.models import BulkItem, BulkResult, Id, OrderStatus, RefillStatus

T = TypeVar("T", OrderStatus, RefillStatus)

FORMAT = 1
"""Another number when a request or an answer comes to mean something else."""
_OF_ROW = "of_row"


def request(profile: str, wire_ids: Sequence[str]) -> dict[str, Any]:
    """What a worker is asked for: the statuses of these ids."""
    return {"format": FORMAT, "profile": profile, "ids": list(wire_ids)}


def read_request(asked: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The profile and the ids of a request.

    Raises:
        ConfigurationError: a program of another version asks.
    """
    if asked.get("format") != FORMAT:
        raise ConfigurationError(
            f"the worker reads format {FORMAT} and was asked in format {asked.get('format')}: "
            "install the same version of agencia-async in both"
        )
    return asked["profile"], asked["ids"]


def answer(result: BulkResult[Any]) -> dict[str, Any]:
    """The answer of a worker: an item for each id, which says whether its error is that of its row."""
    return {"format": FORMAT, "items": [_row(item) for item in result]}


def _row(item: BulkItem[Any]) -> dict[str, Any]:
    return item.to_dict() | ({_OF_ROW: True} if item.error is not None and is_of_row(item.error) else {})


def refusal(error: AgenciaError) -> dict[str, Any]:
    """The answer of a worker that cannot ask: why."""
    return {"format": FORMAT, "error": error.to_dict()}


def read_answer(
    told: object, given: Sequence[Id], wire_ids: Sequence[str], record: type[T]
) -> list[BulkItem[T]]:
    """The items of the ids, as they were given; without an answer each has the error."""
    try:
        rows = _rows(told)
        outcomes = [_outcome(rows, wire_id, record) for wire_id in wire_ids]
    except AgenciaError as error:
        outcomes = [twin(error) for _ in wire_ids]
    except FAULTS as error:
        words = f"the worker's answer cannot be read: {type(error).__name__}: {error}"
        outcomes = [ReplyError(words) for _ in wire_ids]
    return [_item(id, outcome) for id, outcome in zip(given, outcomes, strict=True)]  # noqa: A001


def _rows(told: Any) -> dict[str, Mapping[str, Any]]:  # noqa: ANN401 - whatever a worker answers
    """The rows of an answer, by id.

    Raises:
        AgenciaError: the worker's own error, or its version is another.
    """
    if "error" in told:
        raise AgenciaError.from_dict(told["error"])
    if told["format"] != FORMAT:
        raise ConfigurationError(
            f"the worker answered in format {told['format']}, and format {FORMAT} is read here: "
            "install the same version of agencia-async in both"
        )
    return {str(row["id"]): row for row in told["items"]}


def _outcome(rows: Mapping[str, Mapping[str, Any]], wire_id: str, record: type[T]) -> T | AgenciaError:
    row = rows.get(wire_id)
    if row is None:
        return NotAnsweredError("the worker's answer leaves this id out")
    if row["error"] is not None:
        error = AgenciaError.from_dict(row["error"] | {"id": None})
        if row.get(_OF_ROW):
            mark_as_row(error)
        return error
    return status_of(record, row["value"])


def _item(id: Id, outcome: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    return bulk_item(id, of_id(outcome, id) if isinstance(outcome, AgenciaError) else outcome)
