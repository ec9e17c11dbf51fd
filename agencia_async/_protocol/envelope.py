"""The structure of a decoded reply, in any panel's dialect.

Panels vary the spelling of field names, wrap payloads in envelopes, and put an error beside, inside or in
place of the payload. The functions here find the text of an error response and the payload of an envelope,
independently of the action.
"""

from collections.abc import Mapping
from typing import cast

from agencia_async._protocol.scalars import boolean, shown
from agencia_async.errors import ReplyError
from agencia_async.states import normalized

Row = Mapping[str, object]

_STRUCTURE = {
    **{name: name for name in ("order", "refill", "cancel", "service", "status", "error", "success", "id")},
    **{
        name: name for name in ("message", "msg", "data", "result", "response", "detail", "reason", "balance")
    },
    **{f"{name}id": name for name in ("order", "refill", "cancel", "service")},
    "errors": "error",
    "errormessage": "message",
}
_MESSAGES = ("message", "msg", "data", "detail", "reason")
_INSIDE = ("data", "result", "response")
ENVELOPE = {*_MESSAGES, *_INSIDE, "status", "success", "error", "code"}
_NO = {"error", "fail", "failed", "failure", "false", "0"}
_YES = {"success", "ok", "true", "1", "200"}
_SUBJECTS = {"order", "refill", "id"}
RECORD = {"charge", "remains", "start_count", "start_counter", "runs", "posts", "orders", "expiry"}
_SMALL = 16
_LONGEST = 1000
_DEEPEST = 4


def as_row(content: object) -> Row:
    """A value that must be an object; raises `ReplyError` if it is not."""
    if not isinstance(content, Mapping):
        raise ReplyError(f"expected an object, got {shown(content)}")
    return cast("Row", content)


def canonical(row: Row) -> Row:
    """The row with structural field names in the protocol's spelling; the first of several spellings wins."""
    found: dict[str, object] = {}
    for name, value in row.items():
        structural = _STRUCTURE.get(normalized(name), name)
        found[name if structural in found else structural] = value
    return found


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


def refusal(row: Row) -> str | None:
    """The panel's text if a row with canonical names is an error, else None."""
    error = row.get("error")
    if error is not None and boolean(error) is not False and error not in ([], {}):
        return (None if boolean(error) else words(error)) or _message(row) or "error"
    if "success" in row and boolean(row["success"]) is False:
        return _message(row) or "success: false"
    if _flag(row) in _NO and not row.keys() & RECORD:  # "failed" may be the state of an order, too
        return _message(row)
    return None


def _message(row: Row) -> str | None:
    return next(filter(None, (words(row.get(name)) for name in _MESSAGES)), None)


def _flag(row: Row) -> str | None:
    """The value of `status`, case-folded; None if there is none."""
    status = row.get("status")
    return str(status).strip().casefold() if isinstance(status, str | int) else None


def whole_refusal(content: object) -> str | None:
    """The panel's text if a whole reply is an error, else None."""
    if isinstance(content, list):
        rows = cast("list[object]", content)
        if len(rows) != 1 or not isinstance(rows[0], Mapping):
            return None
        row = cast("Row", rows[0])
        return None if _SUBJECTS & canonical(row).keys() else whole_refusal(row)
    if not isinstance(content, Mapping):
        return None
    row = cast("Row", content)
    if len(row) > _SMALL:  # a batch: normalizing hundreds of ids would be too slow
        return refusal(row) if "error" in row else None
    return refusal(canonical(row))


def _is_success(row: Row) -> bool:
    """Whether it reports success."""
    return _flag(row) in _YES if "status" in row else boolean(row.get("success")) is True


def unwrapped(content: object) -> object:
    """The payload of an envelope (`{"status": "success", "data": ...}`); anything else as it is."""
    for _ in range(_DEEPEST):
        if not isinstance(content, dict) or len(cast("dict[str, object]", content)) > _SMALL:
            break
        row = canonical(cast("Row", content))
        is_success = _is_success(row)
        names = (*_INSIDE, "orders", "refills", "services") if is_success else _INSIDE
        inside = next((row[name] for name in names if isinstance(row.get(name), dict | list)), None)
        if inside is None or not (is_success or row.keys() <= ENVELOPE) or refusal(row) is not None:
            break
        if "status" in row and not is_success:
            break
        content = inside
    return content  # pyright: ignore[reportUnknownVariableType] - JSON is untyped
