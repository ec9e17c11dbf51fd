"""The structure of a decoded reply, in any panel's dialect.

Panels vary the spelling of field names, wrap payloads in envelopes, and put an error beside, inside or in
place of the payload. The functions here find the text of an error response and the payload of an envelope,
independently of the action.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import cast

from agencia_async._protocol.decoding import nested
from agencia_async._protocol.scalars import boolean, number, shown
from agencia_async.errors import ReplyError
from agencia_async.states import normalized

Row = Mapping[str, object]

_NAMES = (
    *("order", "orders", "refill", "refills", "cancel", "service", "services", "status", "id", "request"),
    *(
        "error",
        "success",
        "ok",
        "message",
        "msg",
        "data",
        "result",
        "response",
        "detail",
        "reason",
        "balance",
    ),
    *("charge", "start_count", "remains", "currency", "runs", "posts", "expiry"),
)
_STRUCTURE = {
    **{normalized(name): name for name in _NAMES},
    "startcounter": "start_count",
    **{f"{name}id": name for name in ("order", "refill", "cancel", "service", "request")},
    **{f"{name}ids": f"{name}s" for name in ("order", "refill")},
    "errors": "error",
    "errormessage": "message",
    "orderstatus": "status",
    "refillstatus": "status",
}
_MESSAGES = ("message", "msg", "data", "detail", "reason")
_INSIDE = ("data", "result", "response")
ENVELOPE = {*_MESSAGES, *_INSIDE, "status", "success", "ok", "error", "code"}
_BESIDE = {"code", "statuscode", "httpcode", "time", "timestamp", "path", "version", "requestid", "traceid"}
"""What may stand beside a lone message, in lower case without separators."""
_NO = {"error", "fail", "failed", "failure", "false", "0"}
_YES = {"success", "ok", "true", "1", "200"}
FLAGS = _YES | _NO
"""Words of a `status` that report on the request, and are no state."""
_SUBJECTS = {"order", "refill", "id"}
COUNTS = {"charge", "start_count", "remains"}
"""The fields that only the status of an order has: a row with one of them is whole."""
RECORD = COUNTS | {"runs", "posts", "orders", "expiry"}
_ID_FIELDS = {"order", "refill", "cancel", "service", "id", "request"}
_SMALL = 16
_LONGEST = 1000
_KEPT = 500
"""Characters of the names of a row that are remembered with their spelling in the protocol."""
_DEEPEST = 5
_MOST_NODES = 64
_ENVELOPES = {name: place for place, name in enumerate((*_INSIDE, "order", "orders", "services", "refills"))}


def as_row(content: object) -> Row:
    """A value that must be an object; raises `ReplyError` if it is not."""
    if not isinstance(content, Mapping):
        raise ReplyError(f"expected an object, got {shown(content)}")
    return cast("Row", content)


class Canonical(dict[str, object]):
    """A row with structural field names in the protocol's spelling; `sent` are the panel's names by these."""

    __slots__ = ("sent",)
    sent: Mapping[str, str]

    def without(self, *names: str) -> "Canonical":
        """The row without some of its fields."""
        rest = Canonical((name, value) for name, value in self.items() if name not in names)
        rest.sent = self.sent
        return rest

    def as_sent(self, *but: str) -> dict[str, object]:
        """The fields by the panel's names, without some of them."""
        return {self.sent.get(name, name): value for name, value in self.items() if name not in but}


def canonical(row: Row) -> Canonical:
    """The row with structural field names in the protocol's spelling; the first of several spellings wins."""
    if isinstance(row, Canonical):
        return row
    sent = (*row,)
    names = canonical_names(sent)
    found = Canonical(zip(names, row.values(), strict=True))
    found.sent = {} if names == sent else dict(zip(names, sent, strict=True))
    return found


def canonical_names(sent: Sequence[str]) -> tuple[str, ...]:
    """The names of a row's fields in the protocol's spelling."""
    names = (*sent,)
    if len(names) > _SMALL or len("".join(names)) > _KEPT:
        return _canonical_names.__wrapped__(names)
    return _canonical_names(names)


@lru_cache(maxsize=256)
def _canonical_names(sent: tuple[str, ...]) -> tuple[str, ...]:
    taken = {*sent}
    names: list[str] = []
    for name in sent:
        structural = _STRUCTURE.get(normalized(name), name)
        names.append(name if structural in taken else structural)
        taken.add(names[-1])
    return (*names,)


def words(value: object, depth: int = 0) -> str | None:
    """The text in a value; None if there is none."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        row = canonical(cast("Row", value))
        return next(
            filter(None, (words(row.get(name), depth + 1) for name in ("error", *_MESSAGES))), None
        ) or (words(list(row.values()), depth + 1))
    if isinstance(value, list):
        inner = cast("list[object]", value)[:_SMALL]
        return "; ".join(filter(None, (words(item, depth + 1) for item in inner))) or None
    if value is None or boolean(value) is False:
        return None
    text = " ".join(str(value)[:_LONGEST].split())
    return text or None


def error_text(row: Row) -> str | None:
    """The panel's text if a row with canonical names is an error, else None."""
    error = row.get("error")
    if error is not None and boolean(error) is not False and error not in ([], {}):
        return (None if boolean(error) else words(error)) or _message(row) or "error"
    for flag in ("success", "ok"):
        if flag in row and boolean(row[flag]) is False:
            return _message(row) or f"{flag}: {shown(row[flag])}"
    if _flag(row) in _NO and not row.keys() & RECORD:  # "failed" may be the state of an order, too
        return _message(row)
    return None


def lone_message(content: object) -> str | None:
    """The text of a reply that says nothing but a message, which may be an error or a confirmation."""
    if not isinstance(content, Mapping) or len(cast("Row", content)) > _SMALL:
        return None
    row = canonical(cast("Row", content))
    others = {normalized(name) for name in row.keys() - {"message", "msg", "detail", "reason"}}
    return _message(row) if others <= _BESIDE else None


def _message(row: Row) -> str | None:
    return next(filter(None, (words(row.get(name)) for name in _MESSAGES)), None)


def _flag(row: Row) -> str | None:
    """The value of `status`, case-folded; None if there is none."""
    status = row.get("status")
    return str(status).strip().casefold() if isinstance(status, str | int) else None


def whole_error_text(content: object) -> str | None:
    """The panel's text if a whole reply is an error, else None."""
    if isinstance(content, list):
        rows = cast("list[object]", content)
        if len(rows) != 1 or not isinstance(rows[0], Mapping):
            return None
        row = cast("Row", rows[0])
        return None if _SUBJECTS & canonical(row).keys() else whole_error_text(row)
    if not isinstance(content, Mapping):
        return None
    row = cast("Row", content)
    if len(row) > _SMALL:  # a batch: normalizing hundreds of ids would be too slow
        return error_text(row) if "error" in row else None
    return error_text(canonical(row))


def is_success(row: Row) -> bool:
    """Whether a row with canonical names reports success."""
    flags = [boolean(row[name]) for name in ("success", "ok") if name in row]
    return True in flags or (_flag(row) in _YES and False not in flags)


def says_nothing(content: object) -> bool:
    """Whether a reply reports success, and no more: `{"status": "success", "data": "Empty Data"}`."""
    if not isinstance(content, Mapping):
        return False
    row = canonical(cast("Row", content))
    inside = [row[name] for name in (*_INSIDE, "services", "orders") if name in row]
    return is_success(row) and bool(inside) and not any(isinstance(value, dict | list) for value in inside)


def nodes(content: object) -> Iterator[tuple[str, object]]:
    """The reply and the objects and lists in it, each with its name, from the outside inwards.

    JSON inside a text counts as what it says. Envelopes come before other fields of the same depth. Objects
    of many fields and long lists are given, but not looked into: they are batches and catalogues.
    """
    level: list[tuple[str, object]] = [("", content)]
    seen = 0
    for _ in range(_DEEPEST):
        deeper: list[tuple[str, object]] = []
        for name, node in level:
            yield name, node
            seen += 1
            if seen >= _MOST_NODES:
                return
            deeper += _inside(name, node)
        level = deeper


def _inside(name: str, node: object) -> list[tuple[str, object]]:
    if isinstance(node, list):
        rows = cast("list[object]", node)
        return [(name, row) for row in rows if isinstance(row, dict | list)] if len(rows) <= _SMALL else []
    if not isinstance(node, Mapping) or len(cast("Row", node)) > _SMALL:
        return []
    fields = [(field, nested(value)) for field, value in canonical(cast("Row", node)).items()]
    found = [(field, cast("object", value)) for field, value in fields if isinstance(value, dict | list)]
    return sorted(found, key=lambda item: _ENVELOPES.get(item[0], len(_ENVELOPES)))


def without_key(content: object, redact: Callable[[str], str], ids: Collection[str]) -> object:
    """The reply without the API key in its texts and names; ids and numbers, which may equal it, stay."""
    if isinstance(content, list):
        return [without_key(value, redact, ids) for value in cast("list[object]", content)]
    if isinstance(content, Mapping):
        return {
            name if name in ids else redact(name): value
            if _STRUCTURE.get(normalized(name)) in _ID_FIELDS and isinstance(value, str)
            else without_key(value, redact, ids)
            for name, value in cast("Row", content).items()
        }
    if isinstance(content, str) and number(content) is None:
        return redact(content)
    return content
