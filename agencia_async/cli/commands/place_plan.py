"""The plan of the command place: orders, checked against catalogue and journal before any is sent. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from agencia_async import (
    Catalogue,
    CommentRepliesOrder,
    ConfigurationError,
    CustomCommentsOrder,
    MentionsCustomListOrder,
    Order,
    RawOrder,
    Service,
    SubscriptionsOrder,
)
from agencia_async.cli.input.csv_text import REPLACED, short
from agencia_async.cli.input.order_columns import EXTRA
from agencia_async.cli.input.order_file import OrderList, OrderRow
from agencia_async.cli.input.spreadsheet import damage

if TYPE_CHECKING:
    from agencia_async.journal import JournalEntry

_LONGEST: Final = 200  # characters of a reference, as in the journal
_DIGITS: Final = 200  # enough for an exact sum


class RowError(Exception):
    """An invalid row, and the column of the invalid cell if there is a single one."""

    def __init__(self, text: str, column: str = "") -> None:
        super().__init__(text)
        self.column = column


@dataclass(frozen=True)
class InvalidRow:
    """An invalid row.

    Attributes:
        reference: the reference of the order, or empty.
        where: the line and the column, for messages.
        reason: why it is invalid.
    """

    reference: str
    where: str
    reason: str


@dataclass
class Plan:
    """The plan for the orders of a file; each is in exactly one of these.

    Attributes:
        orders: those to send, by reference.
        placed: those that are already placed.
        unknown: those whose outcome is unknown.
        invalid: those that cannot be placed.
        duplicates: those that are left out as they look like duplicates, with the reason, by reference.
        costs: the cost of each to send, by reference; None where it is unknown.
    """

    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    placed: "list[JournalEntry]" = field(default_factory=list["JournalEntry"])
    unknown: "list[JournalEntry]" = field(default_factory=list["JournalEntry"])
    invalid: list[InvalidRow] = field(default_factory=list[InvalidRow])
    duplicates: dict[str, str] = field(default_factory=dict[str, str])
    costs: dict[str, Decimal | None] = field(default_factory=dict[str, Decimal | None])

    @property
    def count(self) -> int:
        """How many orders there are."""
        each = (self.orders, self.placed, self.unknown, self.invalid, self.duplicates)
        return sum(map(len, each))

    @property
    def total(self) -> Decimal:
        """The total cost of those to send, as far as it is known."""
        return self.cost_of(self.orders)

    @property
    def unpriced(self) -> int:
        """How many of those to send have an unknown cost."""
        return sum(self.costs.get(reference) is None for reference in self.orders)

    def cost_of(self, references: Iterable[str]) -> Decimal:
        """The cost of some of those to send, as far as it is known."""
        with localcontext(prec=_DIGITS):
            return sum((self.costs.get(reference) or Decimal(0) for reference in references), Decimal(0))

    def leave_out(self, reference: str, reason: str) -> None:
        """Do not send an order, as it looks like a duplicate."""
        del self.orders[reference]
        self.duplicates[reference] = reason


def vetted(  # noqa: PLR0913 - all that a row is checked against
    orders: OrderList,
    catalogue: Catalogue,
    entries: "Mapping[str, JournalEntry]",
    panel: str | None = None,
    *,
    any_id: bool = False,
    max_charge: Decimal | None = None,
) -> Plan:
    """The plan for the orders of a file.

    Args:
        orders: the orders of the file.
        catalogue: the panel's catalogue.
        entries: the journal's entries for the references of the file.
        panel: the panel's URL, by which orders of other panels are recognised.
        any_id: take references and services even if they look as if a spreadsheet had changed them.
        max_charge: the maximum cost of each order.
    """
    plan = Plan()
    lines: dict[str, int] = {}
    for row in orders.rows:
        try:
            row = replace(row, reference=normalize("NFC", row.reference))  # noqa: PLW2901 - as the journal has it
            _check_cells(row)
            if not any_id:
                _check_damage(row)
            _check_reference(row.reference, lines)
            lines[row.reference] = row.line
            entry = entries.get(row.reference)
            _check_panel(entry, panel)
            _add(plan, row, catalogue, entry, max_charge)
        except RowError as error:
            column = f", column {error.column}" if error.column else ""
            where = f"{orders.name}, line {row.line}{column}"
            plan.invalid.append(InvalidRow(row.reference, where, str(error)))
    _add_costs(plan, catalogue)
    return plan


def _add(
    plan: Plan,
    row: OrderRow,
    catalogue: Catalogue,
    entry: "JournalEntry | None",
    max_charge: Decimal | None,
) -> None:
    """Add a row to the plan.

    Raises:
        RowError: it cannot be placed.
    """
    if entry is not None and entry.state.value in {"placed", "unknown"}:
        if not _is_same(row, entry):  # regardless of the current catalogue
            raise _conflict(entry)
        (plan.placed if entry.state.value == "placed" else plan.unknown).append(entry)
        return
    order = _ordered(row, catalogue)
    if entry is not None and entry.state.value == "new" and entry.order.form() != order.form():
        raise _conflict(entry)
    _check_charge(order, catalogue, max_charge)
    plan.orders[row.reference] = order


def _check_charge(order: Order, catalogue: Catalogue, most: Decimal | None) -> None:
    try:
        catalogue.check(order, most)
    except ConfigurationError as error:
        raise RowError(str(error)) from None


def is_at(entry: "JournalEntry", panel: str) -> bool:
    """Whether an order belongs to this panel."""
    return entry.panel.rstrip("/") == panel.rstrip("/")


def _check_panel(entry: "JournalEntry | None", panel: str | None) -> None:
    """Check that a reference does not belong to another panel, as all but refused ones do."""
    if entry is None or panel is None or entry.state.value == "refused" or is_at(entry, panel):
        return
    raise RowError(
        f"{short(entry.reference)} is {entry.state.value} at {entry.panel}, not at {panel}. If only the "
        "address of the panel has changed, do not place it again: it would be bought twice. If this is "
        "another panel, use a new reference",
        "reference",
    )


def _check_cells(row: OrderRow) -> None:
    if row.surplus:
        raise RowError(f"{short(row.surplus)} is in a column without a heading")
    named = {"reference": row.reference, "service": row.service, **row.fields}
    named |= {EXTRA + name: text for name, text in row.extra.items()}
    for column, text in named.items():
        if REPLACED in text:
            raise RowError(f"{short(text)} is not valid UTF-8", column)
        if "\0" in text:
            raise RowError(f"{short(text)} contains NUL", column)


def _check_damage(row: OrderRow) -> None:
    """Check that no spreadsheet has changed what an order is known by: the next one may do so differently."""
    for column, text in {"reference": row.reference, "service": row.service}.items():
        if text and (reason := damage(text)):
            raise RowError(f"{short(text)} is {reason}; --any-id takes it as it is", column)


def _check_reference(reference: str, lines: Mapping[str, int]) -> None:
    column = "reference"
    if not reference:
        raise RowError("missing reference", column)
    if not reference.isprintable():
        raise RowError(f"{short(reference)} contains a line break or a control character", column)
    if len(reference) > _LONGEST:
        raise RowError(f"reference must have at most {_LONGEST} characters, got {len(reference)}", column)
    if reference in lines:
        raise RowError(f"duplicate reference: {short(reference)} (see line {lines[reference]})", column)


def _ordered(row: OrderRow, catalogue: Catalogue) -> Order:
    """The order in a row.

    Raises:
        RowError: it is invalid, or the catalogue does not allow it.
    """
    if not row.service:
        raise RowError("missing service", "service")
    if row.service not in catalogue:
        raise RowError(f"service {short(row.service)} is not in the catalogue", "service")
    service = catalogue[row.service]
    try:
        order = Order.from_text(service, row.fields, row.extra)
    except ConfigurationError as error:
        column = str(error).partition(" ")[0]  # such errors begin with the name of the field
        raise RowError(str(error), column if column in row.fields else "") from None
    try:
        catalogue.check(order)
    except ConfigurationError as error:
        dripped = service.dripfeed is False and "runs" in row.fields
        raise RowError(str(error), "runs" if dripped else _counted(order, service)) from None
    return order


def _counted(order: Order, service: Service) -> str:
    """The column of the quantity."""
    if isinstance(order, CustomCommentsOrder | CommentRepliesOrder):
        return "comments"
    if isinstance(order, MentionsCustomListOrder):
        return "usernames"
    if isinstance(order, SubscriptionsOrder):
        return "min" if order.min < service.min else "max"
    return "quantity"


def _is_same(row: OrderRow, entry: "JournalEntry") -> bool:
    """Whether a row is the same order as that of an entry."""
    kind = "" if isinstance(entry.order, RawOrder) else type(entry.order).__name__.removesuffix("Order")
    then = Service(service=row.service, type=kind, rate=Decimal(0))  # as it was at the time
    try:
        return Order.from_text(then, row.fields, row.extra).form() == entry.order.form()
    except ConfigurationError:
        return False


def _conflict(entry: "JournalEntry") -> RowError:
    return RowError(
        f"{short(entry.reference)} is already used for a different order in the journal, which is "
        f"{entry.state.value}; use a new reference",
        "reference",
    )


def _add_costs(plan: Plan, catalogue: Catalogue) -> None:
    """Note the cost of each order to send."""
    for reference, order in plan.orders.items():
        try:
            plan.costs[reference] = catalogue.cost(order)
        except ConfigurationError:
            plan.costs[reference] = None
