"""The command doctor: what is wrong with the set-up, and what to do about it."""

import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing, nullcontext
from dataclasses import replace
from typing import Any, Final

from agencia_async import ConfigurationError
from agencia_async.cli.checks.key import check_key
from agencia_async.cli.checks.network import Way, check_address, check_way
from agencia_async.cli.checks.orders import check_journal
from agencia_async.cli.checks.panel import check_panel
from agencia_async.cli.checks.result import CheckResult, Verdict, failed
from agencia_async.cli.exit import Code, run, tell_failure
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import Column, Layout, Row, terminal
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import at_level, tell
from agencia_async.cli.text import several

_STYLES: Final = {"ok": "green", "warning": "yellow", "failed": "red"}
_LAYOUT: Final = Layout(
    ("check", "result", "detail", "advice"),
    (
        Column("result", "result", 7, style=lambda row: _STYLES.get(str(row["result"]), "")),
        Column("check", "check", 9),
        Column("told", "detail", wrap=True),
    ),
    (),
)
_STEP: Final = 10.0
"""Seconds for a step of the way, unless --timeout says otherwise."""


def doctor(connection: PanelOptions, option: JournalOption, output: OutputOptions) -> None:
    """Check the set-up: key, address, TLS, account, catalogue, clock and journal.

    Each check is ok, a warning or failed, with advice. It only requests the balance and the services from the
    panel. Exits with 1 if a check failed, with 3 if the account was rejected or the panel is unavailable.

    CSV columns: check, result, detail, advice.

    Examples:
      agencia doctor
      agencia doctor --profile north --format json
    """
    run(_doctor(connection, option, output))


async def _doctor(connection: PanelOptions, given: JournalOption, output: OutputOptions) -> Code:
    connection = replace(connection, attempts=connection.attempts or 1)
    option = connection.journal_of(given)
    output.keep_off_inputs(connection)
    output.keep_off(option.named_file, "journal")
    results: list[CheckResult] = []
    quiet = nullcontext() if connection.verbose else at_level(logging.ERROR)  # the log would tell the same
    with quiet, output.writer(_LAYOUT, terminal(output.output), {}) as rows:
        async with aclosing(_results(connection, given)) as found:
            async for result in found:
                rows.row(_row(result))
                results.append(result)
    code = _code(results)
    if not output.quiet:
        tell(_summed(results))
    elif code is not Code.OK:
        first, *_ = filter(lambda result: result.is_failure, results)
        tell_failure(
            f"{_summed(results)}; the first: {first.check}: {first.detail}", code, some="a check failed"
        )
    return code


async def _results(connection: PanelOptions, given: JournalOption) -> AsyncGenerator[CheckResult]:
    way = _way(connection)
    key, address = check_key(connection), check_address(way)
    yield key
    yield address
    if not address.is_failure:
        async for result in check_way(way, time.time) if key.is_failure else _asked(connection, way):
            yield result
    reconcile = connection.reconcile_command(given)
    yield await check_journal(connection.journal_of(given), reconcile)


async def _asked(connection: PanelOptions, way: Way) -> AsyncGenerator[CheckResult]:
    """The results for the way, and for what the panel answers if it is reached."""
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(connection.client())
        except ConfigurationError as error:
            yield failed("options", str(error), "correct the option, or the profile")
            return
        async for result in check_way(way, time.time):
            yield result
            if result.is_failure:
                return
        async for result in check_panel(client, connection, time.time):
            yield result


def _way(connection: PanelOptions) -> Way:
    profile = connection.named
    values: Mapping[str, Any] = profile.values if profile else {}
    return Way(
        connection.url,
        connection.proxy or values.get("proxy"),
        is_of_environment=bool(values.get("trust_env")) and not connection.proxy,
        allow_http=connection.allow_http or bool(values.get("allow_http")),
        trusted=connection.trusted,
        timeout=connection.timeout or _STEP,
    )


def _row(result: CheckResult) -> Row:
    told = f"{result.detail}; {result.advice}" if result.advice else result.detail
    return {
        "check": result.check,
        "result": result.verdict.value,
        "detail": result.detail,
        "advice": result.advice,
        "told": told,
    }


def _summed(results: list[CheckResult]) -> str:
    """How many checks came to what."""
    verdicts = [result.verdict for result in results]
    counts = [
        several(verdicts.count(verdict), verdict)
        if verdict is Verdict.WARNING
        else f"{verdicts.count(verdict)} {verdict}"
        for verdict in Verdict
        if verdict in verdicts
    ]
    return f"{several(len(results), 'check')}: {', '.join(counts)}"


def _code(results: list[CheckResult]) -> Code:
    if any(result.is_unavailable for result in results):
        return Code.REFUSED
    return Code.SOME_FAILED if any(result.is_failure for result in results) else Code.OK
