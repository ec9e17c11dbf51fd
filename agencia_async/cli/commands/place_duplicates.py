"""Orders that look like duplicates: the same service and link under two references, within a short time."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agencia_async import Order
from agencia_async.cli.commands.place_plan import Plan, is_at
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.confirm import can_ask, is_agreed
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import one_line, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agencia_async.journal import JournalEntry

_SHOWN: Final = 20
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_TIME: Final = re.compile(r"(?P<number>\d{1,9})\s*(?P<unit>[a-z]*)", re.ASCII)


def duration(text: str) -> timedelta:
    """A time, for an option."""
    found = _TIME.fullmatch(text.strip())
    if found is None or found["unit"] not in _SECONDS:
        raise typer.BadParameter(f"expected seconds, or for example 10m, 2h or 1d, got {text!r}")
    return timedelta(seconds=int(found["number"]) * _SECONDS[found["unit"]])


@dataclass(frozen=True, kw_only=True)
class DuplicateOptions:
    """The options for orders that look like duplicates."""

    duplicate_window: Annotated[
        timedelta,
        typer.Option(
            parser=duration,
            metavar="TIME",
            help="Time within which two orders for the same service and link look like duplicates: 600, "
            "10m, 2h; 0 disables the check.",
        ),
    ] = "10m"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType] - typer parses it
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Place orders that look like duplicates.")
    ] = False
    skip_duplicates: Annotated[
        bool,
        typer.Option("--skip-duplicates", help="Skip orders that look like duplicates; place the others."),
    ] = False

    def check(self) -> None:
        """Check that the options go together.

        Raises:
            UsageError: they do not.
        """
        if self.allow_duplicates and self.skip_duplicates:
            raise UsageError("pass either --allow-duplicates or --skip-duplicates")


@dataclass(frozen=True)
class Duplicate:
    """An order to send, and the reference of another one for the same service and link."""

    reference: str
    other: str


def duplicates(plan: Plan, recent: "Iterable[JournalEntry]", panel: str) -> list[Duplicate]:
    """The orders of a plan that look like duplicates of recent ones, or of each other."""
    seen: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in recent:
        target = _target(entry.order)
        if target and entry.state.value != "refused" and is_at(entry, panel):
            seen[target].append(entry.reference)
    found: list[Duplicate] = []
    for reference, order in plan.orders.items():
        target = _target(order)
        if target:
            other = next((one for one in seen[target] if one != reference), None)
            if other is None:
                seen[target].append(reference)
            else:
                found.append(Duplicate(reference, other))
    return found


def _target(order: Order) -> tuple[str, str] | None:
    form = order.form()
    about = form.get("link") or form.get("username")
    return (form["service"], about) if about else None


def leave_out(plan: Plan, found: list[Duplicate]) -> None:
    """Do not send what looks like a duplicate."""
    for duplicate in found:
        plan.leave_out(duplicate.reference, f"same service and link as {duplicate.other}")


def duplicate_lines(found: list[Duplicate]) -> "Iterator[str]":
    """A line for each, but for no more than twenty."""
    for duplicate in found[:_SHOWN]:
        yield f"{one_line(duplicate.reference)}: same service and link as {one_line(duplicate.other)}"
    if len(found) > _SHOWN:
        yield f"... and {len(found) - _SHOWN:,} more"


def outlook(found: list[Duplicate], options: DuplicateOptions) -> "Iterator[str]":
    """The lines of a dry run: what looks like a duplicate, and what becomes of it."""
    yield from duplicate_lines(found)
    if options.skip_duplicates or not found:
        return
    if options.allow_duplicates:
        yield f"{_many(found)}; --allow-duplicates places {_them(found)}"
    else:
        yield (
            f"{_many(found)}: without --allow-duplicates or --skip-duplicates there will be a prompt, even "
            "with --yes, and without a terminal nothing is sent"
        )


def _many(found: list[Duplicate]) -> str:
    return f"{several(len(found), 'order')} may be {'a duplicate' if len(found) == 1 else 'duplicates'}"


def _them(found: list[Duplicate]) -> str:
    return "it" if len(found) == 1 else "them"


async def are_wanted(found: list[Duplicate], options: DuplicateOptions, *, can_answer: bool) -> bool:
    """Whether the orders may be sent, with those that look like duplicates; asks where nothing says so.

    Raises:
        UsageError: nobody can be asked.
    """
    if not found or options.allow_duplicates:
        return True
    for line in duplicate_lines(found):
        tell(line)
    if options.skip_duplicates:
        return True
    if not (can_answer and can_ask()):
        raise UsageError(
            f"{_many(found)}, so nothing was sent; --allow-duplicates places {_them(found)}, "
            "--skip-duplicates only the others"
        )
    is_wanted = await is_agreed(f"{_many(found)}. Place {_them(found)} as well?")
    if not is_wanted:
        tell("--skip-duplicates places only the other orders")
    return is_wanted
