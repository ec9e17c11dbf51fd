"""The backup of a journal on SQLite, while it is in use."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from agencia_async._journal.schema import versions


def copy_sqlite(path: str, target: Path) -> None:
    """SQLite's online backup, into a new file that only its owner can read, and that is marked as a copy."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
            copy.execute(f"UPDATE {versions.name} SET copied = ?", (moment,))  # noqa: S608 - a constant
            copy.commit()
            copy.execute("PRAGMA journal_mode = DELETE")
    except BaseException:
        target.unlink()
        raise
