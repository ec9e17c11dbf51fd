"""Back up a journal while it is in use: python backup_journal.py orders.db backups."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from agencia_async.journal import Journal

KEPT = 14


async def backup(path: str, target: Path) -> None:
    """Copy the journal into a new file."""
    async with Journal(path) as journal:
        await journal.backup(target)


def main(path: str, folder: Path) -> None:
    """Make a new copy, then remove the oldest ones."""
    asyncio.run(backup(path, folder / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S-%f}.db"))
    for old in sorted(folder.glob("*.db"))[:-KEPT]:
        old.unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
