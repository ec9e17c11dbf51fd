"""What a dialect is made of: the few functions between what the panel means and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from agencia_async.sandbox.reply import Headers, PanelReply, encoded

Form = Mapping[str, str]
Row = tuple[object, object]  # an id, and what is told of it

# action: the field with the ids, what they are of, and the name of what is told of each
_BATCHES: Final[Mapping[str, tuple[str, str, str]]] = {
    "status": ("orders", "order", ""),
    "refill": ("orders", "order", "refill"),
    "refill_status": ("refills", "refill", "status"),
    "cancel": ("orders", "order", "cancel"),
}


def every_id(_: str, ids: list[str]) -> list[str]:
    """Take up all the ids of a batch."""
    return ids


def as_documented(_: Form, payload: object) -> object:
    """Tell what the document has."""
    return payload


def plainly(text: str, status: int) -> tuple[int, object]:
    """Refuse as the document does."""
    return status, {"error": text}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One accent in which a panel speaks: the same panel, other words.

    Attributes:
        name: by which `Panel(dialect=...)` knows it.
        describes: what is different, in a sentence or two.
        takes: from what a batch is of ("order" or "refill") and its ids to those that the panel takes up; a
            `RefusedError` refuses the batch. The only function that decides what is executed.
        tells: from the form and the documented payload to the accented one, leaving the former unchanged.
        refuses: from the text and the status of a whole refusal to the status and the payload.
        writes: from the payload to the body.
        content_type: of these replies and refusals.
    """

    name: str
    describes: str
    takes: Callable[[str, list[str]], list[str]] = every_id
    tells: Callable[[Form, object], object] = as_documented
    refuses: Callable[[str, int], tuple[int, object]] = plainly
    writes: Callable[[object], bytes] = encoded
    content_type: bytes = b"application/json"

    def reply(self, form: Form, payload: object) -> PanelReply:
        """What was asked for, given as the document has it."""
        return PanelReply(
            200, ((b"content-type", self.content_type),), self.writes(self.tells(form, payload))
        )

    def refusal(self, text: str, status: int = 200, headers: Headers = ()) -> PanelReply:
        """The refusal of a whole request; `headers` are left out where the dialect changes `status`."""
        sent, payload = self.refuses(text, status)
        extra = headers if sent == status else ()
        return PanelReply(sent, ((b"content-type", self.content_type), *extra), self.writes(payload))


@dataclass(frozen=True, slots=True)
class Batch:
    """The reply to a batch, taken apart: what the ids are `of`, what is `told` of each, and the rows.

    `told` is "" for a batch of `status`, where all of an item is what is told.
    """

    of: str
    told: str
    rows: list[Row]

    def documented(self) -> object:
        """The payload as the document has it: an object by id for `status`, else a list."""
        if not self.told:
            return {str(number): value for number, value in self.rows}
        return [{self.of: number, self.told: value} for number, value in self.rows]


def batch_of(form: Form, payload: object) -> Batch | None:
    """The batch that `payload` is, None where it is the reply to anything else."""
    many, of, told = _BATCHES.get(form["action"], ("", "", ""))
    if many not in form:
        return None
    if not told:
        return Batch(of, told, list(cast("dict[str, object]", payload).items()))
    items = cast("list[dict[str, object]]", payload)
    return Batch(of, told, [(item[of], item[told]) for item in items])


def error_in(value: object) -> str | None:
    """The text of what is told of an id, where that is an error; else None."""
    return cast("dict[str, str]", value).get("error") if isinstance(value, dict) else None
