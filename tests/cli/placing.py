"""Files of orders, and what became of them."""

import csv
from pathlib import Path

from .conftest import Outcome, WatchedPanel


def numbered(count: int, here: Path, name: str = "many.csv") -> str:
    """A file of so many orders that are all right."""
    rows = [f"M-{number},1,https://a.b/{number},100\n" for number in range(count)]
    (here / name).write_text("reference,service,link,quantity\n" + "".join(rows), encoding="utf-8")
    return name


def rows(done: Outcome) -> dict[str, tuple[str, str]]:
    """State and order id of each reference."""
    found = list(csv.DictReader(done.out.splitlines()))
    assert len({row["reference"] for row in found}) == len(found)
    return {row["reference"]: (row["state"], row["order"]) for row in found}


def bought(panel: WatchedPanel) -> list[str]:
    """The links of the orders that the panel really took."""
    return sorted(entry.fields["link"] for entry in panel.ledger)


def check_all_placed(panel: WatchedPanel, count: int, done: Outcome) -> None:
    """All orders of a file of `numbered` are at the panel, each once, and told as that."""
    sold = {entry.fields["link"]: str(entry.order) for entry in panel.ledger}
    assert len(panel.ledger) == len(sold) == count
    assert rows(done) == {f"M-{number}": ("placed", sold[f"https://a.b/{number}"]) for number in range(count)}
    assert done.code == 0
