"""Starting processes that place orders."""

import asyncio
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PIPE = asyncio.subprocess.PIPE


async def start(url: str | None, database: str, seed: int, count: int) -> asyncio.subprocess.Process:
    """A process that places `count` orders, in an order of its own."""
    command = (
        sys.executable,
        "-m",
        "tests.promises.journal.child",
        str(url),
        database,
        str(seed),
        str(count),
    )
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)


async def outcomes(process: asyncio.subprocess.Process) -> dict[str, int | str]:
    """The id, or the state, that the process was told for each reference."""
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    found: dict[str, int | str] = json.loads(out)
    return found
