"""What `-v` shows: a line for each request."""

import logging

from agencia_async import AgenciaError
from agencia_async.cli.text import several
from agencia_async.hooks import AttemptInfo, CallInfo, Hook

_log = logging.getLogger("agencia_async.requests")


class RequestLog(Hook):
    """Logs each request when it ends: action, ids, HTTP status, seconds, and why it failed."""

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """Its reply was read, or it failed."""
        ids = f" of {several(call.id_count, 'id')}" if call.id_count else ""
        again = f", attempt {attempt.number}" if attempt.number > 1 else ""
        status = "no reply" if attempt.http_status is None else f"HTTP {attempt.http_status}"
        failed = "" if attempt.error is None else f", {_told(attempt.error)}"
        _log.info("%s%s%s: %s, %.2f s%s", call.action, ids, again, status, attempt.seconds, failed)


def _told(error: BaseException) -> str:
    name = type(error).__name__
    return f"{name}: {error.message}" if isinstance(error, AgenciaError) else name
