"""What changed in the catalogue of a panel, as rows. Pure."""

from collections.abc import Collection, Iterator
from typing import Final

from agencia_async import Catalogue, Id, Service
from agencia_async.cli.output.rows import Column, Layout, Row
from agencia_async.cli.text import cell

_STYLES: Final = {"added": "green", "gone": "red"}
_FIELDS: Final = {
    "price": ("rate",),
    "limits": ("min", "max"),
    "flags": ("refill", "cancel", "dripfeed"),
    "details": ("name", "type", "category"),
}
"""The fields of each kind of change."""

CHANGES: Final = Layout(
    ("change", "service", "name", "field", "old", "new"),
    (
        Column("change", "change", 7, style=lambda row: _STYLES.get(str(row["change"]), "")),
        Column("service", "service", right=True),
        Column("field", "field"),
        Column("old", "old", right=True),
        Column("new", "new", right=True),
        Column("name", "name"),
    ),
    (),
)


def change_rows(new: Catalogue, old: Catalogue, wanted: Collection[Id]) -> list[Row]:
    """A row for each service that was added or is gone, and for each field that changed.

    Args:
        new: the catalogue of now.
        old: the catalogue of then.
        wanted: only the services with these ids.
    """
    changes = new.changes(old)
    rows = [_row("added", service, "rate", None, service.rate) for service in changes.added]
    rows += [_row("gone", service, "rate", service.rate, None) for service in changes.gone]
    for kind, fields in _FIELDS.items():
        for change in getattr(changes, kind):
            rows += _changed(kind, change.old, change.new, fields)
    among = {str(id) for id in wanted}  # noqa: A001 - the protocol's own word
    return [row for row in rows if str(row["service"]) in among]


def _changed(kind: str, old: Service, new: Service, fields: tuple[str, ...]) -> Iterator[Row]:
    for name in fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _row(kind, new, name, before, after)


def _row(change: str, service: Service, field: str, old: object, new: object) -> Row:
    return {
        "change": change,
        "service": service.service,
        "name": service.name,
        "field": field,
        "old": cell(old),
        "new": cell(new),
    }
