"""Deciphers a whole reply: the only place where it becomes a value or an error."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar, cast

from attrs import field, frozen

from agencia_async._protocol.decoding import decode
from agencia_async._protocol.envelope import lone_message, nodes, whole_error_text, without_key, words
from agencia_async._protocol.headers import retry_after
from agencia_async._protocol.refusals import Refusals
from agencia_async.errors import (
    AgenciaError,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    TransportError,
    UnavailableError,
)

T = TypeVar("T")

_EXCERPT = 200
_OK = 200
_BAD_REQUEST = 400
_SERVER_ERROR = 500
_TOO_MANY = 429
_REDIRECTS = range(300, 400)
_OVERLOADED = 503
_OUTSIDE = {"", "data", "result", "response"}
"""The names under which an error is one of the whole reply."""
_OWN_FAILURES = {500, 501, 503}
"""The 5xx statuses that a panel itself sends; the others come from a gateway."""
_BY_DEFAULT = {402, 422}
"""The statuses that tell what kind of error it is where its words do not: they say no more than the words."""
_GIVEN_UP = {408, 444, 460, 499}
"""The 4xx statuses of a request that somebody stopped waiting for: it was not rejected."""
_SERVERS_WORDS = re.compile(r"service (is )?(temporarily )?unavailable|try again", re.IGNORECASE)


@frozen
class Reply:
    """A reply: the status, the headers by lower-case name, and the whole body.

    `redact` removes the API key from a text: a panel may echo it, and `holds_key` tells that it did.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    redact: Callable[[str], str] = field(default=str, repr=False)
    holds_key: bool = False

    def safe_headers(self) -> dict[str, str]:
        """The headers by lower-case name, without the key."""
        return {name.lower(): self.redact(value) for name, value in self.headers.items()}

    def excerpt(self) -> str:
        """The beginning of the body, on one line; of a page its visible text."""
        from agencia_async._protocol import pages  # noqa: PLC0415 - loaded with the first fault

        text = self.body[: pages.LONGEST].decode(errors="replace").removeprefix("\ufeff")
        if pages.is_page(text):
            text = pages.visible_text(text) or "a page without text"
        text = " ".join(self.redact(text[: 16 * _EXCERPT]).split())
        return f"{text[:_EXCERPT]}..." if len(text) > _EXCERPT else text or "an empty body"

    def _firewall(self) -> str | None:
        """The name of the firewall that sent it, which may be empty; None if none did."""
        from agencia_async._protocol import pages  # noqa: PLC0415 - loaded with the first fault

        return pages.firewall(self.body[: pages.LONGEST].decode(errors="replace"))

    def is_of_a_firewall(self) -> bool:
        """Whether a firewall sent it: its words are not the panel's."""
        return self._firewall() is not None

    def told(self) -> str:
        """What came instead of an answer: its status, its firewall if one sent it, and its excerpt."""
        name = self._firewall()
        if name is None:
            return f"HTTP {self.status}: {self.excerpt()}"
        sender = f"a firewall ({name})" if name else "a firewall"
        hint = "it may let another User-Agent pass: see the option user_agent"
        return f"HTTP {self.status} from {sender}: {self.excerpt()}; {hint}"


@frozen
class Reader(Generic[T]):
    """How the reply to a call is parsed.

    `action` is what was sent: the words of an error mean what they can mean in reply to it.
    `find` returns the part of the reply that has the form asked for, or None; `read` returns its value or
    raises `ReplyError`. `rows_first`: the payload counts even if there is an error beside it. `ids` are what
    it asks for. `fast_path` parses a body that is exactly as documented, faster; None for any other.
    """

    find: Callable[[object], object]
    read: Callable[[object, Refusals], T]
    action: str
    rows_first: bool = True
    is_write: bool = False
    ids: Collection[str] = ()
    fast_path: Callable[[bytes], T | None] | None = None


def decipher(reader: Reader[T], reply: Reply, refusals: Refusals) -> T:
    """The value that a reply holds.

    Raises:
        PanelError: it is an error response.
        TransportError: it comes from a gateway, or reports an internal error of the panel.
        ReplyError: it cannot be parsed.
    """
    if reader.fast_path is not None and reply.status == _OK and not reply.holds_key:
        value = reader.fast_path(reply.body)
        if value is not None:
            return value
    refusals = refusals.for_action(reader.action)
    try:
        content = decode(reply.body)
        if reply.holds_key:
            content = without_key(content, reply.redact, reader.ids)
    except ReplyError as error:
        failure = _without_json(reply, refusals, error)
    else:
        payload = reader.find(content)
        text = _refusal(content, payload, reader, reply, refusals)
        if text is None and reply.status < _REDIRECTS.start:
            return _read(reader, content if payload is None else payload, reply, refusals)
        held = _held(reader, content, payload, reply, refusals)
        if held:
            return held[0]
        failure = _refused(text, reply, refusals) if text is not None else _unusable(reply)
    raise failure


def _refusal(
    content: object, payload: object, reader: Reader[T], reply: Reply, refusals: Refusals
) -> str | None:
    """The panel's text if the whole reply is an error, by its structure or by its status and text."""
    if isinstance(content, str):
        return content if refusals.recognise(content) is not PanelError else None
    text = next(
        filter(None, (whole_error_text(node) for name, node in nodes(content) if name in _OUTSIDE)), None
    )
    if text is not None or payload is not None:
        return text
    lone = lone_message(content)
    if lone is not None and not (reader.is_write and refusals.recognise(lone) is PanelError):
        return lone
    return words(content) if _BAD_REQUEST <= reply.status < _SERVER_ERROR else None


def _read(reader: Reader[T], content: object, reply: Reply, refusals: Refusals) -> T:
    reason = None
    try:
        return reader.read(content, refusals)
    except PanelError as error:
        error.http_status = reply.status
        raise
    except ReplyError as error:
        reason = error.message
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in parsing, a write may have happened
        reason = f"{type(error).__name__}: {error}"
    raise ReplyError(f"{reason}: {reply.excerpt()}", http_status=reply.status)


def _held(reader: Reader[T], content: object, payload: object, reply: Reply, refusals: Refusals) -> list[T]:
    """The value, if the reply contains the payload in spite of its status or an error in it."""
    if not reader.rows_first or reply.status == _TOO_MANY or payload is None:
        return []
    try:
        value = reader.read(payload, refusals)
    except Exception:  # noqa: BLE001 - then it does not contain the payload
        return []
    if not isinstance(value, dict):
        return [value] if value else []
    # The error of a single id is an answer as well, unless the server failed.
    no_answer = ReplyError | OutcomeUnknownError if _is_batch(content, reply) else AgenciaError
    answers = cast("dict[str, object]", value).values()
    return [cast("T", value)] if any(not isinstance(answer, no_answer) for answer in answers) else []


def _is_batch(content: object, reply: Reply) -> bool:
    return reply.status < _SERVER_ERROR and whole_error_text(content) is None


def _refused(text: str, reply: Reply, refusals: Refusals) -> AgenciaError:
    """The error of an error response; what a failing server says proves nothing, under any status."""
    text = reply.redact(text)
    kind = refusals.recognise(text, reply.status)
    is_failure = kind is PanelError or reply.status in _BY_DEFAULT
    if (is_failure and refusals.is_failure(text)) or not _is_panels_own(kind, text, reply):
        return TransportError(f"HTTP {reply.status}: {text}", sent="maybe", http_status=reply.status)
    if kind is RateLimitedError:
        return RateLimitedError(text, http_status=reply.status, retry_after=retry_after(reply.headers))
    return kind(text, http_status=reply.status)


def _is_panels_own(kind: type[PanelError], text: str, reply: Reply) -> bool:
    """Whether the panel itself rejected the request: below 500 with any text, above with a known one."""
    if reply.status in _GIVEN_UP:
        return kind is not PanelError
    if reply.status < _SERVER_ERROR:
        return reply.status not in _REDIRECTS or kind is not PanelError
    if kind is RateLimitedError:
        return reply.status == _OVERLOADED
    if kind is UnavailableError and _SERVERS_WORDS.search(text):
        return False
    return kind is not PanelError and reply.status in _OWN_FAILURES


def _without_json(reply: Reply, refusals: Refusals, error: ReplyError) -> AgenciaError:
    """The error of a body that is not JSON: an HTML page, plain text, or nothing."""
    excerpt = reply.excerpt()
    if reply.status == _TOO_MANY:
        return _refused(excerpt, reply, refusals)
    begin = reply.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    is_text = begin not in {b"<", b"{", b"[", b""} and not reply.is_of_a_firewall()
    if _BAD_REQUEST <= reply.status < _SERVER_ERROR and is_text:
        kind = refusals.recognise(excerpt)
        if kind is not PanelError:
            return _refused(excerpt, reply, refusals)
    if reply.status >= _REDIRECTS.start or begin == b"<":
        return _unusable(reply)
    return ReplyError(f"{error.message}: {excerpt}", http_status=reply.status)


def _unusable(reply: Reply) -> AgenciaError:
    """The error of a reply that contains neither the payload nor an error text."""
    if reply.status == _TOO_MANY:
        return RateLimitedError(
            reply.excerpt(), http_status=_TOO_MANY, retry_after=retry_after(reply.headers)
        )
    text = reply.told()
    if reply.status in _REDIRECTS:
        where = reply.redact(str(reply.headers.get("location"))[:_EXCERPT])
        text = f"HTTP {reply.status} redirect to {where}; check base_url"
    return TransportError(text, sent="maybe", http_status=reply.status)
