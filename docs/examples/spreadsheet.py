"""Place the orders of a spreadsheet, each at most once: python spreadsheet.py orders.xlsx."""

import asyncio
import sys
from collections.abc import Iterator
from decimal import Decimal

from openpyxl import load_workbook

from agencia_async import AsyncClient, Catalogue, InvalidInputError, Order
from agencia_async.journal import Journal


def read(path: str) -> Iterator[dict[str, str]]:
    """The rows below the header, as texts by column, without empty cells."""
    sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    for row in rows:
        cells = zip(header, row, strict=True)
        yield {str(name): str(cell) for name, cell in cells if name is not None and cell is not None}


def add(row: dict[str, str], catalogue: Catalogue, orders: dict[str, Order]) -> None:
    """Add the order of a row, checked against the catalogue, under its reference."""
    reference, service = row.pop("reference", ""), row.pop("service", "")
    if not reference or reference in orders:
        raise InvalidInputError(f"reference {reference!r} is missing, or stands twice")
    if service not in catalogue:
        raise InvalidInputError(f"no service {service!r}")
    order = Order.for_service(catalogue[service], **row)
    catalogue.check(order)
    orders[reference] = order


def checked(path: str, catalogue: Catalogue) -> dict[str, Order]:
    """All orders by reference; ends the program if a row is wrong, before anything is bought."""
    orders: dict[str, Order] = {}
    mistakes: list[str] = []
    for number, row in enumerate(read(path), start=2):
        try:
            add(row, catalogue, orders)
        except InvalidInputError as error:
            mistakes.append(f"row {number}: {error}")
    if mistakes:
        sys.exit("\n".join(mistakes))
    return orders


async def place(path: str) -> int:
    """Check all rows, ask, and place what is not placed yet; how many failed."""
    failed = 0
    async with AsyncClient.from_env() as client, Journal(f"{path}.journal") as journal:
        catalogue = await client.catalogue()
        orders = checked(path, catalogue)
        async for entry in journal.entries(state="placed"):
            orders.pop(entry.reference, None)
        cost = sum((catalogue.cost(order) for order in orders.values()), Decimal(0))
        balance = await client.balance()
        print(f"{len(orders)} orders for {cost:f} of {balance.balance:f} {balance.currency}")
        if not orders or await asyncio.to_thread(input, "Place them? [y/N] ") != "y":
            return 0
        async for item in journal.place_iter(client, orders.items()):
            failed += not item.ok
            print(item.id, item.unwrap().order_id if item.ok else item.error, sep="\t")
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(place(sys.argv[1])) > 0)
