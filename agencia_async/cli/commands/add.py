"""The command add: places one order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from agencia_async import (
    AsyncClient,
    AuthenticationError,
    Catalogue,
    ConfigurationError,
    CustomCommentsOrder,
    DefaultOrder,
    Id,
    Order,
    PackageOrder,
    PanelError,
    RateLimitedError,
    RawOrder,
    ReplyError,
)
from agencia_async.cli.commands.place_preview import money
from agencia_async.cli.exit import Code, Interrupted, UsageError, print_id, run
from agencia_async.cli.input.confirm import check_terminal, is_agreed
from agencia_async.cli.input.order_columns import FIELDS
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import price
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import one_line


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options that describe the order."""

    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Id of the service.", show_default=False)]
    link: Annotated[str | None, typer.Option(metavar="URL", help="Page, profile or post.")] = None
    quantity: Annotated[int | None, typer.Option(metavar="N", help="Quantity; with drip-feed, per run.")] = (
        None
    )
    runs: Annotated[int | None, typer.Option(metavar="N", help="Drip-feed: number of runs.")] = None
    interval: Annotated[
        int | None, typer.Option(metavar="MINUTES", help="Drip-feed: minutes between runs.")
    ] = None
    comments_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the custom comments, one per line.")
    ] = None
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Another field that the service's type requires; can be repeated.",
        ),
    ] = None

    def order(self) -> Order:
        """The order; its class depends on the options.

        Raises:
            UsageError: options are missing, or contradict each other.
            ConfigurationError: a value is invalid.
        """
        extra = self._named()
        if (self.runs or self.interval) and (self.quantity is None or self.comments_file):
            raise UsageError("--runs and --interval require --link and --quantity")
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

    def order_from(self, catalogue: Catalogue) -> Order:
        """The order, of the class for the service's type.

        Raises:
            UsageError: the service is not in the catalogue.
            ConfigurationError: a field is missing, unexpected or invalid.
        """
        if self.service not in catalogue:
            raise UsageError(f"service {self.service} is not in the catalogue; see: agencia services")
        given = {name: getattr(self, name) for name in ("link", "quantity", "runs", "interval")}
        fields = {name: str(value) for name, value in given.items() if value is not None}
        if self.comments_file:
            fields["comments"] = "\n".join(_comments(self.comments_file))
        named = self._named()
        _check_once([*named, *fields])
        extra = {name: named.pop(name) for name in [*named] if name not in FIELDS}
        return Order.from_text(catalogue[self.service], named | fields, extra)

    def _named(self) -> dict[str, str]:
        """The fields that are given with --field.

        Raises:
            UsageError: one is not NAME=VALUE, or is given more than once.
        """
        pairs = [*map(_named, self.field or [])]
        _check_once([name for name, _ in pairs])
        return dict(pairs)

    def _raw(self, fields: Mapping[str, str]) -> RawOrder:
        """An order without a link, such as a subscription: all its fields are given with --field."""
        if not fields or self.quantity is not None or self.comments_file:
            raise UsageError("missing option: --link (optional only if all fields are given with --field)")
        return RawOrder(self.service, fields)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The options for placing it."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt for confirmation.")] = False
    max_charge: Annotated[
        Decimal | None,
        typer.Option(
            parser=price,
            metavar="PRICE",
            help="Maximum cost of the order, which is first checked against the catalogue.",
            show_default=False,
        ),
    ] = None
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE",
            help="Your own name for the order, under which it is placed at most once, even if the command is "
            "run again. Requires a journal.",
            show_default=False,
        ),
    ] = None


def add(wish: Wish, terms: Terms, journal: JournalOption, connection: PanelOptions) -> None:
    """Place an order, and print its id.

    --link and --quantity give a default order, --link alone a package,
    --comments-file custom comments; pass other fields with --field.
    Prompts for confirmation; pass --yes when stdin is not a terminal.
    An order whose outcome is unknown is never retried. With --reference
    and a journal, the command can be run again without placing it twice.

    Examples:
      agencia add 1 --link https://example.com/p/1 --quantity 1000
      agencia add 3 --link https://example.com/p/1 --comments-file comments.txt
      agencia add 1 --link URL --quantity 100 --journal a.db --reference A-1
    """
    run(_add(wish, terms, journal, connection))


async def _add(wish: Wish, terms: Terms, journal: JournalOption, connection: PanelOptions) -> Code:
    if journal.journal and terms.reference is None:
        raise UsageError("--journal requires --reference")
    journal = connection.journal_of(journal)
    order = wish.order() if terms.max_charge is None else None
    if not terms.yes:
        check_terminal("an order spends money")
    async with connection.client() as client:
        order = order or wish.order_from(await client.catalogue())
        if not terms.yes and not await _is_agreed(order, client, connection.panel_name):
            tell("nothing was ordered")
            return Code.SOME_FAILED
        try:
            number = await _placed(client, order, terms, journal)
        except asyncio.CancelledError:
            known = "run the command again: nothing is placed twice"
            unknown = "check the panel before you place it again"
            raise Interrupted(
                f"the order may have been placed; {unknown if terms.reference is None else known}"
            ) from None
    return print_id(number)


async def _placed(client: AsyncClient, order: Order, terms: Terms, journal: JournalOption) -> Id | None:
    if terms.reference is None:
        return await client.add(order, max_charge=terms.max_charge)
    async with journal.open(make=True) as opened:
        entry = await opened.place(client, terms.reference, order, max_charge=terms.max_charge)
    return entry.order_id


async def _is_agreed(order: Order, client: AsyncClient, panel: str) -> bool:
    """Show the order, its price and the balance, and prompt for confirmation."""
    catalogue, account = await _catalogue(client), await client.balance()
    fields = order.form()
    name = one_line(catalogue[order.service].name) if order.service in catalogue else "not in the catalogue"
    tell(f"Order at {panel}; this spends money:")
    tell(f"  service: {one_line(fields.pop('service'))} ({name})")
    for field, value in fields.items():
        tell(f"  {field}: {one_line(value)}")
    try:
        price = money(catalogue.cost(order), account)
    except ConfigurationError:
        price = "unknown"
    tell(f"  price: {price}; balance: {money(account.balance, account)}")
    for_price = f"for {price}" if price != "unknown" else "at an unknown price"
    return await is_agreed(f"Place it at {panel} {for_price}?")


async def _catalogue(client: AsyncClient) -> Catalogue:
    """The catalogue; empty where the panel has none."""
    try:
        return await client.catalogue()
    except (AuthenticationError, RateLimitedError):
        raise
    except (PanelError, ReplyError):
        return Catalogue([])


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--field must be NAME=VALUE, got {text!r}")
    return name, value


def _check_once(names: Sequence[str]) -> None:
    """Check that no field is given more than once, as one value would win."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"field {twice!r} is given more than once")


def _comments(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"cannot read {file}: {reason}") from None
    comments = [line for line in lines if line.strip()]
    if not comments:
        raise ConfigurationError(f"no comments in {file}")
    return comments
