"""A catalogue that `agencia services` saved: CSV, JSON or JSON lines."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, cast

from agencia_async import Catalogue, Service
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import Sheet, plain
from agencia_async.cli.input.source import MOST_CHARACTERS, lines_of, name_of

_FLAGS: Final = {"true": True, "false": False}
_Fields = Mapping[str, object]


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a file.

    Raises:
        UsageError: it cannot be read, or contains no services.
    """
    name = name_of(path)
    rows = _json_rows(path) if _begins_as_json(path) else _csv_rows(path, name)
    services: list[Service] = []
    for number, row in enumerate(rows, 1):
        try:
            services.append(_service(row))
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation):
            raise UsageError(f"{name}, service {number}: not in the format of agencia services") from None
    if not services:
        raise UsageError(f"{name} contains no services")
    return Catalogue(services)


def _service(row: _Fields) -> Service:
    return Service(
        service=str(row["service"]),
        name=_text(row, "name"),
        type=_text(row, "type"),
        category=_text(row, "category"),
        rate=Decimal(str(row["rate"])),
        min=int(_text(row, "min") or 0),
        max=int(_text(row, "max") or 0),
        refill=_FLAGS.get(_text(row, "refill").lower()),
        cancel=_FLAGS.get(_text(row, "cancel").lower()),
        dripfeed=_FLAGS.get(_text(row, "dripfeed").lower()),
    )


def _text(row: _Fields, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _begins_as_json(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}
    except OSError as error:
        raise UsageError(f"cannot read {name_of(path)}: {error.strerror or error}") from None


def _json_rows(path: Path) -> list[_Fields]:
    """The objects of one array, or one on each line."""
    with path.open("rb") as file:
        content = file.read(MOST_CHARACTERS)
    try:
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("["):
            return cast("list[_Fields]", json.loads(text, parse_float=Decimal))
        return [json.loads(line, parse_float=Decimal) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        raise UsageError(f"{name_of(path)}: not valid JSON") from None


def _csv_rows(path: Path, name: str) -> Iterator[_Fields]:
    rows = Sheet(lines_of(path), name).rows()
    _, head = next(rows, (0, list[str]()))
    names = [plain(heading) for heading in head]
    if not {"service", "rate"} <= {*names}:
        raise UsageError(f"{name}: missing column: service or rate, as in the output of agencia services")
    for _, cells in rows:
        yield dict(zip(names, cells, strict=False))
