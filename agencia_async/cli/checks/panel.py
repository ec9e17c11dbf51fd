"""The panel's own answers: the balance, the catalogue, the limit that it reports, and its clock."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime

from agencia_async import AgenciaError, AsyncClient, Balance, Service
from agencia_async.cli.checks.result import CheckResult, failed, ok, skipped, warned
from agencia_async.cli.exit import Code, describe
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.request_log import RequestLog
from agencia_async.cli.text import cell, one_line, several
from agencia_async.hooks import AttemptInfo, CallInfo, Hook

_LIMITS = ("x-ratelimit", "x-rate-limit", "ratelimit", "retry-after")
"""How the names of headers begin that report a limit."""
_SAME = "the same error as for the balance"
_UNTOLD = (
    "the panel reports no rate limit in its headers; the client slows down by itself when it answers 429"
)
_MOST = 200
"""Characters of the headers that are shown."""
_SKEW = 5.0
"""Seconds by which two clocks may differ: the panel tells whole ones, and a reply takes a while."""


class Replies(Hook):
    """The last attempt of a client, and when it ended."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.last: AttemptInfo = AttemptInfo(0)
        self.at: float = 0.0
        self._now = now

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:  # noqa: ARG002 - as hooks have it
        """Keep it."""
        self.last = attempt
        self.at = self._now()


async def check_panel(
    client: AsyncClient, connection: PanelOptions, now: Callable[[], float]
) -> AsyncGenerator[CheckResult]:
    """The results for what the panel answers to `balance` and `services`; nothing else is sent."""
    replies = Replies(now)
    asking = client.with_options(hooks=[replies, RequestLog()])
    told = ""
    for check in (_balance, _catalogue):
        try:
            with connection.naming():
                result = await check(asking, replies)
        except AgenciaError as error:
            result = refused(check.__name__.strip("_"), error)
            if result.detail == told:
                result = replace(result, detail=_SAME, advice="")
            told = result.detail
        yield result
    yield limit_result(replies.last.headers)
    yield clock_result(replies.last.headers, replies.at)


async def _balance(client: AsyncClient, replies: Replies) -> CheckResult:
    return balance_result(await client.balance(), replies.last)


async def _catalogue(client: AsyncClient, replies: Replies) -> CheckResult:
    return catalogue_result(await client.services(), replies.last)


def refused(check: str, error: AgenciaError) -> CheckResult:
    """The result for an error; those of the account and of the network mean that nothing will work."""
    ending = describe(error)
    return failed(check, ending.line, ending.hint, is_unavailable=ending.code is Code.REFUSED)


def balance_result(account: Balance, attempt: AttemptInfo) -> CheckResult:
    """The result for a balance."""
    detail = f"{cell(account.balance)} {one_line(account.currency)} in {attempt.seconds:.2f} s"
    if account.balance <= 0:
        return warned("balance", detail, "add funds at the panel")
    return ok("balance", detail)


def catalogue_result(services: list[Service], attempt: AttemptInfo) -> CheckResult:
    """The result for the services."""
    detail = f"{several(len(services), 'service')} in {attempt.seconds:.2f} s, {attempt.reply_bytes:,} bytes"
    return (
        ok("catalogue", detail) if services else warned("catalogue", detail, "ask the panel for its services")
    )


def limit_result(headers: Mapping[str, str]) -> CheckResult:
    """The result for the limit that the panel reports."""
    reported = [f"{name}: {value}" for name, value in headers.items() if name.startswith(_LIMITS)]
    if not headers:
        return skipped("limit", "the panel did not answer")
    return ok("limit", one_line(", ".join(reported), _MOST) or _UNTOLD)


def clock_result(headers: Mapping[str, str], now: float) -> CheckResult:
    """The result for the clock of this machine, compared with the panel's."""
    try:
        date = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return skipped("clock", "the panel does not tell the time")
    ahead = now - date
    if abs(ahead) <= _SKEW:
        return ok("clock", f"{abs(ahead):.0f} s from the panel's")
    detail = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the panel's"
    return warned("clock", detail, "set the clock by a time server (NTP), unless the panel's is wrong")
