"""The columns of a file of orders: which field each heading stands for. Pure: headings in, names out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Final

import typer
from attrs import fields_dict

from agencia_async import Order
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import plain, short, squeezed
from agencia_async.cli.shell import shell_word
from agencia_async.cli.text import several

EXTRA: Final = "extra."
"""The column prefix of a panel-specific field."""

FIELDS: Final = tuple(
    dict.fromkeys(
        name
        for first in ({"link", "quantity"}, None)  # the most common ones come first
        for kind in Order.types()
        for name in sorted(fields_dict(kind))
        if name not in {"service", "extra"} and (first is None or name in first)
    )
)
"""The fields of all order classes."""

NEEDED: Final = ("reference", "service")
"""The columns that each file has."""

RESULTS: Final = ("state", "order", "error", "error_type", "panel", "created", "updated")
"""The additional columns of the command's own output; they are ignored."""

_IGNORED: Final = "-"
"""The name of a column that is ignored; no heading has it."""
_SYNONYMS: Final[Mapping[str, str]] = {
    synonym: field
    for field, synonyms in {
        "reference": "ref id orderid ordernumber orderno ordernr invoice invoiceid invoicenumber invoiceno",
        "service": "services serviceid servicenumber serviceno product productid package packageid",
        "link": "url links urls page post profile target",
        "quantity": "qty amount count number quantities units volume",
        "comments": "comment text texts",
        "username": "user account",
    }.items()
    for synonym in synonyms.split()
}
"""What other headings of spreadsheets mean; they are only suggested, as a guess could cost money."""
_LONGEST_WORD: Final = 300
_NEAR: Final = 0.8
"""How similar a heading is to a field that it is taken for a typo of."""


@dataclass(frozen=True)
class ColumnOf:
    """Which column a field is read from."""

    field: str
    heading: str


def parse_column(text: str) -> ColumnOf:
    """Parse which column a field is read from: "quantity=Amount"."""
    name, is_given, heading = text.partition("=")
    field = _field(name)
    if not (is_given and squeezed(heading) and _is_field(field)):
        raise typer.BadParameter(f"expected FIELD=COLUMN, for example quantity=Amount, got {text!r}")
    return ColumnOf(field, heading.strip())


@dataclass(frozen=True, kw_only=True)
class ColumnOptions:
    """The options for columns with other names."""

    column: Annotated[
        list[ColumnOf] | None,
        typer.Option(
            "--column",
            parser=parse_column,
            metavar="FIELD=COLUMN",
            help="Read a field from the column of this name, such as quantity=Amount; can be repeated.",
            show_default=False,
        ),
    ] = None
    ignore_column: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore-column",
            metavar="COLUMN",
            help="Ignore this column, such as the names of customers; can be repeated.",
            show_default=False,
        ),
    ] = None


def columns_named(headings: Sequence[str], name: str, options: ColumnOptions) -> list[str]:
    """The name of each column; empty without a heading.

    Raises:
        UsageError: headings are unknown, duplicate or missing; it tells all of them.
    """
    columns = _Columns(headings, options)
    if not any((*columns.names, *columns.suggested.values())):
        raise UsageError(
            f"{name}: the first row must contain the headings, such as reference, service, link and quantity"
        )
    faults = [*columns.unfit(name), *columns.unknown(name), *columns.duplicate(name), *columns.missing(name)]
    if faults:
        extra = f"; only a field that the panel itself needs is named {EXTRA}NAME, and sent to the panel"
        total = f"{name}: {several(len(faults), 'column error')}, so nothing was sent"
        raise UsageError("\n".join([*map(str, faults), total + (extra if columns.suggested else "")]))
    return columns.names


@dataclass(frozen=True)
class _Wanted:
    """An option: the column that it names, the headings that this fits, and the field to read from it."""

    heading: str
    found: Sequence[str]
    field: str


class _Columns:
    """The headings of a file, each with the field that it stands for.

    Attributes:
        names: the field of each heading; empty for those that are empty or unknown.
        suggested: the field that an unknown heading could stand for, if there is one.
    """

    def __init__(self, headings: Sequence[str], options: ColumnOptions) -> None:
        self._headings = [heading.strip() for heading in headings]
        mapped = [_Wanted(one.heading, self._found(one.heading), one.field) for one in options.column or []]
        ignored = {heading.strip(): self._found(heading) for heading in options.ignore_column or []}
        self._wanted = [*mapped, *(_Wanted(heading, found, _IGNORED) for heading, found in ignored.items())]
        of_heading = {heading: one.field for one in self._wanted for heading in one.found}
        self.names: list[str] = []
        self.suggested: dict[str, str] = {}
        for heading in self._headings:
            column = of_heading.get(heading) or _field(heading)
            is_known = _is_field(column) or column in {_IGNORED, *RESULTS}
            self.names.append(column if is_known else "")
            if column and not is_known:
                self.suggested[heading] = _suggestion(heading)

    def _found(self, name: str) -> list[str]:
        """The headings that an option names: exactly this one, or else those that are alike."""
        headings, alike = dict.fromkeys(filter(None, self._headings)), squeezed(name)
        if name.strip() in headings:
            return [name.strip()]
        return [heading for heading in headings if alike and squeezed(heading) == alike]

    def unfit(self, name: str) -> Iterator[UsageError]:
        """Options that do not fit these headings."""
        for one in self._wanted:
            if not one.found:
                columns = ", ".join(map(short, filter(None, self._headings)))
                yield UsageError(f"{name}: no column {short(one.heading)}; the columns are {columns}")
            elif len(one.found) > 1:
                columns = ", ".join(map(short, one.found))
                yield UsageError(
                    f"{name}: {short(one.heading)} fits several columns: {columns}; write one of them exactly"
                )
        found = Counter(heading for one in self._wanted for heading in one.found)
        for one in self._wanted:
            if one.field != _IGNORED and any(found[heading] > 1 for heading in one.found):
                yield UsageError(f"column {short(one.heading)}: more than one --column or --ignore-column")

    def unknown(self, name: str) -> Iterator[UsageError]:
        """Headings that stand for no field. Nobody should send names of customers to a panel by mistake."""
        for heading, field in self.suggested.items():
            ignore = _or_pass("--ignore-column", heading)
            option = _or_pass("--column", f"{field}={heading}")
            mapped = f"if it is the {field}, rename it to {field}{option}; else " if field else ""
            yield UsageError(f"{name}: unknown column {short(heading)}: {mapped}delete it{ignore}")

    def duplicate(self, name: str) -> Iterator[UsageError]:
        """Fields with several columns."""
        for field in dict.fromkeys(self.names):
            both = zip(self._headings, self.names, strict=True)
            which = [heading for heading, named in both if named == field]
            if field not in {"", _IGNORED} and len(which) > 1:
                yield UsageError(f"{name}: duplicate column: {field} ({', '.join(map(short, which))})")

    def missing(self, name: str) -> Iterator[UsageError]:
        """Columns that each file has, unless another heading seems to stand for them."""
        for field in NEEDED:
            if field not in (*self.names, *self.suggested.values()):
                yield UsageError(f"{name}: missing column: {field} (required: {', '.join(NEEDED)})")


def _or_pass(option: str, text: str) -> str:
    """The suggestion to pass an option; empty if its value is too long to be printed whole."""
    word = shell_word(text)
    return f", or pass {option} {word}" if len(word) <= _LONGEST_WORD else ""


def _field(heading: str) -> str:
    """The form in which a heading is compared; a panel's field names may be case-sensitive."""
    column = plain(heading)
    return EXTRA + heading.strip()[len(EXTRA) :].strip() if column.startswith(EXTRA) else column


def _is_field(column: str) -> bool:
    """Whether a column of this name has a field of an order."""
    return column in {*NEEDED, *FIELDS} or (column.startswith(EXTRA) and column != EXTRA)


def _suggestion(heading: str) -> str:
    """The field that a heading could stand for; empty if there is none."""
    near = get_close_matches(plain(heading), (*NEEDED, *FIELDS), 1, cutoff=_NEAR)
    return _SYNONYMS.get(squeezed(heading)) or next(iter(near), "")
