"""The command that spends money: add."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agencia_async import ConfigurationError, CustomCommentsOrder, DefaultOrder, Order, PackageOrder, RawOrder
from agencia_async.cli.endings import Code, Interrupted, UsageError, run
from agencia_async.cli.options import Connection
from agencia_async.cli.text import one_line


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be ordered."""

    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="The id of the service.", show_default=False)
    ]
    link: Annotated[str | None, typer.Option(metavar="URL", help="The page, profile or post.")] = None
    quantity: Annotated[
        int | None, typer.Option(metavar="N", help="How many; with drip-feed, in each run.")
    ] = None
    runs: Annotated[int | None, typer.Option(metavar="N", help="Drip-feed: how many times.")] = None
    interval: Annotated[
        int | None, typer.Option(metavar="MINUTES", help="Drip-feed: time between two runs.")
    ] = None
    comments_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The comments to buy, one on a line.")
    ] = None
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A further field, as the service's type needs it. Any number of times."
        ),
    ] = None

    def order(self) -> Order:
        """The order; of which class depends on what was given.

        Raises:
            UsageError: options are missing, or do not go together.
            ConfigurationError: a value cannot be sent.
        """
        extra = dict(map(_named, self.field or []))
        if (self.runs or self.interval) and (self.quantity is None or self.comments_file):
            raise UsageError("--runs and --interval go with --link and --quantity")
        if self.link is None:
            return self._raw(extra)
        if self.comments_file:
            comments = _comments(self.comments_file)
            return CustomCommentsOrder(
                service=self.service, link=self.link, comments=comments, quantity=self.quantity, extra=extra
            )
        if self.quantity is None:
            return PackageOrder(service=self.service, link=self.link, extra=extra)
        return DefaultOrder(
            service=self.service,
            link=self.link,
            quantity=self.quantity,
            runs=self.runs,
            interval=self.interval,
            extra=extra,
        )

    def _raw(self, fields: Mapping[str, str]) -> RawOrder:
        """An order without a link, such as a subscription: its fields are all that there is."""
        if not fields or self.quantity is not None or self.comments_file:
            raise UsageError("give a --link; only an order whose fields are all given with --field has none")
        return RawOrder(self.service, fields)


def add(
    wish: Wish,
    connection: Connection,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the money is spent.")] = False,
) -> None:
    """Place an order, and print its id.

    With --link and --quantity a default order, with --link alone a package, with --comments-file custom
    comments; whatever else a service's type needs goes with --field. Asks before it spends money: where
    there is no terminal to ask on, it needs --yes. Never sends an order again whose outcome is unknown.
    """
    run(_add(wish, connection, yes=yes))


async def _add(wish: Wish, connection: Connection, *, yes: bool) -> Code:
    order = wish.order()
    async with connection.client() as client:
        if not yes and not _is_agreed(order):
            typer.echo("nothing was ordered", err=True)
            return Code.SOME_FAILED
        try:
            number = await client.add(order)
        except asyncio.CancelledError:
            raise Interrupted(
                "the order may have been placed; look at the panel before you send it again"
            ) from None
    typer.echo(number)
    return Code.OK


def _is_agreed(order: Order) -> bool:
    """Ask, on a terminal.

    Raises:
        UsageError: there is none.
    """
    if not sys.stdin.isatty():
        raise UsageError("an order spends money: confirm it with --yes, as there is no terminal to ask on")
    fields = order.form()
    service = fields.pop("service")
    typer.echo(f"An order of service {service}, which spends money:", err=True)
    for name, value in fields.items():
        typer.echo(f"  {name}: {one_line(value)}", err=True)
    try:
        return typer.confirm("Place it?", err=True)
    except typer.Abort:  # Ctrl-C, or the end of the input
        return False


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"a field is given as NAME=VALUE, not {text!r}")
    return name, value


def _comments(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UsageError(f"{file} cannot be read: {reason}") from None
    comments = [line for line in lines if line.strip()]
    if not comments:
        raise ConfigurationError(f"{file} holds no comments")
    return comments
