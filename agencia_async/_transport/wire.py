"""Bytes out, (status, headers, bytes) in: the only module that sends."""

import asyncio
import ssl
from collections.abc import Callable

import httpx

from agencia_async._protocol.reply import Reply
from agencia_async._transport.api_key import ApiKey
from agencia_async._transport.callers_own import own_client, own_transport
from agencia_async._transport.causes import brief, origin, rounded, told
from agencia_async._transport.exchange import Body, Endpoint, Engine, Exchange
from agencia_async._transport.foreign import ForeignError, cleaned, is_of_network
from agencia_async._transport.pool import ConnectionPool
from agencia_async._transport.route import Route
from agencia_async._transport.wire_log import WireLog
from agencia_async.errors import (
    AgenciaError,
    OutcomeUnknownError,
    ReplyError,
    TransportError,
)

_PORTS = {"http": 80, "https": 443}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def _unknown(error: ForeignError) -> OutcomeUnknownError:
    """What comes of a write whose form was taken: the caller's exception is told in its chain."""
    cause = error.as_error()
    cause.sent = "maybe"
    return OutcomeUnknownError(f"the panel may have acted on the request: {cause.message}", cause=cause)


class Wire:
    """Sends a form to the panel, with the key, and brings the reply."""

    def __init__(
        self, api_key: ApiKey, exchange: Exchange, where: str, limit: int, *, is_direct: bool = True
    ) -> None:
        self._api_key = api_key
        self._exchange = exchange
        self.where = where  # host and port
        self._limit = limit
        self._is_direct = is_direct
        self._log = WireLog(api_key, where)

    async def send(
        self,
        form: str,
        *,
        timeout: float,  # noqa: ASYNC109 - passed on
        write: bool,
        limit: int | None = None,
        is_cut: bool = False,
    ) -> Reply:
        """The reply to a form, within `timeout` seconds, of at most `limit` bytes; by default the client's.

        `is_cut`: the seconds are the rest of a call's deadline, so the error of a timeout says so.

        Raises:
            TransportError: none came; `sent` tells whether the form can have left.
            ReplyError: it is larger than it may be, or not encoded as it says.
            ForeignError: code of the caller's raised it; of a write, nothing was sent.
            OutcomeUnknownError: code of the caller's raised something after the form of a write left.
        """
        limit = limit or self._limit
        if not self._log.is_on:
            return await self._sent(form, timeout, limit, write=write, is_cut=is_cut)
        number = self._log.sent(form)
        try:
            reply = await self._sent(form, timeout, limit, write=write, is_cut=is_cut)
        except BaseException as error:
            self._log.failed(number, error)
            raise
        self._log.received(number, reply)
        return reply

    async def _sent(self, form: str, timeout: float, limit: int, *, write: bool, is_cut: bool) -> Reply:  # noqa: ASYNC109
        body = Body(self._api_key.form(form), once=write)
        failure: AgenciaError
        try:
            async with asyncio.timeout(timeout):
                reply = await self._exchange(body, write=write, limit=limit)
            key = self._api_key
            return Reply(reply.status, reply.headers, reply.body, key.redact, key.is_in(reply.body))
        except ReplyError as error:
            failure = error
        except TimeoutError:
            what = "no whole reply" if body.started else "no connection"
            failure = self._timed_out(what, timeout, is_cut=is_cut)
        except ForeignError as error:
            cleaned(error.original, self._api_key.redact)
            if not (write and body.started):
                raise error.with_traceback(None) from None
            failure = _unknown(error)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, no usable reply came
            failure = self._failed(error)
            if isinstance(error, _NEVER_SENT) and self._exchange.sends_once:
                body.started = False  # it was read before connecting
        except BaseException as error:  # noqa: BLE001 - raised again
            # A cancellation passes through the frames that write the body, whose variables hold the key;
            # so did another, if this one came while the connection was being closed for it.
            error.__context__ = None
            raise error.with_traceback(None)  # noqa: B904 - it is the same one
        if isinstance(failure, TransportError):
            failure.sent = "maybe" if body.started else "no"
        self.redact(failure)
        raise failure.with_traceback(None)

    def _timed_out(self, what: str, timeout: float, *, is_cut: bool) -> TransportError:
        if is_cut:
            return TransportError(
                f"{what} within the {rounded(timeout)} s left of the deadline ({self.where})"
            )
        return TransportError(f"{what} within {rounded(timeout)} s ({self.where})")

    def _failed(self, error: Exception) -> TransportError:
        """What came of an exchange that raised this, with the cause: host, port, errno, reason of TLS."""
        if not is_of_network(error):
            failure = TransportError(told(error))
            failure.is_of_network = False
            return failure
        cause = origin(error)
        reason = str(error) if cause is None or cause is error else told(cause)
        short = brief(cause, self.where) if cause is not None and self._is_direct else ""
        failure = TransportError(short or f"{type(error).__name__} ({self.where}): {reason}".rstrip(": "))
        # A certificate that is not trusted now is not in a moment either: that is no outage.
        failure.is_of_network = not isinstance(cause, ssl.SSLCertVerificationError)
        if cause is not None and self._api_key.redact(str(cause)) == str(cause):
            failure.__cause__ = cause
        return failure

    def redact(self, error: AgenciaError) -> None:
        """Take the key out of an error's message and notes, should the panel have echoed it."""
        while True:
            error.message = self._api_key.redact(error.message)
            error.args = (error.message,)
            if error.notes:
                error.__notes__ = [self._api_key.redact(note) for note in error.notes]
            if not isinstance(error, OutcomeUnknownError) or error.cause is None:
                return
            error = error.cause

    @property
    def held(self) -> str:
        """What is open, in words; nothing if there is nothing."""
        return self._exchange.held

    def discard(self) -> None:
        """Close it without waiting, even if the event loop is closed."""
        self._exchange.discard()

    async def aclose(self) -> None:
        """Close the connections that are the client's own."""
        await self._exchange.aclose()


def open_wire(  # noqa: PLR0913 - what the constructor of the client is given
    url: httpx.URL,
    api_key: ApiKey,
    *,
    transport: httpx.AsyncBaseTransport | None,
    http_client: httpx.AsyncClient | None,
    route: Route,
    max_reply_bytes: int,
    user_agent: str,
    clock: Callable[[], float],
) -> Wire:
    """A wire over the caller's transport or client, or over connections of its own."""
    endpoint = _endpoint(url, user_agent)
    exchange: Exchange
    is_direct = True
    if http_client is not None:
        exchange = own_client(http_client, endpoint)
    elif isinstance(transport, Engine):
        exchange, is_direct = ConnectionPool(transport.connections(endpoint), clock), transport.is_direct
    elif transport is not None:
        exchange = own_transport(transport, endpoint)
    else:
        from agencia_async._transport.httpcore_engine import httpcore_connections  # noqa: PLC0415 - loads httpcore

        exchange = ConnectionPool(httpcore_connections(endpoint, route), clock)
        is_direct = route.proxy is None
    where = f"{url.host}:{url.port or _PORTS[url.scheme]}"
    return Wire(api_key, exchange, where, max_reply_bytes, is_direct=is_direct)


def _endpoint(url: httpx.URL, user_agent: str) -> Endpoint:
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": user_agent,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Endpoint(url, httpx.Headers(headers))
