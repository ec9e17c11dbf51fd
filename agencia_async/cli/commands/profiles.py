"""The command profiles: all panels of the configuration file, with their balances."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final

import typer

from agencia_async import AgenciaError, AsyncClient, AuthenticationError, TransportError
from agencia_async.cli.exit import Code, UsageError, run, tell_failure
from agencia_async.cli.options import OutputOptions, price
from agencia_async.cli.output.rows import Column, Layout, Row
from agencia_async.cli.panel_options import DEFAULT_URL
from agencia_async.cli.panel_profiles import Profile, host_of, read_profiles
from agencia_async.cli.text import cell, one_line

_LAYOUT: Final = Layout(
    ("name", "host", "balance", "currency", "error", "error_type"),
    (
        Column("name", "profile"),
        Column("host", "host"),
        Column("balance", "balance", right=True, style=lambda row: "red" if row["is_low"] else ""),
        Column("currency", ""),
        Column("error", "error", style=lambda _: "red"),
    ),
)
_UNAVAILABLE: Final = (AuthenticationError, TransportError)


def profiles(
    output: OutputOptions,
    low: Annotated[
        Decimal | None,
        typer.Option(
            parser=price,
            metavar="AMOUNT",
            help="Exit with 6 if a balance is below this amount, in the currency of its panel.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List the profiles of the configuration file, with the balance of each.

    CSV columns: name, host, balance, currency, error, error_type.

    Examples:
      agencia profiles
      agencia profiles --low 10 --quiet --format csv
    """
    run(_profiles(output, low))


async def _profiles(output: OutputOptions, low: Decimal | None) -> Code:
    known = read_profiles()
    if not known:
        raise UsageError("the configuration file has no profiles; see: docs/configuration.md")
    for profile in known:
        output.keep_off(profile.key_path, "API key")
    found = await asyncio.gather(*(_balance(profile, low) for profile in known))
    code = _code(found)
    rows = [row for row, _ in found]
    if output.write(_LAYOUT, rows, keep_old=code is Code.REFUSED):
        output.tell_kept("no balance is known")
    if code is not Code.OK:
        tell_failure(_failures(rows), code, some="a balance is not known")
    return code


def _code(found: Sequence[tuple[Row, AgenciaError | None]]) -> Code:
    errors = [error for _, error in found if error is not None]
    if any(row["is_low"] for row, _ in found):
        return Code.LOW
    if len(errors) == len(found) and all(isinstance(error, _UNAVAILABLE) for error in errors):
        return Code.REFUSED
    return Code.SOME_FAILED if errors else Code.OK


def _failures(rows: Sequence[Row]) -> str:
    """Which profiles have a low balance or an error."""
    low = [
        f"{row['name']} has {cell(row['balance'])} {row['currency'] or ''}".rstrip()
        for row in rows
        if row["is_low"]
    ]
    failed = [f"{row['name']}: {row['error']}" for row in rows if row["error"]]
    return one_line("; ".join(low + failed))


async def _balance(profile: Profile, low: Decimal | None) -> tuple[Row, AgenciaError | None]:
    """A profile with its balance, or why this is not known."""
    host = host_of(str(profile.values.get("base_url") or DEFAULT_URL))
    row: dict[str, object] = {**dict.fromkeys(_LAYOUT.columns), "name": profile.name, "host": host}
    row["is_low"] = False
    try:
        async with AsyncClient.from_profile(profile.name) as client:
            account = await client.balance()
    except AgenciaError as error:
        return row | {"error": str(error), "error_type": type(error).__name__}, error
    is_low = low is not None and account.balance < low
    return row | {"balance": account.balance, "currency": account.currency, "is_low": is_low}, None
