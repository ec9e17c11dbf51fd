"""The structure of a dialect: functions that turn documented replies into non-standard ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from agencia_async.sandbox.reply import Headers, PanelReply, encoded

Form = Mapping[str, str]
Row = tuple[object, object]  # an id, and its result

# action: the form field with the ids, the field of an id, and the field of its result in each row
_BATCHES: Final[Mapping[str, tuple[str, str, str]]] = {
    "status": ("orders", "order", ""),
    "refill": ("orders", "order", "refill"),
    "refill_status": ("refills", "refill", "status"),
    "cancel": ("orders", "order", "cancel"),
}


def every_id(_: str, ids: list[str]) -> list[str]:
    """Process all ids of a batch."""
    return ids


def as_documented(_: Form, payload: object) -> object:
    """The documented payload."""
    return payload


def plainly(text: str, status: int) -> tuple[int, object]:
    """The documented error response."""
    return status, {"error": text}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect of a panel: the same behaviour, other replies.

    Attributes:
        name: its name for `Panel(dialect=...)`.
        describes: the difference to the documented replies, in a sentence or two.
        selects: from the kind of a batch ("order" or "refill") and its ids to the ids that are processed; a
            `RefusedError` rejects the batch. The only function that affects what is executed.
        has_batches: whether there are batches; if not, `selects` rejects them, and `cancel` takes one order.
        is_extended: whether services have a `dripfeed`, and a `cancel` the number of the request.
        transforms: from the form and the documented payload, which must not be modified, to the dialect's.
        formats_error: from the text and the status of an error response to the status and the payload.
        encodes: from the payload to the body.
        content_type: of all these replies.
    """

    name: str
    describes: str
    selects: Callable[[str, list[str]], list[str]] = every_id
    has_batches: bool = True
    is_extended: bool = False
    transforms: Callable[[Form, object], object] = as_documented
    formats_error: Callable[[str, int], tuple[int, object]] = plainly
    encodes: Callable[[object], bytes] = encoded
    content_type: bytes = b"application/json"

    def reply(self, form: Form, payload: object) -> PanelReply:
        """The reply for a documented payload."""
        return PanelReply(
            200, ((b"content-type", self.content_type),), self.encodes(self.transforms(form, payload))
        )

    def error(self, text: str, status: int = 200, headers: Headers = ()) -> PanelReply:
        """The error response to a request; without `headers` if the dialect changes `status`."""
        sent, payload = self.formats_error(text, status)
        extra = headers if sent == status else ()
        return PanelReply(sent, ((b"content-type", self.content_type), *extra), self.encodes(payload))


DOCUMENTED: Final = Dialect("document", "As documented.")


@dataclass(frozen=True, slots=True)
class Batch:
    """The reply to a batch: the field of the id (`of`), the field of its `result`, and the rows.

    `result` is "" for a batch of `status`, where the whole item is the result.
    """

    of: str
    result: str
    rows: list[Row]

    def documented(self) -> object:
        """The documented payload: an object by id for `status`, else a list."""
        if not self.result:
            return {str(number): value for number, value in self.rows}
        return [{self.of: number, self.result: value} for number, value in self.rows]


def batch_of(form: Form, payload: object) -> Batch | None:
    """The batch in a payload; None if it is not the reply to a batch."""
    many, of, result = _BATCHES.get(form["action"], ("", "", ""))
    if many not in form:
        return None
    if not result:
        return Batch(of, result, list(cast("dict[str, object]", payload).items()))
    items = cast("list[dict[str, object]]", payload)
    return Batch(of, result, [(item[of], item[result]) for item in items])


def error_in(value: object) -> str | None:
    """The error text in the result of an id; None if it is not an error."""
    return cast("dict[str, str]", value).get("error") if isinstance(value, dict) else None
