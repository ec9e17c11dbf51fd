"""Local mock panels, for the commands sandbox and demo."""

import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from shlex import quote
from typing import Final

from agencia_async.cli.exit import UsageError
from agencia_async.sandbox import Panel, serve

KINDS: Final = {
    "rate_limit": "429",
    "server_error": "5xx",
    "gateway_page": "gateway page",
    "reset_before": "connection reset",
    "drop_after": "connection dropped",
    "cut_reply": "reply cut short",
    "empty_reply": "empty reply",
    "challenge_page": "firewall page",
    "error_after": "failed server",
    "trailing_newline": "bytes behind a reply",
    "trailing_reply": "second reply",
}
"""The faults of a panel, and their names in messages."""


FAILURES: Final = tuple(name for name in KINDS if not name.startswith("trailing_"))
"""The faults that fail a request."""


def program() -> str:
    """The command as it can be typed here: by its path if it is not on the search path of the shell."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{quote(sys.executable)} -m agencia_async"
    is_found = shutil.which("agencia") is not None or not started.name.startswith("agencia")
    return "agencia" if is_found else quote(str(started))


def spread_faults(panel: Panel, rate: float) -> None:
    """Let this share of the requests fail, with faults of all kinds."""
    for name in FAILURES:
        setattr(panel.faults, name, rate / len(FAILURES))


@asynccontextmanager
async def served(panel: Panel, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """The URL of a panel that is served for the block.

    Raises:
        UsageError: the extra is not installed, or the address is not available.
    """
    serving = serve(panel, host=host, port=port)
    try:
        url = await serving.__aenter__()
    except ImportError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(
            f"cannot serve the panel on {host}, port {port}: {error.strerror or error}"
        ) from None
    try:
        yield url
    finally:
        await serving.__aexit__(None, None, None)
