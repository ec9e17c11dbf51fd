"""The API key: where it comes from, and who can read its file. It is never shown."""

import os
from pathlib import Path

from agencia_async import AgenciaError, AsyncClient
from agencia_async.cli.checks.result import CheckResult, failed, ok, warned
from agencia_async.cli.exit import UsageError
from agencia_async.cli.panel_options import PanelOptions

_KEY = "key"


def check_key(connection: PanelOptions) -> CheckResult:
    """The result for the key."""
    try:
        key = connection.api_key()
        AsyncClient(key)
    except (AgenciaError, UsageError) as error:
        profile = connection.named
        own = f"set key_file or key_env of profile {profile.name!r}" if profile else ""
        return failed(_KEY, str(error), own or "set AGENCIA_API_KEY, or --key-file, or use a profile")
    source, file = _source(connection), connection.key_path
    mode = _mode(file)
    if mode & 0o077:
        return warned(_KEY, f"{source}: others can read it (mode {mode:04o})", f"chmod 600 {file}")
    return ok(_KEY, f"{source} (mode {mode:04o})" if mode else source)


def _source(connection: PanelOptions) -> str:
    """Where a key that is there comes from."""
    profile, file = connection.named, connection.key_path
    if file is not None:
        return f"from the file {file}"
    variable = profile.values["key_env"] if profile else "AGENCIA_API_KEY"
    return f"from the environment variable {variable}"


def _mode(file: Path | None) -> int:
    """The permissions of a file; 0 where there is no file, or where they say nothing."""
    return file.stat().st_mode & 0o777 if file is not None and os.name == "posix" else 0
