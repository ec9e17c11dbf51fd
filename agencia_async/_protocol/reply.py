"""A reply as a whole: the one place where it becomes a value or an error."""

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, cast

from attrs import field, frozen

from agencia_async._protocol.envelope import unwrapped, whole_refusal, words
from agencia_async._protocol.headers import retry_after
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.scalars import decode
from agencia_async.errors import (
    AgenciaError,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
)

T = TypeVar("T")

_EXCERPT = 200
_OK = 200
_BAD_REQUEST = 400
_SERVER_ERROR = 500
_TOO_MANY = 429
_REDIRECTS = range(300, 400)
_OVERLOADED = 503
_OWN_FAILURES = {500, 501, 503}
"""The failures that a panel itself answers with; the others are a gateway's."""
_SERVERS_WORDS = re.compile(
    r"service (is )?(temporarily )?unavailable|try again|time[d ]*out|exception|sqlstate|undefined|call to"
    r"|at line",
    re.IGNORECASE,
)


@frozen
class Reply:
    """What came back: the status, the headers by lower-case name, and the whole body.

    `blot` takes the key out of a text: a panel may echo it.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    redact: Callable[[str], str] = field(default=str, repr=False)

    def excerpt(self) -> str:
        """The beginning of the body, on one line."""
        text = " ".join(self.redact(self.body[: 16 * _EXCERPT].decode(errors="replace")).split())
        return f"{text[:_EXCERPT]}..." if len(text) > _EXCERPT else text or "an empty body"


@frozen
class Reader(Generic[T]):
    """How one call's reply is read: `read` gives the value or raises `ReplyError`.

    `rows_first`: what was asked for counts even where an error stands beside it. `fast_path` reads a body
    that is to the letter as the document has it, faster; it gives None for any other.
    """

    read: Callable[[object, Refusals], T]
    rows_first: bool = True
    fast_path: Callable[[bytes], T | None] | None = None


def decipher(reader: Reader[T], reply: Reply, refusals: Refusals) -> T:
    """The value that a reply holds.

    Raises:
        PanelError: the panel refused.
        TransportError: the reply is a gateway's, or an error of the panel's own.
        ReplyError: it cannot be read.
    """
    if reader.fast_path is not None and reply.status == _OK:
        value = reader.fast_path(reply.body)
        if value is not None:
            return value
    try:
        content = unwrapped(decode(reply.body))
    except ReplyError as error:
        failure = _without_json(reply, refusals, error)
    else:
        text = _refusal(content, reply, refusals)
        if text is None and reply.status < _REDIRECTS.start:
            return _read(reader, content, reply, refusals)
        held = _held(reader, content, reply, refusals)
        if held:
            return held[0]
        failure = _refused(text, reply, refusals) if text is not None else _unusable(reply)
    raise failure


def _refusal(content: object, reply: Reply, refusals: Refusals) -> str | None:
    """The panel's words, where the reply as a whole is a refusal: by its shape, or by status and words."""
    if isinstance(content, str):
        return content if refusals.recognise(content) is not PanelError else None
    bare_words = words(content) if _BAD_REQUEST <= reply.status < _SERVER_ERROR else None
    return whole_refusal(content) or bare_words


def _read(reader: Reader[T], content: object, reply: Reply, refusals: Refusals) -> T:
    fault = None
    try:
        return reader.read(content, refusals)
    except PanelError as refused:
        refused.http_status = reply.status
        raise
    except ReplyError as error:
        fault = error.message
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in reading, a write may have happened
        fault = f"{type(error).__name__}: {error}"
    raise ReplyError(f"{fault}: {reply.excerpt()}", http_status=reply.status)


def _held(reader: Reader[T], content: object, reply: Reply, refusals: Refusals) -> list[T]:
    """The value, where a reply holds what was asked for in spite of its status or an error in it."""
    if not reader.rows_first or reply.status == _TOO_MANY:
        return []
    try:
        value = reader.read(content, refusals)
    except Exception:  # noqa: BLE001 - then it does not hold what was asked for
        return []
    if not isinstance(value, dict):
        return [value] if value else []
    # An error of a single id is an answer as well, unless it is the server that failed.
    no_answer = ReplyError | OutcomeUnknownError if _is_batch(content, reply) else AgenciaError
    answers = cast("dict[str, object]", value).values()
    return [cast("T", value)] if any(not isinstance(answer, no_answer) for answer in answers) else []


def _is_batch(content: object, reply: Reply) -> bool:
    return reply.status < _SERVER_ERROR and whole_refusal(content) is None


def _refused(text: str, reply: Reply, refusals: Refusals) -> AgenciaError:
    """The error that a refusal amounts to; unknown words of a failing server prove nothing."""
    text = reply.redact(text)
    kind = refusals.recognise(text, reply.status)
    if not _proves_a_refusal(kind, text, reply):
        return TransportError(f"HTTP {reply.status}: {text}", sent="maybe", http_status=reply.status)
    if kind is RateLimitedError:
        return RateLimitedError(text, http_status=reply.status, retry_after=retry_after(reply.headers))
    return kind(text, http_status=reply.status)


def _proves_a_refusal(kind: type[PanelError], text: str, reply: Reply) -> bool:
    """Below 500 any words do; a failing server must say what only a panel would."""
    if reply.status < _SERVER_ERROR:
        return reply.status not in _REDIRECTS or kind is not PanelError
    if kind is RateLimitedError:
        return reply.status == _OVERLOADED
    return kind is not PanelError and reply.status in _OWN_FAILURES and not _SERVERS_WORDS.search(text)


def _without_json(reply: Reply, refusals: Refusals, fault: ReplyError) -> AgenciaError:
    """The error that a body without JSON amounts to: a page, a word, or nothing."""
    excerpt = reply.excerpt()
    if reply.status == _TOO_MANY:
        return _refused(excerpt, reply, refusals)
    page = reply.body.lstrip()[:1] in {b"<", b"{", b"[", b""}
    if _BAD_REQUEST <= reply.status < _SERVER_ERROR and not page:
        kind = refusals.recognise(excerpt)
        if kind is not PanelError:
            return _refused(excerpt, reply, refusals)
    if reply.status >= _REDIRECTS.start or reply.body.lstrip().startswith(b"<"):
        return _unusable(reply)
    return ReplyError(f"{fault.message}: {excerpt}", http_status=reply.status)


def _unusable(reply: Reply) -> AgenciaError:
    """The error of a reply that holds neither what was asked for nor a refusal."""
    if reply.status == _TOO_MANY:
        return RateLimitedError(
            reply.excerpt(), http_status=_TOO_MANY, retry_after=retry_after(reply.headers)
        )
    text = f"HTTP {reply.status}: {reply.excerpt()}"
    if reply.status in _REDIRECTS:
        where = reply.redact(str(reply.headers.get("location"))[:_EXCERPT])
        text = f"HTTP {reply.status} to {where}; is base_url right?"
    return TransportError(text, sent="maybe", http_status=reply.status)
