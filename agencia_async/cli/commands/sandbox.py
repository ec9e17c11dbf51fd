"""The command sandbox: a local mock panel for all other commands."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from agencia_async import Id
from agencia_async.cli import sandbox_profile as profile
from agencia_async.cli.commands.local_panel import program, served, spread_faults
from agencia_async.cli.commands.sandbox_log import LoggedPanel, balance_line
from agencia_async.cli.exit import Code, UsageError, run
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import several
from agencia_async.sandbox import DIALECTS, Panel

_SAMPLE = 3


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """The options of the panel."""

    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="Port; 0 for a free one.")] = 0
    seed: Annotated[
        int, typer.Option(metavar="N", help="Random seed; a seed gives the same panel again.")
    ] = 1
    orders: Annotated[int, typer.Option(metavar="N", min=0, help="Number of orders at the start.")] = 5000
    key: Annotated[str, typer.Option(metavar="KEY", help="API key that the panel accepts; not a secret.")] = (
        "sandbox-key"
    )
    ids_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the ids of the orders to a file, one per line.")
    ] = None
    faults: Annotated[
        float, typer.Option(metavar="RATE", min=0, max=1, help="Share of requests that fail, such as 0.03.")
    ] = 0.0
    latency: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Latency of each reply.")] = 0.0
    dialect: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"Dialect of the replies: {', '.join(DIALECTS)}.",
            autocompletion=lambda: sorted(DIALECTS),
        ),
    ] = "document"
    rate_limit: Annotated[
        str | None,
        typer.Option(
            metavar="RATE",
            help="Rate limit, above which it answers 429: 60/min, 2/s, 100/hour.",
            show_default=False,
        ),
    ] = None
    idempotency_field: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Form field by which the panel recognises a retried add.",
            show_default=False,
        ),
    ] = None
    log: Annotated[
        bool,
        typer.Option(
            "--log",
            help="Print each write (an order with its link) and each refund with the balance, and at the end "
            "what was spent and refunded.",
        ),
    ] = False
    write_profile: Annotated[
        bool,
        typer.Option(
            "--write-profile",
            help=f"Add the profile {profile.NAME!r} to the configuration file, for other terminals.",
        ),
    ] = False

    def panel(self) -> Panel:
        """The panel, without orders."""
        try:
            panel = (LoggedPanel if self.log else Panel)(
                self.key,
                seed=self.seed,
                dialect=self.dialect,
                rate_limit=self.rate_limit,
                idempotency_field=self.idempotency_field,
            )
        except ValueError as error:
            raise UsageError(str(error)) from None
        spread_faults(panel, self.faults)
        panel.faults.latency = self.latency
        return panel


def sandbox(settings: SandboxOptions) -> None:
    """Serve a local mock panel until Ctrl-C, without an account or money.

    Prints the commands for using it in another terminal.

    Examples:
      agencia sandbox
      agencia sandbox --port 8800 --ids-file ids.txt --faults 0.03
      agencia sandbox --rate-limit 60/min --write-profile --log
    """
    run(_sandbox(settings))


async def _sandbox(settings: SandboxOptions) -> Code:
    panel = settings.panel()
    ids = panel.seed_orders(settings.orders)
    async with served(panel, settings.host, settings.port) as url:
        if settings.ids_file is not None:
            _write_ids(settings.ids_file, ids)
        config = profile.write_profile(url, panel.key) if settings.write_profile else None
        typer.echo(_welcome(panel, url, ids, settings.ids_file, config))
        with suppress(asyncio.CancelledError):  # Ctrl-C is how it ends
            await asyncio.Event().wait()
    limited = f", {panel.rate_limited} of them over the limit" if panel.rate_limited else ""
    tell(f"stopped; received {several(panel.received, 'request')}{limited}")
    if settings.log:
        tell(balance_line(panel))
    return Code.OK


def _welcome(panel: Panel, url: str, ids: Sequence[Id], ids_file: Path | None, config: Path | None) -> str:
    known = f", {ids[0]} to {ids[-1]}" if ids else ""
    lines = [
        f"Local mock panel: {url}",
        f"It has {several(len(ids), 'order')}{known}, and a balance of {panel.balance:f} {panel.currency}.",
        *(
            ["When an order ends as partial or canceled, the part that was not delivered is refunded."]
            if ids
            else []
        ),
        *([f"The profile {profile.NAME!r} in {config} is for this panel."] if config else []),
        "",
        "In another terminal:",
        *(f"  {line}" for line in _examples(panel, url, ids, ids_file, has_profile=config is not None)),
        "",
        "Press Ctrl-C to stop.",
    ]
    return "\n".join(lines)


def _examples(
    panel: Panel, url: str, ids: Sequence[Id], ids_file: Path | None, *, has_profile: bool
) -> Iterator[str]:
    """Commands for another terminal, in whatever folder that is opened."""
    command = program()
    if not has_profile:
        yield f"export AGENCIA_BASE_URL={url}"
        yield f"export AGENCIA_API_KEY={quote(panel.key)}"
    if os.sep in command or ids_file is not None:
        yield f"cd {quote(str(Path.cwd()))}"
    option = f" --profile {profile.NAME}" if has_profile else ""
    if ids_file is not None:
        yield f"{command} status{option} --file {quote(str(ids_file))}"
    elif ids:
        yield f"{command} status{option} {' '.join(map(str, ids[:_SAMPLE]))}"
    yield f"{command} services{option}"
    yield f"{command} add 1 --link https://example.com/p/1 --quantity 1000{option}"


def _write_ids(file: Path, ids: Sequence[Id]) -> None:
    try:
        file.write_text("".join(f"{number}\n" for number in ids), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from None
