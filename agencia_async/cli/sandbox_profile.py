"""The profile of the sandbox in the configuration file, for other terminals, beside those of the user."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from agencia_async._client.profiles import config_file
from agencia_async.cli.exit import UsageError

NAME: Final = "sandbox"
"""The name of the profile."""

_KEY_FILE: Final = f"{NAME}.key"
_PRIVATE: Final = 0o600
_MARK: Final = "# written by agencia sandbox --write-profile, for the sandbox that was started last"
_OURS: Final = re.compile(rf'({re.escape(_MARK)}\r?\n\[profiles\.{NAME}\]\r?\nbase_url = )"[^"\n]*"')


def write_profile(url: str, key: str) -> Path:
    """Write the profile and its key file (mode 0600); the configuration file.

    A profile of an earlier sandbox gets the new URL. Nothing else of the file is changed.

    Raises:
        UsageError: the file has another profile of that name, or cannot be read, changed or written.
    """
    file = config_file(os.environ, os.name)
    key_file = file.parent / _KEY_FILE
    try:
        before = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
        after = _with_profile(before, url, file)
        _check_key_file(key_file, key, is_ours=_OURS.search(before) is not None)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(key_file, f"{key}\n")
        _replace_config(file.resolve(), after)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"cannot write the profile to {str(file)!r}: {reason}") from None
    return file


def _with_profile(before: str, url: str, file: Path) -> str:
    """The text of the configuration with the profile.

    Raises:
        UsageError: it has another one of that name, or the result would not be valid.
    """
    old = _parsed(before, file)
    after, is_known = _OURS.subn(lambda found: f'{found[1]}"{url}"', before, count=1)
    if not is_known:
        if NAME in old.get("profiles", {}):
            raise UsageError(f"{str(file)!r} has a profile {NAME!r} of its own: rename that one")
        end = before and ("\n" if before.endswith("\n") else "\n\n")
        after = f'{before}{end}{_MARK}\n[profiles.{NAME}]\nbase_url = "{url}"\nkey_file = "{_KEY_FILE}"\n'
    _parsed(after, file)
    return after


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"cannot add a profile to {str(file)!r}: {error}") from None


def _check_key_file(file: Path, key: str, *, is_ours: bool) -> None:
    """Check that a key file of somebody else is not overwritten.

    Raises:
        UsageError: it would be.
    """
    if not is_ours and file.exists() and file.read_bytes().strip() != key.encode():
        raise UsageError(f"{str(file)!r} exists, with another key: rename or delete it")


def _replace_config(file: Path, text: str) -> None:
    mode = file.stat().st_mode if file.exists() else _PRIVATE
    _replace(file, text)
    file.chmod(mode)


def _replace(file: Path, text: str) -> None:
    """Write a file as a whole, or not at all, for nobody else to read."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as stream:  # noqa: PTH123 - of a descriptor
        stream.write(text.encode())
    new.replace(file)
